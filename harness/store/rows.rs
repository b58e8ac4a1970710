//! What became of each question about a session: one row, written again whenever its answer is read again.

use std::fmt;
use std::path::Path;

use rusqlite::{ErrorCode, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::answer::Evidence;
use crate::domain::label::Decision;
use crate::domain::request::Hash;

use super::Store;
use super::error::{StoreError, explain, unreadable};

/// What became of one question.
///
/// Goldset, session, classifier, prompt hash, model and repeat make it one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The goldset's folder name.
    pub goldset: String,
    /// The session.
    pub session_id: String,
    /// The classifier's folder name.
    pub classifier: String,
    /// All that reached the model except the session.
    pub prompt_hash: Hash,
    /// Who was asked.
    pub model: String,
    /// Which time, from 0 on.
    pub repeat: u32,
    /// The request; its answer is stored under this hash unless the outcome is [`RowOutcome::Missing`].
    pub request_hash: Hash,
    /// What became of it.
    pub outcome: RowOutcome,
    /// What the view left out of the session to keep to its budget, as the view tells it.
    pub left_out: Value,
}

/// How a question ended.
#[derive(Debug, Clone, PartialEq)]
pub enum RowOutcome {
    /// A label of the scale was read.
    Parsed(Reading),
    /// The model declined.
    Refused,
    /// There was an answer but no label of the scale in it.
    Unparsable {
        /// Why not.
        reason: String,
    },
    /// The answer broke off.
    Truncated,
    /// The request failed.
    Errored,
    /// There is no answer.
    Missing,
}

/// What was read in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The label.
    pub label: ReadLabel,
    /// How sure the model says it is, 0 to 1; `None` where it does not say. Not a number is stored as `None`.
    pub confidence: Option<f64>,
    /// What in the session speaks for the label.
    pub evidence: Vec<Evidence>,
    /// The label matched only after ASCII case folding.
    pub folded: bool,
    /// The answer had to be looked for in prose.
    pub from_prose: bool,
}

/// A label as rows hold it: in its own words, because positions on a scale change with the scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadLabel {
    /// A category or a number, as the scale writes it.
    Text(String),
    /// The decisions, from which shares are computed.
    Decisions(Vec<Decision>),
}

impl RowOutcome {
    /// The word that stands in files.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Parsed(_) => "parsed",
            Self::Refused => "refused",
            Self::Unparsable { .. } => "unparsable",
            Self::Truncated => "truncated",
            Self::Errored => "errored",
            Self::Missing => "missing",
        }
    }
}

impl fmt::Display for RowOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// The rows of one run: who was asked, about which goldset, with which prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunKey {
    /// The goldset's folder name.
    pub goldset: String,
    /// Who was asked.
    pub model: String,
    /// Which time, from 0 on.
    pub repeat: u32,
    /// Classifiers with the prompt hashes of this run; rows of other prompts stay in the store and are not shown.
    pub prompts: Vec<(String, Hash)>,
}

/// An unchanged row is not written again, so that a second reading of everything costs no disk.
const KEEP: &str = "
INSERT INTO outcomes (goldset, model, repeat, classifier, prompt_hash, session_id, request_hash, outcome,
                      label, decisions, confidence, folded, from_prose, reason, evidence, left_out)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
ON CONFLICT (goldset, model, repeat, classifier, prompt_hash, session_id) DO UPDATE
SET request_hash = excluded.request_hash, outcome = excluded.outcome, label = excluded.label,
    decisions = excluded.decisions, confidence = excluded.confidence, folded = excluded.folded,
    from_prose = excluded.from_prose, reason = excluded.reason, evidence = excluded.evidence,
    left_out = excluded.left_out
WHERE (outcomes.request_hash, outcomes.outcome, outcomes.label, outcomes.decisions, outcomes.confidence,
       outcomes.folded, outcomes.from_prose, outcomes.reason, outcomes.evidence, outcomes.left_out)
   IS NOT (excluded.request_hash, excluded.outcome, excluded.label, excluded.decisions, excluded.confidence,
           excluded.folded, excluded.from_prose, excluded.reason, excluded.evidence, excluded.left_out)";

