//! Checks that ask for a share of sessions: implication, converse, and equality with a derived fact.

use crate::classifier::check::{Check, Claim};
use crate::classifier::definition::Definition;

use super::checks::{CheckResult, CheckVerdict, Rate, Violator, counts_missing};
use super::evidence::Evidence;

/// One session: whether the check speaks of it, and whether it shows what is asked for (`None`: cannot tell).
type Case = Option<(bool, Option<bool>)>;

pub(super) fn run(definition: &Definition, check: &Check, evidence: &Evidence<'_>) -> CheckResult {
    let own = definition.name.as_str();
    let mut result = CheckResult::new(check);
    let (mut labelled, mut others) = (Vec::new(), Vec::new());
    for at in 0..evidence.sessions.len() {
        let Some((is_meant, holds)) = case(check, own, evidence, at) else {
            continue;
        };
        let holds = match holds {
            Some(holds) => holds,
            None => {
                result.without_telemetry += 1;
                if !counts_missing(check) {
                    continue;
                }
                false
            }
        };
        if is_meant {
            labelled.push(holds);
            if !holds {
                result
                    .violators
                    .push(violator(definition, check, evidence, at));
            }
        } else {
            others.push(holds);
        }
    }
    result.labelled = Rate::of_flags(&labelled);
    result.others = Rate::of_flags(&others);
    if let Some(share) = check.claim.share() {
        result.verdict = CheckVerdict::of_share(&result.labelled, share);
    }
    result
}

fn case(check: &Check, own: &str, evidence: &Evidence<'_>, at: usize) -> Case {
    match &check.claim {
        Claim::Implication { when, show, .. } => Some((
            evidence.selects(when, own, at)?,
            evidence.in_range(show, at),
        )),
        Claim::Converse { show, when, .. } => {
            let is_selected = evidence.selects(when, own, at)?;
            match evidence.in_range(show, at) {
                Some(shows) => Some((shows, Some(is_selected))),
                // Whether the check speaks of the session is not known; counted against it is taken as shown.
                None => Some((true, None)),
            }
        }
        Claim::Equality {
            derived,
            measure,
            equals,
            ..
        } => {
            let holds = evidence.derived(evidence.derived_definition(derived)?, at)?;
            let value = evidence.row(at).and_then(|row| measure.of(row));
            Some((holds, value.map(|value| (value - equals).abs() < 1e-9)))
        }
        Claim::Lift { .. }
        | Claim::Trend { .. }
        | Claim::GroupContrast { .. }
        | Claim::NumericAgreement { .. } => None,
    }
}

fn violator(
    definition: &Definition,
    check: &Check,
    evidence: &Evidence<'_>,
    at: usize,
) -> Violator {
    let classifier = check
        .claim
        .selector()
        .and_then(|selector| selector.classifier.as_deref())
        .unwrap_or(&definition.name);
    let label = evidence.label_text(classifier, at);
    let quantity = check.claim.quantity();
    let value = evidence.quantity(&quantity, at);
    let words = quantity.words();
    let shown = value.map_or_else(
        || "no telemetry, which counts against it".to_owned(),
        |value| quantity.counted(value),
    );
    let coverage = evidence
        .row(at)
        .filter(|row| {
            words.contains("lines")
                && !row.lines_coverage.is_empty()
                && row.lines_coverage != "full"
        })
        .map_or_else(String::new, |row| {
            format!(
                "; the count may miss lines changed by {}",
                row.lines_coverage.replace('+', " and ")
            )
        });
    let reason = match &check.claim {
        Claim::Converse { .. } => format!("{shown}, but labelled {label}{coverage}"),
        Claim::Equality {
            equals, derived, ..
        } => {
            format!(
                "{}, but {shown} where {equals} is expected{coverage}",
                derived.replace(['-', '_'], " ")
            )
        }
        _ => format!("labelled {label}, but {shown}{coverage}"),
    };
    Violator {
        session_id: evidence.sessions[at].to_owned(),
        label,
        value,
        reason,
    }
}
