//! Labelled sessions: what they are, who labelled them, and what was said.
//!
//! `manifest` reads `goldset.toml`, `sessions` the list of sessions, `labels` the ratings, `decisions` the decision lists,
//! `load` brings them together and finds what does not fit: unknown labels, doubles, sessions nobody listed. `recordings`
//! holds the answers that models gave before (`recording_lines`: one file of them; `recording_merge`: new ones among them). All problems of a goldset are told
//! at once.

pub mod decisions;
pub mod injections;
pub mod labels;
pub mod load;
pub mod manifest;
mod recording_lines;
pub mod recording_merge;
pub mod recordings;
pub mod sessions;
mod table;
