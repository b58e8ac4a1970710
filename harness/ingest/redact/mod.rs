//! Secrets out of text, for good: every text of a transcript passes here before anything else sees it.
//!
//! One table (`keywords.rs`) looks for the keywords of all rules (`rules.toml`) in one pass. At a hit, the rules that own the
//! keyword look at the few hundred bytes around it and may claim a span: a token with a shape of its own (`token.rs`),
//! a credential in a URL, a header, a cookie or a key block (`shape.rs`), or a value that was given a name such as
//! `api_key` (`assigned.rs`), if it looks random and not like code or a placeholder (`judge.rs`). Claimed spans that
//! touch become one, and `[REDACTED:rule-id]` takes their place.
//!
//! The placeholder carries no hash of the secret: a password of little entropy could be found again by trying.
//!
//! docs/redaction.md has the measured recall, the false positives on real sessions, and the speed.

use std::borrow::Cow;
use std::sync::OnceLock;

mod assigned;
mod judge;
mod keywords;
mod rules;
mod shape;
mod token;

use rules::{Call, Rules};

/// How often a text is gone over again. A replacement can bring a rule to look at its neighbourhood with other eyes;
/// going over the text until nothing is found makes redaction idempotent. Two rounds are the rule, and the bound keeps
/// the time linear whatever the text.
const ROUNDS: usize = 8;

/// Finds secrets and puts placeholders in their place.
///
/// Compiled once, immutable, to be shared by reference between threads.
pub struct Redactor {
    rules: Rules,
}

/// A claimed part of the text and the rule that claims it; the lower rank names a span that several claim.
#[derive(Clone, Copy)]
struct Span<'r> {
    start: usize,
    end: usize,
    rank: u8,
    rule: &'r str,
}

impl<'r> Span<'r> {
    /// A token or shape that nothing else looks like.
    fn certain(start: usize, end: usize, rule: &'r str) -> Span<'r> {
        Span {
            start,
            end,
            rank: 0,
            rule,
        }
    }

    /// A value of a provider's format, or one beside a scheme.
    fn named(start: usize, end: usize, rule: &'r str) -> Span<'r> {
        Span {
            start,
            end,
            rank: 1,
            rule,
        }
    }

    /// A value that only its name makes a secret.
    fn likely(start: usize, end: usize, rule: &'r str) -> Span<'r> {
        Span {
            start,
            end,
            rank: 2,
            rule,
        }
    }
}

impl Default for Redactor {
    fn default() -> Redactor {
        Redactor::new()
    }
}

impl Redactor {
    /// Reads the rules and builds the keyword table; a few milliseconds. [`Redactor::standard`] does it once.
    pub fn new() -> Redactor {
        Redactor {
            rules: Rules::standard(),
        }
    }

    /// The one redactor of the program.
    pub fn standard() -> &'static Redactor {
        static STANDARD: OnceLock<Redactor> = OnceLock::new();
        STANDARD.get_or_init(Redactor::new)
    }

    /// The text with `[REDACTED:rule-id]` in the place of every secret; borrowed when there is none.
    ///
    /// Redacting the result changes nothing. Works on decoded text as well as on raw JSON, which stays valid JSON:
    /// a placeholder needs no escape, and no claimed span contains a quote or half an escape sequence.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut current = Cow::Borrowed(text);
        for _ in 0..ROUNDS {
            let spans = self.spans(&current);
            if spans.is_empty() {
                break;
            }
            current = Cow::Owned(replace(&current, &spans));
        }
        current
    }

    /// The number of secrets in a text, as a reader would count placeholders.
    pub fn count(&self, text: &str) -> usize {
        self.spans(text).len()
    }

    /// Every secret with the rule that names it: identifier, then the range of bytes. For measuring the rules; nothing
    /// else should ever need to know where a secret stood.
    pub fn find<'s>(&'s self, text: &str) -> Vec<(&'s str, std::ops::Range<usize>)> {
        self.spans(text)
            .into_iter()
            .map(|span| (span.rule, span.start..span.end))
            .collect()
    }

    /// The claimed spans, in order, none touching another.
    fn spans<'s>(&'s self, text: &str) -> Vec<Span<'s>> {
        let mut claimed = Vec::new();
        let mut names = assigned::Names::new(&self.rules, text);
        self.rules.keywords.each(text.as_bytes(), |keyword, hit| {
            for call in &self.rules.calls[keyword] {
                match *call {
                    Call::Token(at) => {
                        let rule = &self.rules.tokens[at];
                        claimed.extend(token::find(
                            rule,
                            text,
                            hit.start,
                            &self.rules.generic.token_placeholders,
                        ));
                    }
                    Call::Shape(at) => {
                        shape::find(
                            &self.rules.shapes[at],
                            &self.rules.generic,
                            text,
                            hit.clone(),
                            &mut claimed,
                        );
                    }
                    Call::Name => claimed.extend(names.find(hit.clone())),
                }
            }
        });
        if claimed.is_empty() {
            claimed
        } else {
            merge(claimed)
        }
    }
}

/// How many of the first `most` bytes are as `fits` says, before one is not.
fn run(bytes: &[u8], most: usize, fits: impl Fn(&u8) -> bool) -> usize {
    bytes
        .iter()
        .take(most)
        .take_while(|byte| fits(byte))
        .count()
}

fn merge(mut claimed: Vec<Span<'_>>) -> Vec<Span<'_>> {
    claimed.sort_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Span<'_>> = Vec::with_capacity(claimed.len());
    for span in claimed {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => {
                if span.rank < last.rank {
                    last.rank = span.rank;
                    last.rule = span.rule;
                }
                last.end = last.end.max(span.end);
            }
            _ => merged.push(span),
        }
    }
    merged
}

fn replace(text: &str, spans: &[Span<'_>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        out.push_str(&text[from..span.start]);
        out.push_str("[REDACTED:");
        out.push_str(span.rule);
        out.push(']');
        from = span.end;
    }
    out.push_str(&text[from..]);
    out
}
