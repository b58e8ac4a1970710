//! What a session shows without a model's judgement: counts from its events, one file per measure family.
//!
//! `counter` turns events into a [`TelemetryRow`](crate::domain::telemetry::TelemetryRow); `shell` reads commands;
//! `join` adds sub-agents' own transcripts to
//! their sessions; `attribution` sums what checkpoints say; `words` keeps the vocabulary of what a person typed, for the rules that a prompt has to beat.

pub mod attribution;
pub mod counter;
pub mod join;
pub mod shell;
pub mod words;
