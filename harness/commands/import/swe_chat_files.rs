//! What the data set's tables say, as CSV files beside a goldset's sessions, and a note of what was read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::commands::output;
use crate::ingest::swe_chat::{DataSet, Label, Session, TURN_TYPES};

use super::side_file;
use super::swe_chat::goldset_id;
use super::table::outside;

/// The note's file, written last: where it is, the import is whole.
const NOTE: &str = "swe-chat.toml";

#[derive(Serialize, Deserialize)]
struct Note {
    data_set: String,
    version: String,
    revision: String,
    revision_known_from: String,
    sessions: u64,
    left_out: BTreeMap<String, u64>,
    tables: BTreeMap<String, NoteOfTable>,
}

#[derive(Serialize, Deserialize)]
struct NoteOfTable {
    files: u64,
    rows: u64,
    new_columns: Vec<String>,
    absent_columns: Vec<String>,
}

const UNKNOWN: &str = "unknown";

/// Refuses to mix revisions: labels, columns and headline figures of the releases differ.
///
/// # Errors
/// Where the goldset holds another revision, or its note cannot be read.
pub(super) fn same_revision(out: &Path, data: &DataSet) -> anyhow::Result<()> {
    let path = out.join(NOTE);
    if !path.is_file() {
        return Ok(());
    }
    let failed = || format!("failed to read `{}`", path.display());
    let text = std::fs::read_to_string(&path).with_context(failed)?;
    let note: Note = toml::from_str(&text).with_context(failed)?;
    let revision = revision(data);
    let is_same = note.revision == UNKNOWN
        || revision.starts_with(&note.revision)
        || note.revision.starts_with(revision);
    anyhow::ensure!(
        is_same && note.version == data.version.name(),
        "`{}` holds {} at revision {}, the source is {} at revision {revision}\n\nhint: name another folder with --out; labels \
         of the releases differ and are not mixed (--revision says which revision a folder is that does not say so)",
        out.display(),
        note.version,
        note.revision,
        data.version.name(),
    );
    Ok(())
}

fn revision(data: &DataSet) -> &str {
    data.revision.name.as_deref().unwrap_or(UNKNOWN)
}

/// Writes all files of the data set into the goldset in `out`.
///
/// # Errors
/// Where a file cannot be read or written.
pub(super) fn write(out: &Path, data: &DataSet) -> anyhow::Result<()> {
    labels(out, data)?;
    turns(out, data)?;
    attribution(out, data)?;
    commits(out, data)?;
    repositories(out, data)?;
    note(out, data)
}

fn labels(out: &Path, data: &DataSet) -> anyhow::Result<()> {
    let columns = [
        "session_id",
        "turn_number",
        "label",
        "value",
        "rater",
        "in_codebook",
    ];
    let row = |id: &str, turn: String, label: Label, value: &str| {
        let value = label.tidied(value);
        let in_codebook = if label.knows(&value) { "yes" } else { "no" };
        [
            id.to_owned(),
            turn,
            label.column().to_owned(),
            outside(&value),
            label.rater().to_owned(),
            in_codebook.to_owned(),
        ]
    };
    side_file::add(&out.join("swe-chat-labels.csv"), &columns, 1, &|take| {
        let mut of_turns = data.turn_labels.as_slice();
        for (at, session) in data.sessions.iter().enumerate() {
            let id = goldset_id(session);
            let of_session = [
                (Label::UserPersona, &session.user_persona),
                (Label::SessionSuccess, &session.session_success),
            ];
            for (label, value) in of_session {
                if let Some(value) = value {
                    take(&row(&id, String::new(), label, value))?;
                }
            }
            let own = of_turns.partition_point(|label| label.session as usize <= at);
            for label in &of_turns[..own] {
                let turn = label.turn.map_or(String::new(), |turn| turn.to_string());
                take(&row(&id, turn, label.label, &label.value))?;
            }
            of_turns = &of_turns[own..];
        }
        Ok(())
    })
}

fn turns(out: &Path, data: &DataSet) -> anyhow::Result<()> {
    let mut columns = vec!["session_id", "agent", "rows"];
    columns.extend(TURN_TYPES);
    columns.extend([
        "without_timestamp",
        "prompt_intents",
        "prompt_pushbacks",
        "input_tokens",
        "output_tokens",
        "cache_write_tokens",
        "cache_read_tokens",
        "first_timestamp",
        "last_timestamp",
    ]);
    if !has(data, "conversations") {
        return Ok(());
    }
    side_file::add(&out.join("swe-chat-turns.csv"), &columns, 1, &|take| {
        for session in &data.sessions {
            let turns = &session.turns;
            let mut row = vec![
                goldset_id(session),
                outside(&session.agent),
                turns.total().to_string(),
            ];
            row.extend(turns.rows.map(|rows| rows.to_string()));
            row.extend(
                [turns.without_timestamp, turns.intents, turns.pushbacks]
                    .map(|count| count.to_string()),
            );
            row.extend(turns.tokens.map(|tokens| tokens.to_string()));
            row.extend(turns.times());
            take(&row)?;
        }
        Ok(())
    })
}

