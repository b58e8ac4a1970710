//! Answers that are kept with a goldset: found again by the request they answer, written whole, never lost.

use std::collections::HashSet;
use std::fs;

use harness::domain::answer::{AnswerUsage, Stop};
use harness::domain::request::Hash;
use harness::goldset::load::{self, Goldset};
use harness::goldset::recordings::{self, Recording, Recordings, RecordingsError};
use insta::assert_snapshot;

use crate::workspace::Workspace;

const FILE: &str = "goldsets/tiny/recordings/codebase/model-a.jsonl";

fn goldset(workspace: &Workspace) -> Goldset {
    let definitions =
        harness::classifier::load::load_all(&workspace.path().join("prompts")).unwrap();
    load::load(&workspace.path().join("goldsets/tiny"), &definitions).unwrap()
}

fn hash(seed: &str) -> Hash {
    Hash::of(seed.as_bytes())
}

fn recording(session: &str, request: &str, repeat: u32, raw: &str) -> Recording {
    Recording {
        request_hash: hash(request),
        session_id: session.to_owned(),
        raw: raw.to_owned(),
        stop: Stop::Finished,
        usage: AnswerUsage {
            input_tokens: 10,
            output_tokens: 2,
            cache_read_tokens: 5,
            cache_write_tokens: 1,
            ..AnswerUsage::default()
        },
        when: "2026-11-22".to_owned(),
        obtained: "live".to_owned(),
        family: None,
        repeat,
        variation: None,
    }
}

fn clean(workspace: &Workspace, error: &RecordingsError) -> String {
    error
        .to_string()
        .replace(&workspace.path().display().to_string(), "[workspace]")
}

fn text(workspace: &Workspace) -> String {
    fs::read_to_string(workspace.path().join(FILE)).unwrap()
}

#[test]
fn what_is_written_is_found_again_by_its_request() {
    let workspace = Workspace::new();
    let goldset = goldset(&workspace);
    let odd = "two\nlines \u{0} \u{2028} \"quotes\" é";
    let mut third = recording("s3", "c", 0, "third");
    third.family = Some("llama".to_owned());
    let answers = [
        third,
        recording("s1", "a", 1, "again"),
        recording("s1", "a", 0, odd),
        // Two sessions that look the same ask the same.
        recording("s4", "c", 0, "third"),
    ];
    recordings::write(&goldset, "model-a", "codebase", &answers).unwrap();
    assert_snapshot!(text(&workspace));
    let read = Recordings::load(&goldset, "model-a", &["codebase", "expertise"]).unwrap();
    assert_eq!(read.find("codebase", &hash("a"), 0).unwrap().text, odd);
    assert_eq!(
        read.find("codebase", &hash("a"), 1),
        Some(answers[1].answer())
    );
    assert_eq!(read.find("codebase", &hash("a"), 2), None);
    assert_eq!(read.find("codebase", &hash("b"), 0), None);
    assert_eq!(read.find("expertise", &hash("a"), 0), None);
    assert_eq!(
        read.of("codebase"),
        [2, 1, 0, 3].map(|at: usize| answers[at].clone())
    );
    // The same answers, written again, give the same bytes.
    let before = text(&workspace);
    recordings::write(&goldset, "model-a", "codebase", &answers).unwrap();
    assert_eq!(text(&workspace), before);
}

#[test]
fn every_line_that_is_no_recording_is_told_at_once() {
    let workspace = Workspace::new();
    let goldset = goldset(&workspace);
    let good = serde_json::to_string(&recording("s1", "a", 0, "one")).unwrap();
    let lines = [
        good.clone(),
        String::new(),
        "{\"request_hash\": ".to_owned(),
        good.replace(hash("a").text(), "ABC"),
        good.replace("\"raw\"", "\"answer\""),
        good.replace("\"raw\":\"one\"", "\"raw\":\"one\",\"note\":1"),
        good.replace("\"output_tokens\"", "\"tokens\""),
        good.replace("\"raw\":\"one\"", "\"raw\":\"one\",\"raw\":\"two\""),
        good.replace("\"s1\"", "\"s9\""),
        good.replace("finished", "done"),
        good.replace("\"one\"", "\"another\""),
        good.clone(),
        good.replace("\"s1\"", "\"s2\""),
        good.replace("\"s1\"", "\"s2\"")
            .replace("\"one\"", "\"another\""),
        "[1]".to_owned(),
    ];
    workspace.write(FILE, &format!("\u{feff}{}\r\n", lines.join("\r\n")));
    let error = Recordings::load(&goldset, "model-a", &["codebase"]).unwrap_err();
    assert_snapshot!(clean(&workspace, &error));
    let mut bytes = good.into_bytes();
    bytes.extend(b"\n\xFF\xFE\n");
    fs::write(workspace.path().join(FILE), bytes).unwrap();
    let error = Recordings::load(&goldset, "model-a", &["codebase"]).unwrap_err();
    assert_snapshot!(clean(&workspace, &error));
}

#[test]
fn a_last_line_that_broke_off_is_told_and_not_dropped() {
    let workspace = Workspace::new();
    let goldset = goldset(&workspace);
    let good = serde_json::to_string(&recording("s1", "a", 0, "one")).unwrap();
    workspace.write(FILE, &format!("{good}\n{}", &good[..50]));
    assert!(Recordings::load(&goldset, "model-a", &["codebase"]).is_err());
    let before = text(&workspace);
    let new = [recording("s2", "b", 0, "two")];
    assert!(recordings::write(&goldset, "model-a", "codebase", &new).is_err());
    assert_eq!(text(&workspace), before, "nothing is written over it");
}

