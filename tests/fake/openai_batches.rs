//! OpenAI's files and batches.

use std::collections::HashSet;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::anthropic::header;
use super::asked::{Asked, hash, number};
use super::batches::{Begun, LIFE, begin, bill, page};
use super::ledger::Dialect;
use super::openai::{self, Refused, ok};
use super::reply::Reply;
use super::server::{Server, split};

const MOST_LINES: usize = 50_000;
const MOST_BYTES: usize = 200_000_000;

#[derive(Debug, Clone)]
pub(super) struct StoredFile {
    name: String,
    purpose: String,
    content: String,
}

#[derive(Debug)]
pub(super) struct OpenAiBatch {
    input: String,
    metadata: Value,
    created: Instant,
    polls: u32,
    status: &'static str,
    errors: Option<String>,
    output_file: Option<String>,
    error_file: Option<String>,
    total: usize,
    completed: usize,
    failed: usize,
}

pub(super) fn route(
    server: &Server,
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Reply {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (method, parts.as_slice()) {
        ("POST", ["v1", "files"]) => upload(server, headers, body),
        ("GET", ["v1", "files", id]) => {
            with_file(server, id, |id, file| ok(server, &tell_file(id, file)))
        }
        ("GET", ["v1", "files", id, "content"]) => with_file(server, id, |_, file| {
            let id = server.lock().name("req_fake");
            Reply::text(200, "application/octet-stream", file.content.clone())
                .header("x-request-id", &id)
        }),
        ("POST", ["v1", "batches"]) => {
            create(server, &serde_json::from_slice(body).unwrap_or(Value::Null))
        }
        ("GET", ["v1", "batches"]) => list(server, query),
        ("GET", ["v1", "batches", id]) => with_batch(server, id, poll),
        ("POST", ["v1", "batches", id, "cancel"]) => with_batch(server, id, cancel),
        ("GET", ["v1", "models"]) => {
            let models: Vec<Value> = server
                .plan
                .models
                .iter()
                .map(|name| json!({"id": name, "object": "model"}))
                .collect();
            ok(server, &json!({"object": "list", "data": models}))
        }
        _ => not_found(server, "Unknown address"),
    }
}

fn not_found(server: &Server, message: &str) -> Reply {
    Refused::new(404, "invalid_request_error", message, None).reply(server)
}

fn with_file(server: &Server, id: &str, tell: impl Fn(&str, &StoredFile) -> Reply) -> Reply {
    let file = server.lock().files.get(id).cloned();
    file.map_or_else(
        || not_found(server, "No such File object"),
        |file| tell(id, &file),
    )
}

fn with_batch(server: &Server, id: &str, act: impl Fn(&Server, &str)) -> Reply {
    if !server.lock().openai_batches.contains_key(id) {
        return not_found(server, "No batch found with this id");
    }
    act(server, id);
    let told = tell(id, &server.lock().openai_batches[id]);
    ok(server, &told)
}

fn tell_file(id: &str, file: &StoredFile) -> Value {
    json!({
        "id": id, "object": "file", "bytes": file.content.len(), "created_at": seconds(),
        "filename": file.name, "purpose": file.purpose, "status": "processed",
    })
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// Reads a multipart form with `purpose` and `file`.
fn upload(server: &Server, headers: &HeaderMap, body: &[u8]) -> Reply {
    let invalid = |message: &str| Refused::invalid("file", message).reply(server);
    let kind = header(headers, "content-type").unwrap_or_default();
    let Some(boundary) = kind
        .strip_prefix("multipart/form-data")
        .and_then(|rest| rest.split_once("boundary="))
    else {
        return invalid("the content type must be multipart/form-data with a boundary");
    };
    let boundary = format!("--{}", boundary.1.trim_matches('"'));
    let Ok(text) = std::str::from_utf8(body) else {
        return invalid("the file is not UTF-8");
    };
    let mut purpose = String::new();
    let mut file = None;
    // What follows a boundary: `\r\n`, headers, an empty line, content, `\r\n`; or `--` after the last.
    for part in text.split(&boundary).skip(1) {
        let Some((head, content)) = part.split_once("\r\n\r\n") else {
            continue;
        };
        let content = content.strip_suffix("\r\n").unwrap_or(content);
        let field = |name: &str| {
            let (_, rest) = head.split_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        if head.contains("; name=\"purpose\"") {
            content.clone_into(&mut purpose);
        } else if head.contains("; name=\"file\"") {
            file = Some((field("filename").unwrap_or_default(), content.to_owned()));
        }
    }
    let Some((name, content)) = file else {
        return invalid("'file' is a required property");
    };
    if purpose != "batch" {
        return Refused::invalid(
            "purpose",
            "'purpose' is a required property; only batch is known here",
        )
        .reply(server);
    }
    if MOST_BYTES < content.len() {
        return Refused::new(413, "invalid_request_error", "The file is too large", None)
            .reply(server);
    }
    let stored = StoredFile {
        name,
        purpose,
        content,
    };
    let id = keep(server, stored.clone());
    ok(server, &tell_file(&id, &stored))
}

fn keep(server: &Server, file: StoredFile) -> String {
    let mut state = server.lock();
    let id = state.name("file-fake");
    state.files.insert(id.clone(), file);
    id
}

fn create(server: &Server, body: &Value) -> Reply {
    let invalid = |param: &str, message: &str| Refused::invalid(param, message).reply(server);
    let input = body["input_file_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if body["endpoint"] != "/v1/chat/completions" {
        return invalid("endpoint", "only /v1/chat/completions is known here");
    }
    if body["completion_window"] != "24h" {
        return invalid("completion_window", "must be 24h");
    }
    let Some(content) = server
        .lock()
        .files
        .get(&input)
        .map(|file| file.content.clone())
    else {
        return invalid("input_file_id", "no such file");
    };
    let errors = problem(&content);
    let mut state = server.lock();
    let id = state.name("batch_fake");
    let batch = OpenAiBatch {
        input,
        metadata: body["metadata"].clone(),
        created: state.now(),
        polls: 0,
        status: "validating",
        errors,
        output_file: None,
        error_file: None,
        total: content.lines().count(),
        completed: 0,
        failed: 0,
    };
    let told = tell(&id, &batch);
    state.openai_batches.insert(id, batch);
    drop(state);
    ok(server, &told)
}

/// What is wrong with an input file, if anything.
fn problem(content: &str) -> Option<String> {
    let mut seen = HashSet::new();
    if content.lines().count() == 0 || MOST_LINES < content.lines().count() {
        return Some("1 to 50,000 lines".to_owned());
    }
    for (n, line) in (1..).zip(content.lines()) {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            return Some(format!("line {n} is not JSON"));
        };
        let id = line["custom_id"].as_str().unwrap_or_default().to_owned();
        if id.is_empty()
            || line["method"] != "POST"
            || line["url"] != "/v1/chat/completions"
            || !line["body"].is_object()
        {
            return Some(format!("line {n} needs custom_id, method, url and body"));
        }
        if !seen.insert(id) {
            return Some(format!("line {n}: the custom_id is not unique"));
        }
    }
    None
}

fn tell(id: &str, batch: &OpenAiBatch) -> Value {
    let errors = batch.errors.as_ref().filter(|_| batch.status == "failed").map(|message| {
        json!({"object": "list", "data": [{"code": "invalid_file", "message": message, "param": null, "line": null}]})
    });
    json!({
        "id": id, "object": "batch", "endpoint": "/v1/chat/completions", "errors": errors,
        "metadata": batch.metadata,
        "input_file_id": batch.input, "completion_window": "24h", "status": batch.status,
        "output_file_id": batch.output_file, "error_file_id": batch.error_file, "created_at": seconds(),
        "request_counts": {"total": batch.total, "completed": batch.completed, "failed": batch.failed},
    })
}

fn list(server: &Server, query: &str) -> Reply {
    let (told, has_more) = {
        let state = server.lock();
        let (ids, has_more) = page(state.openai_batches.keys(), query, "after", "before");
        let told: Vec<Value> = ids
            .iter()
            .map(|id| tell(id, &state.openai_batches[*id]))
            .collect();
        (told, has_more)
    };
    let id = |one: Option<&Value>| one.map(|batch| batch["id"].clone());
    let body = json!({
        "object": "list", "first_id": id(told.first()), "last_id": id(told.last()), "has_more": has_more, "data": told,
    });
    ok(server, &body)
}

fn cancel(server: &Server, id: &str) {
    let mut state = server.lock();
    let batch = state.openai_batches.get_mut(id).expect("it was looked up");
    if matches!(batch.status, "validating" | "in_progress") {
        batch.status = "cancelling";
    }
}

fn poll(server: &Server, id: &str) {
    let next = {
        let mut state = server.lock();
        let now = state.now();
        let batch = state.openai_batches.get_mut(id).expect("it was looked up");
        batch.polls += 1;
        match batch.status {
            "validating" | "in_progress" if batch.errors.is_some() => "failed",
            "validating" | "in_progress" if batch.created + LIFE <= now => "expired",
            "validating" | "in_progress" if server.plan.polls_until_batch_ends <= batch.polls => {
                "completed"
            }
            "validating" => "in_progress",
            "cancelling" => "cancelled",
            same => return batch.status = same,
        }
    };
    if matches!(next, "completed" | "cancelled" | "expired") {
        process(server, id, next);
    }
    server
        .lock()
        .openai_batches
        .get_mut(id)
        .expect("it was looked up")
        .status = next;
    server.changed.notify_all();
}

/// Ends a batch: every line gets its result.
fn process(server: &Server, id: &str, end: &str) {
    let content = {
        let state = server.lock();
        state.files[&state.openai_batches[id].input].content.clone()
    };
    let mut good: Vec<([u8; 32], String)> = Vec::new();
    let mut bad = Vec::new();
    for line in content.lines() {
        let line: Value = serde_json::from_str(line).expect("it was checked");
        let custom_id = line["custom_id"].as_str().unwrap_or_default();
        let place = hash(&[custom_id.as_bytes()]);
        let result = match end {
            "expired" => Err("batch_expired".to_owned()),
            "cancelled" if number(&place).is_multiple_of(2) => Err("batch_cancelled".to_owned()),
            _ => item(server, &line["body"]),
        };
        let name = server.lock().name("batch_req_fake");
        let (response, error) = match result {
            Ok((status, body)) => (
                json!({"status_code": status, "request_id": name.clone(), "body": body}),
                Value::Null,
            ),
            Err(code) => (
                Value::Null,
                json!({"code": code.clone(), "message": format!("This request ended as {code}.")}),
            ),
        };
        let is_good = response["status_code"] == 200;
        let line =
            json!({"id": name, "custom_id": custom_id, "response": response, "error": error});
        let lines = if is_good { &mut good } else { &mut bad };
        lines.push((place, format!("{line}\n")));
    }
    let file = |lines: &mut Vec<([u8; 32], String)>, name: &str| {
        lines.sort();
        let content: String = lines.iter().map(|(_, line)| line.as_str()).collect();
        (!lines.is_empty()).then(|| {
            let file = StoredFile {
                name: name.to_owned(),
                purpose: "batch_output".to_owned(),
                content,
            };
            keep(server, file)
        })
    };
    let output_file = file(&mut good, "output.jsonl");
    let error_file = file(&mut bad, "error.jsonl");
    let mut state = server.lock();
    let batch = state.openai_batches.get_mut(id).expect("it was looked up");
    (batch.output_file, batch.error_file) = (output_file, error_file);
    (batch.completed, batch.failed) = (good.len(), bad.len());
}

/// A status with a body, or the code of an error without a response.
fn item(server: &Server, body: &Value) -> Result<(u16, Value), String> {
    if let Err(wrong) = openai::check_body(&server.plan, body) {
        return Ok((wrong.status, wrong.body()));
    }
    let asked = Asked::read(body).expect("it was checked");
    match begin(server, body, &asked, Dialect::OpenAi) {
        Begun::Ends(outcome) if outcome == "expired" || outcome == "canceled" => {
            Err(format!("batch_{outcome}"))
        }
        Begun::Ends(_) => Ok((500, Refused::of_status(500, None).body())),
        Begun::Answers(exchange, fault) => {
            let split = {
                let mut state = server.lock();
                let now = state.now();
                let split = split(server, &mut state.cache, body, Dialect::OpenAi, now);
                state.cache.begin(&split, now);
                split
            };
            let (completion, usage) =
                openai::completion_body(server, body, &asked, &split, fault.as_ref());
            bill(server, exchange, usage, &asked.model);
            Ok((200, completion))
        }
    }
}
