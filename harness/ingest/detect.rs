//! Which agent wrote a file, found by its content: names, labels and endings lie.

use std::fmt;

use serde_json::Value;

/// A transcript format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Claude Code: one JSON object per line with `type` and `sessionId`.
    ClaudeCode,
    /// Codex: rollout lines with `type` and `payload`, `session_meta` first.
    Codex,
    /// OpenCode: one document with `info` and `messages`.
    OpenCode,
    /// Gemini CLI: one document with `sessionId` and `messages`.
    Gemini,
    /// Copilot CLI: event lines, `session.start` first.
    Copilot,
    /// Cursor: lines with `role` and `message`.
    Cursor,
}

impl Format {
    /// The agent's usual name.
    #[must_use]
    pub fn agent(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            Self::OpenCode => "OpenCode",
            Self::Gemini => "Gemini CLI",
            Self::Copilot => "Copilot CLI",
            Self::Cursor => "Cursor",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.agent())
    }
}

/// Lines that are looked at before a file counts as no transcript. Claude Code files start with a handful of snapshots
/// and summaries at most.
const LINES_TO_LOOK_AT: usize = 50;

/// The format of a file that begins with `head`, which need not end at a line's end; `None` if it is no transcript.
#[must_use]
pub fn detect(head: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(head).replace('\0', "");
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('{') {
        return first_lines(text);
    }
    document(text).or_else(|| first_lines(text))
}

/// A pretty-printed document shows its top-level keys at the start of lines with one level of indentation.
fn document(text: &str) -> Option<Format> {
    let first = text.lines().next()?.trim();
    if first != "{" {
        // A document written on one line is told by its keys, like any line.
        return None;
    }
    let mut keys = Vec::new();
    let mut indentation = None;
    for line in text.lines().skip(1) {
        let spaces = line.len() - line.trim_start().len();
        let level = *indentation.get_or_insert(spaces);
        if spaces != level {
            continue;
        }
        if let Some((key, _)) = line
            .trim_start()
            .strip_prefix('"')
            .and_then(|rest| rest.split_once('"'))
        {
            keys.push(key.to_owned());
        }
    }
    document_keys(&keys.iter().map(String::as_str).collect::<Vec<_>>())
}

fn document_keys(keys: &[&str]) -> Option<Format> {
    let has = |key: &str| keys.contains(&key);
    if has("info") {
        Some(Format::OpenCode)
    } else if has("sessionId") && (has("messages") || has("projectHash")) {
        Some(Format::Gemini)
    } else {
        None
    }
}

fn first_lines(text: &str) -> Option<Format> {
    text.lines().take(LINES_TO_LOOK_AT).find_map(line)
}

fn line(line: &str) -> Option<Format> {
    // Two objects can be glued together on one line, so only the first value counts.
    let value = serde_json::Deserializer::from_str(line)
        .into_iter::<Value>()
        .next()?
        .ok()?;
    let object = value.as_object()?;
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let kind = text("type");
    if object.contains_key("payload") && kind.is_some() {
        return Some(Format::Codex);
    }
    if object.contains_key("data") && kind.is_some_and(|kind| kind.contains('.')) {
        return Some(Format::Copilot);
    }
    if kind.is_none() && text("role").is_some() && object.contains_key("message") {
        return Some(Format::Cursor);
    }
    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
    if kind.is_none() {
        return (object.contains_key("messages"))
            .then(|| document_keys(&keys))
            .flatten();
    }
    let is_claude = object.contains_key("sessionId")
        || (object.contains_key("uuid") && object.contains_key("message"))
        || (kind == Some("summary") && object.contains_key("leafUuid"))
        || (kind == Some("file-history-snapshot") && object.contains_key("snapshot"));
    is_claude.then_some(Format::ClaudeCode)
}
