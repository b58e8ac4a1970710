//! Files of the paths that a user names, in one order on every machine.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// A path that cannot be walked.
#[derive(Debug, thiserror::Error)]
#[error("failed to read `{}`: {cause}", .path.display())]
pub struct WalkError {
    path: PathBuf,
    cause: String,
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// True if the user named it, false if it was found in a folder.
    pub named: bool,
}

/// All files of `paths`: those named, and those of folders down to any depth, sorted within each.
///
/// Symbolic links to folders are not followed, so that a loop cannot hang the walk.
///
/// # Errors
/// The first path that does not exist or cannot be listed.
pub fn files(paths: &[PathBuf]) -> Result<Vec<Found>, WalkError> {
    let mut found = Vec::new();
    for path in paths {
        let named = !path.is_dir();
        let entries = WalkDir::new(path)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.path()));
        for entry in entries {
            let entry = entry.map_err(|error| WalkError {
                path: error.path().unwrap_or(path).to_owned(),
                cause: error
                    .io_error()
                    .map_or_else(|| "a loop of links".to_owned(), ToString::to_string),
            })?;
            if !is_candidate(entry.path(), named) {
                continue;
            }
            found.push(Found {
                path: entry.into_path(),
                named,
            });
        }
    }
    Ok(found)
}

/// What is no file (a pipe, a socket) could be read for ever.
fn is_candidate(path: &Path, named: bool) -> bool {
    named || path.is_file()
}

/// Hidden files and folders (an editor's, a version control's) hold nobody's transcripts.
fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
