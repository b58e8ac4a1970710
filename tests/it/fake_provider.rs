//! The provider that other tests run against, itself held against what the vendors document.

mod batches;
mod cache;
mod faults;

use serde_json::{Value, json};

use crate::fake::Fake;
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

/// One client for all tests: it keeps no connection, because each test has a runtime of its own.
fn shared() -> &'static reqwest::Client {
    static SHARED: std::sync::OnceLock<reqwest::Client> = std::sync::OnceLock::new();
    SHARED.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder().no_proxy();
        builder.pool_max_idle_per_host(0).build().unwrap()
    })
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
    send(anthropic(shared(), fake, "messages", body))
        .await
        .unwrap()
}

async fn get(fake: &Fake, path: &str) -> Got {
    send(anthropic(shared(), fake, path, &Value::Null))
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
    send(openai(shared(), fake, "chat/completions", body))
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
    let client = shared();
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
    let mut other = Plan::new();
    other.key = Some("another key".to_owned());
    let got = complete(&Fake::start(other), &chat("s")).await;
    assert_eq!(
        (got.status, &got.json()["error"]["code"]),
        (401, &json!("invalid_api_key"))
    );
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
