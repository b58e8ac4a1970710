//! Brings the files of a goldset together and tells all that does not fit at once.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::classifier::definition::Definition;
use crate::domain::nearest::{did_you_mean, listed_all, nearest};
use crate::domain::telemetry::TelemetryRow;

use super::injections::Injection;
use super::labels::{Known, Rating};
use super::manifest::{Manifest, Rater};
use super::sessions::Session;
use super::{decisions, injections, labels, sessions};

/// A goldset that was read and fits together.
#[derive(Debug, Clone)]
pub struct Goldset {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its sessions in the order of the file.
    pub sessions: Vec<Session>,
    /// All ratings, decision lists among them.
    pub ratings: Vec<Rating>,
    /// Text in sessions that demands labels.
    pub injections: Vec<Injection>,
    /// Telemetry that the goldset ships, by session.
    pub telemetry: HashMap<String, TelemetryRow>,
}

/// One thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    place: String,
    what: String,
    remedy: String,
}

impl Problem {
    /// A problem in a line of a file.
    #[must_use]
    pub fn new(path: &Path, line: u64, what: &str, remedy: &str) -> Self {
        Self {
            place: format!("{}:{line}", path.display()),
            what: what.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    /// Where and what, without the remedy, for lists of problems that share one.
    #[must_use]
    pub fn finding(&self) -> String {
        format!("{}: {}", self.place, self.what)
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "  {}: {}\n      {}",
            self.place, self.what, self.remedy
        )
    }
}

/// Problems that a message shows; the rest is counted.
const PROBLEMS_SHOWN: usize = 20;

/// Why a goldset cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GoldsetError {
    /// The folder is no goldset.
    #[error("`{}` is not a goldset: it has no `goldset.toml`{}", .folder.display(), other_goldsets(.others))]
    NoGoldset {
        /// The folder.
        folder: PathBuf,
        /// Goldsets beside it.
        others: Vec<String>,
    },
    /// A file cannot be read.
    #[error("failed to read `{}`: {source}\n\nhint: a goldset has goldset.toml, sessions.csv, and labels.csv or decisions.jsonl", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest is not valid.
    #[error("`{}` is not a valid goldset.toml: {message}", .path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        message: String,
    },
    /// A file is no CSV.
    #[error("{}:{line}: {message}\n\nhint: mend the quoting of that line", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The cause.
        message: String,
    },
    /// Columns are missing.
    #[error("{}:1: columns are missing: {missing}\n\nhint: the file has {found}", .path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// What is missing.
        missing: String,
        /// What is there.
        found: String,
    },
    /// There is no session.
    #[error("`{}` lists no session\n\nhint: give one row per session: session_id,file,user,date,repo,licence,source", .0.display())]
    Empty(PathBuf),
    /// Rows do not fit.
    #[error("{} in the goldset `{goldset}`\n{}", counted(.problems.len()), shown(.problems))]
    Problems {
        /// The goldset.
        goldset: String,
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A rater was asked for that the goldset does not have.
    #[error("the goldset `{goldset}` has no rater `{rater}`{}\n\nhint: {known}", did_you_mean(.near))]
    UnknownRater {
        /// The goldset.
        goldset: String,
        /// Who was asked for.
        rater: String,
        /// Names close to it.
        near: Vec<String>,
        /// All names.
        known: String,
    },
}

fn other_goldsets(others: &[String]) -> String {
    if others.is_empty() {
        "\n\nhint: name a folder with goldset.toml, sessions.csv and labels.csv".to_owned()
    } else {
        format!("\n\nhint: goldsets beside it: {}", others.join(", "))
    }
}

fn counted(problems: usize) -> String {
    if problems == 1 {
        "1 problem".to_owned()
    } else {
        format!("{problems} problems")
    }
}

fn shown(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems
        .iter()
        .take(PROBLEMS_SHOWN)
        .map(ToString::to_string)
        .collect();
    if PROBLEMS_SHOWN < problems.len() {
        lines.push(format!("  … {} more", problems.len() - PROBLEMS_SHOWN));
    }
    lines.join("\n")
}

impl Goldset {
    /// The declaration of a rater.
    ///
    /// # Errors
    /// Where there is none, with the nearest names.
    pub fn rater(&self, name: &str) -> Result<&Rater, GoldsetError> {
        self.manifest
            .raters
            .iter()
            .find(|rater| rater.name == name)
            .ok_or_else(|| {
                let known: Vec<&str> = self
                    .manifest
                    .raters
                    .iter()
                    .map(|rater| rater.name.as_str())
                    .collect();
                GoldsetError::UnknownRater {
                    goldset: self.name.clone(),
                    rater: name.to_owned(),
                    near: nearest(name, known.iter().copied())
                        .into_iter()
                        .map(str::to_owned)
                        .collect(),
                    known: if known.is_empty() {
                        "it declares no raters".to_owned()
                    } else {
                        format!("its raters are {}", listed_all(&known))
                    },
                }
            })
    }

