//! The command line of `validate stats`: names, help, defaults. No behaviour.

use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::seed;

/// `validate stats`.
#[derive(Debug, Subcommand)]
pub enum Stats {
    /// Agreement of raters: kappa, pi, AC1, alpha, F1 and more, with errors; for numbers ICC, concordance, Bland-Altman.
    Agree(Agree),
    /// Two candidates against the same gold: is the new one better, or worse by more than a margin?
    Compare(Compare),
    /// How common a class is, from many predictions and some gold labels.
    Prevalence(Prevalence),
    /// Do values rise or fall across ordered groups?
    Trend(Trend),
    /// Do stated probabilities come true?
    Calibration(Calibration),
    /// Linear (probability) model with absorbed effects and clustered errors.
    Regress(Regress),
    /// How many items a study needs.
    Power {
        /// What it is for.
        #[command(subcommand)]
        aim: Power,
    },
    /// May a model stand in for a human rater? (Calderon 2025)
    AltTest(AltTest),
    /// P-values adjusted for the number of tests.
    Adjust(Adjust),
}

/// What every kind takes.
#[derive(Debug, Args)]
pub struct StatsInput {
    /// A CSV file whose first line names its columns; `-` reads stdin. Empty cells are missing, labels are byte-exact.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: StatsCommon,
}

/// What every kind takes beside the file.
#[derive(Debug, Args)]
pub struct StatsCommon {
    /// Confidence level of intervals.
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.95,
        allow_negative_numbers = true
    )]
    pub confidence: f64,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Intervals from N resamples of items, or of clusters where there are some.
    #[arg(long, value_name = "N", value_parser = RangedI64ValueParser::<usize>::new().range(0..), allow_negative_numbers = true)]
    pub bootstrap: Option<usize>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = StatsFormat::Table)]
    pub format: StatsFormat,
}

/// Forms of statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatsFormat {
    /// For people.
    Table,
    /// Full precision, one object.
    Json,
}

/// Scales of ratings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RatingScale {
    /// Labels without order.
    Nominal,
    /// Labels in order.
    Ordinal,
    /// Numbers whose differences mean something.
    Interval,
    /// Numbers that are not negative and whose ratios mean something.
    Ratio,
}

/// `validate stats agree`.
#[derive(Debug, Args)]
pub struct Agree {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: StatsInput,
    /// Column of the gold standard or first rater (rows of the table).
    #[arg(
        long,
        value_name = "COL",
        requires = "b",
        required_unless_present = "raters"
    )]
    pub a: Option<String>,
    /// Column of the candidate or second rater (columns of the table).
    #[arg(long, value_name = "COL", requires = "a")]
    pub b: Option<String>,
    /// Columns of two or more raters of equal standing, separated by commas.
    #[arg(long, value_name = "COLS", conflicts_with_all = ["a", "b"])]
    pub raters: Option<String>,
    /// What the ratings are.
    #[arg(long, value_enum, default_value_t = RatingScale::Nominal)]
    pub scale: RatingScale,
    /// All categories in their order, separated by commas; any other label is an error [default: those that occur].
    #[arg(long, value_name = "LABELS")]
    pub categories: Option<String>,
    /// Column of the user, repository or other cluster that items come from.
    #[arg(long, value_name = "COL")]
    pub cluster: Option<String>,
    /// Column that identifies items; an item on two rows is an error.
    #[arg(long, value_name = "COL")]
    pub item: Option<String>,
}

/// `validate stats compare`.
#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: StatsInput,
    /// Column of the gold standard.
    #[arg(long, value_name = "COL")]
    pub gold: String,
    /// Column of the old candidate.
    #[arg(long, value_name = "COL")]
    pub old: String,
    /// Column of the new candidate.
    #[arg(long, value_name = "COL")]
    pub new: String,
    /// All categories in their order, separated by commas [default: those that occur].
    #[arg(long, value_name = "LABELS")]
    pub categories: Option<String>,
    /// Column of the user, repository or other cluster that items come from.
    #[arg(long, value_name = "COL")]
    pub cluster: Option<String>,
    /// The statistic that is compared, by its key in `stats agree`.
    #[arg(long, value_name = "KEY", default_value = "cohen_kappa")]
    pub statistic: String,
    /// How much worse the new candidate may be; asks for a verdict.
    #[arg(long, value_name = "D", allow_negative_numbers = true)]
    pub margin: Option<f64>,
    /// Error rate of the verdict, one-sided.
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.05,
        allow_negative_numbers = true
    )]
    pub alpha: f64,
}

