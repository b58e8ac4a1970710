//! The bootstrap against stored resamples, and its promises: the same on any number of threads, the right distribution.
#![allow(clippy::print_stdout, reason = "a test tells how much it compared")]

use std::path::Path;

use harness::stats::bootstrap::{Bootstrapped, Plan, bootstrap, intervals};
use harness::stats::clusters::ClusterCells;
use harness::stats::coefficient::Coefficient;
use harness::stats::estimate::{Interval, Undefined};
use harness::stats::influence::Sample;
use harness::stats::resample::{TableStatistic, Tables, jackknife, replicates, weigh};
use harness::stats::table::Confusion;
use serde_json::Value;

use crate::stats_support::{close, codes, numbers, reference_folder};

const TOLERANCE: f64 = 1e-9;

#[test]
fn stored_resamples_give_the_stored_intervals() {
    check_fixtures(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/bootstrap.json"),
    );
}

#[test]
fn all_stored_resamples_give_the_stored_intervals() {
    if let Some(folder) = reference_folder() {
        check_fixtures(&folder.join("bootstrap_fixtures.json"));
    }
}

fn check_fixtures(path: &Path) {
    let fixtures: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut compared = 0;
    for fixture in &fixtures {
        let users: Vec<u32> = numbers(&fixture["cluster"])
            .into_iter()
            .map(|user| user as u32)
            .collect();
        let items: Vec<u32> = (0..users.len() as u32).collect();
        for (statistic, expected) in fixture["stats"].as_object().unwrap() {
            for (unit, ids) in [("items", &items), ("clusters", &users)] {
                if !expected[unit].is_null() {
                    let place = format!("{} {statistic} {unit}", fixture["id"]);
                    let draws = &fixture[format!("resample_{unit}")];
                    compared +=
                        check_fixture(&place, fixture, statistic, ids, draws, &expected[unit]);
                }
            }
        }
    }
    println!("{compared} values compared");
    assert!(compared > 0);
}

fn check_fixture(
    place: &str,
    fixture: &Value,
    name: &str,
    ids: &[u32],
    draws: &Value,
    expected: &Value,
) -> usize {
    let q = fixture["levels"].as_u64().unwrap() as usize;
    let grouped = joint(fixture, q, ids);
    let statistic = statistic_of(name, q);
    let tables = Tables {
        tables: 2,
        categories: q,
    };
    let values: Vec<Result<f64, Undefined>> = draws
        .as_array()
        .unwrap()
        .iter()
        .map(|draw| {
            let mut weights = vec![0; grouped.len()];
            numbers(draw)
                .into_iter()
                .for_each(|index| weights[index as usize] += 1);
            statistic(&weigh(&grouped, tables, |index| weights[index]))
        })
        .collect();
    let left_out = jackknife(&grouped, tables, &[statistic.as_ref()]).remove(0);
    // The limits are made from the stored replicates: whether one that equals the estimate up to rounding counts as a
    // tie depends on the last digit.
    let stored: Vec<Result<f64, Undefined>> = numbers(&expected["replicates"])
        .into_iter()
        .map(Ok)
        .collect();
    let estimate = fixture["stats"][name]["theta"].as_f64().unwrap();
    let made = intervals(estimate, &stored, &left_out, 0.95).unwrap();
    let whole = statistic(&weigh(&grouped, tables, |_| 1)).unwrap();

    let n = left_out.len() as f64;
    let left_out: Vec<f64> = left_out.into_iter().map(Result::unwrap).collect();
    let mean = left_out.iter().sum::<f64>() / n;
    let jackknife_se = ((n - 1.0) / n
        * left_out
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>())
    .sqrt();
    let values: Vec<f64> = values.into_iter().filter_map(Result::ok).collect();
    let actual = [
        values,
        vec![whole, made.se, jackknife_se, made.n_undefined as f64],
        ends(made.percentile),
        ends(made.basic),
        ends(made.bca.interval),
        vec![made.bca.bias, made.bca.acceleration],
    ]
    .concat();
    let wanted = [
        numbers(&expected["replicates"]),
        vec![estimate],
        ["se", "jackknife_se", "n_undefined"]
            .map(|key| expected[key].as_f64().unwrap())
            .to_vec(),
        ["percentile", "basic"]
            .map(|key| numbers(&expected[key]))
            .concat(),
        numbers(&expected["bca"]["ci"]),
        ["z0", "a"]
            .map(|key| expected["bca"][key].as_f64().unwrap())
            .to_vec(),
    ]
    .concat();
    assert_eq!(actual.len(), wanted.len(), "{place}");
    for (position, (actual, wanted)) in actual.iter().zip(&wanted).enumerate() {
        if let Err(why) = close(*actual, *wanted, TOLERANCE) {
            panic!("{place}, value {position}: {why}");
        }
    }
    actual.len()
}

fn ends(interval: Interval) -> Vec<f64> {
    vec![interval.low, interval.high]
}

