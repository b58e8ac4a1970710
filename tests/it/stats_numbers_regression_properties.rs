//! What holds for regressions on any data: dummies give the same as absorbing, order and scale do not matter.

use harness::stats::estimate::Undefined;
use harness::stats::regression::{Design, Options, Regression, Term, Vcov, regress};
use proptest::prelude::*;

use crate::stats_numbers_regression::KEEP;

/// Small unbalanced data: outcome, two regressors, two effects, clusters.
#[derive(Debug, Clone)]
struct Data {
    y: Vec<f64>,
    x: [Vec<f64>; 2],
    effects: [Vec<u32>; 2],
    clusters: Vec<u32>,
    categories: Vec<u32>,
}

fn data() -> impl Strategy<Value = Data> {
    let row = (
        any::<bool>(),
        -2.0..2.0_f64,
        -2.0..2.0_f64,
        0_u32..5,
        0_u32..4,
        0_u32..6,
        0_u32..3,
    );
    (prop::collection::vec(row, 25..60), any::<bool>()).prop_map(|(rows, nested)| Data {
        y: rows.iter().map(|row| f64::from(u8::from(row.0))).collect(),
        x: [
            rows.iter().map(|row| row.1).collect(),
            rows.iter().map(|row| row.2).collect(),
        ],
        effects: [
            rows.iter().map(|row| row.3).collect(),
            rows.iter().map(|row| row.4).collect(),
        ],
        // Half of the data sets have the first effect nested in clusters.
        clusters: rows
            .iter()
            .map(|row| if nested { row.3 / 2 } else { row.5 })
            .collect(),
        categories: rows.iter().map(|row| row.6).collect(),
    })
}

impl Data {
    fn regress(&self, absorb: bool, options: &Options) -> Result<Regression, Undefined> {
        let effects: [&[u32]; 2] = [&self.effects[0], &self.effects[1]];
        regress(
            &Design {
                y: &self.y,
                x: &[&self.x[0], &self.x[1]],
                absorb: if absorb { &effects } else { &[] },
                clusters: &[&self.clusters],
                categories: Some(&self.categories),
            },
            options,
        )
    }

    /// The same model with a dummy for every level but the first as an ordinary regressor.
    fn with_dummies(&self, options: &Options) -> Result<Regression, Undefined> {
        let mut columns: Vec<Vec<f64>> = self.x.to_vec();
        for effect in &self.effects {
            for level in 1..=*effect.iter().max().unwrap() {
                columns.push(
                    effect
                        .iter()
                        .map(|code| f64::from(u8::from(*code == level)))
                        .collect(),
                );
            }
        }
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        regress(
            &Design {
                y: &self.y,
                x: &columns,
                absorb: &[],
                clusters: &[&self.clusters],
                categories: Some(&self.categories),
            },
            options,
        )
    }
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn stats_absorbing_equals_dummies_in_coefficients_errors_and_degrees_of_freedom(data in data()) {
        for vcov in [Vcov::Cr0, Vcov::Cr2, Vcov::Cr3] {
            let options = Options { vcov, tolerance: 1e-12, ..KEEP };
            let (Ok(absorbed), Ok(dummies)) = (data.regress(true, &options), data.with_dummies(&options)) else {
                return Ok(());
            };
            prop_assert!(absorbed.converged && absorbed.collinear.is_empty());
            for ((_, one), (term, other)) in absorbed.coefficients.iter().zip(&dummies.coefficients[1..]) {
                prop_assert!(close(one.estimate.value, other.estimate.value, 1e-9), "{term:?}");
                prop_assert!(close(one.estimate.se.unwrap(), other.estimate.se.unwrap(), 1e-8));
                prop_assert!(close(one.estimate.se_cluster.unwrap(), other.estimate.se_cluster.unwrap(), 1e-7), "{vcov:?}");
                prop_assert!(close(one.df, other.df, 1e-6), "{} {}", one.df, other.df);
            }
            for ((_, one), (code, other)) in absorbed.adjusted_means.iter().zip(&dummies.adjusted_means) {
                let (Ok(one), Ok(other)) = (one, other) else { return Ok(()) };
                prop_assert!(close(one.estimate.value, other.estimate.value, 1e-9), "{code}");
                prop_assert!(close(one.estimate.se_cluster.unwrap(), other.estimate.se_cluster.unwrap(), 1e-7), "{vcov:?}");
                prop_assert!(close(one.df, other.df, 1e-6), "mean {code}: {} {}", one.df, other.df);
            }
            prop_assert!(close(absorbed.outside_unit_interval, dummies.outside_unit_interval, 1e-12));
        }
    }

