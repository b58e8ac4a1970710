//! A small goldset in a folder of its own, and the binary run there as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A working directory with the project's own classifiers and a goldset `goldsets/tiny` of six sessions.
pub(crate) struct Workspace {
    folder: TempDir,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Self { folder };
        copy(
            &package().join("prompts"),
            &workspace.path().join("prompts"),
        );
        workspace.write("goldsets/tiny/goldset.toml", MANIFEST);
        workspace.write("goldsets/tiny/sessions.csv", SESSIONS);
        workspace.write("goldsets/tiny/labels.csv", LABELS);
        workspace.write("goldsets/tiny/decisions.jsonl", DECISIONS);
        workspace.write("goldsets/tiny/telemetry.csv", TELEMETRY);
        workspace
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces text in a file of the workspace.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let path = self.folder.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{name} holds no {old:?}");
        fs::write(path, text.replacen(old, new, 1)).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_validate"));
        command.current_dir(self.path()).args(arguments).env_clear();
        command
    }

    /// Exit code, stdout and stderr, with the workspace's own path taken out.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        let clean = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec())
                .unwrap()
                .replace(&self.path().display().to_string(), "[workspace]")
        };
        Ran {
            code: output.status.code(),
            stdout: clean(&output.stdout),
            stderr: clean(&output.stderr),
        }
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Display for Ran {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self
            .code
            .map_or_else(|| "none".to_owned(), |code| code.to_string());
        write!(
            formatter,
            "exit code {code}\n--- stdout ---\n{}--- stderr ---\n{}",
            self.stdout, self.stderr
        )
    }
}

pub(crate) fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of reference data, or `None` with a word about it.
pub(crate) fn reference_data() -> Option<PathBuf> {
    let folder = std::env::var_os("VALIDATE_REFERENCE_DATA")
        .map_or_else(|| package().join("../shared"), PathBuf::from);
    if folder.join("sessions/index.csv").is_file() {
        return Some(folder);
    }
    println!(
        "skipped: no reference data at {} (VALIDATE_REFERENCE_DATA)",
        folder.display()
    );
    None
}

/// Says that a test skips because a tool is not installed. Where `VALIDATE_REQUIRE_TOOLS` is 1 it fails instead.
pub(crate) fn skipped(missing: &str) {
    skipped_unless(
        std::env::var("VALIDATE_REQUIRE_TOOLS").is_ok_and(|value| value == "1"),
        missing,
    );
}

pub(crate) fn skipped_unless(is_required: bool, missing: &str) {
    assert!(
        !is_required,
        "{missing}, and VALIDATE_REQUIRE_TOOLS=1 asks for it"
    );
    println!("skipped: {missing}");
}

const MANIFEST: &str = r#"title = "six invented sessions for the tests"
licence = "Apache-2.0"
provenance = "written for the tests"
synthetic = true

[default]
model = "rater:candidate"
against = "gold"

[[raters]]
name = "gold"
kind = "construction"
description = "fixed before the sessions were thought up"

[[raters]]
name = "candidate"
kind = "model"
description = "stands in for a model"

[[raters]]
name = "second"
kind = "human"
description = "stands in for a person"
"#;

const SESSIONS: &str = "session_id,file,user,date,repo,licence,source
s1,s1.jsonl,ada,2026-01-01,a/x,MIT,test
s2,s2.jsonl,ada,2026-01-02,a/x,MIT,test
s3,s3.jsonl,bob,2026-01-03,b/y,MIT,test
s4,s4.jsonl,,2026-01-04,c/z,MIT,test
s5,s5.jsonl,dot,2026-01-05,d/w,MIT,test
s6,s6.jsonl,dot,2026-01-06,d/w,MIT,test
";

const LABELS: &str = "session_id,classifier,rater,label,rationale
s1,codebase,gold,modify,
s2,codebase,gold,modify,
s3,codebase,gold,create,
s4,codebase,gold,explore,
s5,codebase,gold,none,
s6,codebase,gold,modify,
s1,codebase,candidate,modify,
s2,codebase,candidate,create,
s3,codebase,candidate,create,
s4,codebase,candidate,modify,
s5,codebase,candidate,none,
s1,expertise,gold,3,
s2,expertise,gold,4,
s3,expertise,gold,2,
s4,expertise,gold,5,
s1,expertise,candidate,3,
s2,expertise,candidate,5,
s3,expertise,candidate,2,
s4,expertise,candidate,4,
s1,occupation,gold,15-0000,
s2,occupation,gold,15-0000,
s3,occupation,gold,11-0000,
s1,occupation,candidate,15-0000,
s2,occupation,candidate,15-0000,
s3,occupation,candidate,15-0000,
s1,task-value,gold,100,
s2,task-value,gold,200,
s3,task-value,gold,400,
s1,task-value,candidate,50,
s2,task-value,candidate,100,
s3,task-value,candidate,400,
";

const DECISIONS: &str = r#"{"session_id":"s1","rater":"gold","decisions":[{"kind":"planning","by":"user","summary":"what"},{"kind":"execution","by":"agent","summary":"how"}]}
{"session_id":"s2","rater":"gold","decisions":[{"kind":"planning","by":"user","summary":"what"},{"kind":"planning","by":"agent","summary":"which"}]}
{"session_id":"s3","rater":"gold","decisions":[{"kind":"planning","by":"agent","summary":"what"},{"kind":"execution","by":"user","summary":"how"}]}
{"session_id":"s1","rater":"candidate","decisions":[{"kind":"planning","by":"user","summary":"what"},{"kind":"execution","by":"agent","summary":"how"}]}
{"session_id":"s2","rater":"candidate","decisions":[{"kind":"planning","by":"user","summary":"what"},{"kind":"execution","by":"agent","summary":"how"}]}
{"session_id":"s3","rater":"candidate","decisions":[{"kind":"planning","by":"agent","summary":"what"},{"kind":"execution","by":"agent","summary":"how"}]}
"#;

const TELEMETRY: &str = "session_id,agent,prompts,actions,actions_per_prompt,lines_added,lines_removed,commits,tool_errors,interactive,ineligible
s1,Claude Code,2,20,10,30,2,1,0,true,
s2,Claude Code,1,8,8,0,5,0,1,true,
s3,Claude Code,4,40,10,200,0,2,0,true,
s4,Claude Code,3,9,3,0,0,0,2,true,
s5,Claude Code,1,0,0,0,0,0,0,true,
s6,Claude Code,1,3,3,1,1,0,0,true,
";
