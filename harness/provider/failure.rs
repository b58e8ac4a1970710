//! Why there is no answer, and what that means for this request and for the run.

use std::fmt;
use std::time::Duration;

use super::limits::Limits;

/// A request that brought no answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What it means.
    pub kind: FailureKind,
    /// What the server or the connection said: one line, without control characters, without keys, of bounded length.
    pub message: String,
    /// The status, where there was a response.
    pub status: Option<u16>,
    /// The provider's name for this exchange.
    pub request_id: Option<String>,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
    /// What the headers said about limits.
    pub limits: Limits,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Too much was asked at once (429): wait, ask less, ask again.
    RateLimit,
    /// The server is overloaded (503, 529): as a rate limit.
    Overloaded,
    /// It may go well the next time: connection, time-out, 408, 409, 5xx, a body that broke off.
    Transient,
    /// This request can never go well (400, 413, 422): it is an outcome, and others go on.
    Request,
    /// Nothing more can be asked.
    Run(StopReason),
}

/// Why a run stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The key is missing, wrong, or not allowed this (401, 403).
    Key,
    /// There is no such model or address (404).
    Model,
    /// Credits or a spending limit are used up (402, 429 or 400 that say so).
    Spending,
}

impl Failure {
    /// Whether asking again can help.
    #[must_use]
    pub fn can_be_asked_again(&self) -> bool {
        match self.kind {
            FailureKind::RateLimit | FailureKind::Overloaded | FailureKind::Transient => true,
            FailureKind::Request | FailureKind::Run(_) => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(formatter, "{status}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl std::error::Error for Failure {}
