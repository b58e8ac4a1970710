//! What messages and completions mean: every stop reason, usage in all its forms, labels' probabilities.

use harness::domain::answer::{AnswerUsage, Stop};
use harness::provider::dialect::{looks_like_json_object, read, read_message};
use harness::provider::failure::{Failure, FailureKind, StopReason};
use harness::provider::reply::Reply;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::dialects::endpoint;

fn anthropic(message: &Value) -> Result<Reply, Failure> {
    read_message(
        &endpoint("anthropic:claude-haiku-5-5"),
        message.to_string().as_bytes(),
    )
}

fn openai(completion: &Value) -> Result<Reply, Failure> {
    read_message(
        &endpoint("openai:m@http://localhost:1/v1"),
        completion.to_string().as_bytes(),
    )
}

fn message(content: Value, stop_reason: Value) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-5-5-20261007",
        "content": content, "stop_reason": stop_reason, "stop_sequence": null,
        "usage": {"input_tokens": 10, "output_tokens": 2}})
}

fn completion(content: Value, finish_reason: Value) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "model": "m-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}})
}

#[test]
fn every_anthropic_stop_reason_has_a_meaning() {
    let text = || json!([{"type": "text", "text": "{}"}]);
    let none = || json!([]);
    let table = [
        (text(), json!("end_turn"), Stop::Finished, "{}"),
        (none(), json!("end_turn"), Stop::Finished, ""),
        (text(), json!("stop_sequence"), Stop::Finished, "{}"),
        (text(), json!("max_tokens"), Stop::Length, "{}"),
        (none(), json!("max_tokens"), Stop::Length, ""),
        (
            none(),
            json!("model_context_window_exceeded"),
            Stop::Length,
            "",
        ),
        (text(), json!("refusal"), Stop::Refusal, "{}"),
        (none(), json!("refusal"), Stop::Refusal, ""),
        (text(), json!("tool_use"), Stop::Finished, "{}"),
        (
            none(),
            json!("tool_use"),
            Stop::Error,
            "the model gave no text and stopped with tool_use",
        ),
        (
            none(),
            json!("pause_turn"),
            Stop::Error,
            "the model gave no text and stopped with pause_turn",
        ),
        (text(), json!("one_to_come"), Stop::Finished, "{}"),
        (
            none(),
            json!(null),
            Stop::Error,
            "the model gave no text and stopped with no reason",
        ),
    ];
    for (content, reason, stop, text) in table {
        let reply = anthropic(&message(content, reason.clone())).unwrap();
        assert_eq!((reply.stop, reply.text.as_str()), (stop, text), "{reason}");
    }
}

#[test]
fn a_refusal_without_text_says_what_the_provider_said() {
    let mut refused = message(json!([]), json!("refusal"));
    refused["stop_details"] =
        json!({"type": "refusal", "category": "cyber", "explanation": "It looks like an attack."});
    assert_eq!(
        anthropic(&refused).unwrap().text,
        "cyber: It looks like an attack."
    );
    refused["stop_details"] = json!({"type": "refusal", "category": null, "explanation": null});
    assert_eq!(anthropic(&refused).unwrap().text, "");
}

#[test]
fn blocks_are_found_by_type() {
    let content = json!([
        {"type": "thinking", "thinking": "", "signature": "x"},
        {"type": "text", "text": "{\"a\":"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "one_to_come", "text": "never"},
        {"type": "text", "text": "1}", "citations": null}
    ]);
    assert_eq!(
        anthropic(&message(content, json!("end_turn")))
            .unwrap()
            .text,
        "{\"a\":1}"
    );
}

#[test]
fn all_four_kinds_of_tokens_are_read() {
    let mut answered = message(json!([]), json!("end_turn"));
    answered["usage"] = json!({"input_tokens": 12, "cache_creation_input_tokens": 700, "cache_read_input_tokens": 5000,
        "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 400},
        "output_tokens": 90, "service_tier": "batch", "server_tool_use": null});
    let reply = anthropic(&answered).unwrap();
    assert_eq!(
        reply.usage,
        AnswerUsage {
            input_tokens: 12,
            output_tokens: 90,
            cache_read_tokens: 5000,
            cache_write_tokens: 700,
            cache_write_1h_tokens: 400,
        }
    );
    assert!(reply.batched);
    assert_eq!(
        reply.served_by.as_deref(),
        Some("claude-haiku-5-5-20261007")
    );

    answered["usage"] = json!({"input_tokens": 12, "cache_creation_input_tokens": null,
        "cache_creation": null, "cache_read_input_tokens": null, "output_tokens": 1, "service_tier": "standard"});
    let reply = anthropic(&answered).unwrap();
    assert_eq!((reply.usage.all_input_tokens(), reply.batched), (12, false));
    answered["usage"] = json!(null);
    assert_eq!(anthropic(&answered).unwrap().usage, AnswerUsage::default());
}

