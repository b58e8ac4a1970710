//! A goldset of small sessions whose answers are recorded by way of files, and the real binary on it.

use std::fs;

use serde_json::{Value, json};

use crate::requests::user_line;
use crate::workspace::{Ran, Workspace};

/// Sessions; each user has three.
pub(crate) const SESSIONS: usize = 120;

/// A workspace with one classifier, `greeting`, and the goldset `many`.
pub(crate) struct Site {
    pub(crate) workspace: Workspace,
}

/// Gold: every other session greets.
pub(crate) fn gold(at: usize) -> &'static str {
    if at.is_multiple_of(2) { "yes" } else { "no" }
}

/// The other label.
pub(crate) fn wrong(at: usize) -> &'static str {
    gold(at + 1)
}

/// The approved answers: one in ten is wrong.
pub(crate) fn approved(at: usize) -> &'static str {
    if at % 10 == 3 { wrong(at) } else { gold(at) }
}

pub(crate) fn id(at: usize) -> String {
    format!("s{at:03}")
}

impl Site {
    pub(crate) fn new() -> Self {
        let workspace = Workspace::new();
        for entry in fs::read_dir(workspace.path().join("prompts")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap();
            }
        }
        workspace.write("prompts/greeting/classifier.toml", GREETING);
        workspace.write(
            "prompts/greeting/prompt.md",
            "# {{ title }}\n\n{{ question }}\n",
        );
        workspace.write("prompts/greeting/answer.schema.json", SCHEMA);
        workspace.write("goldsets/many/goldset.toml", MANY);
        let mut sessions = "session_id,file,user,date,repo,licence,source\n".to_owned();
        let mut labels = "session_id,classifier,rater,label,rationale\n".to_owned();
        for at in 0..SESSIONS {
            let id = id(at);
            sessions.push_str(&format!("{id},{id}.jsonl,u{},2026-01-01,r,MIT,x\n", at / 3));
            labels.push_str(&format!("{id},greeting,hand,{},\n", gold(at)));
            workspace.write(
                &format!("goldsets/many/sessions/{id}.jsonl"),
                &user_line(&id, &format!("hello number {at}")),
            );
        }
        workspace.write("goldsets/many/sessions.csv", &sessions);
        workspace.write("goldsets/many/labels.csv", &labels);
        Self { workspace }
    }

    /// With recorded answers of `m`, which are the approved baseline.
    pub(crate) fn with_baseline() -> Self {
        let site = Self::new();
        site.record("m", |at| answer(approved(at), "the words"));
        let ran = site.gate(&["--accept"]);
        assert_eq!(ran.code, Some(0), "{ran}");
        site
    }

    /// The gate on the goldset.
    pub(crate) fn gate(&self, options: &[&str]) -> Ran {
        self.workspace
            .run(&[&["gate", "--goldset", "goldsets/many"], options].concat())
    }

    /// What the gate says, in JSON.
    pub(crate) fn json(&self, options: &[&str]) -> Value {
        let ran = self.gate(&[options, &["--format", "json"]].concat());
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"))
    }

    /// Another prompt, so that the recorded answers are none to it.
    pub(crate) fn edit_prompt(&self) {
        self.workspace.edit(
            "prompts/greeting/prompt.md",
            "{{ question }}",
            "{{ question }} Think first.",
        );
    }

    /// Answers to the requests as they are now.
    pub(crate) fn record(&self, model: &str, text: impl Fn(usize) -> String) {
        let out = self.workspace.path().join("requests.jsonl");
        let _ = fs::remove_file(&out);
        let ran = self.workspace.run(&[
            "requests",
            "export",
            "--goldset",
            "goldsets/many",
            "--out",
            "requests.jsonl",
        ]);
        assert_eq!(ran.code, Some(0), "{ran}");
        let lines: String = fs::read_to_string(out)
            .unwrap()
            .lines()
            .enumerate()
            .map(|(at, line)| {
                let request: Value = serde_json::from_str(line).unwrap();
                format!(
                    "{}\n",
                    json!({"request_hash": request["request_hash"], "text": text(at)})
                )
            })
            .collect();
        self.workspace.write("answers.jsonl", &lines);
        let ran = self.workspace.run(&[
            "requests",
            "import",
            "answers.jsonl",
            "--goldset",
            "goldsets/many",
            "--model",
            model,
            "--when",
            "2026-01-02",
        ]);
        assert_eq!(ran.code, Some(0), "{ran}");
    }

    /// The baseline's text.
    pub(crate) fn baseline(&self) -> String {
        fs::read_to_string(self.workspace.path().join(BASELINE)).unwrap()
    }
}

/// Where the baseline stands.
pub(crate) const BASELINE: &str = "reports/baseline/many/greeting.json";

/// Where looks are counted.
pub(crate) const LEDGER: &str = "reports/baseline/many/ledger.jsonl";

/// An answer as a model gives it.
pub(crate) fn answer(label: &str, shows: &str) -> String {
    json!({"evidence": [{"turn": 1, "shows": shows}], "label": label, "confidence": 0.9, "decisions": []})
        .to_string()
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
floor = 0.4
parse_rate = 0.95
important = ["yes"]
"#;

const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["evidence","label","confidence","decisions"],
"properties":{"evidence":{"type":"array","items":{"type":"object","required":["turn","shows"],"properties":{"turn":{"type":"integer"},"shows":{"type":"string"}},"additionalProperties":false}},
"label":{"type":"string","enum":["yes","no"]},"confidence":{"type":"number","minimum":0,"maximum":1},"decisions":{"type":"array","maxItems":0}}}"#;

const MANY: &str = r#"title = "many sessions by hand"
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
