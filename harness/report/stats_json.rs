//! The statistics of any CSV file as JSON objects with the contract's keys; see `json` for the parts.

use serde_json::{Map, Value, json};

use crate::classifier::definition::ComparedOn;
use crate::stats::agreement::TwoRaterAgreement;
use crate::stats::alt_test::AltTest;
use crate::stats::bootstrap::Bootstrapped;
use crate::stats::calibration::Calibration;
use crate::stats::continuous::NumericAgreement;
use crate::stats::estimate::{Interval, Statistic, Undefined};
use crate::stats::intraclass::Intraclass;
use crate::stats::paired::Comparison;
use crate::stats::panel::PanelAgreement;
use crate::stats::prevalence::Prevalence;
use crate::stats::regression::{Regression, Term, Tested, Vcov};
use crate::stats::trend::Jonckheere;
use crate::stats::verdict::{Bounds, Fallback, Judgement, Verdict};
use crate::validation::agreement::Figures;

use super::json::{figures, index, number, statistic, undefined};

/// An object in the order in which its keys are put in.
pub type Fields = Map<String, Value>;

/// Two raters on categories.
#[must_use]
pub fn agreement(names: Vec<String>, ordered: bool, found: TwoRaterAgreement) -> Fields {
    let declared = index(found.macro_f1_declared);
    let mut fields = figures(&Figures::Categories {
        names,
        ordered,
        figures: Box::new(found),
    });
    fields.insert("macro_f1_declared".to_owned(), declared);
    fields
}

/// Two raters who give numbers; the keys of `agreement` that numbers have.
#[must_use]
pub fn numbers(found: NumericAgreement, rows: usize) -> Fields {
    let ratio = index(found.median_ratio);
    let missing = rows - found.n;
    let mut fields = figures(&Figures::Numbers {
        on: ComparedOn::Linear,
        figures: Box::new(found),
        median_ratio: None,
        n_missing: missing,
    });
    fields.shift_remove("compared_on");
    fields.insert("median_ratio".to_owned(), ratio);
    fields
}

/// A panel of raters on categories.
#[must_use]
pub fn panel(names: &[String], ordered: bool, found: &PanelAgreement) -> Fields {
    let mut fields = Fields::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put("n", json!(found.n));
    put("n_missing", json!(found.n_missing));
    put("n_pairable", json!(found.n_pairable));
    put("n_complete", json!(found.n_complete));
    put("categories", json!(names));
    let mut suffixes = vec![("", &found.unweighted, "gwet_ac1")];
    if ordered {
        suffixes.push(("_linear", &found.linear, "gwet_ac2_linear"));
        suffixes.push(("_quadratic", &found.quadratic, "gwet_ac2_quadratic"));
    }
    for (suffix, coefficients, gwet) in suffixes {
        if suffix.is_empty() {
            put(
                "percent_agreement",
                statistic(&coefficients.percent_agreement),
            );
        }
        for (key, value) in [
            ("fleiss_kappa", &coefficients.fleiss_kappa),
            ("conger_kappa", &coefficients.conger_kappa),
            ("light_kappa", &coefficients.light_kappa),
            ("brennan_prediger", &coefficients.brennan_prediger),
        ] {
            put(&format!("{key}{suffix}"), statistic(value));
        }
        put(gwet, statistic(&coefficients.gwet));
    }
    put("alpha_nominal", statistic(&found.alpha_nominal));
    if ordered {
        put("alpha_ordinal", statistic(&found.alpha_ordinal));
        put("alpha_interval", statistic(&found.alpha_interval));
        put("alpha_ratio", statistic(&found.alpha_ratio));
    }
    fields
}

/// Intraclass correlations of a panel that gives numbers, on the items that all rated.
#[must_use]
pub fn intraclass(found: Result<Intraclass, Undefined>) -> Fields {
    let mut fields = Fields::new();
    for (key, value) in [
        ("icc_1_1", found.map(|icc| icc.one_way)),
        ("icc_2_1", found.map(|icc| icc.agreement)),
        ("icc_3_1", found.map(|icc| icc.consistency)),
    ] {
        fields.insert(key.to_owned(), statistic(&value));
    }
    fields
}

