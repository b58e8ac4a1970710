//! Message Batches: created at once, processed when their state was asked often enough, results in an order of their own.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::anthropic::{self, Refused, Version, ok};
use super::anthropic_check::check_body;
use super::asked::{Asked, hash, number};
use super::ledger::{self, Delivery, Dialect};
use super::limits::moment;
use super::reply::Reply;
use super::server::{Server, split};

/// After which a batch expires.
pub(super) const LIFE: Duration = Duration::from_secs(24 * 3_600);
const MOST_REQUESTS: usize = 100_000;

#[derive(Debug)]
pub(super) struct Batch {
    requests: Vec<(String, Value)>,
    version: Version,
    created: Instant,
    created_at: SystemTime,
    polls: u32,
    canceled: bool,
    /// Results as lines, once the batch has ended.
    results: Option<Vec<Value>>,
}

/// Serves `/v1/messages/batches` and what is below; `path` is the rest of the path.
pub(super) fn route(
    server: &Server,
    method: &str,
    path: &str,
    query: &str,
    body: &Value,
    version: Version,
) -> Reply {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (method, parts.as_slice()) {
        ("POST", []) => create(server, body, version),
        ("GET", []) => list(server, query),
        (_, [id, rest @ ..]) => {
            if !server.lock().batches.contains_key(*id) {
                return Refused::new(404, "not_found_error", "Message batch not found")
                    .reply(server);
            }
            match (method, rest) {
                ("GET", []) => poll(server, id),
                ("POST", ["cancel"]) => cancel(server, id),
                ("GET", ["results"]) => results(server, id),
                ("DELETE", []) => delete(server, id),
                _ => Refused::new(404, "not_found_error", "Not found").reply(server),
            }
        }
        _ => Refused::new(405, "invalid_request_error", "Method not allowed").reply(server),
    }
}

fn create(server: &Server, body: &Value, version: Version) -> Reply {
    let invalid = |message: String| Refused::invalid(message).reply(server);
    let Some(requests) = body["requests"].as_array().filter(|all| !all.is_empty()) else {
        return invalid("requests: at least one request is required".to_owned());
    };
    if MOST_REQUESTS < requests.len() {
        return invalid(format!("requests: at most {MOST_REQUESTS} requests"));
    }
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for (n, request) in requests.iter().enumerate() {
        let id = request["custom_id"].as_str().unwrap_or_default();
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        if id.is_empty() || 64 < id.len() || !id.chars().all(fits) {
            return invalid(format!(
                "requests.{n}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
            ));
        }
        if !seen.insert(id) {
            return invalid(format!("requests.{n}.custom_id: `{id}` is not unique"));
        }
        if !request["params"].is_object() {
            return invalid(format!("requests.{n}.params: Field required"));
        }
        kept.push((id.to_owned(), request["params"].clone()));
    }
    let mut state = server.lock();
    let id = state.name("msgbatch_fake");
    let batch = Batch {
        requests: kept,
        version,
        created: state.now(),
        created_at: SystemTime::now(),
        polls: 0,
        canceled: false,
        results: None,
    };
    let told = tell(server, &id, &batch);
    state.batches.insert(id, batch);
    drop(state);
    ok(server, &told)
}

fn tell(server: &Server, id: &str, batch: &Batch) -> Value {
    let status = match (&batch.results, batch.canceled) {
        (Some(_), _) => "ended",
        (None, true) => "canceling",
        (None, false) => "in_progress",
    };
    let count = |kind: &str| {
        let results = batch.results.iter().flatten();
        results
            .filter(|line| line["result"]["type"] == kind)
            .count()
    };
    let ended = batch.results.is_some();
    json!({
        "id": id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {
            "processing": if ended { 0 } else { batch.requests.len() },
            "succeeded": count("succeeded"),
            "errored": count("errored"),
            "canceled": count("canceled"),
            "expired": count("expired"),
        },
        "created_at": moment(batch.created_at),
        "expires_at": moment(batch.created_at + LIFE),
        "ended_at": ended.then(|| moment(SystemTime::now())),
        "cancel_initiated_at": batch.canceled.then(|| moment(SystemTime::now())),
        "archived_at": null,
        "results_url": ended.then(|| format!("{}/anthropic/v1/messages/batches/{id}/results", server.origin())),
    })
}

fn poll(server: &Server, id: &str) -> Reply {
    let is_due = {
        let mut state = server.lock();
        let now = state.now();
        let batch = state.batches.get_mut(id).expect("it was looked up");
        batch.polls += 1;
        batch.results.is_none()
            && (batch.canceled
                || server.plan.polls_until_batch_ends <= batch.polls
                || batch.created + LIFE <= now)
    };
    if is_due {
        process(server, id);
    }
    let told = tell(server, id, &server.lock().batches[id]);
    ok(server, &told)
}

fn cancel(server: &Server, id: &str) -> Reply {
    let told = {
        let mut state = server.lock();
        let batch = state.batches.get_mut(id).expect("it was looked up");
        batch.canceled |= batch.results.is_none();
        tell(server, id, batch)
    };
    ok(server, &told)
}

fn delete(server: &Server, id: &str) -> Reply {
    if server.lock().batches[id].results.is_none() {
        return Refused::invalid("Only ended batches can be deleted").reply(server);
    }
    server.lock().batches.remove(id);
    ok(server, &json!({"id": id, "type": "message_batch_deleted"}))
}

fn results(server: &Server, id: &str) -> Reply {
    let text = server.lock().batches[id].results.as_ref().map(|lines| {
        let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
        lines.concat()
    });
    match text {
        Some(text) => {
            let name = server.lock().name("req_fake");
            anthropic::with_ids(Reply::text(200, "application/x-jsonl", text), &name)
        }
        None => {
            Refused::invalid("Results are not available until the batch has ended").reply(server)
        }
    }
}

