//! Ways to look better than one is, none of which pays.

use std::fs;

use super::site::{LEDGER, SESSIONS, Site, answer, approved, gold};

/// The sessions that the baseline gets wrong are refused: nothing is gained by it.
#[test]
fn refusing_hard_sessions_gains_nothing() {
    let site = Site::with_baseline();
    site.edit_prompt();
    site.record("m", |at| {
        if approved(at) == gold(at) {
            answer(gold(at), "x")
        } else {
            "I would rather not say.".to_owned()
        }
    });
    let told = site.json(&[]);
    let one = &told["classifiers"][0];
    assert_eq!(one["outcomes"]["unparsable"], 12);
    let change = &one["judgements"][0];
    assert_eq!(change["name"], "change");
    // Of the answers that have a label all are right; kappa is not 1 all the same.
    let (old, new) = (
        change["old"].as_f64().unwrap(),
        change["new"].as_f64().unwrap(),
    );
    assert!(new <= old + 0.02 && new < 0.85, "{old} {new}");
    let parse_rate = one["judgements"]
        .as_array()
        .unwrap()
        .iter()
        .find(|part| part["name"] == "parse_rate")
        .unwrap();
    assert_ne!(parse_rate["verdict"], "pass", "{parse_rate}");
    assert_ne!(told["verdict"], "pass");
}

#[test]
fn refusing_everything_fails() {
    let site = Site::with_baseline();
    site.edit_prompt();
    site.record("m", |_| "no".to_owned());
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(1), "{ran}");
}

#[test]
fn sessions_that_are_dropped_are_named() {
    let site = Site::with_baseline();
    for file in ["sessions.csv", "labels.csv"] {
        let path = site.workspace.path().join("goldsets/many").join(file);
        let text = fs::read_to_string(&path).unwrap();
        let kept: String = text
            .lines()
            .filter(|line| !line.starts_with("s003,") && !line.starts_with("s013,"))
            .map(|line| format!("{line}\n"))
            .collect();
        fs::write(path, kept).unwrap();
    }
    let recordings = site
        .workspace
        .path()
        .join("goldsets/many/recordings/greeting/m.jsonl");
    let kept: String = fs::read_to_string(&recordings)
        .unwrap()
        .lines()
        .filter(|line| !line.contains("\"s003\"") && !line.contains("\"s013\""))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(recordings, kept).unwrap();
    let ran = site.gate(&["--allow-inconclusive"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stdout.contains("the goldset lost 2"), "{ran}");
    let told = site.json(&[]);
    assert_eq!(
        told["classifiers"][0]["not_compared"]["sessions_lost"],
        serde_json::json!(["s003", "s013"])
    );
}

#[test]
fn leaving_recordings_of_hard_sessions_out_is_no_answer() {
    let site = Site::with_baseline();
    let recordings = site
        .workspace
        .path()
        .join("goldsets/many/recordings/greeting/m.jsonl");
    let kept: String = fs::read_to_string(&recordings)
        .unwrap()
        .lines()
        .filter(|line| !line.contains("\"s003\""))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(recordings, kept).unwrap();
    let ran = site.gate(&["--allow-inconclusive"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(
        ran.stderr.contains("1 of 120 sessions have no answer"),
        "{ran}"
    );
}

#[test]
fn a_baseline_that_was_made_weaker_by_hand_is_refused() {
    let site = Site::with_baseline();
    let text = site.baseline();
    let line = text.lines().find(|line| line.contains("\"s004\"")).unwrap();
    let weaker = line.replace("\"gold\":\"yes\"", "\"gold\":\"no\"");
    site.workspace
        .write(super::site::BASELINE, &text.replace(line, &weaker));
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("changed by hand"), "{ran}");
}

#[test]
fn distinct_candidates_are_counted_and_the_same_one_once() {
    let site = Site::with_baseline();
    let count = || {
        fs::read_to_string(site.workspace.path().join(LEDGER))
            .unwrap()
            .lines()
            .count()
    };
    assert_eq!(count(), 1);
    assert_eq!(site.gate(&[]).code, Some(0));
    assert_eq!(count(), 1, "the same candidate again");
    site.edit_prompt();
    site.record("m", |at| answer(gold(at), "x"));
    let offline = site.json(&["--offline"]);
    assert_eq!(count(), 1, "offline nothing is written");
    assert_eq!(offline["classifiers"][0]["looks"]["candidates"], 2);
    let told = site.json(&[]);
    assert_eq!(count(), 2);
    assert_eq!(told["classifiers"][0]["looks"]["candidates"], 2);
    let ran = site.gate(&[]);
    assert!(ran.stdout.contains("looked at by 2 candidates"), "{ran}");
    // Other gold labels begin a new count.
    site.workspace.edit(
        "goldsets/many/labels.csv",
        "s002,greeting,hand,yes",
        "s002,greeting,hand,no",
    );
    assert_eq!(site.json(&[])["classifiers"][0]["looks"]["candidates"], 1);
}

#[test]
fn a_continuous_integration_run_leaves_the_ledger_as_it_is() {
    let site = Site::with_baseline();
    let before = fs::read_to_string(site.workspace.path().join(LEDGER)).unwrap();
    site.edit_prompt();
    site.record("m", |at| answer(gold(at), "x"));
    let output = site
        .workspace
        .command(&["gate", "--goldset", "goldsets/many"])
        .env("CI", "true")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        fs::read_to_string(site.workspace.path().join(LEDGER)).unwrap(),
        before
    );
    assert_eq!(SESSIONS, 120);
}

/// Against answers that nobody gave every candidate looks better.
#[test]
fn a_baseline_without_answers_is_not_compared() {
    let site = Site::new();
    site.record("earlier", |at| answer(approved(at), "x"));
    site.edit_prompt();
    site.record("m", |at| answer(approved(at), "x"));
    // What was recorded answers another prompt.
    let ran = site.gate(&["--baseline", "recorded:earlier"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(
        ran.stdout
            .contains("120 sessions have no label of the baseline, `recorded:earlier`"),
        "{ran}"
    );
    assert!(ran.stderr.contains("--missing earlier"), "{ran}");
    let manifest = "goldsets/many/goldset.toml";
    let gaps =
        "[[raters]]\nname = \"gaps\"\nkind = \"construction\"\ndescription = \"half\"\n[[raters]]";
    site.workspace.edit(manifest, "[[raters]]", gaps);
    let labels = "goldsets/many/labels.csv";
    let said: String = (0..SESSIONS / 2)
        .map(|at| format!("s{at:03},greeting,gaps,{},\n", gold(at)))
        .collect();
    let first = "s000,greeting,hand";
    site.workspace
        .edit(labels, first, &format!("{said}{first}"));
    let ran = site.gate(&["--baseline", "rater:gaps"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    let told = site.json(&["--baseline", "rater:gaps"]);
    let hindrance = &told["classifiers"][0]["not_compared"];
    assert_eq!(hindrance["why"], "answers_missing");
    assert_eq!(hindrance["of"], "rater:gaps");
    assert_eq!(
        hindrance["sessions"].as_array().unwrap().len(),
        SESSIONS / 2
    );
}
