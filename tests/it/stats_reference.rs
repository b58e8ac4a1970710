//! Two raters on generated data sets, against scikit-learn, statsmodels, irrCAC, krippendorff and the packages of R.

use harness::stats::agreement::{TwoRaterAgreement, TwoRaters, two_raters};
use harness::stats::estimate::{Estimate, Interval, Statistic};
use harness::stats::kappa::cohen_null_se;
use harness::stats::paired_shares::PairedShares;
use harness::stats::proportion::{clopper_pearson, jeffreys, wilson};
use harness::stats::symmetry::ChiSquare;
use harness::stats::weights::Weights;

use crate::stats_support::{Actual, Case, Outcome, case_tests, check_committed, compare};

/// Statistics of other files, which the same records carry.
const ELSEWHERE: [&str; 3] = ["spearman", "kendall_tau_b", "mae"];

fn agreement(case: &Case) -> TwoRaterAgreement {
    two_raters(&TwoRaters {
        a: case.column("rater_a"),
        b: case.column("rater_b"),
        categories: case.categories,
        values: None,
        clusters: None,
        confidence: 0.95,
    })
}

/// The library's value of a statistic under the name that the references use.
fn actual(it: &TwoRaterAgreement, name: &str) -> Actual {
    let (base, part) = ["_ci_z", "_se0", "_se_delta", "_se"]
        .iter()
        .find_map(|suffix| Some((name.strip_suffix(suffix)?, *suffix)))
        .unwrap_or((name, ""));
    if let Some(statistic) = statistic(it, base) {
        return match part {
            "" => value(statistic).into(),
            "_ci_z" => limits(statistic.ok().and_then(|estimate| estimate.interval)),
            "_se0" => null_se(it, base).into(),
            _ => statistic.ok().and_then(|estimate| estimate.se).into(),
        };
    }
    let table = &it.confusion;
    let shares = |of: fn(&harness::stats::accuracy::ClassMetrics) -> Statistic| -> Actual {
        it.per_class
            .iter()
            .map(|class| value(of(class)).unwrap_or(0.0))
            .collect::<Vec<_>>()
            .into()
    };
    let (stuart_maxwell, bhapkar) = (it.stuart_maxwell.ok(), it.bhapkar.ok());
    let bowker = it.bowker.map(|bowker| bowker.test);
    let p_value = |test: Option<ChiSquare>| test.and_then(|test| test.p_value).into();
    match name {
        "agreement_wilson" => limits(wilson(table.diagonal() as f64, it.n as f64, 0.95)),
        "agreement_clopper_pearson" => limits(clopper_pearson(table.diagonal(), it.n, 0.95)),
        "agreement_jeffreys" => limits(jeffreys(table.diagonal(), it.n, 0.95)),
        "confusion" => table
            .counts()
            .iter()
            .map(|&count| count as f64)
            .collect::<Vec<_>>()
            .into(),
        "n_missing" => (it.n_missing as f64).into(),
        "kappa_max" => it.kappa_max.ok().into(),
        "pabak" => it.pabak.ok().into(),
        "prevalence_index" => it.prevalence_index.ok().into(),
        "bias_index" => it.bias_index.ok().into(),
        "macro_f1_declared" => it.macro_f1_declared.ok().into(),
        "mcc" => it.mcc_sklearn.into(),
        "precision" => shares(|class| class.precision),
        "recall" => shares(|class| class.recall),
        "f1" => shares(|class| class.f1),
        "support" => it
            .per_class
            .iter()
            .map(|class| class.support as f64)
            .collect::<Vec<_>>()
            .into(),
        "mcnemar_exact_p" => shares_of(it).mcnemar().exact_p.into(),
        "mcnemar_midp" => shares_of(it).mcnemar().mid_p.into(),
        "mcnemar_chi2" => shares_of(it).mcnemar().chi2.ok().into(),
        "mcnemar_p" => shares_of(it).mcnemar().chi2_p.ok().into(),
        "mcnemar_chi2_cc" => shares_of(it).mcnemar().chi2_corrected.ok().into(),
        "paired_diff_tango" => limits(shares_of(it).tango(0.95).unwrap()),
        "paired_diff_newcombe" => limits(shares_of(it).newcombe(0.95).unwrap()),
        "bowker_stat" => bowker.ok().map(|test| test.statistic).into(),
        "bowker_df" => bowker.ok().map(|test| test.df as f64).into(),
        "bowker_p" => p_value(bowker.ok()),
        "stuart_maxwell_stat" => stuart_maxwell.map(|test| test.statistic).into(),
        "stuart_maxwell_df" => stuart_maxwell.map_or(0.0, |test| test.df as f64).into(),
        "stuart_maxwell_p" => p_value(stuart_maxwell),
        "bhapkar_stat" => bhapkar.map(|test| test.statistic).into(),
        _ => panic!("the references know a statistic {name} that this test does not"),
    }
}

