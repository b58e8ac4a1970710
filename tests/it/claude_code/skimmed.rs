//! What nobody reads is passed over by its brackets and quotes; what is read comes out as strict JSON says.

use harness::domain::event::{Event, Listener, Position};
use harness::ingest::claude_code;
use harness::ingest::redaction::standard_redaction;
use harness::telemetry::counter::Counter;
use serde_json::json;

use super::{SESSION, Transcript, counted, exchange, heard, patch};

/// A line whose field `ignored` nobody reads.
fn with_ignored(value: &str) -> String {
    format!(
        "{{\"ignored\":{value},\"type\":\"user\",\"sessionId\":\"{SESSION}\",\"message\":{{\"content\":\"One\"}}}}"
    )
}

#[test]
fn values_that_nobody_reads_end_where_they_end() {
    for value in [
        r#""a \" quote""#,
        r#""ends in a backslash \\""#,
        r#""\\\\\\\"}]""#,
        r#"{"message":{"content":"no"},"type":"assistant"}"#,
        r#"[["}"],{"]":["\"{"]},-1.5e-7,true,false,null]"#,
        "\"a tab\tas it stands, and \u{1F600}\"",
        r#""half of a character \ud83d""#,
        "  [ ]  ",
        "18446744073709551616",
    ] {
        let session = Transcript::new().line(with_ignored(value));
        assert_eq!(session.heard(), ["Typed: One"], "{value}");
    }
}

#[test]
fn values_that_nobody_reads_have_to_be_closed_and_made_of_words_of_json() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for value in [
        "[}",
        "{]",
        "[\"a\"",
        "{\"a\":1]",
        "tru",
        "nul",
        "nil",
        "'a'",
        "-",
        "01",
        "1.",
        "1e",
        ".5",
        "+1",
        "\"a\"b\"",
        "\u{1}",
        "",
        &deep,
    ] {
        let session = exchange().line(with_ignored(value));
        let (row, problems) = counted(session.bytes(), SESSION);
        assert_eq!(
            (row.malformed_lines, row.prompts),
            (1, 1),
            "{value:.20} {problems:?}"
        );
    }
}

#[test]
fn escapes_say_the_same_as_the_characters() {
    for text in ["One", r"\u004fne", r"On\u0065"] {
        let line = with_ignored("1").replace("One", text);
        assert_eq!(heard(line.as_bytes()), ["Typed: One"]);
        let key = line.replace("\"content\"", r#""c\u006fntent""#);
        assert_eq!(heard(key.as_bytes()), ["Typed: One"]);
    }
    let line = with_ignored("1").replace("One", r"\ud83d\ude00 \ud83d \/\t\u00e9");
    assert_eq!(
        heard(line.as_bytes()),
        ["Typed: \u{1F600} \u{FFFD} /\t\u{e9}"]
    );
}

#[test]
fn a_sign_that_is_written_as_an_escape_is_a_sign() {
    let edit = patch("/a", &[&["+a", "-b", " c", "+d"]]);
    let session = Transcript::new()
        .calls("t1", "Edit", json!({"file_path": "/a"}))
        .result("t1", "done", edit, false);
    let text = String::from_utf8(session.bytes().to_vec()).unwrap();
    let escaped = text
        .replace("\"+", "\"\\u002B")
        .replace("\"-b", "\"\\u002db");
    assert_ne!(text, escaped);
    for bytes in [text.as_bytes(), escaped.as_bytes()] {
        let (row, _) = counted(bytes, SESSION);
        assert_eq!((row.lines_added, row.lines_removed), (2, 1));
    }
}

/// Looks at everything, as a view does, and counts.
#[derive(Default)]
struct Curious(Counter);

impl Listener for Curious {
    fn event(&mut self, at: Position, event: Event<'_>) {
        self.0.event(at, event);
    }
}

fn full() -> Transcript {
    exchange()
        .block("m2", json!({"type": "thinking", "thinking": "Hm."}))
        .runs("t1", "cargo test")
        .gets("t1", "test result: FAILED. 1 passed; 1 failed")
        .runs("t2", "git commit -m x")
        .gets("t2", "[main abc1234] x\n 1 file changed")
        .runs("t3", "gh pr create")
        .gets("t3", "https://github.com/a/b/pull/7")
        .calls("t4", "Read", json!({"file_path": "/a"}))
        .fails("t4", "The user doesn't want to proceed with this tool use.")
        .calls(
            "t5",
            "Write",
            json!({"file_path": "/b", "content": "x\ny\n"}),
        )
        .result(
            "t5",
            "written",
            json!({"type": "create", "filePath": "/b", "content": "x\ny\n", "structuredPatch": []}),
            false,
        )
}

#[test]
fn bodies_that_the_counter_does_not_take_do_not_count() {
    let session = full();
    let (mut counter, mut curious) = (Counter::default(), Curious::default());
    claude_code::read(session.bytes(), standard_redaction(), &mut counter).unwrap();
    claude_code::read(session.bytes(), standard_redaction(), &mut curious).unwrap();
    let (spared, _) = counter.finish("Claude Code", SESSION);
    let (row, _) = curious.0.finish("Claude Code", SESSION);
    assert_eq!(spared, row);
    assert_eq!(
        (row.test_failures, row.commits, row.pull_requests),
        (1, 1, 1)
    );
    assert_eq!((row.rejections, row.lines_added, row.actions), (1, 2, 5));
}

#[test]
fn a_file_that_breaks_off_anywhere_keeps_what_came_before() {
    let session = full();
    let bytes = session.bytes();
    let (whole, _) = counted(bytes, SESSION);
    for length in 0..bytes.len() {
        let (row, problems) = counted(&bytes[..length], SESSION);
        assert!(row.malformed_lines <= 1, "{length}: {problems:?}");
        assert!(row.prompts <= whole.prompts && row.actions <= whole.actions);
        assert!(row.tool_errors <= whole.tool_errors && row.lines_added <= whole.lines_added);
    }
}

/// Lines are taken in place where the source's buffer holds all of one, else put together.
#[test]
fn lines_are_the_same_whatever_the_sources_buffer() {
    let session = full()
        .raw("\0\0\n \0\n\r\n")
        .user("Again")
        .raw("\0\0\n\r\n");
    let (whole, _) = counted(session.bytes(), SESSION);
    assert_eq!((whole.prompts, whole.malformed_lines), (2, 0));
    for size in [1, 2, 7, 64, 300, 1 << 16] {
        let source = std::io::BufReader::with_capacity(size, session.bytes());
        let mut counter = Counter::default();
        claude_code::read(source, standard_redaction(), &mut counter).unwrap();
        let (row, _) = counter.finish("Claude Code", SESSION);
        assert_eq!(row, whole, "{size}");
    }
}
