//! Why a copy of the data set cannot be imported.

use std::io;
use std::path::PathBuf;

/// Why a copy of the data set cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum SweChatError {
    /// A file or folder cannot be read.
    #[error("failed to read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder has no table of sessions.
    #[error("`{}` has no sessions.parquet, nor shards of it\n\nhint: name the folder of the data set, in which sessions.parquet and transcripts/ lie", .0.display())]
    NoTables(PathBuf),
    /// A cache folder with several snapshots and no word which one counts.
    #[error("`{}` has {} snapshots\n\nhint: name one of them: {}", .folder.display(), .snapshots.len(), .snapshots.join(", "))]
    Snapshots {
        /// The folder.
        folder: PathBuf,
        /// Their names.
        snapshots: Vec<String>,
    },
    /// Shards of a table are missing.
    #[error("the table `{table}` in `{}` has {there} of {of} shards\n\nhint: download the missing ones; a part of a table is not imported", .folder.display())]
    Shards {
        /// The table.
        table: &'static str,
        /// Where it is.
        folder: PathBuf,
        /// Shards that are there.
        there: usize,
        /// Shards that their names announce.
        of: usize,
    },
    /// A table is there twice.
    #[error("the table `{table}` is there more than once: `{}` and `{}`\n\nhint: keep one copy, or name the folder that holds only one", .first.display(), .second.display())]
    Twice {
        /// The table.
        table: &'static str,
        /// One copy.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// A download that left pointers instead of files.
    #[error("`{}` is a pointer to a file, not the file\n\nhint: run `git lfs pull` in that folder", .0.display())]
    Pointer(PathBuf),
    /// A file with the ending of a parquet file that is none.
    #[error("`{}` is no parquet file\n\nhint: download it again; access to the data set has to be granted first", .0.display())]
    NoParquet(PathBuf),
    /// A parquet file that cannot be read to its end.
    #[error("`{}` is damaged or cut off: {reason}\n\nhint: download it again", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What its reader says.
        reason: String,
    },
    /// Columns without which a table is of no use are missing.
    #[error("`{}` lacks `{missing}`\n\nhint: it has {found}; a release that renamed columns needs a newer validate, an older file the published columns", .path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// What is missing.
        missing: String,
        /// What is there.
        found: String,
    },
    /// A column is of another type.
    #[error("`{}`: the column `{column}` is {found}, {wanted} were expected\n\nhint: convert the column, or take the published file", .path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// What is needed.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// Parts of the folder are of different revisions.
    #[error("the files in `{}` are of different revisions: {}\n\nhint: download one revision whole, or name the one that counts with --revision", .folder.display(), .revisions.join(", "))]
    Mixed {
        /// The folder.
        folder: PathBuf,
        /// What was found.
        revisions: Vec<String>,
    },
    /// The revision that was given is not the one that the folder shows.
    #[error(
        "--revision says `{given}`, the folder is of revision `{found}`\n\nhint: leave --revision out, or name the folder of that revision"
    )]
    OtherRevision {
        /// From the command line.
        given: String,
        /// From the folder.
        found: String,
    },
    /// The revision that was given is none.
    #[error(
        "`{0}` is no revision\n\nhint: give the commit of the data set, such as f66cca95, or a tag"
    )]
    NoRevision(String),
}
