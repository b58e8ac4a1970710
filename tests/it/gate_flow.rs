//! A repository of prompts from the first approved labels to the second: edit, the gate fails, record, review, accept, the
//! gate passes. With the real binary and git.
//!
//! Answers come from a stand-in for a model, a few lines of this test that read the rendered request and nothing else.

use std::fs;

use serde_json::{Value, json};

use crate::prompts_diff::git;
use crate::requests::user_line;
use crate::workspace::{Ran, Workspace};

const GOLDSET: &str = "goldsets/hundred";
const PROMPT: &str = "prompts/wish/prompt.md";
const BASELINE: &str = "reports/baseline/hundred/wish.json";
const SESSIONS: usize = 100;

const CLASSIFIER: &str = r#"title = "Wish"
question = "Does the user report a fault or wish for something new?"
scale = "nominal"

[[labels]]
name = "fault"
title = "Fault"
definition = "Something that was there does not work."

[[labels]]
name = "new"
title = "New"
definition = "Something is to be added that was not there."

[answer]
fields = ["evidence", "label", "confidence"]

[gate]
statistic = "cohen_kappa"
margin = 0.10
parse_rate = 0.95
"#;

/// The line that an edit takes out and the stand-in goes by.
const RULE: &str = "A complaint without the word broken is a `fault`, too.";

const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["evidence","label","confidence","decisions"],
"properties":{"evidence":{"type":"array","items":{"type":"object","required":["turn","shows"],"properties":{"turn":{"type":"integer"},"shows":{"type":"string"}},"additionalProperties":false}},
"label":{"type":"string","enum":["fault","new"]},"confidence":{"type":"number","minimum":0,"maximum":1},"decisions":{"type":"array","maxItems":0}}}"#;

const MANIFEST: &str = r#"title = "a hundred sessions by hand"
licence = "Apache-2.0"
provenance = "written for a test"
synthetic = true

[default]
model = "recorded:stand-in"
against = "hand"

[[raters]]
name = "hand"
kind = "construction"
description = "fixed before the sessions were thought up"
"#;

/// What the user of a session says, and what gold says of it: a quarter says broken, a quarter complains, half wishes.
fn session(number: usize) -> (String, &'static str) {
    match number % 4 {
        0 => (format!("page {number} is broken, mend it"), "fault"),
        1 => (
            format!("page {number} stays empty since yesterday"),
            "fault",
        ),
        2 => (format!("give page {number} a search box"), "new"),
        _ => (format!("page {number} should also come as PDF"), "new"),
    }
}

/// A stand-in for a model: it knows faults by a word, and complaints only where the prompt has the rule for them.
fn answer(request: &Value) -> String {
    let view = request["request"]["view"].as_str().unwrap();
    let prompt = request["request"]["classifier"].as_str().unwrap();
    let is_fault =
        view.contains("is broken") || (view.contains("stays empty") && prompt.contains(RULE));
    let label = if is_fault { "fault" } else { "new" };
    let text = json!({"evidence": [{"turn": 1, "shows": "the words of the user"}], "label": label, "confidence": 0.9, "decisions": []});
    json!({"request_hash": request["request_hash"], "text": text.to_string()}).to_string()
}

struct Repository {
    workspace: Workspace,
}

impl Repository {
    fn new() -> Self {
        let workspace = Workspace::new();
        for folder in fs::read_dir(workspace.path().join("prompts")).unwrap() {
            let folder = folder.unwrap().path();
            if folder.is_dir() {
                fs::remove_dir_all(folder).unwrap();
            }
        }
        fs::remove_dir_all(workspace.path().join("goldsets/tiny")).unwrap();
        workspace.write("prompts/wish/classifier.toml", CLASSIFIER);
        workspace.write("prompts/wish/answer.schema.json", SCHEMA);
        workspace.write(
            PROMPT,
            &format!("# {{{{ title }}}}\n\n{{{{ question }}}}\n{{% for label in labels %}}\n- `{{{{ label.name }}}}`: {{{{ label.definition }}}}{{% endfor %}}\n\n{RULE}\n"),
        );
        workspace.write(&format!("{GOLDSET}/goldset.toml"), MANIFEST);
        let mut sessions = "session_id,file,user,date,repo,licence,source\n".to_owned();
        let mut labels = "session_id,classifier,rater,label,rationale\n".to_owned();
        for number in 0..SESSIONS {
            let id = format!("s{number:02}");
            let (words, gold) = session(number);
            sessions.push_str(&format!(
                "{id},{id}.jsonl,user-{number},2026-01-01,r,MIT,x\n"
            ));
            labels.push_str(&format!("{id},wish,hand,{gold},\n"));
            workspace.write(
                &format!("{GOLDSET}/sessions/{id}.jsonl"),
                &user_line(&id, &words),
            );
        }
        workspace.write(&format!("{GOLDSET}/sessions.csv"), &sessions);
        workspace.write(&format!("{GOLDSET}/labels.csv"), &labels);
        workspace.write(".gitignore", ".validate/\nrequests.jsonl\nanswers.jsonl\n");
        git(&workspace, &["init", "--quiet", "--initial-branch=main"]);
        Self { workspace }
    }

