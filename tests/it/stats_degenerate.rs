//! Data on which statistics have no value, or a value without spread: decided on counts, with a reason, never NaN.

use harness::stats::agreement::{TwoRaterAgreement, TwoRaters, two_raters};
use harness::stats::alpha::alpha;
use harness::stats::estimate::{Interval, Statistic, Undefined};
use harness::stats::kappa::cohen;
use harness::stats::metric::Metric;
use harness::stats::paired_shares::PairedShares;
use harness::stats::panel::{Panel, PanelAgreement, panel};
use harness::stats::proportion::{clopper_pearson, jeffreys, wilson};
use harness::stats::table::Confusion;
use harness::stats::units::Units;
use harness::stats::weights::{Weights, WeightsError};

fn agreement(
    a: &[Option<u16>],
    b: &[Option<u16>],
    categories: usize,
    clusters: Option<&[u32]>,
) -> TwoRaterAgreement {
    two_raters(&TwoRaters {
        a,
        b,
        categories,
        values: None,
        clusters,
        confidence: 0.95,
    })
}

fn codes(values: &[u16]) -> Vec<Option<u16>> {
    values.iter().copied().map(Some).collect()
}

#[track_caller]
fn assert_certain(statistic: Statistic, value: f64) {
    let it = statistic.unwrap();
    assert!((it.value - value).abs() <= 0.0, "{it:?}");
    assert_eq!(it.se, Some(0.0), "{it:?}");
    assert!(it.zero_variance, "{it:?}");
}

#[test]
fn without_a_pair_everything_is_undefined() {
    let it = agreement(&[Some(0), None, None], &[None, Some(1), None], 2, None);
    assert_eq!(
        (it.n, it.n_missing, it.n_missing_a, it.n_missing_b),
        (0, 3, 2, 2)
    );
    for statistic in [
        it.percent_agreement,
        it.cohen_kappa,
        it.cohen_kappa_linear,
        it.scott_pi,
        it.gwet_ac1,
        it.brennan_prediger,
        it.alpha_nominal,
        it.alpha_ordinal,
        it.mcc,
        it.macro_f1,
        it.weighted_f1,
        it.balanced_accuracy,
        it.within_one,
    ] {
        assert_eq!(statistic, Err(Undefined::NoPairs));
    }
    for index in [
        it.kappa_max,
        it.pabak,
        it.prevalence_index,
        it.bias_index,
        it.macro_f1_declared,
    ] {
        assert_eq!(index, Err(Undefined::NoPairs));
    }
    assert_eq!(it.stuart_maxwell, Err(Undefined::NoPairs));
    assert_eq!(it.bhapkar, Err(Undefined::NoPairs));
    assert_eq!(it.bowker, Err(Undefined::NoPairs));
    assert!(it.mcc_sklearn.abs() <= 0.0);
}

#[test]
fn kappa_is_undefined_when_both_raters_use_one_class_but_ac1_is_one() {
    let it = agreement(&codes(&[1; 20]), &codes(&[1; 20]), 3, None);
    for statistic in [
        it.cohen_kappa,
        it.cohen_kappa_linear,
        it.cohen_kappa_quadratic,
        it.scott_pi,
        it.scott_pi_linear,
        it.alpha_nominal,
        it.alpha_ordinal,
        it.alpha_interval,
        it.alpha_ratio,
        it.mcc,
    ] {
        assert_eq!(statistic, Err(Undefined::OneClass));
    }
    assert_eq!(it.kappa_max, Err(Undefined::OneClass));
    for statistic in [
        it.gwet_ac1,
        it.gwet_ac2_linear,
        it.gwet_ac2_quadratic,
        it.brennan_prediger,
    ] {
        assert_certain(statistic, 1.0);
    }
    let agreement = it.percent_agreement.unwrap();
    assert_eq!(agreement.interval, Some(wilson(20.0, 20.0, 0.95)));
    assert_eq!(it.stuart_maxwell, Err(Undefined::NoDiscordant));
    let bowker = it.bowker.unwrap();
    assert_eq!(
        (bowker.test.df, bowker.test.p_value, bowker.df_full),
        (0, None, 3)
    );
}

#[test]
fn a_single_declared_category_leaves_no_choice() {
    let it = agreement(&codes(&[0; 7]), &codes(&[0; 7]), 1, None);
    assert_eq!(it.gwet_ac1, Err(Undefined::OneCategoryDeclared));
    assert_eq!(it.brennan_prediger, Err(Undefined::OneCategoryDeclared));
    assert_eq!(it.pabak, Err(Undefined::OneCategoryDeclared));
    assert_eq!(it.cohen_kappa, Err(Undefined::OneClass));
    assert_eq!(it.prevalence_index, Err(Undefined::NotBinary));
    assert!((it.percent_agreement.unwrap().value - 1.0).abs() <= 0.0);
}

