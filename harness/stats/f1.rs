//! F1 of a class and its averages over classes.
//!
//! Rows are the truth. The F1 of a class is also its specific agreement, 2 n_kk/(n_k. + n_.k), which treats both raters
//! alike.

use super::chance::require_pairs;
use super::estimate::Undefined;
use super::influence::Linearised;
use super::table::{Confusion, cells};

/// F1 of class `k`: 2 n_kk / (n_k. + n_.k), range [0, 1].
///
/// # Errors
/// `NoCases` where the class neither occurs nor is predicted.
pub fn f1(table: &Confusion, k: usize) -> Result<f64, Undefined> {
    let size = table.rows()[k] + table.columns()[k];
    if size == 0 {
        Err(Undefined::NoCases)
    } else {
        Ok(2.0 * table.agreed(k) as f64 / size as f64)
    }
}

/// [`f1`] with its gradient.
///
/// # Errors
/// Those of [`f1`].
pub fn f1_linearised(table: &Confusion, k: usize) -> Result<Linearised, Undefined> {
    let value = f1(table, k)?;
    let weights: Vec<f64> = (0..table.categories()).map(|i| f64::from(i == k)).collect();
    Ok(Linearised {
        value,
        gradient: gradient(table, &weights),
    })
}

/// Macro F1: the mean F1 over the classes seen in truth or prediction.
///
/// # Errors
/// `NoPairs` without items.
pub fn macro_f1(table: &Confusion) -> Result<f64, Undefined> {
    require_pairs(table)?;
    let (sum, seen) = sum_of_f1(table);
    Ok(sum / seen as f64)
}

/// [`macro_f1`] with its gradient; the variance is that of Takahashi et al. (2022).
///
/// # Errors
/// Those of [`macro_f1`].
pub fn macro_f1_linearised(table: &Confusion) -> Result<Linearised, Undefined> {
    let value = macro_f1(table)?;
    let (_, seen) = sum_of_f1(table);
    let weights = vec![1.0 / seen as f64; table.categories()];
    Ok(Linearised {
        value,
        gradient: gradient(table, &weights),
    })
}

/// Macro F1 over all declared classes, a class that neither occurs nor is predicted counting as zero.
///
/// # Errors
/// `NoPairs` without items.
pub fn macro_f1_declared(table: &Confusion) -> Result<f64, Undefined> {
    require_pairs(table)?;
    Ok(sum_of_f1(table).0 / table.categories() as f64)
}

/// The mean F1 weighted by how often each class is the truth.
///
/// # Errors
/// `NoPairs` without items.
pub fn weighted_f1(table: &Confusion) -> Result<f64, Undefined> {
    require_pairs(table)?;
    let supported = table.rows().iter().enumerate().filter(|&(_, &row)| row > 0);
    let sum: f64 = supported
        .map(|(k, &row)| f1(table, k).unwrap_or(0.0) * row as f64)
        .sum();
    Ok(sum / table.n() as f64)
}

/// [`weighted_f1`] with its gradient, in which the weights move with the table too.
///
/// # Errors
/// Those of [`weighted_f1`].
pub fn weighted_f1_linearised(table: &Confusion) -> Result<Linearised, Undefined> {
    let value = weighted_f1(table)?;
    let n = table.n() as f64;
    let q = table.categories();
    let weights: Vec<f64> = table.rows().iter().map(|&row| row as f64 / n).collect();
    let scores: Vec<f64> = (0..q).map(|k| f1(table, k).unwrap_or(0.0)).collect();
    let gradient = gradient(table, &weights)
        .into_iter()
        .zip(cells(q))
        .map(|(g, (i, _))| g + scores[i])
        .collect();
    Ok(Linearised { value, gradient })
}

/// The sum of F1 over the classes that have one, and how many those are.
fn sum_of_f1(table: &Confusion) -> (f64, usize) {
    (0..table.categories())
        .filter_map(|k| f1(table, k).ok())
        .fold((0.0, 0), |(sum, seen), score| (sum + score, seen + 1))
}

/// The gradient of Σ ω_k F1_k with fixed ω: with d_k = p_k. + p_.k it is Σ ω_k (2 [i=j=k] − F_k [i=k] − F_k [j=k]) / d_k.
fn gradient(table: &Confusion, weights: &[f64]) -> Vec<f64> {
    let n = table.n() as f64;
    // Per class ω/d and ωF/d, zero for a class that is never seen.
    let parts: Vec<(f64, f64)> = weights
        .iter()
        .enumerate()
        .map(|(k, weight)| match f1(table, k) {
            Ok(score) => {
                let scaled = weight / ((table.rows()[k] + table.columns()[k]) as f64 / n);
                (scaled, scaled * score)
            }
            Err(_) => (0.0, 0.0),
        })
        .collect();
    cells(table.categories())
        .map(|(i, j)| {
            if i == j {
                2.0 * (parts[i].0 - parts[i].1)
            } else {
                -parts[i].1 - parts[j].1
            }
        })
        .collect()
}
