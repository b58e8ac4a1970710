//! `validate import` and `validate telemetry --otlp` as their users run them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::transcript::{Transcript, created};

fn validate(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_validate"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn session(id: &str) -> Transcript {
    Transcript::new()
        .with("sessionId", id)
        .with("entrypoint", "cli")
        .user("Write the file")
        .calls("t1", "Write", json!({"file_path": "/r/b.rs"}))
        .result("t1", "ok", created("/r/b.rs", "a\nb\nc\n"), false)
}

/// A project with a session and its sub-agent's file, and one file that is none.
fn projects() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("projects/-home-ada-parser");
    fs::create_dir_all(project.join("aaaa-1/subagents")).unwrap();
    session("aaaa-1").write(&project.join("aaaa-1.jsonl"));
    session("aaaa-1")
        .with("isSidechain", true)
        .says("m9", "Looked around.")
        .write(&project.join("ignored"));
    Transcript::new()
        .with("sessionId", "aaaa-1")
        .with("isSidechain", true)
        .user("Look around")
        .calls("s1", "Read", json!({"file_path": "/r/a.rs"}))
        .gets("s1", "fn main() {}")
        .write(&project.join("aaaa-1/subagents/agent-77.jsonl"));
    fs::remove_file(project.join("ignored")).unwrap();
    fs::write(project.join("notes.md"), "# Notes\n").unwrap();
    folder
}

fn rows(path: &Path) -> Vec<Value> {
    csv::Reader::from_path(path)
        .unwrap()
        .deserialize::<std::collections::BTreeMap<String, String>>()
        .map(|row| json!(row.unwrap()))
        .collect()
}

#[test]
fn a_folder_becomes_a_goldset_and_a_second_import_adds_only_what_is_new() {
    let folder = projects();
    let import = ["import", "transcripts", "projects", "--out", "gold"];
    let (code, stdout, stderr) = validate(folder.path(), &import);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("2 sessions new"), "{stderr}");
    assert!(stderr.contains("secrets included"), "{stderr}");
    let gold = folder.path().join("gold");
    let sessions = rows(&gold.join("sessions.csv"));
    assert_eq!(sessions.len(), 2);
    assert!(
        sessions
            .iter()
            .all(|row| row["repo"] == "-home-ada-parser" || row["repo"] == "'-home-ada-parser")
    );
    assert_eq!(
        fs::read(gold.join("sessions/aaaa-1.jsonl")).unwrap(),
        session("aaaa-1").bytes()
    );
    let telemetry = rows(&gold.join("telemetry.csv"));
    let parent = telemetry
        .iter()
        .find(|row| row["session_id"] == "aaaa-1")
        .unwrap();
    assert_eq!(parent["actions"], "2", "the sub-agent's action is joined");
    assert_eq!(parent["subagent_actions"], "1");
    assert_eq!(parent["lines_added"], "3");

    let before = ["sessions.csv", "telemetry.csv", "goldset.toml"]
        .map(|name| fs::read(gold.join(name)).unwrap());
    let (code, _, stderr) = validate(folder.path(), &import);
    assert_eq!(code, 0);
    assert!(
        stderr.contains("0 sessions new, 2 already there"),
        "{stderr}"
    );
    let after = ["sessions.csv", "telemetry.csv", "goldset.toml"]
        .map(|name| fs::read(gold.join(name)).unwrap());
    assert!(before == after, "nothing changes");

    let project = folder.path().join("projects/-home-ada-parser");
    session("bbbb-2").write(&project.join("bbbb-2.jsonl"));
    session("aaaa-1")
        .says("m2", "Done.")
        .write(&project.join("aaaa-1.jsonl"));
    let (code, _, stderr) = validate(folder.path(), &import);
    assert_eq!(code, 0);
    assert!(
        stderr.contains("1 session new, 1 replaced by longer transcripts, 1 already there"),
        "{stderr}"
    );
    assert_eq!(rows(&gold.join("sessions.csv")).len(), 3);
    let left: Vec<_> = fs::read_dir(gold.join("sessions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("partial"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_imported_goldset_is_one_for_the_main_job() {
    let folder = projects();
    let (code, _, stderr) = validate(
        folder.path(),
        &["import", "transcripts", "projects", "--out", "gold"],
    );
    assert_eq!(code, 0, "{stderr}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gold = folder.path().join("gold");
    let (code, stdout, stderr) = validate(
        root,
        &[
            "prompts",
            "render",
            "expertise",
            "aaaa-1",
            "--goldset",
            gold.to_str().unwrap(),
        ],
    );
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("Write the file"));
}

#[test]
fn a_hostile_id_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    session("../../evil").write(&folder.path().join("in/x.jsonl"));
    let (code, _, stderr) = validate(
        folder.path(),
        &["import", "transcripts", "in", "--out", "out/gold"],
    );
    assert_eq!(code, 0, "{stderr}");
    assert!(!folder.path().join("evil.jsonl").exists());
    let file = rows(&folder.path().join("out/gold/sessions.csv"))[0]["file"].clone();
    assert!(file.as_str().unwrap().starts_with("session-"), "{file}");
}

