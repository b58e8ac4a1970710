//! Panels of raters on generated data sets, against irrCAC, irr, statsmodels and krippendorff.

use harness::stats::alpha::alpha;
use harness::stats::estimate::Statistic;
use harness::stats::metric::{Metric, positions};
use harness::stats::panel::{Panel, panel};
use harness::stats::panel_complete::{complete_items, fleiss_null};
use harness::stats::units::Units;
use harness::stats::weights::Scheme;

use crate::stats_support::{Actual, Case, Outcome, case_tests, check_committed, compare};

fn check(case: &Case) -> Outcome {
    let raters: Vec<&[Option<u16>]> = case.columns.values().map(Vec::as_slice).collect();
    compare(case, |name| Some(actual(case.categories, &raters, name)))
}

/// The library's value of a statistic under the name that the references use.
fn actual(categories: usize, raters: &[&[Option<u16>]], name: &str) -> Actual {
    let units = Units::from_raters(raters, categories);
    if let Some(scale) = name.strip_prefix("alpha_") {
        let (scale, is_error) = scale
            .strip_suffix("_se_jackknife")
            .map_or((scale, false), |scale| (scale, true));
        let metric = match scale {
            "nominal" => Metric::Nominal,
            "ordinal" => Metric::Ordinal,
            "interval" => Metric::Interval,
            "ratio" => Metric::Ratio,
            _ => panic!("no metric {scale}"),
        };
        return part(
            alpha(&units, metric, &positions(categories), None, 0.95),
            is_error,
        );
    }
    if name.starts_with("fleiss_kappa_complete") {
        let complete: Vec<Vec<Option<u16>>> = raters
            .iter()
            .map(|column| {
                complete_items(raters)
                    .iter()
                    .map(|&item| column[item])
                    .collect()
            })
            .collect();
        let columns: Vec<&[Option<u16>]> = complete.iter().map(Vec::as_slice).collect();
        let test = fleiss_null(&Units::from_raters(&columns, categories)).ok();
        return if name.ends_with("_se0") {
            test.map(|it| it.se)
        } else {
            test.map(|it| it.kappa)
        }
        .into();
    }
    let (name, is_error) = name
        .strip_suffix("_se")
        .map_or((name, false), |name| (name, true));
    let (name, scheme) = [
        ("_linear", Scheme::Linear),
        ("_quadratic", Scheme::Quadratic),
    ]
    .into_iter()
    .find_map(|(suffix, scheme)| Some((name.strip_suffix(suffix)?, scheme)))
    .unwrap_or((name, Scheme::Identity));
    let all = panel(&Panel {
        raters,
        categories,
        values: None,
        clusters: None,
        confidence: 0.95,
    });
    let it = all.weighted(scheme);
    let statistic = match name {
        "fleiss_kappa" => it.fleiss_kappa,
        "conger_kappa" => it.conger_kappa,
        "gwet_ac" => it.gwet,
        "brennan_prediger" => it.brennan_prediger,
        "light_kappa_complete" => it.light_kappa,
        _ => panic!("the references know a statistic {name} that this test does not"),
    };
    part(statistic, is_error)
}

fn part(statistic: Statistic, is_error: bool) -> Actual {
    statistic
        .ok()
        .and_then(|it| if is_error { it.se } else { Some(it.value) })
        .into()
}

#[test]
fn panels_match_the_committed_references() {
    check_committed("multi", check);
}

case_tests! { "multi", check:
    case_251 case_253 case_254 case_257 case_258 case_259 case_260 case_264 case_266 case_269
    case_270 case_272 case_275 case_276 case_279 case_281 case_283 case_285 case_288 case_289
    case_290 case_292 case_293 case_298 case_299 case_300 case_303 case_304 case_306 case_307
}
