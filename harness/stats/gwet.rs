//! Coefficients that stay meaningful when one category dominates: Gwet's AC1 and AC2, Brennan and Prediger's kappa.

use super::chance::{Chance, corrected, linearise, pooled_margin};
use super::estimate::Undefined;
use super::influence::Linearised;
use super::table::Confusion;
use super::weights::Weights;

/// Gwet's AC1 (identity weights) or AC2 (any other): chance is a random rating of the hard items only.
///
/// pe = T/(q(q−1)) Σ π_k (1 − π_k), T the sum of all weights and π the raters' average margin. At most 1, and without
/// weights at least −1/(q−1). Depends on the number of declared categories. Gwet (2008), (2014) chapter 4.
///
/// # Errors
/// `NoPairs` without items; `OneCategoryDeclared` with fewer than two categories. Both raters in one category give 1.
pub fn gwet(table: &Confusion, weights: &Weights) -> Result<f64, Undefined> {
    corrected(table, weights, gwet_expected(table, weights)?)
}

/// [`gwet`] with its gradient.
///
/// # Errors
/// Those of [`gwet`].
pub fn gwet_linearised(table: &Confusion, weights: &Weights) -> Result<Linearised, Undefined> {
    let value = gwet(table, weights)?;
    let disagreement = gwet_expected(table, weights)?;
    let factor = gwet_factor(weights);
    let items = 2.0 * table.n() as f64;
    let part: Vec<f64> = pooled_margin(table)
        .into_iter()
        .map(|margin| factor * (0.5 - margin as f64 / items))
        .collect();
    Ok(linearise(
        table,
        weights,
        value,
        &Chance {
            disagreement,
            row: part.clone(),
            column: part,
        },
    ))
}

/// Brennan and Prediger's kappa, weighted: chance is a rating at random among the declared categories.
///
/// pe = T/q². At most 1, and without weights at least −1/(q−1). For two categories it is PABAK, 2 pa − 1, and for more its natural
/// extension (q pa − 1)/(q − 1). Brennan and Prediger (1981); Byrt, Bishop and Carlin (1993).
///
/// # Errors
/// `NoPairs` without items; `OneCategoryDeclared` with fewer than two categories. Both raters in one category give 1.
pub fn brennan_prediger(table: &Confusion, weights: &Weights) -> Result<f64, Undefined> {
    corrected(table, weights, brennan_prediger_expected(table, weights)?)
}

/// [`brennan_prediger`] with its gradient.
///
/// # Errors
/// Those of [`brennan_prediger`].
pub fn brennan_prediger_linearised(
    table: &Confusion,
    weights: &Weights,
) -> Result<Linearised, Undefined> {
    let value = brennan_prediger(table, weights)?;
    let disagreement = brennan_prediger_expected(table, weights)?;
    let flat = vec![0.0; table.categories()];
    Ok(linearise(
        table,
        weights,
        value,
        &Chance {
            disagreement,
            row: flat.clone(),
            column: flat,
        },
    ))
}

fn gwet_expected(table: &Confusion, weights: &Weights) -> Result<f64, Undefined> {
    require_categories(table)?;
    let items = 2.0 * table.n() as f64;
    let spread: f64 = pooled_margin(table)
        .into_iter()
        .map(|margin| (margin as f64 / items) * (1.0 - margin as f64 / items))
        .sum();
    Ok(1.0 - gwet_factor(weights) * spread)
}

fn gwet_factor(weights: &Weights) -> f64 {
    let q = weights.categories() as f64;
    weights.total() / (q * (q - 1.0))
}

fn brennan_prediger_expected(table: &Confusion, weights: &Weights) -> Result<f64, Undefined> {
    require_categories(table)?;
    let q = weights.categories() as f64;
    Ok(1.0 - weights.total() / (q * q))
}

/// Whether there was a choice to be made, and an item to make it on.
fn require_categories(table: &Confusion) -> Result<(), Undefined> {
    if table.n() == 0 {
        Err(Undefined::NoPairs)
    } else if table.categories() < 2 {
        Err(Undefined::OneCategoryDeclared)
    } else {
        Ok(())
    }
}
