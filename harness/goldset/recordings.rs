//! `recordings/<classifier>/<model>.jsonl`: answers of models, kept with the goldset, one a line.
//!
//! A recording answers exactly one request, the one whose hash it carries; a changed prompt or view asks another one, and
//! the old recording is stale. Recordings make a published figure reproducible without a key, so they are read strictly:
//! what does not fit is told, all at once, and nothing is passed over.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::domain::answer::{AnswerUsage, RawAnswer, Stop};
use crate::domain::nearest::{did_you_mean, listed_all, nearest};
use crate::domain::request::Hash;
use crate::domain::variation::Variation;

use super::load::{Goldset, GoldsetError, Problem};
use super::recording_lines::Kept;
use super::recording_merge::{NewRecording, merge};

/// One answer as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recording {
    /// The request that it answers.
    pub request_hash: Hash,
    /// The session that the request is about.
    pub session_id: String,
    /// The answer, byte for byte.
    pub raw: String,
    /// Why the model stopped.
    pub stop: Stop,
    /// What it cost.
    pub usage: AnswerUsage,
    /// When it was obtained.
    pub when: String,
    /// How it was obtained.
    pub obtained: String,
    /// The family of the model, where its name does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Which of several answers to the same request it is, from 0.
    #[serde(skip_serializing_if = "is_first")]
    pub repeat: u32,
    /// How the request was varied to see whether the answer stands; none for a request as the prompts make it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "word")]
    pub variation: Option<Variation>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands on a reference"
)]
fn is_first(repeat: &u32) -> bool {
    *repeat == 0
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands on a reference"
)]
fn word<S: Serializer>(variation: &Option<Variation>, serializer: S) -> Result<S::Ok, S::Error> {
    variation.map(Variation::word).serialize(serializer)
}

impl Recording {
    /// The answer as a provider would have brought it.
    #[must_use]
    pub fn answer(&self) -> RawAnswer {
        RawAnswer {
            text: self.raw.clone(),
            stop: self.stop,
            usage: self.usage,
            when: self.when.clone(),
            obtained: self.obtained.clone(),
        }
    }

    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.raw == other.raw && self.stop == other.stop
    }
}

