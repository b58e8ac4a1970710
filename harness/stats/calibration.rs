//! Whether stated probabilities come true: proper scores, calibration errors, ranking.

use rayon::prelude::*;

use super::draw::{quantile, stream, unit};
use super::estimate::Undefined;
use super::moments::{mean, sum};
use super::rank::{mid_ranks, same};

/// Scores of probabilities of the positive class against what was true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Items.
    pub n: usize,
    /// Brier score, mean (p - y)^2; 0 is perfect, 1 worst.
    pub brier: f64,
    /// Mean negative log likelihood, with p kept within [2.2e-16, 1 - 2.2e-16].
    pub log_loss: f64,
    /// How many probabilities the log loss had to move off 0 or 1.
    pub clipped: usize,
    /// Expected calibration error over 10 bins of equal width.
    pub ece_10: f64,
    /// Expected calibration error over 15 bins of equal width.
    pub ece_15: f64,
    /// Largest gap among the 10 bins.
    pub mce_10: f64,
    /// Largest gap among the 15 bins.
    pub mce_15: f64,
    /// Expected calibration error over 15 bins of (nearly) equal counts.
    pub ece_equal_mass: f64,
    /// Area under the ROC curve; undefined where only one class occurs (`OneClass`).
    pub roc_auc: Result<f64, Undefined>,
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Items in the bin.
    pub n: usize,
    /// Their mean stated probability.
    pub stated: f64,
    /// Their share of positives.
    pub observed: f64,
}

/// Scores `probabilities[i]` of "`positive[i]` is true".
///
/// ECE = sum over bins of n_b/n |observed - stated|, MCE the largest of the gaps; equal-width bins are (low, high],
/// the first closed, empty ones skipped (Naeini 2015; scikit-learn's calibration curve). ECE is above zero even for
/// perfect probabilities: compare with [`ece_if_calibrated`]. Undefined: `NoPairs` (no items), `OutOfRange` (a
/// probability outside [0, 1] or NaN).
///
/// # Panics
/// Where the slices differ in length.
pub fn calibration(positive: &[bool], probabilities: &[f64]) -> Result<Calibration, Undefined> {
    check(positive, probabilities)?;
    let n = positive.len() as f64;
    let outcome = |y: bool| f64::from(u8::from(y));
    let pairs = || positive.iter().copied().zip(probabilities.iter().copied());
    let floor = f64::EPSILON;
    let tenth = equal_width_bins(positive, probabilities, 10);
    let fifteenth = equal_width_bins(positive, probabilities, 15);
    Ok(Calibration {
        n: positive.len(),
        brier: sum(pairs().map(|(y, p)| (p - outcome(y)) * (p - outcome(y)))) / n,
        log_loss: sum(pairs().map(|(y, p)| {
            let p = p.clamp(floor, 1.0 - floor);
            if y { -p.ln() } else { -(-p).ln_1p() }
        })) / n,
        clipped: probabilities
            .iter()
            .filter(|p| !(floor..=1.0 - floor).contains(*p))
            .count(),
        ece_10: expected_error(&tenth),
        ece_15: expected_error(&fifteenth),
        mce_10: largest_error(&tenth),
        mce_15: largest_error(&fifteenth),
        ece_equal_mass: expected_error(&equal_mass_bins(positive, probabilities, 15)),
        roc_auc: roc_auc(positive, probabilities),
    })
}

/// Area under the ROC curve: the probability that a positive item is ranked above a negative one, ties one half.
///
/// From mid-ranks, (R_1 - n_1(n_1 + 1)/2)/(n_1 n_0) (Hanley and McNeil 1982). Range 0 to 1. Undefined: `NoPairs`,
/// `OneClass`, `OutOfRange`.
///
/// # Panics
/// Where the slices differ in length.
pub fn roc_auc(positive: &[bool], scores: &[f64]) -> Result<f64, Undefined> {
    assert_eq!(positive.len(), scores.len(), "one score per item");
    if positive.is_empty() {
        return Err(Undefined::NoPairs);
    }
    if scores.iter().any(|score| score.is_nan()) {
        return Err(Undefined::OutOfRange);
    }
    let positives = positive.iter().filter(|y| **y).count() as f64;
    let negatives = positive.len() as f64 - positives;
    if positives < 0.5 || negatives < 0.5 {
        return Err(Undefined::OneClass);
    }
    let ranks = mid_ranks(scores);
    let of_positives: f64 = ranks
        .iter()
        .zip(positive)
        .filter(|(_, y)| **y)
        .map(|(rank, _)| rank)
        .sum();
    Ok((of_positives - positives * (positives + 1.0) / 2.0) / (positives * negatives))
}

/// The Brier score of probabilities over several classes: the mean over items of sum_k (p_k - 1[k true])^2.
///
/// Range 0 to 2; for two classes it is twice the binary score. `class[i]` indexes the row `probabilities[i]`.
/// Undefined: `NoPairs`, `OutOfRange` (a probability outside [0, 1], or a class outside its row).
///
/// # Panics
/// Where the slices differ in length.
pub fn brier_of_classes(class: &[usize], probabilities: &[Vec<f64>]) -> Result<f64, Undefined> {
    assert_eq!(
        class.len(),
        probabilities.len(),
        "one row of probabilities per item"
    );
    if class.is_empty() {
        return Err(Undefined::NoPairs);
    }
    let usable = |(k, row): (&usize, &Vec<f64>)| {
        *k < row.len() && row.iter().all(|p| (0.0..=1.0).contains(p))
    };
    if !class.iter().zip(probabilities).all(usable) {
        return Err(Undefined::OutOfRange);
    }
    let of_item = |(k, row): (&usize, &Vec<f64>)| -> f64 {
        let miss = |(j, p): (usize, &f64)| {
            if j == *k {
                (1.0 - p) * (1.0 - p)
            } else {
                p * p
            }
        };
        row.iter().enumerate().map(miss).sum()
    };
    Ok(sum(class.iter().zip(probabilities).map(of_item)) / class.len() as f64)
}

