//! Classifiers as data: what is asked, on which scale, and what telemetry has to show.
//!
//! A folder under `prompts/` is a classifier; no code knows their names. `definition` is the file's shape, `load` finds
//! and checks the folders.

pub mod definition;
pub mod load;
pub mod view;
