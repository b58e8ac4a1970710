//! The command line: names, help, defaults. No behaviour.

use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub mod gate;
pub mod import;
pub mod report;
pub mod stats;

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
    // Ahead of the main job, whose heading for options of asking would hold for all that follows, here and in commands.
    /// Say more on stderr: lines and answers that could not be read, and why.
    #[arg(short, long, global = true, display_order = 900)]
    pub verbose: bool,
    /// The main job.
    #[command(flatten)]
    pub main: MainJob,
}

/// Commands beside the main job.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What transcripts show, one row per session.
    Telemetry(Telemetry),
    /// Sessions from elsewhere into a goldset.
    Import {
        /// What kind of source.
        #[command(subcommand)]
        from: import::From,
    },
    /// The statistics on any CSV file.
    Stats {
        /// What is asked.
        #[command(subcommand)]
        kind: Box<stats::Stats>,
    },
    /// The appendix of the study: validation tables and figures of every goldset.
    Report(report::Report),
    /// Requests to models as files: out to any engine, and its answers back.
    Requests {
        /// What to do with them.
        #[command(subcommand)]
        command: Requests,
    },
    /// The classifiers in `prompts/`.
    Prompts {
        /// What to do with them.
        #[command(subcommand)]
        command: Prompts,
    },
    /// May changed prompts replace the approved ones? A verdict per classifier.
    Gate(Box<gate::Gate>),
    /// A script that completes commands and options in a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// What there is to work with: store, prompts, goldsets, keys; and what is broken.
    Doctor(Doctor),
}

impl Cli {
    /// The command line as it is described to shells.
    #[must_use]
    pub fn described() -> clap::Command {
        Self::command()
    }
}

/// Shells that complete commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bourne again.
    Bash,
    /// Elvish.
    Elvish,
    /// Friendly interactive.
    Fish,
    /// PowerShell.
    Powershell,
    /// Z.
    Zsh,
}

/// `validate doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The file that keeps answers and rows.
    #[arg(long, value_name = "FILE", default_value = ".validate/store.db")]
    pub store: PathBuf,
    /// Move a damaged store aside and make a new one with every answer that is still whole. Nobody else may use it.
    #[arg(long)]
    pub rescue: bool,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = DoctorFormat::Table)]
    pub format: DoctorFormat,
}

/// Forms of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people.
    Table,
    /// For machines.
    Json,
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
    /// Who is validated: `anthropic:NAME` or `openai:NAME@http://HOST:PORT/v1` (a model that is asked), `recorded:NAME`
    /// (answers kept in the goldset), `rater:NAME`, `baseline:majority`, `baseline:rules` [default: the goldset's].
    #[arg(long, value_name = "SPEC")]
    pub model: Option<String>,
    /// Who is compared as a reference, in the same form [default: the goldset's].
    #[arg(long, value_name = "SPEC")]
    pub reference: Option<String>,
    /// The rater that counts as gold [default: the goldset's].
    #[arg(long, value_name = "RATER")]
    pub against: Option<String>,
    /// Only the first N sessions of the goldset.
    #[arg(long, value_name = "N", value_parser = RangedI64ValueParser::<usize>::new().range(0..), allow_negative_numbers = true)]
    pub limit: Option<usize>,
    /// The file that keeps answers and rows.
    #[arg(long, value_name = "FILE", default_value = ".validate/store.db")]
    pub store: Option<PathBuf>,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the output into this folder instead of stdout.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    // Last, because its heading would hold for all that follows.
    /// How a provider is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// How a provider is asked.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Asking a provider")]
pub struct Asking {
    /// Ask nobody: only answers that are stored or recorded count.
    #[arg(long)]
    pub offline: bool,
    /// Say what would be asked and what it would cost; send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Ask each request N times, which tells how reliable the answers are.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100), allow_negative_numbers = true)]
    pub repeat: u32,
    /// Ask through the provider's batches: half the price, for answers within a day. A run that was ended goes on with them.
    #[arg(long)]
    pub batch: bool,
    /// Submit batches, keep the results of those that have ended, and do not wait for the others.
    #[arg(long, requires = "batch")]
    pub no_wait: bool,
    /// Seconds between two looks at a batch.
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "batch",
        hide = true,
        allow_negative_numbers = true
    )]
    pub poll_seconds: Option<f64>,
    /// Requests of one batch at most.
    #[arg(long, value_name = "N", requires = "batch", hide = true, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub batch_requests: Option<u32>,
    /// Stop before more than this is spent.
    #[arg(long, value_name = "USD", value_parser = dollars, allow_negative_numbers = true)]
    pub max_cost: Option<f64>,
    /// Requests on their way at most; fewer where the provider says so.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000), allow_negative_numbers = true)]
    pub concurrency: u32,
    /// Keep the answers as recordings of the goldset too, under the model's name.
    #[arg(long)]
    pub record: bool,
    /// How long one request may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = RangedI64ValueParser::<u64>::new().range(1..=86_400), allow_negative_numbers = true)]
    pub timeout: u64,
    /// How often one request is sent where that can help.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10), allow_negative_numbers = true)]
    pub attempts: u32,
    /// Tokens of an answer at most [default: the model's].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub max_tokens: Option<u32>,
    /// Do not ask once more for an answer that cannot be read.
    #[arg(long)]
    pub no_repair: bool,
    /// Ask again what a provider refused for good in an earlier run.
    #[arg(long)]
    pub retry_errors: bool,
    /// Prices of models that the table of this program lacks, or other prices.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
}

