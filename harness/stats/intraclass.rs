//! Intraclass correlations: how much of the spread of ratings lies between items.

use super::continuous::check;
use super::dist::f_quantile;
use super::estimate::{Estimate, Interval, Statistic, Undefined};
use super::moments::{is_constant, mean, sum};

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
