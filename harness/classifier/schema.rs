//! The two schemas of an answer, and the only file that knows the crate for them.
//!
//! What is *sent* is one wire schema for all classifiers (`prompts/wire.schema.json`), because a provider's cache key
//! includes it; it may hold only what every provider takes, which `portable` knows. What is *checked* here afterwards is
//! the classifier's own `answer.schema.json`, with bounds and labels.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Value, json};

use crate::domain::label::Scale;

use super::definition::Definition;
use super::json::{self, NoJson};
use super::portable;

/// One thing that is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaProblem {
    pointer: String,
    cause: String,
    remedy: String,
}

impl SchemaProblem {
    /// A problem at a JSON pointer into the schema; the empty pointer is the whole of it.
    #[must_use]
    pub fn new(pointer: &str, cause: &str, remedy: &str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            cause: cause.to_owned(),
            remedy: remedy.to_owned(),
        }
    }
}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() {
            "the whole schema"
        } else {
            &self.pointer
        };
        write!(
            formatter,
            "  {pointer}: {}\n      {}",
            self.cause, self.remedy
        )
    }
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The file cannot be read.
    #[error("failed to read the schema `{}`: {source}\n\nhint: `prompts/wire.schema.json` is sent to models, `answer.schema.json` beside each `classifier.toml` checks their answers", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no JSON.
    #[error("`{}` is not JSON: {message}\n\nhint: a schema is one JSON object in which no key stands twice", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        message: String,
    },
    /// The schema is not one that works.
    #[error("`{}` cannot be used\n{}", .path.display(), .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Problems {
        /// The file.
        path: PathBuf,
        /// All of them.
        problems: Vec<SchemaProblem>,
    },
}

/// The schema that all classifiers send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireSchema {
    text: String,
}

impl WireSchema {
    /// Reads the schema and checks that every provider takes it and that it asks for exactly an
    /// [`Answer`](crate::domain::answer::Answer).
    ///
    /// # Errors
    /// All that a provider would refuse or that is no answer, with its place in the schema.
    pub fn load(path: &Path) -> Result<Self, SchemaError> {
        let schema = read(path)?;
        let mut problems = portable::problems(&schema);
        let declared = portable::names(schema.get("properties"));
        let wanted = ["evidence", "label", "confidence", "decisions"];
        for name in wanted {
            if !declared.iter().any(|declared| declared == name) {
                problems.push(SchemaProblem::new(
                    "/properties",
                    &format!("`{name}` is missing"),
                    "an answer has evidence, label, confidence and decisions",
                ));
            }
        }
        for name in &declared {
            if !wanted.contains(&name.as_str()) {
                problems.push(SchemaProblem::new(
                    &format!("/properties/{}", portable::escaped(name)),
                    &format!("an answer has no `{name}`"),
                    "take it out; an answer has evidence, label, confidence and decisions",
                ));
            }
        }
        if problems.is_empty() {
            // Names and types further down: an answer has to pass, what is none must not.
            let validator = compile(&schema).map_err(|problems| SchemaError::Problems {
                path: path.to_owned(),
                problems,
            })?;
            let decisions: Vec<Value> = [("planning", "user"), ("execution", "agent")]
                .map(|(kind, by)| json!({"kind": kind, "by": by, "summary": "which"}))
                .into();
            takes(&validator, &sample("any", &decisions), &mut problems);
            for (what, answer) in no_answers() {
                if validator.is_valid(&answer) {
                    problems.push(SchemaProblem::new(
                        "/properties",
                        &format!("takes an answer with {what}"),
                        "give turn the type integer, confidence number, and shows, label and summary string; list kinds and deciders in an `enum`",
                    ));
                }
            }
        }
        if problems.is_empty() {
            Ok(Self {
                text: schema.to_string(),
            })
        } else {
            Err(SchemaError::Problems {
                path: path.to_owned(),
                problems,
            })
        }
    }

    /// The schema without white space, keys in the order of the file: models write an answer in that order.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A classifier's own schema, compiled.
#[derive(Debug)]
pub struct AnswerSchema {
    path: PathBuf,
    schema: Value,
    validator: Validator,
}

impl AnswerSchema {
    /// Reads and compiles a schema of JSON Schema 2020-12. References to other files are not followed.
    ///
    /// # Errors
    /// Where the file cannot be read, is no JSON or no schema.
    pub fn load(path: &Path) -> Result<Self, SchemaError> {
        let schema = read(path)?;
        let validator = compile(&schema).map_err(|problems| SchemaError::Problems {
            path: path.to_owned(),
            problems,
        })?;
        Ok(Self {
            path: path.to_owned(),
            schema,
            validator,
        })
    }

    /// Checks that the schema takes what the definition declares: the same labels in the same order, and an answer with
    /// each of them.
    ///
    /// # Errors
    /// Every difference, both ways.
    pub fn fits(&self, definition: &Definition) -> Result<(), SchemaError> {
        let mut problems = Vec::new();
        match definition.scale {
            Scale::Nominal | Scale::Ordinal => {
                self.labels_fit(&definition.label_names(), &mut problems);
                if problems.is_empty() {
                    for label in definition.label_names() {
                        takes(&self.validator, &sample(label, &[]), &mut problems);
                    }
                }
            }
            Scale::Ratio => {
                let above = definition
                    .number
                    .as_ref()
                    .map_or(0.0, |number| number.above);
                // One above the bound and whole: the least amount that every such scale has.
                let amount = (above.max(0.0).floor() + 1.0).to_string();
                takes(&self.validator, &sample(&amount, &[]), &mut problems);
            }
            Scale::Decisions => {
                takes(&self.validator, &sample("", &[]), &mut problems);
                for kind in &definition.kinds {
                    for by in &definition.deciders {
                        let decision = json!({"kind": kind.name, "by": by.name, "summary": "what"});
                        takes(&self.validator, &sample("", &[decision]), &mut problems);
                    }
                }
            }
        }
        problems.dedup();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(SchemaError::Problems {
                path: self.path.clone(),
                problems,
            })
        }
    }

