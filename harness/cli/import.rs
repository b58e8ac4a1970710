//! The command line of `validate import`. No behaviour.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `validate import`.
#[derive(Debug, Subcommand)]
pub enum From {
    /// Any folder of transcripts, such as an agent's own project folder; formats are told by content.
    Transcripts(FromPath),
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
