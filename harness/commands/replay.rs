//! Recorded answers for the main job: requests rendered anew, answers found by their hash, rows kept in the store.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::classifier::definition::Definition;
use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;
use crate::ingest::redaction::standard_redaction;
use crate::report::basis::Replayed;
use crate::report::validation_json::Spent;
use crate::run::asked::{Asked, RunError};
use crate::run::plan::{Plan, PlanError};
use crate::run::raters::Spec;
use crate::run::recorded::recorded;
use crate::store::Store;

use super::validate::PROMPTS;

/// Where the store is, unless the command line says otherwise.
pub(super) const STORE: &str = ".validate/store.db";

/// Why nothing can be replayed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Run(#[from] RunError),
}

/// What was replayed, by spec.
#[derive(Default)]
pub(super) struct Replays {
    pub(super) asked: HashMap<String, Asked>,
    hashes: BTreeMap<String, String>,
    thinned: usize,
}

/// What is needed to render requests.
pub(super) struct Wanted<'w> {
    pub(super) goldset: &'w Goldset,
    pub(super) definitions: &'w [Definition],
    pub(super) sessions: &'w [&'w Session],
    /// Where transcripts lie, if not with the goldset.
    pub(super) transcripts: Option<&'w Path>,
    pub(super) store: Option<&'w Path>,
}

/// Replays the answers of every recorded model among `specs`; nothing is read where there is none.
pub(super) fn replay(wanted: &Wanted<'_>, specs: &[&Spec]) -> Result<Replays, ReplayError> {
    let models: Vec<&String> = specs
        .iter()
        .filter_map(|spec| match spec {
            Spec::Recorded(name) => Some(name),
            Spec::Rater(_) | Spec::Majority | Spec::Rules => None,
        })
        .collect();
    if models.is_empty() {
        return Ok(Replays::default());
    }
    let plan = Plan::make(
        Path::new(PROMPTS),
        wanted.goldset,
        wanted.definitions,
        wanted.sessions,
        wanted.transcripts,
        standard_redaction(),
    )?;
    let mut store =
        Store::open(wanted.store.unwrap_or(Path::new(STORE))).map_err(RunError::from)?;
    let mut replays = Replays {
        asked: HashMap::new(),
        hashes: plan
            .classifiers
            .iter()
            .map(|prompt| {
                (
                    prompt.definition.name.clone(),
                    prompt.hash.text().to_owned(),
                )
            })
            .collect(),
        thinned: plan.thinned(),
    };
    for model in models {
        let asked = recorded(&plan, wanted.goldset, &mut store, model, 0)?;
        replays
            .asked
            .insert(Spec::Recorded(model.clone()).text(), asked);
    }
    Ok(replays)
}

impl Replays {
    /// What the page says of the recorded answers.
    pub(super) fn told(&self, specs: &[&Spec]) -> Vec<Replayed> {
        specs
            .iter()
            .filter_map(|spec| {
                self.asked
                    .get(&spec.text())
                    .map(|asked| (spec.text(), asked))
            })
            .map(|(spec, asked)| Replayed {
                spec,
                provenance: asked.provenance.clone(),
                missing: asked.missing.len(),
                folded: asked.folded,
                from_prose: asked.from_prose,
                thinned: self.thinned,
            })
            .collect()
    }

    /// What the answers of one spec cost, by classifier.
    pub(super) fn spent(&self, spec: &Spec) -> BTreeMap<String, Spent> {
        let Some(asked) = self.asked.get(&spec.text()) else {
            return BTreeMap::new();
        };
        self.hashes
            .iter()
            .map(|(classifier, hash)| {
                let spent = Spent {
                    prompt_hash: hash.clone(),
                    usage: asked.usage.get(classifier).copied().unwrap_or_default(),
                    from_store: asked.from_store.get(classifier).copied().unwrap_or(0),
                };
                (classifier.clone(), spent)
            })
            .collect()
    }

    /// What is missing and how to get it, or `None` where everything was answered.
    pub(super) fn missing(&self, goldset: &Goldset) -> Option<String> {
        let mut specs: Vec<(&String, &Asked)> = self
            .asked
            .iter()
            .filter(|(_, asked)| !asked.missing.is_empty())
            .collect();
        specs.sort_by_key(|(spec, _)| (*spec).clone());
        let message: Vec<String> = specs
            .iter()
            .map(|(spec, asked)| missing_of(goldset, spec, asked))
            .collect();
        (!message.is_empty()).then(|| message.join("\n\n"))
    }
}

/// Sessions that a message names for each classifier.
const SESSIONS_NAMED: usize = 5;

fn missing_of(goldset: &Goldset, spec: &str, asked: &Asked) -> String {
    let mut by_classifier: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for missing in &asked.missing {
        by_classifier
            .entry(&missing.classifier)
            .or_default()
            .push(&missing.session_id);
    }
    let mut lines = vec![format!(
        "{} requests have no answer of `{spec}`",
        asked.missing.len()
    )];
    for (classifier, sessions) in &by_classifier {
        let named = sessions
            .iter()
            .take(SESSIONS_NAMED)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = sessions.len().saturating_sub(SESSIONS_NAMED);
        let more = if more > 0 {
            format!(", {more} more")
        } else {
            String::new()
        };
        let stale = asked
            .stale
            .iter()
            .find(|(name, _)| name == classifier)
            .map_or(0, |(_, stale)| *stale);
        let why = if stale > 0 {
            format!("; {stale} recordings answer another prompt or view, which changed since")
        } else {
            String::new()
        };
        lines.push(format!(
            "  {classifier}: {} ({named}{more}){why}",
            sessions.len()
        ));
    }
    let model = spec.trim_start_matches("recorded:");
    let names: Vec<&str> = by_classifier.keys().copied().collect();
    lines.push(format!(
        "\nhint: have them answered and keep the answers:\n  validate requests export --goldset {folder} --classifier {names} --missing {model} --out requests.jsonl\n  validate requests import answers.jsonl --goldset {folder} --model {model} --when YYYY-MM-DD",
        folder = goldset.folder.display(),
        names = names.join(","),
    ));
    lines.join("\n")
}
