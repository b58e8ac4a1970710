//! Prediction-powered inference: a mean from a few gold labels and many predictions of the same population.

use super::dist::normal_critical;
use super::estimate::{Estimate, Interval, Statistic, Undefined};
use super::moments::{mean, sum_of_products, sum_of_squares};

/// How much weight the predictions get.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weight {
    /// None: the mean of the gold labels.
    Classical,
    /// All: prediction-powered inference (Angelopoulos 2023).
    Full,
    /// As much as makes the variance smallest: PPI++ (Angelopoulos, Duchi and Zrnic 2023).
    Tuned,
}

/// An estimate with the weight that the predictions got.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictionPowered {
    /// The mean.
    pub estimate: Estimate,
    /// The weight lambda, 0 to 1.
    pub lambda: f64,
}

/// The mean of Y from `gold` labels with their `predicted` values and predictions of `unlabelled` items.
///
/// th = l mean(F_u) + mean(Y - l F), SE^2 = l^2 Var(F_u)/N + Var(Y - l F)/n with variances over n, as in ppi_py; z
/// interval. Tuned: l = Cov(Y, F)/((1 + n/N) Var(F)), kept within [0, 1], covariance over n, variance of all predictions
/// over n + N - 1; predictions that do not vary give 0, the classical mean. Gold has to be a random sample of the
/// population the unlabelled items come from. With five or fewer gold positives the interval is too short (coverage
/// .89): take an exact binomial interval on gold. Undefined: `NoPairs` (no gold, or nothing unlabelled unless
/// classical), `OutOfRange`.
///
/// # Panics
/// Where gold labels and their predictions differ in number.
pub fn prediction_powered_mean(
    gold: &[f64],
    predicted: &[f64],
    unlabelled: &[f64],
    weight: Weight,
    confidence: f64,
) -> Result<PredictionPowered, Undefined> {
    assert_eq!(gold.len(), predicted.len(), "one prediction per gold label");
    if gold.is_empty() || (unlabelled.is_empty() && weight != Weight::Classical) {
        return Err(Undefined::NoPairs);
    }
    if !gold
        .iter()
        .chain(predicted)
        .chain(unlabelled)
        .all(|value| value.abs() < 1e100)
    {
        return Err(Undefined::OutOfRange);
    }
    let (lambda, method) = match weight {
        Weight::Classical => (0.0, "mean, z"),
        Weight::Full => (1.0, "PPI, z"),
        Weight::Tuned => (tuned_weight(gold, predicted, unlabelled), "PPI++, z"),
    };
    let corrections: Vec<f64> = gold
        .iter()
        .zip(predicted)
        .map(|(y, f)| y - lambda * f)
        .collect();
    let value = lambda * mean(unlabelled) + mean(&corrections);
    let (n, more) = (gold.len() as f64, unlabelled.len().max(1) as f64);
    let of_predictions = lambda * lambda * sum_of_squares(unlabelled) / (more * more);
    let se = (of_predictions + sum_of_squares(&corrections) / (n * n)).sqrt();
    let half = normal_critical(confidence) * se;
    let estimate = Estimate {
        value,
        se: Some(se),
        se_cluster: None,
        interval: Some(Interval {
            low: value - half,
            high: value + half,
        }),
        method,
        zero_variance: se <= 0.0,
    };
    Ok(PredictionPowered { estimate, lambda })
}

/// The mean of the gold labels alone, for comparison; see [`prediction_powered_mean`].
pub fn classical_mean(gold: &[f64], confidence: f64) -> Statistic {
    Ok(prediction_powered_mean(gold, gold, &[], Weight::Classical, confidence)?.estimate)
}

fn tuned_weight(gold: &[f64], predicted: &[f64], unlabelled: &[f64]) -> f64 {
    let (n, more) = (gold.len() as f64, unlabelled.len() as f64);
    let pooled: Vec<f64> = predicted.iter().chain(unlabelled).copied().collect();
    let variance = sum_of_squares(&pooled) / (n + more - 1.0);
    if super::moments::is_constant(&pooled) || variance <= 0.0 {
        return 0.0;
    }
    let covariance = sum_of_products(gold, predicted) / n;
    (covariance / ((1.0 + n / more) * variance)).clamp(0.0, 1.0)
}
