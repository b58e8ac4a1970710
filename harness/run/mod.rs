//! Brings raters to sessions: who answers, what is asked of whom, and what is measured on the way.
//!
//! `measure` reads a transcript once for everyone who counts. `raters` answers without a network: a rater of the goldset
//! or a baseline. `plan` renders and hashes all requests; `recorded` finds their answers in the goldset; `asked` reads answers
//! and keeps a row for each.

pub mod asked;
pub mod measure;
pub mod plan;
pub mod raters;
pub mod recorded;
pub mod sessions;
pub mod view;
