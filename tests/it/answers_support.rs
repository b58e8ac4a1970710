//! A classifier of the project with what it makes of a text, and answers to give it.

use std::fmt::Write as _;

use harness::classifier::answer::{Reading, read};
use harness::classifier::definition::Definition;
use harness::classifier::load;
use harness::classifier::schema::AnswerSchema;
use harness::domain::answer::{AnswerUsage, RawAnswer, Stop};
use harness::domain::rating::Outcome;
use serde_json::{Value, json};

use crate::workspace::package;

pub(crate) struct Classifier {
    pub(crate) definition: Definition,
    pub(crate) schema: AnswerSchema,
}

pub(crate) fn classifier(name: &str) -> Classifier {
    let folder = package().join("prompts").join(name);
    Classifier {
        definition: load::load(&folder.join("classifier.toml"), name.to_owned()).unwrap(),
        schema: AnswerSchema::load(&folder.join("answer.schema.json")).unwrap(),
    }
}

impl Classifier {
    pub(crate) fn read(&self, stop: Stop, text: &str) -> Reading {
        let raw = RawAnswer {
            text: text.to_owned(),
            stop,
            usage: AnswerUsage::default(),
            when: "2026-11-22".to_owned(),
            obtained: "live".to_owned(),
        };
        read(&self.definition, &self.schema, &raw)
    }

    pub(crate) fn finished(&self, text: &str) -> Reading {
        self.read(Stop::Finished, text)
    }

    /// One line: what became of it, the marks, the reason.
    pub(crate) fn said(&self, stop: Stop, text: &str) -> String {
        let reading = self.read(stop, text);
        let mut line = match &reading.outcome {
            Outcome::Parsed(label) => format!("parsed {}", self.definition.text_of(label)),
            outcome => format!("{outcome:?}").to_lowercase(),
        };
        for (mark, word) in [
            (reading.folded, ", folded"),
            (reading.from_prose, ", from prose"),
        ] {
            if mark {
                line.push_str(word);
            }
        }
        assert_eq!(reading.answer.is_some(), reading.outcome.label().is_some());
        assert_eq!(reading.reason.is_none(), reading.outcome.label().is_some());
        if let Some(reason) = reading.reason {
            write!(line, ": {reason}").unwrap();
        }
        line
    }

    pub(crate) fn table(&self, texts: &[(&str, String)]) -> String {
        texts.iter().fold(String::new(), |mut table, (name, text)| {
            writeln!(table, "{name}\n    {}", self.said(Stop::Finished, text)).unwrap();
            table
        })
    }
}

pub(crate) fn with(label: &Value) -> Value {
    json!({
        "evidence": [{"turn": 2, "shows": "the agent edits src/main.rs"}],
        "label": label,
        "confidence": 0.8,
        "decisions": [],
    })
}

pub(crate) fn good(label: &str) -> String {
    with(&json!(label)).to_string()
}
