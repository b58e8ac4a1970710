//! The command line: names, help, defaults. No behaviour.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Says whether an LLM classifier of agent sessions can be trusted.
#[derive(Debug, Parser)]
#[command(name = "validate", version, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Exit codes: 0 done · 1 judged and failed · 2 wrong usage or unusable input · 3 cannot decide · 130 interrupted"
)]
pub struct Cli {
    /// What to do; without a command the classifiers are validated.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The main job.
    #[command(flatten)]
    pub main: MainJob,
    /// Say more on stderr: unreadable lines, violators of checks, what was skipped.
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// Commands beside the main job.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What transcripts show, one row per session.
    Telemetry(Telemetry),
    /// The classifiers in `prompts/`.
    Prompts {
        /// What to do with them.
        #[command(subcommand)]
        command: Prompts,
    },
}

/// The main job: agreement of a rater with gold, reference and baselines, and telemetry checks.
#[derive(Debug, Args)]
pub struct MainJob {
    /// Classifiers, separated by commas, or `all`.
    #[arg(long, value_name = "NAMES")]
    pub classifier: Option<String>,
    /// Folder of the goldset.
    #[arg(long, value_name = "DIR", default_value = "goldsets/starter")]
    pub goldset: PathBuf,
    /// Folder with the transcripts, for goldsets that ship only labels.
    #[arg(long, value_name = "DIR")]
    pub sessions: Option<PathBuf>,
    /// Who is validated: `rater:NAME`, `baseline:majority`, `baseline:rules` [default: the goldset's].
    #[arg(long, value_name = "SPEC")]
    pub model: Option<String>,
    /// Who is compared as a reference, in the same form [default: the goldset's].
    #[arg(long, value_name = "SPEC")]
    pub reference: Option<String>,
    /// The rater that counts as gold [default: the goldset's].
    #[arg(long, value_name = "RATER")]
    pub against: Option<String>,
    /// Only the first N sessions of the goldset.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the output into this folder instead of stdout.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Forms of the main job's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For machines.
    Json,
    /// For a pull request or a report.
    Markdown,
}

/// `validate telemetry`.
#[derive(Debug, Args)]
pub struct Telemetry {
    /// Transcript files, or folders that are walked.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub format: RowFormat,
}

/// Forms of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// For people: the main columns.
    Table,
    /// All columns.
    Csv,
    /// A list of objects.
    Json,
    /// One object per line.
    Jsonl,
}

/// `validate prompts`.
#[derive(Debug, Subcommand)]
pub enum Prompts {
    /// All classifiers with their scale and labels.
    List,
    /// One classifier in full.
    Show {
        /// Its name.
        name: String,
    },
}
