//! What holds for trend, calibration, prevalence, the alternative annotator test, adjustment and sample sizes.

use harness::stats::alt_test::{AltTestOptions, Scoring, alt_test};
use harness::stats::calibration::{brier_of_classes, calibration, ece_if_calibrated, roc_auc};
use harness::stats::error_matrix::invert_error_matrix;
use harness::stats::estimate::Undefined;
use harness::stats::multiplicity::{Adjustment, adjust};
use harness::stats::power::{self, Errors};
use harness::stats::ppi::{Weight, prediction_powered_mean};
use harness::stats::prevalence::{Items, Options, prevalence};
use harness::stats::rogan_gladen::{Counts, rogan_gladen};
use harness::stats::trend::jonckheere;
use proptest::prelude::*;

const METHODS: [Adjustment; 4] = [
    Adjustment::Holm,
    Adjustment::BenjaminiHochberg,
    Adjustment::BenjaminiYekutieli,
    Adjustment::Bonferroni,
];

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1.0)
}

proptest! {
    #[test]
    fn adjusted_p_values_keep_order_and_undefined_tests_leave_m(p in prop::collection::vec(prop::option::of(0.0..=1.0_f64), 1..30)) {
        let defined: Vec<Option<f64>> = p.iter().copied().filter(Option::is_some).collect();
        for method in METHODS {
            let adjusted = adjust(&p, method).unwrap();
            let without: Vec<Option<f64>> = adjusted.iter().copied().filter(Option::is_some).collect();
            prop_assert_eq!(&adjust(&defined, method).unwrap(), &without);
            for (before, after) in p.iter().zip(&adjusted) {
                prop_assert_eq!(before.is_some(), after.is_some());
                if let (Some(before), Some(after)) = (before, after) {
                    prop_assert!(after >= before && *after <= 1.0);
                }
            }
            for (i, j) in (0..p.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
                if let (Some(a), Some(b)) = (p[i], p[j]) && a <= b {
                    prop_assert!(adjusted[i] <= adjusted[j]);
                }
            }
        }
        let (holm, bonferroni) = (adjust(&p, Adjustment::Holm).unwrap(), adjust(&p, Adjustment::Bonferroni).unwrap());
        for (one, other) in holm.iter().flatten().zip(bonferroni.iter().flatten()) {
            prop_assert!(one <= other);
        }
    }

    #[test]
    fn trend_counts_as_the_definition_does_and_turns_with_the_groups(
        rows in prop::collection::vec((0_u8..5, 0_u8..8), 3..40),
    ) {
        let (groups, values): (Vec<f64>, Vec<f64>) = rows.iter().map(|(g, v)| (f64::from(*g), f64::from(*v))).unzip();
        let Ok(found) = jonckheere(&groups, &values) else { return Ok(()) };
        let mut statistic = 0.0;
        for i in 0..rows.len() {
            for j in 0..rows.len() {
                if groups[i] < groups[j] {
                    statistic += if values[i] < values[j] { 1.0 } else if values[i] > values[j] { 0.0 } else { 0.5 };
                }
            }
        }
        prop_assert!(close(found.statistic, statistic, 1e-12));
        prop_assert!(found.variance > 0.0 && (0.0..=1.0).contains(&found.p_value));
        let turned: Vec<f64> = groups.iter().map(|group| -group).collect();
        prop_assert!(close(jonckheere(&turned, &values).unwrap().z, -found.z, 1e-9));
    }

    #[test]
    fn calibration_is_within_bounds_and_blind_to_order(rows in prop::collection::vec((any::<bool>(), 0_u16..=1000), 1..60)) {
        let (y, p): (Vec<bool>, Vec<f64>) = rows.iter().map(|(y, p)| (*y, f64::from(*p) / 1000.0)).unzip();
        let found = calibration(&y, &p).unwrap();
        let (reversed_y, reversed_p): (Vec<bool>, Vec<f64>) = y.iter().copied().zip(p.iter().copied()).rev().unzip();
        let other = calibration(&reversed_y, &reversed_p).unwrap();
        for (a, b) in [
            (found.brier, other.brier), (found.ece_10, other.ece_10), (found.ece_15, other.ece_15),
            (found.mce_15, other.mce_15), (found.ece_equal_mass, other.ece_equal_mass),
        ] {
            prop_assert!(close(a, b, 1e-12));
            prop_assert!((0.0..=1.0 + 1e-12).contains(&a));
        }
        prop_assert!(found.ece_15 <= found.mce_15 + 1e-12);
        let classes: Vec<usize> = y.iter().map(|y| usize::from(*y)).collect();
        let rows: Vec<Vec<f64>> = p.iter().map(|p| vec![1.0 - p, *p]).collect();
        prop_assert!(close(brier_of_classes(&classes, &rows).unwrap(), 2.0 * found.brier, 1e-12));
        let flipped: Vec<f64> = p.iter().map(|p| -p).collect();
        if let Ok(auc) = found.roc_auc {
            prop_assert!(close(roc_auc(&y, &flipped).unwrap(), 1.0 - auc, 1e-12));
        }
    }

    #[test]
    fn rogan_gladen_gives_back_the_share_that_made_the_data(
        positives in 1_u64..400, negatives in 1_u64..400, tp in 0_u64..400, tn in 0_u64..400, x in 0_u64..500,
    ) {
        let (tp, tn) = (tp.min(positives), tn.min(negatives));
        let counts = Counts {
            positive: x, tested: 500, true_positives: tp, gold_positives: positives, true_negatives: tn, gold_negatives: negatives,
        };
        let gold = vec![vec![tn, negatives - tn], vec![positives - tp, tp]];
        let inverted = invert_error_matrix(&gold, &[500 - x, x]).unwrap();
        prop_assert!(inverted.shares.iter().all(|share| (0.0..=1.0).contains(share)));
        prop_assert!(close(inverted.shares.iter().sum(), 1.0, 1e-12));
        match rogan_gladen(&counts, 0.95) {
            Ok(estimate) => {
                let (se, sp) = (tp as f64 / positives as f64, tn as f64 / negatives as f64);
                prop_assert!(close(estimate.value * se + (1.0 - estimate.value) * (1.0 - sp), x as f64 / 500.0, 1e-9));
                prop_assert!(close(inverted.raw.unwrap()[1], estimate.value, 1e-9));
                prop_assert!(close(inverted.shares[1], estimate.value.clamp(0.0, 1.0), 1e-9));
            }
            Err(why) => {
                prop_assert_eq!(why, Undefined::NoInformation);
                prop_assert!(tp * negatives + tn * positives <= positives * negatives);
            }
        }
    }

    #[test]
    fn inverted_shares_beat_every_single_class_and_every_mixture_nearby(
        cells in prop::collection::vec(1_u64..40, 16), seen in prop::collection::vec(0_u64..60, 4),
        mixture in prop::collection::vec(0.0..1.0_f64, 4),
    ) {
        prop_assume!(seen.iter().sum::<u64>() > 0 && mixture.iter().sum::<f64>() > 0.0);
        let gold: Vec<Vec<u64>> = cells.chunks(4).map(<[u64]>::to_vec).collect();
        let found = invert_error_matrix(&gold, &seen).unwrap();
        let total = seen.iter().sum::<u64>() as f64;
        let misfit = |x: &[f64]| -> f64 {
            (0..4).map(|j| {
                let fitted: f64 = (0..4).map(|k| x[k] * gold[k][j] as f64 / gold[k].iter().sum::<u64>() as f64).sum();
                (fitted - seen[j] as f64 / total).powi(2)
            }).sum()
        };
        let best = misfit(&found.shares);
        let sum: f64 = mixture.iter().sum();
        for weight in [1.0, 1e-2, 1e-4] {
            let near: Vec<f64> =
                found.shares.iter().zip(&mixture).map(|(x, m)| (1.0 - weight) * x + weight * m / sum).collect();
            prop_assert!(misfit(&near) >= best - 1e-12);
        }
    }

    #[test]
    fn tuned_predictions_are_never_worse_than_none_on_their_own_variance(
        rows in prop::collection::vec((any::<bool>(), any::<bool>()), 2..40), more in prop::collection::vec(any::<bool>(), 2..80),
    ) {
        let number = |flag: bool| f64::from(u8::from(flag));
        let (y, f): (Vec<f64>, Vec<f64>) = rows.iter().map(|(y, f)| (number(*y), number(*f))).unzip();
        let u: Vec<f64> = more.iter().map(|f| number(*f)).collect();
        let tuned = prediction_powered_mean(&y, &f, &u, Weight::Tuned, 0.95).unwrap();
        prop_assert!((0.0..=1.0).contains(&tuned.lambda));
        let constant = vec![1.0; u.len()];
        let without = prediction_powered_mean(&y, &vec![1.0; y.len()], &constant, Weight::Tuned, 0.95).unwrap();
        let classical = prediction_powered_mean(&y, &f, &[], Weight::Classical, 0.95).unwrap();
        prop_assert!(close(without.estimate.value, classical.estimate.value, 1e-12));
        prop_assert!(close(without.estimate.se.unwrap(), classical.estimate.se.unwrap(), 1e-12));
    }

    #[test]
    fn more_power_and_smaller_differences_need_more_items(k0 in 0.1..0.6_f64, gap in 0.05..0.3_f64, rate in 0.2..0.8_f64) {
        let items = |k1: f64, power: f64| {
            power::kappa_test_items((rate, rate), k1, k0, Errors { alpha: 0.05, power, two_sided: true }).unwrap()
        };
        prop_assert!(items(k0 + gap, 0.9) >= items(k0 + gap, 0.8));
        prop_assert!(items(k0 + gap, 0.8) >= items(k0 + gap + 0.05, 0.8));
        // With two categories the margins leave one table only, so the worst one is that.
        let errors = Errors { alpha: 0.05, power: 0.8, two_sided: true };
        let worst = power::kappa_test_items_of_categories(&[rate, 1.0 - rate], k0 + gap, k0, errors).unwrap();
        prop_assert_eq!(worst, items(k0 + gap, 0.8));
    }
}

