//! The main job on the 48 labelled public sessions.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::workspace::{package, reference_data};

fn json(arguments: &[&str], sessions: Option<&Path>) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_validate"));
    command
        .current_dir(package())
        .args(["--goldset", "goldsets/public-sessions", "--format", "json"])
        .args(arguments);
    if let Some(folder) = sessions {
        command.arg("--sessions").arg(folder);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn classifier<'r>(result: &'r Value, name: &str) -> &'r Value {
    result["classifiers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|classifier| classifier["name"] == name)
        .unwrap()
}

/// The values are scikit-learn's `cohen_kappa_score` on the same labels, rounded to three digits, as the issue gives them.
#[test]
fn the_poor_rater_agrees_as_published_with_the_labels() {
    let result = json(
        &[
            "--classifier",
            "all",
            "--model",
            "rater:opening-only",
            "--against",
            "consensus",
        ],
        None,
    );
    for (name, n, kappa) in [
        ("work-mode", 47, 0.439),
        ("outcome", 47, 0.225),
        ("task-subject", 48, 0.766),
        ("occupation", 48, 0.0),
    ] {
        let gold = &classifier(&result, name)["agreement"][0];
        assert_eq!(gold["n"], n, "{name}");
        let value = gold["cohen_kappa"]["value"].as_f64().unwrap();
        assert!((value - kappa).abs() < 0.0005, "{name}: {value}");
    }
    let notes = classifier(&result, "occupation")["notes"].to_string();
    assert!(notes.contains("paradox of one-sided marginals"), "{notes}");
}

fn check(rater: &str, sessions: Option<&Path>) -> Value {
    let result = json(
        &[
            "--classifier",
            "codebase",
            "--model",
            rater,
            "--against",
            "consensus",
        ],
        sessions,
    );
    classifier(&result, "codebase")["telemetry_checks"][0].clone()
}

fn counts(check: &Value) -> [u64; 4] {
    [
        &check["holding"],
        &check["n"],
        &check["others"]["holding"],
        &check["others"]["n"],
    ]
    .map(|count| count.as_u64().unwrap())
}

#[test]
fn the_check_on_code_work_counts_the_same_from_table_and_transcripts() {
    let transcripts = reference_data().map(|folder| folder.join("sessions"));
    for folder in [None, transcripts.as_deref()] {
        for (rater, expected) in [
            ("rater:annotator-a", [43, 44, 3, 4]),
            ("rater:opening-only", [25, 26, 21, 22]),
        ] {
            let check = check(rater, folder);
            assert_eq!(counts(&check), expected, "{rater}");
            assert_eq!(check["verdict"], "holds");
            assert_eq!(check["hardly_discriminates"], true);
        }
    }
}

#[test]
fn agreement_with_a_rater_made_from_the_candidate_says_so() {
    let result = json(
        &[
            "--classifier",
            "outcome",
            "--model",
            "rater:annotator-a",
            "--against",
            "consensus",
        ],
        None,
    );
    assert!(
        result["rests_on"]
            .to_string()
            .contains("holds by construction")
    );
}
