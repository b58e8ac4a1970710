//! Regressions with absorbed effects against pyfixest, R and clubSandwich, adjusted means against emmeans.

use harness::stats::dsl::{design_adjusted_outcomes, dsl_regression};
use harness::stats::estimate::Undefined;
use harness::stats::regression::{Counting, Design, Options, Regression, Vcov, regress};
use serde_json::Value;

use crate::stats_numbers_reference::{self as reference, Case, Ledger};

const KEEP: Options = Options {
    vcov: Vcov::Cr1,
    counting: Counting::Nonnested,
    drop_singletons: false,
    tolerance: 1e-8,
    confidence: 0.95,
};

/// Estimates a generated case.
fn fit(case: &Case, clusters: &[&str], options: &Options) -> Result<Regression, Undefined> {
    let (y, x1, x2) = (case.complete("y"), case.complete("x1"), case.complete("x2"));
    let names = ["fe1", "fe2", "fe3"]
        .into_iter()
        .filter(|name| case.has(name));
    let effects: Vec<Vec<u32>> = names.map(|name| case.codes(name)).collect();
    let clusters: Vec<Vec<u32>> = clusters.iter().map(|name| case.codes(name)).collect();
    let effects: Vec<&[u32]> = effects.iter().map(Vec::as_slice).collect();
    let clusters: Vec<&[u32]> = clusters.iter().map(Vec::as_slice).collect();
    let design = Design {
        y: &y,
        x: &[&x1, &x2],
        absorb: &effects,
        clusters: &clusters,
        categories: None,
    };
    regress(&design, options)
}

fn values(found: &Regression) -> Vec<f64> {
    found
        .coefficients
        .iter()
        .map(|(_, tested)| tested.estimate.value)
        .collect()
}

fn errors(found: &Regression) -> Option<Vec<f64>> {
    found
        .coefficients
        .iter()
        .map(|(_, tested)| tested.estimate.se_cluster)
        .collect()
}

pub(crate) fn check_fixed_effects(ledger: &mut Ledger, case: &Case) {
    let with = |vcov, counting| {
        fit(
            case,
            &["cl"],
            &Options {
                vcov,
                counting,
                ..KEEP
            },
        )
        .unwrap()
    };
    let nonnested = with(Vcov::Cr1, Counting::Nonnested);
    ledger.check(case, "coef", values(&nonnested));
    ledger.check(case, "se_CR1_nonnested", errors(&nonnested));
    let p_values: Option<Vec<f64>> = nonnested
        .coefficients
        .iter()
        .map(|(_, tested)| tested.p_value)
        .collect();
    ledger.check(case, "p_CR1_nonnested", p_values);
    ledger.check(
        case,
        "se_CR0",
        errors(&with(Vcov::Cr0, Counting::Nonnested)),
    );
    ledger.check(
        case,
        "se_CR1_G_only",
        errors(&with(Vcov::Cr1, Counting::ClustersOnly)),
    );
    ledger.check(
        case,
        "se_CR1_full",
        errors(&with(Vcov::Cr1, Counting::Full)),
    );
    let iid = fit(case, &[], &KEEP).unwrap();
    let of_iid: Option<Vec<f64>> = iid
        .coefficients
        .iter()
        .map(|(_, tested)| tested.estimate.se)
        .collect();
    ledger.check(case, "se_iid", of_iid);
    if case.expects("se_CR2") {
        let adjusted = with(Vcov::Cr2, Counting::Nonnested);
        ledger.check(case, "se_CR2", errors(&adjusted));
        let df: Vec<f64> = adjusted
            .coefficients
            .iter()
            .map(|(_, tested)| tested.df)
            .collect();
        ledger.check(case, "df_CR2_satterthwaite", df);
    }
    if case.expects("se_CR3") {
        ledger.check(
            case,
            "se_CR3",
            errors(&with(Vcov::Cr3, Counting::Nonnested)),
        );
    }
    if case.expects("se_twoway_cl_cl2") {
        let second = case.record["cl2"].as_str().unwrap();
        // The reference of this one statistic drops singletons, as pyfixest does by default.
        let two_ways = fit(
            case,
            &["cl", second],
            &Options {
                drop_singletons: true,
                ..KEEP
            },
        );
        ledger.check(
            case,
            "se_twoway_cl_cl2",
            two_ways.map(|found| errors(&found)).unwrap(),
        );
    }
    let dof = &case.expected("dof")["value"];
    ledger.within(
        &case.id,
        "n",
        &[dof["n"].as_f64().unwrap()],
        0.0,
        nonnested.n as f64,
    );
    ledger.within(
        &case.id,
        "G",
        &[dof["G"].as_f64().unwrap()],
        0.0,
        nonnested.clusters[0] as f64,
    );
    ledger.within(
        &case.id,
        "K_nonnested",
        &[dof["K_nonnested"].as_f64().unwrap()],
        0.0,
        nonnested.k as f64,
    );
    if dof["fe_rank"].as_f64().unwrap() + 2.0 >= dof["K_full"].as_f64().unwrap() {
        ledger.within(
            &case.id,
            "K_full",
            &[dof["K_full"].as_f64().unwrap()],
            0.0,
            nonnested.k_full as f64,
        );
    }
    let dropped = &case.expected("singletons_dropped")["value"];
    let without = fit(
        case,
        &["cl"],
        &Options {
            drop_singletons: true,
            ..KEEP
        },
    )
    .unwrap();
    let expected = |key: &str| -> Vec<f64> {
        dropped[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_f64().unwrap())
            .collect()
    };
    ledger.within(
        &case.id,
        "singletons: n",
        &[dropped["N"].as_f64().unwrap()],
        0.0,
        without.n as f64,
    );
    ledger.within(
        &case.id,
        "singletons: coef",
        &expected("coef"),
        1e-7,
        values(&without),
    );
    ledger.within(
        &case.id,
        "singletons: se",
        &expected("se"),
        1e-6,
        errors(&without),
    );
}

