//! Reads what a model answered, and never guesses.
//!
//! A text is an answer or it is none: a label that almost fits, the better of two answers, the beginning of one that
//! broke off are all failures with a reason. What is allowed beyond the letter is counted, so that a run can say how
//! often it was needed: prose around the one object, and capital letters, which providers do not promise to keep in an
//! enum.

use serde_json::{Map, Value};

use crate::domain::answer::{Answer, RawAnswer, Stop};
use crate::domain::label::{DecisionShares, Label, Scale};
use crate::domain::rating::Outcome;

use super::definition::Definition;
use super::json::{self, Found, NoJson, shortened};
use super::schema::AnswerSchema;

/// Characters of an answer that a reason shows of a label or a path; with [`CAUSE`] it stays below 200.
const EXCERPT: usize = 60;
/// Characters of a cause, which may name fields of an answer.
const CAUSE: usize = 120;

/// What became of one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The label, or how it failed; never [`Outcome::Missing`].
    pub outcome: Outcome,
    /// The answer, where the outcome is a label. Its label stands as the model wrote it.
    pub answer: Option<Answer>,
    /// Whether a label, kind or decider fitted only without regard to capital letters.
    pub folded: bool,
    /// Whether prose or a fence stood around the object.
    pub from_prose: bool,
    /// Why there is no label; at most 200 characters of the answer, none that a terminal obeys.
    pub reason: Option<String>,
}

/// Why there is no answer.
struct Failure {
    outcome: Outcome,
    reason: String,
}

fn unparsable(reason: impl Into<String>) -> Failure {
    Failure {
        outcome: Outcome::Unparsable,
        reason: reason.into(),
    }
}

fn truncated(reason: &str) -> Failure {
    Failure {
        outcome: Outcome::Truncated,
        reason: reason.to_owned(),
    }
}

/// Reads an answer by the classifier's scale and its own schema.
#[must_use]
pub fn read(definition: &Definition, schema: &AnswerSchema, raw: &RawAnswer) -> Reading {
    let mut marks = Marks::default();
    let failed = |outcome, cause: &str| {
        Err(Failure {
            outcome,
            reason: match shortened(raw.text.trim(), CAUSE) {
                text if text.is_empty() => cause.to_owned(),
                text => format!("{cause}: {text}"),
            },
        })
    };
    let read = match raw.stop {
        Stop::Refusal => failed(Outcome::Refused, "the model declined"),
        Stop::Error => failed(Outcome::Errored, "the request failed"),
        Stop::Finished => parse(definition, schema, raw, &mut marks),
        // Whatever else is wrong with it, the limit is why.
        Stop::Length => parse(definition, schema, raw, &mut marks).map_err(|failure| Failure {
            outcome: Outcome::Truncated,
            reason: format!(
                "the answer ran into its limit of length ({})",
                failure.reason
            ),
        }),
    };
    let (outcome, answer, reason) = match read {
        Ok((label, answer)) => (Outcome::Parsed(label), Some(answer), None),
        Err(Failure { outcome, reason }) => (outcome, None, Some(reason)),
    };
    Reading {
        outcome,
        answer,
        folded: marks.folded,
        from_prose: marks.from_prose,
        reason,
    }
}

#[derive(Default)]
struct Marks {
    folded: bool,
    from_prose: bool,
}

fn parse(
    definition: &Definition,
    schema: &AnswerSchema,
    raw: &RawAnswer,
    marks: &mut Marks,
) -> Result<(Label, Answer), Failure> {
    let (mut object, from_prose) = the_object(&raw.text, raw.stop)?;
    marks.from_prose = from_prose;
    let written = match object.get("label") {
        Some(Value::String(label)) => label.clone(),
        Some(other) => {
            return Err(unparsable(format!(
                "`label` is {}, not a string; allowed: {}",
                type_of(other),
                definition.allowed()
            )));
        }
        None => return Err(unparsable("the answer has no `label`")),
    };
    let (label_text, folded) = fold(&written, &definition.label_names());
    marks.folded = fold_decisions(&mut object) || folded;
    let label = category_or_number(definition, label_text)?;
    object.insert("label".to_owned(), Value::String(label_text.to_owned()));
    let value = Value::Object(object);
    if let Some((path, cause)) = schema.violation(&value) {
        return Err(violation(&path, &cause));
    }
    let mut answer: Answer = serde_json::from_value(value).map_err(|error| {
        // The classifier's schema let it pass (`2.0` is an integer to a schema), so it is not the schema's word.
        unparsable(format!(
            "a field is of the wrong type: {}",
            shortened(&error.to_string(), CAUSE)
        ))
    })?;
    if !(0.0..=1.0).contains(&answer.confidence) {
        return Err(violation("/confidence", "the value is not between 0 and 1"));
    }
    answer.label = written;
    let label = label.unwrap_or_else(|| Label::Shares(DecisionShares::of(&answer.decisions)));
    Ok((label, answer))
}

fn violation(path: &str, cause: &str) -> Failure {
    let place = if path.is_empty() {
        "the answer".to_owned()
    } else {
        format!("`{}`", shortened(path, EXCERPT))
    };
    unparsable(format!(
        "{place} does not fit the classifier's schema: {}",
        shortened(cause, CAUSE)
    ))
}

