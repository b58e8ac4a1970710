//! The exit codes, a documented part of the interface: scripts and CI jobs rely on them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; where the command judges, passed.
    Done,
    /// Judged and failed.
    Failed,
    /// Wrong usage or unusable input.
    Unusable,
    /// Cannot decide: answers are missing or the data are too few. What was obtained is kept.
    Undecided,
    /// Interrupted; every finished answer is kept.
    Interrupted,
    /// An error of the program itself. A crash never shares a code with a verdict.
    Crash,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Unusable => 2,
            Exit::Undecided => 3,
            Exit::Interrupted => 130,
            // Rust's own code for a panic, so that a panic and a reported bug look alike.
            Exit::Crash => 101,
        })
    }
}
