//! One transcript file, read once, measured by everyone who listens.

use std::path::Path;

use crate::domain::event::{Body, Event, Listener, Position};
use crate::domain::telemetry::TelemetryRow;
use crate::domain::text::Redaction;
use crate::ingest::file::{self, FileError};
use crate::telemetry::counter::{Counter, Problem};
use crate::telemetry::words::PromptWords;

/// What one transcript gave.
#[derive(Debug)]
pub struct Measured {
    /// The counts.
    pub row: TelemetryRow,
    /// What the person typed, as a vocabulary.
    pub words: PromptWords,
    /// The first lines that could not be read.
    pub problems: Vec<Problem>,
}

/// Reads and counts one transcript file.
///
/// # Errors
/// Where the file cannot be read or has no readable format.
pub fn measure(path: &Path, redaction: Redaction) -> Result<Measured, FileError> {
    let mut listeners = Listeners::default();
    let format = file::read(path, redaction, &mut listeners)?;
    let (row, problems) = listeners.counter.finish(format.agent(), &stem(path));
    Ok(Measured {
        row,
        words: listeners.words,
        problems,
    })
}

/// Reads and counts one transcript file without its vocabulary, whose words are redacted one prompt after the other.
///
/// # Errors
/// Where the file cannot be read or has no readable format.
pub fn count(path: &Path, redaction: Redaction) -> Result<(TelemetryRow, Vec<Problem>), FileError> {
    let mut counter = Counter::default();
    let format = file::read(path, redaction, &mut counter)?;
    Ok(counter.finish(format.agent(), &stem(path)))
}

/// The name of a file without its ending.
fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[derive(Default)]
struct Listeners {
    counter: Counter,
    words: PromptWords,
}

impl Listener for Listeners {
    fn event(&mut self, at: Position, event: Event<'_>) {
        self.words.hear(&event);
        self.counter.event(at, event);
    }

    /// The vocabulary is that of prompts.
    fn takes(&self, body: Body<'_>) -> bool {
        self.counter.takes(body)
    }
}
