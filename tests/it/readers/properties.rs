//! What holds of any input to any reader: nothing panics, counts fit together, secrets do not come through.

use std::fmt::Write as _;

use harness::domain::event::{Event, Listener, Position};
use harness::ingest::detect::{Format, detect};
use harness::ingest::file::read_as;
use harness::ingest::redaction::standard_redaction;
use harness::telemetry::words::PromptWords;
use proptest::prelude::*;

use super::examples;
use crate::transcript::counted_as;

const FORMATS: [Format; 6] = [
    Format::ClaudeCode,
    Format::Codex,
    Format::OpenCode,
    Format::Gemini,
    Format::Copilot,
    Format::Cursor,
];

#[derive(Default)]
struct Everything {
    shown: String,
    words: PromptWords,
}

impl Listener for Everything {
    fn event(&mut self, at: Position, event: Event<'_>) {
        self.words.hear(&event);
        writeln!(self.shown, "{at:?} {event:?}").unwrap();
    }
}

fn check(format: Format, bytes: &[u8]) {
    let _ = detect(bytes);
    let (row, _) = counted_as(format, bytes, "s");
    assert!(row.subagent_actions <= row.actions);
    assert!(row.rejections <= row.tool_errors);
    assert!(row.test_failures <= row.test_runs);
    assert!(row.first_timestamp <= row.last_timestamp);
    assert_eq!(counted_as(format, bytes, "s").0, row, "reading twice");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_break_no_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in FORMATS {
            check(format, &bytes);
        }
    }

    #[test]
    fn changed_bytes_break_no_reader(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..5_u8), 1..12),
    ) {
        for (format, mut bytes) in examples() {
            for (place, byte, how) in &cuts {
                if bytes.is_empty() {
                    break;
                }
                let at = place.index(bytes.len());
                match how {
                    0 => bytes[at] = *byte,
                    1 => bytes.insert(at, *byte),
                    2 => drop(bytes.remove(at)),
                    3 => bytes[at] = b"{}[]\",:\\0"[usize::from(*byte) % 9],
                    _ => bytes.truncate(at),
                }
            }
            check(format, &bytes);
        }
    }

    #[test]
    fn another_formats_file_breaks_no_reader(which in 0..5_usize) {
        let (_, bytes) = &examples()[which];
        for format in FORMATS {
            check(format, bytes);
        }
    }

    #[test]
    fn lines_in_any_order_break_no_reader(order in Just((0..20_usize).collect::<Vec<_>>()).prop_shuffle()) {
        for (format, bytes) in examples() {
            let text = String::from_utf8(bytes).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let shuffled: Vec<&str> = order.iter().filter_map(|at| lines.get(*at).copied()).collect();
            check(format, shuffled.join("\n").as_bytes());
        }
    }

    #[test]
    fn a_secret_in_any_text_does_not_come_through(body in "[A-Za-z0-9]{36}") {
        let secret = format!("see ghp_{body} ");
        for (format, bytes) in examples() {
            let text = String::from_utf8(bytes).unwrap();
            for place in ["Fix the parser", "I look first.", "cargo test", "1 failed", "think", "/r/a", "a.rs", "ses_1"] {
                let planted = text.replace(place, &secret);
                let mut heard = Everything::default();
                read_as(format, planted.as_bytes(), standard_redaction(), &mut heard).unwrap();
                prop_assert!(!heard.shown.contains(&body), "{format} {place}: {}", heard.shown);
                let words = format!("{:?}", heard.words).to_lowercase();
                prop_assert!(!words.contains(&body.to_lowercase()), "{words}");
            }
        }
    }
}
