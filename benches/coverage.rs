//! How often 95 % intervals hold the true value, by simulation: `cargo bench --bench coverage -- --seed 1`.
//!
//! Gold is drawn from the classes' shares. A rater says gold with probability λ, its skill, and else answers by chance;
//! a second version of the rater repeats the first one's answer 17 times in 20 and else answers anew by the same rule, so
//! that the true difference of the two is zero. Where there are users, skill differs between them: λ is uniform within
//! 0.22 of its mean. The true values follow from the cells' probabilities.
//!
//! Every replicate reads a random stream of its own, so that the table is the same on any number of threads. Options:
//! `--seed N`, `--replicates N` (2,000), `--resamples N` (1,000) and `--only TEXT` (designs whose name holds the text).
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a simulation prints its table, and a failed one ends it"
)]

use std::time::Instant;

use harness::stats::bootstrap::{Plan, bootstrap};
use harness::stats::clusters::ClusterCells;
use harness::stats::coefficient::Coefficient;
use harness::stats::estimate::{Interval, Undefined};
use harness::stats::influence::{Sample, fisher_interval};
use harness::stats::paired::{PairedRatings, PairedTables};
use harness::stats::resample::{TableStatistic, Tables};
use harness::stats::table::Confusion;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rayon::prelude::*;

const CONFIDENCE: f64 = 0.95;

/// The share of answers that the second version gives anew.
const RENEWED: f64 = 0.15;

/// How far a user's skill may lie from its mean.
const SPREAD: f64 = 0.22;

/// The columns of the table.
const METHODS: [&str; 5] = ["by items", "Fisher z", "by users", "percentile", "BCa"];

fn main() {
    let seed = number("--seed", 1);
    let replicates = number("--replicates", 2000) as usize;
    let resamples = number("--resamples", 1000) as usize;
    let only = option("--only").unwrap_or_default();
    let start = Instant::now();
    println!(
        "| design | statistic | true | {} | none |",
        METHODS.join(" | ")
    );
    println!("|---|---|---:|{}---:|", "---:|".repeat(METHODS.len()));
    for (index, design) in designs().iter().enumerate() {
        if design.name.contains(&only) {
            simulate(
                design,
                seed + (index as u64) * 1_000_003,
                replicates,
                resamples,
            );
        }
    }
    eprintln!(
        "{replicates} replicates, {resamples} resamples each, seed {seed}: {:.0} s",
        start.elapsed().as_secs_f64()
    );
}

fn option(name: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
}

fn number(name: &str, default: u64) -> u64 {
    option(name).map_or(default, |text| text.parse().unwrap())
}

/// Where answers by chance fall.
#[derive(Clone, Copy, PartialEq)]
enum Chance {
    /// In any class, as often as gold does.
    AnyClass,
    /// One level above or below gold.
    NextLevel,
}

/// Who the items belong to.
#[derive(Clone, Copy)]
enum Users {
    /// Every item is a draw of its own.
    None,
    /// So many users with so many items each.
    Equal(usize, usize),
    /// So many users whose numbers of items are uniform from 1 to twice the mean less one.
    Unequal(usize, usize),
}

/// A population and a way to sample it.
struct Design {
    name: &'static str,
    /// The share of each class in gold.
    shares: Vec<f64>,
    /// λ, or its mean over users.
    skill: f64,
    chance: Chance,
    users: Users,
    /// Items, where there are no users.
    items: usize,
}

impl Design {
    fn new(name: &'static str, shares: Vec<f64>, skill: f64, items: usize) -> Self {
        Self {
            name,
            shares,
            skill,
            chance: Chance::AnyClass,
            users: Users::None,
            items,
        }
    }

    fn with(self, users: Users) -> Self {
        Self { users, ..self }
    }

    fn next_level(self) -> Self {
        Self {
            chance: Chance::NextLevel,
            ..self
        }
    }

    /// The statistics that are tried: those that suit the scale.
    fn statistics(&self) -> Vec<(&'static str, Coefficient)> {
        let q = self.shares.len();
        let mut names = vec![
            ("kappa", "cohen_kappa"),
            ("AC1", "gwet_ac1"),
            ("alpha", "alpha_nominal"),
            ("accuracy", "percent_agreement"),
        ];
        if self.chance == Chance::NextLevel {
            names.insert(1, ("kappa, quadratic", "cohen_kappa_quadratic"));
            names.insert(4, ("alpha, ordinal", "alpha_ordinal"));
        }
        if q > 2 {
            names.push(("macro F1", "macro_f1"));
        }
        let mut statistics: Vec<(&str, Coefficient)> = names
            .into_iter()
            .map(|(shown, name)| (shown, Coefficient::from_name(name, q).unwrap()))
            .collect();
        if q == 2 {
            statistics.push(("F1 of the rarer", Coefficient::F1(0)));
        }
        statistics
    }

