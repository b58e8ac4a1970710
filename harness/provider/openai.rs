//! OpenAI chat completions, as the vendor and many other servers speak them: bodies of requests, and what completions mean.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::answer::{AnswerUsage, Stop};
use crate::domain::request::{Hash, Request};

use super::dialect::{Context, Repair, Sending, schema_in_words};
use super::endpoint::Endpoint;
use super::error_body;
use super::failure::Failure;
use super::fallback::Form;
use super::json::{Fields, Node};
use super::label_probability;
use super::limits::Limits;
use super::models::{self, Thinking};
use super::reply::Reply;

#[derive(Serialize)]
struct Body<'b> {
    model: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'b>>,
    messages: Vec<Message<'b>>,
}

#[derive(Serialize)]
struct ResponseFormat<'b> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<JsonSchema<'b>>,
}

#[derive(Serialize)]
struct JsonSchema<'b> {
    name: &'static str,
    schema: &'b RawValue,
    strict: bool,
}

#[derive(Serialize)]
struct Message<'b> {
    role: &'static str,
    content: &'b str,
}

/// The body. View and classifier are one string: templates of small servers know nothing else, and none takes two turns
/// of one role.
pub(super) fn body(
    endpoint: &Endpoint,
    request: &Request,
    sending: Sending,
    repair: Option<Repair<'_>>,
) -> Vec<u8> {
    let facts = models::facts(endpoint);
    let fallback = sending.fallback;
    let schema: &RawValue = serde_json::from_str(&request.schema)
        .expect("the classifier's room writes schemas as JSON");
    let mut user = format!("{}\n\n{}", request.view, request.classifier);
    if fallback.form != Form::Schema {
        user = format!("{user}\n\n{}", schema_in_words(&request.schema));
    }
    let repair_words = repair.map(|repair| repair.words()).unwrap_or_default();
    let answer_given = repair
        .as_ref()
        .map(|repair| repair.answer_given().unwrap_or_default())
        .unwrap_or_default();
    if repair.is_some() && answer_given.is_empty() {
        user = format!("{user}\n\n{repair_words}");
    }
    let mut messages = vec![
        Message {
            role: "system",
            content: &request.system,
        },
        Message {
            role: "user",
            content: &user,
        },
    ];
    if !answer_given.is_empty() {
        messages.push(Message {
            role: "assistant",
            content: answer_given,
        });
        messages.push(Message {
            role: "user",
            content: &repair_words,
        });
    }
    let length = sending
        .max_tokens
        .unwrap_or_else(|| facts.default_max_tokens());
    let is_new_length_field = endpoint.is_vendor != fallback.other_length_field;
    // The facts tell both together: log-probabilities come where there is no reasoning, as a temperature does.
    let has_logprobs = facts.temperature && !fallback.without_logprobs;
    let body = Body {
        model: &endpoint.model,
        max_tokens: (!is_new_length_field).then_some(length),
        max_completion_tokens: is_new_length_field.then_some(length),
        reasoning_effort: (facts.thinking == Thinking::Disabled && !fallback.without_reasoning)
            .then_some("none"),
        temperature: (facts.temperature && !fallback.without_temperature).then_some(0),
        logprobs: has_logprobs.then_some(true),
        top_logprobs: has_logprobs.then_some(0),
        prompt_cache_key: endpoint.is_vendor.then(|| prefix_name(request)),
        response_format: match fallback.form {
            Form::Schema => Some(ResponseFormat {
                kind: "json_schema",
                json_schema: Some(JsonSchema {
                    name: "answer",
                    schema,
                    strict: true,
                }),
            }),
            Form::Object => Some(ResponseFormat {
                kind: "json_object",
                json_schema: None,
            }),
            Form::Text => None,
        },
        messages,
    };
    serde_json::to_vec(&body).expect("strings and numbers can always be written as JSON")
}

/// One name for all requests that share system text and view, so that they meet the same cache.
fn prefix_name(request: &Request) -> String {
    let prefix = format!("{}\0{}", request.system, request.view);
    Hash::of(prefix.as_bytes()).text()[..32].to_owned()
}

/// Reads a completion.
///
/// A reason to stop that is not known (`tool_calls`, one to come) is an answer where there is text, and an error where
/// there is none.
pub(super) fn read(completion: &Fields<'_>, context: &Context<'_>) -> Result<Reply, Failure> {
    let choice = completion
        .get("choices")
        .and_then(|choices| choices.items().into_iter().next())
        .map(Node::fields)
        .ok_or_else(|| context.no_message("JSON, but no completion: it has no choices"))?;
    // OpenRouter: the provider behind it failed after it had begun.
    if choice.get("error").is_some() {
        return Err(error_body::failure_within(
            context.endpoint,
            context.status,
            &choice,
            context.headers,
            context.now,
        ));
    }
    let message = choice.fields("message");
    let text = message.get("content").map(content).unwrap_or_default();
    let refused = message
        .text("refusal")
        .filter(|refusal| !refusal.is_empty());
    let reason = choice.text("finish_reason");
    let stop = match reason.as_deref() {
        _ if refused.is_some() && text.is_empty() => Stop::Refusal,
        Some("content_filter") => Stop::Refusal,
        Some("stop") => Stop::Finished,
        Some("length") => Stop::Length,
        _ if text.is_empty() => Stop::Error,
        _ => Stop::Finished,
    };
    let tokens = choice.fields("logprobs").get("content").map(Node::items);
    let label_probability = match stop {
        Stop::Finished => tokens.and_then(|tokens| label_probability::of(&text, &tokens)),
        Stop::Length | Stop::Refusal | Stop::Error => None,
    };
    let text = match stop {
        Stop::Refusal if text.is_empty() => refused.unwrap_or_default(),
        Stop::Error => format!(
            "the model gave no text and stopped with {}",
            reason.as_deref().unwrap_or("no reason")
        ),
        Stop::Finished | Stop::Length | Stop::Refusal => text,
    };
    Ok(Reply {
        text,
        stop,
        usage: read_usage(&completion.fields("usage")),
        request_id: error_body::request_id(
            context.endpoint,
            context.headers,
            completion.text("request_id").as_deref(),
        ),
        served_by: completion.text("model"),
        label_probability,
        batched: completion.text("service_tier").as_deref() == Some("batch"),
        limits: Limits::of(context.headers, context.now),
    })
}

/// A string, or a list of parts with a text each.
fn content(content: Node<'_>) -> String {
    if content.is_list() {
        return content
            .items()
            .into_iter()
            .filter_map(|part| part.fields().text("text"))
            .collect();
    }
    content.text().unwrap_or_default()
}

/// The prompt's tokens are told in one sum; those that were cached, or written to a cache, are a part of it.
fn read_usage(usage: &Fields<'_>) -> AnswerUsage {
    let all = usage.count("prompt_tokens").unwrap_or(0);
    let details = usage.fields("prompt_tokens_details");
    let cached = details.count("cached_tokens").unwrap_or(0).min(all);
    let written = details
        .count("cache_write_tokens")
        .unwrap_or(0)
        .min(all - cached);
    AnswerUsage {
        input_tokens: all - cached - written,
        output_tokens: usage.count("completion_tokens").unwrap_or(0),
        cache_read_tokens: cached,
        cache_write_tokens: written,
        cache_write_1h_tokens: 0,
    }
}
