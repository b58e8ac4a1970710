//! `validate import entire` and `validate telemetry --entire` as their users run them, on repositories made for the purpose.

mod commits;
mod evidence;
mod hostile;
mod imports;
mod real;
mod repository;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::transcript::{Transcript, created};

type Row = BTreeMap<String, String>;

/// Runs the binary in `folder`; the folder's own path is taken out of what it says.
fn validate(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = command(folder, arguments).output().unwrap();
    let clean = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(&folder.display().to_string(), "[folder]")
    };
    (
        output.status.code().unwrap(),
        clean(output.stdout),
        clean(output.stderr),
    )
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_validate"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder);
    command
}

/// `import entire repo --out gold`, which has to succeed; gives what it says.
fn import(folder: &Path, more: &[&str]) -> String {
    let arguments = [&["import", "entire", "repo", "--out", "gold"], more].concat();
    let (code, stdout, stderr) = validate(folder, &arguments);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    stderr
}

fn rows(path: &Path) -> Vec<Row> {
    csv::Reader::from_path(path)
        .unwrap()
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn ids(path: &Path) -> Vec<String> {
    rows(path)
        .into_iter()
        .map(|row| row["session_id"].clone())
        .collect()
}

/// A session of so many turns, a minute each, each of which writes three lines.
fn session(id: &str, turns: u32) -> Transcript {
    part_of(id, 1, turns)
}

/// The turns from `first` to `last` of such a session.
fn part_of(id: &str, first: u32, last: u32) -> Transcript {
    (first..=last).fold(
        Transcript::new()
            .with("sessionId", id)
            .with("entrypoint", "cli"),
        |transcript, turn| {
            let call = format!("t{turn}");
            transcript
                .at(&format!("10:{turn:02}:00.000"))
                .user(format!("Turn {turn}"))
                .calls(
                    &call,
                    "Write",
                    json!({"file_path": format!("/r/{turn}.rs")}),
                )
                .result(
                    &call,
                    "ok",
                    created(&format!("/r/{turn}.rs"), "a\nb\nc\n"),
                    false,
                )
        },
    )
}