fn survey() -> (Vec<Option<u32>>, Vec<Option<u32>>, Vec<u32>) {
    let gold = (0..600_u32)
        .map(|i| (i < 200).then_some((i / 3) % 3))
        .collect();
    let predicted = (0..600_u32)
        .map(|i| {
            Some(if i % 7 == 0 {
                (i / 3 + 1) % 3
            } else {
                (i / 3) % 3
            })
        })
        .collect();
    (gold, predicted, (0..600_u32).map(|i| i % 50).collect())
}

#[test]
fn prevalence_intervals_are_the_same_at_any_number_of_threads() {
    let (gold, predicted, users) = survey();
    for clusters in [None, Some(users.as_slice())] {
        let items = Items {
            gold: &gold,
            predicted: &predicted,
            clusters,
            classes: 3,
        };
        let options = Options {
            positive: 1,
            confidence: 0.95,
            replicates: 300,
            seed: 7,
        };
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| prevalence(&items, &options))
        };
        let found = run(1);
        assert_eq!(found, run(4));
        let interval = found.rogan_gladen_bootstrap.unwrap();
        let value = found.rogan_gladen.unwrap().value;
        assert!(interval.low < value && value < interval.high);
        assert_eq!(found.matrix_inversion_bootstrap.unwrap().len(), 3);
        assert!(found.matrix_inversion.unwrap().condition < 10.0);
    }
}

