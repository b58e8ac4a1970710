//! Files of answers: read a few lines at a time, each line told by its content.

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;
use serde::Deserialize;

use crate::domain::answer::{AnswerUsage, Stop};
use crate::domain::request::Hash;
use crate::provider::batch_lines::{self, BatchResult, Ended, ResultLineError, json_error};
use crate::provider::dialect;
use crate::provider::endpoint::{Dialect, Endpoint};

use super::known::{Digest, Place, digest};

/// Longest line that is read, in bytes. An answer of a model has a few thousand.
const LONGEST_LINE: u64 = 32 << 20;
/// Lines that are read together, and the bytes after which fewer are.
const TOGETHER: usize = 1024;
const BYTES_TOGETHER: usize = 16 << 20;

/// One line, as far as it matters here.
pub(super) struct Line {
    pub(super) place: Place,
    pub(super) found: Found,
}

/// What a line holds.
pub(super) enum Found {
    /// An answer.
    Answer(Box<FoundAnswer>),
    /// Word that there is none.
    Unanswered {
        request: Hash,
        ended: Ended,
        said: String,
    },
    /// Nothing that can be used: what is wrong, and what to do.
    Unusable(String, &'static str),
}

/// An answer to a request.
pub(super) struct FoundAnswer {
    pub(super) request: Hash,
    pub(super) text: String,
    pub(super) stop: Stop,
    pub(super) usage: AnswerUsage,
    /// The model that answered, as the provider named it.
    pub(super) served_by: Option<String>,
    /// It stands in one of our own lines.
    pub(super) by_hand: bool,
}

impl FoundAnswer {
    pub(super) fn digest(&self) -> Digest {
        digest(&self.request)
    }

    /// Tells answers to one request apart. A chance of one in 2^64 is no chance, and nobody gains by making it one.
    pub(super) fn text_digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(self.stop.word().as_bytes());
        hasher.write(self.text.as_bytes());
        hasher.finish()
    }
}

/// Reads all lines of all files and hands on what they hold, in order.
pub(super) fn read(
    files: &[PathBuf],
    mut take: impl FnMut(Vec<Line>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (number, path) in (0..).zip(files) {
        let failed = || format!("failed to read `{}`", path.display());
        let file = open(path)?;
        let mut source = BufReader::with_capacity(1 << 20, file);
        let mut line = 0;
        loop {
            let raw = lines(&mut source, &mut line).with_context(failed)?;
            if raw.is_empty() {
                break;
            }
            let found = raw
                .into_par_iter()
                .filter(|raw| !raw.is_blank())
                .map(|raw| Line {
                    place: Place {
                        file: number,
                        line: raw.number,
                    },
                    found: raw.found(),
                })
                .collect();
            take(found)?;
        }
    }
    Ok(())
}

/// Files are read twice, once to check and once to keep, which a pipe cannot be.
fn open(path: &Path) -> anyhow::Result<File> {
    let file = File::open(path).map_err(|error| {
        anyhow::anyhow!(
            "failed to read `{}`: {error}\n\nhint: name files with answers to requests that `validate requests export` wrote",
            path.display()
        )
    })?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    anyhow::ensure!(
        is_file,
        "`{}` is no file\n\nhint: answers are read twice, so that nothing is kept of a file that is not whole; write a pipe into a file first",
        path.display()
    );
    Ok(file)
}

struct RawLine {
    number: u32,
    bytes: Vec<u8>,
    fits: bool,
}

fn lines(source: &mut impl BufRead, number: &mut u32) -> io::Result<Vec<RawLine>> {
    let mut lines = Vec::new();
    let mut held = 0;
    while lines.len() < TOGETHER && held < BYTES_TOGETHER {
        let mut bytes = Vec::new();
        let read = source
            .by_ref()
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        *number = number.saturating_add(1);
        let ended = bytes.last() == Some(&b'\n');
        let fits = ended || bytes.len() as u64 <= LONGEST_LINE;
        if !fits {
            bytes = Vec::new();
            source.skip_until(b'\n')?;
        }
        held += bytes.len();
        lines.push(RawLine {
            number: *number,
            bytes,
            fits,
        });
    }
    Ok(lines)
}

/// One of our own lines.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnLine {
    request_hash: String,
    /// The answer as it came.
    text: String,
    #[serde(default)]
    stop: Option<String>,
    #[serde(default)]
    usage: Option<AnswerUsage>,
    /// Helps people who read the file; the hash decides.
    #[serde(default)]
    #[expect(dead_code, reason = "allowed in the file, not needed")]
    session_id: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "allowed in the file, not needed")]
    classifier: Option<String>,
}

