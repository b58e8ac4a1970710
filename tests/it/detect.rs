//! Telling formats by content: minimal heads, cut heads, documents, and files that are none.

use harness::ingest::detect::{Format, detect};
use harness::ingest::file::format_of;
use serde_json::{Value, json};

use crate::telemetry_real::{index, sessions};
use crate::transcript::Transcript;

fn opencode() -> Value {
    json!({
        "info": {"id": "ses_1", "title": "a", "version": "1.0", "time": {"created": 1, "updated": 2}},
        "messages": [{"info": {"role": "user", "id": "msg_1"}, "parts": [{"type": "text", "text": "Hello"}]}]
    })
}

fn gemini() -> Value {
    json!({
        "sessionId": "s", "projectHash": "h", "startTime": "2026-01-01T00:00:00Z", "lastUpdated": "2026-01-01T00:00:00Z",
        "messages": [{"id": "1", "type": "user", "content": "Hello"}]
    })
}

#[test]
fn every_format_is_told_by_a_minimal_head() {
    let table = [
        (
            r#"{"type":"user","sessionId":"s","message":{"content":"Hello"}}"#,
            Format::ClaudeCode,
        ),
        (
            r#"{"type":"assistant","uuid":"u","message":{}}"#,
            Format::ClaudeCode,
        ),
        (
            r#"{"type":"summary","summary":"x","leafUuid":"u"}"#,
            Format::ClaudeCode,
        ),
        (
            r#"{"type":"file-history-snapshot","messageId":"m","snapshot":{}}"#,
            Format::ClaudeCode,
        ),
        (
            r#"{"type":"progress","data":{"type":"hook.progress"},"sessionId":"s","uuid":"u"}"#,
            Format::ClaudeCode,
        ),
        (
            r#"{"timestamp":"2026-01-01T00:00:00Z","type":"session_meta","payload":{"id":"x"}}"#,
            Format::Codex,
        ),
        (
            r#"{"type":"session.start","data":{"sessionId":"x"},"id":"1"}"#,
            Format::Copilot,
        ),
        (
            r#"{"role":"user","message":{"content":[{"type":"text","text":"<user_query>Hello</user_query>"}]}}"#,
            Format::Cursor,
        ),
        (r#"{"info":{"id":"ses_1"},"messages":[]}"#, Format::OpenCode),
        (
            r#"{"sessionId":"s","projectHash":"h","messages":[]}"#,
            Format::Gemini,
        ),
    ];
    for (head, format) in table {
        for ending in ["", "\n", "\r\n", "\n{\"type\":\"x\"}\n"] {
            assert_eq!(
                detect(format!("{head}{ending}").as_bytes()),
                Some(format),
                "{head}"
            );
        }
        assert_eq!(
            detect(format!("\u{feff}{head}").as_bytes()),
            Some(format),
            "{head}"
        );
        assert_eq!(
            detect(format!("\0\0\n\n {head}").as_bytes()),
            Some(format),
            "{head}"
        );
    }
}

#[test]
fn documents_are_told_pretty_and_minified() {
    for (document, format) in [(opencode(), Format::OpenCode), (gemini(), Format::Gemini)] {
        let minified = document.to_string();
        let pretty = serde_json::to_string_pretty(&document).unwrap();
        assert_eq!(detect(minified.as_bytes()), Some(format));
        assert_eq!(detect(pretty.as_bytes()), Some(format));
        assert_eq!(detect(pretty.replace("  ", "\t").as_bytes()), Some(format));
        assert_eq!(
            detect(pretty.replace('\n', "\r\n").as_bytes()),
            Some(format)
        );
    }
}

/// A document of any size is told by its beginning: the head need not hold the whole of it.
#[test]
fn documents_are_told_by_a_head_that_breaks_off() {
    for (document, format) in [(opencode(), Format::OpenCode), (gemini(), Format::Gemini)] {
        for text in [
            document.to_string(),
            serde_json::to_string_pretty(&document).unwrap(),
        ] {
            let messages = text.find("\"messages\"").unwrap() + "\"messages\": [".len();
            for length in 0..text.len() {
                let found = detect(&text.as_bytes()[..length]);
                if length >= messages {
                    assert_eq!(found, Some(format), "{}", &text[..length]);
                } else {
                    assert!(
                        found.is_none() || found == Some(format),
                        "{}",
                        &text[..length]
                    );
                }
            }
        }
    }
}

/// A cut line may leave the question open; it may never answer it wrongly.
#[test]
fn a_line_that_breaks_off_is_never_taken_for_another_format() {
    let claude = Transcript::new()
        .with("uuid", "u")
        .entry(
            "progress",
            json!({"data": {"type": "agent_progress", "message": {"role": "user", "payload": {}}}}),
        )
        .user("Hello")
        .bytes()
        .to_vec();
    let lines = [
        (Format::ClaudeCode, claude),
        (Format::Codex, br#"{"timestamp":"t","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"sessionId"}]}}"#.to_vec()),
        (Format::Copilot, br#"{"type":"session.start","data":{"sessionId":"x","copilotVersion":"1"},"id":"1","timestamp":"t","parentId":null}"#.to_vec()),
        (Format::Cursor, br#"{"role":"assistant","message":{"content":[{"type":"tool_use","name":"Write","input":{}}]}}"#.to_vec()),
    ];
    for (format, line) in lines {
        for length in 0..line.len() {
            let found = detect(&line[..length]);
            let shown = String::from_utf8_lossy(&line[..length]);
            assert!(
                found.is_none() || found == Some(format),
                "{shown}: {found:?}"
            );
        }
        assert_eq!(detect(&line), Some(format));
    }
}

#[test]
fn what_is_no_transcript_has_no_format() {
    let metadata = json!({
        "strategy": "manual-commit", "session_id": "s", "checkpoint_id": "0123456789ab", "agent": "Claude Code",
        "files_touched": ["a.rs"], "created_at": "2026-01-01T00:00:00Z", "token_usage": {"input_tokens": 1},
        "initial_attribution": {"agent_lines": 3}, "summary": {"intent": "x"}, "transcript_path": "full.jsonl"
    });
    let checkpoints =
        json!([{"metadata": metadata.clone(), "checkpoint": {"sessions": []}, "commits": []}]);
    let openapi =
        json!({"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": {}});
    let package = json!({"name": "x", "type": "module", "version": "1.0.0", "data": {}, "scripts": {"test": "jest"}});
    let chat = json!({"messages": [{"role": "user", "content": "Hello"}], "model": "m"});
    for document in [
        metadata,
        checkpoints,
        openapi,
        package,
        chat,
        json!({}),
        json!([]),
        json!(3),
    ] {
        let minified = document.to_string();
        assert_eq!(detect(minified.as_bytes()), None, "{minified}");
        let pretty = serde_json::to_string_pretty(&document).unwrap();
        assert_eq!(detect(pretty.as_bytes()), None, "{pretty}");
    }
    for text in [
        "",
        "\n\n",
        "\0\0\0\0",
        "# Title\n\nSome words.\n",
        "a,b\n1,2\n",
        "{",
        "{\n",
        "{\"type\":",
        "{\"type\":\"event\",\"name\":\"x\"}\n",
        "{\"level\":\"info\",\"message\":\"started\"}\n",
        "[{\"type\":\"user\",\"sessionId\":\"s\"}]",
        "\u{1f}\u{8b}\u{8}binary",
    ] {
        assert_eq!(detect(text.as_bytes()), None, "{text:?}");
    }
}

#[test]
fn unknown_lines_and_garbage_before_the_first_entry_are_passed_over() {
    let entry = Transcript::new().user("Hello");
    for before in [
        "{\"type\":\"mode\"}\n",
        "{}\n",
        "garbage\n",
        "{\"type\":\"x\"\n",
        "\n\n\n",
    ] {
        let head = [before.repeat(7).as_bytes(), entry.bytes()].concat();
        assert_eq!(detect(&head), Some(Format::ClaudeCode), "{before:?}");
    }
}

#[test]
fn of_two_objects_glued_on_the_first_line_the_first_decides() {
    let glued =
        r#"{"type":"user","sessionId":"s","message":{}}{"type":"session_meta","payload":{}}"#;
    assert_eq!(detect(glued.as_bytes()), Some(Format::ClaudeCode));
}

/// The short look at a file holds no whole line then, so a longer one has to follow.
#[test]
fn a_picture_in_a_long_first_line_does_not_hide_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.jsonl");
    let picture =
        json!({"type": "image", "source": {"type": "base64", "data": "A".repeat(100 << 10)}});
    Transcript::new()
        .user(vec![picture])
        .user("Hello")
        .write(&path);
    assert_eq!(format_of(&path).unwrap(), Format::ClaudeCode);
}

#[test]
fn a_minified_document_longer_than_any_look_is_told_by_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.json");
    let mut document = opencode();
    document["messages"][0]["parts"][0]["text"] = json!("A".repeat(9 << 20));
    std::fs::write(&path, document.to_string()).unwrap();
    assert_eq!(format_of(&path).unwrap(), Format::OpenCode);
}

#[test]
fn every_real_session_is_told_and_no_file_beside_it_is_taken_for_one() {
    let Some(folder) = sessions() else { return };
    let index = index(&folder);
    assert_eq!(index.len(), 136);
    for row in index {
        let path = folder.join(&row["file"]);
        let format = format_of(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(format.agent(), row["agent"], "{}", row["file"]);
        for ending in ["metadata.json", "checkpoints.json"] {
            let beside = path.with_extension(ending);
            assert!(beside.is_file(), "{}", beside.display());
            assert!(format_of(&beside).is_err(), "{}", beside.display());
        }
    }
}
