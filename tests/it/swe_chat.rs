//! `validate import swe-chat` on folders as downloads leave them: every row is accounted for, nothing is added twice.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;

use harness::ingest::swe_chat::Table as Known;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::swe_chat_files::{DataSet, PUBLISHED, SNAPPY, zstd};
use crate::transcript::{Transcript, created};
use crate::workspace::Ran;

pub(crate) const FIRST: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(crate) const SECOND: &str = "bbbbbbbb-0000-4000-8000-000000000002";

pub(crate) fn transcript(id: &str) -> Vec<u8> {
    Transcript::new()
        .with("sessionId", id)
        .with("entrypoint", "cli")
        .user("Write the file")
        .calls("t1", "Write", json!({"file_path": "/r/b.rs"}))
        .result("t1", "ok", created("/r/b.rs", "a\nb\nc\n"), false)
        .bytes()
        .to_vec()
}

/// Two sessions of two repositories.
pub(crate) fn small() -> DataSet {
    let mut data = DataSet::new();
    data.session(FIRST, "ada/parser", transcript(FIRST));
    data.session(SECOND, "bob/shop", transcript(SECOND));
    data
}

/// Runs the command in `folder`, whose name is taken out of what it says.
pub(crate) fn import(folder: &Path, more: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_validate"))
        .args(["import", "swe-chat"])
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap();
    let clean = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(&folder.display().to_string(), "[folder]")
    };
    Ran {
        code: output.status.code(),
        stdout: clean(output.stdout),
        stderr: clean(output.stderr),
    }
}

/// Imports and expects that it works.
pub(crate) fn imported(folder: &Path, more: &[&str]) -> String {
    let ran = import(folder, more);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.stdout, "");
    ran.stderr
}

pub(crate) fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let below = entry.path().strip_prefix(folder).unwrap();
            (below.display().to_string(), fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn every_row_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = small();
    data.turn(FIRST, 4, "user_prompt", Some(("git", "correction")));
    data.turn(SECOND, 4, "progress", None);
    data.turn(SECOND, 5, "a_new_type", None);
    data.write(&folder.path().join("data"));
    let said = imported(
        folder.path(),
        &["data", "--out", "gold", "--revision", "f66cca95"],
    );
    assert_snapshot!(said);
    let gold = folder.path().join("gold");
    for name in [
        "sessions.csv",
        "swe-chat-labels.csv",
        "swe-chat-turns.csv",
        "attribution.csv",
        "commits.csv",
        "swe-chat-repositories.csv",
        "swe-chat.toml",
        "goldset.toml",
    ] {
        let text = fs::read_to_string(gold.join(name)).unwrap();
        assert_snapshot!(name, text);
    }
    let telemetry = rows(&gold.join("telemetry.csv"));
    assert_eq!(telemetry.len(), 2);
    assert!(telemetry.iter().all(|row| row["lines_added"] == "3"));
    for id in [FIRST, SECOND] {
        assert_eq!(
            fs::read(gold.join(format!("sessions/{id}.jsonl"))).unwrap(),
            transcript(id)
        );
    }
    let counted: u64 = rows(&gold.join("swe-chat-turns.csv"))
        .iter()
        .map(|row| row["rows"].parse::<u64>().unwrap())
        .sum();
    assert_eq!(counted, data.tables["conversations"].rows.len() as u64);
}

#[test]
fn a_second_import_adds_only_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = small();
    data.write(&folder.path().join("data"));
    imported(folder.path(), &["data", "--out", "gold"]);
    let gold = folder.path().join("gold");
    let before = files(&gold);
    let said = imported(folder.path(), &["data", "--out", "gold"]);
    assert!(said.contains("0 sessions new, 2 already there"), "{said}");
    assert!(files(&gold) == before, "nothing changes");

    let third = "cccccccc-0000-4000-8000-000000000003";
    data.session(third, "ada/parser", transcript(third));
    data.write(&folder.path().join("data"));
    let said = imported(folder.path(), &["data", "--out", "gold"]);
    assert!(said.contains("1 session new, 2 already there"), "{said}");
    for (name, of_each) in [
        ("sessions.csv", 1),
        ("swe-chat-labels.csv", 4),
        ("swe-chat-turns.csv", 1),
        ("attribution.csv", 1),
        ("commits.csv", 1),
    ] {
        let rows = rows(&gold.join(name));
        for id in [FIRST, SECOND, third] {
            let own = rows.iter().filter(|row| row["session_id"] == id).count();
            assert_eq!(own, of_each, "{name} of {id}");
        }
        assert_eq!(rows.len(), 3 * of_each, "{name}");
    }
    let raters = fs::read_to_string(gold.join("goldset.toml")).unwrap();
    assert_eq!(raters.matches("[[raters]]").count(), 6);
}

