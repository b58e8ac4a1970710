//! `validate telemetry --entire`: checkpoints beside transcripts, from every kind of file, and lines held against each other.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::repository::{
    BRANCH, Repository, file, folder, metadata, session_files, summary, with_attribution,
};
use super::{import, session, validate};

const HEX: &str = "a1b2c3d4e5f6";
const OTHER: &str = "b1b2c3d4e5f6";
const DAY: &str = "2026-03-01T10:30:00Z";

fn first_metric() -> Value {
    json!({"agent_lines": 6, "human_added": 2, "human_modified": 1, "human_removed": 0, "total_committed": 8, "agent_percentage": 75.0})
}

fn second_metric() -> Value {
    json!({"agent_lines": 6, "agent_removed": 2, "human_added": 1, "human_modified": 0, "human_removed": 1,
           "total_committed": 7, "total_lines_changed": 10, "agent_percentage": 80.0, "metric_version": 2})
}

fn occurrence(checkpoint: &str, sessions: usize, attribution: &Value, commits: &Value) -> Value {
    json!({
        "checkpoint_id": checkpoint, "index": 0, "transcript_bytes": 1,
        "session_metadata": with_attribution(metadata("s", checkpoint, DAY), attribution),
        "checkpoint_metadata": {"sessions": vec![json!({}); sessions]},
        "commits": commits,
    })
}

fn commit(id: &str, additions: u64, deletions: u64) -> Value {
    json!({"sha": id, "numstat": {"additions": additions, "deletions": deletions}})
}

/// A folder with the transcript of session `s` (two turns, six lines) and what `name` holds.
fn place(name: &str, content: &Value) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    session("s", 2).write(&place.path().join("s.jsonl"));
    fs::write(place.path().join(name), content.to_string()).unwrap();
    place
}

fn telemetry(place: &Path, entire: &str) -> Vec<Value> {
    let arguments = [
        "telemetry",
        "s.jsonl",
        "--entire",
        entire,
        "--format",
        "json",
    ];
    let (code, stdout, stderr) = validate(place, &arguments);
    assert_eq!((code, stderr.as_str()), (0, ""));
    serde_json::from_str(&stdout).unwrap()
}

