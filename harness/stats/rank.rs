//! Agreement in order: mid-ranks, Spearman's rho and Kendall's tau-b.

use super::estimate::Undefined;

/// Ranks from 1 to n, ties sharing the mean of the ranks they cover.
///
/// Values must be numbers (not NaN). O(n log n).
#[must_use]
pub fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&i, &j| same(values[i], values[j])) {
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        for &item in tied {
            ranks[item] = rank;
        }
        before += tied.len();
    }
    ranks
}

/// Spearman's rank correlation: Pearson's correlation of the mid-ranks.
///
/// Range -1 to 1. Undefined: no pairs (`NoPairs`), one pair (`TooFewItems`), an input without variation (`Constant`),
/// a value that is no finite number (`OutOfRange`). Spearman 1904.
///
/// # Panics
/// Where the slices differ in length.
pub fn spearman(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    check_pairs(a, b)?;
    // Doubled deviations of ranks from their mean, 2r - (n + 1), are whole numbers: the sums are exact, so that
    // "constant" is decided without rounding.
    let centre = a.len() as i64 + 1;
    let doubled = |ranks: Vec<f64>| -> Vec<i64> {
        ranks
            .iter()
            .map(|rank| (2.0 * rank) as i64 - centre)
            .collect()
    };
    let (x, y) = (doubled(mid_ranks(a)), doubled(mid_ranks(b)));
    let dot =
        |u: &[i64], v: &[i64]| -> i128 { u.iter().zip(v).map(|(p, q)| i128::from(p * q)).sum() };
    let (xx, yy) = (dot(&x, &x), dot(&y, &y));
    if xx == 0 || yy == 0 {
        return Err(Undefined::Constant);
    }
    Ok((dot(&x, &y) as f64 / ((xx as f64).sqrt() * (yy as f64).sqrt())).clamp(-1.0, 1.0))
}

/// Kendall's tau-b: concordant less discordant pairs over the geometric mean of the pairs untied in each input.
///
/// tau_b = (C - D)/sqrt((n0 - n1)(n0 - n2)), n0 = n(n-1)/2, n1 and n2 the pairs tied in `a` and in `b`. Range -1 to 1.
/// Counts are exact and found in O(n log n) by counting the exchanges of a merge sort (Knight 1966). Undefined as
/// for [`spearman`].
///
/// # Panics
/// Where the slices differ in length.
pub fn kendall_tau_b(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    check_pairs(a, b)?;
    let mut pairs: Vec<(f64, f64)> = a
        .iter()
        .copied()
        .zip(b.iter().copied())
        .map(|(x, y)| (x + 0.0, y + 0.0))
        .collect();
    pairs.sort_unstable_by(|p, q| p.0.total_cmp(&q.0).then(p.1.total_cmp(&q.1)));
    let tied_a = tied_pairs(&pairs, |p, q| same(p.0, q.0));
    let tied_both = tied_pairs(&pairs, |p, q| same(p.0, q.0) && same(p.1, q.1));
    let mut second: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let discordant = sort_counting_exchanges(&mut second);
    let tied_b = tied_pairs(&second, |p, q| same(*p, *q));
    let all = pairs_of(pairs.len());
    if tied_a == all || tied_b == all {
        return Err(Undefined::Constant);
    }
    let concordant = all + tied_both - tied_a - tied_b - discordant;
    let difference = concordant as f64 - discordant as f64;
    let untied = ((all - tied_a) as f64).sqrt() * ((all - tied_b) as f64).sqrt();
    Ok((difference / untied).clamp(-1.0, 1.0))
}

/// Equality of values as data: two cells tie when they hold the same number.
#[allow(clippy::float_cmp)]
pub(super) fn same(a: f64, b: f64) -> bool {
    a == b
}

fn check_pairs(a: &[f64], b: &[f64]) -> Result<(), Undefined> {
    assert_eq!(a.len(), b.len(), "the two inputs are paired");
    if a.is_empty() {
        return Err(Undefined::NoPairs);
    }
    if !a.iter().chain(b).all(|value| value.is_finite()) {
        return Err(Undefined::OutOfRange);
    }
    if a.len() < 2 {
        return Err(Undefined::TooFewItems);
    }
    Ok(())
}

pub(super) fn pairs_of(n: usize) -> u128 {
    let n = n as u128;
    n * n.saturating_sub(1) / 2
}

/// Pairs within runs of equal neighbours of a sorted slice.
pub(super) fn tied_pairs<T>(sorted: &[T], equal: impl Fn(&T, &T) -> bool) -> u128 {
    sorted.chunk_by(equal).map(|run| pairs_of(run.len())).sum()
}

/// Sorts by merging and counts the pairs that stood in strictly descending order.
pub(super) fn sort_counting_exchanges(values: &mut [f64]) -> u128 {
    let n = values.len();
    let mut other = values.to_vec();
    let mut exchanges = 0_u128;
    let mut width = 1;
    while width < n {
        for start in (0..n).step_by(2 * width) {
            let middle = (start + width).min(n);
            let end = (start + 2 * width).min(n);
            let (mut left, mut right) = (start, middle);
            for slot in &mut other[start..end] {
                if left < middle && (right == end || values[left] <= values[right]) {
                    *slot = values[left];
                    left += 1;
                } else {
                    *slot = values[right];
                    right += 1;
                    exchanges += (middle - left) as u128;
                }
            }
        }
        values.copy_from_slice(&other);
        width *= 2;
    }
    exchanges
}
