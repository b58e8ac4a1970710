//! Two candidates, an old and a new one, judged against the same gold on the same items.
//!
//! Their coefficients are not independent, so their separate intervals say nothing about the difference. What counts is
//! each item's influence on the new coefficient minus its influence on the old one: the delta method of Vanbelle (2017)
//! for kappas, which serves any statistic with an influence. `verdict` turns a difference into pass or fail.

use super::bootstrap::{Bootstrapped, Plan, bootstrap};
use super::clusters::ClusterCells;
use super::coefficient::Coefficient;
use super::estimate::{Estimate, Interval, Statistic, Undefined};
use super::influence::{Errors, Sample, centre, largest, t_critical, z_critical};
use super::paired_shares::{McNemar, PairedShares};
use super::resample::{TableStatistic, Tables, jackknife};
use super::table::{Confusion, cell};

/// The labels of gold and of both candidates, one entry per item; codes are positions in the declared order.
#[derive(Debug, Clone, Copy)]
pub struct PairedRatings<'a> {
    /// The truth; `None` where it is missing.
    pub gold: &'a [Option<u16>],
    /// The candidate to compare with.
    pub old: &'a [Option<u16>],
    /// The candidate in question.
    pub new: &'a [Option<u16>],
    /// How many categories were declared, used or not.
    pub categories: usize,
    /// The user of each item; `None` where items count as independent.
    pub clusters: Option<&'a [u32]>,
}

/// One item with all three labels, as positions in the declared order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedItem {
    /// Whose it is.
    pub user: u32,
    /// The truth.
    pub gold: usize,
    /// What the candidate in question said.
    pub new: usize,
    /// What the candidate to compare with said.
    pub old: usize,
}

/// The error of an estimate from its values with one user after the other left out.
///
/// A little larger than the delta method's with few users (Efron and Stein 1981), which small samples need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jackknife {
    /// √((G−1)/G Σ u²), u each value less the mean of all.
    pub se: f64,
    /// (Σ u²)²/Σ u⁴, 1 to G: how many users the error really rests on. Where few users bear all the change, the error is
    /// itself known badly, and a t interval needs fewer degrees of freedom than G − 1 (Satterthwaite 1946).
    pub effective: f64,
}

impl Jackknife {
    /// From the values with one user after the other left out.
    ///
    /// # Errors
    /// `TooFewClusters` below two values.
    pub fn of(left_out: &[f64]) -> Result<Self, Undefined> {
        if left_out.len() < 2 {
            return Err(Undefined::TooFewClusters);
        }
        let draws = left_out.len() as f64;
        let mean = left_out.iter().sum::<f64>() / draws;
        let power = |exponent: i32| -> f64 {
            left_out
                .iter()
                .map(|value| (value - mean).powi(exponent))
                .sum()
        };
        let (squares, fourths) = (power(2), power(4));
        Ok(Self {
            se: ((draws - 1.0) / draws * squares).sqrt(),
            effective: if fourths > 0.0 {
                squares * squares / fourths
            } else {
                draws
            },
        })
    }
}

/// The items on which gold and both candidates have a label, as tables.
#[derive(Debug, Clone)]
pub struct PairedTables {
    old: Confusion,
    new: Confusion,
    /// The cells of each item in the new and in the old table.
    items: Vec<(u32, u32)>,
    /// The user of each item, or its own number.
    users: Vec<u32>,
    n_missing: u64,
    is_clustered: bool,
    old_clusters: ClusterCells,
    new_clusters: ClusterCells,
    /// Both tables end to end, the new one first.
    joint_clusters: ClusterCells,
}

/// Everything that is said about a change of candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Items with all three labels.
    pub n: u64,
    /// Items that lack one of them.
    pub n_missing: u64,
    /// Users with an item; `None` without users.
    pub n_clusters: Option<usize>,
    /// The coefficient of the old candidate.
    pub old: Statistic,
    /// The coefficient of the new candidate.
    pub new: Statistic,
    /// New minus old.
    pub difference: Statistic,
    /// On how many items both, one or none are right; the first is the new candidate.
    pub shares: PairedShares,
    /// McNemar's test of the accuracies.
    pub mcnemar: McNemar,
    /// The new accuracy minus the old one.
    pub accuracy_difference: Result<f64, Undefined>,
    /// Its interval by Tango.
    pub tango: Result<Interval, Undefined>,
    /// Its interval by Newcombe.
    pub newcombe: Result<Interval, Undefined>,
}

