//! Answers as they came, found again by the hash of their request.

use std::path::Path;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::domain::answer::{AnswerUsage, RawAnswer, Stop};
use crate::domain::request::Hash;

use super::Store;
use super::error::{StoreError, explain, unreadable};

/// What an answer is an answer to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerKey {
    /// The hash of the request.
    pub request: Hash,
    /// Who was asked.
    pub model: String,
    /// Which time, from 0 on.
    pub repeat: u32,
}

const FIND: &str = r#"
SELECT text, text_sha256, stop, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, "when", obtained,
       cache_write_1h_tokens
FROM answers WHERE request_hash = ?1 AND model = ?2 AND repeat = ?3"#;

/// The first answer wins: another one would change figures that rest on it. A failed request is no answer, so that an answer
/// takes its place.
pub(super) const KEEP: &str = r#"
INSERT INTO answers (request_hash, model, repeat, text, text_sha256, stop, input_tokens, output_tokens,
                     cache_read_tokens, cache_write_tokens, "when", obtained, cache_write_1h_tokens)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (request_hash, model, repeat) DO UPDATE
SET text = excluded.text, text_sha256 = excluded.text_sha256, stop = excluded.stop,
    input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
    cache_read_tokens = excluded.cache_read_tokens, cache_write_tokens = excluded.cache_write_tokens,
    "when" = excluded."when", obtained = excluded.obtained, cache_write_1h_tokens = excluded.cache_write_1h_tokens
WHERE answers.stop = 'error' AND excluded.stop <> 'error'"#;

impl Store {
    /// The answer to a request, if it is stored.
    ///
    /// # Errors
    /// Where the file cannot be read or the answer is not as it was written.
    pub fn answer(
        &self,
        request: &Hash,
        model: &str,
        repeat: u32,
    ) -> Result<Option<RawAnswer>, StoreError> {
        Finder::new(&self.connection, &self.path)?.find(request, model, repeat)
    }

    /// Tells for each of many requests why its answer ended, in their order; `None` where there is no answer. No text is read.
    ///
    /// # Errors
    /// As [`Store::answer`].
    pub fn answered<'h>(
        &self,
        model: &str,
        repeat: u32,
        requests: impl IntoIterator<Item = &'h Hash>,
        mut tell: impl FnMut(&'h Hash, Option<Stop>),
    ) -> Result<(), StoreError> {
        let failed = explain(&self.path, "look for answers");
        let transaction = self.connection.unchecked_transaction().map_err(&failed)?;
        let mut find = transaction
            .prepare_cached(
                "SELECT stop FROM answers WHERE request_hash = ?1 AND model = ?2 AND repeat = ?3",
            )
            .map_err(&failed)?;
        for request in requests {
            let stop: Option<String> = find
                .query_row(params![request.text(), model, repeat], |row| row.get(0))
                .optional()
                .map_err(&failed)?;
            let stop = match stop {
                None => None,
                Some(word) => Some(Stop::parse(&word).ok_or_else(|| {
                    let place = format!("the answer to request {}", request.short());
                    unreadable(&self.path, "`stop`", &word, &place)
                })?),
            };
            tell(request, stop);
        }
        Ok(())
    }

    /// Tells the answer to each of many requests, in their order; `None` where there is none.
    ///
    /// One answer is held at a time, and all are read from one state of the file; `tell` does not use the store itself.
    ///
    /// # Errors
    /// As [`Store::answer`]; answers before the error were told.
    pub fn answers_for<'h>(
        &self,
        model: &str,
        repeat: u32,
        requests: impl IntoIterator<Item = &'h Hash>,
        mut tell: impl FnMut(&'h Hash, Option<RawAnswer>),
    ) -> Result<(), StoreError> {
        let transaction = self
            .connection
            .unchecked_transaction()
            .map_err(explain(&self.path, "read answers"))?;
        let mut finder = Finder::new(&transaction, &self.path)?;
        for request in requests {
            tell(request, finder.find(request, model, repeat)?);
        }
        Ok(())
    }

