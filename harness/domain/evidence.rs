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

/// One checkpoint of one session, as the Entire CLI kept it: what was committed then and whose it was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkpoint {
    /// The session's id.
    pub session_id: String,
    /// The checkpoint's id: 12 hexadecimal digits or a ULID.
    pub checkpoint_id: String,
    /// Sessions that the checkpoint holds; unknown where only the session's own metadata is at hand.
    pub sessions: Option<u64>,
    /// Entire's attribution of the commit, if it made one.
    pub attribution: Option<Attribution>,
    /// Commits that name the checkpoint; unknown where nobody looked.
    pub commits: Option<Vec<Commit>>,
}

/// Whose lines a commit holds, as the Entire CLI estimates at the time of the commit.
///
/// `agent_percentage` has two definitions under one name. Metric 1: `agent_lines / total_committed`, which knows no
/// removed line. Metric 2: `(agent_lines + agent_removed) / total_lines_changed`. They are never pooled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attribution {
    /// Which definition; 1 where the record says nothing.
    pub metric_version: u64,
    /// Lines that the agent added.
    pub agent_lines: Option<u64>,
    /// Lines that the agent removed; metric 2 only.
    pub agent_removed: Option<u64>,
    /// Lines that the person added.
    pub human_added: Option<u64>,
    /// Lines that the person changed: the smaller of added and removed.
    pub human_modified: Option<u64>,
    /// Lines that the person removed.
    pub human_removed: Option<u64>,
    /// Lines that the commit added.
    pub total_committed: Option<u64>,
    /// Lines that the commit added and removed; metric 2 only.
    pub total_lines_changed: Option<u64>,
    /// The agent's share in percent, as the record gives it.
    pub agent_percentage: Option<f64>,
}

/// A commit that names a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// True for a commit of several parents, whose difference is mostly the work of others: it has no counts.
    pub merge: bool,
    /// Lines added, binary files not counted.
    pub additions: Option<u64>,
    /// Lines removed, binary files not counted.
    pub deletions: Option<u64>,
}

/// What the Entire CLI's checkpoints say of one session. Empty where they say nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntireRow {
    /// Checkpoints that hold the session.
    pub entire_checkpoints: Option<u64>,
    /// Those of them that hold other sessions too: attribution and commits are of all together.
    pub entire_shared_checkpoints: Option<u64>,
    /// Sessions in the checkpoint that holds most of them.
    pub entire_sessions: Option<u64>,
    /// Commits that name one of the checkpoints, each counted once.
    pub entire_commits: Option<u64>,
    /// Lines that these commits add, merge commits left out.
    pub entire_commit_lines_added: Option<u64>,
    /// Lines that these commits remove, merge commits left out.
    pub entire_commit_lines_removed: Option<u64>,
    /// Which definition the attribution follows, `1` or `2`; `mixed` where checkpoints differ, and all figures of it are empty.
    pub entire_metric_version: Option<String>,
    /// Checkpoints with an attribution.
    pub entire_attributed_checkpoints: Option<u64>,
    /// Lines that the agent added, over these checkpoints.
    pub entire_agent_lines: Option<u64>,
    /// Lines that the agent removed; metric 2 only.
    pub entire_agent_removed: Option<u64>,
    /// Lines that the person added.
    pub entire_human_added: Option<u64>,
    /// Lines that the person changed.
    pub entire_human_modified: Option<u64>,
    /// Lines that the person removed.
    pub entire_human_removed: Option<u64>,
    /// Lines that the commits added, as Entire counts them.
    pub entire_total_committed: Option<u64>,
    /// Lines that the commits added and removed, as Entire counts them; metric 2 only.
    pub entire_total_lines_changed: Option<u64>,
    /// The agent's share in percent of the sums above, by the metric's own definition.
    pub entire_agent_percentage: Option<f64>,
}
