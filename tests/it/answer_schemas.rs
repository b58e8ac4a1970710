//! The schema that is sent and the ones that are checked: what providers take, and what fits a classifier.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use harness::classifier::load;
use harness::classifier::schema::{AnswerSchema, SchemaError, WireSchema};
use harness::domain::answer::Stop;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::answers_support::{classifier, good};
use crate::workspace::package;

#[test]
fn every_classifier_of_the_project_has_schemas_that_fit() {
    WireSchema::load(&package().join("prompts/wire.schema.json")).unwrap();
    for definition in load::load_all(&package().join("prompts")).unwrap() {
        let one = classifier(&definition.name);
        one.schema.fits(&one.definition).unwrap();
        for label in definition.label_names() {
            let said = one.said(Stop::Finished, &good(label));
            assert_eq!(said, format!("parsed {label}"), "{}", definition.name);
        }
    }
}

/// What is wrong with a schema, with the folder taken out.
fn refused<T>(load: impl FnOnce(&PathBuf) -> Result<T, SchemaError>, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("schema.json");
    fs::write(&path, text).unwrap();
    let message = load(&path)
        .err()
        .expect("the schema is refused")
        .to_string();
    message.replace(&folder.path().display().to_string(), "[folder]")
}

#[test]
fn a_wire_schema_that_a_provider_would_refuse_is_told_at_once() {
    let schema = json!({
        "$id": "https://example.org/answer",
        "type": "object",
        "$defs": {
            "node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"], "additionalProperties": false},
        },
        "properties": {
            "evidence": {"type": "array", "minItems": 2, "maxItems": 6, "items": {"type": "object", "properties": {"turn": {"type": "integer", "minimum": 0}, "shows": {"type": "string", "maxLength": 10}}, "required": ["turn"]}},
            "label": {"type": ["string", "number", "null"], "enum": ["fix", "Fix"]},
            "confidence": {"type": "number", "maximum": 1},
            "when": {"type": "string", "format": "iri", "pattern": "(?=x)"},
            "a/b": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            "other": {"$ref": "https://example.org/other"},
            "any": {},
        },
        "required": ["evidence", "label", "confidence", "when", "any", "lost"],
        "additionalProperties": true,
    });
    assert_snapshot!(refused(|path| WireSchema::load(path), &schema.to_string()));
}

#[test]
fn a_wire_schema_asks_for_what_an_answer_holds() {
    let text = fs::read_to_string(package().join("prompts/wire.schema.json")).unwrap();
    let wire = WireSchema::load(&package().join("prompts/wire.schema.json")).unwrap();
    assert!(!wire.text().contains(['\n', ' ']));
    assert_eq!(
        serde_json::from_str::<Value>(wire.text()).unwrap(),
        serde_json::from_str::<Value>(&text).unwrap()
    );
    let other = text
        .replace("\"agent\"", "\"machine\"")
        .replace("\"turn\"", "\"line\"");
    assert_snapshot!(refused(|path| WireSchema::load(path), &other));
}

#[test]
fn a_broken_schema_says_what_is_broken() {
    let mut said = String::new();
    for text in [
        "",
        "{\"type\": ",
        "[]",
        "{\"type\": \"strange\", \"minItems\": -1}",
        "{\"$ref\": \"other.json\"}",
        "{\"pattern\": \"(?=x)\"}",
        "{\"type\": \"object\", \"type\": \"array\"}",
        "{} {}",
    ] {
        writeln!(
            said,
            "{text}\n{}\n",
            refused(|path| AnswerSchema::load(path), text)
        )
        .unwrap();
    }
    let missing = AnswerSchema::load(&PathBuf::from("no/such/answer.schema.json")).unwrap_err();
    writeln!(said, "{missing}").unwrap();
    assert_snapshot!(said);
}

#[test]
fn a_schema_that_differs_from_its_classifier_is_told_both_ways() {
    let codebase = classifier("codebase").definition;
    let path = package().join("prompts/codebase/answer.schema.json");
    let text = fs::read_to_string(path).unwrap();
    let fits = |text: &str| refused(|path| AnswerSchema::load(path)?.fits(&codebase), text);
    let mut said = String::new();
    for (old, new) in [
        ("\"explore\"", "\"read\""),
        ("\"modify\", \"explore\"", "\"explore\", \"modify\""),
        ("\"enum\"", "\"examples\""),
        (
            "\"required\": [\"evidence\"",
            "\"required\": [\"reasoning\", \"evidence\"",
        ),
        (
            "\"minimum\": 0, \"maximum\": 1",
            "\"minimum\": 0, \"maximum\": 0.1",
        ),
    ] {
        assert!(text.contains(old), "{old}");
        writeln!(
            said,
            "{old} -> {new}\n{}\n",
            fits(&text.replacen(old, new, 1))
        )
        .unwrap();
    }
    assert_snapshot!(said);
}

#[test]
fn a_wire_schema_may_not_let_through_what_no_answer_holds() {
    let text = fs::read_to_string(package().join("prompts/wire.schema.json")).unwrap();
    let loose = text
        .replace("\"integer\"", "\"number\"")
        .replace(", \"enum\": [\"user\", \"agent\"]", "");
    assert_snapshot!(refused(|path| WireSchema::load(path), &loose));
}