    /// A large table with the population's shares.
    fn population(&self) -> Confusion {
        const SIZE: f64 = 1e9;
        let q = self.shares.len();
        let mut counts = vec![0; q * q];
        for (gold, share) in self.shares.iter().enumerate() {
            let mut answers = vec![0.0; q];
            answers[gold] += self.skill;
            match self.chance {
                Chance::AnyClass => {
                    for (answer, share) in answers.iter_mut().zip(&self.shares) {
                        *answer += (1.0 - self.skill) * share;
                    }
                }
                Chance::NextLevel => {
                    answers[next_level(gold, q, 0.0)] += (1.0 - self.skill) / 2.0;
                    answers[next_level(gold, q, 0.9)] += (1.0 - self.skill) / 2.0;
                }
            }
            for (answer, probability) in answers.iter().enumerate() {
                counts[gold * q + answer] = (SIZE * share * probability).round() as u64;
            }
        }
        Confusion::from_counts(q, counts)
    }

    fn answer(&self, gold: u16, skill: f64, rng: &mut ChaCha8Rng) -> u16 {
        if unit(rng) < skill {
            return gold;
        }
        match self.chance {
            Chance::AnyClass => class(&self.shares, unit(rng)),
            Chance::NextLevel => next_level(gold.into(), self.shares.len(), unit(rng)) as u16,
        }
    }

    fn sample(&self, rng: &mut ChaCha8Rng) -> Drawn {
        let mut drawn = Drawn::default();
        let (users, mean, unequal) = match self.users {
            Users::None => (self.items, 1, false),
            Users::Equal(users, mean) => (users, mean, false),
            Users::Unequal(users, mean) => (users, mean, true),
        };
        for user in 0..users {
            let items = if unequal {
                1 + (unit(rng) * (2 * mean - 1) as f64) as usize
            } else {
                mean
            };
            let skill = match self.users {
                Users::None => self.skill,
                _ => self.skill + SPREAD * (2.0 * unit(rng) - 1.0),
            };
            for _ in 0..items {
                let gold = class(&self.shares, unit(rng));
                let old = self.answer(gold, skill, rng);
                let new = if unit(rng) < RENEWED {
                    self.answer(gold, skill, rng)
                } else {
                    old
                };
                drawn.gold.push(Some(gold));
                drawn.old.push(Some(old));
                drawn.new.push(Some(new));
                drawn.users.push(user as u32);
            }
        }
        drawn
    }
}

fn designs() -> Vec<Design> {
    let equal = |q: usize| vec![1.0 / q as f64; q];
    let rare = |share: f64| vec![share, 1.0 - share];
    // Each class seven eighths as common as the one before it: from 13 % down to 0.6 %.
    let falling: Vec<f64> = (0..24).map(|k| 0.875_f64.powi(k)).collect();
    let total: f64 = falling.iter().sum();
    let occupations: Vec<f64> = falling.iter().map(|share| share / total).collect();
    let levels = || vec![0.1, 0.25, 0.3, 0.25, 0.1];
    vec![
        Design::new("2 equal classes, 100", equal(2), 0.8, 100),
        Design::new("one in 10, 100", rare(0.1), 0.8, 100),
        Design::new("one in 10, 300", rare(0.1), 0.8, 300),
        Design::new("one in 10, 1000", rare(0.1), 0.8, 1000),
        Design::new("one in 50, 300", rare(0.02), 0.8, 300),
        Design::new("5 equal classes, 200", equal(5), 0.7, 200),
        Design::new("5 levels, 100", levels(), 0.7, 100).next_level(),
        Design::new("5 levels, 300", levels(), 0.7, 300).next_level(),
        Design::new("5 levels, 1000", levels(), 0.7, 1000).next_level(),
        Design::new("24 classes, 300", occupations.clone(), 0.7, 300),
        Design::new("24 classes, 1000", occupations.clone(), 0.7, 1000),
        Design::new("2 equal classes, 40 users × 15", equal(2), 0.75, 0).with(Users::Equal(40, 15)),
        Design::new("2 equal classes, 200 users × 10", equal(2), 0.75, 0)
            .with(Users::Equal(200, 10)),
        Design::new("one in 10, 10 users × 30", rare(0.1), 0.75, 0).with(Users::Equal(10, 30)),
        Design::new("one in 10, 40 users × 1–49", rare(0.1), 0.75, 0).with(Users::Unequal(40, 25)),
        Design::new("5 levels, 20 users × 15", levels(), 0.7, 0)
            .next_level()
            .with(Users::Equal(20, 15)),
        Design::new("24 classes, 100 users × 1–19", occupations, 0.7, 0)
            .with(Users::Unequal(100, 10)),
    ]
}

/// A sample: gold and both versions of the rater, item by item.
#[derive(Default)]
struct Drawn {
    gold: Vec<Option<u16>>,
    old: Vec<Option<u16>>,
    new: Vec<Option<u16>>,
    users: Vec<u32>,
}

/// A number in [0, 1).
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * 0.5_f64.powi(53)
}

/// The class in whose stretch of the shares laid end to end the place falls.
fn class(shares: &[f64], place: f64) -> u16 {
    let mut end = 0.0;
    let ends = shares.iter().map(|share| {
        end += share;
        end
    });
    let last = shares.len() - 1;
    ends.take(last).filter(|end| *end <= place).count() as u16
}

