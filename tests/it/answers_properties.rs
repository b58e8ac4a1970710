//! Whatever stands in an answer: no panic, no label off the scale, and the same again when it is read again.

use harness::domain::answer::Stop;
use harness::domain::rating::Outcome;
use proptest::prelude::*;
use serde_json::json;

use crate::answers_support::{Classifier, classifier, with};

fn any_text() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "\\",
        "```json\n",
        "\n",
        "NaN",
        "1e3",
        "null",
        "\u{0}",
        "\u{feff}",
        "é",
        "\"evidence\":",
        "\"label\":",
        "\"confidence\":",
        "\"decisions\":",
        "\"modify\"",
        "\"MODIFY\"",
        "0.5",
        "[]",
        "{\"turn\":1,\"shows\":\"x\"}",
        "\"350\"",
        "\"3\"",
        "\"\"",
        "{\"evidence\":[{\"turn\":1,\"shows\":\"x\"}],\"label\":\"create\",\"confidence\":1,\"decisions\":[]}",
    ]);
    prop_oneof![
        ".*",
        prop::collection::vec(parts, 0..20).prop_map(|parts| parts.concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_text_panics_and_what_is_parsed_is_on_the_scale(text in any_text(), length in any::<bool>()) {
        thread_local! {
            static ALL: Vec<Classifier> = ["codebase", "task-value", "decisions"].map(classifier).into();
        }
        let stop = if length { Stop::Length } else { Stop::Finished };
        ALL.with(|all| {
            for one in all {
                let reading = one.read(stop, &text);
                if let (Outcome::Parsed(label), Some(answer)) = (&reading.outcome, &reading.answer) {
                    if let harness::domain::label::Label::Category(code) = label {
                        let declared = &one.definition.labels[usize::from(*code)].name;
                        assert_eq!(reading.folded, *declared != answer.label);
                        assert!(declared.eq_ignore_ascii_case(&answer.label));
                    }
                    let again = one.finished(&serde_json::to_string(answer).unwrap());
                    assert_eq!(again.outcome, reading.outcome);
                    assert_eq!(again.answer.as_ref(), Some(answer));
                    assert!(!again.from_prose);
                } else {
                    assert!(reading.reason.is_some_and(|reason| !reason.is_empty()));
                }
            }
        });
    }

    #[test]
    fn an_answer_in_prose_is_the_answer_alone(before in "[^{\\[\"]{0,40}", after in "[^{]{0,40}", label in 0..4_usize, confidence in 0.0..=1.0_f64) {
        let codebase = classifier("codebase");
        let name = codebase.definition.label_names()[label].to_owned();
        let mut value = with(&json!(name));
        value["confidence"] = json!(confidence);
        let alone = codebase.finished(&value.to_string());
        let within = codebase.finished(&format!("{before}{value}{after}"));
        assert_eq!(codebase.definition.text_of(alone.outcome.label().unwrap()), name);
        assert_eq!(within.outcome, alone.outcome);
        assert_eq!(within.answer, alone.answer);
        let answer = alone.answer.unwrap();
        assert_eq!(answer.confidence.to_bits(), confidence.to_bits(), "no digit is lost");
        let again = codebase.finished(&serde_json::to_string(&answer).unwrap());
        assert_eq!(again.answer, Some(answer));
    }
}
