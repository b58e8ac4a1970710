//! One integration binary, a module per subject.
#![allow(clippy::unwrap_used)]

mod stats_numbers;
mod stats_numbers_estimates;
mod stats_numbers_properties;
mod stats_numbers_reference;
mod stats_numbers_regression;
mod stats_numbers_regression_properties;
