//! What the labels are worth: agreement of raters, and what telemetry says to them.
//!
//! `agreement` compares two raters over the same sessions, `checks` holds labels against telemetry
//! (each `check_…` file some kinds of them), `derived` computes measures from labels, `evidence` is what they look at, `notes` says in plain
//! words what a figure does not show by itself, `injections` counts answers that obeyed a transcript.

pub mod agreement;
mod check_contrasts;
mod check_numbers;
mod check_shares;
mod check_trends;
pub mod checks;
pub mod derived;
pub mod evidence;
pub mod injections;
pub mod notes;
pub mod reconciliation;
pub mod reliability;

use crate::classifier::definition::Definition;
use crate::domain::rating::{Outcome, OutcomeCounts};

use agreement::{Comparison, Party, compare};
use checks::CheckResult;
use derived::DerivedResult;
use evidence::Evidence;
use injections::{Case, Demand};
use notes::Note;
use reliability::Reliability;

/// Everything that is said about one classifier.
#[derive(Debug, Clone)]
pub struct Validated {
    /// The classifier.
    pub definition: Definition,
    /// Sessions looked at.
    pub n_sessions: u64,
    /// What became of the questions.
    pub outcomes: OutcomeCounts,
    /// The candidate against gold, reference and baselines, gold first.
    pub comparisons: Vec<Comparison>,
    /// Each baseline against gold: the floor.
    pub floors: Vec<Floor>,
    /// Telemetry checks over the candidate's labels.
    pub checks: Vec<CheckResult>,
    /// Measures derived from the candidate's labels.
    pub derived: Vec<DerivedResult>,
    /// Text in sessions that demands labels, and what came of it.
    pub injections: Vec<Case>,
    /// How far repeated answers of the candidate agree, where it was asked more than once.
    pub reliability: Option<Reliability>,
    /// What has to be said beside the figures.
    pub notes: Vec<Note>,
}

/// A baseline against gold.
#[derive(Debug, Clone)]
pub struct Floor {
    /// The baseline.
    pub name: String,
    /// Its agreement with gold.
    pub comparisons: Vec<Comparison>,
}

/// Everyone who said something about the sessions of one classifier.
#[derive(Debug, Clone)]
pub struct Panel<'p> {
    /// Who is validated.
    pub candidate: Party<'p>,
    /// Who counts as gold.
    pub gold: Party<'p>,
    /// The reference, if there is one.
    pub reference: Option<Party<'p>>,
    /// The baselines.
    pub baselines: Vec<Party<'p>>,
    /// Raters that have labels for this classifier, for a note where the gold has none.
    pub raters: Vec<String>,
    /// Text in sessions that demands labels of this classifier.
    pub demands: Vec<Demand>,
}

/// Validates one classifier.
#[must_use]
pub fn validate(definition: &Definition, panel: &Panel<'_>, evidence: &Evidence<'_>) -> Validated {
    let (sessions, users) = (evidence.sessions, evidence.users);
    let candidate = &panel.candidate;
    let mut comparisons = compare(definition, &panel.gold, candidate, users);
    let mut notes: Vec<Note> = comparisons.iter().filter_map(notes::about).collect();
    if panel
        .gold
        .outcomes
        .iter()
        .all(|outcome| outcome.label().is_none())
    {
        notes.push(Note::NothingToCompare {
            against: panel.gold.name.clone(),
            raters: panel.raters.clone(),
        });
    }
    for other in panel.reference.iter().chain(&panel.baselines) {
        comparisons.extend(compare(definition, other, candidate, users));
    }
    let floors = panel
        .baselines
        .iter()
        .map(|baseline| Floor {
            name: baseline.name.clone(),
            comparisons: compare(definition, &panel.gold, baseline, users),
        })
        .collect();
    let checks = checks::run(definition, evidence);
    notes.extend(checks.iter().filter_map(notes::about_check));
    Validated {
        definition: definition.clone(),
        n_sessions: sessions.len() as u64,
        outcomes: OutcomeCounts::of(candidate.outcomes.iter().collect::<Vec<&Outcome>>()),
        comparisons,
        floors,
        checks,
        derived: derived::run(definition, evidence),
        injections: injections::cases(
            &panel.demands,
            sessions,
            panel.gold.outcomes,
            candidate.outcomes,
        ),
        reliability: None,
        notes,
    }
}
