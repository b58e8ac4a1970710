//! The requests of a goldset, one session after the other: whoever asks for them holds a few sessions at a time.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::classifier::definition::Definition;
use crate::classifier::load::{load_all, select};
use crate::classifier::prompt::{Prompt, Prompts};
use crate::classifier::rewording::Rewording;
use crate::commands::validate::PROMPTS;
use crate::domain::request::Request;
use crate::goldset::load::{Goldset, load};
use crate::goldset::sessions::Session;
use crate::ingest::redaction::standard_redaction;
use crate::run::plan::Plan;
use crate::run::variants::{Making, Varied, gold_of, varied};
use crate::run::view::view_of;

/// What is needed to render any request of a goldset.
pub(super) struct Rendering {
    /// The goldset.
    pub(super) goldset: Goldset,
    prompts: Prompts,
    texts: Vec<Prompt>,
    transcripts: PathBuf,
}

impl Rendering {
    /// Reads the goldset and the prompts of the classifiers `names`.
    ///
    /// # Errors
    /// Where either cannot be used, or no transcripts are there.
    pub(super) fn load(
        goldset: &Path,
        sessions: Option<&Path>,
        names: &str,
    ) -> anyhow::Result<Self> {
        let folder = Path::new(PROMPTS);
        let all = load_all(folder)?;
        let chosen: Vec<Definition> = select(all.clone(), names)?;
        let goldset = load(goldset, &all)?;
        let prompts = Prompts::load(folder)?;
        let texts: Vec<Prompt> = chosen
            .iter()
            .map(|definition| prompts.prompt(folder, definition))
            .collect::<Result<_, _>>()?;
        let transcripts = sessions.map_or_else(|| goldset.folder.join("sessions"), Path::to_owned);
        anyhow::ensure!(
            transcripts.is_dir(),
            "there is no folder `{}` with the transcripts of the goldset `{}`\n\nhint: `--sessions DIR` says where they lie",
            transcripts.display(),
            goldset.name,
        );
        Ok(Self {
            goldset,
            prompts,
            texts,
            transcripts,
        })
    }

    /// The varied requests about these sessions; hashes only, the requests are rendered again when they are written.
    ///
    /// # Errors
    /// Where the words for it are missing, or a transcript cannot be shown.
    pub(super) fn varied(&self, sessions: &[&Session], seed: u64) -> anyhow::Result<Vec<Varied>> {
        let folder = Path::new(PROMPTS);
        let rewording = Rewording::load(folder)?;
        let definitions: Vec<Definition> = self
            .texts
            .iter()
            .map(|prompt| prompt.definition.clone())
            .collect();
        let base = Plan::make(
            folder,
            &self.goldset,
            &definitions,
            sessions,
            Some(&self.transcripts),
            standard_redaction(),
        )?;
        let making = Making {
            folder,
            rewording: &rewording,
            gold: &gold_of(&self.goldset),
            seed,
        };
        Ok(varied(&base, making)?)
    }

    /// Names of the classifiers, in the order of the requests of a session.
    pub(super) fn classifiers(&self) -> Vec<&str> {
        self.texts
            .iter()
            .map(|prompt| prompt.definition.name.as_str())
            .collect()
    }

    /// All requests about one session, which share everything but the classifier's text.
    fn requests(&self, session: &Session) -> anyhow::Result<Vec<Request>> {
        let view = view_of(
            &self.transcripts.join(&session.file),
            &self.prompts.view,
            standard_redaction(),
        )?;
        Ok(self
            .texts
            .iter()
            .map(|prompt| self.prompts.request(prompt, &view))
            .collect())
    }

    /// Renders every session and hands on what `make` makes of its requests, in the order of the goldset.
    ///
    /// Sessions are read on all cores, a few at a time; nothing of them is held longer than `take` needs it.
    ///
    /// # Errors
    /// Where a transcript cannot be shown, and whatever `take` says; `take` ends the work early with `false`.
    pub(super) fn each<T: Send>(
        &self,
        make: impl Fn(&Session, Vec<Request>) -> T + Sync,
        mut take: impl FnMut(&Session, T) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let together = rayon::current_num_threads() * 8;
        for sessions in self.goldset.sessions.chunks(together) {
            let made: Vec<T> = sessions
                .par_iter()
                .map(|session| Ok(make(session, self.requests(session)?)))
                .collect::<anyhow::Result<_>>()?;
            for (session, made) in sessions.iter().zip(made) {
                if !take(session, made)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
