//! The only network code: models that are asked live or in batches, and what they charge.
//!
//! A spec such as `anthropic:NAME` becomes an [`endpoint::Endpoint`]. `anthropic` and `openai` are the two dialects: pure
//! functions from a request to the bytes of a body, and from a response to a [`reply::Reply`] or a [`failure::Failure`];
//! nothing of either vendor goes further. `http` sends bytes, `ask` sends them again where that can help, `pace` says when,
//! `price` what it costs, `models` what is known of each model. Batches have files of their own.
//!
//! Keys come from the environment and stay in [`key::Key`]: nothing here can print one.

pub mod anthropic;
pub mod batch_lines;
pub mod dialect;
pub mod endpoint;
pub mod failure;
pub mod key;
pub mod limits;
pub mod openai;
pub mod reply;