#[test]
fn merging_loses_no_line_and_refuses_another_answer_to_the_same_request() {
    let workspace = Workspace::new();
    let goldset = goldset(&workspace);
    let write = |answers: &[Recording]| recordings::write(&goldset, "model-a", "codebase", answers);
    write(&[
        recording("s1", "old", 0, "stale"),
        recording("s2", "b", 0, "two"),
    ])
    .unwrap();
    write(&[
        recording("s1", "new", 0, "fresh"),
        recording("s2", "b", 0, "two"),
    ])
    .unwrap();
    let read = Recordings::load(&goldset, "model-a", &["codebase"]).unwrap();
    assert_eq!(read.of("codebase").len(), 3);
    let before = text(&workspace);
    let error = write(&[
        recording("s4", "d", 0, "four"),
        recording("s2", "b", 0, "not two"),
        recording("s9", "x", 0, "nobody"),
    ])
    .unwrap_err();
    assert_snapshot!(clean(&workspace, &error));
    assert_eq!(text(&workspace), before, "nothing is written");
}

#[test]
fn recordings_of_requests_that_nobody_asks_any_more_are_stale() {
    let workspace = Workspace::new();
    let goldset = goldset(&workspace);
    let answers = [
        recording("s1", "old", 0, "stale"),
        recording("s1", "new", 0, "fresh"),
        recording("s2", "b", 1, "two"),
    ];
    recordings::write(&goldset, "model-a", "codebase", &answers).unwrap();
    let read = Recordings::load(&goldset, "model-a", &["codebase"]).unwrap();
    let wanted = HashSet::from([hash("new"), hash("b")]);
    let stale = read.stale("codebase", &wanted);
    assert_eq!(stale, [&answers[0]]);
    assert!(read.stale("expertise", &wanted).is_empty());
}

#[test]
fn a_file_that_was_being_written_when_the_program_ended_is_ignored() {
    let workspace = Workspace::new();
    let goldset = goldset(&workspace);
    workspace.write(
        "goldsets/tiny/recordings/codebase/.model-a.jsonl.1.tmp",
        "{\"half",
    );
    let own = format!(
        "goldsets/tiny/recordings/codebase/.model-a.jsonl.{}.tmp",
        std::process::id()
    );
    workspace.write(&own, &"x".repeat(10_000));
    assert!(recordings::models(&goldset.folder).is_empty());
    recordings::write(
        &goldset,
        "model-a",
        "codebase",
        &[recording("s1", "a", 0, "one")],
    )
    .unwrap();
    let read = Recordings::load(&goldset, "model-a", &["codebase"]).unwrap();
    assert_eq!(read.of("codebase").len(), 1);
    assert_eq!(recordings::models(&goldset.folder), ["model-a"]);
    assert!(!workspace.path().join(own).exists());
}

#[test]
fn a_place_that_cannot_be_read_or_written_is_told() {
    let workspace = Workspace::new();
    let goldset = goldset(&workspace);
    let answers = [recording("s1", "a", 0, "one")];
    let write = |classifier: &str| recordings::write(&goldset, "model-a", classifier, &answers);
    workspace.write("goldsets/tiny/recordings/codebase", "a file in the way");
    let error = write("codebase").unwrap_err();
    assert!(matches!(error, RecordingsError::Goldset(_)), "{error}");
    fs::create_dir_all(workspace.path().join("goldsets/tiny/recordings/outcome")).unwrap();
    let way = workspace.path().join(format!(
        "goldsets/tiny/recordings/outcome/.model-a.jsonl.{}.tmp",
        std::process::id()
    ));
    fs::create_dir(way).unwrap();
    let error = write("outcome").unwrap_err();
    assert!(matches!(error, RecordingsError::Write { .. }), "{error}");
}

#[test]
fn a_model_without_recordings_is_told_the_nearest_names() {
    let workspace = Workspace::new();
    let goldset = goldset(&workspace);
    let none = recordings::unknown_model(&goldset, "model-a").unwrap();
    let one = [recording("s1", "a", 0, "one")];
    for model in ["model-a", "Qwen/Qwen3:8b", "../../escape", ".hidden"] {
        let path = recordings::write(&goldset, model, "codebase", &one).unwrap();
        assert_eq!(
            path.parent().unwrap(),
            goldset.folder.join("recordings/codebase")
        );
        assert!(recordings::unknown_model(&goldset, model).is_none());
        let read = Recordings::load(&goldset, model, &["codebase"]).unwrap();
        assert_eq!(read.of("codebase").len(), 1);
    }
    let near = recordings::unknown_model(&goldset, "modela").unwrap();
    assert_snapshot!(format!("{none}\n\n{near}"), @r"
    the goldset `tiny` has no recordings of the model `model-a`

    hint: it has no recordings at all; `--record` with a provider's model keeps some

    the goldset `tiny` has no recordings of the model `modela`; the nearest: `model-a`

    hint: there are recordings of `../../escape`, `.hidden`, `Qwen/Qwen3:8b` and `model-a`
    ");
    let read = Recordings::load(&goldset, "modela", &["codebase"]).unwrap();
    assert!(
        read.of("codebase").is_empty(),
        "absent recordings are no error in themselves"
    );
}
