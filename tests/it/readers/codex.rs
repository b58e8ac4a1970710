//! Codex rollouts.

use harness::ingest::detect::{Format, detect};
use serde_json::{Value, json};

use super::lines;
use crate::transcript::{counted_as, heard_as};

/// Ids of version 7 sort by their time.
const PARENT: &str = "019d7d08-46c9-7f73-affe-4e6ca9852d56";
const OWN: &str = "019d7e2f-0041-7310-951c-94020254dfc9";

pub(super) fn line(kind: &str, payload: Value) -> Value {
    json!({"timestamp": "2026-04-11T20:15:02.000Z", "type": kind, "payload": payload})
}

fn at(seconds: u32, kind: &str, payload: Value) -> Value {
    json!({"timestamp": format!("2026-04-11T20:15:{seconds:02}.000Z"), "type": kind, "payload": payload})
}

fn item(payload: Value) -> Value {
    line("response_item", payload)
}

fn event(payload: Value) -> Value {
    line("event_msg", payload)
}

fn meta(source: Value) -> Value {
    line(
        "session_meta",
        json!({"id": OWN, "cwd": "/r", "originator": "codex-tui", "cli_version": "0.142.0", "source": source}),
    )
}

fn typed(text: &str) -> [Value; 2] {
    [
        item(
            json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}),
        ),
        event(json!({"type": "user_message", "message": text, "images": [], "local_images": []})),
    ]
}

fn says(text: &str) -> [Value; 2] {
    [
        event(json!({"type": "agent_message", "message": text, "phase": "commentary"})),
        item(
            json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}),
        ),
    ]
}

fn runs(call: &str, command: &str) -> Value {
    item(
        json!({"type": "function_call", "name": "exec_command", "call_id": call, "arguments": json!({"cmd": command}).to_string()}),
    )
}

fn prints(call: &str, output: &str) -> Value {
    item(json!({"type": "function_call_output", "call_id": call, "output": output}))
}

fn exited(call: &str, code: i32, output: &str) -> Value {
    prints(
        call,
        &format!(
            "Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code {code}\nOutput:\n{output}"
        ),
    )
}

fn patches(call: &str, patch: &str) -> Value {
    item(
        json!({"type": "custom_tool_call", "name": "apply_patch", "call_id": call, "input": patch}),
    )
}

fn counter(input: u64, cached: u64, output: u64) -> Value {
    event(
        json!({"type": "token_count", "info": {"total_token_usage": {
        "input_tokens": input, "cached_input_tokens": cached, "output_tokens": output, "total_tokens": input + output}}}),
    )
}

const PATCH: &str = "*** Begin Patch\n*** Update File: a.rs\n@@\n fn a() {\n-    b\n+    c\n+    d\n }\n*** Add File: e.rs\n+x\n*** End Patch";

pub(super) fn example() -> Vec<u8> {
    let mut all = vec![
        meta(json!("cli")),
        line("turn_context", json!({"model": "gpt-x", "cwd": "/r"})),
    ];
    all.extend(typed("Fix the parser"));
    all.extend(says("I look first."));
    all.push(item(
        json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "think"}]}),
    ));
    all.push(runs("c1", "cargo test"));
    all.push(exited("c1", 101, "1 failed"));
    all.push(patches("c2", PATCH));
    all.push(prints(
        "c2",
        "Success. Updated the following files:\nM a.rs\n",
    ));
    all.push(runs("c3", "git commit -m x"));
    all.push(exited("c3", 0, "[main abc1234] x\n"));
    all.push(counter(100, 40, 7));
    all.push(event(
        json!({"type": "turn_aborted", "reason": "interrupted", "duration_ms": 1500}),
    ));
    all.push(line(
        "compacted",
        json!({"message": "", "replacement_history": []}),
    ));
    lines(&all)
}

fn heard(all: &[Value]) -> Vec<String> {
    heard_as(Format::Codex, &lines(all)).0
}

