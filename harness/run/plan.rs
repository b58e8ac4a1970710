//! What is asked: every session shown, every request rendered and hashed, and nothing of them kept but the hashes.
//!
//! Views are large and sessions many, so a view lives only while its hashes are taken; whoever has to send a request renders
//! it again.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::classifier::definition::Definition;
use crate::classifier::prompt::{Prompt, PromptError, Prompts};
use crate::classifier::view::{FenceWords, LeftOut, View};
use crate::domain::request::{Hash, Request};
use crate::domain::text::Redaction;
use crate::domain::variation::Variation;
use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;

use super::planting::Planted;
use super::view::{Changed, ViewError, changed_view_of, view_of};

/// All requests about the sessions of a goldset.
pub struct Plan {
    /// The goldset's folder name.
    pub goldset: String,
    /// What all requests share.
    pub prompts: Prompts,
    /// The classifiers.
    pub classifiers: Vec<Prompt>,
    /// The sessions, in the order in which they were given.
    pub sessions: Vec<PlannedSession>,
    /// How the requests were varied; none as a rule.
    pub variation: Option<Variation>,
    pub(super) fence: FenceWords,
    pub(super) redaction: Redaction,
}

/// One session with its requests.
#[derive(Debug)]
pub struct PlannedSession {
    /// Its id.
    pub id: String,
    /// Its transcript.
    pub path: PathBuf,
    /// What its view leaves out.
    pub left_out: LeftOut,
    /// Bytes of its view.
    pub view_bytes: u64,
    /// The request of each classifier, in the plan's order.
    pub requests: Vec<Hash>,
    /// A text that the transcript does not hold, where the requests were varied.
    pub planted: Option<Planted>,
}

/// One request of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'p> {
    /// Position of the classifier.
    pub classifier: usize,
    /// Position of the session.
    pub session: usize,
    /// The request.
    pub request: &'p Hash,
}

/// Why nothing can be asked.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A prompt cannot be sent.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A session cannot be shown.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A session has no transcript to show.
    #[error("the request about session `{session}` cannot be rendered: there is no transcript `{}`\n\nhint: {how}", .path.display())]
    NoTranscript {
        /// The session.
        session: String,
        /// Where it was looked for.
        path: PathBuf,
        /// How transcripts are got.
        how: String,
    },
}

impl Plan {
    /// Renders all requests about `sessions`, whose transcripts lie below `transcripts` or with the goldset.
    ///
    /// # Errors
    /// Where a prompt cannot be sent, or a session not be shown.
    pub fn make(
        folder: &Path,
        goldset: &Goldset,
        definitions: &[Definition],
        sessions: &[&Session],
        transcripts: Option<&Path>,
        redaction: Redaction,
    ) -> Result<Self, PlanError> {
        let prompts = Prompts::load(folder)?;
        let classifiers: Vec<Prompt> = definitions
            .iter()
            .map(|definition| prompts.prompt(folder, definition))
            .collect::<Result<_, _>>()?;
        let own = goldset.folder.join("sessions");
        let below = transcripts.unwrap_or(&own);
        let planned = sessions
            .par_iter()
            .map(|session| {
                let path = below.join(&session.file);
                if !path.is_file() {
                    return Err(PlanError::NoTranscript {
                        session: session.id.clone(),
                        path,
                        how: goldset.manifest.transcripts.clone().unwrap_or_else(|| {
                            "`--sessions DIR` says where the transcripts lie".to_owned()
                        }),
                    });
                }
                let view = view_of(&path, &prompts.view, redaction)?;
                Ok(PlannedSession {
                    id: session.id.clone(),
                    path,
                    left_out: view.left_out,
                    view_bytes: view.text.len() as u64,
                    requests: prompts.hashes(&classifiers, &view),
                    planted: None,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            goldset: goldset.name.clone(),
            prompts,
            classifiers,
            sessions: planned,
            variation: None,
            fence: FenceWords::default(),
            redaction,
        })
    }

    /// All requests, classifiers outside and sessions inside.
    pub fn requests(&self) -> impl Iterator<Item = Planned<'_>> {
        (0..self.classifiers.len()).flat_map(move |classifier| {
            self.sessions
                .iter()
                .enumerate()
                .map(move |(session, planned)| Planned {
                    classifier,
                    session,
                    request: &planned.requests[classifier],
                })
        })
    }

    /// The view of a session, rendered again.
    ///
    /// # Errors
    /// Where the transcript cannot be read any more.
    pub fn view(&self, session: usize) -> Result<View, ViewError> {
        let session = &self.sessions[session];
        let changed = Changed {
            fence: self.fence.clone(),
            planted: session.planted.clone(),
        };
        changed_view_of(&session.path, &self.prompts.view, self.redaction, &changed)
    }

    /// The request of a classifier about a view.
    #[must_use]
    pub fn request(&self, classifier: usize, view: &View) -> Request {
        self.prompts.request(&self.classifiers[classifier], view)
    }

    /// Names of the classifiers, in the plan's order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.classifiers
            .iter()
            .map(|prompt| prompt.definition.name.as_str())
            .collect()
    }

    /// Sessions of which the view left something out.
    #[must_use]
    pub fn thinned(&self) -> usize {
        self.sessions
            .iter()
            .filter(|session| session.left_out.shortened + session.left_out.dropped > 0)
            .count()
    }
}
