//! Bodies and headers of requests, for every kind of model.

use harness::domain::request::Request;
use harness::provider::dialect::{Repair, Sending, body, headers};
use harness::provider::endpoint::{Dialect, Endpoint};
use harness::provider::fallback::{Fallback, Form};
use harness::provider::models::{batch_limits, facts};
use serde_json::Value;

pub(super) const KEY: &str = "sk-test-0123456789abcdef";

/// The endpoint of a spec, with [`KEY`] in both variables.
pub(super) fn endpoint(spec: &str) -> Endpoint {
    Endpoint::parse(spec, &|name| name.ends_with("_KEY").then(|| KEY.to_owned())).unwrap()
}

fn request() -> Request {
    Request {
        system: "You read sessions.".to_owned(),
        view: "<session>\n  hello\n</session>".to_owned(),
        classifier: "Which label?".to_owned(),
        schema: r#"{"type":"object","properties":{"label":{"type":"string"}},"required":["label"],"additionalProperties":false}"#.to_owned(),
    }
}

fn sent(spec: &str, sending: Sending, repair: Option<Repair<'_>>) -> Value {
    serde_json::from_slice(&body(&endpoint(spec), &request(), sending, repair)).unwrap()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn an_anthropic_body_caches_system_and_view_and_is_held_to_the_schema() {
    insta::assert_snapshot!(pretty(&sent(
        "anthropic:claude-haiku-5-5",
        Sending::default(),
        None
    )));
}

#[test]
fn an_openai_body_is_one_system_and_one_user_string() {
    insta::assert_snapshot!(pretty(&sent(
        "openai:qwen@http://127.0.0.1:8080/v1",
        Sending::default(),
        None
    )));
}

#[test]
fn the_vendors_own_openai_body_has_its_own_fields() {
    insta::assert_snapshot!(pretty(&sent("openai:gpt-6-luna", Sending::default(), None)));
}

#[test]
fn the_same_request_has_the_same_bytes() {
    for spec in ["anthropic:claude-opus-5-5", "openai:gpt-6-sol"] {
        let once = body(&endpoint(spec), &request(), Sending::default(), None);
        let twice = body(&endpoint(spec), &request(), Sending::default(), None);
        assert_eq!(once, twice);
    }
}

#[test]
fn the_schema_stands_in_the_body_byte_for_byte() {
    for spec in ["anthropic:claude-opus-5-5", "openai:gpt-6-sol"] {
        let bytes = body(&endpoint(spec), &request(), Sending::default(), None);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(&request().schema), "{text}");
    }
}

#[test]
fn each_anthropic_model_is_asked_as_its_vendor_allows() {
    // Model, version, thinking, temperature, max_tokens: from the vendor's tables of 2026-08 to 2026-11.
    let table = [
        ("claude-opus-5-5", "2026-10-21", None, None, 16_000),
        ("claude-opus-5-5-20260922", "2026-10-21", None, None, 16_000),
        (
            "claude-sonnet-5-5",
            "2026-10-21",
            Some("between_tools"),
            None,
            16_000,
        ),
        (
            "claude-haiku-5-5",
            "2026-10-21",
            Some("disabled"),
            None,
            8_192,
        ),
        (
            "claude-haiku-5-5-20261007",
            "2026-10-21",
            Some("disabled"),
            None,
            8_192,
        ),
        (
            "anthropic/claude-haiku-5-5",
            "2026-10-21",
            Some("disabled"),
            None,
            8_192,
        ),
        ("claude-fable-5-1", "2026-10-21", None, None, 16_000),
        ("claude-fable-5-2", "2026-10-21", None, None, 16_000),
        ("claude-opus-5", "2026-10-21", Some("disabled"), None, 8_192),
        (
            "claude-opus-5@20260101",
            "2026-10-21",
            Some("disabled"),
            None,
            8_192,
        ),
        (
            "claude-opus-5-latest",
            "2026-10-21",
            Some("disabled"),
            None,
            8_192,
        ),
        // A later model is not its forerunner.
        ("claude-opus-5-9", "2026-10-21", None, None, 16_000),
        ("claude-sonnet-5", "2026-10-21", None, None, 16_000),
        ("claude-opus-4-8", "2026-10-21", None, None, 8_192),
        ("claude-opus-4-7", "2026-10-21", None, None, 8_192),
        ("claude-opus-4-6", "2023-06-01", None, Some(0), 8_192),
        (
            "claude-sonnet-4-5-20250929",
            "2023-06-01",
            None,
            Some(0),
            8_192,
        ),
        ("claude-haiku-4-5", "2023-06-01", None, Some(0), 8_192),
        ("no-such-model", "2026-10-21", None, None, 16_000),
    ];
    for (model, version, thinking, temperature, max_tokens) in table {
        let endpoint = endpoint(&format!("anthropic:{model}"));
        let headers = headers(&endpoint);
        let sent = sent(&format!("anthropic:{model}"), Sending::default(), None);
        assert_eq!(headers["anthropic-version"], version, "{model}");
        assert_eq!(sent["thinking"]["type"].as_str(), thinking, "{model}");
        assert_eq!(
            sent.get("temperature").and_then(Value::as_u64),
            temperature,
            "{model}"
        );
        assert_eq!(sent["max_tokens"], max_tokens, "{model}");
        assert_eq!(sent["model"], model);
        for refused in ["top_p", "top_k", "tools", "tool_choice", "stream"] {
            assert!(sent.get(refused).is_none(), "{model}: {refused}");
        }
    }
}

