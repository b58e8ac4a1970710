//! What holds for the statistics of numbers on any data.

use harness::stats::continuous::two_raters_numbers;
use harness::stats::dist;
use harness::stats::estimate::Undefined;
use harness::stats::rank;
use proptest::prelude::*;

#[allow(clippy::needless_pass_by_value)]
fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1.0)
}

fn ratings() -> impl Strategy<Value = Vec<(f64, f64)>> {
    // A coarse grid, so that ties and constant columns occur.
    prop::collection::vec((0_u8..12, 0_u8..12), 2..40).prop_map(|pairs| {
        pairs
            .into_iter()
            .map(|(x, y)| (f64::from(x) / 4.0, f64::from(y) / 4.0))
            .collect()
    })
}

fn columns(pairs: &[(f64, f64)]) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    pairs.iter().map(|(x, y)| (Some(*x), Some(*y))).unzip()
}

proptest! {
    #[test]
    fn quantiles_invert_their_distribution_functions(
        p in 1e-9..1.0_f64, a in 0.2..5e5_f64, b in 0.2..5e5_f64,
    ) {
        let x = dist::beta_quantile(p, a, b);
        prop_assert!((0.0..=1.0).contains(&x));
        // Where x sits next to 1 its last digit moves the probability by more than rounding.
        let slack = (dist::beta_cdf(x * (1.0 + 4e-16), a, b) - dist::beta_cdf(x * (1.0 - 4e-16), a, b)).abs();
        prop_assert!((dist::beta_cdf(x, a, b) - p).abs() <= 1e-11 * p.max(1e-3) + slack, "{} {}", dist::beta_cdf(x, a, b), p);
        prop_assert!(close(dist::t_cdf(dist::t_quantile(p, a), a), p, 1e-11));
        prop_assert!(close(dist::f_cdf(dist::f_quantile(p, a, b), a, b), p, 1e-9));
        prop_assert!(close(dist::normal_cdf(dist::normal_quantile(p)), p, 1e-14));
    }

    #[test]
    fn binomial_weights_add_up_to_the_distribution_function(n in 1_u64..300, k in 0_u64..300, p in 0.0..=1.0_f64) {
        let k = k.min(n);
        let added: f64 = (0..=k).map(|j| dist::binomial_pmf(j, n, p)).sum();
        prop_assert!((added - dist::binomial_cdf(k, n, p)).abs() < 1e-12);
    }

    #[test]
    fn swapping_the_raters_leaves_symmetric_statistics(pairs in ratings()) {
        let (a, b) = columns(&pairs);
        let (one, two) = (two_raters_numbers(&a, &b, 0.95), two_raters_numbers(&b, &a, 0.95));
        for (x, y) in [
            (one.icc_1_1, two.icc_1_1), (one.icc_2_1, two.icc_2_1), (one.icc_3_1, two.icc_3_1),
            (one.lin_ccc, two.lin_ccc), (one.pearson, two.pearson),
        ] {
            match (x, y) {
                (Ok(x), Ok(y)) => prop_assert!(close(x.value, y.value, 1e-12)),
                (x, y) => prop_assert_eq!(x.err(), y.err()),
            }
        }
        prop_assert_eq!(one.kendall_tau_b, two.kendall_tau_b);
        prop_assert_eq!(one.spearman, two.spearman);
    }

    #[test]
    fn a_common_scale_and_shift_leaves_agreement_and_reversal_does_too(pairs in ratings(), scale in 0.1..50.0_f64, shift in -20.0..20.0_f64) {
        let moved: Vec<_> = pairs.iter().rev().map(|(x, y)| (x * scale + shift, y * scale + shift)).collect();
        let ((a, b), (c, d)) = (columns(&pairs), columns(&moved));
        let (one, two) = (two_raters_numbers(&a, &b, 0.95), two_raters_numbers(&c, &d, 0.95));
        for (x, y) in [(one.icc_1_1, two.icc_1_1), (one.icc_2_1, two.icc_2_1), (one.lin_ccc, two.lin_ccc), (one.pearson, two.pearson)] {
            if let (Ok(x), Ok(y)) = (x, y) {
                prop_assert!(close(x.value, y.value, 1e-9), "{x:?} {y:?}");
            }
        }
    }

    #[test]
    fn numbers_stay_in_their_range_and_are_never_nan(pairs in ratings()) {
        let (a, b) = columns(&pairs);
        let found = two_raters_numbers(&a, &b, 0.95);
        for statistic in [found.icc_1_1, found.icc_2_1, found.icc_3_1, found.lin_ccc, found.pearson].into_iter().flatten() {
            prop_assert!(statistic.value <= 1.0 + 1e-12 && !statistic.value.is_nan());
            prop_assert!(statistic.se.is_none_or(f64::is_finite), "{statistic:?}");
            if let Some(interval) = statistic.interval {
                prop_assert!(interval.low <= interval.high + 1e-12, "{statistic:?}");
                prop_assert!(interval.low <= statistic.value + 1e-9 && statistic.value <= interval.high + 1e-9, "{statistic:?}");
            }
        }
        if let (Ok(mae), Ok(rmse)) = (found.mae, found.rmse) {
            prop_assert!(mae <= rmse + 1e-12);
        }
        if let (Ok(ccc), Ok(r)) = (found.lin_ccc, found.pearson) {
            prop_assert!(ccc.value.abs() <= r.value.abs() + 1e-12);
        }
    }

    #[test]
    fn kendall_counts_as_the_definition_does(pairs in ratings()) {
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let (mut difference, mut untied_a, mut untied_b) = (0.0, 0.0, 0.0);
        for i in 0..a.len() {
            for j in 0..i {
                let order = |x: f64, y: f64| x.partial_cmp(&y).unwrap() as i32;
                let (p, q) = (f64::from(order(a[i], a[j])), f64::from(order(b[i], b[j])));
                difference += p * q;
                untied_a += p * p;
                untied_b += q * q;
            }
        }
        match rank::kendall_tau_b(&a, &b) {
            Ok(tau) => prop_assert!(close(tau, difference / f64::sqrt(untied_a * untied_b), 1e-12)),
            Err(why) => {
                prop_assert_eq!(why, Undefined::Constant);
                prop_assert!(untied_a * untied_b < 0.5);
            }
        }
    }
}

