//! `--accept`, and what the gate says of a baseline that no longer fits its goldset.

use std::fs;

use insta::assert_snapshot;

use super::site::{BASELINE, Site, answer, approved, gold, id};

#[test]
fn accepting_writes_one_session_a_line_with_all_hashes() {
    let site = Site::with_baseline();
    let text = site.baseline();
    let head: Vec<&str> = text.lines().take(15).collect();
    assert_snapshot!(head.join("\n"));
    assert_eq!(text.lines().count(), 14 + super::site::SESSIONS - 1 + 1);
}

#[test]
fn accepting_says_what_changed_and_a_second_time_nothing() {
    let site = Site::with_baseline();
    site.edit_prompt();
    site.record("m", |at| answer(gold(at), "other words"));
    let before = site.baseline();
    let ran = site.gate(&["--accept", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_snapshot!(ran.stderr);
    let differing = before
        .lines()
        .zip(site.baseline().lines())
        .filter(|(old, new)| old != new)
        .count();
    // Two hashes do not change: gold and the sessions. Every rationale does.
    assert_eq!(differing, 1 + super::site::SESSIONS);
    let again = site.gate(&["--accept"]);
    assert!(again.stderr.contains("is as it was"), "{again}");
}

#[test]
fn only_what_changed_changes_in_the_file() {
    let site = Site::with_baseline();
    site.edit_prompt();
    let label = |at: usize| {
        if at == 7 {
            super::site::wrong(at)
        } else {
            approved(at)
        }
    };
    site.record("m", |at| answer(label(at), "the words"));
    let before = site.baseline();
    assert_eq!(site.gate(&["--accept"]).code, Some(0));
    let differing: Vec<String> = before
        .lines()
        .zip(site.baseline().lines().map(str::to_owned))
        .filter(|(old, new)| old != new)
        .map(|(_, new)| new)
        .collect();
    assert_eq!(differing.len(), 2, "{differing:?}");
    assert!(differing[0].contains("prompt_hash"));
    assert!(differing[1].contains(&id(7)));
}

#[test]
fn what_is_not_answered_is_not_accepted() {
    let site = Site::with_baseline();
    let before = site.baseline();
    site.edit_prompt();
    let ran = site.gate(&["--accept"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.contains("the baseline stays as it was"), "{ran}");
    assert_eq!(site.baseline(), before);
}

#[test]
fn changed_gold_is_told_and_not_compared() {
    let site = Site::with_baseline();
    site.workspace.edit(
        "goldsets/many/labels.csv",
        "s002,greeting,hand,yes",
        "s002,greeting,hand,no",
    );
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_eq!(site.gate(&["--allow-inconclusive"]).code, Some(3));
    assert_snapshot!(ran.stdout.lines().take(20).collect::<Vec<_>>().join("\n"));
    let renewed = site.gate(&["--accept"]);
    assert!(renewed.stderr.contains("1 gold label"), "{renewed}");
    assert_eq!(site.gate(&[]).code, Some(0));
}

#[test]
fn another_file_or_folder_can_hold_the_baseline() {
    let site = Site::with_baseline();
    let path = site.workspace.path();
    fs::create_dir_all(path.join("kept")).unwrap();
    fs::rename(path.join(BASELINE), path.join("kept/greeting.json")).unwrap();
    assert_eq!(site.gate(&[]).code, Some(3));
    for place in ["kept", "kept/greeting.json"] {
        let ran = site.gate(&["--baseline", place]);
        assert_eq!(ran.code, Some(0), "{ran}");
    }
}

/// A key and a token of forms that are known, put together here so that no file holds them.
fn secrets() -> [String; 2] {
    [
        format!("AK{}", "IAZ7Q4M2X6R5T3W7PK"),
        format!("gh{}", "p_x7Kq2mZr9Tb4Wn6Yc1Vd8Fs3Gh5Jp0La2QeR"),
    ]
}

#[test]
fn secrets_that_raters_and_models_quote_reach_neither_page_nor_baseline() {
    let [key, token] = secrets();
    let site = Site::with_baseline();
    // An approved file that an older version wrote.
    let old = site.baseline().replace("the words", &format!("sees {key}"));
    assert!(old.contains(&key));
    site.workspace.write(BASELINE, &old);
    site.edit_prompt();
    site.record("m", |at| {
        let label = if at == 6 {
            super::site::wrong(at)
        } else {
            approved(at)
        };
        answer(label, &format!("pastes {token}"))
    });
    for format in ["table", "markdown", "json", "junit"] {
        let output = site
            .workspace
            .command(&["gate", "--goldset", "goldsets/many", "--format", format])
            .env("GITHUB_STEP_SUMMARY", "summary.md")
            .output()
            .unwrap();
        let told = format!(
            "{}{}",
            String::from_utf8(output.stdout).unwrap(),
            fs::read_to_string(site.workspace.path().join("summary.md")).unwrap()
        );
        assert!(told.contains("sees ") && told.contains("pastes "), "{told}");
        assert!(!told.contains(&key) && !told.contains(&token), "{told}");
    }
    assert_eq!(site.gate(&["--accept"]).code, Some(0));
    assert!(site.baseline().contains("pastes "));
    assert!(!site.baseline().contains(&token));

    // A rater's words.
    site.workspace.edit(
        "goldsets/many/labels.csv",
        "s002,greeting,hand,yes,",
        &format!("s002,greeting,hand,yes,says {key} and {token}"),
    );
    let ran = site.gate(&[
        "--candidate",
        "rater:hand",
        "--baseline",
        "kept/greeting.json",
        "--accept",
    ]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let kept = fs::read_to_string(site.workspace.path().join("kept/greeting.json")).unwrap();
    assert!(kept.contains("says ") && kept.contains(" and "), "{kept}");
    assert!(!kept.contains(&key) && !kept.contains(&token), "{kept}");
}

#[test]
fn a_candidate_that_fails_is_approved_with_a_warning() {
    let site = Site::with_baseline();
    site.edit_prompt();
    site.record("m", |at| answer(super::site::wrong(at), "other words"));
    let ran = site.gate(&["--accept"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let warning = "WARNING: greeting: THIS CANDIDATE FAILS THE GATE AND WAS APPROVED ALL THE SAME";
    assert!(ran.stderr.contains(warning), "{ran}");
    assert!(!site.gate(&["--accept"]).stderr.contains("APPROVED ALL"));
}
