//! One process at a time asks a model, so that two on one store do not pay twice.
//!
//! Whoever has nothing to ask needs no turn. Whoever waited looks into the store once more: the other one's answers are there.
//! The turn is a lock of the operating system on a file beside the store. It ends with its holder, however that ends; a row
//! in the database would need a clock and a guess at who is still alive.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::domain::request::Hash;

use super::Store;
use super::error::StoreError;

/// The turn to ask a model, until this is dropped or the process ends.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub struct Asking {
    _lock: Option<File>,
}

impl Store {
    /// Takes the turn to ask a model; `None` while someone else has it.
    ///
    /// # Errors
    /// Where the lock file cannot be made or the file system knows no locks.
    pub fn try_asking(&self, model: &str) -> Result<Option<Asking>, StoreError> {
        let Some((path, file)) = self.lock_file(model)? else {
            return Ok(Some(Asking { _lock: None }));
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Asking { _lock: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StoreError::Lock { path, source }),
        }
    }

    /// Takes the turn to ask a model, and waits for it as long as someone else has it.
    ///
    /// # Errors
    /// As [`Store::try_asking`].
    pub fn wait_to_ask(&self, model: &str) -> Result<Asking, StoreError> {
        let Some((path, file)) = self.lock_file(model)? else {
            return Ok(Asking { _lock: None });
        };
        match file.lock() {
            Ok(()) => Ok(Asking { _lock: Some(file) }),
            Err(source) => Err(StoreError::Lock { path, source }),
        }
    }

    /// `None` for a store in memory, which nobody shares.
    fn lock_file(&self, model: &str) -> Result<Option<(PathBuf, File)>, StoreError> {
        if self.path == Path::new(":memory:") {
            return Ok(None);
        }
        // Never removed: a lock on a file that has lost its name keeps nobody out.
        let mut path = OsString::from(&self.path);
        path.push(format!("-asking-{}", Hash::of(model.as_bytes()).short()));
        let path = PathBuf::from(path);
        match File::options().create(true).append(true).open(&path) {
            Ok(file) => Ok(Some((path, file))),
            Err(source) => Err(StoreError::Lock { path, source }),
        }
    }
}
