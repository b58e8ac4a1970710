//! How often the candidate is right: percent agreement, precision and recall of each class, balanced accuracy.
//!
//! Rows are the truth. These are shares of items and so come with Wilson's interval; balanced accuracy, a mean of
//! shares, comes with its gradient.

use super::chance::require_pairs;
use super::estimate::{Statistic, Undefined};
use super::f1::f1_linearised;
use super::influence::{Linearised, Sample};
use super::proportion::share;
use super::table::{Confusion, cells};

/// How well one class is recognised.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMetrics {
    /// How often the class is the truth (rater A).
    pub support: u64,
    /// How often the class was predicted (rater B).
    pub predicted: u64,
    /// TP / predicted, with Wilson's interval; `NoCases` where the class was never predicted.
    pub precision: Statistic,
    /// TP / support, with Wilson's interval; `NoCases` where the class never is the truth.
    pub recall: Statistic,
    /// 2 TP / (support + predicted), delta method; `NoCases` where the class neither occurs nor is predicted.
    pub f1: Statistic,
    /// The same number as agreement between two raters of equal standing (Cicchetti and Feinstein 1990).
    pub specific_agreement: Statistic,
}

/// Precision, recall and F1 of every declared class.
#[must_use]
pub fn per_class(sample: &Sample) -> Vec<ClassMetrics> {
    let (rows, columns) = (sample.table.rows(), sample.table.columns());
    (0..sample.table.categories())
        .map(|k| {
            let f1 = f1_linearised(sample.table, k).map(|f1| sample.estimate(&f1));
            ClassMetrics {
                support: rows[k],
                predicted: columns[k],
                precision: conditional_share(sample, columns[k], |_, j| j == k, |i, j| i == j),
                recall: conditional_share(sample, rows[k], |i, _| i == k, |i, j| i == j),
                f1,
                specific_agreement: f1,
            }
        })
        .collect()
}

/// The share of items on which both raters agree (micro F1, accuracy), with Wilson's interval.
///
/// # Errors
/// `NoPairs` without items.
pub fn percent_agreement(sample: &Sample) -> Statistic {
    agreement_within(sample, 0)
}

/// The share of items on which the raters are at most one position apart, with Wilson's interval; for ordered scales.
///
/// # Errors
/// `NoPairs` without items.
pub fn within_one(sample: &Sample) -> Statistic {
    agreement_within(sample, 1)
}

fn agreement_within(sample: &Sample, distance: usize) -> Statistic {
    require_pairs(sample.table)?;
    conditional_share(
        sample,
        sample.table.n(),
        |_, _| true,
        |i, j| i.abs_diff(j) <= distance,
    )
}

/// Percent agreement as a number, range [0, 1].
///
/// # Errors
/// `NoPairs` without items.
pub fn agreement(table: &Confusion) -> Result<f64, Undefined> {
    require_pairs(table)?;
    Ok(table.diagonal() as f64 / table.n() as f64)
}

/// [`agreement`] with its gradient, for comparisons of two candidates.
///
/// # Errors
/// `NoPairs` without items.
pub fn agreement_linearised(table: &Confusion) -> Result<Linearised, Undefined> {
    let gradient = cells(table.categories())
        .map(|(i, j)| f64::from(i == j))
        .collect();
    Ok(Linearised {
        value: agreement(table)?,
        gradient,
    })
}

/// Balanced accuracy: the mean recall over the classes that occur in the truth, range [0, 1].
///
/// # Errors
/// `NoPairs` without items.
pub fn balanced_accuracy(table: &Confusion) -> Result<f64, Undefined> {
    require_pairs(table)?;
    let (mut sum, mut present) = (0.0, 0.0);
    for (k, &row) in table.rows().iter().enumerate().filter(|&(_, &row)| row > 0) {
        sum += table.agreed(k) as f64 / row as f64;
        present += 1.0;
    }
    Ok(sum / present)
}

/// [`balanced_accuracy`] with its gradient.
///
/// # Errors
/// `NoPairs` without items.
pub fn balanced_accuracy_linearised(table: &Confusion) -> Result<Linearised, Undefined> {
    let value = balanced_accuracy(table)?;
    let present = table.rows().iter().filter(|&&row| row > 0).count() as f64;
    let gradient = cells(table.categories())
        .map(|(i, j)| {
            let row = table.rows()[i] as f64;
            if row > 0.0 {
                (f64::from(i == j) - table.agreed(i) as f64 / row) * table.n() as f64
                    / row
                    / present
            } else {
                0.0
            }
        })
        .collect();
    Ok(Linearised { value, gradient })
}

/// The share of successes among the items in the cells that are a case, of which there are `cases`.
fn conditional_share(
    sample: &Sample,
    cases: u64,
    is_case: impl Fn(usize, usize) -> bool,
    is_success: impl Fn(usize, usize) -> bool,
) -> Statistic {
    if cases == 0 {
        return Err(Undefined::NoCases);
    }
    let q = sample.table.categories();
    let successes: u64 = sample
        .table
        .occupied()
        .filter(|&(i, j, _)| is_case(i, j) && is_success(i, j))
        .map(|(.., count)| count)
        .sum();
    let value = successes as f64 / cases as f64;
    let case_share = cases as f64 / sample.table.n() as f64;
    let gradient: Vec<f64> = cells(q)
        .map(|(i, j)| {
            if is_case(i, j) {
                (f64::from(is_success(i, j)) - value) / case_share
            } else {
                0.0
            }
        })
        .collect();
    let clusters = sample.clusters.map(|clusters| {
        let has_case = |cell: usize| is_case(cell / q, cell % q);
        clusters
            .iter()
            .filter(|entries| entries.iter().any(|entry| has_case(entry.cell as usize)))
            .count()
    });
    Ok(share(
        successes,
        cases,
        sample.errors(&gradient),
        clusters,
        sample.confidence,
    ))
}
