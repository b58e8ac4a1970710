//! The three-way verdict and the data it needs.

use harness::stats::coefficient::Coefficient;
use harness::stats::estimate::{Interval, Undefined};
use harness::stats::paired::{PairedRatings, PairedTables};
use harness::stats::verdict::{Bounds, Fallback, Gate, Judgement, Verdict, decide, judge};

const GATE: Gate = Gate {
    margin: 0.05,
    alpha: 0.05,
    resamples: None,
    seed: 1,
    classes: None,
};

/// Three hundred items of sixty users in three classes; each candidate errs on the items that `wrong` names.
fn tables(old_wrong: impl Fn(u16) -> bool, new_wrong: impl Fn(u16) -> bool) -> PairedTables {
    let gold: Vec<Option<u16>> = (0..300).map(|item| Some(item % 3)).collect();
    let users: Vec<u32> = (0..300).map(|item| item / 5).collect();
    let answers = |wrong: &dyn Fn(u16) -> bool| -> Vec<Option<u16>> {
        (0..300)
            .map(|item| Some((item % 3 + u16::from(wrong(item))) % 3))
            .collect()
    };
    PairedTables::new(&PairedRatings {
        gold: &gold,
        old: &answers(&old_wrong),
        new: &answers(&new_wrong),
        categories: 3,
        clusters: Some(&users),
    })
}

fn verdict(tables: &PairedTables, gate: Gate) -> Judgement {
    judge(
        tables,
        &Coefficient::from_name("cohen_kappa", 3).unwrap(),
        gate,
    )
}

#[test]
fn the_rule_compares_both_bounds_with_the_margin() {
    let bounds = |low, high| Interval { low, high };
    assert_eq!(decide(bounds(-0.04, 0.10), 0.05), Verdict::Pass);
    assert_eq!(decide(bounds(-0.12, -0.06), 0.05), Verdict::Fail);
    assert_eq!(decide(bounds(-0.06, 0.02), 0.05), Verdict::Inconclusive);
    assert_eq!(
        decide(bounds(-0.05, 0.02), 0.05),
        Verdict::Inconclusive,
        "the margin itself is not enough"
    );
}

#[test]
fn a_better_candidate_passes_and_a_much_worse_one_fails() {
    for resamples in [None, Some(1000)] {
        let gate = Gate { resamples, ..GATE };
        let better = verdict(&tables(|item| item % 7 == 0, |item| item % 70 == 0), gate);
        assert_eq!(better.verdict, Verdict::Pass);
        assert!(better.is_better && !better.is_worse);
        let worse = verdict(&tables(|item| item % 70 == 0, |item| item % 4 == 0), gate);
        assert_eq!(worse.verdict, Verdict::Fail);
        assert!(worse.is_worse && !worse.is_better);
        let expected = if resamples.is_some() {
            Bounds::Bootstrap
        } else {
            Bounds::Delta
        };
        assert_eq!((better.method, worse.method), (expected, expected));
    }
}

#[test]
fn candidates_that_differ_by_chance_are_inconclusive_with_a_narrow_margin() {
    let it = verdict(
        &tables(|item| item % 10 == 1, |item| item % 10 == 3),
        Gate {
            margin: 0.01,
            ..GATE
        },
    );
    assert_eq!(it.verdict, Verdict::Inconclusive);
}

#[test]
fn few_discordant_items_fall_back_on_the_accuracies() {
    let it = verdict(&tables(|_| false, |item| item == 17), GATE);
    assert_eq!(it.method, Bounds::Tango(Fallback::FewDiscordant));
    assert_eq!(it.verdict, Verdict::Pass);
    // Equal candidates have no spread at all, and still the interval has width.
    let same = verdict(&tables(|item| item % 9 == 0, |item| item % 9 == 0), GATE);
    let bounds = same.bounds.unwrap();
    assert!(bounds.low < 0.0 && bounds.high > 0.0);
}

#[test]
fn a_rare_gated_class_falls_back_on_the_accuracies() {
    let gold: Vec<Option<u16>> = (0..100)
        .map(|item| Some(if item < 4 { 2 } else { item % 2 }))
        .collect();
    let flip = |every: u16| -> Vec<Option<u16>> {
        (0..100)
            .zip(&gold)
            .map(|(item, gold)| {
                gold.map(|gold| {
                    if item % every == 0 {
                        (gold + 1) % 3
                    } else {
                        gold
                    }
                })
            })
            .collect()
    };
    let tables = PairedTables::new(&PairedRatings {
        gold: &gold,
        old: &flip(5),
        new: &flip(7),
        categories: 3,
        clusters: None,
    });
    assert_eq!(
        verdict(&tables, GATE).method,
        Bounds::Tango(Fallback::RareClass)
    );
    assert_eq!(
        verdict(
            &tables,
            Gate {
                classes: Some(&[0, 1]),
                ..GATE
            }
        )
        .method,
        Bounds::Delta
    );
    assert_eq!(tables.recall_shares(2).n(), 4);
}

#[test]
fn an_undefined_coefficient_or_a_single_user_leaves_it_open() {
    let gold = vec![Some(0); 40];
    let mixed: Vec<Option<u16>> = (0..40).map(|item| Some(u16::from(item % 3 == 0))).collect();
    let of = |old: &[Option<u16>], gold: &[Option<u16>]| {
        PairedTables::new(&PairedRatings {
            gold,
            old,
            new: gold,
            categories: 3,
            clusters: Some(&[1; 40]),
        })
    };
    let undefined = verdict(&of(&mixed, &gold), GATE);
    assert_eq!(
        (undefined.verdict, undefined.bounds),
        (Verdict::Inconclusive, Err(Undefined::OneClass))
    );
    let turned: Vec<Option<u16>> = mixed
        .iter()
        .enumerate()
        .map(|(item, code)| if item % 2 == 0 { *code } else { Some(0) })
        .collect();
    let gate = Gate {
        margin: 0.5,
        ..GATE
    };
    let few: Vec<Option<u16>> = mixed.iter().map(|code| code.map(|code| 1 - code)).collect();
    for resamples in [None, Some(200)] {
        let one_user = verdict(&of(&few, &turned), Gate { resamples, ..gate });
        assert_eq!(
            (one_user.verdict, one_user.bounds),
            (Verdict::Inconclusive, Err(Undefined::TooFewClusters))
        );
    }
}
