//! The fake provider's prompt cache and bill, in figures that were computed by hand.

use std::time::Duration;

use serde_json::{Value, json};

use super::{MODEL, QUESTION, anthropic, ask, send, shared};
use crate::fake::Fake;
use crate::fake::plan::Plan;

/// A request of hand-computed size: schema and system of the given lengths, a session and a question.
fn sized(system: usize, session: usize, question: &str) -> Value {
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    json!({
        "model": MODEL,
        "max_tokens": 1_000,
        "system": [{"type": "text", "text": "a".repeat(system), "cache_control": mark}],
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "b".repeat(session), "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": question},
        ]}],
    })
}

/// Input, 5 minute writes, 1 hour writes, reads.
async fn split(fake: &Fake, body: &Value) -> [u64; 4] {
    let usage = ask(fake, body).await.json()["usage"].clone();
    let number = |value: &Value| value.as_u64().unwrap();
    let creation = &usage["cache_creation"];
    let short = number(&creation["ephemeral_5m_input_tokens"]);
    let long = number(&creation["ephemeral_1h_input_tokens"]);
    assert_eq!(number(&usage["cache_creation_input_tokens"]), short + long);
    [
        number(&usage["input_tokens"]),
        short,
        long,
        number(&usage["cache_read_input_tokens"]),
    ]
}

#[tokio::test]
async fn the_cache_follows_the_documented_rules() {
    let fake = Fake::start(Plan::new());
    // 4,000 bytes are 1,000 tokens, 8,000 are 2,000, and 40 are 10.
    let first = sized(4_000, 8_000, &"c".repeat(40));
    assert_eq!(split(&fake, &first).await, [10, 2_000, 1_000, 0]);
    assert_eq!(split(&fake, &first).await, [10, 0, 0, 3_000]);
    assert_eq!(
        split(&fake, &sized(4_000, 8_000, &"d".repeat(80))).await,
        [20, 0, 0, 3_000]
    );
    // Another session: the system is read, the session written.
    assert_eq!(
        split(&fake, &sized(4_000, 4_000, "cccc")).await,
        [1, 1_000, 0, 1_000]
    );
    // A schema is part of the key, and counts: {"type":"string"} has 17 bytes, 4,017 make 1,005 tokens and 12,057 make 3,015.
    let mut with_schema = first.clone();
    with_schema["output_config"] =
        json!({"format": {"type": "json_schema", "schema": {"type": "string"}}});
    assert_eq!(split(&fake, &with_schema).await, [10, 2_000, 1_005, 0]);
    let mut with_effort = first.clone();
    with_effort["output_config"] = json!({"effort": "low"});
    assert_eq!(split(&fake, &with_effort).await, [10, 2_000, 1_000, 0]);
    // Five minutes later the session is gone, and the system is not.
    fake.advance(Duration::from_secs(301));
    assert_eq!(split(&fake, &first).await, [10, 2_000, 0, 1_000]);
    // Reads keep an entry alive.
    fake.advance(Duration::from_secs(200));
    assert_eq!(split(&fake, &first).await[3], 3_000);
    fake.advance(Duration::from_secs(200));
    assert_eq!(split(&fake, &first).await[3], 3_000);
    fake.advance(Duration::from_secs(3_601));
    assert_eq!(split(&fake, &first).await, [10, 2_000, 1_000, 0]);
}

#[tokio::test]
async fn short_prefixes_are_not_cached_and_counted_tokens_are_the_billed_ones() {
    let fake = Fake::start(Plan::new());
    // 511 tokens are one too few; with the session they are 512.
    let body = sized(2_044, 4, "cccc");
    assert_eq!(split(&fake, &body).await, [1, 512, 0, 0]);
    assert_eq!(split(&fake, &body).await, [1, 0, 0, 512]);
    assert_eq!(split(&fake, &sized(400, 400, "cccc")).await, [201, 0, 0, 0]);
    let got = send(anthropic(shared(), &fake, "messages/count_tokens", &body))
        .await
        .unwrap();
    assert_eq!(got.json(), json!({"input_tokens": 513}));
}

#[tokio::test]
async fn parallel_first_requests_all_pay() {
    let fake = Fake::start(Plan::new().latency_ms(100));
    let body = sized(4_000, 8_000, "cccc");
    let (one, two) = tokio::join!(split(&fake, &body), split(&fake, &body));
    assert_eq!(one, [1, 2_000, 1_000, 0]);
    assert_eq!(two, [1, 2_000, 1_000, 0]);
    assert_eq!(split(&fake, &body).await, [1, 0, 0, 3_000]);
    assert_eq!(fake.ledger().max_in_flight(), 2);
}

#[tokio::test]
async fn an_entry_is_found_at_most_twenty_blocks_back() {
    let fake = Fake::start(Plan::new());
    let grown = |blocks: usize| {
        let mut content = vec![json!({"type": "text", "text": "b".repeat(4_000)})];
        content.extend((0..blocks).map(|n| json!({"type": "text", "text": format!("{n:04}")})));
        content.last_mut().unwrap()["cache_control"] = json!({"type": "ephemeral"});
        json!({"model": MODEL, "max_tokens": 1_000, "messages": [{"role": "user", "content": content}]})
    };
    assert_eq!(split(&fake, &grown(0)).await, [0, 1_000, 0, 0]);
    assert_eq!(split(&fake, &grown(20)).await, [0, 20, 0, 1_000]);
    assert_eq!(split(&fake, &grown(41)).await, [0, 1_041, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_bills_to_the_picodollar() {
    let fake = Fake::start(Plan::new());
    let body = sized(4_000, 8_000, QUESTION);
    let outputs = [
        ask(&fake, &body).await.json(),
        ask(&fake, &body).await.json(),
    ]
    .map(|message| u128::from(message["usage"]["output_tokens"].as_u64().unwrap()));
    // USD per million tokens: 0.10 input, 0.125 and 0.20 writes, 0.01 reads, 0.50 output.
    let input = u128::try_from(QUESTION.len().div_ceil(4)).unwrap();
    let first = input * 100_000 + 2_000 * 125_000 + 1_000 * 200_000 + outputs[0] * 500_000;
    let second = input * 100_000 + 3_000 * 10_000 + outputs[1] * 500_000;
    assert!(fake.wait_until(|ledger| ledger.answered() == 2, Duration::from_secs(5)));
    let ledger = fake.ledger();
    assert_eq!(ledger.bill(), first + second);
    assert_eq!(ledger.bill_delivered(), first + second);
    assert_eq!(ledger.spend()["Expertise"], first + second);
    let share = 3_000.0 / (6_000.0 + 2.0 * f64::from(u32::try_from(input).unwrap()));
    assert!((ledger.cached_share() - share).abs() < 1e-12);
    assert_eq!(ledger.answered_twice(), [(0, 1)]);
    assert_eq!(ledger.exchanges[1].attempt, 2);
    // 500,000 bytes are 125,000 tokens, above the limit of 100,000: five times the price.
    let long = json!({"model": MODEL, "max_tokens": 1, "messages": [{"role": "user", "content": "x".repeat(500_000)}]});
    let before = fake.ledger().bill();
    assert_eq!(ask(&fake, &long).await.json()["stop_reason"], "max_tokens");
    assert_eq!(fake.ledger().bill() - before, 125_000 * 500_000 + 2_500_000);
}
