//! One integration binary, a module per subject.
#![allow(clippy::unwrap_used)]

mod claude_code;
mod detect;
mod ingest_properties;
mod redaction;
mod shell_commands;
mod stats_numbers;
mod stats_numbers_properties;
mod stats_numbers_reference;
mod stats_reference;
mod stats_support;
mod telemetry_command;
mod telemetry_real;
mod transcript;