#[test]
fn every_openai_finish_reason_has_a_meaning() {
    let table = [
        (json!("{}"), json!("stop"), Stop::Finished, "{}"),
        (json!(null), json!("stop"), Stop::Finished, ""),
        (json!("{"), json!("length"), Stop::Length, "{"),
        (json!(""), json!("content_filter"), Stop::Refusal, ""),
        (json!("{}"), json!("tool_calls"), Stop::Finished, "{}"),
        (
            json!(null),
            json!("tool_calls"),
            Stop::Error,
            "the model gave no text and stopped with tool_calls",
        ),
        (json!("{}"), json!(null), Stop::Finished, "{}"),
        (
            json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
            json!("stop"),
            Stop::Finished,
            "ab",
        ),
    ];
    for (content, reason, stop, text) in table {
        let reply = openai(&completion(content, reason.clone())).unwrap();
        assert_eq!((reply.stop, reply.text.as_str()), (stop, text), "{reason}");
    }
    let mut refused = completion(json!(null), json!("stop"));
    refused["choices"][0]["message"]["refusal"] = json!("I cannot help.");
    let reply = openai(&refused).unwrap();
    assert_eq!(
        (reply.stop, reply.text.as_str()),
        (Stop::Refusal, "I cannot help.")
    );
    // Reasoning that some servers send beside the answer is no part of it.
    let mut reasoned = completion(json!("{}"), json!("stop"));
    reasoned["choices"][0]["message"]["reasoning_content"] = json!("hm");
    assert_eq!(openai(&reasoned).unwrap().text, "{}");
}

#[test]
fn cached_tokens_are_part_of_the_prompts() {
    let mut answered = completion(json!("{}"), json!("stop"));
    answered["usage"] = json!({"prompt_tokens": 1000, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 900}});
    let usage = openai(&answered).unwrap().usage;
    assert_eq!(
        (
            usage.input_tokens,
            usage.cache_read_tokens,
            usage.output_tokens
        ),
        (100, 900, 7)
    );
    for absent in [
        json!(null),
        json!({"prompt_tokens": null}),
        json!({"prompt_tokens": -5, "completion_tokens": 1e300}),
    ] {
        answered["usage"] = absent;
        assert_eq!(openai(&answered).unwrap().usage, AnswerUsage::default());
    }
    answered["usage"] =
        json!({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 11}});
    assert_eq!(openai(&answered).unwrap().usage.all_input_tokens(), 10);
}

#[test]
fn a_number_that_no_float_holds_does_not_cost_the_answer() {
    let body = br#"{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9E22222222223,"completion_tokens":3}}"#;
    let reply = read_message(&endpoint("openai:m@http://localhost:1"), body).unwrap();
    assert_eq!(
        (reply.usage.input_tokens, reply.usage.output_tokens),
        (0, 3)
    );
}

#[test]
fn the_exchange_is_named_by_header_or_body() {
    let mut headers = HeaderMap::new();
    let anthropic = endpoint("anthropic:claude-haiku-5-5");
    let mut body = message(json!([]), json!("end_turn"));
    let id = |headers: &HeaderMap, body: &Value| {
        read(&anthropic, 200, headers, body.to_string().as_bytes())
            .unwrap()
            .request_id
    };
    assert_eq!(id(&headers, &body), None);
    body["request_id"] = json!("req_body");
    assert_eq!(id(&headers, &body).as_deref(), Some("req_body"));
    headers.insert("request-id", "req_header".parse().unwrap());
    assert_eq!(id(&headers, &body).as_deref(), Some("req_header"));
}

/// A completion whose tokens are given as text and log-probability.
fn with_tokens(content: &str, tokens: &[(&str, f64)]) -> Value {
    let mut answered = completion(json!(content), json!("stop"));
    let tokens: Vec<Value> = tokens
        .iter()
        .map(|(text, logprob)| json!({"token": text, "logprob": logprob, "bytes": text.as_bytes(), "top_logprobs": []}))
        .collect();
    answered["choices"][0]["logprobs"] = json!({"content": tokens, "refusal": null});
    answered
}

fn label_probability(content: &str, tokens: &[(&str, f64)]) -> Option<f64> {
    openai(&with_tokens(content, tokens))
        .unwrap()
        .label_probability
}

fn assert_near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!(
        (found - expected).abs() < 1e-12,
        "{found} instead of {expected}"
    );
}

#[test]
fn the_labels_tokens_are_multiplied_and_no_others() {
    let (half, quarter, tenth) = (0.5_f64.ln(), 0.25_f64.ln(), 0.1_f64.ln());
    // Tokens within the quotes.
    assert_near(
        label_probability(
            r#"{"label":"novice"}"#,
            &[
                ("{\"", tenth),
                ("label", tenth),
                ("\":\"", tenth),
                ("nov", half),
                ("ice", quarter),
                ("\"}", tenth),
            ],
        ),
        0.125,
    );
    // Tokens that straddle both quotes count whole.
    assert_near(
        label_probability(
            r#"{"label":"novice"}"#,
            &[("{\"label\":\"n", half), ("ovic", quarter), ("e\"}", half)],
        ),
        0.0625,
    );
    // The same word in the evidence is not the label, and a mark of the template stands behind the answer.
    assert_near(
        label_probability(
            r#"{"shows":"novice","label": "novice"}"#,
            &[
                ("{\"shows\":\"", tenth),
                ("novice", tenth),
                ("\",\"label\": \"", tenth),
                ("novice", half),
                ("\"}", tenth),
                ("<|end|>", tenth),
            ],
        ),
        0.5,
    );
}

