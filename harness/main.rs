//! Parse, dispatch, map the outcome to an exit code; nothing else.

use std::process::ExitCode;

use clap::Parser;
use harness::cli::Cli;
use harness::commands;

fn main() -> ExitCode {
    commands::dispatch(&Cli::parse()).into()
}
