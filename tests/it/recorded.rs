//! Recorded answers: from files into recordings, from recordings into the store, from the store into figures.

use std::fs;
use std::path::Path;

use harness::domain::request::Hash;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::requests::{in_project, refused, user_line};
use crate::workspace::Workspace;

/// A goldset of three hand-made sessions, a made-up classifier, and answers by way of files: nothing of it touches Rust.
pub(crate) fn three_sessions() -> Workspace {
    let workspace = Workspace::new();
    for entry in fs::read_dir(workspace.path().join("prompts")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        }
    }
    workspace.write("prompts/greeting/classifier.toml", GREETING);
    workspace.write("prompts/greeting/prompt.md", "# {{ title }}\n\n{{ question }}\n{% for label in labels %}\n- `{{ label.name }}`: {{ label.definition }}{% endfor %}\n");
    workspace.write("prompts/greeting/answer.schema.json", GREETING_SCHEMA);
    workspace.write("goldsets/three/goldset.toml", THREE);
    workspace.write("goldsets/three/sessions.csv", "session_id,file,user,date,repo,licence,source\na,a.jsonl,u,2026-01-01,r,MIT,x\nb,b.jsonl,v,2026-01-01,r,MIT,x\nc,c.jsonl,w,2026-01-01,r,MIT,x\n");
    workspace.write("goldsets/three/labels.csv", "session_id,classifier,rater,label,rationale\na,greeting,hand,yes,\nb,greeting,hand,no,\nc,greeting,hand,yes,\n");
    for (id, text) in [("a", "hello there"), ("b", "fix it"), ("c", "good morning")] {
        workspace.write(
            &format!("goldsets/three/sessions/{id}.jsonl"),
            &user_line(id, text),
        );
    }
    workspace
}

const GREETING: &str = r#"title = "Greeting"
question = "Does the user greet the agent?"
scale = "nominal"
[[labels]]
name = "yes"
title = "Yes"
definition = "The user greets."
[[labels]]
name = "no"
title = "No"
definition = "The user does not."
[answer]
fields = ["evidence", "label", "confidence"]
[gate]
statistic = "cohen_kappa"
margin = 0.1
parse_rate = 0.95
"#;

const GREETING_SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["evidence","label","confidence","decisions"],
"properties":{"evidence":{"type":"array","items":{"type":"object","required":["turn","shows"],"properties":{"turn":{"type":"integer"},"shows":{"type":"string"}},"additionalProperties":false}},
"label":{"type":"string","enum":["yes","no"]},"confidence":{"type":"number","minimum":0,"maximum":1},"decisions":{"type":"array","maxItems":0}}}"#;

const THREE: &str = r#"title = "three sessions by hand"
licence = "MIT"
provenance = "written for a test"
synthetic = true
[default]
model = "recorded:m"
against = "hand"
[[raters]]
name = "hand"
kind = "construction"
description = "by construction"
"#;

const MAIN: [&str; 6] = [
    "--classifier",
    "greeting",
    "--goldset",
    "goldsets/three",
    "--format",
    "json",
];

/// Exports the requests and writes an answer for each with these labels.
fn answer(workspace: &Workspace, labels: &[&str]) {
    let export = [
        "requests",
        "export",
        "--goldset",
        "goldsets/three",
        "--out",
        "requests.jsonl",
    ];
    assert_eq!(workspace.run(&export).code, Some(0));
    let requests = fs::read_to_string(workspace.path().join("requests.jsonl")).unwrap();
    let answers: String = requests
        .lines()
        .zip(labels)
        .map(|(line, label)| {
            let request: Value = serde_json::from_str(line).unwrap();
            let text = json!({"evidence": [{"turn": 1, "shows": "the words"}], "label": label, "confidence": 0.9, "decisions": []});
            format!("{}\n", json!({"request_hash": request["request_hash"], "text": text.to_string()}))
        })
        .collect();
    workspace.write("answers.jsonl", &answers);
    let import = [
        "requests",
        "import",
        "answers.jsonl",
        "--goldset",
        "goldsets/three",
        "--model",
        "m",
        "--when",
        "2026-01-02",
    ];
    let ran = workspace.run(&import);
    assert_eq!(ran.code, Some(0), "{ran}");
}

