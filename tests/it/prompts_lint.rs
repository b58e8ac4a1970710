//! What is wrong with prompts, found before any model is asked.

use insta::assert_snapshot;
use serde_json::Value;

use crate::recorded::three_sessions;
use crate::requests::{in_project, user_line};
use crate::workspace::{Ran, Workspace, reference_data};

const LINT: [&str; 4] = ["prompts", "lint", "--goldset", "goldsets/three"];

const PROMPT: &str = "prompts/greeting/prompt.md";

fn lint(workspace: &Workspace) -> Ran {
    workspace.run(&LINT)
}

/// Kinds and severities of what is found.
fn kinds(workspace: &Workspace, code: i32) -> Vec<(String, String)> {
    let mut arguments = LINT.to_vec();
    arguments.extend(["--format", "json"]);
    let ran = workspace.run(&arguments);
    assert_eq!(ran.code, Some(code), "{ran}");
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (text(&finding["severity"]), text(&finding["kind"])))
        .collect()
}

fn one(severity: &str, kind: &str) -> Vec<(String, String)> {
    vec![(severity.to_owned(), kind.to_owned())]
}

#[test]
fn the_ten_prompts_are_clean_beside_the_sessions_they_are_tested_on() {
    let output = in_project(&["prompts", "lint"]);
    assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @r"
    0 errors, 0 warnings in 10 classifiers
    compared with 64 sessions and 576 reasons of labels of `starter`
    ");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_ten_prompts_quote_no_public_session() {
    let Some(shared) = reference_data() else {
        return;
    };
    let sessions = shared.join("sessions");
    let output = in_project(&[
        "prompts",
        "lint",
        "--goldset",
        "goldsets/public-sessions",
        "--sessions",
        sessions.to_str().unwrap(),
        "--format",
        "json",
    ]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let quoted: Vec<&Value> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["kind"] == "gold-quoted")
        .collect();
    assert!(quoted.is_empty(), "{quoted:#?}");
    assert_eq!(found["compared_with"]["sessions"], 48);
}

#[test]
fn a_clean_prompt_has_no_findings() {
    assert_eq!(kinds(&three_sessions(), 0), Vec::new());
}

#[test]
fn labels_that_the_codebook_lacks_are_errors_and_other_code_marks_warnings() {
    let workspace = three_sessions();
    workspace.edit(
        PROMPT,
        "{{ question }}",
        "{{ question }}\n\nA greeting in passing is `yess`. Ignore `git push`.",
    );
    let ran = lint(&workspace);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran);
}

#[test]
fn a_label_that_no_line_names_is_an_error() {
    let workspace = three_sessions();
    workspace.write(
        PROMPT,
        "# {{ title }}\n\n{{ question }}\n\nAnswer `yes` where the user greets{% for label in labels %}{% endfor %}.\n",
    );
    assert_eq!(kinds(&workspace, 2), one("error", "label-not-named"));
}

#[test]
fn variables_have_to_exist_and_what_is_declared_has_to_be_used() {
    let workspace = three_sessions();
    workspace.write(
        PROMPT,
        "# {{ titel }}\n\nDoes the user greet the agent? `yes` or `no`.\n",
    );
    let ran = lint(&workspace);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran);
}

#[test]
fn a_text_over_its_budget_is_a_warning() {
    let workspace = three_sessions();
    // 4,000 tokens of four bytes each are the budget.
    workspace.edit(
        PROMPT,
        "{{ question }}",
        &format!("{{{{ question }}}}\n{}", "Read on. ".repeat(1_800)),
    );
    assert_eq!(kinds(&workspace, 0), one("warning", "over-budget"));
}

#[test]
fn what_stands_before_the_session_may_not_change() {
    let cases = [
        "Today is the day of the project.",
        "Written on 2026-11-23.",
        "The question is {{ question }}.",
    ];
    for line in cases {
        let workspace = three_sessions();
        workspace.edit(
            "prompts/system.md",
            "# What you get",
            &format!("{line}\n\n# What you get"),
        );
        let found = kinds(&workspace, 2);
        let prefix: Vec<_> = found
            .iter()
            .filter(|(_, kind)| kind == "cache-prefix")
            .collect();
        assert_eq!(prefix.len(), 1, "{line}: {found:?}");
        // The other wording was written for the text as it was.
        assert!(
            found.contains(&("warning".to_owned(), "stale-rewording".to_owned())),
            "{found:?}"
        );
    }
    let workspace = three_sessions();
    workspace.write("prompts/greeting/view.toml", "tokens = 5\n");
    assert_eq!(kinds(&workspace, 2), one("error", "cache-prefix"));
}

#[test]
fn an_answer_schema_with_other_labels_is_an_error() {
    let workspace = three_sessions();
    workspace.edit(
        "prompts/greeting/answer.schema.json",
        r#"["yes","no"]"#,
        r#"["yes","nope"]"#,
    );
    let ran = lint(&workspace);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran);
}

#[test]
fn gold_sessions_and_reasons_may_not_be_quoted() {
    let words = "please look at the tiny parser and tell me why it skips every second row";
    let workspace = three_sessions();
    workspace.write("goldsets/three/sessions/b.jsonl", &user_line("b", words));
    workspace.edit(
        "goldsets/three/labels.csv",
        "c,greeting,hand,yes,",
        "c,greeting,hand,yes,\"says good morning before asking anything at all, which is how the whole session opens\"",
    );
    assert_eq!(kinds(&workspace, 0), Vec::new());
    let quoted = [
        // A copy, with other punctuation.
        "- no: Look at the tiny parser, and tell me why!".to_owned(),
        // A near copy: some words differ.
        "- `no`: \"please look at the small parser and tell me why it skips every third row\"".to_owned(),
        // The reason of a label.
        "A greeting: the user says good morning before asking anything at all, which is how the whole session opens.".to_owned(),
    ];
    for line in quoted {
        let workspace_text = format!("{{{{ question }}}}\n\n{line}");
        let before = std::fs::read_to_string(workspace.path().join(PROMPT)).unwrap();
        workspace.edit(PROMPT, "{{ question }}", &workspace_text);
        assert_eq!(kinds(&workspace, 2), one("error", "gold-quoted"), "{line}");
        workspace.write(PROMPT, &before);
    }
    // An example of one's own is fine, and so are short turns of phrase.
    workspace.edit(
        PROMPT,
        "{{ question }}",
        "{{ question }}\n\n\"tell me why it hangs\" is no greeting.",
    );
    assert_eq!(kinds(&workspace, 0), Vec::new());
}

#[test]
fn a_guarded_label_with_few_gold_sessions_is_a_warning() {
    let workspace = three_sessions();
    workspace.edit(
        "prompts/greeting/classifier.toml",
        "parse_rate = 0.95",
        "parse_rate = 0.95\nimportant = [\"no\"]",
    );
    assert_eq!(kinds(&workspace, 0), one("warning", "important-label-rare"));
}

#[test]
fn text_from_prompts_cannot_move_the_cursor() {
    let workspace = three_sessions();
    workspace.edit(PROMPT, "{{ question }}", "{{ question }} `\u{1b}[2Jyes`");
    let ran = lint(&workspace);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    assert!(ran.stdout.contains("\\u{1b}[2Jyes"), "{ran}");
}
