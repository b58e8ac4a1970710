//! Requests out as batch files and answers back, with a vendor made of a few lines of the test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::recorded::three_sessions;
use crate::requests::user_line;
use crate::workspace::{Ran, Workspace};

pub(crate) const ANTHROPIC: &str = "anthropic:claude-haiku-5-5";
pub(crate) const OPENAI: &str = "openai:gpt-6-luna";

/// Exports the three sessions' requests.
pub(crate) fn export(workspace: &Workspace, more: &[&str]) -> Ran {
    let mut arguments = vec![
        "requests",
        "export",
        "--goldset",
        "goldsets/three",
        "--out",
        "requests.jsonl",
    ];
    arguments.extend(more);
    workspace.run(&arguments)
}

/// Imports answers to them as the model `m`, unless `more` says `--model`.
pub(crate) fn import(workspace: &Workspace, more: &[&str]) -> Ran {
    let mut arguments = vec![
        "requests",
        "import",
        "--goldset",
        "goldsets/three",
        "--when",
        "2026-11-22",
    ];
    arguments.extend(more);
    if !more.contains(&"--model") {
        arguments.extend(["--model", "m"]);
    }
    workspace.run(&arguments)
}

pub(crate) fn read(workspace: &Workspace, name: &str) -> String {
    fs::read_to_string(workspace.path().join(name)).unwrap()
}

pub(crate) fn lines(workspace: &Workspace, name: &str) -> Vec<Value> {
    read(workspace, name)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// An answer of the classifier `greeting`.
pub(crate) fn greeting(label: &str) -> String {
    json!({"evidence": [{"turn": 1, "shows": "the words"}], "label": label, "confidence": 0.9, "decisions": []})
        .to_string()
}

/// What Anthropic answers to a request of a batch.
pub(crate) fn anthropic_result(custom_id: &Value, text: &str) -> Value {
    json!({"custom_id": custom_id, "result": {"type": "succeeded", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-5-5-20261007",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {
            "input_tokens": 120, "output_tokens": 40, "cache_read_input_tokens": 3000, "cache_creation_input_tokens": 500,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 500},
            "service_tier": "batch",
        },
    }}})
}

/// What OpenAI answers, or vLLM's batch runner.
pub(crate) fn openai_result(custom_id: &Value, text: &str) -> Value {
    json!({"id": "batch_req_1", "custom_id": custom_id, "error": null, "response": {"status_code": 200, "request_id": "r1", "body": {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_795_000_000, "model": "gpt-6-luna",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": null}, "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3620, "completion_tokens": 40, "total_tokens": 3660, "prompt_tokens_details": {"cached_tokens": 3000}},
    }}})
}

/// The label of a session by its words, which stand somewhere in the request.
pub(crate) fn label_for(request: &Value) -> &'static str {
    match request.to_string().contains("fix it") {
        true => "no",
        false => "yes",
    }
}

/// Answers every exported request, the last one first.
pub(crate) fn answer_all(
    workspace: &Workspace,
    files: &[&str],
    answers: &str,
    result: impl Fn(&Value, &str) -> Value,
) {
    let mut requests: Vec<Value> = files
        .iter()
        .flat_map(|name| lines(workspace, name))
        .collect();
    requests.reverse();
    let text: String = requests
        .iter()
        .map(|request| {
            let line = result(&request["custom_id"], &greeting(label_for(request)));
            format!("{line}\n")
        })
        .collect();
    workspace.write(answers, &text);
}

/// Answers every exported line of our own.
pub(crate) fn answer_all_by_hand(workspace: &Workspace, requests: &str, answers: &str) {
    let text: String = lines(workspace, requests)
        .iter()
        .map(|request| {
            let text = greeting(label_for(request));
            format!(
                "{}\n",
                json!({"request_hash": request["request_hash"], "text": text})
            )
        })
        .collect();
    workspace.write(answers, &text);
}

