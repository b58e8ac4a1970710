//! How common a class is, from many predictions and some gold labels: every correction side by side.

use rayon::prelude::*;

use super::draw::{below, quantile, stream};
use super::dsl::{design_adjusted_outcomes, dsl_mean};
use super::error_matrix::{Inverted, invert_error_matrix};
use super::estimate::{Estimate, Interval, Statistic, Undefined};
use super::ppi::{PredictionPowered, Weight, classical_mean, prediction_powered_mean};
use super::rogan_gladen::{Counts, rogan_gladen};

/// Items with a predicted class, some with a gold class; classes are numbered from 0 in declared order.
#[derive(Debug, Clone, Copy)]
pub struct Items<'a> {
    /// Gold class, `None` where the item is unlabelled.
    pub gold: &'a [Option<u32>],
    /// Predicted class, `None` where there is no prediction: the item is left out.
    pub predicted: &'a [Option<u32>],
    /// The user of each item, where items of one user are drawn together.
    pub clusters: Option<&'a [u32]>,
    /// Declared classes.
    pub classes: u32,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// The class whose share is wanted.
    pub positive: u32,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// Bootstrap replicates; 0 for no bootstrap.
    pub replicates: u64,
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// The share of the positive class by each method, and of all classes by matrix inversion.
#[derive(Debug, Clone, PartialEq)]
pub struct Prevalence {
    /// Items with gold and prediction.
    pub n_labelled: usize,
    /// Items with a prediction only.
    pub n_unlabelled: usize,
    /// Items without a prediction, left out.
    pub n_missing: usize,
    /// Share of unlabelled items called positive, uncorrected; Wilson interval.
    pub raw: Statistic,
    /// Share of gold items that are positive.
    pub classical: Statistic,
    /// Rogan-Gladen with the apparent share of the unlabelled items; not clipped.
    pub rogan_gladen: Statistic,
    /// Percentile interval of Rogan-Gladen from resampling both sets.
    pub rogan_gladen_bootstrap: Result<Interval, Undefined>,
    /// Matrix inversion over all classes.
    pub matrix_inversion: Result<Inverted, Undefined>,
    /// Percentile intervals of the shares of all classes from resampling both sets.
    pub matrix_inversion_bootstrap: Result<Vec<Interval>, Undefined>,
    /// Prediction-powered inference.
    pub ppi: Result<PredictionPowered, Undefined>,
    /// The same with tuned weight.
    pub ppi_pp: Result<PredictionPowered, Undefined>,
    /// Design-based supervised learning with the labelled share as sampling probability.
    pub dsl: Statistic,
}

/// Estimates the share of the positive class from predictions and gold labels.
///
/// Rogan-Gladen and matrix inversion need error rates that transport from gold to target and allow enriched gold; PPI,
/// PPI++ and DSL need gold to be a random sample of the items. With clusters the bootstrap draws users with all their
/// items; without, it draws items of both sets apart. `OutOfRange` everywhere for a class that is not declared.
///
/// # Panics
/// Where the slices differ in length.
#[must_use]
pub fn prevalence(items: &Items<'_>, options: &Options) -> Prevalence {
    assert_eq!(
        items.gold.len(),
        items.predicted.len(),
        "one prediction, or none, per item"
    );
    assert!(
        items
            .clusters
            .is_none_or(|clusters| clusters.len() == items.gold.len()),
        "one user per item"
    );
    let declared = |class: &u32| *class < items.classes;
    let known = items
        .gold
        .iter()
        .chain(items.predicted)
        .flatten()
        .all(declared)
        && declared(&options.positive);
    if !known {
        return undefined(Undefined::OutOfRange);
    }
    let sample = Sample::of(items, options.positive);
    let tally = sample.tally();
    let confidence = options.confidence;
    let powered = |weight| {
        prediction_powered_mean(
            &sample.gold,
            &sample.predicted,
            &sample.unlabelled,
            weight,
            confidence,
        )
    };
    let resampled = Resampled::draw(&sample, options);
    Prevalence {
        n_labelled: sample.gold.len(),
        n_unlabelled: sample.unlabelled.len(),
        n_missing: items.gold.len() - sample.cells.len(),
        raw: share_of_unlabelled(&tally.counts(options.positive), confidence),
        classical: classical_mean(&sample.gold, confidence),
        rogan_gladen: rogan_gladen(&tally.counts(options.positive), confidence),
        rogan_gladen_bootstrap: resampled.rogan_gladen,
        matrix_inversion: invert_error_matrix(&tally.gold, &tally.unlabelled),
        matrix_inversion_bootstrap: resampled.shares,
        ppi: powered(Weight::Full),
        ppi_pp: powered(Weight::Tuned),
        dsl: dsl_of(&sample, confidence),
    }
}