#[test]
fn a_character_may_be_split_between_tokens() {
    let content = r#"{"label":"é"}"#;
    let mut answered = completion(json!(content), json!("stop"));
    answered["choices"][0]["logprobs"] = json!({"content": [
        {"token": "{\"label\":\"", "logprob": -1.0, "bytes": b"{\"label\":\""},
        {"token": "\u{fffd}", "logprob": 0.5_f64.ln(), "bytes": [0xc3]},
        {"token": "\u{fffd}", "logprob": 0.5_f64.ln(), "bytes": [0xa9]},
        {"token": "\"}", "logprob": -1.0, "bytes": b"\"}"}
    ]});
    assert_near(openai(&answered).unwrap().label_probability, 0.25);
}

#[test]
fn absurd_log_probabilities_give_a_share_or_nothing() {
    let around = |logprob: f64| {
        label_probability(
            r#"{"label":"x"}"#,
            &[("{\"label\":\"", -1.0), ("x", logprob), ("\"}", -1.0)],
        )
    };
    assert_near(around(3.0), 1.0);
    assert_near(around(-9999.0), 0.0);
    // Tokens that do not spell the answer, no label, an empty label.
    assert_eq!(
        label_probability(r#"{"label":"x"}"#, &[("{\"label\":\"y\"}", -1.0)]),
        None
    );
    assert_eq!(
        label_probability(r#"{"other":"x"}"#, &[(r#"{"other":"x"}"#, -1.0)]),
        None
    );
    assert_eq!(
        label_probability(r#"{"label":""}"#, &[(r#"{"label":""}"#, -1.0)]),
        None
    );
    assert_eq!(label_probability("prose", &[("prose", -1.0)]), None);
    let mut without = with_tokens(r#"{"label":"x"}"#, &[(r#"{"label":"x"}"#, -1.0)]);
    without["choices"][0]["logprobs"]["content"][0]["logprob"] = json!(null);
    assert_eq!(openai(&without).unwrap().label_probability, None);
}

#[test]
fn what_is_no_message_under_200_is_a_failure_of_its_kind() {
    let table: &[(&[u8], FailureKind, &str)] = &[
        (b"", FailureKind::Transient, "the response is empty"),
        (br#"{"type":"message","content":[{"type":"te"#, FailureKind::Transient, "the response broke off"),
        (b"<!DOCTYPE html><title>Login</title>", FailureKind::Transient, "a page of HTML instead of an answer"),
        (b"hello", FailureKind::Transient, "the response is not JSON"),
        (b"[1]", FailureKind::Transient, "JSON, but no message"),
        (b"{}", FailureKind::Transient, "JSON, but no message: it has no content"),
        (br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, FailureKind::Overloaded, "Overloaded"),
        (br#"{"type":"error","error":{"type":"invalid_request_error","message":"no"},"request_id":"r"}"#, FailureKind::Request, "no"),
        (br#"{"type":"error","error":{"type":"authentication_error","message":"who"}}"#, FailureKind::Run(StopReason::Key), "who"),
        (br#"{"type":"error","error":{"type":"one_to_come","message":"hm"}}"#, FailureKind::Transient, "hm"),
    ];
    for (body, kind, message) in table {
        let failure = read_message(&endpoint("anthropic:claude-haiku-5-5"), body).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (*kind, *message));
    }
}

#[test]
fn openrouters_errors_under_200_go_by_their_code() {
    for (code, kind) in [
        (402, FailureKind::Run(StopReason::Spending)),
        (408, FailureKind::Transient),
        (429, FailureKind::RateLimit),
        (502, FailureKind::Transient),
        (503, FailureKind::Overloaded),
    ] {
        let whole = json!({"error": {"code": code, "message": "Provider returned error", "metadata": {"raw": "why"}}});
        let failure = openai(&whole).unwrap_err();
        assert_eq!((failure.kind, failure.status), (kind, Some(code)), "{code}");
        assert_eq!(failure.message, "Provider returned error: why");
        let begun = json!({"choices": [{"message": {"content": "{"}, "finish_reason": "error", "error": {"code": code, "message": "late"}}]});
        assert_eq!(openai(&begun).unwrap_err().kind, kind, "{code}");
    }
    assert_eq!(
        openai(&json!({"choices": []})).unwrap_err().kind,
        FailureKind::Transient
    );
}

#[test]
fn a_server_that_ignores_the_schema_is_noticed() {
    for (text, is_object) in [
        (r#"{"label": "x", "n": 9E22222222223}"#, true),
        (" {}\n", true),
        ("```json\n{}\n```", false),
        ("The label is x.", false),
        ("[1]", false),
        ("{\"label\":", false),
        ("", false),
    ] {
        assert_eq!(looks_like_json_object(text), is_object, "{text}");
    }
}