/// Gold and new in the first table, gold and old in the second.
fn joint(fixture: &Value, q: usize, ids: &[u32]) -> ClusterCells {
    let [gold, old, new] = ["gold", "old", "new"].map(|name| codes(&fixture[name]));
    let cell = |item: usize, labels: &[Option<u16>]| {
        u32::from(gold[item].unwrap()) * q as u32 + u32::from(labels[item].unwrap())
    };
    let second = (q * q) as u32;
    let entries = ids
        .iter()
        .enumerate()
        .flat_map(|(item, &id)| [(id, cell(item, &new)), (id, second + cell(item, &old))]);
    ClusterCells::new(2 * q * q, entries)
}

fn statistic_of(name: &str, q: usize) -> Box<TableStatistic<'static>> {
    let kappa = Coefficient::from_name("cohen_kappa", q).unwrap();
    match name {
        "kappa_new" => Box::new(move |tables| kappa.value(&tables[0])),
        "kappa_diff" => {
            Box::new(move |tables| Ok(kappa.value(&tables[0])? - kappa.value(&tables[1])?))
        }
        "macro_f1_new" => Box::new(|tables| Coefficient::MacroF1.value(&tables[0])),
        _ => panic!("no statistic {name}"),
    }
}

/// Forty users of one to seven items, of which some are wrong.
fn users() -> ClusterCells {
    let entries = (0..40_u32).flat_map(|user| {
        (0..1 + user % 7).map(move |item| {
            let gold = (user + item) % 3;
            let label = if (user * 7 + item * 3) % 5 == 0 {
                (gold + 1) % 3
            } else {
                gold
            };
            (user, gold * 3 + label)
        })
    });
    ClusterCells::new(9, entries)
}

const TABLES: Tables = Tables {
    tables: 1,
    categories: 3,
};

fn kappa() -> Box<TableStatistic<'static>> {
    let kappa = Coefficient::from_name("cohen_kappa", 3).unwrap();
    Box::new(move |tables| kappa.value(&tables[0]))
}

#[test]
fn resamples_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| replicates(&users(), TABLES, &[kappa().as_ref()], 333, 7))
    };
    assert_eq!(run(1), run(5));
}

#[test]
fn a_longer_run_begins_with_the_resamples_of_a_shorter_one() {
    let run = |resamples| replicates(&users(), TABLES, &[kappa().as_ref()], resamples, 7).remove(0);
    assert_eq!(run(50)[..], run(500)[..50]);
}

/// A new version of the generator or of the drawing must not change what a seed stands for.
#[test]
fn the_resamples_of_a_seed_never_change() {
    let grouped = ClusterCells::new(9, (0..9).map(|user| (user, user)));
    let digits: &TableStatistic = &|tables| {
        Ok(tables[0]
            .counts()
            .iter()
            .fold(0.0, |number, &count| 10.0 * number + count as f64))
    };
    let drawn = replicates(&grouped, TABLES, &[digits], 6, 20_261_122).remove(0);
    let drawn: Vec<u64> = drawn
        .into_iter()
        .map(|number| number.unwrap() as u64)
        .collect();
    let expected = [
        21_102_111,
        12_110_022,
        211_111_101,
        3_111_021,
        13_111_101,
        12_121_011,
    ];
    assert_eq!(drawn, expected);
}

#[test]
fn another_seed_gives_other_resamples() {
    let run = |seed| replicates(&users(), TABLES, &[kappa().as_ref()], 100, seed);
    assert_ne!(run(1), run(2));
}

/// The number of draws of each user is multinomial: as many as there are users in all, each once on average, with
/// variance 1 − 1/G.
#[test]
fn users_are_drawn_uniformly_with_replacement() {
    let grouped = ClusterCells::new(9, (0..9).map(|user| (user, user)));
    let draws: &TableStatistic = &|tables| Ok(tables[0].n() as f64);
    let first: &TableStatistic = &|tables| Ok(tables[0].count(0, 0) as f64);
    let last: &TableStatistic = &|tables| Ok(tables[0].count(2, 2) as f64);
    let values: Vec<Vec<f64>> = replicates(&grouped, TABLES, &[draws, first, last], 20_000, 3)
        .into_iter()
        .map(|values| values.into_iter().map(Result::unwrap).collect())
        .collect();
    assert!(values[0].iter().all(|&n| (n - 9.0).abs() < 0.5));
    for counts in &values[1..] {
        let mean = counts.iter().sum::<f64>() / 20_000.0;
        let variance = counts
            .iter()
            .map(|count| (count - mean).powi(2))
            .sum::<f64>()
            / 20_000.0;
        // Five standard errors of the mean and of the variance.
        assert!(
            (mean - 1.0).abs() < 5.0 * (8.0_f64 / 9.0 / 20_000.0).sqrt(),
            "{mean}"
        );
        assert!((variance - 8.0 / 9.0).abs() < 0.06, "{variance}");
    }
}

