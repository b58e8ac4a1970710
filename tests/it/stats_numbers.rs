//! The statistics of numbers against independent packages and printed examples.

use harness::stats::continuous::{self, two_raters_numbers};
use harness::stats::dist;
use harness::stats::estimate::{Estimate, Interval, Undefined};
use serde_json::Value;

use crate::stats_numbers_reference::{self as reference, Case, Ledger};

const CONFIDENCE: f64 = 0.95;

#[test]
fn kept_cases_give_the_reference_values() {
    let (cases, examples) = reference::kept();
    let mut ledger = Ledger::default();
    for case in &cases {
        check_case(&mut ledger, case);
    }
    for example in &examples {
        check_example(&mut ledger, example);
    }
    ledger.settle("kept cases");
}

#[test]
fn every_generated_case_gives_the_reference_values() {
    let Some(directory) = reference::reference_directory_or_note("generated cases of numbers")
    else {
        return;
    };
    let mut ledger = Ledger::default();
    for case in reference::random_cases(
        &directory,
        &["two", "cont", "prob", "prev", "trend", "padj"],
    ) {
        check_case(&mut ledger, &case);
    }
    ledger.settle("generated cases");
}

#[test]
fn every_printed_example_gives_the_printed_values() {
    let Some(directory) = reference::reference_directory_or_note("printed examples of numbers")
    else {
        return;
    };
    let mut ledger = Ledger::default();
    for kind in [
        "continuous",
        "pvalues",
        "trend",
        "calibration",
        "sample_size",
        "alt_test",
    ] {
        for example in reference::published(&directory, kind) {
            check_example(&mut ledger, &example);
        }
    }
    ledger.settle("printed examples");
}

fn check_case(ledger: &mut Ledger, case: &Case) {
    match case.kind.as_str() {
        "two" => check_ordinal_numbers(ledger, case),
        "cont" => check_continuous(ledger, case),
        "prob" | "prev" | "trend" | "padj" | "fe" => {}
        other => panic!("{}: unknown kind {other}", case.id),
    }
}

fn check_example(ledger: &mut Ledger, example: &Value) {
    let data = &example["data"];
    match example["kind"].as_str().unwrap() {
        "continuous" if data.get("matrix").is_some() => check_intraclass_example(ledger, example),
        "continuous" => check_bland_altman_example(ledger, example),
        "pvalues" | "trend" | "calibration" | "sample_size" | "alt_test" => {}
        other => panic!("unknown kind {other}"),
    }
}

fn interval(statistic: Result<Estimate, Undefined>) -> Option<Interval> {
    statistic.ok().and_then(|estimate| estimate.interval)
}

fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_f64().unwrap())
        .collect()
}

/// Ordinal ratings whose declared levels are numbers.
fn check_ordinal_numbers(ledger: &mut Ledger, case: &Case) {
    if !case.expects("kendall_tau_b") {
        return;
    }
    let found = two_raters_numbers(
        &case.numbers("rater_a"),
        &case.numbers("rater_b"),
        CONFIDENCE,
    );
    ledger.check(case, "spearman", found.spearman);
    ledger.check(case, "kendall_tau_b", found.kendall_tau_b);
    ledger.check(case, "mae", found.mae);
}

fn check_continuous(ledger: &mut Ledger, case: &Case) {
    let found = two_raters_numbers(
        &case.numbers("rater_a"),
        &case.numbers("rater_b"),
        CONFIDENCE,
    );
    for (name, icc) in [
        ("icc_1_1", found.icc_1_1),
        ("icc_2_1", found.icc_2_1),
        ("icc_3_1", found.icc_3_1),
    ] {
        ledger.check(case, name, icc);
        ledger.check(case, &format!("{name}_ci"), interval(icc));
    }
    ledger.check(case, "lin_ccc", found.lin_ccc);
    ledger.check(case, "lin_ccc_ci_z", interval(found.lin_ccc));
    let ccc = found.lin_ccc.unwrap();
    let half = dist::normal_critical(CONFIDENCE) * ccc.se.unwrap();
    ledger.check(
        case,
        "lin_ccc_ci_asymptotic",
        vec![ccc.value - half, ccc.value + half],
    );
    ledger.check(case, "pearson", found.pearson);
    ledger.check(case, "pearson_ci", interval(found.pearson));
    ledger.check(case, "spearman", found.spearman);
    ledger.check(case, "kendall_tau_b", found.kendall_tau_b);
    ledger.check(case, "mae", found.mae);
    ledger.check(case, "rmse", found.rmse);
    let bland_altman = found.bland_altman.unwrap();
    ledger.check(case, "bland_altman_bias", bland_altman.bias);
    ledger.check(case, "bland_altman_limits", bland_altman.limits());
    ledger.check(case, "bland_altman_bias_ci", bland_altman.bias.interval);
    // The reference's own t quantile is good to eight digits at 39 degrees of freedom (scipy's agrees with ours).
    for (name, limit) in [
        ("bland_altman_lower_ci", bland_altman.lower),
        ("bland_altman_upper_ci", bland_altman.upper),
    ] {
        let expected: Vec<f64> = floats(&case.expected(name)["value"]);
        ledger.within(&case.id, name, &expected, 5e-9, limit.interval);
    }
}

fn check_intraclass_example(ledger: &mut Ledger, example: &Value) {
    let rows: Vec<Vec<f64>> = example["data"]["matrix"]
        .as_array()
        .unwrap()
        .iter()
        .map(floats)
        .collect();
    let raters: Vec<Vec<f64>> = (0..rows[0].len())
        .map(|j| rows.iter().map(|row| row[j]).collect())
        .collect();
    let raters: Vec<&[f64]> = raters.iter().map(Vec::as_slice).collect();
    let found = continuous::intraclass(&raters, CONFIDENCE).unwrap();
    for (name, icc) in [
        ("icc_1_1", found.one_way),
        ("icc_2_1", found.agreement),
        ("icc_3_1", found.consistency),
    ] {
        ledger.compare("Shrout and Fleiss", name, &example["expected"][name], icc);
        let reproduced = example["expected"][name]["reproduced_by"]["pingouin"]
            .as_f64()
            .unwrap();
        ledger.within(
            "Shrout and Fleiss",
            &format!("{name}_full"),
            &[reproduced],
            1e-9,
            icc,
        );
    }
}

fn check_bland_altman_example(ledger: &mut Ledger, example: &Value) {
    let (large, mini) = (floats(&example["data"]["a"]), floats(&example["data"]["b"]));
    let found = continuous::bland_altman(&large, &mini, CONFIDENCE).unwrap();
    let expected = &example["expected"];
    ledger.compare("Bland and Altman", "bias", &expected["bias"], found.bias);
    ledger.compare("Bland and Altman", "sd", &expected["sd"], found.sd);
    let two_sd = vec![
        found.bias.value - 2.0 * found.sd,
        found.bias.value + 2.0 * found.sd,
    ];
    ledger.compare(
        "Bland and Altman",
        "limits_2sd",
        &expected["limits_2sd"],
        two_sd,
    );
    ledger.compare(
        "Bland and Altman",
        "lin_ccc",
        &expected["lin_ccc"],
        continuous::lin_ccc(&mini, &large, CONFIDENCE),
    );
}
