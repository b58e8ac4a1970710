//! Intervals by resampling users: percentile, basic, and BCa.
//!
//! A resample draws as many users as there are, with replacement, and keeps all items of each. The statistic needs
//! only the tables of the resample, so `resample` adds up each user's sparse cells as often as the user was drawn.
//!
//! The plain percentile interval is biased where the statistic is; BCa (Efron 1987) corrects for bias and for an error
//! that changes with the value. With rare classes none of them is exact.

use super::clusters::ClusterCells;
use super::dist::{normal_cdf, normal_quantile};
use super::estimate::{Interval, Undefined};
use super::resample::{self, TableStatistic, Tables};

/// The share of resamples without a value above which an interval from the others would mislead.
const TOLERATED_UNDEFINED: f64 = 0.01;

/// Below this many clusters the interval is to be read with caution.
const FEW_CLUSTERS: usize = 20;

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Number of resamples; 2,000 for an interval, 4,000 for a verdict.
    pub resamples: usize,
    /// The same seed gives the same resamples on any machine and with any number of threads.
    pub seed: u64,
    /// The confidence level, inside (0, 1).
    pub confidence: f64,
}

/// What resampling says about one statistic.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrapped {
    /// The standard deviation of the replicates.
    pub se: f64,
    /// Between the quantiles of the replicates.
    pub percentile: Interval,
    /// The same mirrored at the estimate.
    pub basic: Interval,
    /// Bias-corrected and accelerated.
    pub bca: Bca,
    /// Number of resamples drawn.
    pub resamples: usize,
    /// How many of them had no value (a single class, say); they are left out.
    pub n_undefined: usize,
    /// Number of clusters that were resampled.
    pub clusters: usize,
    /// True with fewer than twenty clusters.
    pub few_clusters: bool,
    /// True where one cluster holds more than half of the items.
    pub dominated: bool,
}

/// The interval of Efron (1987) and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bca {
    /// The limits.
    pub interval: Interval,
    /// The bias, as a normal quantile; 0 where the limits are those of the percentile interval.
    pub bias: f64,
    /// The acceleration, from the jackknife over the same clusters.
    pub acceleration: f64,
    /// True where BCa has no limits (all replicates on one side of the estimate) and the percentile limits stand in.
    pub is_percentile: bool,
}

/// Resamples clusters and makes intervals for several statistics of the same tables at once.
///
/// # Errors
/// Per statistic: its own reason where it is undefined on the data, `TooFewClusters` below two clusters,
/// `TooManyUndefinedResamples` where more than one percent of resamples have no value.
pub fn bootstrap(
    clusters: &ClusterCells,
    tables: Tables,
    statistics: &[&TableStatistic],
    plan: Plan,
) -> Vec<Result<Bootstrapped, Undefined>> {
    let whole = resample::weigh(clusters, tables, |_| 1);
    let estimates: Vec<_> = statistics
        .iter()
        .map(|statistic| statistic(&whole))
        .collect();
    if clusters.len() < 2 {
        return estimates
            .into_iter()
            .map(|estimate| Err(estimate.err().unwrap_or(Undefined::TooFewClusters)))
            .collect();
    }
    let replicates = resample::replicates(clusters, tables, statistics, plan.resamples, plan.seed);
    let left_out = resample::jackknife(clusters, tables, statistics);
    let largest = clusters
        .iter()
        .map(|entries| entries.iter().map(|e| u64::from(e.count)).sum())
        .max()
        .unwrap_or(0);
    let items: u64 = whole.iter().map(super::table::Confusion::n).sum();
    estimates
        .into_iter()
        .zip(replicates.iter().zip(&left_out))
        .map(|(estimate, (replicates, left_out))| {
            let made = intervals(estimate?, replicates, left_out, plan.confidence)?;
            Ok(Bootstrapped {
                clusters: clusters.len(),
                few_clusters: clusters.len() < FEW_CLUSTERS,
                dominated: 2 * largest > items,
                ..made
            })
        })
        .collect()
}

/// Makes the intervals from replicates and from the values with each cluster left out.
///
/// # Errors
/// `TooManyUndefinedResamples` where more than one percent of the replicates have no value, or all of them.
pub fn intervals(
    estimate: f64,
    replicates: &[Result<f64, Undefined>],
    left_out: &[Result<f64, Undefined>],
    confidence: f64,
) -> Result<Bootstrapped, Undefined> {
    let mut sorted: Vec<f64> = replicates
        .iter()
        .filter_map(|replicate| replicate.ok())
        .collect();
    let n_undefined = replicates.len() - sorted.len();
    if sorted.len() < 2 || n_undefined as f64 > TOLERATED_UNDEFINED * replicates.len() as f64 {
        return Err(Undefined::TooManyUndefinedResamples);
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    let percentile = Interval {
        low: quantile(&sorted, tail),
        high: quantile(&sorted, 1.0 - tail),
    };
    Ok(Bootstrapped {
        se: standard_deviation(&sorted),
        percentile,
        basic: Interval {
            low: 2.0 * estimate - percentile.high,
            high: 2.0 * estimate - percentile.low,
        },
        bca: bca(estimate, &sorted, acceleration(left_out), tail, percentile),
        resamples: replicates.len(),
        n_undefined,
        clusters: left_out.len(),
        few_clusters: left_out.len() < FEW_CLUSTERS,
        dominated: false,
    })
}

fn bca(estimate: f64, sorted: &[f64], acceleration: f64, tail: f64, percentile: Interval) -> Bca {
    // Ties count half on either side, as in scipy; R's boot counts those strictly below.
    let below = sorted.partition_point(|&replicate| replicate < estimate);
    let not_above = sorted.partition_point(|&replicate| replicate <= estimate);
    let share = (below + not_above) as f64 / (2.0 * sorted.len() as f64);
    let fallback = Bca {
        interval: percentile,
        bias: 0.0,
        acceleration,
        is_percentile: true,
    };
    if share <= 0.0 || share >= 1.0 {
        return fallback;
    }
    let bias = normal_quantile(share);
    let limit = |p: f64| {
        let shifted = bias + normal_quantile(p);
        let stretch = 1.0 - acceleration * shifted;
        (stretch > 0.0).then(|| quantile(sorted, normal_cdf(bias + shifted / stretch)))
    };
    match (limit(tail), limit(1.0 - tail)) {
        (Some(low), Some(high)) => Bca {
            interval: Interval { low, high },
            bias,
            acceleration,
            is_percentile: false,
        },
        _ => fallback,
    }
}

/// Σ d³ / (6 (Σ d²)^1.5), d the mean of the left-out values minus each of those that are defined; 0 if all are equal.
fn acceleration(left_out: &[Result<f64, Undefined>]) -> f64 {
    let values = || left_out.iter().filter_map(|value| value.ok());
    let mean = values().sum::<f64>() / (values().count().max(1)) as f64;
    let (squares, cubes) = values()
        .map(|value| mean - value)
        .fold((0.0, 0.0), |(squares, cubes), d| {
            (squares + d * d, cubes + d * d * d)
        });
    if squares > 0.0 {
        cubes / (6.0 * squares.powf(1.5))
    } else {
        0.0
    }
}

/// The quantile that interpolates between order statistics (type 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let position = p * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

fn standard_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / (n - 1.0))
        .sqrt()
}
