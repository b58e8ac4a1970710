//! Panels in which every rater rated every unit: Light's kappa, and Fleiss' test of no agreement beyond chance.

use super::estimate::{Estimate, Statistic, Undefined};
use super::kappa::cohen;
use super::table::Confusion;
use super::units::Units;
use super::weights::Weights;

/// Light's kappa: the mean of Cohen's kappa over all pairs of raters, on the items that all of them rated. Light (1971).
///
/// It has no error here. For two raters it is Cohen's kappa.
///
/// # Errors
/// `NoPairs` without an item that all rated, or with a single rater; `OneClass` where some pair used one and the same
/// category.
pub fn light(raters: &[&[Option<u16>]], weights: &Weights) -> Statistic {
    let complete = complete_items(raters);
    let columns: Vec<Vec<Option<u16>>> = raters
        .iter()
        .map(|column| complete.iter().map(|&item| column[item]).collect())
        .collect();
    let mut kappas = Vec::new();
    for (g, first) in columns.iter().enumerate() {
        for second in &columns[g + 1..] {
            kappas.push(cohen(
                &Confusion::from_codes(first, second, weights.categories()),
                weights,
            )?);
        }
    }
    if kappas.is_empty() {
        return Err(Undefined::NoPairs);
    }
    let value = kappas.iter().sum::<f64>() / kappas.len() as f64;
    let method = "mean over pairs of raters, complete items";
    Ok(Estimate {
        value,
        se: None,
        se_cluster: None,
        interval: None,
        method,
        zero_variance: false,
    })
}

/// The items that every rater rated.
#[must_use]
pub fn complete_items(raters: &[&[Option<u16>]]) -> Vec<usize> {
    let items = raters.first().map_or(0, |column| column.len());
    (0..items)
        .filter(|&item| raters.iter().all(|column| column[item].is_some()))
        .collect()
}

/// Fleiss' kappa of raters who all rated every unit, with the error it has if there is no agreement beyond chance.
#[derive(Debug, Clone, PartialEq)]
pub struct FleissNull {
    /// Fleiss' kappa.
    pub kappa: f64,
    /// Its standard error under the null hypothesis; for testing only. Fleiss, Nee and Landis (1979).
    pub se: f64,
    /// Each category's kappa against all others; `NoCases` for a category that is never or always used.
    pub categories: Vec<Result<f64, Undefined>>,
    /// The standard error of a category's kappa under the null hypothesis, √(2/(n m (m − 1))).
    pub category_se: f64,
}

/// The test that a panel agrees no more than by chance; every unit needs the same number of ratings.
///
/// Var₀ = 2 [S² − Σ p q (q − p)] / (n m (m − 1) S²) with S = Σ p q over categories, q = 1 − p.
///
/// # Errors
/// `NoPairs` without units of two ratings or more; `OutOfRange` where units differ in their number of ratings;
/// `OneClass` where only one category was used.
pub fn fleiss_null(units: &Units) -> Result<FleissNull, Undefined> {
    let raters = units
        .patterns()
        .first()
        .map_or(0, |pattern| pattern.ratings);
    if raters < 2 {
        return Err(Undefined::NoPairs);
    }
    if units
        .patterns()
        .iter()
        .any(|pattern| pattern.ratings != raters)
    {
        return Err(Undefined::OutOfRange);
    }
    let q = units.categories();
    let (n, m) = (units.len() as f64, f64::from(raters));
    // Ratings in each category, and ordered pairs of raters who both chose it.
    let (mut used, mut pairs) = (vec![0.0; q], vec![0.0; q]);
    for pattern in units.patterns() {
        for &(k, count) in &pattern.counts {
            let (k, count, times) = (usize::from(k), f64::from(count), pattern.units as f64);
            used[k] += times * count;
            pairs[k] += times * count * (count - 1.0);
        }
    }
    if used.iter().any(|&used| used >= n * m) {
        return Err(Undefined::OneClass);
    }
    let shares: Vec<f64> = used.iter().map(|used| used / (n * m)).collect();
    let spread: f64 = shares.iter().map(|p| p * (1.0 - p)).sum();
    let skew: f64 = shares.iter().map(|p| p * (1.0 - p) * (1.0 - 2.0 * p)).sum();
    let observed = pairs.iter().sum::<f64>() / (n * m * (m - 1.0));
    let category_se = (2.0 / (n * m * (m - 1.0))).sqrt();
    let category = |k: usize| {
        let again = if used[k] > 0.0 {
            pairs[k] / (used[k] * (m - 1.0))
        } else {
            return Err(Undefined::NoCases);
        };
        Ok((again - shares[k]) / (1.0 - shares[k]))
    };
    Ok(FleissNull {
        kappa: 1.0 - (1.0 - observed) / spread,
        se: category_se * (spread * spread - skew).max(0.0).sqrt() / spread,
        categories: (0..q).map(category).collect(),
        category_se,
    })
}
