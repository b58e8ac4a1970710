//! Fleiss, Conger, Gwet, Brennan and Prediger: coefficients of any number of raters with missing ratings.
//!
//! All are c = (pa − pe)/(1 − pe) with the same observed agreement pa: over the units with two ratings or more, the mean
//! share of pairs of ratings that agree (weighted). Units with a single rating count in pe only. Standard errors are
//! Gwet's (2008; 2014, chapters 5 and 6), in the 1/(n−1) form with t: each unit has a value whose mean is c, and the
//! spread of these values gives the error. With clusters their sums per cluster take the place of units.

use super::clusters::Groups;
use super::estimate::{Estimate, Interval, Statistic, Undefined};
use super::influence::{Errors, raw_se, t_critical};
use super::units::{Pattern, Units};
use super::weights::Weights;

/// Units under one choice of weights, with what all coefficients share.
#[derive(Debug, Clone)]
pub struct Study<'a> {
    units: &'a Units,
    weights: &'a Weights,
    groups: Option<Groups>,
    confidence: f64,
    /// The observed disagreement of each pattern; 0 with fewer than two ratings.
    disagreement: Vec<f64>,
    /// π: each category's mean share of a unit's ratings.
    margin: Vec<f64>,
    /// 1 − pa.
    observed: f64,
}

impl<'a> Study<'a> {
    /// Prepares the units. `clusters` has one entry per item that the units were made from.
    #[must_use]
    pub fn new(
        units: &'a Units,
        weights: &'a Weights,
        clusters: Option<&'a [u32]>,
        confidence: f64,
    ) -> Self {
        let disagreement: Vec<f64> = units
            .patterns()
            .iter()
            .map(|pattern| pattern_disagreement(pattern, weights))
            .collect();
        let mut margin = vec![0.0; units.categories()];
        let mut observed = 0.0;
        for (pattern, disagreement) in units.patterns().iter().zip(&disagreement) {
            let times = pattern.units as f64;
            observed += times * disagreement;
            for &(k, count) in &pattern.counts {
                margin[usize::from(k)] += times * f64::from(count) / f64::from(pattern.ratings);
            }
        }
        let n = units.len().max(1) as f64;
        margin.iter_mut().for_each(|share| *share /= n);
        observed /= units.pairable().max(1) as f64;
        Self {
            units,
            weights,
            groups: clusters.map(|clusters| units.groups(clusters)),
            confidence,
            disagreement,
            margin,
            observed,
        }
    }

    /// The mean share of pairs of ratings that agree.
    ///
    /// # Errors
    /// `NoPairs` without a unit that two raters rated.
    pub fn percent_agreement(&self) -> Statistic {
        self.require_pairs()?;
        // With nothing expected by chance the corrected value is pa itself.
        self.estimate(1.0, |_| 0.0)
    }

    /// Fleiss' kappa: pe = Σ w_kl π_k π_l, π being the raters' average margin (Scott's pi for two). Fleiss (1971).
    ///
    /// # Errors
    /// `NoPairs`; `OneClass` where only one category was used.
    pub fn fleiss(&self) -> Statistic {
        self.require_pairs()?;
        // How much each category disagrees with the margin on average.
        let against: Vec<f64> = (0..self.units.categories())
            .map(|k| self.mean_disagreement(k, &self.margin))
            .collect();
        let expected: f64 = self
            .margin
            .iter()
            .zip(&against)
            .map(|(share, v)| share * v)
            .sum();
        self.estimate(expected, |pattern| {
            mean_over(pattern, |k| against[k]) - expected
        })
    }

    /// Gwet's AC1 or AC2: pe = T/(q(q−1)) Σ π_k (1 − π_k), T the sum of all weights. Gwet (2008), (2014).
    ///
    /// # Errors
    /// `NoPairs`; `OneCategoryDeclared` with fewer than two categories.
    pub fn gwet(&self) -> Statistic {
        self.require_pairs()?;
        self.require_categories()?;
        let q = self.units.categories() as f64;
        let factor = self.weights.total() / (q * (q - 1.0));
        let spread: f64 = self.margin.iter().map(|share| share * (1.0 - share)).sum();
        self.estimate(1.0 - factor * spread, |pattern| {
            factor * (spread - mean_over(pattern, |k| 1.0 - self.margin[k]))
        })
    }

