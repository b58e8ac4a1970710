//! Telemetry checks and derived measures as JSON.

use serde_json::{Value, json};

use crate::classifier::check::Quantity;
use crate::stats::estimate::{Interval, Undefined};
use crate::validation::checks::{CheckResult, Effect};
use crate::validation::derived::DerivedResult;

use super::json::number;
use super::validation_json::rate;

pub(super) fn check(result: &CheckResult) -> Value {
    let claim = &result.check.claim;
    let looked_at = match claim.quantity() {
        Quantity::Measure(measure) => json!(measure),
        Quantity::Derived(name) => json!(name),
    };
    json!({
        "name": result.check.name,
        "kind": claim.kind(),
        "claim": claim.sentence(),
        "labels": claim.labels(),
        "expectation": claim.expectation(),
        "required_share": claim.share().map(number),
        "missing": result.check.missing.words(),
        "n": result.labelled.n,
        "holding": result.labelled.holding,
        "rate": rate(&result.labelled),
        "others": {"n": result.others.n, "holding": result.others.holding, "rate": rate(&result.others)},
        "base_rate": rate(&result.base()),
        "effect": result.effect.as_ref().map(effect),
        "jonckheere": result.jonckheere.as_ref().map(|test| json!({
            "n": test.n, "groups": test.groups, "statistic": number(test.statistic),
            "z": number(test.z), "p_value": number(test.p_value),
        })),
        "levels": result.levels.iter().map(|level| json!({
            "name": level.name, "n": level.n, "median": level.median.map(number), "mean": level.mean.map(number),
        })).collect::<Vec<_>>(),
        "without_telemetry": result.without_telemetry,
        "verdict": result.verdict.word(),
        "reason": result.reason,
        "hardly_discriminates": result.hardly_discriminates(),
        "violators": result.violators.iter().map(|violator| json!({
            "session_id": violator.session_id,
            "label": violator.label,
            "measure": looked_at,
            "value": violator.value.map(number),
            "reason": violator.reason,
        })).collect::<Vec<_>>(),
        "rationale": result.check.rationale,
        "published": result.check.published,
    })
}

fn effect(effect: &Effect) -> Value {
    json!({
        "name": effect.name,
        "value": effect.value.ok().map(number),
        "undefined": effect.value.err().map(Undefined::code),
        "ci_low": effect.interval.ok().map(|limits: Interval| number(limits.low)),
        "ci_high": effect.interval.ok().map(|limits: Interval| number(limits.high)),
        "interval_undefined": effect.interval.err().map(Undefined::code),
        "method": effect.method,
        "asked": number(effect.asked),
    })
}

pub(super) fn derived(result: &DerivedResult) -> Value {
    json!({
        "name": result.derived.name,
        "definition": result.derived.definition,
        "lacks": result.lacks,
        "n": result.rate.n,
        "holding": result.rate.holding,
        "rate": rate(&result.rate),
        "clustered": result.interval.map(|limits| json!({
            "ci_low": number(limits.low), "ci_high": number(limits.high), "method": "wilson, effective n",
        })),
        "counterpart": result.derived.counterpart.as_ref().map(|counterpart| counterpart.range().words()),
        "counterpart_agreement": result.counterpart.as_ref().map(rate),
        "by": result.derived.by,
        "rates_by": result.by.iter().map(|(label, by)| json!({
            "label": label, "n": by.n, "holding": by.holding, "rate": rate(by),
        })).collect::<Vec<_>>(),
        "published": result.derived.published,
    })
}
