//! Commits that name a checkpoint: copies by rebase, squashes, merges, renames, binary files, hostile names.

use super::repository::{
    BRANCH, Repository, file, folder, metadata, session_files, summary, with_attribution,
};
use super::{Row, import, rows, session};

use serde_json::json;

const HEX: &str = "a1b2c3d4e5f6";
const OTHER: &str = "b1b2c3d4e5f6";
const DAY: &str = "2026-03-01T10:30:00Z";
const MAIN: &str = "refs/heads/main";

fn named(subject: &str, checkpoints: &[&str]) -> String {
    let trailers: String = checkpoints
        .iter()
        .map(|id| format!("Entire-Checkpoint: {id}\n"))
        .collect();
    format!("{subject}\n\n{trailers}")
}

fn lines(count: usize) -> String {
    (0..count).map(|line| format!("line {line}\n")).collect()
}

/// Two sessions, each with a checkpoint of its own.
fn checkpoints(repository: &mut Repository) {
    for (checkpoint, id) in [(HEX, "s"), (OTHER, "t")] {
        let below = folder(checkpoint);
        let attribution = json!({"agent_lines": 3, "human_added": 1, "total_committed": 4, "agent_percentage": 75.0});
        let metadata = with_attribution(metadata(id, checkpoint, DAY), &attribution);
        let mut files = vec![summary(&format!("{below}/"), checkpoint)];
        files.extend(session_files(
            &format!("{below}/0/"),
            &metadata,
            session(id, 1).bytes(),
        ));
        repository.commit(BRANCH, "bot@example.org", "condense", &files);
    }
}

fn of<'r>(commits: &'r [Row], id: &str, checkpoint: &str) -> &'r Row {
    commits
        .iter()
        .find(|row| row["commit"] == id && row["checkpoint_id"] == checkpoint)
        .unwrap()
}

fn counts(row: &Row) -> [&str; 4] {
    ["additions", "deletions", "files", "binary_files"].map(|column| row[column].as_str())
}

#[test]
fn lines_are_counted_once_per_commit_whatever_is_in_it() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    checkpoints(&mut repository);
    let ada = "ada@example.org";
    let root = repository.commit(
        MAIN,
        ada,
        &named("Begin", &[HEX]),
        &[file("a.txt", lines(50))],
    );
    let renamed = repository.commit(
        MAIN,
        ada,
        &named("Rename", &[HEX]),
        &[
            ("a.txt".to_owned(), None),
            file("\t\"b\n-\u{1b}[2J.txt", lines(50) + "one more\n"),
            file("picture.png", b"\x89PNG\0\0\0".to_vec()),
            file(&"0".repeat(40), "looks like a commit\n"),
        ],
    );
    let squashed = repository.commit(
        MAIN,
        "bob@example.org",
        &format!("Squash\n\n* one\n\nEntire-Checkpoint: {HEX}\n\n* two\n\nEntire-Checkpoint: {OTHER}\n\nThe end.\n"),
        &[file("c.txt", lines(7))],
    );
    repository.git(&["branch", "side", &root]);
    let side = repository.commit(
        "refs/heads/side",
        ada,
        "No trailer",
        &[file("d.txt", lines(9))],
    );
    let merge = repository.commit_with(
        MAIN,
        ada,
        &named("Merge", &[OTHER]),
        &[file("d.txt", lines(9))],
        &["refs/heads/side"],
    );
    let empty = repository.commit(MAIN, ada, &named("Nothing", &[OTHER]), &[]);
    import(place.path(), &[]);
    let gold = place.path().join("gold");
    let commits = rows(&gold.join("commits.csv"));
    assert_eq!(
        commits.len(),
        6,
        "four commits and a squash that counts for both sessions"
    );
    assert!(commits.iter().all(|row| row["commit"] != side));
    assert_eq!(counts(of(&commits, &root, HEX)), ["50", "0", "1", "0"]);
    assert_eq!(counts(of(&commits, &renamed, HEX)), ["2", "0", "3", "1"]);
    for checkpoint in [HEX, OTHER] {
        assert_eq!(
            counts(of(&commits, &squashed, checkpoint)),
            ["7", "0", "1", "0"]
        );
    }
    let merge = of(&commits, &merge, OTHER);
    assert_eq!(
        (merge["merge"].as_str(), counts(merge)),
        ("true", ["", "", "", ""])
    );
    assert_eq!(counts(of(&commits, &empty, OTHER)), ["0", "0", "0", "0"]);
    // Each author is somebody, nobody's address is told, and the author of most commits is the user.
    let authors: Vec<&str> = [&root, &squashed]
        .map(|id| of(&commits, id, HEX)["author"].as_str())
        .to_vec();
    assert_ne!(authors[0], authors[1]);
    let sessions = rows(&gold.join("sessions.csv"));
    assert!(sessions.iter().all(|row| row["user"] == authors[0]));
    let checkpoints = rows(&gold.join("checkpoints.csv"));
    let first = &checkpoints[0];
    let cells = [
        "metric_version",
        "agent_lines",
        "agent_removed",
        "total_committed",
        "agent_percentage",
        "commits",
    ];
    assert_eq!(
        cells.map(|column| first[column].as_str()),
        ["1", "3", "", "4", "75", "3"]
    );
}

