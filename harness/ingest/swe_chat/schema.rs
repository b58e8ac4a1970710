//! The published tables: their columns in the first release, and those that the import reads.
//!
//! Columns are found by name. A release may add columns and tables; they are listed and left alone.

use super::columns::{Kind, Wanted};

/// A table of the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row per session.
    Sessions,
    /// Metadata of each session as the checkpoint tool wrote it.
    SessionLogs,
    /// One row per repository.
    Repositories,
    /// One row per checkpoint.
    Checkpoints,
    /// One row per commit of a checkpoint.
    Commits,
    /// One row per entry of a session.
    Conversations,
}

impl Table {
    /// All tables, in the order in which they are read.
    pub const ALL: [Self; 6] = [
        Self::Sessions,
        Self::SessionLogs,
        Self::Repositories,
        Self::Checkpoints,
        Self::Commits,
        Self::Conversations,
    ];

    /// The file's name without its ending.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::SessionLogs => "session_logs",
            Self::Repositories => "repositories",
            Self::Checkpoints => "checkpoints",
            Self::Commits => "commits",
            Self::Conversations => "conversations",
        }
    }

    /// Rows that are held at a time. Tables with long texts are read in smaller steps.
    pub(super) const fn together(self) -> usize {
        match self {
            Self::Conversations => 8_192,
            Self::SessionLogs | Self::Commits => 128,
            Self::Sessions | Self::Repositories | Self::Checkpoints => 1_024,
        }
    }

    /// The columns that the import reads.
    pub(super) const fn wanted(self) -> &'static [Wanted] {
        match self {
            Self::Sessions => SESSIONS,
            Self::SessionLogs => SESSION_LOGS,
            Self::Repositories => REPOSITORIES,
            Self::Checkpoints => CHECKPOINTS,
            Self::Commits => COMMITS,
            Self::Conversations => CONVERSATIONS,
        }
    }

    /// Whether the first release has a column of this name.
    #[must_use]
    pub fn is_published(self, column: &str) -> bool {
        let names = match self {
            Self::Sessions => PUBLISHED_SESSIONS,
            Self::SessionLogs => "session_id transcript_path context_md session_metadata_raw",
            Self::Repositories => PUBLISHED_REPOSITORIES,
            Self::Checkpoints => PUBLISHED_CHECKPOINTS,
            Self::Commits => PUBLISHED_COMMITS,
            Self::Conversations => PUBLISHED_CONVERSATIONS,
        };
        names.split_ascii_whitespace().any(|name| name == column)
    }
}

const fn needed(name: &'static str, kind: Kind) -> Wanted {
    Wanted {
        name,
        kind,
        is_needed: true,
    }
}

const fn text(name: &'static str) -> Wanted {
    Wanted {
        name,
        kind: Kind::Text,
        is_needed: false,
    }
}

const fn number(name: &'static str) -> Wanted {
    Wanted {
        name,
        kind: Kind::Number,
        is_needed: false,
    }
}

const fn time(name: &'static str) -> Wanted {
    Wanted {
        name,
        kind: Kind::Time,
        is_needed: false,
    }
}

const SESSIONS: &[Wanted] = &[
    needed("session_id", Kind::Text),
    needed("repo_id", Kind::Text),
    needed("user_persona", Kind::Text),
    // Text that holds a number; a release that writes numbers is as good.
    needed("session_success", Kind::Number),
    text("user_id"),
    text("agent"),
    text("checkpoint_ids"),
    text("canonical_checkpoint_pk"),
    text("transcript_path"),
    time("created_at"),
    number("output_tokens"),
    number("agent_lines"),
    number("human_added"),
    number("human_modified"),
    number("human_removed"),
    number("total_committed"),
    number("agent_percentage"),
];

const SESSION_LOGS: &[Wanted] = &[
    needed("session_id", Kind::Text),
    text("transcript_path"),
    text("session_metadata_raw"),
];

const REPOSITORIES: &[Wanted] = &[
    needed("repo_id", Kind::Text),
    needed("license_type", Kind::Text),
    text("url"),
    text("repo_type_domain"),
    text("repo_type_audience"),
];

const CHECKPOINTS: &[Wanted] = &[
    needed("checkpoint_pk", Kind::Text),
    text("session_pks"),
    number("session_count"),
    number("commit_count"),
];

const COMMITS: &[Wanted] = &[
    needed("commit_sha", Kind::Text),
    needed("checkpoint_pk", Kind::Text),
    needed("total_additions", Kind::Number),
    needed("total_deletions", Kind::Number),
    number("files_changed_count"),
    text("numstat"),
    time("commit_date"),
    time("author_date"),
    text("status"),
];

const CONVERSATIONS: &[Wanted] = &[
    needed("session_id", Kind::Text),
    needed("turn_number", Kind::Number),
    needed("turn_type", Kind::Text),
    needed("prompt_intent", Kind::Text),
    needed("prompt_pushback", Kind::Text),
    time("timestamp"),
    number("input_tokens"),
    number("output_tokens"),
    number("cache_creation_input_tokens"),
    number("cache_read_input_tokens"),
];

const PUBLISHED_CONVERSATIONS: &str = "turn_id session_id checkpoint_pk repo_id user_id turn_number \
    conversation_turn_number role turn_type is_conversational content model timestamp input_tokens output_tokens \
    cache_creation_input_tokens cache_read_input_tokens is_continuation is_first_turn word_count char_count \
    tool_name tool_call_id file_path command pattern tool_input_json category bash_category queue_op_subtype agent \
    strategy language prompt_intent prompt_pushback";
const PUBLISHED_SESSIONS: &str = "session_id repo_id owner_id user_id checkpoint_ids canonical_checkpoint_pk agent \
    strategy branch created_at cli_version files_touched files_touched_count checkpoints_count input_tokens \
    output_tokens cache_creation_tokens cache_read_tokens api_call_count agent_lines human_added human_modified \
    human_removed total_committed agent_percentage attribution_calculated_at transcript_identifier_at_start \
    transcript_path tool_call_count unique_tools_count research_count action_count first_write_position \
    duration_seconds turn_count prompt_count content_hash user_persona session_success";
const PUBLISHED_CHECKPOINTS: &str = "checkpoint_pk checkpoint_id repo_id session_pks session_count commit_shas \
    commit_count author_user_ids unique_author_count user_id cli_version strategy branch checkpoints_count \
    files_touched files_touched_count cp_input_tokens cp_output_tokens cp_cache_creation_tokens \
    cp_cache_read_tokens cp_api_call_count total_additions total_deletions checkpoint_metadata_raw";
const PUBLISHED_COMMITS: &str = "commit_sha checkpoint_pk repo_id commit_index num_commits user_id github_username \
    author_name author_email author_date commit_date commit_message branch is_agent_author files_changed_count \
    total_additions total_deletions files_changed numstat patch agent_changes file_attribution status";
const PUBLISHED_REPOSITORIES: &str = "repo_id owner_id name url is_fork settings num_checkpoints num_sessions \
    num_commits num_contributors_in_dataset total_additions_in_dataset total_deletions_in_dataset \
    total_repo_commits_ever total_repo_additions_ever total_repo_deletions_ever total_agent_commits_ever \
    total_agent_additions_ever total_agent_deletions_ever last_scraped_at license_type repo_github_metadata \
    repo_type_domain repo_type_audience";
