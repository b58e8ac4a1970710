//! The main job as a user runs it, on a goldset small enough to check by hand.

use insta::assert_snapshot;
use serde_json::Value;

use crate::workspace::Workspace;

const TINY: [&str; 2] = ["--goldset", "goldsets/tiny"];

fn run(workspace: &Workspace, arguments: &[&str]) -> crate::workspace::Ran {
    workspace.run(&[arguments, &TINY].concat())
}

fn json(workspace: &Workspace, arguments: &[&str]) -> Value {
    let ran = run(workspace, &[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, Some(0), "{ran}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn near(value: &Value, expected: f64) {
    let value = value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"));
    assert!(
        (value - expected).abs() < 1e-12,
        "{value} is not {expected}"
    );
}

#[test]
fn one_classifier_is_shown_in_full() {
    let workspace = Workspace::new();
    assert_snapshot!(run(&workspace, &["--classifier", "codebase"]));
}

#[test]
fn all_classifiers_are_summed_up() {
    let workspace = Workspace::new();
    assert_snapshot!(run(&workspace, &["--classifier", "all"]));
}

#[test]
fn markdown_shows_the_same_page() {
    let workspace = Workspace::new();
    assert_snapshot!(run(
        &workspace,
        &[
            "--classifier",
            "codebase,task-value",
            "--format",
            "markdown"
        ]
    ));
}

#[test]
fn json_carries_the_keys_of_the_contract() {
    let workspace = Workspace::new();
    let result = json(&workspace, &["--classifier", "codebase"]);
    for key in ["goldset", "model", "reference", "classifiers"] {
        assert!(result.get(key).is_some(), "no {key}");
    }
    let classifier = &result["classifiers"][0];
    for key in [
        "name",
        "scale",
        "prompt_hash",
        "n_sessions",
        "outcomes",
        "agreement",
        "telemetry_checks",
        "per_class",
        "confusion",
        "usage",
    ] {
        assert!(classifier.get(key).is_some(), "no {key}");
    }
    for key in [
        "parsed",
        "refused",
        "unparsable",
        "truncated",
        "errored",
        "missing",
    ] {
        assert!(
            classifier["outcomes"].get(key).is_some(),
            "no outcome {key}"
        );
    }
    let gold = &classifier["agreement"][0];
    for key in [
        "against",
        "against_kind",
        "n",
        "confusion",
        "cohen_kappa",
        "gwet_ac1",
        "counted_wrong",
    ] {
        assert!(gold.get(key).is_some(), "no {key}");
    }
    for key in ["value", "se", "ci_low", "ci_high", "method"] {
        assert!(gold["cohen_kappa"].get(key).is_some(), "no {key}");
    }
}

/// Gold: modify, modify, create, explore, none; candidate: modify, create, create, modify, none. Three of five agree, by
/// chance (2·2 + 1·2 + 1·0 + 1·1)/25 = 7/25, so kappa is (15 - 7)/(25 - 7) = 4/9.
#[test]
fn kappa_is_what_a_hand_computes() {
    let workspace = Workspace::new();
    let result = json(&workspace, &["--classifier", "codebase"]);
    let gold = &result["classifiers"][0]["agreement"][0];
    near(&gold["n"], 5.0);
    near(&gold["percent_agreement"]["value"], 0.6);
    near(&gold["cohen_kappa"]["value"], 4.0 / 9.0);
}

/// The sixth session has a gold label and no answer. Counted wrong it is a sixth pair in a class of its own: agreement 3/6,
/// by chance (3·2 + 1·2 + 1·1)/36 = 9/36, so kappa is (18 - 9)/(36 - 9) = 1/3.
#[test]
fn a_missing_answer_is_left_out_and_counted_wrong_beside_it() {
    let workspace = Workspace::new();
    let result = json(&workspace, &["--classifier", "codebase"]);
    let classifier = &result["classifiers"][0];
    near(&classifier["outcomes"]["missing"], 1.0);
    near(&classifier["outcomes"]["parsed"], 5.0);
    let wrong = &classifier["agreement"][0]["counted_wrong"];
    near(&wrong["n"], 6.0);
    near(&wrong["cohen_kappa"]["value"], 1.0 / 3.0);
    assert_eq!(wrong["categories"][4], "__invalid__");
}

/// Of modify and create (s1, s2, s3, s4 by the candidate) all but s4 show changed lines; of the others (s5) none does.
#[test]
fn a_telemetry_check_counts_labelled_and_others_and_names_violators() {
    let workspace = Workspace::new();
    let result = json(&workspace, &["--classifier", "codebase"]);
    let check = &result["classifiers"][0]["telemetry_checks"][0];
    assert_eq!(check["name"], "code-work-changes-lines");
    assert_eq!(
        (check["holding"].as_u64(), check["n"].as_u64()),
        (Some(3), Some(4))
    );
    assert_eq!(
        (
            check["others"]["holding"].as_u64(),
            check["others"]["n"].as_u64()
        ),
        (Some(0), Some(1))
    );
    // Four sessions are fewer than the five from which on a verdict is given.
    assert_eq!(check["verdict"], "too few");
    assert_eq!(check["violators"][0]["session_id"], "s4");
    // Wilson for 3 of 4 at 95%, from Newcombe's formula by hand: (3 + 1.9207) / 7.8415 -+ 0.3269.
    let low = check["rate"]["ci_low"].as_f64().unwrap();
    let high = check["rate"]["ci_high"].as_f64().unwrap();
    assert!(
        (low - 0.300_642).abs() < 1e-6 && (high - 0.954_413).abs() < 1e-6,
        "{low} {high}"
    );
}

/// Ratios to gold are 1/2, 1/2 and 1; absolute errors of the logarithms ln 2, ln 2 and 0.
#[test]
fn dollars_are_compared_on_the_log_scale() {
    let workspace = Workspace::new();
    let result = json(&workspace, &["--classifier", "task-value"]);
    let gold = &result["classifiers"][0]["agreement"][0];
    near(&gold["median_ratio"], 0.5);
    near(&gold["mae"], 2.0 * 2.0_f64.ln() / 3.0);
}

/// Planning shares: gold 1, 1/2, 0 and candidate 1, 1, 0. Execution: s2 has no execution decision in gold.
#[test]
fn decisions_are_compared_by_their_shares() {
    let workspace = Workspace::new();
    let result = json(&workspace, &["--classifier", "decisions"]);
    let agreement = &result["classifiers"][0]["agreement"];
    assert_eq!(agreement[0]["measure"], "planning_share");
    near(&agreement[0]["n"], 3.0);
    near(&agreement[0]["mae"], 0.5 / 3.0);
    assert_eq!(agreement[1]["measure"], "execution_share");
    near(&agreement[1]["n"], 2.0);
    near(&agreement[1]["mae"], 0.5);
}

#[test]
fn a_constant_rater_has_kappa_zero_and_the_paradox_is_explained() {
    let workspace = Workspace::new();
    let result = json(&workspace, &["--classifier", "occupation"]);
    let classifier = &result["classifiers"][0];
    near(&classifier["agreement"][0]["cohen_kappa"]["value"], 0.0);
    let note = classifier["notes"][0].as_str().unwrap();
    assert!(
        note.contains("`15-0000` to all 3 sessions") && note.contains("67%"),
        "{note}"
    );
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let workspace = Workspace::new();
    let first = run(&workspace, &["--classifier", "all", "--format", "json"]);
    let second = run(&workspace, &["--classifier", "all", "--format", "json"]);
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn out_writes_a_whole_file() {
    let workspace = Workspace::new();
    let ran = run(
        &workspace,
        &[
            "--classifier",
            "codebase",
            "--format",
            "json",
            "--out",
            "results",
        ],
    );
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.is_empty());
    let written =
        std::fs::read_to_string(workspace.path().join("results/validation.json")).unwrap();
    assert!(serde_json::from_str::<Value>(&written).is_ok());
    let files = std::fs::read_dir(workspace.path().join("results"))
        .unwrap()
        .count();
    assert_eq!(files, 1, "nothing half written is left behind");
}

#[test]
fn a_session_out_of_scope_is_left_out_with_the_reason() {
    let workspace = Workspace::new();
    workspace.edit(
        "goldsets/tiny/telemetry.csv",
        "s5,Claude Code,1,0,0,0,0,0,0,true,",
        "s5,Claude Code,1,0,0,0,0,0,0,false,headless",
    );
    let result = json(&workspace, &["--classifier", "codebase"]);
    assert_eq!(result["n_sessions"], 5);
    assert_eq!(result["excluded"][0]["session_id"], "s5");
    assert_eq!(
        result["excluded"][0]["reason"],
        "not interactive (headless)"
    );
}

#[test]
fn a_baseline_can_be_validated_like_anyone() {
    let workspace = Workspace::new();
    let result = json(
        &workspace,
        &["--classifier", "codebase", "--model", "baseline:majority"],
    );
    assert_eq!(result["model_kind"], "baseline");
    // `modify` is the most frequent gold label; half of the six sessions have it.
    near(
        &result["classifiers"][0]["agreement"][0]["percent_agreement"]["value"],
        0.5,
    );
}

#[test]
fn a_reference_stands_beside_the_gold() {
    let workspace = Workspace::new();
    let result = json(
        &workspace,
        &["--classifier", "codebase", "--reference", "rater:gold"],
    );
    let names: Vec<&str> = result["classifiers"][0]["agreement"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["against"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["gold", "rater:gold", "baseline:majority", "baseline:rules"]
    );
}

#[test]
fn limit_takes_the_first_sessions() {
    let workspace = Workspace::new();
    assert_eq!(
        json(&workspace, &["--classifier", "codebase", "--limit", "2"])["n_sessions"],
        2
    );
}

#[test]
fn rules_over_words_look_at_transcripts() {
    let workspace = Workspace::new();
    let prompt = r#"{"type":"user","sessionId":"s4","timestamp":"2026-01-04T10:00:00Z","message":{"role":"user","content":"please plan the migration"}}"#;
    workspace.write("transcripts/s4.jsonl", prompt);
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s4,codebase,gold,explore,",
        "s4,codebase,gold,explore,\ns4,work-mode,gold,plan,",
    );
    let with = json(
        &workspace,
        &[
            "--classifier",
            "work-mode",
            "--sessions",
            "transcripts",
            "--model",
            "baseline:rules",
        ],
    );
    near(
        &with["classifiers"][0]["agreement"][0]["percent_agreement"]["value"],
        1.0,
    );
    let without = json(
        &workspace,
        &["--classifier", "work-mode", "--model", "baseline:rules"],
    );
    near(
        &without["classifiers"][0]["agreement"][0]["percent_agreement"]["value"],
        0.0,
    );
    let notes = without["classifiers"][0]["notes"].to_string();
    assert!(notes.contains("looked at telemetry only"), "{notes}");
}

#[test]
fn a_new_folder_is_a_new_classifier() {
    let workspace = Workspace::new();
    workspace.write(
        "prompts/mood/classifier.toml",
        r#"title = "Mood"
question = "What mood is the user in?"
scale = "ordinal"
[[labels]]
name = "low"
title = "Low"
definition = "Complains."
[[labels]]
name = "high"
title = "High"
definition = "Cheers."
[answer]
fields = ["evidence", "label", "confidence"]
[gate]
statistic = "cohen_kappa_quadratic"
margin = 0.1
parse_rate = 0.95
"#,
    );
    workspace.edit(
        "goldsets/tiny/labels.csv",
        "s1,codebase,gold,modify,\n",
        "s1,codebase,gold,modify,\ns1,mood,gold,low,\ns2,mood,gold,high,\ns1,mood,candidate,low,\ns2,mood,candidate,high,\n",
    );
    let result = json(&workspace, &["--classifier", "mood"]);
    near(
        &result["classifiers"][0]["agreement"][0]["cohen_kappa"]["value"],
        1.0,
    );
}

#[test]
fn a_closed_pipe_is_no_error() {
    let workspace = Workspace::new();
    let mut child = workspace
        .command(&["--classifier", "all", "--goldset", "goldsets/tiny"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Runs of code marks pair where they are equally long, so that not every second part is code.
#[test]
fn no_text_becomes_html_in_markdown() {
    use harness::report::escape::markdown_text;
    for hostile in [
        "x``<img src=x onerror=alert(1)>```",
        "`x``<img src=x onerror=alert(1)>```",
        "```<img src=x>`",
        "``<img src=x>` `",
    ] {
        let safe = markdown_text(hostile);
        assert!(!safe.contains("<img") && !safe.contains('`'), "{safe}");
    }
    assert_eq!(markdown_text("of `a_b` and c_d"), "of `a_b` and c\\_d");

    let workspace = Workspace::new();
    workspace.edit(
        "goldsets/tiny/goldset.toml",
        "six invented sessions for the tests",
        "`x` `<img src=x onerror=alert(1)>`",
    );
    let ran = workspace.run(&[
        "--classifier",
        "all",
        "--goldset",
        "goldsets/tiny",
        "--format",
        "markdown",
    ]);
    assert!(ran.stdout.contains("&lt;img"), "{ran}");
    assert!(!ran.stdout.contains("<img"), "{ran}");
}
