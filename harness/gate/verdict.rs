//! The verdict on a candidate, part by part; all parts have to pass, and a failed one is not outweighed by an open one.
//!
//! Testing several parts that all have to pass needs no correction (intersection-union): the chance that a candidate passes
//! which is too bad in one of them is not above that one part's.

use crate::classifier::definition::Definition;
use crate::stats::clusters::ClusterCells;
use crate::stats::coefficient::Coefficient;
use crate::stats::estimate::{Interval, Undefined};
use crate::stats::influence::Sample;
use crate::stats::noninferiority::{Finding, Terms, noninferiority, recall_noninferiority};
use crate::stats::noninferiority_numbers::{
    NumberStatistic, PairedNumbers, noninferiority_of_numbers,
};
use crate::stats::paired::PairedTables;
use crate::stats::user_bootstrap;
use crate::stats::verdict::Verdict;
use crate::validation::checks::{CheckResult, CheckVerdict, Rate};

use super::rule::{Rule, Statistic};
use super::sides::{Numbers, Sides, coefficient};

/// The error rate of each one-sided bound.
pub const ALPHA: f64 = 0.05;

/// Resamples of users behind a bound.
pub const RESAMPLES: usize = 4000;

/// One thing that a candidate has to pass.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// The candidate is the baseline: the same requests, the same answers.
    Unchanged,
    /// The statistic against gold, candidate less baseline.
    Change {
        /// Which of a classifier's numbers; `None` where there is only one.
        measure: Option<&'static str>,
        /// The baseline's value.
        old: Result<f64, Undefined>,
        /// The candidate's value.
        new: Result<f64, Undefined>,
        /// Whether it lost less than the margin.
        finding: Finding,
    },
    /// The recall of an important label, candidate less baseline.
    Recall {
        /// The label.
        label: String,
        /// Whether it lost less than the margin.
        finding: Finding,
    },
    /// The least that the statistic has to reach.
    Floor {
        /// Which of a classifier's numbers.
        measure: Option<&'static str>,
        /// What is asked.
        floor: f64,
        /// The candidate's value.
        value: Result<f64, Undefined>,
        /// Its one-sided limits.
        interval: Option<Interval>,
    },
    /// Sessions that have to end in a label.
    ParseRate {
        /// What is asked.
        asked: f64,
        /// How many did.
        rate: Rate,
    },
    /// A telemetry check that must not fail.
    Check {
        /// Its name.
        name: String,
        /// What it claims.
        claim: String,
        /// How it ended.
        ended: CheckVerdict,
    },
}

impl Part {
    /// Whether the candidate passes it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Unchanged => Verdict::Pass,
            Self::Change { finding, .. } | Self::Recall { finding, .. } => finding.verdict,
            Self::Floor {
                floor,
                value,
                interval,
                ..
            } => match value {
                Err(_) => Verdict::Inconclusive,
                Ok(value) if *floor <= *value => Verdict::Pass,
                Ok(_)
                    if interval.is_some_and(|limits| {
                        !is_without_width(&limits) && limits.high < *floor
                    }) =>
                {
                    Verdict::Fail
                }
                Ok(_) => Verdict::Inconclusive,
            },
            Self::ParseRate { asked, rate } => match CheckVerdict::of_share(rate, *asked) {
                CheckVerdict::Holds => Verdict::Pass,
                CheckVerdict::Fails => Verdict::Fail,
                CheckVerdict::TooFew | CheckVerdict::Undecided => Verdict::Inconclusive,
            },
            Self::Check { ended, .. } => match ended {
                CheckVerdict::Fails => Verdict::Fail,
                CheckVerdict::Holds | CheckVerdict::TooFew | CheckVerdict::Undecided => {
                    Verdict::Pass
                }
            },
        }
    }

    /// The finding on a loss, where the part is about one.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Change { finding, .. } | Self::Recall { finding, .. } => Some(finding),
            Self::Unchanged | Self::Floor { .. } | Self::ParseRate { .. } | Self::Check { .. } => {
                None
            }
        }
    }
}

/// Whether an interval is a point: all users resemble each other, which says nothing of other users.
#[must_use]
pub fn is_without_width(limits: &Interval) -> bool {
    limits.high - limits.low < 1e-12
}

/// The verdict of parts that all have to pass.
#[must_use]
pub fn together(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts
        .into_iter()
        .fold(Verdict::Pass, |so_far, next| match (so_far, next) {
            (Verdict::Fail, _) | (_, Verdict::Fail) => Verdict::Fail,
            (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => Verdict::Inconclusive,
            (Verdict::Pass, Verdict::Pass) => Verdict::Pass,
        })
}

/// How the candidate is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct How {
    /// Resamples of users.
    pub resamples: usize,
    /// The seed.
    pub seed: u64,
}