fn parsed(ran: &crate::workspace::Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"))
}

#[test]
fn a_new_classifier_and_a_new_goldset_work_without_touching_rust() {
    let workspace = three_sessions();
    answer(&workspace, &["yes", "no", "YES"]);
    let ran = workspace.run(&MAIN);
    assert_eq!(ran.code, Some(0), "{ran}");
    let result = parsed(&ran);
    let classifier = &result["classifiers"][0];
    assert_eq!(classifier["outcomes"]["parsed"], 3);
    assert_eq!(classifier["agreement"][0]["cohen_kappa"]["value"], 1.0);
    assert_eq!(classifier["prompt_hash"].as_str().unwrap().len(), 64);
    assert!(
        result["rests_on"]
            .to_string()
            .contains("1 with a label in other capitals"),
        "{}",
        result["rests_on"]
    );
}

#[test]
fn a_second_run_takes_every_answer_from_the_store() {
    let workspace = three_sessions();
    answer(&workspace, &["yes", "no", "yes"]);
    let first = parsed(&workspace.run(&MAIN));
    assert_eq!(first["classifiers"][0]["usage"]["from_store"], 0);
    let second = workspace.run(&MAIN);
    assert_eq!(second.code, Some(0), "{second}");
    let second = parsed(&second);
    assert_eq!(second["classifiers"][0]["usage"]["from_store"], 3);
    assert_eq!(
        second["classifiers"][0]["agreement"],
        first["classifiers"][0]["agreement"]
    );
}

#[test]
fn a_recording_that_changed_since_it_was_stored_is_told() {
    let workspace = three_sessions();
    answer(&workspace, &["yes", "no", "yes"]);
    assert_eq!(workspace.run(&MAIN).code, Some(0));
    workspace.edit(
        "goldsets/three/recordings/greeting/m.jsonl",
        "the words",
        "other words",
    );
    assert_snapshot!(refused(&workspace, &MAIN));
}

#[test]
fn no_classifier_at_all_is_refused() {
    let workspace = three_sessions();
    for names in ["", ",", " , "] {
        let ran = workspace.run(&["--classifier", names, "--goldset", "goldsets/three"]);
        assert_eq!(ran.code, Some(2), "{ran}");
    }
}

/// The committed recordings answer every request of the starter set as it is rendered now.
#[test]
fn the_starter_set_is_answered_and_a_second_run_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let run = || {
        let output = in_project(&[
            "--classifier",
            "all",
            "--format",
            "json",
            "--store",
            store.to_str().unwrap(),
        ]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let (first, second) = (run(), run());
    for (first, second) in first["classifiers"]
        .as_array()
        .unwrap()
        .iter()
        .zip(second["classifiers"].as_array().unwrap())
    {
        let failures: u64 = ["refused", "unparsable", "truncated", "errored", "missing"]
            .iter()
            .map(|outcome| first["outcomes"][*outcome].as_u64().unwrap())
            .sum();
        assert_eq!(
            (first["outcomes"]["parsed"].as_u64(), failures),
            (Some(64), 0),
            "{}",
            first["name"]
        );
        assert_eq!(second["usage"]["from_store"], 64);
        assert_eq!(first["agreement"], second["agreement"]);
    }
}

/// People read the pages in a terminal of 80 columns.
#[test]
fn no_page_is_wider_than_80_columns() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    for arguments in [
        &["--classifier", "all"][..],
        &["--classifier", "expertise"],
        &["--classifier", "work-mode"],
        &["--classifier", "decisions"],
    ] {
        for goldset in ["goldsets/starter", "goldsets/public-sessions"] {
            let output = in_project(
                &[
                    arguments,
                    &["--goldset", goldset, "--store", store.to_str().unwrap()],
                ]
                .concat(),
            );
            let text = String::from_utf8(output.stdout).unwrap();
            for line in text.lines() {
                assert!(
                    line.chars().count() <= 80,
                    "{goldset} {arguments:?}: {line}"
                );
            }
        }
    }
}