const FIND: &str = "
SELECT session_id, request_hash, outcome, label, decisions, confidence, folded, from_prose, reason, evidence, left_out
FROM outcomes
WHERE goldset = ?1 AND model = ?2 AND repeat = ?3 AND classifier = ?4 AND prompt_hash = ?5
ORDER BY session_id";

impl Store {
    /// Keeps rows, all or none, on the disk when this returns; says how many were new or changed. A row that was there is
    /// replaced.
    ///
    /// # Errors
    /// Where a row's answer is not stored, or the file cannot be written; nothing is kept then.
    pub fn keep_rows(&mut self, rows: &[Row]) -> Result<usize, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let doing = "keep rows";
        self.write(doing, |transaction, path| {
            let mut keep = transaction
                .prepare_cached(KEEP)
                .map_err(explain(path, doing))?;
            let mut changed = 0;
            for row in rows {
                let columns = Columns::of(&row.outcome);
                changed += keep
                    .execute(params![
                        row.goldset,
                        row.model,
                        row.repeat,
                        row.classifier,
                        row.prompt_hash.text(),
                        row.session_id,
                        row.request_hash.text(),
                        row.outcome.word(),
                        columns.label,
                        columns.decisions,
                        columns.confidence,
                        columns.folded,
                        columns.from_prose,
                        columns.reason,
                        columns.evidence,
                        json(&row.left_out),
                    ])
                    .map_err(|error| not_kept(path, doing, row, error))?;
            }
            Ok(changed)
        })
    }

    /// The rows of a run, ordered by session and then classifier.
    ///
    /// # Errors
    /// Where the file cannot be read or a row is not as it was written.
    pub fn rows(&self, run: &RunKey) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.tell_rows(run, |row| rows.push(row))?;
        rows.sort_by(|a, b| {
            (&a.session_id, &a.classifier, &a.prompt_hash).cmp(&(
                &b.session_id,
                &b.classifier,
                &b.prompt_hash,
            ))
        });
        Ok(rows)
    }

    /// Tells the rows of a run, one held at a time: classifiers in the order of `run`, sessions in the order of their ids. All
    /// are read from one state of the file.
    ///
    /// # Errors
    /// As [`Store::rows`]; rows before the error were told.
    pub fn tell_rows(&self, run: &RunKey, mut tell: impl FnMut(Row)) -> Result<(), StoreError> {
        let failed = explain(&self.path, "read rows");
        let transaction = self.connection.unchecked_transaction().map_err(&failed)?;
        let mut find = transaction.prepare_cached(FIND).map_err(&failed)?;
        for (classifier, prompt_hash) in &run.prompts {
            let mut found = find
                .query(params![
                    run.goldset,
                    run.model,
                    run.repeat,
                    classifier,
                    prompt_hash.text()
                ])
                .map_err(&failed)?;
            while let Some(row) = found.next().map_err(&failed)? {
                let stored = Stored::read(row).map_err(&failed)?;
                tell(stored.into_row(&self.path, run, classifier, prompt_hash)?);
            }
        }
        Ok(())
    }
}

/// The columns that depend on the outcome.
struct Columns<'r> {
    label: Option<&'r str>,
    decisions: Option<String>,
    confidence: Option<f64>,
    folded: bool,
    from_prose: bool,
    reason: Option<&'r str>,
    evidence: String,
}