/// Puts the interval of resampling in the place of the one from the error, and says what it rests on.
pub fn resampled(
    fields: &mut Fields,
    key: &str,
    made: &Result<Bootstrapped, Undefined>,
    clustered: bool,
) {
    let Some(Value::Object(estimate)) = fields.get_mut(key) else {
        return;
    };
    if estimate.get("value").is_none_or(Value::is_null) {
        return;
    }
    let made = match made {
        Ok(made) => made,
        Err(reason) => {
            estimate.insert("ci_low".to_owned(), Value::Null);
            estimate.insert("ci_high".to_owned(), Value::Null);
            estimate.insert("bootstrap".to_owned(), undefined(*reason));
            return;
        }
    };
    let method = match (clustered, made.bca.is_percentile) {
        (true, false) => "cluster bootstrap, BCa",
        (true, true) => "cluster bootstrap, percentile",
        (false, false) => "bootstrap, BCa",
        (false, true) => "bootstrap, percentile",
    };
    estimate.insert("ci_low".to_owned(), number(made.bca.interval.low));
    estimate.insert("ci_high".to_owned(), number(made.bca.interval.high));
    estimate.insert("method".to_owned(), json!(method));
    estimate.insert(
        "bootstrap".to_owned(),
        json!({
            "resamples": made.resamples,
            "se": number(made.se),
            "percentile": limits(Ok(made.percentile)),
            "basic": limits(Ok(made.basic)),
            "bca": limits(Ok(made.bca.interval)),
            "n_undefined": made.n_undefined,
            "drawn": made.clusters,
            "few_clusters": made.few_clusters,
            "dominated": made.dominated,
        }),
    );
}

fn limits(interval: Result<Interval, Undefined>) -> Value {
    match interval {
        Ok(interval) => json!([number(interval.low), number(interval.high)]),
        Err(reason) => undefined(reason),
    }
}

/// Two candidates against the same gold.
#[must_use]
pub fn comparison(name: &str, found: &Comparison) -> Fields {
    let mut fields = Fields::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put("n", json!(found.n));
    put("n_missing", json!(found.n_missing));
    put("n_clusters", json!(found.n_clusters));
    put("statistic", json!(name));
    put("old", statistic(&found.old));
    put("new", statistic(&found.new));
    put("difference", statistic(&found.difference));
    put(
        "accuracy_difference",
        match found.accuracy_difference {
            Ok(value) => json!({
                "value": number(value),
                "tango": limits(found.tango),
                "newcombe": limits(found.newcombe),
            }),
            Err(reason) => undefined(reason),
        },
    );
    let test = &found.mcnemar;
    put(
        "mcnemar",
        json!({
            "exact_p": number(test.exact_p),
            "mid_p": number(test.mid_p),
            "chi2": index(test.chi2),
            "chi2_p": index(test.chi2_p),
            "no_discordant": test.no_discordant,
        }),
    );
    put("discordant", json!(found.shares.discordant()));
    put("new_only_right", json!(found.shares.first_only));
    put("old_only_right", json!(found.shares.second_only));
    put("both_right", json!(found.shares.both));
    put("both_wrong", json!(found.shares.neither));
    fields
}

/// The verdict on a change, as keys of their own.
pub fn verdict(fields: &mut Fields, found: &Judgement, margin: f64) {
    let word = match found.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    };
    let method = match found.method {
        Bounds::Bootstrap => "bootstrap of the difference, BCa",
        Bounds::Delta => "paired delta",
        Bounds::Tango(Fallback::FewDiscordant) => {
            "Tango on accuracy: fewer than 10 discordant items"
        }
        Bounds::Tango(Fallback::RareClass) => {
            "Tango on accuracy: a class with fewer than 5 gold items"
        }
        Bounds::Tango(Fallback::ZeroVariance) => "Tango on accuracy: the difference does not vary",
    };
    fields.insert("verdict".to_owned(), json!(word));
    fields.insert("margin".to_owned(), number(margin));
    fields.insert("verdict_bounds".to_owned(), limits(found.bounds));
    fields.insert("verdict_method".to_owned(), json!(method));
    fields.insert("is_worse".to_owned(), json!(found.is_worse));
    fields.insert("is_better".to_owned(), json!(found.is_better));
}