#[test]
fn missing_answers_are_named_with_the_command_that_asks_and_the_run_is_undecided() {
    let workspace = three_sessions();
    answer(&workspace, &["yes", "no"]);
    let ran = workspace.run(&MAIN);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_eq!(parsed(&ran)["classifiers"][0]["outcomes"]["missing"], 1);
    assert_snapshot!(ran.stderr);
}

#[test]
fn a_changed_prompt_makes_recordings_stale() {
    let workspace = three_sessions();
    answer(&workspace, &["yes", "no", "yes"]);
    workspace.edit(
        "prompts/greeting/prompt.md",
        "{{ question }}",
        "{{ question }} Think twice.",
    );
    let ran = workspace.run(&MAIN);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_eq!(parsed(&ran)["classifiers"][0]["outcomes"]["parsed"], 0);
    assert_snapshot!(ran.stderr);
}

#[test]
fn answers_that_give_no_label_are_counted_apart() {
    let workspace = three_sessions();
    answer(&workspace, &["yes", "perhaps", "no"]);
    let ran = workspace.run(&[&MAIN[..], &["-v"]].concat());
    assert_eq!(ran.code, Some(0), "{ran}");
    let outcomes = parsed(&ran)["classifiers"][0]["outcomes"].clone();
    assert_eq!(
        (outcomes["parsed"].as_u64(), outcomes["unparsable"].as_u64()),
        (Some(2), Some(1))
    );
    assert!(
        ran.stderr.contains("greeting, b: no label:") && ran.stderr.contains("perhaps"),
        "{ran}"
    );
}

#[test]
fn an_unknown_recorded_model_is_refused() {
    let workspace = three_sessions();
    answer(&workspace, &["yes", "no", "yes"]);
    assert_snapshot!(refused(
        &workspace,
        &[&MAIN[..], &["--model", "recorded:n"]].concat()
    ));
}

#[test]
fn a_half_written_store_is_named_and_nothing_is_lost() {
    let workspace = three_sessions();
    answer(&workspace, &["yes", "no", "yes"]);
    assert_eq!(workspace.run(&MAIN).code, Some(0));
    let store = workspace.path().join(".validate/store.db");
    let bytes = fs::read(&store).unwrap();
    fs::write(&store, &bytes[..bytes.len() / 2]).unwrap();
    for beside in ["store.db-wal", "store.db-shm"] {
        let _ = fs::remove_file(workspace.path().join(".validate").join(beside));
    }
    let ran = workspace.run(&MAIN);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran.stderr);
    fs::remove_file(&store).unwrap();
    assert_eq!(
        workspace.run(&MAIN).code,
        Some(0),
        "recorded answers are read again"
    );
}

#[test]
fn a_recording_of_another_request_is_refused_at_the_door() {
    let workspace = three_sessions();
    let hash = Hash::of(b"something else");
    workspace.write(
        "answers.jsonl",
        &format!(
            "{}\n{{\"text\":\"x\"}}\n",
            json!({"request_hash": hash.text(), "text": "x"})
        ),
    );
    let import = [
        "requests",
        "import",
        "answers.jsonl",
        "--goldset",
        "goldsets/three",
        "--model",
        "m",
        "--when",
        "2026-01-02",
    ];
    assert_snapshot!(refused(&workspace, &import));
    assert!(
        !Path::new(&workspace.path().join("goldsets/three/recordings")).exists(),
        "nothing was kept"
    );
}

#[test]
fn a_day_that_is_none_is_refused() {
    let workspace = three_sessions();
    workspace.write("answers.jsonl", "");
    let import = [
        "requests",
        "import",
        "answers.jsonl",
        "--goldset",
        "goldsets/three",
        "--model",
        "m",
        "--when",
        "2026-02-30",
    ];
    assert_snapshot!(refused(&workspace, &import));
}
