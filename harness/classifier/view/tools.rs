//! Inputs of tools in short: what a reader needs to know of a call.

use serde_json::Value;

use crate::domain::event::{ToolCall, ToolKind};

/// What a call is about, and for edits the text that it writes.
pub(super) fn input(call: &ToolCall<'_>) -> (String, String) {
    let input = call.input.redacted();
    let field = |name: &str| {
        input
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let path = call
        .path
        .as_ref()
        .map(|path| path.redacted().into_owned())
        .unwrap_or_default();
    match call.kind {
        ToolKind::Shell => (
            call.command.as_ref().map_or_else(
                || compact(&input),
                |command| command.redacted().into_owned(),
            ),
            String::new(),
        ),
        ToolKind::Edit => {
            let written = ["content", "new_string", "new_source"]
                .iter()
                .map(|name| field(name))
                .find(|text| !text.is_empty());
            (path, written.unwrap_or_default())
        }
        ToolKind::Read if !path.is_empty() => (path, String::new()),
        ToolKind::Search => {
            let sought = [field("pattern"), field("query"), path]
                .into_iter()
                .filter(|part| !part.is_empty());
            (sought.collect::<Vec<_>>().join(" in "), String::new())
        }
        ToolKind::Web => (
            [field("url"), field("query")].join(" ").trim().to_owned(),
            String::new(),
        ),
        ToolKind::Subagent => (field("description"), field("prompt")),
        ToolKind::Tasks => (tasks(&input), String::new()),
        ToolKind::Read | ToolKind::Question | ToolKind::Plan | ToolKind::Other => {
            (compact(&input), String::new())
        }
    }
}

/// A tool's name, which comes from the transcript too: one word, not too long.
pub(super) fn name(name: &str) -> String {
    let clean: String = name
        .chars()
        .filter(|letter| letter.is_alphanumeric() || "_-.:".contains(*letter))
        .take(60)
        .collect();
    if clean.is_empty() {
        "unnamed".to_owned()
    } else {
        clean
    }
}

fn compact(input: &Value) -> String {
    match input {
        Value::Null => String::new(),
        Value::Object(fields) if fields.is_empty() => String::new(),
        other => other.to_string(),
    }
}

/// The agent's list of tasks: each with its state.
fn tasks(input: &Value) -> String {
    let Some(items) = input.get("todos").and_then(Value::as_array) else {
        return compact(input);
    };
    let lines: Vec<String> = items
        .iter()
        .map(|item| {
            let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{} ({})", text("content"), text("status"))
        })
        .collect();
    lines.join("; ")
}

/// Questions with their options, one a line.
pub(super) fn questions(input: &Value) -> String {
    let Some(questions) = input.get("questions").and_then(Value::as_array) else {
        return compact(input);
    };
    let mut lines = Vec::new();
    for question in questions {
        let text = |value: &Value, name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        lines.push(text(question, "question"));
        for option in question
            .get("options")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            lines.push(format!(
                "- {}: {}",
                text(option, "label"),
                text(option, "description")
            ));
        }
    }
    lines.join("\n")
}

/// The text of a proposed plan.
pub(super) fn plan(input: &Value) -> String {
    input
        .get("plan")
        .and_then(Value::as_str)
        .map_or_else(|| compact(input), str::to_owned)
}

/// What the user said when refusing a call; empty if nothing.
pub(super) fn reason(output: &str) -> String {
    ["the user said:", "reason for the rejection:"]
        .iter()
        .find_map(|words| output.split_once(words))
        .map(|(_, reason)| reason.trim().to_owned())
        .unwrap_or_default()
}

/// `/name arguments` out of the client's wrapper.
pub(super) fn slash_command(text: &str) -> String {
    let field = |open: &str, close: &str| {
        text.split_once(open)
            .and_then(|(_, rest)| rest.split_once(close))
            .map(|(value, _)| value.trim().to_owned())
    };
    let name = field("<command-name>", "</command-name>")
        .or_else(|| field("<command-message>", "</command-message>"));
    match name {
        Some(name) => {
            let arguments = field("<command-args>", "</command-args>").unwrap_or_default();
            format!("{name} {arguments}").trim().to_owned()
        }
        // A button of the desktop client: its own name and nothing of the ready-made instruction.
        None => text
            .trim_start_matches('<')
            .split('>')
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}
