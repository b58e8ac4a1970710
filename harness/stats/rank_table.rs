//! Rank correlations and the mean absolute error of two raters on categories that stand for numbers, from their table.
//!
//! The same numbers as those of `rank` from the items, without listing and sorting them: every item of a cell has the
//! same two ranks, so the table is all there is to know.

use super::estimate::Undefined;
use super::rank::pairs_of;
use super::table::Confusion;

/// Rank correlations and the mean absolute error of two raters on an ordered scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankAgreement {
    /// [`super::rank::spearman`].
    pub spearman: Result<f64, Undefined>,
    /// [`super::rank::kendall_tau_b`].
    pub kendall_tau_b: Result<f64, Undefined>,
    /// Mean |b − a| of the numbers that categories stand for; `NoPairs` without items.
    pub mae: Result<f64, Undefined>,
}

/// How far two raters order items alike. `values` are the finite numbers that categories stand for; positions if `None`.
///
/// # Panics
/// If there is not one value per category.
#[must_use]
pub fn rank_agreement(table: &Confusion, values: Option<&[f64]>) -> RankAgreement {
    let q = table.categories();
    let positions: Vec<f64> = (0..q).map(|position| position as f64).collect();
    let values = values.unwrap_or(&positions);
    assert_eq!(values.len(), q, "every category stands for one number");
    let places = Places::new(table, values);
    RankAgreement {
        spearman: places.spearman(),
        kendall_tau_b: places.kendall_tau_b(),
        mae: mean_absolute_error(table, values),
    }
}

fn mean_absolute_error(table: &Confusion, values: &[f64]) -> Result<f64, Undefined> {
    if table.n() == 0 {
        return Err(Undefined::NoPairs);
    }
    let sum: f64 = table
        .occupied()
        .map(|(i, j, count)| count as f64 * (values[i] - values[j]).abs())
        .sum();
    Ok(sum / table.n() as f64)
}

/// The table on the different numbers in ascending order: categories of one number share a place.
struct Places {
    places: usize,
    counts: Vec<u64>,
    rows: Vec<u64>,
    columns: Vec<u64>,
    n: u64,
}

impl Places {
    fn new(table: &Confusion, values: &[f64]) -> Self {
        let mut different: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
        different.sort_unstable_by(f64::total_cmp);
        different.dedup_by(|x, y| x.total_cmp(y).is_eq());
        let place = |value: f64| different.partition_point(|known| *known < value);
        let place_of: Vec<usize> = values.iter().map(|&value| place(value)).collect();
        let places = different.len();
        let mut counts = vec![0; places * places];
        let (mut rows, mut columns) = (vec![0; places], vec![0; places]);
        for (i, j, count) in table.occupied() {
            let (row, column) = (place_of[i], place_of[j]);
            counts[row * places + column] += count;
            rows[row] += count;
            columns[column] += count;
        }
        Self {
            places,
            counts,
            rows,
            columns,
            n: table.n(),
        }
    }

    fn check(&self) -> Result<(), Undefined> {
        match self.n {
            0 => Err(Undefined::NoPairs),
            1 => Err(Undefined::TooFewItems),
            _ => Ok(()),
        }
    }

    fn spearman(&self) -> Result<f64, Undefined> {
        self.check()?;
        // Twice the mid-rank less twice the mean rank, n + 1, is a whole number: the sums are exact.
        let deviations = |margin: &[u64]| -> Vec<i128> {
            let mut before = 0;
            let of = |&count: &u64| {
                let doubled = i128::from(2 * before + count) - i128::from(self.n);
                before += count;
                doubled
            };
            margin.iter().map(of).collect()
        };
        let spread = |margin: &[u64], deviations: &[i128]| -> i128 {
            let of = |(&count, d): (&u64, &i128)| i128::from(count) * d * d;
            margin.iter().zip(deviations).map(of).sum()
        };
        let (x, y) = (deviations(&self.rows), deviations(&self.columns));
        let (xx, yy) = (spread(&self.rows, &x), spread(&self.columns, &y));
        if xx == 0 || yy == 0 {
            return Err(Undefined::Constant);
        }
        let mut xy = 0;
        for (row, counts) in self.counts.chunks_exact(self.places).enumerate() {
            for (&count, y) in counts.iter().zip(&y) {
                xy += i128::from(count) * x[row] * y;
            }
        }
        Ok((xy as f64 / ((xx as f64).sqrt() * (yy as f64).sqrt())).clamp(-1.0, 1.0))
    }

    fn kendall_tau_b(&self) -> Result<f64, Undefined> {
        self.check()?;
        let tied = |counts: &[u64]| -> u128 {
            let of = |&count: &u64| pairs_of(count as usize);
            counts.iter().map(of).sum()
        };
        let (tied_a, tied_b) = (tied(&self.rows), tied(&self.columns));
        let tied_both = tied(&self.counts);
        let all = pairs_of(self.n as usize);
        if tied_a == all || tied_b == all {
            return Err(Undefined::Constant);
        }
        // A pair is discordant where the item in the lower row stands in the higher column.
        let mut discordant = 0_u128;
        let mut above = vec![0_u64; self.places];
        for counts in self.counts.chunks_exact(self.places) {
            let mut higher: u64 = above.iter().sum();
            for (&count, &here) in counts.iter().zip(&above) {
                higher -= here;
                discordant += u128::from(count) * u128::from(higher);
            }
            for (above, &count) in above.iter_mut().zip(counts) {
                *above += count;
            }
        }
        let concordant = all + tied_both - tied_a - tied_b - discordant;
        let difference = concordant as f64 - discordant as f64;
        let untied = ((all - tied_a) as f64).sqrt() * ((all - tied_b) as f64).sqrt();
        Ok((difference / untied).clamp(-1.0, 1.0))
    }
}
