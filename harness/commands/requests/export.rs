//! `validate requests export`: what is to be asked, as a file for whoever answers.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;

use crate::cli::{BatchFormat, Export};
use crate::domain::answer::Stop;
use crate::domain::request::{Hash, Request};
use crate::goldset::recordings::Recordings;
use crate::goldset::sessions::Session;
use crate::provider::batch_lines;
use crate::provider::dialect::{self, Sending};
use crate::provider::endpoint::{Dialect, Endpoint};
use crate::provider::models;
use crate::store::Store;

use super::counted;
use super::parts::{PartLimits, Parts, PartsError, left_over};
use super::rendering::Rendering;
use super::varied;

/// Writes the requests and says what was written.
pub(super) fn export(arguments: &Export) -> anyhow::Result<String> {
    let form = Form::of(arguments)?;
    let rendering = Rendering::load(
        &arguments.goldset,
        arguments.sessions.as_deref(),
        &arguments.classifier,
    )?;
    let answered = Answered::load(arguments, &rendering)?;
    let mut parts = Parts::new(&arguments.out, form.limits(arguments))?;
    let mut tally = Tally::default();
    let written = if arguments.varied.robustness {
        varied::write(
            &rendering, &form, &answered, arguments, &mut parts, &mut tally,
        )
    } else {
        write(
            &rendering,
            &form,
            &answered,
            arguments.wave,
            &mut parts,
            &mut tally,
        )
    };
    if let Err(error) = written {
        let begun = u64::try_from(parts.count()).unwrap_or(u64::MAX);
        drop(parts);
        return Err(error).context(format!(
            "nothing was written to `{}`; {} begun {} removed",
            arguments.out.display(),
            counted(begun, "file"),
            if begun == 1 { "was" } else { "were" },
        ));
    }
    tally.bytes = parts.bytes_of_all();
    let files = parts
        .finish()
        .context("the files of this export were removed")?;
    Ok(said(arguments, &form, &answered, &tally, &files))
}

/// What the lines look like.
pub(super) enum Form {
    /// Our own lines.
    Lines,
    /// A vendor's.
    Vendor(Box<Endpoint>),
}

impl Form {
    fn of(arguments: &Export) -> anyhow::Result<Self> {
        let (dialect, word) = match arguments.format {
            BatchFormat::Lines => {
                anyhow::ensure!(
                    arguments.model.is_none() || arguments.store.is_some(),
                    "`--model` says nothing to our own lines, which name no model\n\nhint: give `--format anthropic` or `--format openai` with it, or leave it out"
                );
                return Ok(Self::Lines);
            }
            BatchFormat::Anthropic => (Dialect::Anthropic, "anthropic"),
            BatchFormat::Openai => (Dialect::OpenAi, "openai"),
        };
        let Some(spec) = &arguments.model else {
            anyhow::bail!(
                "`--format {word}` writes the model into every request, and none is named\n\nhint: give `--model {word}:NAME`"
            );
        };
        let endpoint = super::endpoint_of(spec)?;
        anyhow::ensure!(
            endpoint.dialect == dialect,
            "`--format {word}` does not fit `--model {spec}`\n\nhint: both have to be of one vendor's form; `openai` stands for every engine that takes its files"
        );
        Ok(Self::Vendor(Box::new(endpoint)))
    }

    fn limits(&self, arguments: &Export) -> PartLimits {
        let (lines, bytes) = match self {
            Self::Lines => (u64::MAX, u64::MAX),
            Self::Vendor(endpoint) => {
                let limits = models::batch_limits(endpoint.dialect);
                let all = |limit: usize| u64::try_from(limit).unwrap_or(u64::MAX);
                (
                    all(limits.requests),
                    all(limits.bytes) - batch_lines::wrapping(endpoint.dialect),
                )
            }
        };
        PartLimits {
            lines: lines.min(arguments.part_requests.unwrap_or(u64::MAX)),
            bytes: bytes.min(arguments.part_bytes.unwrap_or(u64::MAX)),
        }
    }

    pub(super) fn line(
        &self,
        session: &str,
        classifier: &str,
        hash: &Hash,
        request: &Request,
    ) -> Vec<u8> {
        match self {
            Self::Lines => {
                let line = json!({
                    "request_hash": hash,
                    "session_id": session,
                    "classifier": classifier,
                    "request": request,
                });
                format!("{line}\n").into_bytes()
            }
            Self::Vendor(endpoint) => {
                let body = dialect::body(endpoint, request, in_batch(), None);
                batch_lines::line(endpoint.dialect, hash, &body)
            }
        }
    }
}

/// Batches take longer than the five minutes for which a prefix is cached otherwise.
fn in_batch() -> Sending {
    Sending {
        cache_for_an_hour: true,
        ..Sending::default()
    }
}

/// What has been answered already.
pub(super) struct Answered {
    recordings: Option<Recordings>,
    store: Option<(Store, String)>,
    /// The store that was named and is not there.
    absent: Option<PathBuf>,
    repeat: u32,
}

impl Answered {
    fn load(arguments: &Export, rendering: &Rendering) -> anyhow::Result<Self> {
        let recordings = arguments
            .missing
            .as_deref()
            .map(|model| Recordings::load(&rendering.goldset, model, &rendering.classifiers()))
            .transpose()?;
        let mut answered = Self {
            recordings,
            store: None,
            absent: None,
            repeat: arguments.repeat,
        };
        if let Some(path) = &arguments.store {
            let Some(spec) = &arguments.model else {
                anyhow::bail!(
                    "`--store` leaves out what a model has answered, and none is named\n\nhint: give `--model` with the SPEC under which answers are stored"
                );
            };
            super::endpoint_of(spec)?;
            if path.exists() {
                answered.store = Some((Store::open_read_only(path)?, spec.clone()));
            } else {
                answered.absent = Some(path.clone());
            }
        }
        Ok(answered)
    }