    #[test]
    fn stats_regressions_do_not_mind_order_scale_or_names(data in data(), scale in 0.01..100.0_f64, seed in 0_usize..1000) {
        let n = data.y.len();
        let order: Vec<usize> = {
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by_key(|i| (i * 7919 + seed) % 61);
            order
        };
        let pick = |column: &[f64], scale: f64| -> Vec<f64> { order.iter().map(|i| column[*i] * scale).collect() };
        let rename = |codes: &[u32]| -> Vec<u32> { order.iter().map(|i| 4_000_000_000 - 77 * codes[*i]).collect() };
        let moved = Data {
            y: pick(&data.y, 1.0),
            x: [pick(&data.x[0], scale), pick(&data.x[1], 1.0)],
            effects: [rename(&data.effects[0]), rename(&data.effects[1])],
            clusters: rename(&data.clusters),
            categories: order.iter().map(|i| data.categories[*i]).collect(),
        };
        for vcov in [Vcov::Cr1, Vcov::Cr2] {
            let options = Options { vcov, tolerance: 1e-12, ..Options::default() };
            let (Ok(one), Ok(other)) = (data.regress(true, &options), moved.regress(true, &options)) else { return Ok(()) };
            prop_assert_eq!(one.singletons_dropped, other.singletons_dropped);
            let first_column = |found: &Regression| found.coefficients[found.coefficients.len() - 2].1;
            let (a, b) = (first_column(&one), first_column(&other));
            prop_assert!(close(b.estimate.value * scale, a.estimate.value, 1e-8));
            prop_assert!(close(b.estimate.se_cluster.unwrap() * scale, a.estimate.se_cluster.unwrap(), 1e-7));
            prop_assert!(close(b.p_value.unwrap(), a.p_value.unwrap(), 1e-6));
        }
    }
}

proptest! {
    #[test]
    fn stats_the_smallest_regressions_give_numbers_or_reasons(
        rows in prop::collection::vec((0_u8..3, 0_u8..3, 0_u32..3, 0_u32..3, 0_u32..3), 1..12), two_ways in any::<bool>(),
    ) {
        let y: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
        let x: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
        let codes = |pick: fn(&(u8, u8, u32, u32, u32)) -> u32| -> Vec<u32> { rows.iter().map(pick).collect() };
        let (one, two, three) = (codes(|row| row.2), codes(|row| row.3), codes(|row| row.4));
        let ways: [&[u32]; 2] = [&three, &two];
        for absorb in [&[] as &[&[u32]], &[&one], &[&one, &two]] {
            for vcov in [Vcov::Classical, Vcov::Cr0, Vcov::Cr1, Vcov::Cr2, Vcov::Cr3] {
                let design = Design {
                    y: &y,
                    x: &[&x],
                    absorb,
                    clusters: if two_ways { &ways } else { &ways[..1] },
                    categories: Some(&two),
                };
                let Ok(found) = regress(&design, &Options { vcov, ..KEEP }) else { continue };
                let means = found.adjusted_means.iter().filter_map(|(_, mean)| mean.ok());
                for tested in found.coefficients.iter().map(|(_, tested)| *tested).chain(means) {
                    let estimate = tested.estimate;
                    prop_assert!(estimate.value.is_finite() && !tested.df.is_nan(), "{vcov:?} {tested:?}");
                    prop_assert!(estimate.se.is_none_or(f64::is_finite), "{vcov:?} {tested:?}");
                    prop_assert!(estimate.se_cluster.is_none_or(f64::is_finite), "{vcov:?} {tested:?}");
                    prop_assert!(tested.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{vcov:?} {tested:?}");
                    let limits = estimate.interval.map_or([0.0; 2], |interval| [interval.low, interval.high]);
                    prop_assert!(!limits.iter().any(|limit| limit.is_nan()), "{vcov:?} {tested:?}");
                }
            }
        }
    }
}

#[test]
fn stats_collinear_columns_are_left_out_and_named() {
    let n = 40;
    let user: Vec<u32> = (0..n).map(|i| i / 4).collect();
    let x: Vec<f64> = (0..n).map(|i| f64::from(i * i % 13)).collect();
    let double: Vec<f64> = x.iter().map(|x| 2.0 * x + 1.0).collect();
    let of_user: Vec<f64> = user.iter().map(|user| f64::from(user % 3)).collect();
    let y: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i * 5 % 7 < 3))).collect();
    let x_columns: [&[f64]; 3] = [&of_user, &x, &double];
    let design = Design {
        y: &y,
        x: &x_columns,
        absorb: &[&user],
        clusters: &[&user],
        categories: None,
    };
    let found = regress(&design, &Options::default()).unwrap();
    assert_eq!(found.collinear, [Term::Column(0), Term::Column(2)]);
    assert_eq!(found.coefficients.len(), 1);
    assert_eq!((found.k, found.k_full), (2, 11));
}

