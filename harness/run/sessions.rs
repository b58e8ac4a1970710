//! Telemetry and words of a goldset's sessions: from their transcripts where there are some, else from its table.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::domain::telemetry::TelemetryRow;
use crate::domain::text::Redaction;
use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;
use crate::ingest::file::FileError;
use crate::telemetry::join::join;
use crate::telemetry::words::PromptWords;

use super::measure::{Measured, measure};

/// What is known of sessions without asking anyone.
#[derive(Debug, Default)]
pub struct Known {
    /// Telemetry by session.
    pub telemetry: HashMap<String, TelemetryRow>,
    /// Vocabulary by session, where a transcript was read.
    pub words: HashMap<String, PromptWords>,
    /// Whether transcripts were looked for.
    pub looked_for_transcripts: bool,
    /// Sessions whose transcript is not there, with the path that was tried.
    pub absent: Vec<(String, PathBuf)>,
    /// Lines of transcripts that could not be read: file, line, reason.
    pub unreadable: Vec<(PathBuf, u64, String)>,
}

/// Why a transcript that is there could not be read.
pub type Broken = (PathBuf, FileError);

/// Reads what is known of `sessions`: transcripts below `folder`, else below the goldset's own `sessions/`.
///
/// # Errors
/// Every transcript that is there and cannot be read.
pub fn know(
    goldset: &Goldset,
    sessions: &[&Session],
    folder: Option<&Path>,
    redaction: Redaction,
) -> Result<Known, Vec<Broken>> {
    let own = goldset.folder.join("sessions");
    let folder = folder
        .map(Path::to_owned)
        .or_else(|| own.is_dir().then_some(own));
    let mut known = Known {
        looked_for_transcripts: folder.is_some(),
        ..Known::default()
    };
    for session in sessions {
        if let Some(row) = goldset.telemetry.get(&session.id) {
            known.telemetry.insert(session.id.clone(), row.clone());
        }
    }
    let Some(folder) = folder else {
        return Ok(known);
    };
    let read: Vec<(PathBuf, Option<Result<Measured, FileError>>)> = sessions
        .par_iter()
        .map(|session| {
            let path = folder.join(&session.file);
            let measured = path.is_file().then(|| measure(&path, redaction));
            (path, measured)
        })
        .collect();
    let mut broken = Vec::new();
    let mut rows = Vec::new();
    for (session, (path, measured)) in sessions.iter().zip(read) {
        match measured {
            None => known.absent.push((session.id.clone(), path)),
            Some(Err(error)) => broken.push((path, error)),
            Some(Ok(measured)) => {
                let unreadable = measured.problems.into_iter();
                known
                    .unreadable
                    .extend(unreadable.map(|problem| (path.clone(), problem.line, problem.reason)));
                rows.push(TelemetryRow {
                    session_id: session.id.clone(),
                    ..measured.row
                });
                known.words.insert(session.id.clone(), measured.words);
            }
        }
    }
    // Sub-agents' own transcripts are sessions of the goldset, too, out of scope.
    join(&mut rows);
    for row in rows {
        known.telemetry.insert(row.session_id.clone(), row);
    }
    if broken.is_empty() {
        Ok(known)
    } else {
        Err(broken)
    }
}
