//! Why a side said what it said, as far as anyone wrote it down. Raters and models quote transcripts, so it is redacted.

use std::collections::HashMap;
use std::path::Path;

use crate::classifier::definition::Definition;
use crate::domain::request::Hash;
use crate::goldset::load::Goldset;
use crate::ingest::redaction::standard_redaction;
use crate::run::asked::RunError;
use crate::run::raters::Spec;
use crate::store::{RowOutcome, RunKey, Store};

/// The rationale of each session: of a rater as the goldset has it, of a model the evidence of its answer.
pub(super) fn rationales(
    goldset: &Goldset,
    definition: &Definition,
    spec: &Spec,
    prompt: Option<&Hash>,
    store: &Path,
) -> Result<HashMap<String, String>, RunError> {
    let redact = standard_redaction();
    match (spec, prompt) {
        (Spec::Rater(name), _) => Ok(goldset
            .ratings_of(&definition.name, name)
            .into_iter()
            .filter(|(_, rating)| !rating.rationale.is_empty())
            .map(|(session, rating)| (session.to_owned(), redact(&rating.rationale).into_owned()))
            .collect()),
        (Spec::Recorded(_) | Spec::Model(_), Some(prompt)) => {
            let run = RunKey {
                goldset: goldset.name.clone(),
                model: spec.text(),
                repeat: 0,
                prompts: vec![(definition.name.clone(), prompt.clone())],
            };
            let mut found = HashMap::new();
            Store::open(store)?.tell_rows(&run, |row| {
                if let RowOutcome::Parsed(reading) = row.outcome {
                    let evidence: Vec<String> = reading
                        .evidence
                        .iter()
                        .map(|piece| format!("turn {}: {}", piece.turn, redact(&piece.shows)))
                        .collect();
                    if !evidence.is_empty() {
                        found.insert(row.session_id, evidence.join(" "));
                    }
                }
            })?;
            Ok(found)
        }
        (Spec::Recorded(_) | Spec::Model(_), None) | (Spec::Majority | Spec::Rules, _) => {
            Ok(HashMap::new())
        }
    }
}
