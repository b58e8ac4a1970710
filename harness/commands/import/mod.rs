//! `validate import`: sessions from elsewhere into a goldset.
//!
//! Each source has its file; `evidence` writes what `entire` finds beside transcripts; `leftovers` clears up after imports that were
//! killed; `collection` is what they share: it adds candidates to a goldset's folder and writes its tables.
//! Every file is written beside its place first and then put there, the list of sessions last, so that an import that
//! breaks off leaves a whole goldset, and the next one goes on.
//!
//! Transcripts are copied byte for byte: the readers read six formats and write none, and a changed copy would have other
//! telemetry than its session. So the copies are as secret as their source. All that `validate` shows or sends of them
//! is redacted; the folder of copies gets a `.gitignore`.

mod collection;
mod entire;
mod evidence;
mod leftovers;
mod side_file;
mod swe_chat;
mod swe_chat_files;
mod swe_chat_said;
mod table;
mod transcripts;

use anyhow::Context;

use crate::cli::import::From;
use crate::exit::Exit;

use super::output;

/// Runs the command.
///
/// # Errors
/// Never: what goes wrong is said, and the exit code is that of unusable input.
pub fn run(from: &From, verbose: bool) -> anyhow::Result<Exit> {
    let done = match from {
        From::Transcripts(path) => transcripts::import(&path.source, &path.out, verbose)
            .with_context(|| format!("failed to import `{}`", path.source.display())),
        From::Entire(from) => entire::import(from)
            .with_context(|| format!("failed to import `{}`", from.source.display())),
        From::SweChat(from) => swe_chat::import(from)
            .with_context(|| format!("failed to import `{}`", from.path.source.display())),
    };
    match done {
        Ok(()) => Ok(Exit::Done),
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            Ok(Exit::Unusable)
        }
    }
}
