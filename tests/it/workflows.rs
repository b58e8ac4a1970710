//! Workflows and the composite action: their structure, what they may not do, and that their scripts are shell.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::workspace::package;

fn yaml(path: &str) -> (String, Value) {
    let text = fs::read_to_string(package().join(path)).unwrap();
    let value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    (text, value)
}

fn workflows() -> Vec<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(package().join(".github/workflows"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            let path = path.strip_prefix(package()).unwrap();
            path.to_string_lossy().into_owned()
        })
        .collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("no table: {value}"))
        .keys()
        .map(String::as_str)
        .collect()
}

/// Every step of a workflow, or of the action.
fn steps(value: &Value) -> Vec<&Value> {
    let lists: Vec<&Value> = match value.get("jobs") {
        Some(jobs) => jobs
            .as_object()
            .unwrap()
            .values()
            .map(|job| &job["steps"])
            .collect(),
        None => vec![&value["runs"]["steps"]],
    };
    lists
        .into_iter()
        .flat_map(|list| list.as_array().unwrap())
        .collect()
}

#[test]
fn workflows_are_made_of_what_the_runner_knows() {
    for path in workflows() {
        let (_, workflow) = yaml(&path);
        let known = [
            "name",
            "on",
            "permissions",
            "concurrency",
            "env",
            "defaults",
            "jobs",
        ];
        assert!(
            keys(&workflow).is_subset(&BTreeSet::from(known)),
            "{path}: {:?}",
            keys(&workflow)
        );
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["runs-on"].is_string(), "{path}: {name}");
            assert!(job["timeout-minutes"].is_number(), "{path}: {name}");
        }
        for step in steps(&workflow) {
            step_is_sound(&path, step);
        }
    }
}

fn step_is_sound(path: &str, step: &Value) {
    let known = [
        "name",
        "id",
        "if",
        "uses",
        "with",
        "run",
        "shell",
        "env",
        "working-directory",
    ];
    let keys = keys(step);
    assert!(keys.is_subset(&BTreeSet::from(known)), "{path}: {keys:?}");
    assert!(
        keys.contains("uses") != keys.contains("run"),
        "{path}: a step uses or runs: {step}"
    );
}

#[test]
fn the_action_is_a_composite_one_whose_inputs_are_declared() {
    let (text, action) = yaml("action.yml");
    assert_eq!(action["runs"]["using"], "composite");
    for step in steps(&action) {
        step_is_sound("action.yml", step);
        assert_eq!(
            step.get("run").is_some(),
            step.get("shell").is_some(),
            "a script of a composite action names its shell: {step}"
        );
    }
    let declared = keys(&action["inputs"]);
    let used: BTreeSet<&str> = text
        .split("inputs.")
        .skip(1)
        .map(|rest| {
            let end = rest
                .find(|letter: char| !letter.is_alphanumeric() && letter != '-')
                .unwrap_or(rest.len());
            &rest[..end]
        })
        .collect();
    assert_eq!(declared, used);
    let (_, workflow) = yaml(".github/workflows/prompts.yml");
    let given = steps(&workflow)
        .into_iter()
        .find(|step| step["uses"] == "./")
        .unwrap();
    assert!(keys(&given["with"]).is_subset(&declared));
}

/// A tag can be moved by whoever has the repository; a commit cannot.
#[test]
fn actions_of_others_are_pinned_to_a_commit() {
    for path in workflows().into_iter().chain(["action.yml".to_owned()]) {
        let (_, value) = yaml(&path);
        for step in steps(&value) {
            let Some(uses) = step.get("uses").and_then(Value::as_str) else {
                continue;
            };
            if uses == "./" {
                continue;
            }
            let commit = uses.split_once('@').map_or("", |(_, commit)| commit);
            assert!(
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{path}: {uses}"
            );
        }
    }
}

/// What a fork sends runs with a token that can only read, and without any secret.
#[test]
fn a_fork_gets_no_secret_and_can_write_nothing() {
    for path in workflows().into_iter().chain(["action.yml".to_owned()]) {
        let (text, value) = yaml(&path);
        assert!(!text.contains("secrets."), "{path} hands on a secret");
        if let Some(on) = value.get("on") {
            assert!(!keys(on).contains("pull_request_target"), "{path}");
            assert_eq!(
                value["permissions"],
                serde_json::json!({"contents": "read"}),
                "{path}"
            );
        }
        for step in steps(&value) {
            if step["uses"]
                .as_str()
                .is_some_and(|uses| uses.starts_with("actions/checkout@"))
            {
                assert_eq!(step["with"]["persist-credentials"], false, "{path}");
            }
            // An expression is put into a script as it is: whoever names a branch would write shell.
            if let Some(script) = step.get("run").and_then(Value::as_str) {
                assert!(!script.contains("${{"), "{path}: {script}");
            }
        }
    }
}

#[test]
fn every_script_is_shell() {
    for path in workflows().into_iter().chain(["action.yml".to_owned()]) {
        let (_, value) = yaml(&path);
        for step in steps(&value) {
            if let Some(script) = step.get("run").and_then(Value::as_str) {
                is_shell(&path, script);
            }
        }
    }
    for path in [".ci/run", ".ci/workflows"] {
        is_shell(path, &fs::read_to_string(package().join(path)).unwrap());
    }
}

fn is_shell(path: &str, script: &str) {
    let child = Command::new("bash")
        .args(["-n", "-s"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: no bash here to read {path}");
        return;
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{path}: {}\n{script}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// On the runner TeX and a browser are there; were they not, tests that skip would pass unseen.
#[test]
fn the_runner_asks_for_the_tools_that_tests_need() {
    let (_, value) = yaml(".github/workflows/ci.yml");
    let step = steps(&value)
        .into_iter()
        .find(|step| step.get("run").and_then(Value::as_str) == Some(".ci/run"))
        .expect("the workflow runs .ci/run");
    assert_eq!(step["env"]["VALIDATE_REQUIRE_TOOLS"], "1");
}

#[test]
#[should_panic(expected = "no pdflatex, and VALIDATE_REQUIRE_TOOLS=1 asks for it")]
fn a_tool_that_is_asked_for_and_absent_fails_its_test() {
    crate::workspace::skipped_unless(true, "no pdflatex");
}

#[test]
fn a_tool_that_is_not_asked_for_may_be_absent() {
    crate::workspace::skipped_unless(false, "no pdflatex");
}
