//! The gate's statistics against values by hand.

use harness::stats::coefficient::Coefficient;
use harness::stats::noninferiority::{
    Finding, Method, Shortage, Terms, noninferiority, recall_noninferiority,
};
use harness::stats::noninferiority_numbers::{
    NumberStatistic, PairedNumbers, noninferiority_of_numbers,
};
use harness::stats::paired::{Jackknife, PairedRatings, PairedTables};
use harness::stats::verdict::Verdict;

const TERMS: Terms = Terms {
    margin: 0.10,
    alpha: 0.05,
    resamples: 1000,
    seed: 1,
};

/// Two classes in turn; each user has `own` items; candidates err on the items that are named.
fn tables(
    items: usize,
    own: usize,
    old_wrong: impl Fn(usize) -> bool,
    new_wrong: impl Fn(usize) -> bool,
) -> PairedTables {
    let gold: Vec<Option<u16>> = (0..items).map(|item| Some((item % 2) as u16)).collect();
    let said = |wrong: &dyn Fn(usize) -> bool| -> Vec<Option<u16>> {
        (0..items)
            .map(|item| Some(((item + usize::from(wrong(item))) % 2) as u16))
            .collect()
    };
    let users: Vec<u32> = (0..items).map(|item| (item / own) as u32).collect();
    PairedTables::new(&PairedRatings {
        gold: &gold,
        old: &said(&old_wrong),
        new: &said(&new_wrong),
        categories: 2,
        clusters: Some(&users),
    })
}

fn kappa(tables: &PairedTables) -> Finding {
    noninferiority(
        tables,
        &Coefficient::from_name("cohen_kappa", 2).unwrap(),
        TERMS,
    )
}

/// Squares 1, 1, 4 about the mean 0 sum to 6, fourth powers to 18: √(2/3·6) = 2, and 36/18 = 2 users bear it.
#[test]
fn the_jackknife_is_what_a_hand_computes() {
    let made = Jackknife::of(&[1.0, 1.0, -2.0]).unwrap();
    assert!((made.se - 2.0).abs() < 1e-12);
    assert!((made.effective - 2.0).abs() < 1e-12);
    let even = Jackknife::of(&[1.0, -1.0, 1.0, -1.0]).unwrap();
    assert!((even.effective - 4.0).abs() < 1e-12);
    assert!(Jackknife::of(&[1.0]).is_err());
}

/// Without a discordant item Tango's limit is t²/(G + t²) of the items; halved margins of two equal classes make it twice
/// that in kappa. t(199) is 1.6525: 2.7309/202.7309 = 0.01347, twice is 0.02694.
#[test]
fn identical_labels_of_many_users_pass_and_never_on_an_empty_interval() {
    let found = kappa(&tables(
        200,
        1,
        |item| item % 10 == 0,
        |item| item % 10 == 0,
    ));
    assert_eq!(found.method, Method::Items(Shortage::FewDiscordant(0)));
    let bounds = found.bounds.unwrap();
    assert!((bounds.low + 0.026_94).abs() < 1e-4, "{bounds:?}");
    assert_eq!(found.verdict, Verdict::Pass);
    // With ten sessions a user there are only 20 draws: t(19) is 1.7291, 2.9899/22.9899 = 0.13005, twice 0.2601.
    let found = kappa(&tables(
        200,
        10,
        |item| item % 10 == 0,
        |item| item % 10 == 0,
    ));
    assert!(
        (found.bounds.unwrap().low + 0.2601).abs() < 1e-3,
        "{found:?}"
    );
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(
        found.items_needed.is_some_and(|items| items > 200),
        "{found:?}"
    );
}

/// Twice as many sessions as are said to be needed settle it.
#[test]
fn as_many_sessions_as_are_asked_for_settle_it() {
    let same = |item: usize| item.is_multiple_of(10);
    let needed = kappa(&tables(200, 10, same, same)).items_needed.unwrap();
    let enough = (needed as usize).div_ceil(20) * 20;
    assert_eq!(
        kappa(&tables(enough, 10, same, same)).verdict,
        Verdict::Pass
    );
}

