//! Batches of the fake provider, from their creation to their results.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Got, anthropic, ask, chat, get, openai, question, send, shared, text};
use crate::fake::Fake;
use crate::fake::plan::Plan;

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn batch(items: usize) -> Value {
    let item = |n| json!({"custom_id": format!("item-{n}"), "params": question(&format!("session <{n}>"))});
    json!({"requests": (0..items).map(item).collect::<Vec<_>>()})
}

async fn post(fake: &Fake, path: &str, body: &Value) -> Got {
    send(anthropic(shared(), fake, path, body)).await.unwrap()
}

/// Creates a batch and gives its path.
async fn created(fake: &Fake, body: &Value) -> String {
    let told = post(fake, "messages/batches", body).await.json();
    assert_eq!(told["processing_status"], "in_progress", "{told}");
    format!("messages/batches/{}", told["id"].as_str().unwrap())
}

/// Ids in the order of the lines, and results by id.
async fn results(fake: &Fake, path: &str) -> (Vec<String>, BTreeMap<String, Value>) {
    let told = get(fake, path).await.json();
    let address = told["results_url"].as_str().unwrap();
    let below = address
        .strip_prefix(&format!("{}/v1/", fake.base_anthropic()))
        .unwrap();
    let lines = get(fake, below).await.text;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let id = |line: &Value| line["custom_id"].as_str().unwrap().to_owned();
    (
        lines.iter().map(id).collect(),
        lines
            .iter()
            .map(|line| (id(line), line["result"].clone()))
            .collect(),
    )
}

#[tokio::test]
async fn a_batch_goes_from_creation_to_shuffled_results() {
    let mut plan = Plan::new();
    let outcome = |part: &str, outcome: &str| (part.to_owned(), outcome.to_owned());
    plan.batch_outcomes = vec![
        outcome("<3>", "expired"),
        outcome("<4>", "api_error"),
        outcome("<5>", "canceled"),
    ];
    let fake = Fake::start(plan);
    let mut body = batch(10);
    body["requests"][6]["params"]["stream"] = json!(true);
    let path = created(&fake, &body).await;
    let told = get(&fake, &path).await.json();
    assert_eq!(told["request_counts"]["processing"], 10);
    assert_eq!(told["results_url"], Value::Null);
    assert_eq!(get(&fake, &format!("{path}/results")).await.status, 400);
    let told = get(&fake, &path).await.json();
    assert_eq!(told["processing_status"], "ended");
    let counts =
        json!({"processing": 0, "succeeded": 6, "errored": 2, "canceled": 1, "expired": 1});
    assert_eq!(told["request_counts"], counts);
    let (order, results_of) = results(&fake, &path).await;
    let mut sorted = order.clone();
    sorted.sort();
    assert_ne!(order, sorted);
    assert_eq!(results_of["item-3"]["type"], "expired");
    assert_eq!(results_of["item-4"]["error"]["error"]["type"], "api_error");
    assert_eq!(
        results_of["item-6"]["error"]["error"]["type"],
        "invalid_request_error"
    );
    let message = &results_of["item-0"]["message"];
    assert_eq!(message["usage"]["service_tier"], "batch");
    // A live request gets the same answer, at twice the price.
    let before = fake.ledger().bill();
    let live = ask(&fake, &question("session <0>")).await.json();
    assert_eq!(text(&live), text(message));
    let ledger = fake.ledger();
    let batched = ledger
        .exchanges
        .iter()
        .find(|one| one.usage.is_some())
        .unwrap();
    assert_eq!(ledger.bill() - before, 2 * batched.cost);
    // What did not succeed does so in the next batch.
    let again = json!({"requests": [batch(10)["requests"][3], batch(10)["requests"][4], batch(10)["requests"][5]]});
    let path = created(&fake, &again).await;
    get(&fake, &path).await;
    let (_, results_of) = results(&fake, &path).await;
    assert!(
        results_of
            .values()
            .all(|result| result["type"] == "succeeded"),
        "{results_of:?}"
    );
}

#[tokio::test]
async fn batches_that_are_wrong_are_refused_at_once() {
    let fake = Fake::start(Plan::new());
    let refused = async |body: &Value| {
        let got = post(&fake, "messages/batches", body).await;
        assert_eq!(got.status, 400);
        got.json()["error"]["message"].as_str().unwrap().to_owned()
    };
    assert!(
        refused(&json!({"requests": []}))
            .await
            .contains("at least one")
    );
    let mut body = batch(2);
    body["requests"][1]["custom_id"] = json!("item-0");
    assert!(refused(&body).await.contains("not unique"));
    body["requests"][1]["custom_id"] = json!("item 1");
    assert!(refused(&body).await.contains("pattern"));
    body["requests"][1]["custom_id"] = json!("x".repeat(65));
    assert!(refused(&body).await.contains("pattern"));
}

