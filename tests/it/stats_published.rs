//! Worked examples printed in papers, books and manuals.
#![allow(clippy::print_stdout, reason = "a test tells how much it compared")]

use std::path::Path;

use harness::stats::alpha::alpha_value;
use harness::stats::clusters::ClusterCells;
use harness::stats::estimate::{Interval, Statistic};
use harness::stats::influence::Sample;
use harness::stats::kappa::{cohen, cohen_linearised, cohen_null_se};
use harness::stats::mcc::mcc_sklearn;
use harness::stats::metric::{Metric, positions};
use harness::stats::paired_shares::PairedShares;
use harness::stats::panel_complete::fleiss_null;
use harness::stats::proportion::{clopper_pearson, wilson};
use harness::stats::study::Study;
use harness::stats::symmetry::{bhapkar, bowker, stuart_maxwell};
use harness::stats::table::Confusion;
use harness::stats::units::Units;
use harness::stats::weights::Weights;
use harness::stats::{alpha_pair, coefficient::Coefficient, kappa};
use serde_json::Value;

use crate::stats_support::{Actual, matches, numbers, reference_folder};

/// One of three errors that irrCAC prints for the same alpha of a panel; here it is that of the jackknife.
const NOT_OURS: [&str; 1] = ["alpha_nominal_se_irrCAC"];