#[test]
fn a_margin_on_kappa_is_not_a_margin_on_accuracy() {
    // One item in twenty is of the rare class, and the new candidate misses half of them: accuracy loses 0.025, kappa a third.
    let items = 400;
    let gold: Vec<Option<u16>> = (0..items)
        .map(|item| Some(u16::from(item % 20 == 0)))
        .collect();
    let new: Vec<Option<u16>> = (0..items)
        .map(|item| Some(u16::from(item % 40 == 0)))
        .collect();
    let users: Vec<u32> = (0..items).collect();
    let tables = PairedTables::new(&PairedRatings {
        gold: &gold,
        old: &gold,
        new: &new,
        categories: 2,
        clusters: Some(&users),
    });
    let found = noninferiority(
        &tables,
        &Coefficient::from_name("cohen_kappa", 2).unwrap(),
        TERMS,
    );
    assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
    let recall = recall_noninferiority(
        &tables,
        1,
        Terms {
            margin: 0.2,
            ..TERMS
        },
    );
    assert_eq!((recall.n, recall.discordant), (20, 10));
    assert_eq!(recall.verdict, Verdict::Fail, "{recall:?}");
}

#[test]
fn bounds_hold_the_difference_and_a_single_user_decides_nothing() {
    let found = kappa(&tables(300, 3, |item| item % 11 == 0, |item| item % 7 == 0));
    let (bounds, difference) = (found.bounds.unwrap(), found.difference.unwrap());
    assert_eq!(found.method, Method::Users);
    assert!(bounds.low < difference && difference < bounds.high);
    let alone = kappa(&tables(
        300,
        300,
        |item| item % 11 == 0,
        |item| item % 7 == 0,
    ));
    assert_eq!(alone.verdict, Verdict::Inconclusive);
    assert!(alone.bounds.is_err());
}

#[test]
fn numbers_pass_where_nothing_changed_and_fail_where_they_are_noise() {
    let gold: Vec<f64> = (0..120).map(|at| f64::from(at % 17)).collect();
    let old: Vec<f64> = (0..120).map(|at| f64::from(at % 17 + at % 3)).collect();
    let noise: Vec<f64> = (0..120).map(|at| f64::from(at * 7 % 13)).collect();
    let users: Vec<u32> = (0..120).map(|at| at / 2).collect();
    let judged = |new: &[f64]| {
        let numbers = PairedNumbers {
            gold: &gold,
            old: &old,
            new,
            users: &users,
        };
        noninferiority_of_numbers(&numbers, NumberStatistic::Spearman, TERMS)
    };
    assert_eq!(judged(&old).verdict, Verdict::Pass);
    assert_eq!(judged(&noise).verdict, Verdict::Fail);
    let mut few = old.clone();
    few[0] = 100.0;
    few[2] = 100.0;
    let found = judged(&few);
    assert_eq!(found.method, Method::Items(Shortage::FewDiscordant(2)));
    assert!(found.bounds.unwrap().low < -0.05, "{found:?}");
}

/// Nine numbers of 200 go from one end of the scale to the other: their share is 4.5 %, what they cost is far more.
#[test]
fn few_numbers_that_change_much_do_not_pass() {
    let gold: Vec<f64> = (0..200).map(f64::from).collect();
    let mut old = gold.clone();
    for at in (0..200).step_by(10) {
        old.swap(at, at + 3);
    }
    let mut new = old.clone();
    for at in 0..4 {
        new.swap(at, 199 - at);
    }
    new[4] = 199.5;
    let users: Vec<u32> = (0..200).collect();
    let numbers = PairedNumbers {
        gold: &gold,
        old: &old,
        new: &new,
        users: &users,
    };
    for statistic in [NumberStatistic::Spearman, NumberStatistic::Pearson] {
        let found = noninferiority_of_numbers(&numbers, statistic, TERMS);
        assert_eq!(found.method, Method::Items(Shortage::FewDiscordant(9)));
        let (difference, bounds) = (found.difference.unwrap(), found.bounds.unwrap());
        assert!((-0.35..-0.15).contains(&difference), "{found:?}");
        assert!(bounds.low <= difference && difference <= bounds.high);
        assert_eq!(found.verdict, Verdict::Inconclusive, "{found:?}");
    }
}
