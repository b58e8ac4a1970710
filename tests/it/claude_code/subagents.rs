//! Sub-agents: nested progress, totals, side chains.

use super::*;

fn nested_call(id: &str) -> Value {
    json!({"type": "assistant", "message": {"id": "n", "model": "claude-small", "usage": {"output_tokens": 500},
        "content": [{"type": "text", "text": "I look around"}, {"type": "tool_use", "id": id, "name": "Bash", "input": {"command": "cargo test"}}]}})
}

#[test]
fn nested_calls_and_edits_are_the_sub_agents() {
    let edit = json!({"type": "user", "toolUseResult": patch("/a", &[&["+a", "+b", "-c"]]),
        "message": {"content": [tool_result("n2", "ok", false)]}});
    let failed = json!({"type": "user", "toolUseResult": patch("/a", &[&["+a"]]),
        "message": {"content": [tool_result("n2", "no", true)]}});
    let prompt = json!({"type": "user", "message": {"content": [text("Look around for me")]}});
    let session = Transcript::new()
        .user("Go")
        .calls("t1", "Task", json!({"prompt": "Look around"}))
        .progress("t1", prompt)
        .progress("t1", nested_call("n1"))
        .progress("t1", nested_call("n1"))
        .progress("t1", nested_call("n2"))
        .progress("t1", edit)
        .progress("t1", failed);
    let row = session.row();
    assert_eq!((row.actions, row.subagent_actions), (3, 2));
    assert_eq!(
        (row.subagent_lines_added, row.subagent_lines_removed),
        (2, 1)
    );
    assert_eq!(
        (row.lines_added, row.lines_removed, row.files_changed),
        (0, 0, 0)
    );
    assert_eq!((row.prompts, row.agent_words, row.test_runs), (1, 0, 0));
    assert_eq!((row.output_tokens, row.tool_errors), (0, 0));
    assert_eq!(row.lines_coverage, "subagent");
}

#[test]
fn totals_and_events_of_one_sub_agent_are_not_added() {
    let total = json!({"status": "completed", "totalToolUseCount": 5, "toolStats": {"linesAdded": 30, "linesRemoved": 4}});
    let session = Transcript::new()
        .calls("t1", "Task", json!({}))
        .progress("t1", nested_call("n1"))
        .progress("t1", nested_call("n2"))
        .result("t1", "done", total, false);
    let row = session.row();
    assert_eq!((row.actions, row.subagent_actions), (6, 5));
    assert_eq!(
        (row.subagent_lines_added, row.subagent_lines_removed),
        (30, 4)
    );
    assert_eq!(row.lines_added, 0);
}

#[test]
fn a_sub_agent_in_the_background_tells_its_total_in_a_notification() {
    let launched = json!({"isAsync": true, "status": "async_launched", "agentId": "a1"});
    let notification = "<task-notification>\n<task-id>a1</task-id>\n<tool-use-id>t1</tool-use-id>\n<status>completed</status>\n<usage><total_tokens>900</total_tokens><tool_uses>7</tool_uses></usage>\n</task-notification>";
    let session = Transcript::new()
        .calls("t1", "Agent", json!({"run_in_background": true}))
        .result("t1", "Async agent launched", launched, false)
        .user(notification);
    assert_eq!(
        session.heard()[2..],
        [
            "sub-agent of t1: Some(7) actions, None lines in all",
            "injected TaskNotification"
        ]
    );
    let row = session.row();
    assert_eq!((row.actions, row.subagent_actions, row.prompts), (8, 7, 0));
}

#[test]
fn totals_of_several_sub_agents_are_added() {
    let total = |count: u64| json!({"totalToolUseCount": count});
    let session = Transcript::new()
        .calls("t1", "Task", json!({}))
        .calls("t2", "Task", json!({}))
        .result("t1", "done", total(3), false)
        .result("t2", "done", total(4), false);
    assert_eq!(
        (session.row().actions, session.row().subagent_actions),
        (9, 7)
    );
}

#[test]
fn totals_without_bound_do_not_overflow() {
    let total =
        json!({"totalToolUseCount": 1e30, "toolStats": {"linesAdded": 1e30, "linesRemoved": 1e30}});
    let session = Transcript::new()
        .calls("t1", "Task", json!({}))
        .calls("t2", "Task", json!({}))
        .result("t1", "done", total.clone(), false)
        .result("t2", "done", total, false);
    let row = session.row();
    assert_eq!(row.actions, u64::MAX);
    assert_eq!(
        (row.subagent_lines_added, row.subagent_lines_removed),
        (u64::MAX, u64::MAX)
    );
}

#[test]
fn a_file_of_side_chains_only_is_a_sub_agents_own() {
    let session = Transcript::new()
        .with("isSidechain", true)
        .with("entrypoint", "cli")
        .user("You are a helper. Find the file.")
        .runs("t1", "ls")
        .says("m", "Found.");
    let row = session.row();
    assert_eq!(
        (row.interactive, row.ineligible.as_str()),
        (false, "subagent")
    );
    assert_eq!((row.prompts, row.agent_words), (0, 0));
    let mixed = session.with("isSidechain", false).user("Thanks").row();
    assert_eq!((mixed.interactive, mixed.prompts), (true, 1));
}

/// Clients before 2.0 wrote a sub-agent's messages into the file as side chains and its total into the result.
#[test]
fn side_chains_and_the_total_of_their_call_are_not_added() {
    let total = json!({"totalToolUseCount": 2});
    let session = Transcript::new()
        .user("Go")
        .calls("t1", "Task", json!({}))
        .with("isSidechain", true)
        .user("Look around")
        .runs("s1", "ls")
        .runs("s2", "pwd")
        .with("isSidechain", false)
        .result("t1", "done", total, false);
    let row = session.row();
    assert_eq!((row.actions, row.subagent_actions), (3, 2));
    assert_eq!((row.prompts, row.interactive), (1, true));
}
