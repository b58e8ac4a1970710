//! What an error says, in the shapes of all the servers, and what it means.
//!
//! Anthropic writes `{"type":"error","error":{"type","message","details":{"error_code"}},"request_id"}`, OpenAI and most
//! others `{"error":{"message","type","param","code"}}`, OpenRouter a numeric `code` and `metadata`, Ollama
//! `{"error":"text"}`, FastAPI `{"detail":…}`, and whatever stands before a server a page of HTML.

use reqwest::header::HeaderMap;

use crate::domain::moment::Moment;

use super::endpoint::Endpoint;
use super::failure::{Failure, FailureKind, StopReason};
use super::json::{Fields, Node};
use super::limits::{Limits, retry_after};

/// The longest message that is kept, in characters.
const LONGEST_MESSAGE: usize = 300;
/// How much of a body is looked at for a message.
const LOOKED_AT: usize = 64 * 1024;

/// An error as a body told it.
#[derive(Default)]
struct Told {
    message: String,
    /// `error.type`.
    class: String,
    /// `error.code`, or Anthropic's `error.details.error_code`.
    code: String,
    /// A gateway's filter held the request back.
    is_moderation: bool,
    request_id: Option<String>,
}

/// The failure that a response with a status of its own means.
pub(super) fn failure(
    endpoint: &Endpoint,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    now: Moment,
) -> Failure {
    let text = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]);
    let mut told = match Node::read(text.trim()) {
        Ok(node) if node.is_object() => told(&node.fields()),
        _ => Told {
            message: without_json(&text),
            ..Told::default()
        },
    };
    if (300..400).contains(&status) {
        let target = headers
            .get("location")
            .and_then(|location| location.to_str().ok())
            .and_then(|location| location.split(['?', '#']).next())
            .unwrap_or("nowhere");
        told.message = format!(
            "the server redirects to {target}, and keys do not follow; hint: give that address"
        );
    }
    finish(endpoint, Some(status), &told, headers, now)
}

/// The failure of an error that came under a success, or as the result of one request of a batch.
pub(super) fn failure_within(
    endpoint: &Endpoint,
    status: u16,
    error: &Fields<'_>,
    headers: &HeaderMap,
    now: Moment,
) -> Failure {
    let told = told(error);
    let meant = status_meant(&told);
    let mut failure = finish(endpoint, meant, &told, headers, now);
    failure.status = Some(meant.unwrap_or(status));
    failure
}

/// The failure of a response that broke off or is no answer at all.
pub(super) fn no_message(
    endpoint: &Endpoint,
    status: u16,
    what: &str,
    headers: &HeaderMap,
    now: Moment,
) -> Failure {
    Failure {
        kind: FailureKind::Transient,
        message: one_line(endpoint, what),
        status: Some(status),
        request_id: request_id(endpoint, headers, None),
        retry_after: retry_after(headers, now),
        limits: Limits::of(headers, now),
    }
}

fn finish(
    endpoint: &Endpoint,
    status: Option<u16>,
    told: &Told,
    headers: &HeaderMap,
    now: Moment,
) -> Failure {
    let retry_after = retry_after(headers, now);
    let kind = kind(status, told, retry_after.is_some());
    let message = if told.message.trim().is_empty() {
        "the server gave no reason"
    } else {
        &told.message
    };
    Failure {
        kind: overridden(kind, headers),
        message: one_line(endpoint, message),
        status,
        request_id: request_id(endpoint, headers, told.request_id.as_deref()),
        retry_after,
        limits: Limits::of(headers, now),
    }
}

/// The provider's name for an exchange, from the headers or else from the body.
pub(super) fn request_id(
    endpoint: &Endpoint,
    headers: &HeaderMap,
    in_body: Option<&str>,
) -> Option<String> {
    ["request-id", "x-request-id"]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok())
        .or(in_body)
        .map(|id| one_line(endpoint, id))
        .filter(|id| !id.is_empty())
}

fn told(body: &Fields<'_>) -> Told {
    let request_id = body.text("request_id");
    let Some(error) = body.get("error") else {
        return Told {
            message: body
                .text("message")
                .or_else(|| detail(body))
                .unwrap_or_default(),
            class: body.word("type").unwrap_or_default(),
            code: body.word("code").unwrap_or_default(),
            request_id,
            is_moderation: false,
        };
    };
    if let Some(message) = error.text() {
        return Told {
            message,
            request_id,
            ..Told::default()
        };
    }
    let error = error.fields();
    let metadata = error.fields("metadata");
    let mut message = error.text("message").unwrap_or_default();
    // The field that is at fault is often named beside the message alone.
    if let Some(field) = error
        .text("param")
        .filter(|field| !field.is_empty() && field != "None" && !message.contains(field.as_str()))
    {
        message = format!("`{field}`: {message}");
    }
    if let Some(raw) = metadata.text("raw").filter(|raw| !raw.is_empty()) {
        message = format!("{message}: {raw}");
    }
    Told {
        message,
        class: error.word("type").unwrap_or_default(),
        code: error
            .fields("details")
            .word("error_code")
            .or_else(|| error.word("code"))
            .unwrap_or_default(),
        is_moderation: metadata.has("reasons") || metadata.has("flagged_input"),
        request_id,
    }
}

