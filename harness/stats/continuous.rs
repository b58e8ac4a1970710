//! Agreement of two raters who give numbers: shares, log dollars, counts.
//!
//! Intraclass correlations and Lin's concordance ask whether the numbers are the same, Pearson and the rank
//! correlations whether they move together, Bland-Altman by how much they differ.

use super::dist::{f_quantile, normal_critical, t_critical};
use super::estimate::{Estimate, Interval, Statistic, Undefined};
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

/// The three intraclass correlations of a single rating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intraclass {
    /// ICC(1,1): one-way random effects.
    pub one_way: Estimate,
    /// ICC(2,1): two-way random effects, absolute agreement.
    pub agreement: Estimate,
    /// ICC(3,1): two-way mixed effects, consistency.
    pub consistency: Estimate,
}

/// Intraclass correlations of `raters[j][i]`, rater j's number for item i, complete data, two or more raters.
///
/// From the mean squares of items (R), raters (C), residual (E) and within items (W), k raters and n items:
/// ICC(1,1) = (R - W)/(R + (k-1) W), ICC(2,1) = (R - E)/(R + (k-1) E + k (C - E)/n), ICC(3,1) = (R - E)/(R + (k-1) E).
/// At most 1; negative values are possible and kept. Intervals: F for (1,1) and (3,1), the Satterthwaite
/// approximation of McGraw and Wong for (2,1). Undefined: `NoPairs`, `TooFewItems` (one item), `Constant` (a rater
/// gave every item the same number), `OutOfRange`. Shrout and Fleiss 1979; McGraw and Wong 1996, tables 4 and 7.
///
/// # Panics
/// With fewer than two raters or raters of different length.
pub fn intraclass(raters: &[&[f64]], confidence: f64) -> Result<Intraclass, Undefined> {
    assert!(raters.len() >= 2, "agreement needs two raters");
    assert!(
        raters.iter().all(|rater| rater.len() == raters[0].len()),
        "one number per rater and item"
    );
    for rater in raters {
        check(raters[0], rater)?;
    }
    if raters[0].len() < 2 {
        return Err(Undefined::TooFewItems);
    }
    if raters.iter().any(|rater| is_constant(rater)) {
        return Err(Undefined::Constant);
    }
    let squares = MeanSquares::of(raters);
    if squares.total <= 0.0 {
        return Err(Undefined::Constant);
    }
    let tail = 0.5 * (1.0 - confidence);
    Ok(Intraclass {
        one_way: squares.ratio_of(squares.within, squares.n * (squares.k - 1.0), tail)?,
        agreement: squares.agreement(tail)?,
        consistency: squares.ratio_of(
            squares.residual,
            (squares.n - 1.0) * (squares.k - 1.0),
            tail,
        )?,
    })
}

/// Two-way analysis of variance with one observation per cell.
#[derive(Debug, Clone, Copy)]
struct MeanSquares {
    n: f64,
    k: f64,
    items: f64,
    raters: f64,
    residual: f64,
    within: f64,
    total: f64,
}

impl MeanSquares {
    fn of(raters: &[&[f64]]) -> Self {
        let (n, k) = (raters[0].len() as f64, raters.len() as f64);
        let rater_means: Vec<f64> = raters.iter().map(|rater| mean(rater)).collect();
        let grand = mean(&rater_means);
        let item_mean = |i: usize| sum(raters.iter().map(|rater| rater[i])) / k;
        let item_means: Vec<f64> = (0..raters[0].len()).map(item_mean).collect();
        let square = |value: f64| value * value;
        let items = k * sum(item_means.iter().map(|m| square(m - grand)));
        let between_raters = n * sum(rater_means.iter().map(|m| square(m - grand)));
        let cells = || {
            raters
                .iter()
                .zip(&rater_means)
                .flat_map(|(rater, m)| rater.iter().map(move |v| (*v, *m)))
        };
        let cells_of_items = || cells().zip(item_means.iter().cycle());
        let within = sum(cells_of_items().map(|((value, _), item)| square(value - item)));
        let residual =
            sum(cells_of_items()
                .map(|((value, rater), item)| square((value - item) - (rater - grand))));
        Self {
            n,
            k,
            items: items / (n - 1.0),
            raters: between_raters / (k - 1.0),
            residual: residual / ((n - 1.0) * (k - 1.0)),
            within: within / (n * (k - 1.0)),
            total: items + within,
        }
    }

    /// ICC(1,1) or ICC(3,1), by what counts as error; F limits written without dividing by the error.
    fn ratio_of(&self, error: f64, error_df: f64, tail: f64) -> Statistic {
        let others = self.k - 1.0;
        let at = |f: f64| (self.items - f * error) / (self.items + others * f * error);
        if self.items + others * error <= 0.0 {
            return Err(Undefined::Constant);
        }
        let items_df = self.n - 1.0;
        let low = at(f_quantile(1.0 - tail, items_df, error_df));
        let high = at(1.0 / f_quantile(1.0 - tail, error_df, items_df));
        Ok(with_f_interval(at(1.0), low, high, error, "F"))
    }

    fn agreement(&self, tail: f64) -> Statistic {
        let Self {
            n,
            k,
            items,
            raters,
            residual,
            ..
        } = *self;
        let denominator = items + (k - 1.0) * residual + k * (raters - residual) / n;
        if denominator <= 0.0 {
            return Err(Undefined::Constant);
        }
        let value = (items - residual) / denominator;
        if residual + raters <= 0.0 {
            return Ok(with_f_interval(
                value,
                value,
                value,
                0.0,
                "F, Satterthwaite",
            ));
        }
        // Degrees of freedom of the error term (McGraw and Wong 1996, table 7), multiplied through by the residual.
        let from_raters = k * value * raters;
        let from_residual = (n * (1.0 + (k - 1.0) * value) - k * value) * residual;
        let df = (k - 1.0) * (n - 1.0) * (from_raters + from_residual).powi(2)
            / ((n - 1.0) * from_raters.powi(2) + from_residual.powi(2));
        if !(df.is_finite() && df > 0.0) {
            return Ok(Estimate {
                interval: None,
                ..with_f_interval(value, value, value, residual, "F, Satterthwaite")
            });
        }
        let spread = k * raters + (k * n - k - n) * residual;
        let lower_f = f_quantile(1.0 - tail, n - 1.0, df);
        let upper_f = f_quantile(1.0 - tail, df, n - 1.0);
        let low = n * (items - lower_f * residual) / (lower_f * spread + n * items);
        let high = n * (upper_f * items - residual) / (spread + n * upper_f * items);
        Ok(with_f_interval(
            value,
            low,
            high,
            residual + raters,
            "F, Satterthwaite",
        ))
    }
}

/// An estimate with limits from F quantiles, which with a fraction of a degree of freedom (two items, a negative
/// value) may lie beside it or at infinity: then there is no interval.
fn with_f_interval(value: f64, low: f64, high: f64, error: f64, method: &'static str) -> Estimate {
    let interval = (low.is_finite() && high.is_finite() && low <= value && value <= high)
        .then_some(Interval { low, high });
    Estimate {
        value,
        se: None,
        se_cluster: None,
        interval,
        method,
        zero_variance: error <= 0.0,
    }
}

fn check(a: &[f64], b: &[f64]) -> Result<(), Undefined> {
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
