//! What `goldsets/starter` promises: coverage of every label, realistic sizes, no copies, and answers to every request.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use harness::classifier::load::load_all;
use harness::domain::label::{Label, Scale};
use harness::goldset::load::{Goldset, load};
use serde_json::Value;

use crate::workspace::package;

fn starter() -> (Vec<harness::classifier::definition::Definition>, Goldset) {
    let definitions = load_all(&package().join("prompts")).unwrap();
    let goldset = load(&package().join("goldsets/starter"), &definitions).unwrap();
    (definitions, goldset)
}

fn entries(goldset: &Goldset, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(goldset.folder.join("sessions").join(file)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_label_has_sessions() {
    let (definitions, goldset) = starter();
    for definition in definitions
        .iter()
        .filter(|definition| matches!(definition.scale, Scale::Nominal | Scale::Ordinal))
    {
        let needed = match definition.name.as_str() {
            "work-mode" | "codebase" | "outcome" | "task-subject" => 4,
            "expertise" | "success-signal" | "failure-signal" => 6,
            _ => continue,
        };
        let mut counts = vec![0; definition.labels.len()];
        for rating in goldset
            .ratings_of(&definition.name, "construction")
            .values()
        {
            if let Label::Category(code) = rating.label {
                counts[usize::from(code)] += 1;
            }
        }
        for (label, count) in definition.labels.iter().zip(counts) {
            assert!(
                needed <= count,
                "{} has {count} sessions labelled {}",
                definition.name,
                label.name
            );
        }
    }
}

#[test]
fn every_session_is_labelled_by_construction_for_every_classifier_with_its_reason() {
    let (definitions, goldset) = starter();
    for definition in &definitions {
        let ratings = goldset.ratings_of(&definition.name, "construction");
        assert_eq!(ratings.len(), goldset.sessions.len(), "{}", definition.name);
        if definition.scale != Scale::Decisions {
            assert!(
                ratings
                    .values()
                    .all(|rating| 10 <= rating.rationale.chars().count()),
                "{} has a label without a reason",
                definition.name
            );
        }
    }
}

#[test]
fn sessions_are_many_and_of_realistic_sizes() {
    let (_, goldset) = starter();
    assert!(60 <= goldset.sessions.len());
    let users: BTreeSet<&str> = goldset
        .sessions
        .iter()
        .map(|session| session.user.as_str())
        .collect();
    assert!(15 <= users.len(), "{} users", users.len());
    let mut sizes: Vec<usize> = goldset
        .sessions
        .iter()
        .map(|session| entries(&goldset, &session.file).len())
        .collect();
    sizes.sort_unstable();
    assert!(
        60 <= sizes[sizes.len() / 2],
        "median {}",
        sizes[sizes.len() / 2]
    );
    assert!(10 <= sizes.iter().filter(|size| 300 < **size).count());
    let occupations: BTreeSet<String> = goldset
        .ratings_of("occupation", "construction")
        .values()
        .map(|rating| format!("{:?}", rating.label))
        .collect();
    assert!(12 <= occupations.len(), "{} occupations", occupations.len());
}

#[test]
fn the_goldset_says_that_it_is_synthetic() {
    let (_, goldset) = starter();
    assert!(goldset.manifest.synthetic);
    assert!(goldset.manifest.title.contains("synthetic"));
    assert!(
        goldset
            .sessions
            .iter()
            .all(|session| session.source.starts_with("synthetic"))
    );
}

#[test]
fn injections_stand_in_the_sessions_and_contradict_the_gold_label() {
    let (_, goldset) = starter();
    assert!(
        8 <= goldset
            .injections
            .iter()
            .map(|injection| &injection.session_id)
            .collect::<BTreeSet<_>>()
            .len()
    );
    for injection in &goldset.injections {
        let gold = &goldset.ratings_of(&injection.classifier, "construction")
            [injection.session_id.as_str()]
        .label;
        assert_ne!(
            *gold, injection.demanded,
            "{} {}",
            injection.session_id, injection.classifier
        );
    }
}

/// Words of prompts, replies, inputs and outputs; the envelope is the same for every session.
fn words(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.extend(text.split_whitespace().map(str::to_lowercase)),
        Value::Array(items) => items.iter().for_each(|item| self::words(item, words)),
        Value::Object(fields) => {
            for (name, field) in fields {
                if !matches!(
                    name.as_str(),
                    "type"
                        | "id"
                        | "tool_use_id"
                        | "role"
                        | "model"
                        | "name"
                        | "signature"
                        | "usage"
                        | "stop_reason"
                ) {
                    self::words(field, words);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Hashes of all runs of eight words, sorted, each once.
fn shingles(entries: &[Value]) -> Vec<u64> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut all = Vec::new();
    for entry in entries {
        words(&entry["message"], &mut all);
    }
    let mut hashes: Vec<u64> = all
        .windows(8)
        .map(|window| {
            let mut hasher = DefaultHasher::new();
            window.hash(&mut hasher);
            hasher.finish()
        })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn shared(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    shared
}

#[test]
fn no_two_sessions_share_more_than_a_fifth_of_their_eight_word_runs() {
    let (_, goldset) = starter();
    let all: Vec<(&str, Vec<u64>)> = goldset
        .sessions
        .iter()
        .map(|session| {
            (
                session.id.as_str(),
                shingles(&entries(&goldset, &session.file)),
            )
        })
        .collect();
    for (at, (name, one)) in all.iter().enumerate() {
        assert!(!one.is_empty(), "{name} has no run of eight words");
        for (other_name, other) in &all[..at] {
            let smaller = one.len().min(other.len());
            let shared = shared(one, other);
            assert!(
                shared * 5 <= smaller,
                "{name} and {other_name} share {shared} of {smaller}"
            );
        }
    }
}

#[test]
fn the_view_of_every_session_hides_what_gives_answers_away() {
    let (_, goldset) = starter();
    let rules =
        harness::classifier::view::ViewRules::load(&package().join("prompts/view.toml")).unwrap();
    for session in &goldset.sessions {
        let path = goldset.folder.join("sessions").join(&session.file);
        let view = harness::run::view::view_of(
            &path,
            &rules,
            harness::ingest::redaction::standard_redaction(),
        )
        .unwrap();
        assert!(!view.text.contains("synthetic"), "{}", session.id);
        assert!(
            !view
                .text
                .contains("This session is being continued from a previous conversation"),
            "{}",
            session.id
        );
        assert!(
            view.left_out.tokens_shown <= rules.tokens,
            "{}: {:?}",
            session.id,
            view.left_out
        );
    }
}

/// Both recorded passes answer every request, by the family that is named, and say how they were obtained.
#[test]
fn recordings_answer_every_request_and_say_what_they_are() {
    let (definitions, goldset) = starter();
    for model in ["claude-pass-1", "claude-pass-2"] {
        for definition in &definitions {
            let file = goldset
                .folder
                .join(format!("recordings/{}/{model}.jsonl", definition.name));
            let text = fs::read_to_string(&file)
                .unwrap_or_else(|_| panic!("{} is missing", file.display()));
            let mut sessions = BTreeMap::new();
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["obtained"], "batch by hand");
                assert_eq!(line["family"], "Claude (Anthropic)");
                assert!(line["when"].as_str().unwrap().starts_with("2026-11-"));
                sessions.insert(line["session_id"].as_str().unwrap().to_owned(), ());
            }
            assert_eq!(
                sessions.len(),
                goldset.sessions.len(),
                "{} {model}",
                definition.name
            );
        }
    }
}