/// Keys that tell our own lines from a vendor's.
#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    request_hash: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    request: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    text: Option<serde::de::IgnoredAny>,
}

type Unusable = (String, &'static str);

const AGAIN: &str = "fetch the file again, or take the line out and export what is missing";
const ONE_A_LINE: &str =
    "give one JSON object a line: a result of a batch, or `request_hash` and `text`";

impl RawLine {
    fn is_blank(&self) -> bool {
        self.fits && self.bytes.trim_ascii().is_empty()
    }

    fn found(self) -> Found {
        self.parsed()
            .unwrap_or_else(|(what, remedy)| Found::Unusable(what, remedy))
    }

    fn parsed(&self) -> Result<Found, Unusable> {
        if !self.fits {
            return Err((
                format!("the line is longer than {LONGEST_LINE} bytes"),
                AGAIN,
            ));
        }
        let bytes = match self.number {
            1 => self
                .bytes
                .strip_prefix(b"\xEF\xBB\xBF")
                .unwrap_or(&self.bytes),
            _ => &self.bytes,
        };
        let text = std::str::from_utf8(bytes.trim_ascii()).map_err(|error| {
            (
                format!("byte {} is not UTF-8", error.valid_up_to() + 1),
                "unpack the file if it is compressed, and write it as UTF-8",
            )
        })?;
        if text.starts_with('[') {
            return Err((
                "the line is a list".to_owned(),
                "write each of its items on a line of its own, as `jq -c '.[]'` does",
            ));
        }
        if !text.starts_with('{') {
            return Err(("the line is no JSON object".to_owned(), ONE_A_LINE));
        }
        let broken = |error: serde_json::Error| told(&json_error(text, &error));
        let shape: Shape = serde_json::from_str(text).map_err(broken)?;
        if shape.request_hash.is_none() {
            return batch_result(text);
        }
        if shape.request.is_some() && shape.text.is_none() {
            return Err(told(&ResultLineError::Request));
        }
        let line: OwnLine = serde_json::from_str(text).map_err(broken)?;
        let stop = match &line.stop {
            None => Stop::Finished,
            Some(word) => Stop::parse(word).ok_or_else(|| {
                (
                    format!("`{}` is no stop", shown(word)),
                    "give finished, length, refusal or error",
                )
            })?,
        };
        Ok(Found::Answer(Box::new(FoundAnswer {
            request: request_of(&line.request_hash)?,
            text: line.text,
            stop,
            usage: line.usage.unwrap_or_default(),
            served_by: None,
            by_hand: true,
        })))
    }
}

fn batch_result(text: &str) -> Result<Found, Unusable> {
    let line = batch_lines::read(text).map_err(|error| told(&error))?;
    let request = request_of(&line.custom_id)?;
    let body = match line.result {
        BatchResult::Unanswered(ended, said) => {
            return Ok(Found::Unanswered {
                request,
                ended,
                said,
            });
        }
        BatchResult::Answered(body) => body,
    };
    let reply = dialect::read_message(&nobody(line.dialect), body).map_err(|failure| {
        (
            format!("the answer cannot be read: {}", shown(&failure.to_string())),
            AGAIN,
        )
    })?;
    if reply.stop == Stop::Error {
        return Ok(Found::Unanswered {
            request,
            ended: Ended::Errored,
            said: shown(&reply.text),
        });
    }
    Ok(Found::Answer(Box::new(FoundAnswer {
        request,
        text: reply.text,
        stop: reply.stop,
        usage: reply.usage,
        served_by: reply.served_by,
        by_hand: false,
    })))
}

/// An endpoint for reading alone: what an answer means depends on the vendor's form and on nobody's address.
fn nobody(dialect: Dialect) -> Endpoint {
    Endpoint {
        dialect,
        model: String::new(),
        base: String::new(),
        is_vendor: false,
        key: None,
    }
}

fn request_of(id: &str) -> Result<Hash, Unusable> {
    Hash::parse(id).ok_or_else(|| {
        (
            format!("`{}` is not a request hash", shown(id)),
            "the id of an answer is the hash that was exported, 64 hexadecimal digits in lower case",
        )
    })
}

fn told(error: &ResultLineError) -> Unusable {
    let remedy = match error {
        ResultLineError::BrokenOff(_) | ResultLineError::NoMessage(_) => AGAIN,
        ResultLineError::Request => "give the file of answers; requests are what `export` writes",
        ResultLineError::Json(_) | ResultLineError::NoId | ResultLineError::NoResult => ONE_A_LINE,
        ResultLineError::Kind(_) => "take the line out and export what is missing",
    };
    (shown(&error.to_string()), remedy)
}

/// As much of a text of others as a message shows.
fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}
