//! The Anthropic Messages API: bodies of requests, and what messages mean.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::answer::{AnswerUsage, Stop};
use crate::domain::request::Request;

use super::dialect::{Context, Repair, Sending, schema_in_words};
use super::endpoint::Endpoint;
use super::error_body;
use super::failure::Failure;
use super::fallback::Form;
use super::json::Fields;
use super::limits::Limits;
use super::models::{self, Thinking};
use super::reply::Reply;

/// The version that refuses sampling parameters.
const CURRENT: &str = "2026-10-21";
/// The version under which models up to 4.6 honour a temperature.
const BEFORE: &str = "2023-06-01";

/// The API version that the model is asked under.
pub(super) fn version(endpoint: &Endpoint) -> &'static str {
    if models::facts(endpoint).temperature {
        BEFORE
    } else {
        CURRENT
    }
}

#[derive(Serialize)]
struct Body<'b> {
    model: &'b str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Typed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'b>>,
    system: [Block<'b>; 1],
    messages: Vec<Message<'b>>,
}

#[derive(Serialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct OutputConfig<'b> {
    format: Format<'b>,
}

#[derive(Serialize)]
struct Format<'b> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'b RawValue,
}

#[derive(Serialize)]
struct Message<'b> {
    role: &'static str,
    content: Vec<Block<'b>>,
}

#[derive(Serialize)]
struct Block<'b> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Clone, Copy, Serialize)]
struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl<'b> Block<'b> {
    fn text(text: &'b str) -> Self {
        Self {
            kind: "text",
            text,
            cache_control: None,
        }
    }

    fn cached(self, cache_control: CacheControl) -> Self {
        Self {
            cache_control: Some(cache_control),
            ..self
        }
    }
}

/// The body: system text and view end in breakpoints of the cache, because every classifier shares them.
pub(super) fn body(
    endpoint: &Endpoint,
    request: &Request,
    sending: Sending,
    repair: Option<Repair<'_>>,
) -> Vec<u8> {
    let facts = models::facts(endpoint);
    let cache = CacheControl {
        kind: "ephemeral",
        ttl: sending.cache_for_an_hour.then_some("1h"),
    };
    let schema: &RawValue = serde_json::from_str(&request.schema)
        .expect("the classifier's room writes schemas as JSON");
    let schema_words = schema_in_words(&request.schema);
    let repair_words = repair.map(|repair| repair.words());
    let is_held_to_schema = sending.fallback.form == Form::Schema;

    let mut user = vec![
        Block::text(&request.view).cached(cache),
        Block::text(&request.classifier),
    ];
    if !is_held_to_schema {
        user.push(Block::text(&schema_words));
    }
    let mut messages = vec![Message {
        role: "user",
        content: user,
    }];
    if let (Some(repair), Some(words)) = (&repair, &repair_words) {
        if let Some(answer) = repair.answer_given() {
            messages.push(Message {
                role: "assistant",
                content: vec![Block::text(answer)],
            });
            messages.push(Message {
                role: "user",
                content: vec![Block::text(words)],
            });
        } else {
            messages[0].content.push(Block::text(words));
        }
    }
    let body = Body {
        model: &endpoint.model,
        max_tokens: sending
            .max_tokens
            .unwrap_or_else(|| facts.default_max_tokens()),
        temperature: facts.temperature.then_some(0),
        thinking: match facts.thinking {
            Thinking::Disabled => Some(Typed { kind: "disabled" }),
            Thinking::BetweenTools => Some(Typed {
                kind: "between_tools",
            }),
            Thinking::Always | Thinking::Off | Thinking::Unknown => None,
        },
        output_config: is_held_to_schema.then_some(OutputConfig {
            format: Format {
                kind: "json_schema",
                schema,
            },
        }),
        system: [Block::text(&request.system).cached(cache)],
        messages,
    };
    serde_json::to_vec(&body).expect("strings and numbers can always be written as JSON")
}

/// Reads a message.
///
/// A stop reason that is not known (`tool_use`, `pause_turn`, one to come) is an answer where there is text, which is then
/// read like any other, and an error where there is none. `end_turn` without text happens and is an empty answer.
pub(super) fn read(message: &Fields<'_>, context: &Context<'_>) -> Result<Reply, Failure> {
    let Some(content) = message.get("content").filter(|content| content.is_list()) else {
        return Err(context.no_message("JSON, but no message: it has no content"));
    };
    // Thinking often comes first and is empty; kinds of blocks that are not known are passed over.
    let text: String = content
        .items()
        .into_iter()
        .map(super::json::Node::fields)
        .filter(|block| block.text("type").as_deref() == Some("text"))
        .filter_map(|block| block.text("text"))
        .collect();
    let reason = message.text("stop_reason");
    let stop = match reason.as_deref() {
        Some("end_turn" | "stop_sequence") => Stop::Finished,
        Some("max_tokens" | "model_context_window_exceeded") => Stop::Length,
        Some("refusal") => Stop::Refusal,
        _ if text.is_empty() => Stop::Error,
        _ => Stop::Finished,
    };
    let text = match stop {
        Stop::Refusal if text.is_empty() => refusal(&message.fields("stop_details")),
        Stop::Error => format!(
            "the model gave no text and stopped with {}",
            reason.as_deref().unwrap_or("no reason")
        ),
        Stop::Finished | Stop::Length | Stop::Refusal => text,
    };
    let usage = message.fields("usage");
    Ok(Reply {
        text,
        stop,
        usage: read_usage(&usage),
        request_id: error_body::request_id(
            context.endpoint,
            context.headers,
            message.text("request_id").as_deref(),
        ),
        served_by: message.text("model"),
        label_probability: None,
        batched: usage.text("service_tier").as_deref() == Some("batch"),
        limits: Limits::of(context.headers, context.now),
    })
}

/// What a refusal says of itself: its category and its explanation.
fn refusal(details: &Fields<'_>) -> String {
    [details.text("category"), details.text("explanation")]
        .into_iter()
        .flatten()
        .collect::<Vec<String>>()
        .join(": ")
}

fn read_usage(usage: &Fields<'_>) -> AnswerUsage {
    let count = |name: &str| usage.count(name).unwrap_or(0);
    let writes = usage.fields("cache_creation");
    let for_an_hour = writes.count("ephemeral_1h_input_tokens").unwrap_or(0);
    let for_minutes = writes.count("ephemeral_5m_input_tokens").unwrap_or(0);
    // The sum is left out by some; the parts are never more than it.
    let written = count("cache_creation_input_tokens").max(for_an_hour + for_minutes);
    AnswerUsage {
        input_tokens: count("input_tokens"),
        output_tokens: count("output_tokens"),
        cache_read_tokens: count("cache_read_input_tokens"),
        cache_write_tokens: written,
        cache_write_1h_tokens: for_an_hour,
    }
}
