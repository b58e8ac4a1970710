//! The only network code: models that are asked live or in batches, and what they charge.
//!
//! A spec such as `anthropic:NAME` becomes an [`endpoint::Endpoint`]. [`dialect`] makes a body of a request, and a
//! [`reply::Reply`] or a [`failure::Failure`] of a response: pure functions, in the two dialects `anthropic` and `openai`;
//! nothing of either vendor goes further. `http` sends bytes, `ask` sends them again where that can help, `pace` says when,
//! `price` what it costs, `models` what is known of each model. `batches` calls for batches, whose lines `batch_lines` reads and writes.
//!
//! Keys come from the environment and stay in [`key::Key`]: nothing here can print one.

mod anthropic;
mod anthropic_batches;
pub mod ask;
pub mod batch_lines;
pub mod batches;
pub mod dialect;
pub mod endpoint;
mod error_body;
pub mod failure;
pub mod fallback;
pub mod http;
mod json;
pub mod key;
mod label_probability;
pub mod limits;
pub mod models;
mod openai;
mod openai_batches;
pub mod pace;
pub mod price;
pub mod reply;
