//! The approved labels of one classifier as a file: `reports/baseline/<goldset>/<classifier>.json`.
//!
//! One session a line, so that a difference in git shows which labels changed. The file carries the hashes of all
//! that the labels hang on: prompt, answer schema, gold and the set of sessions. It is read strictly, because a verdict rests
//! on it: unknown fields, labels off the scale and lists that do not give their own hashes are errors with their line.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::classifier::definition::Definition;
use crate::domain::label::{DecisionShares, Label, Scale};
use crate::domain::rating::{Outcome, RaterKind};
use crate::domain::request::Hash;

/// The version of the format that is written.
pub const VERSION: u32 = 1;

/// Characters of a rationale that are kept.
const WHY: usize = 300;

/// The approved labels of one classifier on one goldset.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// The goldset's folder name.
    pub goldset: String,
    /// The classifier.
    pub classifier: String,
    /// Who said the labels, as a spec.
    pub candidate: String,
    /// What stands behind it.
    pub kind: RaterKind,
    /// The rater that counts as gold.
    pub against: String,
    /// The hash of all that reached the model but the session; `None` where no model was asked.
    pub prompt: Option<Hash>,
    /// The hash of the schema by which answers were read.
    pub answer_schema: Option<Hash>,
    /// The sessions.
    pub sessions: Vec<Approved>,
}

/// What was approved of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Approved {
    /// The session.
    pub session_id: String,
    /// What became of the question.
    pub outcome: Outcome,
    /// The gold label, if there is one.
    pub gold: Option<Label>,
    /// Why it was said, as far as known.
    pub why: Option<String>,
}

/// Why a file is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("failed to read `{}`: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line does not fit.
    #[error("{}:{line}: {message}\n\nhint: take the file as it was committed, or make a new one with `validate gate --accept`", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What does not fit.
        message: String,
    },
    /// The file is of a version that this program does not know.
    #[error("`{}` is a baseline of version {found}; this program reads version {VERSION}\n\nhint: use the program that wrote it, or make a new one with `validate gate --accept`", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    goldset: String,
    classifier: String,
    candidate: String,
    kind: RaterKind,
    against: String,
    prompt_hash: Option<String>,
    answer_schema_hash: Option<String>,
    gold_hash: String,
    item_set_hash: String,
    sessions: Vec<WrittenSession>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSession {
    session_id: String,
    outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gold: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Where the baseline of a classifier stands, unless the command line says otherwise.
#[must_use]
pub fn place(goldset: &str, classifier: &str) -> PathBuf {
    folder(goldset).join(format!("{classifier}.json"))
}

/// Where baselines of a goldset stand, the ledger beside them.
#[must_use]
pub fn folder(goldset: &str) -> PathBuf {
    Path::new("reports/baseline").join(goldset)
}

/// The hash of who has which gold label.
#[must_use]
pub fn gold_hash<'g>(
    definition: &Definition,
    gold: impl Iterator<Item = (&'g str, Option<&'g Label>)>,
) -> Hash {
    hash_of(gold.filter_map(|(session, label)| {
        Some(format!(
            "{}\t{}",
            Value::from(session),
            value(definition, label?)
        ))
    }))
}

/// The hash of the set of sessions, whatever their order.
#[must_use]
pub fn item_set_hash<'i>(sessions: impl Iterator<Item = &'i str>) -> Hash {
    hash_of(sessions.map(|session| Value::from(session).to_string()))
}

fn hash_of(lines: impl Iterator<Item = String>) -> Hash {
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    Hash::of((lines.join("\n") + "\n").as_bytes())
}

/// A label as files have it: a name, a number, or the two shares.
fn value(definition: &Definition, label: &Label) -> Value {
    match label {
        Label::Category(_) => Value::from(definition.text_of(label)),
        Label::Number(number) => Value::from(*number),
        Label::Shares(DecisionShares {
            planning,
            execution,
        }) => serde_json::json!({"planning": planning, "execution": execution}),
    }
}

