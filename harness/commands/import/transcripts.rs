//! `validate import transcripts`: any folder that holds transcripts, whichever agent wrote them.

use std::path::Path;

use rayon::prelude::*;

use crate::commands::output;
use crate::ingest::detect::Format;
use crate::ingest::file::{FileError, format_of};
use crate::ingest::redaction::standard_redaction;
use crate::ingest::walk;
use crate::report::number;
use crate::run::measure::measure;

use super::collection::{self, Candidate, Origin};

/// Imports every transcript of `source`.
///
/// # Errors
/// Where the source cannot be walked, holds no transcript, or the goldset cannot be written.
pub(super) fn import(source: &Path, out: &Path, verbose: bool) -> anyhow::Result<()> {
    collection::usable(out)?;
    anyhow::ensure!(
        source.exists(),
        "it is not there\n\nhint: name a folder with transcripts, such as an agent's own folder of projects"
    );
    let own = out.canonicalize().ok();
    let found: Vec<walk::Found> = walk::files(&[source.to_owned()])?
        .into_iter()
        // The goldset may lie in the folder that is imported.
        .filter(|found| match (&own, found.path.canonicalize()) {
            (Some(own), Ok(path)) => !path.starts_with(own),
            _ => true,
        })
        .collect();
    let read: Vec<Result<Candidate, FileError>> = found
        .par_iter()
        .map(|found| candidate(&found.path, source))
        .collect();
    let mut candidates = Vec::new();
    let mut passed_over = 0_u64;
    for read in read {
        match read {
            Ok(candidate) => candidates.push(candidate),
            Err(error @ FileError::NoTranscript(_)) if verbose => {
                output::note(&format!("passed over: {error}"));
            }
            Err(FileError::NoTranscript(_)) => passed_over += 1,
            Err(error) => return Err(error.into()),
        }
    }
    if passed_over > 0 {
        output::note(&format!(
            "passed over: {}, no transcript of a known format (`--verbose` lists them)",
            number::counted(passed_over, "file")
        ));
    }
    anyhow::ensure!(
        !candidates.is_empty(),
        "it holds no transcript\n\nhint: name a folder with transcripts, such as an agent's own folder of projects"
    );
    let tally = collection::add(
        out,
        &Origin {
            title: "imported transcripts",
            licence: "unknown",
            provenance: "Imported from a folder of transcripts; sessions.csv names the folder of each.",
        },
        candidates,
    )?;
    output::note(&tally.sentence(out));
    output::note(collection::UNREDACTED);
    output::note(&collection::next(out));
    Ok(())
}

fn candidate(path: &Path, source: &Path) -> Result<Candidate, FileError> {
    let format = format_of(path)?;
    let row = measure(path, standard_redaction())?.row;
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    // The folder below the source is the project in the agents' own folders; a flat folder is one project itself.
    let below = path.strip_prefix(source).unwrap_or(path);
    let project = if below.components().count() > 1 {
        below
            .components()
            .next()
            .map(|first| first.as_os_str().to_string_lossy().into_owned())
    } else {
        source
            .canonicalize()
            .ok()
            .and_then(|source| name(&source))
            .filter(|_| source.is_dir())
    };
    let project = project.unwrap_or_else(|| "unknown".to_owned());
    // Claude Code's sub-agents write files that carry the id of the session that started them.
    let id = if row.parent_session == row.session_id {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        format!("{}.{stem}", row.session_id)
    } else {
        row.session_id
    };
    Ok(Candidate {
        id,
        path: path.to_owned(),
        is_document: matches!(format, Format::OpenCode | Format::Gemini),
        user: String::new(),
        date: row.first_timestamp.unwrap_or_default(),
        licence: String::new(),
        source: format!("folder {project}"),
        repo: project,
        ..Candidate::default()
    })
}
