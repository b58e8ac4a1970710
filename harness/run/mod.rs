//! Brings raters to sessions: who answers, and what is measured on the way.
//!
//! `measure` reads a transcript once for everyone who counts. `raters` answers without a network: a rater of the goldset
//! or a baseline.

pub mod asked;
pub mod measure;
pub mod raters;
pub mod sessions;
pub mod view;
