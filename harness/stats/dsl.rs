//! Design-based supervised learning: regressions on predicted labels, corrected by gold labels whose sampling
//! probabilities are known.

use super::dist::normal_critical;
use super::estimate::{Estimate, Interval, Statistic, Undefined};
use super::linear::{Square, dot};

/// The design-adjusted outcome y~ = f + (R/pi)(y - f), unbiased for y whatever the predictions are worth.
///
/// `gold[i]` is `None` where item i was not sampled; `probability[i]` is its probability of being sampled, known by
/// design. Predictions must not have seen the item's own gold label. `OutOfRange` where a probability is not in
/// (0, 1] or a number is not finite: an item that could not be sampled cannot be corrected. Egami 2023, eq. 3.
///
/// # Panics
/// Where the slices differ in length.
pub fn design_adjusted_outcomes(
    predicted: &[f64],
    gold: &[Option<f64>],
    probability: &[f64],
) -> Result<Vec<f64>, Undefined> {
    assert!(
        predicted.len() == gold.len() && gold.len() == probability.len(),
        "one row per item"
    );
    if !probability.iter().all(|p| *p > 0.0 && *p <= 1.0) {
        return Err(Undefined::OutOfRange);
    }
    if !predicted
        .iter()
        .chain(gold.iter().flatten())
        .all(|value| value.abs() < 1e100)
    {
        return Err(Undefined::OutOfRange);
    }
    let adjust = |((f, y), p): ((&f64, &Option<f64>), &f64)| f + y.map_or(0.0, |y| (y - f) / p);
    Ok(predicted
        .iter()
        .zip(gold)
        .zip(probability)
        .map(adjust)
        .collect())
}

/// The mean of design-adjusted outcomes: [`dsl_regression`] on a constant.
///
/// # Panics
/// Where clusters and outcomes differ in length.
pub fn dsl_mean(outcomes: &[f64], clusters: Option<&[u32]>, confidence: f64) -> Statistic {
    let constant = vec![1.0; outcomes.len()];
    Ok(dsl_regression(outcomes, &[constant], clusters, confidence)?[0])
}

/// Least squares of design-adjusted outcomes on the columns of `x` (give a column of ones for the intercept).
///
/// Errors are the sandwich without small-sample factor: HC0, and CR0 over `clusters` as `se_cluster`; z intervals, from
/// the clustered error where there are clusters. Equal to R's dsl(model = "lm") at lambda = 0. Undefined: `NoPairs`
/// (no rows), `TooFewItems` (not more rows than columns), `TooFewClusters` (one), `Singular`. Egami 2023.
///
/// # Panics
/// Where columns, clusters and outcomes differ in length.
pub fn dsl_regression(
    outcomes: &[f64],
    x: &[Vec<f64>],
    clusters: Option<&[u32]>,
    confidence: f64,
) -> Result<Vec<Estimate>, Undefined> {
    let n = outcomes.len();
    assert!(
        x.iter().all(|column| column.len() == n),
        "one value per item and column"
    );
    assert!(
        clusters.is_none_or(|clusters| clusters.len() == n),
        "one cluster per item"
    );
    if n == 0 {
        return Err(Undefined::NoPairs);
    }
    if n <= x.len() {
        return Err(Undefined::TooFewItems);
    }
    let k = x.len();
    let mut gram = Square::zero(k);
    let row = |i: usize| -> Vec<f64> { x.iter().map(|column| column[i]).collect() };
    for i in 0..n {
        gram.add_outer(&row(i), &row(i), 1.0);
    }
    let bread = gram.inverse_of_positive().ok_or(Undefined::Singular)?;
    let moments: Vec<f64> = x.iter().map(|column| dot(column, outcomes)).collect();
    let coefficients = bread.times(&moments);
    let residual = |i: usize| outcomes[i] - dot(&row(i), &coefficients);
    let score = |i: usize| -> Vec<f64> { row(i).iter().map(|value| value * residual(i)).collect() };
    let by_item = spread(&bread, (0..n).map(score));
    let by_cluster = clusters
        .map(|clusters| cluster_scores(clusters, score))
        .transpose()?;
    let by_cluster = by_cluster.map(|scores| spread(&bread, scores.into_iter()));
    let z = normal_critical(confidence);
    let estimate = |j: usize| {
        let value = coefficients[j];
        let se = by_item.at(j, j).max(0.0).sqrt();
        let se_cluster = by_cluster
            .as_ref()
            .map(|spread| spread.at(j, j).max(0.0).sqrt());
        let half = z * se_cluster.unwrap_or(se);
        Estimate {
            value,
            se: Some(se),
            se_cluster,
            interval: Some(Interval {
                low: value - half,
                high: value + half,
            }),
            method: if se_cluster.is_some() {
                "DSL, CR0, z"
            } else {
                "DSL, HC0, z"
            },
            zero_variance: half <= 0.0,
        }
    };
    Ok((0..k).map(estimate).collect())
}

/// A (sum s s') A over scores s.
fn spread(bread: &Square, scores: impl Iterator<Item = Vec<f64>>) -> Square {
    let mut meat = Square::zero(bread.n);
    for score in scores {
        meat.add_outer(&score, &score, 1.0);
    }
    bread.product(&meat).product(bread)
}

fn cluster_scores(
    clusters: &[u32],
    score: impl Fn(usize) -> Vec<f64>,
) -> Result<Vec<Vec<f64>>, Undefined> {
    let mut sums: std::collections::BTreeMap<u32, Vec<f64>> = std::collections::BTreeMap::new();
    for (i, cluster) in clusters.iter().enumerate() {
        let of_item = score(i);
        let sum = sums
            .entry(*cluster)
            .or_insert_with(|| vec![0.0; of_item.len()]);
        for (total, value) in sum.iter_mut().zip(of_item) {
            *total += value;
        }
    }
    if sums.len() < 2 {
        return Err(Undefined::TooFewClusters);
    }
    Ok(sums.into_values().collect())
}
