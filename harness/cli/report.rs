//! `validate report`.

use std::path::PathBuf;

use clap::Args;

use super::seed;

/// The appendix of the study, from recordings, raters and committed telemetry; nobody is asked and no store is read.
#[derive(Debug, Args)]
pub struct Report {
    /// Folder of a goldset; may be given several times [default: every folder of `goldsets/`].
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub goldset: Vec<PathBuf>,
    /// Folder that gets appendix.md, tables/ and figures/ [default: reports; none with `--publish`].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write nothing; exit 1 where a file or a quoted number is stale, missing or surplus.
    #[arg(long)]
    pub check: bool,
    /// For readers outside: leave out cells of few users, transcripts, rationales and ids.
    #[arg(long)]
    pub publish: bool,
    /// Users below which a cell is left out.
    #[arg(long, value_name = "N", default_value_t = 5, requires = "publish", value_parser = clap::value_parser!(u32).range(2..), allow_negative_numbers = true)]
    pub min_users: u32,
    /// Texts in which quoted numbers are kept up to date [default: README.md and every .md file below docs/].
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub text: Vec<PathBuf>,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
}
