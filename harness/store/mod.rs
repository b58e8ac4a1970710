//! The only SQLite code: answers as they came, what was read in them, and one durable row per question.
//!
//! `answers` keeps what a model said under the hash of the request; it is on the disk before anyone reads it. `rows` keeps
//! what became of each question about a session; `exchanges` what was
//! charged for. Nothing shown is stored: figures are computed from rows, and rows can be
//! computed again from answers. `schema` is the file's shape and its versions, `error` says what can go wrong and what to do,
//! `batches` says what is under way at a provider,
//! `asking` keeps two processes from paying for the same answer, `rescue` takes answers out of a damaged file, `summary` is what `validate doctor` prints.
//!
//! A commit returns when its pages are on the disk (`synchronous = FULL`), which costs one flush however many answers it
//! holds: callers hand over all that wait. Keys are never handed to this room; there is no column for them.

mod answers;
mod asking;
mod batches;
mod error;
mod exchanges;
mod rescue;
mod rows;
mod schema;
mod summary;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

pub use answers::AnswerKey;
pub use asking::Asking;
pub use batches::{BatchState, OpenBatch};
pub use error::StoreError;
pub use exchanges::{Charge, Received};
pub use rescue::Rescued;
pub use rows::{ReadLabel, Reading, Row, RowOutcome, RunKey};
pub use summary::{AnswerCount, Integrity, RowCount, Summary};

use error::explain;
use schema::{Identity, MIGRATIONS};

/// How long a handle waits for another one that is writing.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
/// Reading 5 KB answers at random through SQLite's default of 2 MB evicts inner pages of the index.
const CACHE_KIBIBYTES: i64 = 32 * 1024;

