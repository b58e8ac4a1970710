//! How often a gold set was looked at: `reports/baseline/<goldset>/ledger.jsonl`, one distinct candidate a line.
//!
//! Every candidate that is judged on the same gold labels is another chance to pass by luck, and whoever tunes a prompt
//! on the gate learns the gold set and not the task. The ledger counts candidates: the same labels of the same prompt looked at
//! again are no further look, and changed gold labels begin a new count.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::request::Hash;

/// One look of a candidate at a gold set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The day, as `YYYY-MM-DD`.
    pub day: String,
    /// The classifier.
    pub classifier: String,
    /// The rater that counted as gold.
    pub against: String,
    /// The hash of its labels.
    pub gold_hash: Hash,
    /// Who was looked at.
    pub candidate: String,
    /// The hash of prompt and labels together: what makes a candidate distinct.
    pub candidate_hash: Hash,
    /// How it ended.
    pub verdict: String,
}

/// Why a ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read.
    #[error("failed to read `{}`: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line does not fit.
    #[error("{}:{line}: {message}\n\nhint: take the file as it was committed; lines of two branches may stand in any order", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What does not fit.
        message: String,
    },
}

/// The looks of a goldset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    looks: Vec<Look>,
}

/// Looks at one classifier's gold labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// Distinct candidates, this one among them.
    pub candidates: usize,
    /// The day of the first look.
    pub since: Option<String>,
}

impl Ledger {
    /// Where the ledger stands.
    #[must_use]
    pub fn place(goldset: &str) -> PathBuf {
        super::baseline::folder(goldset).join("ledger.jsonl")
    }

    /// Reads the file; without one nobody has looked yet.
    ///
    /// # Errors
    /// Where it cannot be read, or a line does not fit.
    pub fn read(path: &Path) -> Result<Self, LedgerError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(LedgerError::Read {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Reads the text of a file; `path` is for messages.
    ///
    /// # Errors
    /// Where a line does not fit.
    pub fn parse(text: &str, path: &Path) -> Result<Self, LedgerError> {
        let mut looks = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let look: Look = serde_json::from_str(line).map_err(|error| LedgerError::Line {
                path: path.to_owned(),
                line: number,
                message: error.to_string(),
            })?;
            looks.push(look);
        }
        Ok(Self { looks })
    }

    /// Adds a look unless the candidate was looked at before; says whether it was added.
    pub fn add(&mut self, look: Look) -> bool {
        let is_known = self
            .looks
            .iter()
            .any(|known| Self::alike(known, &look) && known.candidate_hash == look.candidate_hash);
        if !is_known {
            self.looks.push(look);
        }
        !is_known
    }

    fn alike(one: &Look, other: &Look) -> bool {
        one.classifier == other.classifier && one.gold_hash == other.gold_hash
    }

    /// How many candidates have looked at these gold labels.
    #[must_use]
    pub fn looks(&self, classifier: &str, gold_hash: &Hash) -> Looks {
        let of_gold = || {
            self.looks
                .iter()
                .filter(|look| look.classifier == classifier && look.gold_hash == *gold_hash)
        };
        let distinct: HashSet<&Hash> = of_gold().map(|look| &look.candidate_hash).collect();
        Looks {
            candidates: distinct.len(),
            since: of_gold().map(|look| look.day.clone()).min(),
        }
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        self.looks
            .iter()
            .map(|look| {
                serde_json::to_string(look).expect("texts can always be written as JSON") + "\n"
            })
            .collect()
    }
}
