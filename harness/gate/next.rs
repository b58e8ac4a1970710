//! What would settle an open verdict: how many further sessions and users, and which sessions to label next.

use std::collections::BTreeMap;

use crate::classifier::definition::Definition;
use crate::domain::label::Label;
use crate::domain::rating::Outcome;
use crate::stats::verdict::{LEAST_OF_CLASS, Verdict};

use super::verdict::Part;

/// Sessions that are named.
const NAMED: usize = 5;

/// What would settle an open verdict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Next {
    /// Further sessions with a gold label, and their users, for an equally good candidate to pass four times in five.
    pub further: Option<(u64, u64)>,
    /// Labels of which gold has too few: label, how many there are, how many are needed.
    pub of_labels: Vec<(String, u64, u64)>,
    /// Sessions without a gold label, those first on which raters and models disagree most.
    pub unlabelled: Vec<Disputed>,
    /// How many sessions have no gold label.
    pub n_unlabelled: usize,
    /// Sessions whose gold label all others contradict with one voice: to be looked at again.
    pub doubted: Vec<Disputed>,
}

/// A session and what was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// The session.
    pub session_id: String,
    /// Labels with the number of voices for each, the most frequent first.
    pub said: Vec<(String, usize)>,
}

/// How many further sessions parts that are open ask for.
#[must_use]
pub fn further(parts: &[Part]) -> Option<(u64, u64)> {
    parts
        .iter()
        .filter(|part| part.verdict() == Verdict::Inconclusive)
        .filter_map(|part| part.finding().map(|finding| (part, finding)))
        .filter_map(|(part, finding)| {
            let sessions = finding.items_needed?.saturating_sub(finding.n);
            // A recall rests on sessions of one label only; they stand under `of_labels`.
            let is_change = matches!(part, Part::Change { .. });
            let users = (sessions * finding.draws as u64).div_ceil(finding.n.max(1));
            (sessions > 0 && is_change).then_some((sessions, users))
        })
        .max()
}

/// Labels of which gold has too few for what was asked.
#[must_use]
pub fn of_labels(
    definition: &Definition,
    parts: &[Part],
    gold: &[Outcome],
) -> Vec<(String, u64, u64)> {
    let mut needed: BTreeMap<&str, u64> = BTreeMap::new();
    for part in parts
        .iter()
        .filter(|part| part.verdict() == Verdict::Inconclusive)
    {
        if let Part::Recall { label, finding } = part {
            let all = finding
                .items_needed
                .unwrap_or(LEAST_OF_CLASS)
                .max(LEAST_OF_CLASS);
            needed.insert(label, all);
        }
    }
    let count = |position: usize| {
        gold.iter()
            .filter(|outcome| matches!(outcome.label(), Some(Label::Category(code)) if usize::from(*code) == position))
            .count() as u64
    };
    definition
        .labels
        .iter()
        .enumerate()
        .filter_map(|(position, label)| {
            let (have, all) = (count(position), *needed.get(label.name.as_str())?);
            (have < all).then(|| (label.name.clone(), have, all))
        })
        .collect()
}

/// Which sessions to label next, and which gold labels to look at again. `voices` are raters and models besides gold.
#[must_use]
pub fn disputed(
    definition: &Definition,
    sessions: &[&str],
    gold: &[Outcome],
    voices: &[Vec<Outcome>],
) -> (Vec<Disputed>, usize, Vec<Disputed>) {
    let mut unlabelled = Vec::new();
    let mut doubted = Vec::new();
    for (at, session) in sessions.iter().enumerate() {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for voice in voices {
            if let Some(label) = voice[at].label() {
                *counts.entry(definition.text_of(label)).or_default() += 1;
            }
        }
        let mut said: Vec<(String, usize)> = counts.into_iter().collect();
        said.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let disputed = Disputed {
            session_id: (*session).to_owned(),
            said,
        };
        match gold[at].label() {
            None => unlabelled.push(disputed),
            Some(label) => {
                let gold = definition.text_of(label);
                if let [(only, voices)] = disputed.said.as_slice()
                    && *only != gold
                    && *voices >= 2
                {
                    doubted.push(disputed);
                }
            }
        }
    }
    // The share of pairs of voices that differ; a session that nobody labelled says nothing.
    let dispute = |disputed: &Disputed| {
        let all: usize = disputed.said.iter().map(|(_, count)| count).sum();
        let alike: usize = disputed.said.iter().map(|(_, count)| count * count).sum();
        if all < 2 {
            0.0
        } else {
            (all * all - alike) as f64 / (all * (all - 1)) as f64
        }
    };
    unlabelled.sort_by(|one, other| {
        dispute(other)
            .total_cmp(&dispute(one))
            .then_with(|| one.session_id.cmp(&other.session_id))
    });
    let n_unlabelled = unlabelled.len();
    unlabelled.truncate(NAMED);
    doubted.truncate(NAMED);
    (unlabelled, n_unlabelled, doubted)
}
