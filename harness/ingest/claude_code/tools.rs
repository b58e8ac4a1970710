//! Tools: what they do, how a call ended, what a result changed.

use std::borrow::Cow;

use crate::domain::event::{FileChange, ToolKind, ToolStatus};
use crate::domain::text::{Redaction, Text};
use crate::ingest::loose::Str;

use super::entry::{Content, ResultFields};

/// The fields of a tool's input that mean the same for every tool.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct InputFields<'a> {
    #[serde(borrow)]
    pub(super) file_path: Str<'a>,
    #[serde(borrow)]
    pub(super) notebook_path: Str<'a>,
    #[serde(borrow)]
    pub(super) path: Str<'a>,
    #[serde(borrow)]
    pub(super) command: Str<'a>,
}

pub(super) fn tool_kind(name: &str) -> ToolKind {
    match name {
        "Read" | "NotebookRead" | "LS" => ToolKind::Read,
        "Grep" | "Glob" | "ToolSearch" | "LSP" => ToolKind::Search,
        "Edit" | "Write" | "MultiEdit" | "NotebookEdit" => ToolKind::Edit,
        "Bash" | "PowerShell" => ToolKind::Shell,
        "WebFetch" | "WebSearch" | "web_search" | "web_fetch" => ToolKind::Web,
        "Task" | "Agent" | "SendMessage" | "Workflow" => ToolKind::Subagent,
        "AskUserQuestion" => ToolKind::Question,
        "ExitPlanMode" | "EnterPlanMode" => ToolKind::Plan,
        "TodoWrite" | "TaskCreate" | "TaskUpdate" | "TaskList" | "TaskGet" => ToolKind::Tasks,
        _ => ToolKind::Other,
    }
}

/// What kind of failure an error result is. A rejection begins with words of the client; a cancelled call was never run.
pub(super) fn failed_status(output: &str) -> ToolStatus {
    let output = output.trim_start().trim_start_matches("<tool_use_error>");
    if output.starts_with("The user doesn't want to") {
        ToolStatus::Rejected
    } else if output.starts_with("Cancelled: parallel tool call")
        || output.starts_with("Sibling tool call errored")
    {
        ToolStatus::Cancelled
    } else {
        ToolStatus::Failed
    }
}

/// Lines are counted on the patch, never on old and new text, which repeat their context. A file that is written anew
/// has an empty patch: then each line of its content was added.
pub(super) fn file_change<'f>(
    fields: &'f ResultFields<'_>,
    redaction: Redaction,
) -> Option<FileChange<'f>> {
    let path = fields.file_path.get()?;
    if !fields.structured_patch.seen {
        return None;
    }
    let patch = fields.structured_patch;
    let written = if patch.hunks == 0 && fields.kind.is("create") {
        fields
            .content
            .get()
            .map_or(0, |content| content.lines().count())
    } else {
        0
    };
    Some(FileChange {
        path: Text::new(path, redaction),
        lines_added: patch.added + written as u64,
        lines_removed: patch.removed,
    })
}

/// Texts, a line each.
pub(super) fn joined<'c>(texts: &mut Vec<Cow<'c, str>>) -> Cow<'c, str> {
    match texts.len() {
        1 => texts.remove(0),
        _ => Cow::Owned(texts.join("\n")),
    }
}

/// The text of a result or attachment: a string, or the text blocks of a list.
pub(super) fn plain_text<'c>(content: &Content<'c>) -> Cow<'c, str> {
    match content {
        Content::Text(text) => text.get().unwrap_or_default(),
        Content::Blocks(blocks) => {
            let texts = blocks.iter().filter_map(|block| block.text.get());
            joined(&mut texts.collect())
        }
        Content::Other => Cow::Borrowed(""),
    }
}
