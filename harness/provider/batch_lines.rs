//! Lines of the vendors' batch files: requests out, results in. Pure functions between bytes and words of no vendor.
//!
//! Both vendors take a file with one request a line and give one with a result a line, in any order; the custom id ties them
//! together, and it is the request hash: 64 hexadecimal digits, which both allow. vLLM's batch runner and other engines
//! read and write the lines of the OpenAI form.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::request::Hash;

use super::endpoint::Dialect;

/// Bytes that stand around the lines of a file when it is submitted: `{"requests":[…]}`.
#[must_use]
pub fn wrapping(dialect: Dialect) -> u64 {
    match dialect {
        Dialect::Anthropic => 16,
        Dialect::OpenAi => 0,
    }
}

/// One request as a line with its line end. `body` is the JSON object that a live request would send.
#[must_use]
pub fn line(dialect: Dialect, request: &Hash, body: &[u8]) -> Vec<u8> {
    let (before, after) = match dialect {
        Dialect::Anthropic => (
            format!(r#"{{"custom_id":"{request}","params":"#),
            &b"}\n"[..],
        ),
        Dialect::OpenAi => (
            format!(
                r#"{{"custom_id":"{request}","method":"POST","url":"/v1/chat/completions","body":"#
            ),
            &b"}\n"[..],
        ),
    };
    [before.as_bytes(), body, after].concat()
}

/// One line of a file of results.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultLine<'l> {
    /// Whose form it has.
    pub dialect: Dialect,
    /// What the submitter called the request.
    pub custom_id: Cow<'l, str>,
    /// What became of it.
    pub result: BatchResult<'l>,
}

/// What became of a request in a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchResult<'l> {
    /// There is a message or a completion: the bytes of its JSON object.
    Answered(&'l [u8]),
    /// There is none, and why.
    Unanswered(Ended, String),
}

/// How a request of a batch ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// The provider could not answer it.
    Errored,
    /// The batch was cancelled before its turn came.
    Canceled,
    /// Time ran out before its turn came.
    Expired,
}

impl Ended {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Errored => "errored",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }
}

/// Whether what was said of an errored request means that it can never go well.
#[must_use]
pub fn is_for_good(said: &str) -> bool {
    let refused = [
        "invalid_request_error",
        "request_too_large",
        "status 400",
        "status 413",
        "status 422",
    ];
    let lower = said.to_ascii_lowercase();
    let is_about_money = ["credit balance", "usage limits", "quota"]
        .iter()
        .any(|words| lower.contains(words));
    refused.iter().any(|start| lower.starts_with(start)) && !is_about_money
}

/// Why a line is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResultLineError {
    /// It is not JSON, or keys hold what they cannot.
    #[error("{0}")]
    Json(String),
    /// It ends in the middle.
    #[error("the line breaks off after {0} bytes")]
    BrokenOff(usize),
    /// It is a request of an export.
    #[error("the line is a request, not an answer")]
    Request,
    /// It has no result.
    #[error("the line has a custom_id, but neither `result` nor `response` nor `error`")]
    NoResult,
    /// It has no id.
    #[error("the line has no `custom_id`")]
    NoId,
    /// A result of a kind that is not known.
    #[error("`{0}` is not succeeded, errored, canceled or expired")]
    Kind(String),
    /// A success without its answer.
    #[error("the result {0}")]
    NoMessage(&'static str),
}

/// The keys of both forms. Vendors add keys, so that others are passed over.
#[derive(Deserialize)]
struct Shape<'l> {
    #[serde(borrow, default)]
    custom_id: Option<Cow<'l, str>>,
    #[serde(borrow, default)]
    result: Option<&'l RawValue>,
    #[serde(borrow, default)]
    response: Option<&'l RawValue>,
    #[serde(borrow, default)]
    error: Option<&'l RawValue>,
    #[serde(borrow, default)]
    params: Option<&'l RawValue>,
    #[serde(borrow, default)]
    body: Option<&'l RawValue>,
}

#[derive(Deserialize)]
struct AnthropicResult<'l> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    message: Option<&'l RawValue>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct OpenAiResponse<'l> {
    #[serde(default)]
    status_code: Option<u16>,
    #[serde(borrow, default)]
    body: Option<&'l RawValue>,
}

/// Reads one line of results, of either vendor.
///
/// # Errors
/// Where it is no such line.
pub fn read(line: &str) -> Result<ResultLine<'_>, ResultLineError> {
    let failed = |error: serde_json::Error| json_error(line, &error);
    let shape: Shape<'_> = serde_json::from_str(line).map_err(failed)?;
    let Some(custom_id) = shape.custom_id else {
        return Err(ResultLineError::NoId);
    };
    let (dialect, result) = match (shape.result, shape.response, shape.error) {
        (Some(result), _, _) => (Dialect::Anthropic, anthropic(result.get())?),
        (None, None, None) if shape.params.is_some() || shape.body.is_some() => {
            return Err(ResultLineError::Request);
        }
        (None, None, None) => return Err(ResultLineError::NoResult),
        (None, response, error) => (
            Dialect::OpenAi,
            openai(response.map(RawValue::get), error.map(RawValue::get))?,
        ),
    };
    Ok(ResultLine {
        dialect,
        custom_id,
        result,
    })
}