    fn labels_fit(&self, declared: &[&str], problems: &mut Vec<SchemaProblem>) {
        let pointer = "/properties/label/enum";
        let mut tell = |cause: String, remedy: &str| {
            problems.push(SchemaProblem::new(pointer, &cause, remedy));
        };
        let Some(values) = self.schema.pointer(pointer).and_then(Value::as_array) else {
            tell(
                "the labels are not listed".to_owned(),
                "list the labels of `classifier.toml` in their order",
            );
            return;
        };
        for label in declared {
            if !values.iter().any(|value| value == label) {
                tell(
                    format!("the label `{label}` of `classifier.toml` is missing"),
                    "add it, or take it out of `classifier.toml`",
                );
            }
        }
        for value in values {
            if !declared.iter().any(|label| value == label) {
                tell(
                    format!("{value} is not declared in `classifier.toml`"),
                    "declare it there with a definition, or take it out",
                );
            }
        }
        if problems.is_empty() && !values.iter().eq(declared) {
            problems.push(SchemaProblem::new(
                pointer,
                "the labels stand in another order than in `classifier.toml`, or twice",
                &format!("list them as {}", declared.join(", ")),
            ));
        }
    }

    /// The first thing in which `answer` departs from the schema: where, and what.
    ///
    /// What the answer holds is not repeated in the cause; names of fields that do not belong there are.
    #[must_use]
    pub fn violation(&self, answer: &Value) -> Option<(String, String)> {
        self.validator.iter_errors(answer).next().map(|error| {
            (
                error.instance_path().as_str().to_owned(),
                error.masked_with("the value").to_string(),
            )
        })
    }
}

/// What the reader of answers could not take, however freely a schema asks for it.
fn no_answers() -> Vec<(&'static str, Value)> {
    let decision = json!({"kind": "planning", "by": "user", "summary": "which"});
    [
        ("half a turn", "/evidence/0/turn", json!(1.5)),
        ("a number in place of a text", "/evidence/0/shows", json!(1)),
        ("a number in place of a label", "/label", json!(1)),
        (
            "a text in place of a confidence",
            "/confidence",
            json!("high"),
        ),
        (
            "an unknown kind of decision",
            "/decisions/0/kind",
            json!("other"),
        ),
        ("an unknown decider", "/decisions/0/by", json!("other")),
        (
            "a number in place of a summary",
            "/decisions/0/summary",
            json!(1),
        ),
    ]
    .into_iter()
    .map(|(what, place, value)| {
        let mut answer = sample("any", std::slice::from_ref(&decision));
        *answer
            .pointer_mut(place)
            .expect("the places are those of the sample") = value;
        (what, answer)
    })
    .collect()
}

/// An answer as a model gives it.
fn sample(label: &str, decisions: &[Value]) -> Value {
    json!({
        "evidence": [{"turn": 1, "shows": "what the turn shows"}],
        "label": label,
        "confidence": 0.5,
        "decisions": decisions,
    })
}

fn takes(validator: &Validator, answer: &Value, problems: &mut Vec<SchemaProblem>) {
    problems.extend(validator.iter_errors(answer).map(|error| {
        SchemaProblem::new(
            error.schema_path().as_str(),
            &match error.instance_path().as_str() {
                "" => format!("refuses an answer that it has to take: {error}"),
                place => format!("refuses an answer that it has to take, at `{place}`: {error}"),
            },
            "let it take evidence [{turn, shows}], label, confidence and decisions [{kind, by, summary}]",
        )
    }));
}

fn read(path: &Path) -> Result<Value, SchemaError> {
    let text = fs::read_to_string(path).map_err(|source| SchemaError::Read {
        path: path.to_owned(),
        source,
    })?;
    let not_json = |message: String| SchemaError::Json {
        path: path.to_owned(),
        message,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let found = json::first(text).map_err(|cause| {
        not_json(match cause {
            NoJson::BrokenOff => "it breaks off".to_owned(),
            NoJson::TooDeep => "it is nested too deep".to_owned(),
            NoJson::Broken(message) => message,
        })
    })?;
    if let Some(key) = found.double {
        return Err(not_json(format!(
            "the key `{key}` stands twice in an object"
        )));
    }
    if !text[found.end..].trim().is_empty() {
        return Err(not_json("something follows after the schema".to_owned()));
    }
    Ok(found.value)
}

/// Compiles a schema; patterns run in linear time, so that no answer can make one run for ever.
fn compile(schema: &Value) -> Result<Validator, Vec<SchemaProblem>> {
    let remedy = "write it as JSON Schema 2020-12 says";
    if !schema.is_object() {
        return Err(vec![SchemaProblem::new(
            "",
            "a schema is an object",
            remedy,
        )]);
    }
    let problems: Vec<SchemaProblem> = jsonschema::draft202012::meta::validator()
        .iter_errors(schema)
        .map(|error| SchemaProblem::new(error.instance_path().as_str(), &error.to_string(), remedy))
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| {
            vec![SchemaProblem::new(
                error.instance_path().as_str(),
                &error.to_string(),
                "write it without references to other files and without look-around in patterns",
            )]
        })
}
