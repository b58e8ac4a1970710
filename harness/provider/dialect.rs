//! From a request to the bytes of a body, and from a response to a reply: whatever the vendor, and without a network.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};

use crate::domain::moment::Moment;
use crate::domain::request::Request;

use super::endpoint::{Dialect, Endpoint};
use super::error_body;
use super::failure::Failure;
use super::fallback::Fallback;
use super::json::Node;
use super::reply::Reply;
use super::{anthropic, openai};

/// How a request is sent, beyond what it says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sending {
    /// Tokens of the answer; the model's own default where nobody said.
    pub max_tokens: Option<u32>,
    /// Prefixes are cached for an hour instead of five minutes, which costs more to write: batches take longer.
    pub cache_for_an_hour: bool,
    /// What the server refused before.
    pub fallback: Fallback,
}

/// An answer that could not be read, to be given once more.
#[derive(Debug, Clone, Copy)]
pub struct Repair<'r> {
    /// What the model said.
    pub answer: &'r str,
    /// Why that cannot be used.
    pub reason: &'r str,
}

impl Repair<'_> {
    /// Neither vendor takes an empty answer back; it is then told in the user's words.
    pub(super) fn answer_given(&self) -> Option<&str> {
        (!self.answer.trim().is_empty()).then_some(self.answer)
    }

    pub(super) fn words(&self) -> String {
        let subject = match self.answer_given() {
            Some(_) => "Your answer cannot be used",
            None => "You were asked this before, and your answer was empty",
        };
        format!(
            "{subject}: {}\n\nGive the whole answer once more: one JSON object in the schema, and nothing before or after it.",
            self.reason.trim()
        )
    }
}

/// The schema in words, for servers that hold no model to it.
pub(super) fn schema_in_words(schema: &str) -> String {
    format!(
        "The answer is one JSON object in this JSON Schema, with nothing before or after it:\n{schema}"
    )
}

/// The bytes of a body: the same for the same arguments, on any machine.
///
/// # Panics
/// Where the request's schema is not JSON; requests are made by the classifier's room, which writes it.
#[must_use]
pub fn body(
    endpoint: &Endpoint,
    request: &Request,
    sending: Sending,
    repair: Option<Repair<'_>>,
) -> Vec<u8> {
    match endpoint.dialect {
        Dialect::Anthropic => anthropic::body(endpoint, request, sending, repair),
        Dialect::OpenAi => openai::body(endpoint, request, sending, repair),
    }
}

/// The headers of every request to an endpoint.
#[must_use]
pub fn headers(endpoint: &Endpoint) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("validate/", env!("CARGO_PKG_VERSION"))),
    );
    match endpoint.dialect {
        Dialect::Anthropic => {
            headers.insert(
                "anthropic-version",
                HeaderValue::from_static(anthropic::version(endpoint)),
            );
            if let Some(key) = &endpoint.key {
                headers.insert("x-api-key", key.header(""));
            }
        }
        Dialect::OpenAi => {
            if let Some(key) = &endpoint.key {
                headers.insert("authorization", key.header("Bearer "));
            }
        }
    }
    headers
}

/// What a response means. The key is in nothing that comes back, even where the server repeats it.
///
/// # Errors
/// Where there is no answer in it; the failure says what that means for the request and for the run.
pub fn read(
    endpoint: &Endpoint,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Reply, Failure> {
    // The clock is only for headers that name a moment; what it does to a reply is a duration.
    let now = Moment(jiff::Timestamp::now().as_millisecond());
    if (200..300).contains(&status) {
        read_success(endpoint, status, headers, body, now)
    } else {
        Err(error_body::failure(endpoint, status, headers, body, now))
    }
}

/// What one message without HTTP around it means, as results of batches hold it; an error object means its failure.
///
/// # Errors
/// As [`read`] under status 200.
pub fn read_message(endpoint: &Endpoint, body: &[u8]) -> Result<Reply, Failure> {
    read(endpoint, 200, &HeaderMap::new(), body)
}

/// Whether a text is one JSON object and nothing else, as a server that heeds the schema answers.
///
/// Where it is not, the server ignored `response_format` or `output_config`, which is worth a warning; reading may still
/// find an answer.
#[must_use]
pub fn looks_like_json_object(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('{') && Node::read(text).is_ok()
}

fn read_success(
    endpoint: &Endpoint,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    now: Moment,
) -> Result<Reply, Failure> {
    let no_message = |what: &str| error_body::no_message(endpoint, status, what, headers, now);
    let text = String::from_utf8_lossy(body);
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(no_message("the response is empty"));
    }
    if trimmed.starts_with('<') {
        return Err(no_message("a page of HTML instead of an answer"));
    }
    let message = match Node::read(trimmed) {
        Ok(node) if node.is_object() => node.fields(),
        Ok(_) => return Err(no_message("JSON, but no message")),
        Err(error) if error.is_eof() => return Err(no_message("the response broke off")),
        Err(_) => return Err(no_message("the response is not JSON")),
    };
    if message.get("error").is_some() {
        return Err(error_body::failure_within(
            endpoint, status, &message, headers, now,
        ));
    }
    let context = Context {
        endpoint,
        status,
        headers,
        now,
    };
    let mut reply = match endpoint.dialect {
        Dialect::Anthropic => anthropic::read(&message, &context),
        Dialect::OpenAi => openai::read(&message, &context),
    }?;
    reply.text = endpoint.without_key(&reply.text);
    reply.served_by = reply
        .served_by
        .map(|model| error_body::one_line(endpoint, &model));
    Ok(reply)
}

/// What stands around a message.
pub(super) struct Context<'c> {
    pub(super) endpoint: &'c Endpoint,
    pub(super) status: u16,
    pub(super) headers: &'c HeaderMap,
    pub(super) now: Moment,
}

impl Context<'_> {
    pub(super) fn no_message(&self, what: &str) -> Failure {
        error_body::no_message(self.endpoint, self.status, what, self.headers, self.now)
    }
}
