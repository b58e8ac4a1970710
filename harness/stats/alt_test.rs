//! The alternative annotator test: may a model stand in for a human rater?
//!
//! For each human in turn the question is whether the model agrees with the remaining humans at least as well as that
//! human does, less a margin for the human's cost (Calderon, Reichart and Dror 2025).

use super::dist::t_cdf;
use super::estimate::Undefined;
use super::moments::{mean, sum_of_squares};
use super::multiplicity::{Adjustment, adjust};

/// How a label is scored against the other humans' labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scoring {
    /// Share of the other humans who gave the same label (labels coded as numbers).
    Accuracy,
    /// Negative root mean squared difference to the other humans' numbers.
    NegativeRmse,
}

/// Settings of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AltTestOptions {
    /// How labels are scored.
    pub scoring: Scoring,
    /// The cost margin: 0.2 for experts, 0.15 for skilled raters, 0.1 for crowd workers.
    pub epsilon: f64,
    /// False discovery rate over the humans.
    pub false_discovery_rate: f64,
    /// Items a human needs to be tested.
    pub min_items: usize,
}

impl Default for AltTestOptions {
    fn default() -> Self {
        Self {
            scoring: Scoring::Accuracy,
            epsilon: 0.2,
            false_discovery_rate: 0.05,
            min_items: 30,
        }
    }
}

/// The model against one human.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgainstHuman {
    /// Position of the human in the input.
    pub human: usize,
    /// Items with this human, at least one other, and the model.
    pub n: usize,
    /// Share of items where the model does at least as well as the human.
    pub model_wins: f64,
    /// Share of items where the human does at least as well as the model.
    pub human_wins: f64,
    /// Mean of d = 1[human at least as well] - 1[model at least as well].
    pub mean_difference: f64,
    /// Standard deviation of d (n - 1).
    pub sd_difference: f64,
    /// One-sided p-value of "mean d >= epsilon".
    pub p_value: f64,
    /// The p-value adjusted over humans (Benjamini-Yekutieli).
    pub adjusted_p: f64,
    /// Whether the model beats this human at the false discovery rate.
    pub beaten: bool,
}

/// The outcome of the test.
#[derive(Debug, Clone, PartialEq)]
pub struct AltTest {
    /// Share of tested humans whom the model beats, omega.
    pub winning_rate: f64,
    /// Mean over tested humans of the share of items where the model does at least as well, rho.
    pub advantage_probability: f64,
    /// Whether the winning rate reaches one half.
    pub passed: bool,
    /// The tested humans.
    pub humans: Vec<AgainstHuman>,
    /// Humans left out because they share too few items with others and the model.
    pub skipped: Vec<usize>,
    /// Fewer than three humans: the test is defined but says little.
    pub few_humans: bool,
}

/// Tests the model's labels against every human; `humans[j][i]` is human j's label of item i, `None` is missing.
///
/// Per item of human j with another human and a model label: S scores a label against the other humans,
/// W_f = 1[S(model) >= S(human)], W_h = 1[S(human) >= S(model)], d = W_h - W_f; one-sided t test of mean d < epsilon
/// with n - 1; Benjamini-Yekutieli over humans. Where d does not vary, p is 0 if d < epsilon and 1 otherwise (the
/// authors' code gives NaN). Undefined: `TooFewItems` where no human has enough items, `OutOfRange` for labels that
/// are no finite numbers.
///
/// # Panics
/// Where a human's labels and the model's differ in length.
pub fn alt_test(
    model: &[Option<f64>],
    humans: &[Vec<Option<f64>>],
    options: AltTestOptions,
) -> Result<AltTest, Undefined> {
    assert!(
        humans.iter().all(|human| human.len() == model.len()),
        "one label, or none, per item"
    );
    if !model
        .iter()
        .chain(humans.iter().flatten())
        .flatten()
        .all(|label| label.is_finite())
    {
        return Err(Undefined::OutOfRange);
    }
    let mut tested = Vec::new();
    let mut skipped = Vec::new();
    for human in 0..humans.len() {
        let comparisons = compare(model, humans, human, options.scoring);
        if comparisons.len() < options.min_items.max(2) {
            skipped.push(human);
        } else {
            tested.push(against(human, &comparisons, options.epsilon));
        }
    }
    conclude(tested, skipped, options.false_discovery_rate)
}

