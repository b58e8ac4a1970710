//! Opens a transcript file: finds its format by content and reads it with the reader of that format.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::domain::event::Listener;
use crate::domain::text::Redaction;

use super::detect::{Format, detect};
use super::{claude_code, codex, copilot, cursor, gemini, opencode};

/// Bytes that decide most files; a longer look follows where they do not.
const SHORT_LOOK: u64 = 64 * 1024;
/// Bytes that are looked at before a file counts as no transcript: a first line can hold a picture.
const LONG_LOOK: u64 = 8 * 1024 * 1024;
/// Small enough to stay in a core's own cache while its lines are read.
const BUFFER: usize = 128 * 1024;

/// Why a file gives no session.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened or read.
    #[error("failed to read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content is no transcript of any known format.
    #[error("`{}` is no transcript of a known format", .0.display())]
    NoTranscript(PathBuf),
}

/// The format of a file.
///
/// # Errors
/// Where the file cannot be read or is no transcript.
pub fn format_of(path: &Path) -> Result<Format, FileError> {
    let read = |source| FileError::Read {
        path: path.to_owned(),
        source,
    };
    for bytes in [SHORT_LOOK, LONG_LOOK] {
        let mut head = Vec::new();
        let file = File::open(path).map_err(read)?;
        file.take(bytes).read_to_end(&mut head).map_err(read)?;
        if let Some(format) = detect(&head) {
            return Ok(format);
        }
        if (head.len() as u64) < bytes {
            break;
        }
    }
    Err(FileError::NoTranscript(path.to_owned()))
}

/// Reads a transcript of any format, and says which format it was.
///
/// # Errors
/// Where the file cannot be read or is no transcript.
pub fn read(
    path: &Path,
    redaction: Redaction,
    listener: &mut dyn Listener,
) -> Result<Format, FileError> {
    let format = format_of(path)?;
    let failed = |source| FileError::Read {
        path: path.to_owned(),
        source,
    };
    let source = BufReader::with_capacity(BUFFER, File::open(path).map_err(failed)?);
    read_as(format, source, redaction, listener).map_err(failed)?;
    Ok(format)
}

/// Reads `source` with the reader of `format`.
///
/// # Errors
/// Errors of the source only.
pub fn read_as(
    format: Format,
    source: impl BufRead,
    redaction: Redaction,
    listener: &mut dyn Listener,
) -> io::Result<()> {
    match format {
        Format::ClaudeCode => claude_code::read(source, redaction, listener),
        Format::Codex => codex::read(source, redaction, listener),
        Format::OpenCode => opencode::read(source, redaction, listener),
        Format::Gemini => gemini::read(source, redaction, listener),
        Format::Copilot => copilot::read(source, redaction, listener),
        Format::Cursor => cursor::read(source, redaction, listener),
    }
}
