//! Agreement of two raters who give numbers: shares, log dollars, counts.
//!
//! Intraclass correlations and Lin's concordance ask whether the numbers are the same, Pearson and the rank
//! correlations whether they move together, Bland-Altman by how much they differ.

use super::dist::{normal_critical, t_critical};
use super::estimate::{Estimate, Interval, Statistic, Undefined};
use super::intraclass::intraclass;
use super::moments::{is_constant, mean, median, sum, sum_of_products, sum_of_squares};
use super::rank::{kendall_tau_b, spearman};

/// Beyond this, fourth powers of numbers overflow and figures could become NaN.
const LARGEST: f64 = 1e70;

/// Everything that two raters' numbers say about their agreement. `a` is the gold or first rater.
#[derive(Debug, Clone, PartialEq)]
pub struct NumericAgreement {
    /// Items with a number from both raters; all figures rest on these.
    pub n: usize,
    /// Items without a number from the first rater.
    pub n_missing_a: usize,
    /// Items without a number from the second rater.
    pub n_missing_b: usize,
    /// One-way random intraclass correlation of a single rating, ICC(1,1).
    pub icc_1_1: Statistic,
    /// Two-way random, absolute agreement, single rating, ICC(2,1): the default for agreement.
    pub icc_2_1: Statistic,
    /// Two-way mixed, consistency, single rating, ICC(3,1).
    pub icc_3_1: Statistic,
    /// Lin's concordance correlation; see [`lin_ccc`].
    pub lin_ccc: Statistic,
    /// Pearson's correlation; see [`pearson`].
    pub pearson: Statistic,
    /// Spearman's rho.
    pub spearman: Result<f64, Undefined>,
    /// Kendall's tau-b.
    pub kendall_tau_b: Result<f64, Undefined>,
    /// Mean absolute error, mean |b - a|.
    pub mae: Result<f64, Undefined>,
    /// Root mean squared error, sqrt(mean (b - a)^2).
    pub rmse: Result<f64, Undefined>,
    /// Median of b/a; defined for positive numbers only.
    pub median_ratio: Result<f64, Undefined>,
    /// Bias and limits of agreement; see [`bland_altman`].
    pub bland_altman: Result<BlandAltman, Undefined>,
    /// Share of all numbers that are exactly 0 (the floor of a share): there limits of agreement may leave the scale.
    pub at_zero: Result<f64, Undefined>,
    /// Share of all numbers that are exactly 1 (the ceiling of a share).
    pub at_one: Result<f64, Undefined>,
}

/// Compares two raters' numbers item by item; `None` is missing and incomplete items are left out.
///
/// With no complete item everything is `NoPairs`; where a number is NaN or beyond 1e70 everything is `OutOfRange`.
///
/// # Panics
/// Where the slices differ in length.
#[must_use]
pub fn two_raters_numbers(
    a: &[Option<f64>],
    b: &[Option<f64>],
    confidence: f64,
) -> NumericAgreement {
    assert_eq!(a.len(), b.len(), "one number, or none, per item and rater");
    let (x, y): (Vec<f64>, Vec<f64>) = a.iter().zip(b).filter_map(|(p, q)| p.zip(*q)).unzip();
    let usable = check(&x, &y);
    let icc = usable.and_then(|()| intraclass(&[&x, &y], confidence));
    let differences: Vec<f64> = x.iter().zip(&y).map(|(p, q)| q - p).collect();
    let n = x.len() as f64;
    let share = |bound: f64| {
        x.iter()
            .chain(&y)
            .filter(|v| super::rank::same(**v, bound))
            .count() as f64
            / (2.0 * n)
    };
    NumericAgreement {
        n: x.len(),
        n_missing_a: a.iter().filter(|value| value.is_none()).count(),
        n_missing_b: b.iter().filter(|value| value.is_none()).count(),
        icc_1_1: icc.map(|icc| icc.one_way),
        icc_2_1: icc.map(|icc| icc.agreement),
        icc_3_1: icc.map(|icc| icc.consistency),
        lin_ccc: lin_ccc(&x, &y, confidence),
        pearson: pearson(&x, &y, confidence),
        spearman: spearman(&x, &y),
        kendall_tau_b: kendall_tau_b(&x, &y),
        mae: usable.map(|()| sum(differences.iter().map(|d| d.abs())) / n),
        rmse: usable.map(|()| (sum(differences.iter().map(|d| d * d)) / n).sqrt()),
        median_ratio: usable.and_then(|()| median_ratio(&x, &y)),
        bland_altman: bland_altman(&x, &y, confidence),
        at_zero: usable.map(|()| share(0.0)),
        at_one: usable.map(|()| share(1.0)),
    }
}

