//! Tools of Codex: what they do, what they run, and how their printed results read.

use std::borrow::Cow;

use crate::domain::event::{ToolKind, ToolStatus};
use crate::ingest::loose::Raw;

use super::entry::{Arguments, Printed};

pub(super) fn tool_kind(name: &str) -> ToolKind {
    match name {
        "exec_command" | "shell" | "shell_command" | "local_shell" | "container.exec" | "exec" => {
            ToolKind::Shell
        }
        "apply_patch" => ToolKind::Edit,
        "view_image" | "read_file" | "list_dir" => ToolKind::Read,
        "grep_files" => ToolKind::Search,
        "web_search" | "web_search_call" => ToolKind::Web,
        "spawn_agent" | "wait_agent" | "send_message" | "send_input" | "followup_task"
        | "close_agent" | "resume_agent" | "list_agents" => ToolKind::Subagent,
        "request_user_input" => ToolKind::Question,
        "update_plan" => ToolKind::Tasks,
        // `write_stdin` and `wait` ask for more output of a command that runs: no command of their own.
        _ => ToolKind::Other,
    }
}

/// The command that a shell tool's arguments hold: a string, or the words of a call.
pub(super) fn command(arguments: &Arguments<'_>) -> Option<String> {
    let raw = arguments.cmd.0.or(arguments.command.0)?.get();
    if let Ok(command) = serde_json::from_str::<String>(raw) {
        return Some(command);
    }
    let words: Vec<String> = serde_json::from_str(raw).ok()?;
    // `["bash", "-lc", SCRIPT]` is how a script is handed over.
    match words.as_slice() {
        [shell, flags, script]
            if flags.starts_with('-') && flags.ends_with('c') && shell.ends_with("sh") =>
        {
            Some(script.clone())
        }
        words => Some(words.join(" ")),
    }
}

/// A number or a string as the key of a running process.
pub(super) fn key(value: Raw<'_>) -> Option<String> {
    let text = value.0?.get().trim_matches('"');
    (!text.is_empty() && text != "null" && text.len() <= 64).then(|| text.to_owned())
}

/// What a tool's output tells.
pub(super) struct Outcome<'o> {
    pub(super) status: ToolStatus,
    /// The process runs on under this key.
    pub(super) running: Option<String>,
    pub(super) output: Cow<'o, str>,
}

/// Bytes in which the client's own words stand in front of an output.
const HEADER: usize = 1000;

/// Reads an output. The client writes headers (`Process exited with code 1`), wraps it in JSON, or does neither.
pub(super) fn outcome(output: &str) -> Outcome<'_> {
    if let Some(outcome) = wrapped(output) {
        return outcome;
    }
    let mut head = &output[..floor(output, HEADER)];
    let mut body = output;
    if let Some(at) = head.find("Output:\n") {
        body = &output[at + "Output:\n".len()..];
        head = &head[..at];
    }
    let line_with = |words: &str| {
        head.lines()
            .find_map(|line| line.trim().strip_prefix(words))
            .map(str::trim)
    };
    let has_header = body.len() < output.len();
    if has_header {
        let running = line_with("Process running with session ID ")
            .or_else(|| line_with("Script running with cell ID "));
        if let Some(key) = running.filter(|key| key.len() <= 64) {
            return Outcome {
                status: ToolStatus::Done,
                running: Some(key.to_owned()),
                output: Cow::Borrowed(body),
            };
        }
        let code = line_with("Process exited with code ").or_else(|| line_with("Exit code: "));
        let failed = code.is_some_and(|code| code != "0") || line_with("Script failed").is_some();
        // A script prints what its commands gave back, as JSON where it prints all of it.
        if !failed && let Some(inner) = wrapped(body) {
            return inner;
        }
        return Outcome {
            status: status_of(Some(!failed)),
            running: None,
            output: Cow::Borrowed(body),
        };
    }
    Outcome {
        status: unheaded(head),
        running: None,
        output: Cow::Borrowed(output),
    }
}

/// An output inside of a JSON object.
fn wrapped(text: &str) -> Option<Outcome<'_>> {
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    let printed: Printed<'_> = serde_json::from_str(text).ok()?;
    let output = printed.output.0?;
    let code = printed
        .exit_code
        .0
        .or(printed.metadata.get().and_then(|data| data.exit_code.0));
    Some(Outcome {
        status: status_of(code),
        running: key(printed.session_id).filter(|_| code.is_none()),
        output,
    })
}

fn status_of(succeeded: Option<bool>) -> ToolStatus {
    if succeeded == Some(false) {
        ToolStatus::Failed
    } else {
        ToolStatus::Done
    }
}

/// Outputs without a header are the client's own words where the tool never ran.
fn unheaded(head: &str) -> ToolStatus {
    let head = head.trim_start();
    if head.contains("rejected by user") || head.contains("rejected by the user") {
        return ToolStatus::Rejected;
    }
    if head.starts_with("aborted") {
        return ToolStatus::Cancelled;
    }
    let failures = [
        "apply_patch verification failed",
        "exec_command failed for",
        "execution error",
        "failed to parse function arguments",
        "unsupported call",
        "collab spawn failed",
        "Full-history forked agents inherit",
        "err: ",
    ];
    if failures.iter().any(|words| head.starts_with(words)) {
        ToolStatus::Failed
    } else {
        ToolStatus::Done
    }
}

/// The largest place not above `at` where the text can be cut.
fn floor(text: &str, at: usize) -> usize {
    if text.len() <= at {
        return text.len();
    }
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}