#[test]
fn clusters_of_very_many_items_are_added_without_overflow() {
    let heavy = (0..70_000).map(|_| (0, 0)).chain([(1, 3), (2, 1), (3, 2)]);
    let grouped = ClusterCells::new(4, heavy);
    let tables = Tables {
        tables: 1,
        categories: 2,
    };
    let multiple: &TableStatistic = &|tables| Ok((tables[0].count(0, 0) % 70_000) as f64);
    let draws: &TableStatistic =
        &|tables| Ok((tables[0].n() - tables[0].count(0, 0) / 70_000 * 69_999) as f64);
    let values = replicates(&grouped, tables, &[multiple, draws], 200, 1);
    assert!(values[0].iter().all(|&value| value == Ok(0.0)));
    assert!(values[1].iter().all(|&value| value == Ok(4.0)));
}

#[test]
fn a_single_cluster_has_no_interval() {
    let grouped = ClusterCells::new(9, [(5, 0), (5, 4), (5, 1)].into_iter());
    let plan = Plan {
        resamples: 100,
        seed: 1,
        confidence: 0.95,
    };
    assert_eq!(
        bootstrap(&grouped, TABLES, &[kappa().as_ref()], plan),
        [Err(Undefined::TooFewClusters)]
    );
}

#[test]
fn many_undefined_resamples_are_refused_and_few_are_counted() {
    // Two users: half of the resamples draw one of them twice, and then only one class is left.
    let grouped = ClusterCells::new(9, [(0, 0), (1, 4)].into_iter());
    let plan = Plan {
        resamples: 100,
        seed: 1,
        confidence: 0.95,
    };
    let made = bootstrap(&grouped, TABLES, &[kappa().as_ref()], plan);
    assert_eq!(made, [Err(Undefined::TooManyUndefinedResamples)]);

    let mut values: Vec<Result<f64, Undefined>> =
        (0..200).map(|value| Ok(f64::from(value))).collect();
    values[17] = Err(Undefined::OneClass);
    let left_out = vec![Ok(1.0); 30];
    assert_eq!(
        intervals(100.0, &values, &left_out, 0.95)
            .unwrap()
            .n_undefined,
        1
    );
}

#[test]
fn all_replicates_on_one_side_fall_back_on_the_percentile_interval() {
    let values: Vec<Result<f64, Undefined>> = (0..200).map(|value| Ok(f64::from(value))).collect();
    let left_out = vec![Ok(1.0); 30];
    let Bootstrapped {
        bca, percentile, ..
    } = intervals(1000.0, &values, &left_out, 0.95).unwrap();
    assert!(bca.is_percentile);
    assert_eq!(bca.interval, percentile);
}

#[test]
fn few_and_dominating_clusters_are_pointed_out() {
    let plan = Plan {
        resamples: 200,
        seed: 1,
        confidence: 0.9,
    };
    let share: &TableStatistic =
        &|tables: &[Confusion]| Ok(tables[0].diagonal() as f64 / tables[0].n() as f64);
    let made = bootstrap(&users(), TABLES, &[share], plan)
        .remove(0)
        .unwrap();
    assert!(!made.few_clusters && !made.dominated);
    let lopsided = ClusterCells::new(9, (0..20).map(|item| (item / 12, item % 9)));
    let made = bootstrap(&lopsided, TABLES, &[share], plan)
        .remove(0)
        .unwrap();
    assert!(made.few_clusters && made.dominated);
}

/// Two ways to the same error: resampling users and summing their influences.
#[test]
fn the_bootstrap_error_is_close_to_the_linearised_one() {
    let entries = (0..300_u32).flat_map(|user| {
        (0..2 + user % 4).map(move |item| {
            let gold = (user * 5 + item) % 3;
            let label = if (user * 31 + item * item * 7) % 11 < 3 {
                (gold + 1 + user % 2) % 3
            } else {
                gold
            };
            (user, gold * 3 + label)
        })
    });
    let grouped = ClusterCells::new(9, entries);
    let plan = Plan {
        resamples: 2000,
        seed: 5,
        confidence: 0.95,
    };
    let table = weigh(&grouped, TABLES, |_| 1).remove(0);
    let sample = Sample {
        table: &table,
        clusters: Some(&grouped),
        confidence: 0.95,
    };
    for name in [
        "cohen_kappa",
        "gwet_ac2_quadratic",
        "alpha_ordinal",
        "mcc",
        "macro_f1",
        "balanced_accuracy",
    ] {
        let coefficient = Coefficient::from_name(name, 3).unwrap();
        let linearised = coefficient.estimate(&sample).unwrap().se_cluster.unwrap();
        let statistic: &TableStatistic = &|tables| coefficient.value(&tables[0]);
        let resampled = bootstrap(&grouped, TABLES, &[statistic], plan)
            .remove(0)
            .unwrap()
            .se;
        assert!(
            (resampled / linearised - 1.0).abs() < 0.08,
            "{name}: {resampled} {linearised}"
        );
    }
}
