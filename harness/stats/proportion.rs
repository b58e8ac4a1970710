//! Intervals for a share: Wilson by default, Clopper-Pearson where a promise must hold, Jeffreys for comparison.
//!
//! When the items of a user resemble each other there is less information than items. The share is then treated as if
//! it came from n_eff = n / deff independent items, deff being how much larger the clustered variance is.

use super::dist::beta_quantile;
use super::estimate::{Estimate, Interval};
use super::influence::{Errors, z_critical};

/// The interval that says nothing: every share is possible.
const ANYTHING: Interval = Interval {
    low: 0.0,
    high: 1.0,
};

/// Wilson's score interval; counts may be fractional (an effective sample). Wilson (1927); Newcombe (1998), method 3.
///
/// (x + z²/2)/(n + z²) ∓ z/(n + z²) √(x(n − x)/n + z²/4), with exact ends 0 at x = 0 and 1 at x = n. [0, 1] for n = 0.
#[must_use]
pub fn wilson(successes: f64, n: f64, confidence: f64) -> Interval {
    if n <= 0.0 {
        return ANYTHING;
    }
    let z = z_critical(confidence);
    let failures = (n - successes).max(0.0);
    let width = n + z * z;
    let centre = (successes + z * z / 2.0) / width;
    let half = z / width * (successes * failures / n + z * z / 4.0).sqrt();
    Interval {
        low: if successes <= 0.0 { 0.0 } else { centre - half },
        high: if failures <= 0.0 { 1.0 } else { centre + half },
    }
}

/// The exact interval of Clopper and Pearson (1934), which covers at least as often as it says.
///
/// Quantiles of Beta(x, n − x + 1) and Beta(x + 1, n − x); ends 0 at x = 0 and 1 at x = n. [0, 1] for n = 0.
/// Beyond ten thousand cases the beta distribution behind it loses digits; Wilson's interval is as good there.
#[must_use]
pub fn clopper_pearson(successes: u64, n: u64, confidence: f64) -> Interval {
    let (x, failures) = (successes as f64, n.saturating_sub(successes) as f64);
    beta_interval(
        successes,
        n,
        confidence,
        (x, failures + 1.0),
        (x + 1.0, failures),
    )
}

/// The interval of Jeffreys' prior: quantiles of Beta(x + ½, n − x + ½). Brown, Cai and DasGupta (2001).
///
/// The lower end is 0 at x = 0 and the upper end 1 at x = n. [0, 1] for n = 0.
#[must_use]
pub fn jeffreys(successes: u64, n: u64, confidence: f64) -> Interval {
    let shapes = (
        successes as f64 + 0.5,
        n.saturating_sub(successes) as f64 + 0.5,
    );
    beta_interval(successes, n, confidence, shapes, shapes)
}

fn beta_interval(x: u64, n: u64, confidence: f64, low: (f64, f64), high: (f64, f64)) -> Interval {
    if n == 0 {
        return ANYTHING;
    }
    let tail = (1.0 - confidence) / 2.0;
    Interval {
        low: if x == 0 {
            0.0
        } else {
            beta_quantile(tail, low.0, low.1)
        },
        high: if x >= n {
            1.0
        } else {
            beta_quantile(1.0 - tail, high.0, high.1)
        },
    }
}

/// A share with Wilson's interval; with clusters the interval counts effective items only.
///
/// `cases` is the number of items the share is of, and `clusters` the number of clusters that have such an item,
/// `None` if items are independent. n_eff = cases / max(1, deff) with deff = se_cluster² / (p(1 − p)/cases). A share of
/// 0 or 1 shows no spread, so its deff cannot be estimated; then each cluster counts as one item, the least there can
/// be. There is no interval if the clustered error is unknown (a single cluster). `zero_variance` stays false: Wilson's
/// interval holds at 0 and 1 too.
///
/// # Panics
/// If `cases` is zero: a share of nothing is undefined, and the caller knows the reason.
#[must_use]
pub fn share(
    successes: u64,
    cases: u64,
    errors: Errors,
    clusters: Option<usize>,
    confidence: f64,
) -> Estimate {
    assert!(cases > 0, "a share needs at least one case");
    let n = cases as f64;
    let value = successes as f64 / n;
    let (interval, method) = match clusters {
        None => (Some(wilson(successes as f64, n, confidence)), "wilson"),
        Some(clusters) => {
            let interval = errors.se_cluster.map(|se| {
                let effective = if successes == 0 || successes == cases {
                    clusters as f64
                } else {
                    n / (se * se / (value * (1.0 - value) / n)).max(1.0)
                };
                wilson(
                    exact_share(successes, cases, effective),
                    effective,
                    confidence,
                )
            });
            (interval, "wilson, effective n")
        }
    };
    Estimate {
        value,
        se: errors.se,
        se_cluster: errors.se_cluster,
        interval,
        method,
        zero_variance: false,
    }
}

/// `n` times the share, without rounding at the ends, where Wilson's limits are exact.
fn exact_share(successes: u64, cases: u64, n: f64) -> f64 {
    if successes == cases {
        n
    } else {
        n * (successes as f64 / cases as f64)
    }
}
