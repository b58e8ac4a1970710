//! What a provider's headers say about its limits, whoever the provider is.

use std::time::Duration;

/// One limit: how much a window holds, how much is left of it, and when it is full again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// All of it.
    pub limit: u64,
    /// What is left.
    pub remaining: u64,
    /// Until it is full again.
    pub reset: Duration,
}

/// The limits of one response; `None` where the provider said nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests.
    pub requests: Option<Window>,
    /// Input tokens; providers that count input and output together are told here too.
    pub input_tokens: Option<Window>,
    /// Output tokens.
    pub output_tokens: Option<Window>,
}
