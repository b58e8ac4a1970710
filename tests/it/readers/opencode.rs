//! OpenCode documents.

use harness::ingest::detect::Format;
use serde_json::{Value, json};

use crate::transcript::{counted_as, heard_as};

fn document(info: Value, messages: &[Value]) -> Vec<u8> {
    let document = json!({"info": info, "messages": messages});
    serde_json::to_string_pretty(&document)
        .unwrap()
        .into_bytes()
}

fn info() -> Value {
    json!({"id": "ses_1", "directory": "/r", "version": "1.2.26", "title": "t", "time": {"created": 1, "updated": 2}})
}

fn user(parts: Value) -> Value {
    json!({"info": {"role": "user", "id": "msg_1", "time": {"created": 1_773_620_447_569_u64}, "summary": {"diffs": []}}, "parts": parts})
}

fn agent(parts: Value) -> Value {
    json!({"info": {"role": "assistant", "id": "REDACTED", "modelID": "m-1",
        "time": {"created": 1_773_620_448_000_u64, "completed": 1_773_620_450_500_u64},
        "tokens": {"total": 70, "input": 10, "output": 20, "reasoning": 5, "cache": {"read": 40, "write": 3}}}, "parts": parts})
}

fn tool(id: &str, name: &str, state: Value) -> Value {
    json!({"type": "tool", "callID": id, "tool": name, "state": state})
}

fn bash(id: &str, command: &str, exit: Value, output: &str) -> Value {
    tool(
        id,
        "bash",
        json!({"status": "completed", "input": {"command": command}, "output": output,
        "metadata": {"exit": exit, "output": output}, "time": {"start": 1_773_620_448_100_u64, "end": 1_773_620_449_000_u64}}),
    )
}

fn heard(messages: &[Value]) -> Vec<String> {
    let (events, _) = heard_as(Format::OpenCode, &document(info(), messages));
    events
        .into_iter()
        .filter(|event| !event.starts_with("usage") && !event.starts_with("turn of"))
        .collect()
}

pub(super) fn example() -> Vec<u8> {
    let files = json!([{"filePath": "/r/a", "type": "update", "additions": 3, "deletions": 1},
        {"filePath": "/r/b", "type": "add", "additions": 2, "deletions": 0}]);
    document(
        info(),
        &[
            user(json!([{"type": "text", "text": "Fix the parser"}])),
            agent(json!([
                {"type": "step-start"},
                {"type": "reasoning", "text": "think"},
                {"type": "text", "text": "I look first."},
                bash("c1", "cargo test", json!(1), "1 failed"),
                tool("REDACTED", "apply_patch", json!({"status": "completed", "input": {"patchText": "*** Begin Patch\n*** Update File: a\n+x\n*** End Patch"},
                    "output": "Success", "metadata": {"files": files}})),
                bash("REDACTED", "git commit -m x", json!(0), "[main abc1234] x"),
                {"type": "step-finish"},
                {"type": "patch", "hash": "h", "files": ["/r/a"]}
            ])),
        ],
    )
}

#[test]
fn a_document_is_counted() {
    let (row, problems) = counted_as(Format::OpenCode, &example(), "ses_1");
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((row.prompts, row.user_words, row.agent_words), (1, 3, 3));
    assert_eq!((row.actions, row.tool_errors, row.commits), (3, 1, 1));
    assert_eq!((row.test_runs, row.test_failures), (1, 1));
    assert_eq!(
        (row.lines_added, row.lines_removed, row.files_changed),
        (5, 1, 2)
    );
    assert_eq!((row.input_tokens, row.output_tokens), (10, 20));
    assert_eq!((row.cache_read_tokens, row.cache_write_tokens), (40, 3));
    assert_eq!(row.duration_active_s, Some(2.5));
    assert_eq!(
        row.first_timestamp.as_deref(),
        Some("2026-03-16T00:20:47.569Z")
    );
    assert_eq!(
        (row.session_id.as_str(), row.models.as_str()),
        ("ses_1", "m-1")
    );
    assert_eq!(row.agent_version, "1.2.26");
}

#[test]
fn calls_with_redacted_ids_are_calls_of_their_own() {
    let read = |n: u32| {
        tool(
            "REDACTED",
            "read",
            json!({"status": "completed", "input": {"filePath": format!("/r/{n}")}, "output": "x"}),
        )
    };
    let (row, _) = counted_as(
        Format::OpenCode,
        &document(
            info(),
            &[agent(json!([read(1), read(2)])), agent(json!([read(3)]))],
        ),
        "ses_1",
    );
    assert_eq!(row.actions, 3);
}

