//! Routes, and the way of a request to a model: checked, limited, disturbed, answered, billed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;
use tokio::net::TcpListener;

use super::asked::Asked;
use super::batches::Batch;
use super::cache::{Cache, CacheUse};
use super::connection::{Connection, Door};
use super::fault_reply::error;
use super::faults::{Fault, Faults};
use super::ledger::{self, Dialect, Ledger, Usage};
use super::limits::Buckets;
use super::openai_batches::{OpenAiBatch, StoredFile};
use super::plan::Plan;
use super::reply::{InFlight, Pace, Reply};
use super::{anthropic, batches, openai, openai_batches};

/// A provider's plan and state.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) plan: Plan,
    state: Mutex<State>,
    /// Told of every change of the ledger.
    pub(super) changed: Condvar,
    port: AtomicU16,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) faults: Faults,
    pub(super) cache: Cache,
    pub(super) buckets: Buckets,
    pub(super) batches: BTreeMap<String, Batch>,
    pub(super) openai_batches: BTreeMap<String, OpenAiBatch>,
    pub(super) files: BTreeMap<String, StoredFile>,
    pub(super) clock_moved: Duration,
    pub(super) names: u64,
    answered: u64,
}

impl State {
    /// A new number for an id; ids sort in the order in which they were given.
    pub(super) fn name(&mut self, start: &str) -> String {
        self.names += 1;
        format!("{start}{:012}", self.names)
    }

    /// The provider's clock.
    pub(super) fn now(&self) -> Instant {
        Instant::now() + self.clock_moved
    }
}

impl Server {
    pub(super) fn new(plan: Plan) -> Self {
        let state = State {
            ledger: Ledger::default(),
            faults: plan.faults.clone(),
            cache: Cache::default(),
            buckets: Buckets::new(&plan.limits),
            batches: BTreeMap::new(),
            openai_batches: BTreeMap::new(),
            files: BTreeMap::new(),
            clock_moved: Duration::ZERO,
            names: 0,
            answered: 0,
        };
        Self {
            plan,
            state: Mutex::new(state),
            changed: Condvar::new(),
            port: AtomicU16::new(0),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn set_port(&self, port: u16) {
        self.port.store(port, Ordering::Relaxed);
    }

    pub(super) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.load(Ordering::Relaxed))
    }
}

/// Serves for ever.
pub(super) async fn serve(server: Arc<Server>, listener: TcpListener) {
    let door = Door {
        server: Arc::clone(&server),
        listener,
    };
    let routes = Router::new().fallback(answer).with_state(server);
    let service = routes.into_make_service_with_connect_info::<Connection>();
    axum::serve(door, service).await.unwrap();
}

async fn answer(
    Shared(server): Shared<Arc<Server>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 260_000_000).await else {
        // The client went away in the middle of its request.
        return Reply::text(400, "text/plain", String::new()).into_response(None);
    };
    let count = connection.count();
    let is_last = server
        .plan
        .requests_per_connection
        .is_some_and(|most| most <= count);
    let mut response = route(&server, &connection, &parts, body, arrived).await;
    if is_last && server.plan.closes_silently {
        connection.close_silently();
    } else if is_last {
        response
            .headers_mut()
            .insert("connection", "close".parse().unwrap());
    }
    response
}

async fn route(
    server: &Arc<Server>,
    connection: &Connection,
    parts: &axum::http::request::Parts,
    body: Bytes,
    arrived: Instant,
) -> Response {
    let path = parts.uri.path();
    let method = parts.method.as_str();
    let query = parts.uri.query().unwrap_or_default();
    match (method, path) {
        ("POST", "/anthropic/v1/messages") => {
            return asked(
                server,
                connection,
                &parts.headers,
                body,
                arrived,
                Dialect::Anthropic,
            )
            .await;
        }
        ("POST", "/v1/chat/completions") => {
            return asked(
                server,
                connection,
                &parts.headers,
                body,
                arrived,
                Dialect::OpenAi,
            )
            .await;
        }
        _ => {}
    }
    server.lock().ledger.others.push(format!("{method} {path}"));
    server.changed.notify_all();
    let reply = if let Some(path) = path.strip_prefix("/anthropic/v1/") {
        let parsed = serde_json::from_slice(&body).unwrap_or(Value::Null);
        match anthropic::check_headers(&server.plan, &parts.headers) {
            Err(wrong) => wrong.reply(server),
            Ok(version) => match (method, path) {
                ("POST", "messages/count_tokens") => {
                    anthropic::count_tokens(server, &parsed, version)
                }
                ("GET", _) if path.starts_with("models/") => {
                    anthropic::model(server, &path["models/".len()..])
                }
                _ if path.starts_with("messages/batches") => batches::route(
                    server,
                    method,
                    &path["messages/batches".len()..],
                    query,
                    &parsed,
                    version,
                ),
                _ => anthropic::Refused::new(404, "not_found_error", "Not found").reply(server),
            },
        }
    } else {
        match openai::check_headers(&server.plan, &parts.headers) {
            Err(wrong) => wrong.reply(server),
            Ok(()) => openai_batches::route(server, method, path, query, &parts.headers, &body),
        }
    };
    if method == "POST" && path.ends_with("/batches") && !server.plan.batch_create_latency.is_zero()
    {
        server.changed.notify_all();
        tokio::time::sleep(server.plan.batch_create_latency).await;
    }
    reply.into_response(None)
}

