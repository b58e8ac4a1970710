//! Stands in for the dialects until they are merged.

use serde_json::{Value, json};

use crate::domain::answer::{AnswerUsage, Stop};
use crate::domain::request::Request;

use super::endpoint::{Dialect, Endpoint};
use super::failure::{Failure, FailureKind};
use super::limits::Limits;
use super::reply::Reply;

/// How a request is sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sending {
    /// Tokens of the answer.
    pub max_tokens: Option<u32>,
    /// Prefixes are cached for an hour.
    pub cache_for_an_hour: bool,
}

/// A repair.
#[derive(Debug)]
pub struct Repair;

/// The body.
#[must_use]
pub fn body(endpoint: &Endpoint, request: &Request, _: Sending, _: Option<Repair>) -> Vec<u8> {
    json!({"model": endpoint.model, "system": request.system, "messages": [request.view, request.classifier]}).to_string().into_bytes()
}

/// Reads a message.
///
/// # Errors
/// Where it is none.
pub fn read_message(endpoint: &Endpoint, body: &[u8]) -> Result<Reply, Failure> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let (text, stop, usage) = match endpoint.dialect {
        Dialect::Anthropic => (
            &body["content"][0]["text"],
            &body["stop_reason"],
            ["input_tokens", "output_tokens"],
        ),
        Dialect::OpenAi => (
            &body["choices"][0]["message"]["content"],
            &body["choices"][0]["finish_reason"],
            ["prompt_tokens", "completion_tokens"],
        ),
    };
    let Some(text) = text.as_str() else {
        return Err(Failure {
            kind: FailureKind::Transient,
            message: "no message".to_owned(),
            status: None,
            request_id: None,
            retry_after: None,
            limits: Limits::default(),
        });
    };
    Ok(Reply {
        text: text.to_owned(),
        stop: match stop.as_str() {
            Some("max_tokens" | "length") => Stop::Length,
            Some("refusal") => Stop::Refusal,
            _ => Stop::Finished,
        },
        usage: AnswerUsage {
            input_tokens: body["usage"][usage[0]].as_u64().unwrap_or(0),
            output_tokens: body["usage"][usage[1]].as_u64().unwrap_or(0),
            ..AnswerUsage::default()
        },
        request_id: None,
        served_by: body["model"].as_str().map(str::to_owned),
        label_probability: None,
        batched: false,
        limits: Limits::default(),
    })
}
