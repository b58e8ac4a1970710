//! One integration binary, a module per subject.
#![allow(clippy::unwrap_used)]

mod claude_code;
mod detect;
mod redaction;
mod stats_numbers;
mod stats_numbers_properties;
mod stats_numbers_reference;
mod stats_reference;
mod stats_support;
mod telemetry_real;
mod transcript;