fn statistic(it: &TwoRaterAgreement, name: &str) -> Option<Statistic> {
    Some(match name {
        "percent_agreement" | "micro_f1" => it.percent_agreement,
        "cohen_kappa" => it.cohen_kappa,
        "cohen_kappa_linear" => it.cohen_kappa_linear,
        "cohen_kappa_quadratic" => it.cohen_kappa_quadratic,
        "scott_pi" => it.scott_pi,
        "scott_pi_linear" => it.scott_pi_linear,
        "scott_pi_quadratic" => it.scott_pi_quadratic,
        "gwet_ac1" => it.gwet_ac1,
        "gwet_ac2_linear" => it.gwet_ac2_linear,
        "gwet_ac2_quadratic" => it.gwet_ac2_quadratic,
        "brennan_prediger" => it.brennan_prediger,
        "brennan_prediger_linear" => it.brennan_prediger_linear,
        "brennan_prediger_quadratic" => it.brennan_prediger_quadratic,
        "alpha_nominal" => it.alpha_nominal,
        "alpha_ordinal" => it.alpha_ordinal,
        "alpha_interval" => it.alpha_interval,
        "alpha_ratio" => it.alpha_ratio,
        "macro_f1" | "macro_f1_observed" => it.macro_f1,
        "weighted_f1" => it.weighted_f1,
        "balanced_accuracy" => it.balanced_accuracy,
        "within_one" => it.within_one,
        _ => return None,
    })
}

/// The two raters as two shares of the first category.
fn shares_of(it: &TwoRaterAgreement) -> PairedShares {
    let table = &it.confusion;
    PairedShares {
        both: table.count(0, 0),
        first_only: table.count(0, 1),
        second_only: table.count(1, 0),
        neither: table.count(1, 1),
    }
}

fn value(statistic: Statistic) -> Option<f64> {
    statistic.ok().map(|Estimate { value, .. }| value)
}

fn limits(interval: impl Into<Option<Interval>>) -> Actual {
    interval.into().map_or(Actual::Number(None), |interval| {
        vec![interval.low, interval.high].into()
    })
}

fn null_se(it: &TwoRaterAgreement, kappa: &str) -> Option<f64> {
    let weights = match kappa {
        "cohen_kappa_linear" => Weights::linear(it.confusion.categories()),
        "cohen_kappa_quadratic" => Weights::quadratic(it.confusion.categories()),
        _ => Weights::identity(it.confusion.categories()),
    };
    cohen_null_se(&it.confusion, &weights).ok()
}

/// Compares all that a case expects; returns how many values were compared and what differs.
fn check(case: &Case) -> Outcome {
    let it = agreement(case);
    compare(case, |name| {
        let elsewhere = ELSEWHERE.contains(&name);
        // One item carries no information about the spread: no error here, zero in the packages.
        let error_of_one_item = it.n == 1
            && (name.contains("_se") || name.ends_with("_ci_z"))
            && !name.ends_with("_se0");
        if error_of_one_item {
            assert_eq!(it.cohen_kappa.unwrap().se, None);
        }
        (!elsewhere && !error_of_one_item).then(|| actual(&it, name))
    })
}

#[test]
fn two_raters_match_the_committed_references() {
    check_committed("two", check);
}

case_tests! { "two", check:
    case_001 case_003 case_004 case_005 case_006 case_009 case_014 case_015 case_017 case_018
    case_020 case_021 case_022 case_024 case_027 case_028 case_029 case_030 case_031 case_033
    case_035 case_040 case_041 case_044 case_046 case_048 case_050 case_054 case_058 case_059
    case_061 case_062 case_063 case_069 case_070 case_071 case_072 case_074 case_078 case_079
    case_080 case_083 case_085 case_086 case_087 case_092 case_095 case_096 case_100 case_101
    case_102 case_103 case_107 case_108 case_109 case_111 case_112 case_113 case_114 case_115
    case_116 case_117 case_118 case_120 case_121 case_124 case_125 case_126 case_129 case_133
    case_134 case_135 case_139 case_142 case_145 case_146 case_147 case_149 case_151 case_152
    case_156 case_163 case_164 case_165 case_166 case_167 case_168 case_169 case_172 case_173
    case_175 case_176 case_177 case_178 case_179 case_182 case_184 case_186 case_188 case_189
    case_190 case_191 case_192 case_195 case_200 case_205 case_206 case_207 case_208 case_209
    case_211 case_218 case_226 case_227 case_229 case_232 case_233 case_234 case_239 case_242
    case_245 case_246 case_247 case_249 case_250
}
