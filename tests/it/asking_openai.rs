//! Asking servers that speak OpenAI's dialect, each in its own way.

use serde_json::Value;

use crate::asking_support::{OPEN, Site, outcomes};
use crate::fake::plan::Plan;

const ONE: &str = "codebase";

fn plan() -> Plan {
    Plan::new().model("some-model")
}

fn stored_probabilities(site: &Site) -> Vec<Option<f64>> {
    let store = rusqlite::Connection::open(site.path().join(".validate/store.db")).unwrap();
    let mut query = store
        .prepare("SELECT label_probability FROM exchanges")
        .unwrap();
    query
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn a_server_is_asked_and_its_probability_of_the_label_is_kept() {
    let site = Site::new(6, plan());
    let result = site.json(0, ONE, OPEN, &[]);
    assert_eq!(outcomes(&result, "parsed"), 6);
    let probabilities = stored_probabilities(&site);
    assert_eq!(probabilities.len(), 6);
    for probability in probabilities {
        // The server's are whole hundredths from 0.50 to 0.99.
        let hundredths = probability.expect("the server gave it") * 100.0;
        assert!(
            (hundredths - hundredths.round()).abs() < 1e-6,
            "{hundredths}"
        );
        assert!((50.0..99.5).contains(&hundredths), "{hundredths}");
    }
}

#[test]
fn a_server_that_refuses_the_schema_is_asked_without_it() {
    let mut plan = plan();
    plan.refuses_response_format = true;
    let site = Site::new(6, plan);
    let ran = site.run_to(0, ONE, OPEN, &["--format", "json", "--concurrency", "1"]);
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(outcomes(&result, "parsed"), 6);
    let warning = "warning: the server does not take a part of the request";
    assert_eq!(ran.stderr.matches(warning).count(), 1, "{ran}");
    assert!(site.fake.ledger().arrived() <= 8);
}

#[test]
fn a_server_that_ignores_the_schema_is_warned_about_once() {
    let mut plan = plan();
    plan.ignores_response_format = true;
    let site = Site::new(6, plan);
    let ran = site.run_to(0, ONE, OPEN, &[]);
    let warning = "the server ignores the schema it is sent";
    assert_eq!(ran.stderr.matches(warning).count(), 1, "{ran}");
}

#[test]
fn a_server_of_ones_own_needs_no_key_and_closes_connections_as_it_likes() {
    for silently in [false, true] {
        let mut plan = plan();
        plan.key = None;
        plan.requests_per_connection = Some(5);
        plan.closes_silently = silently;
        let site = Site::new(24, plan);
        let spec = format!("{OPEN}@{}", site.fake.base_openai());
        let mut command = site.command(ONE, &spec, &["--format", "json"]);
        command
            .env_remove("OPENAI_API_KEY")
            .env_remove("OPENAI_BASE_URL");
        let ran = crate::asking_support::ran(command);
        assert_eq!(ran.code, Some(0), "{ran}");
        let result: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(outcomes(&result, "parsed"), 24);
        assert_eq!(site.fake.ledger().answered_twice(), []);
    }
}
