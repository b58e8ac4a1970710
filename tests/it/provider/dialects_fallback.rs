//! What is left out after a server refused it.

use harness::provider::dialect::read;
use harness::provider::endpoint::Endpoint;
use harness::provider::fallback::{Fallback, Form, fallback};
use reqwest::header::HeaderMap;

use super::dialects::endpoint;

fn after(endpoint: &Endpoint, message: &str, had: Fallback) -> Option<Fallback> {
    let body = serde_json::json!({"error": {"message": message, "type": "invalid_request_error"}});
    let failure = read(
        endpoint,
        400,
        &HeaderMap::new(),
        body.to_string().as_bytes(),
    )
    .unwrap_err();
    fallback(endpoint, &failure, had)
}

#[test]
fn each_refusal_leaves_out_what_it_names() {
    let server = endpoint("openai:m@http://localhost:1/v1");
    let none = Fallback::default();
    for (message, next) in [
        (
            "logprobs is not supported",
            Fallback {
                without_logprobs: true,
                ..none
            },
        ),
        (
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            Fallback {
                other_length_field: true,
                ..none
            },
        ),
        (
            "response_format json_schema is not available",
            Fallback {
                form: Form::Object,
                ..none
            },
        ),
        (
            "failed to parse grammar",
            Fallback {
                form: Form::Object,
                ..none
            },
        ),
        (
            "temperature must be 1",
            Fallback {
                without_temperature: true,
                ..none
            },
        ),
    ] {
        assert_eq!(after(&server, message, none), Some(next), "{message}");
        assert_ne!(after(&server, message, next), Some(next), "{message}");
    }
    for message in [
        "This model's maximum context length is 4096; max_tokens is too large",
        "bad weather",
    ] {
        assert_eq!(after(&server, message, none), None, "{message}");
    }
}

#[test]
fn the_field_beside_the_message_counts() {
    let server = endpoint("openai:m@http://localhost:1/v1");
    let body =
        br#"{"error":{"message":"Unsupported value","param":"response_format","code":null}}"#;
    let failure = read(&server, 400, &HeaderMap::new(), body).unwrap_err();
    assert_eq!(failure.message, "`response_format`: Unsupported value");
    let next = fallback(&server, &failure, Fallback::default()).unwrap();
    assert_eq!(next.form, Form::Object);
}

#[test]
fn falling_back_comes_to_an_end() {
    let server = endpoint("openai:m@http://localhost:1/v1");
    let words = [
        "logprobs",
        "max_tokens",
        "reasoning_effort",
        "temperature",
        "response_format",
    ];
    let mut had = Fallback::default();
    let mut steps = 0;
    while let Some(next) = words.iter().find_map(|word| after(&server, word, had)) {
        had = next;
        steps += 1;
        assert!(steps <= 6);
    }
    assert_eq!(had.form, Form::Text);
}

#[test]
fn the_vendors_schema_is_never_given_up() {
    let none = Fallback::default();
    assert_eq!(
        after(
            &endpoint("anthropic:claude-haiku-5-5"),
            "output_config.format: bad schema",
            none
        ),
        None
    );
    assert_eq!(
        after(
            &endpoint("openai:gpt-6-luna"),
            "Invalid schema for response_format",
            none
        ),
        None
    );
    let own = after(
        &endpoint("anthropic:m@http://localhost:1"),
        "output_config: Extra inputs are not permitted",
        none,
    );
    assert_eq!(own.unwrap().form, Form::Text);
}

#[test]
fn other_failures_are_not_about_fields() {
    let server = endpoint("openai:m@http://localhost:1/v1");
    for status in [401, 404, 429, 500] {
        let failure = read(
            &server,
            status,
            &HeaderMap::new(),
            br#"{"error":{"message":"logprobs"}}"#,
        )
        .unwrap_err();
        assert_eq!(
            fallback(&server, &failure, Fallback::default()),
            None,
            "{status}"
        );
    }
}
