//! The rule of the gate: is the new candidate worse than the old one by less than a margin? On categories.
//!
//! The difference d = new − old has the jackknife's error over users. U is d + t SE on G − 1 degrees of freedom. L, on which
//! a pass rests, is the lower of two: d − t SE on as many degrees of freedom as users really bear the change
//! ([`Jackknife::effective`]), and the BCa limit of a bootstrap of users. Each of the usual bounds alone (delta or jackknife with
//! t on G − 1, percentile, BCa) passes up to 12 % of candidates that are worse by the margin where data are few
//! (`cargo bench --bench gate`, docs/gate.md).
//!
//! With fewer than ten discordant items, or a class that gold has fewer than five times, no bound of a coefficient holds. What is
//! left then is a count of items on which only one candidate is right, or nearer to gold: Tango's score interval, whose
//! spread is that of users, on the margin times the disagreement expected by chance. That is what the coefficient's margin is in
//! items: kappa = 1 − D/E loses δ where D grows by δE.

use super::bootstrap::Plan;
use super::coefficient::Coefficient;
use super::estimate::{Interval, Undefined};
use super::influence::t_critical;
use super::paired::{Jackknife, PairedItem, PairedTables};
use super::paired_shares::PairedShares;
use super::power::gate_items;
use super::table::Confusion;
use super::verdict::{LEAST_DISCORDANT, LEAST_OF_CLASS, Verdict, decide};

/// How likely a pass is to be of an equally good candidate, on as many items as are said to be needed.
const POWER: f64 = 0.8;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// How much worse the new candidate may be; positive.
    pub margin: f64,
    /// The error rate of each one-sided bound.
    pub alpha: f64,
    /// Resamples of users.
    pub resamples: usize,
    /// Seed of the resamples.
    pub seed: u64,
}

/// Why bounds of the coefficient itself are not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// So few items (below ten) tell the candidates apart.
    FewDiscordant(u64),
    /// Gold has this class (a position) so few times (below five).
    RareClass(usize, u64),
    /// Both candidates pull alike on every item.
    NoSpread,
}

/// What the bounds are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Jackknife and bootstrap, users as units.
    Users,
    /// The jackknife alone: too many resamples had no value.
    Jackknife,
    /// Items on which only one candidate is right, on the margin in items.
    Items(Shortage),
}

/// Whether the new candidate is worse by less than the margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Pass, fail, or neither.
    pub verdict: Verdict,
    /// New minus old; or why one of them has no value.
    pub difference: Result<f64, Undefined>,
    /// Its error over users.
    pub se: Option<f64>,
    /// L and U, on the coefficient's scale; or why there are none.
    pub bounds: Result<Interval, Undefined>,
    /// What they are made of.
    pub method: Method,
    /// Items on which exactly one candidate is right (nearer to gold, where disagreements have sizes).
    pub discordant: u64,
    /// Items.
    pub n: u64,
    /// Users.
    pub draws: usize,
    /// Items that would settle it with power .8 if the candidates are equally good; `None` where that cannot be said.
    pub items_needed: Option<u64>,
}

/// Judges the difference of a coefficient.
#[must_use]
pub fn noninferiority(tables: &PairedTables, coefficient: &Coefficient, terms: Terms) -> Finding {
    let confidence = 1.0 - 2.0 * terms.alpha;
    let mut change = Change::of(tables.items(), tables.draws(), |item| {
        coefficient.costs_of(item)
    });
    change.worst = change.worst.max(coefficient.least_cost());
    let delta = tables.difference(coefficient, confidence);
    let jackknife = tables.jackknife(coefficient).ok();
    let mut se = jackknife.map(|it| it.se);
    let shortage = shortage(tables, change.shares.discordant()).or_else(|| {
        delta
            .is_ok_and(|delta| delta.zero_variance)
            .then_some(Shortage::NoSpread)
    });
    let (bounds, method) = match shortage {
        Some(shortage) => {
            se = se.filter(|se| *se > 0.0);
            (
                by_items(tables, coefficient, &change, confidence),
                Method::Items(shortage),
            )
        }
        None => {
            let plan = Plan {
                resamples: terms.resamples,
                seed: terms.seed,
                confidence,
            };
            let low = tables
                .bootstrap(coefficient, plan)
                .map(|made| made.bca.interval.low);
            bounds(
                delta.map(|it| it.value),
                jackknife,
                tables.draws(),
                low,
                confidence,
            )
        }
    };
    let unit_variance = unit_variance(tables, coefficient, &change, se, shortage);
    let planned = unit_variance
        .and_then(|variance| planned(variance, terms))
        .max(match (method, by_chance(tables, coefficient)) {
            (Method::Items(_), Ok((rare, _))) => {
                change.items_without_change(terms.margin * rare / change.cost(rare), confidence)
            }
            _ => None,
        });
    Finding {
        verdict: bounds.map_or(Verdict::Inconclusive, |bounds| decide(bounds, terms.margin)),
        difference: delta.map(|delta| delta.value),
        se,
        bounds,
        method,
        discordant: change.shares.discordant(),
        n: change.shares.n(),
        draws: tables.draws(),
        items_needed: planned,
    }
}

