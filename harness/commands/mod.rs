//! One file per subcommand: wires rooms, prints, writes files. The only place with anyhow.

mod answers;
mod asking;
pub mod completions;
pub mod doctor;
pub mod gate;
mod gate_robustness;
pub mod import;
mod knowledge;
pub mod output;
mod panel;
mod players;
mod progress;
pub mod prompts;
pub mod report;
pub mod requests;
mod said;
pub mod stats;
pub mod telemetry;
pub mod validate;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

/// Runs what the command line asks for and says how it ended.
#[must_use]
pub fn dispatch(cli: &Cli) -> Exit {
    let ended = match &cli.command {
        Some(Command::Telemetry(arguments)) => telemetry::run(arguments, cli.verbose),
        Some(Command::Import { from }) => import::run(from, cli.verbose),
        Some(Command::Stats { kind }) => stats::run(kind),
        Some(Command::Requests { command }) => requests::run(command),
        Some(Command::Prompts { command }) => prompts::run(command),
        Some(Command::Gate(arguments)) => gate::run(arguments, cli.verbose),
        Some(Command::Completions { shell }) => completions::run(*shell),
        Some(Command::Report(arguments)) => report::run(arguments, cli.verbose),
        Some(Command::Doctor(arguments)) => doctor::run(arguments),
        None => validate::run(&cli.main, cli.verbose),
    };
    match ended {
        Ok(exit) => exit,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            Exit::Crash
        }
    }
}