#[test]
fn folders_that_hold_something_else_are_left_alone() {
    let folder = projects();
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::write(folder.path().join("mine/thesis.tex"), "x").unwrap();
    let (code, _, stderr) = validate(
        folder.path(),
        &["import", "transcripts", "projects", "--out", "mine"],
    );
    assert_eq!(code, 2);
    assert!(stderr.contains("neither empty nor a goldset"), "{stderr}");
    assert_eq!(fs::read_dir(folder.path().join("mine")).unwrap().count(), 1);
    let (code, _, stderr) = validate(
        folder.path(),
        &["import", "transcripts", "mine", "--out", "new"],
    );
    assert_eq!(code, 2);
    assert!(stderr.contains("holds no transcript"), "{stderr}");
    assert!(!folder.path().join("new").exists());
}

#[test]
fn an_export_adds_columns_and_sessions() {
    let folder = projects();
    let line = |session: &str, lines: u64| {
        json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{
            "name": "claude_code.lines_of_code.count",
            "sum": {"aggregationTemporality": 1, "dataPoints": [{
                "attributes": [
                    {"key": "session.id", "value": {"stringValue": session}},
                    {"key": "type", "value": {"stringValue": "added"}}],
                "startTimeUnixNano": "1", "timeUnixNano": "2", "asInt": lines.to_string()}]}}]}]}]})
        .to_string()
    };
    fs::write(
        folder.path().join("otlp.jsonl"),
        [
            line("aaaa-1", 3),
            line("zzzz-9", 40),
            "{\"resource".to_owned(),
        ]
        .join("\n"),
    )
    .unwrap();
    let arguments = ["telemetry", "projects", "--otlp", "otlp.jsonl", "--format"];
    let (code, stdout, stderr) = validate(folder.path(), &[&arguments[..], &["json"]].concat());
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("otlp.jsonl: 1 line no OTLP"), "{stderr}");
    let rows: Vec<Value> = serde_json::from_str(&stdout).unwrap();
    let row = |id: &str| {
        rows.iter()
            .find(|row| row["session_id"] == id && row["ineligible"] != "subagent")
            .unwrap()
    };
    assert_eq!(rows.len(), 3);
    assert_eq!(row("aaaa-1")["otlp_lines_added"], 3.0);
    assert_eq!(row("aaaa-1")["lines_added"], 3);
    let subagent = rows.iter().find(|row| row["ineligible"] == "subagent");
    assert_eq!(
        subagent.unwrap()["otlp_lines_added"],
        Value::Null,
        "counted once"
    );
    assert_eq!(row("zzzz-9")["otlp_lines_added"], 40.0);
    assert_eq!(
        row("zzzz-9")["lines_added"],
        Value::Null,
        "unknown is not zero"
    );
    let (code, stdout, stderr) = validate(
        folder.path(),
        &[&arguments[..], &["json", "--reconcile"]].concat(),
    );
    assert_eq!(code, 0, "{stderr}");
    let both: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(both["rows"].as_array().unwrap().len(), 3);
    let reconciliation = &both["reconciliation"];
    assert_eq!(
        reconciliation["sessions"],
        json!([
            {"session_id": "aaaa-1", "transcript": 3.0, "otlp": 3.0},
            {"session_id": "zzzz-9", "transcript": null, "otlp": 40.0},
        ])
    );
    assert_eq!(reconciliation["agreement"][0]["sessions"], 1);
    assert_eq!(reconciliation["agreement"][0]["within_a_tenth"], 1.0);
    assert_eq!(reconciliation["agreement"][0]["spearman"], Value::Null);
    let (code, _, stderr) = validate(
        folder.path(),
        &[&arguments[..], &["csv", "--reconcile"]].concat(),
    );
    assert_eq!(code, 2, "{stderr}");
    let (_, csv, _) = validate(folder.path(), &[&arguments[..], &["csv"]].concat());
    assert_eq!(csv.lines().count(), 4);
    assert!(csv.lines().next().unwrap().contains(",otlp_lines_added,"));
}

#[test]
fn a_file_without_any_export_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    session("aaaa-1").write(&folder.path().join("a.jsonl"));
    fs::write(folder.path().join("empty.jsonl"), "").unwrap();
    // One usable file does not excuse the other.
    fs::write(
        folder.path().join("good.jsonl"),
        "{\"resourceMetrics\":[]}\n",
    )
    .unwrap();
    for (name, lines) in [("a.jsonl", "lines"), ("empty.jsonl", "0 lines")] {
        let arguments = [
            "telemetry",
            "a.jsonl",
            "--otlp",
            "good.jsonl",
            "--otlp",
            name,
        ];
        let (code, stdout, stderr) = validate(folder.path(), &arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(
            stderr.contains(&format!("`{name}` holds no OTLP export request")),
            "{stderr}"
        );
        assert!(
            stderr.contains(lines) && stderr.contains("hint: "),
            "{stderr}"
        );
    }
    let arguments = ["telemetry", "a.jsonl", "--otlp", "good.jsonl"];
    assert_eq!(validate(folder.path(), &arguments).0, 0);
}