#[test]
fn a_session_is_counted_once_although_its_texts_stand_twice() {
    let bytes = example();
    assert_eq!(detect(&bytes), Some(Format::Codex));
    let (row, problems) = counted_as(Format::Codex, &bytes, OWN);
    assert!(problems.is_empty());
    assert_eq!((row.prompts, row.user_words, row.agent_words), (1, 3, 3));
    assert_eq!((row.actions, row.tool_errors, row.commits), (3, 1, 1));
    assert_eq!((row.test_runs, row.test_failures), (1, 1));
    assert_eq!(
        (row.lines_added, row.lines_removed, row.files_changed),
        (3, 1, 2)
    );
    assert_eq!((row.interruptions, row.compactions), (1, 1));
    assert_eq!(
        (row.input_tokens, row.cache_read_tokens, row.output_tokens),
        (60, 40, 7)
    );
    assert_eq!(row.models, "gpt-x");
    assert_eq!(row.agent_version, "0.142.0");
    assert_eq!(row.duration_active_s, Some(1.5));
    assert!(row.interactive);
}

#[test]
fn sources_tell_the_scope() {
    let table = [
        (json!("cli"), "codex-tui", ""),
        (json!("vscode"), "Codex Desktop", ""),
        (json!("vscode"), "codex_vscode", "ide"),
        (json!("exec"), "codex_exec", "headless"),
        (json!("mcp"), "x", "sdk"),
        (json!("cli"), "codex_sdk_ts", "sdk"),
        (json!({"subagent": "review"}), "codex_exec", "subagent"),
        (
            json!({"subagent": {"thread_spawn": {"parent_thread_id": PARENT}}}),
            "codex-tui",
            "subagent",
        ),
    ];
    for (source, originator, code) in table {
        let head = line(
            "session_meta",
            json!({"id": OWN, "originator": originator, "source": source}),
        );
        let (row, _) = counted_as(Format::Codex, &lines(&[head]), OWN);
        assert_eq!(row.ineligible, code, "{source} {originator}");
        let has_parent = source.to_string().contains(PARENT);
        assert_eq!(row.parent_session == PARENT, has_parent);
    }
}

#[test]
fn the_history_that_a_fork_repeats_is_not_its_own() {
    let mut all = vec![line(
        "session_meta",
        json!({"id": OWN, "forked_from_id": PARENT, "source": {"subagent": {"thread_spawn": {"parent_thread_id": PARENT}}}}),
    )];
    all.push(line("session_meta", json!({"id": PARENT, "source": "cli"})));
    all.push(event(
        json!({"type": "task_started", "turn_id": "019d7d08-f1d2-78a1-ae52-df8e21f9b394"}),
    ));
    all.extend(typed("Typed into the parent"));
    all.extend(says("Said by the parent"));
    all.push(runs("c1", "cargo test"));
    all.push(exited("c1", 0, "ok"));
    all.push(counter(1000, 0, 100));
    all.push(line("compacted", json!({})));
    all.push(event(
        json!({"type": "task_started", "turn_id": "019d7e2f-018b-70c0-afd0-371649720dbc"}),
    ));
    all.extend(typed("Review it"));
    all.extend(says("Mine"));
    all.push(counter(1200, 50, 130));
    let (row, _) = counted_as(Format::Codex, &lines(&all), OWN);
    assert_eq!((row.prompts, row.agent_words, row.actions), (1, 1, 0));
    assert_eq!((row.compactions, row.test_runs), (0, 0));
    assert_eq!(
        (row.input_tokens, row.cache_read_tokens, row.output_tokens),
        (150, 50, 30)
    );
    assert_eq!(
        (row.ineligible.as_str(), row.parent_session.as_str()),
        ("subagent", PARENT)
    );
    assert_eq!(row.session_id, OWN);
}

#[test]
fn a_head_that_is_repeated_on_resumption_changes_nothing() {
    let mut all = vec![meta(json!("cli"))];
    all.extend(typed("One"));
    all.push(counter(100, 0, 10));
    all.push(meta(json!("cli")));
    all.extend(typed("Two"));
    all.push(counter(150, 0, 20));
    // A client that began to count anew.
    all.push(counter(30, 0, 5));
    let (row, _) = counted_as(Format::Codex, &lines(&all), OWN);
    assert_eq!(
        (row.prompts, row.input_tokens, row.output_tokens),
        (2, 180, 25)
    );
}

