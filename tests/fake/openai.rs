//! The OpenAI side: headers, errors, chat completions.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::answers;
use super::anthropic::{header, spoken};
use super::asked::Asked;
use super::cache::{CacheUse, tokens};
use super::faults::Fault;
use super::ledger::Usage;
use super::plan::Plan;
use super::reply::Reply;
use super::schema_subset;
use super::server::{Server, usage};

/// An error of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: u16,
    kind: String,
    message: String,
    param: Option<String>,
    code: Option<String>,
}

impl Refused {
    pub(super) fn new(status: u16, kind: &str, message: &str, code: Option<&str>) -> Self {
        Self {
            status,
            kind: kind.to_owned(),
            message: message.to_owned(),
            param: None,
            code: code.map(str::to_owned),
        }
    }

    pub(super) fn invalid(param: &str, message: &str) -> Self {
        let mut refused = Self::new(400, "invalid_request_error", message, None);
        refused.param = Some(param.to_owned());
        refused
    }

    pub(super) fn of_status(status: u16, code: Option<&str>) -> Self {
        match status {
            // The vendor's own name for a used-up budget.
            429 if code.is_some() => Self::new(
                429,
                "insufficient_quota",
                "You exceeded your current quota",
                Some("insufficient_quota"),
            ),
            429 => Self::new(
                429,
                "requests",
                "Rate limit reached",
                Some("rate_limit_exceeded"),
            ),
            401 => Self::new(
                401,
                "invalid_request_error",
                "Incorrect API key provided",
                Some("invalid_api_key"),
            ),
            400..500 => Self::new(status, "invalid_request_error", "Invalid request", code),
            _ => Self::new(
                status,
                "server_error",
                "The server had an error while processing your request",
                code,
            ),
        }
    }

