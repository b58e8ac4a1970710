//! What the candidate said about every classifier, for checks that look at labels of several.

use crate::classifier::definition::Definition;
use crate::domain::rating::Outcome;
use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;
use crate::run::raters::{Question, Spec, ask, labels_of};
use crate::run::sessions::Known;

use super::answers::Answers;

/// What the candidate said about every classifier; `None` where it was not asked. Labels of a rater stand in the goldset
/// and cost nothing, so they are there for all.
#[expect(
    clippy::too_many_arguments,
    reason = "all of them are what a rater's answers rest on"
)]
pub(super) fn said_of_all<'d>(
    all: &'d [Definition],
    selected: &[Definition],
    goldset: &Goldset,
    candidate: &Spec,
    against: &str,
    sessions: &[&Session],
    known: &Known,
    answers: &Answers,
) -> Vec<(&'d Definition, Option<Vec<Outcome>>)> {
    let ids: Vec<&str> = sessions.iter().map(|session| session.id.as_str()).collect();
    all.iter()
        .map(|definition| {
            let is_asked = selected.iter().any(|one| one.name == definition.name)
                || matches!(candidate, Spec::Rater(_));
            let outcomes = is_asked.then(|| {
                let gold = labels_of(goldset, definition, against, &ids);
                let question = Question {
                    definition,
                    sessions: &ids,
                    gold: &gold,
                    telemetry: &known.telemetry,
                    words: &known.words,
                    asked: &answers.asked,
                };
                ask(candidate, goldset, &question)
            });
            (definition, outcomes)
        })
        .collect()
}