/// `validate stats prevalence`.
#[derive(Debug, Args)]
pub struct Prevalence {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: StatsInput,
    /// Column of the gold label; blank where an item is unlabelled.
    #[arg(long, value_name = "COL")]
    pub gold: String,
    /// Column of the predicted label.
    #[arg(long, value_name = "COL")]
    pub pred: String,
    /// The class whose share is wanted [default: the last declared one].
    #[arg(long, value_name = "LABEL")]
    pub positive: Option<String>,
    /// All categories, separated by commas [default: those that occur, sorted].
    #[arg(long, value_name = "LABELS")]
    pub categories: Option<String>,
    /// Column of the user, repository or other cluster that items come from.
    #[arg(long, value_name = "COL")]
    pub cluster: Option<String>,
}

/// `validate stats trend`.
#[derive(Debug, Args)]
pub struct Trend {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: StatsInput,
    /// Column of the group: a number, or a label of --categories.
    #[arg(long, value_name = "COL")]
    pub group: String,
    /// Column of the value.
    #[arg(long, value_name = "COL")]
    pub value: String,
    /// The groups in their order, separated by commas, where they are words.
    #[arg(long, value_name = "LABELS")]
    pub categories: Option<String>,
}

/// `validate stats calibration`.
#[derive(Debug, Args)]
pub struct Calibration {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: StatsInput,
    /// Column of what was true.
    #[arg(long, value_name = "COL")]
    pub label: String,
    /// Column of the stated probability of the positive label.
    #[arg(long, value_name = "COL")]
    pub prob: String,
    /// The positive label.
    #[arg(long, value_name = "LABEL", default_value = "1")]
    pub positive: String,
}

/// `validate stats regress`.
#[derive(Debug, Args)]
pub struct Regress {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: StatsInput,
    /// Column of the outcome.
    #[arg(long, value_name = "COL")]
    pub y: String,
    /// Columns of the regressors, separated by commas.
    #[arg(long, value_name = "COLS")]
    pub x: Option<String>,
    /// Columns of effects to absorb, separated by commas.
    #[arg(long, value_name = "COLS")]
    pub absorb: Option<String>,
    /// One or two columns of clusters.
    #[arg(long, value_name = "COLS")]
    pub cluster: Option<String>,
    /// The covariance of the coefficients.
    #[arg(long, value_enum, ignore_case = true, default_value_t = Covariance::Cr1, requires = "cluster")]
    pub vcov: Covariance,
    /// Column of a category whose adjusted means are wanted; it joins the regressors.
    #[arg(long, value_name = "COL")]
    pub margins: Option<String>,
    /// Which parameters the small-sample factor of CR1 counts.
    #[arg(long, value_enum, default_value_t = ParameterCount::Nonnested)]
    pub count: ParameterCount,
    /// Keep rows that are alone in a level of an effect.
    #[arg(long)]
    pub keep_singletons: bool,
}

/// Covariances over clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Covariance {
    /// The plain sandwich.
    #[value(name = "CR0")]
    Cr0,
    /// With a factor for few clusters, as in Stata, reghdfe and fixest.
    #[value(name = "CR1")]
    Cr1,
    /// Bell and McCaffrey's, with Satterthwaite's degrees of freedom.
    #[value(name = "CR2")]
    Cr2,
    /// Close to the jackknife over clusters.
    #[value(name = "CR3")]
    Cr3,
}

/// Which parameters are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ParameterCount {
    /// Regressors, and effects that are not nested in clusters (reghdfe, fixest, pyfixest).
    Nonnested,
    /// Regressors and all effects (Stata's regress with dummies).
    Full,
    /// None.
    Clusters,
}

