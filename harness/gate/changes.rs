//! The labels that changed: old, new and gold, and which of both is nearer to gold.

use std::cmp::Ordering;

use crate::classifier::definition::{ComparedOn, Definition};
use crate::domain::label::{Label, Scale};
use crate::domain::rating::Outcome;

use super::baseline::word;
use super::sides::Sides;

/// What a change means against gold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The new label is nearer to gold.
    Better,
    /// The old label was nearer to gold.
    Worse,
    /// Both are as far from gold.
    Neither,
    /// There is no gold label.
    Unknown,
}

impl Effect {
    /// The word that stands in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Neither => "neither",
            Self::Unknown => "no gold",
        }
    }
}

/// One session whose label changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelChange {
    /// The session.
    pub session_id: String,
    /// What the baseline says, or how it failed.
    pub old: String,
    /// What the candidate says, or how it failed.
    pub new: String,
    /// Gold, if there is one.
    pub gold: Option<String>,
    /// What it means.
    pub effect: Effect,
    /// Why the baseline said it, as far as known.
    pub why_old: Option<String>,
    /// Why the candidate says it, as far as known.
    pub why_new: Option<String>,
}

/// Every session whose label changed: worse ones first, then by session.
#[must_use]
pub fn changes(definition: &Definition, sides: &Sides<'_>) -> Vec<LabelChange> {
    let told = |outcome: &Outcome| {
        outcome.label().map_or_else(
            || word(outcome).to_owned(),
            |label| definition.text_of(label),
        )
    };
    let mut changes: Vec<LabelChange> = (0..sides.sessions.len())
        .filter(|&at| sides.old[at] != sides.new[at])
        .map(|at| LabelChange {
            session_id: sides.sessions[at].to_owned(),
            old: told(&sides.old[at]),
            new: told(&sides.new[at]),
            gold: sides.gold[at]
                .label()
                .map(|label| definition.text_of(label)),
            effect: effect(definition, &sides.gold[at], &sides.old[at], &sides.new[at]),
            why_old: None,
            why_new: None,
        })
        .collect();
    let rank = |effect: Effect| match effect {
        Effect::Worse => 0,
        Effect::Better => 1,
        Effect::Neither => 2,
        Effect::Unknown => 3,
    };
    changes.sort_by(|one, other| {
        (rank(one.effect), &one.session_id).cmp(&(rank(other.effect), &other.session_id))
    });
    changes
}

fn effect(definition: &Definition, gold: &Outcome, old: &Outcome, new: &Outcome) -> Effect {
    let Some(gold) = gold.label() else {
        return Effect::Unknown;
    };
    let distance = |outcome: &Outcome| {
        outcome
            .label()
            .map_or(f64::INFINITY, |label| distance(definition, gold, label))
    };
    match distance(new).total_cmp(&distance(old)) {
        Ordering::Less => Effect::Better,
        Ordering::Greater => Effect::Worse,
        Ordering::Equal => Effect::Neither,
    }
}

/// How far a label is from gold, on the classifier's scale.
fn distance(definition: &Definition, gold: &Label, said: &Label) -> f64 {
    match (gold, said) {
        (Label::Category(gold), Label::Category(said)) => match definition.scale {
            Scale::Ordinal => f64::from(gold.abs_diff(*said)),
            Scale::Nominal | Scale::Ratio | Scale::Decisions => f64::from(u8::from(gold != said)),
        },
        (Label::Number(gold), Label::Number(said)) => {
            let is_log = definition
                .number
                .as_ref()
                .is_some_and(|number| number.compared_on == ComparedOn::Log);
            if is_log {
                (said.ln() - gold.ln()).abs()
            } else {
                (said - gold).abs()
            }
        }
        (Label::Shares(gold), Label::Shares(said)) => {
            let part = |gold: Option<f64>, said: Option<f64>| match (gold, said) {
                (Some(gold), Some(said)) => (gold - said).abs(),
                (None, None) => 0.0,
                _ => 1.0,
            };
            part(gold.planning, said.planning) + part(gold.execution, said.execution)
        }
        _ => f64::INFINITY,
    }
}
