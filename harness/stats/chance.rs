//! What the chance-corrected coefficients of two raters have in common: c = (pa − pe)/(1 − pe).
//!
//! pa is the weighted agreement that was observed and pe the agreement expected by chance; coefficients differ in
//! what they take for chance only. Everything is written with disagreements, c = 1 − (1 − pa)/(1 − pe), because then
//! perfect agreement is 1 exactly and "no disagreement is possible" is a zero that rounding cannot hide.

use super::estimate::Undefined;
use super::influence::Linearised;
use super::table::Confusion;
use super::weights::Weights;

/// Agreement by chance: its complement and its derivative, which in all coefficients is a sum of a row and a column part.
pub(super) struct Chance {
    /// 1 − pe.
    pub(super) disagreement: f64,
    /// The part of ∂pe/∂p_ij that depends on the row.
    pub(super) row: Vec<f64>,
    /// The part that depends on the column.
    pub(super) column: Vec<f64>,
}

/// The coefficient, given 1 − pe.
pub(super) fn corrected(
    table: &Confusion,
    weights: &Weights,
    expected: f64,
) -> Result<f64, Undefined> {
    require_pairs(table)?;
    // A sum of products of non-negative numbers is zero only if each of them is, so this is decided on counts.
    if expected <= 0.0 {
        return Err(Undefined::OneClass);
    }
    Ok(1.0 - weights.observed(table) / weights.scale() / table.n() as f64 / expected)
}

/// The coefficient with its gradient: (w_ij − (1 − c) D_ij)/(1 − pe), D the derivative of pe.
pub(super) fn linearise(
    table: &Confusion,
    weights: &Weights,
    value: f64,
    chance: &Chance,
) -> Linearised {
    let q = table.categories();
    let mut gradient = Vec::with_capacity(q * q);
    for (i, &row) in chance.row.iter().enumerate() {
        for (j, &column) in chance.column.iter().enumerate() {
            gradient.push(
                (weights.weight(i, j) - (1.0 - value) * (row + column)) / chance.disagreement,
            );
        }
    }
    Linearised { value, gradient }
}

/// Refuses a table without items.
pub(super) fn require_pairs(table: &Confusion) -> Result<(), Undefined> {
    if table.n() == 0 {
        Err(Undefined::NoPairs)
    } else {
        Ok(())
    }
}

/// The disagreement expected of two margins that were drawn independently, as a share: Σ v a_i b_j / (scale · A · B).
pub(super) fn expected_disagreement(weights: &Weights, a: &[u64], b: &[u64]) -> f64 {
    let pairs = a.iter().sum::<u64>() as f64 * b.iter().sum::<u64>() as f64;
    if pairs > 0.0 {
        weights.expected(a, b) / weights.scale() / pairs
    } else {
        0.0
    }
}

/// The average weight of each category of rater A with the items of margin `b`: Σ_l w_il b_l.
pub(super) fn row_weights(weights: &Weights, b: &[u64]) -> Vec<f64> {
    let n = b.iter().sum::<u64>().max(1) as f64;
    (0..weights.categories())
        .map(|i| {
            let disagreement: f64 = weights
                .disagreements(i)
                .iter()
                .zip(b)
                .map(|(&v, &b)| v * b as f64)
                .sum();
            1.0 - disagreement / weights.scale() / n
        })
        .collect()
}

/// The average weight of each category of rater B with the items of margin `a`: Σ_k w_kj a_k.
pub(super) fn column_weights(weights: &Weights, a: &[u64]) -> Vec<f64> {
    let n = a.iter().sum::<u64>().max(1) as f64;
    (0..weights.categories())
        .map(|j| {
            let disagreement: f64 = a
                .iter()
                .enumerate()
                .map(|(k, &a)| weights.disagreement(k, j) * a as f64)
                .sum();
            1.0 - disagreement / weights.scale() / n
        })
        .collect()
}

/// How often either rater used each category; divided by 2n the average margin π.
pub(super) fn pooled_margin(table: &Confusion) -> Vec<u64> {
    table
        .rows()
        .iter()
        .zip(table.columns())
        .map(|(&a, &b)| a + b)
        .collect()
}
