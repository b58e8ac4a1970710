//! Checks that compare sessions selected with the others: lift over the base rate, and medians of groups.

use crate::classifier::check::{Check, Claim, Direction};
use crate::classifier::definition::Definition;
use crate::stats::estimate::Undefined;
use crate::stats::moments::median;
use crate::stats::user_bootstrap::{difference, interval, share_interval};

use super::agreement::CONFIDENCE;
use super::checks::{
    CheckResult, CheckVerdict, Effect, LEAST, Level, Rate, Violator, counts_missing,
};
use super::evidence::Evidence;

/// A session of one of the groups.
struct Member {
    at: usize,
    is_selected: bool,
    value: f64,
}

pub(super) fn run(definition: &Definition, check: &Check, evidence: &Evidence<'_>) -> CheckResult {
    let mut result = CheckResult::new(check);
    let Some(selector) = check.claim.selector() else {
        return result;
    };
    let quantity = check.claim.quantity();
    let mut members = Vec::new();
    for at in 0..evidence.sessions.len() {
        let Some(is_selected) = evidence.selects(selector, &definition.name, at) else {
            continue;
        };
        let value = match (&check.claim, evidence.quantity(&quantity, at)) {
            (Claim::Lift { show, .. }, Some(value)) => Some(f64::from(u8::from(show.holds(value)))),
            (_, Some(value)) => Some(value),
            (_, None) => {
                result.without_telemetry += 1;
                counts_missing(check).then_some(0.0)
            }
        };
        if let Some(value) = value {
            members.push(Member {
                at,
                is_selected,
                value,
            });
        }
    }
    match &check.claim {
        Claim::Lift { minimum, .. } => lift(*minimum, &members, evidence, &mut result),
        Claim::GroupContrast { direction, .. } => {
            medians(*direction, &members, evidence, &mut result)
        }
        _ => {}
    }
    let classifier = selector.classifier.as_deref().unwrap_or(&definition.name);
    for violator in &mut result.violators {
        if let Some(at) = evidence
            .sessions
            .iter()
            .position(|id| *id == violator.session_id)
        {
            violator.label = evidence.label_text(classifier, at);
        }
    }
    result
}

fn split(members: &[Member], is_selected: bool) -> Vec<&Member> {
    members
        .iter()
        .filter(|member| member.is_selected == is_selected)
        .collect()
}

fn lift(minimum: f64, members: &[Member], evidence: &Evidence<'_>, result: &mut CheckResult) {
    let side = |is_selected| {
        let side = split(members, is_selected);
        let holds: Vec<bool> = side.iter().map(|member| member.value > 0.5).collect();
        let users: Vec<u32> = side
            .iter()
            .map(|member| evidence.users[member.at])
            .collect();
        let limits = share_interval(&holds, &users, CONFIDENCE);
        (Rate::of_flags(&holds), limits)
    };
    let ((chosen, of_chosen), (rest, of_rest)) = (side(true), side(false));
    let words = result.check.claim.expectation();
    for member in split(members, true)
        .into_iter()
        .filter(|member| member.value < 0.5)
    {
        let value = evidence.quantity(&result.check.claim.quantity(), member.at);
        result.violators.push(Violator {
            session_id: evidence.sessions[member.at].to_owned(),
            label: String::new(),
            value,
            reason: format!("does not show {words}"),
        });
    }
    result.labelled = chosen;
    result.others = rest;
    let (Some(p), Some(q)) = (chosen.share(), rest.share()) else {
        return;
    };
    let limits = match (of_chosen, of_rest) {
        (Some(of_p), Some(of_q)) => Ok(difference(p, of_p, q, of_q)),
        _ => Err(Undefined::TooFewClusters),
    };
    result.verdict = if chosen.n < LEAST || rest.n < LEAST {
        CheckVerdict::TooFew
    } else {
        CheckVerdict::of_effect(&limits, minimum, 1.0)
    };
    result.effect = Some(Effect {
        name: "risk_difference",
        value: Ok(p - q),
        interval: limits,
        method: "newcombe, effective n",
        asked: minimum,
    });
}

fn medians(
    direction: Direction,
    members: &[Member],
    evidence: &Evidence<'_>,
    result: &mut CheckResult,
) {
    let values = |is_selected| -> Vec<f64> {
        split(members, is_selected)
            .iter()
            .map(|member| member.value)
            .collect()
    };
    let (chosen, rest) = (values(true), values(false));
    for (name, values) in [("selected", &chosen), ("others", &rest)] {
        result.levels.push(level(name, values));
    }
    let (Some(of_chosen), Some(of_rest)) = (median(&chosen), median(&rest)) else {
        return;
    };
    let beyond = |value: &f64| (value - of_rest) * direction.sign() > 0.0;
    result.labelled = Rate::of_flags(&chosen.iter().map(beyond).collect::<Vec<_>>());
    result.others = Rate::of_flags(&rest.iter().map(beyond).collect::<Vec<_>>());
    for member in split(members, true)
        .into_iter()
        .filter(|member| !beyond(&member.value))
    {
        result.violators.push(Violator {
            session_id: evidence.sessions[member.at].to_owned(),
            label: String::new(),
            value: Some(member.value),
            reason: format!(
                "{:.1}, not beyond the others' median of {of_rest:.1}",
                member.value
            ),
        });
    }
    let users: Vec<u32> = members
        .iter()
        .map(|member| evidence.users[member.at])
        .collect();
    let limits = interval(&users, evidence.seed, CONFIDENCE, |rows| {
        let side = |is_selected| -> Vec<f64> {
            rows.iter()
                .filter(|row| members[**row].is_selected == is_selected)
                .map(|row| members[*row].value)
                .collect()
        };
        Some(median(&side(true))? - median(&side(false))?)
    });
    result.verdict = if result.labelled.n < LEAST || result.others.n < LEAST {
        CheckVerdict::TooFew
    } else {
        CheckVerdict::of_effect(&limits, 0.0, direction.sign())
    };
    result.effect = Some(Effect {
        name: "median_difference",
        value: Ok(of_chosen - of_rest),
        interval: limits,
        method: "user bootstrap, percentile",
        asked: 0.0,
    });
}

/// Number, median and mean of some values.
pub(super) fn level(name: &str, values: &[f64]) -> Level {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    Level {
        name: name.to_owned(),
        n: values.len() as u64,
        median: median(values),
        mean,
    }
}
