//! The data set SWE-chat: parquet tables and a folder of transcripts, two releases, their known faults.
//!
//! `folder` finds tables and transcripts, `revision` says which release they are, `schema` names the columns that are read,
//! `columns` reads them (the only file that knows that format). `sessions`, `checkpoints`, `turns` and `repositories` each
//! read their tables, `labels` describes the data set's own labels. Transcripts are read like any other, by the readers next
//! door: the tables have no rows, or no rows of the agent, for some agents.
//!
//! Rows of the largest table are counted as they are read. What is kept grows with sessions, commits and labelled
//! prompts, not with rows.

mod checkpoints;
mod columns;
mod error;
mod folder;
mod labels;
mod repositories;
mod revision;
mod schema;
mod sessions;
mod turns;

use std::collections::BTreeSet;
use std::path::Path;

pub use checkpoints::{Checkpoint, Checkpoints, Commit};
pub use error::SweChatError;
pub use folder::{Folder, Place};
pub use labels::Label;
pub use repositories::Repository;
pub use revision::{Revision, Version};
pub use schema::Table;
pub use sessions::{Attribution, LeftOut, Session};
pub use turns::{TURN_TYPES, TurnLabel, Turns, Unplaced};

use columns::Rows;

/// What is left out where nobody asks for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keep {
    /// Keep the repository whose sessions a program started.
    pub machine_generated: bool,
    /// Keep both where one agent session stands under two dates.
    pub duplicates: bool,
}

/// One table as it was found.
#[derive(Debug)]
pub struct TableRead {
    /// Which.
    pub table: Table,
    /// Files.
    pub files: u64,
    /// Rows.
    pub rows: u64,
    /// Columns that the first release does not have.
    pub new_columns: Vec<String>,
    /// Columns that the import could use and that are not there.
    pub absent_columns: Vec<&'static str>,
    /// Columns that the import could use and that are of another type, with that type.
    pub mistyped_columns: Vec<(String, String)>,
}

/// All that the tables say.
#[derive(Debug)]
pub struct DataSet {
    /// Its folder.
    pub folder: Folder,
    /// Its revision.
    pub revision: Revision,
    /// Its release.
    pub version: Version,
    /// The release that the columns show, where the revision says another.
    pub contradicting_columns: Option<Version>,
    /// The tables that are there.
    pub tables: Vec<TableRead>,
    /// Sessions that are kept, in the order of the table.
    pub sessions: Vec<Session>,
    /// What is not.
    pub left_out: LeftOut,
    /// Labels of prompts, by session and turn.
    pub turn_labels: Vec<TurnLabel>,
    /// Rows of conversations that belong to no kept session.
    pub unplaced: Unplaced,
    /// Repositories by name.
    pub repositories: Vec<Repository>,
    /// Checkpoints and their commits.
    pub checkpoints: Checkpoints,
}

/// Reads the copy of the data set in `source`.
///
/// # Errors
/// Where a table cannot be read to its end or lacks a needed column, and where the revision is in doubt.
pub fn read(source: &Path, revision: Option<&str>, keep: Keep) -> Result<DataSet, SweChatError> {
    let folder = Folder::find(source)?;
    let revision = Revision::find(&folder, revision)?;
    let mut tables = Vec::new();
    let mut sessions = sessions::Reader::new(keep);
    each(&folder, Table::Sessions, &mut tables, &mut |rows| {
        sessions.rows(rows);
    })?;
    let mut sessions = sessions.finish();
    each(&folder, Table::SessionLogs, &mut tables, &mut |rows| {
        sessions.logs(rows);
    })?;
    let mut repositories = repositories::Reader::default();
    each(&folder, Table::Repositories, &mut tables, &mut |rows| {
        repositories.rows(rows);
    })?;
    let mut checkpoints = Checkpoints::default();
    each(&folder, Table::Checkpoints, &mut tables, &mut |rows| {
        checkpoints.rows(rows);
    })?;
    each(&folder, Table::Commits, &mut tables, &mut |rows| {
        checkpoints.commit_rows(rows);
    })?;
    let mut turns = turns::Reader::new(&mut sessions);
    each(&folder, Table::Conversations, &mut tables, &mut |rows| {
        turns.rows(rows);
    })?;
    let (turn_labels, unplaced) = turns.finish();
    let (version, contradicting_columns) = version(&revision, &tables, &folder.other_tables);
    let (sessions, left_out) = sessions.into_parts();
    Ok(DataSet {
        folder,
        revision,
        version,
        contradicting_columns,
        tables,
        sessions,
        left_out,
        turn_labels,
        unplaced,
        repositories: repositories.finish(),
        checkpoints,
    })
}

/// Reads all files of a table, if it is there, and notes what they have.
fn each(
    folder: &Folder,
    table: Table,
    tables: &mut Vec<TableRead>,
    take: &mut dyn FnMut(&Rows),
) -> Result<(), SweChatError> {
    let Some(files) = folder.tables.get(&table) else {
        return Ok(());
    };
    let mut read = TableRead {
        table,
        files: files.len() as u64,
        rows: 0,
        new_columns: Vec::new(),
        absent_columns: Vec::new(),
        mistyped_columns: Vec::new(),
    };
    let mut new_columns = BTreeSet::new();
    let mut mistyped = BTreeSet::new();
    let mut absent = BTreeSet::new();
    for file in files {
        let found = columns::read(file, table.wanted(), table.together(), take)?;
        read.rows += found.rows;
        absent.extend(
            table
                .wanted()
                .iter()
                .map(|wanted| wanted.name)
                .filter(|name| !found.columns.iter().any(|column| column == name)),
        );
        new_columns.extend(
            found
                .columns
                .into_iter()
                .filter(|column| !table.is_published(column)),
        );
        mistyped.extend(
            found
                .mistyped
                .into_iter()
                .map(|(name, is)| (name.to_owned(), is)),
        );
    }
    read.new_columns = new_columns.into_iter().collect();
    read.absent_columns = absent.into_iter().collect();
    read.mistyped_columns = mistyped.into_iter().collect();
    tables.push(read);
    Ok(())
}

/// The release by its revision, else by what only the second has.
fn version(
    revision: &Revision,
    tables: &[TableRead],
    other_tables: &[String],
) -> (Version, Option<Version>) {
    let has_new_column = tables.iter().any(|read| {
        read.table == Table::Sessions
            && read
                .new_columns
                .iter()
                .any(|name| name == "prompt_attributions")
    });
    let has_new_table = other_tables
        .iter()
        .any(|name| name == "subagent_tasks" || name == "skill_invocations");
    let by_columns = if has_new_column || has_new_table {
        Version::V2
    } else {
        Version::V1
    };
    let by_revision = revision.name.as_deref().and_then(Version::of_revision);
    let version = by_revision.unwrap_or(by_columns);
    (version, (version != by_columns).then_some(by_columns))
}

/// A text list as the tables write it: JSON.
fn list(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

/// The day of a moment as `YYYY-MM-DD`.
fn day(seconds: i64) -> Option<String> {
    moment(seconds).map(|text| text[..10].to_owned())
}

/// A moment as ISO 8601; `None` outside the years 0 to 9999.
fn moment(seconds: i64) -> Option<String> {
    let text = jiff::Timestamp::from_second(seconds).ok()?.to_string();
    (!text.starts_with('-')).then_some(text)
}
