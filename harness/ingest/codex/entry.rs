//! The fields of a Codex rollout line that mean something here; all others are skipped unread.

use serde::Deserialize;

use crate::domain::event::Tokens;
use crate::ingest::loose::{Bool, Count, Object, Raw, Str};
use crate::ingest::parts::Parts;

/// One line: what it is and what it holds.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) timestamp: Str<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) payload: Raw<'a>,
}

/// `session_meta` and `turn_context`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    pub(super) id: Str<'a>,
    #[serde(borrow)]
    pub(super) forked_from_id: Str<'a>,
    #[serde(borrow)]
    pub(super) parent_thread_id: Str<'a>,
    #[serde(borrow)]
    pub(super) cwd: Str<'a>,
    #[serde(borrow)]
    pub(super) cli_version: Str<'a>,
    #[serde(borrow)]
    pub(super) originator: Str<'a>,
    #[serde(borrow)]
    pub(super) source: Raw<'a>,
    #[serde(borrow)]
    pub(super) turn_id: Str<'a>,
    #[serde(borrow)]
    pub(super) model: Str<'a>,
}

/// Where a sub-agent's source names its parent: `{"subagent": {"thread_spawn": {"parent_thread_id": …}}}`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Source<'a> {
    #[serde(borrow)]
    pub(super) subagent: Raw<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Subagent<'a> {
    #[serde(borrow)]
    pub(super) thread_spawn: Object<Spawn<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Spawn<'a> {
    #[serde(borrow)]
    pub(super) parent_thread_id: Str<'a>,
}

/// `response_item`: what went to the model and came from it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) role: Str<'a>,
    #[serde(borrow)]
    pub(super) content: Parts<'a>,
    #[serde(borrow)]
    pub(super) summary: Parts<'a>,
    #[serde(borrow)]
    pub(super) name: Str<'a>,
    #[serde(borrow)]
    pub(super) call_id: Str<'a>,
    /// JSON in a string.
    #[serde(borrow)]
    pub(super) arguments: Str<'a>,
    /// The text of a custom tool: a patch or a script.
    #[serde(borrow)]
    pub(super) input: Str<'a>,
    #[serde(borrow)]
    pub(super) output: Parts<'a>,
    /// A local shell call or a web search.
    #[serde(borrow)]
    pub(super) action: Raw<'a>,
}

/// `event_msg`: what the client showed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) message: Str<'a>,
    #[serde(borrow)]
    pub(super) images: Raw<'a>,
    #[serde(borrow)]
    pub(super) local_images: Raw<'a>,
    #[serde(borrow)]
    pub(super) turn_id: Str<'a>,
    #[serde(borrow)]
    pub(super) call_id: Str<'a>,
    #[serde(borrow)]
    pub(super) reason: Str<'a>,
    pub(super) success: Bool,
    #[serde(borrow)]
    pub(super) changes: Raw<'a>,
    pub(super) duration_ms: Count,
    pub(super) info: Object<TokenInfo>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct TokenInfo {
    pub(super) total_token_usage: Object<TokenUsage>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) total: u64,
    pub(super) tokens: Tokens,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the client's names")]
pub(super) struct TokenUsage {
    input_tokens: Count,
    cached_input_tokens: Count,
    cache_write_input_tokens: Count,
    output_tokens: Count,
    total_tokens: Count,
}

impl TokenUsage {
    /// Input of the client's counter includes what came from and went to the cache, output includes reasoning.
    pub(super) fn counter(self) -> Counter {
        let cache_read = self.cached_input_tokens.0.unwrap_or(0);
        let cache_write = self.cache_write_input_tokens.0.unwrap_or(0);
        let input = self.input_tokens.0.unwrap_or(0);
        let output = self.output_tokens.0.unwrap_or(0);
        Counter {
            total: self
                .total_tokens
                .0
                .unwrap_or_else(|| input.saturating_add(output)),
            tokens: Tokens {
                input: input.saturating_sub(cache_read).saturating_sub(cache_write),
                output,
                cache_read,
                cache_write,
            },
        }
    }
}

/// One file of `patch_apply_end`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Change<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) unified_diff: Str<'a>,
    #[serde(borrow)]
    pub(super) content: Str<'a>,
    #[serde(borrow)]
    pub(super) move_path: Str<'a>,
}

/// Arguments that mean the same for every tool.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Arguments<'a> {
    #[serde(borrow)]
    pub(super) cmd: Raw<'a>,
    #[serde(borrow)]
    pub(super) command: Raw<'a>,
    #[serde(borrow)]
    pub(super) path: Str<'a>,
    #[serde(borrow)]
    pub(super) file_path: Str<'a>,
    /// A patch given to `apply_patch` as a function.
    #[serde(borrow)]
    pub(super) input: Str<'a>,
    #[serde(borrow)]
    pub(super) session_id: Raw<'a>,
    #[serde(borrow)]
    pub(super) cell_id: Raw<'a>,
}

/// What some tools print: the output inside of a JSON object.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Printed<'a> {
    #[serde(borrow)]
    pub(super) output: Str<'a>,
    pub(super) exit_code: ExitCode,
    #[serde(borrow)]
    pub(super) session_id: Raw<'a>,
    pub(super) metadata: Object<PrintedMetadata>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct PrintedMetadata {
    pub(super) exit_code: ExitCode,
}

/// How a process ended; nothing where the field is missing or no number.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExitCode(pub(super) Option<bool>);

impl<'de> Deserialize<'de> for ExitCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Negative codes exist where a signal ended the process, so this is no count.
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(value.as_f64().map(|code| code == 0.0)))
    }
}
