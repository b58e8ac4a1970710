//! Interruptions, rejections, cancelled calls, compactions.

use super::*;

const REFUSED: &str = "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file).";

#[test]
fn interruptions_of_both_kinds_count_and_are_no_prompts() {
    let session = Transcript::new()
        .user("[Request interrupted by user]")
        .user(vec![text("[Request interrupted by user for tool use]")])
        .user("Why [Request interrupted by user]?");
    assert_eq!(
        session.heard(),
        [
            "interrupted",
            "interrupted for tool use",
            "Typed: Why [Request interrupted by user]?"
        ]
    );
    let row = session.row();
    assert_eq!((row.interruptions, row.prompts), (2, 1));
}

#[test]
fn a_rejection_with_or_without_a_reason_is_an_error_and_a_rejection() {
    let reason = format!("{REFUSED} To tell you how to proceed, the user said:\nuse a map");
    for output in [REFUSED, reason.as_str()] {
        let session = Transcript::new()
            .calls("t1", "Edit", json!({"file_path": "/a"}))
            .fails("t1", output);
        assert_eq!(session.heard()[1], "result t1 Rejected");
        let row = session.row();
        assert_eq!((row.rejections, row.tool_errors, row.actions), (1, 1, 1));
        assert_eq!((row.prompts, row.user_words), (0, 0));
    }
}

#[test]
fn a_call_cancelled_beside_a_failed_one_is_an_error_and_no_rejection() {
    for output in [
        "<tool_use_error>Cancelled: parallel tool call Bash(npm test) errored</tool_use_error>",
        "Cancelled: parallel tool call Read errored",
        "<tool_use_error>Sibling tool call errored</tool_use_error>",
    ] {
        let session = Transcript::new().runs("t1", "npm test").fails("t1", output);
        assert_eq!(session.heard()[1], "result t1 Cancelled", "{output}");
        let row = session.row();
        assert_eq!((row.tool_errors, row.rejections), (1, 0), "{output}");
        assert_eq!((row.test_runs, row.test_failures), (0, 0), "{output}");
    }
}

#[test]
fn only_a_marked_result_is_an_error() {
    let session = Transcript::new()
        .runs("t1", "grep x y")
        .fails("t1", "Exit code 1")
        .runs("t2", "true")
        .gets("t2", "Error: nothing is wrong")
        .result(
            "t3",
            "The user doesn't want to proceed with this tool use",
            json!({}),
            false,
        );
    let row = session.row();
    assert_eq!((row.tool_errors, row.rejections), (1, 0));
}

#[test]
fn outputs_of_every_shape_are_read() {
    for content in [
        json!([{"type": "text", "text": "The user doesn't want to proceed"}]),
        json!([{"type": "text", "text": "The user doesn't want"}, {"type": "text", "text": "to stop"}]),
        json!([{"type": "tool_reference", "tool_name": "x"}]),
        json!([{"type": "image", "source": {}}]),
        json!([]),
        json!(null),
        json!(7),
    ] {
        let block = json!({"type": "tool_result", "tool_use_id": "t", "content": content, "is_error": true});
        let row = Transcript::new().user(vec![block]).row();
        assert_eq!((row.tool_errors, row.prompts), (1, 0), "{content}");
    }
}

#[test]
fn a_compaction_counts_and_its_summary_is_no_prompt() {
    let session = exchange()
        .system(
            "compact_boundary",
            json!({"compactMetadata": {"trigger": "auto", "preTokens": 160000}}),
        )
        .user_with(
            "This session is being continued from a previous conversation that ran out of context.",
            json!({"isCompactSummary": true}),
        )
        .system("microcompact_boundary", json!({}))
        .user("Go on");
    assert_eq!(
        session.heard()[2..],
        ["compaction", "injected CompactionSummary", "Typed: Go on"]
    );
    let row = session.row();
    assert_eq!((row.compactions, row.prompts, row.agent_words), (1, 2, 2));
}
