//! Gemini CLI documents and lines.

use harness::ingest::detect::{Format, detect};
use serde_json::{Value, json};

use super::lines;
use crate::transcript::{counted_as, heard_as};

const ID: &str = "f7633853-6663-4dbb-bbf4-6159afa29df8";

fn head() -> Value {
    json!({"sessionId": ID, "projectHash": "h", "startTime": "2026-01-15T20:51:48.582Z", "lastUpdated": "2026-01-15T20:52:56.382Z"})
}

fn document(messages: &[Value]) -> Vec<u8> {
    let mut document = head();
    document["messages"] = json!(messages);
    serde_json::to_string_pretty(&document)
        .unwrap()
        .into_bytes()
}

fn message(kind: &str, content: Value) -> Value {
    json!({"id": format!("m{}", content.to_string().len()), "timestamp": "2026-01-15T20:51:50.000Z", "type": kind, "content": content})
}

fn call(name: &str, args: Value, response: Value, status: &str) -> Value {
    json!({"id": format!("{name}-1"), "name": name, "args": args, "status": status, "timestamp": "2026-01-15T20:51:57.058Z",
        "result": [{"functionResponse": {"id": "x", "name": name, "response": response}}]})
}

fn calls(calls: Value) -> Value {
    let mut message = message("gemini", json!("I look first."));
    message["model"] = json!("gemini-x");
    message["tokens"] =
        json!({"input": 100, "output": 5, "cached": 60, "thoughts": 7, "tool": 0, "total": 112});
    message["thoughts"] = json!([{"subject": "Plan", "description": "think", "timestamp": "t"}]);
    message["toolCalls"] = calls;
    message
}

pub(super) fn example() -> Vec<u8> {
    document(&[
        message("user", json!("Fix the parser")),
        calls(json!([
            call(
                "write_file",
                json!({"file_path": "a.md", "content": "1\n2\n"}),
                json!({"output": "ok"}),
                "success"
            ),
            call(
                "run_shell_command",
                json!({"command": "cargo test"}),
                json!({"output": "Command: cargo test\nOutput: 1 failed\nError: (none)\nExit Code: 1\nSignal: 0"}),
                "success"
            ),
        ])),
        message("info", json!("Gemini CLI update available!")),
    ])
}

fn heard(bytes: &[u8]) -> Vec<String> {
    let (events, _) = heard_as(Format::Gemini, bytes);
    events
        .into_iter()
        .filter(|event| !event.starts_with("usage"))
        .collect()
}

#[test]
fn a_document_is_counted() {
    let (row, problems) = counted_as(Format::Gemini, &example(), &format!("2026-01-15-{ID}"));
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(row.session_id, format!("2026-01-15-{ID}"));
    assert_eq!((row.prompts, row.user_words, row.agent_words), (1, 3, 3));
    assert_eq!((row.actions, row.tool_errors), (2, 1));
    assert_eq!((row.test_runs, row.test_failures), (1, 1));
    assert_eq!(
        (row.lines_added, row.lines_removed, row.files_changed),
        (2, 0, 1)
    );
    assert_eq!(
        (row.input_tokens, row.cache_read_tokens, row.output_tokens),
        (40, 60, 12)
    );
    assert_eq!(row.models, "gemini-x");
    assert_eq!(
        row.last_timestamp.as_deref(),
        Some("2026-01-15T20:51:57.058Z")
    );
}

#[test]
fn texts_of_the_client_are_no_prompts() {
    let bytes = document(&[
        message("user", json!("System: Please continue.")),
        message(
            "user",
            json!([{"text": "Look at"}, {"inlineData": {"mimeType": "image/png", "data": "AA"}}]),
        ),
        message("user", json!("/compress")),
        message("user", json!("!ls")),
        message("info", json!("Request cancelled.")),
        message("warning", json!("Hook failed")),
    ]);
    assert_eq!(
        heard(&bytes),
        [
            "injected Meta",
            "Typed: Look at +1 images",
            "SlashCommand: /compress",
            "Shell: !ls",
            "interrupted",
            "client: Hook failed"
        ]
    );
}

#[test]
fn edits_tell_their_lines_by_display_or_arguments() {
    let args = json!({"file_path": "a", "old_string": "a\nb\nc", "new_string": "a\nx\nc\nd"});
    let mut shown = call("replace", args.clone(), json!({"output": "ok"}), "success");
    let table = [
        (Value::Null, "+2 -1"),
        (json!("plain text"), "+2 -1"),
        (json!({"fileDiff": "@@ -1,1 +1,2 @@\n a\n+b\n"}), "+1 -0"),
        (
            json!({"fileDiff": "", "diffStat": {"model_added_lines": 8, "model_removed_lines": 3}}),
            "+8 -3",
        ),
    ];
    for (display, lines) in table {
        shown["resultDisplay"] = display;
        let told = heard(&document(&[calls(json!([shown]))]));
        assert_eq!(
            told.last().unwrap(),
            &format!("result replace-1 Done a {lines}")
        );
    }
    let refused = call(
        "replace",
        args,
        json!({"error": "[Operation Cancelled] Reason: User did not allow tool call"}),
        "cancelled",
    );
    let told = heard(&document(&[calls(json!([refused]))]));
    assert_eq!(told.last().unwrap(), "result replace-1 Rejected");
}

#[test]
fn newer_clients_write_lines_and_write_messages_again() {
    let written = calls(json!([]));
    let mut again = written.clone();
    again["toolCalls"] = json!([call(
        "read_file",
        json!({"file_path": "a"}),
        json!({"output": "x"}),
        "success"
    )]);
    let bytes = lines(&[
        head(),
        message("user", json!("Fix it")),
        json!({"$set": {"lastUpdated": "2026-01-15T20:52:56.382Z"}}),
        written,
        again.clone(),
        json!({"$rewindTo": "x"}),
        message("user", json!("More")),
        again,
    ]);
    assert_eq!(detect(&bytes), Some(Format::Gemini));
    let (row, problems) = counted_as(Format::Gemini, &bytes, ID);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((row.prompts, row.actions, row.agent_words), (2, 1, 3));
    assert_eq!((row.input_tokens, row.output_tokens), (40, 12));
    assert_eq!(row.session_id, ID);
}

#[test]
fn a_session_of_warnings_alone_has_a_row() {
    let (row, problems) = counted_as(
        Format::Gemini,
        &document(&[message("warning", json!("Hook failed"))]),
        ID,
    );
    assert!(problems.is_empty());
    assert_eq!((row.prompts, row.actions, row.agent_words), (0, 0, 0));
    assert_eq!(row.first_timestamp, row.last_timestamp);
}