/// FastAPI's `detail`: a text, or a list of objects with a `msg`.
fn detail(body: &Fields<'_>) -> Option<String> {
    let detail = body.get("detail")?;
    if detail.is_list() {
        let messages: Vec<String> = detail
            .items()
            .into_iter()
            .filter_map(|item| item.fields().text("msg"))
            .collect();
        return Some(messages.join("; "));
    }
    detail.text().or_else(|| Some(detail.source().to_owned()))
}

/// What a body that is no JSON object says: the title of a page, or its own words.
fn without_json(text: &str) -> String {
    let text = text.trim();
    if !text.starts_with('<') {
        return text.to_owned();
    }
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let start = start + "<title>".len();
        let length = lower[start..].find('<')?;
        text.get(start..start + length)
    });
    match title {
        Some(title) => format!("a page of HTML instead of an answer: {}", title.trim()),
        None => "a page of HTML instead of an answer".to_owned(),
    }
}

/// The status that an error under a success stands for, by its numeric code or its type.
fn status_meant(told: &Told) -> Option<u16> {
    let by_code = told
        .code
        .parse::<u16>()
        .ok()
        .filter(|code| (400..600).contains(code));
    by_code.or(match told.class.as_str() {
        "invalid_request_error" => Some(400),
        "authentication_error" => Some(401),
        "billing_error" => Some(402),
        "permission_error" => Some(403),
        "not_found_error" => Some(404),
        "conflict_error" => Some(409),
        "request_too_large" => Some(413),
        "rate_limit_error" | "insufficient_quota" => Some(429),
        "api_error" => Some(500),
        "timeout_error" => Some(504),
        "overloaded_error" => Some(529),
        _ => None,
    })
}

fn kind(status: Option<u16>, told: &Told, has_retry_after: bool) -> FailureKind {
    if is_about_money(status, told, has_retry_after) {
        return FailureKind::Run(StopReason::Spending);
    }
    match status {
        Some(401) => FailureKind::Run(StopReason::Key),
        Some(403) if told.is_moderation => FailureKind::Request,
        Some(403) => FailureKind::Run(StopReason::Key),
        // A redirect is an address that is not quite right.
        Some(300..=399 | 404 | 405) => FailureKind::Run(StopReason::Model),
        Some(400 | 422) if is_about_model(told) => FailureKind::Run(StopReason::Model),
        Some(408 | 409 | 425) => FailureKind::Transient,
        Some(429) => FailureKind::RateLimit,
        Some(503 | 529) => FailureKind::Overloaded,
        // llama.cpp answers a request that it cannot read with 500.
        Some(500) if told.message.contains("' is required") => FailureKind::Request,
        Some(400..=499) => FailureKind::Request,
        _ => FailureKind::Transient,
    }
}

/// Spending limits and credits, which no waiting brings back.
fn is_about_money(status: Option<u16>, told: &Told, has_retry_after: bool) -> bool {
    let code = told.code.as_str();
    let message = told.message.to_ascii_lowercase();
    status == Some(402)
        || code.ends_with("spend_limit_reached")
        || (code == "ramp_limit_exceeded" && !has_retry_after)
        || matches!(code, "insufficient_quota" | "billing_hard_limit_reached")
        || matches!(told.class.as_str(), "insufficient_quota" | "billing_error")
        || (matches!(status, Some(400 | 403 | 429))
            && (message.contains("reached your specified api usage limits")
                || message.contains("credit balance is too low")))
}

/// Gateways answer an unknown model with 400; LiteLLM and OpenRouter say it in their messages alone.
fn is_about_model(told: &Told) -> bool {
    let message = told.message.to_ascii_lowercase();
    matches!(
        told.code.as_str(),
        "model_not_found" | "unknown_model" | "invalid_model"
    ) || matches!(
        told.class.as_str(),
        "model_not_found" | "not_found_error" | "NotFoundError"
    ) || message.contains("invalid model name passed in model=")
        || message.contains("is not a valid model id")
}

/// `x-should-retry` has the last word, but for money.
fn overridden(kind: FailureKind, headers: &HeaderMap) -> FailureKind {
    let word = headers
        .get("x-should-retry")
        .and_then(|value| value.to_str().ok());
    match (word, kind) {
        (_, FailureKind::Run(StopReason::Spending)) => kind,
        (Some("true"), FailureKind::Request | FailureKind::Run(_)) => FailureKind::Transient,
        (
            Some("false"),
            FailureKind::RateLimit | FailureKind::Overloaded | FailureKind::Transient,
        ) => FailureKind::Request,
        _ => kind,
    }
}

/// A text from outside as one line of at most 300 characters: without keys, and with nothing that a terminal obeys.
pub(super) fn one_line(endpoint: &Endpoint, text: &str) -> String {
    let mut line = String::new();
    for letter in endpoint.without_key(text).chars() {
        if letter.is_whitespace() {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !letter.is_control() && !is_invisible(letter) {
            line.push(letter);
        }
        // Far more than is kept, so that a key at the end is still whole when it is removed.
        if line.len() > 16 * LONGEST_MESSAGE {
            break;
        }
    }
    // What was left out may have hidden a key.
    let line = endpoint.without_key(&line);
    let line = line.trim();
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some(_) => line
            .chars()
            .take(LONGEST_MESSAGE - 1)
            .chain(['…'])
            .collect(),
        None => line.to_owned(),
    }
}

/// Characters that are no controls by their class and still reorder, hide or break what stands around them.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
