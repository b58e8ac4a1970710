//! Responses as trees that are read lazily, so that one absurd field does not cost the whole answer.
//!
//! Servers send numbers that no float holds (`9E22222222223`), nulls where numbers are due, and halves of characters. A
//! value is looked at only when it is asked for, and reads as absent where it has another type.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;

/// No request has a million million tokens: a count above it is noise and reads as absent.
const LARGEST_COUNT: f64 = 1e12;

/// A value somewhere in a response.
#[derive(Clone, Copy)]
pub(super) struct Node<'b>(&'b RawValue);

/// The fields of an object; empty where there was none. Fields that are null are absent.
#[derive(Default)]
pub(super) struct Fields<'b>(BTreeMap<String, &'b RawValue>);

impl<'b> Node<'b> {
    /// Reads a text that is one JSON value and nothing else.
    pub(super) fn read(text: &'b str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<&RawValue>(text).map(Self)
    }

    /// The object that a text begins with, whatever follows it.
    pub(super) fn first_object(text: &'b str) -> Option<Fields<'b>> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        BTreeMap::deserialize(&mut deserializer).ok().map(Fields)
    }

    /// The text as it stands in the response.
    pub(super) fn source(self) -> &'b str {
        self.0.get()
    }

    pub(super) fn is_object(self) -> bool {
        self.source().starts_with('{')
    }

    pub(super) fn is_list(self) -> bool {
        self.source().starts_with('[')
    }

    pub(super) fn fields(self) -> Fields<'b> {
        Fields(serde_json::from_str(self.source()).unwrap_or_default())
    }

    pub(super) fn items(self) -> Vec<Node<'b>> {
        let items: Vec<&RawValue> = serde_json::from_str(self.source()).unwrap_or_default();
        items.into_iter().map(Node).collect()
    }

    /// A string; halves of characters are replaced.
    pub(super) fn text(self) -> Option<String> {
        serde_json::from_str(self.source()).ok().or_else(|| {
            serde_json::from_str::<Lossy>(self.source())
                .ok()
                .map(|lossy| lossy.0)
        })
    }

    /// A string, or a number as it is written.
    pub(super) fn word(self) -> Option<String> {
        self.text()
            .or_else(|| self.number().map(|_| self.source().to_owned()))
    }

    /// A number; one that no float holds is infinite.
    pub(super) fn number(self) -> Option<f64> {
        self.source()
            .parse()
            .ok()
            .filter(|number: &f64| !number.is_nan())
    }

    /// A count; absent where it is negative or absurd.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked"
    )]
    pub(super) fn count(self) -> Option<u64> {
        self.number()
            .filter(|number| (0.0..=LARGEST_COUNT).contains(number))
            .map(|number| number as u64)
    }
}

impl<'b> Fields<'b> {
    pub(super) fn get(&self, name: &str) -> Option<Node<'b>> {
        self.0
            .get(name)
            .filter(|value| value.get() != "null")
            .map(|value| Node(value))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn fields(&self, name: &str) -> Fields<'b> {
        self.get(name).map(Node::fields).unwrap_or_default()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Node::text)
    }

    pub(super) fn word(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Node::word)
    }

    pub(super) fn count(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Node::count)
    }
}

/// A string whose escapes may hold halves of characters.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(LossyVisitor)
    }
}

struct LossyVisitor;

impl Visitor<'_> for LossyVisitor {
    type Value = Lossy;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
        Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_no_float_holds_do_not_cost_the_rest() {
        let fields = Node::read(r#"{"a": 9E22222222223, "b": -4, "c": null, "d": 7, "e": "x"}"#)
            .unwrap()
            .fields();
        let counts: Vec<Option<u64>> = ["a", "b", "c", "d", "e", "f"]
            .iter()
            .map(|name| fields.count(name))
            .collect();
        assert_eq!(counts, [None, None, None, Some(7), None, None]);
    }

    #[test]
    fn half_a_character_is_replaced() {
        let node = Node::read(r#""a\ud83dz""#).unwrap();
        let text = node.text().unwrap();
        assert!(text.starts_with('a') && text.ends_with('z'), "{text:?}");
    }

    #[test]
    fn deep_nesting_is_passed_over() {
        let deep = format!(
            r#"{{"x": {}{}, "y": 1}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(Node::read(&deep).unwrap().fields().count("y"), Some(1));
    }
}