#[test]
fn a_rebase_leaves_copies_and_then_others() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    checkpoints(&mut repository);
    let ada = "ada@example.org";
    repository.commit(MAIN, ada, "Begin", &[file("x", "x\n")]);
    let topic = repository.commit(
        "refs/heads/topic",
        ada,
        &named("Work", &[HEX]),
        &[file("a", lines(3))],
    );
    let copy = repository.commit(MAIN, ada, &named("Work", &[HEX]), &[file("a", lines(3))]);
    import(place.path(), &[]);
    let table = place.path().join("gold/commits.csv");
    let mut ids: Vec<String> = rows(&table)
        .into_iter()
        .map(|row| row["commit"].clone())
        .collect();
    ids.sort();
    let mut expected = [topic, copy.clone()];
    expected.sort();
    assert_eq!(ids, expected);
    let arguments = [
        "telemetry",
        "gold/sessions",
        "--entire",
        "gold",
        "--reconcile",
        "--format",
        "json",
    ];
    let (code, stdout, stderr) = super::validate(place.path(), &arguments);
    assert_eq!(code, 0, "{stderr}");
    let both: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let told = &both["reconciliation"]["sessions"][0];
    assert_eq!(
        told["attribution_v1"],
        json!(null),
        "which commit it is about, nobody knows"
    );
    assert_eq!(
        (&told["commits"], &told["own_commits"]),
        (&json!(6.0), &json!(null))
    );

    repository.git(&["branch", "-D", "topic"]);
    import(place.path(), &[]);
    let commits = rows(&table);
    assert_eq!(commits.len(), 1, "the commit that was rebased away is gone");
    assert_eq!(commits[0]["commit"], copy);
    let (_, stdout, _) = super::validate(place.path(), &arguments);
    let both: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let told = &both["reconciliation"]["sessions"][0];
    assert_eq!(told["attribution_v1"], json!(3.0));
    assert_eq!(
        (&told["commits"], &told["own_commits"]),
        (&json!(3.0), &json!(3.0))
    );
}

#[test]
fn a_shallow_clone_does_not_count_the_whole_repository() {
    let place = tempfile::tempdir().unwrap();
    let mut origin = Repository::new(&place.path().join("origin"));
    checkpoints(&mut origin);
    origin.commit(MAIN, "ada@example.org", "Begin", &[file("x", lines(1000))]);
    origin.commit(
        MAIN,
        "ada@example.org",
        &named("Work", &[HEX]),
        &[file("a", lines(3))],
    );
    let address = format!("file://{}", place.path().join("origin").display());
    origin.git(&[
        "clone",
        "--quiet",
        "--bare",
        "--depth=1",
        "--no-single-branch",
        &address,
        "../repo",
    ]);
    import(place.path(), &[]);
    let commits = rows(&place.path().join("gold/commits.csv"));
    assert_eq!(commits.len(), 1);
    assert_eq!(
        counts(&commits[0]),
        ["", "", "", ""],
        "unknown, not a thousand"
    );
}
