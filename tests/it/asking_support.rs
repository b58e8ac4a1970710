//! What tests of live asking share: a workspace with small sessions, a provider, and the real binary between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::fake::plan::Plan;
use crate::workspace::{Ran, Workspace};

/// The spec without an address, which the environment gives: reports of two providers can be compared.
pub(crate) const HAIKU: &str = "anthropic:claude-haiku-5-5";
/// A model that caches nothing below 4,096 tokens, which requests about small sessions do not reach.
pub(crate) const OLD_HAIKU: &str = "anthropic:claude-haiku-4-5";
pub(crate) const OPEN: &str = "openai:some-model";

/// A goldset and a provider.
pub(crate) struct Site {
    pub(crate) workspace: Workspace,
    pub(crate) fake: Fake,
    pub(crate) key: String,
}

/// What a run says about its answers that has to be the same however it came about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) json: String,
    pub(crate) page: String,
    /// Every answer as it is recorded, without its day.
    pub(crate) answers: Vec<String>,
}

impl Site {
    /// A provider and `sessions` sessions of a few words.
    pub(crate) fn new(sessions: usize, plan: Plan) -> Self {
        Self::with(sessions, plan, |number| {
            format!("Please change part {number} of the parser so that it reads dates.")
        })
    }

    /// The same with these words of the user.
    pub(crate) fn with(sessions: usize, plan: Plan, words: impl Fn(usize) -> String) -> Self {
        let workspace = Workspace::new();
        workspace.write("goldsets/live/goldset.toml", MANIFEST);
        let mut table = "session_id,file,user,date,repo,licence,source\n".to_owned();
        let mut labels = "session_id,classifier,rater,label,rationale\n".to_owned();
        for number in 0..sessions {
            let id = format!("s{number:03}");
            table.push_str(&format!(
                "{id},{id}.jsonl,u{},2026-01-01,r,MIT,x\n",
                number % 7
            ));
            let label = ["modify", "create", "explore"][number % 3];
            labels.push_str(&format!("{id},codebase,hand,{label},\n"));
            workspace.write(
                &format!("goldsets/live/sessions/{id}.jsonl"),
                &session(&id, &words(number)),
            );
        }
        workspace.write("goldsets/live/sessions.csv", &table);
        workspace.write("goldsets/live/labels.csv", &labels);
        Self {
            workspace,
            fake: Fake::start(plan),
            key: Plan::KEY.to_owned(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.workspace.path()
    }

    /// The binary, with keys and addresses in its environment.
    pub(crate) fn command(&self, classifiers: &str, model: &str, more: &[&str]) -> Command {
        let mut arguments = vec![
            "--classifier",
            classifiers,
            "--goldset",
            "goldsets/live",
            "--model",
            model,
        ];
        arguments.extend(more);
        let mut command = self.workspace.command(&arguments);
        command
            .env("ANTHROPIC_API_KEY", &self.key)
            .env("OPENAI_API_KEY", &self.key)
            .env("ANTHROPIC_BASE_URL", self.fake.base_anthropic())
            .env("OPENAI_BASE_URL", self.fake.base_openai());
        command
    }

    pub(crate) fn run(&self, classifiers: &str, model: &str, more: &[&str]) -> Ran {
        ran(self.command(classifiers, model, more))
    }

    /// A run that has to end with this code.
    pub(crate) fn run_to(&self, code: i32, classifiers: &str, model: &str, more: &[&str]) -> Ran {
        let ran = self.run(classifiers, model, more);
        assert_eq!(ran.code, Some(code), "{ran}");
        ran
    }

    /// The result of a run as JSON.
    pub(crate) fn json(&self, code: i32, classifiers: &str, model: &str, more: &[&str]) -> Value {
        let ran = self.run_to(
            code,
            classifiers,
            model,
            &[more, &["--format", "json"]].concat(),
        );
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// What the store says, with nobody asked.
    pub(crate) fn told(&self, classifiers: &str, model: &str, more: &[&str]) -> Told {
        let offline = |last: &[&str]| {
            self.run_to(
                0,
                classifiers,
                model,
                &[more, &["--offline"], last].concat(),
            )
            .stdout
        };
        let json = offline(&["--format", "json"]);
        let page = offline(&["--format", "markdown", "--record"]);
        Told {
            json,
            page,
            answers: self.recordings(),
        }
    }

    /// The recordings of the goldset, in order, without the day on which they were made.
    pub(crate) fn recordings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for file in files(&self.path().join("goldsets/live/recordings")) {
            let name = file.parent().unwrap().file_name().unwrap().to_owned();
            for line in fs::read_to_string(&file).unwrap().lines() {
                let mut answer: Value = serde_json::from_str(line).unwrap();
                answer.as_object_mut().unwrap().remove("when").unwrap();
                lines.push(format!("{} {answer}", name.display()));
            }
        }
        lines
    }

    /// The labels that the recordings hold, by request and time.
    pub(crate) fn labels(&self) -> Vec<(String, Value)> {
        self.recordings()
            .iter()
            .map(|line| {
                let (classifier, answer) = line.split_once(' ').unwrap();
                let answer: Value = serde_json::from_str(answer).unwrap();
                let raw: Value =
                    serde_json::from_str(answer["raw"].as_str().unwrap()).unwrap_or_default();
                let key = format!("{classifier} {} {}", answer["session_id"], answer["repeat"]);
                (key, json!([raw["label"], raw["decisions"], answer["stop"]]))
            })
            .collect()
    }
}

/// All files below a folder, by name.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    files
}

pub(crate) fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A session in which the user says these words, each paragraph for itself, and the agent answers at the end.
fn session(id: &str, words: &str) -> String {
    let mut lines = String::new();
    for (number, prompt) in words.split("\n\n").enumerate() {
        let user = json!({
            "type": "user", "sessionId": id, "timestamp": format!("2026-01-01T10:{number:02}:00Z"),
            "message": {"role": "user", "content": prompt},
        });
        lines.push_str(&format!("{user}\n"));
    }
    let agent = json!({
        "type": "assistant", "sessionId": id, "timestamp": "2026-01-01T11:00:00Z",
        "message": {"id": "m1", "role": "assistant", "content": [{"type": "text", "text": format!("Done with {id}.")}]},
    });
    lines + &format!("{agent}\n")
}

/// Sums a field of `usage` over all classifiers of a result.
pub(crate) fn used(result: &Value, field: &str) -> u64 {
    classifiers(result)
        .map(|one| one["usage"][field].as_u64().unwrap())
        .sum()
}

/// Sums how many answers ended in an outcome.
pub(crate) fn outcomes(result: &Value, outcome: &str) -> u64 {
    classifiers(result)
        .map(|one| one["outcomes"][outcome].as_u64().unwrap())
        .sum()
}

/// The bill of a result in whole picodollars.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bills of tests are some cents"
)]
pub(crate) fn cost(result: &Value) -> u128 {
    classifiers(result)
        .map(|one| (one["usage"]["cost_usd"].as_f64().unwrap() * 1e12).round() as u128)
        .sum()
}

fn classifiers(result: &Value) -> impl Iterator<Item = &Value> {
    result["classifiers"].as_array().unwrap().iter()
}

/// Long enough for anything that will happen at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const MANIFEST: &str = r#"title = "sessions for live asking"
licence = "MIT"
provenance = "written for a test"
synthetic = true
[default]
against = "hand"
[[raters]]
name = "hand"
kind = "construction"
description = "by construction"
"#;
