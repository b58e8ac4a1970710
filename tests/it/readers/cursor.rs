//! Cursor lines, as documented: no real session was at hand.

use harness::ingest::detect::{Format, detect};
use serde_json::{Value, json};

use super::lines;
use crate::transcript::{counted_as, heard_as};

fn user(text: &str) -> Value {
    json!({"role": "user", "message": {"content": [{"type": "text", "text": text}]}})
}

fn agent(blocks: Value) -> Value {
    json!({"role": "assistant", "message": {"content": blocks}})
}

fn uses(name: &str, input: Value) -> Value {
    json!({"type": "tool_use", "name": name, "input": input})
}

pub(super) fn example() -> Vec<u8> {
    lines(&[
        user(
            "<timestamp>2026-08-24T10:00:00Z</timestamp>\n<user_query>\nFix the parser\n</user_query>",
        ),
        agent(json!([
            {"type": "text", "text": "I look first."},
            uses("Read", json!({"path": "/r/a"})),
            uses("Write", json!({"path": "/r/a", "contents": "1\n2\n"})),
            uses("StrReplace", json!({"path": "/r/b", "old_string": "a\nb", "new_string": "a\nc\nd"})),
            uses("Shell", json!({"command": "cargo test"})),
        ])),
    ])
}

fn heard(all: &[Value]) -> Vec<String> {
    heard_as(Format::Cursor, &lines(all)).0
}

#[test]
fn a_transcript_is_counted_by_its_inputs() {
    let bytes = example();
    assert_eq!(detect(&bytes), Some(Format::Cursor));
    let (row, problems) = counted_as(Format::Cursor, &bytes, "c0ffee");
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((row.prompts, row.user_words, row.agent_words), (1, 3, 3));
    assert_eq!((row.actions, row.test_runs, row.tool_errors), (4, 1, 0));
    assert_eq!(
        (row.lines_added, row.lines_removed, row.files_changed),
        (4, 1, 2)
    );
    assert_eq!(row.session_id, "c0ffee");
    assert_eq!(
        row.first_timestamp.as_deref(),
        Some("2026-08-24T10:00:00.000Z")
    );
}

#[test]
fn what_the_client_puts_round_a_prompt_is_cut_off() {
    let all = [
        user(
            "<timestamp>Monday</timestamp>\n<user_query>Fix <timestamp>1</timestamp></user_query>",
        ),
        user("<open_and_recently_viewed_files>a</open_and_recently_viewed_files>"),
        user(
            "<attached_files>a</attached_files>\n<user_query>Pasted </user_query> here</user_query>",
        ),
        user("No wrapper at all"),
        json!({"role": "user", "message": {"content": "<user_query>A string</user_query>"}}),
    ];
    assert_eq!(
        heard(&all),
        [
            "Typed: Fix <timestamp>1</timestamp>",
            "injected Reminder",
            "Typed: Pasted </user_query> here",
            "Typed: No wrapper at all",
            "Typed: A string"
        ]
    );
}

#[test]
fn calls_without_ids_are_calls_of_their_own() {
    let read = uses("Read", json!({"path": "/r/a"}));
    let (row, _) = counted_as(
        Format::Cursor,
        &lines(&[agent(json!([read, read])), agent(json!([read]))]),
        "c",
    );
    assert_eq!(row.actions, 3);
    assert_eq!((row.first_timestamp, row.duration_active_s), (None, None));
}
