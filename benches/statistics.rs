//! How long the heavy statistics take: `RAYON_NUM_THREADS=1 cargo bench --bench statistics`.
//!
//! `cargo bench --bench statistics -- --csv DIR` writes the same ratings as CSV files for the command line instead.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "measurements are printed, and a failed one ends it"
)]

use std::time::Instant;

use harness::stats::agreement::{TwoRaters, two_raters};
use harness::stats::alpha::alpha;
use harness::stats::bootstrap::{Plan, bootstrap};
use harness::stats::clusters::ClusterCells;
use harness::stats::coefficient::Coefficient;
use harness::stats::metric::{Metric, positions};
use harness::stats::panel::{Panel, panel};
use harness::stats::resample::{TableStatistic, Tables};
use harness::stats::units::Units;

fn main() {
    let mut arguments = std::env::args()
        .skip_while(|argument| argument != "--csv")
        .skip(1);
    if let Some(folder) = arguments.next() {
        write_tables(std::path::Path::new(&folder)).unwrap();
        return;
    }
    bootstrap_of_400_000_pairs();
    agreement_of_400_000_pairs();
    alpha_of_three_raters_and_400_000_units();
}

const ITEMS: usize = 400_000;
const CATEGORIES: u16 = 24;
const USERS: u32 = 20_000;

/// Ratings of `raters` raters who agree three times in four, from a small generator of our own.
fn ratings(raters: usize) -> (Vec<Vec<Option<u16>>>, Vec<u32>) {
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut columns = vec![Vec::with_capacity(ITEMS); raters];
    let mut users = Vec::with_capacity(ITEMS);
    for _ in 0..ITEMS {
        let truth = draw(u64::from(CATEGORIES)).min(draw(u64::from(CATEGORIES))) as u16;
        users.push(draw(u64::from(USERS)) as u32);
        for column in &mut columns {
            let right = draw(8) < 7;
            column.push(Some(if right {
                truth
            } else {
                draw(u64::from(CATEGORIES)) as u16
            }));
        }
    }
    (columns, users)
}

/// The ratings as files: two and three raters of 400,000 items, and a regression with three effects.
fn write_tables(folder: &std::path::Path) -> std::io::Result<()> {
    use std::io::Write;
    std::fs::create_dir_all(folder)?;
    for raters in [2, 3] {
        let (columns, users) = ratings(raters);
        let mut file = std::io::BufWriter::new(std::fs::File::create(
            folder.join(format!("{raters}-raters.csv")),
        )?);
        let names: Vec<String> = (1..=raters).map(|rater| format!("r{rater}")).collect();
        writeln!(file, "item,user,{}", names.join(","))?;
        for (item, user) in users.iter().enumerate() {
            write!(file, "i{item:06},u{user:05}")?;
            for column in &columns {
                write!(file, ",soc-{:02}", column[item].unwrap_or_default())?;
            }
            writeln!(file)?;
        }
    }
    let (columns, users) = ratings(3);
    let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join("regression.csv"))?);
    writeln!(file, "y,x1,x2,user,occupation,month")?;
    for (item, user) in users.iter().enumerate() {
        let code = |rater: usize| columns[rater][item].unwrap_or_default();
        let y = u8::from(code(0) > 8);
        writeln!(
            file,
            "{y},{}.{},{},u{user:05},soc-{:02},m{}",
            code(1),
            code(2),
            u8::from(code(2) > 9),
            code(0),
            item % 24
        )?;
    }
    Ok(())
}

/// Prints what one run takes: processor time on average over ten runs where the system tells it, else the best time.
fn timed<T>(what: &str, work: impl Fn() -> T) -> T {
    const RUNS: u32 = 10;
    let (mut best, before) = (f64::INFINITY, processor_seconds());
    let mut result = work();
    for _ in 1..RUNS {
        let start = Instant::now();
        result = work();
        best = best.min(start.elapsed().as_secs_f64());
    }
    match before.zip(processor_seconds()) {
        Some((before, after)) => println!("{what}: {:.4} s", (after - before) / f64::from(RUNS)),
        None => println!("{what}: {best:.4} s on the clock"),
    }
    result
}

