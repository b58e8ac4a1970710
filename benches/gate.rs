//! How often the gate's whole verdict is right, by simulation: `cargo bench --bench gate -- --seed 1`.
//!
//! Sessions belong to users. A session's gold label is the user's own with probability 0.3, else drawn from the classes' shares.
//! The old rater says gold with the user's skill and else answers by chance; the new rater repeats the old one's answer three times in
//! four, else answers anew by the same rule, and then spoils a share of its answers by chance, a share that differs
//! between users. That share is chosen so that the true loss of the coefficient is 0, the margin, or twice the margin.
//!
//! The second table shows what other lower bounds would pass where the statistic lost just the margin. A third one holds the real labels of `goldsets/public-sessions`, enlarged to 1,000 sessions by drawing users: baseline
//! `annotator-b`, gold `consensus`, candidate `annotator-a` with one label in twenty changed to what another session has.
//!
//! Options: `--seed N`, `--replicates N` (1,500), `--resamples N` (400), `--enlarged N` (200).
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a simulation prints its table, and a failed one ends it"
)]

use std::path::Path;
use std::time::Instant;

use harness::classifier::definition::Definition;
use harness::classifier::load::load_all;
use harness::domain::label::{Label, Scale};
use harness::domain::rating::Outcome;
use harness::gate::rule::Rule;
use harness::gate::sides::{Sides, coefficient};
use harness::gate::verdict::{ALPHA, How, Part, judge, parse_rate, together};
use harness::goldset::load::load;
use harness::run::raters::labels_of;
use harness::stats::bootstrap::Plan;
use harness::stats::influence::t_critical;
use harness::stats::noninferiority::{Method, Shortage, Terms, noninferiority};
use harness::stats::table::Confusion;
use harness::stats::verdict::Verdict;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rayon::prelude::*;

const MARGIN: f64 = 0.10;

/// The share of answers that the new rater gives anew.
const RENEWED: f64 = 0.25;

/// How far a user's skill may lie from its mean.
const SPREAD: f64 = 0.15;

/// How often a session's gold label is the user's own.
const HOME: f64 = 0.3;

/// How far the share of spoilt answers of a user may lie from its mean, as a part of it.
const UNEVEN: f64 = 0.8;

/// Sessions of a user are uniform from 1 to this.
const SESSIONS: f64 = 7.0;

