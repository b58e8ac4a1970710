//! The store: what is kept comes back, whoever keeps it, and whatever happens to the file.

mod damage;
mod messages;
mod model;
mod sharing;

use std::path::Path;

use harness::domain::answer::{AnswerUsage, Evidence, RawAnswer, Stop};
use harness::domain::label::{Decider, Decision, DecisionKind};
use harness::domain::rating::OutcomeCounts;
use harness::domain::request::Hash;
use harness::store::{
    AnswerKey, Integrity, ReadLabel, Reading, Row, RowOutcome, RunKey, Store, StoreError,
};
use serde_json::json;

fn hash(of: &str) -> Hash {
    Hash::of(of.as_bytes())
}

fn key(request: &str) -> AnswerKey {
    AnswerKey {
        request: hash(request),
        model: "model".to_owned(),
        repeat: 0,
    }
}

fn answer(text: &str) -> RawAnswer {
    RawAnswer {
        text: text.to_owned(),
        stop: Stop::Finished,
        usage: AnswerUsage {
            input_tokens: 11,
            output_tokens: 22,
            cache_read_tokens: 33,
            cache_write_tokens: u64::MAX,
            ..AnswerUsage::default()
        },
        when: "2026-11-22T12:00:00Z".to_owned(),
        obtained: "live".to_owned(),
    }
}

/// A row whose request is named as its session.
fn row(session: &str, classifier: &str, outcome: RowOutcome) -> Row {
    Row {
        goldset: "tiny".to_owned(),
        session_id: session.to_owned(),
        classifier: classifier.to_owned(),
        prompt_hash: hash(classifier),
        model: "model".to_owned(),
        repeat: 0,
        request_hash: hash(session),
        outcome,
        left_out: json!(null),
    }
}

fn parsed(label: &str) -> RowOutcome {
    RowOutcome::Parsed(Reading {
        label: ReadLabel::Text(label.to_owned()),
        confidence: Some(0.1 + 0.2),
        evidence: vec![],
        folded: false,
        from_prose: false,
    })
}

fn run(classifiers: &[&str]) -> RunKey {
    RunKey {
        goldset: "tiny".to_owned(),
        model: "model".to_owned(),
        repeat: 0,
        prompts: classifiers
            .iter()
            .map(|&name| (name.to_owned(), hash(name)))
            .collect(),
    }
}

fn texts(store: &Store, requests: &[Hash]) -> Result<Vec<Option<String>>, StoreError> {
    let mut texts = Vec::new();
    store.answers_for("model", 0, requests, |_, answer| {
        texts.push(answer.map(|answer| answer.text));
    })?;
    Ok(texts)
}

/// A closed store with this many answers of 5 KB, one commit each.
fn store_with(path: &Path, answers: usize) -> Vec<Hash> {
    let mut store = Store::open(path).unwrap();
    keep_numbered(&mut store, 0..answers);
    (0..answers).map(|n| hash(&n.to_string())).collect()
}

fn keep_numbered(store: &mut Store, numbers: std::ops::Range<usize>) {
    for n in numbers {
        let answers = [(key(&n.to_string()), answer(&long_text(n)))];
        assert_eq!(store.keep_answers(&answers).unwrap(), 1);
    }
}

fn long_text(n: usize) -> String {
    hash(&n.to_string()).text().repeat(80)
}

#[test]
fn a_store_can_move_to_the_thread_that_writes() {
    fn moves<T: Send>(_: T) {}
    moves(Store::in_memory().unwrap());
}

