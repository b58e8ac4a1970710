//! Checkpoints as files: `checkpoints.csv` and `commits.csv` of a goldset, a session's `metadata.json`, a `.checkpoints.json`,
//! or a folder with any of them.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::domain::evidence::{Attribution, Checkpoint, Commit};
use crate::ingest::walk;

use super::metadata;

/// The file of a goldset with one row per session and checkpoint.
pub const CHECKPOINTS: &str = "checkpoints.csv";
/// The file of a goldset with one row per session, checkpoint and commit.
pub const COMMITS: &str = "commits.csv";

/// Why a file tells of no checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read.
    #[error("failed to read `{}`: {cause}\n\nhint: name the {CHECKPOINTS} of an imported goldset, or a folder with files of checkpoints", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is a damaged table.
    #[error("failed to read `{}`: {cause}\n\nhint: mend that line, or import the repository anew", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The line, and why.
        cause: csv::Error,
    },
    /// A column is missing.
    #[error("`{}` has no column `{column}`\n\nhint: name the {CHECKPOINTS} that `validate import entire` writes", .path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// It holds something else.
    #[error("`{}` tells of no checkpoint of the Entire CLI\n\nhint: name the {CHECKPOINTS} of an imported goldset, a session's metadata.json, a .checkpoints.json, or a folder with some of them", .0.display())]
    Nothing(PathBuf),
}

/// Checkpoints by session. What a folder tells twice counts once, as the file that knows more of it tells it.
///
/// # Errors
/// Where `path` cannot be read or tells of no checkpoint; other files of a folder are passed over.
pub fn read(path: &Path) -> Result<BTreeMap<String, Vec<Checkpoint>>, TableError> {
    let mut found = Vec::new();
    if path.is_dir() {
        let files = walk::files(&[path.to_owned()]).map_err(|error| TableError::Read {
            path: path.to_owned(),
            cause: io::Error::other(error.to_string()),
        })?;
        for file in files {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            if name == CHECKPOINTS {
                found.extend(table(&file.path)?);
            } else if name.ends_with("metadata.json") || name.ends_with(".checkpoints.json") {
                found.extend(json(&file.path)?);
            }
        }
    } else if path.extension().is_some_and(|ending| ending == "csv") {
        found = table(path)?;
    } else {
        found = json(path)?;
    }
    if found.is_empty() {
        return Err(TableError::Nothing(path.to_owned()));
    }
    let mut once: BTreeMap<(String, String), Checkpoint> = BTreeMap::new();
    for checkpoint in found {
        let key = (
            checkpoint.session_id.clone(),
            checkpoint.checkpoint_id.clone(),
        );
        let knows =
            |checkpoint: &Checkpoint| (checkpoint.commits.is_some(), checkpoint.sessions.is_some());
        let is_better = once
            .get(&key)
            .is_none_or(|known| knows(known) < knows(&checkpoint));
        if is_better {
            once.insert(key, checkpoint);
        }
    }
    let mut sessions: BTreeMap<String, Vec<Checkpoint>> = BTreeMap::new();
    for ((session, _), checkpoint) in once {
        sessions.entry(session).or_default().push(checkpoint);
    }
    Ok(sessions)
}

/// The largest collection of checkpoints that is read: attributions list files.
const LARGEST: u64 = 256 << 20;

fn json(path: &Path) -> Result<Vec<Checkpoint>, TableError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|cause| TableError::Read {
            path: path.to_owned(),
            cause,
        })?;
    Ok(metadata::checkpoints(&bytes))
}

/// A table whose cells are found by the names of their columns.
struct Rows {
    path: PathBuf,
    columns: HashMap<String, usize>,
    reader: csv::Reader<File>,
}

impl Rows {
    fn open(path: &Path) -> Result<Self, TableError> {
        let failed = |cause| TableError::Csv {
            path: path.to_owned(),
            cause,
        };
        let mut reader = csv::Reader::from_path(path).map_err(failed)?;
        let columns = reader
            .headers()
            .map_err(failed)?
            .iter()
            .enumerate()
            .map(|(at, name)| (name.trim_start_matches('\u{feff}').to_owned(), at))
            .collect();
        Ok(Self {
            path: path.to_owned(),
            columns,
            reader,
        })
    }

    fn needs(&self, column: &'static str) -> Result<(), TableError> {
        if self.columns.contains_key(column) {
            return Ok(());
        }
        Err(TableError::Column {
            path: self.path.clone(),
            column,
        })
    }

    fn each(mut self, mut take: impl FnMut(&dyn Fn(&str) -> String)) -> Result<(), TableError> {
        for record in self.reader.records() {
            let record = record.map_err(|cause| TableError::Csv {
                path: self.path.clone(),
                cause,
            })?;
            take(&|name| {
                self.columns
                    .get(name)
                    .and_then(|at| record.get(*at))
                    .unwrap_or_default()
                    .to_owned()
            });
        }
        Ok(())
    }
}

fn table(path: &Path) -> Result<Vec<Checkpoint>, TableError> {
    let beside = path.with_file_name(COMMITS);
    let mut commits: HashMap<(String, String), Vec<Commit>> = HashMap::new();
    let has_commits = beside.is_file();
    if has_commits {
        let rows = Rows::open(&beside)?;
        for column in ["session_id", "checkpoint_id", "commit"] {
            rows.needs(column)?;
        }
        rows.each(|cell| {
            commits
                .entry((cell("session_id"), cell("checkpoint_id")))
                .or_default()
                .push(Commit {
                    id: cell("commit"),
                    merge: cell("merge") == "true",
                    additions: cell("additions").parse().ok(),
                    deletions: cell("deletions").parse().ok(),
                });
        })?;
    }
    let rows = Rows::open(path)?;
    for column in ["session_id", "checkpoint_id", "metric_version"] {
        rows.needs(column)?;
    }
    let mut found = Vec::new();
    rows.each(|cell| {
        let count = |name: &str| cell(name).parse::<u64>().ok();
        let (session_id, checkpoint_id) = (cell("session_id"), cell("checkpoint_id"));
        let own = commits.remove(&(session_id.clone(), checkpoint_id.clone()));
        found.push(Checkpoint {
            commits: has_commits.then(|| own.unwrap_or_default()),
            sessions: count("sessions"),
            attribution: count("metric_version").map(|metric_version| Attribution {
                metric_version,
                agent_lines: count("agent_lines"),
                agent_removed: count("agent_removed"),
                human_added: count("human_added"),
                human_modified: count("human_modified"),
                human_removed: count("human_removed"),
                total_committed: count("total_committed"),
                total_lines_changed: count("total_lines_changed"),
                agent_percentage: cell("agent_percentage").parse().ok(),
            }),
            session_id,
            checkpoint_id,
        });
    })?;
    Ok(found)
}
