//! Whatever a server sends: no panic, and no key in what comes back.

use harness::provider::dialect::read;
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::dialects::{KEY, endpoint};

const SPECS: [&str; 2] = [
    "anthropic:claude-haiku-5-5",
    "openai:m@http://localhost:1/v1",
];

/// Everything of a result that goes on: into the store, a report or a terminal.
fn everything(spec: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> String {
    match read(&endpoint(spec), status, headers, body) {
        Ok(reply) => format!("{reply:?}"),
        Err(failure) => format!("{failure:?} {failure}"),
    }
}

/// JSON that looks like responses: their field names, with anything inside.
fn json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        any::<String>(),
        Just(format!("Bearer {KEY}")),
        Just("end_turn".to_owned()),
        Just("text".to_owned()),
        Just("error".to_owned()),
        Just(r#"{"label":"x"}"#.to_owned()),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("9E22222222223".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        text.prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let name = prop::sample::select(vec![
        "type",
        "error",
        "message",
        "content",
        "text",
        "choices",
        "finish_reason",
        "stop_reason",
        "usage",
        "code",
        "logprobs",
        "token",
        "bytes",
        "logprob",
        "model",
        "request_id",
        "refusal",
        "prompt_tokens",
        "input_tokens",
        "metadata",
        "detail",
        "stop_details",
        "explanation",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let object =
            prop::collection::vec((name.clone(), inner.clone()), 0..6).prop_map(|fields| {
                let fields: Vec<String> = fields
                    .into_iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", fields.join(","))
            });
        let list =
            prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(",")));
        prop_oneof![3 => object, 1 => list]
    })
}

/// Answers of both vendors that repeat the key wherever there is a text.
fn answers_with_the_key() -> Vec<String> {
    vec![
        format!(
            r#"{{"content":[{{"type":"text","text":"{KEY}"}}],"model":"{KEY}","request_id":"{KEY}","stop_reason":"end_turn"}}"#
        ),
        format!(
            r#"{{"content":[],"stop_reason":"refusal","stop_details":{{"category":"cyber","explanation":"{KEY}"}}}}"#
        ),
        format!(r#"{{"content":[],"stop_reason":"{KEY}"}}"#),
        format!(
            r#"{{"choices":[{{"message":{{"content":"{KEY}"}},"finish_reason":"stop"}}],"model":"{KEY}"}}"#
        ),
        format!(r#"{{"choices":[{{"message":{{"refusal":"{KEY}"}},"finish_reason":"{KEY}"}}]}}"#),
        format!("<title>{KEY}</title>"),
        format!("{}{KEY}", "x".repeat(290)),
    ]
}

#[test]
fn no_answer_brings_the_key_back() {
    let mut headers = HeaderMap::new();
    for name in ["request-id", "location", "retry-after"] {
        headers.insert(name, HeaderValue::from_static(KEY));
    }
    for spec in SPECS {
        for body in answers_with_the_key() {
            for status in [200, 302, 400, 500] {
                let found = everything(spec, status, &headers, body.as_bytes());
                assert!(!found.contains(KEY), "{status} {body}: {found}");
                // Not even most of it, where a message is cut.
                assert!(!found.contains(&KEY[..10]), "{status} {body}: {found}");
            }
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..400), status in 100_u16..1000) {
        for spec in SPECS {
            everything(spec, status, &HeaderMap::new(), &body);
        }
    }

    #[test]
    fn whatever_looks_like_a_response_is_read_and_keeps_the_key_in(body in json(), status in prop::sample::select(vec![200_u16, 302, 400, 429, 500, 529]), cut in any::<prop::sample::Index>()) {
        for spec in SPECS {
            prop_assert!(!everything(spec, status, &HeaderMap::new(), body.as_bytes()).contains(KEY));
            let broken = &body.as_bytes()[..cut.index(body.len() + 1)];
            prop_assert!(!everything(spec, status, &HeaderMap::new(), broken).contains(KEY));
        }
    }

    #[test]
    fn arbitrary_header_values_are_read_without_a_panic(value in prop::collection::vec(prop_oneof![Just(9_u8), 32..127_u8, 128..255_u8], 0..40)) {
        let value = HeaderValue::from_bytes(&value).unwrap();
        let headers: HeaderMap = ["retry-after", "retry-after-ms", "x-should-retry", "request-id", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"]
            .into_iter()
            .map(|name| (HeaderName::from_static(name), value.clone()))
            .collect();
        for spec in SPECS {
            everything(spec, 429, &headers, b"{}");
        }
    }
}