/// The share of a class by every method.
#[must_use]
pub fn prevalence(found: &Prevalence, positive: usize, names: &[String]) -> Fields {
    let mut fields = Fields::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put("n_labelled", json!(found.n_labelled));
    put("n_unlabelled", json!(found.n_unlabelled));
    put("n_missing", json!(found.n_missing));
    put("positive", json!(names[positive]));
    put("categories", json!(names));
    put("raw", statistic(&found.raw));
    put("classical", statistic(&found.classical));
    let mut rogan_gladen = statistic(&found.rogan_gladen);
    if let (Value::Object(fields), Ok(estimate)) = (&mut rogan_gladen, &found.rogan_gladen) {
        fields.insert("clipped".to_owned(), number(estimate.value.clamp(0.0, 1.0)));
        if let Ok(interval) = found.rogan_gladen_bootstrap {
            fields.insert("bootstrap".to_owned(), limits(Ok(interval)));
        }
    }
    put("rogan_gladen", rogan_gladen);
    put(
        "matrix_inversion",
        match &found.matrix_inversion {
            Ok(inverted) => {
                let raw = inverted.raw.as_ref();
                json!({
                    "raw": raw.map_or_else(|reason| undefined(*reason), |shares| number(shares[positive])),
                    "value": number(inverted.shares[positive]),
                    "shares": inverted.shares.iter().map(|share| number(*share)).collect::<Value>(),
                    "condition": number(inverted.condition),
                    "ill_conditioned": inverted.ill_conditioned(),
                    "intervals": found.matrix_inversion_bootstrap.as_ref().map_or(Value::Null, |all| {
                        all.iter().map(|interval| limits(Ok(*interval))).collect()
                    }),
                })
            }
            Err(reason) => undefined(*reason),
        },
    );
    for (key, powered) in [("ppi", &found.ppi), ("ppi_pp", &found.ppi_pp)] {
        let mut value = statistic(&powered.map(|powered| powered.estimate));
        if let (Value::Object(fields), Ok(powered)) = (&mut value, powered) {
            fields.insert("lambda".to_owned(), number(powered.lambda));
        }
        put(key, value);
    }
    put("dsl", statistic(&found.dsl));
    fields
}

/// A trend across groups.
#[must_use]
pub fn trend(
    n: usize,
    missing: usize,
    found: Result<Jonckheere, Undefined>,
    spearman: Result<f64, Undefined>,
) -> Fields {
    let mut fields = Fields::new();
    fields.insert("n".to_owned(), json!(n));
    fields.insert("n_missing".to_owned(), json!(missing));
    let jonckheere = match found {
        Ok(found) => json!({
            "statistic": number(found.statistic),
            "mean": number(found.mean),
            "variance": number(found.variance),
            "z": number(found.z),
            "p_value": number(found.p_value),
            "groups": found.groups,
        }),
        Err(reason) => undefined(reason),
    };
    fields.insert("jonckheere".to_owned(), jonckheere);
    fields.insert("spearman".to_owned(), index(spearman));
    fields
}

/// One of the scores.
type Score = fn(&Calibration) -> f64;

/// Scores of stated probabilities.
#[must_use]
pub fn calibration(missing: usize, found: Result<Calibration, Undefined>) -> Fields {
    let mut fields = Fields::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put("n", json!(found.map_or(0, |found| found.n)));
    put("n_missing", json!(missing));
    let keys: [(&str, Score); 7] = [
        ("brier", |it| it.brier),
        ("log_loss", |it| it.log_loss),
        ("ece_10", |it| it.ece_10),
        ("ece_15", |it| it.ece_15),
        ("mce_10", |it| it.mce_10),
        ("mce_15", |it| it.mce_15),
        ("ece_equal_mass", |it| it.ece_equal_mass),
    ];
    for (key, of) in keys {
        put(key, index(found.as_ref().map(of).map_err(|reason| *reason)));
    }
    put("roc_auc", index(found.and_then(|found| found.roc_auc)));
    put(
        "log_loss_clipped",
        json!(found.map_or(0, |found| found.clipped)),
    );
    fields
}