#[test]
fn kappa_of_one_constant_rater_is_exactly_zero() {
    for (a, b) in [
        ([0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 1, 0, 2, 2]),
        ([0, 1, 2, 1, 0, 2, 2], [2; 7]),
    ] {
        let it = agreement(&codes(&a), &codes(&b), 3, None);
        for statistic in [
            it.cohen_kappa,
            it.cohen_kappa_linear,
            it.cohen_kappa_quadratic,
        ] {
            assert_certain(statistic, 0.0);
        }
        assert_eq!(it.mcc, Err(Undefined::Constant));
        assert!(it.mcc_sklearn.abs() <= 0.0);
    }
}

#[test]
fn perfect_agreement_is_one_without_spread() {
    let labels = codes(&[0, 1, 2, 2, 1, 0, 0, 2, 1, 1, 1]);
    let users: Vec<u32> = (0..11).map(|item| item % 4).collect();
    for clusters in [None, Some(users.as_slice())] {
        let it = agreement(&labels, &labels, 3, clusters);
        for statistic in [
            it.cohen_kappa,
            it.cohen_kappa_linear,
            it.cohen_kappa_quadratic,
            it.scott_pi,
            it.scott_pi_quadratic,
            it.gwet_ac1,
            it.gwet_ac2_linear,
            it.brennan_prediger,
            it.alpha_nominal,
            it.alpha_ordinal,
            it.alpha_interval,
            it.alpha_ratio,
            it.mcc,
            it.macro_f1,
            it.weighted_f1,
            it.balanced_accuracy,
        ] {
            assert_certain(statistic, 1.0);
        }
        let share = it.percent_agreement.unwrap();
        let cases = if clusters.is_some() { 4.0 } else { 11.0 };
        assert!(!share.zero_variance, "Wilson's interval holds here");
        assert_eq!(share.interval, Some(wilson(cases, cases, 0.95)));
    }
}

#[test]
fn one_item_has_a_value_but_no_error() {
    let it = agreement(&codes(&[0]), &codes(&[1]), 2, None);
    let kappa = it.cohen_kappa.unwrap();
    assert!(kappa.value.abs() <= 0.0);
    assert_eq!((kappa.se, kappa.interval), (None, None));
    assert!(
        it.percent_agreement.unwrap().interval.is_some(),
        "Wilson's interval needs no error"
    );
}

#[test]
fn a_single_user_gives_no_clustered_error_and_no_interval() {
    let it = agreement(
        &codes(&[0, 1, 1, 0]),
        &codes(&[0, 1, 0, 0]),
        2,
        Some(&[9, 9, 9, 9]),
    );
    for statistic in [it.cohen_kappa, it.percent_agreement, it.macro_f1] {
        let statistic = statistic.unwrap();
        assert!(statistic.se.is_some());
        assert_eq!((statistic.se_cluster, statistic.interval), (None, None));
    }
    assert_eq!(it.n_clusters, Some(1));
}

#[test]
fn users_of_left_out_items_do_not_count() {
    let it = agreement(
        &[Some(0), Some(1), None],
        &codes(&[0, 1, 1]),
        2,
        Some(&[1, 2, 3]),
    );
    assert_eq!((it.n, it.n_clusters), (2, Some(2)));
}

#[test]
fn a_class_never_predicted_has_no_precision_and_one_never_seen_no_recall() {
    let it = agreement(&codes(&[0, 0, 1, 1]), &codes(&[0, 0, 0, 2]), 4, None);
    let reasons = |class: usize| {
        let class = &it.per_class[class];
        (class.precision.err(), class.recall.err(), class.f1.err())
    };
    assert_eq!(reasons(0), (None, None, None));
    assert_eq!(reasons(1), (Some(Undefined::NoCases), None, None));
    assert_eq!(reasons(2), (None, Some(Undefined::NoCases), None));
    assert_eq!(
        reasons(3),
        (
            Some(Undefined::NoCases),
            Some(Undefined::NoCases),
            Some(Undefined::NoCases)
        )
    );
    assert!(it.per_class[1].f1.unwrap().value.abs() <= 0.0);
    // Three classes are seen, F1 .8, 0 and 0; four are declared.
    assert!((it.macro_f1.unwrap().value - 0.8 / 3.0).abs() < 1e-15);
    assert!((it.macro_f1_declared.unwrap() - 0.2).abs() < 1e-15);
}

