//! Reading Claude Code transcripts: a small session for each trap that real ones hold, and what has to come out of it.

mod changes;
mod entries;
mod identity_and_time;
mod interruptions_and_errors;
mod lines;
mod messages;
mod outcomes;
mod queue;
mod scope;
mod skimmed;
mod subagents;
mod user_entries;

use serde_json::{Value, json};

use crate::transcript::{SESSION, Transcript, counted, created, facts, heard, patch, tool_result};

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// A session of one exchange, which no further entry may disturb.
fn exchange() -> Transcript {
    Transcript::new()
        .user("Fix the bug")
        .says("m1", "Done now.")
}

const EXCHANGE: [&str; 2] = ["Typed: Fix the bug", "agent: Done now."];
