//! Checks of a trend: the higher the label, the higher (or lower) what is looked at.

use crate::classifier::check::{Check, Claim, user_share};
use crate::classifier::definition::Definition;
use crate::domain::label::{Label, Scale};
use crate::stats::moments::median;
use crate::stats::rank::spearman;
use crate::stats::trend::jonckheere;
use crate::stats::user_bootstrap::interval;

use super::agreement::CONFIDENCE;
use super::check_contrasts::level;
use super::checks::{CheckResult, CheckVerdict, Effect, LEAST, Rate, Violator};
use super::evidence::Evidence;

pub(super) fn run(definition: &Definition, check: &Check, evidence: &Evidence<'_>) -> CheckResult {
    let mut result = CheckResult::new(check);
    let Claim::Trend {
        over,
        quantity,
        direction,
    } = &check.claim
    else {
        return result;
    };
    let (mut at, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for session in 0..evidence.sessions.len() {
        let label = evidence.label(&definition.name, session);
        let step = match (label, over) {
            (Some(Label::Category(code)), None) => Some(f64::from(*code)),
            (Some(Label::Number(number)), None) => Some(*number),
            (Some(Label::Shares(shares)), Some(of)) => user_share(shares, *of),
            _ => None,
        };
        let Some(step) = step else { continue };
        match evidence.quantity(quantity, session) {
            Some(value) => {
                at.push(session);
                x.push(step);
                y.push(value);
            }
            None => result.without_telemetry += 1,
        }
    }
    if definition.scale == Scale::Ordinal {
        for (code, label) in (0_u16..).zip(&definition.labels) {
            let values: Vec<f64> = x
                .iter()
                .zip(&y)
                .filter(|(step, _)| (**step - f64::from(code)).abs() < 0.5)
                .map(|(_, value)| *value)
                .collect();
            if !values.is_empty() {
                result.levels.push(level(&label.name, &values));
            }
        }
    }
    let sign = direction.sign();
    let (Some(middle), Some(half)) = (median(&x), median(&y)) else {
        return result;
    };
    // Sessions off both medians, on the declared diagonal or not: Blomqvist's quadrants.
    let mut flags = Vec::new();
    for (row, session) in at.iter().enumerate() {
        let quadrant = (x[row] - middle) * (y[row] - half) * sign;
        if quadrant.abs() < 1e-12 {
            continue;
        }
        flags.push(quadrant > 0.0);
        if quadrant < 0.0 {
            result.violators.push(Violator {
                session_id: evidence.sessions[*session].to_owned(),
                label: evidence.label_text(&definition.name, *session),
                value: Some(y[row]),
                reason: format!(
                    "label {} the median label, but {:.1} is {} the median of {half:.1}",
                    side(x[row] > middle),
                    y[row],
                    side(y[row] > half)
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
    result.jonckheere = jonckheere(&x, &y).ok();
    let rho = spearman(&x, &y);
    result.verdict = if (x.len() as u64) < 2 * LEAST {
        CheckVerdict::TooFew
    } else if let Err(reason) = rho {
        result.reason = Some(format!("Spearman's correlation is undefined ({reason})"));
        CheckVerdict::Undecided
    } else {
        CheckVerdict::of_effect(&limits, 0.0, sign)
    };
    result.effect = Some(Effect {
        name: "spearman",
        value: rho,
        interval: limits,
        method: "user bootstrap, percentile",
        asked: 0.0,
    });
    result
}

fn side(is_above: bool) -> &'static str {
    if is_above { "above" } else { "below" }
}
