//! Results to stdout, everything else to stderr.

use std::io::{self, Write};

use crate::report::escape;

/// Writes a result. A reader that went away (`| head`) is no error.
///
/// # Errors
/// Any other error of stdout.
pub fn result(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something about the work on stderr. Text from outside cannot move the cursor there.
pub fn note(text: &str) {
    for line in text.lines() {
        // Nobody can be told that stderr is closed.
        let _ = writeln!(io::stderr(), "{}", escape::terminal(line));
    }
}
