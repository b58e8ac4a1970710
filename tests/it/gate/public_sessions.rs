//! The real binary on the labels of `goldsets/public-sessions`.

use std::process::Command;

use serde_json::Value;

/// Exit code and what is told, with `options` behind the goldset.
fn gate(options: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_validate"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .args(["gate", "--goldset", "goldsets/public-sessions"])
        .args(["--format", "json"])
        .args(options)
        .output()
        .unwrap();
    let told = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), told)
}

fn with_verdict<'t>(told: &'t Value, verdict: &str) -> Vec<&'t str> {
    told["classifiers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["verdict"] == verdict)
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

#[test]
fn a_poor_rater_fails_and_a_careful_one_does_not() {
    let against = ["--baseline", "rater:annotator-b", "--against", "consensus"];
    let (code, told) = gate(&[&against[..], &["--candidate", "rater:opening-only"]].concat());
    assert_eq!(code, Some(1));
    let failed = with_verdict(&told, "fail");
    for classifier in [
        "work-mode",
        "expertise",
        "outcome",
        "success-signal",
        "failure-signal",
    ] {
        assert!(failed.contains(&classifier), "{classifier}: {failed:?}");
    }
    // Its kappa of occupation is 0 for all users alike.
    assert_eq!(with_verdict(&told, "inconclusive"), ["occupation"]);
    let (_, told) = gate(&[&against[..], &["--candidate", "rater:annotator-a"]].concat());
    assert_eq!(with_verdict(&told, "fail"), [""; 0]);
}

#[test]
fn the_plain_command_passes_and_other_gold_is_told() {
    let (code, told) = gate(&[]);
    assert_eq!(with_verdict(&told, "fail"), [""; 0]);
    for one in told["classifiers"].as_array().unwrap() {
        assert_eq!(one["not_compared"], Value::Null, "{one}");
        assert_eq!(one["judgements"][0]["name"], "unchanged", "{one}");
    }
    assert_eq!(told["classifiers"].as_array().unwrap().len(), 10);
    assert_ne!(code, Some(1));
    let other = ["--against", "consensus", "--classifier", "expertise"];
    let (code, told) = gate(&other);
    assert_eq!(code, Some(3));
    assert_eq!(
        told["classifiers"][0]["reason"],
        "not compared: the baseline was approved against `annotator-b`, and gold is `consensus` now"
    );
}

#[test]
fn a_baseline_that_is_gold_is_told_so() {
    let (_, told) = gate(&[
        "--baseline",
        "rater:annotator-b",
        "--classifier",
        "expertise",
    ]);
    assert_eq!(
        told["classifiers"][0]["remarks"][0],
        "The labels of `rater:annotator-b` are the gold labels themselves: its agreement is perfect by construction, and nobody can do better."
    );
}