/// Why recordings cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    /// Lines do not fit, or a file cannot be read.
    #[error(transparent)]
    Goldset(#[from] GoldsetError),
    /// A model was asked for that has no recordings.
    #[error("the goldset `{goldset}` has no recordings of the model `{model}`{}\n\nhint: {known}", did_you_mean(.near))]
    UnknownModel {
        /// The goldset.
        goldset: String,
        /// What was asked for.
        model: String,
        /// Names close to it.
        near: Vec<String>,
        /// All names.
        known: String,
    },
    /// The file cannot be written; what was there is as it was.
    #[error("failed to write `{}`: {source}\n\nhint: the file is as it was before; make its folder writable and record again", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The recorded answers of one model.
#[derive(Debug, Clone, Default)]
pub struct Recordings {
    by_classifier: HashMap<String, Vec<Recording>>,
    places: HashMap<String, HashMap<(Hash, u32), usize>>,
}

impl Recordings {
    /// Reads what `model` answered for these classifiers; a classifier without a file has no recordings.
    ///
    /// # Errors
    /// Every line that is no recording, is about a session that the goldset does not list, or gives another answer to a
    /// request that is answered already.
    pub fn load(
        goldset: &Goldset,
        model: &str,
        classifiers: &[&str],
    ) -> Result<Self, RecordingsError> {
        let mut recordings = Self::default();
        let mut problems = Vec::new();
        for classifier in classifiers {
            let path = file(&goldset.folder, classifier, model);
            let lines = read(&path, goldset, &mut problems)?;
            let lines: Vec<Recording> = lines.into_iter().map(|(_, line)| line).collect();
            let places = (0..lines.len())
                .map(|place| {
                    (
                        (lines[place].request_hash.clone(), lines[place].repeat),
                        place,
                    )
                })
                .collect();
            recordings.places.insert((*classifier).to_owned(), places);
            recordings
                .by_classifier
                .insert((*classifier).to_owned(), lines);
        }
        told(goldset, problems)?;
        Ok(recordings)
    }

    /// The answer to exactly this request.
    #[must_use]
    pub fn find(&self, classifier: &str, request: &Hash, repeat: u32) -> Option<RawAnswer> {
        let place = self
            .places
            .get(classifier)?
            .get(&(request.clone(), repeat))?;
        self.of(classifier).get(*place).map(Recording::answer)
    }

    /// All recordings for a classifier, in the order of the file.
    #[must_use]
    pub fn of(&self, classifier: &str) -> &[Recording] {
        self.by_classifier
            .get(classifier)
            .map_or(&[], Vec::as_slice)
    }

    /// Recordings that answer none of the requests that are asked now: the prompt, the schema or the view has changed.
    /// Answers to varied requests are left out: they are asked for on demand.
    ///
    /// `wanted` has to hold the requests about every session of the goldset, or the sessions left out look stale.
    #[must_use]
    pub fn stale(&self, classifier: &str, wanted: &HashSet<Hash>) -> Vec<&Recording> {
        self.of(classifier)
            .iter()
            .filter(|recording| {
                recording.variation.is_none() && !wanted.contains(&recording.request_hash)
            })
            .collect()
    }
}

/// Models that have recordings in a goldset's folder, for any classifier, by name.
#[must_use]
pub fn models(folder: &Path) -> Vec<String> {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries(&folder.join("recordings"))
        .flat_map(|classifier| entries(&classifier.path()))
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            // A file that was being written when the program ended begins with a dot and ends otherwise.
            model_of(name.strip_suffix(".jsonl")?)
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The message for a model that has no recordings in the goldset; `None` where it has some.
#[must_use]
pub fn unknown_model(goldset: &Goldset, model: &str) -> Option<RecordingsError> {
    let known = models(&goldset.folder);
    if known.iter().any(|name| name == model) {
        return None;
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Some(RecordingsError::UnknownModel {
        goldset: goldset.name.clone(),
        model: model.to_owned(),
        near: nearest(model, known.iter().copied())
            .into_iter()
            .map(str::to_owned)
            .collect(),
        known: if known.is_empty() {
            "it has no recordings at all; `--record` with a provider's model keeps some".to_owned()
        } else {
            format!("there are recordings of {}", listed_all(&known))
        },
    })
}

/// Adds answers of `model` for `classifier` to what is there, sorted by session and repeat; returns the file.
///
/// No line is lost: the whole file is written beside the old one and takes its place at the end, so that an interrupted
/// program leaves the old one. Two programs that record the same model at the same time are not kept apart.
///
/// # Errors
/// Where the file that is there does not fit, where an answer differs from the one that is kept for its request, where a
/// session is not of the goldset, or where the folder is not writable. Nothing is written then.
pub fn write(
    goldset: &Goldset,
    model: &str,
    classifier: &str,
    answers: &[Recording],
) -> Result<PathBuf, RecordingsError> {
    let answers = answers
        .iter()
        .map(|answer| NewRecording {
            recording: answer.clone(),
            from: None,
        })
        .collect();
    let merged = merge(goldset, model, classifier, answers, false)?;
    merged.write()?;
    Ok(merged.path().to_owned())
}

pub(super) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path
        .parent()
        .expect("recordings lie in the folder of a classifier");
    let name = path
        .file_name()
        .expect("recordings are a file")
        .to_string_lossy();
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        // Else the new name may reach the disk before the bytes do.
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        // The cause matters, not whether tidying up succeeds.
        let _ = fs::remove_file(&beside);
    }
    written
}

pub(super) fn told(goldset: &Goldset, problems: Vec<Problem>) -> Result<(), GoldsetError> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(GoldsetError::Problems {
        goldset: goldset.name.clone(),
        problems,
    })
}

fn read(
    path: &Path,
    goldset: &Goldset,
    problems: &mut Vec<Problem>,
) -> Result<Vec<(u64, Recording)>, GoldsetError> {
    let mut kept = Kept::new(path, goldset, problems);
    kept.read()?;
    Ok(kept.lines)
}

pub(super) fn file(folder: &Path, classifier: &str, model: &str) -> PathBuf {
    let folder = folder.join("recordings").join(classifier);
    folder.join(format!("{}.jsonl", stem(model)))
}

/// The file name of a model: names hold slashes and colons (`Qwen/Qwen3:8b`), which are written as in a URL. So a name
/// cannot leave its folder either.
fn stem(model: &str) -> String {
    let mut stem = String::new();
    for (position, byte) in model.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_+=@".contains(&byte);
        if is_plain || (byte == b'.' && 0 < position) {
            stem.push(char::from(byte));
        } else {
            stem.push_str(&format!("%{byte:02X}"));
        }
    }
    stem
}

/// The model that a file name stands for; `None` for names that no model has.
fn model_of(written: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = written.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let model = String::from_utf8(bytes).ok()?;
    (!model.is_empty() && stem(&model) == written).then_some(model)
}
