//! The real binary and a provider's batches: submitted, waited for, collected, and gone on with after a kill.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::fake::Fake;
use crate::fake::plan::Plan;
use crate::recorded::three_sessions;
use crate::workspace::{Ran, Workspace};

const MODEL: &str = "claude-haiku-5-5";
/// No test waits for longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The fake's prices, in the form of the program.
const PRICES: &str = r#"
[[price]]
model = "claude-haiku-5-5"
source = "2026-11-22"
input = 0.10
output = 0.50
cache_read = 0.01
[[price.above]]
tokens = 100_000
input = 0.50
output = 2.50
cache_read = 0.05
"#;

#[derive(Clone, Copy)]
enum Side {
    Anthropic,
    OpenAi,
}

const BOTH: [Side; 2] = [Side::Anthropic, Side::OpenAi];

fn spec(fake: &Fake, side: Side) -> String {
    match side {
        Side::Anthropic => format!("anthropic:{MODEL}@{}", fake.base_anthropic()),
        Side::OpenAi => format!("openai:{MODEL}@{}", fake.base_openai()),
    }
}

fn workspace() -> Workspace {
    let workspace = three_sessions();
    workspace.write("prices.toml", PRICES);
    workspace
}

fn plan() -> Plan {
    Plan::new().model(MODEL).labels(&["yes", "no"])
}

fn command(workspace: &Workspace, spec: &str, more: &[&str]) -> Command {
    let mut arguments = vec![
        "--classifier",
        "greeting",
        "--goldset",
        "goldsets/three",
        "--prices",
        "prices.toml",
        "--format",
        "json",
        "--model",
        spec,
        "--batch",
        "--poll-seconds",
        "0.02",
    ];
    arguments.extend(more);
    let mut command = workspace.command(&arguments);
    command
        .env("ANTHROPIC_API_KEY", Plan::KEY)
        .env("OPENAI_API_KEY", Plan::KEY);
    command
}