#[test]
fn openai_fields_are_sent_only_where_they_are_known_to_be_taken() {
    // Spec, length field, reasoning_effort, temperature, logprobs, prompt_cache_key.
    let table = [
        (
            "openai:gpt-6-luna",
            "max_completion_tokens",
            true,
            true,
            true,
            true,
        ),
        (
            "openai:gpt-9-unheard-of",
            "max_completion_tokens",
            false,
            false,
            false,
            true,
        ),
        (
            "openai:gpt-6-luna@http://localhost:1/v1",
            "max_tokens",
            false,
            true,
            true,
            false,
        ),
        (
            "openai:org/some-model:free@https://openrouter.ai/api/v1",
            "max_tokens",
            false,
            true,
            true,
            false,
        ),
    ];
    for (spec, length, reasoning, temperature, logprobs, cache_key) in table {
        let sent = sent(spec, Sending::default(), None);
        let other = ["max_tokens", "max_completion_tokens"]
            .into_iter()
            .find(|field| *field != length)
            .unwrap();
        assert!(sent[length].is_u64(), "{spec}: {length}");
        assert!(sent.get(other).is_none(), "{spec}: {other}");
        for (field, is_sent) in [
            ("reasoning_effort", reasoning),
            ("temperature", temperature),
            ("logprobs", logprobs),
            ("top_logprobs", logprobs),
            ("prompt_cache_key", cache_key),
        ] {
            assert_eq!(sent.get(field).is_some(), is_sent, "{spec}: {field}");
        }
    }
}

#[test]
fn classifiers_of_one_session_share_the_cache_key_and_sessions_do_not() {
    let endpoint = endpoint("openai:gpt-6-luna");
    let key = |request: &Request| {
        let bytes = body(&endpoint, request, Sending::default(), None);
        serde_json::from_slice::<Value>(&bytes).unwrap()["prompt_cache_key"].clone()
    };
    let one = request();
    let mut same_session = request();
    same_session.classifier = "Another question?".to_owned();
    let mut other_session = request();
    other_session.view = "<session>other</session>".to_owned();
    assert_eq!(key(&one), key(&same_session));
    assert_ne!(key(&one), key(&other_session));
}

#[test]
fn an_hour_in_the_cache_is_asked_for_at_both_breakpoints() {
    let sending = Sending {
        cache_for_an_hour: true,
        max_tokens: Some(77),
        ..Sending::default()
    };
    let sent = sent("anthropic:claude-haiku-5-5", sending, None);
    assert_eq!(sent["max_tokens"], 77);
    assert_eq!(sent["system"][0]["cache_control"]["ttl"], "1h");
    let blocks = &sent["messages"][0]["content"];
    assert_eq!(blocks[0]["cache_control"]["ttl"], "1h");
    assert!(blocks[1].get("cache_control").is_none());
}