/// The non-empty bins (low, high] of equal width, the first closed; in ascending order.
#[must_use]
pub fn equal_width_bins(positive: &[bool], probabilities: &[f64], bins: u32) -> Vec<Bin> {
    let edge = |k: u32| f64::from(k) / f64::from(bins);
    let bin_of = |p: f64| {
        // Rounding can put p * bins on the other side of the edge that p is compared with.
        let mut k = ((p * f64::from(bins)).ceil() as u32).clamp(1, bins);
        while k > 1 && p <= edge(k - 1) {
            k -= 1;
        }
        while k < bins && p > edge(k) {
            k += 1;
        }
        (k - 1) as usize
    };
    let assigned: Vec<usize> = probabilities.iter().map(|p| bin_of(*p)).collect();
    collect_bins(positive, probabilities, &assigned, bins as usize)
}

/// Non-empty bins of nearly equal counts by rank; items with one and the same probability stay together.
#[must_use]
pub fn equal_mass_bins(positive: &[bool], probabilities: &[f64], bins: u32) -> Vec<Bin> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_unstable_by(|&i, &j| probabilities[i].total_cmp(&probabilities[j]));
    let mut assigned = vec![0; probabilities.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&i, &j| same(probabilities[i], probabilities[j])) {
        // The bin in which the middle of the tied items falls.
        let bin = (2 * before + tied.len() - 1) * bins as usize / (2 * probabilities.len());
        for &item in tied {
            assigned[item] = bin;
        }
        before += tied.len();
    }
    collect_bins(positive, probabilities, &assigned, bins as usize)
}

fn collect_bins(
    positive: &[bool],
    probabilities: &[f64],
    assigned: &[usize],
    bins: usize,
) -> Vec<Bin> {
    let mut totals = vec![(0_usize, 0.0_f64, 0_usize); bins];
    for ((bin, p), y) in assigned.iter().zip(probabilities).zip(positive) {
        let total = &mut totals[*bin];
        total.0 += 1;
        total.1 += p;
        total.2 += usize::from(*y);
    }
    let bin = |(n, stated, positives): (usize, f64, usize)| Bin {
        n,
        stated: stated / n as f64,
        observed: positives as f64 / n as f64,
    };
    totals
        .into_iter()
        .filter(|total| total.0 > 0)
        .map(bin)
        .collect()
}

/// sum n_b/n |observed - stated| over bins; 0 without bins.
#[must_use]
pub fn expected_error(bins: &[Bin]) -> f64 {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    sum(bins
        .iter()
        .map(|bin| bin.n as f64 * (bin.observed - bin.stated).abs()))
        / (n.max(1)) as f64
}

/// The largest |observed - stated| among bins; 0 without bins.
#[must_use]
pub fn largest_error(bins: &[Bin]) -> f64 {
    bins.iter()
        .map(|bin| (bin.observed - bin.stated).abs())
        .fold(0.0, f64::max)
}

/// What the expected calibration error would be if every stated probability were true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibratedEce {
    /// Its mean over simulated outcomes: the part of the ECE that is no miscalibration.
    pub mean: f64,
    /// Its 95 % quantile: an ECE above it speaks against calibration at the 5 % level.
    pub upper: f64,
}

/// Simulates outcomes from the stated probabilities and scores them over `bins` bins of equal width.
///
/// One random stream per replicate: the same at any number of threads. Undefined: `NoPairs`, `OutOfRange`, and
/// `TooFewItems` without replicates. Vaicenavicius 2019.
pub fn ece_if_calibrated(
    probabilities: &[f64],
    bins: u32,
    replicates: u64,
    seed: u64,
) -> Result<CalibratedEce, Undefined> {
    check(&vec![false; probabilities.len()], probabilities)?;
    if replicates == 0 {
        return Err(Undefined::TooFewItems);
    }
    let one = |replicate: u64| {
        let mut rng = stream(seed, replicate);
        let outcomes: Vec<bool> = probabilities.iter().map(|p| unit(&mut rng) < *p).collect();
        expected_error(&equal_width_bins(&outcomes, probabilities, bins))
    };
    let mut errors: Vec<f64> = (0..replicates).into_par_iter().map(one).collect();
    errors.sort_unstable_by(f64::total_cmp);
    Ok(CalibratedEce {
        mean: mean(&errors),
        upper: quantile(&errors, 0.95),
    })
}

fn check(positive: &[bool], probabilities: &[f64]) -> Result<(), Undefined> {
    assert_eq!(
        positive.len(),
        probabilities.len(),
        "one probability per item"
    );
    if positive.is_empty() {
        return Err(Undefined::NoPairs);
    }
    if probabilities.iter().all(|p| (0.0..=1.0).contains(p)) {
        Ok(())
    } else {
        Err(Undefined::OutOfRange)
    }
}
