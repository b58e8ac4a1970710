//! What was sent and charged for, and the answers that came of it.

use std::path::Path;

use rusqlite::{CachedStatement, Connection, params};

use crate::domain::answer::{AnswerUsage, RawAnswer};
use crate::domain::exchange::{Exchange, Purpose};
use crate::domain::request::Hash;

use super::Store;
use super::answers::{self, AnswerKey};
use super::error::{StoreError, explain, unreadable};

/// An answer with the exchange that brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// What it answers.
    pub key: AnswerKey,
    /// The answer; of a repair, the one that takes the first one's place.
    pub answer: RawAnswer,
    /// How it came.
    pub exchange: Exchange,
    /// It cannot be read, and is to be asked for once more. Kept, so that a run that was killed in between goes on with the
    /// repair and does not pay for the first answer again.
    pub repair_wanted: bool,
}

/// What one exchange was charged, without its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// Why it was sent.
    pub purpose: Purpose,
    /// What was charged for.
    pub usage: AnswerUsage,
    /// It was part of a batch.
    pub batched: bool,
    /// The model that answered, as the provider named it.
    pub served_by: Option<String>,
    /// How probable the model held its label, where the provider told.
    pub label_probability: Option<f64>,
    /// How often it had to be sent.
    pub attempts: u32,
    /// When the response came, ISO 8601.
    pub when: String,
}

/// A repaired answer takes the place of the one that could not be read. Nothing else changes an answer.
const REPLACE: &str = r#"
INSERT INTO answers (request_hash, model, repeat, text, text_sha256, stop, input_tokens, output_tokens,
                     cache_read_tokens, cache_write_tokens, "when", obtained, cache_write_1h_tokens)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (request_hash, model, repeat) DO UPDATE
SET text = excluded.text, text_sha256 = excluded.text_sha256, stop = excluded.stop,
    input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
    cache_read_tokens = excluded.cache_read_tokens, cache_write_tokens = excluded.cache_write_tokens,
    "when" = excluded."when", obtained = excluded.obtained, cache_write_1h_tokens = excluded.cache_write_1h_tokens"#;

const KEEP: &str = r#"
INSERT INTO exchanges (request_hash, model, repeat, purpose, sent_sha256, received, request_id, served_by, input_tokens,
                       output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, batched,
                       label_probability, attempts, "when", repair_wanted)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"#;

/// Answers that are to be repaired and were not yet.
const UNREPAIRED: &str = r#"
SELECT request_hash FROM exchanges AS asked
WHERE model = ?1 AND repeat = ?2 AND repair_wanted AND NOT EXISTS (
    SELECT 1 FROM exchanges AS repair
    WHERE (repair.request_hash, repair.model, repair.repeat) = (asked.request_hash, asked.model, asked.repeat)
      AND repair.purpose = 'repair')
ORDER BY request_hash"#;

const CHARGES: &str = r#"
SELECT purpose, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, batched,
       served_by, label_probability, attempts, "when"
FROM exchanges WHERE request_hash = ?1 AND model = ?2 AND repeat = ?3 ORDER BY id"#;

impl Store {
    /// Keeps answers with their exchanges, all or none, on the disk when this returns.
    ///
    /// The first answer to a request wins, unless the exchange repaired it or the first one was a failed request. The exchange
    /// is kept in any case: it was charged for.
    ///
    /// # Errors
    /// Where the file cannot be written; nothing is kept then.
    pub fn keep_received(&mut self, received: &[Received]) -> Result<(), StoreError> {
        if received.is_empty() {
            return Ok(());
        }
        let doing = "keep answers";
        self.write(doing, |transaction, path| {
            let failed = explain(path, doing);
            let mut first = transaction.prepare_cached(answers::KEEP).map_err(&failed)?;
            let mut repaired = transaction.prepare_cached(REPLACE).map_err(&failed)?;
            let mut exchange = transaction.prepare_cached(KEEP).map_err(&failed)?;
            for received in received {
                let statement = match received.exchange.purpose {
                    Purpose::Ask => &mut first,
                    Purpose::Repair => &mut repaired,
                };
                answers::insert(statement, &received.key, &received.answer)
                    .and_then(|_| {
                        let wanted = received.repair_wanted;
                        insert(&mut exchange, &received.key, &received.exchange, wanted)
                    })
                    .map_err(&failed)?;
            }
            Ok(())
        })
    }

    /// Tells what each of these requests was charged, in their order; nothing for those that were never sent.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn charges_for<'h>(
        &self,
        model: &str,
        repeat: u32,
        requests: impl IntoIterator<Item = &'h Hash>,
        mut tell: impl FnMut(&'h Hash, Charge),
    ) -> Result<(), StoreError> {
        let failed = explain(&self.path, "read what was charged");
        let transaction = self.connection.unchecked_transaction().map_err(&failed)?;
        let mut find = transaction.prepare_cached(CHARGES).map_err(&failed)?;
        for request in requests {
            let mut found = find
                .query(params![request.text(), model, repeat])
                .map_err(&failed)?;
            while let Some(row) = found.next().map_err(&failed)? {
                tell(request, charge(row, &self.path, request)?);
            }
        }
        Ok(())
    }

