//! A git repository as the Entire CLI leaves it, made by `git fast-import`: any ref, any name, any bytes.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A file of a commit; without bytes it is deleted.
pub(crate) type File = (String, Option<Vec<u8>>);

pub(crate) fn file(path: &str, bytes: impl Into<Vec<u8>>) -> File {
    (path.to_owned(), Some(bytes.into()))
}

pub(crate) struct Repository {
    pub(crate) folder: PathBuf,
    second: u64,
}

impl Repository {
    pub(crate) fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let repository = Self {
            folder: folder.to_owned(),
            second: 1_767_225_600,
        };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// Runs git and gives its output.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = hermetic(&self.folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Adds a commit of these files to a ref and gives its hash; its tree keeps what is not named.
    pub(crate) fn commit(
        &mut self,
        reference: &str,
        author: &str,
        message: &str,
        files: &[File],
    ) -> String {
        self.commit_with(reference, author, message, files, &[])
    }

    pub(crate) fn commit_with(
        &mut self,
        reference: &str,
        author: &str,
        message: &str,
        files: &[File],
        merged: &[&str],
    ) -> String {
        self.second += 60;
        let mut stream = Vec::new();
        let person = format!("Somebody <{author}> {} +0000", self.second);
        write!(
            stream,
            "commit {reference}\nauthor {person}\ncommitter {person}\ndata {}\n{message}\n",
            message.len()
        )
        .unwrap();
        if self.has(reference) {
            writeln!(stream, "from {reference}^0").unwrap();
        }
        for other in merged {
            writeln!(stream, "merge {other}").unwrap();
        }
        for (path, bytes) in files {
            let path: String = path
                .chars()
                .map(|character| match character {
                    '"' | '\\' => format!("\\{character}"),
                    '\n' => "\\n".to_owned(),
                    other => other.to_string(),
                })
                .collect();
            match bytes {
                Some(bytes) => {
                    write!(stream, "M 100644 inline \"{path}\"\ndata {}\n", bytes.len()).unwrap();
                    stream.extend_from_slice(bytes);
                    stream.push(b'\n');
                }
                None => writeln!(stream, "D \"{path}\"").unwrap(),
            }
        }
        let mut child = hermetic(&self.folder)
            .args(["fast-import", "--quiet", "--force", "--date-format=raw"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&stream).unwrap();
        assert!(child.wait().unwrap().success());
        self.git(&["rev-parse", reference])
    }

    fn has(&self, reference: &str) -> bool {
        let output = hermetic(&self.folder)
            .args(["rev-parse", "--verify", "--quiet", reference])
            .output()
            .unwrap();
        output.status.success()
    }
}

fn hermetic(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// The branch of the first generation.
pub(crate) const BRANCH: &str = "refs/heads/entire/checkpoints/v1";
/// Metadata of the second.
pub(crate) const MAIN: &str = "refs/entire/checkpoints/v2/main";
/// Newest transcripts of the second.
pub(crate) const CURRENT: &str = "refs/entire/checkpoints/v2/full/current";

/// The folder of a checkpoint in a branch.
pub(crate) fn folder(id: &str) -> String {
    format!("{}/{}", &id[..2], &id[2..])
}

/// The ref of a checkpoint in the third generation.
pub(crate) fn own_ref(id: &str) -> String {
    format!("refs/entire/checkpoints/{}/{id}", &id[id.len() - 2..])
}

pub(crate) fn hash_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}\n")
}

/// A session's metadata.
pub(crate) fn metadata(session: &str, checkpoint: &str, created: &str) -> Value {
    json!({
        "session_id": session, "checkpoint_id": checkpoint, "created_at": created,
        "strategy": "manual-commit", "agent": "Claude Code", "branch": "main", "files_touched": ["a.rs"],
    })
}

pub(crate) fn with_attribution(mut metadata: Value, attribution: &Value) -> Value {
    metadata["initial_attribution"] = attribution.clone();
    metadata
}

/// Files of one session below `below`, as the first and third generation keep them.
pub(crate) fn session_files(below: &str, metadata: &Value, transcript: &[u8]) -> Vec<File> {
    vec![
        file(&format!("{below}metadata.json"), metadata.to_string()),
        file(&format!("{below}full.jsonl"), transcript),
        file(&format!("{below}content_hash.txt"), hash_of(transcript)),
        file(&format!("{below}prompt.txt"), "Write the file"),
    ]
}

/// The checkpoint's own metadata.
pub(crate) fn summary(below: &str, checkpoint: &str) -> File {
    let metadata =
        json!({"checkpoint_id": checkpoint, "strategy": "manual-commit", "sessions": []});
    file(&format!("{below}metadata.json"), metadata.to_string())
}
