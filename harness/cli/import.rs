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
