//! What stands for a failure among numbers, and for a share that does not exist.

use std::path::Path;

use harness::classifier::load::load_all;
use harness::domain::label::{DecisionShares, Label};
use harness::domain::rating::Outcome;
use harness::gate::sides::{Numbers, Sides};

fn shares(planning: Option<f64>) -> Outcome {
    Outcome::Parsed(Label::Shares(DecisionShares {
        planning,
        execution: Some(0.5),
    }))
}

fn planning(gold: &[Outcome], old: &[Outcome], new: &[Outcome]) -> Numbers {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
    let definitions = load_all(&folder).unwrap();
    let definition = definitions
        .iter()
        .find(|definition| definition.name == "decisions")
        .unwrap();
    let sides = Sides {
        sessions: &["a", "b", "c"],
        users: &[0, 1, 2],
        gold,
        old,
        new,
    };
    sides.numbers(definition).remove(0)
}

#[test]
fn a_candidate_does_not_set_what_failures_of_the_baseline_cost() {
    let gold = [0.4, 0.5, 0.6].map(|share| shares(Some(share)));
    let old = [shares(Some(0.4)), Outcome::Refused, shares(Some(0.6))];
    let new = [shares(Some(0.4)), shares(Some(0.5)), shares(Some(1.0))];
    let numbers = planning(&gold, &old, &new);
    assert_eq!(numbers.old, [0.4, 0.4, 0.6]);
    assert_eq!(numbers.new, [0.4, 0.5, 1.0]);
    assert_eq!(numbers.without_share, 0);
}

#[test]
fn a_share_that_does_not_exist_is_left_out_and_no_failure() {
    let gold = [0.1, 0.5, 0.9].map(|share| shares(Some(share)));
    let old = [shares(Some(0.1)), shares(None), shares(Some(0.9))];
    let new = [shares(Some(0.1)), shares(Some(0.5)), Outcome::Refused];
    let numbers = planning(&gold, &old, &new);
    assert_eq!(numbers.users, [0, 2]);
    assert_eq!(numbers.old, [0.1, 0.9]);
    assert_eq!(numbers.new, [0.1, 0.1]);
    assert_eq!(numbers.without_share, 1);
}
