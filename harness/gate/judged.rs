//! What was judged of one classifier, with all that a reader needs beside the verdict.

use std::path::PathBuf;

use crate::domain::rating::{Outcome, OutcomeCounts, RaterKind};
use crate::domain::request::Hash;
use crate::stats::verdict::Verdict;

use super::changes::LabelChange;
use super::ledger::Looks;
use super::next::Next;
use super::rule::Rule;
use super::verdict::{Part, together};

/// What was judged of one classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The classifier.
    pub classifier: String,
    /// What was asked.
    pub rule: Rule,
    /// Why labels were not compared, if they were not.
    pub hindrance: Option<Hindrance>,
    /// What the candidate has to pass.
    pub parts: Vec<Part>,
    /// Who is compared.
    pub compared: Compared,
    /// Sessions looked at.
    pub n_sessions: usize,
    /// Those with a gold label, and their users.
    pub n_labelled: usize,
    /// Users of the sessions with a gold label.
    pub n_users: usize,
    /// What became of the questions to the candidate.
    pub outcomes: OutcomeCounts,
    /// The labels that changed.
    pub changes: Vec<LabelChange>,
    /// What would settle an open verdict.
    pub next: Next,
    /// Candidates that have looked at these gold labels.
    pub looks: Looks,
    /// What has to be said beside the figures.
    pub remarks: Vec<Remark>,
}

/// Who is compared with whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The baseline: a file, or a spec.
    pub baseline: String,
    /// Who said its labels, where it is a file.
    pub baseline_candidate: Option<String>,
    /// The candidate.
    pub candidate: String,
    /// What stands behind the candidate.
    pub candidate_kind: RaterKind,
    /// Who counts as gold.
    pub against: String,
    /// What stands behind gold.
    pub against_kind: RaterKind,
    /// The baseline's prompt.
    pub old_prompt: Option<Hash>,
    /// The candidate's prompt.
    pub new_prompt: Option<Hash>,
}

/// Why labels were not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// There is no approved baseline.
    NoBaseline {
        /// Where it was looked for.
        file: PathBuf,
    },
    /// Answers of one side are not there.
    Missing {
        /// Whose, as a spec.
        of: String,
        /// Sessions without an answer.
        sessions: Vec<String>,
        /// What gets them.
        remedy: Remedy,
    },
    /// Gold labels or sessions changed since the baseline was approved.
    Stale {
        /// Sessions that the baseline has and the goldset lost.
        lost: Vec<String>,
        /// Sessions that the goldset has and the baseline lacks.
        gained: Vec<String>,
        /// Sessions whose gold label changed.
        gold: Vec<String>,
        /// The baseline's gold rater, where it is another.
        against: Option<String>,
    },
    /// No session has a gold label.
    NoGold,
}

/// What gets answers that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Commands, one after the other.
    Commands(Vec<String>),
    /// Why a provider gave none, and what to do about it.
    Said(String),
}

impl Remedy {
    /// As lines.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Commands(commands) => commands.join("\n"),
            Self::Said(said) => said.clone(),
        }
    }
}

/// What has to be said beside the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Gold is made from this side's labels: its agreement holds by construction.
    ByConstruction(String),
    /// This side's labels are gold themselves.
    IsGold(String),
    /// Sessions left out of the comparison of a share, because gold or one side says that it does not exist.
    NoShare(&'static str, usize),
    /// Another model answered than for the baseline.
    OtherModel(String, String),
    /// The answer schema changed.
    OtherSchema,
}

impl Judged {
    /// The verdict. What was not compared cannot pass; what fails by itself fails all the same.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let hindered = self.hindrance.is_some().then_some(Verdict::Inconclusive);
        together(self.parts.iter().map(Part::verdict).chain(hindered))
    }
}

/// What makes a candidate distinct in the ledger: its prompt and what it said.
#[must_use]
pub fn candidate_hash(
    prompt: Option<&Hash>,
    sessions: &[&str],
    told: &[String],
    outcomes: &[Outcome],
) -> Hash {
    let mut lines: Vec<String> = sessions
        .iter()
        .zip(told)
        .zip(outcomes)
        .map(|((session, told), outcome)| {
            format!("{session}\t{}\t{told}", super::baseline::word(outcome))
        })
        .collect();
    lines.sort();
    let prompt = prompt.map_or("", Hash::text);
    Hash::of(format!("{prompt}\n{}", lines.join("\n")).as_bytes())
}
