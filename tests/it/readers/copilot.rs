//! Copilot CLI event lines.

use harness::ingest::detect::{Format, detect};
use serde_json::{Value, json};

use super::lines;
use crate::transcript::{counted_as, heard_as};

const ID: &str = "2426852d-6cf5-4e90-be9f-e45fc6c7d5e4";

fn event(kind: &str, data: Value) -> Value {
    json!({"type": kind, "data": data, "id": "e", "timestamp": "2026-07-03T08:36:30.418Z", "parentId": null})
}

fn start() -> Value {
    event(
        "session.start",
        json!({"sessionId": ID, "copilotVersion": "1.0.64", "context": {"cwd": "/r"}}),
    )
}

fn prompt(text: &str) -> Value {
    event(
        "user.message",
        json!({"content": text, "transformedContent": format!("<current_datetime>x</current_datetime>\n{text}"), "attachments": []}),
    )
}

fn call(id: &str, tool: &str, arguments: Value) -> Value {
    event(
        "tool.execution_start",
        json!({"toolCallId": id, "toolName": tool, "arguments": arguments}),
    )
}

fn done(id: &str, content: &str) -> Value {
    event(
        "tool.execution_complete",
        json!({"toolCallId": id, "success": true, "result": {"content": content}}),
    )
}

fn end(reason: &str) -> Value {
    event(
        "hook.start",
        json!({"hookType": "sessionEnd", "input": {"reason": reason}}),
    )
}

fn shutdown(input: u64, cached: u64, output: u64) -> Value {
    event(
        "session.shutdown",
        json!({"codeChanges": {"linesAdded": 2}, "modelMetrics": {"gpt-x": {"requests": {"count": 1},
        "usage": {"inputTokens": input, "outputTokens": output, "cacheReadTokens": cached, "cacheWriteTokens": 0}}}}),
    )
}

pub(super) fn example() -> Vec<u8> {
    lines(&[
        start(),
        event(
            "hook.start",
            json!({"hookType": "userPromptSubmitted", "input": {"prompt": "Fix the parser"}}),
        ),
        event(
            "system.message",
            json!({"role": "system", "content": "You are the CLI"}),
        ),
        prompt("Fix the parser"),
        event("assistant.turn_start", json!({"turnId": "0"})),
        event(
            "assistant.message",
            json!({"messageId": "m", "model": "gpt-x", "content": "I look first.", "reasoningText": "think", "outputTokens": 9,
            "toolRequests": [{"toolCallId": "c1", "name": "bash"}]}),
        ),
        call("c1", "bash", json!({"command": "cargo test"})),
        done("c1", "1 failed\n<exited with exit code 101>"),
        call(
            "c2",
            "create",
            json!({"path": "/r/a", "file_text": "1\n2\n"}),
        ),
        done("c2", "Created file"),
        event("abort", json!({"reason": "user initiated"})),
        event("session.compaction_complete", json!({"success": true})),
        end("user_exit"),
        shutdown(100, 60, 9),
    ])
}

fn heard(all: &[Value]) -> Vec<String> {
    heard_as(Format::Copilot, &lines(all)).0
}

#[test]
fn a_session_is_counted() {
    let bytes = example();
    assert_eq!(detect(&bytes), Some(Format::Copilot));
    let (row, problems) = counted_as(Format::Copilot, &bytes, ID);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((row.prompts, row.user_words, row.agent_words), (1, 3, 3));
    assert_eq!((row.actions, row.tool_errors), (2, 1));
    assert_eq!((row.test_runs, row.test_failures), (1, 1));
    assert_eq!((row.lines_added, row.files_changed), (2, 1));
    assert_eq!((row.interruptions, row.compactions), (1, 1));
    assert_eq!(
        (row.input_tokens, row.cache_read_tokens, row.output_tokens),
        (40, 60, 9)
    );
    assert_eq!(
        (row.models.as_str(), row.agent_version.as_str()),
        ("gpt-x", "1.0.64")
    );
    assert!(row.interactive);
}

#[test]
fn a_session_that_ends_by_itself_was_headless() {
    for (reason, interactive) in [("complete", false), ("user_exit", true), ("error", true)] {
        let (row, _) = counted_as(Format::Copilot, &lines(&[start(), end(reason)]), ID);
        assert_eq!(row.interactive, interactive, "{reason}");
    }
}

