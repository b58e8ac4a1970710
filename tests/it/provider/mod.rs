//! The provider room: what is sent, when, how often, and what it costs.

mod ask;
mod dialects;
mod dialects_answers;
mod dialects_endpoint;
mod dialects_failures;
mod dialects_fallback;
mod dialects_properties;
mod http;
mod http_server;
mod pace;
mod price;
