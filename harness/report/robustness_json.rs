//! How answers stand when requests are varied, as JSON in full precision.

use serde_json::{Value, json};

use crate::classifier::definition::Definition;
use crate::gate::robustness::{CONFIDENCE, Flips, Robustness};

use super::gate_words::verdict;
use super::json::statistic;
use super::robustness::{reason, told};

/// One classifier.
#[must_use]
pub fn render(result: &Robustness, definition: &Definition) -> Value {
    json!({
        "classifier": result.classifier,
        "verdict": verdict(result.verdict),
        "reason": reason(result),
        "flip_ceiling": result.ceiling,
        "confidence": CONFIDENCE,
        "variations": result.by_variation.iter().map(flips).collect::<Vec<_>>(),
        "together": flips(&result.together),
        "flipped": result.flipped.iter().map(|case| json!({
            "session_id": case.session_id,
            "variation": case.variation.word(),
            "answer": told(&case.before, definition),
            "varied": told(&case.after, definition),
            "demanded": case.demanded.as_ref().map(|label| definition.text_of(label)),
            "effect": case.effect().word(),
        })).collect::<Vec<_>>(),
    })
}

fn flips(flips: &Flips) -> Value {
    json!({
        "variation": flips.variation.map_or("together", |variation| variation.word()),
        "n": flips.n,
        "users": flips.users,
        "flipped": flips.flipped(),
        "followed": flips.followed,
        "changed": flips.changed,
        "lost": flips.lost,
        "none_before": flips.none_before,
        "missing": flips.missing,
        "without_place": flips.without_place,
        "flip_rate": statistic(&flips.rate),
        "followed_rate": statistic(&flips.followed_rate),
        "verdict": flips.variation.filter(|_| flips.is_judged()).map(|_| verdict(flips.verdict)),
    })
}
