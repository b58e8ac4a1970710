//! Specs, addresses and keys.

use harness::provider::endpoint::{Dialect, Endpoint, EndpointError};
use harness::provider::key::Key;

fn parse(spec: &str, environment: &[(&str, &str)]) -> Result<Endpoint, EndpointError> {
    Endpoint::parse(spec, &|name| {
        environment
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

const BOTH_KEYS: &[(&str, &str)] = &[("ANTHROPIC_API_KEY", "k1"), ("OPENAI_API_KEY", "k2")];

#[test]
fn specs_give_model_and_addresses() {
    // Spec, model, address of a request, address of batches.
    let table = [
        (
            "anthropic:claude-haiku-5-5",
            "claude-haiku-5-5",
            "https://api.anthropic.com/v1/messages",
            "https://api.anthropic.com/v1/messages/batches",
        ),
        (
            "anthropic:m@http://127.0.0.1:8101/anthropic/",
            "m",
            "http://127.0.0.1:8101/anthropic/v1/messages",
            "http://127.0.0.1:8101/anthropic/v1/messages/batches",
        ),
        (
            "anthropic:m@http://h/v1//",
            "m",
            "http://h/v1/messages",
            "http://h/v1/messages/batches",
        ),
        (
            "openai:gpt-6-luna",
            "gpt-6-luna",
            "https://api.openai.com/v1/chat/completions",
            "https://api.openai.com/v1/batches",
        ),
        (
            "openai:llama3:8b@http://localhost:11434/v1",
            "llama3:8b",
            "http://localhost:11434/v1/chat/completions",
            "http://localhost:11434/v1/batches",
        ),
        (
            "openai:org/model@rev2@HTTPS://host/x",
            "org/model@rev2",
            "https://host/x/chat/completions",
            "https://host/x/batches",
        ),
        (
            "openai:model@rev",
            "model@rev",
            "https://api.openai.com/v1/chat/completions",
            "https://api.openai.com/v1/batches",
        ),
        (
            "openai:m@http://[::1]:8080/v1",
            "m",
            "http://[::1]:8080/v1/chat/completions",
            "http://[::1]:8080/v1/batches",
        ),
    ];
    for (spec, model, url, batches) in table {
        let endpoint = parse(spec, BOTH_KEYS).unwrap();
        assert_eq!(endpoint.model, model, "{spec}");
        assert_eq!(endpoint.url(), url, "{spec}");
        assert_eq!(endpoint.batches_url(), batches, "{spec}");
    }
}

#[test]
fn the_environment_gives_an_address_where_the_spec_has_none() {
    let environment = [
        ("ANTHROPIC_BASE_URL", "http://gateway:9/"),
        ("OPENAI_BASE_URL", "  "),
    ];
    let gateway = parse("anthropic:m", &environment).unwrap();
    assert_eq!(gateway.base, "http://gateway:9");
    assert!(!gateway.is_vendor && gateway.key.is_none());
    let own = parse("anthropic:m@http://other", &environment).unwrap();
    assert_eq!(own.base, "http://other");
    // A variable that is blank is not set.
    assert!(matches!(
        parse("openai:m", &environment),
        Err(EndpointError::NoKey { .. })
    ));
}

#[test]
fn specs_that_name_nobody_are_refused_with_a_hint() {
    let table = [
        ("claude-haiku-5-5", "names no provider"),
        ("anthropic:", "names no model"),
        ("openai:@http://h/v1", "names no model"),
        ("anthropic:m", "ANTHROPIC_API_KEY is not set"),
        ("openai:m", "OPENAI_API_KEY is not set"),
        (
            "openai:m@http://user:s3cret@h/v1",
            "holds a user or a password",
        ),
        ("openai:m@https://h/v1?version=3", "a part after `?`"),
        ("openai:m@http://", "cannot be used"),
    ];
    for (spec, says) in table {
        let message = parse(spec, &[]).unwrap_err().to_string();
        assert!(message.contains(says), "{spec}: {message}");
        assert!(message.contains("hint: "), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
    let broken = parse("openai:m", &[("OPENAI_API_KEY", "a\nb")]).unwrap_err();
    assert!(matches!(broken, EndpointError::UnusableKey { .. }));
    let file = parse("openai:m", &[("OPENAI_BASE_URL", "file:///etc/passwd")]).unwrap_err();
    assert!(file.to_string().contains("not http or https"), "{file}");
}

#[test]
fn the_vendor_is_known_by_its_host() {
    assert!(
        parse("anthropic:m@https://api.anthropic.com/v1", BOTH_KEYS)
            .unwrap()
            .is_vendor
    );
    assert!(parse("openai:m", BOTH_KEYS).unwrap().is_vendor);
    assert!(
        !parse("openai:m@https://api.openai.com.example/v1", BOTH_KEYS)
            .unwrap()
            .is_vendor
    );
    assert_eq!(
        parse("openai:m", BOTH_KEYS).unwrap().dialect,
        Dialect::OpenAi
    );
}

#[test]
fn a_key_in_clear_is_noticed_beyond_this_machine() {
    for (spec, in_clear) in [
        ("openai:m@http://127.0.0.1:1/v1", false),
        ("openai:m@http://127.9.9.9:1/v1", false),
        ("openai:m@http://[::1]:1/v1", false),
        ("openai:m@http://localhost/v1", false),
        ("openai:m@http://10.0.0.7/v1", true),
        ("openai:m@http://localhost.example/v1", true),
        ("openai:m@https://far.example/v1", false),
    ] {
        assert_eq!(
            parse(spec, BOTH_KEYS).unwrap().sends_key_in_clear(),
            in_clear,
            "{spec}"
        );
        assert!(!parse(spec, &[]).unwrap().sends_key_in_clear(), "{spec}");
    }
}

#[test]
fn the_key_follows_no_response_to_another_server() {
    let endpoint = parse("anthropic:m@http://host:81/anthropic", BOTH_KEYS).unwrap();
    for (target, url) in [
        (
            "/anthropic/v1/messages/batches/b/results",
            "http://host:81/anthropic/v1/messages/batches/b/results",
        ),
        ("v1/x", "http://host:81/v1/x"),
        ("http://host:81/r?page=2", "http://host:81/r?page=2"),
    ] {
        assert_eq!(endpoint.resolve(target).unwrap(), url);
    }
    for target in [
        "https://host:81/r",
        "http://host/r",
        "http://evil/r",
        "//evil/r",
        "\\\\evil\\r",
        "http://u:p@host:81/r",
        "file:///etc/passwd",
        "http://host:81@evil/",
    ] {
        assert!(
            matches!(
                endpoint.resolve(target),
                Err(EndpointError::OtherOrigin { .. })
            ),
            "{target}"
        );
    }
}

#[test]
fn a_key_cannot_be_printed() {
    let endpoint = parse("openai:m", &[("OPENAI_API_KEY", " sk-secret-1 ")]).unwrap();
    assert!(!format!("{endpoint:?}").contains("secret"));
    assert!(Key::new("  ").is_none());
}

#[test]
fn a_key_is_found_where_json_hides_it() {
    let key = Key::new(r#"sk/a"b-9"#).unwrap();
    for text in [
        r#"the key sk/a"b-9 is wrong"#,
        r#"{"m":"sk/a\"b-9"}"#,
        r#"{"m":"sk\/a\"b-9"}"#,
        r#"{"m":"\u0073k\u002fa\"b\u002D9"}"#,
    ] {
        let removed = key.removed_from(text);
        assert!(
            removed.contains("[key]") && !removed.contains("b-9"),
            "{removed}"
        );
    }
    // What holds no key is left byte for byte, escapes and all.
    let other = r#"{"m":"\u0041\/\\u0042 \\"}"#;
    assert_eq!(key.removed_from(other), other);
}
