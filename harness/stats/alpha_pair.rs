//! Krippendorff's alpha of two raters, as a function of their table.
//!
//! With two ratings per unit alpha depends on the table alone, so its standard error has a closed form, also on the
//! ordinal scale, where the distances themselves move with the margins. For more raters see `alpha`.

use super::chance::{pooled_margin, require_pairs};
use super::estimate::Undefined;
use super::influence::Linearised;
use super::metric::Metric;
use super::table::Confusion;

/// Krippendorff's alpha of the items that both rated: 1 − (2n − 1) Σ o_ck d_ck / Σ n_c n_k d_ck.
///
/// o are the coincidences n_ck + n_kc, n_c how often either rater used category c, d the distances of the metric.
/// `values` are the numbers that categories stand for (interval and ratio scales). At most 1. Krippendorff (2011).
///
/// # Errors
/// `NoPairs` without items; `OneClass` where only one category, or only one value, was used; `OutOfRange` for a negative
/// value on a ratio scale.
pub fn alpha(table: &Confusion, metric: Metric, values: &[f64]) -> Result<f64, Undefined> {
    require_pairs(table)?;
    metric.check(values)?;
    let n = table.n() as f64;
    let margin = || {
        table
            .rows()
            .iter()
            .zip(table.columns())
            .map(|(&a, &b)| (a + b) as f64)
    };
    let (mut observed, mut expected) = (0.0, 0.0);
    for (c, used) in margin().enumerate().filter(|&(_, used)| used > 0.0) {
        let mut between = used / 2.0;
        for (k, other) in margin().enumerate().skip(c + 1) {
            let reach = between + other / 2.0;
            between += other;
            let distance = metric.distance(reach, values[c], values[k]);
            observed += (table.count(c, k) + table.count(k, c)) as f64 * distance;
            expected += 2.0 * used * other * distance;
        }
    }
    // Products of non-negative numbers add up to zero only if each is zero: one value was used throughout.
    if expected <= 0.0 {
        return Err(Undefined::OneClass);
    }
    Ok(1.0 - (2.0 * n - 1.0) * 2.0 * observed / expected)
}

/// [`alpha`] with its gradient.
///
/// On a scale with fixed distances alpha = ε + (1 − ε) π with Scott's pi and ε = 1/(2n), so that its standard error is
/// (1 − ε) times that of pi.
///
/// # Errors
/// Those of [`alpha`].
pub fn alpha_linearised(
    table: &Confusion,
    metric: Metric,
    values: &[f64],
) -> Result<Linearised, Undefined> {
    let value = alpha(table, metric, values)?;
    let parts = Parts::new(table, metric, values);
    let q = table.categories();
    let ratio = parts.observed / parts.expected;
    // Alpha corrects for finite samples by ε = 1/(2n).
    let kept = 1.0 - 1.0 / (2.0 * table.n() as f64);
    // ∂/∂π_c of both sums, π being the pooled margin: through the distances and, for the expected sum, directly.
    let (observed_by_margin, mut expected_by_margin) = parts.through_distances(table, metric);
    for (c, slot) in expected_by_margin.iter_mut().enumerate() {
        let row = &parts.distances[c * q..(c + 1) * q];
        *slot += 2.0
            * row
                .iter()
                .zip(&parts.margin)
                .map(|(d, pi)| d * pi)
                .sum::<f64>();
    }
    let mut gradient = Vec::with_capacity(q * q);
    for i in 0..q {
        for j in 0..q {
            let observed = parts.distances[i * q + j]
                + f64::midpoint(observed_by_margin[i], observed_by_margin[j]);
            let expected = f64::midpoint(expected_by_margin[i], expected_by_margin[j]);
            gradient.push(-kept * (observed - ratio * expected) / parts.expected);
        }
    }
    Ok(Linearised { value, gradient })
}

/// The sums that alpha is made of, as shares of items.
struct Parts {
    /// How often either rater used each category, as a share of all ratings.
    margin: Vec<f64>,
    /// The distances; for the ordinal metric in shares of ratings.
    distances: Vec<f64>,
    /// Σ p_ij d_ij.
    observed: f64,
    /// Σ π_c π_k d_ck.
    expected: f64,
}

impl Parts {
    fn new(table: &Confusion, metric: Metric, values: &[f64]) -> Self {
        let n = table.n() as f64;
        let q = table.categories();
        let margin: Vec<f64> = pooled_margin(table)
            .iter()
            .map(|&m| m as f64 / (2.0 * n))
            .collect();
        let distances = metric.distances(&margin, values);
        let observed = table
            .occupied()
            .map(|(i, j, count)| count as f64 * distances[i * q + j])
            .sum::<f64>()
            / n;
        let row = |c: usize| {
            distances[c * q..(c + 1) * q]
                .iter()
                .zip(&margin)
                .map(|(d, pi)| d * pi)
                .sum::<f64>()
        };
        let expected = margin.iter().enumerate().map(|(c, &pi)| pi * row(c)).sum();
        Self {
            margin,
            distances,
            observed,
            expected,
        }
    }

    /// How the observed and the expected sum change with each category's share because the distances change.
    ///
    /// Zero for fixed distances. The ordinal distance is the square of a reach r_ck that grows by one with each category
    /// strictly between c and k and by one half with c and k themselves.
    fn through_distances(&self, table: &Confusion, metric: Metric) -> (Vec<f64>, Vec<f64>) {
        let q = self.margin.len();
        let n = table.n() as f64;
        let (mut observed, mut expected) = (vec![0.0; q], vec![0.0; q]);
        if !metric.depends_on_margins() {
            return (observed, expected);
        }
        for c in 0..q {
            for k in c + 1..q {
                let slope = 2.0 * self.distances[c * q + k].sqrt();
                let coincidences = (table.count(c, k) + table.count(k, c)) as f64 / n * slope;
                let chance = 2.0 * self.margin[c] * self.margin[k] * slope;
                for g in c..=k {
                    let share = if g == c || g == k { 0.5 } else { 1.0 };
                    observed[g] += share * coincidences;
                    expected[g] += share * chance;
                }
            }
        }
        (observed, expected)
    }
}
