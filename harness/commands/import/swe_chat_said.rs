//! What an import of the data set tells on stderr: what was read, what was left out and why, what is not as published.

use std::collections::BTreeMap;

use crate::commands::output;
use crate::ingest::swe_chat::{DataSet, Label, Table};
use crate::report::number;

use super::swe_chat::Without;

/// Names that a line shows; the rest is counted.
const SHOWN: usize = 8;

/// Says what was read, before anything is written.
pub(super) fn read(data: &DataSet) {
    let revision = match &data.revision.name {
        Some(name) => format!("revision {name} ({})", data.revision.known_from),
        None => "revision unknown: nothing in the folder says it, --revision records it".to_owned(),
    };
    output::note(&format!("SWE-chat {}, {revision}", data.version.name()));
    if let Some(other) = data.contradicting_columns {
        output::note(&format!(
            "note: by its columns it is {}, and not the release of that revision",
            other.name()
        ));
    }
    let tables: Vec<String> = data
        .tables
        .iter()
        .map(|read| format!("{} {}", read.table.name(), number::integer(read.rows)))
        .collect();
    output::note(&format!("rows read: {}", tables.join(", ")));
    for table in data.folder.absent_tables() {
        output::note(&format!(
            "not there: the table {table}; {}",
            what_it_gives(table)
        ));
    }
    for read in &data.tables {
        let name = read.table.name();
        if !read.new_columns.is_empty() {
            output::note(&format!(
                "{name}: {} beyond the first release, left alone: {}",
                number::counted(read.new_columns.len() as u64, "column"),
                some(&read.new_columns)
            ));
        }
        if !read.absent_columns.is_empty() {
            output::note(&format!("{name} has no {}", read.absent_columns.join(", ")));
        }
        for (column, is) in &read.mistyped_columns {
            output::note(&format!(
                "{name}: the column {column} is {is} and is left alone"
            ));
        }
    }
    if !data.folder.other_tables.is_empty() {
        output::note(&format!(
            "tables that this version does not read: {}",
            some(&data.folder.other_tables)
        ));
    }
    rows_without_a_place(data);
}

fn what_it_gives(table: &str) -> &'static str {
    let gives = |wanted: Table| wanted.name() == table;
    if gives(Table::Conversations) {
        "there are no labels of prompts"
    } else if gives(Table::Repositories) {
        "licences are unknown"
    } else if gives(Table::Commits) {
        "there is no commits.csv"
    } else if gives(Table::Checkpoints) {
        "nobody knows how many sessions share a checkpoint"
    } else {
        "the metric of attribution is unknown"
    }
}

/// Counts with what they are; nothing is said of none.
fn rows_without_a_place(data: &DataSet) {
    let (left_out, unplaced) = (data.left_out, data.unplaced);
    let told = [
        (
            left_out.machine_generated,
            "session",
            "of dayhaysoos/nimbus, which a program started, left out; --keep-machine-generated keeps them",
        ),
        (
            left_out.other_dates,
            "session",
            "left out for another date of the same agent session; --keep-duplicates keeps them",
        ),
        (
            left_out.repeated_rows,
            "row",
            "of sessions that have another: the one with more output counts",
        ),
        (
            left_out.nameless_rows,
            "row",
            "of sessions without an id, left out",
        ),
        (
            left_out.unreadable_lists,
            "list",
            "of checkpoints in another form than JSON; the session's main checkpoint is kept",
        ),
        (
            left_out.stray_logs,
            "row",
            "of session_logs for no session of the table",
        ),
        (
            unplaced.of_left_out,
            "row",
            "of conversations that belong to sessions left out",
        ),
        (
            unplaced.of_unknown,
            "row",
            "of conversations whose session the table of sessions does not have",
        ),
        (
            unplaced.nameless,
            "row",
            "of conversations without a session",
        ),
        (
            unplaced.repeated_labels,
            "label",
            "said twice of the same prompt, kept once",
        ),
        (
            unplaced.contradicting_labels,
            "prompt",
            "with two different labels of one kind, both kept",
        ),
        (
            data.checkpoints.failed_commits,
            "commit",
            "that could not be read when the data set was made",
        ),
        (
            data.checkpoints.passed_over,
            "row",
            "of checkpoints and commits repeated or without a key",
        ),
    ];
    for (count, noun, what) in told {
        if 0 < count {
            let counted = match count {
                1 => format!("1 {noun}"),
                _ => format!("{} {noun}s", number::integer(count)),
            };
            output::note(&format!("{counted} {what}"));
        }
    }
}

/// Says what is not as one would expect of the sessions that were written.
pub(super) fn written(data: &DataSet, without: &Without) {
    let reasons = [
        (&without.unnamed, "no table names a transcript"),
        (&without.absent, "the transcript is not there"),
        (
            &without.outside,
            "the transcript is named outside the data set's folder and was not read",
        ),
        (
            &without.unreadable,
            "the transcript cannot be read in any known format",
        ),
    ];
    for (ids, reason) in reasons {
        if !ids.is_empty() {
            output::note(&format!(
                "{} listed without a transcript, {reason}: {}",
                number::counted(ids.len() as u64, "session"),
                some(ids)
            ));
        }
    }
    let nobodys = data
        .sessions
        .iter()
        .filter(|session| session.user.is_empty());
    let nobodys = nobodys.count() as u64;
    if 0 < nobodys {
        output::note(&format!(
            "{} without a user; their repository counts as user",
            number::counted(nobodys, "session")
        ));
    }
    if data
        .tables
        .iter()
        .any(|read| read.table == Table::Conversations)
    {
        let silent = data
            .sessions
            .iter()
            .filter(|session| session.turns.of_agent() == 0)
            .count() as u64;
        if 0 < silent {
            output::note(&format!(
                "{} without rows of the agent in conversations; transcripts have them",
                number::counted(silent, "session")
            ));
        }
    }
    values_beside_the_codebook(data);
}

fn values_beside_the_codebook(data: &DataSet) {
    let mut unknown: BTreeMap<(Label, String), u64> = BTreeMap::new();
    let mut look = |label: Label, value: &str| {
        let value = label.tidied(value);
        if !label.knows(&value) {
            *unknown.entry((label, value)).or_default() += 1;
        }
    };
    for session in &data.sessions {
        for (label, value) in [
            (Label::UserPersona, &session.user_persona),
            (Label::SessionSuccess, &session.session_success),
        ] {
            if let Some(value) = value {
                look(label, value);
            }
        }
    }
    for label in &data.turn_labels {
        look(label.label, &label.value);
    }
    for repository in &data.repositories {
        for (label, value) in [
            (Label::RepoTypeDomain, &repository.domain),
            (Label::RepoTypeAudience, &repository.audience),
        ] {
            if let Some(value) = value {
                look(label, value);
            }
        }
    }
    let named: Vec<String> = unknown
        .iter()
        .map(|((label, value), count)| {
            format!(
                "{} `{}` {}",
                label.column(),
                number::shortened(value, 40),
                number::integer(*count)
            )
        })
        .collect();
    if !named.is_empty() {
        output::note(&format!(
            "values that the codebook does not have, each kept as a class of its own: {}",
            some(&named)
        ));
    }
}

fn some(names: &[String]) -> String {
    let mut shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| number::shortened(name, 100))
        .collect();
    if SHOWN < names.len() {
        shown.push(format!("… {} more", names.len() - SHOWN));
    }
    shown.join(", ")
}