fn of(row: &Value) -> Value {
    let columns = row.as_object().unwrap().iter();
    columns
        .filter(|(name, value)| name.starts_with("entire_") && !value.is_null())
        .map(|(name, value)| (name["entire_".len()..].to_owned(), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn a_list_of_checkpoints_gives_sums_of_one_metric() {
    let commits = json!([commit("c1", 7, 1)]);
    let list = json!({"session_id": "s", "occurrences": [
        occurrence(HEX, 1, &second_metric(), &commits),
        occurrence(OTHER, 3, &second_metric(), &json!([commit("c1", 7, 1), commit("c2", 10, 0)])),
    ]});
    let place = place("s.checkpoints.json", &list);
    let expected = json!({
        "checkpoints": 2, "shared_checkpoints": 1, "sessions": 3, "commits": 2,
        "commit_lines_added": 17, "commit_lines_removed": 1, "metric_version": "2", "attributed_checkpoints": 2,
        "agent_lines": 12, "agent_removed": 4, "human_added": 2, "human_modified": 0, "human_removed": 2,
        "total_committed": 14, "total_lines_changed": 20, "agent_percentage": 80.0,
    });
    for path in ["s.checkpoints.json", "."] {
        let rows = telemetry(place.path(), path);
        assert_eq!(rows.len(), 1);
        assert_eq!(of(&rows[0]), expected, "{path}");
        assert_eq!(
            rows[0]["lines_added"], 6,
            "the transcript's own columns stay"
        );
    }
}

#[test]
fn a_sessions_metadata_knows_no_commits() {
    let place = place(
        "metadata.json",
        &with_attribution(metadata("2026-03-01-s", HEX, DAY), &first_metric()),
    );
    let rows = telemetry(place.path(), "metadata.json");
    assert_eq!(rows.len(), 1, "the date before the id is left aside");
    assert_eq!(
        of(&rows[0]),
        json!({
            "checkpoints": 1, "metric_version": "1", "attributed_checkpoints": 1, "agent_lines": 6, "human_added": 2,
            "human_modified": 1, "human_removed": 0, "total_committed": 8, "agent_percentage": 75.0,
        })
    );
}

#[test]
fn metrics_are_not_pooled_and_sessions_without_a_transcript_stand_behind() {
    let list = json!({"session_id": "s", "occurrences": [
        occurrence(HEX, 1, &first_metric(), &json!([])),
        occurrence(OTHER, 1, &second_metric(), &json!([])),
    ]});
    let place = place("s.checkpoints.json", &list);
    fs::write(
        place.path().join("t.metadata.json"),
        metadata("t", HEX, DAY).to_string(),
    )
    .unwrap();
    let rows = telemetry(place.path(), ".");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["entire_metric_version"], "mixed");
    assert_eq!(rows[0]["entire_agent_lines"], Value::Null);
    assert_eq!(
        (&rows[1]["session_id"], &rows[1]["lines_added"]),
        (&json!("t"), &Value::Null)
    );
}

#[test]
fn what_an_import_writes_is_read_back() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let below = folder(HEX);
    let told = with_attribution(metadata("s", HEX, DAY), &second_metric());
    let mut files = vec![summary(&format!("{below}/"), HEX)];
    files.extend(session_files(
        &format!("{below}/0/"),
        &told,
        session("s", 2).bytes(),
    ));
    repository.commit(BRANCH, "ada@example.org", "x", &files);
    let message = format!("Work\n\nEntire-Checkpoint: {HEX}\n");
    repository.commit(
        "refs/heads/main",
        "ada@example.org",
        &message,
        &[file("a", "1\n2\n3\n")],
    );
    import(place.path(), &[]);
    session("s", 2).write(&place.path().join("s.jsonl"));
    for path in ["gold", "gold/checkpoints.csv"] {
        let rows = telemetry(place.path(), path);
        assert_eq!(
            of(&rows[0]),
            json!({
                "checkpoints": 1, "shared_checkpoints": 0, "sessions": 1, "commits": 1,
                "commit_lines_added": 3, "commit_lines_removed": 0, "metric_version": "2", "attributed_checkpoints": 1,
                "agent_lines": 6, "agent_removed": 2, "human_added": 1, "human_modified": 0, "human_removed": 1,
                "total_committed": 7, "total_lines_changed": 10, "agent_percentage": 80.0,
            }),
            "{path}"
        );
    }
}

#[test]
fn lines_are_held_against_each_other() {
    let place = tempfile::tempdir().unwrap();
    let mut occurrences = Vec::new();
    for (at, turns) in [(1_u64, 1_u32), (2, 3), (3, 5)] {
        let id = format!("s{at}");
        session(&id, turns).write(&place.path().join(format!("{id}.jsonl")));
        let mut one = occurrence(
            HEX,
            1,
            &first_metric(),
            &json!([commit(&format!("c{at}"), 3 * at, at)]),
        );
        one["session_metadata"]["session_id"] = json!(id);
        one["session_metadata"]["initial_attribution"]["agent_lines"] = json!(10 * at);
        occurrences.push((id, one));
    }
    // The third session shares its checkpoint: what is committed there is not its own.
    occurrences[2].1["checkpoint_metadata"]["sessions"] = json!([{}, {}]);
    for (id, occurrence) in &occurrences {
        let list = json!({"session_id": id, "occurrences": [occurrence]});
        fs::write(
            place.path().join(format!("{id}.checkpoints.json")),
            list.to_string(),
        )
        .unwrap();
    }
    let arguments = ["telemetry", ".", "--entire", ".", "--reconcile"];
    let (code, stdout, _) = validate(place.path(), &arguments);
    assert_eq!(code, 0);
    insta::assert_snapshot!("entire_reconciled", stdout);
    let (_, stdout, _) = validate(
        place.path(),
        &[&arguments[..], &["--format", "json"]].concat(),
    );
    let both: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        both["reconciliation"]["sessions"],
        json!([
            {"session_id": "s1", "transcript": 3.0, "commits": 4.0, "own_commits": 4.0, "attribution_v1": 10.0, "attribution_v2": null},
            {"session_id": "s2", "transcript": 9.0, "commits": 8.0, "own_commits": 8.0, "attribution_v1": 20.0, "attribution_v2": null},
            {"session_id": "s3", "transcript": 15.0, "commits": 12.0, "own_commits": null, "attribution_v1": null, "attribution_v2": null},
        ])
    );
    let agreement = &both["reconciliation"]["agreement"][0];
    assert_eq!(
        (&agreement["a"], &agreement["b"]),
        (&json!("transcript"), &json!("commits"))
    );
    assert_eq!(agreement["sessions"], 3);
    assert!((agreement["spearman"].as_f64().unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn a_file_that_tells_of_no_checkpoint_says_what_to_name() {
    let place = place("package.json", &json!({"name": "x"}));
    for (file, content) in [
        ("other.csv", "a,b\n1,2\n"),
        ("broken.json", "{\"session_id\": "),
    ] {
        fs::write(place.path().join(file), content).unwrap();
    }
    fs::create_dir(place.path().join("empty")).unwrap();
    let said: Vec<String> = [
        "package.json",
        "other.csv",
        "broken.json",
        "empty",
        "nowhere",
    ]
    .into_iter()
    .map(|path| {
        let (code, stdout, stderr) =
            validate(place.path(), &["telemetry", "s.jsonl", "--entire", path]);
        assert_eq!((code, stdout.as_str()), (2, ""));
        stderr
    })
    .collect();
    insta::assert_snapshot!("entire_no_evidence", said.join("--\n"));
}
