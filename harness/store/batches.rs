//! Batches: written down before they are submitted, so that a crash in between submits nothing again unseen.
//!
//! A batch is `submitting` until the provider has told its id, `submitted` until its results are kept, and `collected` or
//! `given up` at its end. Its requests are under way until then: nobody else asks for them.

use std::collections::HashSet;

use rusqlite::{Connection, Params, Row, params};

use crate::domain::request::Hash;

use super::Store;
use super::error::{StoreError, explain, unreadable};

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// It is about to be submitted, or was and nobody knows whether it arrived.
    Submitting,
    /// The provider has it.
    Submitted,
    /// Its results are kept.
    Collected,
    /// It never arrived, failed as a whole, or is gone.
    GivenUp,
}

impl BatchState {
    /// The word that stands in the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Submitting => "submitting",
            Self::Submitted => "submitted",
            Self::Collected => "collected",
            Self::GivenUp => "given up",
        }
    }
}

/// A batch that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenBatch {
    /// Our own name for it, unique in this store.
    pub name: String,
    /// Who is asked.
    pub model: String,
    /// Which time, from 0 on.
    pub repeat: u32,
    /// The provider's name for it; `None` while it is being submitted.
    pub provider_id: Option<String>,
    /// Requests in it.
    pub requests: u64,
    /// When it was written down, ISO 8601.
    pub when: String,
}

const LEFT_OPEN: &str = r#"
SELECT name, model, repeat, provider_id, requests, "when" FROM batches WHERE state IN ('submitting', 'submitted')"#;

const ITEMS: &str = "SELECT request_hash FROM batch_items WHERE batch = ?1";

const UNDER_WAY: &str = "
SELECT DISTINCT item.request_hash FROM batches AS batch JOIN batch_items AS item ON item.batch = batch.name
WHERE batch.model = ?1 AND batch.repeat = ?2 AND batch.state IN ('submitting', 'submitted')";

/// The batches that have not ended in a file that may be damaged, each with as many of its requests as can be read.
pub(super) fn left_open(connection: &Connection) -> Vec<(OpenBatch, Vec<Hash>)> {
    let batches = read_on(connection, LEFT_OPEN, [], |row| {
        Ok(Some(OpenBatch {
            name: row.get(0)?,
            model: row.get(1)?,
            repeat: row.get(2)?,
            provider_id: row.get(3)?,
            requests: row.get::<_, i64>(4)?.cast_unsigned(),
            when: row.get(5)?,
        }))
    });
    batches
        .into_iter()
        .map(|batch| {
            let requests = read_on(connection, ITEMS, [&batch.name], |row| {
                Ok(Hash::parse(&row.get::<_, String>(0)?))
            });
            (batch, requests)
        })
        .collect()
}

/// Rows up to the first that cannot be read.
fn read_on<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<Option<T>>,
) -> Vec<T> {
    let Ok(mut find) = connection.prepare(query) else {
        return Vec::new();
    };
    let Ok(rows) = find.query_map(parameters, read) else {
        return Vec::new();
    };
    rows.map_while(Result::ok).flatten().collect()
}

impl Store {
    /// Writes a batch down that is about to be submitted; on the disk when this returns.
    ///
    /// # Errors
    /// Where the file cannot be written; nothing may be submitted then.
    pub fn begin_batch(&mut self, batch: &OpenBatch, requests: &[Hash]) -> Result<(), StoreError> {
        let doing = "write a batch down";
        self.write(doing, |transaction, path| {
            let failed = explain(path, doing);
            transaction
                .execute(
                    r#"INSERT INTO batches (name, model, repeat, state, requests, "when") VALUES (?1, ?2, ?3, ?4, ?5, ?6)"#,
                    params![
                        batch.name,
                        batch.model,
                        batch.repeat,
                        BatchState::Submitting.word(),
                        batch.requests.cast_signed(),
                        batch.when,
                    ],
                )
                .map_err(&failed)?;
            let mut item = transaction
                .prepare_cached("INSERT INTO batch_items (batch, request_hash) VALUES (?1, ?2)")
                .map_err(&failed)?;
            for request in requests {
                item.execute(params![batch.name, request.text()])
                    .map_err(&failed)?;
            }
            Ok(())
        })
    }

