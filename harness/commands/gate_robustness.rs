//! Robustness of prompts: requests of a drawn sample, varied so that the right answer stays the same, and their answers
//! beside those to the requests as they are. `validate gate --robustness` judges by it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::classifier::definition::Definition;
use crate::classifier::rewording::{Rewording, RewordingError};
use crate::domain::money::Money;
use crate::domain::rating::Outcome;
use crate::domain::variation::Variation;
use crate::gate::robustness::{Case, Robustness, robustness};
use crate::gate::verdict::together;
use crate::goldset::sessions::Session;
use crate::ingest::redaction::standard_redaction;
use crate::report::gate_words::verdict;
use crate::report::page::Block;
use crate::report::{robustness as shown, robustness_json};
use crate::run::asked::Asked;
use crate::run::plan::{Plan, PlanError};
use crate::run::raters::Spec;
use crate::run::variants::{Making, gold_of, sample, varied};
use crate::stats::verdict::Verdict;

use super::answers::{Answers, AnswersError, Wanted, answers_to, recording_commands};
use super::panel::user_codes;
use super::validate::PROMPTS;

/// Why nothing can be said of robustness.
#[derive(Debug, thiserror::Error)]
pub(super) enum RobustnessError {
    #[error(transparent)]
    Answers(#[from] AnswersError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Rewording(#[from] RewordingError),
    #[error(
        "`{0}` answers no requests, so there is nothing to vary\n\nhint: `--robustness` looks at a model: `recorded:NAME`, `anthropic:NAME` or `openai:NAME@ADDRESS`"
    )]
    NoModel(String),
}

/// How a sample is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawing {
    /// Sessions at most.
    pub(super) sessions: usize,
    /// Seed of the sample and of everything that is varied.
    pub(super) seed: u64,
    /// What the run has spent before: one cap holds for all of it.
    pub(super) spent: Money,
}

/// What was found.
pub(super) struct Looked {
    /// One result for each classifier that was wanted, in their order.
    pub(super) results: Vec<Robustness>,
    /// Which answers are missing, and how to get them.
    pub(super) missing: Option<String>,
    /// The user interrupted.
    pub(super) was_interrupted: bool,
    drawing: Drawing,
}

impl Looked {
    /// All classifiers have to pass.
    pub(super) fn verdict(&self) -> Verdict {
        together(self.results.iter().map(|result| result.verdict))
    }

    /// The verdict in one line.
    pub(super) fn headline(&self) -> Block {
        let ended = verdict(self.verdict()).to_uppercase();
        let of = |wanted: Verdict| -> Vec<&str> {
            self.results
                .iter()
                .filter(|result| result.verdict == wanted)
                .map(|result| result.classifier.as_str())
                .collect()
        };
        let failed = match of(Verdict::Fail) {
            names if names.is_empty() => String::new(),
            names => format!(" ({} failed)", names.join(", ")),
        };
        Block::Text(format!("Robustness: {ended}{failed}."))
    }

    /// As a page.
    pub(super) fn page(&self, definitions: &[Definition]) -> Vec<Block> {
        let mut blocks: Vec<Block> = self
            .with_definitions(definitions)
            .flat_map(|(result, definition)| shown::page(result, definition))
            .collect();
        blocks.extend(shown::without_place(&self.results).map(Block::Text));
        blocks
    }

    /// As JSON: the verdict of all, and one object for each classifier.
    pub(super) fn json(&self, definitions: &[Definition]) -> Value {
        let classifiers: Vec<Value> = self
            .with_definitions(definitions)
            .map(|(result, definition)| robustness_json::render(result, definition))
            .collect();
        json!({
            "verdict": verdict(self.verdict()),
            "sessions": self.drawing.sessions,
            "seed": self.drawing.seed,
            "classifiers": classifiers,
        })
    }

    fn with_definitions<'l>(
        &'l self,
        definitions: &'l [Definition],
    ) -> impl Iterator<Item = (&'l Robustness, &'l Definition)> {
        self.results.iter().filter_map(|result| {
            let definition = definitions
                .iter()
                .find(|definition| definition.name == result.classifier)?;
            Some((result, definition))
        })
    }
}