fn run(workspace: &Workspace, spec: &str, more: &[&str]) -> Ran {
    let output = command(workspace, spec, more).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn start(workspace: &Workspace, spec: &str, more: &[&str]) -> Child {
    command(workspace, spec, more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The outcome of the only classifier, once the run is complete.
fn complete(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{ran}");
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    let classifier = result["classifiers"][0].clone();
    assert_eq!(classifier["outcomes"]["parsed"], 3, "{ran}");
    classifier
}

fn submissions(fake: &Fake) -> usize {
    let others = fake.ledger().others;
    let is_one = |other: &&String| other.starts_with("POST") && other.ends_with("/batches");
    others.iter().filter(is_one).count()
}

/// What the program says it cost, in picodollars.
fn told_cost(classifier: &Value) -> u128 {
    let dollars = classifier["usage"]["cost_usd"].as_f64().unwrap();
    let rounded = format!("{:.0}", dollars * 1e12);
    rounded.parse().unwrap()
}

#[test]
fn a_batch_is_answered_and_billed_at_half_the_price() {
    for side in BOTH {
        let (fake, workspace) = (Fake::start(plan()), workspace());
        let ran = run(&workspace, &spec(&fake, side), &[]);
        let classifier = complete(&ran);
        assert_eq!(classifier["usage"]["batched"], 3, "{ran}");
        let ledger = fake.ledger();
        assert_eq!(ledger.arrived(), 3);
        assert!(ledger.exchanges.iter().all(|one| one.batched));
        assert!(ledger.bill() > 0);
        assert_eq!(told_cost(&classifier), ledger.bill(), "{ran}");
        assert_eq!(submissions(&fake), 1);
        // The second run finds everything in the store.
        let before = fake.ledger().others.len();
        complete(&run(&workspace, &spec(&fake, side), &[]));
        assert_eq!(fake.ledger().others.len(), before);
    }
}

#[test]
fn what_ends_without_an_answer_is_asked_again() {
    for side in BOTH {
        let mut plan = plan();
        plan.batch_outcomes = [
            ("hello there", "expired"),
            ("fix it", "api_error"),
            ("good morning", "canceled"),
        ]
        .map(|(text, outcome)| (text.to_owned(), outcome.to_owned()))
        .to_vec();
        let (fake, workspace) = (Fake::start(plan), workspace());
        let classifier = complete(&run(&workspace, &spec(&fake, side), &[]));
        assert_eq!(submissions(&fake), 2);
        assert_eq!(told_cost(&classifier), fake.ledger().bill());
    }
}

#[test]
fn an_invalid_request_is_kept_as_an_error_and_not_asked_again() {
    let mut plan = plan();
    plan.batch_outcomes = vec![("fix it".to_owned(), "invalid_request_error".to_owned())];
    let (fake, workspace) = (Fake::start(plan), workspace());
    let ran = run(&workspace, &spec(&fake, Side::Anthropic), &[]);
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    let outcomes = &result["classifiers"][0]["outcomes"];
    assert_eq!(
        (&outcomes["parsed"], &outcomes["errored"]),
        (&2.into(), &1.into()),
        "{ran}"
    );
    assert_eq!(submissions(&fake), 1);
}

#[test]
fn batches_are_split_by_count() {
    for side in BOTH {
        let (fake, workspace) = (Fake::start(plan()), workspace());
        complete(&run(
            &workspace,
            &spec(&fake, side),
            &["--batch-requests", "2"],
        ));
        assert_eq!(submissions(&fake), 2);
        assert_eq!(fake.ledger().arrived(), 3);
    }
}

#[test]
fn a_kill_while_waiting_costs_nothing() {
    for side in BOTH {
        let mut plan = plan();
        // Many looks, so that the batch is still under way at the kill.
        plan.polls_until_batch_ends = 12;
        let (fake, workspace) = (Fake::start(plan), workspace());
        let mut child = start(&workspace, &spec(&fake, side), &[]);
        let is_waiting = fake.wait_until(
            |ledger| {
                let polls = ledger.others.iter();
                polls.filter(|other| other.starts_with("GET")).count() >= 2
            },
            PATIENCE,
        );
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_waiting);
        let classifier = complete(&run(&workspace, &spec(&fake, side), &[]));
        assert_eq!(submissions(&fake), 1);
        assert_eq!(fake.ledger().arrived(), 3);
        assert_eq!(told_cost(&classifier), fake.ledger().bill());
    }
}

#[test]
fn a_kill_between_submission_and_its_answer_submits_nothing_twice() {
    for side in BOTH {
        let mut plan = plan();
        plan.batch_create_latency = Duration::from_secs(600);
        let (fake, workspace) = (Fake::start(plan), workspace());
        let mut child = start(&workspace, &spec(&fake, side), &[]);
        let is_submitted = fake.wait_until(
            |ledger| {
                ledger
                    .others
                    .iter()
                    .any(|other| other.starts_with("POST") && other.ends_with("/batches"))
            },
            PATIENCE,
        );
        assert!(is_submitted);
        // The fake makes the batch right after it noted the request; this is seen in its list.
        wait_for_listed(&fake, side);
        child.kill().unwrap();
        child.wait().unwrap();
        let ran = run(&workspace, &spec(&fake, side), &[]);
        complete(&ran);
        assert!(
            ran.stderr.contains("which an earlier run was submitting"),
            "{ran}"
        );
        assert_eq!(submissions(&fake), 1);
        assert_eq!(fake.ledger().arrived(), 3);
    }
}

/// Waits until the provider's state holds a batch.
fn wait_for_listed(fake: &Fake, side: Side) {
    let is_there = fake.has_batch(matches!(side, Side::OpenAi), PATIENCE);
    assert!(is_there);
}

#[test]
fn a_batch_is_submitted_now_and_collected_later() {
    for side in BOTH {
        let mut plan = plan();
        plan.polls_until_batch_ends = 3;
        let (fake, workspace) = (Fake::start(plan), workspace());
        let ran = run(&workspace, &spec(&fake, side), &["--no-wait"]);
        assert_eq!(ran.code, Some(3), "{ran}");
        assert!(
            ran.stderr.contains("3 requests are under way in 1 batches"),
            "{ran}"
        );
        // A second time submits nothing more.
        let ran = run(&workspace, &spec(&fake, side), &["--no-wait"]);
        assert_eq!(ran.code, Some(3), "{ran}");
        complete(&run(&workspace, &spec(&fake, side), &[]));
        assert_eq!(submissions(&fake), 1);
        assert_eq!(fake.ledger().arrived(), 3);
    }
}

#[test]
fn nothing_is_submitted_that_costs_more_than_may_be_spent() {
    let (fake, workspace) = (Fake::start(plan()), workspace());
    let ran = run(
        &workspace,
        &spec(&fake, Side::Anthropic),
        &["--max-cost", "0.000001"],
    );
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.contains("nothing is submitted"), "{ran}");
    assert_eq!(submissions(&fake), 0);
    complete(&run(
        &workspace,
        &spec(&fake, Side::Anthropic),
        &["--max-cost", "1"],
    ));
}

#[test]
fn an_interrupt_leaves_the_batch_to_a_later_run() {
    let mut plan = plan();
    plan.polls_until_batch_ends = 1_000_000;
    let (fake, workspace) = (Fake::start(plan), workspace());
    let spec = spec(&fake, Side::Anthropic);
    let mut child = start(&workspace, &spec, &[]);
    let is_waiting = fake.wait_until(
        |ledger| ledger.others.iter().any(|other| other.starts_with("GET")),
        PATIENCE,
    );
    assert!(is_waiting);
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let store = fs::metadata(workspace.path().join(".validate/store.db")).unwrap();
    assert!(store.len() > 0);
    let ran = run(&workspace, &spec, &["--no-wait"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_eq!(submissions(&fake), 1);
}
