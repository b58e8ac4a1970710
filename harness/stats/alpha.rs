//! Krippendorff's alpha for any number of raters, any scale, and missing ratings.
//!
//! For two raters `alpha_pair` says the same from their table, with a standard error in closed form. Here the error is
//! that of the jackknife over units, which Hughes (2022) finds better than the bootstrap in small samples.

use super::clusters::Groups;
use super::estimate::{Estimate, Interval, Statistic, Undefined};
use super::influence::t_critical;
use super::metric::Metric;
use super::units::{Pattern, Units};

/// Krippendorff's alpha with its jackknife error: 1 − (n.. − 1) Σ o_ck d_ck / Σ n_c n_k d_ck. Krippendorff (2011).
///
/// o_ck are the coincidences, Σ over units of the pairs of ratings c and k divided by the unit's ratings minus one; units
/// with a single rating are left out. `values` are the numbers that categories stand for. At most 1; 0 if ratings are as
/// good as drawn at random.
///
/// The standard error leaves out each item in turn, with however few ratings: √((n−1)/n Σ (a_i − ā)²), with a
/// t interval on n − 1 degrees of freedom. With `clusters`, one per item, it leaves out all units of a cluster. It is
/// missing where alpha is undefined without some unit.
///
/// # Errors
/// `NoPairs` without a unit that two raters rated; `OneClass` where only one category, or value, was used; `OutOfRange`
/// for a negative value on a ratio scale.
pub fn alpha(
    units: &Units,
    metric: Metric,
    values: &[f64],
    clusters: Option<&[u32]>,
    confidence: f64,
) -> Statistic {
    metric.check(values)?;
    if units.pairable() == 0 {
        return Err(Undefined::NoPairs);
    }
    let whole = Coincidences::of(units);
    let value = whole.alpha(metric, values)?;

    let by_pattern = units.patterns().iter().map(|pattern| {
        let mut left = whole.clone();
        left.add(pattern, -1.0);
        (left.alpha(metric, values), pattern.units)
    });
    // Items that nobody rated are units too, as in Krippendorff's reliability data; without one alpha stays the same.
    let plain = jackknife(by_pattern.chain([(Ok(value), units.unrated())]));
    let clustered = clusters.map(|clusters| {
        let groups = units.groups(clusters);
        let left_out =
            without_clusters(units, &whole, &groups).map(|left| (left.alpha(metric, values), 1));
        (jackknife(left_out), groups.len())
    });

    let (error, draws, method) = match &clustered {
        Some((error, groups)) => (*error, *groups, "jackknife over clusters, t"),
        None => (
            plain,
            units.len() + units.unrated() as usize,
            "jackknife over units, t",
        ),
    };
    let interval = error.map(|se| {
        let half = t_critical(confidence, draws as f64 - 1.0) * se;
        Interval {
            low: value - half,
            high: value + half,
        }
    });
    Ok(Estimate {
        value,
        se: plain,
        se_cluster: clustered.and_then(|(error, _)| error),
        interval,
        method,
        zero_variance: error.is_some_and(|se| se <= 0.0),
    })
}

/// Alpha alone, without an error; much faster than [`alpha`] where patterns are many.
///
/// # Errors
/// Those of [`alpha`].
pub fn alpha_value(units: &Units, metric: Metric, values: &[f64]) -> Result<f64, Undefined> {
    metric.check(values)?;
    if units.pairable() == 0 {
        return Err(Undefined::NoPairs);
    }
    Coincidences::of(units).alpha(metric, values)
}

/// The coincidence matrix, to which patterns are added and from which they are taken.
#[derive(Clone)]
struct Coincidences {
    /// Off the diagonal, upper half: ratings c and k of the same unit, in either order.
    pairs: Vec<f64>,
    /// How often each category was used in units with two ratings or more; whole numbers.
    totals: Vec<f64>,
}

impl Coincidences {
    fn of(units: &Units) -> Self {
        let q = units.categories();
        let mut sums = Self {
            pairs: vec![0.0; q * q],
            totals: vec![0.0; q],
        };
        for pattern in units.patterns() {
            sums.add(pattern, pattern.units as f64);
        }
        sums
    }

    /// Adds a pattern `times` times; a negative number takes it away.
    fn add(&mut self, pattern: &Pattern, times: f64) {
        if pattern.ratings < 2 {
            return;
        }
        let q = self.totals.len();
        let share = 2.0 * times / f64::from(pattern.ratings - 1);
        for (position, &(c, n_c)) in pattern.counts.iter().enumerate() {
            self.totals[usize::from(c)] += times * f64::from(n_c);
            for &(k, n_k) in &pattern.counts[position + 1..] {
                self.pairs[usize::from(c) * q + usize::from(k)] +=
                    share * f64::from(n_c) * f64::from(n_k);
            }
        }
    }

    fn alpha(&self, metric: Metric, values: &[f64]) -> Result<f64, Undefined> {
        let q = self.totals.len();
        let ratings: f64 = self.totals.iter().sum();
        if ratings <= 0.0 {
            return Err(Undefined::NoPairs);
        }
        let (mut observed, mut expected) = (0.0, 0.0);
        for (c, &used) in self
            .totals
            .iter()
            .enumerate()
            .filter(|&(_, &used)| used > 0.0)
        {
            let mut between = used / 2.0;
            let pairs = &self.pairs[c * q..(c + 1) * q];
            for (k, &other) in self.totals.iter().enumerate().skip(c + 1) {
                let distance = metric.distance(between + other / 2.0, values[c], values[k]);
                between += other;
                observed += pairs[k] * distance;
                expected += 2.0 * used * other * distance;
            }
        }
        // Totals are whole numbers, so this is zero only where one value was used throughout.
        if expected <= 0.0 {
            return Err(Undefined::OneClass);
        }
        Ok(1.0 - (ratings - 1.0) * observed / expected)
    }
}

/// The error from the values with each draw left out, each with how often it occurs; `None` where one is undefined.
fn jackknife(left_out: impl Iterator<Item = (Result<f64, Undefined>, u64)>) -> Option<f64> {
    let values: Vec<(f64, f64)> = left_out
        .map(|(value, times)| Some((value.ok()?, times as f64)))
        .collect::<Option<_>>()?;
    let n: f64 = values.iter().map(|(_, times)| times).sum();
    if n < 2.0 {
        return None;
    }
    let mean = values
        .iter()
        .map(|(value, times)| value * times)
        .sum::<f64>()
        / n;
    let squares: f64 = values
        .iter()
        .map(|(value, times)| (value - mean).powi(2) * times)
        .sum();
    let se = ((n - 1.0) / n * squares).sqrt();
    // Values that differ by rounding only do not differ.
    Some(if se < 1e-12 { 0.0 } else { se })
}

/// The coincidences without each cluster in turn.
fn without_clusters<'a>(
    units: &'a Units,
    whole: &'a Coincidences,
    groups: &'a Groups,
) -> impl Iterator<Item = Coincidences> + 'a {
    let mut patterns = vec![Vec::new(); groups.len()];
    for (&group, &pattern) in groups.of().iter().zip(units.pattern_of()) {
        patterns[group as usize].push(pattern);
    }
    patterns.into_iter().map(|patterns| {
        let mut left = whole.clone();
        for pattern in patterns {
            left.add(&units.patterns()[pattern as usize], -1.0);
        }
        left
    })
}
