//! Statistics as JSON with the contract's keys: full precision, null with a reason, never NaN.

use serde_json::{Map, Value, json};

use crate::classifier::definition::ComparedOn;
use crate::stats::accuracy::ClassMetrics;
use crate::stats::agreement::TwoRaterAgreement;
use crate::stats::continuous::NumericAgreement;
use crate::stats::estimate::{Estimate, Statistic, Undefined};
use crate::stats::symmetry::ChiSquare;
use crate::stats::table::Confusion;
use crate::validation::agreement::Figures;

/// `{value, se, ci_low, ci_high, method}`, with `se_cluster` where there are clusters.
#[must_use]
pub fn statistic(statistic: &Statistic) -> Value {
    match statistic {
        Ok(found) => estimate(found),
        Err(reason) => undefined(*reason),
    }
}

fn estimate(found: &Estimate) -> Value {
    let mut fields = Map::new();
    fields.insert("value".to_owned(), number(found.value));
    fields.insert("se".to_owned(), found.se.map_or(Value::Null, number));
    if let Some(se_cluster) = found.se_cluster {
        fields.insert("se_cluster".to_owned(), number(se_cluster));
    }
    fields.insert(
        "ci_low".to_owned(),
        found
            .interval
            .map_or(Value::Null, |limits| number(limits.low)),
    );
    fields.insert(
        "ci_high".to_owned(),
        found
            .interval
            .map_or(Value::Null, |limits| number(limits.high)),
    );
    fields.insert("method".to_owned(), json!(found.method));
    if found.zero_variance {
        fields.insert("zero_variance".to_owned(), json!(true));
    }
    Value::Object(fields)
}

/// `{value: null, undefined: reason}`.
#[must_use]
pub fn undefined(reason: Undefined) -> Value {
    json!({"value": null, "undefined": reason.code()})
}

/// A number, or null for what JSON cannot say; statistics never give that.
#[must_use]
pub fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

pub(super) fn index(value: Result<f64, Undefined>) -> Value {
    value.map_or_else(undefined, number)
}

pub(super) fn test(result: Result<ChiSquare, Undefined>) -> Value {
    match result {
        Ok(found) => json!({
            "statistic": number(found.statistic),
            "df": found.df,
            "p_value": found.p_value.map_or(Value::Null, number),
        }),
        Err(reason) => undefined(reason),
    }
}

/// The figures of a comparison, whatever the scale.
#[must_use]
pub fn figures(figures: &Figures) -> Map<String, Value> {
    match figures {
        Figures::Categories {
            names,
            ordered,
            figures,
        } => categorical(names, *ordered, figures),
        Figures::Numbers {
            on,
            figures,
            median_ratio,
            n_missing,
        } => numeric(*on, figures, *median_ratio, *n_missing),
    }
}

fn categorical(names: &[String], ordered: bool, found: &TwoRaterAgreement) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put("n", json!(found.n));
    put("n_missing", json!(found.n_missing));
    put("n_missing_a", json!(found.n_missing_a));
    put("n_missing_b", json!(found.n_missing_b));
    put("n_clusters", json!(found.n_clusters));
    put("categories", json!(names));
    put("confusion", confusion(&found.confusion));
    for (key, value) in [
        ("percent_agreement", &found.percent_agreement),
        ("cohen_kappa", &found.cohen_kappa),
        ("scott_pi", &found.scott_pi),
        ("gwet_ac1", &found.gwet_ac1),
        ("brennan_prediger", &found.brennan_prediger),
        ("alpha_nominal", &found.alpha_nominal),
    ] {
        put(key, statistic(value));
    }
    if ordered {
        for (key, value) in [
            ("cohen_kappa_linear", &found.cohen_kappa_linear),
            ("cohen_kappa_quadratic", &found.cohen_kappa_quadratic),
            ("scott_pi_linear", &found.scott_pi_linear),
            ("scott_pi_quadratic", &found.scott_pi_quadratic),
            ("gwet_ac2_linear", &found.gwet_ac2_linear),
            ("gwet_ac2_quadratic", &found.gwet_ac2_quadratic),
            ("brennan_prediger_linear", &found.brennan_prediger_linear),
            (
                "brennan_prediger_quadratic",
                &found.brennan_prediger_quadratic,
            ),
            ("alpha_ordinal", &found.alpha_ordinal),
            ("alpha_interval", &found.alpha_interval),
            ("alpha_ratio", &found.alpha_ratio),
            ("within_one", &found.within_one),
        ] {
            put(key, statistic(value));
        }
    }
    put("mcc", statistic(&found.mcc));
    put("mcc_sklearn", number(found.mcc_sklearn));
    put("kappa_max", index(found.kappa_max));
    put("pabak", index(found.pabak));
    put("prevalence_index", index(found.prevalence_index));
    put("bias_index", index(found.bias_index));
    put("stuart_maxwell", test(found.stuart_maxwell));
    put("bowker", test(found.bowker.map(|bowker| bowker.test)));
    put("bhapkar", test(found.bhapkar));
    put("per_class", per_class(names, &found.per_class));
    put("macro_f1", statistic(&found.macro_f1));
    put("weighted_f1", statistic(&found.weighted_f1));
    put("balanced_accuracy", statistic(&found.balanced_accuracy));
    fields
}

/// Precision, recall and F1 of every declared class.
#[must_use]
pub fn per_class(names: &[String], classes: &[ClassMetrics]) -> Value {
    names
        .iter()
        .zip(classes)
        .map(|(label, class)| {
            json!({
                "label": label,
                "support": class.support,
                "predicted": class.predicted,
                "precision": statistic(&class.precision),
                "recall": statistic(&class.recall),
                "f1": statistic(&class.f1),
                "specific_agreement": statistic(&class.specific_agreement),
            })
        })
        .collect()
}

/// Rows are gold, columns the candidate.
#[must_use]
pub fn confusion(table: &Confusion) -> Value {
    let q = table.categories();
    (0..q)
        .map(|i| (0..q).map(|j| json!(table.count(i, j))).collect::<Value>())
        .collect()
}

fn numeric(
    on: ComparedOn,
    found: &NumericAgreement,
    median_ratio: Option<f64>,
    n_missing: usize,
) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put("n", json!(found.n));
    put("n_missing", json!(n_missing));
    put("n_missing_a", json!(found.n_missing_a));
    put("n_missing_b", json!(found.n_missing_b));
    put(
        "compared_on",
        json!(match on {
            ComparedOn::Log => "log",
            ComparedOn::Linear => "linear",
        }),
    );
    put("icc_1_1", statistic(&found.icc_1_1));
    put("icc_2_1", statistic(&found.icc_2_1));
    put("icc_3_1", statistic(&found.icc_3_1));
    put("lin_ccc", statistic(&found.lin_ccc));
    put("pearson", statistic(&found.pearson));
    put("spearman", index(found.spearman));
    put("kendall_tau_b", index(found.kendall_tau_b));
    put("mae", index(found.mae));
    put("rmse", index(found.rmse));
    put(
        "bland_altman",
        found.bland_altman.as_ref().map_or_else(
            |reason| undefined(*reason),
            |limits| json!({"bias": number(limits.bias.value), "limits": [number(limits.limits().low), number(limits.limits().high)]}),
        ),
    );
    if on == ComparedOn::Log {
        put("median_ratio", median_ratio.map_or(Value::Null, number));
    }
    fields
}