#[test]
fn prevalence_says_why_there_is_none() {
    let options = Options {
        positive: 1,
        confidence: 0.95,
        replicates: 10,
        seed: 1,
    };
    let of = |gold: &[Option<u32>], predicted: &[Option<u32>]| {
        prevalence(
            &Items {
                gold,
                predicted,
                clusters: None,
                classes: 2,
            },
            &options,
        )
    };
    let unlabelled = of(&[None, None], &[Some(1), None]);
    assert_eq!(
        (
            unlabelled.n_labelled,
            unlabelled.n_unlabelled,
            unlabelled.n_missing
        ),
        (0, 1, 1)
    );
    assert_eq!(unlabelled.rogan_gladen, Err(Undefined::NoCases));
    assert_eq!(unlabelled.classical, Err(Undefined::NoPairs));
    let useless = of(&[Some(0), Some(1), None], &[Some(1), Some(0), Some(1)]);
    assert_eq!(useless.rogan_gladen, Err(Undefined::NoInformation));
    assert_eq!(of(&[Some(5)], &[Some(0)]).raw, Err(Undefined::OutOfRange));
    let all_labelled = of(&[Some(0), Some(1)], &[Some(0), Some(1)]);
    assert_eq!(all_labelled.ppi, Err(Undefined::NoPairs));
    assert!(all_labelled.classical.is_ok());
}

