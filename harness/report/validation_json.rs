//! The main job's result as one JSON object.

use serde_json::{Map, Value, json};

use crate::domain::rating::RaterKind;
use crate::validation::Validated;
use crate::validation::agreement::{Comparison, Figures};
use crate::validation::checks::{CheckResult, Rate};

use super::basis::Basis;
use super::json::{figures, number, per_class};
use super::notes;

/// The contract's object, and beside its keys what the figures rest on.
#[must_use]
pub fn render(basis: &Basis, results: &[Validated]) -> Value {
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
        "classifiers": results.iter().map(classifier).collect::<Vec<_>>(),
    })
}

fn classifier(result: &Validated) -> Value {
    let gold = result.comparisons.first();
    let table = gold.and_then(|comparison| match &comparison.agreement {
        Figures::Categories { names, figures, .. } => Some((names, figures)),
        Figures::Numbers { .. } => None,
    });
    json!({
        "name": result.definition.name,
        "scale": result.definition.scale.word(),
        "prompt_hash": Value::Null,
        "n_sessions": result.n_sessions,
        "outcomes": result.outcomes,
        "agreement": result.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "baselines": result.floors.iter().map(|floor| json!({
            "name": floor.name,
            "agreement": floor.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "telemetry_checks": result.checks.iter().map(check).collect::<Vec<_>>(),
        "per_class": table.map_or(json!([]), |(names, figures)| per_class(names, &figures.per_class)),
        "confusion": table.map_or(Value::Null, |(_, figures)| super::json::confusion(&figures.confusion)),
        "notes": result.notes.iter().map(notes::sentence).collect::<Vec<_>>(),
        "usage": {
            "requests": 0, "input_tokens": 0, "output_tokens": 0, "cache_read_tokens": 0, "cache_write_tokens": 0,
            "cost_usd": 0.0, "from_store": 0,
        },
    })
}

fn comparison(compared: &Comparison) -> Value {
    let mut fields = Map::new();
    fields.insert("against".to_owned(), json!(compared.against));
    fields.insert(
        "against_kind".to_owned(),
        json!(kind(compared.against_kind)),
    );
    if let Some(measure) = compared.measure {
        fields.insert("measure".to_owned(), json!(measure));
    }
    fields.insert("failures".to_owned(), json!(compared.failures));
    fields.extend(figures(&compared.agreement));
    let wrong = match &compared.counted_wrong {
        Some(counted) => Value::Object(figures(counted)),
        None => {
            json!({"n_failures": compared.failures, "note": "numbers have no value for a wrong answer"})
        }
    };
    fields.insert("counted_wrong".to_owned(), wrong);
    Value::Object(fields)
}

fn kind(kind: RaterKind) -> &'static str {
    kind.word()
}

fn check(result: &CheckResult) -> Value {
    json!({
        "name": result.check.name,
        "kind": "implication",
        "labels": result.check.labels,
        "expectation": result.check.expectation(),
        "required_share": number(result.check.share),
        "n": result.labelled.n,
        "holding": result.labelled.holding,
        "rate": rate(&result.labelled),
        "others": {"n": result.others.n, "holding": result.others.holding, "rate": rate(&result.others)},
        "without_telemetry": result.without_telemetry,
        "verdict": result.verdict.word(),
        "hardly_discriminates": result.hardly_discriminates(),
        "violators": result.violators.iter().map(|violator| json!({
            "session_id": violator.session_id,
            "label": violator.label,
            "measure": result.check.measure,
            "value": number(violator.value),
        })).collect::<Vec<_>>(),
        "rationale": result.check.rationale,
        "published": result.check.published,
    })
}

fn rate(rate: &Rate) -> Value {
    match rate.share() {
        Some(share) => json!({
            "value": number(share), "se": Value::Null,
            "ci_low": number(rate.interval.low), "ci_high": number(rate.interval.high), "method": "wilson",
        }),
        None => json!({"value": null, "undefined": "no_cases"}),
    }
}
