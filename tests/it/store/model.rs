//! Any sequence of keeps leaves the store as the same sequence leaves two maps.

use std::collections::{BTreeMap, HashMap};

use harness::domain::answer::{AnswerUsage, RawAnswer, Stop};
use harness::store::{AnswerKey, Row, RowOutcome, RunKey, Store, StoreError};
use proptest::prelude::*;

use super::{hash, parsed, row, run};

#[derive(Debug, Clone)]
enum Keep {
    Answers(Vec<(AnswerKey, RawAnswer)>),
    Rows(Vec<Row>),
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c"])
}

fn answers() -> impl Strategy<Value = (AnswerKey, RawAnswer)> {
    let stop = prop::sample::select(vec![
        Stop::Finished,
        Stop::Length,
        Stop::Refusal,
        Stop::Error,
    ]);
    (name(), 0..2_u32, any::<String>(), stop, any::<[u64; 4]>()).prop_map(
        |(request, repeat, text, stop, [input, output, read, write])| {
            let key = AnswerKey {
                request: hash(request),
                model: "model".to_owned(),
                repeat,
            };
            let answer = RawAnswer {
                when: text.chars().rev().collect(),
                obtained: text.chars().take(3).collect(),
                text,
                stop,
                usage: AnswerUsage {
                    input_tokens: input,
                    output_tokens: output,
                    cache_read_tokens: read,
                    cache_write_tokens: write,
                    ..AnswerUsage::default()
                },
            };
            (key, answer)
        },
    )
}

fn rows() -> impl Strategy<Value = Row> {
    let outcome = prop_oneof![
        any::<String>().prop_map(|label| parsed(&label)),
        any::<String>().prop_map(|reason| RowOutcome::Unparsable { reason }),
        Just(RowOutcome::Refused),
        Just(RowOutcome::Missing),
    ];
    (name(), name(), 0..2_u32, outcome).prop_map(|(session, classifier, repeat, outcome)| Row {
        repeat,
        ..row(session, classifier, outcome)
    })
}

fn keeps() -> impl Strategy<Value = Keep> {
    prop_oneof![
        prop::collection::vec(answers(), 0..6).prop_map(Keep::Answers),
        prop::collection::vec(rows(), 0..4).prop_map(Keep::Rows),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_sequence_of_keeps_equals_two_maps(keeps in prop::collection::vec(keeps(), 0..12)) {
        let mut store = Store::in_memory().unwrap();
        let mut answers: HashMap<AnswerKey, RawAnswer> = HashMap::new();
        let mut rows: BTreeMap<(u32, String, String), Row> = BTreeMap::new();
        for keep in keeps {
            match keep {
                Keep::Answers(kept) => {
                    let mut new = 0;
                    for (key, answer) in &kept {
                        let wins = answers.get(key).is_none_or(|first| {
                            first.stop == Stop::Error && answer.stop != Stop::Error
                        });
                        if wins {
                            answers.insert(key.clone(), answer.clone());
                            new += 1;
                        }
                    }
                    prop_assert_eq!(store.keep_answers(&kept).unwrap(), new);
                }
                Keep::Rows(kept) => {
                    let answered = |row: &Row| {
                        row.outcome == RowOutcome::Missing
                            || answers.contains_key(&AnswerKey {
                                request: row.request_hash.clone(),
                                model: row.model.clone(),
                                repeat: row.repeat,
                            })
                    };
                    if kept.iter().all(answered) {
                        let mut changed = 0;
                        for row in &kept {
                            let at = (row.repeat, row.session_id.clone(), row.classifier.clone());
                            changed += usize::from(rows.insert(at, row.clone()).as_ref() != Some(row));
                        }
                        prop_assert_eq!(store.keep_rows(&kept).unwrap(), changed);
                    } else {
                        let refused = matches!(store.keep_rows(&kept), Err(StoreError::NoAnswer { .. }));
                        prop_assert!(refused);
                    }
                }
            }
        }
        for request in ["a", "b", "c"] {
            for repeat in 0..2 {
                let key = AnswerKey { request: hash(request), model: "model".to_owned(), repeat };
                let found = store.answer(&key.request, "model", repeat).unwrap();
                prop_assert_eq!(found.as_ref(), answers.get(&key));
            }
        }
        for repeat in 0..2 {
            let found = store.rows(&RunKey { repeat, ..run(&["a", "b", "c"]) }).unwrap();
            let expected: Vec<Row> =
                rows.values().filter(|row| row.repeat == repeat).cloned().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
