//! What can go wrong with a store, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::domain::request::Hash;

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made, or a damaged file cannot be moved.
    #[error("failed to make `{}` for the store: {source}\n\nhint: give another file with `--store FILE`", .path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a folder where the file should be.
    #[error("the store `{}` is a folder\n\nhint: `--store` takes a file, such as `{}`", .0.display(), .0.join("store.db").display())]
    IsFolder(PathBuf),
    /// There is no store yet.
    #[error("there is no store `{}`\n\nhint: the first run that asks a model or reads recorded answers makes it; `--store FILE` names another", .0.display())]
    Absent(PathBuf),
    /// The file or its folder cannot be written.
    #[error("the store `{}` cannot be used: {cause}\n\nhint: give yourself the right to write the file and its folder, or give another file with `--store FILE`", .path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: &'static str,
    },
    /// The file belongs to someone else.
    #[error("`{}` is no store of answers: {cause}\n\nhint: give another file with `--store FILE`; this one was not changed. If it was a store once, move it away: recorded answers are read from the goldset again", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How it shows.
        cause: &'static str,
    },
    /// The file was written by a newer program.
    #[error("the store `{}` has schema version {found}, and this program knows versions up to {known}\n\nhint: use the program that wrote it or a newer one, or give another file with `--store FILE`; this one was not changed", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The file was written by an older program and is opened for reading.
    #[error("the store `{}` has schema version {found}, and this program reads version {known}\n\nhint: any run with this store brings it up to date", .path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is read.
        known: u32,
    },
    /// The file is not as SQLite left it.
    #[error("the store `{}` is damaged: {cause}\n\nhint: `validate doctor --store {} --rescue` moves the file away and makes a new one with every answer that is still whole; then run the same command again: recorded answers are read from the goldset again, only answers that are lost and were never recorded are asked anew", .path.display(), .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it shows.
        cause: String,
    },
    /// Another process has been writing for too long.
    #[error("the store `{}` has been busy for 10 seconds\n\nhint: another process is writing to it; wait until it is done, and run the same command again", .0.display())]
    Busy(PathBuf),
    /// There is no room left.
    #[error("the disk is full: the store `{}` takes no further answers\n\nhint: make room and run the same command again; what was stored is kept, and only what is missing is asked", .0.display())]
    Full(PathBuf),
    /// A row was to be kept before its answer.
    #[error("the answer to request {} of `{model}`, repeat {repeat}, is not stored, so what was read in it about session `{session_id}` for `{classifier}` is not kept\n\nhint: this is a defect of the program: answers are stored before they are read", .request.short())]
    NoAnswer {
        /// The request.
        request: Hash,
        /// Who was asked.
        model: String,
        /// Which time.
        repeat: u32,
        /// About which session.
        session_id: String,
        /// For which classifier.
        classifier: String,
    },
    /// The file that says who is asking cannot be used.
    #[error("failed to lock `{}`: {source}\n\nhint: give a store on a file system with locks, with `--store FILE`", .path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Anything else that SQLite says.
    #[error("failed to {doing}, the store `{}`: {source}\n\nhint: run the same command again; what was stored is kept", .path.display())]
    Sql {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// Turns what SQLite says into what it means for this file.
pub(super) fn explain(
    path: &Path,
    doing: &'static str,
) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| {
        let path = path.clone();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
                path,
                cause: "its pages do not fit together".to_owned(),
            },
            Some(ErrorCode::NotADatabase) => StoreError::Foreign {
                path,
                cause: "it is no SQLite database",
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(path),
            Some(ErrorCode::DiskFull) => StoreError::Full(path),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::NotWritable {
                path,
                cause: "the file or its folder is read-only",
            },
            Some(ErrorCode::CannotOpen) => StoreError::NotWritable {
                path,
                cause: "the file or one beside it cannot be opened",
            },
            // The schema is strict, so a value of another type or text that is no text was not written by us.
            None if is_unreadable(&source) => StoreError::Damaged {
                path,
                cause: source.to_string().to_lowercase(),
            },
            _ => StoreError::Sql {
                path,
                doing,
                source,
            },
        }
    }
}

fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

/// A stored value that this program cannot have written.
pub(super) fn unreadable(path: &Path, what: &str, value: &str, place: &str) -> StoreError {
    let shown: String = value.chars().take(40).collect();
    StoreError::Damaged {
        path: path.to_owned(),
        cause: format!("{what} of {place} reads {shown:?}"),
    }
}