    /// Requests whose answer is to be repaired and was not yet, ordered.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn unrepaired(&self, model: &str, repeat: u32) -> Result<Vec<Hash>, StoreError> {
        let failed = explain(&self.path, "look for answers to repair");
        let mut find = self
            .connection
            .prepare_cached(UNREPAIRED)
            .map_err(&failed)?;
        let mut found = find.query(params![model, repeat]).map_err(&failed)?;
        let mut requests = Vec::new();
        while let Some(row) = found.next().map_err(&failed)? {
            let hash: String = row.get(0).map_err(&failed)?;
            requests.push(
                Hash::parse(&hash).ok_or_else(|| {
                    unreadable(&self.path, "`request_hash`", &hash, "an exchange")
                })?,
            );
        }
        Ok(requests)
    }

    /// Keeps exchanges without answers, as a rescue finds them.
    pub(super) fn keep_exchanges(
        &mut self,
        exchanges: &[(AnswerKey, Exchange)],
    ) -> Result<(), StoreError> {
        let doing = "keep what was charged";
        self.write(doing, |transaction, path| {
            let failed = explain(path, doing);
            let mut keep = transaction.prepare_cached(KEEP).map_err(&failed)?;
            for (key, exchange) in exchanges {
                insert(&mut keep, key, exchange, false).map_err(&failed)?;
            }
            Ok(())
        })
    }

    /// How many exchanges the store holds.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn count_exchanges(&self) -> Result<u64, StoreError> {
        self.connection
            .query_row("SELECT count(*) FROM exchanges", [], |row| {
                row.get::<_, i64>(0)
            })
            .map(i64::cast_unsigned)
            .map_err(explain(&self.path, "count what was charged"))
    }
}

fn insert(
    statement: &mut CachedStatement<'_>,
    key: &AnswerKey,
    exchange: &Exchange,
    repair_wanted: bool,
) -> rusqlite::Result<usize> {
    statement.execute(params![
        key.request.text(),
        key.model,
        key.repeat,
        exchange.purpose.word(),
        exchange.sent.text(),
        exchange.received,
        exchange.request_id,
        exchange.served_by,
        exchange.usage.input_tokens.cast_signed(),
        exchange.usage.output_tokens.cast_signed(),
        exchange.usage.cache_read_tokens.cast_signed(),
        exchange.usage.cache_write_tokens.cast_signed(),
        exchange.usage.cache_write_1h_tokens.cast_signed(),
        exchange.batched,
        exchange.label_probability,
        exchange.attempts,
        exchange.when,
        repair_wanted,
    ])
}

fn charge(row: &rusqlite::Row<'_>, path: &Path, request: &Hash) -> Result<Charge, StoreError> {
    let read = || -> rusqlite::Result<(String, Charge)> {
        let tokens = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        let charge = Charge {
            purpose: Purpose::Ask,
            usage: AnswerUsage {
                input_tokens: tokens(1)?,
                output_tokens: tokens(2)?,
                cache_read_tokens: tokens(3)?,
                cache_write_tokens: tokens(4)?,
                cache_write_1h_tokens: tokens(5)?,
            },
            batched: row.get(6)?,
            served_by: row.get(7)?,
            label_probability: row.get(8)?,
            attempts: row.get(9)?,
            when: row.get(10)?,
        };
        Ok((row.get(0)?, charge))
    };
    let (purpose, charge) = read().map_err(explain(path, "read what was charged"))?;
    let purpose = Purpose::parse(&purpose).ok_or_else(|| {
        let place = format!("an exchange about request {}", request.short());
        unreadable(path, "`purpose`", &purpose, &place)
    })?;
    Ok(Charge { purpose, ..charge })
}

const BY_NUMBER: &str = r#"
SELECT purpose, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, batched,
       served_by, label_probability, attempts, "when", request_hash, model, repeat, sent_sha256, received, request_id
FROM exchanges WHERE id = ?1"#;

/// The exchange of this number in a file that may be damaged; `None` where there is none, or not in one piece.
pub(super) fn by_number(connection: &Connection, number: u64) -> Option<(AnswerKey, Exchange)> {
    let mut find = connection.prepare_cached(BY_NUMBER).ok()?;
    find.query_row([number.cast_signed()], |row| {
        let request = Hash::parse(&row.get::<_, String>(11)?);
        let sent = Hash::parse(&row.get::<_, String>(14)?);
        let purpose = Purpose::parse(&row.get::<_, String>(0)?);
        let (Some(request), Some(sent), Some(purpose)) = (request, sent, purpose) else {
            return Ok(None);
        };
        let Ok(charge) = charge(row, Path::new(""), &request) else {
            return Ok(None);
        };
        let key = AnswerKey {
            request,
            model: row.get(12)?,
            repeat: row.get(13)?,
        };
        let exchange = Exchange {
            purpose,
            sent,
            received: row.get(15)?,
            request_id: row.get(16)?,
            served_by: charge.served_by,
            usage: charge.usage,
            batched: charge.batched,
            label_probability: charge.label_probability,
            attempts: charge.attempts,
            when: charge.when,
        };
        Ok(Some((key, exchange)))
    })
    .ok()?
}
