//! Gold, baseline and candidate on the same sessions, as the numbers that statistics take.
//!
//! A failure is wrong, and as wrong as can be: on categories it is a class of its own that lies farthest from every label,
//! among numbers it stands for the number farthest from gold that gold or the baseline gave (a candidate must not set what the
//! baseline's failures cost). So no candidate gains by refusing what is hard. An answer that a session has no decisions
//! of a kind is none: such sessions are left out of that share, and counted.

use crate::classifier::definition::{ComparedOn, Definition};
use crate::domain::label::{DecisionShares, Label, Scale};
use crate::domain::rating::Outcome;
use crate::stats::coefficient::Coefficient;
use crate::stats::paired::{PairedRatings, PairedTables};
use crate::stats::weights::Weights;

/// What was said about the sessions that all share.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'s> {
    /// The sessions.
    pub sessions: &'s [&'s str],
    /// Each session's user as a code.
    pub users: &'s [u32],
    /// Gold; a session without a label of it is not judged.
    pub gold: &'s [Outcome],
    /// The approved labels.
    pub old: &'s [Outcome],
    /// The candidate's.
    pub new: &'s [Outcome],
}

/// Numbers of one measure, complete.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    /// Which of a classifier's numbers; `None` where there is only one.
    pub measure: Option<&'static str>,
    /// The truth.
    pub gold: Vec<f64>,
    /// The approved ones.
    pub old: Vec<f64>,
    /// The candidate's.
    pub new: Vec<f64>,
    /// The user of each.
    pub users: Vec<u32>,
    /// Sessions left out, because gold or one of the two says that there is no such share.
    pub without_share: usize,
}

impl Sides<'_> {
    /// Sessions with a gold label.
    #[must_use]
    pub fn labelled(&self) -> usize {
        self.gold
            .iter()
            .filter(|gold| gold.label().is_some())
            .count()
    }

    /// Whether the candidate says of every session what the baseline says.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.old == self.new
    }

    /// Categories as tables; the last class is that of failures.
    #[must_use]
    pub fn tables(&self, definition: &Definition) -> PairedTables {
        let failed = u16::try_from(definition.labels.len()).unwrap_or(u16::MAX);
        let code = |outcome: &Outcome| match outcome.label() {
            Some(Label::Category(code)) => Some(*code),
            _ => None,
        };
        let said = |outcomes: &[Outcome]| -> Vec<Option<u16>> {
            outcomes
                .iter()
                .map(|outcome| Some(code(outcome).unwrap_or(failed)))
                .collect()
        };
        PairedTables::new(&PairedRatings {
            gold: &self.gold.iter().map(code).collect::<Vec<_>>(),
            old: &said(self.old),
            new: &said(self.new),
            categories: definition.labels.len() + 1,
            clusters: Some(self.users),
        })
    }

    /// The classifier's numbers, one list per measure.
    #[must_use]
    pub fn numbers(&self, definition: &Definition) -> Vec<Numbers> {
        let share = |pick: fn(&DecisionShares) -> Option<f64>| {
            move |outcome: &Outcome| match outcome.label() {
                Some(Label::Shares(shares)) => pick(shares),
                _ => None,
            }
        };
        match definition.scale {
            Scale::Nominal | Scale::Ordinal => Vec::new(),
            Scale::Ratio => {
                let on = definition
                    .number
                    .as_ref()
                    .map_or(ComparedOn::Linear, |number| number.compared_on);
                let number = |outcome: &Outcome| match (outcome.label(), on) {
                    (Some(Label::Number(number)), ComparedOn::Log) => Some(number.ln()),
                    (Some(Label::Number(number)), ComparedOn::Linear) => Some(*number),
                    _ => None,
                };
                vec![self.measured(None, number)]
            }
            Scale::Decisions => vec![
                self.measured(Some("planning_share"), share(|shares| shares.planning)),
                self.measured(Some("execution_share"), share(|shares| shares.execution)),
            ],
        }
    }

    fn measured(
        &self,
        measure: Option<&'static str>,
        number: impl Fn(&Outcome) -> Option<f64>,
    ) -> Numbers {
        let is_without = |outcome: &Outcome| {
            matches!(outcome.label(), Some(Label::Shares(_))) && number(outcome).is_none()
        };
        let all: Vec<f64> = [self.gold, self.old]
            .into_iter()
            .flatten()
            .filter_map(&number)
            .collect();
        let least = all.iter().copied().fold(f64::INFINITY, f64::min);
        let most = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut numbers = Numbers {
            measure,
            ..Numbers::default()
        };
        for at in 0..self.gold.len() {
            let is_labelled = self.gold[at].label().is_some();
            if is_labelled
                && [self.gold, self.old, self.new]
                    .iter()
                    .any(|of| is_without(&of[at]))
            {
                numbers.without_share += 1;
                continue;
            }
            let Some(gold) = number(&self.gold[at]) else {
                continue;
            };
            let farthest = if most - gold > gold - least {
                most
            } else {
                least
            };
            numbers.gold.push(gold);
            numbers.old.push(number(&self.old[at]).unwrap_or(farthest));
            numbers.new.push(number(&self.new[at]).unwrap_or(farthest));
            numbers.users.push(self.users[at]);
        }
        numbers
    }
}

/// The coefficient of this name for `labels` declared classes and the class of failures, which lies a whole scale from each.
///
/// Without failures the value is that of the declared classes alone: a class that nobody uses changes no kappa.
#[must_use]
pub fn coefficient(name: &str, labels: usize) -> Option<Coefficient> {
    let with_failures = |declared: Weights| {
        let size = labels + 1;
        let mut disagreement = vec![declared.scale(); size * size];
        for i in 0..labels {
            for j in 0..labels {
                disagreement[i * size + j] = declared.disagreement(i, j);
            }
        }
        disagreement[size * size - 1] = 0.0;
        Weights::custom(size, disagreement)
            .ok()
            .map(Coefficient::CohenKappa)
    };
    match name {
        "percent_agreement" => Some(Coefficient::PercentAgreement),
        "cohen_kappa" => with_failures(Weights::identity(labels)),
        "cohen_kappa_linear" => with_failures(Weights::linear(labels)),
        "cohen_kappa_quadratic" => with_failures(Weights::quadratic(labels)),
        _ => None,
    }
}