    /// The ratings of one classifier by one rater, by session.
    #[must_use]
    pub fn ratings_of(&self, classifier: &str, rater: &str) -> HashMap<&str, &Rating> {
        self.ratings
            .iter()
            .filter(|rating| rating.classifier == classifier && rating.rater == rater)
            .map(|rating| (rating.session_id.as_str(), rating))
            .collect()
    }

    /// Raters that rated anything for a classifier, in declared order.
    #[must_use]
    pub fn raters_of(&self, classifier: &str) -> Vec<&str> {
        let said = |name: &str| {
            self.ratings
                .iter()
                .any(|rating| rating.classifier == classifier && rating.rater == name)
        };
        self.manifest
            .raters
            .iter()
            .map(|rater| rater.name.as_str())
            .filter(|name| said(name))
            .collect()
    }
}

/// Reads a goldset; `definitions` are all classifiers, so that labels can be checked.
///
/// # Errors
/// Where a file cannot be read or anything does not fit; nothing is guessed or dropped.
pub fn load(folder: &Path, definitions: &[Definition]) -> Result<Goldset, GoldsetError> {
    let name = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_owned())
        .file_name()
        .map_or_else(
            || folder.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
    let manifest = read_manifest(folder)?;
    let mut problems = Vec::new();
    let sessions_file = folder.join("sessions.csv");
    let sessions = sessions::read(&sessions_file, &mut problems)?;
    if !problems.is_empty() {
        // Labels of sessions that are listed wrongly would only repeat the problem.
        return Err(GoldsetError::Problems {
            goldset: name,
            problems,
        });
    }
    if sessions.is_empty() {
        return Err(GoldsetError::Empty(sessions_file));
    }
    let ids: Vec<&str> = sessions.iter().map(|session| session.id.as_str()).collect();
    let raters: Vec<&str> = manifest
        .raters
        .iter()
        .map(|rater| rater.name.as_str())
        .collect();
    let known = Known {
        sessions: &ids,
        raters: &raters,
        definitions,
    };
    let mut ratings = Vec::new();
    let labels_file = folder.join("labels.csv");
    if labels_file.is_file() {
        ratings.extend(labels::read(&labels_file, &known, &mut problems)?);
    }
    let decisions_file = folder.join("decisions.jsonl");
    if decisions_file.is_file() {
        ratings.extend(decisions::read(&decisions_file, &known, &mut problems)?);
    }
    let injections_file = folder.join("injections.csv");
    let injections = if injections_file.is_file() {
        injections::read(&injections_file, &known, &mut problems)?
    } else {
        Vec::new()
    };
    if !problems.is_empty() {
        return Err(GoldsetError::Problems {
            goldset: name,
            problems,
        });
    }
    let telemetry = read_telemetry(&folder.join("telemetry.csv"))?;
    Ok(Goldset {
        name,
        folder: folder.to_owned(),
        manifest,
        sessions,
        ratings,
        injections,
        telemetry,
    })
}

fn read_manifest(folder: &Path) -> Result<Manifest, GoldsetError> {
    let path = folder.join("goldset.toml");
    if !path.is_file() {
        return Err(GoldsetError::NoGoldset {
            folder: folder.to_owned(),
            others: beside(folder),
        });
    }
    let text = fs::read_to_string(&path).map_err(|source| GoldsetError::Read {
        path: path.clone(),
        source,
    })?;
    toml::from_str(&text).map_err(|error| GoldsetError::Manifest {
        path,
        message: error.to_string(),
    })
}

/// Goldsets in the folder's own folder, for a message that helps.
fn beside(folder: &Path) -> Vec<String> {
    let Some(parent) = folder.parent() else {
        return Vec::new();
    };
    let mut found: Vec<String> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("goldset.toml").is_file())
        .map(|path| format!("`{}`", path.display()))
        .collect();
    found.sort();
    found
}

fn read_telemetry(path: &Path) -> Result<HashMap<String, TelemetryRow>, GoldsetError> {
    if !path.is_file() {
        return Ok(HashMap::new());
    }
    let failed = |error: &csv::Error| GoldsetError::Csv {
        path: path.to_owned(),
        line: error.position().map_or(1, csv::Position::line),
        message: super::table::cause(error),
    };
    let mut reader = csv::Reader::from_path(path).map_err(|error| failed(&error))?;
    let mut rows = HashMap::new();
    for row in reader.deserialize::<TelemetryRow>() {
        let row = row.map_err(|error| failed(&error))?;
        rows.insert(row.session_id.clone(), row);
    }
    Ok(rows)
}
