//! Reads one goldset for the appendix: players, replayed answers, telemetry, and what each rater said and why.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use rayon::prelude::*;

use crate::classifier::definition::Definition;
use crate::classifier::study::Study;
use crate::domain::rating::{Outcome, RaterKind};
use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;
use crate::ingest::redaction::standard_redaction;
use crate::report::appendix::material::{
    ClassifierPart, Losses, Material, RaterPart, Ratings, Role, Said, SessionPart,
};
use crate::run::plan::Plan;
use crate::run::raters::{Question, Spec, ask, labels_of};
use crate::run::sessions::Known;
use crate::store::{Reading, RowOutcome, RunKey, Store};
use crate::validation::Validated;

use super::super::answers::{Answers, AnswersError, replayed};
use super::super::knowledge::{eligible, knowledge};
use super::super::panel::{user_codes, validated};
use super::super::players::{Named, Players};
use super::super::said::said_of_all;
use super::super::validate::{PROMPTS, basis_of};
use super::Unusable;

/// What every goldset is read with.
pub(super) struct Shared<'s> {
    pub(super) definitions: &'s [Definition],
    /// Prompt hashes by classifier.
    pub(super) hashes: &'s HashMap<String, String>,
    pub(super) study: Option<&'s Study>,
    pub(super) seed: u64,
    pub(super) verbose: bool,
}

/// Answers that were read from recordings, with their reasons.
struct Replay {
    answers: Answers,
    /// Views of the sessions, by id.
    views: HashMap<String, String>,
    /// What answers say beside the label, by spec, classifier and session.
    readings: HashMap<(String, String, String), Reading>,
}

/// Reads a goldset.
pub(super) fn material(goldset: &Goldset, shared: &Shared<'_>) -> Result<Material, Unusable> {
    let nobody = Named {
        model: None,
        against: None,
        reference: None,
    };
    let players = Players::choose(nobody, goldset)?;
    let wanted: Vec<&Session> = goldset.sessions.iter().collect();
    let known = knowledge(goldset, &wanted, None, shared.verbose)?;
    let (sessions, excluded) = eligible(&wanted, &known);
    if sessions.is_empty() {
        return Err(Unusable::NoneEligible(goldset.name.clone()));
    }
    let replay = replay(goldset, shared, &sessions, &players)?;
    if let Some(missing) = replay.answers.missing_recordings(goldset) {
        return Err(Unusable::Missing(missing));
    }
    let said = said_of_all(
        shared.definitions,
        shared.definitions,
        goldset,
        &players.candidate,
        &players.against,
        &sessions,
        &known,
        &replay.answers,
    );
    let classifiers = shared
        .definitions
        .iter()
        .map(|definition| {
            let validated = validated(
                definition,
                goldset,
                &players,
                &sessions,
                &known,
                &replay.answers,
                &said,
                shared.seed,
            );
            let reader = Reader {
                goldset,
                players: &players,
                sessions: &sessions,
                known: &known,
                replay: &replay,
            };
            ClassifierPart {
                prompt_hash: shared
                    .hashes
                    .get(&definition.name)
                    .cloned()
                    .unwrap_or_default(),
                ratings: reader.ratings(&validated),
                validated,
            }
        })
        .collect();
    let excluded_users = users_by_reason(goldset, &excluded);
    let mut basis = basis_of(goldset, &players, &sessions, &known, excluded, shared.seed);
    basis.replayed = replay.answers.told(&players.specs());
    let losses = Losses {
        excluded_users,
        ..losses(&players, &sessions, &known, &replay)
    };
    Ok(Material {
        licence: goldset.manifest.licence.clone(),
        provenance: goldset.manifest.provenance.trim().replace('\n', " "),
        transcripts: goldset.manifest.transcripts.clone(),
        raters: raters(goldset),
        sessions: session_parts(&sessions, &known, replay.views),
        classifiers,
        losses,
        study: shared.study.cloned(),
        basis,
    })
}

/// Replays what is recorded; nothing is rendered where nobody was recorded.
fn replay(
    goldset: &Goldset,
    shared: &Shared<'_>,
    sessions: &[&Session],
    players: &Players,
) -> Result<Replay, AnswersError> {
    let specs = players.specs();
    let mut replay = Replay {
        answers: Answers::default(),
        views: HashMap::new(),
        readings: HashMap::new(),
    };
    if !specs.iter().any(|spec| matches!(spec, Spec::Recorded(_))) {
        return Ok(replay);
    }
    let plan = Plan::make(
        Path::new(PROMPTS),
        goldset,
        shared.definitions,
        sessions,
        None,
        standard_redaction(),
    )?;
    let (answers, store) = replayed(&plan, goldset, &specs)?;
    for spec in specs {
        replay.readings.extend(readings(&plan, &store, spec)?);
    }
    let views: Vec<_> = (0..plan.sessions.len())
        .into_par_iter()
        .map(|at| plan.view(at))
        .collect::<Result<_, _>>()
        .map_err(crate::run::plan::PlanError::from)?;
    replay.views = plan
        .sessions
        .iter()
        .zip(views)
        .map(|(session, view)| (session.id.clone(), view.text))
        .collect();
    replay.answers = answers;
    Ok(replay)
}

type Readings = HashMap<(String, String, String), Reading>;

