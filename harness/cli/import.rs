//! The command line of `validate import`. No behaviour.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `validate import`.
#[derive(Debug, Subcommand)]
pub enum From {
    /// Any folder of transcripts, such as an agent's own project folder; formats are told by content.
    Transcripts(FromPath),
    /// The data set SWE-chat: the folder with its parquet tables and `transcripts/`.
    SweChat(FromSweChat),
    /// A git repository in which the Entire CLI keeps checkpoints of sessions, with the commits that name them.
    Entire(FromRepository),
}

/// A repository with checkpoints, and the goldset they go to.
#[derive(Debug, Args)]
pub struct FromRepository {
    /// The repository: a clone, or a bare one. Nothing is fetched.
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// Folder of the goldset; made if it is not there. One that is there gets only what is new.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The repository's name in `sessions.csv` [default: the last two parts of origin's address, else the folder's name].
    #[arg(long, value_name = "NAME")]
    pub repo: Option<String>,
    /// The licence of the transcripts.
    #[arg(long, value_name = "LICENCE", default_value = "unknown")]
    pub licence: String,
    /// Who held all of these sessions [default: a hash of the author of their commits].
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Text that is hashed with authors' addresses: with the same text a person is the same in every repository, and only
    /// who knows it can try addresses [default: the repository's name].
    #[arg(long, value_name = "TEXT")]
    pub salt: Option<String>,
}

/// Where sessions come from, and the goldset they go to.
#[derive(Debug, Args)]
pub struct FromPath {
    /// What is imported.
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// Folder of the goldset; made if it is not there. One that is there gets only what is new.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// `validate import swe-chat`.
#[derive(Debug, Args)]
pub struct FromSweChat {
    /// Source and goldset.
    #[command(flatten)]
    pub path: FromPath,
    /// Revision of the data set; found by itself in a download cache, a download's metadata or a clone.
    #[arg(long, value_name = "REV")]
    pub revision: Option<String>,
    /// Keep the sessions that a program started (dayhaysoos/nimbus), which the data set's authors leave out.
    #[arg(long)]
    pub keep_machine_generated: bool,
    /// Keep both records where one agent session stands under two dates.
    #[arg(long)]
    pub keep_duplicates: bool,
}
