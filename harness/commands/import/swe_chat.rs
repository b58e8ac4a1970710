//! `validate import swe-chat`: the data set's sessions, its own labels and what its tables measure, as a goldset.
//!
//! All tables are read to their end before anything is written, so that a damaged one leaves no half goldset. Transcripts
//! come from `transcripts/` and are read like any other; the tables lack rows for some agents. A session without a
//! transcript that can be read is listed all the same, because it has labels.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;

use crate::cli::import::FromSweChat;
use crate::commands::output;
use crate::goldset::manifest::Manifest;
use crate::ingest::detect::Format;
use crate::ingest::file::{FileError, format_of};
use crate::ingest::swe_chat::{self, DataSet, Keep, Label, Place, Session};

use super::collection::{self, Candidate, Origin};
use super::{swe_chat_files, swe_chat_said};

/// What became of the transcripts of sessions that have none to copy.
#[derive(Debug, Default)]
pub(super) struct Without {
    /// No table names one, and there is none with the session's name.
    pub(super) unnamed: Vec<String>,
    /// Named and not there.
    pub(super) absent: Vec<String>,
    /// Named outside the data set's folder.
    pub(super) outside: Vec<String>,
    /// There, and no transcript of a known format.
    pub(super) unreadable: Vec<String>,
}

/// Imports the data set.
///
/// # Errors
/// Where it cannot be read, is another revision than the goldset's, or the goldset cannot be written.
pub(super) fn import(from: &FromSweChat) -> anyhow::Result<()> {
    let (source, out) = (&from.path.source, &from.path.out);
    collection::usable(out)?;
    anyhow::ensure!(
        source.is_dir(),
        "it is no folder that can be read\n\nhint: name the folder of the data set, in which sessions.parquet and transcripts/ lie"
    );
    let keep = Keep {
        machine_generated: from.keep_machine_generated,
        duplicates: from.keep_duplicates,
    };
    let data = swe_chat::read(source, from.revision.as_deref(), keep)?;
    swe_chat_files::same_revision(out, &data)?;
    swe_chat_said::read(&data);
    anyhow::ensure!(
        !data.sessions.is_empty(),
        "the table of sessions has no session to import\n\nhint: --keep-machine-generated keeps what is left out"
    );
    let (with, listed, without) = candidates(&data)?;
    let provenance = format!(
        "SALT-NLP/SWE-chat {}, revision {}, imported with `validate import swe-chat`. Its labels are labels of language \
         models, not of people; swe-chat-labels.csv has them. Sessions whose work was not committed are not in it.",
        data.version.name(),
        data.revision.name.as_deref().unwrap_or("unknown")
    );
    let origin = Origin {
        title: "SWE-chat",
        licence: "ODC-BY 1.0 for the data set; code inside sessions keeps the licence of its repository (sessions.csv)",
        provenance: &provenance,
    };
    collection::list(out, &origin, &listed)?;
    let tally = collection::add(out, &origin, with)?;
    declare_raters(&out.join("goldset.toml"))?;
    swe_chat_files::write(out, &data)?;
    swe_chat_said::written(&data, &without);
    output::note(&tally.sentence(out));
    output::note(collection::UNREDACTED);
    output::note(&collection::next(out));
    Ok(())
}

/// The id of a session in the goldset: one that is no plain name is told by its hash, in every file.
pub(super) fn goldset_id(session: &Session) -> String {
    collection::plain_name(&session.id).into_owned()
}

/// Sessions with a transcript, and sessions without one and why.
fn candidates(data: &DataSet) -> anyhow::Result<(Vec<Candidate>, Vec<Candidate>, Without)> {
    let licences: HashMap<&str, &str> = data
        .repositories
        .iter()
        .map(|repository| (repository.id.as_str(), repository.licence.as_str()))
        .collect();
    let found: Vec<(Place, Option<Format>)> = data
        .sessions
        .par_iter()
        .map(|session| {
            let place = data
                .folder
                .transcript(&session.id, &session.transcript_path);
            let format = match &place {
                Place::At(path) => match format_of(path) {
                    Ok(format) => Some(format),
                    Err(FileError::NoTranscript(_)) => None,
                    Err(error) => return Err(error),
                },
                _ => None,
            };
            Ok((place, format))
        })
        .collect::<Result<_, _>>()?;
    let (mut with, mut listed, mut without) = (Vec::new(), Vec::new(), Without::default());
    for (session, (place, format)) in data.sessions.iter().zip(found) {
        let mut candidate = candidate(data, session, &licences);
        if let (Place::At(path), Some(format)) = (&place, format) {
            path.clone_into(&mut candidate.path);
            candidate.is_document = matches!(format, Format::OpenCode | Format::Gemini);
            with.push(candidate);
            continue;
        }
        let reason = match place {
            Place::At(_) => &mut without.unreadable,
            Place::Unnamed => &mut without.unnamed,
            Place::Absent => &mut without.absent,
            Place::Outside => &mut without.outside,
        };
        reason.push(candidate.id.clone());
        listed.push(candidate);
    }
    Ok((with, listed, without))
}

fn candidate(data: &DataSet, session: &Session, licences: &HashMap<&str, &str>) -> Candidate {
    let id = goldset_id(session);
    let mut source = format!(
        "SALT-NLP/SWE-chat@{} ({})",
        data.revision.name.as_deref().unwrap_or("unknown"),
        data.version.name()
    );
    if id != session.id {
        // The name in the goldset says nothing to someone who looks the session up.
        source.push_str(&format!(", session {:?}", session.id));
    }
    let licence = licences.get(session.repo.as_str()).copied();
    Candidate {
        id,
        path: PathBuf::new(),
        is_document: false,
        user: session.user.clone(),
        date: session.day.clone(),
        repo: session.repo.clone(),
        licence: licence.unwrap_or_default().to_owned(),
        source,
        ..Candidate::default()
    }
}

/// Adds the data set's labels as raters, if the manifest does not have them.
fn declare_raters(path: &Path) -> anyhow::Result<()> {
    let failed = || format!("failed to declare raters in `{}`", path.display());
    let mut text = std::fs::read_to_string(path).with_context(failed)?;
    let manifest: Manifest = toml::from_str(&text).with_context(failed)?;
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut has_new = false;
    for label in Label::ALL {
        if manifest
            .raters
            .iter()
            .any(|rater| rater.name == label.rater())
        {
            continue;
        }
        has_new = true;
        text.push_str(&format!(
            "\n[[raters]]\nname = {}\nkind = \"model\"\ndescription = {}\n",
            quoted(label.rater()),
            quoted(label.description())
        ));
    }
    if !has_new {
        return Ok(());
    }
    // A manifest that lists its raters in one line cannot be added to at its end.
    toml::from_str::<Manifest>(&text).with_context(failed)?;
    output::file(path, &text)
}
