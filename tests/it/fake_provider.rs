//! The provider that other tests run against, itself held against what the vendors document.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::fake::faults::{Fault, Faults, Rule};
use crate::fake::ledger::Delivery;
use crate::fake::limits::RateLimits;
use crate::fake::plan::Plan;

const MODEL: &str = "claude-haiku-5-5";
const QUESTION: &str = "# Expertise\n\n## Levels\n\n- `1` (Novice): Little.\n- `2` (Expert): Much.\n\n- `label`: one of both.";

struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

fn client() -> reqwest::Client {
    // The client wants a provider of ciphers even where it will not use one; another test may have brought it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn send(request: reqwest::RequestBuilder) -> Result<Got, reqwest::Error> {
    let response = request.send().await?;
    Ok(Got {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await?,
    })
}

/// A request of the Anthropic dialect; a null body makes it a GET.
fn anthropic(
    client: &reqwest::Client,
    fake: &Fake,
    path: &str,
    body: &Value,
) -> reqwest::RequestBuilder {
    let address = format!("{}/v1/{path}", fake.base_anthropic());
    let request = if body.is_null() {
        client.get(address)
    } else {
        client
            .post(address)
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    request
        .header("x-api-key", Plan::KEY)
        .header("anthropic-version", "2026-10-21")
}

async fn ask(fake: &Fake, body: &Value) -> Got {
    send(anthropic(&client(), fake, "messages", body))
        .await
        .unwrap()
}

async fn get(fake: &Fake, path: &str) -> Got {
    send(anthropic(&client(), fake, path, &Value::Null))
        .await
        .unwrap()
}

fn openai(
    client: &reqwest::Client,
    fake: &Fake,
    path: &str,
    body: &Value,
) -> reqwest::RequestBuilder {
    let address = format!("{}/{path}", fake.base_openai());
    let request = if body.is_null() {
        client.get(address)
    } else {
        client
            .post(address)
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    request.header("authorization", format!("Bearer {}", Plan::KEY))
}

async fn complete(fake: &Fake, body: &Value) -> Got {
    send(openai(&client(), fake, "chat/completions", body))
        .await
        .unwrap()
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"label": {"type": "string"}},
        "required": ["label"],
        "additionalProperties": false,
    })
}

fn question(session: &str) -> Value {
    json!({
        "model": MODEL,
        "max_tokens": 1_000,
        "system": "You judge sessions.",
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": session},
            {"type": "text", "text": QUESTION},
        ]}],
        "output_config": {"format": {"type": "json_schema", "schema": schema()}},
    })
}

fn chat(session: &str) -> Value {
    json!({
        "model": "gpt-6-luna",
        "messages": [
            {"role": "system", "content": "You judge sessions."},
            {"role": "user", "content": format!("{session}\nEND SESSION x\n{QUESTION}")},
        ],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": schema()}},
    })
}

/// The model's text, found by the type of its block.
fn text(message: &Value) -> &str {
    let blocks = message["content"].as_array().unwrap();
    blocks
        .iter()
        .find(|block| block["type"] == "text")
        .map_or("", |block| block["text"].as_str().unwrap())
}

fn answer_of(message: &Value) -> Value {
    serde_json::from_str(text(message)).unwrap()
}

async fn refusal_of(change: impl Fn(&mut Value)) -> String {
    let fake = Fake::start(Plan::new());
    let mut body = question("s");
    change(&mut body);
    let got = ask(&fake, &body).await;
    assert_ne!(got.status, 200, "{body}");
    format!(
        "{} {}",
        got.status,
        got.json()["error"]["message"].as_str().unwrap()
    )
}