#[test]
fn distribution_functions_agree_with_thirty_digit_arithmetic() {
    for (got, expected) in [
        (dist::normal_quantile(0.975), 1.959_963_984_540_054),
        (dist::normal_critical(0.9), 1.644_853_626_951_472_7),
        (dist::normal_sf(10.0), 7.619_853_024_160_526e-24),
        (dist::normal_cdf(0.3), 0.617_911_422_188_952_6),
        (dist::t_quantile(0.975, 1.0), 12.706_204_736_174_71),
        (dist::t_quantile(0.975, 10.0), 2.228_138_851_986_274_2),
        (dist::t_quantile(0.025, 39.0), -2.022_690_920_036_760_5),
        (dist::t_sf(40.0, 30.0), 6.863_022_597_203_322e-28),
        (dist::t_sf(3.5, 2.7), 0.023_262_802_460_970_662),
        (dist::t_sf(1.2, 400_000.0), 0.115_070_025_581_949_85),
        (dist::chi2_sf(3.841_458_820_694_124, 1.0), 0.05),
        (dist::f_quantile(0.95, 3.0, 20.0), 3.098_391_212_140_779),
        (dist::f_quantile(0.975, 39.0, 39.7), 1.883_551_881_519_837),
        (dist::f_quantile(0.025, 5.0, 1.3), 0.106_995_623_903_118_54),
        (dist::beta_cdf(0.5, 1e5, 1e5), 0.5),
        (dist::beta_cdf(0.5, 1e7, 1e7), 0.5),
        (dist::binomial_cdf(2, 10, 0.5), 0.054_687_5),
    ] {
        assert!(
            (got / expected - 1.0).abs() <= 1e-12,
            "{got:e} {expected:e}"
        );
    }
}

#[test]
fn agreement_is_undefined_without_pairs_and_for_a_constant_rater() {
    let none = two_raters_numbers(&[Some(1.0), None], &[None, Some(1.0)], 0.95);
    assert_eq!((none.n, none.n_missing_a, none.n_missing_b), (0, 1, 1));
    assert_eq!(none.icc_2_1, Err(Undefined::NoPairs));
    assert_eq!(none.mae, Err(Undefined::NoPairs));
    let constant = two_raters_numbers(&[Some(1.0), Some(1.0)], &[Some(1.0), Some(2.0)], 0.95);
    assert_eq!(constant.icc_2_1, Err(Undefined::Constant));
    assert_eq!(constant.lin_ccc, Err(Undefined::Constant));
    assert_eq!(constant.spearman, Err(Undefined::Constant));
    assert_eq!(constant.kendall_tau_b, Err(Undefined::Constant));
    assert!((constant.mae.unwrap() - 0.5).abs() < 1e-15);
    let zero = two_raters_numbers(&[Some(0.0), Some(1.0)], &[Some(1.0), Some(2.0)], 0.95);
    assert_eq!(zero.median_ratio, Err(Undefined::OutOfRange));
    let broken = two_raters_numbers(&[Some(f64::NAN), Some(1.0)], &[Some(1.0), Some(2.0)], 0.95);
    assert_eq!(broken.rmse, Err(Undefined::OutOfRange));
}

#[test]
fn identical_numbers_agree_perfectly() {
    let numbers: Vec<Option<f64>> = [0.1, 0.7, 0.30000000000000004].map(Some).to_vec();
    let found = two_raters_numbers(&numbers, &numbers, 0.95);
    for statistic in [found.icc_1_1, found.icc_2_1, found.icc_3_1, found.lin_ccc] {
        let estimate = statistic.unwrap();
        assert!((estimate.value - 1.0).abs() < 1e-12, "{estimate:?}");
        assert!(estimate.zero_variance, "{estimate:?}");
    }
}
