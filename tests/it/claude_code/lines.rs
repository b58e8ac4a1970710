//! Lines of every shape: glued, broken, padded, enormous.

use super::*;

#[test]
fn two_objects_glued_on_a_line_both_count() {
    let bare = Transcript::new();
    let glued = bare.object("user", json!({"message": {"content": "One"}}))
        + &bare.object("user", json!({"message": {"content": "Two"}}));
    let session = bare.line(glued).user("Three");
    assert_eq!(
        session.heard(),
        ["Typed: One", "Typed: Two", "Typed: Three"]
    );
    assert_eq!(session.row().malformed_lines, 0);
}

#[test]
fn of_an_object_glued_to_garbage_the_object_counts_and_the_line_is_malformed() {
    let bare = Transcript::new();
    let glued = bare.object("user", json!({"message": {"content": "One"}})) + "{\"type\": nope";
    let session = bare.line(glued).user("Two");
    let heard = session.heard();
    assert_eq!(heard[0], "Typed: One");
    assert!(
        heard[1].starts_with("line 1 malformed: broken JSON"),
        "{heard:?}"
    );
    assert_eq!(heard[2], "Typed: Two");
    assert_eq!(session.row().malformed_lines, 1);
}

#[test]
fn a_malformed_line_is_told_without_its_text() {
    let (row, problems) = counted(b"{\"type\": \"user\", \"message\": hunter2}\n", SESSION);
    assert_eq!(row.malformed_lines, 1);
    assert_eq!(problems[0].line, 1);
    assert_eq!(problems[0].reason, "broken JSON at column 29");
}

#[test]
fn a_line_that_breaks_off_is_malformed_and_the_rest_is_read() {
    let session = exchange().line("{\"type\":\"user\",\"message\":{\"content\":\"Ha");
    let heard = session.heard();
    assert_eq!(heard[..2], EXCHANGE);
    assert!(
        heard[2].starts_with("line 3 malformed: JSON that breaks off"),
        "{heard:?}"
    );
    assert_eq!(session.row().malformed_lines, 1);
}

#[test]
fn a_line_that_holds_no_object_is_malformed() {
    for line in ["null", "42", "\"user\"", "[]", "[\"user\"]"] {
        let row = exchange().line(line).row();
        assert_eq!((row.malformed_lines, row.prompts), (1, 1), "{line}");
    }
}

#[test]
fn nul_bytes_inside_a_line_and_as_padding_are_passed_over() {
    let plain = exchange().bytes().to_vec();
    let middle = plain.len() / 3;
    let mut padded = plain[..middle].to_vec();
    padded.extend([0; 7]);
    padded.extend(&plain[middle..]);
    padded.extend([0; 4096]);
    padded.push(b'\n');
    padded.extend([0; 4096]);
    assert_eq!(heard(&padded), EXCHANGE);
    assert_eq!(counted(&padded, SESSION).0.malformed_lines, 0);
}

#[test]
fn broken_utf_8_costs_its_characters_and_not_the_line() {
    let session = Transcript::new()
        .raw(b"{\"type\":\"user\",\"message\":{\"content\":\"caf\xE9 \xFF\xFE ok\"}}\n")
        .user("Next");
    assert_eq!(
        session.heard(),
        ["Typed: caf\u{fffd} \u{fffd}\u{fffd} ok", "Typed: Next"]
    );
    assert_eq!(session.row().malformed_lines, 0);
}

/// JavaScript cuts strings between the halves of a character and writes the half as an escape.
#[test]
fn half_a_character_as_an_escape_costs_that_character_and_not_the_line() {
    let session = Transcript::new()
        .raw(r#"{"type":"user","message":{"content":"cut \ud83d"}}"#)
        .raw("\n")
        .raw(r#"{"type":"user","message":{"content":"cut \uDE00 \\ud83d \ud83d\ude00"}}"#)
        .raw("\n");
    assert_eq!(
        session.heard(),
        [
            "Typed: cut \u{fffd}",
            "Typed: cut \u{fffd} \\ud83d \u{1f600}"
        ]
    );
    assert_eq!(session.row().malformed_lines, 0);
}

#[test]
fn half_a_character_in_the_second_of_two_glued_objects_repeats_nothing() {
    let bare = Transcript::new();
    let glued = bare.object("user", json!({"message": {"content": "One"}}))
        + r#"{"type":"user","message":{"content":"Two \ud83d"}}"#;
    let session = bare.line(glued);
    assert_eq!(session.heard(), ["Typed: One", "Typed: Two \u{fffd}"]);
    assert_eq!(session.row().malformed_lines, 0);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let session = Transcript::new().raw("\u{feff}").user("Hello");
    assert_eq!(session.heard(), ["Typed: Hello"]);
    assert_eq!(session.row().malformed_lines, 0);
}

#[test]
fn windows_line_ends_are_line_ends() {
    let windows = String::from_utf8(exchange().bytes().to_vec())
        .unwrap()
        .replace('\n', "\r\n");
    assert_eq!(heard(windows.as_bytes()), EXCHANGE);
    assert_eq!(counted(windows.as_bytes(), SESSION).0.malformed_lines, 0);
}

#[test]
fn a_last_line_without_an_end_counts() {
    let session = exchange();
    let bytes = session.bytes();
    assert_eq!(heard(&bytes[..bytes.len() - 1]), EXCHANGE);
}

#[test]
fn blank_lines_are_passed_over_and_keep_their_numbers() {
    let session = Transcript::new()
        .line("")
        .line(" \t ")
        .line("{")
        .user("Hello");
    assert_eq!(
        session.heard(),
        [
            "line 3 malformed: JSON that breaks off at column 1",
            "Typed: Hello"
        ]
    );
}

#[test]
fn an_empty_file_is_an_empty_session() {
    for bytes in [&b""[..], b"\n\n", b"\0\0\0"] {
        let (row, problems) = counted(bytes, "stem");
        assert_eq!(row.session_id, "stem");
        assert_eq!((row.prompts, row.actions, row.malformed_lines), (0, 0, 0));
        assert_eq!(row.duration_active_s, None);
        assert_eq!(row.actions_per_prompt, None);
        assert_eq!(row.first_timestamp, None);
        assert!(problems.is_empty());
    }
}

#[test]
fn a_line_of_three_megabytes_is_read() {
    let picture = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A".repeat(3 << 20)}});
    let session = Transcript::new()
        .user(vec![picture, text("What is this?")])
        .says("m1", "A wall.");
    assert_eq!(
        session.heard(),
        ["Typed: What is this? +1 images", "agent: A wall."]
    );
    assert_eq!(session.row().malformed_lines, 0);
}

#[test]
fn a_line_over_the_limit_is_skipped_and_counted_and_the_rest_is_read() {
    let limit = harness::ingest::lines::LONGEST_LINE;
    let entry = "{\"type\":\"user\",\"message\":{\"content\":\"\"}}";
    let padding = " ".repeat(limit - entry.len());
    let fits = format!("{padding}{entry}");
    let session = Transcript::new()
        .user("Before")
        .line(format!("{fits} "))
        .user("After")
        .line(fits);
    assert_eq!(
        session.heard(),
        [
            "Typed: Before",
            "line 2 malformed: longer than 32 MiB",
            "Typed: After"
        ]
    );
    assert_eq!(session.row().malformed_lines, 1);
}
