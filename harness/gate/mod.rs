//! Verdicts on prompts.
//!
//! `robustness` says whether answers stand when a request is varied and its right answer is not.

pub mod robustness;
