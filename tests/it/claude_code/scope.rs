//! Whether a session belongs to the study's scope.

use super::*;

fn entered(entrypoint: &str) -> (bool, String) {
    let row = Transcript::new()
        .with("entrypoint", entrypoint)
        .user("Fix it")
        .says("m", "Fixed.")
        .row();
    (row.interactive, row.ineligible)
}

#[test]
fn the_entry_point_decides() {
    for entrypoint in ["cli", "claude-desktop", "remote", "something-new"] {
        assert_eq!(entered(entrypoint), (true, String::new()), "{entrypoint}");
    }
    assert_eq!(entered("sdk-cli"), (false, "headless".to_owned()));
    assert_eq!(entered("sdk-py"), (false, "sdk".to_owned()));
    assert_eq!(entered("sdk-ts"), (false, "sdk".to_owned()));
    assert_eq!(
        entered("claude-code-github-action"),
        (false, "sdk".to_owned())
    );
    assert_eq!(entered("claude-vscode"), (false, "ide".to_owned()));
}

#[test]
fn without_an_entry_point_one_prompt_alone_never_decides() {
    let row = Transcript::new().user("Fix it").row();
    assert_eq!((row.prompts, row.interactive), (1, true));
    let row = Transcript::new().row();
    assert_eq!((row.prompts, row.interactive), (0, true));
}

#[test]
fn without_an_entry_point_the_editors_context_is_a_sign() {
    for content in [
        json!([
            text("<ide_opened_file>The user opened /a.rs</ide_opened_file>"),
            text("Fix it")
        ]),
        json!("<ide_selection>The user selected line 3</ide_selection>\nFix it"),
    ] {
        let row = Transcript::new().user(content.clone()).row();
        assert_eq!((row.interactive, row.ineligible.as_str()), (false, "ide"));
        let row = Transcript::new()
            .with("entrypoint", "cli")
            .user(content)
            .row();
        assert_eq!((row.interactive, row.ineligible.as_str()), (true, ""));
    }
}

#[test]
fn without_an_entry_point_a_program_as_the_source_is_a_sign() {
    let row = Transcript::new()
        .user_with("Fix it", json!({"promptSource": "sdk"}))
        .row();
    assert_eq!((row.interactive, row.ineligible.as_str()), (false, "sdk"));
    let person = json!({"promptSource": "sdk", "origin": {"kind": "human"}});
    assert!(
        Transcript::new()
            .user_with("Fix it", person)
            .row()
            .interactive
    );
    let row = Transcript::new()
        .user("<system_instruction>You work in a folder.</system_instruction>\nFix it")
        .row();
    assert_eq!((row.interactive, row.ineligible.as_str()), (false, "sdk"));
}

#[test]
fn a_sub_agents_own_file_is_that_whatever_started_it() {
    for entrypoints in [["cli", "claude-vscode"], ["sdk-cli", "sdk-cli"]] {
        let row = Transcript::new()
            .with("isSidechain", true)
            .with("entrypoint", entrypoints[0])
            .user("Find it")
            .with("entrypoint", entrypoints[1])
            .says("m", "Found.")
            .row();
        assert_eq!(
            (row.interactive, row.ineligible.as_str()),
            (false, "subagent")
        );
    }
}

#[test]
fn a_session_that_a_person_resumes_is_interactive() {
    let row = Transcript::new()
        .with("entrypoint", "sdk-cli")
        .user("Fix it")
        .with("entrypoint", "cli")
        .user("And the docs")
        .row();
    assert_eq!((row.interactive, row.ineligible.as_str()), (true, ""));
}
