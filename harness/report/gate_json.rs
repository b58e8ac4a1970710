//! The gate's verdicts as one JSON object, complete and in full precision.

use serde_json::{Value, json};

use crate::gate::judged::{Hindrance, Judged};
use crate::gate::next::Disputed;
use crate::gate::verdict::Part;
use crate::stats::estimate::Undefined;
use crate::stats::noninferiority::{Finding, Method, Shortage};

use super::gate::{GateBasis, answer, overall};
use super::gate_words::{looks, next_steps, reason, remark, sentence, verdict};
use super::json::{number, undefined};
use super::validation_json::rate;

/// The object.
#[must_use]
pub fn render(basis: &GateBasis, judged: &[Judged]) -> Value {
    json!({
        "goldset": basis.goldset,
        "title": basis.title,
        "verdict": verdict(overall(basis, judged)),
        "answer": answer(basis, judged),
        "seed": basis.seed,
        "without_gold": basis.without_gold,
        "classifiers": judged.iter().map(|one| classifier(basis, one)).collect::<Vec<_>>(),
    })
}

fn classifier(basis: &GateBasis, one: &Judged) -> Value {
    let compared = &one.compared;
    json!({
        "name": one.classifier,
        "verdict": verdict(one.verdict()),
        "reason": reason(one),
        "statistic": one.rule.statistic.name(),
        "margin": one.rule.margin,
        "recall_margin": one.rule.recall_margin,
        "floor": one.rule.floor,
        "baseline": compared.baseline,
        "baseline_candidate": compared.baseline_candidate,
        "candidate": compared.candidate,
        "candidate_kind": compared.candidate_kind.word(),
        "against": compared.against,
        "against_kind": compared.against_kind.word(),
        "baseline_prompt_hash": compared.old_prompt,
        "prompt_hash": compared.new_prompt,
        "n_sessions": one.n_sessions,
        "n_labelled": one.n_labelled,
        "n_users": one.n_users,
        "outcomes": one.outcomes,
        "not_compared": one.hindrance.as_ref().map(hindrance),
        "judgements": one.parts.iter().map(|part| judgement(one, part)).collect::<Vec<_>>(),
        "changes": one.changes.iter().map(|change| json!({
            "session_id": change.session_id,
            "old": change.old,
            "new": change.new,
            "gold": change.gold,
            "effect": change.effect.word(),
            "why_old": change.why_old,
            "why_new": change.why_new,
        })).collect::<Vec<_>>(),
        "next": {
            "further_sessions": one.next.further.map(|(sessions, _)| sessions),
            "further_users": one.next.further.map(|(_, users)| users),
            "labels_needed": one.next.of_labels.iter().map(|(label, have, need)| json!({
                "label": label, "have": have, "need": need,
            })).collect::<Vec<_>>(),
            "unlabelled": one.next.n_unlabelled,
            "label_next": disputed(&one.next.unlabelled),
            "look_again": disputed(&one.next.doubted),
            "steps": next_steps(one, &basis.renew_one(&one.classifier)),
        },
        "looks": {
            "candidates": one.looks.candidates,
            "since": one.looks.since,
            "sentence": looks(one),
        },
        "remarks": one.remarks.iter().map(|said| remark(one, said)).collect::<Vec<_>>(),
    })
}

fn disputed(sessions: &[Disputed]) -> Value {
    sessions
        .iter()
        .map(|disputed| {
            json!({
                "session_id": disputed.session_id,
                "said": disputed.said.iter().map(|(label, voices)| json!({"label": label, "voices": voices})).collect::<Vec<_>>(),
            })
        })
        .collect()
}

fn hindrance(hindrance: &Hindrance) -> Value {
    match hindrance {
        Hindrance::NoBaseline { file } => {
            json!({"why": "no_baseline", "file": file.display().to_string()})
        }
        Hindrance::Missing {
            of,
            sessions,
            remedy,
        } => {
            json!({"why": "answers_missing", "of": of, "sessions": sessions, "command": remedy.text()})
        }
        Hindrance::Stale {
            lost,
            gained,
            gold,
            against,
        } => json!({
            "why": "stale_baseline",
            "sessions_lost": lost,
            "sessions_gained": gained,
            "gold_changed": gold,
            "baseline_against": against,
        }),
        Hindrance::NoGold => json!({"why": "no_gold"}),
    }
}

fn judgement(one: &Judged, part: &Part) -> Value {
    let mut fields = match part {
        Part::Unchanged => json!({"name": "unchanged"}),
        Part::Change {
            measure,
            old,
            new,
            finding,
        } => merged(
            json!({"name": "change", "measure": measure, "old": index(*old), "new": index(*new), "margin": one.rule.margin}),
            finding,
        ),
        Part::Recall { label, finding } => merged(
            json!({"name": "recall", "label": label, "margin": one.rule.recall_margin}),
            finding,
        ),
        Part::Floor {
            measure,
            floor,
            value,
            interval,
        } => json!({
            "name": "floor",
            "measure": measure,
            "floor": floor,
            "value": index(*value),
            "low": interval.map(|limits| number(limits.low)),
            "high": interval.map(|limits| number(limits.high)),
        }),
        Part::ParseRate { asked, rate: found } => {
            json!({"name": "parse_rate", "asked": asked, "rate": rate(found)})
        }
        Part::Check { name, claim, ended } => {
            json!({"name": "check", "check": name, "claim": claim, "ended": ended.word()})
        }
    };
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("verdict".to_owned(), json!(verdict(part.verdict())));
        fields.insert("sentence".to_owned(), json!(sentence(one, part)));
    }
    fields
}

fn merged(mut fields: Value, finding: &Finding) -> Value {
    let bounds = finding.bounds;
    let more = json!({
        "difference": index(finding.difference),
        "se_cluster": finding.se.map(number),
        "low": bounds.map_or(Value::Null, |bounds| number(bounds.low)),
        "high": bounds.map_or(Value::Null, |bounds| number(bounds.high)),
        "method": method(finding.method),
        "discordant": finding.discordant,
        "n": finding.n,
        "n_clusters": finding.draws,
        "items_needed": finding.items_needed,
    });
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
        if let Err(why) = bounds {
            fields.insert("undefined".to_owned(), json!(why.code()));
        }
    }
    fields
}

fn index(value: Result<f64, Undefined>) -> Value {
    value.map_or_else(undefined, number)
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Users => "jackknife and bootstrap over users",
        Method::Jackknife => "jackknife over users",
        Method::Items(Shortage::FewDiscordant(_)) => "tango over users, few discordant",
        Method::Items(Shortage::RareClass(..)) => "tango over users, rare class",
        Method::Items(Shortage::NoSpread) => "tango over users, no spread",
    }
}