#[test]
fn sessions_that_a_later_copy_lacks_stay() {
    let folder = tempfile::tempdir().unwrap();
    small().write(&folder.path().join("data"));
    imported(folder.path(), &["data", "--out", "gold"]);
    let mut less = DataSet::new();
    less.session(SECOND, "bob/shop", transcript(SECOND));
    less.write(&folder.path().join("less"));
    imported(folder.path(), &["less", "--out", "gold"]);
    let labels = rows(&folder.path().join("gold/swe-chat-labels.csv"));
    assert_eq!(
        labels
            .iter()
            .filter(|row| row["session_id"] == FIRST)
            .count(),
        4
    );
    assert_eq!(
        labels
            .iter()
            .filter(|row| row["session_id"] == SECOND)
            .count(),
        4
    );
}

#[test]
fn the_goldset_is_one_for_the_main_job() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = small();
    data.transcripts.pop();
    data.write(&folder.path().join("data"));
    imported(folder.path(), &["data", "--out", "gold"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gold = folder.path().join("gold");
    let validate = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_validate"))
            .args(arguments)
            .arg("--goldset")
            .arg(&gold)
            .current_dir(root)
            .output()
            .unwrap()
    };
    let output = validate(&["prompts", "render", "expertise", FIRST]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("Write the file"));
    // Its own labels are on no scale of the classifiers, so it has no default gold.
    let output = validate(&["--classifier", "codebase", "--model", "baseline:rules"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("names no default gold rater"), "{stderr}");
}

#[test]
fn a_transcript_that_comes_later_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = small();
    let late = data.transcripts.pop().unwrap();
    data.write(&folder.path().join("data"));
    let said = imported(folder.path(), &["data", "--out", "gold"]);
    assert!(
        said.contains("1 session listed without a transcript"),
        "{said}"
    );
    let gold = folder.path().join("gold");
    assert_eq!(rows(&gold.join("sessions.csv")).len(), 2);
    assert_eq!(rows(&gold.join("telemetry.csv")).len(), 1);
    data.transcripts.push(late);
    data.write_transcripts(&folder.path().join("data"));
    imported(folder.path(), &["data", "--out", "gold"]);
    assert_eq!(rows(&gold.join("telemetry.csv")).len(), 2);
    assert!(gold.join(format!("sessions/{SECOND}.jsonl")).is_file());
}

/// The second release as far as it is described: more columns, more tables, numbers instead of text.
fn second_release() -> DataSet {
    let mut data = small();
    let sessions = data.table("sessions");
    sessions.with_column("prompt_attributions", 's');
    sessions.with_column("sandboxed", 'b');
    // By name, not by place.
    sessions.columns.reverse();
    sessions.retype("session_success", 'f');
    for row in &mut sessions.rows {
        row.insert("session_success", 72.5.into());
        row.insert("prompt_attributions", "[]".into());
    }
    data.table("conversations").with_column("effort", 's');
    data
}

#[test]
fn the_second_release_is_read_by_column_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = second_release();
    data.write(&folder.path().join("data"));
    data.tables["repositories"].write(&folder.path().join("data/subagent_tasks.parquet"), SNAPPY);
    let said = imported(folder.path(), &["data", "--out", "gold"]);
    assert_snapshot!(said);
    let labels = rows(&folder.path().join("gold/swe-chat-labels.csv"));
    let success: Vec<&str> = labels
        .iter()
        .filter(|row| row["label"] == "session_success")
        .map(|row| row["value"].as_str())
        .collect();
    assert_eq!(success, ["72.5", "72.5"]);
    assert!(labels.iter().all(|row| row["in_codebook"] == "yes"));
    let note = fs::read_to_string(folder.path().join("gold/swe-chat.toml")).unwrap();
    assert!(note.contains("version = \"v2\""), "{note}");
}

#[test]
fn releases_are_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    small().write(&folder.path().join("v1"));
    second_release().write(&folder.path().join("v2"));
    imported(folder.path(), &["v1", "--out", "gold"]);
    let before = files(&folder.path().join("gold"));
    let ran = import(folder.path(), &["v2", "--out", "gold"]);
    assert_eq!(ran.code, Some(2));
    assert_snapshot!(ran.stderr);
    assert!(files(&folder.path().join("gold")) == before);
}