fn main() {
    let seed = number("--seed", 1);
    let replicates = number("--replicates", 1500) as usize;
    let resamples = number("--resamples", 400) as usize;
    let enlarged = number("--enlarged", 200) as usize;
    let start = Instant::now();
    println!(
        "| labels | sessions | true loss | pass | fail | inconclusive | statistic alone passes | fails | few discordant | rare class | guard open |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (at, design) in designs().iter().enumerate() {
        for (size, sessions) in [100, 300, 1000].into_iter().enumerate() {
            for times in 0..3 {
                let stream = seed * 1_000_003 + (at * 9 + size * 3 + times) as u64;
                row(design, sessions, times, stream, replicates, resamples);
            }
        }
    }
    eprintln!(
        "{replicates} replicates, {resamples} resamples each, seed {seed}: {:.0} s",
        start.elapsed().as_secs_f64()
    );
    println!("\n| labels | sessions | delta | jackknife | percentile | BCa | the gate's |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (at, design) in designs().iter().enumerate() {
        for (size, sessions) in [100, 300, 1000].into_iter().enumerate() {
            let stream = seed * 1_000_003 + (at * 9 + size * 3 + 1) as u64;
            bounds(design, sessions, stream, replicates, resamples);
        }
    }
    if enlarged > 0 {
        let start = Instant::now();
        real(seed, enlarged, resamples);
        eprintln!(
            "{enlarged} enlarged sets, {resamples} resamples each, seed {seed}: {:.0} s",
            start.elapsed().as_secs_f64()
        );
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
        .map_or(default, |text| text.parse().unwrap())
}

/// A population of labels, and what is asked of a rater.
struct Design {
    name: &'static str,
    statistic: &'static str,
    scale: &'static str,
    shares: Vec<f64>,
    /// The mean skill of users.
    skill: f64,
    /// Positions of the labels that are guarded.
    important: Vec<usize>,
}

fn designs() -> Vec<Design> {
    // Each class seven eighths as common as the one before it: from 13 % down to 0.6 %.
    let falling: Vec<f64> = (0..24).map(|k| 0.875_f64.powi(k)).collect();
    let total: f64 = falling.iter().sum();
    vec![
        Design {
            name: "two, one in 10",
            statistic: "cohen_kappa",
            scale: "nominal",
            shares: vec![0.1, 0.9],
            skill: 0.8,
            important: vec![0],
        },
        Design {
            name: "5 levels",
            statistic: "cohen_kappa_quadratic",
            scale: "ordinal",
            shares: vec![0.1, 0.25, 0.3, 0.25, 0.1],
            skill: 0.7,
            important: Vec::new(),
        },
        Design {
            name: "24 classes",
            statistic: "cohen_kappa",
            scale: "nominal",
            shares: falling.iter().map(|share| share / total).collect(),
            skill: 0.7,
            important: vec![0],
        },
    ]
}

#[derive(Default)]
struct Drawn {
    gold: Vec<Outcome>,
    old: Vec<Outcome>,
    new: Vec<Outcome>,
    users: Vec<u32>,
}

impl Design {
    /// A definition as a folder of `prompts/` would have it.
    fn definition(&self) -> Definition {
        let labels: String = (0..self.shares.len())
            .map(|k| format!("[[labels]]\nname = \"l{k}\"\ntitle = \"\"\ndefinition = \"\"\n"))
            .collect();
        let important: Vec<String> = self.important.iter().map(|k| format!("\"l{k}\"")).collect();
        let text = format!(
            "title = \"\"\nquestion = \"\"\nscale = \"{}\"\n{labels}[answer]\nfields = []\n[gate]\nstatistic = \"{}\"\nmargin = {MARGIN}\nfloor = 0.4\nparse_rate = 0.95\nimportant = [{}]\n",
            self.scale,
            self.statistic,
            important.join(", ")
        );
        let folder =
            std::env::temp_dir().join(format!("validate-gate-bench-{}", std::process::id()));
        let place = folder.join("simulated");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("classifier.toml"), text).unwrap();
        let definition = load_all(&folder).unwrap().pop().unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        definition
    }

    /// Where answers by chance fall: anywhere, as often as gold; on levels three in four one level off.
    fn chance(&self, gold: usize) -> Vec<f64> {
        let levels = self.shares.len();
        if self.scale == "nominal" {
            return self.shares.clone();
        }
        let mut shares: Vec<f64> = self.shares.iter().map(|share| share * 0.25).collect();
        for place in [0.0, 0.9] {
            shares[next_level(gold, levels, place)] += 0.375;
        }
        shares
    }

    /// The coefficient of a rater of this skill in the population.
    fn value(&self, skill: f64) -> f64 {
        const SIZE: f64 = 1e9;
        let q = self.shares.len();
        let size = q + 1;
        let mut counts = vec![0; size * size];
        for (gold, share) in self.shares.iter().enumerate() {
            for (answer, chance) in self.chance(gold).iter().enumerate() {
                let right = if gold == answer { skill } else { 0.0 };
                counts[gold * size + answer] =
                    (SIZE * share * ((1.0 - skill) * chance + right)).round() as u64;
            }
        }
        coefficient(self.statistic, q)
            .unwrap()
            .value(&Confusion::from_counts(size, counts))
            .unwrap()
    }

    /// The share of answers to spoil for a true loss.
    fn spoilt(&self, loss: f64) -> f64 {
        let before = self.value(self.skill);
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if before - self.value(self.skill * (1.0 - middle)) < loss {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    fn answer(&self, gold: usize, skill: f64, rng: &mut ChaCha8Rng) -> usize {
        if unit(rng) < skill {
            gold
        } else {
            class(&self.chance(gold), unit(rng))
        }
    }

    fn sample(&self, sessions: usize, spoilt: f64, rng: &mut ChaCha8Rng) -> Drawn {
        let mut drawn = Drawn::default();
        let mut user = 0;
        let label = |class: usize| Outcome::Parsed(Label::Category(class as u16));
        while drawn.gold.len() < sessions {
            let own = (1 + (unit(rng) * SESSIONS) as usize).min(sessions - drawn.gold.len());
            let skill = self.skill + SPREAD * (2.0 * unit(rng) - 1.0);
            let uneven = UNEVEN.min(1.0 / spoilt.max(1e-9) - 1.0);
            let spoilt = spoilt * (1.0 + uneven * (2.0 * unit(rng) - 1.0));
            let home = class(&self.shares, unit(rng));
            for _ in 0..own {
                let gold = if unit(rng) < HOME {
                    home
                } else {
                    class(&self.shares, unit(rng))
                };
                let old = self.answer(gold, skill, rng);
                let mut new = old;
                if unit(rng) < RENEWED {
                    new = self.answer(gold, skill, rng);
                }
                if unit(rng) < spoilt {
                    new = class(&self.chance(gold), unit(rng));
                }
                drawn.gold.push(label(gold));
                drawn.old.push(label(old));
                drawn.new.push(label(new));
                drawn.users.push(user);
            }
            user += 1;
        }
        drawn
    }
}

/// A number in [0, 1).
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * 0.5_f64.powi(53)
}

/// The class in whose stretch of the shares laid end to end the place falls.
fn class(shares: &[f64], place: f64) -> usize {
    let mut end = 0.0;
    let ends = shares.iter().map(|share| {
        end += share;
        end
    });
    ends.take(shares.len() - 1)
        .filter(|end| *end <= place)
        .count()
}

/// The level below or above, at either end of the scale the only one there is.
fn next_level(level: usize, levels: usize, place: f64) -> usize {
    if level + 1 == levels || (place < 0.5 && level > 0) {
        level - 1
    } else {
        level + 1
    }
}

/// What one replicate came to.
struct Ended {
    whole: Verdict,
    statistic: Verdict,
    method: Method,
    guard_open: bool,
}

fn judged(definition: &Definition, rule: &Rule, drawn: &Drawn, how: How) -> Ended {
    let names: Vec<String> = (0..drawn.gold.len()).map(|at| at.to_string()).collect();
    let sessions: Vec<&str> = names.iter().map(String::as_str).collect();
    let sides = Sides {
        sessions: &sessions,
        users: &drawn.users,
        gold: &drawn.gold,
        old: &drawn.old,
        new: &drawn.new,
    };
    let mut parts = judge(definition, rule, &sides, how);
    parts.push(parse_rate(rule, &sides));
    let Some(Part::Change { finding, .. }) = parts.first() else {
        panic!("the statistic comes first");
    };
    Ended {
        whole: together(parts.iter().map(Part::verdict)),
        statistic: finding.verdict,
        method: finding.method,
        guard_open: parts
            .iter()
            .any(|part| matches!(part, Part::Recall { finding, .. } if finding.verdict == Verdict::Inconclusive)),
    }
}

fn row(
    design: &Design,
    sessions: usize,
    times: usize,
    stream: u64,
    replicates: usize,
    resamples: usize,
) {
    let definition = design.definition();
    let rule = Rule::of(&definition, None).unwrap();
    let loss = MARGIN * times as f64;
    let spoilt = design.spoilt(loss);
    let ended: Vec<Ended> = (0..replicates)
        .into_par_iter()
        .map(|replicate| {
            let mut rng = ChaCha8Rng::seed_from_u64(stream);
            rng.set_stream(replicate as u64);
            let drawn = design.sample(sessions, spoilt, &mut rng);
            let how = How {
                resamples,
                seed: rng.next_u64(),
            };
            judged(&definition, &rule, &drawn, how)
        })
        .collect();
    let share = |is: &dyn Fn(&Ended) -> bool| {
        let count = ended.iter().filter(|one| is(one)).count();
        format!("{:.3}", count as f64 / ended.len() as f64)
    };
    let cells = [
        share(&|one| one.whole == Verdict::Pass),
        share(&|one| one.whole == Verdict::Fail),
        share(&|one| one.whole == Verdict::Inconclusive),
        share(&|one| one.statistic == Verdict::Pass),
        share(&|one| one.statistic == Verdict::Fail),
        share(&|one| matches!(one.method, Method::Items(Shortage::FewDiscordant(_)))),
        share(&|one| matches!(one.method, Method::Items(Shortage::RareClass(..)))),
        share(&|one| one.guard_open),
    ];
    println!(
        "| {} | {sessions} | {loss:.2} | {} |",
        design.name,
        cells.join(" | ")
    );
}

/// How often each kind of lower bound passes a statistic that lost just the margin.
fn bounds(design: &Design, sessions: usize, stream: u64, replicates: usize, resamples: usize) {
    let definition = design.definition();
    let spoilt = design.spoilt(MARGIN);
    let coefficient = coefficient(design.statistic, design.shares.len()).unwrap();
    let passed: Vec<[bool; 5]> = (0..replicates)
        .into_par_iter()
        .map(|replicate| {
            let mut rng = ChaCha8Rng::seed_from_u64(stream);
            rng.set_stream(replicate as u64);
            let drawn = design.sample(sessions, spoilt, &mut rng);
            let sides = Sides {
                sessions: &[],
                users: &drawn.users,
                gold: &drawn.gold,
                old: &drawn.old,
                new: &drawn.new,
            };
            let tables = sides.tables(&definition);
            let terms = Terms {
                margin: MARGIN,
                alpha: ALPHA,
                resamples,
                seed: rng.next_u64(),
            };
            let confidence = 1.0 - 2.0 * ALPHA;
            let plan = Plan {
                resamples,
                seed: terms.seed,
                confidence,
            };
            let above = |low: Option<f64>| low.is_some_and(|low| low > -MARGIN);
            let delta = tables.difference(&coefficient, confidence).ok();
            let t = t_critical(confidence, tables.draws() as f64 - 1.0);
            let jackknife = tables.jackknife(&coefficient).ok();
            let drawn = tables.bootstrap(&coefficient, plan).ok();
            [
                above(delta.and_then(|it| it.interval).map(|it| it.low)),
                above(
                    delta
                        .zip(jackknife)
                        .map(|(it, made)| it.value - t * made.se),
                ),
                above(drawn.as_ref().map(|it| it.percentile.low)),
                above(drawn.as_ref().map(|it| it.bca.interval.low)),
                noninferiority(&tables, &coefficient, terms).verdict == Verdict::Pass,
            ]
        })
        .collect();
    let shares: Vec<String> = (0..5)
        .map(|kind| {
            let count = passed.iter().filter(|one| one[kind]).count();
            format!("{:.3}", count as f64 / passed.len() as f64)
        })
        .collect();
    println!("| {} | {sessions} | {} |", design.name, shares.join(" | "));
}

/// Real labels of users who are drawn until there are a thousand sessions.
fn real(seed: u64, enlarged: usize, resamples: usize) {
    let definitions = load_all(Path::new("prompts")).unwrap();
    let goldset = load(Path::new("goldsets/public-sessions"), &definitions).unwrap();
    let ids: Vec<&str> = goldset
        .sessions
        .iter()
        .map(|session| session.id.as_str())
        .collect();
    let mut users: Vec<Vec<usize>> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (at, session) in goldset.sessions.iter().enumerate() {
        match names.iter().position(|name| *name == session.user) {
            Some(user) => users[user].push(at),
            None => {
                names.push(&session.user);
                users.push(vec![at]);
            }
        }
    }
    println!("\n| classifier | labels changed | pass | fail | inconclusive | mean difference |");
    println!("|---|---:|---:|---:|---:|---:|");
    for definition in &definitions {
        let of = |rater: &str| -> Vec<Outcome> {
            labels_of(&goldset, definition, rater, &ids)
                .into_iter()
                .map(|label| label.map_or(Outcome::Missing, Outcome::Parsed))
                .collect()
        };
        let (gold, old, new) = (of("consensus"), of("annotator-b"), of("annotator-a"));
        if definition.scale == Scale::Decisions || gold.iter().all(|one| one.label().is_none()) {
            continue;
        }
        let rule = Rule::of(definition, Some(MARGIN)).unwrap();
        for changed in [0.0, 0.05] {
            let ended: Vec<(Verdict, f64)> = (0..enlarged)
                .into_par_iter()
                .map(|replicate| {
                    let mut rng = ChaCha8Rng::seed_from_u64(seed);
                    rng.set_stream(replicate as u64);
                    let mut drawn = Drawn::default();
                    let mut user = 0;
                    while drawn.gold.len() < 1000 {
                        let own = &users[(unit(&mut rng) * users.len() as f64) as usize];
                        for &at in own.iter().take(1000 - drawn.gold.len()) {
                            drawn.gold.push(gold[at].clone());
                            drawn.old.push(old[at].clone());
                            let other = (unit(&mut rng) * ids.len() as f64) as usize;
                            let is_changed = unit(&mut rng) < changed;
                            drawn
                                .new
                                .push(new[if is_changed { other } else { at }].clone());
                            drawn.users.push(user);
                        }
                        user += 1;
                    }
                    let how = How {
                        resamples,
                        seed: rng.next_u64(),
                    };
                    let names: Vec<String> = (0..1000).map(|at| at.to_string()).collect();
                    let sessions: Vec<&str> = names.iter().map(String::as_str).collect();
                    let sides = Sides {
                        sessions: &sessions,
                        users: &drawn.users,
                        gold: &drawn.gold,
                        old: &drawn.old,
                        new: &drawn.new,
                    };
                    let parts = judge(definition, &rule, &sides, how);
                    let difference = parts
                        .first()
                        .and_then(Part::finding)
                        .and_then(|finding| finding.difference.ok())
                        .unwrap_or(f64::NAN);
                    (together(parts.iter().map(Part::verdict)), difference)
                })
                .collect();
            let share = |verdict: Verdict| {
                let count = ended.iter().filter(|(one, _)| *one == verdict).count();
                count as f64 / ended.len() as f64
            };
            let mean = ended.iter().map(|(_, d)| d).sum::<f64>() / ended.len() as f64;
            println!(
                "| {} | {:.0} % | {:.3} | {:.3} | {:.3} | {mean:+.3} |",
                definition.name,
                changed * 100.0,
                share(Verdict::Pass),
                share(Verdict::Fail),
                share(Verdict::Inconclusive),
            );
        }
    }
}