    /// Brennan and Prediger's kappa (1981): pe = T/q².
    ///
    /// # Errors
    /// `NoPairs`; `OneCategoryDeclared` with fewer than two categories.
    pub fn brennan_prediger(&self) -> Statistic {
        self.require_pairs()?;
        self.require_categories()?;
        let q = self.units.categories() as f64;
        self.estimate(1.0 - self.weights.total() / (q * q), |_| 0.0)
    }

    /// Conger's kappa: pe is the mean agreement of two different raters' margins, Σ_{g≠h} p_g' W p_h / (r (r − 1)). Conger
    /// (1980); Cohen's kappa for two raters.
    ///
    /// That is Σ w_kl (p̄_k p̄_l − s_kl/r) with the mean p̄ and the covariance s of the raters' margins. A rater without any
    /// rating is left out.
    ///
    /// # Errors
    /// `NoPairs`; `OneClass` where only one category was used.
    pub fn conger(&self, raters: &[&[Option<u16>]]) -> Statistic {
        self.require_pairs()?;
        let q = self.units.categories();
        let margins: Vec<RaterMargin> = raters
            .iter()
            .filter_map(|codes| RaterMargin::new(codes, q))
            .collect();
        let pairs = (margins.len() * (margins.len() - 1)) as f64;
        let n = self.units.len() as f64;
        let mut expected = 0.0;
        // What each unit's expected disagreement differs from the mean by, through each of its ratings.
        let mut excess = vec![0.0; self.units.len()];
        for (g, rater) in margins.iter().enumerate() {
            let mut others = vec![0.0; q];
            for (_, other) in margins.iter().enumerate().filter(|&(h, _)| h != g) {
                others
                    .iter_mut()
                    .zip(&other.shares)
                    .for_each(|(sum, share)| *sum += share);
            }
            let against: Vec<f64> = (0..q).map(|k| self.mean_disagreement(k, &others)).collect();
            let mean: f64 = rater
                .shares
                .iter()
                .zip(&against)
                .map(|(share, v)| share * v)
                .sum();
            expected += mean / pairs;
            for (excess, &item) in excess.iter_mut().zip(self.units.items()) {
                if let Some(code) = rater.codes[item as usize] {
                    *excess += n / rater.ratings * (against[usize::from(code)] - mean) / pairs;
                }
            }
        }
        self.estimate_with(expected, |unit| excess[unit])
    }

    /// The coefficient 1 − (1 − pa)/(1 − pe) whose expected disagreement 1 − pe differs by `excess` for a pattern.
    fn estimate(&self, expected: f64, excess: impl Fn(&Pattern) -> f64) -> Statistic {
        let by_pattern: Vec<f64> = self.units.patterns().iter().map(excess).collect();
        self.estimate_with(expected, |unit| {
            by_pattern[self.units.pattern_of()[unit] as usize]
        })
    }

    /// The same with the excess of each unit.
    ///
    /// A unit's value is x = c_i − 2 (1 − c)(pe_i − pe)/(1 − pe) with c_i = (n/n₂)(pa_i − pe)/(1 − pe), which is zero for a
    /// unit with a single rating; its mean over units is c.
    fn estimate_with(&self, expected: f64, excess: impl Fn(usize) -> f64) -> Statistic {
        // Sums of products of non-negative numbers: zero only if no two different categories were used.
        if expected <= 0.0 {
            return Err(Undefined::OneClass);
        }
        let n = self.units.len();
        let value = 1.0 - self.observed / expected;
        let scale = n as f64 / self.units.pairable() as f64;
        let deviations: Vec<f64> = (0..n)
            .map(|unit| {
                let index = self.units.pattern_of()[unit] as usize;
                let own = if self.units.patterns()[index].ratings >= 2 {
                    scale * (1.0 - self.disagreement[index] / expected)
                } else {
                    0.0
                };
                own + 2.0 * (1.0 - value) * excess(unit) / expected - value
            })
            .collect();
        Ok(self.with_errors(value, &deviations))
    }