    /// The provider has a batch, and calls it so.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn batch_submitted(&mut self, name: &str, provider_id: &str) -> Result<(), StoreError> {
        let doing = "keep the id of a batch";
        self.write(doing, |transaction, path| {
            transaction
                .execute(
                    "UPDATE batches SET provider_id = ?2, state = ?3 WHERE name = ?1",
                    params![name, provider_id, BatchState::Submitted.word()],
                )
                .map(drop)
                .map_err(explain(path, doing))
        })
    }

    /// A batch came to another state.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn set_batch_state(&mut self, name: &str, state: BatchState) -> Result<(), StoreError> {
        let doing = "keep the state of a batch";
        self.write(doing, |transaction, path| {
            transaction
                .execute(
                    "UPDATE batches SET state = ?2 WHERE name = ?1",
                    params![name, state.word()],
                )
                .map(drop)
                .map_err(explain(path, doing))
        })
    }

    /// Batches of a model that have not ended, the oldest first.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn open_batches(&self, model: &str) -> Result<Vec<OpenBatch>, StoreError> {
        let failed = explain(&self.path, "look for batches");
        let mut find = self
            .connection
            .prepare_cached(
                r#"SELECT name, model, repeat, provider_id, requests, "when" FROM batches
                   WHERE model = ?1 AND state IN ('submitting', 'submitted') ORDER BY "when", name"#,
            )
            .map_err(&failed)?;
        let found = find
            .query_map([model], |row| {
                Ok(OpenBatch {
                    name: row.get(0)?,
                    model: row.get(1)?,
                    repeat: row.get(2)?,
                    provider_id: row.get(3)?,
                    requests: row.get::<_, i64>(4)?.cast_unsigned(),
                    when: row.get(5)?,
                })
            })
            .map_err(&failed)?;
        found.collect::<Result<_, _>>().map_err(&failed)
    }

    /// The requests of a batch.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn batch_requests(&self, name: &str) -> Result<HashSet<Hash>, StoreError> {
        self.hashes(
            "SELECT request_hash FROM batch_items WHERE batch = ?1",
            params![name],
        )
    }

    /// Requests that are in a batch that has not ended.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn under_way(&self, model: &str, repeat: u32) -> Result<HashSet<Hash>, StoreError> {
        self.hashes(UNDER_WAY, params![model, repeat])
    }

    /// The provider's names of all batches that this store knows, ended or not.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn known_batches(&self) -> Result<HashSet<String>, StoreError> {
        let failed = explain(&self.path, "look for batches");
        let mut find = self
            .connection
            .prepare_cached("SELECT provider_id FROM batches WHERE provider_id IS NOT NULL")
            .map_err(&failed)?;
        let found = find.query_map([], |row| row.get(0)).map_err(&failed)?;
        found.collect::<Result<_, _>>().map_err(&failed)
    }

    fn hashes(
        &self,
        query: &str,
        arguments: &[&dyn rusqlite::ToSql],
    ) -> Result<HashSet<Hash>, StoreError> {
        let failed = explain(&self.path, "look for the requests of batches");
        let mut find = self.connection.prepare_cached(query).map_err(&failed)?;
        let mut rows = find.query(arguments).map_err(&failed)?;
        let mut hashes = HashSet::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let hash: String = row.get(0).map_err(&failed)?;
            hashes.insert(
                Hash::parse(&hash)
                    .ok_or_else(|| unreadable(&self.path, "`request_hash`", &hash, "a batch"))?,
            );
        }
        Ok(hashes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_under_way_until_their_batch_ends() {
        let mut store = Store::in_memory().unwrap();
        let requests = [Hash::of(b"one"), Hash::of(b"two")];
        let batch = OpenBatch {
            name: "b1".to_owned(),
            model: "m".to_owned(),
            repeat: 1,
            provider_id: None,
            requests: 2,
            when: "2026-11-22T10:00:00Z".to_owned(),
        };
        store.begin_batch(&batch, &requests).unwrap();
        assert_eq!(
            store.open_batches("m").unwrap(),
            std::slice::from_ref(&batch)
        );
        assert_eq!(
            store.under_way("m", 1).unwrap(),
            HashSet::from(requests.clone())
        );
        assert!(store.under_way("m", 0).unwrap().is_empty());
        assert!(store.under_way("other", 1).unwrap().is_empty());
        store.batch_submitted("b1", "msgbatch_1").unwrap();
        let open = store.open_batches("m").unwrap();
        assert_eq!(open[0].provider_id.as_deref(), Some("msgbatch_1"));
        assert_eq!(store.batch_requests("b1").unwrap(), HashSet::from(requests));
        for state in [BatchState::Collected, BatchState::GivenUp] {
            store.set_batch_state("b1", state).unwrap();
            assert!(store.open_batches("m").unwrap().is_empty());
            assert!(store.under_way("m", 1).unwrap().is_empty());
        }
        assert_eq!(
            store.known_batches().unwrap(),
            HashSet::from(["msgbatch_1".to_owned()])
        );
    }
}