/// What is wrong with a line that is no JSON.
#[must_use]
pub fn json_error(line: &str, error: &serde_json::Error) -> ResultLineError {
    if error.is_eof() {
        return ResultLineError::BrokenOff(line.len());
    }
    // The line's number in its file is told beside it; serde's own is always 1.
    let text = error.to_string();
    let cause = match text.split_once(" at line ") {
        Some((cause, _)) => format!("{cause} at byte {}", error.column()),
        None => text,
    };
    ResultLineError::Json(cause)
}

fn anthropic(result: &str) -> Result<BatchResult<'_>, ResultLineError> {
    let result: AnthropicResult<'_> =
        serde_json::from_str(result).map_err(|error| json_error(result, &error))?;
    let said = || result.error.as_ref().map(message_of).unwrap_or_default();
    match result.kind.as_str() {
        "succeeded" => result
            .message
            .map(|message| BatchResult::Answered(message.get().as_bytes()))
            .ok_or(ResultLineError::NoMessage("succeeded without a `message`")),
        "errored" => Ok(BatchResult::Unanswered(Ended::Errored, said())),
        "canceled" => Ok(BatchResult::Unanswered(Ended::Canceled, said())),
        "expired" => Ok(BatchResult::Unanswered(Ended::Expired, said())),
        other => Err(ResultLineError::Kind(other.chars().take(80).collect())),
    }
}

fn openai<'l>(
    response: Option<&'l str>,
    error: Option<&str>,
) -> Result<BatchResult<'l>, ResultLineError> {
    let response: Option<OpenAiResponse<'l>> = response
        .map(|response| {
            serde_json::from_str(response).map_err(|error| json_error(response, &error))
        })
        .transpose()?;
    if let Some(error) = error {
        let error: Value =
            serde_json::from_str(error).map_err(|cause| json_error(error, &cause))?;
        let code = error.get("code").and_then(Value::as_str);
        let ended = match code {
            Some("batch_expired") => Ended::Expired,
            Some("batch_cancelled" | "batch_canceled") => Ended::Canceled,
            _ => Ended::Errored,
        };
        return Ok(BatchResult::Unanswered(ended, message_of(&error)));
    }
    let response = response.ok_or(ResultLineError::NoResult)?;
    let body = response.body.map(RawValue::get);
    // Some servers answer 200 and put the error in the body.
    let parsed = || body.and_then(|body| serde_json::from_str::<Value>(body).ok());
    let status = response.status_code.unwrap_or(200);
    if status != 200 {
        let said = parsed().map(|body| message_of(&body)).unwrap_or_default();
        let said = match said.is_empty() {
            true => format!("status {status}"),
            false => format!("status {status}: {said}"),
        };
        return Ok(BatchResult::Unanswered(Ended::Errored, said));
    }
    match body {
        None => Err(ResultLineError::NoMessage(
            "has status 200 without a `body`",
        )),
        Some(text) if has_error(text) => {
            let said = parsed().map(|body| message_of(&body)).unwrap_or_default();
            Ok(BatchResult::Unanswered(Ended::Errored, said))
        }
        Some(text) => Ok(BatchResult::Answered(text.as_bytes())),
    }
}

/// Whether an object has an `error` that is not null, without reading the rest of it into memory.
fn has_error(body: &str) -> bool {
    #[derive(Deserialize)]
    struct Body<'b> {
        #[serde(borrow, default)]
        error: Option<&'b RawValue>,
    }
    serde_json::from_str::<Body<'_>>(body).is_ok_and(|body| body.error.is_some())
}

/// Characters of a provider's words that a message shows.
const SHOWN: usize = 300;

/// What an error says, wherever the server put it: a text, `message`, or either below `error`; with its kind before it.
fn message_of(error: &Value) -> String {
    let text = match error {
        Value::String(text) => text.clone(),
        Value::Object(keys) => match keys.get("error") {
            Some(inner @ (Value::Object(_) | Value::String(_))) => return message_of(inner),
            _ => {
                let word = |key: &str| match keys.get(key) {
                    Some(Value::String(text)) => Some(text.clone()),
                    Some(Value::Number(number)) => Some(number.to_string()),
                    _ => None,
                };
                let kind = word("code").or_else(|| word("type"));
                match (kind, word("message")) {
                    (Some(kind), Some(message)) => format!("{kind}: {message}"),
                    (Some(word), None) | (None, Some(word)) => word,
                    (None, None) => error.to_string(),
                }
            }
        },
        other => other.to_string(),
    };
    // One line, of bounded length.
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|letter| !letter.is_control())
        .take(SHOWN)
        .collect()
}