#[test]
fn an_unused_category_stays_on_the_scale() {
    let (a, b) = (codes(&[0, 0, 4, 4, 3]), codes(&[0, 4, 4, 4, 3]));
    let five = agreement(&a, &b, 5, None);
    let seven = agreement(&a, &b, 7, None);
    assert_eq!(
        five.cohen_kappa.unwrap().value.to_bits(),
        seven.cohen_kappa.unwrap().value.to_bits()
    );
    assert!(five.gwet_ac1.unwrap().value < seven.gwet_ac1.unwrap().value);
    assert!(five.brennan_prediger.unwrap().value < seven.brennan_prediger.unwrap().value);
}

#[test]
fn without_discordant_items_mcnemar_says_one_and_tango_still_has_width() {
    let shares = PairedShares {
        both: 20,
        first_only: 0,
        second_only: 0,
        neither: 0,
    };
    let test = shares.mcnemar();
    assert!(test.no_discordant && test.exact_p >= 1.0 && test.mid_p >= 1.0);
    assert_eq!(test.chi2, Err(Undefined::NoDiscordant));
    let tango = shares.tango(0.95).unwrap();
    assert!(
        (tango.high - 0.161_125_158_052_817).abs() < 1e-12
            && (tango.low + tango.high).abs() < 1e-15
    );
    let none = PairedShares { both: 0, ..shares };
    assert_eq!(none.tango(0.95), Err(Undefined::NoPairs));
    assert_eq!(none.newcombe(0.95), Err(Undefined::NoPairs));
}

#[test]
fn tango_and_exact_tests_hold_at_the_extremes() {
    let shares = PairedShares {
        both: 0,
        first_only: 12,
        second_only: 0,
        neither: 0,
    };
    let tango = shares.tango(0.95).unwrap();
    assert!(
        (tango.high - 1.0).abs() < 1e-12 && tango.low > 0.5,
        "{tango:?}"
    );
    assert!((shares.mcnemar().exact_p - 2.0_f64.powi(-11)).abs() < 1e-15);
    let large = PairedShares {
        both: 0,
        first_only: 600_000,
        second_only: 598_000,
        neither: 0,
    };
    // The normal approximation at this size: z = 2000/√1198000.
    assert!((large.mcnemar().mid_p - large.mcnemar().chi2_p.unwrap()).abs() < 1e-6);
}

#[test]
fn intervals_of_no_case_say_nothing_and_ends_are_exact() {
    let anything = Interval {
        low: 0.0,
        high: 1.0,
    };
    assert_eq!(
        [
            wilson(0.0, 0.0, 0.95),
            clopper_pearson(0, 0, 0.95),
            jeffreys(0, 0, 0.95)
        ],
        [anything; 3]
    );
    for none in [
        wilson(0.0, 30.0, 0.95),
        clopper_pearson(0, 30, 0.95),
        jeffreys(0, 30, 0.95),
    ] {
        assert!(none.low <= 0.0 && none.high < 0.15);
    }
    for all in [
        wilson(30.0, 30.0, 0.95),
        clopper_pearson(30, 30, 0.95),
        jeffreys(30, 30, 0.95),
    ] {
        assert!(all.high >= 1.0 && all.low > 0.85);
    }
}

#[test]
fn bhapkar_needs_variance_in_the_margins() {
    let it = agreement(&codes(&[0; 5]), &codes(&[1; 5]), 2, None);
    assert_eq!(it.bhapkar, Err(Undefined::Singular));
    assert!((it.stuart_maxwell.unwrap().statistic - 5.0).abs() < 1e-12);
}

#[test]
fn classes_that_no_disagreement_connects_have_fewer_degrees_of_freedom() {
    // Disagreements within {0, 1} and within {2, 3} only.
    let table = [5, 3, 0, 0, 1, 5, 0, 0, 0, 0, 5, 4, 0, 0, 2, 5];
    let table = Confusion::from_counts(4, table.to_vec());
    let it = harness::stats::symmetry::stuart_maxwell(&table).unwrap();
    assert_eq!(it.df, 2);
    assert!((it.statistic - (4.0 / 4.0 + 4.0 / 6.0)).abs() < 1e-12);
}

#[test]
fn a_ratio_scale_has_no_negative_values() {
    let ratings = TwoRaters {
        a: &codes(&[0, 1, 2]),
        b: &codes(&[0, 1, 1]),
        categories: 3,
        values: Some(&[-1.0, 0.0, 1.0]),
        clusters: None,
        confidence: 0.95,
    };
    let it = two_raters(&ratings);
    assert_eq!(it.alpha_ratio, Err(Undefined::OutOfRange));
    assert!(it.alpha_interval.is_ok());
}

