//! The telemetry row of a session: what was measured without a model's judgement.

use serde::{Deserialize, Serialize};

/// What a transcript shows of one session. Field names are the columns of `validate telemetry`.
///
/// Counts are of the main transcript unless the name says otherwise. An `Option` is empty where the format cannot tell;
/// it is never zero for "unknown".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TelemetryRow {
    /// The file's stem if it ends with the inner id, else the inner id.
    pub session_id: String,
    /// The agent, by its usual name.
    pub agent: String,
    /// Versions of the agent's client in order of appearance, joined by `;`.
    pub agent_version: String,
    /// Turns of the person: typed prompts, shell commands of the person and approved plans.
    pub prompts: u64,
    /// Commands of the client and of skills.
    pub slash_commands: u64,
    /// Prompts typed while the agent worked that never became a turn of their own.
    pub queued_prompts: u64,
    /// Tool calls of the agent, those of its sub-agents included.
    pub actions: u64,
    /// Tool calls of sub-agents among the actions.
    pub subagent_actions: u64,
    /// Actions per prompt; empty without a prompt.
    pub actions_per_prompt: Option<f64>,
    /// Words of the agent's replies in the main transcript, without reasoning and tool input.
    pub agent_words: u64,
    /// Agent words per prompt; empty without a prompt.
    pub agent_words_per_prompt: Option<f64>,
    /// Words that the person typed.
    pub user_words: u64,
    /// Lines added by successful edits, counted on patches; cumulative, not net.
    pub lines_added: u64,
    /// Lines removed by successful edits, counted on patches.
    pub lines_removed: u64,
    /// Lines added by sub-agents, where the transcript tells.
    pub subagent_lines_added: u64,
    /// Lines removed by sub-agents, where the transcript tells.
    pub subagent_lines_removed: u64,
    /// Distinct files that successful edits changed.
    pub files_changed: u64,
    /// Commits that the agent made.
    pub commits: u64,
    /// Distinct pull requests opened or linked.
    pub pull_requests: u64,
    /// Runs of a test runner by the agent.
    pub test_runs: u64,
    /// Test runs that failed.
    pub test_failures: u64,
    /// Tool results marked as errors, rejections and commands that exited with another code than zero included.
    pub tool_errors: u64,
    /// Tool calls that the person refused.
    pub rejections: u64,
    /// Times the person stopped the agent.
    pub interruptions: u64,
    /// Times the context was compacted.
    pub compactions: u64,
    /// Seconds of work: the sum of the client's turn durations, else of the gaps under two minutes.
    pub duration_active_s: Option<f64>,
    /// First timestamp, ISO 8601.
    pub first_timestamp: Option<String>,
    /// Last timestamp, ISO 8601.
    pub last_timestamp: Option<String>,
    /// Models in order of appearance, joined by `;`.
    pub models: String,
    /// Input tokens, neither read from nor written to the cache.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Input tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the cache.
    pub cache_write_tokens: u64,
    /// Whether the session is interactive use by a person.
    pub interactive: bool,
    /// Why it is not, as a code; empty if it is.
    pub ineligible: String,
    /// `full`, or what the line counts may miss: `shell`, `subagent`, `shell+subagent`.
    pub lines_coverage: String,
    /// Lines of the file that could not be read; messages, where the file is one document.
    pub malformed_lines: u64,
    /// For a sub-agent's own transcript the session that started it, where the format says so; else empty. No column:
    /// it serves to join rows of one run.
    #[serde(skip)]
    pub parent_session: String,
}

/// A number of the telemetry row that a check can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Lines added.
    LinesAdded,
    /// Lines removed.
    LinesRemoved,
    /// Lines added plus lines removed.
    LinesChanged,
    /// Files changed.
    FilesChanged,
    /// Commits.
    Commits,
    /// Pull requests.
    PullRequests,
    /// Test runs.
    TestRuns,
    /// Failed test runs.
    TestFailures,
    /// Tool results marked as errors.
    ToolErrors,
    /// Rejected tool calls.
    Rejections,
    /// Interruptions.
    Interruptions,
    /// Compactions.
    Compactions,
    /// Prompts.
    Prompts,
    /// Actions.
    Actions,
    /// Actions per prompt.
    ActionsPerPrompt,
    /// Agent words.
    AgentWords,
    /// Agent words per prompt.
    AgentWordsPerPrompt,
    /// Active seconds.
    DurationActiveS,
}

impl Measure {
    /// The value in `row`; `None` where the session's format cannot tell.
    #[must_use]
    pub fn of(self, row: &TelemetryRow) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let count = |value: u64| Some(value as f64);
        match self {
            Self::LinesAdded => count(row.lines_added),
            Self::LinesRemoved => count(row.lines_removed),
            Self::LinesChanged => count(row.lines_added.saturating_add(row.lines_removed)),
            Self::FilesChanged => count(row.files_changed),
            Self::Commits => count(row.commits),
            Self::PullRequests => count(row.pull_requests),
            Self::TestRuns => count(row.test_runs),
            Self::TestFailures => count(row.test_failures),
            Self::ToolErrors => count(row.tool_errors),
            Self::Rejections => count(row.rejections),
            Self::Interruptions => count(row.interruptions),
            Self::Compactions => count(row.compactions),
            Self::Prompts => count(row.prompts),
            Self::Actions => count(row.actions),
            Self::ActionsPerPrompt => row.actions_per_prompt,
            Self::AgentWords => count(row.agent_words),
            Self::AgentWordsPerPrompt => row.agent_words_per_prompt,
            Self::DurationActiveS => row.duration_active_s,
        }
    }

    /// What the measure is, in words that fit "show …".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::LinesAdded => "lines added",
            Self::LinesRemoved => "lines removed",
            Self::LinesChanged => "lines added or removed",
            Self::FilesChanged => "files changed",
            Self::Commits => "commits",
            Self::PullRequests => "pull requests",
            Self::TestRuns => "test runs",
            Self::TestFailures => "failed test runs",
            Self::ToolErrors => "tool errors",
            Self::Rejections => "rejected tool calls",
            Self::Interruptions => "interruptions",
            Self::Compactions => "compactions",
            Self::Prompts => "prompts",
            Self::Actions => "actions",
            Self::ActionsPerPrompt => "actions per prompt",
            Self::AgentWords => "agent words",
            Self::AgentWordsPerPrompt => "agent words per prompt",
            Self::DurationActiveS => "seconds of work",
        }
    }

    /// The same of exactly one.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LinesAdded => "line added",
            Self::LinesRemoved => "line removed",
            Self::LinesChanged => "line added or removed",
            Self::FilesChanged => "file changed",
            Self::Commits => "commit",
            Self::PullRequests => "pull request",
            Self::TestRuns => "test run",
            Self::TestFailures => "failed test run",
            Self::ToolErrors => "tool error",
            Self::Rejections => "rejected tool call",
            Self::Interruptions => "interruption",
            Self::Compactions => "compaction",
            Self::Prompts => "prompt",
            Self::Actions => "action",
            Self::ActionsPerPrompt => "action per prompt",
            Self::AgentWords => "agent word",
            Self::AgentWordsPerPrompt => "agent word per prompt",
            Self::DurationActiveS => "second of work",
        }
    }
}