    /// The errors from how much each unit's value differs from the coefficient.
    fn with_errors(&self, value: f64, deviations: &[f64]) -> Estimate {
        let n = deviations.len() as u64;
        let squares = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
        let groups = self.groups.as_ref().map(|groups| groups.sums(deviations));
        let clusters = groups.as_ref().map(|sums| (squares(sums), sums.len()));
        let Errors {
            se,
            se_cluster,
            zero_variance,
        } = Errors::from_squares(n, squares(deviations), clusters, 1.0 + value.abs());
        let se = se.and_then(|se| raw_se(se, n));
        let (error, draws, method) = match clusters {
            Some((_, groups)) => (se_cluster, groups, "linearised over clusters, t"),
            None => (se, deviations.len(), "linearised over units, t"),
        };
        let interval = error.map(|se| {
            let half = t_critical(self.confidence, draws as f64 - 1.0) * se;
            Interval {
                low: value - half,
                high: value + half,
            }
        });
        Estimate {
            value,
            se,
            se_cluster,
            interval,
            method,
            zero_variance,
        }
    }

    /// The disagreement of category k with each category, weighted by `shares`.
    fn mean_disagreement(&self, k: usize, shares: &[f64]) -> f64 {
        let sum: f64 = self
            .weights
            .disagreements(k)
            .iter()
            .zip(shares)
            .map(|(v, share)| v * share)
            .sum();
        sum / self.weights.scale()
    }

    fn require_pairs(&self) -> Result<(), Undefined> {
        if self.units.pairable() == 0 {
            Err(Undefined::NoPairs)
        } else {
            Ok(())
        }
    }

    fn require_categories(&self) -> Result<(), Undefined> {
        if self.units.categories() < 2 {
            Err(Undefined::OneCategoryDeclared)
        } else {
            Ok(())
        }
    }
}

/// The share of a unit's pairs of ratings that disagree, weighted.
fn pattern_disagreement(pattern: &Pattern, weights: &Weights) -> f64 {
    if pattern.ratings < 2 {
        return 0.0;
    }
    let mut sum = 0.0;
    for (position, &(k, n_k)) in pattern.counts.iter().enumerate() {
        for &(l, n_l) in &pattern.counts[position + 1..] {
            let (k, l) = (usize::from(k), usize::from(l));
            let both = weights.disagreement(k, l) + weights.disagreement(l, k);
            sum += both * f64::from(n_k) * f64::from(n_l);
        }
    }
    let pairs = f64::from(pattern.ratings) * f64::from(pattern.ratings - 1);
    sum / weights.scale() / pairs
}

/// The mean over a unit's ratings of a value of their category.
fn mean_over(pattern: &Pattern, value: impl Fn(usize) -> f64) -> f64 {
    let sum: f64 = pattern
        .counts
        .iter()
        .map(|&(k, count)| f64::from(count) * value(usize::from(k)))
        .sum();
    sum / f64::from(pattern.ratings)
}

/// A rater who rated at least one unit.
struct RaterMargin<'a> {
    codes: &'a [Option<u16>],
    /// How many units the rater rated.
    ratings: f64,
    /// The share of each category among them.
    shares: Vec<f64>,
}

impl<'a> RaterMargin<'a> {
    fn new(codes: &'a [Option<u16>], categories: usize) -> Option<Self> {
        let mut shares = vec![0.0; categories];
        codes
            .iter()
            .flatten()
            .for_each(|&code| shares[usize::from(code)] += 1.0);
        let ratings: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|count| *count /= ratings);
        (ratings > 0.0).then_some(Self {
            codes,
            ratings,
            shares,
        })
    }
}
