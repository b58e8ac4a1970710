//! Intervals of any statistic of rows, users drawn with all their rows; and the difference of two shares.

use rayon::prelude::*;

use super::draw::{below, quantile, stream};
use super::estimate::{Interval, Undefined};
use super::influence::Errors;
use super::proportion::share;

/// Resamples behind an interval.
pub const RESAMPLES: u64 = 2000;

/// The percentile interval of `statistic`, which is given the numbers of the rows drawn.
///
/// As many users are drawn as there are, with replacement, each with all rows; the same seed gives the same interval at any
/// number of threads. Undefined: `TooFewClusters` below three users, `TooManyUndefinedResamples` where more than a tenth
/// of the resamples have no value.
///
/// # Errors
/// As above.
pub fn interval(
    users: &[u32],
    seed: u64,
    confidence: f64,
    statistic: impl Fn(&[usize]) -> Option<f64> + Sync,
) -> Result<Interval, Undefined> {
    let rows = rows_by_user(users);
    if rows.len() < 3 {
        return Err(Undefined::TooFewClusters);
    }
    let mut values: Vec<f64> = (0..RESAMPLES)
        .into_par_iter()
        .filter_map(|replicate| {
            let mut rng = stream(seed, replicate);
            let drawn: Vec<usize> = (0..rows.len())
                .flat_map(|_| rows[below(&mut rng, rows.len())].iter().copied())
                .collect();
            statistic(&drawn).filter(|value| value.is_finite())
        })
        .collect();
    if values.len() * 10 < RESAMPLES as usize * 9 {
        return Err(Undefined::TooManyUndefinedResamples);
    }
    values.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Ok(Interval {
        low: quantile(&values, tail),
        high: quantile(&values, 1.0 - tail),
    })
}

fn rows_by_user(users: &[u32]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..users.len()).collect();
    order.sort_by_key(|&row| users[row]);
    order
        .chunk_by(|&a, &b| users[a] == users[b])
        .map(<[usize]>::to_vec)
        .collect()
}

/// Wilson's interval of a share of rows, by the number of rows that the users' resemblance leaves; `None` for no rows or one user.
#[must_use]
pub fn share_interval(holds: &[bool], users: &[u32], confidence: f64) -> Option<Interval> {
    if holds.is_empty() {
        return None;
    }
    let n = holds.len() as f64;
    let holding = holds.iter().filter(|holds| **holds).count();
    let mean = holding as f64 / n;
    let groups = rows_by_user(users);
    let squares: f64 = groups
        .iter()
        .map(|rows| {
            let sum: f64 = rows
                .iter()
                .map(|&row| f64::from(u8::from(holds[row])) - mean)
                .sum();
            sum * sum
        })
        .sum();
    let count = groups.len() as f64;
    let se_cluster = (groups.len() >= 2).then(|| (squares * count / (count - 1.0)).sqrt() / n);
    let errors = Errors {
        se: None,
        se_cluster,
        zero_variance: false,
    };
    share(
        holding as u64,
        holds.len() as u64,
        errors,
        Some(groups.len()),
        confidence,
    )
    .interval
}

/// Newcombe's interval of p − q from the intervals of the two shares (1998, method 10).
///
/// Low: d − √((p − l₁)² + (u₂ − q)²); high: d + √((u₁ − p)² + (q − l₂)²).
#[must_use]
pub fn difference(p: f64, of_p: Interval, q: f64, of_q: Interval) -> Interval {
    let d = p - q;
    Interval {
        low: d - (p - of_p.low).hypot(of_q.high - q),
        high: d + (of_p.high - p).hypot(q - of_q.low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::proportion::wilson;

    /// Newcombe (1998), example (a): 56/70 against 48/80, 0.0524 to 0.3339.
    #[test]
    fn the_difference_is_newcombes_example() {
        let found = difference(0.8, wilson(56.0, 70.0, 0.95), 0.6, wilson(48.0, 80.0, 0.95));
        assert!((found.low - 0.0524).abs() < 5e-5, "{found:?}");
        assert!((found.high - 0.3339).abs() < 5e-5, "{found:?}");
    }

    #[test]
    fn users_are_drawn_whole() {
        // Each user's rows sum to zero, so every resample does.
        let values = [1.0, -1.0, 5.0, -5.0, 2.0, -2.0];
        let found = interval(&[0, 0, 1, 1, 2, 2], 7, 0.95, |rows| {
            Some(rows.iter().map(|&row| values[row]).sum())
        })
        .unwrap();
        assert!(found.low.abs() < 1e-12 && found.high.abs() < 1e-12);
        assert_eq!(
            interval(&[0, 0, 1, 1], 7, 0.95, |_| Some(0.0)),
            Err(Undefined::TooFewClusters)
        );
    }

    /// Three users of one row each and no resemblance: n_eff is n (deff (G/(G-1)) above 1 shortens it).
    #[test]
    fn a_share_of_one_user_has_no_interval() {
        assert_eq!(share_interval(&[true, false], &[4, 4], 0.95), None);
    }
}
