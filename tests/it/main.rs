//! One integration binary, a module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may panic, and say when they skip"
)]

mod answer_schemas;
mod answers;
mod answers_properties;
mod answers_support;
mod appendix_page;
mod architecture;
mod asking;
mod asking_batches;
mod asking_bill;
mod asking_crash;
mod asking_faults;
mod asking_openai;
mod asking_support;
mod claude_code;
mod detect;
mod doctor;
mod entire;
#[path = "../fake/mod.rs"]
mod fake;
mod fake_provider;
mod figures;
mod gate;
mod gate_flow;
mod imports;
mod ingest_properties;
mod main_job;
mod main_job_errors;
mod main_job_real;
mod prompts_answers;
mod prompts_diff;
mod prompts_lint;
mod provider;
mod readers;
mod recorded;
mod recordings;
mod redaction;
mod report;
mod requests;
mod requests_files;
mod requests_files_errors;
mod robustness;
mod robustness_figures;
mod shell_commands;
mod starter;
mod stats_bootstrap;
mod stats_command;
mod stats_command_reference;
mod stats_degenerate;
mod stats_numbers;
mod stats_numbers_estimates;
mod stats_numbers_properties;
mod stats_numbers_reference;
mod stats_numbers_regression;
mod stats_numbers_regression_properties;
mod stats_paired;
mod stats_panel;
mod stats_properties;
mod stats_published;
mod stats_reference;
mod stats_support;
mod stats_tables;
mod stats_verdict;
mod store;
mod swe_chat;
mod swe_chat_damage;
mod swe_chat_faults;
#[path = "../swe_chat/mod.rs"]
#[allow(dead_code, reason = "the bench uses more of it")]
mod swe_chat_files;
mod swe_chat_real;
mod telemetry_checks;
mod telemetry_command;
mod telemetry_real;
mod transcript;
mod workflows;
mod workspace;
