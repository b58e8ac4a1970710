//! What became of a plan's requests: answers read anew, a row for each, and what a run shows read back from the rows.
//!
//! Only a chunk of answers is held at a time, so that a run over many sessions takes no more memory than their outcomes.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::classifier::answer;
use crate::classifier::prompt::Prompt;
use crate::domain::answer::{AnswerUsage, RawAnswer};
use crate::domain::label::{DecisionShares, Label};
use crate::domain::rating::Outcome;
use crate::goldset::recordings::RecordingsError;
use crate::store::{AnswerKey, ReadLabel, Reading, Row, RowOutcome, RunKey, Store, StoreError};

use super::plan::{Plan, Planned};

/// What a run gave.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Outcomes by classifier and session.
    pub outcomes: HashMap<(String, String), Outcome>,
    /// Requests without an answer, in the order of classifiers and sessions.
    pub missing: Vec<Missing>,
    /// Recordings that answer none of the requests any more, by classifier.
    pub stale: Vec<(String, usize)>,
    /// Answers that the store had before this run, by classifier.
    pub from_store: HashMap<String, u64>,
    /// Labels that fitted only without regard to capital letters.
    pub folded: u64,
    /// Answers that stood in prose.
    pub from_prose: u64,
    /// How answers were obtained and when, each once, in order.
    pub provenance: Vec<String>,
    /// Tokens of all answers, by classifier.
    pub usage: HashMap<String, AnswerUsage>,
    /// Why answers gave no label: session, classifier, reason.
    pub unreadable: Vec<(String, String, String)>,
}

/// A request that has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The session.
    pub session_id: String,
    /// The classifier.
    pub classifier: String,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store has another answer to a request than the goldset's recording.
    #[error(
        "the store has another answer of `{model}` about session `{session}` for `{classifier}` than the goldset's recordings\n\nhint: the recordings have changed since they were stored; move the store away, or name another one with `--store`"
    )]
    Differs {
        /// The recorded model.
        model: String,
        /// The session.
        session: String,
        /// The classifier.
        classifier: String,
    },
    /// The recordings cannot be used.
    #[error(transparent)]
    Recordings(#[from] RecordingsError),
}

/// Who answered: a spec, and which of several times.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'s> {
    /// The spec, as answers are kept under it.
    pub spec: &'s str,
    /// Which time, from 0 on.
    pub repeat: u32,
}

impl Asker<'_> {
    /// What an answer to a request is kept under.
    #[must_use]
    pub fn key(&self, planned: Planned<'_>) -> AnswerKey {
        AnswerKey {
            request: planned.request.clone(),
            model: self.spec.to_owned(),
            repeat: self.repeat,
        }
    }
}

/// Answers that are held at a time.
const CHUNK: usize = 2_000;