fn label(definition: &Definition, value: &Value) -> Result<Label, String> {
    let off = || {
        format!(
            "the label {value} is not on the scale of `{}`; allowed: {}",
            definition.name,
            definition.allowed()
        )
    };
    match definition.scale {
        Scale::Nominal | Scale::Ordinal => value
            .as_str()
            .and_then(|text| definition.label(text).ok())
            .ok_or_else(off),
        Scale::Ratio => value
            .as_f64()
            .and_then(|number| definition.label(&number.to_string()).ok())
            .ok_or_else(off),
        Scale::Decisions => {
            let share = |key: &str| match value.get(key) {
                None | Some(Value::Null) => Ok(None),
                Some(share) => share
                    .as_f64()
                    .filter(|share| (0.0..=1.0).contains(share))
                    .map(Some)
                    .ok_or_else(off),
            };
            let is_known = value.as_object().is_some_and(|shares| {
                shares
                    .keys()
                    .all(|key| key == "planning" || key == "execution")
            });
            if !is_known {
                return Err(off());
            }
            Ok(Label::Shares(DecisionShares {
                planning: share("planning")?,
                execution: share("execution")?,
            }))
        }
    }
}

/// The word that stands in files for what became of a question.
#[must_use]
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Parsed(_) => "parsed",
        Outcome::Refused => "refused",
        Outcome::Unparsable => "unparsable",
        Outcome::Truncated => "truncated",
        Outcome::Errored => "errored",
        Outcome::Missing => "missing",
    }
}

impl Baseline {
    /// The hash of the gold labels.
    #[must_use]
    pub fn gold_hash(&self, definition: &Definition) -> Hash {
        gold_hash(
            definition,
            self.sessions
                .iter()
                .map(|session| (session.session_id.as_str(), session.gold.as_ref())),
        )
    }

    /// The hash of the set of sessions.
    #[must_use]
    pub fn item_set_hash(&self) -> Hash {
        item_set_hash(
            self.sessions
                .iter()
                .map(|session| session.session_id.as_str()),
        )
    }

    /// What was approved of a session.
    #[must_use]
    pub fn of(&self, session: &str) -> Option<&Approved> {
        self.sessions
            .iter()
            .find(|approved| approved.session_id == session)
    }

