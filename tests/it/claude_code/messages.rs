//! The agent's messages: blocks, usage, thinking, calls.

use super::*;

fn part(id: &str, block: Value, usage: [u64; 4]) -> Value {
    let [input, output, read, written] = usage;
    let usage = json!({
        "input_tokens": input, "output_tokens": output,
        "cache_read_input_tokens": read, "cache_creation_input_tokens": written
    });
    json!({"message": {"id": id, "model": "claude-test-1", "content": [block], "usage": usage}})
}

/// One entry per block, each with a running count, tool results in between.
#[test]
fn usage_of_a_message_is_the_largest_report_and_not_the_sum() {
    let tool =
        json!({"type": "tool_use", "id": "t1", "name": "Read", "input": {"file_path": "/a"}});
    let session = Transcript::new()
        .user("Look")
        .entry("assistant", part("m1", text("I look"), [3, 1, 100, 50]))
        .entry("assistant", part("m1", tool, [3, 40, 100, 50]))
        .gets("t1", "text")
        .entry("assistant", part("m1", text("twice"), [3, 25, 100, 50]))
        .entry("assistant", part("m2", text("Seen."), [5, 7, 150, 0]));
    let row = session.row();
    assert_eq!(row.input_tokens, 3 + 5);
    assert_eq!(row.output_tokens, 40 + 7);
    assert_eq!(row.cache_read_tokens, 100 + 150);
    assert_eq!(row.cache_write_tokens, 50);
    assert_eq!(row.agent_words, 2 + 1 + 1);
    assert_eq!((row.actions, row.prompts), (1, 1));
    assert_eq!(row.models, "claude-test-1");
}

#[test]
fn a_synthetic_message_is_the_clients_and_not_the_agents() {
    let synthetic = json!({
        "message": {"id": "s", "model": "<synthetic>", "content": [text("No response requested.")], "usage": {"input_tokens": 9}}
    });
    let error = json!({
        "isApiErrorMessage": true,
        "message": {"id": "e", "model": "claude-test-1", "content": [text("API Error: 529")], "usage": {"output_tokens": 9}}
    });
    let session = exchange()
        .entry("assistant", synthetic)
        .entry("assistant", error);
    assert_eq!(
        session.heard()[2..],
        ["client: No response requested.", "client: API Error: 529"]
    );
    let row = session.row();
    assert_eq!(
        (row.agent_words, row.input_tokens, row.output_tokens),
        (2, 0, 0)
    );
    assert_eq!(row.models, "");
}

#[test]
fn thinking_is_not_agent_speech_and_blanked_thinking_is_nothing() {
    let session = Transcript::new()
        .block(
            "m1",
            json!({"type": "thinking", "thinking": "Let me see", "signature": "x"}),
        )
        .block(
            "m2",
            json!({"type": "thinking", "thinking": "", "signature": "x"}),
        )
        .block("m3", text("  \n"))
        .says("m4", "Yes.");
    assert_eq!(session.heard(), ["thinks: Let me see", "agent: Yes."]);
    assert_eq!(session.row().agent_words, 1);
}

#[test]
fn calls_of_every_tool_get_a_kind_and_their_object() {
    let session = Transcript::new()
        .calls("a", "Read", json!({"file_path": "/a.rs"}))
        .calls("b", "Grep", json!({"pattern": "x", "path": "/src"}))
        .calls(
            "c",
            "Edit",
            json!({"file_path": "/a.rs", "old_string": "a"}),
        )
        .calls("d", "NotebookEdit", json!({"notebook_path": "/n.ipynb"}))
        .runs("e", "ls")
        .calls("f", "PowerShell", json!({"command": "dir"}))
        .calls("g", "WebSearch", json!({"query": "x"}))
        .calls("h", "Task", json!({"prompt": "x"}))
        .calls("i", "Agent", json!({"prompt": "x"}))
        .calls("j", "AskUserQuestion", json!({"questions": []}))
        .calls("k", "ExitPlanMode", json!({"plan": "x"}))
        .calls("l", "TodoWrite", json!({"todos": []}))
        .calls("m", "mcp__server__run", json!({"command": "not a shell"}));
    assert_eq!(
        session.heard(),
        [
            "call a Read /a.rs",
            "call b Search /src",
            "call c Edit /a.rs",
            "call d Edit /n.ipynb",
            "call e Shell ls",
            "call f Shell dir",
            "call g Web",
            "call h Subagent",
            "call i Subagent",
            "call j Question",
            "call k Plan",
            "call l Tasks",
            "call m Other",
        ]
    );
    assert_eq!(session.row().actions, 13);
}

#[test]
fn a_call_told_twice_is_one_action_and_one_test_run() {
    let session = Transcript::new()
        .runs("t1", "cargo test")
        .runs("t1", "cargo test")
        .fails("t1", "Exit code 101");
    let row = session.row();
    assert_eq!((row.actions, row.test_runs, row.test_failures), (1, 1, 1));
}

#[test]
fn calls_whose_ids_were_redacted_each_count() {
    let session = Transcript::new()
        .runs("REDACTED", "ls")
        .runs("REDACTED", "pwd")
        .runs("", "id");
    assert_eq!(session.row().actions, 3);
}
