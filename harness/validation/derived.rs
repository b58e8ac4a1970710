//! Measures derived from labels: their rate, how telemetry agrees, and the rate by another classifier's labels.

use crate::classifier::definition::Definition;
use crate::classifier::derived::DerivedDefinition;
use crate::stats::estimate::Interval;
use crate::stats::user_bootstrap::share_interval;

use super::agreement::CONFIDENCE;
use super::checks::Rate;
use super::evidence::Evidence;

/// What a derived measure comes to.
#[derive(Debug, Clone)]
pub struct DerivedResult {
    /// The measure as it was declared.
    pub derived: DerivedDefinition,
    /// Sessions in which it holds.
    pub rate: Rate,
    /// Wilson's interval with the sessions of a user counted together; `None` for fewer than two users.
    pub interval: Option<Interval>,
    /// Sessions in which telemetry's counterpart says the same.
    pub counterpart: Option<Rate>,
    /// The rate within each label of another classifier.
    pub by: Vec<(String, Rate)>,
    /// A classifier whose labels it needs and that was not asked for.
    pub lacks: Option<String>,
}

/// All derived measures that a classifier declares.
#[must_use]
pub fn run(definition: &Definition, evidence: &Evidence<'_>) -> Vec<DerivedResult> {
    definition
        .derived
        .iter()
        .map(|derived| one(derived, evidence))
        .collect()
}

fn one(derived: &DerivedDefinition, evidence: &Evidence<'_>) -> DerivedResult {
    let lacks = derived
        .needs()
        .into_iter()
        .find(|name| !evidence.knows(name))
        .map(str::to_owned);
    let known: Vec<(usize, bool)> = (0..evidence.sessions.len())
        .filter_map(|at| Some((at, evidence.derived(derived, at)?)))
        .collect();
    let flags: Vec<bool> = known.iter().map(|(_, holds)| *holds).collect();
    let users: Vec<u32> = known.iter().map(|(at, _)| evidence.users[*at]).collect();
    let counterpart = derived.counterpart.as_ref().map(|counterpart| {
        let same: Vec<bool> = known
            .iter()
            .filter_map(|(at, holds)| Some(evidence.in_range(&counterpart.range(), *at)? == *holds))
            .collect();
        Rate::of_flags(&same)
    });
    let by = derived
        .by
        .as_ref()
        .and_then(|name| evidence.said.iter().find(|(other, _)| other.name == *name))
        .map_or_else(Vec::new, |(other, _)| {
            other
                .labels
                .iter()
                .filter_map(|label| {
                    let flags: Vec<bool> = known
                        .iter()
                        .filter(|(at, _)| evidence.label_text(&other.name, *at) == label.name)
                        .map(|(_, holds)| *holds)
                        .collect();
                    (!flags.is_empty()).then(|| (label.name.clone(), Rate::of_flags(&flags)))
                })
                .collect()
        });
    DerivedResult {
        derived: derived.clone(),
        rate: Rate::of_flags(&flags),
        interval: share_interval(&flags, &users, CONFIDENCE),
        counterpart,
        by,
        lacks,
    }
}
