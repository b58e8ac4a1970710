//! Two shares of the same items, such as the accuracies of two candidates: McNemar's test, Tango's and Newcombe's
//! intervals.
//!
//! Only the items on which exactly one of the two succeeded tell them apart. All of this treats items as independent;
//! for items that belong to users see `paired`.

use super::dist::{binomial_pmf, chi2_sf};
use super::estimate::{Interval, Undefined};
use super::influence::z_critical;
use super::proportion::wilson;

/// How two candidates did on the same items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedShares {
    /// Items on which both succeeded.
    pub both: u64,
    /// Items on which only the first succeeded.
    pub first_only: u64,
    /// Items on which only the second succeeded.
    pub second_only: u64,
    /// Items on which neither succeeded.
    pub neither: u64,
}

/// McNemar's test that both candidates succeed equally often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// The exact two-sided p-value; conservative.
    pub exact_p: f64,
    /// The exact p-value minus half the probability of the observed split: the default (Fagerland et al. 2013).
    pub mid_p: f64,
    /// (b − c)²/(b + c) on one degree of freedom; `NoDiscordant` without a discordant item.
    pub chi2: Result<f64, Undefined>,
    /// The p-value of `chi2`.
    pub chi2_p: Result<f64, Undefined>,
    /// The same with Edwards' continuity correction, (max(|b − c| − 1, 0))²/(b + c).
    pub chi2_corrected: Result<f64, Undefined>,
    /// The p-value of `chi2_corrected`.
    pub chi2_corrected_p: Result<f64, Undefined>,
    /// True where no item tells the candidates apart; both exact p-values are then 1.
    pub no_discordant: bool,
}

impl PairedShares {
    /// Number of items.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.both + self.first_only + self.second_only + self.neither
    }

    /// Number of items on which exactly one succeeded.
    #[must_use]
    pub fn discordant(&self) -> u64 {
        self.first_only + self.second_only
    }

    /// The first share minus the second, (b − c)/n.
    ///
    /// # Errors
    /// `NoPairs` without items.
    pub fn difference(&self) -> Result<f64, Undefined> {
        if self.n() == 0 {
            return Err(Undefined::NoPairs);
        }
        Ok((self.first_only as f64 - self.second_only as f64) / self.n() as f64)
    }

    /// McNemar's test (1947) on the discordant items b and c.
    ///
    /// Exact p = 2 P(X ≤ min(b, c)), X binomial with b + c trials of probability one half, and 1 if b = c.
    #[must_use]
    pub fn mcnemar(&self) -> McNemar {
        let (b, c) = (self.first_only, self.second_only);
        let m = b + c;
        let observed = binomial_pmf(b.min(c), m, 0.5);
        let exact_p = if b == c {
            1.0
        } else {
            (2.0 * lower_tail(b.min(c), m, observed)).min(1.0)
        };
        let mid_p = match (m, b == c) {
            (0, _) => 1.0,
            (_, true) => 1.0 - observed / 2.0,
            (_, false) => exact_p - observed,
        };
        let chi2 = |difference: u64| {
            if m == 0 {
                Err(Undefined::NoDiscordant)
            } else {
                Ok((difference as f64).powi(2) / m as f64)
            }
        };
        let (plain, corrected) = (chi2(b.abs_diff(c)), chi2(b.abs_diff(c).saturating_sub(1)));
        McNemar {
            exact_p,
            mid_p,
            chi2: plain,
            chi2_p: plain.map(|statistic| chi2_sf(statistic, 1.0)),
            chi2_corrected: corrected,
            chi2_corrected_p: corrected.map(|statistic| chi2_sf(statistic, 1.0)),
            no_discordant: m == 0,
        }
    }

    /// Tango's score interval of the difference (1998), which also holds without a discordant item.
    ///
    /// The differences t with |b − c − n t| ≤ z √(n (2 p₂₁(t) + t (1 − t))), p₂₁(t) being the likeliest share of c under t.
    ///
    /// # Errors
    /// `NoPairs` without items.
    pub fn tango(&self, confidence: f64) -> Result<Interval, Undefined> {
        self.tango_at(z_critical(confidence))
    }

    /// [`PairedShares::tango`] with `z` standard errors on either side: t instead of the normal quantile where draws are
    /// few, and √deff times as many where the items of users resemble each other.
    ///
    /// # Errors
    /// `NoPairs` without items.
    pub fn tango_at(&self, z: f64) -> Result<Interval, Undefined> {
        let difference = self.difference()?;
        Ok(Interval {
            low: self.tango_limit(-1.0, difference, z),
            high: self.tango_limit(1.0, difference, z),
        })
    }

    /// The score is zero at the estimate and grows steadily towards either end, so halving finds the limit.
    fn tango_limit(&self, end: f64, estimate: f64, z: f64) -> f64 {
        let (mut inside, mut outside) = (estimate, end);
        loop {
            let middle = f64::midpoint(inside, outside);
            // Halving ends where no number lies between the two.
            if (middle - inside).abs() <= f64::MIN_POSITIVE
                || (middle - outside).abs() <= f64::MIN_POSITIVE
            {
                return middle;
            }
            if self.tango_score(middle).abs() <= z {
                inside = middle
            } else {
                outside = middle
            }
        }
    }

    fn tango_score(&self, t: f64) -> f64 {
        let (n, b, c) = (
            self.n() as f64,
            self.first_only as f64,
            self.second_only as f64,
        );
        let linear = -b - c + (2.0 * n - b + c) * t;
        let constant = -c * t * (1.0 - t);
        let root = (linear * linear - 8.0 * n * constant).max(0.0).sqrt();
        let likeliest = ((root - linear) / (4.0 * n)).max(-t).max(0.0);
        let variance = n * (2.0 * likeliest + t * (1.0 - t));
        let distance = b - c - n * t;
        if variance > 0.0 {
            distance / variance.sqrt()
        } else {
            f64::INFINITY.copysign(distance)
        }
    }

    /// Newcombe's square-and-add interval of the difference (1998, method 10): Wilson's limits of both shares, joined by
    /// their correlation with a continuity correction.
    ///
    /// # Errors
    /// `NoPairs` without items.
    pub fn newcombe(&self, confidence: f64) -> Result<Interval, Undefined> {
        let difference = self.difference()?;
        let n = self.n() as f64;
        let [both, b, c, neither] =
            [self.both, self.first_only, self.second_only, self.neither].map(|x| x as f64);
        let (first, second) = ((both + b) / n, (both + c) / n);
        let (one, two) = (
            wilson(both + b, n, confidence),
            wilson(both + c, n, confidence),
        );

        let product = both * neither - b * c;
        let corrected = if product > 0.0 {
            (product - n / 2.0).max(0.0)
        } else {
            product
        };
        let margins = (both + b) * (c + neither) * (both + c) * (b + neither);
        let correlation = if margins > 0.0 {
            corrected / margins.sqrt()
        } else {
            0.0
        };
        let joined = |x: f64, y: f64| (x * x - 2.0 * correlation * x * y + y * y).max(0.0).sqrt();
        Ok(Interval {
            low: difference - joined(first - one.low, two.high - second),
            high: difference + joined(one.high - first, second - two.low),
        })
    }
}

/// P(X ≤ k) of a fair binomial with n trials, k below n/2, given P(X = k): terms shrink on the way down.
fn lower_tail(k: u64, n: u64, at_k: f64) -> f64 {
    let (mut term, mut sum) = (at_k, at_k);
    for successes in (1..=k).rev() {
        term *= successes as f64 / (n - successes + 1) as f64;
        sum += term;
        if term <= sum * 1e-18 {
            break;
        }
    }
    sum
}