/// `validate stats power`.
#[derive(Debug, Subcommand)]
pub enum Power {
    /// Items to tell one kappa from another.
    Kappa {
        /// The kappa that is expected.
        #[arg(long, value_name = "K", allow_negative_numbers = true)]
        kappa: f64,
        /// The kappa that is to be ruled out.
        #[arg(long, value_name = "K", allow_negative_numbers = true)]
        null: f64,
        /// Shares of the categories, which both raters use equally often; one number is the share of the rarer of two.
        #[arg(long, value_name = "SHARES")]
        margins: String,
        /// Probability of a false alarm.
        #[arg(
            long,
            value_name = "SHARE",
            default_value_t = 0.05,
            allow_negative_numbers = true
        )]
        alpha: f64,
        /// Probability of finding the difference.
        #[arg(
            long,
            value_name = "SHARE",
            default_value_t = 0.8,
            allow_negative_numbers = true
        )]
        power: f64,
        /// Split alpha over two sides.
        #[arg(long)]
        two_sided: bool,
        #[command(flatten)]
        #[allow(missing_docs)]
        users: PowerUsers,
    },
    /// Items for an interval of kappa of a given half width (two categories).
    Interval {
        /// The kappa that is expected.
        #[arg(long, value_name = "K", allow_negative_numbers = true)]
        kappa: f64,
        /// Share of the rarer category.
        #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
        margins: f64,
        /// Half the width of the interval.
        #[arg(long, value_name = "H", allow_negative_numbers = true)]
        half_width: f64,
        /// Confidence level of the interval.
        #[arg(
            long,
            value_name = "SHARE",
            default_value_t = 0.95,
            allow_negative_numbers = true
        )]
        confidence: f64,
        #[command(flatten)]
        #[allow(missing_docs)]
        users: PowerUsers,
    },
    /// Items for the gate to pass a candidate that is no worse.
    Gate {
        /// How much worse the candidate may be.
        #[arg(long, value_name = "D", allow_negative_numbers = true)]
        margin: f64,
        /// By how much it is truly better (negative: worse).
        #[arg(
            long,
            value_name = "D",
            default_value_t = 0.0,
            allow_hyphen_values = true
        )]
        difference: f64,
        /// Share of items on which exactly one of the two is right: for a gate on accuracy.
        #[arg(
            long,
            value_name = "SHARE",
            required_unless_present = "unit_variance",
            allow_negative_numbers = true
        )]
        discordant: Option<f64>,
        /// n times the squared error of the difference in a pilot: for any other statistic.
        #[arg(
            long,
            value_name = "V",
            conflicts_with = "discordant",
            allow_negative_numbers = true
        )]
        unit_variance: Option<f64>,
        /// One-sided error rate of the verdict.
        #[arg(
            long,
            value_name = "SHARE",
            default_value_t = 0.05,
            allow_negative_numbers = true
        )]
        alpha: f64,
        /// Probability of passing.
        #[arg(
            long,
            value_name = "SHARE",
            default_value_t = 0.8,
            allow_negative_numbers = true
        )]
        power: f64,
        #[command(flatten)]
        #[allow(missing_docs)]
        users: PowerUsers,
    },
}

/// Users instead of items.
#[derive(Debug, Args)]
pub struct PowerUsers {
    /// Items of each user; asks for the number of users as well.
    #[arg(
        long,
        value_name = "M",
        requires = "correlation",
        allow_negative_numbers = true
    )]
    pub items_per_user: Option<f64>,
    /// Correlation of two items of one user.
    #[arg(
        long,
        value_name = "R",
        requires = "items_per_user",
        allow_negative_numbers = true
    )]
    pub correlation: Option<f64>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = StatsFormat::Table)]
    pub format: StatsFormat,
}

/// `validate stats alt-test`.
#[derive(Debug, Args)]
pub struct AltTest {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: StatsInput,
    /// Column of the model.
    #[arg(long, value_name = "COL")]
    pub model: String,
    /// Columns of two or more humans, separated by commas.
    #[arg(long, value_name = "COLS")]
    pub raters: String,
    /// What the ratings are; numbers are scored by their squared error.
    #[arg(long, value_enum, default_value_t = RatingScale::Nominal)]
    pub scale: RatingScale,
    /// What a human's label costs more than the model's: .2 for experts, .15 for skilled raters, .1 for crowd workers.
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.2,
        allow_negative_numbers = true
    )]
    pub epsilon: f64,
    /// False discovery rate over the humans.
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.05,
        allow_negative_numbers = true
    )]
    pub false_discovery_rate: f64,
    /// Items that a human must share with others and the model.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = RangedI64ValueParser::<usize>::new().range(0..), allow_negative_numbers = true)]
    pub min_items: usize,
}

/// `validate stats adjust`.
#[derive(Debug, Args)]
pub struct Adjust {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: StatsInput,
    /// Column of the p-values; blank where there is none.
    #[arg(long, value_name = "COL")]
    pub p: String,
    /// How.
    #[arg(long, value_enum)]
    pub method: AdjustMethod,
}

/// Ways of adjusting p-values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AdjustMethod {
    /// Holm 1979: any false alarm counts.
    Holm,
    /// Benjamini and Hochberg 1995: the share of false alarms counts.
    Bh,
    /// Benjamini and Yekutieli 2001: the same under any dependence.
    By,
}
