//! May the new candidate replace the old one? Pass, fail, or not enough data to say.
//!
//! The new candidate may be worse by less than a margin. L and U are the one-sided bounds of the difference new − old:
//! pass if L > −margin, fail if U < −margin, inconclusive otherwise. With few discordant items or a rare class no bound
//! of a chance-corrected coefficient keeps its error rate, and an interval of width zero says nothing; the verdict then
//! rests on Tango's interval of the accuracies, which does not need them, and says so.

use super::bootstrap::Plan;
use super::coefficient::Coefficient;
use super::estimate::{Interval, Undefined};
use super::paired::PairedTables;

/// Discordant items (one candidate right, the other wrong) below which no bound of a coefficient is trusted.
pub const LEAST_DISCORDANT: u64 = 10;

/// Gold items of a class below which no bound of a coefficient is trusted.
pub const LEAST_OF_CLASS: u64 = 5;

/// What a verdict is asked on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate<'a> {
    /// How much worse the new candidate may be; positive.
    pub margin: f64,
    /// The error rate of each one-sided bound; .05 as a rule.
    pub alpha: f64,
    /// Resamples for the cluster bootstrap, at least 4,000 as a rule; `None` for the fast bound d ∓ t SE.
    pub resamples: Option<usize>,
    /// The seed of the bootstrap.
    pub seed: u64,
    /// The classes that need enough gold items; `None` for those that occur in gold.
    pub classes: Option<&'a [usize]>,
}

/// The verdict on a change of candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Worse by less than the margin, if at all.
    Pass,
    /// Worse by more than the margin.
    Fail,
    /// The data allow both.
    Inconclusive,
}

/// What the bounds of a verdict are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// BCa limits of the coefficient's difference, users resampled.
    Bootstrap,
    /// d ∓ t SE over users, d ∓ z SE over items.
    Delta,
    /// Tango's interval of the difference of accuracies, items as independent.
    Tango(Fallback),
}

/// Why the verdict does not rest on the coefficient itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Fewer than ten discordant items.
    FewDiscordant,
    /// A class with fewer than five gold items.
    RareClass,
    /// Both candidates pull alike on every item.
    ZeroVariance,
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The bounds L and U, or the reason why there are none; the verdict is then inconclusive.
    pub bounds: Result<Interval, Undefined>,
    /// What the bounds are of.
    pub method: Bounds,
    /// U below zero.
    pub is_worse: bool,
    /// L above zero.
    pub is_better: bool,
}

/// Judges whether the new candidate is worse than the old one by less than the margin.
///
/// An undefined coefficient, a single user, or too many undefined resamples leave the verdict inconclusive.
#[must_use]
pub fn judge(tables: &PairedTables, coefficient: &Coefficient, gate: Gate) -> Judgement {
    let confidence = 1.0 - 2.0 * gate.alpha;
    let difference = tables.difference(coefficient, confidence);
    let method = if let Some(reason) = too_little(tables, gate.classes) {
        Bounds::Tango(reason)
    } else if difference.is_ok_and(|difference| difference.zero_variance) {
        Bounds::Tango(Fallback::ZeroVariance)
    } else if gate.resamples.is_some() {
        Bounds::Bootstrap
    } else {
        Bounds::Delta
    };
    let bounds = match (method, gate.resamples) {
        (Bounds::Tango(_), _) => tables.accuracy_shares().tango(confidence),
        (Bounds::Bootstrap, Some(resamples)) => {
            let plan = Plan {
                resamples,
                seed: gate.seed,
                confidence,
            };
            difference
                .and_then(|_| tables.bootstrap(coefficient, plan))
                .map(|made| made.bca.interval)
        }
        _ => difference.and_then(|difference| difference.interval.ok_or(Undefined::TooFewClusters)),
    };
    Judgement {
        verdict: bounds.map_or(Verdict::Inconclusive, |bounds| decide(bounds, gate.margin)),
        bounds,
        method,
        is_worse: bounds.is_ok_and(|bounds| bounds.high < 0.0),
        is_better: bounds.is_ok_and(|bounds| bounds.low > 0.0),
    }
}

/// The three-way rule on the bounds of new − old.
#[must_use]
pub fn decide(bounds: Interval, margin: f64) -> Verdict {
    if bounds.low > -margin {
        Verdict::Pass
    } else if bounds.high < -margin {
        Verdict::Fail
    } else {
        Verdict::Inconclusive
    }
}

/// What the data lack for a bound of the coefficient, if anything.
fn too_little(tables: &PairedTables, classes: Option<&[usize]>) -> Option<Fallback> {
    if tables.accuracy_shares().discordant() < LEAST_DISCORDANT {
        return Some(Fallback::FewDiscordant);
    }
    let gold = tables.gold();
    let is_rare = match classes {
        Some(classes) => classes.iter().any(|&class| gold[class] < LEAST_OF_CLASS),
        None => gold
            .iter()
            .any(|&items| items > 0 && items < LEAST_OF_CLASS),
    };
    is_rare.then_some(Fallback::RareClass)
}