fn has(data: &DataSet, table: &str) -> bool {
    data.tables.iter().any(|read| read.table.name() == table)
}

fn attribution(out: &Path, data: &DataSet) -> anyhow::Result<()> {
    let columns = [
        "session_id",
        "checkpoint_id",
        "sessions_in_checkpoint",
        "commits_in_checkpoint",
        "metric_version",
        "agent_lines",
        "human_added",
        "human_modified",
        "human_removed",
        "total_committed",
        "total_lines_changed",
        "agent_percentage",
    ];
    side_file::add(&out.join("attribution.csv"), &columns, 2, &|take| {
        for session in &data.sessions {
            let Some(attribution) = &session.attribution else {
                continue;
            };
            let checkpoint = data.checkpoints.checkpoint(&session.checkpoint);
            let numbers = [
                checkpoint.sessions,
                checkpoint.commits,
                attribution.metric_version,
                attribution.agent_lines,
                attribution.human_added,
                attribution.human_modified,
                attribution.human_removed,
                attribution.total_committed,
                attribution.total_lines_changed,
                attribution.agent_percentage,
            ];
            let mut row = vec![goldset_id(session), checkpoint_id(&session.checkpoint)];
            row.extend(numbers.map(number));
            take(&row)?;
        }
        Ok(())
    })
}

fn commits(out: &Path, data: &DataSet) -> anyhow::Result<()> {
    let columns = [
        "session_id",
        "checkpoint_id",
        "commit",
        "date",
        "additions",
        "deletions",
        "files",
    ];
    side_file::add(&out.join("commits.csv"), &columns, 3, &|take| {
        for session in &data.sessions {
            for checkpoint in checkpoints_of(data, session) {
                for commit in data.checkpoints.commits(checkpoint) {
                    take(&[
                        goldset_id(session),
                        checkpoint_id(checkpoint),
                        outside(&commit.sha),
                        commit.date.clone(),
                        number(commit.additions),
                        number(commit.deletions),
                        number(commit.files),
                    ])?;
                }
            }
        }
        Ok(())
    })
}

/// Either table can be the one that knows that the two belong together.
fn checkpoints_of<'d>(data: &'d DataSet, session: &'d Session) -> Vec<&'d String> {
    let mut keys: Vec<&String> = session.checkpoints.iter().collect();
    for key in data.checkpoints.of_session(&session.id) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn repositories(out: &Path, data: &DataSet) -> anyhow::Result<()> {
    let columns = [
        "repo",
        "licence",
        "url",
        "repo_type_domain",
        "repo_type_audience",
    ];
    side_file::add(
        &out.join("swe-chat-repositories.csv"),
        &columns,
        1,
        &|take| {
            for repository in &data.repositories {
                let label =
                    |value: &Option<String>| value.as_deref().map_or(String::new(), outside);
                take(&[
                    outside(&repository.id),
                    outside(&repository.licence),
                    outside(&repository.url),
                    label(&repository.domain),
                    label(&repository.audience),
                ])?;
            }
            Ok(())
        },
    )
}

fn note(out: &Path, data: &DataSet) -> anyhow::Result<()> {
    let left_out = &data.left_out;
    let note = Note {
        data_set: "SALT-NLP/SWE-chat".to_owned(),
        version: data.version.name().to_owned(),
        revision: revision(data).to_owned(),
        revision_known_from: data.revision.known_from.to_owned(),
        sessions: data.sessions.len() as u64,
        left_out: [
            ("machine_generated", left_out.machine_generated),
            ("other_dates", left_out.other_dates),
            ("repeated_rows", left_out.repeated_rows),
            ("nameless_rows", left_out.nameless_rows),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .into(),
        tables: data
            .tables
            .iter()
            .map(|read| {
                let table = NoteOfTable {
                    files: read.files,
                    rows: read.rows,
                    new_columns: read.new_columns.iter().map(|name| outside(name)).collect(),
                    absent_columns: read
                        .absent_columns
                        .iter()
                        .map(|name| (*name).to_owned())
                        .collect(),
                };
                (read.table.name().to_owned(), table)
            })
            .collect(),
    };
    let text = toml::to_string(&note).context("failed to write down what was imported")?;
    output::file(
        &out.join(NOTE),
        &format!(
            "# What `validate import swe-chat` read. A second import has to be of the same revision.\n{text}"
        ),
    )
}

/// The checkpoint's own id, without its repository.
fn checkpoint_id(key: &str) -> String {
    outside(key.rsplit('#').next().unwrap_or_default())
}

fn number(number: Option<f64>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}