#[test]
fn text_of_the_client_and_commands_are_no_typed_prompts() {
    let messages = [
        user(
            json!([{"type": "text", "text": "Summarize the task tool output", "synthetic": true}]),
        ),
        user(json!([{"type": "subtask", "command": "review", "prompt": "You are a reviewer"}])),
        user(
            json!([{"type": "text", "text": "See"}, {"type": "file", "mime": "image/png"}, {"type": "file", "mime": "text/plain"}]),
        ),
        user(json!([{"type": "compaction", "auto": true}])),
        json!({"info": {"role": "assistant", "summary": true}, "parts": [{"type": "text", "text": "Before: a lot"}]}),
    ];
    assert_eq!(
        heard(&messages),
        [
            "injected Meta",
            "SlashCommand: /review",
            "Typed: See +1 images",
            "compaction",
            "injected CompactionSummary"
        ]
    );
}

#[test]
fn a_sub_agents_session_names_its_parent() {
    let mut head = info();
    head["parentID"] = json!("ses_0");
    let (row, _) = counted_as(Format::OpenCode, &document(head, &[]), "ses_1");
    assert_eq!(
        (row.ineligible.as_str(), row.parent_session.as_str()),
        ("subagent", "ses_0")
    );
}

#[test]
fn failures_rejections_and_abortions_are_told_apart() {
    let table = [
        (
            json!({"status": "error", "error": "Error: Search error (429)"}),
            "result c Failed",
        ),
        (
            json!({"status": "error", "error": "Error: The user rejected permission to use this specific tool call."}),
            "result c Rejected",
        ),
        (
            json!({"status": "error", "error": "Tool execution aborted"}),
            "result c Cancelled",
        ),
        (
            json!({"status": "completed", "metadata": {"exit": null}}),
            "result c Done",
        ),
        (
            json!({"status": "completed", "metadata": {"exit": 127}}),
            "result c Failed",
        ),
    ];
    for (state, told) in table {
        let heard = heard(&[agent(json!([tool("c", "bash", state.clone())]))]);
        assert_eq!(heard, ["call c Shell", told], "{state}");
    }
    let heard = heard(&[agent(json!([tool(
        "c",
        "bash",
        json!({"status": "running"})
    )]))]);
    assert_eq!(heard, ["call c Shell"]);
}

#[test]
fn an_aborted_message_is_an_interruption() {
    let mut message = agent(json!([]));
    message["info"]["error"] = json!({"name": "MessageAbortedError", "data": {}});
    assert_eq!(heard(&[message]), ["interrupted"]);
}

#[test]
fn edits_tell_their_lines_in_one_of_several_places() {
    let edit = json!({"filePath": "/r/a", "oldString": "a\nb\nc", "newString": "a\nx\ny\nc"});
    let table = [
        (
            "edit",
            edit.clone(),
            json!({"filediff": {"file": "/r/a", "additions": 7, "deletions": 4}}),
            "+7 -4",
        ),
        (
            "edit",
            edit.clone(),
            json!({"diff": "@@ -1,1 +1,2 @@\n a\n+b\n"}),
            "+1 -0",
        ),
        ("edit", edit, json!({}), "+2 -1"),
        (
            "write",
            json!({"filePath": "/r/a", "content": "1\n2\n3"}),
            json!({}),
            "+3 -0",
        ),
        (
            "apply_patch",
            json!({"patchText": "*** Begin Patch\n*** Add File: /r/a\n+x\n*** End Patch"}),
            json!({}),
            "+1 -0",
        ),
    ];
    for (name, input, metadata, lines) in table {
        let state =
            json!({"status": "completed", "input": input, "output": "", "metadata": metadata});
        let heard = heard(&[agent(json!([tool("c", name, state)]))]);
        assert_eq!(heard[1], format!("changed /r/a {lines}"), "{name}");
    }
}

#[test]
fn one_broken_message_spoils_no_other() {
    let text = String::from_utf8(example()).unwrap();
    let broken = text.replacen("\"role\": \"user\"", "\"role\" \"user\"", 1);
    let (row, problems) = counted_as(Format::OpenCode, broken.as_bytes(), "ses_1");
    assert_eq!((row.malformed_lines, row.prompts, row.actions), (1, 0, 3));
    assert_eq!(problems[0].line, 1);
}
