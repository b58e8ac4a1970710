//! What holds for any ratings whatever: symmetry, order, scale, and that gradients are derivatives.

use harness::stats::agreement::{TwoRaterAgreement, TwoRaters, two_raters};
use harness::stats::alpha::alpha_value;
use harness::stats::alpha_pair;
use harness::stats::coefficient::Coefficient;
use harness::stats::dist::t_quantile;
use harness::stats::estimate::{Estimate, Statistic};
use harness::stats::influence::{Sample, fisher_interval, raw_se};
use harness::stats::metric::{Metric, positions};
use harness::stats::paired::{PairedRatings, PairedTables};
use harness::stats::paired_shares::PairedShares;
use harness::stats::panel::{Panel, PanelAgreement, panel};
use harness::stats::proportion::{clopper_pearson, jeffreys, wilson};
use harness::stats::symmetry::{bhapkar, bowker, stuart_maxwell};
use harness::stats::table::Confusion;
use harness::stats::units::Units;
use harness::stats::weights::{Scheme, Weights};
use proptest::prelude::*;

/// Coefficients of unordered categories; the first eight treat both raters alike.
const NOMINAL: [&str; 10] = [
    "percent_agreement",
    "cohen_kappa",
    "scott_pi",
    "gwet_ac1",
    "brennan_prediger",
    "alpha_nominal",
    "mcc",
    "macro_f1",
    "weighted_f1",
    "balanced_accuracy",
];

/// Coefficients of ordered categories, which all treat both raters alike.
const ORDERED: [&str; 11] = [
    "cohen_kappa_linear",
    "cohen_kappa_quadratic",
    "scott_pi_linear",
    "scott_pi_quadratic",
    "gwet_ac2_linear",
    "gwet_ac2_quadratic",
    "brennan_prediger_linear",
    "brennan_prediger_quadratic",
    "alpha_ordinal",
    "alpha_interval",
    "alpha_ratio",
];

type Codes = Vec<Option<u16>>;

/// Two raters who agree more often than not, with missing ratings and users.
#[derive(Debug, Clone)]
struct Ratings {
    q: usize,
    a: Codes,
    b: Codes,
    users: Vec<u32>,
}

fn ratings() -> impl Strategy<Value = Ratings> {
    (2_usize..6, 1_usize..60).prop_flat_map(|(q, n)| {
        let code = || proptest::option::weighted(0.9, 0..q as u16);
        let item = (code(), code(), any::<bool>(), 0_u32..8);
        proptest::collection::vec(item, n).prop_map(move |items| Ratings {
            q,
            a: items.iter().map(|item| item.0).collect(),
            b: items
                .iter()
                .map(|item| if item.2 { item.0 } else { item.1 })
                .collect(),
            users: items.iter().map(|item| item.3).collect(),
        })
    })
}

impl Ratings {
    fn table(&self) -> Confusion {
        Confusion::from_codes(&self.a, &self.b, self.q)
    }

    fn agreement(&self) -> TwoRaterAgreement {
        two_raters(&TwoRaters {
            a: &self.a,
            b: &self.b,
            categories: self.q,
            values: None,
            clusters: Some(&self.users),
            confidence: 0.95,
        })
    }

    /// The same ratings with other names for the categories.
    fn renamed(&self, name: impl Fn(u16) -> u16) -> Self {
        let rename = |codes: &Codes| codes.iter().map(|code| code.map(&name)).collect();
        Self {
            a: rename(&self.a),
            b: rename(&self.b),
            ..self.clone()
        }
    }
}

fn named(names: &[&str], q: usize) -> Vec<Coefficient> {
    names
        .iter()
        .map(|name| Coefficient::from_name(name, q).unwrap())
        .collect()
}

