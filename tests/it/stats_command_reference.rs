//! `validate stats` as a user runs it, against the values that independent packages agree on.
//!
//! The library's tests compare every value; these run the binary on the same files and follow the contract's keys, so
//! that reading, order of categories and output are under test too.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test tells how much it compared"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::stats_support::{numbers, reference_folder};

fn cases(folder: &Path, kind: &str) -> Vec<Value> {
    let lines = std::fs::read_to_string(folder.join("random.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["kind"] == kind)
        .collect()
}

fn stats(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_validate"))
        .arg("stats")
        .args(arguments)
        .args(["--format", "json"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The value of a JSON path; `null` where a figure is undefined.
fn at<'j>(found: &'j Value, path: &str) -> Option<&'j Value> {
    let value = found.pointer(path)?;
    Some(match value {
        Value::Object(fields) if fields.contains_key("value") => &fields["value"],
        other => other,
    })
}

/// Counts per statistic how many values were compared, and lists what differs.
#[derive(Default)]
struct Tally {
    compared: BTreeMap<String, usize>,
    misses: Vec<String>,
}

impl Tally {
    /// Compares one statistic of a case; `zero` says that an undefined figure counts as 0, as in scikit-learn.
    fn check(&mut self, case: &Value, name: &str, got: &[Option<f64>], zero: bool) {
        let Some(expected) = case["expect"].get(name) else {
            return;
        };
        let tolerance = expected["tol"]
            .as_f64()
            .or(expected["tol_abs"].as_f64())
            .unwrap_or(1e-6);
        let wanted: Vec<Option<f64>> = match &expected["value"] {
            Value::Null => vec![None],
            value => numbers(value).into_iter().map(Some).collect(),
        };
        *self.compared.entry(name.to_owned()).or_default() += 1;
        let close = |(got, wanted): (&Option<f64>, &Option<f64>)| match (got, wanted) {
            (Some(got), Some(wanted)) => (got - wanted).abs() <= tolerance * wanted.abs().max(1.0),
            (None, Some(wanted)) => zero && wanted.abs() <= tolerance,
            (None, None) => true,
            (Some(_), None) => false,
        };
        if got.len() != wanted.len() || !got.iter().zip(&wanted).all(close) {
            self.misses.push(format!(
                "{} {name}: {got:?}, expected {wanted:?}",
                case["id"]
            ));
        }
    }

    /// Compares a figure, or a list of figures, at a path of the output.
    fn path(&mut self, case: &Value, found: &Value, name: &str, path: &str) {
        let Some(value) = at(found, path) else {
            // An undefined figure has no error either.
            if case["expect"]
                .get(name)
                .is_some_and(|expected| !expected["value"].is_null())
            {
                self.misses
                    .push(format!("{} {name}: the output has no {path}", case["id"]));
            }
            return;
        };
        let got: Vec<Option<f64>> = match value {
            Value::Array(_) => numbers(value).into_iter().map(Some).collect(),
            value => vec![value.as_f64()],
        };
        self.check(case, name, &got, false);
    }

    fn interval(&mut self, case: &Value, found: &Value, name: &str, path: &str) {
        let limit = |end: &str| {
            found
                .pointer(&format!("{path}/{end}"))
                .and_then(Value::as_f64)
        };
        let got = match (limit("ci_low"), limit("ci_high")) {
            (None, None) => vec![None],
            (low, high) => vec![low, high],
        };
        self.check(case, name, &got, false);
    }

    fn done(self, kind: &str, cases: usize) {
        let compared: usize = self.compared.values().sum();
        println!(
            "{kind}: {compared} values in {cases} cases, {} differ",
            self.misses.len()
        );
        for (name, times) in &self.compared {
            println!("    {name}: {times}");
        }
        assert!(0 < compared);
        assert!(self.misses.is_empty(), "{}", self.misses.join("\n"));
    }
}

fn file(folder: &Path, case: &Value) -> String {
    folder
        .join(case["csv"].as_str().unwrap())
        .display()
        .to_string()
}

fn levels(case: &Value) -> String {
    let names: Vec<&str> = case["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    names.join(",")
}

fn scale(case: &Value) -> &'static str {
    if case["ordinal"] == true {
        "ordinal"
    } else {
        "nominal"
    }
}

/// Runs every case of a kind, or every `step`-th.
fn each(kind: &str, step: usize, run: impl Fn(&PathBuf, &Value, &mut Tally)) {
    let Some(folder) = reference_folder() else {
        return;
    };
    let mut tally = Tally::default();
    let cases: Vec<Value> = cases(&folder, kind).into_iter().step_by(step).collect();
    for case in &cases {
        run(&folder, case, &mut tally);
    }
    tally.done(kind, cases.len());
}

const WEIGHTED: [&str; 12] = [
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
];

#[test]
fn two_raters_agree_as_the_packages_say() {
    each("two", 1, |folder, case, tally| {
        let found = stats(&[
            "agree",
            &file(folder, case),
            "--a",
            "rater_a",
            "--b",
            "rater_b",
            "--scale",
            scale(case),
            "--categories",
            &levels(case),
        ]);
        for name in WEIGHTED {
            if case["expect"].get(name).is_some() {
                tally.path(case, &found, name, &format!("/{name}"));
                // Packages say 0 for the error of a single item, we say that there is none.
                if found["n"] == 1 {
                    continue;
                }
                tally.path(case, &found, &format!("{name}_se"), &format!("/{name}/se"));
                tally.interval(case, &found, &format!("{name}_ci_z"), &format!("/{name}"));
            }
        }
        tally.interval(case, &found, "agreement_wilson", "/percent_agreement");
        for (name, path) in [
            ("n_missing", "/n_missing"),
            ("confusion", "/confusion"),
            ("percent_agreement", "/percent_agreement"),
            ("micro_f1", "/percent_agreement"),
            ("kappa_max", "/kappa_max"),
            ("alpha_nominal", "/alpha_nominal"),
            ("prevalence_index", "/prevalence_index"),
            ("bias_index", "/bias_index"),
            ("pabak", "/pabak"),
            ("bowker_stat", "/bowker/statistic"),
            ("bowker_df", "/bowker/df"),
            ("bowker_p", "/bowker/p_value"),
            ("macro_f1_observed", "/macro_f1"),
            ("macro_f1_declared", "/macro_f1_declared"),
            ("weighted_f1", "/weighted_f1"),
            ("balanced_accuracy", "/balanced_accuracy"),
            ("mcc", "/mcc_sklearn"),
        ] {
            tally.path(case, &found, name, path);
        }
        if found["n"] != 1 {
            tally.path(case, &found, "alpha_nominal_se_delta", "/alpha_nominal/se");
            tally.path(case, &found, "macro_f1_se_delta", "/macro_f1/se");
        }
        for name in [
            "alpha_ordinal",
            "alpha_interval",
            "alpha_ratio",
            "spearman",
            "kendall_tau_b",
            "within_one",
            "mae",
        ] {
            if case["expect"].get(name).is_some() {
                tally.path(case, &found, name, &format!("/{name}"));
            }
        }
        // Without a discordant item the packages say 0 degrees of freedom, we say undefined.
        for (name, path) in [
            ("stuart_maxwell_stat", "/stuart_maxwell/statistic"),
            ("stuart_maxwell_df", "/stuart_maxwell/df"),
            ("stuart_maxwell_p", "/stuart_maxwell/p_value"),
            ("bhapkar_stat", "/bhapkar/statistic"),
        ] {
            let got = found.pointer(path).and_then(Value::as_f64);
            tally.check(case, name, &[got], true);
        }
        let of_classes = |key: &str| -> Vec<Option<f64>> {
            let classes = found["per_class"].as_array().unwrap();
            classes
                .iter()
                .map(|class| at(class, &format!("/{key}")).and_then(Value::as_f64))
                .collect()
        };
        for key in ["precision", "recall", "f1", "support"] {
            tally.check(case, key, &of_classes(key), true);
        }
    });
}

#[test]
fn panels_agree_as_the_packages_say() {
    each("multi", 1, |folder, case, tally| {
        let raters: Vec<&str> = case["columns"].as_array().unwrap()[1..]
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        let found = stats(&[
            "agree",
            &file(folder, case),
            "--raters",
            &raters.join(","),
            "--scale",
            scale(case),
            "--categories",
            &levels(case),
        ]);
        tally.path(case, &found, "alpha_nominal", "/alpha_nominal");
        tally.path(
            case,
            &found,
            "alpha_nominal_se_jackknife",
            "/alpha_nominal/se",
        );
        tally.path(case, &found, "light_kappa_complete", "/light_kappa");
        for (theirs, ours) in [
            ("alpha_ordinal", "alpha_ordinal"),
            ("alpha_interval", "alpha_interval"),
            ("alpha_ratio", "alpha_ratio"),
            ("fleiss_kappa", "fleiss_kappa"),
            ("fleiss_kappa_linear", "fleiss_kappa_linear"),
            ("fleiss_kappa_quadratic", "fleiss_kappa_quadratic"),
            ("conger_kappa", "conger_kappa"),
            ("conger_kappa_linear", "conger_kappa_linear"),
            ("conger_kappa_quadratic", "conger_kappa_quadratic"),
            ("brennan_prediger", "brennan_prediger"),
            ("brennan_prediger_linear", "brennan_prediger_linear"),
            ("brennan_prediger_quadratic", "brennan_prediger_quadratic"),
            ("gwet_ac", "gwet_ac1"),
            ("gwet_ac_linear", "gwet_ac2_linear"),
            ("gwet_ac_quadratic", "gwet_ac2_quadratic"),
        ] {
            if case["expect"].get(theirs).is_some() {
                tally.path(case, &found, theirs, &format!("/{ours}"));
                tally.path(
                    case,
                    &found,
                    &format!("{theirs}_se"),
                    &format!("/{ours}/se"),
                );
            }
        }
    });
}

#[test]
fn comparisons_are_as_the_packages_say() {
    each("paired", 1, |folder, case, tally| {
        let found = stats(&[
            "compare",
            &file(folder, case),
            "--gold",
            "gold",
            "--old",
            "old",
            "--new",
            "new",
            "--cluster",
            "user",
            "--categories",
            &levels(case),
        ]);
        for (theirs, ours) in [
            ("kappa_old", "old"),
            ("kappa_new", "new"),
            ("kappa_diff", "difference"),
        ] {
            tally.path(case, &found, theirs, &format!("/{ours}"));
            tally.path(
                case,
                &found,
                &format!("{theirs}_se"),
                &format!("/{ours}/se"),
            );
            tally.path(
                case,
                &found,
                &format!("{theirs}_se_cluster"),
                &format!("/{ours}/se_cluster"),
            );
        }
        tally.path(case, &found, "mcnemar_exact_p", "/mcnemar/exact_p");
        tally.path(case, &found, "mcnemar_midp", "/mcnemar/mid_p");
        tally.path(case, &found, "accuracy_diff", "/accuracy_difference");
        tally.path(
            case,
            &found,
            "accuracy_diff_tango",
            "/accuracy_difference/tango",
        );
        tally.path(
            case,
            &found,
            "accuracy_diff_newcombe",
            "/accuracy_difference/newcombe",
        );
        let expected = &case["expect"]["discordant"]["value"];
        for key in [
            "new_only_right",
            "old_only_right",
            "both_right",
            "both_wrong",
        ] {
            assert_eq!(found[key], expected[key], "{} {key}", case["id"]);
        }
    });
}

#[test]
fn numbers_agree_as_the_packages_say() {
    each("cont", 1, |folder, case, tally| {
        let found = stats(&[
            "agree",
            &file(folder, case),
            "--a",
            "rater_a",
            "--b",
            "rater_b",
            "--scale",
            "interval",
        ]);
        for name in ["icc_1_1", "icc_2_1", "icc_3_1", "pearson"] {
            tally.path(case, &found, name, &format!("/{name}"));
            tally.interval(case, &found, &format!("{name}_ci"), &format!("/{name}"));
        }
        tally.interval(case, &found, "lin_ccc_ci_z", "/lin_ccc");
        for name in ["lin_ccc", "spearman", "kendall_tau_b", "mae", "rmse"] {
            tally.path(case, &found, name, &format!("/{name}"));
        }
        tally.path(case, &found, "bland_altman_bias", "/bland_altman/bias");
        tally.path(case, &found, "bland_altman_limits", "/bland_altman/limits");
    });
}

#[test]
fn probabilities_are_scored_as_the_packages_say() {
    each("prob", 1, |folder, case, tally| {
        let found = stats(&[
            "calibration",
            &file(folder, case),
            "--label",
            "label",
            "--prob",
            "prob",
        ]);
        for name in [
            "brier", "log_loss", "ece_10", "mce_10", "ece_15", "mce_15", "roc_auc",
        ] {
            tally.path(case, &found, name, &format!("/{name}"));
        }
    });
}

#[test]
fn prevalence_is_as_the_packages_say() {
    each("prev", 1, |folder, case, tally| {
        let found = stats(&[
            "prevalence",
            &file(folder, case),
            "--gold",
            "gold",
            "--pred",
            "pred",
        ]);
        tally.path(case, &found, "rogan_gladen_raw", "/rogan_gladen");
        tally.path(case, &found, "rogan_gladen", "/rogan_gladen/clipped");
        tally.path(case, &found, "judgy_point", "/rogan_gladen/clipped");
        tally.path(case, &found, "rogan_gladen_se_delta", "/rogan_gladen/se");
        tally.path(
            case,
            &found,
            "matrix_inversion_raw",
            "/matrix_inversion/raw",
        );
        tally.path(case, &found, "ppi_pp_lambda", "/ppi_pp/lambda");
        tally.path(case, &found, "dsl_mean", "/dsl");
        tally.path(case, &found, "dsl_mean_se", "/dsl/se");
        for name in ["ppi", "ppi_pp", "classical"] {
            tally.path(case, &found, &format!("{name}_point"), &format!("/{name}"));
            tally.interval(case, &found, &format!("{name}_ci"), &format!("/{name}"));
        }
    });
}

#[test]
fn trends_are_as_the_packages_say() {
    each("trend", 1, |folder, case, tally| {
        let found = stats(&[
            "trend",
            &file(folder, case),
            "--group",
            "group",
            "--value",
            "value",
        ]);
        for (theirs, ours) in [
            ("jt_stat", "statistic"),
            ("jt_mean", "mean"),
            ("jt_var_ties", "variance"),
            ("jt_z_ties", "z"),
            ("jt_p_two_sided", "p_value"),
        ] {
            tally.path(case, &found, theirs, &format!("/jonckheere/{ours}"));
        }
    });
}

#[test]
fn regressions_are_as_the_packages_say() {
    each("fe", 1, |folder, case, tally| {
        let path = file(folder, case);
        let columns: Vec<&str> = case["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        let effects: Vec<&str> = columns
            .into_iter()
            .filter(|name| name.starts_with("fe"))
            .collect();
        let effects = effects.join(",");
        let fit = |more: &[&str]| {
            let base = [
                "regress",
                &path,
                "--y",
                "y",
                "--x",
                "x1,x2",
                "--absorb",
                &effects,
                "--keep-singletons",
            ];
            stats(&[&base, more].concat())
        };
        let column = |found: &Value, key: &str| -> Vec<Option<f64>> {
            found["coefficients"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row[key].as_f64())
                .collect()
        };
        let plain = fit(&["--cluster", "cl"]);
        tally.check(case, "coef", &column(&plain, "estimate"), false);
        tally.check(case, "se_CR1_nonnested", &column(&plain, "se"), false);
        tally.check(case, "p_CR1_nonnested", &column(&plain, "p_value"), false);
        let full = fit(&["--cluster", "cl", "--count", "full"]);
        tally.check(case, "se_CR1_full", &column(&full, "se"), false);
        tally.check(case, "se_iid", &column(&fit(&[]), "se"), false);
        for (vcov, name) in [("CR0", "se_CR0"), ("CR2", "se_CR2"), ("CR3", "se_CR3")] {
            if case["expect"].get(name).is_some() {
                let found = fit(&["--cluster", "cl", "--vcov", vcov]);
                tally.check(case, name, &column(&found, "se"), false);
                if vcov == "CR2" {
                    tally.check(case, "df_CR2_satterthwaite", &column(&found, "df"), false);
                }
            }
        }
        if let Some(second) = case["cl2"].as_str() {
            // The reference of this one statistic drops singletons, as pyfixest does by default.
            let cluster = format!("cl,{second}");
            let found = stats(&[
                "regress",
                &path,
                "--y",
                "y",
                "--x",
                "x1,x2",
                "--absorb",
                &effects,
                "--cluster",
                &cluster,
            ]);
            tally.check(case, "se_twoway_cl_cl2", &column(&found, "se"), false);
        }
    });
}

#[test]
fn p_values_are_adjusted_as_the_packages_say() {
    each("padj", 1, |_, case, tally| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        let lines: Vec<String> = case["p"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| {
                p.as_f64()
                    .map_or_else(|| "\"\"".to_owned(), |p| p.to_string())
            })
            .collect();
        std::fs::write(&path, format!("p\n{}\n", lines.join("\n"))).unwrap();
        for method in ["holm", "bh", "by"] {
            let found = stats(&[
                "adjust",
                &path.display().to_string(),
                "--method",
                method,
                "--p",
                "p",
            ]);
            let got: Vec<Option<f64>> = found["adjusted"]
                .as_array()
                .unwrap()
                .iter()
                .map(Value::as_f64)
                .collect();
            tally.check(case, method, &got, false);
        }
    });
}
