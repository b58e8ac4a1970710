//! Baselines and ledgers as files: what is written is read again, and what does not fit is told with its line.

use std::path::Path;

use harness::classifier::definition::Definition;
use harness::classifier::load::load_all;
use harness::domain::label::{DecisionShares, Label, Scale};
use harness::domain::rating::{Outcome, RaterKind};
use harness::domain::request::Hash;
use harness::gate::baseline::{Approved, Baseline};
use harness::gate::ledger::{Ledger, Look};
use insta::assert_snapshot;

use super::site::{BASELINE, LEDGER, Site};
use crate::workspace::package;

fn definition(scale: Scale) -> Definition {
    load_all(&package().join("prompts"))
        .unwrap()
        .into_iter()
        .find(|definition| definition.scale == scale)
        .unwrap()
}

fn label(scale: Scale, at: u16) -> Label {
    match scale {
        Scale::Nominal | Scale::Ordinal => Label::Category(at % 3),
        Scale::Ratio => Label::Number(0.1 + f64::from(at) / 3.0),
        Scale::Decisions => Label::Shares(DecisionShares {
            planning: (at > 1).then_some(1.0 / 3.0),
            execution: (at != 2).then_some(f64::from(at % 7) / 7.0),
        }),
    }
}

#[test]
fn a_baseline_is_read_as_it_was_written_on_every_scale() {
    for scale in [
        Scale::Nominal,
        Scale::Ordinal,
        Scale::Ratio,
        Scale::Decisions,
    ] {
        let definition = definition(scale);
        let failures = [
            Outcome::Refused,
            Outcome::Unparsable,
            Outcome::Truncated,
            Outcome::Errored,
            Outcome::Missing,
        ];
        let parsed = (0..4).map(|at| Outcome::Parsed(label(scale, at)));
        let sessions = failures
            .into_iter()
            .chain(parsed)
            .enumerate()
            .map(|(at, outcome)| Approved {
                session_id: format!("s\"{at}\n"),
                outcome,
                gold: (at > 2).then(|| label(scale, at as u16)),
                why: (at > 3).then(|| "because \"of\"\nthat".to_owned()),
            })
            .collect();
        let baseline = Baseline {
            goldset: "g".to_owned(),
            classifier: definition.name.clone(),
            candidate: "recorded:m".to_owned(),
            kind: RaterKind::Model,
            against: "hand".to_owned(),
            prompt: Some(Hash::of(b"prompt")),
            answer_schema: None,
            sessions,
        };
        let text = baseline.text(&definition);
        let again = Baseline::parse(&text, Path::new("b.json"), &definition).unwrap();
        assert_eq!(again, baseline);
        assert_eq!(again.text(&definition), text);
    }
}

#[test]
fn every_fault_of_a_baseline_is_told_with_line_and_remedy() {
    let site = Site::with_baseline();
    let good = site.baseline();
    let mut told = String::new();
    for (old, new) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"version\": 1,", "\"version\": 1,\n  \"surprise\": true,"),
        ("\"classifier\": \"greeting\"", "\"classifier\": \"other\""),
        ("\"label\":\"yes\"", "\"label\":\"perhaps\""),
        ("\"session_id\":\"s001\"", "\"session_id\":\"s000\""),
        ("\"outcome\":\"parsed\"", "\"outcome\":\"guessed\""),
        ("\"prompt_hash\": \"", "\"prompt_hash\": \"x"),
        ("  ]\n}", ""),
    ] {
        assert!(good.contains(old), "{old}");
        site.workspace.write(BASELINE, &good.replacen(old, new, 1));
        let ran = site.gate(&[]);
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(ran.stderr.contains("hint:"), "{ran}");
        told.push_str(&ran.stderr);
        told.push('\n');
    }
    assert_snapshot!(told);
}

#[test]
fn a_line_of_the_ledger_that_does_not_fit_is_told() {
    let site = Site::with_baseline();
    site.workspace.write(LEDGER, "{\"day\":\"2026-01-01\"}\n");
    let ran = site.gate(&[]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_snapshot!(ran.stderr);
}

#[test]
fn lines_of_two_branches_are_counted_once_each() {
    let look = |candidate: &str| Look {
        day: "2026-01-01".to_owned(),
        classifier: "c".to_owned(),
        against: "hand".to_owned(),
        gold_hash: Hash::of(b"gold"),
        candidate: "recorded:m".to_owned(),
        candidate_hash: Hash::of(candidate.as_bytes()),
        verdict: "pass".to_owned(),
    };
    let mut one = Ledger::default();
    assert!(one.add(look("a")) && one.add(look("b")) && !one.add(look("a")));
    let mut other = Ledger::default();
    assert!(other.add(look("b")) && other.add(look("c")));
    let merged = format!("{}{}", one.text(), other.text());
    let merged = Ledger::parse(&merged, Path::new("ledger.jsonl")).unwrap();
    let looks = merged.looks("c", &Hash::of(b"gold"));
    assert_eq!(looks.candidates, 3);
    assert_eq!(looks.since.as_deref(), Some("2026-01-01"));
    assert_eq!(merged.looks("c", &Hash::of(b"other gold")).candidates, 0);
}