#[test]
fn the_revision_is_found_where_downloads_leave_it() {
    let v1 = "f66cca95aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let folder = tempfile::tempdir().unwrap();
    let recorded = |source: &str, out: &str, more: &[&str]| {
        imported(folder.path(), &[&[source, "--out", out], more].concat());
        let note = fs::read_to_string(folder.path().join(out).join("swe-chat.toml")).unwrap();
        let note: toml::Table = note.parse().unwrap();
        let text = |key: &str| note[key].as_str().unwrap().to_owned();
        format!("{} {}", text("version"), text("revision"))
    };
    let cache = "hub/datasets--SALT-NLP--SWE-chat";
    let snapshot = folder.path().join(cache).join("snapshots").join(v1);
    small().write(&snapshot);
    assert_eq!(recorded(cache, "gold-1", &[]), format!("v1 {v1}"));
    assert_eq!(
        recorded(snapshot.to_str().unwrap(), "gold-2", &[]),
        format!("v1 {v1}")
    );

    small().write(&folder.path().join("local"));
    assert_eq!(recorded("local", "gold-3", &[]), "v1 unknown");
    assert_eq!(
        recorded("local", "gold-4", &["--revision", "202b071f"]),
        "v2 202b071f"
    );
    let metadata = folder.path().join("local/.cache/huggingface/download");
    fs::create_dir_all(&metadata).unwrap();
    for (name, _) in PUBLISHED {
        let text = format!("{v1}\netag\n1770000000.0\n");
        fs::write(metadata.join(format!("{name}.parquet.metadata")), text).unwrap();
    }
    assert_eq!(recorded("local", "gold-5", &[]), format!("v1 {v1}"));
    assert_eq!(
        recorded("local", "gold-6", &["--revision", "f66cca95"]),
        format!("v1 {v1}")
    );

    small().write(&folder.path().join("clone"));
    fs::create_dir_all(folder.path().join("clone/.git/refs/heads")).unwrap();
    fs::write(
        folder.path().join("clone/.git/HEAD"),
        "ref: refs/heads/main\n",
    )
    .unwrap();
    fs::write(folder.path().join("clone/.git/refs/heads/main"), v1).unwrap();
    assert_eq!(recorded("clone", "gold-7", &[]), format!("v1 {v1}"));
}

#[test]
fn shards_and_folders_give_the_same_goldset() {
    let folder = tempfile::tempdir().unwrap();
    let data = small();
    data.write(&folder.path().join("single"));
    imported(folder.path(), &["single", "--out", "gold"]);
    let expected = files(&folder.path().join("gold"));

    let sharded = folder.path().join("sharded");
    let mut pieces: HashMap<&str, Vec<crate::swe_chat_files::Table>> = HashMap::new();
    for (name, table) in &data.tables {
        for chunk in table.rows.chunks(table.rows.len().div_ceil(3)) {
            let mut piece = table.clone();
            piece.rows = chunk.to_vec();
            pieces.entry(name).or_default().push(piece);
        }
    }
    for (name, pieces) in &pieces {
        let of = pieces.len();
        for (number, piece) in pieces.iter().enumerate() {
            let shard = format!("{number:05}-of-{of:05}.parquet");
            piece.write(&sharded.join(format!("{name}-{shard}")), zstd());
            let below = format!("data/{name}/train-{shard}");
            piece.write(&folder.path().join("folders").join(below), zstd());
            let below = format!("{name}/partial-train/{number:04}.parquet");
            piece.write(&folder.path().join("converted").join(below), zstd());
        }
    }
    for layout in ["sharded", "folders", "converted"] {
        data.write_transcripts(&folder.path().join(layout));
        let out = format!("gold-{layout}");
        imported(folder.path(), &[layout, "--out", &out]);
        let mut made = files(&folder.path().join(&out));
        let mut expected = expected.clone();
        // The note says how many files there were.
        made.remove("swe-chat.toml");
        expected.remove("swe-chat.toml");
        for (name, bytes) in &expected {
            assert!(made.get(name) == Some(bytes), "{layout}: {name} differs");
        }
        assert_eq!(made.len(), expected.len());
    }
}

#[test]
fn the_columns_are_those_that_were_published() {
    for (name, columns) in PUBLISHED {
        let table = Known::ALL
            .into_iter()
            .find(|table| table.name() == name)
            .unwrap();
        for column in columns.split_ascii_whitespace() {
            let column = column.split(':').next().unwrap();
            assert!(table.is_published(column), "{name}.{column}");
        }
        assert!(!table.is_published("prompt_attributions"));
    }
    let Some(reference) = crate::workspace::reference_data() else {
        return;
    };
    let text = fs::read_to_string(reference.join("design/swe-chat-schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    for (name, columns) in PUBLISHED {
        let ours: Vec<(String, char)> = columns
            .split_ascii_whitespace()
            .map(|column| {
                let (name, kind) = column.split_once(':').unwrap();
                (name.to_owned(), kind.chars().next().unwrap())
            })
            .collect();
        let theirs: Vec<(String, char)> = schema[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| {
                let kind = match column[1].as_str().unwrap() {
                    "int64" => 'i',
                    "float64" => 'f',
                    "bool" => 'b',
                    "timestamp[us,UTC]" => 'u',
                    "timestamp[ns,UTC]" => 'n',
                    _ => 's',
                };
                (column[0].as_str().unwrap().to_owned(), kind)
            })
            .collect();
        assert_eq!(ours, theirs, "{name}");
    }
}