#[test]
fn a_calibrated_classifier_still_shows_a_calibration_error() {
    let probabilities: Vec<f64> = (0..200).map(|i| f64::from(i) / 200.0).collect();
    let null = ece_if_calibrated(&probabilities, 15, 500, 3).unwrap();
    assert!(
        null.mean > 0.02 && null.mean < null.upper && null.upper < 0.2,
        "{null:?}"
    );
    assert_eq!(null, ece_if_calibrated(&probabilities, 15, 500, 3).unwrap());
    assert_eq!(
        calibration(&[true], &[1.5]).unwrap_err(),
        Undefined::OutOfRange
    );
    assert_eq!(calibration(&[], &[]).unwrap_err(), Undefined::NoPairs);
    assert_eq!(
        calibration(&[true], &[0.5]).unwrap().roc_auc,
        Err(Undefined::OneClass)
    );
    assert_eq!(calibration(&[true, false], &[0.0, 0.5]).unwrap().clipped, 1);
}

#[test]
fn a_model_that_copies_the_majority_passes_and_one_that_contradicts_it_fails() {
    // Three humans who err on items of their own.
    let truth: Vec<f64> = (0..90).map(|i| f64::from(i % 2)).collect();
    let human = |j: usize| -> Vec<Option<f64>> {
        truth
            .iter()
            .enumerate()
            .map(|(i, t)| Some(if i % 10 == j { 1.0 - t } else { *t }))
            .collect()
    };
    let humans = vec![human(0), human(3), human(6)];
    let majority: Vec<Option<f64>> = truth.iter().copied().map(Some).collect();
    let contrary: Vec<Option<f64>> = truth.iter().map(|t| Some(1.0 - t)).collect();
    for scoring in [Scoring::Accuracy, Scoring::NegativeRmse] {
        let options = AltTestOptions {
            scoring,
            ..AltTestOptions::default()
        };
        let good = alt_test(&majority, &humans, options).unwrap();
        assert!(good.passed && close(good.winning_rate, 1.0, 1e-12) && good.skipped.is_empty());
        assert!(
            close(good.humans[0].model_wins, 1.0, 1e-12)
                && close(good.humans[0].human_wins, 0.9, 1e-12)
        );
        let bad = alt_test(&contrary, &humans, options).unwrap();
        assert!(!bad.passed && bad.winning_rate < 0.01);
        assert_eq!(
            alt_test(
                &majority[..20],
                &humans.iter().map(|h| h[..20].to_vec()).collect::<Vec<_>>(),
                options
            ),
            Err(Undefined::TooFewItems)
        );
    }
    // No variation of d: certainty in either direction.
    let one_mind = vec![majority.clone(), majority.clone(), majority.clone()];
    let same = alt_test(&majority, &one_mind, AltTestOptions::default()).unwrap();
    assert!(same.humans.iter().all(|human| human.p_value < 1e-300));
    let never = alt_test(&contrary, &one_mind, AltTestOptions::default()).unwrap();
    assert!(
        never
            .humans
            .iter()
            .all(|human| close(human.p_value, 1.0, 1e-15))
    );
}

#[test]
fn sample_sizes_are_those_of_the_literature() {
    assert_eq!(
        power::goodness_of_fit_items(0.3, 0.6, 0.4, 0.05, 0.8),
        Ok(191)
    );
    assert_eq!(
        power::accuracy_gate_items(0.1, 0.02, 0.0, 0.05, 0.8),
        Ok(1546)
    );
    assert_eq!(
        power::gate_items(0.1, 0.02, -0.02, 0.05, 0.8),
        Err(Undefined::OutOfRange)
    );
    assert_eq!(power::users_for_items(1546, 10.0, 0.1), Ok(294));
    let errors = Errors {
        alpha: 0.05,
        power: 0.8,
        two_sided: false,
    };
    assert_eq!(
        power::kappa_test_items((0.5, 0.5), 0.7, 0.85, errors),
        Ok(96)
    );
    assert_eq!(
        power::kappa_test_items((0.1, 0.9), 0.9, 0.5, errors),
        Err(Undefined::OutOfRange)
    );
    let width = power::kappa_interval_items((0.5, 0.5), 0.7, 0.1, 0.95).unwrap();
    assert_eq!(
        width,
        (1.959_963_984_540_054_f64 / 0.1)
            .powi(2)
            .mul_add(1.0 - 0.49, -1e-9)
            .ceil() as u64
    );
}
