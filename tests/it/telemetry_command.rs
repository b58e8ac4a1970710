//! `validate telemetry` as its users run it: formats, exit codes, messages, hostile input.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::transcript::{Transcript, created, patch};

/// The columns that the contract fixes, in its order.
const CONTRACT: [&str; 32] = [
    "session_id",
    "agent",
    "agent_version",
    "prompts",
    "slash_commands",
    "actions",
    "actions_per_prompt",
    "agent_words",
    "agent_words_per_prompt",
    "lines_added",
    "lines_removed",
    "files_changed",
    "commits",
    "pull_requests",
    "test_runs",
    "test_failures",
    "tool_errors",
    "rejections",
    "interruptions",
    "compactions",
    "duration_active_s",
    "first_timestamp",
    "last_timestamp",
    "models",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "interactive",
    "lines_coverage",
    "malformed_lines",
    "subagent_lines_added",
];

/// Runs the command in `folder` and gives its exit code, stdout and stderr.
fn telemetry(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_validate"))
        .arg("telemetry")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (
        status.code().unwrap(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

/// A session in which everything happens once.
fn eventful() -> Transcript {
    let usage = json!({"input_tokens": 10, "output_tokens": 200, "cache_read_input_tokens": 3000, "cache_creation_input_tokens": 400});
    Transcript::new()
        .with("version", "2.1.200")
        .with("entrypoint", "cli")
        .with("sessionId", "0000-aaaa")
        .at("10:00:00.000")
        .user("Please fix the parser and open a pull request")
        .at("10:00:05.000")
        .entry("assistant", json!({"message": {"id": "m1", "model": "claude-test-1", "usage": usage, "content": [{"type": "text", "text": "I read it first."}]}}))
        .calls("t1", "Read", json!({"file_path": "/r/a.rs"}))
        .gets("t1", "fn main() {}")
        .calls("t2", "Edit", json!({"file_path": "/r/a.rs"}))
        .result("t2", "ok", patch("/r/a.rs", &[&["-fn main() {}", "+fn main() {", "+}"]]), false)
        .calls("t3", "Write", json!({"file_path": "/r/b.rs"}))
        .result("t3", "ok", created("/r/b.rs", "a\nb\nc\n"), false)
        .at("10:01:00.000")
        .runs("t4", "cargo test 2>&1 | tail -5")
        .gets("t4", "test result: FAILED. 1 passed; 1 failed")
        .runs("t5", "git commit -am 'Fix the parser'")
        .gets("t5", "[main abc1234] Fix the parser")
        .runs("t6", "gh pr create --fill")
        .gets("t6", "https://github.com/o/r/pull/7")
        .runs("t7", "rm b.rs")
        .fails("t7", "The user doesn't want to proceed with this tool use.")
        .user("[Request interrupted by user for tool use]")
        .user("<command-name>/compact</command-name>")
        .system("compact_boundary", json!({}))
        .at("10:02:30.000")
        .says("m2", "Done.")
}

/// A folder with an eventful session, a headless one, a format that is not read and two files that are none.
fn fixture() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    eventful().write(&folder.path().join("2026-03-01-0000-aaaa.jsonl"));
    Transcript::new()
        .with("sessionId", "0000-bbbb")
        .with("entrypoint", "sdk-cli")
        .user("Say yes")
        .line("{\"type\":\"assist")
        .says("m1", "Yes.")
        .write(&folder.path().join("inner/headless.txt"));
    std::fs::write(folder.path().join("notes.md"), "# Notes\n").unwrap();
    std::fs::write(
        folder.path().join("x.metadata.json"),
        "{\n  \"session_id\": \"x\"\n}\n",
    )
    .unwrap();
    std::fs::write(folder.path().join(".hidden"), "{}").unwrap();
    folder
}

fn snapshot(name: &str, format: &str) {
    let folder = fixture();
    let (code, stdout, _) = telemetry(folder.path(), &[".", "--format", format]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(name, stdout);
}

#[test]
fn a_folder_as_a_table() {
    snapshot("telemetry_folder_table", "table");
}

#[test]
fn a_folder_as_csv() {
    snapshot("telemetry_folder_csv", "csv");
}

#[test]
fn a_folder_as_json() {
    snapshot("telemetry_folder_json", "json");
}

#[test]
fn a_folder_as_json_lines() {
    snapshot("telemetry_folder_jsonl", "jsonl");
}

#[test]
fn every_format_shows_the_same_rows() {
    let folder = fixture();
    let output = |format: &str| telemetry(folder.path(), &[".", "--format", format]).1;
    let list: Vec<Value> = serde_json::from_str(&output("json")).unwrap();
    let lines: Vec<Value> = output("jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(list, lines);
    let mut csv = csv::Reader::from_reader(output("csv").into_bytes().leak() as &[u8]);
    let header = csv.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), list.len());
    for (row, object) in rows.iter().zip(&list) {
        let object = object.as_object().unwrap();
        assert!(header.iter().eq(object.keys()));
        for (cell, value) in row.iter().zip(object.values()) {
            let expected = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell, expected);
        }
    }
}

#[test]
fn the_columns_of_the_contract_stand_in_its_order() {
    let folder = fixture();
    let (_, stdout, _) = telemetry(folder.path(), &[".", "--format", "csv"]);
    let header: Vec<&str> = stdout.lines().next().unwrap().split(',').collect();
    for column in CONTRACT.iter().chain(&["subagent_lines_removed"]) {
        assert!(header.contains(column), "{column} is missing");
    }
    let fixed: Vec<&&str> = header
        .iter()
        .filter(|column| CONTRACT[..31].contains(column))
        .collect();
    assert_eq!(fixed, CONTRACT[..31].iter().collect::<Vec<_>>());
}

#[test]
fn a_walked_folder_counts_what_it_passes_over_and_succeeds() {
    let folder = fixture();
    let (code, _, stderr) = telemetry(folder.path(), &["."]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("telemetry_walk_stderr", stderr);
    let (code, _, stderr) = telemetry(folder.path(), &[".", "--verbose"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("telemetry_walk_verbose_stderr", stderr);
}

#[test]
fn a_named_file_that_is_no_transcript_is_an_error() {
    let folder = fixture();
    let (code, stdout, stderr) =
        telemetry(folder.path(), &["2026-03-01-0000-aaaa.jsonl", "notes.md"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    insta::assert_snapshot!("telemetry_named_no_transcript", stderr);
}

#[test]
fn a_named_file_of_another_agent_has_a_row() {
    let folder = fixture();
    let codex = "{\"timestamp\":\"2026-01-01T00:00:00Z\",\"type\":\"session_meta\",\"payload\":{\"id\":\"c\"}}\n";
    std::fs::write(folder.path().join("renamed.txt"), codex).unwrap();
    let (code, stdout, stderr) = telemetry(folder.path(), &["renamed.txt", "--format", "json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let rows: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&rows[0]["agent"], &rows[0]["session_id"]),
        (&json!("Codex"), &json!("c"))
    );
}

/// Newer clients keep each sub-agent's messages in a file of its own, under the id of the session that started it.
#[test]
fn a_sub_agents_file_is_joined_to_its_session() {
    let folder = tempfile::tempdir().unwrap();
    let session = Transcript::new().with("sessionId", "0000-cccc");
    session
        .clone()
        .user("Look around")
        .calls("t1", "Agent", json!({"prompt": "look"}))
        .write(&folder.path().join("0000-cccc.jsonl"));
    let inside = session.with("isSidechain", true).user("look");
    inside
        .calls("s1", "Read", json!({"file_path": "/r/a"}))
        .calls("s2", "Edit", json!({"file_path": "/r/a"}))
        .result("s2", "ok", patch("/r/a", &[&["-a", "+b", "+c"]]), false)
        .write(&folder.path().join("agent-1.jsonl"));
    let (code, stdout, _) = telemetry(folder.path(), &[".", "--format", "json"]);
    assert_eq!(code, 0);
    let rows: Value = serde_json::from_str(&stdout).unwrap();
    let (parent, child) = (&rows[0], &rows[1]);
    assert_eq!(child["ineligible"], "subagent");
    assert_eq!(
        (&parent["actions"], &parent["subagent_actions"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(parent["subagent_lines_added"], json!(2));
    assert_eq!(parent["lines_added"], json!(0));
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let folder = fixture();
    let (code, stdout, stderr) = telemetry(folder.path(), &["nowhere"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    insta::assert_snapshot!("telemetry_missing_path", stderr);
}

#[test]
fn no_path_is_wrong_usage() {
    let folder = fixture();
    let (code, stdout, _) = telemetry(folder.path(), &[]);
    assert_eq!((code, stdout.as_str()), (2, ""));
}

#[test]
fn a_folder_without_transcripts_is_said_and_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = telemetry(folder.path(), &[".", "--format", "json"]);
    assert_eq!((code, stdout.as_str()), (0, "[]\n"));
    assert_eq!(stderr, "no transcript in the given paths\n");
}

#[test]
fn unreadable_lines_are_named_on_demand_without_their_text() {
    let folder = fixture();
    let (code, _, stderr) = telemetry(folder.path(), &["inner/headless.txt", "-v"]);
    assert_eq!(code, 0);
    assert_eq!(
        stderr,
        "inner/headless.txt:2: JSON that breaks off at column 15\n"
    );
    let (_, _, quiet) = telemetry(folder.path(), &["inner/headless.txt"]);
    assert_eq!(quiet, "");
}

#[test]
fn a_hostile_id_opens_no_formula_and_moves_no_cursor() {
    let hostile = [
        "=cmd()",
        "+1+cmd",
        "@SUM(A1)",
        "-2+3",
        "\u{1b}[2Jgone",
        "a\u{202e}b",
        "a,\"b\"\nc",
    ];
    for id in hostile {
        let folder = tempfile::tempdir().unwrap();
        Transcript::new()
            .with("sessionId", id)
            .with("version", id)
            .user("Hello")
            .write(&folder.path().join("x.jsonl"));
        let (code, csv, _) = telemetry(folder.path(), &[".", "--format", "csv"]);
        assert_eq!(code, 0);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 1, "{csv}");
        for cell in rows[0].iter() {
            assert!(!cell.starts_with(['=', '+', '@', '-']), "{cell:?}");
        }
        let (_, table, _) = telemetry(folder.path(), &["."]);
        assert_eq!(table.lines().count(), 5, "{table}");
        for text in [csv, table] {
            let unsafe_character = |character: char| {
                character.is_control() && character != '\n' || character == '\u{202e}'
            };
            assert!(!text.contains(unsafe_character), "{text:?}");
        }
        let (_, json, _) = telemetry(folder.path(), &[".", "--format", "json"]);
        let rows: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(rows[0]["session_id"], id, "JSON keeps the id as it is");
    }
}

#[cfg(unix)]
#[test]
fn a_hostile_file_name_moves_no_cursor() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("\u{1b}[2J.md"), "# Notes").unwrap();
    let (code, _, stderr) = telemetry(folder.path(), &[".", "--verbose"]);
    assert_eq!(code, 0);
    assert!(
        stderr.contains("\\u{1b}[2J.md") && !stderr.contains('\u{1b}'),
        "{stderr:?}"
    );
}

/// Reading a pipe that nobody writes to never ends.
#[cfg(unix)]
#[test]
fn a_walk_reads_files_only() {
    let folder = fixture();
    let inner = folder.path().join("inner");
    let made = Command::new("mkfifo")
        .arg(inner.join("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    // A walk that opened the pipe would get nothing from this writer and name the pipe, instead of hanging the test.
    let pipe = inner.join("pipe");
    std::thread::spawn(move || std::fs::OpenOptions::new().write(true).open(pipe));
    let _socket = std::os::unix::net::UnixListener::bind(inner.join("socket")).unwrap();
    std::os::unix::fs::symlink(folder.path(), inner.join("loop")).unwrap();
    std::os::unix::fs::symlink("headless.txt", inner.join("link.jsonl")).unwrap();
    std::os::unix::fs::symlink("nowhere", inner.join("dangling")).unwrap();
    let (code, stdout, stderr) = telemetry(&inner, &[".", "--format", "jsonl"]);
    assert_eq!((code, stdout.lines().count()), (0, 2), "{stderr}");
    assert_eq!(stderr, "");
}
