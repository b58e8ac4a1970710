//! Numbers quoted in texts: `<!-- validate: KEY -->` says which number follows.
//!
//! The number ends by itself: it is digits with groups of three, a decimal point followed by digits, a sign before it and a
//! percent sign behind it, or `n/a`. A full stop or comma after it belongs to the sentence. Where no number follows, one is put
//! there. Markers inside code, between backticks or in fenced blocks, are examples and stay as they are.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::domain::nearest::nearest;

static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"<!-- validate: *([^ ]*?) *-->(-?\d+(?:,\d{3})*(?:\.\d+)?%?|n/a)?")
        .expect("a valid pattern")
});

/// A quoted number that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The line, from 1.
    pub line: usize,
    /// The key.
    pub key: String,
    /// What the text says; empty where no number follows.
    pub says: String,
    /// What it is.
    pub is: String,
}

/// A marker whose key means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The line, from 1.
    pub line: usize,
    /// The key.
    pub key: String,
    /// Keys close to it.
    pub near: Vec<String>,
}

/// A text with its quoted numbers up to date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// The text.
    pub text: String,
    /// Numbers that were stale.
    pub stale: Vec<Stale>,
    /// Markers whose key means nothing; their numbers are as they were.
    pub unknown: Vec<Unknown>,
    /// Markers found.
    pub markers: usize,
}

/// Puts the numbers of `quotes` behind their markers.
#[must_use]
pub fn refreshed(text: &str, quotes: &BTreeMap<String, String>) -> Refreshed {
    let mut done = Refreshed::default();
    let mut fence: Option<&str> = None;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let start = line.trim_start();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        if fence.is_some() || mark.is_some() {
            done.text.push_str(line);
        } else {
            done.line(number, line, quotes);
        }
    }
    done
}

impl Refreshed {
    fn line(&mut self, number: usize, line: &str, quotes: &BTreeMap<String, String>) {
        let mut from = 0;
        for found in MARKER.captures_iter(line) {
            let whole = found.get(0).expect("a match has a whole");
            let is_code = line[..whole.start()].matches('`').count() % 2 == 1;
            if is_code {
                continue;
            }
            self.markers += 1;
            let key = &found[1];
            let says = found.get(2).map_or("", |value| value.as_str());
            let value_from = whole.end() - says.len();
            self.text.push_str(&line[from..value_from]);
            from = whole.end();
            match quotes.get(key) {
                None => {
                    self.text.push_str(says);
                    self.unknown.push(Unknown {
                        line: number,
                        key: key.to_owned(),
                        near: nearest(key, quotes.keys().map(String::as_str))
                            .into_iter()
                            .map(str::to_owned)
                            .collect(),
                    });
                }
                Some(is) => {
                    self.text.push_str(is);
                    if is != says {
                        self.stale.push(Stale {
                            line: number,
                            key: key.to_owned(),
                            says: says.to_owned(),
                            is: is.clone(),
                        });
                    }
                }
            }
        }
        self.text.push_str(&line[from..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes() -> BTreeMap<String, String> {
        [("tiny.a.kappa", "0.81"), ("tiny.sessions", "1,204")]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn a_number_ends_where_the_sentence_goes_on() {
        let text =
            "Kappa is <!-- validate: tiny.a.kappa -->0.7, of <!-- validate: tiny.sessions -->64.\n";
        let done = refreshed(text, &quotes());
        assert_eq!(
            done.text,
            "Kappa is <!-- validate: tiny.a.kappa -->0.81, of <!-- validate: tiny.sessions -->1,204.\n"
        );
        assert_eq!(done.stale.len(), 2);
        assert_eq!(done.stale[0].says, "0.7");
        assert_eq!(refreshed(&done.text, &quotes()).stale, []);
    }

    #[test]
    fn a_marker_without_a_number_gets_one() {
        let done = refreshed("<!-- validate: tiny.a.kappa --> is kappa", &quotes());
        assert_eq!(done.text, "<!-- validate: tiny.a.kappa -->0.81 is kappa");
        assert_eq!(done.stale[0].says, "");
    }

    #[test]
    fn a_marker_in_code_is_an_example() {
        let text =
            "`<!-- validate: tiny.b -->0.7` and\n```md\n<!-- validate: tiny.c -->1\n```\nno more\n";
        let done = refreshed(text, &quotes());
        assert_eq!((done.text.as_str(), done.markers), (text, 0));
    }

    #[test]
    fn an_unknown_key_is_told_with_keys_close_to_it() {
        let done = refreshed("a\n<!-- validate: tiny.a.kapa -->0.7\n", &quotes());
        assert_eq!(done.unknown.len(), 1);
        assert_eq!(
            (done.unknown[0].line, done.unknown[0].near.as_slice()),
            (2, &["tiny.a.kappa".to_owned()][..])
        );
        assert!(done.text.contains("-->0.7\n"));
    }
}