impl<'r> Columns<'r> {
    fn of(outcome: &'r RowOutcome) -> Self {
        let without_label = |reason| Self {
            label: None,
            decisions: None,
            confidence: None,
            folded: false,
            from_prose: false,
            reason,
            evidence: "[]".to_owned(),
        };
        match outcome {
            RowOutcome::Parsed(reading) => Self {
                label: match &reading.label {
                    ReadLabel::Text(label) => Some(label),
                    ReadLabel::Decisions(_) => None,
                },
                decisions: match &reading.label {
                    ReadLabel::Text(_) => None,
                    ReadLabel::Decisions(decisions) => Some(json(decisions)),
                },
                confidence: reading.confidence,
                folded: reading.folded,
                from_prose: reading.from_prose,
                reason: None,
                evidence: json(&reading.evidence),
            },
            RowOutcome::Unparsable { reason } => without_label(Some(reason)),
            RowOutcome::Refused
            | RowOutcome::Truncated
            | RowOutcome::Errored
            | RowOutcome::Missing => without_label(None),
        }
    }
}

/// A row as it lies in the file.
struct Stored {
    session_id: String,
    request_hash: String,
    outcome: String,
    label: Option<String>,
    decisions: Option<String>,
    confidence: Option<f64>,
    folded: bool,
    from_prose: bool,
    reason: Option<String>,
    evidence: String,
    left_out: String,
}

impl Stored {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            session_id: row.get(0)?,
            request_hash: row.get(1)?,
            outcome: row.get(2)?,
            label: row.get(3)?,
            decisions: row.get(4)?,
            confidence: row.get(5)?,
            folded: row.get(6)?,
            from_prose: row.get(7)?,
            reason: row.get(8)?,
            evidence: row.get(9)?,
            left_out: row.get(10)?,
        })
    }

    fn into_row(
        self,
        path: &Path,
        run: &RunKey,
        classifier: &str,
        prompt_hash: &Hash,
    ) -> Result<Row, StoreError> {
        let place = format!(
            "the row of session `{}` for `{classifier}`",
            self.session_id
        );
        let wrong = |column: &str, value: &str| unreadable(path, column, value, &place);
        let outcome = match (
            self.outcome.as_str(),
            self.label,
            self.decisions,
            self.reason,
        ) {
            ("parsed", label, decisions, None) => RowOutcome::Parsed(Reading {
                label: match (label, decisions) {
                    (Some(label), None) => ReadLabel::Text(label),
                    (None, Some(decisions)) => ReadLabel::Decisions(
                        read_json(&decisions).ok_or_else(|| wrong("`decisions`", &decisions))?,
                    ),
                    _ => return Err(wrong("`label`", "two or none")),
                },
                confidence: self.confidence,
                evidence: read_json(&self.evidence)
                    .ok_or_else(|| wrong("`evidence`", &self.evidence))?,
                folded: self.folded,
                from_prose: self.from_prose,
            }),
            ("refused", None, None, None) => RowOutcome::Refused,
            ("unparsable", None, None, Some(reason)) => RowOutcome::Unparsable { reason },
            ("truncated", None, None, None) => RowOutcome::Truncated,
            ("errored", None, None, None) => RowOutcome::Errored,
            ("missing", None, None, None) => RowOutcome::Missing,
            (other, ..) => return Err(wrong("`outcome`", other)),
        };
        Ok(Row {
            goldset: run.goldset.clone(),
            classifier: classifier.to_owned(),
            prompt_hash: prompt_hash.clone(),
            model: run.model.clone(),
            repeat: run.repeat,
            request_hash: Hash::parse(&self.request_hash)
                .ok_or_else(|| wrong("`request_hash`", &self.request_hash))?,
            outcome,
            left_out: read_json(&self.left_out)
                .ok_or_else(|| wrong("`left_out`", &self.left_out))?,
            session_id: self.session_id,
        })
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("lists of plain structs can always be written as JSON")
}

fn read_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn not_kept(path: &Path, doing: &'static str, row: &Row, error: rusqlite::Error) -> StoreError {
    let no_answer = error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::ConstraintViolation
            && error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY
    });
    if no_answer {
        StoreError::NoAnswer {
            request: row.request_hash.clone(),
            model: row.model.clone(),
            repeat: row.repeat,
            session_id: row.session_id.clone(),
            classifier: row.classifier.clone(),
        }
    } else {
        explain(path, doing)(error)
    }
}