fn list(server: &Server, query: &str) -> Reply {
    let (told, has_more) = {
        let state = server.lock();
        let (ids, has_more) = page(state.batches.keys(), query, "after_id", "before_id");
        let told: Vec<Value> = ids
            .iter()
            .map(|id| tell(server, id, &state.batches[*id]))
            .collect();
        (told, has_more)
    };
    let id = |one: Option<&Value>| one.map(|batch| batch["id"].clone());
    let body = json!({
        "first_id": id(told.first()),
        "last_id": id(told.last()),
        "has_more": has_more,
        "data": told,
    });
    ok(server, &body)
}

/// One page of ids, newest first, and whether more follow.
pub(super) fn page<'ids>(
    ids: impl DoubleEndedIterator<Item = &'ids String>,
    query: &str,
    after: &str,
    before: &str,
) -> (Vec<&'ids String>, bool) {
    let asked = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    };
    let limit: usize = asked("limit")
        .and_then(|text| text.parse().ok())
        .unwrap_or(20);
    let (after, before) = (asked(after), asked(before));
    let fits = |id: &&String| {
        after.as_ref().is_none_or(|after| *id < after)
            && before.as_ref().is_none_or(|before| before < *id)
    };
    let mut ids: Vec<&String> = ids.rev().filter(fits).collect();
    let has_more = limit < ids.len();
    ids.truncate(limit);
    (ids, has_more)
}

/// Ends a batch: every item gets its result.
fn process(server: &Server, id: &str) {
    let (requests, version, canceled, is_over) = {
        let mut state = server.lock();
        let now = state.now();
        let batch = state.batches.get_mut(id).expect("it was looked up");
        let requests = std::mem::take(&mut batch.requests);
        (
            requests,
            batch.version,
            batch.canceled,
            batch.created + LIFE <= now,
        )
    };
    let mut results: Vec<([u8; 32], Value)> = Vec::new();
    for (custom_id, params) in &requests {
        let place = hash(&[custom_id.as_bytes()]);
        let result = if is_over {
            json!({"type": "expired"})
        } else if canceled && number(&place).is_multiple_of(2) {
            json!({"type": "canceled"})
        } else {
            item(server, params, version)
        };
        results.push((place, json!({"custom_id": custom_id, "result": result})));
    }
    results.sort_by_key(|(place, _)| *place);
    let mut state = server.lock();
    let batch = state.batches.get_mut(id).expect("it was looked up");
    batch.requests = requests;
    batch.results = Some(results.into_iter().map(|(_, line)| line).collect());
    drop(state);
    server.changed.notify_all();
}

fn item(server: &Server, params: &Value, version: Version) -> Value {
    let errored = |refused: &Refused| {
        let id = server.lock().name("req_fake");
        json!({"type": "errored", "error": {"type": "error", "error": refused.error(), "request_id": id}})
    };
    if let Err(wrong) = check_body(&server.plan, params, version, true) {
        return errored(&wrong);
    }
    let asked = Asked::read(params).expect("it was checked");
    match begin(server, params, &asked, Dialect::Anthropic) {
        Begun::Ends(outcome) if outcome == "expired" || outcome == "canceled" => {
            json!({"type": outcome})
        }
        Begun::Ends(kind) => {
            let status = if kind == "invalid_request_error" {
                400
            } else {
                500
            };
            let mut refused = Refused::of_status(status, None);
            if kind == "overloaded_error" {
                refused = Refused::of_status(529, None);
            }
            errored(&refused)
        }
        Begun::Answers(exchange, fault) => {
            let split = {
                let mut state = server.lock();
                let now = state.now();
                let split = split(server, &mut state.cache, params, Dialect::Anthropic, now);
                state.cache.begin(&split, now);
                split
            };
            let (message, usage) =
                anthropic::message_body(server, params, &asked, &split, fault.as_ref(), "batch");
            bill(server, exchange, usage, &asked.model);
            json!({"type": "succeeded", "message": message})
        }
    }
}

/// How an item of a batch goes on.
pub(super) enum Begun {
    /// With what the plan says.
    Ends(String),
    /// With an answer, of this exchange and maybe with a fault.
    Answers(usize, Option<super::faults::Fault>),
}

/// Notes an item in the ledger and finds out how it ends.
pub(super) fn begin(server: &Server, params: &Value, asked: &Asked, dialect: Dialect) -> Begun {
    let mut state = server.lock();
    let mut exchange = ledger::exchange(
        dialect,
        asked,
        params.to_string().as_bytes(),
        Instant::now(),
    );
    exchange.batched = true;
    exchange.delivery = Delivery::Sent;
    exchange.finished = Some(Instant::now());
    let number = state.ledger.arrive(exchange);
    let attempt = state.ledger.exchanges[number].attempt;
    let planned = server
        .plan
        .batch_outcomes
        .iter()
        .find(|(part, _)| asked.text.contains(part));
    if let (Some((_, outcome)), 1) = (planned, attempt) {
        state.ledger.exchanges[number].fault = Some(outcome.clone());
        return Begun::Ends(outcome.clone());
    }
    let (_, fault) = state.faults.choose(asked, attempt);
    state.ledger.exchanges[number].fault = fault.as_ref().map(|fault| format!("{fault:?}"));
    Begun::Answers(number, fault)
}

/// Bills an item at half the price.
pub(super) fn bill(server: &Server, number: usize, usage: ledger::Usage, model: &str) {
    let mut state = server.lock();
    let exchange = &mut state.ledger.exchanges[number];
    exchange.status = 200;
    exchange.usage = Some(usage);
    exchange.cost = usage.cost(&server.plan.price_of(model), true);
}
