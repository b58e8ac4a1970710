//! What sources beside the transcript say of a session. Evidence, not truth: each source is blind to something.

use serde::{Deserialize, Serialize};

/// What a client exported of one session over OpenTelemetry. Empty where nothing of the kind was exported.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OtlpRow {
    /// Lines added.
    pub otlp_lines_added: Option<f64>,
    /// Lines removed.
    pub otlp_lines_removed: Option<f64>,
    /// Commits.
    pub otlp_commits: Option<f64>,
    /// Pull requests.
    pub otlp_pull_requests: Option<f64>,
    /// Starts of the session; more than one where it was resumed.
    pub otlp_sessions: Option<f64>,
    /// Input tokens, neither read from nor written to the cache.
    pub otlp_input_tokens: Option<f64>,
    /// Output tokens.
    pub otlp_output_tokens: Option<f64>,
    /// Input tokens read from the cache.
    pub otlp_cache_read_tokens: Option<f64>,
    /// Input tokens written to the cache.
    pub otlp_cache_write_tokens: Option<f64>,
    /// Cost in US dollars, as the client computes it.
    pub otlp_cost_usd: Option<f64>,
    /// Seconds of work.
    pub otlp_active_s: Option<f64>,
    /// Edits that were accepted, by the person or by a rule.
    pub otlp_accepted: Option<f64>,
    /// Edits that were rejected.
    pub otlp_rejected: Option<f64>,
    /// Prompts, from events.
    pub otlp_prompts: Option<f64>,
    /// Tool results, from events.
    pub otlp_actions: Option<f64>,
    /// Tool results that failed, from events.
    pub otlp_tool_errors: Option<f64>,
}
