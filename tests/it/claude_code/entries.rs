//! Entries of unknown kinds and fields of unexpected types.

use super::*;

#[test]
fn unknown_types_and_fields_are_passed_over() {
    let session = exchange()
        .entry("atis-latch", json!({"message": {"content": "no prompt"}}))
        .entry("file-history-snapshot", json!({"snapshot": {"files": [1, [2]]}}))
        .entry("summary", json!({"summary": "A bug was fixed", "leafUuid": "u"}))
        .entry("ai-title", json!({"title": "Bug"}))
        .entry("last-prompt", json!({"lastPrompt": "Fix the bug"}))
        .entry("progress", json!({"data": {"type": "hook_progress", "message": {"message": {"content": [{"type": "tool_use", "id": "x"}]}}}}))
        .entry("system", json!({"subtype": "away_summary", "content": "You were away"}))
        .line("{}")
        .line("{\"message\":{\"content\":\"typeless\"}}")
        .user_with("Next", json!({"newField": {"deep": [null, {"a": 1}]}}));
    assert_eq!(session.heard(), [EXCHANGE[0], EXCHANGE[1], "Typed: Next"]);
    assert_eq!(session.row().malformed_lines, 0);
}

#[test]
fn a_field_of_the_wrong_type_does_not_lose_the_line() {
    let wrong = [
        json!(1),
        json!(-1.5),
        json!(true),
        json!([1, {"a": []}]),
        json!({"kind": 3, "x": {}}),
        json!(null),
    ];
    let fields = [
        "uuid",
        "sessionId",
        "timestamp",
        "version",
        "entrypoint",
        "cwd",
        "promptSource",
        "origin",
        "isSidechain",
        "isMeta",
        "isCompactSummary",
        "isApiErrorMessage",
        "toolUseResult",
        "subtype",
        "durationMs",
        "operation",
        "content",
        "attachment",
        "data",
        "parentToolUseID",
        "prUrl",
    ];
    for field in fields {
        for value in &wrong {
            if value.as_bool() == Some(true) && field.starts_with("is") {
                continue;
            }
            let mut entry = json!({"message": {"content": "Hello"}});
            entry[field] = value.clone();
            let session = Transcript::new().entry("user", entry);
            assert_eq!(session.heard(), ["Typed: Hello"], "{field} = {value}");
            assert_eq!(session.row().malformed_lines, 0, "{field} = {value}");
        }
    }
}

#[test]
fn fields_of_the_wrong_type_inside_a_message_lose_themselves_only() {
    let block = json!({"type": "tool_use", "id": 7, "name": [], "input": 3, "text": 1, "thinking": {}, "content": false});
    let message = json!({
        "id": 1, "model": {}, "usage": "none",
        "content": [1, null, "text", [], {"type": 3}, block, {"type": "text", "text": "Here."}]
    });
    let session = Transcript::new()
        .entry("assistant", json!({"message": message}))
        .entry("assistant", json!({"message": "no object"}))
        .entry("user", json!({"message": {"content": 3}}))
        .entry("user", json!({"message": [1]}))
        .entry(
            "user",
            json!({"type": 3, "message": {"content": "no kind"}}),
        )
        .user("Hello");
    assert_eq!(
        session.heard(),
        ["call  Other", "agent: Here.", "Typed: Hello"]
    );
    let row = session.row();
    assert_eq!((row.malformed_lines, row.actions), (0, 1));
}

#[test]
fn token_counts_of_any_kind_of_number_are_counts() {
    let usage = json!({"input_tokens": -4, "output_tokens": 2.9, "cache_read_input_tokens": "12", "cache_creation_input_tokens": 1e30});
    let message = json!({"id": "m", "model": "x", "content": [], "usage": usage});
    let session = Transcript::new().entry("assistant", json!({"message": message}));
    assert_eq!(
        session.heard(),
        [format!(
            "usage m x: 0 in, 2 out, 0 read, {} written",
            u64::MAX
        )]
    );
    // Two such messages do not overflow the sum.
    let session = session.entry(
        "assistant",
        json!({"message": {"id": "n", "content": [], "usage": {"cache_creation_input_tokens": 1e30}}}),
    );
    assert_eq!(session.row().cache_write_tokens, u64::MAX);
}

#[test]
fn facts_are_told_when_they_change() {
    let session = Transcript::new()
        .with("version", "2.1.9")
        .with("cwd", "/repo")
        .with("entrypoint", "cli")
        .user("One")
        .user("Two")
        .with("version", "2.1.10")
        .user("Three");
    assert_eq!(
        facts(session.bytes()),
        [
            format!("session {SESSION}"),
            "version 2.1.9".to_owned(),
            "works in /repo".to_owned(),
            "in scope".to_owned(),
            "version 2.1.10".to_owned(),
        ]
    );
    assert_eq!(session.row().agent_version, "2.1.9;2.1.10");
}