impl PairedTables {
    /// Collects the items that have all three labels.
    ///
    /// # Panics
    /// If the slices differ in length or a code is not below `categories`.
    #[must_use]
    pub fn new(ratings: &PairedRatings) -> Self {
        let (q, n) = (ratings.categories, ratings.gold.len());
        assert!(
            ratings.old.len() == n && ratings.new.len() == n,
            "all three have one entry per item"
        );
        assert!(
            ratings.clusters.is_none_or(|clusters| clusters.len() == n),
            "every item has a cluster"
        );
        let cells = (q * q) as u32;
        let mut items = Vec::with_capacity(n);
        let mut users = Vec::with_capacity(n);
        for item in 0..n {
            if let (Some(gold), Some(old), Some(new)) =
                (ratings.gold[item], ratings.old[item], ratings.new[item])
            {
                items.push((cell(gold, new, q) as u32, cell(gold, old, q) as u32));
                users.push(
                    ratings
                        .clusters
                        .map_or(item as u32, |clusters| clusters[item]),
                );
            }
        }
        let table = |cells: &mut dyn Iterator<Item = u32>| {
            let mut counts = vec![0; q * q];
            cells.for_each(|cell| counts[cell as usize] += 1);
            Confusion::from_counts(q, counts)
        };
        let by_user = || users.iter().copied().zip(&items);
        let joined = by_user().flat_map(|(user, item)| [(user, item.0), (user, cells + item.1)]);
        let joint_clusters = ClusterCells::new(2 * q * q, joined);
        Self {
            new: table(&mut items.iter().map(|item| item.0)),
            old: table(&mut items.iter().map(|item| item.1)),
            new_clusters: ClusterCells::new(q * q, by_user().map(|(user, item)| (user, item.0))),
            old_clusters: ClusterCells::new(q * q, by_user().map(|(user, item)| (user, item.1))),
            joint_clusters,
            n_missing: (n - items.len()) as u64,
            is_clustered: ratings.clusters.is_some(),
            items,
            users,
        }
    }

