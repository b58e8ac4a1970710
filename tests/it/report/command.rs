//! The command as a user runs it: what it writes, and when it says that something is stale.

use insta::assert_snapshot;

use super::{files_below, text};
use crate::workspace::Workspace;

fn written() -> Workspace {
    let workspace = Workspace::new();
    let ran = workspace.run(&["report"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    workspace
}

#[test]
fn what_was_written_is_fresh_whatever_the_number_of_threads() {
    let workspace = written();
    let before = files_below(&workspace.path().join("reports"));
    assert!(before.contains_key("appendix.md"), "{:?}", before.keys());
    assert!(before.contains_key("tables/tiny-agreement.csv"));
    assert!(before.contains_key("tables/tiny-agreement.tex"));
    assert!(before.contains_key("tables/appendix.tex"));
    assert!(before.contains_key("checksums.sha256"));
    for threads in ["1", "3"] {
        let output = workspace
            .command(&["report", "--check"])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    let output = workspace
        .command(&["report", "--out", "again"])
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(files_below(&workspace.path().join("again")), before);
    assert!(
        !workspace.path().join(".validate").exists(),
        "no store is made"
    );
}

#[test]
fn stale_missing_and_surplus_files_are_told_with_the_first_difference() {
    let workspace = written();
    workspace.edit(
        "reports/tables/tiny-agreement.csv",
        "codebase,nominal,5",
        "codebase,nominal,6",
    );
    std::fs::remove_file(workspace.path().join("reports/tables/tiny-failures.tex")).unwrap();
    workspace.write("reports/tables/tiny-gone.csv", "a\n1\n");
    let ran = workspace.run(&["report", "--check"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_snapshot!(ran);
    let before = files_below(&workspace.path().join("reports"));
    assert_eq!(
        before["tables/tiny-gone.csv"], b"a\n1\n",
        "a check writes nothing"
    );
}

#[test]
fn a_surplus_file_alone_is_to_be_deleted_and_not_written_anew() {
    let workspace = written();
    workspace.write("reports/tables/tiny-gone.csv", "a\n1\n");
    let ran = workspace.run(&["report", "--check"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("delete it"), "{ran}");
    assert!(!ran.stderr.contains("anew"), "{ran}");
}

#[test]
fn a_text_that_cannot_be_read_is_named() {
    let workspace = Workspace::new();
    let ran = workspace.run(&["report", "--text", "nowhere.md", "--check"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("`nowhere.md`"), "{ran}");
    assert!(ran.stderr.contains("hint: `--text`"), "{ran}");
}

#[test]
fn a_file_that_an_earlier_run_wrote_goes_and_another_one_stays() {
    let workspace = written();
    workspace.write("reports/tables/tiny-old.csv", "old\n");
    workspace.write("reports/tables/mine.csv", "mine\n");
    let sums = text(&workspace, "reports/checksums.sha256");
    let listed = format!("{sums}{}  tables/tiny-old.csv\n", "0".repeat(64));
    workspace.write("reports/checksums.sha256", &listed);
    let ran = workspace.run(&["report"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let after = files_below(&workspace.path().join("reports"));
    assert!(!after.contains_key("tables/tiny-old.csv"));
    assert!(after.contains_key("tables/mine.csv"));
    assert!(ran.stderr.contains("mine.csv"), "{ran}");
}

#[test]
fn a_quoted_number_is_kept_up_to_date() {
    let workspace = Workspace::new();
    workspace.write(
        "README.md",
        "Kappa is <!-- validate: tiny.codebase.cohen_kappa -->0.9, of <!-- validate: tiny.sessions --> sessions.\n",
    );
    let ran = workspace.run(&["report", "--check"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(
        ran.stdout
            .contains("stale: README.md:1: `tiny.codebase.cohen_kappa` is quoted as 0.9, is 0.44"),
        "{ran}"
    );
    assert_eq!(workspace.run(&["report"]).code, Some(0));
    assert_eq!(
        text(&workspace, "README.md"),
        "Kappa is <!-- validate: tiny.codebase.cohen_kappa -->0.44, of <!-- validate: tiny.sessions -->6 sessions.\n"
    );
    assert_eq!(workspace.run(&["report", "--check"]).code, Some(0));
}

#[test]
fn a_number_that_nobody_knows_is_wrong_usage() {
    let workspace = Workspace::new();
    workspace.write(
        "docs/quotes.md",
        "\n<!-- validate: tiny.codebase.cohen_kapa -->0.9\n",
    );
    let ran = workspace.run(&["report"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("docs/quotes.md:2"), "{ran}");
    assert!(ran.stderr.contains("tiny.codebase.cohen_kappa"), "{ran}");
    assert!(
        !workspace.path().join("reports").exists(),
        "nothing is written"
    );
}

#[test]
fn a_study_that_names_what_does_not_exist_is_wrong_usage() {
    let workspace = Workspace::new();
    workspace.edit(
        "prompts/study.toml",
        "classifier = \"expertise\"",
        "classifier = \"expertize\"",
    );
    let ran = workspace.run(&["report"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("`expertize`"), "{ran}");
}

#[test]
fn without_a_study_the_sections_that_need_it_say_so() {
    let workspace = Workspace::new();
    std::fs::remove_file(workspace.path().join("prompts/study.toml")).unwrap();
    assert_eq!(workspace.run(&["report"]).code, Some(0));
    let page = text(&workspace, "reports/appendix.md");
    assert!(page.contains("declares no groups"));
    assert!(page.contains("declares no outcomes"));
    assert!(page.contains("declares no figures"));
}
