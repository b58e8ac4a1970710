//! Which agent wrote a file, found by its content: names, labels and endings lie.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::loose::Str;
use super::skim::lossy;

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
    let text = lossy(head);
    let text = if text.contains('\0') {
        Cow::Owned(text.replace('\0', ""))
    } else {
        text
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // A document spans lines; a line is the beginning of one that ends there.
    format_of_value(text).or_else(|| {
        text.lines()
            .take(LINES_TO_LOOK_AT)
            .find_map(format_of_value)
    })
}

/// The format that the first JSON object of `text` shows, which may break off.
fn format_of_value(text: &str) -> Option<Format> {
    let mut object = TopLevel::default();
    // Two objects can be glued together on a line, so what follows the first does not matter.
    let mut source = serde_json::Deserializer::from_str(text);
    match (&mut object).deserialize(&mut source) {
        Ok(()) => {}
        // A head that ends within the object shows what comes first in it.
        Err(error) if error.is_eof() => {}
        Err(_) => return None,
    }
    let has = |key: &str| object.keys.iter().any(|known| known == key);
    let kind = object.kind.as_deref();
    if has("payload") && kind.is_some() {
        return Some(Format::Codex);
    }
    if has("data") && kind.is_some_and(|kind| kind.contains('.')) {
        return Some(Format::Copilot);
    }
    if !has("type") {
        return if object.role.is_some() && has("message") {
            Some(Format::Cursor)
        } else if has("info") && has("messages") {
            Some(Format::OpenCode)
        } else if has("sessionId") && (has("messages") || has("projectHash")) {
            Some(Format::Gemini)
        } else {
            None
        };
    }
    let is_claude = kind.is_some()
        && (has("sessionId")
            || (has("uuid") && has("message"))
            || (kind == Some("summary") && has("leafUuid"))
            || (kind == Some("file-history-snapshot") && has("snapshot")));
    is_claude.then_some(Format::ClaudeCode)
}

/// The keys of an object in their order, and the two values that tell formats apart.
#[derive(Default)]
struct TopLevel {
    keys: Vec<String>,
    kind: Option<String>,
    role: Option<String>,
}

impl<'de> DeserializeSeed<'de> for &mut TopLevel {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut TopLevel {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let owned = |text: Str<'_>| text.get().map(str::to_owned);
        while let Some(key) = fields.next_key::<String>()? {
            self.keys.push(key);
            match self.keys.last().map(String::as_str) {
                Some("type") => self.kind = owned(fields.next_value()?),
                Some("role") => self.role = owned(fields.next_value()?),
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
