//! Words that every room shares: what a session is made of, what is measured of it, what is said about it.
//!
//! No input, no output, no other room. A type stands here when at least two rooms need it.

pub mod answer;
pub mod bill;
pub mod eligibility;
pub mod event;
pub mod evidence;
pub mod exchange;
pub mod label;
pub mod moment;
pub mod money;
pub mod nearest;
pub mod rating;
pub mod request;
pub mod telemetry;
pub mod text;
pub mod variation;
