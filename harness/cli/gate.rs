//! The command line of `validate gate`: names, help, defaults. No behaviour.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Asking, ROBUSTNESS_SESSIONS, seed};

/// `validate gate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 passed · 1 failed · 2 wrong usage or unusable input · 3 inconclusive, answers missing or baseline stale · 130 interrupted"
)]
pub struct Gate {
    /// Classifiers, separated by commas, or `all`.
    #[arg(long, value_name = "NAMES", default_value = "all")]
    pub classifier: String,
    /// Folder of the goldset.
    #[arg(long, value_name = "DIR", default_value = "goldsets/starter")]
    pub goldset: PathBuf,
    /// Folder with the transcripts, for goldsets that ship only labels.
    #[arg(long, value_name = "DIR")]
    pub sessions: Option<PathBuf>,
    /// Who is judged, of what is recorded or stored already: `recorded:NAME`, `rater:NAME` [default: the goldset's model, with
    /// the prompts as they are now].
    #[arg(long, value_name = "SPEC", conflicts_with = "model")]
    pub candidate: Option<String>,
    /// The model to ask, `anthropic:NAME` or `openai:NAME@http://HOST:PORT/v1`; its answers are judged and recorded.
    #[arg(long, value_name = "SPEC")]
    pub model: Option<String>,
    /// The rater that counts as gold [default: the goldset's].
    #[arg(long, value_name = "RATER")]
    pub against: Option<String>,
    /// What the candidate is compared with: a file or folder of approved labels, or `rater:NAME` or `recorded:NAME`
    /// [default: `reports/baseline/GOLDSET`].
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<String>,
    /// How much a candidate may lose [default: that of each classifier].
    #[arg(long, value_name = "D", allow_negative_numbers = true)]
    pub margin: Option<f64>,
    /// Make the candidate the baseline, and say what changed.
    #[arg(long)]
    pub accept: bool,
    /// End with 0 where the data are too few to decide. Missing answers and a stale baseline still end with 3.
    #[arg(long)]
    pub allow_inconclusive: bool,
    /// The file that keeps answers and rows.
    #[arg(long, value_name = "FILE", default_value = ".validate/store.db")]
    pub store: Option<PathBuf>,
    /// Judge too whether answers stand when requests are varied: planted instructions, labels in another order, other
    /// wording.
    #[arg(long)]
    pub robustness: bool,
    /// With `--robustness`: how many sessions are drawn by the seed.
    #[arg(long, value_name = "N", default_value_t = ROBUSTNESS_SESSIONS, requires = "robustness", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub robustness_sessions: u32,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = GateFormat::Table)]
    pub format: GateFormat,
    /// Write the output into this folder instead of stdout.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    // Last, because its heading would hold for all that follows.
    /// How a provider is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// Forms of the gate's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GateFormat {
    /// For people.
    Table,
    /// For a pull request.
    Markdown,
    /// For machines.
    Json,
    /// For CI systems.
    Junit,
}
