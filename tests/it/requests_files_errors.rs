//! Files of answers that cannot be used, and what is said of them.

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::recorded::three_sessions;
use crate::requests_files::{
    ANTHROPIC, OPENAI, anthropic_result, export, files_like, greeting, import, lines, read,
};
use crate::workspace::{Ran, Workspace};

const KEPT: &str = "goldsets/three/recordings/greeting/m.jsonl";

/// Three sessions whose requests are exported, and the ids of the requests.
fn exported() -> (Workspace, Vec<Value>) {
    let workspace = three_sessions();
    let ran = export(&workspace, &["--format", "anthropic", "--model", ANTHROPIC]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let ids = lines(&workspace, "requests.jsonl")
        .into_iter()
        .map(|line| line["custom_id"].clone())
        .collect();
    (workspace, ids)
}

fn nothing_kept(workspace: &Workspace, ran: &Ran) {
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(!workspace.path().join("goldsets/three/recordings").exists());
    assert!(!workspace.path().join("answers.db").exists());
}

#[test]
fn requests_that_ended_without_an_answer_are_counted_and_stay_missing() {
    let (workspace, ids) = exported();
    let ended = |id: &Value, result: Value| json!({"custom_id": id, "result": result});
    let refused = json!({"type": "errored", "error": {"type": "error", "request_id": "req_1",
        "error": {"type": "invalid_request_error", "message": "max_tokens: too\nlarge"}}});
    let text = [
        ended(&ids[0], refused),
        ended(&ids[1], json!({"type": "expired"})),
        ended(&ids[2], json!({"type": "canceled"})),
        anthropic_result(&ids[2], &greeting("yes")),
    ];
    workspace.write(
        "results.jsonl",
        &text.map(|line| format!("{line}\n")).concat(),
    );
    let ran = import(&workspace, &["results.jsonl"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_snapshot!(ran.stderr);
    assert_eq!(lines(&workspace, KEPT).len(), 1);
    export(
        &workspace,
        &[
            "--format",
            "anthropic",
            "--model",
            ANTHROPIC,
            "--missing",
            "m",
        ],
    );
    assert_eq!(lines(&workspace, "requests.jsonl").len(), 2);
}

/// The vendor's error file, vLLM's way of putting errors, and an error under status 200.
#[test]
fn errors_of_the_openai_form_are_told_wherever_they_stand() {
    let (workspace, ids) = exported();
    let response =
        |status: u16, body: Value| json!({"status_code": status, "request_id": "r", "body": body});
    let text = [
        json!({"id": "1", "custom_id": ids[0], "response": null, "error": {"code": "batch_expired", "message": "not executed before the window ended"}}),
        json!({"id": "2", "custom_id": ids[1], "response": response(429, json!({"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}})), "error": null}),
        json!({"id": "3", "custom_id": ids[2], "response": response(200, json!({"error": {"message": "provider returned error", "code": 502}})), "error": null}),
        json!({"id": "4", "custom_id": ids[0], "response": {"status_code": 400, "request_id": "vllm-batch-1", "body": null}, "error": "The model does not support this"}),
        json!({"id": "5", "custom_id": ids[1], "response": null, "error": {"code": "batch_cancelled", "message": "cancelled"}}),
    ];
    workspace.write(
        "output.jsonl",
        &text.map(|line| format!("{line}\n")).concat(),
    );
    let ran = import(&workspace, &["output.jsonl"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_snapshot!(ran.stderr);
    assert!(!workspace.path().join(KEPT).exists());
}

#[test]
fn every_line_that_cannot_be_used_is_told_and_nothing_is_kept() {
    let (workspace, ids) = exported();
    let good = anthropic_result(&ids[0], &greeting("yes")).to_string();
    let stranger = json!("0".repeat(64));
    let bad = [
        good.clone(),
        anthropic_result(&stranger, "x").to_string(),
        anthropic_result(&json!("request-1"), "x").to_string(),
        json!({"custom_id": ids[1]}).to_string(),
        json!({"custom_id": ids[1], "result": {"type": "succeeded"}}).to_string(),
        json!({"custom_id": ids[1], "result": {"type": "postponed"}}).to_string(),
        json!({"custom_id": ids[1], "response": {"status_code": 200}, "error": null}).to_string(),
        json!({"custom_id": 7, "result": {"type": "expired"}}).to_string(),
        json!({"id": "no id"}).to_string(),
        read(&workspace, "requests.jsonl")
            .lines()
            .next()
            .unwrap()
            .to_owned(),
        "[1, 2]".to_owned(),
        "results of Tuesday".to_owned(),
        "{\"custom_id\": oops}".to_owned(),
        json!({"request_hash": ids[1], "text": "x", "stop": "done"}).to_string(),
        json!({"request_hash": ids[1], "text": "x", "note": 1}).to_string(),
        good[..100].to_owned(),
    ];
    let mut bytes = bad.join("\n").into_bytes();
    bytes.extend(b"\n\n\xFF\xFE");
    fs::write(workspace.path().join("results.jsonl"), bytes).unwrap();
    let ran = import(&workspace, &["results.jsonl"]);
    nothing_kept(&workspace, &ran);
    assert_snapshot!(ran.stderr);
    let ran = import(
        &workspace,
        &[
            "results.jsonl",
            "--model",
            ANTHROPIC,
            "--store",
            "answers.db",
        ],
    );
    nothing_kept(&workspace, &ran);
}

#[test]
fn good_answers_are_kept_from_a_broken_file_when_that_is_asked_for() {
    let (workspace, ids) = exported();
    let good = anthropic_result(&ids[0], &greeting("yes")).to_string();
    workspace.write("results.jsonl", &format!("{good}\n{}", &good[..100]));
    let ran = import(&workspace, &["results.jsonl"]);
    nothing_kept(&workspace, &ran);
    assert_snapshot!("without_keep_going", ran.stderr);
    let ran = import(&workspace, &["results.jsonl", "--keep-going"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_snapshot!("with_keep_going", ran.stderr);
    assert_eq!(lines(&workspace, KEPT).len(), 1);
}

#[test]
fn two_answers_to_one_request_are_fine_if_they_say_the_same() {
    let (workspace, ids) = exported();
    let answer = |label: &str| anthropic_result(&ids[0], &greeting(label)).to_string();
    workspace.write("one.jsonl", &format!("{}\n", answer("yes")));
    workspace.write("two.jsonl", &format!("\n{}\n", answer("yes")));
    let ran = import(&workspace, &["one.jsonl", "two.jsonl"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(
        ran.stderr.contains("1 answer said the same as one before"),
        "{ran}"
    );
    fs::remove_dir_all(workspace.path().join("goldsets/three/recordings")).unwrap();
    workspace.write("two.jsonl", &format!("\n{}\n", answer("no")));
    let ran = import(&workspace, &["one.jsonl", "two.jsonl"]);
    nothing_kept(&workspace, &ran);
    assert_snapshot!(ran.stderr);
}

#[test]
fn a_recording_that_differs_is_named_with_the_line_and_replaced_only_on_demand() {
    let (workspace, ids) = exported();
    let results = |label: &str| {
        let text = ids
            .iter()
            .map(|id| format!("{}\n", anthropic_result(id, &greeting(label))));
        workspace.write("results.jsonl", &text.collect::<String>());
    };
    results("yes");
    assert_eq!(import(&workspace, &["results.jsonl"]).code, Some(0));
    let before = read(&workspace, KEPT);
    results("no");
    let ran = import(&workspace, &["results.jsonl"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran.stderr);
    assert_eq!(read(&workspace, KEPT), before);
    let ran = import(&workspace, &["results.jsonl", "--replace"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(
        read(&workspace, KEPT),
        before.replace("\\\"yes\\\"", "\\\"no\\\"")
    );
}

#[test]
fn an_answer_that_a_store_has_otherwise_is_told() {
    let (workspace, ids) = exported();
    let into_store = [
        "results.jsonl",
        "--model",
        ANTHROPIC,
        "--store",
        "answers.db",
    ];
    let results = |label: &str| {
        let line = anthropic_result(&ids[0], &greeting(label));
        workspace.write("results.jsonl", &format!("{line}\n"));
    };
    results("yes");
    assert_eq!(import(&workspace, &into_store).code, Some(0));
    results("no");
    let ran = import(&workspace, &into_store);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran.stderr);
}

#[test]
fn an_export_that_fails_leaves_nothing_behind() {
    let workspace = three_sessions();
    let parts = [
        "--format",
        "openai",
        "--model",
        OPENAI,
        "--part-requests",
        "1",
    ];
    fs::remove_file(workspace.path().join("goldsets/three/sessions/c.jsonl")).unwrap();
    let ran = export(&workspace, &parts);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!("a_transcript_is_missing", ran.stderr);
    assert!(files_like(&workspace, "requests").is_empty());
    let workspace = three_sessions();
    let ran = export(
        &workspace,
        &[
            "--format",
            "openai",
            "--model",
            OPENAI,
            "--part-bytes",
            "1000",
        ],
    );
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(files_like(&workspace, "requests").is_empty());
    assert!(
        ran.stderr.contains("about session `a` has") && ran.stderr.contains("--part-bytes"),
        "{ran}"
    );
}

#[test]
fn specs_and_forms_that_do_not_fit_are_told() {
    let workspace = three_sessions();
    let wrong: [&[&str]; 6] = [
        &["--format", "anthropic"],
        &["--format", "anthropic", "--model", OPENAI],
        &["--format", "openai", "--model", "gpt-6-luna"],
        &["--model", OPENAI],
        &["--store", "answers.db"],
        &["--out", "goldsets"],
    ];
    let told: Vec<String> = wrong
        .iter()
        .map(|arguments| {
            let ran = match arguments.contains(&"--out") {
                true => workspace.run(&[
                    "requests",
                    "export",
                    "--goldset",
                    "goldsets/three",
                    "--out",
                    "goldsets",
                ]),
                false => export(&workspace, arguments),
            };
            assert_eq!(ran.code, Some(2), "{ran}");
            format!("{}\n{}", arguments.join(" "), ran.stderr)
        })
        .collect();
    assert_snapshot!(told.join("\n"));
    workspace.write("results.jsonl", "");
    let ran = import(&workspace, &["results.jsonl", "--store", "answers.db"]);
    nothing_kept(&workspace, &ran);
    assert!(ran.stderr.contains("names no provider's model"), "{ran}");
    let ran = answer_nothing(&workspace);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.stderr, "the files hold no answers\n");
}

fn answer_nothing(workspace: &Workspace) -> Ran {
    import(workspace, &["results.jsonl"])
}