/// Pearson's product-moment correlation.
///
/// r = s_xy/(s_x s_y); range -1 to 1. Interval from Fisher's z, tanh(atanh r -+ z/sqrt(n-3)), and the error that
/// belongs to it, (1 - r^2)/sqrt(n-3); both need n > 3. Undefined: `NoPairs`, `OutOfRange`, `TooFewItems` (one pair),
/// `Constant`. Fisher 1921.
pub fn pearson(a: &[f64], b: &[f64], confidence: f64) -> Statistic {
    check(a, b)?;
    if a.len() < 2 {
        return Err(Undefined::TooFewItems);
    }
    let r = correlation(a, b)?;
    let se = (a.len() > 3).then(|| (1.0 - r * r) / (a.len() as f64 - 3.0).sqrt());
    Ok(on_fisher_z(r, se, confidence, "fisher z"))
}

fn correlation(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    let (xx, yy) = (sum_of_squares(a), sum_of_squares(b));
    if is_constant(a) || is_constant(b) || xx <= 0.0 || yy <= 0.0 {
        return Err(Undefined::Constant);
    }
    Ok((sum_of_products(a, b) / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
}

/// Lin's concordance correlation: how far the pairs lie from the line of identity.
///
/// p = 2 s_xy/(s_x^2 + s_y^2 + (m_x - m_y)^2), moments with 1/n; range -1 to 1. With r Pearson's correlation, c = p/r
/// and u^2 = (m_x - m_y)^2/(s_x s_y), Var = [(1-r^2) c^2 (1-p^2) + 2 p^2 c (1-p) u^2 - p^2 c^2 u^4/2]/(n-2): Lin 1989
/// with the correction of Lin 2000, written with c so that nothing is divided by r. Interval on Fisher's z scale;
/// error and interval need n > 2. Undefined: as for [`pearson`].
pub fn lin_ccc(a: &[f64], b: &[f64], confidence: f64) -> Statistic {
    check(a, b)?;
    if a.len() < 2 {
        return Err(Undefined::TooFewItems);
    }
    let r = correlation(a, b)?;
    let n = a.len() as f64;
    let (var_a, var_b) = (sum_of_squares(a) / n, sum_of_squares(b) / n);
    let spread = (var_a * var_b).sqrt();
    let shift = mean(a) - mean(b);
    let denominator = var_a + var_b + shift * shift;
    let value = 2.0 * sum_of_products(a, b) / n / denominator;
    let accuracy = 2.0 * spread / denominator;
    let u2 = shift * shift / spread;
    let squared = value * value;
    let variance = ((1.0 - r * r) * accuracy * accuracy * (1.0 - squared)
        + 2.0 * squared * accuracy * (1.0 - value) * u2
        - 0.5 * squared * accuracy * accuracy * u2 * u2)
        / (n - 2.0);
    let se = (a.len() > 2).then(|| variance.max(0.0).sqrt());
    Ok(on_fisher_z(value, se, confidence, "Lin 2000, fisher z"))
}

/// An estimate whose interval is symmetric in atanh; at -1 or 1 it is the point itself and marked as saying nothing.
fn on_fisher_z(value: f64, se: Option<f64>, confidence: f64, method: &'static str) -> Estimate {
    let zero_variance = se.is_some_and(|se| se <= 0.0);
    let interval = se.map(|se| {
        if zero_variance || value.abs() >= 1.0 {
            return Interval {
                low: value,
                high: value,
            };
        }
        let half = normal_critical(confidence) * se / (1.0 - value * value);
        Interval {
            low: (value.atanh() - half).tanh(),
            high: (value.atanh() + half).tanh(),
        }
    });
    Estimate {
        value,
        se,
        se_cluster: None,
        interval,
        method,
        zero_variance,
    }
}

fn median_ratio(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    if a.iter().chain(b).any(|value| *value <= 0.0) {
        return Err(Undefined::OutOfRange);
    }
    let ratios: Vec<f64> = a.iter().zip(b).map(|(x, y)| y / x).collect();
    median(&ratios)
        .filter(|ratio| ratio.is_finite())
        .ok_or(Undefined::OutOfRange)
}

/// Bias and 95 % limits of agreement (at whatever confidence was asked), each with an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlandAltman {
    /// Mean difference, first rater less second.
    pub bias: Estimate,
    /// Lower limit of agreement, bias - z sd.
    pub lower: Estimate,
    /// Upper limit of agreement, bias + z sd.
    pub upper: Estimate,
    /// Standard deviation of the differences (n - 1).
    pub sd: f64,
}

impl BlandAltman {
    /// The limits of agreement as an interval of differences.
    #[must_use]
    pub fn limits(&self) -> Interval {
        Interval {
            low: self.lower.value,
            high: self.upper.value,
        }
    }

    /// Bias and limits of differences of logarithms, read as ratios first/second: exp of each.
    #[must_use]
    pub fn as_ratios(&self) -> (f64, Interval) {
        (
            self.bias.value.exp(),
            Interval {
                low: self.lower.value.exp(),
                high: self.upper.value.exp(),
            },
        )
    }
}

/// Bland-Altman analysis of d = a - b, first rater less second.
///
/// Limits bias -+ z sd. Intervals with t(n-1): bias with error sd/sqrt(n), limits with sd sqrt(1/n + z^2/(2(n-1))).
/// Undefined: `NoPairs`, `OutOfRange`, `TooFewItems` (one pair has no spread). Bland and Altman 1986, 1999.
pub fn bland_altman(a: &[f64], b: &[f64], confidence: f64) -> Result<BlandAltman, Undefined> {
    check(a, b)?;
    if a.len() < 2 {
        return Err(Undefined::TooFewItems);
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    let n = differences.len() as f64;
    let bias = mean(&differences);
    let sd = if is_constant(&differences) {
        0.0
    } else {
        (sum_of_squares(&differences) / (n - 1.0)).sqrt()
    };
    let z = normal_critical(confidence);
    let t = t_critical(confidence, n - 1.0);
    let with_error = |value: f64, se: f64, method| Estimate {
        value,
        se: Some(se),
        se_cluster: None,
        interval: Some(Interval {
            low: value - t * se,
            high: value + t * se,
        }),
        method,
        zero_variance: se <= 0.0,
    };
    let limit_se = sd * (1.0 / n + z * z / (2.0 * (n - 1.0))).sqrt();
    Ok(BlandAltman {
        bias: with_error(bias, sd / n.sqrt(), "mean, t"),
        lower: with_error(bias - z * sd, limit_se, "Bland-Altman, t"),
        upper: with_error(bias + z * sd, limit_se, "Bland-Altman, t"),
        sd,
    })
}

/// Pairs that figures can be made of.
pub(super) fn check(a: &[f64], b: &[f64]) -> Result<(), Undefined> {
    assert_eq!(a.len(), b.len(), "the two inputs are paired");
    if a.is_empty() {
        return Err(Undefined::NoPairs);
    }
    if a.iter().chain(b).all(|value| value.abs() <= LARGEST) {
        Ok(())
    } else {
        Err(Undefined::OutOfRange)
    }
}