fn readings(plan: &Plan, store: &Store, spec: &Spec) -> Result<Readings, AnswersError> {
    let mut readings = HashMap::new();
    let run = RunKey {
        goldset: plan.goldset.clone(),
        model: spec.text(),
        repeat: 0,
        prompts: plan
            .classifiers
            .iter()
            .map(|prompt| (prompt.definition.name.clone(), prompt.hash.clone()))
            .collect(),
    };
    store
        .tell_rows(&run, |row| {
            if let RowOutcome::Parsed(reading) = row.outcome {
                readings.insert((spec.text(), row.classifier, row.session_id), reading);
            }
        })
        .map_err(crate::run::asked::RunError::from)?;
    Ok(readings)
}

/// Who can be asked what they said.
struct Reader<'r> {
    goldset: &'r Goldset,
    players: &'r Players,
    sessions: &'r [&'r Session],
    known: &'r Known,
    replay: &'r Replay,
}

impl Reader<'_> {
    /// Candidate, gold, reference, and every other rater of the goldset that has labels.
    fn ratings(&self, result: &Validated) -> Vec<Ratings> {
        let players = self.players;
        let gold = Spec::Rater(players.against.clone());
        let mut all = vec![
            self.of(result, &players.candidate, Role::Candidate),
            self.of(result, &gold, Role::Gold),
        ];
        if let Some((spec, _)) = &players.reference {
            all.push(self.of(result, spec, Role::Reference));
        }
        for rater in self.goldset.raters_of(&result.definition.name) {
            let spec = Spec::Rater(rater.to_owned());
            if all.iter().all(|ratings| ratings.name != spec.text()) {
                all.push(self.of(result, &spec, Role::Other));
            }
        }
        all
    }

    fn of(&self, result: &Validated, spec: &Spec, role: Role) -> Ratings {
        let definition = &result.definition;
        let ids: Vec<&str> = self
            .sessions
            .iter()
            .map(|session| session.id.as_str())
            .collect();
        let gold = labels_of(self.goldset, definition, &self.players.against, &ids);
        let question = Question {
            definition,
            sessions: &ids,
            gold: &gold,
            telemetry: &self.known.telemetry,
            words: &self.known.words,
            asked: &self.replay.answers.asked,
        };
        let outcomes = ask(spec, self.goldset, &question);
        let rationales = match spec {
            Spec::Rater(name) => self.goldset.ratings_of(&definition.name, name),
            _ => HashMap::new(),
        };
        let said = ids.iter().zip(outcomes).map(|(id, outcome)| {
            let key = (spec.text(), definition.name.clone(), (*id).to_owned());
            let reading = self.replay.readings.get(&key);
            self.said(
                outcome,
                rationales.get(id).map(|rating| rating.rationale.as_str()),
                reading,
            )
        });
        let is_derived = match spec {
            Spec::Rater(name) => self
                .goldset
                .rater(name)
                .is_ok_and(|rater| !rater.made_from.is_empty()),
            _ => false,
        };
        Ratings {
            name: spec.text(),
            kind: spec.kind(self.goldset).unwrap_or(RaterKind::Model),
            role,
            is_derived,
            said: said.collect(),
        }
    }

    fn said(&self, outcome: Outcome, rationale: Option<&str>, reading: Option<&Reading>) -> Said {
        // Raters and models quote transcripts, secrets included.
        let redact = standard_redaction();
        let mut evidence = reading.map_or_else(Vec::new, |reading| reading.evidence.clone());
        for one in &mut evidence {
            one.shows = redact(&one.shows).into_owned();
        }
        Said {
            outcome,
            rationale: redact(rationale.unwrap_or_default()).into_owned(),
            evidence,
            confidence: reading.and_then(|reading| reading.confidence),
        }
    }
}

fn raters(goldset: &Goldset) -> Vec<RaterPart> {
    goldset
        .manifest
        .raters
        .iter()
        .map(|rater| RaterPart {
            name: rater.name.clone(),
            kind: rater.kind,
            description: rater.description.clone(),
            made_from: rater.made_from.clone(),
            labels: goldset
                .ratings
                .iter()
                .filter(|rating| rating.rater == rater.name)
                .count(),
        })
        .collect()
}

fn session_parts(
    sessions: &[&Session],
    known: &Known,
    mut views: HashMap<String, String>,
) -> Vec<SessionPart> {
    sessions
        .iter()
        .zip(user_codes(sessions))
        .map(|(session, user_code)| SessionPart {
            id: session.id.clone(),
            user: session.user.clone(),
            user_code,
            date: session.date.clone(),
            repo: session.repo.clone(),
            licence: session.licence.clone(),
            source: session.source.clone(),
            telemetry: known.telemetry.get(&session.id).cloned(),
            view: views.remove(&session.id),
        })
        .collect()
}

fn losses(players: &Players, sessions: &[&Session], known: &Known, replay: &Replay) -> Losses {
    let rows = sessions
        .iter()
        .filter_map(|session| known.telemetry.get(&session.id));
    Losses {
        stale: replay
            .answers
            .asked
            .get(&players.candidate.text())
            .map_or_else(Vec::new, |asked| asked.stale.clone()),
        malformed_lines: rows.map(|row| row.malformed_lines).sum(),
        without_telemetry: sessions
            .iter()
            .filter(|session| !known.telemetry.contains_key(&session.id))
            .count(),
        excluded_users: BTreeMap::new(),
    }
}

/// Distinct users of the sessions that were left out, by the reason.
fn users_by_reason(goldset: &Goldset, excluded: &[(String, String)]) -> BTreeMap<String, usize> {
    let mut users: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (id, reason) in excluded {
        let user = goldset
            .sessions
            .iter()
            .find(|session| session.id == *id)
            .map_or("", |session| session.user.as_str());
        users.entry(reason.clone()).or_default().insert(user);
    }
    users
        .into_iter()
        .map(|(reason, users)| (reason, users.len()))
        .collect()
}
