//! Prompts typed while the agent works.

use super::*;

#[test]
fn a_dequeued_prompt_counts_where_it_gets_its_own_turn() {
    let session = Transcript::new()
        .queue("enqueue", Some("also the docs"))
        .queue("dequeue", None)
        .user("also the docs");
    assert_eq!(session.heard(), ["Typed: also the docs"]);
    let row = session.row();
    assert_eq!((row.prompts, row.queued_prompts, row.user_words), (1, 0, 3));
}

#[test]
fn a_removed_prompt_of_an_old_client_counts_once() {
    let session = Transcript::new()
        .queue("enqueue", Some("also the docs"))
        .queue("remove", None);
    assert_eq!(session.heard(), ["Queued: also the docs"]);
    let row = session.row();
    assert_eq!((row.prompts, row.queued_prompts, row.user_words), (0, 1, 3));
}

#[test]
fn a_removed_prompt_and_its_attachment_count_once_in_either_order() {
    let waiting = Transcript::new().queue("enqueue", Some("also the docs"));
    let removed_first = waiting
        .clone()
        .queue("remove", None)
        .delivers("also the docs", "prompt");
    let attached_first = waiting
        .delivers("also the docs", "prompt")
        .queue("remove", None);
    for session in [removed_first, attached_first] {
        assert_eq!(session.heard(), ["Queued: also the docs"]);
        assert_eq!(session.row().queued_prompts, 1);
    }
}

#[test]
fn the_same_words_queued_twice_count_twice() {
    let once = |session: Transcript| {
        session
            .queue("enqueue", Some("go on"))
            .queue("remove", None)
            .delivers("go on", "prompt")
    };
    assert_eq!(once(once(Transcript::new())).row().queued_prompts, 2);
    let old = Transcript::new()
        .queue("enqueue", Some("go on"))
        .queue("enqueue", Some("go on"))
        .queue("remove", None)
        .queue("remove", None);
    assert_eq!(old.row().queued_prompts, 2);
}

#[test]
fn prompts_taken_back_into_the_input_field_do_not_count() {
    let session = Transcript::new()
        .queue("enqueue", Some("one"))
        .queue("enqueue", Some("two"))
        .queue("popAll", None)
        .queue("remove", None)
        .queue("dequeue", None);
    assert_eq!(session.heard(), Vec::<String>::new());
}

#[test]
fn the_queue_is_left_in_order() {
    let session = Transcript::new()
        .queue("enqueue", Some("first"))
        .queue("enqueue", Some("second"))
        .queue("dequeue", None)
        .user("first")
        .queue("remove", None);
    assert_eq!(session.heard(), ["Typed: first", "Queued: second"]);
}

#[test]
fn reports_of_tasks_and_commands_in_the_queue_are_no_prompts() {
    for content in [
        "{\"task_id\":\"b1\",\"status\":\"completed\"}",
        "<task-notification>\n<task-id>b1</task-id>\n</task-notification>",
        "/review",
        "",
    ] {
        let session = Transcript::new()
            .queue("enqueue", Some(content))
            .queue("remove", None)
            .delivers(content, "prompt");
        let row = session.row();
        assert_eq!(
            (row.prompts, row.queued_prompts, row.user_words),
            (0, 0, 0),
            "{content}"
        );
    }
    let notified = Transcript::new().delivers("Task b1 is done", "task-notification");
    assert_eq!(notified.heard(), Vec::<String>::new());
}

#[test]
fn a_queued_prompt_can_be_a_list_of_blocks() {
    let attachment = json!({"type": "queued_command", "commandMode": "prompt", "prompt": [text("look here"), {"type": "image"}]});
    let session = Transcript::new().entry("attachment", json!({"attachment": attachment}));
    assert_eq!(session.heard(), ["Queued: look here"]);
}
