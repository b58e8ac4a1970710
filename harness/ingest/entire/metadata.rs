//! `metadata.json` of a session, and files of checkpoints as others collected them. All of it is untrusted: a field of another
//! type reads as absent.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::evidence::{Attribution, Checkpoint, Commit};

/// The largest metadata that is read. Newer clients cap theirs; older ones listed every file of a commit.
pub const LARGEST: u64 = 32 << 20;

/// What a session's metadata says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionMetadata {
    /// The session's id.
    pub session_id: String,
    /// The agent's name, as the client calls it.
    pub agent: String,
    /// When the checkpoint was made.
    pub created_at: String,
    /// The branch that was worked on.
    pub branch: String,
    /// What kind of session, where it is no ordinary one (`agent_review`).
    pub kind: String,
    /// Whose lines were committed.
    pub attribution: Option<Attribution>,
}

/// Reads `metadata.json`; `None` where it is no object with a session's id.
#[must_use]
pub fn session(bytes: &[u8]) -> Option<SessionMetadata> {
    serde_json::from_slice(bytes)
        .ok()
        .and_then(|value| session_of(&value))
}

fn session_of(value: &Value) -> Option<SessionMetadata> {
    let id = text(value, "session_id");
    if id.is_empty() || id.len() > 512 {
        return None;
    }
    Some(SessionMetadata {
        session_id: id,
        agent: text(value, "agent"),
        created_at: text(value, "created_at"),
        branch: text(value, "branch"),
        kind: text(value, "kind"),
        attribution: value.get("initial_attribution").and_then(attribution),
    })
}

fn attribution(value: &Value) -> Option<Attribution> {
    let record = value.as_object()?;
    let count = |name: &str| record.get(name).and_then(Value::as_u64);
    Some(Attribution {
        metric_version: count("metric_version").unwrap_or(1),
        agent_lines: Some(count("agent_lines")?),
        agent_removed: count("agent_removed"),
        human_added: count("human_added"),
        human_modified: count("human_modified"),
        human_removed: count("human_removed"),
        total_committed: count("total_committed"),
        total_lines_changed: count("total_lines_changed"),
        agent_percentage: record
            .get("agent_percentage")
            .and_then(Value::as_f64)
            .filter(|share| share.is_finite()),
    })
}

/// Checkpoints in a JSON file: a session's `metadata.json`, or a list of all of its checkpoints with their commits
/// (`.checkpoints.json`: `occurrences`, each with `session_metadata`, `checkpoint_metadata` and `commits`). Empty where
/// it is neither.
#[must_use]
pub fn checkpoints(bytes: &[u8]) -> Vec<Checkpoint> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return Vec::new();
    };
    let Some(occurrences) = value.get("occurrences").and_then(Value::as_array) else {
        let Some(metadata) = session_of(&value) else {
            return Vec::new();
        };
        let is_of_entire = value.get("checkpoint_id").is_some() || metadata.attribution.is_some();
        return if is_of_entire {
            vec![Checkpoint {
                session_id: metadata.session_id,
                checkpoint_id: text(&value, "checkpoint_id"),
                sessions: None,
                attribution: metadata.attribution,
                commits: None,
            }]
        } else {
            Vec::new()
        };
    };
    let session = text(&value, "session_id");
    let mut seen = BTreeSet::new();
    occurrences
        .iter()
        .filter_map(|occurrence| {
            let metadata = occurrence.get("session_metadata").and_then(session_of);
            let checkpoint_id = text(occurrence, "checkpoint_id");
            // The same agent session can stand in one checkpoint under two dates.
            if !seen.insert(checkpoint_id.clone()) {
                return None;
            }
            Some(Checkpoint {
                session_id: if session.is_empty() {
                    metadata.as_ref()?.session_id.clone()
                } else {
                    session.clone()
                },
                checkpoint_id,
                sessions: occurrence
                    .pointer("/checkpoint_metadata/sessions")
                    .and_then(Value::as_array)
                    .map(|sessions| sessions.len() as u64),
                attribution: metadata.and_then(|metadata| metadata.attribution),
                commits: occurrence
                    .get("commits")
                    .and_then(Value::as_array)
                    .map(|commits| commits.iter().map(commit).collect()),
            })
        })
        .collect()
}

fn commit(value: &Value) -> Commit {
    let count = |name: &str| value.pointer(name).and_then(Value::as_u64);
    Commit {
        id: text(value, "sha"),
        merge: false,
        additions: count("/numstat/additions"),
        deletions: count("/numstat/deletions"),
    }
}

fn text(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{checkpoints, session};

    #[test]
    fn wrong_types_read_as_absent() {
        let found = session(
            br#"{"session_id": "s", "agent": 7, "created_at": null, "branch": ["x"],
                 "initial_attribution": {"agent_lines": 3, "human_added": -1, "agent_percentage": "all"}}"#,
        )
        .unwrap();
        assert_eq!((found.agent.as_str(), found.branch.as_str()), ("", ""));
        let attribution = found.attribution.unwrap();
        assert_eq!(attribution.metric_version, 1);
        assert_eq!(attribution.agent_lines, Some(3));
        assert_eq!(attribution.human_added, None);
        assert_eq!(attribution.agent_percentage, None);
    }

    #[test]
    fn what_is_no_metadata_gives_nothing() {
        let deep = "[".repeat(100_000);
        for bytes in [
            b"".as_slice(),
            b"null",
            b"[]",
            b"{}",
            b"{\"session_id\": \"\"}",
            b"{\"session_id\": {}}",
            b"{\"session_id\": \"s\"",
            deep.as_bytes(),
        ] {
            assert!(session(bytes).is_none());
            assert!(checkpoints(bytes).is_empty());
        }
        assert!(checkpoints(br#"{"session_id": "s", "occurrences": [7, null]}"#).len() <= 1);
    }
}
