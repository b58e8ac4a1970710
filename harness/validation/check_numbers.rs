//! Checks of a number against a measure: rank correlation, and the share within a factor.

use crate::classifier::check::{Check, Claim};
use crate::classifier::definition::Definition;
use crate::domain::label::Label;
use crate::stats::moments::median;
use crate::stats::rank::spearman;
use crate::stats::user_bootstrap::interval;

use super::agreement::CONFIDENCE;
use super::checks::{CheckResult, CheckVerdict, Effect, Rate, Violator};
use super::evidence::Evidence;

pub(super) fn run(definition: &Definition, check: &Check, evidence: &Evidence<'_>) -> CheckResult {
    let mut result = CheckResult::new(check);
    let Claim::NumericAgreement {
        measure,
        scaled,
        factor,
        share,
        correlation,
    } = &check.claim
    else {
        return result;
    };
    let (mut at, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for session in 0..evidence.sessions.len() {
        let Some(Label::Number(number)) = evidence.label(&definition.name, session) else {
            continue;
        };
        match evidence.row(session).and_then(|row| measure.of(row)) {
            Some(value) => {
                at.push(session);
                x.push(*number);
                y.push(value);
            }
            None => result.without_telemetry += 1,
        }
    }
    let ratios: Vec<f64> = x
        .iter()
        .zip(&y)
        .filter(|(_, value)| **value > 0.0)
        .map(|(number, value)| number / value)
        .collect();
    let scale = if *scaled {
        median(&ratios).unwrap_or(1.0)
    } else {
        1.0
    };
    let mut flags = Vec::new();
    for (row, session) in at.iter().enumerate() {
        let expected = y[row] * scale;
        let is_close = expected > 0.0 && x[row] <= expected * factor && expected <= x[row] * factor;
        flags.push(is_close);
        if !is_close {
            result.violators.push(Violator {
                session_id: evidence.sessions[*session].to_owned(),
                label: evidence.label_text(&definition.name, *session),
                value: Some(y[row]),
                reason: format!(
                    "{} is not within a factor of {factor} of {expected:.1}",
                    x[row]
                ),
            });
        }
    }
    result.labelled = Rate::of_flags(&flags);
    let users: Vec<u32> = at.iter().map(|session| evidence.users[*session]).collect();
    let limits = interval(&users, evidence.seed, CONFIDENCE, |rows| {
        let of = |values: &[f64]| -> Vec<f64> { rows.iter().map(|row| values[*row]).collect() };
        spearman(&of(&x), &of(&y)).ok()
    });
    // Both have to hold: one that fails is enough to fail.
    let of_share = CheckVerdict::of_share(&result.labelled, *share);
    let of_rank = CheckVerdict::of_effect(&limits, *correlation, 1.0);
    result.verdict = match (of_share, of_rank) {
        (CheckVerdict::TooFew, _) => CheckVerdict::TooFew,
        (CheckVerdict::Fails, _) | (_, CheckVerdict::Fails) => CheckVerdict::Fails,
        (CheckVerdict::Holds, CheckVerdict::Holds) => CheckVerdict::Holds,
        _ => CheckVerdict::Undecided,
    };
    result.effect = Some(Effect {
        name: "spearman",
        value: spearman(&x, &y),
        interval: limits,
        method: "user bootstrap, percentile",
        asked: *correlation,
    });
    result
}