/// Reads a seed. Clap's own message for a negative one speaks of digits.
fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("it is not in 0..={}", u64::MAX))
}

/// Reads an amount of money.
fn dollars(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|dollars: &f64| dollars.is_finite() && 0.0 <= *dollars)
        .ok_or_else(|| "it is no amount: give US dollars from 0 on, such as 2.50".to_owned())
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
#[command(group = clap::ArgGroup::new("beside").args(["otlp", "entire"]).multiple(true))]
pub struct Telemetry {
    /// Transcript files, or folders that are walked.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What Claude Code exported over OpenTelemetry, as JSON lines of the collector's file exporter: adds `otlp_…` columns.
    /// Once for each file, where metrics and events or rotated files stand apart.
    #[arg(long, value_name = "FILE")]
    pub otlp: Vec<PathBuf>,
    /// What the Entire CLI kept of the sessions: the checkpoints.csv of an imported goldset, a session's metadata.json, a
    /// .checkpoints.json, or a folder with some of them; adds `entire_…` columns.
    #[arg(long, value_name = "PATH")]
    pub entire: Option<PathBuf>,
    /// Hold lines of the sources against each other; as a table or JSON only.
    #[arg(long, requires = "beside")]
    pub reconcile: bool,
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
    /// How an edit of prompts changes requests, and how many of a goldset's requests it leaves without a recorded answer.
    Diff(PromptsDiff),
    /// What is wrong with prompts before any model is asked: labels, variables, quotes of gold sessions, budget, cache.
    Lint(PromptsLint),
    /// The request about one session, as a model gets it.
    Render {
        /// The classifier.
        name: String,
        /// A transcript file, or the id of a session of the goldset.
        session: String,
        /// Folder of the goldset in which the id is looked for.
        #[arg(long, value_name = "DIR", default_value = "goldsets/starter")]
        goldset: PathBuf,
        /// Folder with the transcripts, for goldsets that ship only labels.
        #[arg(long, value_name = "DIR")]
        sessions: Option<PathBuf>,
        /// `text` to read; `json` gives the bytes whose SHA-256 is the request hash.
        #[arg(long, value_enum, default_value_t = RequestFormat::Text)]
        format: RequestFormat,
    },
}

/// `validate prompts lint`.
#[derive(Debug, Args)]
pub struct PromptsLint {
    /// Classifiers, separated by commas, or `all`.
    #[arg(value_name = "NAMES", default_value = "all")]
    pub names: String,
    /// Folder of the goldset whose sessions and reasons no prompt may quote.
    #[arg(long, value_name = "DIR", default_value = "goldsets/starter")]
    pub goldset: PathBuf,
    /// Folder with the transcripts, for goldsets that ship only labels.
    #[arg(long, value_name = "DIR")]
    pub sessions: Option<PathBuf>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = DoctorFormat::Table)]
    pub format: DoctorFormat,
}

/// `validate prompts diff`.
#[derive(Debug, Args)]
pub struct PromptsDiff {
    /// Classifiers, separated by commas, or `all`.
    #[arg(value_name = "NAME", default_value = "all")]
    pub names: String,
    /// What the prompts were before: a git revision, or a folder with the prompts or with `prompts/` in it.
    #[arg(long, value_name = "GITREF|DIR", default_value = "HEAD")]
    pub against: String,
    /// Show how the view of this session changes too: a transcript file, or the id of a session of the goldset.
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Folder of the goldset whose requests are counted.
    #[arg(long, value_name = "DIR", default_value = "goldsets/starter")]
    pub goldset: PathBuf,
    /// Folder with the transcripts, for goldsets that ship only labels.
    #[arg(long, value_name = "DIR")]
    pub sessions: Option<PathBuf>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = DoctorFormat::Table)]
    pub format: DoctorFormat,
}

/// Forms of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RequestFormat {
    /// To read.
    Text,
    /// The canonical bytes.
    Json,
}

/// `validate requests`.
#[derive(Debug, Subcommand)]
pub enum Requests {
    /// Writes the requests of a goldset as files, for any engine that answers them.
    Export(Export),
    /// Reads answers to exported requests and keeps them, as recordings of the goldset or in a store.
    Import(Import),
}

