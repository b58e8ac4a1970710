//! Damaged and hostile files of every format: they are counted, never fatal, and take no more memory than they may.

use std::io::{BufReader, Read, repeat};

use harness::ingest::detect::Format;
use harness::ingest::file::read_as;
use harness::ingest::redaction::standard_redaction;
use harness::telemetry::counter::Counter;

use super::examples;
use crate::transcript::counted_as;

#[test]
fn files_that_break_off_keep_what_came_before() {
    for (format, bytes) in examples() {
        let (whole, _) = counted_as(format, &bytes, "s");
        for length in 0..bytes.len() {
            let (row, problems) = counted_as(format, &bytes[..length], "s");
            assert!(row.malformed_lines <= 1, "{format} {length}: {problems:?}");
            assert!(row.prompts <= whole.prompts && row.actions <= whole.actions);
        }
        let (row, _) = counted_as(format, &bytes[..bytes.len() * 9 / 10], "s");
        assert_eq!(row.prompts, 1, "{format}");
    }
}

#[test]
fn padding_and_line_ends_change_nothing() {
    for (format, bytes) in examples() {
        let (whole, _) = counted_as(format, &bytes, "s");
        let text = String::from_utf8(bytes).unwrap();
        for changed in [
            text.replace('\n', "\r\n"),
            text.replace('\n', "\0\0\n"),
            format!("\u{feff}{text}{}", "\0".repeat(4096)),
            format!("\n\n{text}\n\n"),
        ] {
            let (row, problems) = counted_as(format, changed.as_bytes(), "s");
            assert_eq!(row, whole, "{format}: {problems:?}");
        }
    }
}

#[test]
fn glued_lines_change_nothing() {
    for (format, bytes) in examples() {
        if matches!(format, Format::OpenCode | Format::Gemini) {
            continue;
        }
        let (whole, _) = counted_as(format, &bytes, "s");
        let glued = String::from_utf8(bytes).unwrap().replace('\n', "");
        let (mut row, problems) = counted_as(format, glued.as_bytes(), "s");
        // Without lines of their own the counter's reports cannot be told apart by place.
        row.input_tokens = whole.input_tokens;
        row.output_tokens = whole.output_tokens;
        row.cache_read_tokens = whole.cache_read_tokens;
        assert_eq!(row, whole, "{format}: {problems:?}");
    }
}

#[test]
fn glued_documents_are_both_read() {
    for (format, bytes) in examples() {
        if !matches!(format, Format::OpenCode) {
            continue;
        }
        let (row, problems) = counted_as(format, &[bytes.clone(), bytes].concat(), "s");
        assert!(problems.is_empty());
        assert_eq!(row.prompts, 2);
    }
}

#[test]
fn garbage_is_counted_and_passed_over() {
    for (format, bytes) in examples() {
        let (whole, _) = counted_as(format, &bytes, "s");
        for garbage in [
            "garbage\n",
            "{\"type\":\n",
            "[1,2]\n",
            "3\n",
            "\u{fffd}\u{fffd}\n",
        ] {
            let before = [garbage.as_bytes(), &bytes].concat();
            let (row, problems) = counted_as(format, &before, "s");
            assert!(row.malformed_lines >= 1, "{format} {garbage:?}");
            if !matches!(format, Format::OpenCode | Format::Gemini) {
                assert_eq!((row.prompts, row.actions), (whole.prompts, whole.actions));
                assert_eq!(problems.len(), 1);
            }
        }
    }
}

#[test]
fn broken_characters_spoil_no_line() {
    for (format, bytes) in examples() {
        let (whole, _) = counted_as(format, &bytes, "s");
        let text = String::from_utf8(bytes).unwrap();
        let half = text.replace("I look first.", "I look \\ud83d");
        let (row, _) = counted_as(format, half.as_bytes(), "s");
        assert_eq!(
            (row.agent_words, row.malformed_lines),
            (whole.agent_words, 0)
        );
        let at = text.find("I look").unwrap();
        let mut broken = text.into_bytes();
        broken[at] = 0xFF;
        let (row, _) = counted_as(format, &broken, "s");
        assert_eq!(
            (row.agent_words, row.malformed_lines),
            (whole.agent_words, 0)
        );
    }
}

#[test]
fn deep_nesting_is_a_malformed_line() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for (format, bytes) in examples() {
        let text = String::from_utf8(bytes).unwrap();
        let hostile = text.replacen("\"I look first.\"", &deep, 1);
        let (row, _) = counted_as(format, hostile.as_bytes(), "s");
        assert!(row.malformed_lines <= 1, "{format}");
        assert_eq!(row.prompts, 1, "{format}");
    }
}

/// A part of 40 MB is over the limit and is left out; what follows it is read.
#[test]
fn huge_parts_are_left_out() {
    for (format, bytes) in examples() {
        let text = String::from_utf8(bytes).unwrap();
        let (before, after) = text.split_once("I look first.").unwrap();
        let source = before
            .as_bytes()
            .chain(repeat(b'a').take(40 << 20))
            .chain(after.as_bytes());
        let mut counter = Counter::default();
        read_as(
            format,
            BufReader::new(source),
            standard_redaction(),
            &mut counter,
        )
        .unwrap();
        let (row, problems) = counter.finish(format.agent(), "s");
        assert_eq!((row.malformed_lines, row.prompts), (1, 1), "{format}");
        assert!(
            problems[0].reason.contains("longer than 32 MiB"),
            "{problems:?}"
        );
    }
}

#[test]
fn fields_of_other_types_read_as_absent() {
    for (format, bytes) in examples() {
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [
            ("\"type\":", "\"type\":7,\"was\":"),
            ("\"content\":", "\"content\":{\"a\":[]},\"was\":"),
            ("\"timestamp\":", "\"timestamp\":[],\"was\":"),
            ("\"parts\":", "\"parts\":null,\"was\":"),
            ("\"data\":", "\"data\":3,\"was\":"),
            ("\"payload\":", "\"payload\":\"x\",\"was\":"),
            ("\"message\":", "\"message\":false,\"was\":"),
            ("\"arguments\":", "\"arguments\":{\"cmd\":[1]},\"was\":"),
            ("\"toolCalls\":", "\"toolCalls\":{},\"was\":"),
            ("\"state\":", "\"state\":[],\"was\":"),
            ("\"tokens\":", "\"tokens\":\"many\",\"was\":"),
        ] {
            let (row, problems) = counted_as(format, text.replace(from, to).as_bytes(), "s");
            assert_eq!(row.malformed_lines, 0, "{format} {from}: {problems:?}");
        }
    }
}