/// An open store. One handle belongs to one thread at a time; several handles, in one process or in many, share the file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens a store for reading and writing; makes the folder and the file where they are missing, and brings an older
    /// store up to this version.
    ///
    /// What was committed before a crash is there again. A file that is no store is not changed.
    ///
    /// # Errors
    /// Where the file is a folder, is not ours, is newer than this program, is damaged, or cannot be written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if path.is_dir() {
            return Err(StoreError::IsFolder(path.to_owned()));
        }
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        }
        // SQLite takes a file of one byte for an empty one and would write over it.
        if fs::metadata(path).is_ok_and(|file| file.len() == 1) {
            return Err(StoreError::Foreign {
                path: path.to_owned(),
                cause: "it is no SQLite database",
            });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut store = Self::connect(path, &absolute(path), flags)?;
        store.prepare()?;
        store.refuse_if_cut_off()?;
        store.leave_log_on_close(false)?;
        Ok(store)
    }

    /// Opens an existing store for reading; neither the file nor its folder has to be writable.
    ///
    /// # Errors
    /// Where there is no such file, and as [`Store::open`]; an older store is refused, because it cannot be brought up to
    /// this version.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        if path.is_dir() {
            return Err(StoreError::IsFolder(path.to_owned()));
        }
        if !path.exists() {
            return Err(StoreError::Absent(path.to_owned()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let opened = Self::connect(path, &absolute(path), flags)
            .and_then(|store| Ok((schema::identify(&store.connection, path)?, store)));
        let (identity, store) = match opened {
            // A folder that cannot be written has no place for the index of the write-ahead log. Without a log there is
            // nothing to index, and nobody who could write.
            Err(StoreError::NotWritable { .. }) if !has_log(path) => {
                let uri = format!("file:{}?immutable=1", percent_encoded(&absolute(path)));
                let flags = flags | OpenFlags::SQLITE_OPEN_URI;
                let store = Self::connect(path, Path::new(&uri), flags)?;
                (schema::identify(&store.connection, path)?, store)
            }
            opened => opened?,
        };
        match identity {
            Identity::Ours(version) if version == schema::newest(MIGRATIONS) => Ok(store),
            Identity::Ours(found) => Err(StoreError::Older {
                path: path.to_owned(),
                found,
                known: schema::newest(MIGRATIONS),
            }),
            Identity::Fresh => Err(StoreError::Absent(path.to_owned())),
        }
    }

    /// A store that ends with the process, for tests.
    ///
    /// # Errors
    /// Where memory runs out.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = PathBuf::from(":memory:");
        let connection =
            Connection::open_in_memory().map_err(explain(&path, "open the store in memory"))?;
        let mut store = Self { connection, path };
        store.settle()?;
        schema::migrate(&mut store.connection, &store.path, MIGRATIONS)?;
        Ok(store)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn connect(path: &Path, name: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let connection = Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(explain(path, "open it"))?;
        let store = Self {
            connection,
            path: path.to_owned(),
        };
        store.leave_log_on_close(true)?;
        store.settle()?;
        Ok(store)
    }

    /// SQLite moves the log into the file when the last handle closes: not in a file that is someone else's or damaged.
    fn leave_log_on_close(&self, leave: bool) -> Result<(), StoreError> {
        self.connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave)
            .map(drop)
            .map_err(explain(&self.path, "prepare the connection"))
    }

    /// What holds for every connection.
    fn settle(&self) -> Result<(), StoreError> {
        let failed = explain(&self.path, "prepare the connection");
        self.connection.busy_timeout(PATIENCE).map_err(&failed)?;
        for (pragma, value) in [
            ("foreign_keys", 1),
            ("trusted_schema", 0),
            // Find a page that makes no sense when it is read, not when it is used.
            ("cell_size_check", 1),
            ("cache_size", -CACHE_KIBIBYTES),
        ] {
            self.connection
                .pragma_update(None, pragma, value)
                .map_err(&failed)?;
        }
        Ok(())
    }

    /// Finds out whose file it is before anything is written to it.
    fn prepare(&mut self) -> Result<(), StoreError> {
        schema::identify(&self.connection, &self.path)?;
        let failed = explain(&self.path, "prepare it for writing");
        if self.connection.is_readonly("main").map_err(&failed)? {
            return Err(StoreError::NotWritable {
                path: self.path.clone(),
                cause: "the file is read-only",
            });
        }
        schema::migrate(&mut self.connection, &self.path, MIGRATIONS)?;
        self.log_ahead()?;
        for (pragma, value) in [
            ("synchronous", "FULL"),
            ("fullfsync", "ON"),
            ("checkpoint_fullfsync", "ON"),
        ] {
            self.connection
                .pragma_update(None, pragma, value)
                .map_err(&failed)?;
        }
        Ok(())
    }

    /// Switches to the write-ahead log. SQLite does not wait by itself here where another process opens the same new file.
    ///
    /// A file system without shared memory keeps the rollback journal: slower, as durable.
    fn log_ahead(&self) -> Result<(), StoreError> {
        let start = Instant::now();
        loop {
            let switched =
                self.connection
                    .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
            match switched {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && start.elapsed() < PATIENCE =>
                {
                    thread::sleep(BETWEEN_TRIES);
                }
                switched => return switched.map_err(explain(&self.path, "prepare it for writing")),
            }
        }
    }

    /// Refuses a file whose end is missing. SQLite itself notices a missing page, but reads a page that broke off as zeros.
    ///
    /// The file is never opened beside SQLite, only asked for its size: closing a second descriptor would give up every lock
    /// of this process.
    fn refuse_if_cut_off(&self) -> Result<(), StoreError> {
        let failed = explain(&self.path, "compare its size");
        let number = |pragma: &str| {
            self.connection
                .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
                .map_err(&failed)
        };
        // The order matters: pages that are counted here are in the log or in the file, and after a complete checkpoint in
        // the file, whatever others write meanwhile.
        let expected = number("page_count")? * number("page_size")?;
        let moved = self
            .connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                let (busy, logged, moved): (bool, i64, i64) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(!busy && logged == moved)
            });
        let complete = match moved {
            Ok(complete) => complete,
            // Pages that find no room stay in the log, where they are as safe.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => false,
            Err(error) => return Err(failed(error)),
        };
        let found = fs::metadata(&self.path).map_or(0, |file| file.len());
        match u64::try_from(expected) {
            Ok(expected) if complete && found < expected => Err(StoreError::Damaged {
                path: self.path.clone(),
                cause: format!("{} bytes are missing at its end", expected - found),
            }),
            _ => Ok(()),
        }
    }

    /// Runs `work` in one transaction that waits for its turn to write and is on the disk when this returns.
    fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&rusqlite::Transaction<'_>, &Path) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let failed = explain(&self.path, doing);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let done = work(&transaction, &self.path)?;
        transaction.commit().map_err(&failed)?;
        Ok(done)
    }
}

/// The path as SQLite may see it: one that starts with `file:` or reads `:memory:` means something else to it.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

fn percent_encoded(path: &Path) -> String {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(|&byte| match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02x}"),
        })
        .collect()
}
