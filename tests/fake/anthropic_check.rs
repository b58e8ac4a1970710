//! What the Anthropic API refuses.

use axum::http::HeaderMap;
use serde_json::Value;

use super::anthropic::{Refused, Version, header};
use super::cache::each_block;
use super::model_rules::{Disabled, Rules, is_known, rules};
use super::plan::Plan;
use super::schema_subset;

/// Key and version.
pub(super) fn check_headers(plan: &Plan, headers: &HeaderMap) -> Result<Version, Refused> {
    if let Some(key) = &plan.key {
        let api_key = header(headers, "x-api-key");
        let bearer = header(headers, "authorization")
            .map(|text| text.strip_prefix("Bearer ").unwrap_or_default());
        let unauthorized = |message| Err(Refused::new(401, "authentication_error", message));
        match (api_key, bearer) {
            (Some(_), Some(_)) => return unauthorized("only one kind of credential may be sent"),
            (None, None) => return unauthorized("x-api-key header is required"),
            (Some(given), None) | (None, Some(given)) if given == key => {}
            (Some(_), None) => return unauthorized("invalid x-api-key"),
            (None, Some(_)) => return unauthorized("invalid bearer token"),
        }
    }
    match header(headers, "anthropic-version") {
        Some("2023-06-01") => Ok(Version::June2023),
        Some("2026-10-21") => Ok(Version::October2026),
        Some(other) => Err(Refused::invalid(format!(
            "anthropic-version: \"{other}\" is not a valid version"
        ))),
        None => Err(Refused::invalid("anthropic-version: header is required")),
    }
}

/// All of a request to a model.
pub(super) fn check(
    plan: &Plan,
    headers: &HeaderMap,
    body: &Value,
    batched: bool,
) -> Result<(), Refused> {
    let version = check_headers(plan, headers)?;
    if !header(headers, "content-type")
        .unwrap_or_default()
        .starts_with("application/json")
    {
        return Err(Refused::invalid("content-type: must be application/json"));
    }
    check_body(plan, body, version, batched)
}

/// The body of a request, or the params of a batch's item.
pub(super) fn check_body(
    plan: &Plan,
    body: &Value,
    version: Version,
    batched: bool,
) -> Result<(), Refused> {
    let invalid = |message: &str| Err(Refused::invalid(message));
    if !body.is_object() {
        return invalid("The request body is not valid JSON");
    }
    let Some(model) = body["model"].as_str() else {
        return invalid("model: Field required");
    };
    if !is_known(plan, model) {
        return Err(Refused::new(
            404,
            "not_found_error",
            &format!("model: {model}"),
        ));
    }
    let rules = rules(model);
    let Some(most) = body["max_tokens"].as_u64() else {
        return invalid("max_tokens: Field required");
    };
    if !body["stream"].is_null() && body["stream"] != false {
        return invalid(if batched {
            "stream: not supported in batches"
        } else {
            "stream: this provider does not stream"
        });
    }
    check_sampling(body, version, rules)?;
    check_thinking(body, rules, most)?;
    check_messages(body, version, rules)?;
    check_cache_marks(body)?;
    let format = &body["output_config"]["format"];
    if !format.is_null() {
        if format["type"] != "json_schema" {
            return invalid("output_config.format.type: Input should be 'json_schema'");
        }
        schema_subset::check(&format["schema"]).map_err(Refused::invalid)?;
    }
    if !body["output_format"].is_null() {
        return invalid("output_format: Extra inputs are not permitted");
    }
    let effort = &body["output_config"]["effort"];
    if !effort.is_null()
        && !["low", "medium", "high", "xhigh", "max"].contains(&effort.as_str().unwrap_or_default())
    {
        return invalid("output_config.effort: unknown effort");
    }
    let forced = matches!(body["tool_choice"]["type"].as_str(), Some("any" | "tool"));
    if forced && rules.refuses_forced_tools {
        return invalid("tool_choice: forced tool use is not supported by this model");
    }
    let is_enabled = body["thinking"]["type"] == "enabled";
    if forced && is_enabled {
        return invalid("Thinking may not be enabled when tool_choice forces tool use.");
    }
    if most == 0 && (batched || is_enabled || forced || !format.is_null()) {
        return invalid(
            "max_tokens: 0 is only allowed without batches, thinking, output_config.format and forced tools",
        );
    }
    Ok(())
}

fn check_sampling(body: &Value, version: Version, rules: Rules) -> Result<(), Refused> {
    for name in ["temperature", "top_p", "top_k"] {
        let value = &body[name];
        if value.is_null() {
            continue;
        }
        if version == Version::October2026 {
            return Err(Refused::invalid(format!(
                "{name}: not supported since version 2026-10-21"
            )));
        }
        let is_default = name != "top_k"
            && value
                .as_f64()
                .is_some_and(|value| (value - 1.0).abs() < 1e-12);
        if !rules.honours_temperature && !is_default {
            return Err(Refused::invalid(format!(
                "{name}: this model accepts only the default"
            )));
        }
        if name == "temperature"
            && !value
                .as_f64()
                .is_some_and(|value| (0.0..=1.0).contains(&value))
        {
            return Err(Refused::invalid("temperature: range: 0..1"));
        }
    }
    Ok(())
}