#[test]
fn odd_texts_come_back_byte_for_byte() {
    let mut store = Store::in_memory().unwrap();
    let long = "é".repeat(500_000);
    let odd = [
        "",
        "\0",
        "a\0b\0",
        "it's \"quoted\" -- ; DROP TABLE answers",
        "🧪👩‍🔬 ñ \u{202e}",
        "\r\n\t ",
        "\u{feff}{}",
        &long,
    ];
    let kept: Vec<_> = odd
        .iter()
        .enumerate()
        .map(|(n, text)| {
            let mut kept = (key(&n.to_string()), answer(text));
            kept.0.model = format!("model {text:.5}");
            kept.1.obtained = (*text).to_owned();
            kept.1.when = (*text).to_owned();
            kept
        })
        .collect();
    assert_eq!(store.keep_answers(&kept).unwrap(), odd.len());
    for (key, answer) in &kept {
        let found = store.answer(&key.request, &key.model, key.repeat).unwrap();
        assert!(found.as_ref() == Some(answer), "{:?}", answer.obtained);
    }
}

#[test]
fn a_row_of_every_kind_comes_back_after_the_file_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/store.db");
    let mut odd = row("s\0'1", "expertise", parsed("exp\0ert 🧪"));
    odd.left_out =
        json!({"tool results": 18_446_744_073_709_551_615_u64, "reason": ["\"budget\""]});
    let decisions = RowOutcome::Parsed(Reading {
        label: ReadLabel::Decisions(vec![Decision {
            kind: DecisionKind::Planning,
            by: Decider::User,
            summary: "keeps 'the' \"old\" API".to_owned(),
        }]),
        confidence: None,
        evidence: vec![Evidence {
            turn: u64::MAX,
            shows: "\0🧪".to_owned(),
        }],
        folded: true,
        from_prose: true,
    });
    let unparsable = RowOutcome::Unparsable {
        reason: "no label \"Expert\"".to_owned(),
    };
    let rows = [
        odd,
        row("s2", "decisions", decisions),
        row("s2", "expertise", unparsable),
        row("s3", "expertise", RowOutcome::Refused),
        row("s4", "expertise", RowOutcome::Truncated),
        row("s5", "expertise", RowOutcome::Errored),
        row("s6", "expertise", RowOutcome::Missing),
    ];
    {
        let mut store = Store::open(&path).unwrap();
        let answers = ["s\0'1", "s2", "s3", "s4", "s5"].map(|name| (key(name), answer(name)));
        assert_eq!(store.keep_answers(&answers).unwrap(), 5);
        let backwards: Vec<Row> = rows.iter().rev().cloned().collect();
        assert_eq!(store.keep_rows(&backwards).unwrap(), rows.len());
        assert_eq!(store.keep_rows(&backwards).unwrap(), 0, "nothing changed");
    }
    let run = run(&["expertise", "decisions"]);
    for store in [
        Store::open(&path).unwrap(),
        Store::open_read_only(&path).unwrap(),
    ] {
        assert_eq!(store.rows(&run).unwrap(), rows);
        assert_eq!(store.integrity().unwrap(), Integrity::Sound);
    }
}

#[test]
fn the_first_answer_wins_and_the_second_is_counted_out() {
    let mut store = Store::in_memory().unwrap();
    let first = (key("a"), answer("first"));
    let second = (key("a"), answer("second"));
    let kept = store
        .keep_answers(&[first.clone(), second.clone(), (key("b"), answer("other"))])
        .unwrap();
    assert_eq!(kept, 2);
    assert_eq!(store.keep_answers(&[second]).unwrap(), 0);
    assert_eq!(store.answer(&hash("a"), "model", 0).unwrap(), Some(first.1));
    assert_eq!(store.answer(&hash("a"), "model", 1).unwrap(), None);
    assert_eq!(store.answer(&hash("a"), "Model", 0).unwrap(), None);
}

#[test]
fn an_answer_takes_the_place_of_a_failed_request_and_never_the_reverse() {
    let mut store = Store::in_memory().unwrap();
    let failed = |text| RawAnswer {
        stop: Stop::Error,
        ..answer(text)
    };
    let mut keep = |answer| store.keep_answers(&[(key("a"), answer)]).unwrap();
    assert_eq!(keep(failed("503")), 1);
    assert_eq!(keep(failed("429")), 0);
    assert_eq!(keep(answer("label")), 1);
    assert_eq!(keep(failed("500")), 0);
    let kept = store.answer(&hash("a"), "model", 0).unwrap();
    assert_eq!(kept, Some(answer("label")));
}

