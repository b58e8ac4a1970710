//! Takes the answers out of a damaged store: they were paid for.
//!
//! SQLite refuses a table as soon as one page of it makes no sense. Answers are numbered, so each can be asked for by itself;
//! those whose pages are whole come out, and the hash of the text tells which those are. Batches that a provider still has come along:
//! their answers are paid for too. Rows are not taken: they are read from the answers again.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::domain::answer::RawAnswer;
use crate::domain::request::Hash;

use super::answers::{AnswerKey, StoredAnswer};
use super::error::{StoreError, explain};
use super::schema::{Identity, identify};
use super::{Store, absolute, batches, exchanges};

/// What came out of a damaged store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// Where the damaged file is now, as it was.
    pub moved_to: PathBuf,
    /// How many answers are in the new store.
    pub answers: usize,
}

/// Two hashes of 64 digits and a few columns: no answer takes less.
const SMALLEST_ANSWER_BYTES: u64 = 128;
const TOGETHER: usize = 500;

/// A store of the first version has no `{HOUR}`.
const BY_NUMBER: &str = r#"
SELECT text, text_sha256, stop, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, "when", obtained,
       {HOUR}, request_hash, model, repeat
FROM answers WHERE id = ?1"#;

impl Store {
    /// Moves a damaged store aside and makes a new one in its place with every answer that is still whole, and with the
    /// batches that have not ended.
    ///
    /// Nobody else may have the store open.
    ///
    /// # Errors
    /// Where the file does not even tell that it is a store (it is left as it is then), cannot be moved, or the new one cannot
    /// be written.
    pub fn rescue(path: &Path) -> Result<(Self, Rescued), StoreError> {
        Damaged::open(path)?;
        let moved_to = unused(path);
        let renamed = |source| StoreError::Folder {
            path: moved_to.clone(),
            source,
        };
        // The log goes first: beside a new file it would be taken for the new file's.
        for ending in ["-wal", "-shm", ""] {
            let old = beside(path, ending);
            if old.exists() {
                fs::rename(old, beside(&moved_to, ending)).map_err(renamed)?;
            }
        }
        let damaged = Damaged::open(&moved_to)?;
        let mut store = Self::open(path)?;
        let mut answers = 0;
        let mut waiting = Vec::new();
        for number in 1..=damaged.most_answers() {
            waiting.extend(damaged.answer(number));
            if waiting.len() == TOGETHER {
                answers += store.keep_answers(&waiting)?;
                waiting.clear();
            }
        }
        answers += store.keep_answers(&waiting)?;
        let exchanges: Vec<_> = (1..=damaged.most_answers())
            .filter_map(|number| exchanges::by_number(&damaged.connection, number))
            .collect();
        store.keep_exchanges(&exchanges)?;
        for (batch, requests) in batches::left_open(&damaged.connection) {
            store.begin_batch(&batch, &requests)?;
            if let Some(id) = &batch.provider_id {
                store.batch_submitted(&batch.name, id)?;
            }
        }
        Ok((store, Rescued { moved_to, answers }))
    }
}

/// A store that is read as far as that goes.
struct Damaged {
    connection: Connection,
    by_number: String,
    path: PathBuf,
}

impl Damaged {
    fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::Absent(path.to_owned()));
        }
        // The log can only be read by someone who may write its index.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let failed = explain(path, "read what is left of it");
        let connection =
            Connection::open_with_flags(absolute(path), flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                .map_err(&failed)?;
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(&failed)?;
        for (pragma, value) in [
            // First of all: without this SQLite does not open a file that is shorter than it should be.
            ("writable_schema", 1),
            ("query_only", 1),
            ("wal_autocheckpoint", 0),
            ("trusted_schema", 0),
            ("cell_size_check", 1),
        ] {
            connection
                .pragma_update(None, pragma, value)
                .map_err(&failed)?;
        }
        let hour = match identify(&connection, path)? {
            Identity::Ours(1) => "0",
            Identity::Ours(_) | Identity::Fresh => "cache_write_1h_tokens",
        };
        Ok(Self {
            by_number: BY_NUMBER.replace("{HOUR}", hour),
            connection,
            path: path.to_owned(),
        })
    }

    fn most_answers(&self) -> u64 {
        ["", "-wal"]
            .iter()
            .filter_map(|ending| fs::metadata(beside(&self.path, ending)).ok())
            .map(|file| file.len() / SMALLEST_ANSWER_BYTES)
            .sum()
    }

    /// The answer of this number; `None` where there is none, or not in one piece.
    fn answer(&self, number: u64) -> Option<(AnswerKey, RawAnswer)> {
        let mut find = self.connection.prepare_cached(&self.by_number).ok()?;
        let (found, request, model, repeat) = find
            .query_row([number.cast_signed()], |row| {
                let found = StoredAnswer::read(row)?;
                Ok((found, row.get::<_, String>(10)?, row.get(11)?, row.get(12)?))
            })
            .ok()?;
        let request = Hash::parse(&request)?;
        let answer = found.checked(&self.path, &request).ok()?;
        let key = AnswerKey {
            request,
            model,
            repeat,
        };
        Some((key, answer))
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn unused(path: &Path) -> PathBuf {
    (1_u32..)
        .map(|number| beside(path, &format!(".damaged-{number}")))
        .find(|name| !name.exists())
        .expect("a folder holds fewer files than there are numbers")
}