    /// Every item with all three labels: its user (or a number of its own), gold, the new and the old label.
    pub fn items(&self) -> impl Iterator<Item = PairedItem> + '_ {
        let q = self.new.categories() as u32;
        self.items
            .iter()
            .zip(&self.users)
            .map(move |(&(new, old), &user)| PairedItem {
                user,
                gold: (new / q) as usize,
                new: (new % q) as usize,
                old: (old % q) as usize,
            })
    }

    /// The table of gold and the old candidate.
    #[must_use]
    pub fn old_table(&self) -> &Confusion {
        &self.old
    }

    /// The table of gold and the new candidate.
    #[must_use]
    pub fn new_table(&self) -> &Confusion {
        &self.new
    }

    /// Number of independent draws: users, or items where there are no users.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.joint_clusters.len()
    }

    /// Compares the candidates by one coefficient.
    #[must_use]
    pub fn compare(&self, coefficient: &Coefficient, confidence: f64) -> Comparison {
        let shares = self.accuracy_shares();
        let one = |table, clusters| {
            let sample = Sample {
                table,
                clusters: self.is_clustered.then_some(clusters),
                confidence,
            };
            coefficient.estimate(&sample)
        };
        Comparison {
            n: self.items.len() as u64,
            n_missing: self.n_missing,
            n_clusters: self.is_clustered.then_some(self.draws()),
            old: one(&self.old, &self.old_clusters),
            new: one(&self.new, &self.new_clusters),
            difference: self.difference(coefficient, confidence),
            shares,
            mcnemar: shares.mcnemar(),
            accuracy_difference: shares.difference(),
            tango: shares.tango(confidence),
            newcombe: shares.newcombe(confidence),
        }
    }

    /// New minus old with errors: Var(d) = (1/n²) Σ (IF_new − IF_old)², by user G/(G−1) (1/n²) Σ_g (Σ_i (IF_new − IF_old))².
    ///
    /// # Errors
    /// The reason of whichever coefficient is undefined.
    pub fn difference(&self, coefficient: &Coefficient, confidence: f64) -> Statistic {
        let (new, old) = (
            coefficient.linearise(&self.new)?,
            coefficient.linearise(&self.old)?,
        );
        let value = new.value - old.value;
        let errors = self.errors(&new.gradient, &old.gradient);
        let (half_width, method) = if self.is_clustered {
            let critical = t_critical(confidence, self.draws() as f64 - 1.0);
            (
                errors.se_cluster.map(|se| se * critical),
                "paired delta over clusters, t",
            )
        } else {
            (
                errors.se.map(|se| se * z_critical(confidence)),
                "paired delta, z",
            )
        };
        Ok(Estimate {
            value,
            se: errors.se,
            se_cluster: errors.se_cluster,
            interval: half_width.map(|half| Interval {
                low: value - half,
                high: value + half,
            }),
            method,
            zero_variance: errors.zero_variance,
        })
    }

    fn errors(&self, new: &[f64], old: &[f64]) -> Errors {
        let (new_influence, old_influence) = (
            centre(new, self.new.counts()),
            centre(old, self.old.counts()),
        );
        let difference =
            |&(new, old): &(u32, u32)| new_influence[new as usize] - old_influence[old as usize];
        let items = self.items.iter().map(difference).map(|d| d * d).sum();
        let clusters = self.is_clustered.then(|| {
            let joint: Vec<f64> = new_influence
                .iter()
                .copied()
                .chain(old_influence.iter().map(|x| -x))
                .collect();
            (self.joint_clusters.sum_of_squares(&joint), self.draws())
        });
        Errors::from_squares(
            self.items.len() as u64,
            items,
            clusters,
            largest(new) + largest(old),
        )
    }

    /// Resamples users (items without users) and makes intervals of new minus old.
    ///
    /// # Errors
    /// Those of [`bootstrap`].
    pub fn bootstrap(
        &self,
        coefficient: &Coefficient,
        plan: Plan,
    ) -> Result<Bootstrapped, Undefined> {
        let difference = |tables: &[Confusion]| {
            Ok(coefficient.value(&tables[0])? - coefficient.value(&tables[1])?)
        };
        let tables = Tables {
            tables: 2,
            categories: self.new.categories(),
        };
        let statistics: [&TableStatistic; 1] = [&difference];
        bootstrap(&self.joint_clusters, tables, &statistics, plan)
            .pop()
            .expect("one statistic gives one result")
    }

    /// The error of new minus old by leaving out one user (item) after the other.
    ///
    /// # Errors
    /// `TooFewClusters` below two users; the reason of the coefficient where it has no value without one of them.
    pub fn jackknife(&self, coefficient: &Coefficient) -> Result<Jackknife, Undefined> {
        let difference = |tables: &[Confusion]| {
            Ok(coefficient.value(&tables[0])? - coefficient.value(&tables[1])?)
        };
        let tables = Tables {
            tables: 2,
            categories: self.new.categories(),
        };
        let statistics: [&TableStatistic; 1] = [&difference];
        let values: Vec<f64> = jackknife(&self.joint_clusters, tables, &statistics)
            .pop()
            .expect("one statistic gives one result")
            .into_iter()
            .collect::<Result<_, _>>()?;
        Jackknife::of(&values)
    }

    /// The users' cells in both tables end to end, the new one first; what the bootstrap resamples.
    #[must_use]
    pub fn joint_clusters(&self) -> &ClusterCells {
        &self.joint_clusters
    }

    /// On how many items both, one or none are right; the first is the new candidate.
    #[must_use]
    pub fn accuracy_shares(&self) -> PairedShares {
        self.shares(|_| true)
    }

    /// On how many items of one gold class both, one or none are right; for a test of the recall of a rare class.
    #[must_use]
    pub fn recall_shares(&self, class: usize) -> PairedShares {
        self.shares(|gold| gold == class)
    }

    /// How many items of each class gold has.
    #[must_use]
    pub fn gold(&self) -> &[u64] {
        self.new.rows()
    }

    fn shares(&self, wanted: impl Fn(usize) -> bool) -> PairedShares {
        let q = self.new.categories() as u32;
        let mut shares = PairedShares {
            both: 0,
            first_only: 0,
            second_only: 0,
            neither: 0,
        };
        for &(new, old) in &self.items {
            if !wanted((new / q) as usize) {
                continue;
            }
            let right = |cell: u32| cell / q == cell % q;
            *match (right(new), right(old)) {
                (true, true) => &mut shares.both,
                (true, false) => &mut shares.first_only,
                (false, true) => &mut shares.second_only,
                (false, false) => &mut shares.neither,
            } += 1;
        }
        shares
    }
}
