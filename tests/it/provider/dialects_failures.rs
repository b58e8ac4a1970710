//! Every status, every shape of an error, every header about limits and waiting.

use std::time::Duration;

use harness::domain::moment::Moment;
use harness::provider::dialect::read;
use harness::provider::failure::{Failure, FailureKind, StopReason};
use harness::provider::limits::{Limits, Window};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::dialects::{KEY, endpoint};

const SPENDING: FailureKind = FailureKind::Run(StopReason::Spending);
const NO_KEY: FailureKind = FailureKind::Run(StopReason::Key);
const NO_MODEL: FailureKind = FailureKind::Run(StopReason::Model);
use FailureKind::{Overloaded, RateLimit, Request, Transient};

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect()
}

fn failure(spec: &str, status: u16, pairs: &[(&str, &str)], body: &str) -> Failure {
    read(&endpoint(spec), status, &headers(pairs), body.as_bytes()).unwrap_err()
}

const ANTHROPIC: &str = "anthropic:claude-haiku-5-5";
const OPENAI: &str = "openai:m@http://localhost:1/v1";

#[test]
fn every_anthropic_status_has_a_meaning() {
    let table = [
        (301, "invalid", NO_MODEL),
        (400, "invalid_request_error", Request),
        (401, "authentication_error", NO_KEY),
        (402, "billing_error", SPENDING),
        (403, "permission_error", NO_KEY),
        (404, "not_found_error", NO_MODEL),
        (405, "invalid_request_error", NO_MODEL),
        (408, "timeout_error", Transient),
        (409, "conflict_error", Transient),
        (413, "request_too_large", Request),
        (422, "invalid_request_error", Request),
        (429, "rate_limit_error", RateLimit),
        (500, "api_error", Transient),
        (502, "api_error", Transient),
        (503, "api_error", Overloaded),
        (504, "timeout_error", Transient),
        (529, "overloaded_error", Overloaded),
    ];
    for (status, class, kind) in table {
        let body = format!(
            r#"{{"type":"error","error":{{"type":"{class}","message":"words"}},"request_id":"req_9"}}"#
        );
        let found = failure(ANTHROPIC, status, &[], &body);
        assert_eq!(found.kind, kind, "{status}");
        assert_eq!(found.status, Some(status));
        assert_eq!(found.request_id.as_deref(), Some("req_9"));
        // The status decides where the body says nothing.
        if status != 402 {
            assert_eq!(
                failure(OPENAI, status, &[], "").kind,
                kind,
                "{status} without a body"
            );
        }
    }
}