    /// The file's text: one field a line, then one session a line in the order of their ids.
    #[must_use]
    pub fn text(&self, definition: &Definition) -> String {
        let written = |session: &Approved| WrittenSession {
            session_id: session.session_id.clone(),
            outcome: word(&session.outcome).to_owned(),
            label: session
                .outcome
                .label()
                .map(|label| value(definition, label)),
            gold: session.gold.as_ref().map(|label| value(definition, label)),
            why: session
                .why
                .as_deref()
                .map(|why| why.chars().take(WHY).collect()),
        };
        let hash = |hash: &Option<Hash>| {
            hash.as_ref()
                .map_or(Value::Null, |hash| Value::from(hash.text()))
        };
        let mut text = "{\n".to_owned();
        for (key, value) in [
            ("version", Value::from(VERSION)),
            ("goldset", Value::from(self.goldset.as_str())),
            ("classifier", Value::from(self.classifier.as_str())),
            ("candidate", Value::from(self.candidate.as_str())),
            ("kind", Value::from(self.kind.word())),
            ("against", Value::from(self.against.as_str())),
            ("prompt_hash", hash(&self.prompt)),
            ("answer_schema_hash", hash(&self.answer_schema)),
            ("gold_hash", Value::from(self.gold_hash(definition).text())),
            ("item_set_hash", Value::from(self.item_set_hash().text())),
        ] {
            let _ = writeln!(text, "  \"{key}\": {value},");
        }
        let mut sessions: Vec<&Approved> = self.sessions.iter().collect();
        sessions.sort_by_key(|session| &session.session_id);
        let lines: Vec<String> = sessions
            .into_iter()
            .map(|session| {
                let line = serde_json::to_string(&written(session))
                    .expect("texts and numbers can always be written as JSON");
                format!("    {line}")
            })
            .collect();
        let _ = write!(text, "  \"sessions\": [\n{}\n  ]\n}}\n", lines.join(",\n"));
        text
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read or does not fit, with the line.
    pub fn read(path: &Path, definition: &Definition) -> Result<Self, BaselineError> {
        let text = std::fs::read_to_string(path).map_err(|source| BaselineError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path, definition)
    }

    /// Reads the text of a file; `path` is for messages.
    ///
    /// # Errors
    /// Where it does not fit, with the line.
    pub fn parse(text: &str, path: &Path, definition: &Definition) -> Result<Self, BaselineError> {
        let at = |line: usize, message: String| BaselineError::Line {
            path: path.to_owned(),
            line,
            message,
        };
        let version = serde_json::from_str::<Value>(text)
            .ok()
            .and_then(|value| value.get("version").and_then(Value::as_u64));
        if let Some(found) = version.filter(|found| *found != u64::from(VERSION)) {
            return Err(BaselineError::Version {
                path: path.to_owned(),
                found,
            });
        }
        let written: Written =
            serde_json::from_str(text).map_err(|error| at(error.line().max(1), cause(&error)))?;
        let line_of = |needle: &str| {
            text.lines()
                .position(|line| line.contains(needle))
                .map_or(1, |before| before + 1)
        };
        let field = |key: &str| line_of(&format!("\"{key}\""));
        if written.classifier != definition.name {
            return Err(at(
                field("classifier"),
                format!(
                    "the file is the baseline of `{}`, not of `{}`",
                    written.classifier, definition.name
                ),
            ));
        }
        let hash = |key: &str, text: Option<String>| {
            text.map(|text| {
                Hash::parse(&text).ok_or_else(|| {
                    at(
                        field(key),
                        format!("`{key}` is no hash: 64 hexadecimal digits were expected"),
                    )
                })
            })
            .transpose()
        };
        let mut seen = HashSet::new();
        let mut sessions = Vec::with_capacity(written.sessions.len());
        for session in written.sessions {
            let line = line_of(&format!(
                "\"session_id\":{}",
                Value::from(session.session_id.as_str())
            ));
            let read =
                |value: &Value| label(definition, value).map_err(|message| at(line, message));
            if !seen.insert(session.session_id.clone()) {
                return Err(at(
                    line,
                    format!("session `{}` stands twice in the file", session.session_id),
                ));
            }
            let outcome = match (session.outcome.as_str(), &session.label) {
                ("parsed", Some(label)) => Outcome::Parsed(read(label)?),
                ("parsed", None) => {
                    return Err(at(line, "a parsed answer without `label`".to_owned()));
                }
                ("refused", None) => Outcome::Refused,
                ("unparsable", None) => Outcome::Unparsable,
                ("truncated", None) => Outcome::Truncated,
                ("errored", None) => Outcome::Errored,
                ("missing", None) => Outcome::Missing,
                (other, _) => {
                    return Err(at(
                        line,
                        format!(
                            "the outcome `{other}` is unknown, or has a label that it cannot have"
                        ),
                    ));
                }
            };
            sessions.push(Approved {
                outcome,
                gold: session.gold.as_ref().map(read).transpose()?,
                why: session.why,
                session_id: session.session_id,
            });
        }
        let baseline = Self {
            goldset: written.goldset,
            classifier: written.classifier,
            candidate: written.candidate,
            kind: written.kind,
            against: written.against,
            prompt: hash("prompt_hash", written.prompt_hash)?,
            answer_schema: hash("answer_schema_hash", written.answer_schema_hash)?,
            sessions,
        };
        for (key, said, made) in [
            (
                "gold_hash",
                &written.gold_hash,
                baseline.gold_hash(definition),
            ),
            (
                "item_set_hash",
                &written.item_set_hash,
                baseline.item_set_hash(),
            ),
        ] {
            if *said != made.text() {
                return Err(at(
                    field(key),
                    format!(
                        "`{key}` is not the hash of the lines below: the file was changed by hand"
                    ),
                ));
            }
        }
        Ok(baseline)
    }
}

/// What is wrong with JSON, without the place, which stands before it.
fn cause(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
