//! New answers among the recordings that a goldset has: what fits, what differs, and the file that comes of it.
//!
//! Merging writes nothing, so that answers for several classifiers can be looked at together before the first file changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::load::{Goldset, GoldsetError, Problem};
use super::recording_lines::{Added, Kept};
use super::recordings::{Recording, RecordingsError, file, replace, told};

/// An answer that is to become a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecording {
    /// The answer.
    pub recording: Recording,
    /// The file and line from which it comes, for messages; none where a provider has just given it.
    pub from: Option<(PathBuf, u64)>,
}

/// The recordings of one model for one classifier, as they will be.
#[derive(Debug)]
pub struct Merged {
    path: PathBuf,
    lines: Vec<Recording>,
    /// Answers that are new.
    pub new: usize,
    /// Recordings that gave way to another answer.
    pub replaced: usize,
    /// Answers that differ from the one that is recorded for their request; they are not among the lines.
    pub conflicts: Vec<Problem>,
}

/// Puts answers of `model` for `classifier` among what is there; with `replacing`, a new answer takes the place of another
/// one to the same request.
///
/// # Errors
/// Where the file that is there does not fit.
pub fn merge(
    goldset: &Goldset,
    model: &str,
    classifier: &str,
    answers: Vec<NewRecording>,
    replacing: bool,
) -> Result<Merged, GoldsetError> {
    let path = file(&goldset.folder, classifier, model);
    let mut problems = Vec::new();
    let mut kept = Kept::new(&path, goldset, &mut problems);
    kept.read()?;
    let mut conflicts = Vec::new();
    let (mut new, mut replaced) = (0, 0);
    for answer in answers {
        let from = answer
            .from
            .as_ref()
            .map(|(path, line)| (path.as_path(), *line));
        match kept.add(answer.recording, from, replacing) {
            Added::New => new += 1,
            Added::Replaced => replaced += 1,
            Added::Same => {}
            Added::Differs(problem) => conflicts.push(problem),
        }
    }
    let mut lines: Vec<Recording> = kept.lines.into_iter().map(|(_, line)| line).collect();
    told(goldset, problems)?;
    sort(goldset, &mut lines);
    Ok(Merged {
        path,
        lines,
        new,
        replaced,
        conflicts,
    })
}

impl Merged {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file whole: beside the old one first, which it then replaces.
    ///
    /// # Errors
    /// Where the folder is not writable; the old file is as it was then.
    ///
    /// # Panics
    /// Never: texts and counts can always be written as JSON.
    pub fn write(&self) -> Result<(), RecordingsError> {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(
                &serde_json::to_string(line)
                    .expect("texts and counts can always be written as JSON"),
            );
            text.push('\n');
        }
        replace(&self.path, &text).map_err(|source| RecordingsError::Write {
            path: self.path.clone(),
            source,
        })
    }
}

/// By session and repeat, then by time, so that the same answers give the same bytes in whatever order they came.
fn sort(goldset: &Goldset, lines: &mut [Recording]) {
    let positions: HashMap<&str, usize> = goldset
        .sessions
        .iter()
        .zip(0..)
        .map(|(session, position)| (session.id.as_str(), position))
        .collect();
    lines.sort_by(|a, b| {
        let key = |line: &Recording| {
            (
                positions.get(line.session_id.as_str()).copied(),
                line.repeat,
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.when.cmp(&b.when))
            .then_with(|| a.request_hash.cmp(&b.request_hash))
    });
}