#[test]
fn what_the_client_puts_in_the_users_place_is_no_prompt() {
    let wrapped = |text: &str| {
        item(
            json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}),
        )
    };
    let mut all = vec![
        wrapped("<environment_context>\n  <cwd>/r</cwd>"),
        wrapped("# AGENTS.md instructions for /r"),
        wrapped("<subagent_notification>\n{}"),
        wrapped("<turn_aborted>\nThe user interrupted"),
        wrapped("<recommended_plugins>\nHere"),
        item(
            json!({"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Obey"}]}),
        ),
    ];
    all.extend(typed("Go"));
    let heard = heard(&all);
    assert_eq!(
        heard,
        [
            "injected Reminder",
            "injected Reminder",
            "injected TaskNotification",
            "injected Meta",
            "injected Reminder",
            "Typed: Go"
        ]
    );
}

#[test]
fn prompts_that_stand_as_items_alone_are_heard() {
    let [first, _] = typed("One");
    let [second, _] = typed("Two");
    let [_, answer] = says("Done");
    assert_eq!(
        heard(&[first, answer, second]),
        ["Typed: One", "agent: Done", "Typed: Two"]
    );
}

#[test]
fn an_editors_context_is_cut_off_a_prompt() {
    let all = typed(
        "# Context from my IDE setup:\n## Open tabs:\n- a.rs\n\n## My request for Codex:\nFix it\n",
    );
    assert_eq!(heard(&all), ["Typed: Fix it"]);
}

#[test]
fn the_clients_record_of_a_patch_goes_before_its_text() {
    let end = |success: bool| {
        event(
            json!({"type": "patch_apply_end", "call_id": "c", "success": success, "changes": {
            "/r/a.rs": {"type": "update", "unified_diff": "@@ -1,2 +1,3 @@\n a\n-b\n+c\n+d\n", "move_path": "/r/z.rs"},
            "/r/b.rs": {"type": "add", "content": "one\ntwo"},
            "/r/c.rs": {"type": "delete", "content": "one\n"}}}),
        )
    };
    let printed = prints("c", "Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess.");
    let told = heard(&[patches("c", PATCH), end(true), printed.clone()]);
    assert_eq!(
        told,
        [
            "call c Edit a.rs",
            "changed /r/z.rs +2 -1",
            "changed /r/b.rs +2 -0",
            "changed /r/c.rs +0 -1",
            "result c Done"
        ]
    );
    let told = heard(&[
        patches("c", PATCH),
        end(false),
        prints("c", "Exit code: 1\nOutput:\nno"),
    ]);
    assert_eq!(told, ["call c Edit a.rs", "result c Failed"]);
    let told = heard(&[patches("c", PATCH), printed]);
    assert_eq!(
        told,
        [
            "call c Edit a.rs",
            "changed a.rs +2 -1",
            "changed e.rs +1 -0",
            "result c Done"
        ]
    );
    let told = heard(&[
        patches("c", PATCH),
        prints(
            "c",
            "apply_patch verification failed: Failed to find expected lines",
        ),
    ]);
    assert_eq!(told, ["call c Edit a.rs", "result c Failed"]);
}

#[test]
fn a_command_that_runs_on_ends_with_the_call_that_asks_for_it() {
    let ask = |call: &str| {
        item(
            json!({"type": "function_call", "name": "write_stdin", "call_id": call,
            "arguments": "{\"session_id\":11712,\"chars\":\"\"}"}),
        )
    };
    let runs_on = "Chunk ID: 1\nProcess running with session ID 11712\nOutput:\n";
    let all = [
        runs("c1", "cargo test"),
        prints("c1", &format!("{runs_on}running 3 tests\n")),
        ask("c2"),
        prints("c2", &format!("{runs_on}.")),
        ask("c3"),
        exited("c3", 101, "1 failed"),
    ];
    let heard = heard(&all);
    assert_eq!(
        heard,
        [
            "call c1 Shell cargo test",
            "call c2 Other",
            "result c2 Done",
            "call c3 Other",
            "result c1 Failed",
            "result c3 Done"
        ]
    );
    let (row, _) = counted_as(Format::Codex, &lines(&all), OWN);
    assert_eq!(
        (
            row.actions,
            row.test_runs,
            row.test_failures,
            row.tool_errors
        ),
        (3, 1, 1, 1)
    );
}