fn undefined(why: Undefined) -> Prevalence {
    Prevalence {
        n_labelled: 0,
        n_unlabelled: 0,
        n_missing: 0,
        raw: Err(why),
        classical: Err(why),
        rogan_gladen: Err(why),
        rogan_gladen_bootstrap: Err(why),
        matrix_inversion: Err(why),
        matrix_inversion_bootstrap: Err(why),
        ppi: Err(why),
        ppi_pp: Err(why),
        dsl: Err(why),
    }
}

/// The uncorrected share with Wilson's interval.
fn share_of_unlabelled(counts: &Counts, confidence: f64) -> Statistic {
    if counts.tested == 0 {
        return Err(Undefined::NoPairs);
    }
    let (x, n) = (counts.positive as f64, counts.tested as f64);
    let z = super::dist::normal_critical(confidence);
    let value = x / n;
    let se = (value * (1.0 - value) / n).sqrt();
    let centre = (x + z * z / 2.0) / (n + z * z);
    let half = z / (n + z * z) * (x * (n - x) / n + z * z / 4.0).sqrt();
    let low = if counts.positive == 0 {
        0.0
    } else {
        centre - half
    };
    let high = if counts.positive == counts.tested {
        1.0
    } else {
        centre + half
    };
    Ok(Estimate {
        value,
        se: Some(se),
        se_cluster: None,
        interval: Some(Interval { low, high }),
        method: "wilson",
        zero_variance: se <= 0.0,
    })
}

fn dsl_of(sample: &Sample, confidence: f64) -> Statistic {
    if sample.gold.is_empty() {
        return Err(Undefined::NoPairs);
    }
    let labelled = sample
        .gold
        .iter()
        .copied()
        .map(Some)
        .chain(sample.unlabelled.iter().map(|_| None));
    let gold: Vec<Option<f64>> = labelled.collect();
    let predicted: Vec<f64> = sample
        .predicted
        .iter()
        .chain(&sample.unlabelled)
        .copied()
        .collect();
    let probability = vec![sample.gold.len() as f64 / gold.len() as f64; gold.len()];
    let outcomes = design_adjusted_outcomes(&predicted, &gold, &probability)?;
    dsl_mean(&outcomes, sample.users_in_order().as_deref(), confidence)
}

/// The usable items: as indicators of the positive class, and as cells of the tables that resampling counts.
struct Sample {
    gold: Vec<f64>,
    predicted: Vec<f64>,
    unlabelled: Vec<f64>,
    classes: usize,
    positive: u32,
    /// Per usable item: gold * classes + predicted, or classes^2 + predicted where unlabelled.
    cells: Vec<usize>,
    users: Option<Vec<u32>>,
}

impl Sample {
    fn of(items: &Items<'_>, positive: u32) -> Self {
        let classes = items.classes as usize;
        let mut sample = Self {
            gold: Vec::new(),
            predicted: Vec::new(),
            unlabelled: Vec::new(),
            classes,
            positive,
            cells: Vec::new(),
            users: items.clusters.map(|_| Vec::new()),
        };
        let indicator = |class: u32| f64::from(u8::from(class == positive));
        for (i, (gold, predicted)) in items.gold.iter().zip(items.predicted).enumerate() {
            let Some(predicted) = *predicted else {
                continue;
            };
            if let Some(gold) = *gold {
                sample.gold.push(indicator(gold));
                sample.predicted.push(indicator(predicted));
                sample
                    .cells
                    .push(gold as usize * classes + predicted as usize);
            } else {
                sample.unlabelled.push(indicator(predicted));
                sample.cells.push(classes * classes + predicted as usize);
            }
            if let (Some(users), Some(clusters)) = (&mut sample.users, items.clusters) {
                users.push(clusters[i]);
            }
        }
        sample
    }

    fn is_labelled(&self, cell: usize) -> bool {
        cell < self.classes * self.classes
    }

    fn tally(&self) -> Tally {
        let mut counts = vec![0_u64; self.classes * (self.classes + 1)];
        for cell in &self.cells {
            counts[*cell] += 1;
        }
        Tally::of(&counts, self.classes)
    }

    /// The users of the labelled items, then of the unlabelled ones.
    fn users_in_order(&self) -> Option<Vec<u32>> {
        let users = self.users.as_ref()?;
        let of = |labelled: bool| {
            let fits = move |(cell, user): (&usize, &u32)| {
                (self.is_labelled(*cell) == labelled).then_some(*user)
            };
            self.cells.iter().zip(users).filter_map(fits)
        };
        Some(of(true).chain(of(false)).collect())
    }

