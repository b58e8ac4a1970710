//! `decisions.jsonl`: the decision lists of raters, from which shares are computed.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::domain::label::{Decision, DecisionShares, Label, Scale};

use super::labels::{Known, Rating};
use super::load::{GoldsetError, Problem};

/// A line of the file. Fields beside these (the transcript's file, say) are passed over.
#[derive(Deserialize)]
struct Line {
    session_id: String,
    rater: String,
    decisions: Vec<Decision>,
}

/// Reads the file into ratings of the classifier whose scale is decisions.
///
/// # Errors
/// Where the file cannot be read.
pub fn read(
    path: &Path,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Rating>, GoldsetError> {
    let text = fs::read_to_string(path).map_err(|source| GoldsetError::Read {
        path: path.to_owned(),
        source,
    })?;
    let Some(definition) = known
        .definitions
        .iter()
        .find(|definition| definition.scale == Scale::Decisions)
    else {
        return Ok(Vec::new());
    };
    let mut ratings = Vec::new();
    let mut lines: HashMap<[String; 2], u64> = HashMap::new();
    for (number, line) in (1_u64..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let mut problem =
            |what: &str, remedy: &str| problems.push(Problem::new(path, number, what, remedy));
        let line: Line = match serde_json::from_str(line) {
            Ok(line) => line,
            Err(error) => {
                problem(
                    &format!("no list of decisions: {error}"),
                    "give session_id, rater and decisions of {kind: planning|execution, by: user|agent, summary}",
                );
                continue;
            }
        };
        if !known.sessions.contains(&line.session_id.as_str()) {
            problem(
                &format!("session `{}` is not in sessions.csv", line.session_id),
                "list it there or take its decisions out",
            );
            continue;
        }
        if !known.raters.contains(&line.rater.as_str()) {
            problem(
                &format!("rater `{}` is not declared in goldset.toml", line.rater),
                "declare it with its kind",
            );
            continue;
        }
        if let Some(first) = lines.insert([line.session_id.clone(), line.rater.clone()], number) {
            problem(
                &format!(
                    "rater `{}` listed the decisions of session `{}` already in line {first}",
                    line.rater, line.session_id
                ),
                "keep one list per session and rater",
            );
            continue;
        }
        ratings.push(Rating {
            session_id: line.session_id,
            classifier: definition.name.clone(),
            rater: line.rater,
            label: Label::Shares(DecisionShares::of(&line.decisions)),
            rationale: String::new(),
        });
    }
    Ok(ratings)
}
