//! One run over requests: what is asked of whom, what is stored already, and rows for everything.
//!
//! The order is always the same: views of all sessions, requests, answers that the store has, answers from elsewhere (kept
//! before anyone reads them), reading, rows. What a run shows is read back from the rows.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::classifier::answer;
use crate::classifier::prompt::{Prompt, Prompts};
use crate::classifier::view::View;
use crate::domain::answer::{AnswerUsage, RawAnswer};
use crate::domain::label::{DecisionShares, Label};
use crate::domain::rating::Outcome;
use crate::domain::request::Hash;
use crate::goldset::load::Goldset;
use crate::goldset::recordings::{Recordings, RecordingsError, unknown_model};
use crate::goldset::sessions::Session;
use crate::store::{AnswerKey, ReadLabel, Reading, Row, RowOutcome, RunKey, Store, StoreError};

/// A request that a run needs the answer of.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The session.
    pub session_id: String,
    /// The classifier.
    pub classifier: String,
    /// Its prompt.
    pub prompt_hash: Hash,
    /// The request.
    pub request: Hash,
}

/// What a run gave.
#[derive(Debug, Default)]
pub struct Asked {
    /// Outcomes by classifier and session.
    pub outcomes: HashMap<(String, String), Outcome>,
    /// Requests without an answer, in the order of classifiers and sessions.
    pub missing: Vec<Wanted>,
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

/// Who is asked, about what.
pub struct Run<'r> {
    /// The goldset.
    pub goldset: &'r Goldset,
    /// What all requests share.
    pub prompts: &'r Prompts,
    /// The classifiers.
    pub classifiers: &'r [Prompt],
    /// The sessions, with their views in the same order.
    pub sessions: &'r [&'r Session],
    /// The views.
    pub views: &'r [View],
    /// Which time, from 0 on.
    pub repeat: u32,
}

