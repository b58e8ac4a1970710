//! What holds of any input: reading never panics, order and unknown entries do not matter, secrets do not come through.

use std::fmt::Write as _;

use harness::domain::event::{Event, Listener, Position};
use harness::domain::telemetry::TelemetryRow;
use harness::ingest::claude_code;
use harness::ingest::detect::{Format, detect};
use harness::ingest::redaction::standard_redaction;
use harness::telemetry::words::PromptWords;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::transcript::{SESSION, Transcript, counted, created, patch, tool_result};

/// Debug output of all that is heard, and the vocabulary of the prompts.
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

fn everything(bytes: &[u8]) -> Everything {
    let mut heard = Everything::default();
    claude_code::read(bytes, standard_redaction(), &mut heard).unwrap();
    heard
}

fn row(bytes: &[u8]) -> TelemetryRow {
    counted(bytes, SESSION).0
}

/// One entry of any kind that means something, its text and ids drawn from small pools so that they meet.
fn step() -> impl Strategy<Value = Value> {
    let id = prop_oneof![
        Just("t1"),
        Just("t2"),
        Just("t3"),
        Just("REDACTED"),
        Just("")
    ];
    let known = proptest::sample::select(vec![
        "fix it",
        "[Request interrupted by user]",
        "<system-reminder>a</system-reminder> go",
        "<command-name>/x</command-name>",
        "The user doesn't want to proceed with this tool use",
        "[main abc1234] x",
        "1 failed",
        "https://github.com/o/r/pull/1",
        "",
    ]);
    let words = prop_oneof![9 => known.prop_map(str::to_owned), 1 => "\\PC{0,20}"];
    let command = prop_oneof![
        Just("cargo test"),
        Just("git commit -m x"),
        Just("gh pr create"),
        Just("sed -i s/a/b/ f"),
        Just("ls"),
    ];
    (0..14_u8, id, words, command, any::<bool>(), 0..5_u64).prop_map(|(kind, id, words, command, flag, count)| {
        let text = json!({"type": "text", "text": words});
        let call = |tool: &str, input: Value| json!({"type": "tool_use", "id": id, "name": tool, "input": input});
        let assistant = |block: Value| {
            let usage = json!({"input_tokens": count, "output_tokens": count * 7});
            json!({"type": "assistant", "message": {"id": format!("m{count}"), "model": "x", "content": [block], "usage": usage}})
        };
        let result = |structured: Value| {
            json!({"type": "user", "toolUseResult": structured, "message": {"content": [tool_result(id, &words, flag)]}})
        };
        match kind {
            0 => json!({"type": "user", "isMeta": flag, "message": {"content": words}}),
            1 => json!({"type": "user", "message": {"content": [text]}}),
            2 => assistant(text),
            3 => assistant(call("Bash", json!({"command": command}))),
            4 => assistant(call("Edit", json!({"file_path": words}))),
            5 => result(patch(&words, &[&["+a", "-b"]])),
            6 => result(created("/new", &words)),
            7 => result(json!({"totalToolUseCount": count})),
            8 => json!({"type": "queue-operation", "operation": if flag { "enqueue" } else { "remove" }, "content": words}),
            9 => json!({"type": "attachment", "attachment": {"type": "queued_command", "prompt": words}}),
            10 => json!({"type": "system", "subtype": "turn_duration", "durationMs": count}),
            11 => json!({"type": "system", "subtype": "compact_boundary"}),
            12 => json!({"type": "pr-link", "prUrl": words}),
            _ => json!({"type": "user", "isSidechain": flag, "timestamp": format!("2026-01-01T00:00:0{count}Z"), "message": {"content": words}}),
        }
    })
}

fn steps() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(step(), 0..24)
}

fn written(steps: &[Value]) -> Vec<u8> {
    steps
        .iter()
        .map(|step| format!("{step}\n"))
        .collect::<String>()
        .into_bytes()
}

