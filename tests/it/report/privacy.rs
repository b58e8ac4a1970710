//! `--publish`: what readers outside do not see.

use super::{cell, files_below, rows};
use crate::workspace::Workspace;

fn published(least: &str) -> Workspace {
    let workspace = Workspace::new();
    // A rationale and ids that no reader may find.
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s1,codebase,gold,modify,",
        "s1,codebase,gold,modify,secret-rationale",
    );
    workspace.write("README.md", "<!-- validate: tiny.sessions -->5 sessions\n");
    let ran = workspace.run(&[
        "report",
        "--publish",
        "--min-users",
        least,
        "--out",
        "public",
    ]);
    assert_eq!(ran.code, Some(0), "{ran}");
    workspace
}

#[test]
fn ids_users_repositories_and_rationales_are_left_out() {
    let workspace = published("3");
    let files = files_below(&workspace.path().join("public"));
    assert!(files.contains_key("appendix.md"));
    for (path, bytes) in &files {
        let text = String::from_utf8(bytes.clone()).unwrap();
        for secret in ["secret-rationale", "ada", "bob", "a/x", "c/z", "s1.jsonl"] {
            let words = text
                .split(|letter: char| !(letter.is_alphanumeric() || "-_/.".contains(letter)))
                .any(|word| word == secret);
            assert!(!words, "{path} holds {secret}");
        }
        for id in ["s1", "s2", "s3", "s4", "s5", "s6"] {
            let is_there = text
                .split(|letter: char| !letter.is_alphanumeric())
                .any(|word| word == id);
            assert!(!is_there, "{path} holds the id {id}");
        }
    }
    let page = String::from_utf8(files["appendix.md"].clone()).unwrap();
    assert!(page.contains("fewer than 3 users is suppressed"), "{page}");
    assert_eq!(
        std::fs::read_to_string(workspace.path().join("README.md")).unwrap(),
        "<!-- validate: tiny.sessions -->5 sessions\n",
        "texts are left alone"
    );
}

#[test]
fn cells_of_few_users_are_suppressed_and_what_rests_on_all_is_not() {
    let workspace = published("3");
    let tables = workspace.path().join("public/tables");
    // Every cell of the confusion matrix tells of one or two users.
    let confusion = rows(&tables.join("tiny-confusion-codebase.csv"));
    for row in &confusion[1..5] {
        for cell in &row[1..] {
            assert!(cell == "suppressed" || cell == "0", "{row:?}");
        }
    }
    let classes = rows(&tables.join("tiny-per-class.csv"));
    assert_eq!(
        cell(&classes, &["codebase", "modify (Modify)"], "recall"),
        "suppressed"
    );
    let agreement = rows(&tables.join("tiny-agreement.csv"));
    assert_eq!(cell(&agreement, &["codebase"], "kappa"), "0.44");
}

#[test]
fn a_published_appendix_has_a_check_of_its_own() {
    let workspace = published("3");
    let options = ["report", "--publish", "--min-users", "3", "--out", "public"];
    assert_eq!(
        workspace.run(&[&options[..], &["--check"]].concat()).code,
        Some(0)
    );
    let ran = workspace.run(&["report", "--check", "--out", "public"]);
    assert_eq!(ran.code, Some(1), "{ran}");
}

/// Raters quote sessions, and sessions hold secrets.
#[test]
fn a_secret_in_a_rationale_is_redacted() {
    // Put together here, so that no file holds them.
    let key = format!("AK{}", "IAZ7Q4M2X6R5T3W7PK");
    let token = format!("gh{}", "p_x7Kq2mZr9Tb4Wn6Yc1Vd8Fs3Gh5Jp0La2QeR");
    let workspace = Workspace::new();
    for (row, words) in [
        ("s1,codebase,gold,modify,", format!("the user pasted {key}")),
        (
            "s2,codebase,candidate,create,",
            format!("a push with {token}"),
        ),
    ] {
        workspace.edit("goldsets/tiny/labels.csv", row, &format!("{row}{words}"));
    }
    assert_eq!(workspace.run(&["report"]).code, Some(0));
    let mut told = String::new();
    for (path, bytes) in files_below(&workspace.path().join("reports")) {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains(&key) && !text.contains(&token), "{path}");
        told.push_str(&text);
    }
    assert!(told.contains("the user pasted ") && told.contains("a push with "));
}

#[test]
fn to_publish_takes_a_folder_of_its_own() {
    let workspace = Workspace::new();
    workspace.write("reports/figures/mine.svg", "<svg/>");
    for options in [
        &["report", "--publish"][..],
        &["report", "--publish", "--check"],
    ] {
        let ran = workspace.run(options);
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(
            ran.stderr.contains("hint: name one with `--out DIR`"),
            "{ran}"
        );
    }
    let files = files_below(&workspace.path().join("reports"));
    assert_eq!(files.len(), 1, "nothing is written: {:?}", files.keys());
}