#[test]
fn money_stops_the_run_and_a_rate_limit_does_not() {
    let spent = |code: &str| {
        format!(
            r#"{{"type":"error","error":{{"type":"rate_limit_error","message":"m","details":{{"error_code":"{code}"}}}}}}"#
        )
    };
    for code in [
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "ramp_limit_exceeded",
    ] {
        assert_eq!(
            failure(ANTHROPIC, 429, &[], &spent(code)).kind,
            SPENDING,
            "{code}"
        );
    }
    // A ramp that names a time to wait is one.
    assert_eq!(
        failure(
            ANTHROPIC,
            429,
            &[("retry-after", "9")],
            &spent("ramp_limit_exceeded")
        )
        .kind,
        RateLimit
    );
    assert_eq!(
        failure(
            ANTHROPIC,
            429,
            &[("retry-after", "9")],
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#
        )
        .kind,
        RateLimit
    );
    assert_eq!(failure(ANTHROPIC, 400, &[], r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01."}}"#).kind, SPENDING);
    assert_eq!(failure(OPENAI, 429, &[], r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#).kind, SPENDING);
    assert_eq!(failure(OPENAI, 429, &[], r#"{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#).kind, RateLimit);
}

#[test]
fn servers_that_say_it_in_their_own_way_are_understood() {
    let table = [
        // OpenRouter.
        (
            403,
            r#"{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["violence"],"flagged_input":"x"}}}"#,
            Request,
            "Your input was flagged",
        ),
        (
            403,
            r#"{"error":{"code":403,"message":"Only allowed keys"}}"#,
            NO_KEY,
            "Only allowed keys",
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"foo/bar is not a valid model ID"}}"#,
            NO_MODEL,
            "foo/bar is not a valid model ID",
        ),
        // LiteLLM.
        (
            400,
            r#"{"error":{"message":"/chat/completions: Invalid model name passed in model=foo.","type":"None","param":"None","code":"400"}}"#,
            NO_MODEL,
            "/chat/completions: Invalid model name passed in model=foo.",
        ),
        (
            500,
            "Internal Server Error",
            Transient,
            "Internal Server Error",
        ),
        // llama.cpp.
        (
            500,
            r#"{"error":{"code":500,"message":"'messages' is required","type":"server_error"}}"#,
            Request,
            "'messages' is required",
        ),
        (
            500,
            r#"{"error":{"code":500,"message":"The model produced output that does not match the expected peg-native format","type":"server_error"}}"#,
            Transient,
            "The model produced output that does not match the expected peg-native format",
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":5}}"#,
            Request,
            "the request exceeds the available context size",
        ),
        // Ollama, FastAPI.
        (
            404,
            r#"{"error":"model 'x' not found"}"#,
            NO_MODEL,
            "model 'x' not found",
        ),
        (
            422,
            r#"{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"too short"}]}"#,
            Request,
            "field required; too short",
        ),
        (404, r#"{"detail":"Not Found"}"#, NO_MODEL, "Not Found"),
        (
            400,
            r#"{"error":{"message":"no","type":"invalid_request_error","code":"model_not_found"}}"#,
            NO_MODEL,
            "no",
        ),
        // Cloudflare.
        (
            413,
            "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>…",
            Request,
            "a page of HTML instead of an answer: 413 Request Entity Too Large",
        ),
        (
            520,
            "<!doctype html><p>down</p>",
            Transient,
            "a page of HTML instead of an answer",
        ),
        (400, "", Request, "the server gave no reason"),
        (
            400,
            r#"{"error":null}"#,
            Request,
            "the server gave no reason",
        ),
    ];
    for (status, body, kind, message) in table {
        let found = failure(OPENAI, status, &[], body);
        assert_eq!(
            (found.kind, found.message.as_str()),
            (kind, message),
            "{body}"
        );
    }
}

#[test]
fn a_redirect_is_named_without_its_query() {
    let found = failure(
        OPENAI,
        307,
        &[("location", "https://other.example/v1?token=abc")],
        "",
    );
    assert_eq!(found.kind, NO_MODEL);
    assert!(
        found.message.contains("https://other.example/v1,"),
        "{}",
        found.message
    );
    assert!(!found.message.contains("abc"));
}

#[test]
fn messages_are_one_short_line_without_keys_and_tricks() {
    let long = "x".repeat(2000);
    let body = serde_json::json!({"error": {"message": format!("bad\r\n\tkey {KEY} \u{1b}[31mred\u{202e} {long}")}});
    let message = failure(OPENAI, 400, &[], &body.to_string()).message;
    assert!(
        message.starts_with("bad key [key] [31mred xxx"),
        "{message}"
    );
    assert_eq!(message.chars().count(), 300);
    assert!(message.ends_with('…'));
    // What is dropped from a message must not put a key together.
    let hidden = format!("{}\u{200b}{}", &KEY[..8], &KEY[8..]);
    let body = serde_json::json!({"error": {"message": hidden}});
    assert_eq!(
        failure(OPENAI, 400, &[], &body.to_string()).message,
        "[key]"
    );
}

/// Headers, and the time to wait that they give.
type Wait<'w> = (&'w [(&'w str, &'w str)], Option<Duration>);

#[test]
fn the_time_to_wait_is_read_in_every_form() {
    let seconds = |value: u64| Some(Duration::from_secs(value));
    let table: &[Wait<'_>] = &[
        (&[], None),
        (&[("retry-after", "7")], seconds(7)),
        (&[("retry-after", "1.5")], Some(Duration::from_millis(1500))),
        (&[("retry-after", "0")], seconds(0)),
        (
            &[("retry-after-ms", "250"), ("retry-after", "7")],
            Some(Duration::from_millis(250)),
        ),
        (
            &[("retry-after-ms", "soon"), ("retry-after", "7")],
            seconds(7),
        ),
        (&[("retry-after", "-3")], None),
        (&[("retry-after", "NaN")], None),
        (&[("retry-after", "4294967295")], seconds(86_400)),
        (&[("retry-after", "inf")], seconds(86_400)),
        (&[("retry-after", "tomorrow")], None),
        (&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], None),
        (
            &[("retry-after", "Tue, 01 Jan 2999 00:00:00 GMT")],
            seconds(86_400),
        ),
    ];
    for (pairs, expected) in table {
        assert_eq!(
            failure(ANTHROPIC, 429, pairs, "{}").retry_after,
            *expected,
            "{pairs:?}"
        );
    }
    let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(100);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&ahead)
        .unwrap();
    let waited = failure(ANTHROPIC, 429, &[("retry-after", &date)], "{}")
        .retry_after
        .unwrap();
    assert!(
        (Duration::from_secs(90)..=Duration::from_secs(100)).contains(&waited),
        "{waited:?}"
    );
}

#[test]
fn the_server_has_the_last_word_on_asking_again() {
    let asked = |status, word| failure(ANTHROPIC, status, &[("x-should-retry", word)], "{}").kind;
    assert_eq!(asked(400, "true"), Transient);
    assert_eq!(asked(400, "false"), Request);
    assert_eq!(asked(500, "false"), Request);
    assert_eq!(asked(429, "false"), Request);
    assert_eq!(asked(429, "true"), RateLimit);
    assert_eq!(asked(402, "true"), SPENDING);
    assert_eq!(asked(500, "perhaps"), Transient);
}

#[test]
fn anthropics_limits_are_read() {
    let now = Moment::parse("2026-11-22T10:00:00Z").unwrap();
    let pairs = headers(&[
        ("anthropic-ratelimit-requests-limit", "1000"),
        ("anthropic-ratelimit-requests-remaining", "999"),
        ("anthropic-ratelimit-requests-reset", "2026-11-22T10:00:30Z"),
        ("anthropic-ratelimit-tokens-limit", "5"),
        ("anthropic-ratelimit-tokens-remaining", "5"),
        ("anthropic-ratelimit-input-tokens-limit", "2000000"),
        ("anthropic-ratelimit-input-tokens-remaining", "1998000"),
        (
            "anthropic-ratelimit-input-tokens-reset",
            "2026-11-22T09:00:00Z",
        ),
        ("anthropic-ratelimit-output-tokens-limit", "400000"),
        ("anthropic-ratelimit-output-tokens-remaining", "-7"),
        ("anthropic-ratelimit-output-tokens-reset", "whenever"),
    ]);
    let window = |limit, remaining, seconds| {
        Some(Window {
            limit,
            remaining,
            reset: Duration::from_secs(seconds),
        })
    };
    assert_eq!(
        Limits::of(&pairs, now),
        Limits {
            requests: window(1000, 999, 30),
            input_tokens: window(2_000_000, 1_998_000, 0),
            output_tokens: window(400_000, 0, 60),
        }
    );
}

#[test]
fn openais_limits_are_read_in_every_length() {
    let now = Moment(0);
    for (reset, milliseconds) in [
        ("6m0s", 360_000),
        ("1s", 1_000),
        ("120ms", 120),
        ("1h2m3.5s", 3_723_500),
        ("12", 12_000),
        ("0s", 0),
        ("90d", 86_400_000),
        ("1x", 60_000),
        ("", 60_000),
        ("-4", 60_000),
        ("ms", 60_000),
    ] {
        let pairs = headers(&[
            ("x-ratelimit-limit-tokens", "100"),
            ("x-ratelimit-remaining-tokens", "40"),
            ("x-ratelimit-reset-tokens", reset),
            ("x-ratelimit-remaining-requests", "-2"),
        ]);
        let limits = Limits::of(&pairs, now);
        let window = limits.input_tokens.unwrap();
        assert_eq!((window.limit, window.remaining), (100, 40));
        assert_eq!(window.reset, Duration::from_millis(milliseconds), "{reset}");
        // Without a limit there is nothing to follow.
        assert_eq!((limits.requests, limits.output_tokens), (None, None));
    }
}

#[test]
fn limits_come_with_answers_and_with_failures() {
    let pairs = [
        ("x-ratelimit-limit-requests", "10"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "1s"),
    ];
    assert_eq!(
        failure(OPENAI, 429, &pairs, "{}")
            .limits
            .requests
            .unwrap()
            .remaining,
        0
    );
    let body = br#"{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}]}"#;
    let reply = read(&endpoint(OPENAI), 200, &headers(&pairs), body).unwrap();
    assert_eq!(reply.limits.requests.unwrap().limit, 10);
}
