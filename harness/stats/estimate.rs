//! What every statistic returns: a number with its uncertainty, or the reason why there is none.
//!
//! Undefined is a variant with a reason, never NaN, and it is decided on integer counts. Limits are not clipped to the
//! range of the statistic; who prints them may do that and has to say so.

use std::fmt;

/// Why a statistic has no value on these data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Undefined {
    /// No item was rated by both raters.
    NoPairs,
    /// Both raters used one and the same category for every item, so agreement by chance is certain.
    OneClass,
    /// The statistic needs at least two declared categories.
    OneCategoryDeclared,
    /// Fewer items than the statistic needs.
    TooFewItems,
    /// Fewer clusters (users) than the statistic needs: a single one carries no information about the spread.
    TooFewClusters,
    /// One of the inputs does not vary.
    Constant,
    /// The denominator is zero: the class was never predicted (precision) or never occurs (recall).
    NoCases,
    /// A value lies outside the range the statistic is defined on (zero or negative dollars on a log scale, say).
    OutOfRange,
    /// The statistic is defined for two categories only.
    NotBinary,
    /// Sensitivity and specificity do not add up to more than one: the classifier carries no information.
    NoInformation,
    /// The raters never disagree, so a test of their disagreements has nothing to compare.
    NoDiscordant,
    /// A linear system has no unique solution.
    Singular,
    /// Too many resamples had no value, so an interval from the rest would mislead.
    TooManyUndefinedResamples,
    /// The statistic is not defined for this combination of settings (CR2 with two ways of clustering, say).
    NotAvailable,
}

impl Undefined {
    /// The code that stands in JSON under `undefined`; stable.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoPairs => "no_pairs",
            Self::OneClass => "one_class",
            Self::OneCategoryDeclared => "one_category_declared",
            Self::TooFewItems => "too_few_items",
            Self::TooFewClusters => "too_few_clusters",
            Self::Constant => "constant",
            Self::NoCases => "no_cases",
            Self::OutOfRange => "out_of_range",
            Self::NotBinary => "not_binary",
            Self::NoInformation => "no_information",
            Self::NoDiscordant => "no_discordant",
            Self::Singular => "singular",
            Self::TooManyUndefinedResamples => "too_many_undefined_resamples",
            Self::NotAvailable => "not_available",
        }
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// A confidence interval with its confidence level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// A value with its error and interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// The standard error that treats items as independent; `None` where it has no meaning (one item).
    pub se: Option<f64>,
    /// The standard error that treats all items of one user as one draw; `None` without clusters.
    pub se_cluster: Option<f64>,
    /// The interval; from the clustered error when there are clusters.
    pub interval: Option<Interval>,
    /// How error and interval were made (`delta, z`, `wilson`, `cluster bootstrap, BCa`); stable.
    pub method: &'static str,
    /// True where the standard error is zero (perfect agreement), so that the interval says nothing.
    pub zero_variance: bool,
}

/// A statistic: an estimate, or the reason why there is none.
pub type Statistic = Result<Estimate, Undefined>;
