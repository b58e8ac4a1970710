//! Matthews' correlation coefficient for any number of classes.

use super::chance::require_pairs;
use super::estimate::Undefined;
use super::influence::Linearised;
use super::table::{Confusion, cells};

/// Matthews' correlation, R_K of Gorodkin (2004): range [−1, 1], 0 for a candidate independent of the truth.
///
/// (n tr − Σ r_k c_k) / √((n² − Σ c²)(n² − Σ r²)), computed from whole numbers.
///
/// # Errors
/// `NoPairs` without items; `OneClass` where both raters used one and the same category; `Constant` where one of them
/// used a single category.
pub fn mcc(table: &Confusion) -> Result<f64, Undefined> {
    let Parts {
        covariance,
        truth,
        prediction,
    } = Parts::new(table)?;
    // Equal spreads need no root, which keeps perfect agreement at exactly one.
    let spread = if truth == prediction {
        truth as f64
    } else {
        (truth as f64).sqrt() * (prediction as f64).sqrt()
    };
    Ok(covariance as f64 / spread)
}

/// [`mcc`] with its gradient.
///
/// # Errors
/// Those of [`mcc`].
pub fn mcc_linearised(table: &Confusion) -> Result<Linearised, Undefined> {
    let value = mcc(table)?;
    let parts = Parts::new(table)?;
    let n = table.n() as f64;
    let (truth, prediction) = (parts.truth as f64 / n / n, parts.prediction as f64 / n / n);
    let spread = (truth * prediction).sqrt();
    let share = |margin: &[u64]| -> Vec<f64> { margin.iter().map(|&m| m as f64 / n).collect() };
    let (rows, columns) = (share(table.rows()), share(table.columns()));
    let gradient = cells(table.categories())
        .map(|(i, j)| {
            let covariance = f64::from(i == j) - columns[i] - rows[j];
            covariance / spread + value * (columns[j] / prediction + rows[i] / truth)
        })
        .collect();
    Ok(Linearised { value, gradient })
}

/// Matthews' correlation with scikit-learn's convention: 0 where it is undefined.
#[must_use]
pub fn mcc_sklearn(table: &Confusion) -> f64 {
    mcc(table).unwrap_or(0.0)
}

/// The covariance of truth and prediction and the spread of each, times n².
struct Parts {
    covariance: i128,
    truth: u128,
    prediction: u128,
}

impl Parts {
    fn new(table: &Confusion) -> Result<Self, Undefined> {
        require_pairs(table)?;
        if table.is_one_class() {
            return Err(Undefined::OneClass);
        }
        if table.has_constant_rater() {
            return Err(Undefined::Constant);
        }
        let n = u128::from(table.n());
        let spread = |margin: &[u64]| {
            n * n
                - margin
                    .iter()
                    .map(|&m| u128::from(m) * u128::from(m))
                    .sum::<u128>()
        };
        let agreed = n * u128::from(table.diagonal());
        Ok(Self {
            covariance: agreed as i128 - table.margin_product() as i128,
            truth: spread(table.rows()),
            prediction: spread(table.columns()),
        })
    }
}