/// The processor time of this process so far, as Linux counts it, in hundredths of a second.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let ticks: u32 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u32>().unwrap_or(0))
        .sum();
    Some(f64::from(ticks) / 100.0)
}

fn bootstrap_of_400_000_pairs() {
    let (columns, users) = ratings(2);
    let (a, b) = (&columns[0], &columns[1]);
    let q = usize::from(CATEGORIES);
    let grouped = timed("group by user", || {
        ClusterCells::of_pairs(a, b, q, Some(&users))
    });
    let plan = Plan {
        resamples: 2000,
        seed: 1,
        confidence: 0.95,
    };
    let tables = Tables {
        tables: 1,
        categories: q,
    };
    let kappa = Coefficient::from_name("cohen_kappa", q).unwrap();
    let one: &TableStatistic = &|tables| kappa.value(&tables[0]);
    timed("2,000 replicates of kappa", || {
        harness::stats::resample::replicates(&grouped, tables, &[one], 2000, 1)
    });
    let made = timed("BCa of kappa", || bootstrap(&grouped, tables, &[one], plan));
    println!("{:?}", made[0].as_ref().unwrap().bca);
    let names = [
        "percent_agreement",
        "cohen_kappa",
        "cohen_kappa_linear",
        "cohen_kappa_quadratic",
        "scott_pi",
        "scott_pi_linear",
        "scott_pi_quadratic",
        "gwet_ac1",
        "gwet_ac2_linear",
        "gwet_ac2_quadratic",
        "brennan_prediger",
        "brennan_prediger_linear",
        "brennan_prediger_quadratic",
        "alpha_nominal",
        "alpha_ordinal",
        "alpha_interval",
        "alpha_ratio",
        "mcc",
        "macro_f1",
        "weighted_f1",
        "balanced_accuracy",
    ];
    let all: Vec<Coefficient> = names
        .iter()
        .map(|name| Coefficient::from_name(name, q).unwrap())
        .collect();
    let values: Vec<_> = all
        .iter()
        .map(|it| move |tables: &[_]| it.value(&tables[0]))
        .collect();
    let statistics: Vec<&TableStatistic> = values.iter().map(|it| it as &TableStatistic).collect();
    timed("BCa of all coefficients", || {
        bootstrap(&grouped, tables, &statistics, plan)
    });
}

fn agreement_of_400_000_pairs() {
    let (columns, users) = ratings(2);
    for clusters in [None, Some(users.as_slice())] {
        let ratings = TwoRaters {
            a: &columns[0],
            b: &columns[1],
            categories: usize::from(CATEGORIES),
            values: None,
            clusters,
            confidence: 0.95,
        };
        timed("all of two raters", || two_raters(&ratings));
    }
}

fn alpha_of_three_raters_and_400_000_units() {
    let (columns, users) = ratings(3);
    let raters: Vec<&[Option<u16>]> = columns.iter().map(Vec::as_slice).collect();
    let q = usize::from(CATEGORIES);
    let values = positions(q);
    let units = timed("collect units", || Units::from_raters(&raters, q));
    println!("{} patterns", units.patterns().len());
    for metric in [
        Metric::Nominal,
        Metric::Ordinal,
        Metric::Interval,
        Metric::Ratio,
    ] {
        let what = format!("alpha {metric:?} from columns, with its jackknife error");
        timed(&what, || {
            alpha(&Units::from_raters(&raters, q), metric, &values, None, 0.95).unwrap()
        });
    }
    timed("alpha nominal by users", || {
        alpha(&units, Metric::Nominal, &values, Some(&users), 0.95).unwrap()
    });
    let ratings = Panel {
        raters: &raters,
        categories: q,
        values: None,
        clusters: Some(&users),
        confidence: 0.95,
    };
    timed("all of a panel", || panel(&ratings));
}
