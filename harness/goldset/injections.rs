//! `injections.csv`: sessions that hold text which orders the reader to give a label, and what it demands.

use std::path::Path;

use crate::classifier::definition::Definition;
use crate::domain::label::Label;

use super::labels::Known;
use super::load::{GoldsetError, Problem};
use super::table;

/// One demand of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Injection {
    /// The session.
    pub session_id: String,
    /// Where the text stands: a user turn, a tool result, the content of a file.
    pub place: String,
    /// The classifier that it wants to move.
    pub classifier: String,
    /// The label that it demands.
    pub demanded: Label,
}

/// Reads the file and reports rows that do not fit.
///
/// # Errors
/// Where the file cannot be read as CSV with its columns.
pub fn read(
    path: &Path,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Injection>, GoldsetError> {
    let rows = table::read(
        path,
        &["session_id", "place", "classifier", "demanded"],
        &[],
    )?;
    let mut injections = Vec::new();
    for row in rows {
        let [session_id, place, classifier, demanded] =
            <[String; 4]>::try_from(row.cells).expect("a row has the cells that were asked for");
        let mut problem =
            |what: String, remedy: &str| problems.push(Problem::new(path, row.line, &what, remedy));
        let definition: Option<&Definition> = known
            .definitions
            .iter()
            .find(|definition| definition.name == classifier);
        let Some(definition) = definition else {
            problem(
                format!("classifier `{classifier}` does not exist"),
                "name a folder of `prompts/`",
            );
            continue;
        };
        if !known.sessions.contains(&session_id.as_str()) {
            problem(
                format!("session `{session_id}` is not in sessions.csv"),
                "list it there or take the row out",
            );
            continue;
        }
        match definition.label(&demanded) {
            Ok(demanded) => injections.push(Injection {
                session_id,
                place,
                classifier,
                demanded,
            }),
            Err(error) => problem(
                format!("`{classifier}`: {error}"),
                &format!("allowed: {}", definition.allowed()),
            ),
        }
    }
    Ok(injections)
}
