//! Asking a provider at which much goes wrong: a run ends with the same labels, and what cannot be read is an outcome.

use std::time::Duration;

use serde_json::Value;

use crate::asking_support::{HAIKU, OLD_HAIKU, Site, outcomes, used};
use crate::fake::faults::{Fault, Faults, Rule};
use crate::fake::ledger::Delivery;
use crate::fake::plan::Plan;

const ONE: &str = "codebase";
const FOUR: &str = "codebase,outcome,success-signal,decisions";

#[test]
fn with_faults_at_three_of_ten_attempts_every_label_is_the_same() {
    let calm = Site::new(12, Plan::new());
    calm.run_to(0, FOUR, OLD_HAIKU, &["--record"]);
    for seed in [1, 2] {
        let faults = Faults::none()
            .rule(
                Rule::always(Fault::rate_limit(1))
                    .containing("part 3 ")
                    .on_attempt(1)
                    .times(1),
            )
            .seeded(0.3, seed);
        let site = Site::new(12, Plan::new().faults(faults).latency_ms(5));
        site.run_to(0, FOUR, OLD_HAIKU, &["--record", "--concurrency", "8"]);
        assert_eq!(site.labels(), calm.labels());
        let ledger = site.fake.ledger();
        let failed = ledger
            .exchanges
            .iter()
            .filter(|one| one.fault.is_some())
            .count();
        assert!(10 < failed, "only {failed} faults came");
        assert_eq!(ledger.answered_twice(), []);
        assert_eq!(
            ledger.requests_while_cooling_down(Duration::from_millis(50)),
            Vec::<usize>::new()
        );
        println!(
            "seed {seed}: {} requests for 48 answers, {failed} faults",
            ledger.arrived()
        );
    }
}

#[test]
fn silence_that_was_asked_for_is_kept() {
    let faults = Faults::none().rule(Rule::always(Fault::rate_limit(2)).on_attempt(1).times(3));
    let site = Site::new(30, Plan::new().faults(faults).latency_ms(5));
    site.run_to(0, ONE, HAIKU, &["--concurrency", "4"]);
    let ledger = site.fake.ledger();
    assert_eq!(ledger.answered(), 30);
    assert_eq!(
        ledger.requests_while_cooling_down(Duration::from_millis(50)),
        Vec::<usize>::new()
    );
}

#[test]
fn an_answer_that_drips_is_given_up_in_time_and_asked_for_again() {
    let drip = Fault::Drip {
        bytes: 4,
        pause: Duration::from_millis(400),
    };
    let faults = Faults::none().rule(Rule::always(drip).containing("part 1 ").on_attempt(1));
    let site = Site::new(3, Plan::new().faults(faults));
    let result = site.json(0, ONE, HAIKU, &["--timeout", "1"]);
    assert_eq!(outcomes(&result, "parsed"), 3);
    let ledger = site.fake.ledger();
    assert_eq!(ledger.arrived(), 4);
    let lost = ledger
        .exchanges
        .iter()
        .filter(|one| one.delivery == Delivery::Lost)
        .count();
    assert_eq!(lost, 1);
}

#[test]
fn bodies_that_break_off_are_asked_for_again() {
    let faults = Faults::none().rule(Rule::always(Fault::Truncated).on_attempt(1));
    let site = Site::new(5, Plan::new().faults(faults));
    let result = site.json(0, ONE, HAIKU, &[]);
    assert_eq!(outcomes(&result, "parsed"), 5);
    assert_eq!(site.fake.ledger().arrived(), 10);
    assert_eq!(site.fake.ledger().answered(), 5);
}

/// Session 0 is refused, 1 is cut, 2 is empty, 3 and 5 stay unreadable, 4 and 6 are mended, 7 is well.
fn trouble() -> Faults {
    [
        Fault::Refusal,
        Fault::MaxTokens,
        Fault::Empty,
        Fault::Prose { again: true },
        Fault::Prose { again: false },
        Fault::WrongLabel { again: true },
        Fault::WrongLabel { again: false },
    ]
    .into_iter()
    .enumerate()
    .fold(Faults::none(), |faults, (part, fault)| {
        faults.rule(Rule::always(fault).containing(&format!("part {part} ")))
    })
}

#[test]
fn answers_that_cannot_be_read_are_outcomes_after_one_repair() {
    for model in [HAIKU, "openai:some-model"] {
        let site = Site::new(8, Plan::new().model("some-model").faults(trouble()));
        let result = site.json(0, ONE, model, &[]);
        let found = ["refused", "truncated", "unparsable", "parsed", "errored"];
        assert_eq!(
            found.map(|outcome| outcomes(&result, outcome)),
            [1, 1, 3, 3, 0],
            "{model}"
        );
        let ledger = site.fake.ledger();
        let repairs: Vec<&str> = ledger
            .exchanges
            .iter()
            .filter(|one| one.is_repair)
            .map(|one| one.identity.as_str())
            .collect();
        let mut distinct = repairs.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(repairs.len(), distinct.len(), "one repair a request");
        // No vendor takes an empty answer back: the fifth is the question with a remark, which the books count as another.
        assert_eq!((repairs.len(), ledger.arrived()), (4, 13), "{model}");
        assert_eq!(used(&result, "repairs"), 5, "{model}");
        // Nothing of it is asked again.
        let again = site.json(0, ONE, model, &[]);
        assert_eq!(site.fake.ledger().arrived(), 13, "{model}");
        assert_eq!(outcomes(&again, "parsed"), 3);
    }
}

#[test]
fn repairs_can_be_left_out_and_made_later() {
    let site = Site::new(8, Plan::new().faults(trouble()));
    let result = site.json(0, ONE, HAIKU, &["--no-repair"]);
    assert_eq!(site.fake.ledger().arrived(), 8);
    assert_eq!(outcomes(&result, "parsed"), 1);
    assert_eq!(used(&result, "repairs"), 0);
}

#[test]
fn what_a_provider_will_never_take_is_an_outcome_and_asked_again_only_on_wish() {
    let never = Rule::always(Fault::status(400)).containing("part 1 ");
    let site = Site::new(4, Plan::new().faults(Faults::none().rule(never)));
    let result: Value = site.json(0, ONE, HAIKU, &[]);
    assert_eq!(outcomes(&result, "errored"), 1);
    assert_eq!(site.fake.ledger().arrived(), 4);
    site.run_to(0, ONE, HAIKU, &[]);
    assert_eq!(site.fake.ledger().arrived(), 4);
    site.fake.set_faults(Faults::none());
    let result = site.json(0, ONE, HAIKU, &["--retry-errors"]);
    assert_eq!(site.fake.ledger().arrived(), 5);
    assert_eq!(outcomes(&result, "parsed"), 4);
}

#[test]
fn a_server_that_is_down_ends_the_run_and_the_next_goes_on() {
    let down = Rule::always(Fault::status(503)).containing("part 1 ");
    let site = Site::new(3, Plan::new().faults(Faults::none().rule(down)));
    let ran = site.run_to(3, ONE, HAIKU, &["--attempts", "2"]);
    assert!(ran.stderr.contains("codebase: 1 (s001)"), "{ran}");
    assert_eq!(site.fake.ledger().arrived(), 4);
    site.fake.set_faults(Faults::none());
    site.run_to(0, ONE, HAIKU, &[]);
    assert_eq!(site.fake.ledger().arrived(), 5);
}
