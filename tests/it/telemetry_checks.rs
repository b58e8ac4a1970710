//! Every kind of telemetry check on twelve sessions whose figures a hand can compute, and declarations that are refused.

use insta::assert_snapshot;
use serde_json::Value;

use crate::workspace::Workspace;

/// Twelve sessions of twelve users: labels low (six) and high (six); commits 0 for the first four low ones, else 1;
/// actions 1 to 12; no telemetry for the thirteenth.
fn workspace(checks: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write(
        "prompts/mood/classifier.toml",
        &format!(
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
{checks}"#
        ),
    );
    let (mut sessions, mut labels, mut telemetry) = (
        "session_id,file,user,date,repo,licence,source\n".to_owned(),
        "session_id,classifier,rater,label,rationale\n".to_owned(),
        "session_id,agent,prompts,actions,lines_added,commits,interactive,ineligible\n".to_owned(),
    );
    for number in 1..=13 {
        sessions.push_str(&format!(
            "t{number:02},t{number:02}.jsonl,user{number:02},2026-01-01,a/x,MIT,test\n"
        ));
        let label = if number <= 6 { "low" } else { "high" };
        for rater in ["gold", "candidate"] {
            labels.push_str(&format!("t{number:02},mood,{rater},{label},\n"));
            labels.push_str(&format!(
                "t{number:02},task-value,{rater},{},\n",
                number * 10
            ));
        }
        if number <= 12 {
            telemetry.push_str(&format!(
                "t{number:02},Claude Code,1,{number},{number},{},true,\n",
                u8::from(number > 4)
            ));
        }
    }
    workspace.write("goldsets/tiny/sessions.csv", &sessions);
    workspace.write("goldsets/tiny/labels.csv", &labels);
    workspace.write("goldsets/tiny/telemetry.csv", &telemetry);
    workspace.write("goldsets/tiny/decisions.jsonl", "");
    workspace
}

