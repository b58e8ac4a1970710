//! Coefficients whose chance is the raters' own margins: Cohen's kappa, Scott's pi, and the indices that go with them.

use super::chance::{
    Chance, column_weights, corrected, expected_disagreement, linearise, pooled_margin,
    require_pairs, row_weights,
};
use super::estimate::Undefined;
use super::influence::Linearised;
use super::table::Confusion;
use super::weights::Weights;

/// Cohen's kappa, weighted: agreement beyond that of two independent raters with these margins.
///
/// pe = Σ w_ij a_i b_j over the shares a_i of rater A and b_j of rater B. At most 1, and without weights at least −1.
/// For a scale without order use identity weights; with quadratic weights it is close to an intraclass correlation.
/// Cohen (1960), (1968).
///
/// # Errors
/// `NoPairs` without items; `OneClass` where both raters used one and the same category, so that agreement was
/// certain. One constant rater gives exactly 0.
pub fn cohen(table: &Confusion, weights: &Weights) -> Result<f64, Undefined> {
    let expected = expected_disagreement(weights, table.rows(), table.columns());
    let value = corrected(table, weights, expected)?;
    // With one constant rater observed and expected disagreement are the same sum; the quotient may miss one by an ulp.
    Ok(if table.has_constant_rater() {
        0.0
    } else {
        value
    })
}

/// [`cohen`] with its gradient; the standard error is that of Fleiss, Cohen and Everitt (1969) for intervals.
///
/// # Errors
/// Those of [`cohen`].
pub fn cohen_linearised(table: &Confusion, weights: &Weights) -> Result<Linearised, Undefined> {
    let value = cohen(table, weights)?;
    let chance = Chance {
        disagreement: expected_disagreement(weights, table.rows(), table.columns()),
        row: row_weights(weights, table.columns()),
        column: column_weights(weights, table.rows()),
    };
    Ok(linearise(table, weights, value, &chance))
}

/// The standard error of kappa if the true kappa were zero; for testing that hypothesis only, never for an interval.
///
/// n (1 − pe)² Var = Σ a_i b_j [w_ij − (w_i. + w_.j)]² − pe². Fleiss, Cohen and Everitt (1969), equation 14.
///
/// # Errors
/// Those of [`cohen`].
pub fn cohen_null_se(table: &Confusion, weights: &Weights) -> Result<f64, Undefined> {
    cohen(table, weights)?;
    let n = table.n() as f64;
    let (rows, columns) = (
        row_weights(weights, table.columns()),
        column_weights(weights, table.rows()),
    );
    let expected = expected_disagreement(weights, table.rows(), table.columns());
    let mut sum = 0.0;
    for (i, &a) in table.rows().iter().enumerate() {
        for (j, &b) in table.columns().iter().enumerate() {
            let excess = weights.weight(i, j) - (rows[i] + columns[j]);
            sum += (a as f64 / n) * (b as f64 / n) * excess * excess;
        }
    }
    let agreement = 1.0 - expected;
    Ok((sum - agreement * agreement).max(0.0).sqrt() / (expected * n.sqrt()))
}

/// Scott's pi, weighted: agreement beyond that of two draws from the raters' pooled margin.
///
/// pe = Σ w_kl π_k π_l with π_k = (a_k + b_k)/2. At most 1, and without weights at least −1. Equals Fleiss' kappa of two raters. Scott (1955).
///
/// # Errors
/// `NoPairs` without items; `OneClass` where both raters used one and the same category.
pub fn scott(table: &Confusion, weights: &Weights) -> Result<f64, Undefined> {
    let pooled = pooled_margin(table);
    corrected(
        table,
        weights,
        expected_disagreement(weights, &pooled, &pooled),
    )
}

/// [`scott`] with its gradient.
///
/// # Errors
/// Those of [`scott`].
pub fn scott_linearised(table: &Confusion, weights: &Weights) -> Result<Linearised, Undefined> {
    let value = scott(table, weights)?;
    let pooled = pooled_margin(table);
    // ∂pe/∂p_ij = (W̄π)_i + (W̄π)_j with W̄ the average of W and its transpose.
    let part: Vec<f64> = row_weights(weights, &pooled)
        .into_iter()
        .zip(column_weights(weights, &pooled))
        .map(|(row, column)| f64::midpoint(row, column))
        .collect();
    let disagreement = expected_disagreement(weights, &pooled, &pooled);
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

/// The largest kappa that these margins allow: (Σ min(a_i, b_i) − pe)/(1 − pe). Cohen (1960).
///
/// Range [0, 1]. Shows how much of a low kappa is due to raters who use categories at different rates.
///
/// # Errors
/// `NoPairs` without items; `OneClass` where both raters used one and the same category.
pub fn kappa_max(table: &Confusion) -> Result<f64, Undefined> {
    let n = u128::from(table.n());
    let (pairs, product) = (n * n, table.margin_product());
    require_pairs(table)?;
    if product == pairs {
        return Err(Undefined::OneClass);
    }
    let overlap: u128 = table
        .rows()
        .iter()
        .zip(table.columns())
        .map(|(&a, &b)| u128::from(a.min(b)))
        .sum();
    // Σ min(a, b)·n is at least Σ a·b because neither margin exceeds n, so the difference cannot be negative.
    Ok((overlap * n - product) as f64 / (pairs - product) as f64)
}

/// The prevalence index (n₁₁ − n₂₂)/n: how far the first category outweighs the second among agreements. Byrt (1993).
///
/// Range [−1, 1].
///
/// # Errors
/// `NotBinary` unless two categories are declared; `NoPairs` without items.
pub fn prevalence_index(table: &Confusion) -> Result<f64, Undefined> {
    binary_difference(table, (0, 0), (1, 1))
}

/// The bias index (n₁₂ − n₂₁)/n: how far rater A uses the first category more often than rater B. Byrt (1993).
///
/// Range [−1, 1].
///
/// # Errors
/// `NotBinary` unless two categories are declared; `NoPairs` without items.
pub fn bias_index(table: &Confusion) -> Result<f64, Undefined> {
    binary_difference(table, (0, 1), (1, 0))
}

fn binary_difference(
    table: &Confusion,
    plus: (usize, usize),
    minus: (usize, usize),
) -> Result<f64, Undefined> {
    if table.categories() != 2 {
        return Err(Undefined::NotBinary);
    }
    require_pairs(table)?;
    Ok(
        (table.count(plus.0, plus.1) as f64 - table.count(minus.0, minus.1) as f64)
            / table.n() as f64,
    )
}