/// One request to a model.
async fn asked(
    server: &Arc<Server>,
    connection: &Connection,
    headers: &HeaderMap,
    body: Bytes,
    arrived: Instant,
    dialect: Dialect,
) -> Response {
    let parsed: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let empty = serde_json::json!({"messages": []});
    let asked = Asked::read(&parsed).unwrap_or_else(|| Asked::read(&empty).unwrap());
    let exchange = ledger::exchange(dialect, &asked, &body, arrived);
    let number = server.lock().ledger.arrive(exchange);
    server.changed.notify_all();
    let mut in_flight = InFlight {
        server: Arc::clone(server),
        number,
        retry_after: None,
    };
    let reply = one(
        server, connection, headers, &parsed, &asked, number, dialect,
    )
    .await;
    let reply = with_limits(server, reply, dialect);
    in_flight.retry_after = reply.retry_after();
    {
        let mut state = server.lock();
        let exchange = &mut state.ledger.exchanges[number];
        exchange.status = reply.status;
        exchange.began = Some(Instant::now());
    }
    reply.into_response(Some(in_flight))
}

fn with_limits(server: &Server, mut reply: Reply, dialect: Dialect) -> Reply {
    let buckets = server.lock().buckets;
    reply.headers.extend(match dialect {
        Dialect::Anthropic => buckets.anthropic(),
        Dialect::OpenAi => buckets.openai(),
    });
    reply
}

async fn one(
    server: &Arc<Server>,
    connection: &Connection,
    headers: &HeaderMap,
    body: &Value,
    asked: &Asked,
    number: usize,
    dialect: Dialect,
) -> Reply {
    let refused = match dialect {
        Dialect::Anthropic => anthropic::check(&server.plan, headers, body, false)
            .err()
            .map(|wrong| wrong.reply(server)),
        Dialect::OpenAi => openai::check(&server.plan, headers, body)
            .err()
            .map(|wrong| wrong.reply(server)),
    };
    if let Some(refused) = refused {
        return refused;
    }
    let (transport, of_answer) = {
        let mut state = server.lock();
        let attempt = state.ledger.exchanges[number].attempt;
        let chosen = state.faults.choose(asked, attempt);
        let name = [&chosen.0, &chosen.1]
            .into_iter()
            .flatten()
            .map(|fault| format!("{fault:?}"))
            .collect::<Vec<_>>();
        state.ledger.exchanges[number].fault = (!name.is_empty()).then(|| name.join(", "));
        chosen
    };
    if server
        .plan
        .spend_cap_after
        .is_some_and(|most| most <= server.lock().answered)
    {
        return error(server, dialect, &Fault::spend_cap());
    }
    if let Some(fault @ (Fault::Status { .. } | Fault::ErrorUnderOk | Fault::Html(_))) = &transport
    {
        return error(server, dialect, fault);
    }
    let (split, start) = {
        let mut state = server.lock();
        let now = state.now();
        let split = split(server, &mut state.cache, body, dialect, now);
        // What is read from the cache does not count to the limit.
        if let Err(wait) = state
            .buckets
            .take(split.input + split.write_5m + split.write_1h)
        {
            drop(state);
            let seconds = u64::try_from(wait.as_millis().div_ceil(1_000))
                .unwrap()
                .max(1);
            return error(server, dialect, &Fault::rate_limit(seconds));
        }
        (split, now)
    };
    let longer = match transport {
        Some(Fault::Delay(longer)) => longer,
        _ => Duration::ZERO,
    };
    let latency = server.plan.latency + longer;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if transport == Some(Fault::Reset) {
        connection.reset();
        let mut never_sent = Reply::text(500, "text/plain", "reset".to_owned());
        never_sent.pace = Pace::Half;
        return never_sent;
    }
    let (mut reply, usage) = match dialect {
        Dialect::Anthropic => {
            anthropic::message(server, body, asked, &split, of_answer.as_ref(), "standard")
        }
        Dialect::OpenAi => openai::completion(server, body, asked, &split, of_answer.as_ref()),
    };
    {
        let mut state = server.lock();
        state.cache.begin(&split, start);
        state.buckets.take_output(usage.output);
        state.answered += 1;
        let exchange = &mut state.ledger.exchanges[number];
        exchange.usage = Some(usage);
        exchange.cost = usage.cost(&server.plan.price_of(&asked.model), false);
    }
    reply.pace = match transport {
        Some(Fault::Truncated) => Pace::Half,
        Some(Fault::Drip { bytes, pause }) => Pace::Drip(bytes, pause),
        _ => Pace::Whole,
    };
    reply
}

/// How the input of a request splits.
pub(super) fn split(
    server: &Server,
    cache: &mut Cache,
    body: &Value,
    dialect: Dialect,
    now: Instant,
) -> CacheUse {
    match dialect {
        Dialect::Anthropic => {
            let model = body["model"].as_str().unwrap_or_default();
            let places = super::cache::places(body, "wrkspc_fake");
            cache.split(&places, anthropic::rules(model).cache_minimum, now)
        }
        Dialect::OpenAi => {
            let mut split = cache.split_automatic(body, now);
            if !server.plan.openai_caches {
                split.input += std::mem::take(&mut split.read);
            }
            split
        }
    }
}

/// The usage of a split and an output.
pub(super) fn usage(split: &CacheUse, output: u64) -> Usage {
    Usage {
        input: split.input,
        write_5m: split.write_5m,
        write_1h: split.write_1h,
        read: split.read,
        output,
    }
}
