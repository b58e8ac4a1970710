//! Agreement of two raters over the same sessions, on whatever scale the classifier has.
//!
//! Failures are never labels. The main figures leave them out; `counted_wrong` counts each as a category of its own that
//! no gold label has, so that a prompt cannot raise its score by refusing hard sessions.

use crate::classifier::definition::{ComparedOn, Definition};
use crate::domain::label::{Label, Scale};
use crate::domain::rating::{Outcome, RaterKind};
use crate::stats::agreement::{TwoRaterAgreement, TwoRaters, two_raters};
use crate::stats::continuous::{NumericAgreement, two_raters_numbers};

/// The category of answers without a label, where failures count as wrong.
pub const INVALID: &str = "__invalid__";

/// The confidence level of all intervals.
pub const CONFIDENCE: f64 = 0.95;

/// One rater whose labels are compared.
#[derive(Debug, Clone)]
pub struct Party<'p> {
    /// Name as it was asked for.
    pub name: String,
    /// What stands behind it.
    pub kind: RaterKind,
    /// Its outcomes in the order of the sessions.
    pub outcomes: &'p [Outcome],
}

/// The comparison of a candidate with one other rater.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The other rater.
    pub against: String,
    /// What stands behind it.
    pub against_kind: RaterKind,
    /// Which of the classifier's numbers is compared: empty but for shares of decisions.
    pub measure: Option<&'static str>,
    /// Agreement on the sessions that both labelled.
    pub agreement: Figures,
    /// The same with every failure of the candidate counted as wrong; `None` where numbers are compared, which have no
    /// value for "wrong".
    pub counted_wrong: Option<Figures>,
    /// Sessions with a label of the other rater for which the candidate gave none.
    pub failures: u64,
}

/// Agreement on a scale.
#[derive(Debug, Clone)]
pub enum Figures {
    /// Categories in declared order.
    Categories {
        /// Their names; the last one is [`INVALID`] where failures count.
        names: Vec<String>,
        /// Whether their order means something.
        ordered: bool,
        /// The figures.
        figures: Box<TwoRaterAgreement>,
    },
    /// Numbers.
    Numbers {
        /// The scale on which they were compared.
        on: ComparedOn,
        /// The figures.
        figures: Box<NumericAgreement>,
        /// Median ratio of candidate to gold, as they are; `None` for shares.
        median_ratio: Option<f64>,
        /// Sessions without a number of one of them.
        n_missing: usize,
    },
}

/// Compares `candidate` with `other`; one comparison, or one for each share of decisions.
///
/// `users` gives each session's user as a code; `gold` is put on the rows of tables.
#[must_use]
pub fn compare(
    definition: &Definition,
    other: &Party<'_>,
    candidate: &Party<'_>,
    users: &[u32],
) -> Vec<Comparison> {
    let base = |measure, agreement, counted_wrong| Comparison {
        against: other.name.clone(),
        against_kind: other.kind,
        measure,
        agreement,
        counted_wrong,
        failures: failures(other.outcomes, candidate.outcomes),
    };
    match definition.scale {
        Scale::Nominal | Scale::Ordinal => {
            let agreement =
                categories(definition, other.outcomes, candidate.outcomes, users, false);
            let wrong = categories(definition, other.outcomes, candidate.outcomes, users, true);
            vec![base(None, agreement, Some(wrong))]
        }
        Scale::Ratio => {
            let on = definition
                .number
                .as_ref()
                .map_or(ComparedOn::Linear, |number| number.compared_on);
            let number = |outcome: &Outcome| match outcome.label() {
                Some(Label::Number(number)) => Some(*number),
                _ => None,
            };
            vec![base(
                None,
                numbers(on, other.outcomes, candidate.outcomes, number),
                None,
            )]
        }
        Scale::Decisions => {
            let share = |outcome: &Outcome, execution: bool| match outcome.label() {
                Some(Label::Shares(shares)) if execution => shares.execution,
                Some(Label::Shares(shares)) => shares.planning,
                _ => None,
            };
            let planning = numbers(
                ComparedOn::Linear,
                other.outcomes,
                candidate.outcomes,
                |outcome| share(outcome, false),
            );
            let execution = numbers(
                ComparedOn::Linear,
                other.outcomes,
                candidate.outcomes,
                |outcome| share(outcome, true),
            );
            vec![
                base(Some("planning_share"), planning, None),
                base(Some("execution_share"), execution, None),
            ]
        }
    }
}

fn failures(other: &[Outcome], candidate: &[Outcome]) -> u64 {
    other
        .iter()
        .zip(candidate)
        .filter(|(other, candidate)| other.label().is_some() && candidate.label().is_none())
        .count() as u64
}

fn code(outcome: &Outcome) -> Option<u16> {
    match outcome.label() {
        Some(Label::Category(code)) => Some(*code),
        _ => None,
    }
}

fn categories(
    definition: &Definition,
    other: &[Outcome],
    candidate: &[Outcome],
    users: &[u32],
    failures_count: bool,
) -> Figures {
    let mut names: Vec<String> = definition
        .labels
        .iter()
        .map(|label| label.name.clone())
        .collect();
    let gold: Vec<Option<u16>> = other.iter().map(code).collect();
    let mut said: Vec<Option<u16>> = candidate.iter().map(code).collect();
    let any_failure = gold
        .iter()
        .zip(&said)
        .any(|(gold, said)| gold.is_some() && said.is_none());
    if failures_count && any_failure {
        let invalid = u16::try_from(names.len()).expect("a scale has fewer than 65,536 labels");
        names.push(INVALID.to_owned());
        for (gold, said) in gold.iter().zip(&mut said) {
            if gold.is_some() && said.is_none() {
                *said = Some(invalid);
            }
        }
    }
    let figures = two_raters(&TwoRaters {
        a: &gold,
        b: &said,
        categories: names.len(),
        values: None,
        clusters: Some(users),
        confidence: CONFIDENCE,
    });
    Figures::Categories {
        names,
        ordered: definition.scale == Scale::Ordinal,
        figures: Box::new(figures),
    }
}

fn numbers(
    on: ComparedOn,
    other: &[Outcome],
    candidate: &[Outcome],
    number: impl Fn(&Outcome) -> Option<f64>,
) -> Figures {
    let raw_gold: Vec<Option<f64>> = other.iter().map(&number).collect();
    let raw_said: Vec<Option<f64>> = candidate.iter().map(&number).collect();
    let scaled = |values: &[Option<f64>]| -> Vec<Option<f64>> {
        values
            .iter()
            .map(|value| match on {
                ComparedOn::Log => value.map(f64::ln),
                ComparedOn::Linear => *value,
            })
            .collect()
    };
    let figures = two_raters_numbers(&scaled(&raw_gold), &scaled(&raw_said), CONFIDENCE);
    let median_ratio = match on {
        ComparedOn::Log => two_raters_numbers(&raw_gold, &raw_said, CONFIDENCE)
            .median_ratio
            .ok(),
        ComparedOn::Linear => None,
    };
    Figures::Numbers {
        on,
        n_missing: other.len() - figures.n,
        figures: Box::new(figures),
        median_ratio,
    }
}