fn panel_of(raters: &[&[Option<u16>]]) -> PanelAgreement {
    panel(&Panel {
        raters,
        categories: 2,
        values: None,
        clusters: None,
        confidence: 0.95,
    })
}

#[test]
fn a_panel_needs_a_unit_with_two_ratings() {
    let (a, b) = ([Some(0), None, None], [None, Some(1), None]);
    let it = panel_of(&[&a, &b]);
    for statistic in [
        it.unweighted.percent_agreement,
        it.unweighted.fleiss_kappa,
        it.unweighted.conger_kappa,
        it.unweighted.gwet,
        it.unweighted.brennan_prediger,
        it.unweighted.light_kappa,
    ] {
        assert_eq!(statistic, Err(Undefined::NoPairs));
    }
    assert_eq!(
        (it.n, it.n_pairable, it.n_complete, it.n_missing),
        (2, 0, 0, 3)
    );
    let units = Units::from_raters(&[&a, &b], 2);
    assert_eq!(
        alpha(&units, Metric::Nominal, &[1.0, 2.0], None, 0.95),
        Err(Undefined::NoPairs)
    );
    assert_eq!((units.len(), units.unrated(), units.pairable()), (2, 1, 0));
}

#[test]
fn a_panel_of_one_class_has_ac1_of_one_and_no_kappa() {
    let column = codes(&[1; 9]);
    let raters: [&[Option<u16>]; 3] = [&column, &column, &column];
    let it = panel_of(&raters);
    for statistic in [
        it.unweighted.fleiss_kappa,
        it.unweighted.conger_kappa,
        it.unweighted.light_kappa,
    ] {
        assert_eq!(statistic, Err(Undefined::OneClass));
    }
    assert_certain(it.unweighted.gwet, 1.0);
    assert_certain(it.unweighted.brennan_prediger, 1.0);
    let units = Units::from_raters(&raters, 2);
    assert_eq!(
        alpha(&units, Metric::Ordinal, &[1.0, 2.0], None, 0.95),
        Err(Undefined::OneClass)
    );
}

#[test]
fn a_rater_who_rated_nothing_changes_nothing() {
    let (a, b, nobody) = (
        codes(&[0, 1, 1, 0, 1]),
        codes(&[0, 1, 0, 0, 1]),
        vec![None; 5],
    );
    let of = |raters: &[&[Option<u16>]]| {
        let it = panel_of(raters);
        (
            it.unweighted.fleiss_kappa,
            it.unweighted.conger_kappa,
            it.unweighted.gwet,
        )
    };
    assert_eq!(of(&[&a, &b]), of(&[&a, &b, &nobody]));
}

#[test]
fn weights_that_are_none_are_refused() {
    assert_eq!(Weights::custom(2, vec![0.0; 3]), Err(WeightsError::Size));
    assert_eq!(
        Weights::custom(2, vec![0.0, -1.0, 1.0, 0.0]),
        Err(WeightsError::Value)
    );
    assert_eq!(
        Weights::custom(2, vec![0.0, f64::NAN, 1.0, 0.0]),
        Err(WeightsError::Value)
    );
    assert_eq!(
        Weights::custom(2, vec![1.0, 1.0, 1.0, 0.0]),
        Err(WeightsError::Value)
    );
    // Without any disagreement there is nothing for chance to explain.
    let flat = Weights::custom(2, vec![0.0; 4]).unwrap();
    assert_eq!(
        cohen(&Confusion::from_counts(2, vec![3, 1, 1, 3]), &flat),
        Err(Undefined::OneClass)
    );
}

#[test]
#[should_panic(expected = "code 2 is not among 2 declared categories")]
fn an_undeclared_code_is_a_mistake_of_the_caller() {
    let _ = agreement(&codes(&[0, 2]), &codes(&[0, 1]), 2, None);
}

#[test]
fn counts_beyond_32_bits_do_not_overflow() {
    let big = 3_000_000_000;
    let table = Confusion::from_counts(2, vec![big, big / 10, big / 10, big]);
    let small = Confusion::from_counts(2, vec![10, 1, 1, 10]);
    for weights in [
        Weights::identity(2),
        Weights::linear(2),
        Weights::quadratic(2),
    ] {
        let (one, other) = (
            cohen(&table, &weights).unwrap(),
            cohen(&small, &weights).unwrap(),
        );
        assert!((one - other).abs() < 1e-14);
    }
    let mcc = harness::stats::mcc::mcc(&table).unwrap();
    assert!((mcc - harness::stats::mcc::mcc(&small).unwrap()).abs() < 1e-14);
}