    pub(super) fn body(&self) -> Value {
        json!({"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}})
    }

    pub(super) fn reply(&self, server: &Server) -> Reply {
        let id = server.lock().name("req_fake");
        Reply::json(self.status, &self.body()).header("x-request-id", &id)
    }
}

pub(super) fn ok(server: &Server, body: &Value) -> Reply {
    let id = server.lock().name("req_fake");
    Reply::json(200, body).header("x-request-id", &id)
}

pub(super) fn check_headers(plan: &Plan, headers: &HeaderMap) -> Result<(), Refused> {
    let given = header(headers, "authorization").and_then(|text| text.strip_prefix("Bearer "));
    match &plan.key {
        Some(key) if given != Some(key.as_str()) => Err(Refused::of_status(401, None)),
        _ => Ok(()),
    }
}

pub(super) fn check(plan: &Plan, headers: &HeaderMap, body: &Value) -> Result<(), Refused> {
    check_headers(plan, headers)?;
    if !header(headers, "content-type")
        .unwrap_or_default()
        .starts_with("application/json")
    {
        return Err(Refused::invalid(
            "",
            "the content type must be application/json",
        ));
    }
    check_body(plan, body)
}

pub(super) fn check_body(plan: &Plan, body: &Value) -> Result<(), Refused> {
    let invalid = |param: &str, message: &str| Err(Refused::invalid(param, message));
    let Some(model) = body["model"].as_str() else {
        return invalid("model", "you must provide a model parameter");
    };
    let is_vendors = model.starts_with("gpt-");
    // Servers of one's own (no key) know any name.
    if plan.key.is_some() && !is_vendors && !plan.models.iter().any(|own| own == model) {
        return Err(Refused::new(
            404,
            "invalid_request_error",
            "The model does not exist",
            Some("model_not_found"),
        ));
    }
    let Some(messages) = body["messages"].as_array().filter(|all| !all.is_empty()) else {
        return invalid("messages", "'messages' is required");
    };
    for message in messages {
        let role = message["role"].as_str().unwrap_or_default();
        if !["system", "developer", "user", "assistant", "tool"].contains(&role) {
            return invalid("messages", "unknown role");
        }
        if message["content"].is_null() {
            return invalid("messages", "content is required");
        }
    }
    if body["stream"] == true {
        return invalid("stream", "this provider does not stream");
    }
    if !body["max_tokens"].is_null() && !body["max_completion_tokens"].is_null() {
        return invalid(
            "max_tokens",
            "max_tokens and max_completion_tokens cannot both be set",
        );
    }
    let reasons = is_vendors && body["reasoning_effort"] != "none";
    if reasons
        && body["temperature"]
            .as_f64()
            .is_some_and(|value| 1e-12 < (value - 1.0).abs())
    {
        return invalid(
            "temperature",
            "only the default (1) is supported unless reasoning_effort is none",
        );
    }
    if reasons && body["logprobs"] == true {
        return invalid("logprobs", "not supported unless reasoning_effort is none");
    }
    if let Some(top) = body["top_logprobs"].as_u64()
        && (20 < top || body["logprobs"] != true)
    {
        return invalid("top_logprobs", "0 to 20, and only with logprobs");
    }
    check_format(plan, &body["response_format"])
}

fn check_format(plan: &Plan, format: &Value) -> Result<(), Refused> {
    let invalid = |message: &str| Err(Refused::invalid("response_format", message));
    match format["type"].as_str() {
        None if format.is_null() => Ok(()),
        Some("text" | "json_object") => Ok(()),
        Some("json_schema") if plan.refuses_response_format => {
            invalid("json_schema is not supported")
        }
        Some("json_schema") => {
            let named = &format["json_schema"];
            let name = named["name"].as_str().unwrap_or_default();
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
            if name.is_empty() || 64 < name.len() || !name.chars().all(is_name) {
                return invalid("json_schema.name must match ^[a-zA-Z0-9_-]{1,64}$");
            }
            if !named["schema"].is_object() {
                return invalid("json_schema.schema is required");
            }
            if named["strict"] == true {
                schema_subset::check_strict(&named["schema"])
                    .or_else(|problem| invalid(&problem))?;
            }
            Ok(())
        }
        _ => invalid("type must be text, json_object or json_schema"),
    }
}

/// The response with the model's answer.
pub(super) fn completion(
    server: &Server,
    body: &Value,
    asked: &Asked,
    split: &CacheUse,
    fault: Option<&Fault>,
) -> (Reply, Usage) {
    let (completion, usage) = completion_body(server, body, asked, split, fault);
    (ok(server, &completion), usage)
}

pub(super) fn completion_body(
    server: &Server,
    body: &Value,
    asked: &Asked,
    split: &CacheUse,
    fault: Option<&Fault>,
) -> (Value, Usage) {
    let mut text = spoken(server, asked, fault);
    let asks_schema = body["response_format"]["type"] == "json_schema";
    if (server.plan.ignores_response_format || !asks_schema) && text.starts_with('{') {
        text = format!("Here is my answer:\n\n```json\n{text}\n```\n");
    }
    let most = body["max_completion_tokens"]
        .as_u64()
        .or(body["max_tokens"].as_u64());
    let mut stop = if fault == Some(&Fault::MaxTokens) {
        "length"
    } else {
        "stop"
    };
    if let Some(most) = most
        && most < tokens(text.len())
    {
        stop = "length";
        text = answers::cut(&text, usize::try_from(most).unwrap() * 4).to_owned();
    }
    let refusal = (fault == Some(&Fault::Refusal)).then_some("I cannot help with that.");
    let content = if refusal.is_some() {
        Value::Null
    } else {
        json!(text)
    };
    let logprobs = if body["logprobs"] == true {
        answers::logprobs(
            asked,
            &text,
            body["top_logprobs"].as_u64().unwrap_or_default(),
        )
    } else {
        Value::Null
    };
    let usage = usage(split, tokens(text.len()));
    let id = server.lock().name("chatcmpl-fake");
    let completion = json!({
        "id": id,
        "object": "chat.completion",
        "created": 1_795_000_000,
        "model": asked.model,
        "system_fingerprint": "fp_fake",
        "service_tier": "default",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": content, "refusal": refusal},
            "logprobs": logprobs,
            "finish_reason": stop,
        }],
        "usage": {
            "prompt_tokens": usage.prompt(),
            "completion_tokens": usage.output,
            "total_tokens": usage.prompt() + usage.output,
            "prompt_tokens_details": {"cached_tokens": usage.read},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    });
    (completion, usage)
}