#[test]
fn without_a_shutdown_the_messages_tell_the_output() {
    let message = |tokens: u64| {
        event(
            "assistant.message",
            json!({"model": "gpt-x", "content": "a", "outputTokens": tokens}),
        )
    };
    let all = [start(), message(7), message(5)];
    let (row, _) = counted_as(Format::Copilot, &lines(&all), ID);
    assert_eq!((row.output_tokens, row.input_tokens), (12, 0));
    let twice = [
        start(),
        message(7),
        shutdown(10, 0, 7),
        message(5),
        shutdown(20, 0, 5),
    ];
    let (row, _) = counted_as(Format::Copilot, &lines(&twice), ID);
    assert_eq!((row.output_tokens, row.input_tokens), (12, 30));
}

#[test]
fn refusals_of_the_person_are_rejections() {
    let refused = event(
        "permission.completed",
        json!({"requestId": "r", "toolCallId": "c", "result": {"kind": "denied-interactively-by-user"}}),
    );
    let failed = event(
        "tool.execution_complete",
        json!({"toolCallId": "c", "success": false, "error": {"message": "The user rejected this tool call.", "code": "x"}}),
    );
    let shell = call("c", "bash", json!({"command": "rm -r /"}));
    assert_eq!(
        heard(&[shell.clone(), refused, failed.clone()]),
        ["call c Shell rm -r /", "result c Rejected"]
    );
    assert_eq!(heard(&[shell, failed]).last().unwrap(), "result c Failed");
}

#[test]
fn edits_tell_their_lines_by_telemetry_diff_or_arguments() {
    let edit = call(
        "c",
        "edit",
        json!({"path": "/r/a", "old_str": "a\nb", "new_str": "a\nx\ny"}),
    );
    let table = [
        (json!({}), "+2 -1"),
        (
            json!({"result": {"content": "", "detailedContent": "--- a\n+++ b\n@@ -1,1 +1,2 @@\n a\n+b\n"}}),
            "+1 -0",
        ),
        (
            json!({"toolTelemetry": {"metrics": {"linesAdded": 8, "linesRemoved": 3}}}),
            "+8 -3",
        ),
    ];
    for (mut data, lines) in table {
        data["toolCallId"] = json!("c");
        data["success"] = json!(true);
        let heard = heard(&[edit.clone(), event("tool.execution_complete", data)]);
        assert_eq!(heard[1], format!("result c Done /r/a {lines}"));
    }
}

#[test]
fn work_of_a_sub_agent_stands_apart() {
    let mut call = call(
        "c2",
        "create",
        json!({"path": "/r/a", "file_text": "1\n2\n"}),
    );
    call["data"]["parentToolCallId"] = json!("c1");
    let mut done = done("c2", "ok");
    done["data"]["parentToolCallId"] = json!("c1");
    let mut says = event("assistant.message", json!({"content": "I report"}));
    says["data"]["parentToolCallId"] = json!("c1");
    let task = event(
        "tool.execution_start",
        json!({"toolCallId": "c1", "toolName": "task", "arguments": {}}),
    );
    let (row, _) = counted_as(Format::Copilot, &lines(&[task, call, says, done]), ID);
    assert_eq!(
        (row.actions, row.subagent_actions, row.agent_words),
        (2, 1, 0)
    );
    assert_eq!((row.lines_added, row.subagent_lines_added), (0, 2));
    assert_eq!(row.lines_coverage, "subagent");
}

#[test]
fn prompts_are_of_several_kinds() {
    let with = |text: &str, field: &str, value: &str| {
        let mut prompt = prompt(text);
        prompt["data"][field] = json!(value);
        prompt
    };
    let mut picture = prompt("See");
    picture["data"]["attachments"] =
        json!([{"type": "blob", "mimeType": "image/png"}, {"type": "file"}]);
    let all = [
        prompt("/review it"),
        with("Go on", "delivery", "steering"),
        with("ls", "agentMode", "shell"),
        with("A task ended", "source", "system"),
        picture,
    ];
    assert_eq!(
        heard(&all),
        [
            "SlashCommand: /review it",
            "Queued: Go on",
            "Shell: ls",
            "injected Meta",
            "Typed: See +1 images"
        ]
    );
}