/// Judges the difference of the recalls of one class: Tango's interval with the spread of users.
#[must_use]
pub fn recall_noninferiority(tables: &PairedTables, class: usize, terms: Terms) -> Finding {
    let of_class = || tables.items().filter(move |item| item.gold == class);
    let mut users: Vec<u32> = of_class().map(|item| item.user).collect();
    users.sort_unstable();
    users.dedup();
    let change = Change::of(of_class(), users.len(), |item| {
        (
            f64::from(u8::from(item.new != item.gold)),
            f64::from(u8::from(item.old != item.gold)),
        )
    });
    let confidence = 1.0 - 2.0 * terms.alpha;
    let bounds = change.tango(confidence);
    let n = change.shares.n();
    let share = change.plausible_share();
    Finding {
        verdict: bounds.map_or(Verdict::Inconclusive, |bounds| decide(bounds, terms.margin)),
        difference: change.shares.difference(),
        se: None,
        bounds,
        method: Method::Items(Shortage::FewDiscordant(change.shares.discordant())),
        discordant: change.shares.discordant(),
        n,
        draws: users.len(),
        items_needed: planned(share * change.design_effect(), terms)
            .max(change.items_without_change(terms.margin, confidence)),
    }
}

/// Items for a pass, four times in five, if the candidates are equally good.
pub(super) fn planned(unit_variance: f64, terms: Terms) -> Option<u64> {
    gate_items(unit_variance, terms.margin, 0.0, terms.alpha, POWER).ok()
}

/// What the data lack for bounds of a coefficient.
fn shortage(tables: &PairedTables, discordant: u64) -> Option<Shortage> {
    if discordant < LEAST_DISCORDANT {
        return Some(Shortage::FewDiscordant(discordant));
    }
    (0..)
        .zip(tables.gold())
        .filter(|(_, items)| (1..LEAST_OF_CLASS).contains(*items))
        .min_by_key(|(_, items)| **items)
        .map(|(class, items)| Shortage::RareClass(class, *items))
}

/// L and U of a difference from its jackknife and from the lower limit of a bootstrap.
pub(super) fn bounds(
    difference: Result<f64, Undefined>,
    jackknife: Option<Jackknife>,
    draws: usize,
    bootstrapped: Result<f64, Undefined>,
    confidence: f64,
) -> (Result<Interval, Undefined>, Method) {
    let both = difference.and_then(|difference| {
        let made = jackknife.ok_or(Undefined::TooFewClusters)?;
        let most = (draws as f64 - 1.0).max(1.0);
        Ok(Interval {
            low: difference - made.se * t_critical(confidence, made.effective.clamp(1.0, most)),
            high: difference + made.se * t_critical(confidence, most),
        })
    });
    match (both, bootstrapped) {
        (Ok(made), Ok(low)) => (
            Ok(Interval {
                low: made.low.min(low),
                ..made
            }),
            Method::Users,
        ),
        (made, _) => (made, Method::Jackknife),
    }
}

/// Tango's limits of the share of items that got better less those that got worse, on the coefficient's scale.
fn by_items(
    tables: &PairedTables,
    coefficient: &Coefficient,
    change: &Change,
    confidence: f64,
) -> Result<Interval, Undefined> {
    let (rare, common) = by_chance(tables, coefficient)?;
    let limits = change.tango(confidence)?;
    // A loss is made of the dearest items on the smaller scale, a limit that accuses of the cheapest on the larger one.
    let (most, least) = (change.cost(rare) / rare, change.least / common);
    let scaled = |limit: f64, towards_loss: bool| {
        let is_loss = limit < 0.0;
        limit * if is_loss == towards_loss { most } else { least }
    };
    Ok(Interval {
        low: scaled(limits.low, true),
        high: scaled(limits.high, false),
    })
}

/// n Var(d): from the error where there is one, else from a plausible share of items that tell the candidates apart.
fn unit_variance(
    tables: &PairedTables,
    coefficient: &Coefficient,
    change: &Change,
    se: Option<f64>,
    shortage: Option<Shortage>,
) -> Option<f64> {
    match (shortage, se) {
        (None | Some(Shortage::RareClass(..)), Some(se)) => {
            Some(change.shares.n() as f64 * se * se)
        }
        _ => {
            let (by_chance, _) = by_chance(tables, coefficient).ok()?;
            let scale = change.cost(by_chance) / by_chance;
            Some(change.plausible_share() * change.design_effect() * scale * scale)
        }
    }
}

/// The disagreements that chance gives the two candidates, the smaller first: what a margin of one is in disagreement.
fn by_chance(tables: &PairedTables, coefficient: &Coefficient) -> Result<(f64, f64), Undefined> {
    match coefficient {
        Coefficient::PercentAgreement => Ok((1.0, 1.0)),
        Coefficient::CohenKappa(weights) => {
            let of = |table: &Confusion| {
                let n = table.n() as f64;
                weights.expected(table.rows(), table.columns()) / (n * n * weights.scale())
            };
            let (new, old) = (of(tables.new_table()), of(tables.old_table()));
            if new.min(old) > 0.0 {
                Ok((new.min(old), new.max(old)))
            } else {
                Err(Undefined::OneClass)
            }
        }
        _ => Err(Undefined::NotAvailable),
    }
}

