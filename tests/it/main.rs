//! One integration binary, a module per subject.
#![allow(clippy::unwrap_used)]

mod answer_schemas;
mod answers;
mod answers_properties;
mod answers_support;
mod architecture;
mod main_job;
mod main_job_errors;
mod main_job_real;
mod recordings;
mod redaction;
mod stats_bootstrap;
mod stats_degenerate;
mod stats_numbers;
mod stats_numbers_properties;
mod stats_numbers_reference;
mod stats_numbers_regression;
mod stats_paired;
mod stats_panel;
mod stats_properties;
mod stats_published;
mod stats_reference;
mod stats_speed;
mod stats_support;
mod stats_verdict;
mod workspace;