    /// Keeps answers, all or none, on the disk when this returns; says how many were new.
    ///
    /// The first answer to a request wins. Only a failed request ([`Stop::Error`]) gives way to an answer, and counts as new
    /// then.
    ///
    /// # Errors
    /// Where the file cannot be written; nothing is kept then.
    pub fn keep_answers(
        &mut self,
        answers: &[(AnswerKey, RawAnswer)],
    ) -> Result<usize, StoreError> {
        if answers.is_empty() {
            return Ok(0);
        }
        let doing = "keep answers";
        self.write(doing, |transaction, path| {
            let failed = explain(path, doing);
            let mut keep = transaction.prepare_cached(KEEP).map_err(&failed)?;
            let mut new = 0;
            for (key, answer) in answers {
                new += insert(&mut keep, key, answer).map_err(&failed)?;
            }
            Ok(new)
        })
    }
}

/// Runs [`KEEP`] or another statement with its parameters.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    key: &AnswerKey,
    answer: &RawAnswer,
) -> rusqlite::Result<usize> {
    statement.execute(params![
        key.request.text(),
        key.model,
        key.repeat,
        answer.text,
        Hash::of(answer.text.as_bytes()).text(),
        answer.stop.word(),
        answer.usage.input_tokens.cast_signed(),
        answer.usage.output_tokens.cast_signed(),
        answer.usage.cache_read_tokens.cast_signed(),
        answer.usage.cache_write_tokens.cast_signed(),
        answer.when,
        answer.obtained,
        answer.usage.cache_write_1h_tokens.cast_signed(),
    ])
}

/// The look-up, compiled once.
struct Finder<'c> {
    statement: CachedStatement<'c>,
    path: &'c Path,
}

impl<'c> Finder<'c> {
    fn new(connection: &'c Connection, path: &'c Path) -> Result<Self, StoreError> {
        let statement = connection
            .prepare_cached(FIND)
            .map_err(explain(path, "read answers"))?;
        Ok(Self { statement, path })
    }

    fn find(
        &mut self,
        request: &Hash,
        model: &str,
        repeat: u32,
    ) -> Result<Option<RawAnswer>, StoreError> {
        self.statement
            .query_row(params![request.text(), model, repeat], StoredAnswer::read)
            .optional()
            .map_err(explain(self.path, "read an answer"))?
            .map(|found| found.checked(self.path, request))
            .transpose()
    }
}

/// An answer as it lies in the file.
pub(super) struct StoredAnswer {
    answer: RawAnswer,
    stop: String,
    text_sha256: String,
}

impl StoredAnswer {
    /// Reads the columns of [`FIND`].
    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let tokens = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok(Self {
            answer: RawAnswer {
                text: row.get(0)?,
                stop: Stop::Error,
                usage: AnswerUsage {
                    input_tokens: tokens(3)?,
                    output_tokens: tokens(4)?,
                    cache_read_tokens: tokens(5)?,
                    cache_write_tokens: tokens(6)?,
                    cache_write_1h_tokens: tokens(9)?,
                },
                when: row.get(7)?,
                obtained: row.get(8)?,
            },
            text_sha256: row.get(1)?,
            stop: row.get(2)?,
        })
    }

    /// The answer, if it is the one that was stored.
    pub(super) fn checked(self, path: &Path, request: &Hash) -> Result<RawAnswer, StoreError> {
        let place = || format!("the answer to request {}", request.short());
        let stop = Stop::parse(&self.stop)
            .ok_or_else(|| unreadable(path, "`stop`", &self.stop, &place()))?;
        if Hash::of(self.answer.text.as_bytes()).text() != self.text_sha256 {
            return Err(StoreError::Damaged {
                path: path.to_owned(),
                cause: format!("the text of {} is not the one that was stored", place()),
            });
        }
        Ok(RawAnswer {
            stop,
            ..self.answer
        })
    }
}