    fn run(&self, code: i32, arguments: &[&str]) -> Ran {
        let output = self
            .workspace
            .command(arguments)
            // `prompts diff` runs git.
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran}");
        ran
    }

    fn gate(&self, code: i32, more: &[&str]) -> Ran {
        let mut arguments = vec!["gate", "--goldset", GOLDSET];
        arguments.extend(more);
        self.run(code, &arguments)
    }

    /// Exports what has no answer, has the stand-in answer it, and imports the answers.
    fn record(&self) {
        self.run(
            0,
            &[
                "requests",
                "export",
                "--goldset",
                GOLDSET,
                "--missing",
                "stand-in",
                "--out",
                "requests.jsonl",
            ],
        );
        let requests = fs::read_to_string(self.workspace.path().join("requests.jsonl")).unwrap();
        let answers: String = requests
            .lines()
            .map(|line| answer(&serde_json::from_str(line).unwrap()) + "\n")
            .collect();
        self.workspace.write("answers.jsonl", &answers);
        self.run(
            0,
            &[
                "requests",
                "import",
                "answers.jsonl",
                "--goldset",
                GOLDSET,
                "--model",
                "stand-in",
                "--obtained",
                "scripted stand-in",
                "--when",
                "2026-01-02",
            ],
        );
    }

    fn commit(&self, message: &str) {
        git(&self.workspace, &["add", "--all"]);
        git(
            &self.workspace,
            &["commit", "--quiet", "--message", message],
        );
    }

    fn verdict(&self, code: i32) -> Value {
        let ran = self.gate(code, &["--format", "json"]);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"))
    }
}

#[test]
fn from_an_edit_over_a_failing_gate_to_an_accepted_prompt() {
    let repository = Repository::new();

    // The first labels are approved.
    repository.run(0, &["prompts", "lint", "--goldset", GOLDSET]);
    repository.record();
    repository.gate(0, &["--accept"]);
    repository.commit("approve the first prompt");
    repository.gate(0, &[]);
    assert!(repository.workspace.path().join(BASELINE).is_file());

    // An edit: its requests have no recorded answer, and nobody is asked.
    repository.workspace.edit(PROMPT, RULE, "Be brief.");
    let ran = repository.gate(3, &[]);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("validate requests export"), "{ran}");
    assert!(said.contains("100 of 100"), "{ran}");
    let diff = repository.run(
        0,
        &["prompts", "diff", "--goldset", GOLDSET, "--format", "json"],
    );
    let diff: Value = serde_json::from_str(&diff.stdout).unwrap();
    assert_eq!(diff["classifiers"][0]["recorded"]["unrecorded"], SESSIONS);

    // Recorded, it turns out worse: every complaint is taken for a wish.
    repository.record();
    let verdict = repository.verdict(1);
    assert_eq!(verdict["verdict"], "fail");
    let changes = verdict["classifiers"][0]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), SESSIONS / 4);
    for change in changes {
        assert_eq!(
            (&change["old"], &change["new"], &change["gold"]),
            (&json!("fault"), &json!("new"), &json!("fault"))
        );
    }

    // Reviewed and mended: the rule is back, in a prompt that is shorter elsewhere.
    repository
        .workspace
        .edit(PROMPT, "Be brief.", &format!("{RULE} Be brief."));
    repository.gate(3, &[]);
    repository.record();
    let verdict = repository.verdict(0);
    assert_eq!(verdict["verdict"], "pass");
    repository.gate(0, &["--accept"]);
    let status = git(&repository.workspace, &["status", "--short"]);
    assert!(status.contains(BASELINE), "{status}");
    // No label changed, so that the approved file differs in the hash of its prompt alone.
    let changed = git(
        &repository.workspace,
        &["diff", "--unified=0", "--", BASELINE],
    );
    let lines: Vec<&str> = changed
        .lines()
        .filter(|line| line.starts_with('-') && !line.starts_with("---"))
        .collect();
    assert_eq!(lines.len(), 1, "{changed}");
    assert!(lines[0].contains("prompt_hash"), "{changed}");

    repository.commit("mend the prompt");
    repository.gate(0, &[]);
    let diff = repository.run(0, &["prompts", "diff", "--goldset", GOLDSET]);
    assert!(diff.stdout.contains("every request is the same"), "{diff}");
}

/// What is tested for has to be what was approved: a changed gold set is told and not compared.
#[test]
fn a_gold_set_that_changed_since_is_told() {
    let repository = Repository::new();
    repository.record();
    repository.gate(0, &["--accept"]);
    repository.workspace.edit(
        &format!("{GOLDSET}/labels.csv"),
        "s00,wish,hand,fault,",
        "s00,wish,hand,new,",
    );
    let ran = repository.gate(3, &[]);
    assert!(ran.stdout.contains("--accept"), "{ran}");
}