/// Checks every printed value of every example of a kind, committed ones and those of the full set.
fn check(kind: &str, actual: impl Fn(&Value, &str) -> Actual) {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/published.json");
    let full = reference_folder().map(|folder| folder.join("published.json"));
    for path in [Some(committed), full].into_iter().flatten() {
        let examples: Vec<Value> =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut differences = Vec::new();
        let mut compared = 0;
        for example in examples.iter().filter(|example| example["kind"] == kind) {
            for (name, expected) in example["expected"].as_object().unwrap() {
                if NOT_OURS.contains(&name.as_str()) {
                    continue;
                }
                compared += 1;
                let found = actual(example, name);
                if let Err(why) = matches(
                    &found,
                    &expected["value"],
                    expected["tol"].as_f64().unwrap(),
                ) {
                    differences.push(format!("{} {name}: {why}", example["name"]));
                }
            }
        }
        println!(
            "{compared} printed values of {kind} compared, {} differ",
            differences.len()
        );
        assert!(compared > 0, "no example of kind {kind}");
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

#[test]
fn tables_of_two_raters() {
    check("two_rater_table", |example, name| {
        let table = table(&example["data"]["table"]);
        match name {
            "kappa_custom" => {
                let disagreement = numbers(&example["data"]["custom_weights"]);
                cohen(
                    &table,
                    &Weights::custom(table.categories(), disagreement).unwrap(),
                )
                .ok()
                .into()
            }
            _ => of_table(&table, name),
        }
    });
}

fn table(rows: &Value) -> Confusion {
    let counts: Vec<u64> = numbers(rows)
        .into_iter()
        .map(|count| count as u64)
        .collect();
    Confusion::from_counts(rows.as_array().unwrap().len(), counts)
}

fn of_table(table: &Confusion, name: &str) -> Actual {
    let q = table.categories();
    let (name, weights) = if name.contains("_linear") {
        (name.replace("_linear", ""), Weights::linear(q))
    } else if name.contains("_quadratic") {
        (name.replace("_quadratic", ""), Weights::quadratic(q))
    } else {
        (name.to_owned(), Weights::identity(q))
    };
    let sample = Sample {
        table,
        clusters: None,
        confidence: 0.95,
    };
    let of = |coefficient: Coefficient| coefficient.estimate(&sample).unwrap();
    let kappa = || sample.estimate(&cohen_linearised(table, &weights).unwrap());
    let n = table.n() as f64;
    let expected = weights.expected(table.rows(), table.columns()) / weights.scale() / (n * n);
    let shares = || PairedShares {
        both: table.count(0, 0),
        first_only: table.count(0, 1),
        second_only: table.count(1, 0),
        neither: table.count(1, 1),
    };
    match name.as_str() {
        "kappa" => kappa().value.into(),
        "kappa_se" => kappa().se.into(),
        "kappa_ci" => limits(kappa().interval.unwrap()),
        "kappa_se0" => cohen_null_se(table, &weights).ok().into(),
        "kappa_z0" => (kappa().value / cohen_null_se(table, &weights).unwrap()).into(),
        "kappa_max" => kappa::kappa_max(table).ok().into(),
        "po" => (1.0 - weights.observed(table) / weights.scale() / n).into(),
        "pe" => (1.0 - expected).into(),
        "prevalence_index" => kappa::prevalence_index(table).ok().into(),
        "pabak" => of(Coefficient::BrennanPrediger(weights)).value.into(),
        "scott_pi" => of(Coefficient::ScottPi(weights)).value.into(),
        "scott_pi_se" => of(Coefficient::ScottPi(weights)).se.into(),
        "ac" => of(Coefficient::Gwet(weights)).value.into(),
        "ac_se" => of(Coefficient::Gwet(weights)).se.into(),
        "bp" => of(Coefficient::BrennanPrediger(weights)).value.into(),
        "bp_se" => of(Coefficient::BrennanPrediger(weights)).se.into(),
        "alpha" => alpha_pair::alpha(table, Metric::Nominal, &positions(q))
            .ok()
            .into(),
        // irrCAC prints the error of pi beside alpha; that of alpha is (1 − 1/(2n)) times as large.
        "alpha_se_irrCAC" => {
            let alpha = of(Coefficient::Alpha(Metric::Nominal, positions(q)))
                .se
                .unwrap();
            (alpha / (1.0 - 1.0 / (2.0 * n))).into()
        }
        "stuart_maxwell" => stuart_maxwell(table).unwrap().statistic.into(),
        "stuart_maxwell_df" => (stuart_maxwell(table).unwrap().df as f64).into(),
        "stuart_maxwell_p" => stuart_maxwell(table).unwrap().p_value.into(),
        "bhapkar" => bhapkar(table).unwrap().statistic.into(),
        "bowker" => bowker(table).unwrap().test.statistic.into(),
        "bowker_df_full" => (bowker(table).unwrap().df_full as f64).into(),
        "mcnemar_exact_p" => shares().mcnemar().exact_p.into(),
        "mcnemar_midp" => shares().mcnemar().mid_p.into(),
        "mcnemar_p" => shares().mcnemar().chi2_p.ok().into(),
        "mcnemar_p_cc" => shares().mcnemar().chi2_corrected_p.ok().into(),
        "tango" => limits(shares().tango(0.95).unwrap()),
        "newcombe" => limits(shares().newcombe(0.95).unwrap()),
        _ => panic!("no statistic {name}"),
    }
}

fn limits(interval: Interval) -> Actual {
    vec![interval.low, interval.high].into()
}

/// Codes of values of any kind, by their order.
fn ranks(columns: &[&Value]) -> (Vec<Vec<Option<u16>>>, usize) {
    let text = |value: &Value| value.to_string();
    let mut levels: Vec<String> = columns
        .iter()
        .flat_map(|column| column.as_array().unwrap())
        .filter(|value| !value.is_null())
        .map(text)
        .collect();
    levels.sort();
    levels.dedup();
    let code = |value: &Value| {
        levels
            .iter()
            .position(|level| *level == text(value))
            .map(|code| code as u16)
    };
    let codes = columns
        .iter()
        .map(|column| column.as_array().unwrap().iter().map(code).collect())
        .collect();
    (codes, levels.len())
}

#[test]
fn ratings_of_two_raters() {
    check("two_rater_raw", |example, name| {
        let (columns, q) = ranks(&[&example["data"]["rater_a"], &example["data"]["rater_b"]]);
        let table = Confusion::from_codes(&columns[0], &columns[1], q);
        let linear = example["name"].as_str().unwrap().ends_with("equal");
        let weights = if linear {
            Weights::linear(q)
        } else {
            Weights::identity(q)
        };
        match name {
            "kappa" => cohen(&table, &weights).ok().into(),
            "z_null" => {
                (cohen(&table, &weights).unwrap() / cohen_null_se(&table, &weights).unwrap()).into()
            }
            "alpha_nominal" => alpha_pair::alpha(&table, Metric::Nominal, &positions(q))
                .ok()
                .into(),
            _ => panic!("no statistic {name}"),
        }
    });
}

#[test]
fn correlations_of_matthews() {
    check("classification", |example, name| {
        assert_eq!(name, "mcc");
        let codes = |name: &str| -> Vec<Option<u16>> {
            numbers(&example["data"][name])
                .into_iter()
                .map(|code| Some(code as u16))
                .collect()
        };
        mcc_sklearn(&Confusion::from_codes(&codes("truth"), &codes("pred"), 4)).into()
    });
}

#[test]
fn panels_with_ratings() {
    check("multi_rater", |example, name| {
        let data = &example["data"];
        let rows: Vec<&Value> = data[if data["rows"].is_null() {
            "raters_by_units"
        } else {
            "rows"
        }]
        .as_array()
        .unwrap()
        .iter()
        .collect();
        let (rows, q) = ranks(&rows);
        // Krippendorff writes a row per rater, the others a row per unit.
        let columns: Vec<Vec<Option<u16>>> = if data["rows"].is_null() {
            rows
        } else {
            (0..rows[0].len())
                .map(|rater| rows.iter().map(|row| row[rater]).collect())
                .collect()
        };
        let columns: Vec<&[Option<u16>]> = columns.iter().map(Vec::as_slice).collect();
        of_units(&Units::from_raters(&columns, q), name)
    });
}

#[test]
fn panels_with_counts() {
    check("multi_rater_counts", |example, name| {
        let rows: Vec<Vec<u32>> = example["data"]["counts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| numbers(row).into_iter().map(|count| count as u32).collect())
            .collect();
        of_units(&Units::from_counts(&rows, rows[0].len()), name)
    });
}

fn of_units(units: &Units, name: &str) -> Actual {
    let weights = Weights::identity(units.categories());
    let study = Study::new(units, &weights, None, 0.95);
    let error = |statistic: Statistic| statistic.unwrap().se.into();
    let value = |statistic: Statistic| statistic.unwrap().value.into();
    let alpha = |metric| {
        alpha_value(units, metric, &positions(units.categories()))
            .ok()
            .into()
    };
    match name {
        "fleiss_kappa" | "fleiss" => value(study.fleiss()),
        "fleiss_kappa_se" | "fleiss_se" => error(study.fleiss()),
        "gwet" | "gwet_ac1" => value(study.gwet()),
        "gwet_se" | "gwet_ac1_se" => error(study.gwet()),
        "brennan_prediger" | "free_marginal" => value(study.brennan_prediger()),
        "brennan_prediger_se" => error(study.brennan_prediger()),
        "alpha_nominal" => alpha(Metric::Nominal),
        "alpha_ordinal" => alpha(Metric::Ordinal),
        "alpha_interval" => alpha(Metric::Interval),
        "alpha_ratio" => alpha(Metric::Ratio),
        "z_null" => fleiss_null(units).map(|it| it.kappa / it.se).ok().into(),
        "category_kappa" => categories(units, 1.0),
        "category_z" => categories(units, fleiss_null(units).unwrap().category_se),
        _ => panic!("no statistic {name}"),
    }
}

fn categories(units: &Units, unit: f64) -> Actual {
    let kappas = fleiss_null(units).unwrap().categories;
    kappas
        .into_iter()
        .map(|kappa| kappa.unwrap() / unit)
        .collect::<Vec<_>>()
        .into()
}

#[test]
fn intervals_of_shares() {
    check("proportion", |example, name| {
        let [x, n] = ["x", "n"].map(|key| example["data"][key].as_u64().unwrap());
        limits(match name {
            "wilson" => wilson(x as f64, n as f64, 0.95),
            "clopper_pearson" => clopper_pearson(x, n, 0.95),
            _ => panic!("no interval {name}"),
        })
    });
}

/// A cluster of one item each is the same as no clusters, up to the factor √(G/(G−1)) of the clustered error.
#[test]
fn singleton_clusters_give_the_plain_error_in_its_raw_form() {
    let codes = |values: [u16; 8]| values.map(Some).to_vec();
    let (a, b) = (
        codes([0, 1, 2, 0, 1, 2, 0, 0]),
        codes([0, 1, 1, 0, 2, 2, 1, 0]),
    );
    let table = Confusion::from_codes(&a, &b, 3);
    let clusters = ClusterCells::of_pairs(&a, &b, 3, None);
    let sample = Sample {
        table: &table,
        clusters: Some(&clusters),
        confidence: 0.95,
    };
    let it = sample.estimate(&cohen_linearised(&table, &Weights::identity(3)).unwrap());
    let raw = harness::stats::influence::raw_se(it.se.unwrap(), table.n()).unwrap();
    assert!((it.se_cluster.unwrap() - raw).abs() < 1e-15);
}