#[test]
fn a_row_is_replaced_and_rows_of_other_prompts_stay() {
    let mut store = Store::in_memory().unwrap();
    store.keep_answers(&[(key("s1"), answer(""))]).unwrap();
    let other = Row {
        prompt_hash: hash("an older prompt"),
        ..row("s1", "expertise", parsed("novice"))
    };
    store
        .keep_rows(&[other.clone(), row("s1", "expertise", RowOutcome::Missing)])
        .unwrap();
    let now = row("s1", "expertise", parsed("expert"));
    assert_eq!(store.keep_rows(std::slice::from_ref(&now)).unwrap(), 1);
    assert_eq!(store.rows(&run(&["expertise"])).unwrap(), [now]);
    let older = RunKey {
        prompts: vec![("expertise".to_owned(), hash("an older prompt"))],
        ..run(&[])
    };
    assert_eq!(store.rows(&older).unwrap(), [other]);
    assert_eq!(store.rows(&run(&[])).unwrap(), []);
}

#[test]
fn a_row_without_its_answer_is_refused_with_everything_beside_it() {
    let mut store = Store::in_memory().unwrap();
    store.keep_answers(&[(key("s1"), answer(""))]).unwrap();
    let rows = [
        row("s1", "expertise", parsed("expert")),
        row("s2", "expertise", RowOutcome::Refused),
    ];
    let error = store.keep_rows(&rows).unwrap_err();
    assert!(
        matches!(&error, StoreError::NoAnswer { session_id, .. } if session_id == "s2"),
        "{error}"
    );
    assert_eq!(store.rows(&run(&["expertise"])).unwrap(), []);
}

#[test]
fn many_answers_are_told_in_the_order_asked() {
    let mut store = Store::in_memory().unwrap();
    keep_numbered(&mut store, 0..5);
    let asked = ["3", "none", "0", "3"].map(hash);
    assert_eq!(
        texts(&store, &asked).unwrap(),
        [
            Some(long_text(3)),
            None,
            Some(long_text(0)),
            Some(long_text(3))
        ]
    );
}

#[test]
fn the_summary_counts_what_is_there() {
    let mut store = Store::in_memory().unwrap();
    let failed = RawAnswer {
        stop: Stop::Error,
        ..answer("503")
    };
    let other = AnswerKey {
        model: "another".to_owned(),
        ..key("s1")
    };
    store
        .keep_answers(&[
            (key("s1"), answer("")),
            (key("s2"), failed),
            (key("unread"), answer("")),
            (other, answer("")),
        ])
        .unwrap();
    store
        .keep_rows(&[
            row("s1", "expertise", parsed("expert")),
            row("s2", "expertise", RowOutcome::Errored),
            row("s3", "expertise", RowOutcome::Missing),
            row("s1", "codebase", RowOutcome::Refused),
        ])
        .unwrap();
    let summary = store.summary().unwrap();
    assert_eq!(summary.schema_version, 2);
    assert_eq!(summary.answers_without_row, 2);
    let answers: Vec<_> = summary
        .answers
        .iter()
        .map(|count| (count.model.as_str(), count.answers, count.failed))
        .collect();
    assert_eq!(answers, [("another", 1, 0), ("model", 3, 1)]);
    let rows: Vec<_> = summary
        .rows
        .iter()
        .map(|count| (count.classifier.as_str(), count.prompts, count.outcomes))
        .collect();
    let nothing = OutcomeCounts::default();
    let refused = OutcomeCounts {
        refused: 1,
        ..nothing
    };
    let mixed = OutcomeCounts {
        parsed: 1,
        errored: 1,
        missing: 1,
        ..nothing
    };
    assert_eq!(store.integrity().unwrap(), Integrity::Sound);
    assert_eq!(rows, [("codebase", 1, refused), ("expertise", 1, mixed)]);
}