fn labels(workspace: &Workspace, model: &str) -> Value {
    let ran = workspace.run(&[
        "--classifier",
        "greeting",
        "--goldset",
        "goldsets/three",
        "--model",
        model,
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    result["classifiers"][0].clone()
}

#[test]
fn anthropic_requests_go_out_and_their_answers_come_back() {
    let workspace = three_sessions();
    let ran = export(&workspace, &["--format", "anthropic", "--model", ANTHROPIC]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(
        ran.stderr
            .contains("wrote 3 of 3 requests to `requests.jsonl`"),
        "{ran}"
    );
    for line in lines(&workspace, "requests.jsonl") {
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["custom_id", "params"]);
        assert_eq!(line["params"]["model"], "claude-haiku-5-5");
        let id = line["custom_id"].as_str().unwrap();
        assert!(id.len() == 64 && id.chars().all(|digit| digit.is_ascii_hexdigit()));
    }
    answer_all(
        &workspace,
        &["requests.jsonl"],
        "results.jsonl",
        anthropic_result,
    );
    let ran = import(&workspace, &["results.jsonl"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(
        ran.stderr
            .contains("answered by claude-haiku-5-5-20261007 (3)"),
        "{ran}"
    );
    let classifier = labels(&workspace, "recorded:m");
    assert_eq!(classifier["outcomes"]["parsed"], 3);
    assert_eq!(classifier["agreement"][0]["cohen_kappa"]["value"], 1.0);
    let kept = lines(&workspace, "goldsets/three/recordings/greeting/m.jsonl");
    let sessions: Vec<&Value> = kept.iter().map(|line| &line["session_id"]).collect();
    assert_eq!(sessions, ["a", "b", "c"]);
    assert_eq!(kept[0]["obtained"], "batch");
    assert_eq!(
        kept[0]["usage"],
        json!({"input_tokens": 120, "output_tokens": 40, "cache_read_tokens": 3000, "cache_write_tokens": 500, "cache_write_1h_tokens": 500})
    );
}

#[test]
fn openai_requests_go_out_and_their_answers_come_back() {
    let workspace = three_sessions();
    let ran = export(&workspace, &["--format", "openai", "--model", OPENAI]);
    assert_eq!(ran.code, Some(0), "{ran}");
    for line in lines(&workspace, "requests.jsonl") {
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["custom_id", "method", "url", "body"]);
        assert_eq!(line["method"], "POST");
        assert_eq!(line["url"], "/v1/chat/completions");
        assert_eq!(line["body"]["model"], "gpt-6-luna");
    }
    answer_all(
        &workspace,
        &["requests.jsonl"],
        "output.jsonl",
        openai_result,
    );
    let ran = import(&workspace, &["output.jsonl", "--obtained", "vLLM at home"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let classifier = labels(&workspace, "recorded:m");
    assert_eq!(classifier["outcomes"]["parsed"], 3);
    assert_eq!(classifier["agreement"][0]["cohen_kappa"]["value"], 1.0);
    let kept = lines(&workspace, "goldsets/three/recordings/greeting/m.jsonl");
    assert_eq!(kept[0]["obtained"], "vLLM at home");
    assert_eq!(kept[0]["usage"]["input_tokens"], 620);
    assert_eq!(kept[0]["usage"]["cache_read_tokens"], 3000);
}

#[test]
fn an_answer_that_broke_off_is_kept_as_one() {
    let workspace = three_sessions();
    export(&workspace, &["--format", "anthropic", "--model", ANTHROPIC]);
    answer_all(
        &workspace,
        &["requests.jsonl"],
        "results.jsonl",
        |id, text| {
            let mut line = anthropic_result(id, text);
            line["result"]["message"]["stop_reason"] = json!("max_tokens");
            line["result"]["message"]["content"][0]["text"] = json!(&text[..40]);
            line
        },
    );
    assert_eq!(import(&workspace, &["results.jsonl"]).code, Some(0));
    assert_eq!(labels(&workspace, "recorded:m")["outcomes"]["truncated"], 3);
}

#[test]
fn a_file_is_split_where_a_batch_cannot_hold_it_and_parts_come_back_in_any_order() {
    let workspace = three_sessions();
    let format = ["--format", "anthropic", "--model", ANTHROPIC];
    export(&workspace, &format);
    let whole = read(&workspace, "requests.jsonl");
    fs::remove_file(workspace.path().join("requests.jsonl")).unwrap();
    let ran = export(
        &workspace,
        &[&format[..], &["--part-requests", "2"]].concat(),
    );
    assert_eq!(ran.code, Some(0), "{ran}");
    let parts = ["requests-001.jsonl", "requests-002.jsonl"];
    assert_eq!(parts.map(|part| lines(&workspace, part).len()), [2, 1]);
    assert_eq!(parts.map(|part| read(&workspace, part)).concat(), whole);
    assert_eq!(
        files_like(&workspace, "requests"),
        BTreeSet::from(parts.map(str::to_owned))
    );
    answer_all(&workspace, &parts, "results.jsonl", anthropic_result);
    let text = read(&workspace, "results.jsonl");
    let (last, rest) = text.split_at(text.find('\n').unwrap() + 1);
    workspace.write("one.jsonl", last);
    workspace.write("two.jsonl", rest);
    assert_eq!(
        import(&workspace, &["two.jsonl", "one.jsonl"]).code,
        Some(0)
    );
    assert_eq!(labels(&workspace, "recorded:m")["outcomes"]["parsed"], 3);
    // By bytes, a part ends before the line that would take it over the limit.
    let longest = whole.lines().map(|line| line.len() + 1).max().unwrap();
    let ran = export(
        &workspace,
        &[&format[..], &["--part-bytes", &(2 * longest).to_string()]].concat(),
    );
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(parts.map(|part| lines(&workspace, part).len()), [2, 1]);
}

pub(crate) fn files_like(workspace: &Workspace, stem: &str) -> BTreeSet<String> {
    fs::read_dir(workspace.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.trim_start_matches('.').starts_with(stem))
        .collect()
}

#[test]
fn all_classifiers_of_a_session_stand_together() {
    let workspace = Workspace::new();
    for session in ["s1", "s2", "s3", "s4", "s5", "s6"] {
        workspace.write(
            &format!("goldsets/tiny/sessions/{session}.jsonl"),
            &user_line(session, &format!("do {session}")),
        );
    }
    let ran = workspace.run(&[
        "requests",
        "export",
        "--goldset",
        "goldsets/tiny",
        "--classifier",
        "outcome,codebase",
        "--out",
        "r.jsonl",
    ]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let order: Vec<String> = lines(&workspace, "r.jsonl")
        .iter()
        .map(|line| line["session_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        order,
        [
            "s1", "s1", "s2", "s2", "s3", "s3", "s4", "s4", "s5", "s5", "s6", "s6"
        ]
    );
}

/// An id may stand only once in a batch, and sessions that look the same ask the same.
#[test]
fn sessions_that_look_the_same_are_asked_about_once() {
    let workspace = three_sessions();
    workspace.write(
        "goldsets/three/sessions/c.jsonl",
        &user_line("c", "hello there"),
    );
    let ran = export(&workspace, &["--format", "openai", "--model", OPENAI]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(
        ran.stderr
            .contains("1 session looks the same as one before"),
        "{ran}"
    );
    assert_eq!(lines(&workspace, "requests.jsonl").len(), 2);
    answer_all(
        &workspace,
        &["requests.jsonl"],
        "output.jsonl",
        openai_result,
    );
    assert_eq!(import(&workspace, &["output.jsonl"]).code, Some(0));
    assert_eq!(labels(&workspace, "recorded:m")["outcomes"]["parsed"], 3);
}

#[test]
fn what_a_store_has_is_left_out_and_waves_go_on_behind_it() {
    let workspace = three_sessions();
    let wave = [
        "--format",
        "openai",
        "--model",
        OPENAI,
        "--store",
        "answers.db",
        "--wave",
        "2",
    ];
    let mut asked = BTreeMap::new();
    for (round, expected) in [2, 1, 0].into_iter().enumerate() {
        let ran = export(&workspace, &wave);
        assert_eq!(ran.code, Some(0), "{ran}");
        let requests = lines(&workspace, "requests.jsonl");
        assert_eq!(requests.len(), expected, "{ran}");
        assert_eq!(
            ran.stderr.contains("more sessions wait"),
            round == 0,
            "{ran}"
        );
        for request in requests {
            *asked.entry(request["custom_id"].to_string()).or_insert(0) += 1;
        }
        answer_all(
            &workspace,
            &["requests.jsonl"],
            "output.jsonl",
            openai_result,
        );
        let ran = import(
            &workspace,
            &["output.jsonl", "--model", OPENAI, "--store", "answers.db"],
        );
        assert_eq!(ran.code, Some(0), "{ran}");
    }
    assert_eq!(asked.into_values().collect::<Vec<_>>(), [1, 1, 1]);
    assert!(!workspace.path().join("goldsets/three/recordings").exists());
    // The same answers once more are no news.
    export(&workspace, &["--format", "openai", "--model", OPENAI]);
    answer_all(
        &workspace,
        &["requests.jsonl"],
        "output.jsonl",
        openai_result,
    );
    let ran = import(
        &workspace,
        &["output.jsonl", "--model", OPENAI, "--store", "answers.db"],
    );
    assert!(
        ran.stderr
            .contains("kept 0 answers in `answers.db`; 3 were there already"),
        "{ran}"
    );
}

#[test]
fn another_time_is_another_answer() {
    let workspace = three_sessions();
    export(&workspace, &["--format", "openai", "--model", OPENAI]);
    answer_all(
        &workspace,
        &["requests.jsonl"],
        "output.jsonl",
        openai_result,
    );
    assert_eq!(import(&workspace, &["output.jsonl"]).code, Some(0));
    let again = [
        "--format",
        "openai",
        "--model",
        OPENAI,
        "--missing",
        "m",
        "--repeat",
        "1",
    ];
    export(&workspace, &again);
    assert_eq!(lines(&workspace, "requests.jsonl").len(), 3);
    answer_all(&workspace, &["requests.jsonl"], "output.jsonl", |id, _| {
        openai_result(id, &greeting("no"))
    });
    let ran = import(&workspace, &["output.jsonl", "--repeat", "1"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let kept = lines(&workspace, "goldsets/three/recordings/greeting/m.jsonl");
    assert_eq!(kept.len(), 6);
    export(&workspace, &again);
    assert_eq!(lines(&workspace, "requests.jsonl").len(), 0);
}

/// Memory does not grow with the number of sessions: thirty times as many take the same, but for their list.
#[test]
#[cfg(target_os = "linux")]
fn an_export_holds_a_few_sessions_at_a_time() {
    let peak = |sessions: usize| -> u64 {
        let workspace = three_sessions();
        let mut list = "session_id,file,user,date,repo,licence,source\n".to_owned();
        for number in 0..sessions {
            list.push_str(&format!("n{number},n{number}.jsonl,u,2026-01-01,r,MIT,x\n"));
            workspace.write(
                &format!("goldsets/three/sessions/n{number}.jsonl"),
                &user_line(
                    &format!("n{number}"),
                    &format!("{number} {}", "word ".repeat(2000)),
                ),
            );
        }
        workspace.write("goldsets/three/sessions.csv", &list);
        workspace.write(
            "goldsets/three/labels.csv",
            "session_id,classifier,rater,label,rationale\n",
        );
        let report = workspace.path().join("peak");
        let Some(peak) = peak_kilobytes(&workspace, &report) else {
            return 0;
        };
        assert_eq!(lines(&workspace, "requests.jsonl").len(), sessions);
        peak
    };
    let (few, many) = (peak(100), peak(3000));
    if few == 0 {
        println!("skipped: there is no /usr/bin/time to measure memory with");
        return;
    }
    // 2,900 sessions more would be 29 MB of requests if they were held.
    assert!(
        many < few + 8_000,
        "{few} KB for 100 sessions, {many} KB for 3000"
    );
}

#[cfg(target_os = "linux")]
fn peak_kilobytes(workspace: &Workspace, report: &Path) -> Option<u64> {
    let ran = std::process::Command::new("/usr/bin/time")
        .current_dir(workspace.path())
        .args(["-f", "%M", "-o"])
        .arg(report)
        .arg(env!("CARGO_BIN_EXE_validate"))
        .args([
            "requests",
            "export",
            "--goldset",
            "goldsets/three",
            "--format",
            "openai",
            "--model",
            OPENAI,
            "--out",
            "requests.jsonl",
        ])
        .output()
        .ok()?;
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    fs::read_to_string(report).unwrap().trim().parse().ok()
}
