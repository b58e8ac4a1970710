//! Lines of a file of recordings: each is checked by itself, then against the lines before it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::domain::answer::{AnswerUsage, Stop};
use crate::domain::request::Hash;

use super::load::{Goldset, GoldsetError, Problem};
use super::recordings::Recording;

/// The lines of one file, each request answered once.
pub(super) struct Kept<'k> {
    path: &'k Path,
    sessions: HashSet<&'k str>,
    pub(super) lines: Vec<(u64, Recording)>,
    places: HashMap<(Hash, u32), usize>,
    problems: &'k mut Vec<Problem>,
}

impl<'k> Kept<'k> {
    pub(super) fn new(
        path: &'k Path,
        goldset: &'k Goldset,
        problems: &'k mut Vec<Problem>,
    ) -> Self {
        Self {
            path,
            sessions: goldset
                .sessions
                .iter()
                .map(|session| session.id.as_str())
                .collect(),
            lines: Vec::new(),
            places: HashMap::new(),
            problems,
        }
    }

    fn tell(&mut self, line: u64, what: &str, remedy: &str) {
        self.problems
            .push(Problem::new(self.path, line, what, remedy));
    }

    pub(super) fn read(&mut self) -> Result<(), GoldsetError> {
        if !self.path.exists() {
            return Ok(());
        }
        let bytes = fs::read(self.path).map_err(|source| GoldsetError::Read {
            path: self.path.to_owned(),
            source,
        })?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match recording(line) {
                Ok(line) => self.add(number, line),
                Err((what, remedy)) => self.tell(number, &what, remedy),
            }
        }
        Ok(())
    }

    /// Keeps a recording of a line of the file, or of line 0 where it is to be added.
    pub(super) fn add(&mut self, number: u64, line: Recording) {
        if !self.sessions.contains(line.session_id.as_str()) {
            let what = format!("session `{}` is not in sessions.csv", line.session_id);
            self.tell(number, &what, "list it there or take its recordings out");
            return;
        }
        let key = (line.request_hash.clone(), line.repeat);
        if let Some((first, kept)) = self
            .places
            .get(&key)
            .and_then(|place| self.lines.get(*place))
        {
            if !kept.says_the_same(&line) {
                let (place, whose) = if number == 0 {
                    (*first, "the new answer")
                } else {
                    (number, "this answer")
                };
                let what = format!(
                    "{whose} to request {} about session `{}` (repeat {}) differs from the one in line {first}",
                    line.request_hash.short(),
                    line.session_id,
                    line.repeat
                );
                self.tell(
                    place,
                    &what,
                    "keep one of them, or give the other a `repeat` of its own",
                );
                return;
            }
            if kept.session_id == line.session_id {
                return;
            }
        }
        let place = self.lines.len();
        self.places.entry(key).or_insert(place);
        self.lines.push((number, line));
    }
}

fn recording(line: &[u8]) -> Result<Recording, (String, &'static str)> {
    let text = std::str::from_utf8(line)
        .map_err(|_| ("the line is not UTF-8".to_owned(), "write it as UTF-8"))?;
    let line: Line = serde_json::from_str(text).map_err(|error| {
        (
            format!("no recording: {error}"),
            "give request_hash, session_id, raw, stop (finished, length, refusal or error), usage, when and obtained; family and repeat may follow",
        )
    })?;
    let Some(request_hash) = Hash::parse(&line.request_hash) else {
        return Err((
            "request_hash is no SHA-256".to_owned(),
            "give the 64 hexadecimal digits in lower case, as `--record` writes them",
        ));
    };
    Ok(Recording {
        request_hash,
        session_id: line.session_id,
        raw: line.raw,
        stop: line.stop,
        usage: AnswerUsage {
            input_tokens: line.usage.input_tokens,
            output_tokens: line.usage.output_tokens,
            cache_read_tokens: line.usage.cache_read_tokens,
            cache_write_tokens: line.usage.cache_write_tokens,
        },
        when: line.when,
        obtained: line.obtained,
        family: line.family,
        repeat: line.repeat,
    })
}

/// A line as it stands in the file, before its hash is known to be one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    request_hash: String,
    session_id: String,
    raw: String,
    stop: Stop,
    #[serde(default)]
    usage: LineUsage,
    when: String,
    obtained: String,
    #[serde(default)]
    family: Option<String>,
    #[serde(default)]
    repeat: u32,
}

/// [`AnswerUsage`], with unknown keys refused.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LineUsage {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
}
