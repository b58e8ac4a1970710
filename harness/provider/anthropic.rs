//! The Anthropic Messages API: bodies of requests, and what responses mean.
