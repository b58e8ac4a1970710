//! The provider room: what is sent, when, how often, and what it costs.

mod ask;
mod pace;
mod price;