#[test]
fn stats_every_generated_regression_gives_the_reference_values() {
    let Some(directory) = reference::reference_directory_or_note("generated regressions") else {
        return;
    };
    let mut ledger = Ledger::default();
    for case in reference::random_cases(&directory, &["fe"]) {
        check_fixed_effects(&mut ledger, &case);
    }
    ledger.settle("generated regressions");
}

#[test]
fn stats_grunfeld_gives_the_printed_error_of_reghdfe() {
    let Some(directory) = reference::reference_directory_or_note("Grunfeld") else {
        return;
    };
    let case = reference::table(&directory.join("csv/grunfeld.csv"));
    let expected = &reference::published(&directory, "fixed_effects")[0]["expected"];
    let (y, x) = (case.complete("inv"), case.complete("capital"));
    let (firm, year) = (case.codes("firm"), case.codes("year"));
    let error = |clusters: &[&[u32]], counting| {
        let design = Design {
            y: &y,
            x: &[&x],
            absorb: &[&firm, &year],
            clusters,
            categories: None,
        };
        let found = regress(
            &design,
            &Options {
                counting,
                ..Options::default()
            },
        )
        .unwrap();
        let estimate = found.coefficients[0].1.estimate;
        estimate.se_cluster.or(estimate.se)
    };
    let mut ledger = Ledger::default();
    ledger.compare(
        "Grunfeld",
        "se_reghdfe",
        &expected["se_reghdfe"],
        error(&[&firm], Counting::Nonnested),
    );
    ledger.compare(
        "Grunfeld",
        "se_full_dummies",
        &expected["se_full_dummies"],
        error(&[&firm], Counting::Full),
    );
    ledger.compare(
        "Grunfeld",
        "se_iid",
        &expected["se_iid"],
        error(&[], Counting::Full),
    );
    ledger.settle("Grunfeld");
}

#[test]
fn stats_adjusted_means_are_those_of_emmeans() {
    let Some(directory) = reference::reference_directory_or_note("adjusted means") else {
        return;
    };
    let expected = reference::json(&directory.join("margins.json"));
    let case = reference::table(&directory.join("csv/margins.csv"));
    let (y, x) = (case.complete("y"), case.complete("x"));
    let (fe1, fe2, clusters) = (case.codes("fe1"), case.codes("fe2"), case.codes("cl"));
    let categories: Vec<u32> = case
        .text("cat")
        .iter()
        .map(|cat| u32::from(cat.as_ref().unwrap().as_bytes()[0] - b'a'))
        .collect();
    let design = Design {
        y: &y,
        x: &[&x],
        absorb: &[&fe1, &fe2],
        clusters: &[&clusters],
        categories: Some(&categories),
    };
    let found = regress(
        &design,
        &Options {
            vcov: Vcov::Cr0,
            ..KEEP
        },
    )
    .unwrap();
    let mut ledger = Ledger::default();
    for (row, (code, mean)) in expected["emmeans_proportional"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&found.adjusted_means)
    {
        let id = row["cat"].as_str().unwrap();
        assert_eq!(u32::from(id.as_bytes()[0] - b'a'), *code);
        let estimate = mean.as_ref().unwrap().estimate;
        ledger.within(
            id,
            "adjusted mean",
            &[row["mean"].as_f64().unwrap()],
            1e-9,
            estimate,
        );
        ledger.within(
            id,
            "adjusted mean's CR0 error",
            &[row["se_CR0"].as_f64().unwrap()],
            1e-9,
            estimate.se_cluster,
        );
    }
    ledger.settle("adjusted means");
}

#[test]
fn stats_design_based_regression_is_that_of_dsl() {
    let Some(directory) = reference::reference_directory_or_note("design-based regression") else {
        return;
    };
    let expected = reference::json(&directory.join("dsl.json"));
    let case = reference::table(&directory.join("csv/dsl.csv"));
    let gold: Vec<Option<f64>> = case
        .numbers("gold")
        .into_iter()
        .zip(case.complete("R"))
        .map(|(gold, sampled)| gold.filter(|_| sampled > 0.5))
        .collect();
    let outcomes =
        design_adjusted_outcomes(&case.complete("yh"), &gold, &case.complete("pi")).unwrap();
    let x = vec![vec![1.0; outcomes.len()], case.complete("x")];
    let clusters = case.codes("cluster___");
    let mut ledger = Ledger::default();
    for (key, clusters) in [
        ("clustered_FALSE", None),
        ("clustered_TRUE", Some(clusters.as_slice())),
    ] {
        let found = dsl_regression(&outcomes, &x, clusters, 0.95).unwrap();
        let numbers = |name: &str| -> Vec<f64> {
            let list: &Vec<Value> = expected[key][name].as_array().unwrap();
            list.iter().map(|value| value.as_f64().unwrap()).collect()
        };
        let se: Option<Vec<f64>> = found
            .iter()
            .map(|estimate| estimate.se_cluster.or(estimate.se))
            .collect();
        let values: Vec<f64> = found.iter().map(|estimate| estimate.value).collect();
        ledger.within(key, "dsl coefficients", &numbers("coef"), 1e-9, values);
        ledger.within(key, "dsl errors", &numbers("se"), 1e-9, se);
    }
    ledger.settle("dsl");
}
