//! The statistics of numbers against independent packages and printed examples.

use harness::stats::alt_test::{self, AgainstHuman};
use harness::stats::calibration::calibration;
use harness::stats::continuous::{self, two_raters_numbers};
use harness::stats::dist;
use harness::stats::estimate::{Estimate, Interval, Undefined};
use harness::stats::multiplicity::{Adjustment, adjust};
use harness::stats::power::{self, Errors};
use harness::stats::prevalence::{Items, Options, prevalence};
use harness::stats::trend::jonckheere;
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
        "prob" => check_calibration(ledger, case),
        "prev" => check_prevalence(ledger, case),
        "trend" => check_trend(ledger, case),
        "padj" => check_adjustment(ledger, case),
        "fe" => crate::stats_numbers_regression::check_fixed_effects(ledger, case),
        other => panic!("{}: unknown kind {other}", case.id),
    }
}

fn check_example(ledger: &mut Ledger, example: &Value) {
    let data = &example["data"];
    match example["kind"].as_str().unwrap() {
        "continuous" if data.get("matrix").is_some() => check_intraclass_example(ledger, example),
        "continuous" => check_bland_altman_example(ledger, example),
        "pvalues" => check_rejections(ledger, example),
        "trend" => check_trend_example(ledger, example),
        "calibration" => check_brier_example(ledger, example),
        "sample_size" => check_sample_size(ledger, example),
        "alt_test" => check_alt_test(ledger, example),
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

fn check_calibration(ledger: &mut Ledger, case: &Case) {
    let positive: Vec<bool> = case
        .complete("label")
        .iter()
        .map(|label| *label > 0.5)
        .collect();
    let found = calibration(&positive, &case.complete("prob")).unwrap();
    ledger.check(case, "brier", found.brier);
    ledger.check(case, "log_loss", found.log_loss);
    ledger.check(case, "ece_10", found.ece_10);
    ledger.check(case, "mce_10", found.mce_10);
    ledger.check(case, "ece_15", found.ece_15);
    ledger.check(case, "mce_15", found.mce_15);
    ledger.check(case, "roc_auc", found.roc_auc);
}

fn check_prevalence(ledger: &mut Ledger, case: &Case) {
    let class = |column: &str| -> Vec<Option<u32>> {
        case.numbers(column)
            .iter()
            .map(|value| value.map(|value| value as u32))
            .collect()
    };
    let (gold, predicted) = (class("gold"), class("pred"));
    let items = Items {
        gold: &gold,
        predicted: &predicted,
        clusters: None,
        classes: 2,
    };
    let options = Options {
        positive: 1,
        confidence: CONFIDENCE,
        replicates: 200,
        seed: 1,
    };
    let found = prevalence(&items, &options);
    ledger.check(case, "rogan_gladen_raw", found.rogan_gladen);
    ledger.check(
        case,
        "rogan_gladen",
        found
            .rogan_gladen
            .map(|estimate| estimate.value.clamp(0.0, 1.0)),
    );
    ledger.check(
        case,
        "judgy_point",
        found
            .rogan_gladen
            .map(|estimate| estimate.value.clamp(0.0, 1.0)),
    );
    ledger.check(
        case,
        "rogan_gladen_se_delta",
        found.rogan_gladen.ok().and_then(|estimate| estimate.se),
    );
    let inversion = found.matrix_inversion.clone().unwrap();
    ledger.check(
        case,
        "matrix_inversion_raw",
        inversion
            .raw
            .as_ref()
            .map(|shares| shares[1])
            .map_err(|why| *why),
    );
    let clipped = found.rogan_gladen.unwrap().value.clamp(0.0, 1.0);
    ledger.within(
        &case.id,
        "matrix_inversion on the simplex",
        &[clipped],
        1e-9,
        inversion.shares[1],
    );
    ledger.check(case, "classical_point", found.classical);
    ledger.check(case, "classical_ci", interval(found.classical));
    ledger.check(case, "ppi_point", found.ppi.map(|found| found.estimate));
    ledger.check(
        case,
        "ppi_ci",
        found.ppi.ok().and_then(|found| found.estimate.interval),
    );
    ledger.check(
        case,
        "ppi_pp_point",
        found.ppi_pp.map(|found| found.estimate),
    );
    ledger.check(
        case,
        "ppi_pp_ci",
        found.ppi_pp.ok().and_then(|found| found.estimate.interval),
    );
    ledger.check(
        case,
        "ppi_pp_lambda",
        found.ppi_pp.map(|found| found.lambda),
    );
    ledger.check(case, "dsl_mean", found.dsl);
    ledger.check(
        case,
        "dsl_mean_se",
        found.dsl.ok().and_then(|estimate| estimate.se),
    );
}

fn check_trend(ledger: &mut Ledger, case: &Case) {
    let found = jonckheere(&case.complete("group"), &case.complete("value")).unwrap();
    ledger.check(case, "jt_stat", found.statistic);
    ledger.check(case, "jt_mean", found.mean);
    ledger.check(case, "jt_var_ties", found.variance);
    ledger.check(case, "jt_z_ties", found.z);
    ledger.check(case, "jt_p_two_sided", found.p_value);
    // So small a p-value passes any absolute tolerance; hold its digits too.
    let expected = case.expected("jt_p_two_sided")["value"].as_f64().unwrap();
    ledger.within(
        &case.id,
        "jt_p_two_sided, relative",
        &[1.0],
        1e-9,
        found.p_value / expected,
    );
    if case.expects("jt_permutation_var") {
        let permuted = case.expected("jt_permutation_var")["value"]
            .as_f64()
            .unwrap();
        ledger.within(
            &case.id,
            "jt_permutation_var",
            &[1.0],
            0.12,
            found.variance / permuted,
        );
    }
}

fn check_adjustment(ledger: &mut Ledger, case: &Case) {
    let p_values: Vec<Option<f64>> = case.record["p"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::as_f64)
        .collect();
    for (name, adjustment) in [
        ("holm", Adjustment::Holm),
        ("bh", Adjustment::BenjaminiHochberg),
        ("by", Adjustment::BenjaminiYekutieli),
        ("bonf", Adjustment::Bonferroni),
    ] {
        let found: Vec<f64> = adjust(&p_values, adjustment)
            .unwrap()
            .into_iter()
            .flatten()
            .collect();
        ledger.check(case, name, found);
    }
}

fn check_rejections(ledger: &mut Ledger, example: &Value) {
    let p_values: Vec<Option<f64>> = floats(&example["data"]["p"])
        .into_iter()
        .map(Some)
        .collect();
    for (name, adjustment) in [
        ("bh_reject", Adjustment::BenjaminiHochberg),
        ("bonferroni_reject", Adjustment::Bonferroni),
    ] {
        let adjusted = adjust(&p_values, adjustment).unwrap();
        let rejected = adjusted.iter().flatten().filter(|p| **p <= 0.05).count();
        ledger.compare(
            "Benjamini and Hochberg",
            name,
            &example["expected"][name],
            rejected as f64,
        );
    }
}

fn check_trend_example(ledger: &mut Ledger, example: &Value) {
    let (mut groups, mut values) = (Vec::new(), Vec::new());
    for (group, members) in example["data"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        for value in floats(members) {
            groups.push(group as f64);
            values.push(value);
        }
    }
    let found = jonckheere(&groups, &values).unwrap();
    ledger.compare(
        "Hollander and Wolfe",
        "J",
        &example["expected"]["J"],
        found.statistic,
    );
    ledger.compare(
        "Hollander and Wolfe",
        "mean",
        &example["expected"]["mean"],
        found.mean,
    );
    ledger.compare(
        "Hollander and Wolfe",
        "z_ties",
        &example["expected"]["z_ties"],
        found.z,
    );
}

fn check_brier_example(ledger: &mut Ledger, example: &Value) {
    let positive: Vec<bool> = floats(&example["data"]["y"])
        .iter()
        .map(|y| *y > 0.5)
        .collect();
    let found = calibration(&positive, &floats(&example["data"]["p"])).unwrap();
    ledger.compare(
        "scikit-learn",
        "brier",
        &example["expected"]["brier"],
        found.brier,
    );
}

fn check_sample_size(ledger: &mut Ledger, example: &Value) {
    let name = example["name"].as_str().unwrap();
    let data = &example["data"];
    let number = |key: &str| data[key].as_f64().unwrap();
    let (k1, k0) = if data.get("kappaL").is_some() || data.get("kappa1").is_some() {
        (f64::NAN, f64::NAN)
    } else {
        (number("k1"), number("k0"))
    };
    let found = if data.get("mrg").is_some() {
        let errors = Errors {
            alpha: number("alpha"),
            power: number("power"),
            two_sided: false,
        };
        power::kappa_test_items_of_categories(&floats(&data["mrg"]), k1, k0, errors)
    } else if data.get("rate1").is_some() {
        let two_sided = data["twosided"].as_bool().unwrap();
        let errors = Errors {
            alpha: number("alpha"),
            power: number("power"),
            two_sided,
        };
        power::kappa_test_items((number("rate1"), number("rate2")), k1, k0, errors)
    } else if data.get("kappaL").is_some() {
        let (low, high) = (number("kappaL"), number("kappaU"));
        power::goodness_of_fit_interval_items(
            number("props"),
            number("kappa0"),
            low,
            Some(high),
            number("alpha"),
        )
    } else {
        let (k1, k0) = (number("kappa1"), number("kappa0"));
        power::goodness_of_fit_items(number("props"), k1, k0, number("alpha"), number("power"))
    };
    // The tolerance of the file is one item, which as a relative tolerance would let anything pass.
    let expected = example["expected"]["N"]["value"].as_f64().unwrap().ceil();
    let found = found.map(|items| items as f64 - expected);
    ledger.within(name, "sample size", &[0.0], 1e-9, found);
}

/// From mean and spread of d per human to p, to Benjamini-Yekutieli, to the winning rate.
fn check_alt_test(ledger: &mut Ledger, example: &Value) {
    let name = example["name"].as_str().unwrap();
    let data = &example["data"];
    let epsilon = data["epsilon"].as_f64().unwrap();
    let mut tested = Vec::new();
    for (position, (human, detail)) in data["detail"].as_object().unwrap().iter().enumerate() {
        let number = |key: &str| detail[key].as_f64().unwrap();
        let n = number("n") as usize;
        let p_value = alt_test::p_value_below_margin(n, number("d_mean"), number("d_sd"), epsilon);
        ledger.within(
            &format!("{name}, human {human}"),
            "p",
            &[number("p")],
            1e-9,
            p_value,
        );
        tested.push(AgainstHuman {
            human: position,
            n,
            model_wins: number("rho_llm"),
            human_wins: number("rho_human"),
            mean_difference: number("d_mean"),
            sd_difference: number("d_sd"),
            p_value,
            adjusted_p: 1.0,
            beaten: false,
        });
    }
    let found = alt_test::conclude(tested, Vec::new(), data["q_fdr"].as_f64().unwrap()).unwrap();
    let expected = &example["expected"];
    ledger.compare(
        name,
        "winning_rate",
        &expected["winning_rate"],
        found.winning_rate,
    );
    ledger.compare(
        name,
        "winning_rate_full",
        &expected["winning_rate_full"],
        found.winning_rate,
    );
    ledger.compare(
        name,
        "advantage_probability",
        &expected["advantage_probability"],
        found.advantage_probability,
    );
    ledger.compare(
        name,
        "advantage_probability_full",
        &expected["advantage_probability_full"],
        found.advantage_probability,
    );
}