/// Every estimate of an agreement, with those per class in the order of `classes`.
fn statistics(it: &TwoRaterAgreement, classes: &[usize]) -> Vec<Statistic> {
    let mut all = vec![
        it.percent_agreement,
        it.cohen_kappa,
        it.scott_pi,
        it.gwet_ac1,
        it.brennan_prediger,
        it.alpha_nominal,
        it.mcc,
        it.macro_f1,
        it.weighted_f1,
        it.balanced_accuracy,
    ];
    for &class in classes {
        let class = &it.per_class[class];
        all.extend([
            class.precision,
            class.recall,
            class.f1,
            class.specific_agreement,
        ]);
    }
    all
}

fn ordered_statistics(it: &TwoRaterAgreement) -> Vec<Statistic> {
    vec![
        it.cohen_kappa_linear,
        it.cohen_kappa_quadratic,
        it.scott_pi_linear,
        it.scott_pi_quadratic,
        it.gwet_ac2_linear,
        it.gwet_ac2_quadratic,
        it.brennan_prediger_linear,
        it.brennan_prediger_quadratic,
        it.alpha_ordinal,
        it.alpha_interval,
        it.within_one,
    ]
}

fn same(x: f64, y: f64) -> bool {
    (x - y).abs() <= 1e-9 * x.abs().max(1.0)
}

fn same_option(x: Option<f64>, y: Option<f64>) -> bool {
    x.is_some() == y.is_some() && x.zip(y).is_none_or(|(x, y)| same(x, y))
}

