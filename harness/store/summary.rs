//! What a store holds, and whether it is sound.

use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::rating::OutcomeCounts;

use super::Store;
use super::error::{StoreError, explain, unreadable};
use super::schema::{Identity, identify};

/// What a store holds. All counts belong to one moment, whoever writes meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// The version of its schema.
    pub schema_version: u32,
    /// Its size, with what still waits in the write-ahead log.
    pub bytes: u64,
    /// Answers per model, ordered by model.
    pub answers: Vec<AnswerCount>,
    /// Answers that no row rests on: of earlier prompts, of other views, or not read yet.
    pub answers_without_row: u64,
    /// Rows per goldset, model and classifier, in this order.
    pub rows: Vec<RowCount>,
}

/// Answers of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerCount {
    /// Who answered.
    pub model: String,
    /// How many answers.
    pub answers: u64,
    /// How many of them are failed requests, which a run asks again.
    pub failed: u64,
}

/// Rows of one goldset, model and classifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCount {
    /// The goldset.
    pub goldset: String,
    /// Who was asked.
    pub model: String,
    /// The classifier.
    pub classifier: String,
    /// How many versions of the prompt the rows belong to.
    pub prompts: u64,
    /// How the questions ended, over all versions and repeats.
    pub outcomes: OutcomeCounts,
}

/// Whether a store is as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    /// Every page, index and reference fits, and every answer has the text that was stored.
    Sound,
    /// The first things that do not fit, at most ten of each kind.
    Damaged(Vec<String>),
}

impl Store {
    /// What the store holds.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn summary(&self) -> Result<Summary, StoreError> {
        let failed = explain(&self.path, "count what it holds");
        let transaction = self.connection.unchecked_transaction().map_err(&failed)?;
        let schema_version = match identify(&transaction, &self.path)? {
            Identity::Ours(version) => version,
            Identity::Fresh => 0,
        };
        let answers = transaction
            .prepare(
                "SELECT model, count(*), sum(stop = 'error') FROM answers GROUP BY model ORDER BY model",
            )
            .and_then(|mut counted| {
                counted
                    .query_map([], |row| {
                        Ok(AnswerCount {
                            model: row.get(0)?,
                            answers: row.get::<_, i64>(1)?.cast_unsigned(),
                            failed: row.get::<_, i64>(2)?.cast_unsigned(),
                        })
                    })?
                    .collect()
            })
            .map_err(&failed)?;
        let answers_without_row = transaction
            .query_row(
                "SELECT count(*) FROM answers WHERE (request_hash, model, repeat) NOT IN
                     (SELECT answered, model, repeat FROM outcomes WHERE answered IS NOT NULL)",
                [],
                |row| row.get::<_, i64>(0),
            )
            .map_err(&failed)?
            .cast_unsigned();
        let rows = transaction
            .prepare(
                "SELECT goldset, model, classifier, count(DISTINCT prompt_hash),
                        sum(outcome = 'parsed'), sum(outcome = 'refused'), sum(outcome = 'unparsable'),
                        sum(outcome = 'truncated'), sum(outcome = 'errored'), sum(outcome = 'missing')
                 FROM outcomes GROUP BY goldset, model, classifier ORDER BY goldset, model, classifier",
            )
            .and_then(|mut counted| {
                counted
                    .query_map([], |row| {
                        let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
                        Ok(RowCount {
                            goldset: row.get(0)?,
                            model: row.get(1)?,
                            classifier: row.get(2)?,
                            prompts: count(3)?,
                            outcomes: OutcomeCounts {
                                parsed: count(4)?,
                                refused: count(5)?,
                                unparsable: count(6)?,
                                truncated: count(7)?,
                                errored: count(8)?,
                                missing: count(9)?,
                            },
                        })
                    })?
                    .collect()
            })
            .map_err(&failed)?;
        Ok(Summary {
            path: self.path.clone(),
            schema_version,
            bytes: size(&self.path),
            answers,
            answers_without_row,
            rows,
        })
    }

    /// Reads the whole file and says whether it is as it was written; about three seconds for 100,000 answers of 5 KB.
    ///
    /// # Errors
    /// Where the file cannot be read at all; damage is no error here.
    pub fn integrity(&self) -> Result<Integrity, StoreError> {
        let mut damage = Vec::new();
        for check in [
            Self::pages_that_do_not_fit,
            Self::rows_without_answer,
            Self::answers_that_changed,
        ] {
            match check(self) {
                Ok(found) => damage.extend(found),
                Err(StoreError::Damaged { cause, .. }) => damage.push(cause),
                Err(other) => return Err(other),
            }
        }
        Ok(if damage.is_empty() {
            Integrity::Sound
        } else {
            Integrity::Damaged(damage)
        })
    }

    fn pages_that_do_not_fit(&self) -> Result<Vec<String>, StoreError> {
        self.texts("PRAGMA integrity_check(10)", |row| row.get(0))
            .map(|mut found| {
                found.retain(|line| line != "ok");
                found
            })
    }

    fn rows_without_answer(&self) -> Result<Vec<String>, StoreError> {
        self.texts(
            "SELECT o.session_id, o.classifier FROM outcomes o
             LEFT JOIN answers a ON (a.request_hash, a.model, a.repeat) = (o.answered, o.model, o.repeat)
             WHERE o.answered IS NOT NULL AND a.id IS NULL
             ORDER BY o.session_id, o.classifier LIMIT 10",
            |row| {
                let (session, classifier): (String, String) = (row.get(0)?, row.get(1)?);
                Ok(format!(
                    "the row of session `{session}` for `{classifier}` has no answer"
                ))
            },
        )
    }

    fn answers_that_changed(&self) -> Result<Vec<String>, StoreError> {
        let failed = explain(&self.path, "read answers");
        let mut damage = Vec::new();
        let mut all = self
            .connection
            .prepare("SELECT request_hash, model, repeat FROM answers ORDER BY id")
            .map_err(&failed)?;
        let mut found = all.query([]).map_err(&failed)?;
        while let Some(row) = found.next().map_err(&failed)? {
            let (hash, model, repeat) = (|| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get(2)?,
                ))
            })()
            .map_err(&failed)?;
            let answer = crate::domain::request::Hash::parse(&hash)
                .ok_or_else(|| unreadable(&self.path, "`request_hash`", &hash, "an answer"))
                .and_then(|request| self.answer(&request, &model, repeat));
            match answer {
                Ok(_) => {}
                Err(StoreError::Damaged { cause, .. }) => damage.push(cause),
                Err(other) => return Err(other),
            }
            if damage.len() == 10 {
                break;
            }
        }
        Ok(damage)
    }

    fn texts(
        &self,
        query: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<String>,
    ) -> Result<Vec<String>, StoreError> {
        self.connection
            .prepare(query)
            .and_then(|mut statement| statement.query_map([], read)?.collect())
            .map_err(explain(&self.path, "check it"))
    }
}

fn size(path: &Path) -> u64 {
    ["", "-wal"]
        .iter()
        .filter_map(|ending| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            fs::metadata(name).ok()
        })
        .map(|file| file.len())
        .sum()
}