    /// Whether a recording or the store has an answer already.
    pub(super) fn has(&self, classifier: &str, hash: &Hash) -> anyhow::Result<bool> {
        let is_recorded = self
            .recordings
            .as_ref()
            .is_some_and(|recordings| recordings.find(classifier, hash, self.repeat).is_some());
        Ok(is_recorded || self.is_stored(hash)?)
    }

    /// A failed request is no answer.
    fn is_stored(&self, hash: &Hash) -> anyhow::Result<bool> {
        let Some((store, model)) = &self.store else {
            return Ok(false);
        };
        let answer = store.answer(hash, model, self.repeat)?;
        Ok(answer.is_some_and(|answer| answer.stop != Stop::Error))
    }
}

#[derive(Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) written: u64,
    bytes: u64,
    pub(super) sessions: u64,
    /// Sessions that look the same as one before them.
    doubles: u64,
    /// Sessions were left for the next export.
    stopped: bool,
}

/// One request, ready to be written; no line where a recording answers it.
struct Made {
    hash: Hash,
    line: Option<Vec<u8>>,
}

fn write(
    rendering: &Rendering,
    form: &Form,
    answered: &Answered,
    wave: Option<u64>,
    parts: &mut Parts,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let classifiers = rendering.classifiers();
    // Requests of sessions that look the same have the same hash, which an id of a batch may not occur with twice. The
    // first request tells one view from another, and half of its hash is enough for that: 16 bytes a session.
    let mut seen: HashSet<u128> = HashSet::new();
    let (recordings, repeat) = (answered.recordings.as_ref(), answered.repeat);
    let make = |session: &Session, requests: Vec<Request>| -> Vec<Made> {
        classifiers
            .iter()
            .zip(&requests)
            .map(|(classifier, request)| {
                let hash = request.hash();
                let is_recorded = recordings
                    .is_some_and(|answered| answered.find(classifier, &hash, repeat).is_some());
                let line =
                    (!is_recorded).then(|| form.line(&session.id, classifier, &hash, request));
                Made { hash, line }
            })
            .collect()
    };
    rendering.each(make, |session, made| {
        let Some(first) = made.first() else {
            return Ok(true);
        };
        if !seen.insert(half(&first.hash)) {
            tally.doubles += 1;
            return Ok(true);
        }
        let mut lines = Vec::new();
        for (classifier, made) in classifiers.iter().zip(&made) {
            if let Some(line) = &made.line
                && !answered.is_stored(&made.hash)?
            {
                lines.push((classifier, line));
            }
        }
        if !lines.is_empty() {
            if wave == Some(tally.sessions) {
                tally.stopped = true;
                return Ok(false);
            }
            tally.sessions += 1;
        }
        tally.requests += u64::try_from(made.len()).unwrap_or(u64::MAX);
        for (classifier, line) in lines {
            add(parts, line, classifier, &session.id)?;
            tally.written += 1;
        }
        Ok(true)
    })
}

/// Adds a line, and says which request it is where it does not fit.
pub(super) fn add(
    parts: &mut Parts,
    line: &[u8],
    classifier: &str,
    session: &str,
) -> anyhow::Result<()> {
    parts.write(line).map_err(|error| match error {
        PartsError::LineTooLong { .. } => anyhow::anyhow!(
            "the request of `{classifier}` about session `{session}` {error}\n\nhint: raise `--part-bytes`, or lower `tokens` in `prompts/view.toml`",
        ),
        other => other.into(),
    })
}

fn half(hash: &Hash) -> u128 {
    u128::from_str_radix(&hash.text()[..32], 16).expect("a hash is 64 hexadecimal digits")
}

fn said(
    arguments: &Export,
    form: &Form,
    answered: &Answered,
    tally: &Tally,
    files: &[PathBuf],
) -> String {
    let place = match files {
        [one] => format!("`{}`", one.display()),
        [first, .., last] => format!(
            "{} files, `{}` to `{}`",
            files.len(),
            first.display(),
            last.display()
        ),
        [] => "no file".to_owned(),
    };
    let mut said = vec![format!(
        "wrote {} of {} to {place} ({} bytes)",
        tally.written,
        counted(tally.requests, "request"),
        tally.bytes,
    )];
    if 0 < tally.doubles {
        said.push(format!(
            "{} the same as one before: their requests are written once",
            match tally.doubles {
                1 => "1 session looks".to_owned(),
                several => format!("{several} sessions look"),
            }
        ));
    }
    if tally.stopped {
        said.push("more sessions wait: import the answers and export again".to_owned());
    }
    if let Some(store) = &answered.absent {
        said.push(format!(
            "there is no store `{}` yet, so nothing was left out for it",
            store.display()
        ));
    }
    if let Form::Vendor(endpoint) = form
        && 0 < tally.written
    {
        said.push(match endpoint.dialect {
            Dialect::Anthropic => {
                "each file is one batch: its lines, separated by commas, are the list in {\"requests\": […]}"
            }
            Dialect::OpenAi => "each file is one batch, to be uploaded as it is",
        }.to_owned());
    }
    if let Some(old) = left_over(Path::new(&arguments.out), files.len()) {
        said.push(format!(
            "`{}` is of an earlier export and no part of this one",
            old.display()
        ));
    }
    said.join("\n")
}