impl Run<'_> {
    /// The requests, classifiers outside and sessions inside.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        self.classifiers
            .iter()
            .flat_map(|prompt| {
                self.sessions
                    .iter()
                    .zip(self.views)
                    .map(move |(session, view)| (prompt, session, view))
            })
            .collect::<Vec<_>>()
            .par_iter()
            .map(|(prompt, session, view)| Wanted {
                session_id: session.id.clone(),
                classifier: prompt.definition.name.clone(),
                prompt_hash: prompt.hash.clone(),
                request: self.prompts.request(prompt, view).hash(),
            })
            .collect()
    }

    /// Answers by `recorded:model`: from the store, else from the goldset's recordings. Nobody is asked.
    ///
    /// # Errors
    /// Where the store or the recordings cannot be used.
    pub fn recorded(&self, store: &mut Store, model: &str) -> Result<Asked, RunError> {
        if let Some(error) = unknown_model(self.goldset, model) {
            return Err(error.into());
        }
        let names: Vec<&str> = self
            .classifiers
            .iter()
            .map(|prompt| prompt.definition.name.as_str())
            .collect();
        let recordings = Recordings::load(self.goldset, model, &names)?;
        let wanted = self.wanted();
        let spec = format!("recorded:{model}");
        let mut asked = Asked::default();
        let known = self.stored(store, &spec, &wanted)?;
        for wanted in &wanted {
            let recorded = recordings.find(&wanted.classifier, &wanted.request, self.repeat);
            if let (Some(stored), Some(recorded)) = (known.get(&wanted.request), recorded)
                && stored.text != recorded.text
            {
                return Err(RunError::Differs {
                    model: model.to_owned(),
                    session: wanted.session_id.clone(),
                    classifier: wanted.classifier.clone(),
                });
            }
        }
        for wanted in wanted.iter().filter(|wanted| {
            known.contains_key(&wanted.request)
                && recordings
                    .find(&wanted.classifier, &wanted.request, self.repeat)
                    .is_some()
        }) {
            *asked
                .from_store
                .entry(wanted.classifier.clone())
                .or_default() += 1;
        }
        let new: Vec<(AnswerKey, RawAnswer)> = wanted
            .iter()
            .filter(|wanted| !known.contains_key(&wanted.request))
            .filter_map(|wanted| {
                let answer = recordings.find(&wanted.classifier, &wanted.request, self.repeat)?;
                Some((self.key(&spec, &wanted.request), answer))
            })
            .collect();
        store.keep_answers(&new)?;
        asked.stale = names
            .iter()
            .map(|name| {
                let of_this = wanted.iter().filter(|wanted| wanted.classifier == *name);
                let requests: HashSet<Hash> =
                    of_this.map(|wanted| wanted.request.clone()).collect();
                let sessions: HashSet<&str> = self
                    .sessions
                    .iter()
                    .map(|session| session.id.as_str())
                    .collect();
                let stale = recordings.stale(name, &requests);
                let stale = stale
                    .iter()
                    .filter(|recording| sessions.contains(recording.session_id.as_str()));
                ((*name).to_owned(), stale.count())
            })
            .filter(|(_, stale)| *stale > 0)
            .collect();
        let is_recorded = |wanted: &Wanted| {
            recordings
                .find(&wanted.classifier, &wanted.request, self.repeat)
                .is_some()
        };
        self.read(store, &spec, &wanted, asked, is_recorded)
    }

    fn key(&self, spec: &str, request: &Hash) -> AnswerKey {
        AnswerKey {
            request: request.clone(),
            model: spec.to_owned(),
            repeat: self.repeat,
        }
    }

    fn stored(
        &self,
        store: &Store,
        spec: &str,
        wanted: &[Wanted],
    ) -> Result<HashMap<Hash, RawAnswer>, RunError> {
        let mut known = HashMap::new();
        let requests = wanted.iter().map(|wanted| &wanted.request);
        store.answers_for(spec, self.repeat, requests, |request, answer| {
            if let Some(answer) = answer {
                known.insert(request.clone(), answer);
            }
        })?;
        Ok(known)
    }

    /// Reads every stored answer anew, keeps a row for each request, and reads the rows back.
    fn read(
        &self,
        store: &mut Store,
        spec: &str,
        wanted: &[Wanted],
        mut asked: Asked,
        is_usable: impl Fn(&Wanted) -> bool,
    ) -> Result<Asked, RunError> {
        let mut answers = self.stored(store, spec, wanted)?;
        // What the store remembers of another folder or another day does not count: the goldset says what was recorded.
        for wanted in wanted.iter().filter(|wanted| !is_usable(wanted)) {
            answers.remove(&wanted.request);
        }
        let prompts: HashMap<&str, &Prompt> = self
            .classifiers
            .iter()
            .map(|prompt| (prompt.definition.name.as_str(), prompt))
            .collect();
        let left_out: HashMap<&str, serde_json::Value> = self
            .sessions
            .iter()
            .zip(self.views)
            .map(|(session, view)| (session.id.as_str(), serde_json::json!(view.left_out)))
            .collect();
        let rows: Vec<Row> = wanted
            .par_iter()
            .map(|wanted| Row {
                goldset: self.goldset.name.clone(),
                session_id: wanted.session_id.clone(),
                classifier: wanted.classifier.clone(),
                prompt_hash: wanted.prompt_hash.clone(),
                model: spec.to_owned(),
                repeat: self.repeat,
                request_hash: wanted.request.clone(),
                outcome: answers
                    .get(&wanted.request)
                    .map_or(RowOutcome::Missing, |raw| {
                        outcome_of(prompts[wanted.classifier.as_str()], raw)
                    }),
                left_out: left_out[wanted.session_id.as_str()].clone(),
            })
            .collect();
        store.keep_rows(&rows)?;
        asked.missing = wanted
            .iter()
            .filter(|wanted| !answers.contains_key(&wanted.request))
            .cloned()
            .collect();
        for wanted in wanted {
            if let Some(raw) = answers.get(&wanted.request) {
                let how = format!("{}, {}", raw.obtained, raw.when);
                if !asked.provenance.contains(&how) {
                    asked.provenance.push(how);
                }
                let usage = asked.usage.entry(wanted.classifier.clone()).or_default();
                usage.add(raw.usage);
            }
        }
        asked.provenance.sort();
        let run = RunKey {
            goldset: self.goldset.name.clone(),
            model: spec.to_owned(),
            repeat: self.repeat,
            prompts: self
                .classifiers
                .iter()
                .map(|prompt| (prompt.definition.name.clone(), prompt.hash.clone()))
                .collect(),
        };
        for row in store.rows(&run)? {
            let Some(prompt) = prompts.get(row.classifier.as_str()) else {
                continue;
            };
            if let RowOutcome::Parsed(reading) = &row.outcome {
                asked.folded += u64::from(reading.folded);
                asked.from_prose += u64::from(reading.from_prose);
            }
            if let RowOutcome::Unparsable { reason } = &row.outcome {
                asked.unreadable.push((
                    row.session_id.clone(),
                    row.classifier.clone(),
                    reason.clone(),
                ));
            }
            let outcome = outcome_in(prompt, &row.outcome);
            asked
                .outcomes
                .insert((row.classifier, row.session_id), outcome);
        }
        Ok(asked)
    }
}

fn outcome_of(prompt: &Prompt, raw: &RawAnswer) -> RowOutcome {
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
