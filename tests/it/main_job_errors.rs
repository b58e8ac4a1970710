//! Every message of the main job about unusable input, as a user sees it: what, where, why, and what to do.

use insta::assert_snapshot;

use crate::workspace::Workspace;

fn refused(workspace: &Workspace, arguments: &[&str]) -> String {
    let ran = workspace.run(arguments);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(
        ran.stdout.is_empty(),
        "nothing is printed as a result:\n{ran}"
    );
    ran.stderr
}

fn refused_tiny(workspace: &Workspace, arguments: &[&str]) -> String {
    refused(
        workspace,
        &[arguments, &["--goldset", "goldsets/tiny"]].concat(),
    )
}

const CODEBASE: [&str; 2] = ["--classifier", "codebase"];

#[test]
fn no_classifier() {
    assert_snapshot!(refused_tiny(&Workspace::new(), &[]));
}

#[test]
fn an_unknown_classifier() {
    assert_snapshot!(refused_tiny(
        &Workspace::new(),
        &["--classifier", "expertize"]
    ));
}

#[test]
fn a_folder_without_prompts() {
    let workspace = Workspace::new();
    std::fs::remove_dir_all(workspace.path().join("prompts")).unwrap();
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn a_classifier_that_is_no_toml() {
    let workspace = Workspace::new();
    workspace.write(
        "prompts/codebase/classifier.toml",
        "title = \"Codebase\nscale = \"nominal\"\n",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn a_classifier_with_an_unknown_key() {
    let workspace = Workspace::new();
    workspace.edit(
        "prompts/codebase/classifier.toml",
        "scale = ",
        "colour = \"red\"\nscale = ",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn a_classifier_that_contradicts_itself() {
    let workspace = Workspace::new();
    workspace.edit(
        "prompts/codebase/classifier.toml",
        "labels = [\"modify\", \"create\"]",
        "labels = [\"modfy\", \"create\"]",
    );
    workspace.edit(
        "prompts/codebase/classifier.toml",
        "share = 0.90",
        "share = 90",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn an_unknown_rater() {
    assert_snapshot!(refused_tiny(
        &Workspace::new(),
        &["--classifier", "codebase", "--model", "rater:candidat"]
    ));
}

#[test]
fn an_unknown_gold_rater() {
    assert_snapshot!(refused_tiny(
        &Workspace::new(),
        &["--classifier", "codebase", "--against", "golden"]
    ));
}

#[test]
fn a_spec_of_no_known_form() {
    assert_snapshot!(refused_tiny(
        &Workspace::new(),
        &["--classifier", "codebase", "--model", "candidate"]
    ));
}

#[test]
fn a_folder_that_is_no_goldset() {
    assert_snapshot!(refused(
        &Workspace::new(),
        &["--classifier", "codebase", "--goldset", "goldsets/tinny"]
    ));
}

#[test]
fn an_empty_goldset() {
    let workspace = Workspace::new();
    workspace.write(
        "goldsets/tiny/sessions.csv",
        "session_id,file,user,date,repo,licence,source\n",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn a_goldset_without_sessions_csv() {
    let workspace = Workspace::new();
    std::fs::remove_file(workspace.path().join("goldsets/tiny/sessions.csv")).unwrap();
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn a_manifest_with_an_unknown_kind() {
    let workspace = Workspace::new();
    workspace.edit(
        "goldsets/tiny/goldset.toml",
        "kind = \"human\"",
        "kind = \"expert\"",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn missing_columns() {
    let workspace = Workspace::new();
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "session_id,classifier,rater,label",
        "session,classifier,rater,value",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn broken_csv() {
    let workspace = Workspace::new();
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s2,codebase,gold,modify,",
        "s2,codebase,gold,modify,why,and,more",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn labels_that_do_not_fit_are_told_all_at_once() {
    let workspace = Workspace::new();
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s1,codebase,gold,modify,",
        "s1,codebase,gold,Modify,",
    );
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s2,codebase,gold,modify,",
        "s2,codebase,gold,modify ,",
    );
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s3,codebase,gold,create,",
        "s9,codebase,gold,create,",
    );
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s4,codebase,gold,explore,",
        "s4,codebas,gold,explore,",
    );
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s5,codebase,gold,none,",
        "s5,codebase,golden,none,",
    );
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s6,codebase,gold,modify,",
        "s6,codebase,gold,modify,\ns6,codebase,gold,modify,",
    );
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s1,task-value,gold,100,",
        "s1,task-value,gold,-5,",
    );
    workspace.edit(
        "goldsets/tiny/decisions.jsonl",
        "\"by\":\"user\"",
        "\"by\":\"boss\"",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn a_session_listed_twice() {
    let workspace = Workspace::new();
    workspace.edit("goldsets/tiny/sessions.csv", "s2,s2.jsonl", "s1,s2.jsonl");
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn a_file_that_leaves_the_folder_of_sessions() {
    let workspace = Workspace::new();
    workspace.edit(
        "goldsets/tiny/sessions.csv",
        "s2,s2.jsonl",
        "s2,../../etc/passwd",
    );
    assert_snapshot!(refused_tiny(&workspace, &CODEBASE));
}

#[test]
fn a_folder_of_sessions_that_is_not_there() {
    assert_snapshot!(refused_tiny(
        &Workspace::new(),
        &["--classifier", "codebase", "--sessions", "nowhere"]
    ));
}

#[test]
fn a_folder_of_sessions_without_any_of_them() {
    let workspace = Workspace::new();
    workspace.write("elsewhere/other.jsonl", "{}");
    assert_snapshot!(refused_tiny(
        &workspace,
        &["--classifier", "codebase", "--sessions", "elsewhere"]
    ));
}

#[test]
fn a_missing_transcript_without_telemetry() {
    let workspace = Workspace::new();
    workspace.write("transcripts/s1.jsonl", TRANSCRIPT);
    workspace.edit(
        "goldsets/tiny/telemetry.csv",
        "s6,Claude Code,1,3,3,1,1,0,0,true,\n",
        "",
    );
    assert_snapshot!(refused_tiny(
        &workspace,
        &["--classifier", "codebase", "--sessions", "transcripts"]
    ));
}

#[test]
fn a_transcript_that_is_none() {
    let workspace = Workspace::new();
    workspace.write("transcripts/s1.jsonl", TRANSCRIPT);
    workspace.write("transcripts/s2.jsonl", "a letter to nobody\n");
    assert_snapshot!(refused_tiny(
        &workspace,
        &["--classifier", "codebase", "--sessions", "transcripts"]
    ));
}

#[test]
fn a_limit_of_none() {
    assert_snapshot!(refused_tiny(
        &Workspace::new(),
        &["--classifier", "codebase", "--limit", "0"]
    ));
}

#[test]
fn a_wrong_option_is_wrong_usage() {
    let ran = Workspace::new().run(&["--clasifier", "codebase"]);
    assert_eq!(ran.code, Some(2), "{ran}");
}

/// With telemetry in the goldset a missing transcript is told and nothing is lost.
#[test]
fn a_missing_transcript_with_telemetry_is_told_and_the_table_is_used() {
    let workspace = Workspace::new();
    workspace.write("transcripts/s1.jsonl", TRANSCRIPT);
    let ran = workspace.run(&[
        "--classifier",
        "codebase",
        "--goldset",
        "goldsets/tiny",
        "--sessions",
        "transcripts",
    ]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_snapshot!(ran.stderr);
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("for 5 sessions from the goldset's table"),
        "{ran}"
    );
}

/// A broken line is counted and shown with `-v`, never fatal.
#[test]
fn a_broken_line_is_shown_on_request() {
    let workspace = Workspace::new();
    workspace.write(
        "transcripts/s1.jsonl",
        &format!("{TRANSCRIPT}\n{{\"type\":\"user\",\"sess\n"),
    );
    let arguments = [
        "--classifier",
        "codebase",
        "--goldset",
        "goldsets/tiny",
        "--sessions",
        "transcripts",
    ];
    let quiet = workspace.run(&arguments);
    assert_eq!(quiet.code, Some(0));
    assert!(!quiet.stderr.contains("s1.jsonl:2"), "{quiet}");
    let verbose = workspace.run(&[&arguments[..], &["-v"]].concat());
    assert_eq!(verbose.code, Some(0));
    assert!(
        verbose
            .stderr
            .contains("transcripts/s1.jsonl:2: JSON that breaks off"),
        "{verbose}"
    );
}

const TRANSCRIPT: &str = r#"{"type":"user","sessionId":"s1","timestamp":"2026-01-01T10:00:00Z","message":{"role":"user","content":"hello"}}"#;