#[tokio::test]
async fn batches_are_cancelled_expire_are_listed_and_deleted() {
    let fake = Fake::start(Plan::new());
    let first = created(&fake, &batch(20)).await;
    let told = post(&fake, &format!("{first}/cancel"), &json!({}))
        .await
        .json();
    assert_eq!(told["processing_status"], "canceling");
    let counts = get(&fake, &first).await.json()["request_counts"].clone();
    let count = |kind: &str| counts[kind].as_u64().unwrap();
    assert_eq!(count("canceled") + count("succeeded"), 20);
    assert!(0 < count("canceled") && 0 < count("succeeded"), "{counts}");
    let second = created(&fake, &batch(2)).await;
    fake.advance(DAY);
    assert_eq!(
        get(&fake, &second).await.json()["request_counts"]["expired"],
        2
    );
    created(&fake, &batch(1)).await;
    let page = get(&fake, "messages/batches?limit=2").await.json();
    assert_eq!(
        (page["data"].as_array().unwrap().len(), &page["has_more"]),
        (2, &json!(true))
    );
    let last = page["last_id"].as_str().unwrap();
    let page = get(&fake, &format!("messages/batches?limit=2&after_id={last}"))
        .await
        .json();
    assert_eq!(
        (page["data"].as_array().unwrap().len(), &page["has_more"]),
        (1, &json!(false))
    );
    assert!(first.ends_with(page["first_id"].as_str().unwrap()));
    assert_eq!(
        get(&fake, "messages/batches/msgbatch_none").await.status,
        404
    );
}

/// Uploads lines as a batch file and gives the file's id.
async fn uploaded(fake: &Fake, lines: &str) -> String {
    let form = format!(
        "--frontier\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--frontier\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"requests.jsonl\"\r\n\
         Content-Type: application/jsonl\r\n\r\n{lines}\r\n--frontier--\r\n"
    );
    let request = shared()
        .post(format!("{}/files", fake.base_openai()))
        .header("authorization", format!("Bearer {}", Plan::KEY))
        .header("content-type", "multipart/form-data; boundary=frontier")
        .body(form);
    let told = send(request).await.unwrap().json();
    assert_eq!(told["bytes"], lines.len(), "{told}");
    told["id"].as_str().unwrap().to_owned()
}

async fn openai_batch(fake: &Fake, lines: &str) -> String {
    let body = json!({
        "input_file_id": uploaded(fake, lines).await, "endpoint": "/v1/chat/completions", "completion_window": "24h",
    });
    let told = send(openai(shared(), fake, "batches", &body))
        .await
        .unwrap()
        .json();
    assert_eq!(told["status"], "validating");
    format!("batches/{}", told["id"].as_str().unwrap())
}

async fn openai_get(fake: &Fake, path: &str) -> Got {
    send(openai(shared(), fake, path, &Value::Null))
        .await
        .unwrap()
}

async fn lines(fake: &Fake, file: &Value) -> Vec<Value> {
    let got = openai_get(fake, &format!("files/{}/content", file.as_str().unwrap())).await;
    got.text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn requests(items: usize) -> String {
    let line = |n| {
        let body = chat(&format!("session <{n}>"));
        let line = json!({"custom_id": format!("item-{n}"), "method": "POST", "url": "/v1/chat/completions", "body": body});
        format!("{line}\n")
    };
    (0..items).map(line).collect()
}

#[tokio::test]
async fn an_openai_batch_has_an_output_and_an_error_file() {
    let mut plan = Plan::new();
    plan.batch_outcomes = vec![("<1>".to_owned(), "api_error".to_owned())];
    let fake = Fake::start(plan);
    let path = openai_batch(&fake, &requests(8)).await;
    assert_eq!(
        openai_get(&fake, &path).await.json()["status"],
        "in_progress"
    );
    let told = openai_get(&fake, &path).await.json();
    assert_eq!(told["status"], "completed");
    assert_eq!(
        told["request_counts"],
        json!({"total": 8, "completed": 7, "failed": 1})
    );
    let good = lines(&fake, &told["output_file_id"]).await;
    assert_eq!(good.len(), 7);
    let body = &good[0]["response"]["body"];
    assert!(
        body["choices"][0]["message"]["content"]
            .as_str()
            .unwrap()
            .starts_with('{')
    );
    let bad = lines(&fake, &told["error_file_id"]).await;
    assert_eq!(
        (&bad[0]["custom_id"], &bad[0]["response"]["status_code"]),
        (&json!("item-1"), &json!(500))
    );
}

#[tokio::test]
async fn openai_batches_fail_expire_and_are_cancelled() {
    let fake = Fake::start(Plan::new());
    let path = openai_batch(&fake, "{\"custom_id\": 1}\n").await;
    let told = openai_get(&fake, &path).await.json();
    assert_eq!(told["status"], "failed");
    assert!(
        told["errors"]["data"][0]["message"]
            .as_str()
            .unwrap()
            .contains("line 1")
    );
    let path = openai_batch(&fake, &requests(3)).await;
    fake.advance(DAY);
    let told = openai_get(&fake, &path).await.json();
    assert_eq!(
        (&told["status"], &told["output_file_id"]),
        (&json!("expired"), &Value::Null)
    );
    let bad = lines(&fake, &told["error_file_id"]).await;
    assert_eq!(bad[0]["error"]["code"], "batch_expired");
    let path = openai_batch(&fake, &requests(20)).await;
    let told = send(openai(
        shared(),
        &fake,
        &format!("{path}/cancel"),
        &json!({}),
    ))
    .await
    .unwrap()
    .json();
    assert_eq!(told["status"], "cancelling");
    let told = openai_get(&fake, &path).await.json();
    assert_eq!(told["status"], "cancelled");
    let ends = lines(&fake, &told["output_file_id"]).await.len()
        + lines(&fake, &told["error_file_id"]).await.len();
    assert_eq!(ends, 20);
}