/// Puts the single tests together: adjusts the p-values and counts the humans who are beaten.
///
/// `tested` needs its means, spreads and p-values; adjusted values and verdicts are filled in here.
pub fn conclude(
    mut tested: Vec<AgainstHuman>,
    skipped: Vec<usize>,
    false_discovery_rate: f64,
) -> Result<AltTest, Undefined> {
    if tested.is_empty() {
        return Err(Undefined::TooFewItems);
    }
    let p_values: Vec<Option<f64>> = tested.iter().map(|human| Some(human.p_value)).collect();
    let adjusted = adjust(&p_values, Adjustment::BenjaminiYekutieli)?;
    for (human, adjusted) in tested.iter_mut().zip(adjusted) {
        human.adjusted_p = adjusted.expect("every test has a p-value");
        human.beaten = human.adjusted_p <= false_discovery_rate;
    }
    let beaten = tested.iter().filter(|human| human.beaten).count();
    let wins: Vec<f64> = tested.iter().map(|human| human.model_wins).collect();
    Ok(AltTest {
        winning_rate: beaten as f64 / tested.len() as f64,
        advantage_probability: mean(&wins),
        passed: 2 * beaten >= tested.len(),
        few_humans: tested.len() < 3,
        humans: tested,
        skipped,
    })
}

/// P(T < t) for the mean of d against epsilon, or certainty where d does not vary.
#[must_use]
pub fn p_value_below_margin(n: usize, mean: f64, sd: f64, epsilon: f64) -> f64 {
    if sd > 0.0 {
        let n = n as f64;
        t_cdf((mean - epsilon) / (sd / n.sqrt()), n - 1.0)
    } else if mean < epsilon {
        0.0
    } else {
        1.0
    }
}

/// Per usable item: does the model, and does the human, do at least as well as the other?
fn compare(
    model: &[Option<f64>],
    humans: &[Vec<Option<f64>>],
    human: usize,
    scoring: Scoring,
) -> Vec<(bool, bool)> {
    let mut comparisons = Vec::new();
    for (item, label) in model.iter().enumerate() {
        let (Some(model), Some(own)) = (*label, humans[human][item]) else {
            continue;
        };
        let others = || {
            let rated = move |(j, labels): (usize, &Vec<Option<f64>>)| {
                if j == human { None } else { labels[item] }
            };
            humans.iter().enumerate().filter_map(rated)
        };
        if others().next().is_none() {
            continue;
        }
        // Both are scored against the same others, so misses and sums of squares order as the scores do.
        let loss = |label: f64| -> f64 {
            match scoring {
                Scoring::Accuracy => others()
                    .filter(|other| !super::rank::same(*other, label))
                    .count() as f64,
                Scoring::NegativeRmse => others()
                    .map(|other| (other - label) * (other - label))
                    .sum(),
            }
        };
        let (of_model, of_human) = (loss(model), loss(own));
        comparisons.push((of_model <= of_human, of_human <= of_model));
    }
    comparisons
}

fn against(human: usize, comparisons: &[(bool, bool)], epsilon: f64) -> AgainstHuman {
    let n = comparisons.len();
    let share = |wins: usize| wins as f64 / n as f64;
    let difference =
        |(model, human): &(bool, bool)| f64::from(u8::from(*human)) - f64::from(u8::from(*model));
    let differences: Vec<f64> = comparisons.iter().map(difference).collect();
    let mean_difference = mean(&differences);
    let constant = super::moments::is_constant(&differences);
    let sd_difference = if constant {
        0.0
    } else {
        (sum_of_squares(&differences) / (n as f64 - 1.0)).sqrt()
    };
    AgainstHuman {
        human,
        n,
        model_wins: share(comparisons.iter().filter(|wins| wins.0).count()),
        human_wins: share(comparisons.iter().filter(|wins| wins.1).count()),
        mean_difference,
        sd_difference,
        p_value: p_value_below_margin(n, mean_difference, sd_difference, epsilon),
        adjusted_p: 1.0,
        beaten: false,
    }
}