/// A regression; `term` names what a coefficient belongs to, `mean` a category.
#[must_use]
pub fn regression(
    found: &Regression,
    missing: usize,
    term: impl Fn(Term) -> String,
    mean: impl Fn(u32) -> String,
) -> Fields {
    let mut fields = Fields::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put("n", json!(found.n));
    put("n_missing", json!(missing));
    put("clusters", json!(found.clusters));
    let df = found
        .coefficients
        .first()
        .map(|(_, tested)| number(tested.df));
    put("df", df.unwrap_or(Value::Null));
    put("singletons_dropped", json!(found.singletons_dropped));
    put("vcov", json!(vcov(found.vcov)));
    put("parameters", json!(found.k));
    put("parameters_full", json!(found.k_full));
    put(
        "coefficients",
        found
            .coefficients
            .iter()
            .map(|(of, tested)| row("term", &term(*of), "estimate", tested))
            .collect(),
    );
    put(
        "collinear",
        found.collinear.iter().map(|of| json!(term(*of))).collect(),
    );
    if !found.adjusted_means.is_empty() {
        let row = |(code, tested): &(u32, Result<Tested, Undefined>)| match tested {
            Ok(tested) => row("category", &mean(*code), "mean", tested),
            Err(reason) => {
                json!({"category": mean(*code), "mean": null, "undefined": reason.code()})
            }
        };
        put("margins", found.adjusted_means.iter().map(row).collect());
    }
    put("outside_unit_interval", number(found.outside_unit_interval));
    put("iterations", json!(found.iterations));
    put("converged", json!(found.converged));
    fields
}

fn row(name_key: &str, name: &str, value_key: &str, tested: &Tested) -> Value {
    let estimate = &tested.estimate;
    let or_null = |value: Option<f64>| value.map_or(Value::Null, number);
    json!({
        name_key: name,
        value_key: number(estimate.value),
        "se": or_null(estimate.se_cluster.or(estimate.se)),
        "t": or_null(tested.t),
        "p_value": or_null(tested.p_value),
        "ci_low": or_null(estimate.interval.map(|limits| limits.low)),
        "ci_high": or_null(estimate.interval.map(|limits| limits.high)),
        "df": number(tested.df),
        "method": estimate.method,
    })
}

fn vcov(vcov: Vcov) -> &'static str {
    match vcov {
        Vcov::Classical => "classical",
        Vcov::Cr0 => "CR0",
        Vcov::Cr1 => "CR1",
        Vcov::Cr2 => "CR2",
        Vcov::Cr3 => "CR3",
    }
}

/// The alternative annotator test over raters of these names.
#[must_use]
pub fn alt_test(found: &Result<AltTest, Undefined>, names: &[String]) -> Fields {
    let mut fields = Fields::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    let found = match found {
        Ok(found) => found,
        Err(reason) => {
            put("winning_rate", undefined(*reason));
            put("advantage_probability", undefined(*reason));
            put("raters", json!([]));
            put("skipped", json!(names));
            return fields;
        }
    };
    put("winning_rate", number(found.winning_rate));
    put("advantage_probability", number(found.advantage_probability));
    put("passed", json!(found.passed));
    put("few_raters", json!(found.few_humans));
    let rater = |human: &crate::stats::alt_test::AgainstHuman| {
        json!({
            "rater": names[human.human],
            "n": human.n,
            "model_wins": number(human.model_wins),
            "rater_wins": number(human.human_wins),
            "mean_difference": number(human.mean_difference),
            "p_value": number(human.p_value),
            "adjusted_p": number(human.adjusted_p),
            "beaten": human.beaten,
        })
    };
    put("raters", found.humans.iter().map(rater).collect());
    let skipped: Vec<&str> = found.skipped.iter().map(|&at| names[at].as_str()).collect();
    put("skipped", json!(skipped));
    fields
}

/// A plain statistic by the name that it has elsewhere.
#[must_use]
pub fn one(found: &Statistic) -> Value {
    statistic(found)
}

/// A whole number of items, or the reason why there is none.
#[must_use]
pub fn items(found: Result<u64, Undefined>) -> Value {
    match found {
        Ok(items) => json!(items),
        Err(reason) => undefined(reason),
    }
}

/// A number, or the reason why there is none.
#[must_use]
pub fn plain(found: Result<f64, Undefined>) -> Value {
    index(found)
}