#[test]
fn a_repair_leaves_the_cached_prefix_as_it_was() {
    let repair = Repair {
        answer: "{\"label\": 3",
        reason: "the answer breaks off",
    };
    for spec in ["anthropic:claude-haiku-5-5", "openai:x@http://localhost:1"] {
        let first = sent(spec, Sending::default(), None);
        let second = sent(spec, Sending::default(), Some(repair));
        let before = first["messages"].as_array().unwrap();
        let after = second["messages"].as_array().unwrap();
        assert_eq!(before[..], after[..before.len()], "{spec}");
        let roles: Vec<&str> = after[before.len()..]
            .iter()
            .map(|message| message["role"].as_str().unwrap())
            .collect();
        assert_eq!(roles, ["assistant", "user"], "{spec}");
        assert!(after[before.len()].to_string().contains("label"));
        assert!(
            after
                .last()
                .unwrap()
                .to_string()
                .contains("the answer breaks off")
        );
    }
}

#[test]
fn an_empty_answer_is_told_in_the_users_words() {
    let repair = Repair {
        answer: " \n",
        reason: "there is no text",
    };
    for spec in ["anthropic:claude-haiku-5-5", "openai:x@http://localhost:1"] {
        let sent = sent(spec, Sending::default(), Some(repair));
        let messages = sent["messages"].as_array().unwrap();
        assert!(
            messages
                .iter()
                .all(|message| message["role"] != "assistant"),
            "{spec}"
        );
        let last = messages.last().unwrap();
        assert_eq!(last["role"], "user");
        assert!(
            last.to_string()
                .contains("your answer was empty: there is no text"),
            "{last}"
        );
    }
}

#[test]
fn what_a_server_refused_is_left_out() {
    let sending = Sending {
        fallback: Fallback {
            form: Form::Object,
            without_logprobs: true,
            other_length_field: true,
            without_temperature: true,
            ..Fallback::default()
        },
        ..Sending::default()
    };
    let sent_openai = sent("openai:x@http://localhost:1", sending, None);
    assert_eq!(
        sent_openai["response_format"],
        serde_json::json!({"type": "json_object"})
    );
    assert!(sent_openai["max_completion_tokens"].is_u64());
    for left_out in ["logprobs", "top_logprobs", "max_tokens", "temperature"] {
        assert!(sent_openai.get(left_out).is_none(), "{left_out}");
    }
    let user = sent_openai["messages"][1]["content"].as_str().unwrap();
    assert!(user.ends_with(&request().schema), "{user}");

    let text_alone = Sending {
        fallback: Fallback {
            form: Form::Text,
            ..Fallback::default()
        },
        ..Sending::default()
    };
    assert!(
        sent("openai:x@http://localhost:1", text_alone, None)
            .get("response_format")
            .is_none()
    );
    let anthropic = sent("anthropic:x@http://localhost:1", text_alone, None);
    assert!(anthropic.get("output_config").is_none());
    assert!(
        anthropic["messages"][0]["content"][2]["text"]
            .as_str()
            .unwrap()
            .ends_with(&request().schema)
    );
}

#[test]
fn keys_travel_in_sensitive_headers_alone() {
    let anthropic = headers(&endpoint("anthropic:claude-haiku-5-5"));
    assert_eq!(anthropic["x-api-key"], KEY);
    assert!(anthropic["x-api-key"].is_sensitive());
    assert!(!anthropic.contains_key("authorization"));
    let openai = headers(&endpoint("openai:gpt-6-luna"));
    assert_eq!(openai["authorization"], format!("Bearer {KEY}"));
    assert!(openai["authorization"].is_sensitive());
    assert!(!format!("{openai:?}{anthropic:?}").contains(KEY));
    for headers in [anthropic, openai] {
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(
            headers["user-agent"],
            concat!("validate/", env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn facts_are_those_of_the_sources() {
    let cacheable = |model: &str| facts(&endpoint(&format!("anthropic:{model}"))).cacheable_from;
    assert_eq!(cacheable("claude-haiku-5-5"), Some(512));
    assert_eq!(cacheable("claude-opus-4-8"), Some(1024));
    assert_eq!(cacheable("claude-opus-4-7"), Some(2048));
    assert_eq!(cacheable("claude-haiku-4-5-20251001"), Some(4096));
    assert_eq!(cacheable("claude-opus-5-5"), None);
    assert!(!facts(&endpoint("anthropic:no-such")).is_known());
    assert_eq!(batch_limits(Dialect::Anthropic).requests, 100_000);
    assert_eq!(batch_limits(Dialect::OpenAi).requests, 50_000);
}