/// Reads every stored answer that is usable anew, keeps a row for each request, and reads the rows back.
///
/// # Errors
/// Where the store cannot be read or written.
pub fn read(
    plan: &Plan,
    store: &mut Store,
    asker: Asker<'_>,
    mut asked: Asked,
    is_usable: impl Fn(Planned<'_>) -> bool,
) -> Result<Asked, RunError> {
    let requests: Vec<Planned<'_>> = plan.requests().collect();
    for chunk in requests.chunks(CHUNK) {
        let answers = answers(store, asker, chunk, &is_usable)?;
        let rows: Vec<Row> = chunk
            .par_iter()
            .zip(&answers)
            .map(|(planned, answer)| row(plan, asker, *planned, answer.as_ref()))
            .collect();
        store.keep_rows(&rows)?;
        for (planned, answer) in chunk.iter().zip(&answers) {
            let classifier = &plan.classifiers[planned.classifier].definition.name;
            let Some(answer) = answer else {
                asked.missing.push(Missing {
                    session_id: plan.sessions[planned.session].id.clone(),
                    classifier: classifier.clone(),
                });
                continue;
            };
            asked.tell_source(answer);
            let usage = asked.usage.entry(classifier.clone()).or_default();
            usage.add(answer.usage);
        }
    }
    asked.provenance.sort();
    asked.read_back(plan, store, asker)?;
    Ok(asked)
}

/// The answers to some requests, those that may be used.
fn answers(
    store: &Store,
    asker: Asker<'_>,
    chunk: &[Planned<'_>],
    is_usable: &impl Fn(Planned<'_>) -> bool,
) -> Result<Vec<Option<RawAnswer>>, RunError> {
    let mut answers = Vec::with_capacity(chunk.len());
    store.answers_for(
        asker.spec,
        asker.repeat,
        chunk.iter().map(|planned| planned.request),
        |_, answer| answers.push(answer),
    )?;
    // What the store remembers of another folder or another day does not count: the goldset says what was recorded.
    for (planned, answer) in chunk.iter().zip(&mut answers) {
        if answer.is_some() && !is_usable(*planned) {
            *answer = None;
        }
    }
    Ok(answers)
}

fn row(plan: &Plan, asker: Asker<'_>, planned: Planned<'_>, answer: Option<&RawAnswer>) -> Row {
    let prompt = &plan.classifiers[planned.classifier];
    let session = &plan.sessions[planned.session];
    Row {
        goldset: plan.goldset.clone(),
        session_id: session.id.clone(),
        classifier: prompt.definition.name.clone(),
        prompt_hash: prompt.hash.clone(),
        model: asker.spec.to_owned(),
        repeat: asker.repeat,
        request_hash: planned.request.clone(),
        outcome: answer.map_or(RowOutcome::Missing, |answer| outcome_of(prompt, answer)),
        left_out: serde_json::json!(session.left_out),
    }
}

impl Asked {
    fn tell_source(&mut self, answer: &RawAnswer) {
        let day = answer.when.get(..10).unwrap_or(&answer.when);
        let source = format!("{}, {day}", answer.obtained);
        if !self.provenance.contains(&source) {
            self.provenance.push(source);
        }
    }

    fn read_back(
        &mut self,
        plan: &Plan,
        store: &Store,
        asker: Asker<'_>,
    ) -> Result<(), StoreError> {
        let prompts: HashMap<&str, &Prompt> =
            plan.names().into_iter().zip(&plan.classifiers).collect();
        let run = RunKey {
            goldset: plan.goldset.clone(),
            model: asker.spec.to_owned(),
            repeat: asker.repeat,
            prompts: plan
                .classifiers
                .iter()
                .map(|prompt| (prompt.definition.name.clone(), prompt.hash.clone()))
                .collect(),
        };
        store.tell_rows(&run, |row| {
            let Some(prompt) = prompts.get(row.classifier.as_str()) else {
                return;
            };
            if let RowOutcome::Parsed(reading) = &row.outcome {
                self.folded += u64::from(reading.folded);
                self.from_prose += u64::from(reading.from_prose);
            }
            if let RowOutcome::Unparsable { reason } = &row.outcome {
                self.unreadable.push((
                    row.session_id.clone(),
                    row.classifier.clone(),
                    reason.clone(),
                ));
            }
            let outcome = outcome_in(prompt, &row.outcome);
            self.outcomes
                .insert((row.classifier, row.session_id), outcome);
        })?;
        self.unreadable.sort();
        Ok(())
    }
}

/// What became of an answer, in words of the store.
#[must_use]
pub fn outcome_of(prompt: &Prompt, raw: &RawAnswer) -> RowOutcome {
    let reading = answer::read(&prompt.definition, &prompt.schema, raw);
    match (reading.outcome, reading.answer) {
        (Outcome::Parsed(label), Some(answer)) => RowOutcome::Parsed(Reading {
            label: match label {
                Label::Shares(_) => ReadLabel::Decisions(answer.decisions),
                Label::Category(_) | Label::Number(_) => {
                    ReadLabel::Text(prompt.definition.text_of(&label))
                }
            },
            confidence: Some(answer.confidence),
            evidence: answer.evidence,
            folded: reading.folded,
            from_prose: reading.from_prose,
        }),
        (Outcome::Refused, _) => RowOutcome::Refused,
        (Outcome::Truncated, _) => RowOutcome::Truncated,
        (Outcome::Errored, _) => RowOutcome::Errored,
        (Outcome::Missing, _) => RowOutcome::Missing,
        (Outcome::Unparsable | Outcome::Parsed(_), _) => RowOutcome::Unparsable {
            reason: reading.reason.unwrap_or_default(),
        },
    }
}

/// The outcome that a row holds, on today's scale: a label that the scale lost is no label.
fn outcome_in(prompt: &Prompt, row: &RowOutcome) -> Outcome {
    match row {
        RowOutcome::Parsed(reading) => match &reading.label {
            ReadLabel::Text(text) => prompt
                .definition
                .label(text)
                .map_or(Outcome::Unparsable, Outcome::Parsed),
            ReadLabel::Decisions(decisions) => {
                Outcome::Parsed(Label::Shares(DecisionShares::of(decisions)))
            }
        },
        RowOutcome::Refused => Outcome::Refused,
        RowOutcome::Unparsable { .. } => Outcome::Unparsable,
        RowOutcome::Truncated => Outcome::Truncated,
        RowOutcome::Errored => Outcome::Errored,
        RowOutcome::Missing => Outcome::Missing,
    }
}