fn check(workspace: &Workspace, classifier: &str, at: usize) -> Value {
    let ran = workspace.run(&[
        "--classifier",
        classifier,
        "--goldset",
        "goldsets/tiny",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    result["classifiers"][0]["telemetry_checks"][at].clone()
}

fn near(value: &Value, expected: f64) {
    let value = value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"));
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
}

const IMPLICATION: &str = r#"
[[checks]]
kind = "implication"
name = "one"
labels = ["high"]
measure = "commits"
at_least = 1
share = 0.9
missing = "POLICY"
rationale = "test"
"#;

/// All six high sessions with telemetry have a commit, two of six low ones too.
#[test]
fn an_implication_leaves_out_or_counts_missing_telemetry() {
    let left_out = check(
        &workspace(&IMPLICATION.replace("POLICY", "leave out")),
        "mood",
        0,
    );
    near(&left_out["n"], 6.0);
    near(&left_out["rate"]["value"], 1.0);
    near(&left_out["base_rate"]["value"], 8.0 / 12.0);
    near(&left_out["without_telemetry"], 1.0);
    assert_eq!(left_out["verdict"], "holds");
    // The thirteenth session is high and has no telemetry: 6 of 7, whose interval reaches 90%.
    let counted = check(
        &workspace(&IMPLICATION.replace("POLICY", "counts against")),
        "mood",
        0,
    );
    near(&counted["rate"]["value"], 6.0 / 7.0);
    assert_eq!(counted["verdict"], "undecided");
    assert_eq!(counted["violators"][0]["session_id"], "t13");
    assert_eq!(
        counted["violators"][0]["reason"],
        "labelled high, but no telemetry, which counts against it"
    );
}

/// Of the eight sessions with a commit six are high, of the four without none: 75% is below the 99% asked for, and so is
/// the upper limit of 93%.
#[test]
fn a_converse_looks_from_telemetry_to_labels() {
    let found = check(
        &workspace(
            r#"
[[checks]]
kind = "converse"
name = "one"
measure = "commits"
at_least = 1
labels = ["high"]
share = 0.99
rationale = "test"
"#,
        ),
        "mood",
        0,
    );
    near(&found["n"], 8.0);
    near(&found["holding"], 6.0);
    near(&found["others"]["n"], 4.0);
    assert_eq!(found["verdict"], "fails");
    assert_eq!(found["violators"].as_array().unwrap().len(), 2);
    assert_eq!(
        found["violators"][0]["reason"],
        "1 commit, but labelled low"
    );
}

/// 6/6 against 2/6. With one session per user Wilson's limits count n_eff = n/deff sessions; deff is n/(n-1) = 1.2 for
/// the two of six, so five: (1 - 2/3, ...) from limits [0.6097, 1] and Wilson(5/3 of 5) = [0.0834, 0.7374].
#[test]
fn a_lift_is_a_difference_of_shares() {
    let found = check(
        &workspace(
            r#"
[[checks]]
kind = "lift"
name = "one"
labels = ["high"]
measure = "commits"
at_least = 1
minimum = 0.0
rationale = "test"
"#,
        ),
        "mood",
        0,
    );
    near(&found["effect"]["value"], 2.0 / 3.0);
    assert_eq!(found["effect"]["name"], "risk_difference");
    assert_eq!(found["verdict"], "holds");
    // z = 1.959964: z² = 3.841459; centre (5/3 + 1.920729)/8.841459, half z/8.841459 · sqrt(5·2/9 + 0.960365).
    let centre = (5.0 / 3.0 + 1.920_729_4) / 8.841_458_8;
    let half = 1.959_963_98 / 8.841_458_8 * (5.0 * 2.0 / 9.0 + 0.960_364_7_f64).sqrt();
    let low_of_six = 6.0 / 9.841_458_8;
    let low =
        2.0 / 3.0 - ((1.0_f64 - low_of_six).powi(2) + (centre + half - 1.0 / 3.0).powi(2)).sqrt();
    let found_low = found["effect"]["ci_low"].as_f64().unwrap();
    assert!((found_low - low).abs() < 1e-6, "{found_low} is not {low}");
}

/// Actions 1 to 6 are low, 7 to 12 high. Mid-ranks of the label are 3.5 and 9.5: ρ = 18·6/√(108·143) = 0.869; medians of
/// the groups are 3.5 and 9.5. All 36 pairs rise, so J is 36.
#[test]
fn a_trend_and_a_contrast_of_the_same_sessions() {
    let both = workspace(
        r#"
[[checks]]
kind = "trend"
name = "rises"
measure = "actions"
direction = "up"
rationale = "test"
[[checks]]
kind = "group_contrast"
name = "differs"
labels = ["high"]
measure = "actions"
direction = "up"
rationale = "test"
[[checks]]
kind = "trend"
name = "falls"
measure = "actions"
direction = "down"
rationale = "test"
"#,
    );
    let trend = check(&both, "mood", 0);
    near(
        &trend["effect"]["value"],
        108.0 / (108.0_f64 * 143.0).sqrt(),
    );
    near(&trend["jonckheere"]["statistic"], 36.0);
    near(&trend["levels"][0]["median"], 3.5);
    near(&trend["n"], 12.0);
    assert_eq!(trend["verdict"], "holds");
    let contrast = check(&both, "mood", 1);
    near(&contrast["effect"]["value"], 6.0);
    near(&contrast["rate"]["value"], 1.0);
    assert_eq!(contrast["verdict"], "holds");
    let falls = check(&both, "mood", 2);
    assert_eq!(falls["verdict"], "fails");
    assert_eq!(falls["violators"].as_array().unwrap().len(), 12);
}

/// Dollars are ten times the lines of each session: the same order, and within a factor of five once scaled.
#[test]
fn a_number_agrees_with_a_measure_up_to_its_unit() {
    let workspace = workspace("");
    let found = check(&workspace, "task-value", 1);
    assert_eq!(found["name"], "value-goes-with-lines-added");
    near(&found["effect"]["value"], 1.0);
    near(&found["rate"]["value"], 1.0);
    assert_eq!(found["verdict"], "holds");
}

/// Low without a commit are four sessions, fewer than the five from which on a verdict is given; all others have one.
#[test]
fn an_equality_rests_on_a_derived_measure() {
    let declared = workspace(
        r#"
[[derived]]
name = "sunk"
definition = "low and nothing committed"
all = [{ classifier = "mood", labels = ["low"] }]
measured = { measure = "commits", at_most = 0 }
counterpart = { measure = "commits", at_most = 0 }
[[checks]]
kind = "equality"
name = "one"
derived = "sunk"
measure = "commits"
equals = 0
share = 0.9
rationale = "test"
"#,
    );
    let found = check(&declared, "mood", 0);
    near(&found["n"], 4.0);
    near(&found["holding"], 4.0);
    near(&found["others"]["holding"], 0.0);
    assert_eq!(found["verdict"], "too few");
}

#[test]
fn what_does_not_fit_together_is_told_with_its_line() {
    let workspace = workspace(
        r#"
[[checks]]
kind = "trend"
name = "one"
measure = "actions"
share = 0.5
missing = "counts against"
rationale = "test"
[[checks]]
kind = "lift"
name = "one"
labels = ["hihg"]
measure = "actions"
minimum = 2.0
rationale = "test"
[[checks]]
kind = "implication"
name = "three"
of = "execution"
by = "user"
above = 0.8
measure = "actions"
derived = "sunk"
at_least = 1
share = 1
rationale = "test"
"#,
    );
    assert_snapshot!(workspace.run(&["--classifier", "mood", "--goldset", "goldsets/tiny"]));
}

#[test]
fn names_that_nothing_bears_are_told() {
    let workspace = workspace(
        r#"
[[checks]]
kind = "lift"
name = "one"
classifier = "outcom"
labels = ["success"]
derived = "verified"
at_least = 1
minimum = 0
rationale = "test"
[[checks]]
kind = "lift"
name = "two"
classifier = "outcome"
labels = ["succes"]
measure = "commits"
at_least = 1
minimum = 0
rationale = "test"
"#,
    );
    assert_snapshot!(workspace.run(&["--classifier", "mood", "--goldset", "goldsets/tiny"]));
}

#[test]
fn an_unknown_measure_is_told_with_its_line() {
    let workspace = workspace(
        r#"
[[checks]]
kind = "trend"
name = "one"
measure = "actoins"
direction = "up"
rationale = "test"
"#,
    );
    assert_snapshot!(workspace.run(&["--classifier", "mood", "--goldset", "goldsets/tiny"]));
}
