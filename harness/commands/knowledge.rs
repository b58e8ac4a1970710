//! What is known of a goldset's sessions: from transcripts, else from its telemetry table.

use std::path::{Path, PathBuf};

use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;
use crate::ingest::redaction::standard_redaction;
use crate::run::sessions::{Broken, Known, know};

use super::output;

/// Why sessions are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum KnowledgeError {
    #[error("there is no folder `{}`\n\nhint: `--sessions` takes the folder below which sessions.csv finds its files", .0.display())]
    NoSessionsFolder(PathBuf),
    #[error("none of the {wanted} transcripts of the goldset `{goldset}` is below `{}`\n\nhint: the first one is looked for at `{}`{how}", .folder.display(), .first.display())]
    NoTranscripts {
        folder: PathBuf,
        wanted: usize,
        goldset: String,
        first: PathBuf,
        how: String,
    },
    #[error("{}", absent(.0))]
    Absent(Vec<String>),
    #[error("{}", broken(.0))]
    Broken(Vec<Broken>),
}

fn absent(lines: &[String]) -> String {
    format!(
        "transcripts are missing, and the goldset has no telemetry for them\n{}\n\nhint: fetch them, or take the sessions out of sessions.csv",
        lines.join("\n")
    )
}

fn broken(files: &[Broken]) -> String {
    let lines: Vec<String> = files
        .iter()
        .map(|(_, error)| match std::error::Error::source(error) {
            Some(source) => format!("  {error}: {source}"),
            None => format!("  {error}"),
        })
        .collect();
    format!(
        "transcripts cannot be read\n{}\n\nhint: mend or replace the files, or take the sessions out of sessions.csv",
        lines.join("\n")
    )
}

/// Reads what transcripts below `folder`, or the goldset's own, show of the sessions; where one is missing the
/// goldset's telemetry table stands in, and a note says so.
///
/// # Errors
/// Where a session has neither, or a file cannot be read.
pub(super) fn knowledge(
    goldset: &Goldset,
    wanted: &[&Session],
    folder: Option<&Path>,
    verbose: bool,
) -> Result<Known, KnowledgeError> {
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(KnowledgeError::NoSessionsFolder(folder.to_owned()));
    }
    let known =
        know(goldset, wanted, folder, standard_redaction()).map_err(KnowledgeError::Broken)?;
    if let (Some(folder), [(_, first), ..]) = (folder, known.absent.as_slice())
        && known.absent.len() == wanted.len()
    {
        let how = goldset
            .manifest
            .transcripts
            .as_ref()
            .map_or_else(String::new, |how| format!("; {how}"));
        return Err(KnowledgeError::NoTranscripts {
            folder: folder.to_owned(),
            wanted: wanted.len(),
            goldset: goldset.name.clone(),
            first: first.clone(),
            how,
        });
    }
    let source = |id: &str| {
        wanted
            .iter()
            .find(|session| session.id == id)
            .map_or("", |session| session.source.as_str())
    };
    let lines = |absent: &mut dyn Iterator<Item = &(String, PathBuf)>| -> Vec<String> {
        absent
            .map(|(id, path)| {
                format!(
                    "  {id}: no file `{}`; source: {}",
                    path.display(),
                    source(id)
                )
            })
            .collect()
    };
    let lost = lines(
        &mut known
            .absent
            .iter()
            .filter(|(id, _)| !known.telemetry.contains_key(id)),
    );
    if !lost.is_empty() {
        return Err(KnowledgeError::Absent(lost));
    }
    if !known.absent.is_empty() {
        output::note(&format!(
            "{} transcripts are missing; their telemetry is the goldset's table\n{}",
            known.absent.len(),
            lines(&mut known.absent.iter()).join("\n")
        ));
    }
    if verbose {
        for (path, line, reason) in &known.unreadable {
            output::note(&format!("{}:{line}: {reason}", path.display()));
        }
    }
    Ok(known)
}

/// Sessions of the study's scope, and those left out with the reason.
pub(super) fn eligible<'s>(
    wanted: &[&'s Session],
    known: &Known,
) -> (Vec<&'s Session>, Vec<(String, String)>) {
    let mut excluded = Vec::new();
    let sessions = wanted
        .iter()
        .filter(|session| match known.telemetry.get(&session.id) {
            Some(row) if !row.interactive => {
                excluded.push((
                    session.id.clone(),
                    format!("not interactive ({})", row.ineligible),
                ));
                false
            }
            Some(_) | None => true,
        })
        .copied()
        .collect();
    (sessions, excluded)
}
