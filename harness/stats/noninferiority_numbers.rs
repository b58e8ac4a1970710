//! The rule of the gate on numbers: is the new candidate's correlation with gold lower by less than a margin?
//!
//! The bounds are those of a jackknife and a bootstrap of users, as for categories (the bootstrap's limit is the percentile's). Where fewer than ten numbers
//! changed neither is enough: users without a change may hide how much one costs. Then every number that changed counts as lost too, by Tango's
//! interval of their share times the old correlation, and the lowest of the three is how much the new one may have lost: a number
//! that goes from one end of the scale to the other costs far more than its share.

use super::continuous::{lin_ccc, pearson};
use super::estimate::{Interval, Undefined};
use super::influence::t_critical;
use super::intraclass::intraclass;
use super::noninferiority::{Finding, Method, Shortage, Terms, bounds, planned};
use super::paired::Jackknife;
use super::paired_shares::PairedShares;
use super::rank::{same, spearman};
use super::user_bootstrap;
use super::verdict::{LEAST_DISCORDANT, Verdict, decide};

/// How numbers agree with gold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberStatistic {
    /// Pearson's correlation.
    Pearson,
    /// Spearman's correlation of ranks.
    Spearman,
    /// The intraclass correlation of absolute agreement, ICC(2,1).
    Icc21,
    /// Lin's concordance.
    LinCcc,
}

impl NumberStatistic {
    /// The statistic of this name; names are those of the output, `None` if unknown.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "pearson" => Self::Pearson,
            "spearman" => Self::Spearman,
            "icc_2_1" => Self::Icc21,
            "lin_ccc" => Self::LinCcc,
            _ => return None,
        })
    }

    /// The names that [`NumberStatistic::from_name`] knows.
    pub const NAMES: [&str; 4] = ["pearson", "spearman", "icc_2_1", "lin_ccc"];

    /// The value on gold and one candidate's numbers.
    ///
    /// # Errors
    /// Those of the statistic.
    pub fn value(self, gold: &[f64], said: &[f64]) -> Result<f64, Undefined> {
        match self {
            Self::Pearson => pearson(gold, said, 0.95).map(|estimate| estimate.value),
            Self::Spearman => spearman(gold, said),
            Self::Icc21 => intraclass(&[gold, said], 0.95).map(|icc| icc.agreement.value),
            Self::LinCcc => lin_ccc(gold, said, 0.95).map(|estimate| estimate.value),
        }
    }
}

/// Complete numbers of one measure, item by item.
#[derive(Debug, Clone, Copy)]
pub struct PairedNumbers<'n> {
    /// The truth.
    pub gold: &'n [f64],
    /// The candidate to compare with.
    pub old: &'n [f64],
    /// The candidate in question.
    pub new: &'n [f64],
    /// The user of each item.
    pub users: &'n [u32],
}

impl PairedNumbers<'_> {
    fn difference(&self, statistic: NumberStatistic) -> Result<f64, Undefined> {
        Ok(statistic.value(self.gold, self.new)? - statistic.value(self.gold, self.old)?)
    }

    fn difference_of(&self, rows: &[usize], statistic: NumberStatistic) -> Option<f64> {
        let take = |numbers: &[f64]| -> Vec<f64> { rows.iter().map(|&row| numbers[row]).collect() };
        let (gold, old, new) = (take(self.gold), take(self.old), take(self.new));
        Some(statistic.value(&gold, &new).ok()? - statistic.value(&gold, &old).ok()?)
    }

    fn names_of_users(&self) -> Vec<u32> {
        let mut users = self.users.to_vec();
        users.sort_unstable();
        users.dedup();
        users
    }

    fn jackknife(&self, statistic: NumberStatistic) -> Option<Jackknife> {
        let values: Vec<f64> = self
            .names_of_users()
            .into_iter()
            .map(|user| {
                let rows: Vec<usize> = (0..self.users.len())
                    .filter(|row| self.users[*row] != user)
                    .collect();
                self.difference_of(&rows, statistic)
            })
            .collect::<Option<_>>()?;
        Jackknife::of(&values).ok()
    }
}

/// Judges the difference of a correlation with gold.
///
/// # Panics
/// If the lists differ in length.
#[must_use]
pub fn noninferiority_of_numbers(
    numbers: &PairedNumbers<'_>,
    statistic: NumberStatistic,
    terms: Terms,
) -> Finding {
    let n = numbers.gold.len();
    assert!(
        numbers.old.len() == n && numbers.new.len() == n && numbers.users.len() == n,
        "one number of each per item"
    );
    let changed = numbers
        .old
        .iter()
        .zip(numbers.new)
        .filter(|(old, new)| !same(**old, **new))
        .count() as u64;
    let draws = numbers.names_of_users().len();
    let difference = numbers.difference(statistic);
    let confidence = 1.0 - 2.0 * terms.alpha;
    let mut finding = Finding {
        verdict: Verdict::Inconclusive,
        difference,
        se: None,
        bounds: Err(Undefined::TooFewClusters),
        method: Method::Users,
        discordant: changed,
        n: n as u64,
        draws,
        items_needed: None,
    };
    let jackknife = numbers.jackknife(statistic);
    let low = user_bootstrap::interval(numbers.users, terms.seed, confidence, |rows| {
        numbers.difference_of(rows, statistic)
    })
    .map(|made| made.low);
    let (of_users, method) = bounds(difference, jackknife, draws, low, confidence);
    if changed < LEAST_DISCORDANT {
        finding.method = Method::Items(Shortage::FewDiscordant(changed));
        let of_shares = statistic
            .value(numbers.gold, numbers.old)
            .and_then(|old| few_changed(n as u64, changed, draws, old, confidence));
        finding.bounds = difference.and_then(|difference| {
            let (shares, users) = (of_shares?, of_users?);
            Ok(Interval {
                low: shares.low.min(users.low).min(difference),
                high: shares.high.max(users.high).max(difference),
            })
        });
        let share = (changed as f64 + 1.5) / (n as f64 + 1.5);
        let design_effect = n as f64 / draws.max(1) as f64;
        finding.items_needed = planned(share * design_effect, terms);
    } else {
        finding.se = jackknife.map(|it| it.se);
        finding.items_needed = finding.se.and_then(|se| planned(n as f64 * se * se, terms));
        (finding.bounds, finding.method) = (of_users, method);
    }
    finding.verdict = finding
        .bounds
        .map_or(Verdict::Inconclusive, |bounds| decide(bounds, terms.margin));
    finding
}

/// Every number that changed counts as lost, and an item of a user as all of the user's.
fn few_changed(
    n: u64,
    changed: u64,
    draws: usize,
    old: f64,
    confidence: f64,
) -> Result<Interval, Undefined> {
    if draws < 2 {
        return Err(Undefined::TooFewClusters);
    }
    let shares = PairedShares {
        both: n - changed,
        first_only: 0,
        second_only: changed,
        neither: 0,
    };
    let t = t_critical(confidence, draws as f64 - 1.0);
    let limits = shares.tango_at(t * (n as f64 / draws as f64).sqrt())?;
    Ok(Interval {
        low: limits.low * old.max(0.0),
        high: -limits.low * (1.0 - old).max(0.0),
    })
}