/// The label on its scale; `None` for decisions, whose shares come from the list.
fn category_or_number(definition: &Definition, text: &str) -> Result<Option<Label>, Failure> {
    let refuse = |what: &str| {
        unparsable(format!(
            "the label `{}` {what}; allowed: {}",
            shortened(text, EXCERPT),
            definition.allowed()
        ))
    };
    match definition.scale {
        Scale::Nominal | Scale::Ordinal => definition
            .label(text)
            .map(Some)
            .map_err(|_| refuse("is not on the scale")),
        Scale::Ratio => {
            // `1e3`, `+5` and `0x10` are numbers to some reader or other; digits are digits to all.
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(refuse("is not a string of digits"));
            }
            definition
                .label(text)
                .map(Some)
                .map_err(|_| refuse("is out of range"))
        }
        Scale::Decisions if text.is_empty() => Ok(None),
        Scale::Decisions => Err(refuse("is not empty")),
    }
}

/// The declared name that `text` is: itself, or the only one that differs in nothing but ASCII capitals.
fn fold<'t>(text: &'t str, declared: &[&'t str]) -> (&'t str, bool) {
    if declared.contains(&text) {
        return (text, false);
    }
    let mut alike = declared
        .iter()
        .filter(|name| name.eq_ignore_ascii_case(text));
    match (alike.next(), alike.next()) {
        (Some(name), None) => (name, true),
        _ => (text, false),
    }
}

/// Brings `kind` and `by` of decisions to their declared capitals; true where that was needed.
fn fold_decisions(object: &mut Map<String, Value>) -> bool {
    let mut any = false;
    let decisions = object.get_mut("decisions").and_then(Value::as_array_mut);
    for decision in decisions.into_iter().flatten() {
        for (field, declared) in [
            ("kind", ["planning", "execution"]),
            ("by", ["user", "agent"]),
        ] {
            if let Some(Value::String(text)) = decision.get_mut(field) {
                let (name, folded) = fold(text, &declared);
                if folded {
                    *text = name.to_owned();
                    any = true;
                }
            }
        }
    }
    any
}

/// The one object of the text that is the answer, and whether anything stood around it.
fn the_object(text: &str, stop: Stop) -> Result<(Map<String, Value>, bool), Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if text.is_empty() {
        return Err(unparsable("the answer is empty"));
    }
    if text.starts_with(['[', '"']) {
        // A list of answers or an answer inside a string is JSON of another kind, not prose around an object.
        if let Ok(found) = json::first(text)
            && found.end == text.len()
        {
            return Err(unparsable(format!(
                "the answer is {}, not an object",
                type_of(&found.value)
            )));
        }
    }
    let mut candidates: Vec<Found> = Vec::new();
    let mut answer_ends = 0;
    let mut answer_begins = 0;
    let mut at = 0;
    while let Some(brace) = text[at..].find('{') {
        let begin = at + brace;
        match json::first(&text[begin..]) {
            Ok(found) => {
                at = begin + found.end;
                if begin == 0 && at == text.len() || is_candidate(&found.value) {
                    answer_begins = begin;
                    answer_ends = at;
                    candidates.push(found);
                }
            }
            // Whatever follows stands inside what broke off, so it is not looked at.
            Err(NoJson::BrokenOff) => return Err(truncated("JSON breaks off at the end")),
            Err(NoJson::TooDeep) => return Err(unparsable("JSON is nested too deep to be read")),
            Err(NoJson::Broken(cause)) if begins_like_json(&text[begin + 1..]) => {
                // The answer may be this one, or stand inside it.
                return Err(unparsable(format!(
                    "an object is not JSON: {}",
                    shortened(&cause, CAUSE)
                )));
            }
            // A brace of prose or code.
            Err(NoJson::Broken(_)) => at = begin + 1,
        }
    }
    if 1 < candidates.len() {
        return Err(unparsable(format!(
            "there are {} objects that could be the answer",
            candidates.len()
        )));
    }
    let Some(found) = candidates.pop() else {
        return Err(unparsable("there is no JSON object with an answer"));
    };
    if let Some(key) = found.double {
        return Err(unparsable(format!(
            "the field `{}` stands twice in an object",
            shortened(&key, EXCERPT)
        )));
    }
    let after = &text[answer_ends..];
    if stop == Stop::Length && !after.trim_matches(['`', '\n', '\r', ' ']).is_empty() {
        // What was said after the object broke off; it may have been another answer.
        return Err(truncated("the text after the object breaks off"));
    }
    let Value::Object(object) = found.value else {
        return Err(unparsable("the answer is not an object"));
    };
    Ok((object, answer_begins != 0 || !after.is_empty()))
}

/// Whether an object in prose could be meant as the answer. Two of its fields are found in nothing else, so one is
/// enough: an answer that lacks the others is a rival of a whole one, not prose.
fn is_candidate(value: &Value) -> bool {
    ["label", "decisions"]
        .iter()
        .any(|field| value.get(field).is_some())
}

/// Whether what follows a brace is a key, as in JSON and hardly anywhere else.
fn begins_like_json(after_brace: &str) -> bool {
    after_brace.trim_start().starts_with('"')
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