#[tokio::test]
async fn a_message_has_the_documented_shape_and_the_same_answer_every_time() {
    let fake = Fake::start(Plan::new());
    let got = ask(&fake, &question("a session")).await;
    assert_eq!(got.status, 200);
    assert!(got.header("request-id").starts_with("req_"));
    assert_eq!(
        got.header("anthropic-ratelimit-requests-limit"),
        "100000000"
    );
    let message = got.json();
    assert_eq!(message["type"], "message");
    assert_eq!(message["stop_reason"], "end_turn");
    assert_eq!(message["content"][0]["type"], "thinking");
    let answer = answer_of(&message);
    assert!(
        ["1", "2"].contains(&answer["label"].as_str().unwrap()),
        "{answer}"
    );
    assert_eq!(answer["evidence"][0]["turn"], 1);
    let output = message["usage"]["output_tokens"].as_u64().unwrap();
    assert_eq!(
        output,
        u64::try_from(text(&message).len().div_ceil(4)).unwrap()
    );
    let again = ask(&Fake::start(Plan::new()), &question("a session"))
        .await
        .json();
    assert_eq!(text(&again), text(&message));
}

#[tokio::test]
async fn both_labels_occur_and_a_plan_can_name_others() {
    let fake = Fake::start(Plan::new());
    let named = Fake::start(Plan::new().labels(&["blue"]));
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..20 {
        let body = question(&format!("session {n}"));
        seen.insert(answer_of(&ask(&fake, &body).await.json())["label"].to_string());
        assert_eq!(answer_of(&ask(&named, &body).await.json())["label"], "blue");
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
}

#[tokio::test]
async fn keys_and_versions_are_checked() {
    let fake = Fake::start(Plan::new());
    let client = client();
    let plain = |key: &str, value: &str| {
        client
            .post(format!("{}/v1/messages", fake.base_anthropic()))
            .header("content-type", "application/json")
            .header(key, value)
            .body(question("s").to_string())
    };
    let bearer = format!("Bearer {}", Plan::KEY);
    let status = async |request: reqwest::RequestBuilder| send(request).await.unwrap().status;
    assert_eq!(
        status(plain("x-api-key", Plan::KEY)).await,
        400,
        "no version"
    );
    let with = |key: &str, value: &str, version: &str| {
        plain(key, value).header("anthropic-version", version)
    };
    assert_eq!(
        status(with("x-api-key", Plan::KEY, "2024-01-01")).await,
        400
    );
    assert_eq!(
        status(with("x-api-key", Plan::KEY, "2023-06-01")).await,
        200
    );
    assert_eq!(
        status(with("authorization", &bearer, "2026-10-21")).await,
        200
    );
    assert_eq!(status(with("x-api-key", "other", "2026-10-21")).await, 401);
    assert_eq!(
        status(with("x-api-key", Plan::KEY, "2026-10-21").header("authorization", &bearer)).await,
        401
    );
}

#[tokio::test]
async fn what_the_vendor_refuses_is_refused() {
    let refused = refusal_of(|body| body["temperature"] = json!(1.0)).await;
    assert!(refused.starts_with("400 temperature"), "{refused}");
    let refused = refusal_of(|body| body["max_tokens"] = Value::Null).await;
    assert_eq!(refused, "400 max_tokens: Field required");
    let refused = refusal_of(|body| body["model"] = json!("claude-nobody")).await;
    assert_eq!(refused, "404 model: claude-nobody");
    let refused = refusal_of(|body| {
        body["output_config"]["format"]["schema"]["additionalProperties"] = Value::Null
    })
    .await;
    assert!(refused.contains("additionalProperties"), "{refused}");
    let refused = refusal_of(|body| {
        body["output_config"]["format"]["schema"]["properties"]["label"] =
            json!({"type": "number", "minimum": 0});
    })
    .await;
    assert!(refused.contains("'minimum' is not supported"), "{refused}");
    let refused = refusal_of(|body| body["messages"][0]["content"][0]["text"] = json!("")).await;
    assert!(refused.contains("non-empty"), "{refused}");
    let refused = refusal_of(|body| {
        body["thinking"] = json!({"type": "disabled"});
        body["output_config"]["effort"] = json!("max");
    })
    .await;
    assert!(refused.contains("effort of at most high"), "{refused}");
    let refused = refusal_of(|body| {
        body["model"] = json!("claude-opus-5-5");
        body["thinking"] = json!({"type": "disabled"});
    })
    .await;
    assert!(refused.contains("not supported by this model"), "{refused}");
    let refused = refusal_of(|body| {
        let block = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
        body["system"] = json!([block, block, block, block, block]);
    })
    .await;
    assert!(refused.contains("maximum of 4"), "{refused}");
    let refused = refusal_of(|body| {
        body["system"] =
            json!([{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]);
        body["messages"][0]["content"][0]["cache_control"] =
            json!({"type": "ephemeral", "ttl": "1h"});
    })
    .await;
    assert!(refused.contains("must not come after"), "{refused}");
}

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
    let got = send(anthropic(&client(), &fake, "messages/count_tokens", &body))
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

#[tokio::test]
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

#[tokio::test]
async fn a_chat_completion_has_the_documented_shape() {
    let fake = Fake::start(Plan::new());
    let mut body = chat(&"s".repeat(8_000));
    body["reasoning_effort"] = json!("none");
    body["logprobs"] = json!(true);
    let got = complete(&fake, &body).await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert!(got.header("x-request-id").starts_with("req_"));
    assert!(got.headers.contains_key("x-ratelimit-remaining-tokens"));
    let completion = got.json();
    let choice = &completion["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    let content = choice["message"]["content"].as_str().unwrap();
    let answer: Value = serde_json::from_str(content).unwrap();
    let tokens = choice["logprobs"]["content"].as_array().unwrap();
    let joined: String = tokens
        .iter()
        .map(|token| token["token"].as_str().unwrap())
        .collect();
    assert_eq!(joined, content);
    let sum: f64 = tokens
        .iter()
        .map(|token| token["logprob"].as_f64().unwrap())
        .sum();
    assert!(
        (0.5..1.0).contains(&sum.exp()),
        "the label's probability: {}",
        sum.exp()
    );
    assert!(["1", "2"].contains(&answer["label"].as_str().unwrap()));
    let usage = &completion["usage"];
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 0);
    let prompt = usage["prompt_tokens"].as_u64().unwrap();
    let again = complete(&fake, &body).await.json();
    assert_eq!(again["usage"]["prompt_tokens"], prompt);
    assert_eq!(
        again["usage"]["prompt_tokens_details"]["cached_tokens"],
        prompt / 128 * 128
    );
    body["reasoning_effort"] = Value::Null;
    assert_eq!(
        complete(&fake, &body).await.status,
        400,
        "no logprobs with reasoning"
    );
    let mut loose = chat("s");
    loose["response_format"]["json_schema"]["schema"]["required"] = json!([]);
    assert_eq!(complete(&fake, &loose).await.status, 400);
    let wrong = openai(&client(), &fake, "chat/completions", &chat("s"))
        .header("authorization", "Bearer x");
    assert_ne!(send(wrong).await.unwrap().status, 200);
}

#[tokio::test]
async fn servers_without_schemas_can_be_played() {
    let mut plan = Plan::new();
    plan.ignores_response_format = true;
    let got = complete(&Fake::start(plan), &chat("s")).await.json();
    let content = got["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(
        content.starts_with("Here is my answer:\n\n```json\n{"),
        "{content}"
    );
    let mut plan = Plan::new();
    plan.refuses_response_format = true;
    assert_eq!(complete(&Fake::start(plan), &chat("s")).await.status, 400);
}

fn with_fault(fault: Fault) -> Fake {
    Fake::start(Plan::new().faults(Faults::none().rule(Rule::always(fault).times(1))))
}

#[tokio::test]
async fn faults_of_transport_come_once_and_the_answer_stays_the_same() {
    let body = question("a session");
    let plain = ask(&Fake::start(Plan::new()), &body).await.json();
    let status = |status, fault| (fault, Some(status));
    let faults = [
        status(529, Fault::status(529)),
        status(429, Fault::rate_limit(7)),
        status(429, Fault::spend_cap()),
        status(502, Fault::Html(502)),
        status(200, Fault::ErrorUnderOk),
        (Fault::Reset, None),
        (Fault::Truncated, None),
        status(200, Fault::Delay(Duration::from_millis(30))),
        status(
            200,
            Fault::Drip {
                bytes: 400,
                pause: Duration::from_millis(5),
            },
        ),
    ];
    for (fault, expected) in faults {
        let fake = with_fault(fault.clone());
        let client = client();
        let started = Instant::now();
        let first = send(anthropic(&client, &fake, "messages", &body)).await;
        assert_eq!(
            first.as_ref().ok().map(|got| got.status),
            expected,
            "{fault:?}"
        );
        if let Ok(got) = first {
            match &fault {
                Fault::Status {
                    retry_after, code, ..
                } => {
                    let told = got
                        .headers
                        .get("retry-after")
                        .map(|value| value.to_str().unwrap());
                    assert_eq!(told, retry_after.as_deref());
                    assert_eq!(
                        got.json()["error"]["details"]["error_code"].as_str(),
                        code.as_deref()
                    );
                    assert_eq!(got.json()["request_id"], got.header("request-id"));
                }
                Fault::Html(_) => assert!(got.text.starts_with("<!DOCTYPE html>")),
                Fault::ErrorUnderOk => assert_eq!(got.json()["type"], "error"),
                _ => {
                    assert_eq!(text(&got.json()), text(&plain), "{fault:?}");
                    assert!(5 < started.elapsed().as_millis(), "{fault:?} is slow");
                }
            }
        } else {
            assert!(fake.wait_until(|ledger| ledger.in_flight() == 0, Duration::from_secs(5)));
            assert_eq!(
                fake.ledger().exchanges[0].delivery,
                Delivery::Lost,
                "{fault:?}"
            );
        }
        assert_eq!(
            text(&ask(&fake, &body).await.json()),
            text(&plain),
            "{fault:?}"
        );
        let ledger = fake.ledger();
        let lost = ledger.bill() - ledger.bill_delivered();
        assert_eq!(0 < lost, fault == Fault::Truncated, "{fault:?}");
    }
}

#[tokio::test]
async fn faulty_answers_come_as_the_vendor_would_send_them() {
    let body = question("a session");
    let message = ask(&with_fault(Fault::Empty), &body).await.json();
    assert_eq!(
        (&message["content"], &message["stop_reason"]),
        (&json!([]), &json!("end_turn"))
    );
    let message = ask(&with_fault(Fault::Refusal), &body).await.json();
    assert_eq!(message["stop_reason"], "refusal");
    assert_eq!(message["stop_details"]["category"], "cyber");
    let message = ask(&with_fault(Fault::MaxTokens), &body).await.json();
    assert_eq!(message["stop_reason"], "max_tokens");
    assert!(serde_json::from_str::<Value>(text(&message)).is_err());
    let mut repair = body.clone();
    let turns = repair["messages"].as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": "?"}));
    turns.push(json!({"role": "user", "content": "Answer with a label."}));
    for (fault, is_repaired) in [
        (Fault::Prose { again: false }, true),
        (Fault::Prose { again: true }, false),
        (Fault::WrongLabel { again: false }, true),
        (Fault::WrongLabel { again: true }, false),
    ] {
        let fake =
            Fake::start(Plan::new().faults(Faults::none().rule(Rule::always(fault.clone()))));
        let is_good = async |body: &Value| {
            let message = ask(&fake, body).await.json();
            serde_json::from_str::<Value>(text(&message))
                .is_ok_and(|answer| answer["label"] != "no-such-label")
        };
        assert!(!is_good(&body).await, "{fault:?}");
        assert_eq!(is_good(&repair).await, is_repaired, "{fault:?}");
        let ledger = fake.ledger();
        assert_eq!(ledger.exchanges[0].identity, ledger.exchanges[1].identity);
        assert!(ledger.exchanges[1].is_repair && ledger.exchanges[1].attempt == 1);
        assert_eq!(ledger.answered_twice(), []);
    }
}

#[tokio::test]
async fn seeded_faults_meet_the_rate_and_end() {
    let menu = [Fault::status(500)];
    let fake = Fake::start(Plan::new().faults(Faults::none().seeded(0.3, 7).menu(&menu)));
    let client = client();
    let mut failed = 0;
    for n in 0..300 {
        let body = question(&format!("session {n}"));
        let mut tries = 0;
        while send(anthropic(&client, &fake, "messages", &body))
            .await
            .unwrap()
            .status
            != 200
        {
            failed += 1;
            tries += 1;
            assert!(tries <= 3);
        }
    }
    // 300 (0.3 + 0.09 + 0.027) = 125 expected, with a standard deviation below 13.
    assert!((85..165).contains(&failed), "{failed}");
}

#[tokio::test]
async fn limits_hold_and_silence_is_watched() {
    let fake = Fake::start(Plan::new().limits(RateLimits::rpm(3)));
    for remaining in ["2", "1", "0"] {
        let got = ask(&fake, &question("s")).await;
        assert_eq!(
            (
                got.status,
                got.header("anthropic-ratelimit-requests-remaining")
            ),
            (200, remaining)
        );
    }
    let got = ask(&fake, &question("s")).await;
    // Three a minute: the next comes in less than 20 s.
    let wait: u64 = got.header("retry-after").parse().unwrap();
    assert_eq!(got.status, 429);
    assert!((18..=20).contains(&wait), "{wait}");
    assert!(fake.wait_until(|ledger| ledger.in_flight() == 0, Duration::from_secs(5)));
    assert_eq!(
        fake.ledger().requests_while_cooling_down(Duration::ZERO),
        []
    );
    assert_eq!(ask(&fake, &question("s")).await.status, 429);
    assert_eq!(
        fake.ledger().requests_while_cooling_down(Duration::ZERO),
        [4]
    );
    let mut plan = Plan::new();
    plan.spend_cap_after = Some(1);
    let fake = Fake::start(plan);
    assert_eq!(ask(&fake, &question("s")).await.status, 200);
    let got = ask(&fake, &question("s")).await;
    assert_eq!(
        (got.status, got.headers.contains_key("retry-after")),
        (429, false)
    );
    assert_eq!(
        got.json()["error"]["details"]["error_code"],
        "enforced_spend_limit_reached"
    );
}

#[tokio::test]
async fn connections_close_after_so_many_requests() {
    for silently in [false, true] {
        let mut plan = Plan::new();
        plan.requests_per_connection = Some(2);
        plan.closes_silently = silently;
        let fake = Fake::start(plan);
        let client = client();
        for _ in 0..6 {
            send(anthropic(&client, &fake, "messages", &question("s")))
                .await
                .unwrap();
            let open = |ledger: &crate::fake::ledger::Ledger| {
                ledger.open_connections() == ledger.arrived() % 2
            };
            assert!(
                fake.wait_until(open, Duration::from_secs(5)),
                "silently: {silently}"
            );
        }
        assert_eq!(fake.ledger().connections(), 3, "silently: {silently}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_is_noticed_and_marks_explain_doubles() {
    let fake = Fake::start(Plan::new().latency_ms(10_000));
    let client = client();
    let request =
        anthropic(&client, &fake, "messages", &question("s")).timeout(Duration::from_millis(50));
    assert!(send(request).await.is_err());
    assert!(fake.wait_until(
        |ledger| ledger.exchanges[0].delivery == Delivery::Lost,
        Duration::from_secs(5)
    ));
    assert_eq!(
        fake.ledger().bill(),
        0,
        "it went before the model had answered"
    );
    let fake = Fake::start(Plan::new());
    ask(&fake, &question("s")).await;
    fake.mark();
    ask(&fake, &question("s")).await;
    assert_eq!(
        fake.ledger()
            .answered_twice_for_no_reason(Duration::from_secs(60)),
        []
    );
    ask(&fake, &question("s")).await;
    assert_eq!(
        fake.ledger()
            .answered_twice_for_no_reason(Duration::from_secs(60)),
        [(1, 2)]
    );
}