#[test]
fn a_command_that_never_ended_still_has_a_result() {
    let all = [
        runs("c1", "git commit -m x"),
        prints(
            "c1",
            "Process running with session ID 7\nOutput:\n[main abc1234] x\n",
        ),
    ];
    let (row, _) = counted_as(Format::Codex, &lines(&all), OWN);
    assert_eq!((row.commits, row.tool_errors), (1, 0));
}

#[test]
fn scripts_are_one_action_whose_commands_are_seen() {
    let script = "const r = await tools.exec_command({cmd: \"cargo test\", workdir: \"/r\"});\ntext(JSON.stringify(r));";
    let all = [
        item(json!({"type": "custom_tool_call", "name": "exec", "call_id": "c1", "input": script})),
        item(
            json!({"type": "custom_tool_call_output", "call_id": "c1", "output": [
            {"type": "input_text", "text": "Script completed\nWall time 1 seconds\nOutput:\n"},
            {"type": "input_text", "text": "{\"exit_code\":1,\"output\":\"1 failed\"}"}]}),
        ),
        item(
            json!({"type": "custom_tool_call", "name": "exec", "call_id": "c2",
            "input": "text(await tools.apply_patch(\"*** Begin Patch\\n*** Update File: a\\n+b\\n*** End Patch\"));"}),
        ),
        event(
            json!({"type": "patch_apply_end", "call_id": "exec-1", "success": true,
            "changes": {"a": {"type": "update", "unified_diff": "@@ -1 +1,2 @@\n x\n+b\n"}}}),
        ),
        item(
            json!({"type": "custom_tool_call_output", "call_id": "c2", "output": "Script completed\nOutput:\n"}),
        ),
    ];
    assert_eq!(
        heard(&all),
        [
            "call c1 Shell cargo test",
            "result c1 Failed",
            "call c2 Edit a",
            "changed a +1 -0",
            "result c2 Done"
        ]
    );
}

#[test]
fn outputs_come_in_many_wrappings() {
    let table = [
        (json!("Process exited with code 0\nOutput:\nok"), "Done"),
        (json!("Process exited with code 2\nOutput:\nno"), "Failed"),
        (json!("Output:\nProcess exited with code 2"), "Done"),
        (
            json!("{\"output\":\"x\",\"metadata\":{\"exit_code\":0}}"),
            "Done",
        ),
        (
            json!("{\"output\":\"x\",\"metadata\":{\"exit_code\":-1}}"),
            "Failed",
        ),
        (
            json!([{"type": "input_text", "text": "Script failed\nOutput:\n"}]),
            "Failed",
        ),
        (json!("aborted by user after 3.2s"), "Cancelled"),
        (json!("exec command rejected by user"), "Rejected"),
        (json!("Plan updated"), "Done"),
        (json!(null), "Done"),
        (json!({"content": "exec_command failed for `x`"}), "Failed"),
    ];
    for (output, status) in table {
        let all = [item(
            json!({"type": "function_call_output", "call_id": "c", "output": output}),
        )];
        assert_eq!(heard(&all), [format!("result c {status}")], "{output}");
    }
}

#[test]
fn ways_of_giving_a_command_are_read() {
    let table = [
        json!({"cmd": "ls -l"}),
        json!({"command": ["bash", "-lc", "ls -l"]}),
        json!({"command": ["ls", "-l"]}),
    ];
    for arguments in table {
        let call = json!({"type": "function_call", "name": "shell", "call_id": "c", "arguments": arguments.to_string()});
        assert_eq!(heard(&[item(call)]), ["call c Shell ls -l"]);
    }
    let call = json!({"type": "web_search_call", "status": "completed"});
    assert_eq!(
        heard(&[item(call.clone()), item(call)]).len(),
        2,
        "no id, two calls"
    );
}

#[test]
fn older_clients_turns_are_measured() {
    let all = [
        at(
            1,
            "event_msg",
            json!({"type": "task_started", "turn_id": "t"}),
        ),
        at(
            9,
            "event_msg",
            json!({"type": "task_complete", "turn_id": "t"}),
        ),
    ];
    assert_eq!(heard(&all), ["turn of 8000 ms"]);
}