    /// The strata that are resampled apart, each a list of units, each a list of cells.
    fn strata(&self) -> Vec<Vec<Vec<usize>>> {
        let Some(users) = &self.users else {
            let (labelled, unlabelled): (Vec<usize>, Vec<usize>) =
                self.cells.iter().partition(|cell| self.is_labelled(**cell));
            let single = |cells: Vec<usize>| cells.into_iter().map(|cell| vec![cell]).collect();
            return vec![single(labelled), single(unlabelled)];
        };
        let mut of_user: std::collections::BTreeMap<u32, Vec<usize>> =
            std::collections::BTreeMap::new();
        for (user, cell) in users.iter().zip(&self.cells) {
            of_user.entry(*user).or_default().push(*cell);
        }
        vec![of_user.into_values().collect()]
    }
}

/// Counts of gold by predicted class, and of predicted classes among the unlabelled.
struct Tally {
    gold: Vec<Vec<u64>>,
    unlabelled: Vec<u64>,
}

impl Tally {
    fn of(cells: &[u64], classes: usize) -> Self {
        let (labelled, unlabelled) = cells.split_at(classes * classes);
        let gold = labelled
            .chunks_exact(classes.max(1))
            .map(<[u64]>::to_vec)
            .collect();
        Self {
            gold,
            unlabelled: unlabelled.to_vec(),
        }
    }

    fn counts(&self, positive: u32) -> Counts {
        let positive = positive as usize;
        let all: u64 = self.gold.iter().flatten().sum();
        let gold_positives: u64 = self.gold[positive].iter().sum();
        let called_positive: u64 = self.gold.iter().map(|row| row[positive]).sum();
        let true_positives = self.gold[positive][positive];
        Counts {
            positive: self.unlabelled[positive],
            tested: self.unlabelled.iter().sum(),
            true_positives,
            gold_positives,
            true_negatives: all - gold_positives - (called_positive - true_positives),
            gold_negatives: all - gold_positives,
        }
    }
}

/// Percentile intervals from resampling gold and target together.
struct Resampled {
    rogan_gladen: Result<Interval, Undefined>,
    shares: Result<Vec<Interval>, Undefined>,
}

impl Resampled {
    fn draw(sample: &Sample, options: &Options) -> Self {
        let strata = sample.strata();
        let units: usize = strata.iter().map(Vec::len).sum();
        if options.replicates == 0 || units < 2 {
            let why = if options.replicates == 0 {
                Undefined::TooFewItems
            } else {
                Undefined::TooFewClusters
            };
            return Self {
                rogan_gladen: Err(why),
                shares: Err(why),
            };
        }
        let replicate = |number: u64| {
            let mut rng = stream(options.seed, number);
            let mut cells = vec![0_u64; sample.classes * (sample.classes + 1)];
            for units in &strata {
                for _ in 0..units.len() {
                    for cell in &units[below(&mut rng, units.len())] {
                        cells[*cell] += 1;
                    }
                }
            }
            let tally = Tally::of(&cells, sample.classes);
            let shares = invert_error_matrix(&tally.gold, &tally.unlabelled)
                .ok()
                .map(|inverted| inverted.shares);
            (tally.counts(sample.positive).corrected().ok(), shares)
        };
        let (corrected, shares): (Vec<Option<f64>>, Vec<Option<Vec<f64>>>) = (0..options
            .replicates)
            .into_par_iter()
            .map(replicate)
            .unzip();
        let of_class = |class: usize| {
            let values: Vec<Option<f64>> = shares
                .iter()
                .map(|row| row.as_ref().map(|row| row[class]))
                .collect();
            percentile(&values, options.confidence)
        };
        Self {
            rogan_gladen: percentile(&corrected, options.confidence),
            shares: (0..sample.classes).map(of_class).collect(),
        }
    }
}

/// The percentile interval; refused where more than 1 % of the resamples have no value.
fn percentile(values: &[Option<f64>], confidence: f64) -> Result<Interval, Undefined> {
    let mut defined: Vec<f64> = values.iter().flatten().copied().collect();
    if defined.is_empty() || 100 * (values.len() - defined.len()) > values.len() {
        return Err(Undefined::TooManyUndefinedResamples);
    }
    defined.sort_unstable_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - confidence);
    Ok(Interval {
        low: quantile(&defined, tail),
        high: quantile(&defined, 1.0 - tail),
    })
}
