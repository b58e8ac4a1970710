//! Where imported answers go: into the goldset's recordings, or into a store.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli::Import;
use crate::domain::answer::{RawAnswer, Stop};
use crate::domain::variation::Variation;
use crate::goldset::load::Problem;
use crate::goldset::recording_merge::{Merged, NewRecording, merge};
use crate::goldset::recordings::Recording;
use crate::store::{AnswerKey, Store};

use super::answers::FoundAnswer;
use super::counted;
use super::known::{Known, Place};
use super::rendering::Rendering;

/// Takes answers and keeps them.
pub(super) struct Keeper<'k> {
    arguments: &'k Import,
    rendering: &'k Rendering,
    place: Where,
    answers: u64,
}

enum Where {
    /// Recordings are files that are written whole, so that all answers are held until the end.
    Recordings(BTreeMap<usize, Vec<NewRecording>>),
    /// A store takes answers as they come. One that is not there is made when the first answer is kept.
    Store {
        path: PathBuf,
        store: Option<Box<Store>>,
        new: u64,
    },
}

/// What is kept, or will be when it is written.
pub(super) struct Kept {
    /// Answers that were taken.
    pub(super) answers: u64,
    /// Answers that differ from recordings.
    pub(super) conflicts: Vec<Problem>,
    merged: Vec<Merged>,
    stored: Option<u64>,
}

impl<'k> Keeper<'k> {
    pub(super) fn new(arguments: &'k Import, rendering: &'k Rendering) -> anyhow::Result<Self> {
        let place = match &arguments.store {
            None => Where::Recordings(BTreeMap::new()),
            Some(path) => Where::Store {
                path: path.clone(),
                store: path
                    .exists()
                    .then(|| Store::open(path).map(Box::new))
                    .transpose()?,
                new: 0,
            },
        };
        Ok(Self {
            arguments,
            rendering,
            place,
            answers: 0,
        })
    }

    /// What to say where the store has another answer to the request.
    pub(super) fn differs(&self, answer: &FoundAnswer) -> anyhow::Result<Option<String>> {
        let Where::Store {
            store: Some(store),
            path,
            ..
        } = &self.place
        else {
            return Ok(None);
        };
        let stored = store.answer(
            &answer.request,
            &self.arguments.model,
            self.arguments.repeat,
        )?;
        let differs = stored.is_some_and(|stored| {
            stored.stop != Stop::Error && (stored.text != answer.text || stored.stop != answer.stop)
        });
        Ok(differs.then(|| {
            format!(
                "the store `{}` has another answer of `{}` to request {}… (repeat {})",
                path.display(),
                self.arguments.model,
                answer.request.short(),
                self.arguments.repeat
            )
        }))
    }

    /// Takes some answers.
    pub(super) fn keep(
        &mut self,
        answers: Vec<(Place, FoundAnswer)>,
        known: &Known,
    ) -> anyhow::Result<()> {
        self.answers += u64::try_from(answers.len()).unwrap_or(u64::MAX);
        let (arguments, rendering) = (self.arguments, self.rendering);
        match &mut self.place {
            Where::Store { path, store, new } => {
                if answers.is_empty() {
                    return Ok(());
                }
                let store = match store {
                    Some(store) => store,
                    None => store.insert(Box::new(Store::open(path)?)),
                };
                let answers: Vec<(AnswerKey, RawAnswer)> = answers
                    .into_iter()
                    .map(|(_, answer)| stored(arguments, answer))
                    .collect();
                *new += u64::try_from(store.keep_answers(&answers)?).unwrap_or(u64::MAX);
            }
            Where::Recordings(by_classifier) => {
                for (place, answer) in answers {
                    let Some(about) = known.about(&answer.digest()) else {
                        continue;
                    };
                    let session = &rendering.goldset.sessions[about.session];
                    by_classifier
                        .entry(about.classifier)
                        .or_default()
                        .push(NewRecording {
                            from: Some((
                                arguments.files[usize::from(place.file)].clone(),
                                u64::from(place.line),
                            )),
                            recording: recording(
                                arguments,
                                session.id.clone(),
                                about.variation,
                                answer,
                            ),
                        });
                }
            }
        }
        Ok(())
    }

    /// Puts recordings together with those that are there; nothing is written yet.
    pub(super) fn finish(self) -> anyhow::Result<Kept> {
        let mut kept = Kept {
            answers: self.answers,
            conflicts: Vec::new(),
            merged: Vec::new(),
            stored: None,
        };
        match self.place {
            Where::Store { new, .. } => kept.stored = Some(new),
            Where::Recordings(by_classifier) => {
                let names = self.rendering.classifiers();
                for (classifier, answers) in by_classifier {
                    let mut merged = merge(
                        &self.rendering.goldset,
                        &self.arguments.model,
                        names[classifier],
                        answers,
                        self.arguments.replace,
                    )?;
                    kept.conflicts.append(&mut merged.conflicts);
                    kept.merged.push(merged);
                }
            }
        }
        Ok(kept)
    }
}

impl Kept {
    /// Writes recordings; a store has its answers already.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        for merged in &self.merged {
            merged.write()?;
        }
        Ok(())
    }

    /// What was kept, a sentence for each place.
    pub(super) fn said(&self, arguments: &Import) -> Vec<String> {
        if self.answers == 0 {
            return Vec::new();
        }
        if let (Some(new), Some(path)) = (self.stored, &arguments.store) {
            let before = match self.answers - new {
                0 => String::new(),
                some => format!("; {some} were there already"),
            };
            return vec![format!(
                "kept {} in `{}`{before}",
                counted(new, "answer"),
                path.display()
            )];
        }
        self.merged
            .iter()
            .map(|merged| {
                let replaced = match merged.replaced {
                    0 => String::new(),
                    some => format!(", {some} of them in the place of another"),
                };
                let kept = u64::try_from(merged.new + merged.replaced).unwrap_or(u64::MAX);
                format!(
                    "kept {} in `{}`{replaced}",
                    counted(kept, "answer"),
                    merged.path().display()
                )
            })
            .collect()
    }
}

fn stored(arguments: &Import, answer: FoundAnswer) -> (AnswerKey, RawAnswer) {
    let obtained = obtained(arguments, &answer);
    (
        AnswerKey {
            request: answer.request,
            model: arguments.model.clone(),
            repeat: arguments.repeat,
        },
        RawAnswer {
            text: answer.text,
            stop: answer.stop,
            usage: answer.usage,
            when: arguments.when.clone(),
            obtained,
        },
    )
}

fn recording(
    arguments: &Import,
    session_id: String,
    variation: Option<Variation>,
    answer: FoundAnswer,
) -> Recording {
    Recording {
        obtained: obtained(arguments, &answer),
        request_hash: answer.request,
        session_id,
        raw: answer.text,
        stop: answer.stop,
        usage: answer.usage,
        when: arguments.when.clone(),
        family: arguments.family.clone(),
        repeat: arguments.repeat,
        variation,
    }
}

fn obtained(arguments: &Import, answer: &FoundAnswer) -> String {
    let words = match answer.by_hand {
        true => "batch by hand",
        false => "batch",
    };
    arguments
        .obtained
        .clone()
        .unwrap_or_else(|| words.to_owned())
}
