//! Cells of the appendix against values computed here, and against the main job.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{cell, rows};
use crate::workspace::{Workspace, package};

#[test]
fn the_agreement_of_the_tiny_goldset_is_what_a_hand_computes() {
    let workspace = Workspace::new();
    assert_eq!(workspace.run(&["report"]).code, Some(0));
    let tables = workspace.path().join("reports/tables");
    let agreement = rows(&tables.join("tiny-agreement.csv"));
    // Both labelled s1 to s5: they agree on s1, s3 and s5. By chance (2*2 + 1*2 + 1*0 + 1*1)/25 = 0.28,
    // so kappa is (0.6 - 0.28)/0.72 = 0.444.
    let codebase = |column| cell(&agreement, &["codebase"], column);
    assert_eq!(codebase("n"), "5");
    assert_eq!(codebase("failed"), "1");
    assert_eq!(codebase("agreement"), "60%");
    assert_eq!(codebase("kappa"), "0.44");
    assert_eq!(codebase("weighted kappa"), "not ordered");

    let classes = rows(&tables.join("tiny-per-class.csv"));
    let modify = |column| cell(&classes, &["codebase", "modify (Modify)"], column);
    // Gold says modify of s1 and s2 (s6 has no answer), the candidate of s1 and s4.
    assert_eq!([modify("gold"), modify("said")], ["2", "2"]);
    assert_eq!([modify("precision"), modify("recall")], ["50%", "50%"]);
    assert_eq!(modify("F1"), "0.50");

    let confusion = rows(&tables.join("tiny-confusion-codebase.csv"));
    assert_eq!(confusion[0], ["gold", "1", "2", "3", "4", "all"]);
    assert_eq!(confusion[1], ["1 modify", "1", "0", "1", "0", "2"]);
    assert_eq!(confusion[2], ["2 explore", "1", "0", "0", "0", "1"]);
    assert_eq!(confusion[5], ["all", "2", "0", "2", "1", "5"]);

    let failures = rows(&tables.join("tiny-failures.csv"));
    assert_eq!(cell(&failures, &["codebase"], "labelled"), "5");
    assert_eq!(cell(&failures, &["codebase"], "missing"), "1");

    // Expertise by the candidate: s1 3, s2 5, s3 2, s4 4; actions per prompt 10, 8, 10, 3.
    let groups = rows(&tables.join("tiny-groups-expertise.csv"));
    let expert = |column| cell(&groups, &["actions per prompt", "5 Expert"], column);
    assert_eq!([expert("n"), expert("median")], ["1", "8.0"]);
    // Ranks of levels 2 4 1 3, of actions 3.5 2 3.5 1: products of deviations -0.5 - 0.75 - 1.5 - 0.75 = -3.5, squares 5 and 4.5.
    let trends = rows(&tables.join("tiny-trends-expertise.csv"));
    let rho = cell(&trends, &["actions per prompt"], "Spearman");
    let expected = -3.5 / (5.0_f64 * 4.5).sqrt();
    assert!(rho.starts_with(&format!("{expected:.2}")), "{rho}");
}

#[test]
fn the_committed_confusion_of_expertise_is_counted_from_the_labels() {
    let mut said: BTreeMap<(String, String), String> = BTreeMap::new();
    for row in rows(&package().join("goldsets/public-sessions/labels.csv")) {
        if row[1] == "expertise" {
            said.insert((row[0].clone(), row[2].clone()), row[3].clone());
        }
    }
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for ((session, rater), label) in &said {
        if rater == "annotator-b" {
            let other = &said[&(session.clone(), "annotator-a".to_owned())];
            *counts.entry((label.clone(), other.clone())).or_default() += 1;
        }
    }
    let table = rows(&package().join("reports/tables/public-sessions-confusion-expertise.csv"));
    let mut seen = 0;
    for gold in 1..=5 {
        for candidate in 1..=5 {
            let (gold, candidate) = (gold.to_string(), candidate.to_string());
            let count = counts
                .get(&(gold.clone(), candidate.clone()))
                .copied()
                .unwrap_or(0);
            if table[0].contains(&candidate) && table.iter().any(|row| row[0] == gold) {
                assert_eq!(cell(&table, &[&gold], &candidate), count.to_string());
                seen += count;
            } else {
                assert_eq!(count, 0);
            }
        }
    }
    assert_eq!(seen, 48);
}

#[test]
fn the_main_job_and_the_appendix_say_the_same() {
    let workspace = Workspace::new();
    assert_eq!(workspace.run(&["report"]).code, Some(0));
    let ran = workspace.run(&[
        "--classifier",
        "all",
        "--goldset",
        "goldsets/tiny",
        "--format",
        "json",
    ]);
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    let tables = workspace.path().join("reports/tables");
    let agreement = rows(&tables.join("tiny-agreement.csv"));
    let numbers = rows(&tables.join("tiny-agreement-numbers.csv"));
    let checks = rows(&tables.join("tiny-telemetry.csv"));
    let mut compared = 0;
    for classifier in result["classifiers"].as_array().unwrap() {
        let name = classifier["name"].as_str().unwrap();
        for gold in classifier["agreement"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["against"] == "gold")
        {
            let rounded = |value: &Value| value.as_f64().map(|value| format!("{value:.2}"));
            if let Some(kappa) = rounded(&gold["cohen_kappa"]["value"]) {
                let shown = cell(&agreement, &[name], "kappa");
                assert!(shown.starts_with(&kappa), "{name}: {shown} is not {kappa}");
                compared += 1;
            }
            if let (Some(r), None) = (rounded(&gold["pearson"]["value"]), gold.get("measure")) {
                let shown = cell(&numbers, &[name], "Pearson");
                assert!(shown.starts_with(&r), "{name}: {shown} is not {r}");
                compared += 1;
            }
        }
        for check in classifier["telemetry_checks"].as_array().unwrap() {
            let claim = check["claim"].as_str().unwrap();
            if checks.iter().any(|row| row[1] == claim) {
                let shown = cell(&checks, &[name, claim], "n");
                assert_eq!(shown, check["n"].to_string(), "{name}: {claim}");
                compared += 1;
            }
        }
    }
    assert!(10 < compared, "only {compared} cells were compared");
}
