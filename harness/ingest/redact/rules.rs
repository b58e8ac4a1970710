//! The rule file as types: parsed once, one keyword table over all rules, regexes compiled at their first use.
//!
//! A match begins at a keyword (or a fixed number of bytes before it), so a rule's regex is anchored there and looks at
//! no more than `window` bytes. That is the definition of a rule and not a shortcut: there is no whole-text search that
//! it would have to agree with, and the work is bounded by (number of keyword hits) x (window).

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::keywords::Keywords;

/// The rules that ship with the program.
const STANDARD: &str = include_str!("rules.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    generic: Generic,
    token: Vec<Token>,
    assigned: Vec<Assigned>,
    shape: Vec<Shape>,
}

/// What may stand before a token.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Left {
    /// No letter, digit or underscore (escape sequences are not letters).
    #[default]
    Fresh,
    /// Nor any character that belongs to base64 or a dotted name.
    Spaced,
    /// Anything.
    Any,
}

/// A secret with a shape of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) id: String,
    keywords: Vec<String>,
    regex: String,
    pub(super) entropy: f64,
    #[serde(default)]
    pub(super) left: Left,
    #[serde(default)]
    pub(super) lead: [usize; 2],
    #[serde(default = "default_window")]
    pub(super) window: usize,
    #[serde(skip)]
    compiled: OnceLock<Regex>,
}

fn default_window() -> usize {
    512
}

impl Token {
    /// Anchored at the start of its haystack.
    pub(super) fn regex(&self) -> &Regex {
        self.compiled
            .get_or_init(|| compile(&format!(r"\A(?:{})", self.regex), false))
    }
}

/// A bare value that is a secret because of the name that it is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assigned {
    pub(super) id: String,
    pub(super) keys: Vec<String>,
    value: String,
    #[serde(skip)]
    compiled: OnceLock<Regex>,
}

impl Assigned {
    /// Matches a value as a whole.
    pub(super) fn regex(&self) -> &Regex {
        self.compiled
            .get_or_init(|| compile(&format!(r"\A(?:{})\z", self.value), true))
    }
}

/// Secrets that code finds; `shape.rs`.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    PrivateKey,
    Url,
    Bearer,
    Cookie,
    Curl,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) id: String,
    pub(super) kind: Kind,
    keywords: Vec<String>,
}

/// Names that speak of a credential and values that do not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Generic {
    words: Vec<String>,
    pub(super) harmless: Vec<String>,
    pub(super) placeholders: Vec<String>,
    pub(super) token_placeholders: Vec<String>,
    pub(super) defaults: Vec<String>,
}

/// What a keyword hit calls for; the numbers index the lists of [`Rules`].
#[derive(Clone, Copy)]
pub(super) enum Call {
    Token(usize),
    Shape(usize),
    Name,
}

/// All rules, ready to run.
pub(super) struct Rules {
    pub(super) generic: Generic,
    pub(super) tokens: Vec<Token>,
    pub(super) assigned: Vec<Assigned>,
    pub(super) shapes: Vec<Shape>,
    pub(super) keywords: Keywords,
    /// By number of the keyword.
    pub(super) calls: Vec<Vec<Call>>,
}

impl Rules {
    /// Reads the rule file that is part of the program.
    pub(super) fn standard() -> Rules {
        let file: RuleFile =
            toml::from_str(STANDARD).expect("the rule file is part of the program and tested");
        let mut words: Vec<String> = Vec::new();
        let mut calls: Vec<Vec<Call>> = Vec::new();
        let mut call = |word: &str, what: Call| match words.iter().position(|known| known == word) {
            Some(at) => calls[at].push(what),
            None => {
                words.push(word.to_owned());
                calls.push(vec![what]);
            }
        };
        for (at, rule) in file.token.iter().enumerate() {
            rule.keywords
                .iter()
                .for_each(|word| call(word, Call::Token(at)));
        }
        for (at, rule) in file.shape.iter().enumerate() {
            rule.keywords
                .iter()
                .for_each(|word| call(word, Call::Shape(at)));
        }
        file.generic
            .words
            .iter()
            .for_each(|word| call(word, Call::Name));
        let keywords = Keywords::new(words);
        Rules {
            generic: file.generic,
            tokens: file.token,
            assigned: file.assigned,
            shapes: file.shape,
            keywords,
            calls,
        }
    }
}

/// ASCII classes only: a secret is never a letter outside ASCII, and Unicode tables make programs large.
fn compile(pattern: &str, any_case: bool) -> Regex {
    RegexBuilder::new(pattern)
        .unicode(false)
        .case_insensitive(any_case)
        .size_limit(50 << 20)
        .build()
        .expect("the rule file is part of the program and tested")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rule_compiles_and_has_an_identifier_that_can_stand_in_a_placeholder() {
        let rules = Rules::standard();
        let mut ids = HashSet::new();
        for rule in &rules.tokens {
            rule.regex();
            assert!(ids.insert(rule.id.clone()), "{} stands twice", rule.id);
            assert!(
                rule.keywords
                    .iter()
                    .all(|word| word.to_lowercase() == *word),
                "{}: keywords are lower case",
                rule.id
            );
            assert!(
                rule.lead[0] <= rule.lead[1],
                "{}: lead is [min, max]",
                rule.id
            );
        }
        rules.assigned.iter().for_each(|rule| {
            rule.regex();
            ids.insert(rule.id.clone());
        });
        rules.shapes.iter().for_each(|rule| {
            ids.insert(rule.id.clone());
        });
        for id in ids {
            assert!(
                id.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{id}"
            );
        }
    }
}
