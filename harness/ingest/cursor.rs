//! Cursor transcripts: lines of `{role, message}`, as the format is documented; no real session was at hand.
//!
//! They hold neither ids nor times nor results: what a tool gave back is unknown, and lines can be told by the inputs of
//! edits alone. A prompt stands inside of `<user_query>`, behind what the client puts there.

use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::event::{
    Event, FileChange, InjectedKind, Listener, Position, PromptKind, ToolCall, ToolKind,
};
use crate::domain::moment::Moment;
use crate::domain::text::{Json, Redaction, Text};

use super::loose::{Object, Raw, Str};
use super::objects::{Found, each_object, fault};
use super::patch::{self, Changed};
use super::teller::Teller;

/// Reads a transcript and tells `listener` what happens in it.
///
/// # Errors
/// Errors of the source only; a line that cannot be read becomes [`Event::Malformed`].
pub fn read(
    source: impl BufRead,
    redaction: Redaction,
    listener: &mut dyn Listener,
) -> io::Result<()> {
    let mut reader = Reader {
        teller: Teller::new(redaction, listener),
        calls: 0,
    };
    each_object(source, |line, found| match found {
        Found::Object(object) => reader.object(line, object),
        Found::Malformed(reason) => reader.teller.malformed(line, reason),
    })
}

struct Reader<'l> {
    teller: Teller<'l>,
    /// Calls so far; their number is their id.
    calls: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    role: Str<'a>,
    #[serde(borrow)]
    message: Object<Message<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    content: Raw<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    text: Str<'a>,
    #[serde(borrow)]
    name: Str<'a>,
    #[serde(borrow)]
    input: Raw<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Input<'a> {
    #[serde(borrow)]
    path: Str<'a>,
    #[serde(borrow)]
    contents: Str<'a>,
    #[serde(borrow)]
    old_string: Str<'a>,
    #[serde(borrow)]
    new_string: Str<'a>,
    #[serde(borrow)]
    command: Str<'a>,
}

impl Reader<'_> {
    fn object(&mut self, line: u64, object: &str) {
        let entry: Entry<'_> = match serde_json::from_str(object) {
            Ok(entry) => entry,
            Err(error) => return self.teller.malformed(line, fault(&error)),
        };
        let content = entry.message.get().and_then(|message| message.content.0);
        let content = content.map_or("null", RawValue::get);
        // A string stands for one block of text.
        let blocks: Vec<Object<Block<'_>>> = match serde_json::from_str::<Str<'_>>(content) {
            Ok(Str(Some(text))) => vec![Object(Some(Block {
                kind: Str(Some("text".into())),
                text: Str(Some(text)),
                ..Block::default()
            }))],
            _ => serde_json::from_str(content).unwrap_or_default(),
        };
        let blocks = blocks.iter().filter_map(Object::get);
        let at = Position { line, moment: None };
        match entry.role.get() {
            Some("user") => self.person(at, blocks),
            Some("assistant") => {
                self.teller.tell(at, Event::Entry);
                for block in blocks {
                    match block.kind.get() {
                        Some("text") => self
                            .teller
                            .agent_text(at, block.text.get().unwrap_or_default()),
                        Some("tool_use") => self.call(at, block),
                        _ => {}
                    }
                }
            }
            _ => self.teller.tell(at, Event::Entry),
        }
    }

    fn person<'b>(&mut self, at: Position, blocks: impl Iterator<Item = &'b Block<'b>>) {
        let (mut texts, mut images) = (Vec::new(), 0_u32);
        for block in blocks {
            match block.kind.get() {
                Some("text") => texts.extend(block.text.get()),
                Some("image") => images = images.saturating_add(1),
                _ => {}
            }
        }
        let text = texts.join("\n");
        let (time, text) = split_time(&text);
        let at = Position {
            moment: time.and_then(|time| Moment::parse(time.trim())),
            ..at
        };
        self.teller.tell(at, Event::Entry);
        match typed_part(text) {
            Some(typed) => self.teller.prompt(at, PromptKind::Typed, typed, images),
            None => self.teller.injected(at, InjectedKind::Reminder, text),
        }
    }

    fn call(&mut self, at: Position, block: &Block<'_>) {
        self.calls += 1;
        let name = block.name.get().unwrap_or_default();
        let raw = block.input.0.map_or("null", RawValue::get);
        let input: Input<'_> = serde_json::from_str(raw).unwrap_or_default();
        let kind = tool_kind(name);
        let redaction = self.teller.redaction;
        let shown = redaction(name);
        let path = input.path.get().map(|path| Text::new(path, redaction));
        let command = input.command.get().filter(|_| kind == ToolKind::Shell);
        self.teller.tell(
            at,
            Event::ToolCall(ToolCall {
                id: &format!("call {}", self.calls),
                kind,
                name: &shown,
                path,
                command: command.map(|command| Text::new(command, redaction)),
                input: Json::new(raw, redaction),
            }),
        );
        let (ToolKind::Edit, Some(path)) = (kind, path) else {
            return;
        };
        let changed = match (input.old_string.get(), input.new_string.get()) {
            (Some(old), Some(new)) => patch::replaced(old, new),
            _ => Changed {
                added: input.contents.get().map_or(0, patch::lines_of),
                removed: 0,
            },
        };
        // Whether it worked is not told; most edits do.
        self.teller.tell(
            at,
            Event::FileChange(FileChange {
                path,
                lines_added: changed.added,
                lines_removed: changed.removed,
            }),
        );
    }
}

/// A time that the client put at the very beginning; one that the person pasted stands elsewhere.
fn split_time(text: &str) -> (Option<&str>, &str) {
    let text = text.trim_start();
    match text
        .strip_prefix("<timestamp>")
        .and_then(|rest| rest.split_once("</timestamp>"))
    {
        Some((time, rest)) => (Some(time), rest),
        None => (None, text),
    }
}

/// What the person typed; nothing where the client alone wrote the text.
fn typed_part(text: &str) -> Option<&str> {
    if let Some((_, rest)) = text.split_once("<user_query>") {
        // The closing tag that counts is the last: the person may have pasted one.
        let typed = rest
            .rsplit_once("</user_query>")
            .map_or(rest, |(typed, _)| typed);
        return Some(typed);
    }
    let is_wrapped = [
        "<system_reminder>",
        "<attached_files>",
        "<open_and_recently_viewed_files>",
    ]
    .iter()
    .any(|wrapper| text.trim_start().starts_with(wrapper));
    (!is_wrapped).then_some(text)
}

fn tool_kind(name: &str) -> ToolKind {
    match name {
        "Read" | "LS" => ToolKind::Read,
        "Grep" | "Glob" | "SemanticSearch" => ToolKind::Search,
        "Write" | "StrReplace" | "EditNotebook" | "Delete" => ToolKind::Edit,
        "Shell" => ToolKind::Shell,
        "WebFetch" | "WebSearch" => ToolKind::Web,
        "Task" => ToolKind::Subagent,
        "AskQuestion" => ToolKind::Question,
        "SwitchMode" | "CreatePlan" => ToolKind::Plan,
        "TodoWrite" => ToolKind::Tasks,
        _ => ToolKind::Other,
    }
}
