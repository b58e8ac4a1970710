//! The share of positives behind an imperfect classifier, from its sensitivity and specificity.

use super::dist::normal_critical;
use super::estimate::{Estimate, Interval, Statistic, Undefined};

/// What the correction rests on: how often the classifier says "positive" in the target, and how it did on gold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Unlabelled items that the classifier calls positive.
    pub positive: u64,
    /// Unlabelled items.
    pub tested: u64,
    /// Gold positives that the classifier calls positive.
    pub true_positives: u64,
    /// Gold positives.
    pub gold_positives: u64,
    /// Gold negatives that the classifier calls negative.
    pub true_negatives: u64,
    /// Gold negatives.
    pub gold_negatives: u64,
}

impl Counts {
    fn check(&self) -> Result<(), Undefined> {
        if self.tested == 0 {
            return Err(Undefined::NoPairs);
        }
        if self.gold_positives == 0 || self.gold_negatives == 0 {
            return Err(Undefined::NoCases);
        }
        // se + sp > 1 in whole numbers: tp n_neg + tn n_pos > n_pos n_neg.
        let wide = u128::from;
        let (pos, neg) = (wide(self.gold_positives), wide(self.gold_negatives));
        if wide(self.true_positives) * neg + wide(self.true_negatives) * pos <= pos * neg {
            return Err(Undefined::NoInformation);
        }
        Ok(())
    }

    /// The corrected share alone; see [`rogan_gladen`].
    pub fn corrected(&self) -> Result<f64, Undefined> {
        self.check()?;
        let rates = Rates::of(self);
        Ok(rates.corrected())
    }
}

#[derive(Debug, Clone, Copy)]
struct Rates {
    apparent: f64,
    sensitivity: f64,
    specificity: f64,
}

impl Rates {
    fn of(counts: &Counts) -> Self {
        let ratio = |part: u64, whole: u64| part as f64 / whole as f64;
        Self {
            apparent: ratio(counts.positive, counts.tested),
            sensitivity: ratio(counts.true_positives, counts.gold_positives),
            specificity: ratio(counts.true_negatives, counts.gold_negatives),
        }
    }

    fn information(&self) -> f64 {
        self.sensitivity + self.specificity - 1.0
    }

    fn corrected(&self) -> f64 {
        (self.apparent + self.specificity - 1.0) / self.information()
    }
}

/// The Rogan-Gladen estimate, not clipped to [0, 1].
///
/// pt = (pa + sp - 1)/(se + sp - 1), pa the apparent share. The error is the delta method's over all three samples,
/// [pa(1-pa)/N + pt^2 se(1-se)/n_pos + (1-pt)^2 sp(1-sp)/n_neg]/(se+sp-1)^2; the interval is Lang and Reiczigel's,
/// which moves the three rates towards one half first and covers where the delta method does not (rare classes, se or
/// sp of 1). Undefined: `NoPairs` (nothing tested), `NoCases` (no gold positives or no gold negatives),
/// `NoInformation` (se + sp <= 1). Rogan and Gladen 1978; Lang and Reiczigel 2014, section 3.
pub fn rogan_gladen(counts: &Counts, confidence: f64) -> Statistic {
    counts.check()?;
    let rates = Rates::of(counts);
    let value = rates.corrected();
    let spread = |p: f64, n: u64| p * (1.0 - p) / n as f64;
    let variance = (spread(rates.apparent, counts.tested)
        + value * value * spread(rates.sensitivity, counts.gold_positives)
        + (1.0 - value).powi(2) * spread(rates.specificity, counts.gold_negatives))
        / rates.information().powi(2);
    let se = variance.max(0.0).sqrt();
    Ok(Estimate {
        value,
        se: Some(se),
        se_cluster: None,
        interval: lang_reiczigel(counts, confidence),
        method: "Rogan-Gladen delta; Lang-Reiczigel",
        zero_variance: se <= 0.0,
    })
}

/// The interval of Lang and Reiczigel; none where the adjusted rates carry no information.
fn lang_reiczigel(counts: &Counts, confidence: f64) -> Option<Interval> {
    let z = normal_critical(confidence);
    let z2 = z * z;
    let tested = counts.tested as f64 + z2;
    let positives = counts.gold_positives as f64 + 2.0;
    let negatives = counts.gold_negatives as f64 + 2.0;
    let rates = Rates {
        apparent: (counts.positive as f64 + z2 / 2.0) / tested,
        sensitivity: (counts.true_positives as f64 + 1.0) / positives,
        specificity: (counts.true_negatives as f64 + 1.0) / negatives,
    };
    if rates.information() <= 0.0 {
        return None;
    }
    let value = rates.corrected();
    let of_sensitivity = rates.sensitivity * (1.0 - rates.sensitivity) / positives;
    let of_specificity = rates.specificity * (1.0 - rates.specificity) / negatives;
    let shift = 2.0 * z2 * (value * of_sensitivity - (1.0 - value) * of_specificity);
    let spread = rates.apparent * (1.0 - rates.apparent) / tested
        + (1.0 - value).powi(2) * of_specificity
        + value * value * of_sensitivity;
    let half = z * spread.sqrt() / rates.information();
    Some(Interval {
        low: value + shift - half,
        high: value + shift + half,
    })
}