/// Looks at a model's answers to varied requests about a sample of the sessions that are wanted.
///
/// Recorded answers are replayed; a provider's model is asked for what the store lacks, as the main job asks it.
///
/// # Errors
/// Where `spec` is no model, the words for variations are missing, or answers cannot be got at.
pub(super) fn look(
    wanted: &Wanted<'_>,
    spec: &Spec,
    drawing: Drawing,
) -> Result<Looked, RobustnessError> {
    match spec {
        Spec::Recorded(_) | Spec::Model(_) => {}
        Spec::Rater(_) | Spec::Majority | Spec::Rules => {
            return Err(RobustnessError::NoModel(spec.text()));
        }
    }
    let folder = Path::new(PROMPTS);
    let rewording = Rewording::load(folder)?;
    let drawn = sample(wanted.sessions, drawing.sessions, drawing.seed);
    let base = Arc::new(Plan::make(
        folder,
        wanted.goldset,
        wanted.definitions,
        &drawn,
        wanted.transcripts,
        standard_redaction(),
    )?);
    let making = Making {
        folder,
        rewording: &rewording,
        gold: &gold_of(wanted.goldset),
        seed: drawing.seed,
    };
    let all = varied(&base, making)?;
    let mut answers = answers_to(wanted, &base, spec, drawing.spent)?;
    let before = asked_of(&answers, spec);
    let mut found = Found {
        users: users(&drawn),
        missing: answers.missing(wanted.goldset, wanted.asking),
        was_interrupted: answers.was_interrupted(),
        ..Found::default()
    };
    for varied in all {
        for (classifier, _) in &varied.without_place {
            *found
                .without_place
                .entry((classifier.clone(), varied.variation))
                .or_default() += 1;
        }
        let plan = Arc::new(varied.plan);
        if !found.was_interrupted {
            answers = answers_to(wanted, &plan, spec, answers.spent_so_far())?;
            found.was_interrupted = answers.was_interrupted();
        }
        let after = asked_of(&answers, spec);
        for classifier in plan.names() {
            for session in &plan.sessions {
                let key = (classifier.to_owned(), session.id.clone());
                let outcome = |asked: &Asked| {
                    asked
                        .outcomes
                        .get(&key)
                        .cloned()
                        .unwrap_or(Outcome::Missing)
                };
                found.cases.push((
                    classifier.to_owned(),
                    Case {
                        variation: varied.variation,
                        session_id: session.id.clone(),
                        user: found.users.get(&session.id).copied().unwrap_or_default(),
                        before: outcome(&before),
                        after: outcome(&after),
                        demanded: varied.demanded.get(&key).cloned(),
                    },
                ));
            }
        }
    }
    Ok(found.looked(wanted, spec, drawing))
}

/// What is gathered on the way.
#[derive(Default)]
struct Found {
    users: HashMap<String, u32>,
    cases: Vec<(String, Case)>,
    without_place: BTreeMap<(String, Variation), u64>,
    missing: Option<String>,
    was_interrupted: bool,
}

impl Found {
    fn looked(self, wanted: &Wanted<'_>, spec: &Spec, drawing: Drawing) -> Looked {
        let results: Vec<Robustness> = wanted
            .definitions
            .iter()
            .map(|definition| {
                let cases: Vec<Case> = self
                    .cases
                    .iter()
                    .filter(|(classifier, _)| *classifier == definition.name)
                    .map(|(_, case)| case.clone())
                    .collect();
                let without: Vec<(Variation, u64)> = self
                    .without_place
                    .iter()
                    .filter(|((classifier, _), _)| *classifier == definition.name)
                    .map(|((_, variation), count)| (*variation, *count))
                    .collect();
                robustness(
                    &definition.name,
                    definition.gate.flip_ceiling,
                    &cases,
                    &without,
                )
            })
            .collect();
        let varied: u64 = self
            .cases
            .iter()
            .filter(|(_, case)| case.after == Outcome::Missing)
            .count() as u64;
        let said = (varied > 0).then(|| missing_varied(wanted, spec, drawing, varied));
        let missing: Vec<String> = self.missing.into_iter().chain(said).collect();
        Looked {
            results,
            missing: (!missing.is_empty()).then(|| missing.join("\n\n")),
            was_interrupted: self.was_interrupted,
            drawing,
        }
    }
}

fn missing_varied(wanted: &Wanted<'_>, spec: &Spec, drawing: Drawing, missing: u64) -> String {
    let names: Vec<&str> = wanted
        .definitions
        .iter()
        .map(|definition| definition.name.as_str())
        .collect();
    let text = spec.text();
    let said = format!("{missing} varied requests have no answer of `{text}`");
    match spec {
        Spec::Recorded(_) => {
            let exporting = format!(
                "--robustness --robustness-sessions {} --seed {} ",
                drawing.sessions, drawing.seed
            );
            let importing = format!("--robustness --seed {} ", drawing.seed);
            let more = [exporting.as_str(), importing.as_str()];
            let [export, import] = recording_commands(wanted.goldset, &text, &names, more);
            format!(
                "{said}\n\nhint: have them answered and keep the answers:\n  {export}\n  {import}"
            )
        }
        _ if wanted.asking.offline => {
            format!("{said}\n\nhint: nobody was asked; leave `--offline` out to ask for them")
        }
        _ => format!(
            "{said}\n\nhint: every answer that came is kept: the same command goes on with what is missing"
        ),
    }
}

fn asked_of(answers: &Answers, spec: &Spec) -> Asked {
    answers.asked.get(&spec.text()).cloned().unwrap_or_default()
}

fn users(sessions: &[&Session]) -> HashMap<String, u32> {
    sessions
        .iter()
        .map(|session| session.id.clone())
        .zip(user_codes(sessions))
        .collect()
}
