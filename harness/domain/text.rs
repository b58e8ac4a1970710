//! Transcript text that can be measured and matched but never taken out unredacted.
//!
//! Every word of a transcript is untrusted and may be a secret. Readers hand it on as [`Text`], which has no accessor for
//! the raw characters outside this file: a room downstream can count words, ask whether a predicate holds, or take the
//! redacted form. So no store, report or log can leak what the redaction rules know, whoever writes that room.

use std::borrow::Cow;
use std::fmt;

/// Replaces secrets in a text; returns the text itself where there are none.
pub type Redaction = for<'t> fn(&'t str) -> Cow<'t, str>;

/// A piece of transcript text behind its redaction.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    raw: &'a str,
    redaction: Redaction,
}

impl<'a> Text<'a> {
    /// Puts raw transcript text behind `redaction`.
    #[must_use]
    pub fn new(raw: &'a str, redaction: Redaction) -> Self {
        Self { raw, redaction }
    }

    /// The text with every recognised secret replaced by a placeholder.
    #[must_use]
    pub fn redacted(&self) -> Cow<'a, str> {
        (self.redaction)(self.raw)
    }

    /// Number of words: runs of characters that are not white space.
    #[must_use]
    pub fn words(&self) -> u64 {
        self.raw.split_whitespace().count() as u64
    }

    /// Length in bytes, before redaction.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.raw.len()
    }

    /// True if there is nothing but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.raw.trim().is_empty()
    }

    /// Whether `predicate` holds of the raw text. A plain function cannot capture anything, so the text cannot leave.
    #[must_use]
    pub fn holds(&self, predicate: fn(&str) -> bool) -> bool {
        predicate(self.raw)
    }

    /// What `reader` makes of the raw text. A plain function with a small result that borrows nothing cannot take it out.
    #[must_use]
    pub fn read<T: Copy + 'static>(&self, reader: fn(&str) -> T) -> T {
        reader(self.raw)
    }
}

impl fmt::Debug for Text<'_> {
    /// Debug output can reach a log, so it shows the redacted form.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.redacted(), formatter)
    }
}

/// A JSON value of a transcript (the input of a tool call) that can be taken redacted only.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    raw: &'a str,
    redaction: Redaction,
}

impl<'a> Json<'a> {
    /// Puts one raw JSON value behind `redaction`.
    #[must_use]
    pub fn new(raw: &'a str, redaction: Redaction) -> Self {
        Self { raw, redaction }
    }

    /// The value with every string redacted after unescaping, so that an escape cannot hide a secret from the rules.
    ///
    /// Keys are redacted too. Null where the text is no JSON.
    #[must_use]
    pub fn redacted(&self) -> serde_json::Value {
        let mut value = serde_json::from_str(self.raw).unwrap_or(serde_json::Value::Null);
        redact_value(&mut value, self.redaction);
        value
    }

    /// Length in bytes of the JSON text, before redaction.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.raw.len()
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.redacted(), formatter)
    }
}

fn redact_value(value: &mut serde_json::Value, redaction: Redaction) {
    use serde_json::Value;
    match value {
        Value::String(text) => {
            if let Cow::Owned(redacted) = redaction(text) {
                *text = redacted;
            }
        }
        Value::Array(items) => {
            for item in items {
                redact_value(item, redaction);
            }
        }
        Value::Object(fields) => {
            let redacted = std::mem::take(fields);
            for (key, mut field) in redacted {
                // `{"password": "hunter2"}`: the key is what tells the rules that the value is a secret.
                if let Value::String(text) = &mut field {
                    redact_field(&key, text, redaction);
                } else {
                    redact_value(&mut field, redaction);
                }
                let key = redaction(&key).into_owned();
                fields.insert(key, field);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn redact_field(key: &str, text: &mut String, redaction: Redaction) {
    if let Cow::Owned(redacted) = redaction(text) {
        *text = redacted;
        return;
    }
    let assignment = format!("{key}={text}");
    if let Cow::Owned(redacted) = redaction(&assignment) {
        *text = match redacted.split_once('=') {
            Some((kept, value)) if kept == key => value.to_owned(),
            _ => redacted,
        };
    }
}