impl Coefficient {
    /// What a wrong label costs at least: 1 where all are alike, as without weights.
    fn least_cost(&self) -> f64 {
        match self {
            Self::CohenKappa(weights) => {
                let size = weights.categories();
                (0..size)
                    .flat_map(|i| (0..size).map(move |j| (i, j)))
                    .filter(|(i, j)| i != j)
                    .map(|(i, j)| 1.0 - weights.weight(i, j))
                    .fold(1.0, f64::min)
            }
            _ => 1.0,
        }
    }

    /// How far the new and the old label of an item are from gold, 0 to 1.
    fn costs_of(&self, item: &PairedItem) -> (f64, f64) {
        match self {
            Self::CohenKappa(weights) => (
                1.0 - weights.weight(item.gold, item.new),
                1.0 - weights.weight(item.gold, item.old),
            ),
            _ => (
                f64::from(u8::from(item.new != item.gold)),
                f64::from(u8::from(item.old != item.gold)),
            ),
        }
    }
}

/// Items that got better or worse, and how users share them.
struct Change {
    /// `first_only`: the new label is nearer to gold.
    shares: PairedShares,
    draws: usize,
    /// Σ over items and Σ over users of squares about the mean difference.
    items: f64,
    users: f64,
    /// The largest growth of disagreement of an item.
    worst: f64,
    /// The smallest change of disagreement of an item; 1 where none changed.
    least: f64,
}

impl Change {
    fn of(
        items: impl Iterator<Item = PairedItem>,
        draws: usize,
        cost: impl Fn(&PairedItem) -> (f64, f64),
    ) -> Self {
        let mut shares = PairedShares {
            both: 0,
            first_only: 0,
            second_only: 0,
            neither: 0,
        };
        let mut steps: Vec<(u32, f64)> = Vec::new();
        let (mut worst, mut least): (f64, f64) = (0.0, 1.0);
        for item in items {
            let (new, old) = cost(&item);
            if new.total_cmp(&old).is_ne() {
                least = least.min((new - old).abs());
            }
            let step = match new.total_cmp(&old) {
                std::cmp::Ordering::Less => {
                    shares.first_only += 1;
                    1.0
                }
                std::cmp::Ordering::Greater => {
                    shares.second_only += 1;
                    worst = worst.max(new - old);
                    -1.0
                }
                std::cmp::Ordering::Equal if new > 0.0 => {
                    shares.neither += 1;
                    0.0
                }
                std::cmp::Ordering::Equal => {
                    shares.both += 1;
                    0.0
                }
            };
            steps.push((item.user, step));
        }
        let mean = steps.iter().map(|(_, step)| step).sum::<f64>() / (steps.len().max(1)) as f64;
        steps.sort_by_key(|(user, _)| *user);
        let squares = |sum: f64| sum * sum;
        let users = steps
            .chunk_by(|one, other| one.0 == other.0)
            .map(|of_user| squares(of_user.iter().map(|(_, step)| step - mean).sum()))
            .sum();
        Self {
            shares,
            draws,
            items: steps.iter().map(|(_, step)| squares(step - mean)).sum(),
            users,
            worst,
            least,
        }
    }

    /// How many times the variance is that of independent items, at least 1; without a discordant item, as if all items
    /// of a user were one.
    fn design_effect(&self) -> f64 {
        let draws = self.draws as f64;
        if self.shares.discordant() == 0 || self.items <= 0.0 {
            return self.shares.n() as f64 / draws.max(1.0);
        }
        (self.users * draws / (draws - 1.0).max(1.0) / self.items).max(1.0)
    }

    fn tango(&self, confidence: f64) -> Result<Interval, Undefined> {
        if self.draws < 2 {
            return Err(Undefined::TooFewClusters);
        }
        let t = t_critical(confidence, self.draws as f64 - 1.0);
        self.shares.tango_at(t * self.design_effect().sqrt())
    }

    /// What an item that changes costs: as much as an answer by chance, or the worst that was seen.
    fn cost(&self, by_chance: f64) -> f64 {
        self.worst.max(by_chance)
    }

    /// Items for a pass if none of them tells the candidates apart: without one, Tango's limit is t²/(G + t²).
    fn items_without_change(&self, margin: f64, confidence: f64) -> Option<u64> {
        if self.draws < 2 || self.shares.discordant() > 0 {
            return None;
        }
        let t = t_critical(confidence, self.draws as f64 - 1.0);
        let users = t * t * (1.0 / margin - 1.0);
        let items = (users * self.shares.n() as f64 / self.draws as f64).floor() + 1.0;
        (items.is_finite() && items < 1e15).then_some(items as u64)
    }

    /// The share of discordant items with one and a half added, so that none seen is not none expected.
    fn plausible_share(&self) -> f64 {
        let n = self.shares.n() as f64;
        if n > 0.0 {
            (self.shares.discordant() as f64 + 1.5) / (n + 1.5)
        } else {
            1.0
        }
    }
}
