//! Readers beside Claude Code's: a small session in each format's documented shape for each trap that real ones hold.

mod codex;
mod copilot;
mod cursor;
mod damage;
mod gemini;
mod opencode;
mod properties;
mod real;

use harness::ingest::detect::Format;
use serde_json::Value;

/// Lines of a file, each a JSON value.
fn lines(values: &[Value]) -> Vec<u8> {
    values
        .iter()
        .map(|value| format!("{value}\n"))
        .collect::<String>()
        .into_bytes()
}

/// A small session of each format in which something of each kind happens.
fn examples() -> [(Format, Vec<u8>); 5] {
    [
        (Format::Codex, codex::example()),
        (Format::OpenCode, opencode::example()),
        (Format::Gemini, gemini::example()),
        (Format::Copilot, copilot::example()),
        (Format::Cursor, cursor::example()),
    ]
}