/// Entries that say nothing, whatever else they hold.
fn unknown() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{}".to_owned()),
        Just(String::new()),
        Just("{\"type\":\"mode\",\"mode\":\"plan\"}".to_owned()),
        Just("{\"type\":\"file-history-snapshot\",\"snapshot\":{\"a\":[1]}}".to_owned()),
        Just(
            "{\"type\":\"progress\",\"data\":{\"type\":\"bash_progress\",\"message\":{}}}"
                .to_owned()
        ),
        "[a-z]{1,9}\\+".prop_map(|kind| {
            json!({"type": kind, "message": {"content": "Hello"}, "content": "x"}).to_string()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_break_neither_reading_nor_detection(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = detect(&bytes);
        let _ = row(&bytes);
    }

    #[test]
    fn broken_entries_break_neither_reading_nor_detection(
        steps in steps(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8),
    ) {
        let mut bytes = written(&steps);
        for (place, byte, how) in cuts {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        let _ = detect(&bytes);
        let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
        prop_assert!(row(&bytes).malformed_lines <= lines);
    }

    #[test]
    fn any_json_value_in_any_field_breaks_nothing(
        mut step in step(),
        field in "type|message|toolUseResult|attachment|data|content|operation|durationMs|timestamp|origin|isSidechain",
        value in json_value(),
    ) {
        step[field] = value;
        let read = row(&written(&[step]));
        prop_assert_eq!(read.malformed_lines, 0);
    }

    #[test]
    fn reading_twice_gives_the_same_row(steps in steps()) {
        let bytes = written(&steps);
        prop_assert_eq!(row(&bytes), row(&bytes));
    }

    #[test]
    fn unknown_entries_change_no_count(
        steps in steps(),
        unknown in proptest::collection::vec((any::<prop::sample::Index>(), unknown()), 1..8),
    ) {
        let plain = written(&steps);
        let mut lines: Vec<String> = steps.iter().map(Value::to_string).collect();
        for (place, line) in unknown {
            lines.insert(place.index(lines.len() + 1), line);
        }
        prop_assert_eq!(row(lines.join("\n").as_bytes()), row(&plain));
    }

    #[test]
    fn gluing_lines_changes_no_count(steps in steps(), glue in proptest::collection::vec(any::<bool>(), 24)) {
        let mut glued = String::new();
        for (step, glue) in steps.iter().zip(glue) {
            glued.push_str(&step.to_string());
            if !glue {
                glued.push('\n');
            }
        }
        prop_assert_eq!(row(glued.as_bytes()), row(&written(&steps)));
    }

    #[test]
    fn padding_and_line_ends_change_no_count(steps in steps(), zeros in 0..9_usize) {
        let plain = written(&steps);
        let text = String::from_utf8(plain.clone()).unwrap();
        let padded = text.replace('\n', &format!("{}\r\n", "\0".repeat(zeros)));
        prop_assert_eq!(row(padded.as_bytes()), row(&plain));
    }

    #[test]
    fn counts_fit_together(steps in steps()) {
        let row = row(&written(&steps));
        prop_assert!(row.subagent_actions <= row.actions);
        prop_assert!(row.rejections <= row.tool_errors);
        prop_assert!(row.test_failures <= row.test_runs, "{row:?}");
        prop_assert_eq!(row.actions_per_prompt.is_none(), row.prompts == 0);
        prop_assert_eq!(row.malformed_lines, 0);
        prop_assert!(row.first_timestamp <= row.last_timestamp);
    }

    #[test]
    fn a_session_with_an_id_is_found_wherever_it_starts(steps in steps(), before in unknown()) {
        let lines = format!("{before}\n{}", String::from_utf8(written(&steps)).unwrap());
        let session = format!("{lines}{{\"type\":\"user\",\"sessionId\":\"{SESSION}\",\"message\":{{}}}}\n");
        prop_assert_eq!(detect(session.as_bytes()), Some(Format::ClaudeCode));
    }

    #[test]
    fn a_secret_in_any_text_does_not_come_through(
        body in "[A-Za-z0-9]{36}",
        before in "[a-z ]{0,12}( |=|\")",
        after in "[ \",\n][a-z ]{0,12}",
        place in 0..PLACES,
    ) {
        let secret = format!("ghp_{body}");
        let session = planted(place, &format!("{before}{secret}{after}"));
        let heard = everything(session.bytes());
        prop_assert!(!heard.shown.is_empty());
        prop_assert!(!heard.shown.contains(&body), "{}", heard.shown);
        let mut vocabulary = format!("{:?}", heard.words);
        vocabulary.make_ascii_lowercase();
        prop_assert!(!vocabulary.contains(&body.to_lowercase()), "{vocabulary}");
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(
                ("type|message|content|text|id|input|lines|[a-z]{1,3}", inner),
                0..4
            )
            .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Number of places in which [`planted`] can put a text.
const PLACES: u8 = 17;

/// A session with `text` in one of the places where transcripts keep text.
fn planted(place: u8, text: &str) -> Transcript {
    let session = Transcript::new();
    let block = |kind: &str| json!({"type": kind, kind: text});
    match place {
        0 => session.user(text),
        1 => session.user(vec![block("text")]),
        2 => session.says("m", text),
        3 => session.block("m", block("thinking")),
        4 => session.runs("t", text),
        5 => session.calls("t", "Edit", json!({"file_path": text, "old_string": text})),
        6 => session.calls("t", "Other", json!({"a": [{"b": text}]})),
        7 => session.gets("t", text),
        8 => session.fails("t", text),
        9 => session.result("t", "ok", patch(text, &[&["+a"]]), false),
        10 => session.user_with(text, json!({"isMeta": true})),
        11 => session.user(format!("<command-name>/x</command-name>{text}")),
        12 => session.queue("enqueue", Some(text)).queue("remove", None),
        13 => session.delivers(text, "prompt"),
        14 => session.entry("pr-link", json!({"prUrl": text})),
        15 => session.with("cwd", text).user("Hello"),
        _ => session.line(format!("{{\"type\": \"user\", \"message\": {text}")),
    }
}

/// Ids, names and versions are told raw: they join events, and no person writes them. A secret there is a client's fault.
#[test]
fn every_place_of_a_text_is_heard() {
    for place in 0..PLACES {
        let heard = everything(planted(place, "harmless").bytes());
        let is_malformed = heard.shown.contains("Malformed");
        assert!(
            heard.shown.contains("harmless") || is_malformed,
            "{place}: {}",
            heard.shown
        );
    }
}
