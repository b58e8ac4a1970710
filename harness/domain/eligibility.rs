//! Whether a session belongs to the study: interactive use of a coding agent by a person.
//!
//! Headless runs, use through a software development kit and use inside an editor are out of the study's scope (report,
//! footnote 4). The number of prompts never decides: a session of one prompt can be interactive and a scripted one can
//! have many.

use std::fmt;

/// Why a session is not part of the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ineligible {
    /// A single prompt handed over on the command line or a run without a person.
    Headless,
    /// Driven by a program through a software development kit or a third-party client.
    SoftwareKit,
    /// Used inside an editor.
    Editor,
    /// A sub-agent's own transcript: its prompts come from an agent.
    Subagent,
}

impl Ineligible {
    /// The code that stands in tables.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Headless => "headless",
            Self::SoftwareKit => "sdk",
            Self::Editor => "ide",
            Self::Subagent => "subagent",
        }
    }
}

impl fmt::Display for Ineligible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Headless => "headless run: one prompt from the command line, no person to answer",
            Self::SoftwareKit => "driven by a program through a software development kit",
            Self::Editor => "used inside an editor",
            Self::Subagent => "a sub-agent's own transcript",
        })
    }
}