impl How {
    fn terms(self, margin: f64) -> Terms {
        Terms {
            margin,
            alpha: ALPHA,
            resamples: self.resamples,
            seed: self.seed,
        }
    }
}

/// Judges the labels of a candidate that is not the baseline: what it lost, and what it has to reach by itself.
#[must_use]
pub fn judge(definition: &Definition, rule: &Rule, sides: &Sides<'_>, how: How) -> Vec<Part> {
    match rule.statistic {
        Statistic::Categories(name) => {
            let labels = definition.labels.len();
            match coefficient(name, labels) {
                Some(coefficient) => {
                    let tables = sides.tables(definition);
                    let mut parts = on_tables(&tables, &coefficient, rule, how);
                    parts.extend(rule.important.iter().map(|&class| Part::Recall {
                        label: definition.labels[class].name.clone(),
                        finding: recall_noninferiority(
                            &tables,
                            class,
                            how.terms(rule.recall_margin),
                        ),
                    }));
                    parts
                }
                None => Vec::new(),
            }
        }
        Statistic::Numbers(statistic, _) => sides
            .numbers(definition)
            .iter()
            .flat_map(|numbers| on_numbers(numbers, statistic, rule, how))
            .collect(),
    }
}

fn on_tables(tables: &PairedTables, coefficient: &Coefficient, rule: &Rule, how: How) -> Vec<Part> {
    let mut parts = vec![Part::Change {
        measure: None,
        old: coefficient.value(tables.old_table()),
        new: coefficient.value(tables.new_table()),
        finding: noninferiority(tables, coefficient, how.terms(rule.margin)),
    }];
    if let Some(floor) = rule.floor {
        let categories = tables.new_table().categories();
        let users = ClusterCells::new(
            categories * categories,
            tables
                .items()
                .map(|item| (item.user, (item.gold * categories + item.new) as u32)),
        );
        let estimate = coefficient.estimate(&Sample {
            table: tables.new_table(),
            clusters: Some(&users),
            confidence: 1.0 - 2.0 * ALPHA,
        });
        parts.push(Part::Floor {
            measure: None,
            floor,
            value: estimate.map(|estimate| estimate.value),
            interval: estimate.ok().and_then(|estimate| estimate.interval),
        });
    }
    parts
}

fn on_numbers(numbers: &Numbers, statistic: NumberStatistic, rule: &Rule, how: How) -> Vec<Part> {
    let value = |said: &[f64]| statistic.value(&numbers.gold, said);
    let paired = PairedNumbers {
        gold: &numbers.gold,
        old: &numbers.old,
        new: &numbers.new,
        users: &numbers.users,
    };
    let mut parts = vec![Part::Change {
        measure: numbers.measure,
        old: value(&numbers.old),
        new: value(&numbers.new),
        finding: noninferiority_of_numbers(&paired, statistic, how.terms(rule.margin)),
    }];
    if let Some(floor) = rule.floor {
        let interval =
            user_bootstrap::interval(&numbers.users, how.seed, 1.0 - 2.0 * ALPHA, |rows| {
                let take = |of: &[f64]| -> Vec<f64> { rows.iter().map(|&row| of[row]).collect() };
                statistic
                    .value(&take(&numbers.gold), &take(&numbers.new))
                    .ok()
            });
        parts.push(Part::Floor {
            measure: numbers.measure,
            floor,
            value: value(&numbers.new),
            interval: interval.ok(),
        });
    }
    parts
}

/// The share of sessions that ended in a label.
#[must_use]
pub fn parse_rate(rule: &Rule, sides: &Sides<'_>) -> Part {
    let parsed = sides.new.iter().filter(|outcome| outcome.label().is_some());
    Part::ParseRate {
        asked: rule.parse_rate,
        rate: Rate::of(parsed.count() as u64, sides.new.len() as u64),
    }
}

/// The telemetry checks that the rule names.
#[must_use]
pub fn checks(rule: &Rule, results: &[CheckResult]) -> Vec<Part> {
    results
        .iter()
        .filter(|result| rule.checks.contains(&result.check.name))
        .map(|result| Part::Check {
            name: result.check.name.clone(),
            claim: result.check.claim.sentence(),
            ended: result.verdict,
        })
        .collect()
}