/// Whether two statistics agree up to rounding in value, errors and limits.
fn same_statistic(x: Statistic, y: Statistic) -> bool {
    let limits = |it: Estimate| (it.interval.map(|i| i.low), it.interval.map(|i| i.high));
    match (x, y) {
        (Err(x), Err(y)) => x == y,
        (Ok(x), Ok(y)) => {
            let ((x_low, x_high), (y_low, y_high)) = (limits(x), limits(y));
            same(x.value, y.value)
                && same_option(x.se, y.se)
                && same_option(x.se_cluster, y.se_cluster)
                && same_option(x_low, y_low)
                && same_option(x_high, y_high)
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn raters_can_be_exchanged(ratings in ratings()) {
        let table = ratings.table();
        let exchanged = Confusion::from_codes(&ratings.b, &ratings.a, ratings.q);
        for coefficient in named(&[&NOMINAL[..8], &ORDERED[..]].concat(), ratings.q) {
            let (one, other) = (coefficient.value(&table), coefficient.value(&exchanged));
            prop_assert_eq!(one.err(), other.err());
            if let (Ok(one), Ok(other)) = (one, other) {
                prop_assert!(same(one, other), "{:?}: {} {}", coefficient, one, other);
            }
        }
    }

    #[test]
    fn names_of_unordered_categories_do_not_matter(ratings in ratings(), shift in 1_u16..5) {
        let q = ratings.q as u16;
        let renamed = ratings.renamed(|code| (code + shift) % q);
        let there: Vec<usize> = (0..q).map(usize::from).collect();
        let here: Vec<usize> = (0..q).map(|code| usize::from((code + shift) % q)).collect();
        let (one, other) = (ratings.agreement(), renamed.agreement());
        for (one, other) in statistics(&one, &there).into_iter().zip(statistics(&other, &here)) {
            prop_assert!(same_statistic(one, other), "{:?} {:?}", one, other);
        }
        let test = |it: &TwoRaterAgreement| (it.stuart_maxwell, it.bhapkar, it.bowker.map(|it| it.test));
        let (one, other) = (test(&one), test(&other));
        for (one, other) in [(one.0, other.0), (one.1, other.1), (one.2, other.2)] {
            prop_assert_eq!(one.map(|it| it.df), other.map(|it| it.df));
            if let (Ok(one), Ok(other)) = (one, other) {
                prop_assert!((one.statistic - other.statistic).abs() < 1e-6 * one.statistic.max(1.0));
            }
        }
    }

    #[test]
    fn an_ordered_scale_can_be_read_backwards(ratings in ratings()) {
        let last = ratings.q as u16 - 1;
        let backwards = ratings.renamed(|code| last - code);
        let pairs = ordered_statistics(&ratings.agreement()).into_iter().zip(ordered_statistics(&backwards.agreement()));
        for (one, other) in pairs {
            prop_assert!(same_statistic(one, other), "{:?} {:?}", one, other);
        }
    }

    #[test]
    fn the_order_of_items_and_the_numbers_of_users_do_not_matter(ratings in ratings()) {
        let mut other = ratings.clone();
        other.a.reverse();
        other.b.reverse();
        other.users.reverse();
        other.users.iter_mut().for_each(|user| *user = 1_000_000 - *user * 17);
        let classes: Vec<usize> = (0..ratings.q).collect();
        let (one, other) = (ratings.agreement(), other.agreement());
        prop_assert_eq!(&one.confusion, &other.confusion);
        for (one, other) in statistics(&one, &classes).into_iter().zip(statistics(&other, &classes)) {
            prop_assert!(same_statistic(one, other), "{:?} {:?}", one, other);
        }
    }

    #[test]
    fn items_repeated_within_their_users_add_no_information(ratings in ratings(), times in 2_usize..4) {
        let repeated = Ratings {
            q: ratings.q,
            a: ratings.a.repeat(times),
            b: ratings.b.repeat(times),
            users: ratings.users.repeat(times),
        };
        let (one, other) = (ratings.agreement(), repeated.agreement());
        let all = |it: &TwoRaterAgreement| [
            it.cohen_kappa, it.cohen_kappa_linear, it.scott_pi_quadratic, it.gwet_ac1, it.gwet_ac2_linear, it.mcc,
            it.macro_f1, it.weighted_f1, it.balanced_accuracy,
        ];
        for (one, other) in all(&one).into_iter().zip(all(&other)) {
            if let (Ok(one), Ok(other)) = (one, other) {
                prop_assert!(same(one.value, other.value));
                prop_assert!(same_option(one.se_cluster, other.se_cluster), "{:?} {:?}", one, other);
                if let (Some(one), Some(other)) = (one.se, other.se) {
                    prop_assert!(same(one, other * (times as f64).sqrt()));
                }
            }
        }
    }

    #[test]
    fn values_stay_in_their_range_and_nothing_is_not_a_number(ratings in ratings()) {
        let it = ratings.agreement();
        let classes: Vec<usize> = (0..ratings.q).collect();
        for statistic in statistics(&it, &classes).into_iter().chain(ordered_statistics(&it)).flatten() {
            let Estimate { value, se, se_cluster, interval, zero_variance, .. } = statistic;
            prop_assert!(value.is_finite() && value <= 1.0, "{:?}", statistic);
            prop_assert!(se.is_none_or(|se| se.is_finite() && se >= 0.0));
            prop_assert!(se_cluster.is_none_or(|se| se.is_finite() && se >= 0.0));
            prop_assert!(interval.is_none_or(|i| i.low <= i.high && i.low.is_finite() && i.high.is_finite()));
            prop_assert!(!zero_variance || se_cluster == Some(0.0));
        }
        for (lowest, statistic) in [
            (-1.0, it.cohen_kappa), (-1.0, it.scott_pi), (-1.0, it.gwet_ac1), (-1.0, it.mcc),
            (-1.0 / (ratings.q as f64 - 1.0), it.brennan_prediger), (0.0, it.macro_f1),
        ] {
            prop_assert!(statistic.is_err() || statistic.unwrap().value >= lowest - 1e-12);
        }
        if let (Ok(kappa), Ok(most)) = (it.cohen_kappa, it.kappa_max) {
            prop_assert!(kappa.value <= most + 1e-12 && most <= 1.0);
        }
    }

    /// One more item in a cell pulls the statistic by the cell's influence divided by n.
    #[test]
    fn gradients_are_derivatives(ratings in ratings()) {
        let q = ratings.q;
        // Many copies of each item and at least one in every cell, so that a step is small in proportion.
        let counts: Vec<u64> = ratings.table().counts().iter().map(|count| (count + 1) * 1_000_000).collect();
        let table = Confusion::from_counts(q, counts.clone());
        let step = table.n() / 10_000;
        let share = step as f64 / table.n() as f64;
        for name in NOMINAL.iter().chain(&ORDERED) {
            let coefficient = Coefficient::from_name(name, q).unwrap();
            let it = coefficient.linearise(&table).unwrap();
            prop_assert!(same(it.value, coefficient.value(&table).unwrap()));
            let mean = it.gradient.iter().zip(&counts).map(|(g, &n)| g * n as f64).sum::<f64>() / table.n() as f64;
            for cell in 0..q * q {
                let pulled = |sign: i64| {
                    let mut counts = counts.clone();
                    counts[cell] = counts[cell].checked_add_signed(sign * step as i64).unwrap();
                    coefficient.value(&Confusion::from_counts(q, counts)).unwrap()
                };
                // Adding a share ε moves the table by ε/(1+ε), taking it away by ε/(1−ε).
                let slope = (pulled(1) - pulled(-1)) / (share / (1.0 + share) + share / (1.0 - share));
                let influence = it.gradient[cell] - mean;
                prop_assert!((slope - influence).abs() < 1e-4 * influence.abs().max(1.0), "{} {} {}", name, slope, influence);
            }
        }
    }

    #[test]
    fn two_raters_are_a_panel_of_two(ratings in ratings()) {
        let rated = |item: &usize| ratings.a[*item].is_some() && ratings.b[*item].is_some();
        let complete: Vec<usize> = (0..ratings.a.len()).filter(rated).collect();
        let [a, b] = [&ratings.a, &ratings.b].map(|codes| complete.iter().map(|&item| codes[item]).collect::<Codes>());
        let users: Vec<u32> = complete.iter().map(|&item| ratings.users[item]).collect();
        let it = ratings.agreement();
        let columns = [a.as_slice(), b.as_slice()];
        let as_panel = panel(&Panel {
            raters: &columns, categories: ratings.q, values: None, clusters: Some(&users), confidence: 0.95,
        });
        for (scheme, pairs) in [
            (Scheme::Identity, [it.cohen_kappa, it.scott_pi, it.gwet_ac1, it.brennan_prediger]),
            (Scheme::Linear, [it.cohen_kappa_linear, it.scott_pi_linear, it.gwet_ac2_linear, it.brennan_prediger_linear]),
            (Scheme::Quadratic, [
                it.cohen_kappa_quadratic, it.scott_pi_quadratic, it.gwet_ac2_quadratic, it.brennan_prediger_quadratic,
            ]),
        ] {
            let panel = as_panel.weighted(scheme);
            let panel = [panel.conger_kappa, panel.fleiss_kappa, panel.gwet, panel.brennan_prediger];
            for (table, panel) in pairs.into_iter().zip(panel) {
                prop_assert_eq!(table.err(), panel.err());
                if let (Ok(table), Ok(panel)) = (table, panel) {
                    prop_assert!(same(table.value, panel.value), "{:?} {:?}", table, panel);
                    let raw = table.se.and_then(|se| raw_se(se, it.n));
                    prop_assert!(same_option(raw, panel.se), "{:?} {:?}", raw, panel.se);
                    prop_assert!(same_option(table.se_cluster, panel.se_cluster), "{:?} {:?}", table, panel);
                }
            }
        }
        let units = Units::from_raters(&columns, ratings.q);
        let values = positions(ratings.q);
        for metric in [Metric::Nominal, Metric::Ordinal, Metric::Interval, Metric::Ratio] {
            let (table, panel) = (alpha_pair::alpha(&it.confusion, metric, &values), alpha_value(&units, metric, &values));
            prop_assert_eq!(table.err(), panel.err());
            prop_assert!(table.is_err() || same(table.unwrap(), panel.unwrap()));
        }
    }

    #[test]
    fn raters_of_a_panel_can_be_exchanged(first in ratings(), codes in proptest::collection::vec(0_u16..2, 60)) {
        let third: Codes = codes.into_iter().take(first.a.len()).map(Some).collect();
        let one = [first.a.as_slice(), &first.b, &third];
        let other = [third.as_slice(), &first.a, &first.b];
        let [one, other] = [&one, &other].map(|raters| panel(&Panel {
            raters, categories: first.q, values: None, clusters: Some(&first.users), confidence: 0.9,
        }));
        for scheme in [Scheme::Identity, Scheme::Linear, Scheme::Quadratic] {
            let [one, other] = [&one, &other].map(|it| {
                let it = it.weighted(scheme);
                [it.percent_agreement, it.fleiss_kappa, it.conger_kappa, it.gwet, it.brennan_prediger, it.light_kappa]
            });
            for (one, other) in one.into_iter().zip(other) {
                prop_assert!(same_statistic(one, other), "{:?} {:?}", one, other);
            }
        }
        let alphas = |it: &PanelAgreement| [it.alpha_nominal, it.alpha_ordinal, it.alpha_interval, it.alpha_ratio];
        for (one, other) in alphas(&one).into_iter().zip(alphas(&other)) {
            prop_assert!(same_statistic(one, other), "{:?} {:?}", one, other);
        }
    }

    #[test]
    fn exchanging_old_and_new_turns_the_difference_around(ratings in ratings(), codes in proptest::collection::vec(0_u16..2, 60)) {
        let gold: Codes = codes.into_iter().take(ratings.a.len()).map(Some).collect();
        let compare = |old: &Codes, new: &Codes| {
            let ratings = PairedRatings { gold: &gold, old, new, categories: ratings.q, clusters: Some(&ratings.users) };
            PairedTables::new(&ratings).compare(&Coefficient::from_name("gwet_ac1", 5.min(ratings.categories)).unwrap(), 0.9)
        };
        let (one, other) = (compare(&ratings.a, &ratings.b), compare(&ratings.b, &ratings.a));
        if let (Ok(one), Ok(other)) = (one.difference, other.difference) {
            prop_assert!(same(one.value, -other.value) && same_option(one.se_cluster, other.se_cluster));
            prop_assert!(same_option(one.se, other.se));
        }
        if let (Ok(one), Ok(other)) = (one.tango, other.tango) {
            prop_assert!(same(one.low, -other.high) && same(one.high, -other.low));
        }
        if let (Ok(one), Ok(other)) = (one.newcombe, other.newcombe) {
            prop_assert!(same(one.low, -other.high) && same(one.high, -other.low));
        }
        prop_assert!(same(one.mcnemar.mid_p, other.mcnemar.mid_p) && one.mcnemar.mid_p <= one.mcnemar.exact_p);
    }

    #[test]
    fn a_candidate_compared_with_itself_does_not_differ(ratings in ratings()) {
        let same = PairedRatings {
            gold: &ratings.a, old: &ratings.b, new: &ratings.b, categories: ratings.q, clusters: Some(&ratings.users),
        };
        let it = PairedTables::new(&same).compare(&Coefficient::from_name("cohen_kappa", ratings.q).unwrap(), 0.95);
        prop_assert!(it.mcnemar.no_discordant && it.mcnemar.mid_p >= 1.0);
        if let Ok(difference) = it.difference {
            prop_assert!(difference.value.abs() <= 0.0);
            prop_assert!(difference.zero_variance || difference.se_cluster.is_none());
        }
    }

    #[test]
    fn intervals_of_shares_contain_the_share_and_each_other(n in 1_u64..2000, part in 0.0..=1.0_f64) {
        let x = (n as f64 * part).round() as u64;
        let share = x as f64 / n as f64;
        let exact = clopper_pearson(x, n, 0.95);
        for interval in [wilson(x as f64, n as f64, 0.95), exact, jeffreys(x, n, 0.95)] {
            prop_assert!(0.0 <= interval.low && interval.low <= share && share <= interval.high && interval.high <= 1.0);
        }
        let middle = jeffreys(x, n, 0.95);
        prop_assert!(exact.low <= middle.low + 1e-12 && middle.high <= exact.high + 1e-12);
    }

    #[test]
    fn with_two_classes_the_tests_of_margins_are_mcnemars(counts in proptest::array::uniform4(0_u64..40)) {
        let [both, first_only, second_only, neither] = counts;
        let table = Confusion::from_counts(2, vec![both, first_only, second_only, neither]);
        let expected = PairedShares { both, first_only, second_only, neither }.mcnemar().chi2;
        match expected {
            Ok(expected) => {
                prop_assert!(same(stuart_maxwell(&table).unwrap().statistic, expected));
                prop_assert!(same(bowker(&table).unwrap().test.statistic, expected));
                let n = table.n() as f64;
                prop_assert!(bhapkar(&table).map_or(same(expected, n), |it| same(it.statistic, expected / (1.0 - expected / n))));
            }
            Err(_) => prop_assert!(stuart_maxwell(&table).is_err()),
        }
    }

    #[test]
    fn the_shortcuts_of_usual_weights_are_the_sums_they_stand_for(ratings in ratings()) {
        let table = ratings.table();
        for weights in [Scheme::Identity, Scheme::Linear, Scheme::Quadratic].map(|scheme| Weights::new(scheme, ratings.q)) {
            let matrix: Vec<f64> = (0..ratings.q).flat_map(|i| weights.disagreements(i).to_vec()).collect();
            let custom = Weights::custom(ratings.q, matrix).unwrap();
            prop_assert!(same(weights.observed(&table), custom.observed(&table)));
            prop_assert!(same(
                weights.expected(table.rows(), table.columns()),
                custom.expected(table.rows(), table.columns()),
            ));
        }
    }
}

#[test]
fn a_sample_without_clusters_uses_the_normal_interval() {
    let table = Confusion::from_counts(2, vec![20, 5, 10, 15]);
    let sample = Sample {
        table: &table,
        clusters: None,
        confidence: 0.95,
    };
    let it = Coefficient::from_name("cohen_kappa", 2)
        .unwrap()
        .estimate(&sample)
        .unwrap();
    let interval = it.interval.unwrap();
    assert!((interval.high - it.value - 1.959_963_984_540_054 * it.se.unwrap()).abs() < 1e-12);
    assert_eq!((it.method, it.se_cluster), ("delta, z", None));
}

#[test]
fn fishers_interval_stays_inside_and_is_close_to_the_symmetric_one_in_the_middle() {
    let interval = fisher_interval(0.9, 0.2, 0.95).unwrap();
    assert!(interval.low < 0.9 && interval.high < 1.0);
    let middle = fisher_interval(0.1, 0.01, 0.95).unwrap();
    assert!((middle.high - 0.1 - 1.96 * 0.01).abs() < 1e-4);
    assert_eq!(fisher_interval(1.0, 0.0, 0.95), None);
}

/// Quantiles as tables print them, below and above the change of method at a thousand degrees of freedom.
#[test]
fn quantiles_of_t_match_printed_ones() {
    for (p, df, expected) in [
        (0.975, 1.0, 12.706_204_736_174_7),
        (0.975, 5.0, 2.570_581_835_636_314),
        (0.95, 30.0, 1.697_260_886_593_957),
        (0.975, 1000.0, 1.962_339_080_788_297),
        (0.025, 1e9, -1.959_963_986_5),
    ] {
        let found = t_quantile(p, df);
        assert!(
            (found - expected).abs() < 1e-9,
            "t({p}, {df}) = {found}, expected {expected}"
        );
    }
}
