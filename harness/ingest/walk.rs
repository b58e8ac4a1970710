//! Files of the paths that a user names, in one order on every machine.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

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
pub fn files(paths: &[PathBuf]) -> Result<Vec<Found>, walkdir::Error> {
    let mut found = Vec::new();
    for path in paths {
        let named = !path.is_dir();
        for entry in WalkDir::new(path).sort_by_file_name() {
            let entry = entry?;
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

/// Hidden files of a folder (an editor's, a file system's) are nobody's transcripts, and what is no file (a pipe, a
/// socket) could be read for ever.
fn is_candidate(path: &Path, named: bool) -> bool {
    let is_hidden = || {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'))
    };
    named || path.is_file() && !is_hidden()
}
