//! Results to stdout, everything else to stderr.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;

use crate::report::escape;

/// Writes a result. A reader that went away (`| head`) is no error.
///
/// # Errors
/// Any other error of stdout.
pub fn result(text: &str) -> io::Result<()> {
    let text = printed(text);
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something about the work on stderr. Text from outside cannot move the cursor there.
pub fn note(text: &str) {
    for line in text.lines() {
        // Nobody can be told that stderr is closed.
        let _ = writeln!(io::stderr(), "{}", printed(&escape::terminal(line)));
    }
}

/// Gives GitHub's runner a command, of our own making, on stderr.
pub fn command(line: &str) {
    // Nobody can be told that stderr is closed.
    let _ = writeln!(io::stderr(), "{}", escape::terminal(line));
}

/// True where GitHub's runner reads what is printed.
#[must_use]
pub fn is_github() -> bool {
    std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
}

/// A text as it is printed: where GitHub's runner reads it, no line of it is a command.
fn printed(text: &str) -> Cow<'_, str> {
    if is_github() {
        escape::github_log(text)
    } else {
        Cow::Borrowed(text)
    }
}

/// Writes a file whole or not at all: into a file beside it first, which then takes its place.
///
/// # Errors
/// Where the folder cannot be made or the file not written.
pub fn file(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)
        .with_context(|| format!("failed to make the folder `{}`", folder.display()))?;
    let beside = path.with_extension(format!("{}.partial", std::process::id()));
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("failed to write `{}`", path.display()))
}

/// Adds to the end of a file.
///
/// # Errors
/// Where it cannot be written.
pub fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("failed to write `{}`", path.display()))
}
