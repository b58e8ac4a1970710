//! Every way a verdict comes about, as a user sees it.

use insta::assert_snapshot;

use super::site::{Site, answer, approved, gold, wrong};

fn steady(ran: &crate::workspace::Ran) -> String {
    // The day of the first look is today.
    let text = ran.to_string();
    match text.find(" since 2") {
        Some(at) => format!("{} since [day]{}", &text[..at], &text[at + 17..]),
        None => text,
    }
}

#[test]
fn without_a_baseline_it_says_how_to_approve_one() {
    let site = Site::new();
    site.record("m", |at| answer(approved(at), "the words"));
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_snapshot!(steady(&ran));
}

#[test]
fn what_was_not_changed_passes_without_statistics() {
    let site = Site::with_baseline();
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_snapshot!(steady(&ran));
}

#[test]
fn a_changed_prompt_without_answers_is_incomplete_and_names_the_commands() {
    let site = Site::with_baseline();
    site.edit_prompt();
    let ran = site.gate(&["--offline"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    // The answers were got by hand, and so are those to the new prompt.
    for command in [
        "validate requests export --goldset goldsets/many --classifier greeting --missing m --out requests.jsonl",
        "validate requests import answers.jsonl --goldset goldsets/many --model m --when YYYY-MM-DD",
    ] {
        assert!(ran.stderr.contains(command), "{ran}");
    }
    let allowed = site.gate(&["--offline", "--allow-inconclusive"]);
    assert_eq!(allowed.code, Some(3), "missing answers are never allowed");
    assert_snapshot!(steady(&ran));
}

#[test]
fn a_candidate_that_is_much_worse_fails() {
    let site = Site::with_baseline();
    site.edit_prompt();
    site.record("m", |at| {
        let label = if at % 5 < 2 { wrong(at) } else { gold(at) };
        answer(label, "other words")
    });
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_snapshot!(steady(&ran));
}

#[test]
fn a_candidate_that_is_better_passes() {
    let site = Site::with_baseline();
    site.edit_prompt();
    site.record("m", |at| answer(gold(at), "other words"));
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_snapshot!(steady(&ran));
}

/// Eight sessions change for the worse and eight for the better: kappa is as it was, and 40 users cannot say more.
#[test]
fn a_candidate_that_differs_by_chance_is_inconclusive_and_told_what_would_settle_it() {
    let site = Site::with_baseline();
    site.edit_prompt();
    let label = |at: usize| match at % 30 {
        3 | 13 => gold(at),
        5 | 17 => wrong(at),
        _ => approved(at),
    };
    site.record("m", |at| answer(label(at), "other words"));
    let ran = site.gate(&["--margin", "0.05"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    let allowed = site.gate(&["--margin", "0.05", "--allow-inconclusive"]);
    assert_eq!(allowed.code, Some(0), "{allowed}");
    let narrow = site.json(&["--margin", "0.01"]);
    let more =
        |told: &serde_json::Value| told["classifiers"][0]["next"]["further_sessions"].as_u64();
    assert!(
        more(&site.json(&["--margin", "0.05"])) < more(&narrow),
        "{narrow}"
    );
    assert_snapshot!(steady(&ran));
}

#[test]
fn a_floor_that_is_not_reached_fails_although_nothing_was_lost() {
    let site = Site::with_baseline();
    site.workspace.edit(
        "prompts/greeting/classifier.toml",
        "floor = 0.4",
        "floor = 0.95",
    );
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stdout.contains("the floor is 0.95"), "{ran}");
}

#[test]
fn wrong_usage_is_told_with_a_remedy() {
    let site = Site::with_baseline();
    for options in [
        ["--margin", "2"],
        ["--candidate", "rater:nobody"],
        ["--model", "recorded:m"],
        ["--baseline", "rater:nobody"],
        ["--against", "nobody"],
        ["--baseline", "nowhere/many"],
        ["--baseline", "nowhere/greeting.json"],
    ] {
        let ran = site.gate(&options);
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(ran.stderr.contains("hint:"), "{ran}");
    }
    site.workspace.edit(
        "prompts/greeting/classifier.toml",
        "\"cohen_kappa\"",
        "\"cohen_kappa_quadratic\"",
    );
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran.stderr);
}

#[test]
fn a_gate_that_contradicts_itself_is_told_at_once() {
    let site = Site::new();
    site.workspace.edit(
        "prompts/greeting/classifier.toml",
        "margin = 0.1\nfloor = 0.4\nparse_rate = 0.95",
        "margin = 0\nrecall_margin = 3\nfloor = 7\nparse_rate = 95\nchecks = [\"none\"]",
    );
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran.stderr);
}

#[test]
fn a_provider_without_a_key_is_told_by_the_name_of_the_key() {
    let site = Site::with_baseline();
    let ran = site.gate(&["--model", "anthropic:claude-haiku-5-5"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    for told in [&ran.stdout, &ran.stderr] {
        assert!(told.contains("ANTHROPIC_API_KEY is not set"), "{ran}");
        assert!(!told.contains("--record"), "{ran}");
    }
}

#[test]
fn a_floor_is_not_failed_by_an_interval_without_width() {
    use harness::gate::verdict::Part;
    use harness::stats::estimate::Interval;
    use harness::stats::verdict::Verdict;
    let floor = |low: f64, high: f64| {
        Part::Floor {
            measure: None,
            floor: 0.4,
            value: Ok(0.0),
            interval: Some(Interval { low, high }),
        }
        .verdict()
    };
    assert_eq!(floor(0.0, 0.0), Verdict::Inconclusive);
    assert_eq!(floor(-0.1, 0.1), Verdict::Fail);
}
