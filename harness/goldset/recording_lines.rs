//! Lines of a file of recordings: each is checked by itself, then against the lines before it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use crate::domain::answer::{AnswerUsage, Stop};
use crate::domain::request::Hash;
use crate::domain::variation::Variation;

use super::load::{Goldset, GoldsetError, Problem};
use super::recordings::Recording;

/// What became of an answer that was added.
pub(super) enum Added {
    /// It is kept.
    New,
    /// It is there already.
    Same,
    /// It took the place of another one.
    Replaced,
    /// Another one is kept; this one is not.
    Differs(Problem),
}

/// The lines of one file, each request answered once.
pub(super) struct Kept<'k> {
    path: &'k Path,
    sessions: HashSet<&'k str>,
    pub(super) lines: Vec<(u64, Recording)>,
    places: HashMap<(Hash, u32), usize>,
    /// Two sessions may look the same and so share a request; each keeps its own line.
    seen: HashSet<(Hash, u32, String)>,
    /// The number of the last line.
    last: u64,
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
            seen: HashSet::new(),
            last: 0,
            problems,
        }
    }

    fn tell(&mut self, line: u64, what: &str, remedy: &str) {
        self.problems
            .push(Problem::new(self.path, line, what, remedy));
    }

    pub(super) fn read(&mut self) -> Result<(), GoldsetError> {
        let bytes = match fs::read(self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            // Anything else may hide lines, which writing would lose.
            Err(source) => {
                return Err(GoldsetError::Read {
                    path: self.path.to_owned(),
                    source,
                });
            }
        };
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            self.last = number;
            match recording(line) {
                Ok(line) => {
                    self.keep("this answer", line);
                }
                Err((what, remedy)) => self.tell(number, &what, remedy),
            }
        }
        Ok(())
    }

    /// Adds an answer behind the last line. One from the line of a file (`from`) that differs from what is kept is handed
    /// back, or takes the other one's place where it is `replacing`; any other is a problem of this file.
    pub(super) fn add(
        &mut self,
        line: Recording,
        from: Option<(&Path, u64)>,
        replacing: bool,
    ) -> Added {
        self.last += 1;
        let Some(first) = self.other_answer(&line) else {
            return match self.keep("the new answer", line) {
                true => Added::New,
                false => Added::Same,
            };
        };
        if replacing {
            self.replace(&line);
            return Added::Replaced;
        }
        let Some((file, number)) = from else {
            self.keep("the new answer", line);
            return Added::Same;
        };
        let what = format!(
            "the answer to request {} about session `{}` (repeat {}) differs from the recording in {}:{first}",
            line.request_hash.short(),
            line.session_id,
            line.repeat,
            self.path.display(),
        );
        Added::Differs(Problem::new(
            file,
            number,
            &what,
            "`--replace` puts the new answer in its place; another `--model` or `--repeat` keeps both",
        ))
    }

    /// The line of another answer to the same request.
    fn other_answer(&self, line: &Recording) -> Option<u64> {
        let key = (line.request_hash.clone(), line.repeat);
        let (first, kept) = self.places.get(&key).and_then(|at| self.lines.get(*at))?;
        (!kept.says_the_same(line)).then_some(*first)
    }

    /// Puts this answer in the place of every line that answers the same request.
    fn replace(&mut self, new: &Recording) {
        for (_, line) in &mut self.lines {
            if line.request_hash == new.request_hash && line.repeat == new.repeat {
                let session_id = std::mem::take(&mut line.session_id);
                *line = Recording {
                    session_id,
                    ..new.clone()
                };
            }
        }
    }

    /// Keeps a line; says whether it is new.
    fn keep(&mut self, whose: &str, line: Recording) -> bool {
        let number = self.last;
        if !self.sessions.contains(line.session_id.as_str()) {
            let what = format!(
                "{whose} is about session `{}`, which is not in sessions.csv",
                line.session_id
            );
            self.tell(number, &what, "list it there or take its recordings out");
            return false;
        }
        if let Some(first) = self.other_answer(&line) {
            let what = format!(
                "{whose} to request {} about session `{}` (repeat {}) differs from the one in line {first}",
                line.request_hash.short(),
                line.session_id,
                line.repeat
            );
            self.tell(
                number,
                &what,
                "keep one of them, or give the other a `repeat` of its own",
            );
            return false;
        }
        let key = (line.request_hash.clone(), line.repeat);
        let is_new = self
            .seen
            .insert((key.0.clone(), key.1, line.session_id.clone()));
        if is_new {
            self.places.entry(key).or_insert(self.lines.len());
            self.lines.push((number, line));
        }
        is_new
    }
}

/// Characters of a cause that a message shows: it may repeat a text of the line.
const CAUSE: usize = 200;

fn recording(line: &[u8]) -> Result<Recording, (String, &'static str)> {
    let text = std::str::from_utf8(line)
        .map_err(|_| ("the line is not UTF-8".to_owned(), "write it as UTF-8"))?;
    let line = object(text).map_err(|cause| {
        (
            format!("no recording: {}", cause.chars().take(CAUSE).collect::<String>()),
            "give request_hash, session_id, raw, stop (finished, length, refusal or error), usage, when and obtained; family, repeat and variation may follow",
        )
    })?;
    let Some(request_hash) = Hash::parse(&line.request_hash) else {
        return Err((
            "request_hash is no SHA-256".to_owned(),
            "give the 64 hexadecimal digits in lower case, as `--record` writes them",
        ));
    };
    let variation = match line
        .variation
        .as_deref()
        .map(|word| (word, Variation::parse(word)))
    {
        None => None,
        Some((_, Some(variation))) => Some(variation),
        Some((word, None)) => {
            let word: String = word.chars().take(CAUSE).collect();
            return Err((
                format!("`{word}` is no variation of a request"),
                "give planted-in-prompt, planted-in-result, planted-in-file, label-order or other-wording, or leave it out",
            ));
        }
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
            cache_write_1h_tokens: line.usage.cache_write_1h_tokens,
        },
        when: line.when,
        obtained: line.obtained,
        family: line.family,
        repeat: line.repeat,
        variation,
    })
}

/// Reads a line; a list with the right items would do for the derived reader, but not for people.
fn object(text: &str) -> Result<Line, String> {
    if !text.trim_start().starts_with('{') {
        return Err("the line is not a JSON object".to_owned());
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
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
    #[serde(default)]
    variation: Option<String>,
}

/// [`AnswerUsage`], with unknown keys refused.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LineUsage {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
    cache_write_1h_tokens: u64,
}
