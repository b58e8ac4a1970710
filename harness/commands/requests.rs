//! `validate requests`: requests to models as files, out to any engine and back.

use crate::cli::Requests;
use crate::exit::Exit;

/// Runs the command.
///
/// # Errors
/// Where output fails.
pub fn run(_: &Requests) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
