//! `validate completions SHELL`: a script that completes commands and options in a shell.

use anyhow::Context;

use crate::cli::{Cli, Shell};
use crate::exit::Exit;

use super::output;

/// Writes the script to stdout.
///
/// # Errors
/// Where stdout fails.
pub fn run(shell: Shell) -> anyhow::Result<Exit> {
    let generator = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Elvish => clap_complete::Shell::Elvish,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Powershell => clap_complete::Shell::PowerShell,
        Shell::Zsh => clap_complete::Shell::Zsh,
    };
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut Cli::described(), "validate", &mut script);
    let script = String::from_utf8(script).context("the script for the shell is no text")?;
    output::result(&script)?;
    Ok(Exit::Done)
}
