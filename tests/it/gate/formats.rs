//! The gate's formats for machines, and hostile text in each of them.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::site::{Site, answer, approved, wrong};

const HOSTILE: &str = "</failure>]]> ``` @everyone <img src=x onerror=alert(1)> [link](javascript:x) | a\n::error::b\u{1b}[31m\u{202e}\u{0}";

/// Three labels change for the worse, each with a hostile rationale.
fn attacked() -> Site {
    let site = Site::with_baseline();
    site.edit_prompt();
    site.record("m", |at| {
        if at % 40 == 6 {
            answer(wrong(at), HOSTILE)
        } else {
            answer(approved(at), "fine")
        }
    });
    site
}

#[test]
fn markdown_shows_hostile_text_as_code_on_one_line() {
    let site = attacked();
    let ran = site.gate(&["--format", "markdown"]);
    let lines: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("everyone"))
        .collect();
    assert_eq!(lines.len(), 3, "{ran}");
    for line in &lines {
        // Outside code marks nothing of it is left.
        let outside: String = line.split('`').step_by(2).collect();
        for part in ["everyone", "<img", "javascript", "::error"] {
            assert!(!outside.contains(part), "{part} in {outside}");
        }
        assert!(line.split('`').count() % 2 == 1, "{line}");
    }
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{202e}'));
    assert_snapshot!(lines[0]);
}

#[test]
fn junit_is_well_formed_whatever_is_in_it() {
    let site = attacked();
    let ran = site.gate(&["--format", "junit"]);
    let mut depth = 0_i32;
    for tag in ran.stdout.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or_else(|| panic!("open: {tag}"));
        assert!(!text.contains('>'), "{text}");
        if tag.starts_with('?') || tag.ends_with('/') {
            continue;
        }
        depth += if tag.starts_with('/') { -1 } else { 1 };
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert_eq!(depth, 0);
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{0}'));
    assert_snapshot!(ran.stdout);
}

#[test]
fn annotations_stay_on_one_line_and_name_the_prompt() {
    let site = Site::with_baseline();
    site.edit_prompt();
    site.record("m", |at| answer(wrong(at), HOSTILE));
    let output = site
        .workspace
        .command(&["gate", "--goldset", "goldsets/many", "--format", "json"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", "summary.md")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let commands: Vec<&str> = stderr.lines().filter(|line| line.contains("::")).collect();
    assert_eq!(commands.len(), 1, "{stderr}");
    assert!(
        commands[0].starts_with(
            "::error file=prompts/greeting/prompt.md,title=validate gate%3A greeting%3A fail::Kappa"
        ) || commands[0].starts_with(
            "::error file=prompts/greeting/prompt.md,title=validate gate%3A greeting%3A fail::kappa"
        ),
        "{}",
        commands[0]
    );
    let summary = fs::read_to_string(site.workspace.path().join("summary.md")).unwrap();
    assert!(summary.starts_with("# Gate on many"), "{summary}");
    serde_json::from_slice::<Value>(&output.stdout).unwrap();
}

#[test]
fn annotations_escape_what_ends_them() {
    use harness::report::escape::{github_message, github_property, xml};
    assert_eq!(github_message("50%\r\n::error::x"), "50%25%0D%0A::error::x");
    assert_eq!(github_property("a:b,c%"), "a%3Ab%2Cc%25");
    assert_eq!(
        xml("<a & 'b' \"c\">\n\u{1b}"),
        "&lt;a &amp; &apos;b&apos; &quot;c&quot;&gt;&#10;\\u{1b}"
    );
}

#[test]
fn json_is_complete() {
    let site = attacked();
    let told = site.json(&[]);
    for key in [
        "goldset",
        "verdict",
        "answer",
        "classifiers",
        "seed",
        "without_gold",
    ] {
        assert!(told.get(key).is_some(), "no {key}");
    }
    let one = &told["classifiers"][0];
    for key in [
        "name",
        "verdict",
        "reason",
        "statistic",
        "margin",
        "baseline",
        "candidate",
        "against",
        "prompt_hash",
        "baseline_prompt_hash",
        "judgements",
        "changes",
        "next",
        "looks",
        "outcomes",
        "n_sessions",
        "n_labelled",
        "n_users",
        "not_compared",
        "remarks",
    ] {
        assert!(one.get(key).is_some(), "no {key}");
    }
    assert_ne!(one["prompt_hash"], one["baseline_prompt_hash"]);
    let change = &one["changes"][0];
    assert_eq!(change["effect"], "worse");
    assert_eq!(change["session_id"], "s006");
    assert_eq!(
        (&change["old"], &change["new"], &change["gold"]),
        (&"yes".into(), &"no".into(), &"yes".into())
    );
    assert_eq!(change["why_old"], "turn 1: the words");
    assert!(change["why_new"].as_str().unwrap().contains("@everyone"));
    assert_eq!(one["changes"].as_array().unwrap().len(), 3);
}

#[test]
fn output_goes_into_a_folder_where_one_is_named() {
    let site = Site::with_baseline();
    for (format, name) in [
        ("table", "txt"),
        ("markdown", "md"),
        ("json", "json"),
        ("junit", "xml"),
    ] {
        let ran = site.gate(&["--format", format, "--out", "told"]);
        assert_eq!(ran.code, Some(0), "{ran}");
        assert!(ran.stdout.is_empty());
        assert!(ran.stderr.contains("PASS: 1 passed (greeting)"), "{ran}");
        assert!(
            site.workspace
                .path()
                .join(format!("told/gate.{name}"))
                .is_file()
        );
    }
}
