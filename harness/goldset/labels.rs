//! `labels.csv`: what each rater said, checked against the classifiers' scales.

use std::collections::HashMap;
use std::path::Path;

use crate::classifier::definition::{Definition, NotALabel};
use crate::domain::label::Label;
use crate::domain::nearest::{listed, nearest};

use super::load::{GoldsetError, Problem};
use super::table;

/// One rater's label for one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// The session.
    pub session_id: String,
    /// The classifier.
    pub classifier: String,
    /// Who said it.
    pub rater: String,
    /// What was said.
    pub label: Label,
    /// Why.
    pub rationale: String,
}

/// What labels may refer to.
pub struct Known<'k> {
    /// Session ids.
    pub sessions: &'k [&'k str],
    /// Rater names.
    pub raters: &'k [&'k str],
    /// All classifiers.
    pub definitions: &'k [Definition],
}

/// Reads the file and reports every label that does not fit.
///
/// # Errors
/// Where the file cannot be read as CSV with the columns of the contract.
pub fn read(
    path: &Path,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Rating>, GoldsetError> {
    let rows = table::read(
        path,
        &["session_id", "classifier", "rater", "label"],
        &["rationale"],
    )?;
    let definitions: HashMap<&str, &Definition> = known
        .definitions
        .iter()
        .map(|definition| (definition.name.as_str(), definition))
        .collect();
    let sessions: std::collections::HashSet<&str> = known.sessions.iter().copied().collect();
    let mut ratings = Vec::with_capacity(rows.len());
    let mut lines: HashMap<[String; 3], u64> = HashMap::new();
    for row in rows {
        let [session_id, classifier, rater, text, rationale] =
            <[String; 5]>::try_from(row.cells).expect("a row has the cells that were asked for");
        let mut problem = |what: String, remedy: String| {
            problems.push(Problem::new(path, row.line, &what, &remedy))
        };
        let Some(definition) = definitions.get(classifier.as_str()) else {
            let names: Vec<&str> = known
                .definitions
                .iter()
                .map(|definition| definition.name.as_str())
                .collect();
            let near = nearest(&classifier, names.iter().copied());
            let near = if near.is_empty() { names } else { near };
            problem(
                format!("classifier `{classifier}` does not exist"),
                format!("use {}", listed(&near)),
            );
            continue;
        };
        if !sessions.contains(session_id.as_str()) {
            problem(
                format!("session `{session_id}` is not in sessions.csv"),
                "list it there or take its labels out".to_owned(),
            );
            continue;
        }
        if !known.raters.contains(&rater.as_str()) {
            let near = nearest(&rater, known.raters.iter().copied());
            let near = if near.is_empty() {
                known.raters.to_vec()
            } else {
                near
            };
            problem(
                format!("rater `{rater}` is not declared in goldset.toml"),
                if near.is_empty() {
                    "declare it with its kind".to_owned()
                } else {
                    format!("declare it with its kind, or use {}", listed(&near))
                },
            );
            continue;
        }
        if let Some(first) = lines.insert(
            [session_id.clone(), classifier.clone(), rater.clone()],
            row.line,
        ) {
            problem(
                format!(
                    "rater `{rater}` labelled session `{session_id}` for `{classifier}` already in line {first}"
                ),
                "keep one label per session, classifier and rater".to_owned(),
            );
            continue;
        }
        match definition.label(&text) {
            Ok(label) => ratings.push(Rating {
                session_id,
                classifier,
                rater,
                label,
                rationale,
            }),
            Err(error) => {
                let what = match &error {
                    NotALabel::Unknown(text) => {
                        format!("label `{text}` is not on the scale of `{classifier}`")
                    }
                    NotALabel::NotANumber(..) | NotALabel::IsDecisions => {
                        format!("`{classifier}`: {error}")
                    }
                };
                problem(what, format!("allowed: {}", definition.allowed()));
            }
        }
    }
    Ok(ratings)
}