/// The level below or above, at either end of the scale the only one there is.
fn next_level(level: usize, levels: usize, place: f64) -> usize {
    if level + 1 == levels || (place < 0.5 && level > 0) {
        level - 1
    } else {
        level + 1
    }
}

/// The intervals of one statistic in one replicate, one per method.
type Made = [Option<Interval>; METHODS.len()];

fn simulate(design: &Design, seed: u64, replicates: usize, resamples: usize) {
    let statistics = design.statistics();
    let population = design.population();
    let names = statistics
        .iter()
        .map(|(name, _)| *name)
        .chain(["difference of kappas"]);
    let truths = statistics
        .iter()
        .map(|(_, it)| it.value(&population).unwrap())
        .chain([0.0]);
    let made: Vec<Vec<Made>> = (0..replicates)
        .into_par_iter()
        .map(|replicate| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(replicate as u64);
            intervals(design, &statistics, &mut rng, resamples)
        })
        .collect();
    for (position, (name, truth)) in names.zip(truths).enumerate() {
        let of = |method: usize| {
            let made = made.iter().filter_map(|made| made[position][method]);
            told(&made.collect::<Vec<_>>(), truth)
        };
        let cells: Vec<String> = (0..METHODS.len()).map(of).collect();
        let without = made
            .iter()
            .filter(|made| made[position][0].is_none_or(|it| it.high <= it.low))
            .count();
        println!(
            "| {} | {name} | {truth:.3} | {} | {:.3} |",
            design.name,
            cells.join(" | "),
            without as f64 / replicates as f64
        );
    }
}

/// The share of intervals that hold the truth, its Monte Carlo error, and their mean width.
fn told(intervals: &[Interval], truth: f64) -> String {
    if intervals.is_empty() {
        return "–".to_owned();
    }
    let n = intervals.len() as f64;
    let holding = intervals
        .iter()
        .filter(|it| it.low <= truth && truth <= it.high)
        .count() as f64;
    let coverage = holding / n;
    let error = (coverage * (1.0 - coverage) / n).sqrt();
    let width = intervals.iter().map(|it| it.high - it.low).sum::<f64>() / n;
    format!("{coverage:.3} ± {error:.3} ({width:.2})")
}

/// Draws a sample and makes all intervals of all statistics, the difference of kappas last.
fn intervals(
    design: &Design,
    statistics: &[(&'static str, Coefficient)],
    rng: &mut ChaCha8Rng,
    resamples: usize,
) -> Vec<Made> {
    let drawn = design.sample(rng);
    let q = design.shares.len();
    let is_clustered = !matches!(design.users, Users::None);
    let paired = |clusters| {
        PairedTables::new(&PairedRatings {
            gold: &drawn.gold,
            old: &drawn.old,
            new: &drawn.new,
            categories: q,
            clusters,
        })
    };
    let tables = paired(is_clustered.then_some(drawn.users.as_slice()));
    let users = ClusterCells::of_pairs(&drawn.gold, &drawn.new, q, Some(&drawn.users));
    let by_items = Sample {
        table: tables.new_table(),
        clusters: None,
        confidence: CONFIDENCE,
    };
    let by_users = Sample {
        clusters: Some(&users),
        ..by_items
    };
    let kappa = &statistics[0].1;

    let values: Vec<_> = statistics
        .iter()
        .map(|(_, it)| move |tables: &[Confusion]| it.value(&tables[0]))
        .collect();
    let difference = |tables: &[Confusion]| -> Result<f64, Undefined> {
        Ok(kappa.value(&tables[0])? - kappa.value(&tables[1])?)
    };
    let mut resampled: Vec<&TableStatistic> =
        values.iter().map(|it| it as &TableStatistic).collect();
    resampled.push(&difference);
    let plan = Plan {
        resamples,
        seed: rng.next_u64(),
        confidence: CONFIDENCE,
    };
    let two = Tables {
        tables: 2,
        categories: q,
    };
    let bootstrapped = bootstrap(tables.joint_clusters(), two, &resampled, plan);

    let mut made: Vec<Made> = statistics
        .iter()
        .map(|(name, it)| {
            let plain = it.estimate(&by_items).ok();
            let fisher = plain
                .filter(|_| name.starts_with("kappa"))
                .and_then(|it| fisher_interval(it.value, it.se?, CONFIDENCE));
            let clustered = is_clustered
                .then(|| it.estimate(&by_users).ok()?.interval)
                .flatten();
            [
                plain.and_then(|it| it.interval),
                fisher,
                clustered,
                None,
                None,
            ]
        })
        .collect();
    let plain = if is_clustered { &paired(None) } else { &tables };
    let of = |tables: &PairedTables| tables.difference(kappa, CONFIDENCE).ok()?.interval;
    let clustered = is_clustered.then(|| of(&tables)).flatten();
    made.push([of(plain), None, clustered, None, None]);
    for (made, found) in made.iter_mut().zip(bootstrapped) {
        if let Ok(found) = found {
            made[3] = Some(found.percentile);
            made[4] = Some(found.bca.interval);
        }
    }
    made
}
