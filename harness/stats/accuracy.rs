//! How often the candidate is right: percent agreement, precision and recall of each class, balanced accuracy.
//!
//! Rows are the truth. These are shares of items and so come with Wilson's interval; balanced accuracy, a mean of
//! shares, comes with its gradient.

use super::chance::require_pairs;
use super::clusters::ClusterCells;
use super::estimate::{Estimate, Statistic, Undefined};
use super::f1::f1_linearised;
use super::influence::{Errors, Linearised, Sample};
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
    let table = sample.table;
    let q = table.categories();
    let spread = sample.clusters.map(|clusters| clusters.spread(q));
    // Classes are worked on in groups, because one walk over the users serves several statistics; the gradients of a
    // group have to fit memory.
    let group = (GROUP_CELLS / table.counts().len().max(1)).clamp(1, GROUP);
    let classes: Vec<usize> = (0..q).collect();
    classes
        .chunks(group)
        .flat_map(|classes| metrics_of(sample, classes, spread.as_ref()))
        .collect()
}

/// Classes whose errors are computed together: eight statistics at a time, three of each class.
const GROUP: usize = 8;

/// Cells that the table may have times the classes of a group.
const GROUP_CELLS: usize = 1 << 20;

/// The metrics of some classes; `spread` says in how many users each row and column of the table has an item.
fn metrics_of(
    sample: &Sample,
    classes: &[usize],
    spread: Option<&(Vec<usize>, Vec<usize>)>,
) -> Vec<ClassMetrics> {
    let table = sample.table;
    let (rows, columns) = (table.rows(), table.columns());
    let of_class = |&k: &usize| {
        let precision = Share::new(table, columns[k], |_, j| j == k, |i, j| i == j);
        let recall = Share::new(table, rows[k], |i, _| i == k, |i, j| i == j);
        (k, precision, recall, f1_linearised(table, k))
    };
    let found: Vec<_> = classes.iter().map(of_class).collect();
    let gradients: Vec<&[f64]> = found
        .iter()
        .flat_map(|(_, precision, recall, f1)| {
            let shares = [precision, recall].map(|it| it.as_ref().map(|it| it.gradient.as_slice()));
            let [precision, recall] = shares;
            let f1 = f1.as_ref().map(|it| it.gradient.as_slice());
            [precision.ok(), recall.ok(), f1.ok()]
        })
        .flatten()
        .collect();
    let mut errors = sample.errors_of(&gradients).into_iter();
    let mut next = || errors.next().expect("one for each that has a value");
    found
        .iter()
        .map(|(k, precision, recall, f1)| {
            let mut told = |share: &Result<Share, Undefined>, clusters: Option<usize>| {
                let share = share.as_ref().map_err(|reason| *reason)?;
                Ok(share.estimate(next(), clusters, sample.confidence))
            };
            let precision = told(precision, spread.map(|(_, columns)| columns[*k]));
            let recall = told(recall, spread.map(|(rows, _)| rows[*k]));
            let f1 = match f1 {
                Ok(f1) => Ok(sample.with_errors(f1.value, next())),
                Err(reason) => Err(*reason),
            };
            ClassMetrics {
                support: rows[*k],
                predicted: columns[*k],
                precision,
                recall,
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
    let share = Share::new(
        sample.table,
        sample.table.n(),
        |_, _| true,
        |i, j| i.abs_diff(j) <= distance,
    )?;
    let errors = sample.errors(&share.gradient);
    let clusters = sample.clusters.map(ClusterCells::len);
    Ok(share.estimate(errors, clusters, sample.confidence))
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

/// The share of successes among the items in the cells that are a case.
struct Share {
    successes: u64,
    cases: u64,
    gradient: Vec<f64>,
}

impl Share {
    /// The share among `cases` items, which is how many are in the cells that are a case.
    fn new(
        table: &Confusion,
        cases: u64,
        is_case: impl Fn(usize, usize) -> bool,
        is_success: impl Fn(usize, usize) -> bool,
    ) -> Result<Self, Undefined> {
        if cases == 0 {
            return Err(Undefined::NoCases);
        }
        let successes: u64 = table
            .occupied()
            .filter(|&(i, j, _)| is_case(i, j) && is_success(i, j))
            .map(|(.., count)| count)
            .sum();
        let value = successes as f64 / cases as f64;
        let case_share = cases as f64 / table.n() as f64;
        let gradient = cells(table.categories())
            .map(|(i, j)| {
                if is_case(i, j) {
                    (f64::from(is_success(i, j)) - value) / case_share
                } else {
                    0.0
                }
            })
            .collect();
        Ok(Self {
            successes,
            cases,
            gradient,
        })
    }

    /// With its errors and, where there are clusters, the number of those that have a case.
    fn estimate(&self, errors: Errors, clusters: Option<usize>, confidence: f64) -> Estimate {
        share(self.successes, self.cases, errors, clusters, confidence)
    }
}
