//! The Anthropic side: headers, errors, messages, token counts, models.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::answers;
pub(super) use super::anthropic_check::{check, check_headers};
use super::asked::Asked;
use super::cache::{self, CacheUse, tokens};
use super::faults::Fault;
use super::ledger::Usage;
pub(super) use super::model_rules::rules;
use super::reply::Reply;
use super::server::{Server, usage};

/// Which version of the API a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    June2023,
    October2026,
}

/// An error of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) message: String,
    code: Option<String>,
}

impl Refused {
    pub(super) fn new(status: u16, kind: &'static str, message: &str) -> Self {
        Self {
            status,
            kind,
            message: message.to_owned(),
            code: None,
        }
    }

    pub(super) fn invalid(message: impl AsRef<str>) -> Self {
        Self::new(400, "invalid_request_error", message.as_ref())
    }

    pub(super) fn of_status(status: u16, code: Option<&str>) -> Self {
        let (kind, message) = match status {
            401 => ("authentication_error", "invalid x-api-key"),
            402 => ("billing_error", "There is a problem with your billing"),
            403 => ("permission_error", "Your key may not use this resource"),
            404 => ("not_found_error", "Not found"),
            409 => ("conflict_error", "Conflict"),
            413 => ("request_too_large", "Request exceeds the maximum size"),
            429 if code.is_some() => (
                "rate_limit_error",
                "You have reached your monthly spend limit",
            ),
            429 => (
                "rate_limit_error",
                "Number of requests has exceeded your rate limit",
            ),
            504 => ("timeout_error", "The request timed out"),
            529 => ("overloaded_error", "Overloaded"),
            400..500 => ("invalid_request_error", "Invalid request"),
            _ => ("api_error", "Internal server error"),
        };
        let mut refused = Self::new(status, kind, message);
        refused.code = code.map(str::to_owned);
        refused
    }

    /// The inner error object.
    pub(super) fn error(&self) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        if let Some(code) = &self.code {
            error["details"] = json!({"error_code": code});
        }
        error
    }

    pub(super) fn reply(&self, server: &Server) -> Reply {
        let id = server.lock().name("req_fake");
        let body = json!({"type": "error", "error": self.error(), "request_id": id});
        with_ids(Reply::json(self.status, &body), &id)
    }
}

/// The headers of every response.
pub(super) fn with_ids(reply: Reply, id: &str) -> Reply {
    reply
        .header("request-id", id)
        .header("anthropic-organization-id", "org_fake")
        .header("anthropic-workspace-id", "wrkspc_fake")
}

/// A successful response outside of models' answers.
pub(super) fn ok(server: &Server, body: &Value) -> Reply {
    let id = server.lock().name("req_fake");
    with_ids(Reply::json(200, body), &id)
}

/// The response with the model's answer.
pub(super) fn message(
    server: &Server,
    body: &Value,
    asked: &Asked,
    split: &CacheUse,
    fault: Option<&Fault>,
    tier: &str,
) -> (Reply, Usage) {
    let (message, usage) = message_body(server, body, asked, split, fault, tier);
    (ok(server, &message), usage)
}

/// The message object and its usage.
pub(super) fn message_body(
    server: &Server,
    body: &Value,
    asked: &Asked,
    split: &CacheUse,
    fault: Option<&Fault>,
    tier: &str,
) -> (Value, Usage) {
    let most = body["max_tokens"].as_u64().unwrap_or_default();
    let thinks = thinks(body);
    let thinking = if thinks {
        server.plan.thinking_tokens.min(most)
    } else {
        0
    };
    let mut text = spoken(server, asked, fault);
    let mut stop = "end_turn";
    if most < thinking + tokens(text.len()) {
        stop = "max_tokens";
        let room = usize::try_from(most - thinking).unwrap() * 4;
        text = answers::cut(&text, room).to_owned();
    }
    match fault {
        Some(Fault::MaxTokens) => stop = "max_tokens",
        Some(Fault::Refusal) => stop = "refusal",
        _ => {}
    }
    let output = thinking + tokens(text.len());
    let usage = usage(split, output);
    let mut content = Vec::new();
    if thinks && most != 0 {
        content.push(json!({"type": "thinking", "thinking": "", "signature": "ZmFrZQ=="}));
    }
    if !text.is_empty() {
        content.push(json!({"type": "text", "text": text, "citations": null}));
    }
    if fault == Some(&Fault::Empty) {
        content.clear();
    }
    let details = match fault {
        Some(Fault::Refusal) => {
            json!({"type": "refusal", "category": "cyber", "explanation": "The request was declined."})
        }
        _ => Value::Null,
    };
    let id = server.lock().name("msg_fake");
    let message = json!({
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
        "stop_details": details,
        "container": null,
        "usage": {
            "input_tokens": usage.input,
            "cache_creation_input_tokens": usage.write_5m + usage.write_1h,
            "cache_read_input_tokens": usage.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": usage.write_5m,
                "ephemeral_1h_input_tokens": usage.write_1h,
            },
            "output_tokens": usage.output,
            "output_tokens_details": {"thinking_tokens": thinking},
            "service_tier": tier,
            "inference_geo": "not_available",
            "server_tool_use": null,
        },
    });
    (message, usage)
}

/// The text of an answer, after a fault of the answer.
pub(super) fn spoken(server: &Server, asked: &Asked, fault: Option<&Fault>) -> String {
    let whole = || answers::answer(asked, &server.plan.labels);
    match fault {
        Some(Fault::Empty | Fault::Refusal) => String::new(),
        Some(Fault::MaxTokens) => {
            let whole = whole();
            answers::cut(&whole, whole.len() / 2).to_owned()
        }
        Some(Fault::Prose { again }) if *again || !asked.is_repair => {
            "I would say that it is hard to tell from this session.".to_owned()
        }
        Some(Fault::WrongLabel { again }) if *again || !asked.is_repair => {
            answers::answer_off_the_scale()
        }
        _ => whole(),
    }
}

/// Whether the answer begins with a thinking block.
fn thinks(body: &Value) -> bool {
    match body["thinking"]["type"].as_str() {
        Some("disabled") => false,
        Some(_) => true,
        None => rules(body["model"].as_str().unwrap_or_default()).thinks_by_default,
    }
}

pub(super) fn count_tokens(server: &Server, body: &Value, version: Version) -> Reply {
    let mut body = body.clone();
    if body["max_tokens"].is_null() {
        body["max_tokens"] = json!(1_000);
    }
    if let Err(wrong) = super::anthropic_check::check_body(&server.plan, &body, version, false) {
        return wrong.reply(server);
    }
    let places = cache::places(&body, "");
    let count = places.last().map_or(0, |place| place.tokens);
    ok(server, &json!({"input_tokens": count}))
}

pub(super) fn model(server: &Server, name: &str) -> Reply {
    if !super::model_rules::is_known(&server.plan, name) {
        return Refused::new(404, "not_found_error", &format!("model: {name}")).reply(server);
    }
    let is_old = rules(name).is_budgeted;
    let body = json!({
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2026-10-07T00:00:00Z",
        "max_input_tokens": if is_old { 200_000 } else { 1_000_000 },
        "max_tokens": if is_old { 64_000 } else { 128_000 },
        "capabilities": {
            "structured_outputs": {"supported": true},
            "thinking": {"supported": true, "types": {
                "adaptive": {"supported": !is_old},
                "enabled": {"supported": is_old},
            }},
            "effort": {"supported": !is_old},
        },
    });
    ok(server, &body)
}

/// A header's text.
pub(super) fn header<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers.get(name)?.to_str().ok()
}
