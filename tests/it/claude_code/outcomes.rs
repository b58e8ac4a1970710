//! Commits, pull requests, test runs.

use super::*;

fn commits(command: &str, output: &str) -> u64 {
    Transcript::new()
        .runs("t1", command)
        .gets("t1", output)
        .row()
        .commits
}

#[test]
fn commits_are_counted_on_the_words_of_git() {
    assert_eq!(
        commits("git commit -m x", "[main abc1234] x\n 1 file changed"),
        1
    );
    assert_eq!(
        commits("git commit -m x", "[main (root-commit) abc1234] x"),
        1
    );
    assert_eq!(commits("git commit -m x", "[detached HEAD abc1234] x"), 1);
    assert_eq!(
        commits(
            "git commit -m a; git add .; git commit -m b",
            "[f/x abc1234] a\n 1 file changed\n[f/x def5678] b"
        ),
        2
    );
}

#[test]
fn a_quiet_commit_counts_and_none_does_not() {
    assert_eq!(commits("git commit -qm x", ""), 1);
    assert_eq!(
        commits(
            "git commit -m x || true",
            "On branch main\nnothing to commit, working tree clean"
        ),
        0
    );
    assert_eq!(
        commits("git commit -m x | cat", "no changes added to commit"),
        0
    );
    assert_eq!(commits("git commit --dry-run", "On branch main"), 0);
    assert_eq!(commits("git log", "[main abc1234] x"), 0);
}

#[test]
fn a_failed_or_unfinished_commit_does_not_count() {
    let failed = Transcript::new()
        .runs("t1", "git commit -m x")
        .fails("t1", "Exit code 1\nhook failed");
    assert_eq!(failed.row().commits, 0);
    assert_eq!(
        Transcript::new()
            .runs("t1", "git commit -m x")
            .row()
            .commits,
        0
    );
}

#[test]
fn what_the_client_recorded_is_not_counted_twice() {
    let recorded = |command: &str, output: &str| {
        let structured = json!({"stdout": output, "gitOperation": {"commit": {"sha": "abc1234", "kind": "commit"}}});
        Transcript::new()
            .runs("t1", command)
            .result("t1", output, structured, false)
            .row()
            .commits
    };
    assert_eq!(recorded("git commit -m x", "[main abc1234] x"), 1);
    assert_eq!(recorded("git commit -qm x", ""), 1);
    assert_eq!(recorded("./release.sh", "released"), 1);
}

#[test]
fn pull_requests_are_counted_by_address() {
    let url = "https://github.com/o/r/pull/7";
    let opened = Transcript::new().runs("t1", "gh pr create --fill").gets(
        "t1",
        &format!("Creating pull request for x into main\n\n{url}\n"),
    );
    assert_eq!(opened.row().pull_requests, 1);
    let linked = opened
        .entry(
            "pr-link",
            json!({"prNumber": 7, "prUrl": url, "prRepository": "o/r"}),
        )
        .entry(
            "pr-link",
            json!({"prNumber": 7, "prUrl": url, "prRepository": "o/r"}),
        );
    assert_eq!(linked.row().pull_requests, 1);
    let operation = json!({"gitOperation": {"pr": {"number": 7, "url": url, "action": "created"}}});
    assert_eq!(
        linked
            .clone()
            .result("t2", "ok", operation, false)
            .row()
            .pull_requests,
        1
    );
    let second = linked.entry("pr-link", json!({"prUrl": "https://github.com/o/r/pull/8"}));
    assert_eq!(second.row().pull_requests, 2);
}

#[test]
fn an_address_that_is_only_shown_is_no_pull_request() {
    let session = Transcript::new()
        .runs("t1", "gh pr list")
        .gets("t1", "https://github.com/o/r/pull/7")
        .runs("t2", "gh pr create --fill")
        .fails(
            "t2",
            "Exit code 1\na pull request already exists:\nhttps://github.com/o/r/pull/6",
        );
    assert_eq!(session.row().pull_requests, 0);
}

#[test]
fn test_runs_fail_by_exit_code_or_by_their_closing_words() {
    let run = |command: &str| Transcript::new().runs("t1", command);
    let counts = |session: Transcript| (session.row().test_runs, session.row().test_failures);
    assert_eq!(
        counts(run("cargo test").gets("t1", "test result: ok. 3 passed; 0 failed")),
        (1, 0)
    );
    assert_eq!(
        counts(run("cargo test").fails("t1", "Exit code 101")),
        (1, 1)
    );
    assert_eq!(
        counts(run("cargo test | tail").gets("t1", "test result: FAILED. 2 passed; 1 failed")),
        (1, 1)
    );
    assert_eq!(
        counts(run("npm test || true").gets("t1", "Tests: 2 failed, 10 passed, 12 total")),
        (1, 1)
    );
    assert_eq!(
        counts(run("go test ./... | tail").gets("t1", "--- FAIL: TestX\nFAIL\tpkg\t0.1s\nFAIL")),
        (1, 1)
    );
    assert_eq!(
        counts(run("pytest -q | tail").gets("t1", "1 failed, 3 passed in 0.12s")),
        (1, 1)
    );
    assert_eq!(
        counts(run("pytest -q | tail").gets("t1", "4 passed in 0.12s")),
        (1, 0)
    );
    assert_eq!(counts(run("cat log").gets("t1", "1 failed")), (0, 0));
    assert_eq!(counts(run("cargo test")), (1, 0));
    assert_eq!(
        counts(
            run("cargo test").fails("t1", "The user doesn't want to proceed with this tool use")
        ),
        (0, 0)
    );
}
