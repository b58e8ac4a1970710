//! One integration binary, a module per subject.
#![allow(clippy::unwrap_used)]

mod stats_bootstrap;
mod stats_degenerate;
mod stats_paired;
mod stats_panel;
mod stats_properties;
mod stats_published;
mod stats_reference;
mod stats_speed;
mod stats_support;
mod stats_verdict;