/// `validate requests export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Form of the lines.
    #[arg(long, value_enum, default_value_t = BatchFormat::Lines)]
    pub format: BatchFormat,
    /// Whose requests they are: `anthropic:NAME` or `openai:NAME`. No key is needed, and none is written.
    #[arg(long, value_name = "SPEC")]
    pub model: Option<String>,
    /// Classifiers, separated by commas, or `all`.
    #[arg(long, value_name = "NAMES", default_value = "all")]
    pub classifier: String,
    /// Folder of the goldset.
    #[arg(long, value_name = "DIR", default_value = "goldsets/starter")]
    pub goldset: PathBuf,
    /// Folder with the transcripts, for goldsets that ship only labels.
    #[arg(long, value_name = "DIR")]
    pub sessions: Option<PathBuf>,
    /// Leave out what this model has answered already, by its recordings.
    #[arg(long, value_name = "NAME")]
    pub missing: Option<String>,
    /// Leave out what this store has of the model already.
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// Which time the requests are asked, from 0: an answer of each time is kept.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    pub repeat: u32,
    /// Only the first N sessions that lack an answer; the next export goes on behind them once answers are imported.
    #[arg(long, value_name = "N", value_parser = RangedI64ValueParser::<u64>::new().range(1..), allow_negative_numbers = true)]
    pub wave: Option<u64>,
    /// The file to write; `requests.jsonl` becomes `requests-001.jsonl` and so on where one batch cannot hold all.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// At most this many requests in a file, if that is less than the vendor's limit.
    #[arg(long, value_name = "N", value_parser = RangedI64ValueParser::<u64>::new().range(1..), allow_negative_numbers = true)]
    pub part_requests: Option<u64>,
    /// At most this many bytes in a file, if that is less than the vendor's limit.
    #[arg(long, value_name = "N", value_parser = RangedI64ValueParser::<u64>::new().range(1..), allow_negative_numbers = true)]
    pub part_bytes: Option<u64>,
    /// Varied requests in their place.
    #[command(flatten)]
    pub varied: Varied,
    /// With `--robustness`: how many sessions are drawn by the seed.
    #[arg(long, value_name = "N", default_value_t = ROBUSTNESS_SESSIONS, requires = "robustness", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub robustness_sessions: u32,
}

/// Sessions that a look at robustness draws, unless it is told otherwise: without a flip, their users are just enough for a
/// ceiling of 10%.
pub const ROBUSTNESS_SESSIONS: u32 = 30;

/// Requests changed so that the right answer stays the same.
#[derive(Debug, Args)]
pub struct Varied {
    /// The varied requests of `validate gate --robustness`: planted instructions, labels in another order, other wording.
    #[arg(long)]
    pub robustness: bool,
    /// Seed of what is planted where.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "robustness", value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
}

/// Forms of exported requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BatchFormat {
    /// Our own: the hash, the session, the classifier and the request's four texts.
    Lines,
    /// Anthropic Message Batches, one {"custom_id", "params"} a line: the items of the list {"requests": […]}.
    Anthropic,
    /// OpenAI batches, one {"custom_id", "method", "url", "body"} a line; vLLM and others read them too.
    Openai,
}

/// `validate requests import`.
#[derive(Debug, Args)]
pub struct Import {
    /// Files with answers, one JSON object a line, in any order: results of either vendor's batches or of an engine that
    /// writes them, or `request_hash` and `text`, and `stop` and `usage` where known.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Folder of the goldset.
    #[arg(long, value_name = "DIR", default_value = "goldsets/starter")]
    pub goldset: PathBuf,
    /// Folder with the transcripts, for goldsets that ship only labels.
    #[arg(long, value_name = "DIR")]
    pub sessions: Option<PathBuf>,
    /// The name under which recordings are kept; with `--store` the SPEC that was asked, `anthropic:NAME` or `openai:NAME`.
    #[arg(long, value_name = "NAME")]
    pub model: String,
    /// How they were obtained [default: `batch` for results of a vendor's form, `batch by hand` for our own lines].
    #[arg(long, value_name = "WORDS")]
    pub obtained: Option<String>,
    /// The model's family, if known.
    #[arg(long, value_name = "FAMILY")]
    pub family: Option<String>,
    /// The day on which they were obtained.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub when: String,
    /// Which time the requests were asked, from 0, as they were exported.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    pub repeat: u32,
    /// Keep the answers in this store instead of the goldset's recordings.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["replace", "family"])]
    pub store: Option<PathBuf>,
    /// Put answers that differ from recordings in their place.
    #[arg(long)]
    pub replace: bool,
    /// Keep the good answers of files with lines that cannot be used.
    #[arg(long)]
    pub keep_going: bool,
    /// Varied requests are known too.
    #[command(flatten)]
    pub varied: Varied,
}
