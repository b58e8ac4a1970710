//! Trend across ordered groups.

use super::dist::normal_two_sided;
use super::estimate::Undefined;
use super::rank::{pairs_of, same, sort_counting_exchanges, tied_pairs};

/// The Jonckheere-Terpstra test for a trend of values across ordered groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jonckheere {
    /// Observations.
    pub n: usize,
    /// Groups that occur.
    pub groups: usize,
    /// J: pairs from different groups whose values rise with the group, ties counting one half.
    pub statistic: f64,
    /// Expectation of J without a trend.
    pub mean: f64,
    /// Variance of J without a trend, corrected for ties.
    pub variance: f64,
    /// (J - mean)/sqrt(variance).
    pub z: f64,
    /// Two-sided normal p-value.
    pub p_value: f64,
}

/// Jonckheere-Terpstra test; `groups[i]` is the group of `values[i]`, and groups are ordered by their number.
///
/// J = sum over i < j of (#{x_i < x_j} + #{x_i = x_j}/2), mean (n^2 - sum n_i^2)/4, variance A + B + C of Hollander
/// and Wolfe (1999, eq. 6.19), with group sizes n_i and sizes of tied sets t_j:
/// A = [n(n-1)(2n+5) - sum n_i(n_i-1)(2n_i+5) - sum t_j(t_j-1)(2t_j+5)]/72,
/// B = sum n_i(n_i-1)(n_i-2) sum t_j(t_j-1)(t_j-2)/[36n(n-1)(n-2)], C = sum n_i(n_i-1) sum t_j(t_j-1)/[8n(n-1)].
/// clinfun and DescTools leave ties out of the variance, which makes p too large on ratings. O(n log n). Undefined:
/// `NoPairs` (nothing), `OutOfRange` (NaN or infinite), `Constant` (one group, or all values tied).
///
/// # Panics
/// Where the slices differ in length.
pub fn jonckheere(groups: &[f64], values: &[f64]) -> Result<Jonckheere, Undefined> {
    assert_eq!(groups.len(), values.len(), "one group per value");
    if groups.is_empty() {
        return Err(Undefined::NoPairs);
    }
    if !groups.iter().chain(values).all(|value| value.is_finite()) {
        return Err(Undefined::OutOfRange);
    }
    let mut rows: Vec<(f64, f64)> = groups
        .iter()
        .zip(values)
        .map(|(g, v)| (g + 0.0, v + 0.0))
        .collect();
    rows.sort_unstable_by(|p, q| p.0.total_cmp(&q.0).then(p.1.total_cmp(&q.1)));
    let group_sizes = run_lengths(&rows, |p, q| same(p.0, q.0));
    let tied_within = tied_pairs(&rows, |p, q| same(p.0, q.0) && same(p.1, q.1));
    let mut sorted: Vec<f64> = rows.iter().map(|row| row.1).collect();
    let falling = sort_counting_exchanges(&mut sorted);
    let tie_sizes = run_lengths(&sorted, |p, q| same(*p, *q));
    if group_sizes.len() < 2 || tie_sizes.len() < 2 {
        return Err(Undefined::Constant);
    }
    let within: u128 = group_sizes.iter().map(|size| pairs_of(*size)).sum();
    let tied: u128 = tie_sizes.iter().map(|size| pairs_of(*size)).sum();
    let across = pairs_of(rows.len()) - within;
    let statistic = (across - falling) as f64 - (tied - tied_within) as f64 / 2.0;
    let mean = across as f64 / 2.0;
    let variance = variance(rows.len(), &group_sizes, &tie_sizes);
    let z = (statistic - mean) / variance.sqrt();
    Ok(Jonckheere {
        n: rows.len(),
        groups: group_sizes.len(),
        statistic,
        mean,
        variance,
        z,
        p_value: normal_two_sided(z),
    })
}

fn variance(n: usize, group_sizes: &[usize], tie_sizes: &[usize]) -> f64 {
    let pairs = |size: f64| size * (size - 1.0);
    let triples = |size: f64| size * (size - 1.0) * (size - 2.0);
    let over = |sizes: &[usize], term: &dyn Fn(f64) -> f64| {
        sizes.iter().map(|size| term(*size as f64)).sum::<f64>()
    };
    let spread = |size: f64| pairs(size) * (2.0 * size + 5.0);
    let n = n as f64;
    let a = (spread(n) - over(group_sizes, &spread) - over(tie_sizes, &spread)) / 72.0;
    let b = if n > 2.0 {
        over(group_sizes, &triples) * over(tie_sizes, &triples) / (36.0 * triples(n))
    } else {
        0.0
    };
    let c = over(group_sizes, &pairs) * over(tie_sizes, &pairs) / (8.0 * pairs(n));
    a + b + c
}

fn run_lengths<T>(sorted: &[T], equal: impl Fn(&T, &T) -> bool) -> Vec<usize> {
    sorted.chunk_by(equal).map(<[T]>::len).collect()
}
