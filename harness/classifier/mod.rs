//! Classifiers as data: what is asked, on which scale, what telemetry has to show, and how an answer is read.
//!
//! A folder under `prompts/` is a classifier; no code knows their names. `definition` is the file's shape, `load` finds
//! and checks the folders; `check` is a telemetry check (`check_table`: as the file has it), `derived` a measure computed from
//! labels, `references` what classifiers say of each other. `schema` holds what is sent and what is checked (`portable`: what every provider takes),
//! `study` is what the study looks at across classifiers, `answer` reads what came back and never guesses (`json`: JSON with its doubles and its end).

pub mod answer;
pub mod check;
pub mod check_table;
pub mod definition;
pub mod derived;
mod json;
pub mod load;
mod portable;
pub mod prompt;
mod references;
pub mod schema;
pub mod study;
pub mod view;