#[test]
fn stats_one_cluster_gives_values_without_errors() {
    let one = vec![0_u32; 6];
    let y = [0.0, 1.0, 1.0, 0.0, 1.0, 0.0];
    let x: [&[f64]; 1] = [&[1.0, 2.0, 3.0, 4.0, 5.0, 7.0]];
    let design = Design {
        y: &y,
        x: &x,
        absorb: &[],
        clusters: &[&one],
        categories: None,
    };
    for vcov in [Vcov::Cr0, Vcov::Cr1, Vcov::Cr2, Vcov::Cr3] {
        let found = regress(
            &design,
            &Options {
                vcov,
                ..Options::default()
            },
        )
        .unwrap();
        assert_eq!(found.coefficients[0].0, Term::Intercept);
        let tested = found.coefficients[1].1;
        assert!(
            tested.estimate.value.is_finite()
                && tested.estimate.se_cluster.is_none()
                && tested.p_value.is_none()
        );
    }
    let two: [&[u32]; 2] = [&one, &one];
    let both = Design {
        clusters: &two,
        ..design
    };
    assert_eq!(
        regress(
            &both,
            &Options {
                vcov: Vcov::Cr2,
                ..Options::default()
            }
        )
        .unwrap_err(),
        Undefined::NotAvailable
    );
    assert_eq!(
        regress(
            &Design {
                y: &[1.0; 6],
                ..design
            },
            &Options::default()
        )
        .unwrap_err(),
        Undefined::Constant
    );
    let alone: [&[u32]; 1] = [&[1, 2, 3, 4, 5, 6]];
    assert_eq!(
        regress(
            &Design {
                absorb: &alone,
                ..design
            },
            &Options::default()
        )
        .unwrap_err(),
        Undefined::NoPairs
    );
}

#[test]
fn stats_adjusted_means_of_a_saturated_model_are_the_plain_means() {
    let categories: Vec<u32> = (0..30).map(|i| [2, 5, 9][i % 3]).collect();
    let y: Vec<f64> = (0..30)
        .map(|i| f64::from(u8::from(i * i % 11 < 4)))
        .collect();
    let clusters: Vec<u32> = (0..30).map(|i| i / 5).collect();
    let design = Design {
        y: &y,
        x: &[],
        absorb: &[],
        clusters: &[&clusters],
        categories: Some(&categories),
    };
    let found = regress(&design, &Options::default()).unwrap();
    for (code, mean) in &found.adjusted_means {
        let of_category: Vec<f64> = y
            .iter()
            .zip(&categories)
            .filter(|(_, c)| *c == code)
            .map(|(y, _)| *y)
            .collect();
        assert!(close(
            mean.unwrap().estimate.value,
            of_category.iter().sum::<f64>() / 10.0,
            1e-12
        ));
        assert!(mean.unwrap().estimate.se_cluster.unwrap() > 0.0);
    }
    assert_eq!(found.coefficients[1].0, Term::Category(5));
}
