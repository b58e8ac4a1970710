//! One classifier's panel, and what it comes to.

use std::collections::{BTreeMap, BTreeSet};

use crate::classifier::definition::Definition;
use crate::domain::rating::{Outcome, RaterKind};
use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;
use crate::run::raters::{Question, Spec, ask, labels_of};
use crate::run::sessions::Known;
use crate::validation::agreement::Party;
use crate::validation::evidence::Evidence;
use crate::validation::injections::Demand;
use crate::validation::notes::Note;
use crate::validation::{Panel, Validated, validate};

use super::answers::Answers;
use super::players::Players;

/// Validates one classifier: gold, candidate, reference and baselines over the same sessions.
#[expect(
    clippy::too_many_arguments,
    reason = "all of them are what one classifier's figures rest on"
)]
pub(super) fn validated(
    definition: &Definition,
    goldset: &Goldset,
    players: &Players,
    sessions: &[&Session],
    known: &Known,
    answers: &Answers,
    said_of_all: &[(&Definition, Option<Vec<Outcome>>)],
    seed: u64,
) -> Validated {
    let ids: Vec<&str> = sessions.iter().map(|session| session.id.as_str()).collect();
    let gold = labels_of(goldset, definition, &players.against, &ids);
    let question = Question {
        definition,
        sessions: &ids,
        gold: &gold,
        telemetry: &known.telemetry,
        words: &known.words,
        asked: &answers.asked,
    };
    let said = |spec: &Spec| ask(spec, goldset, &question);
    let gold_outcomes: Vec<Outcome> = gold
        .iter()
        .map(|label| label.clone().map_or(Outcome::Missing, Outcome::Parsed))
        .collect();
    let candidate = said(&players.candidate);
    let reference = players
        .reference
        .as_ref()
        .map(|(spec, kind)| (spec.text(), *kind, said(spec)));
    let baselines: Vec<(String, Vec<Outcome>)> = [Spec::Majority, Spec::Rules]
        .iter()
        .map(|spec| (spec.text(), said(spec)))
        .collect();
    let panel = Panel {
        candidate: Party {
            name: players.candidate.text(),
            kind: players.candidate_kind,
            outcomes: &candidate,
        },
        gold: Party {
            name: players.against.clone(),
            kind: players.against_kind,
            outcomes: &gold_outcomes,
        },
        reference: reference.as_ref().map(|(name, kind, outcomes)| Party {
            name: name.clone(),
            kind: *kind,
            outcomes,
        }),
        baselines: baselines
            .iter()
            .map(|(name, outcomes)| Party {
                name: name.clone(),
                kind: RaterKind::Baseline,
                outcomes,
            })
            .collect(),
        raters: goldset
            .raters_of(&definition.name)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        demands: demands(goldset, definition),
    };
    let evidence = Evidence {
        sessions: &ids,
        users: &user_codes(sessions),
        telemetry: &known.telemetry,
        said: said_of_all,
        seed,
    };
    let mut result = validate(definition, &panel, &evidence);
    result.reliability = answers.reliability(&players.candidate, &definition.name, &ids);
    if known.words.is_empty() && definition.rules.iter().any(|rule| !rule.words.is_empty()) {
        result.notes.push(Note::RulesWithoutWords);
    }
    result
}

/// What texts of sessions demand of this classifier.
fn demands(goldset: &Goldset, definition: &Definition) -> Vec<Demand> {
    goldset
        .injections
        .iter()
        .filter(|injection| injection.classifier == definition.name)
        .map(|injection| Demand {
            session_id: injection.session_id.clone(),
            place: injection.place.clone(),
            demanded: injection.demanded.clone(),
        })
        .collect()
}

/// Users as codes in the order of their names, so that the same sessions give the same codes.
pub(super) fn user_codes(sessions: &[&Session]) -> Vec<u32> {
    let users: BTreeSet<&str> = sessions
        .iter()
        .map(|session| session.user.as_str())
        .collect();
    let codes: BTreeMap<&str, u32> = users.into_iter().zip(0..).collect();
    sessions
        .iter()
        .map(|session| codes[session.user.as_str()])
        .collect()
}
