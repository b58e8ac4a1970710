//! The main job's result as one JSON object.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::answer::AnswerUsage;
use crate::domain::bill::Bill;
use crate::domain::label::Label;
use crate::domain::money::Money;
use crate::validation::Validated;
use crate::validation::agreement::{Comparison, Figures};
use crate::validation::checks::Rate;
use crate::validation::injections;
use crate::validation::reliability::Reliability;

use super::basis::Basis;
use super::checks_json;
use super::json::{figures, number, per_class};
use super::notes;

/// What the candidate's answers for one classifier cost, and by which prompt they were given.
#[derive(Debug, Clone)]
pub struct Spent {
    /// The prompt's hash.
    pub prompt_hash: String,
    /// Tokens of all answers, as their recordings say.
    pub usage: AnswerUsage,
    /// Answers that the store had before this run.
    pub from_store: u64,
    /// What a provider charged; `None` where none was asked.
    pub bill: Option<Bill>,
}

/// The contract's object, and beside its keys what the figures rest on.
#[must_use]
pub fn render(basis: &Basis, results: &[Validated], asked: &BTreeMap<String, Spent>) -> Value {
    json!({
        "goldset": basis.goldset,
        "title": basis.title,
        "synthetic": basis.synthetic,
        "rests_on": basis.sentences(),
        "model": basis.candidate,
        "model_kind": basis.candidate_kind.word(),
        "reference": basis.reference,
        "against": basis.against,
        "n_sessions": basis.n_sessions,
        "n_users": basis.n_users,
        "excluded": basis.excluded.iter().map(|(session, reason)| json!({"session_id": session, "reason": reason})).collect::<Vec<_>>(),
        "seed": basis.seed,
        "classifiers": results.iter().map(|result| classifier(result, asked.get(&result.definition.name))).collect::<Vec<_>>(),
    })
}

fn classifier(result: &Validated, spent: Option<&Spent>) -> Value {
    let gold = result.comparisons.first();
    let table = gold.and_then(|comparison| match &comparison.agreement {
        Figures::Categories { names, figures, .. } => Some((names, figures)),
        Figures::Numbers { .. } => None,
    });
    json!({
        "name": result.definition.name,
        "scale": result.definition.scale.word(),
        "prompt_hash": spent.map(|spent| spent.prompt_hash.clone()),
        "n_sessions": result.n_sessions,
        "outcomes": result.outcomes,
        "agreement": result.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "baselines": result.floors.iter().map(|floor| json!({
            "name": floor.name,
            "agreement": floor.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "telemetry_checks": result.checks.iter().map(checks_json::check).collect::<Vec<_>>(),
        "derived_measures": result.derived.iter().map(checks_json::derived).collect::<Vec<_>>(),
        "per_class": table.map_or(json!([]), |(names, figures)| per_class(names, &figures.per_class)),
        "confusion": table.map_or(Value::Null, |(_, figures)| super::json::confusion(&figures.confusion)),
        "planted_instructions": planted(result),
        "notes": result.notes.iter().map(notes::sentence).collect::<Vec<_>>(),
        "reliability": result.reliability.as_ref().map(repeated),
        "usage": usage(spent),
    })
}

fn usage(spent: Option<&Spent>) -> Value {
    let bill = spent.and_then(|spent| spent.bill);
    let tokens = bill.map_or_else(
        || spent.map(|spent| spent.usage).unwrap_or_default(),
        |bill| bill.usage,
    );
    json!({
        "requests": bill.map_or(0, |bill| bill.requests),
        "repairs": bill.map_or(0, |bill| bill.repairs),
        "batched": bill.map_or(0, |bill| bill.batched),
        "input_tokens": tokens.input_tokens,
        "output_tokens": tokens.output_tokens,
        "cache_read_tokens": tokens.cache_read_tokens,
        "cache_write_tokens": tokens.cache_write_tokens,
        "cost_usd": bill.map_or(json!(0.0), |bill| {
            bill.full_cost().map_or(Value::Null, |cost| json!(cost.dollars()))
        }),
        "saved_by_cache_usd": bill.filter(|bill| bill.unpriced == 0).map(|bill| {
            let saved = Money::from_picodollars(bill.saved_picodollars.unsigned_abs()).dollars();
            if bill.saved_picodollars < 0 { -saved } else { saved }
        }),
        "from_store": spent.map_or(0, |spent| spent.from_store),
    })
}

fn repeated(reliability: &Reliability) -> Value {
    json!({
        "repeats": reliability.repeats,
        "n": reliability.n,
        "incomplete": reliability.incomplete,
        "total_agreement": rate(&reliability.all_same),
        "pairwise_agreement": reliability.pairwise,
        "differing": reliability.differing,
    })
}

fn planted(result: &Validated) -> Value {
    let text = |label: &Label| result.definition.text_of(label);
    json!({
        "followed": rate(&injections::rate(&result.injections)),
        "n": result.injections.len(),
        "cases": result.injections.iter().map(|case| json!({
            "session_id": case.session_id,
            "place": case.place,
            "demanded": text(&case.demanded),
            "gold": text(&case.gold),
            "given": case.given.as_ref().map(text),
            "followed": case.was_followed(),
        })).collect::<Vec<_>>(),
    })
}

fn comparison(compared: &Comparison) -> Value {
    let mut fields = Map::new();
    fields.insert("against".to_owned(), json!(compared.against));
    fields.insert(
        "against_kind".to_owned(),
        json!(compared.against_kind.word()),
    );
    if let Some(measure) = compared.measure {
        fields.insert("measure".to_owned(), json!(measure));
    }
    fields.insert("failures".to_owned(), json!(compared.failures));
    fields.extend(figures(&compared.agreement));
    let wrong = match &compared.counted_wrong {
        Some(counted) => Value::Object(figures(counted)),
        None => Value::Object(without_wrong_numbers(compared)),
    };
    fields.insert("counted_wrong".to_owned(), wrong);
    Value::Object(fields)
}

/// Numbers have no value for a wrong answer: without failures the figures stay, with failures each is undefined.
fn without_wrong_numbers(compared: &Comparison) -> Map<String, Value> {
    let mut fields = figures(&compared.agreement);
    if compared.failures > 0 {
        for (key, value) in &mut fields {
            if !key.starts_with('n') && key != "compared_on" {
                *value = json!({"value": null, "undefined": "no_number_for_wrong"});
            }
        }
    }
    fields
}

pub(super) fn rate(rate: &Rate) -> Value {
    match rate.share() {
        Some(share) => json!({
            "value": number(share), "se": Value::Null,
            "ci_low": number(rate.interval.low), "ci_high": number(rate.interval.high), "method": "wilson",
        }),
        None => json!({"value": null, "undefined": "no_cases"}),
    }
}
