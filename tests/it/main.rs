//! One integration binary, a module per subject.
#![allow(clippy::unwrap_used)]
mod redaction;
