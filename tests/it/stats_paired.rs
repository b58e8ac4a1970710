//! An old and a new candidate on the same gold, against the survey package of R, statsmodels and scikit-learn.

use harness::stats::bootstrap::Plan;
use harness::stats::coefficient::Coefficient;
use harness::stats::estimate::{Interval, Undefined};
use harness::stats::paired::{PairedRatings, PairedTables};

use crate::stats_support::{Actual, Case, Outcome, case_tests, check_committed, compare};

fn tables(case: &Case) -> PairedTables {
    PairedTables::new(&PairedRatings {
        gold: case.column("gold"),
        old: case.column("old"),
        new: case.column("new"),
        categories: case.categories,
        clusters: Some(&case.clusters),
    })
}

fn check(case: &Case) -> Outcome {
    let tables = tables(case);
    let kappa = Coefficient::from_name("cohen_kappa", case.categories).unwrap();
    let it = tables.compare(&kappa, 0.95);
    compare(case, |name| {
        let (base, error) = name
            .strip_suffix("_se_cluster")
            .map(|base| (base, "cluster"))
            .or_else(|| name.strip_suffix("_se").map(|base| (base, "items")))
            .unwrap_or((name, ""));
        let statistic = match base {
            "kappa_new" => it.new.unwrap(),
            "kappa_old" => it.old.unwrap(),
            "kappa_diff" => it.difference.unwrap(),
            _ => {
                return Some(match name {
                    "accuracy_diff" => it.accuracy_difference.unwrap().into(),
                    "accuracy_diff_newcombe" => limits(it.newcombe),
                    "accuracy_diff_tango" => limits(it.tango),
                    "mcnemar_exact_p" => it.mcnemar.exact_p.into(),
                    "mcnemar_midp" => it.mcnemar.mid_p.into(),
                    "discordant" => {
                        let shares = it.shares;
                        // In the order of the record's keys.
                        let counts = [
                            shares.first_only,
                            shares.second_only,
                            shares.both,
                            shares.neither,
                        ];
                        counts.map(|count| count as f64).to_vec().into()
                    }
                    "kappa_diff_cluster_bootstrap_percentile" => {
                        return percentile(&tables, &kappa);
                    }
                    _ => panic!("the references know a statistic {name} that this test does not"),
                });
            }
        };
        Some(match error {
            "cluster" => statistic.se_cluster.into(),
            "items" => statistic.se.into(),
            _ => statistic.value.into(),
        })
    })
}

fn limits(interval: Result<Interval, Undefined>) -> Actual {
    let interval = interval.unwrap();
    vec![interval.low, interval.high].into()
}

fn percentile(tables: &PairedTables, kappa: &Coefficient) -> Option<Actual> {
    let plan = Plan {
        resamples: 4000,
        seed: 20_261_122,
        confidence: 0.95,
    };
    match tables.bootstrap(kappa, plan) {
        // The reference gives limits where more than one resample in a hundred has no kappa; the library refuses to.
        Err(Undefined::TooManyUndefinedResamples) => None,
        made => Some(limits(made.map(|made| made.percentile))),
    }
}

#[test]
fn comparisons_match_the_committed_references() {
    check_committed("paired", check);
}

case_tests! { "paired", check:
    case_317 case_318 case_319 case_320 case_321 case_323 case_326 case_327 case_328 case_330
    case_331 case_332 case_333 case_334 case_335 case_337 case_340 case_343 case_348 case_349
}
