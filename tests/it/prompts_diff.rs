//! What an edit of prompts changes in the requests that a model gets.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use crate::recorded::three_sessions;
use crate::requests_files::{answer_all_by_hand, export, import};
use crate::workspace::{Ran, Workspace};

const PROMPT: &str = "prompts/greeting/prompt.md";

pub(crate) fn git(workspace: &Workspace, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(workspace.path())
        .args([
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The three sessions with recorded answers, as the first commit of a repository.
fn repository() -> Workspace {
    let workspace = three_sessions();
    assert_eq!(export(&workspace, &[]).code, Some(0));
    answer_all_by_hand(&workspace, "requests.jsonl", "answers.jsonl");
    assert_eq!(import(&workspace, &["answers.jsonl"]).code, Some(0));
    git(&workspace, &["init", "--quiet", "--initial-branch=main"]);
    git(&workspace, &["add", "prompts", "goldsets"]);
    git(&workspace, &["commit", "--quiet", "--message", "first"]);
    workspace
}

fn diff(workspace: &Workspace, more: &[&str]) -> Ran {
    let mut arguments = vec!["prompts", "diff", "--goldset", "goldsets/three"];
    arguments.extend(more);
    // Git is found on the path, which a bare environment lacks.
    let output = workspace
        .command(&arguments)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The short hash of a commit is another one in every run.
fn steady(ran: &Ran) -> String {
    let mut text = ran.to_string();
    if let Some(at) = text.find("HEAD (") {
        let start = at + "HEAD (".len();
        text.replace_range(start..start + 12, "[commit]");
    }
    text
}

#[test]
fn without_an_edit_nothing_differs() {
    let ran = diff(&repository(), &[]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("every request is the same"), "{ran}");
}

#[test]
fn an_edit_of_a_prompt_is_shown_as_it_reaches_the_model() {
    let workspace = repository();
    workspace.edit(
        PROMPT,
        "{{ question }}",
        "{{ question }}\n\nA nod is no greeting.",
    );
    let ran = diff(&workspace, &["greeting"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_snapshot!(steady(&ran));
}

#[test]
fn an_edit_of_a_definition_reaches_the_rendered_text() {
    let workspace = repository();
    workspace.edit(
        "prompts/greeting/classifier.toml",
        "The user greets.",
        "The user greets the agent.",
    );
    let ran = diff(&workspace, &["--format", "json"]);
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    let classifier = &result["classifiers"][0];
    assert_eq!(result["changed"], true);
    assert_eq!(result["cache_prefix"], "kept");
    assert_eq!(
        classifier["recorded"],
        serde_json::json!({"before": 3, "after": 0, "unrecorded": 3})
    );
    let text = classifier["texts"][0]["diff"].as_str().unwrap();
    assert!(text.contains("-- `yes`: The user greets.\n"), "{text}");
    assert!(
        text.contains("+- `yes`: The user greets the agent.\n"),
        "{text}"
    );
    assert_ne!(
        classifier["prompt_hash"]["before"],
        classifier["prompt_hash"]["after"]
    );
}

/// Gate floors and checks never reach a model.
#[test]
fn an_edit_that_no_model_sees_changes_no_request() {
    let workspace = repository();
    workspace.edit(
        "prompts/greeting/classifier.toml",
        "margin = 0.1",
        "margin = 0.2",
    );
    let ran = diff(&workspace, &[]);
    assert!(ran.stdout.contains("every request is the same"), "{ran}");
}

#[test]
fn what_all_requests_share_breaks_the_cache_for_all() {
    let workspace = repository();
    workspace.edit("prompts/system.md", "# What you get", "# What is there");
    workspace.edit(
        "prompts/view.toml",
        "bytes_per_token = 4.0",
        "bytes_per_token = 3.0",
    );
    let ran = diff(&workspace, &["--session", "a", "--format", "json"]);
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(result["cache_prefix"], "broken", "{ran}");
    assert_eq!(
        result["cache_prefix_broken_by"],
        serde_json::json!(["the system text differs", "the rules of the view differ"])
    );
    assert_eq!(result["classifiers"][0]["recorded"]["unrecorded"], 3);
    let shared: Vec<&str> = result["shared"]
        .as_array()
        .unwrap()
        .iter()
        .map(|changed| changed["what"].as_str().unwrap())
        .collect();
    // The session is small: it is shown the same by both rules.
    assert_eq!(shared, ["system text", "rules of the view (view.toml)"]);
}

#[test]
fn folders_and_revisions_are_found_and_what_is_neither_is_told() {
    let workspace = repository();
    std::fs::create_dir(workspace.path().join("old")).unwrap();
    git(
        &workspace,
        &[
            "mv",
            "prompts/greeting/prompt.md",
            "prompts/greeting/prompt.old",
        ],
    );
    git(
        &workspace,
        &[
            "mv",
            "prompts/greeting/prompt.old",
            "prompts/greeting/prompt.md",
        ],
    );
    let ran = diff(&workspace, &["--against", "main"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let ran = diff(&workspace, &["--against", "."]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let told: Vec<String> = ["nowhere", "old", "--output=x"]
        .iter()
        .map(|against| {
            let ran = diff(&workspace, &[&format!("--against={against}")]);
            assert_eq!(ran.code, Some(2), "{ran}");
            ran.stderr
        })
        .collect();
    assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn a_prompt_cannot_move_the_cursor_of_whoever_reviews_it() {
    let workspace = repository();
    workspace.edit(
        PROMPT,
        "{{ question }}",
        "{{ question }} \u{1b}]0;owned\u{7}",
    );
    let ran = diff(&workspace, &[]);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    assert!(ran.stdout.contains("\\u{1b}]0;owned"), "{ran}");
}

/// Makes a git object of what is given on stdin.
fn object(workspace: &Workspace, arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    let mut child = Command::new("git")
        .current_dir(workspace.path())
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// `git` would not check such a tree out, but it lists it.
#[test]
fn a_revision_whose_paths_leave_the_folder_is_refused() {
    let workspace = repository();
    let blob = object(&workspace, &["hash-object", "-w", "--stdin"], "evil");
    let file = format!("100644 blob {blob}\tevil.md\n");
    let inner = object(&workspace, &["mktree"], &file);
    let prompts = object(
        &workspace,
        &["mktree"],
        &format!("040000 tree {inner}\t..\n"),
    );
    let root = format!("{file}040000 tree {prompts}\tprompts\n");
    let root = object(&workspace, &["mktree"], &root);
    let commit = git(&workspace, &["commit-tree", "-m", "crafted", &root]);
    let ran = diff(&workspace, &["--against", commit.trim()]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(
        ran.stderr
            .contains("a path that leaves its folder: `prompts/../evil.md`"),
        "{ran}"
    );
}

#[test]
fn a_listing_that_fails_is_told() {
    let workspace = repository();
    let tree = git(&workspace, &["rev-parse", "HEAD:prompts"]);
    let (folder, file) = tree.trim().split_at(2);
    let object = format!(".git/objects/{folder}/{file}");
    std::fs::remove_file(workspace.path().join(object)).unwrap();
    let ran = diff(&workspace, &[]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(
        ran.stderr.contains("git cannot list the prompts of `HEAD`"),
        "{ran}"
    );
}
