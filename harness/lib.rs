//! The rooms of `validate`, in the order in which a session walks through them.
//!
//! `domain` and `stats` use nothing of the house. `ingest`, `telemetry`, `goldset`, `classifier`, `provider` and `store` speak
//! in words of `domain`. `run` brings raters to sessions, `validation` judges what they said, `gate` a change of
//! prompts, `report` writes it down and
//! `commands` wires the rooms together. A test (`tests/it/architecture.rs`) holds every `use crate::` line to that
//! direction; `docs/architecture.md` is the map.

pub mod domain;
pub mod stats;

pub mod classifier;
pub mod goldset;
pub mod ingest;
pub mod provider;
pub mod store;
pub mod telemetry;

pub mod run;
pub mod validation;

pub mod gate;

pub mod report;

pub mod cli;
pub mod commands;
pub mod exit;