fn check_thinking(body: &Value, rules: Rules, most: u64) -> Result<(), Refused> {
    let thinking = &body["thinking"];
    if thinking.is_null() {
        return Ok(());
    }
    let kind = thinking["type"].as_str().unwrap_or_default();
    let effort = body["output_config"]["effort"].as_str().unwrap_or_default();
    let problem = match kind {
        "disabled" if rules.disabled == Disabled::Never => {
            Some("thinking.type: `disabled` is not supported by this model")
        }
        "disabled" if rules.disabled == Disabled::UpToHigh && matches!(effort, "xhigh" | "max") => {
            Some("thinking.type: `disabled` needs an effort of at most high")
        }
        "enabled" if rules.refuses_enabled => {
            Some("thinking.type: `enabled` is not supported by this model")
        }
        "enabled" => match thinking["budget_tokens"].as_u64() {
            None | Some(0..1_024) => Some("thinking.budget_tokens: at least 1024"),
            Some(budget) if most <= budget => {
                Some("`max_tokens` must be greater than `thinking.budget_tokens`")
            }
            Some(_) => None,
        },
        "adaptive" | "between_tools" if rules.is_budgeted => {
            Some("thinking.type: this model only knows `enabled`")
        }
        "adaptive" | "between_tools" | "disabled" => None,
        _ => Some("thinking.type: unknown"),
    };
    problem.map_or(Ok(()), |problem| Err(Refused::invalid(problem)))
}

fn check_messages(body: &Value, version: Version, rules: Rules) -> Result<(), Refused> {
    let invalid = |message: String| Err(Refused::invalid(message));
    let Some(messages) = body["messages"].as_array().filter(|all| !all.is_empty()) else {
        return invalid("messages: at least one message is required".to_owned());
    };
    for (n, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if !["user", "assistant"].contains(&role) {
            return invalid(format!(
                "messages.{n}.role: Input should be 'user' or 'assistant'"
            ));
        }
        if !message["content"].is_string() && !message["content"].is_array() {
            return invalid(format!("messages.{n}.content: Field required"));
        }
        if message["content"].as_str() == Some("")
            || message["content"].as_array().is_some_and(Vec::is_empty)
        {
            return invalid(format!(
                "messages.{n}: all messages must have non-empty content"
            ));
        }
        for block in message["content"].as_array().into_iter().flatten() {
            if version == Version::October2026 && role == "assistant" && block["type"] == "document"
            {
                return invalid(format!(
                    "messages.{n}: document blocks are not allowed in assistant messages"
                ));
            }
            let cites = block["citations"]
                .as_array()
                .is_some_and(|all| !all.is_empty());
            if version == Version::October2026 && role == "user" && block["type"] == "text" && cites
            {
                return invalid(format!(
                    "messages.{n}: citations are not allowed on text blocks of users"
                ));
            }
        }
    }
    if messages[0]["role"] != "user" {
        return invalid("messages: first message must use the \"user\" role".to_owned());
    }
    let is_prefilled = messages
        .last()
        .is_some_and(|last| last["role"] == "assistant");
    if is_prefilled && (rules.refuses_prefill || !body["output_config"]["format"].is_null()) {
        return invalid("This model does not support assistant message prefill.".to_owned());
    }
    let contents =
        std::iter::once(&body["system"]).chain(messages.iter().map(|message| &message["content"]));
    let mut problem = None;
    for content in contents {
        each_block(content, |block| {
            if block.is_object() && block["type"].is_null() {
                problem = Some("content blocks need a type");
            }
            if block["type"] == "text" && block["text"].as_str().is_none_or(str::is_empty) {
                problem = Some("text content blocks must be non-empty");
            }
        });
    }
    problem.map_or(Ok(()), |problem| invalid(format!("messages: {problem}")))
}

fn check_cache_marks(body: &Value) -> Result<(), Refused> {
    let mut marks = Vec::new();
    let mut look = |block: &Value| {
        if !block["cache_control"].is_null() {
            marks.push(block["cache_control"].clone());
        }
    };
    body["tools"]
        .as_array()
        .into_iter()
        .flatten()
        .for_each(&mut look);
    each_block(&body["system"], &mut look);
    for message in body["messages"].as_array().into_iter().flatten() {
        each_block(&message["content"], &mut look);
    }
    look(body);
    if 4 < marks.len() {
        return Err(Refused::invalid(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {}.",
            marks.len()
        )));
    }
    let mut has_short = false;
    for mark in &marks {
        if mark["type"] != "ephemeral" || !matches!(mark["ttl"].as_str(), None | Some("5m" | "1h"))
        {
            return Err(Refused::invalid(format!(
                "cache_control: invalid value {mark}"
            )));
        }
        let is_long = mark["ttl"] == "1h";
        if is_long && has_short {
            return Err(Refused::invalid(
                "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block",
            ));
        }
        has_short |= !is_long;
    }
    Ok(())
}
