//! OpenCode sessions: one document of `info` and `messages`, pretty-printed, so its number of lines means nothing.
//!
//! The traps: ids can be redacted, so that no call may be known by its id alone; a call and its result are one part; text
//! of the client stands among the person's as `synthetic`; a sub-agent's session is a file of its own that names its
//! parent; edits tell their lines in the result's metadata.

use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::eligibility::Ineligible;
use crate::domain::event::{
    Event, FileChange, InjectedKind, Listener, Position, PromptKind, Tokens, ToolCall, ToolKind,
    ToolResult, ToolStatus,
};
use crate::domain::moment::Moment;
use crate::domain::text::{Json, Redaction, Text};

use super::document::{Piece, each_piece};
use super::loose::{Bool, Count, Object, Objects, Raw, Str};
use super::objects::fault;
use super::patch::{self, Changed};
use super::teller::Teller;

/// Reads a session document and tells `listener` what happens in it.
///
/// # Errors
/// Errors of the source only; a message that cannot be read becomes [`Event::Malformed`].
pub fn read(
    source: impl BufRead,
    redaction: Redaction,
    listener: &mut dyn Listener,
) -> io::Result<()> {
    let mut reader = Reader {
        teller: Teller::new(redaction, listener),
        message: 0,
    };
    each_piece(source, |piece| match piece {
        Piece::Field("info", text) => reader.session(&text),
        Piece::Element("messages", text) => reader.message(&text),
        Piece::Field(..) | Piece::Element(..) => {}
        Piece::Malformed(reason) => reader
            .teller
            .malformed(reader.message + 1, reason.to_owned()),
    })
}

struct Reader<'l> {
    teller: Teller<'l>,
    /// The position of the message, from 1.
    message: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Session<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow, rename = "parentID")]
    parent: Str<'a>,
    #[serde(borrow)]
    directory: Str<'a>,
    #[serde(borrow)]
    version: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    info: Object<Info<'a>>,
    #[serde(borrow)]
    parts: Objects<Part<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info<'a> {
    #[serde(borrow)]
    role: Str<'a>,
    #[serde(borrow, rename = "modelID")]
    model: Str<'a>,
    time: Object<Span>,
    tokens: Object<TokenUsage>,
    #[serde(borrow)]
    error: Object<Failure<'a>>,
    /// True on the agent's summary of a compacted session; an object of differences on the person's messages.
    summary: Bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure<'a> {
    #[serde(borrow)]
    name: Str<'a>,
}

/// Milliseconds since 1970.
#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Span {
    created: Count,
    completed: Count,
    start: Count,
    end: Count,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct TokenUsage {
    input: Count,
    output: Count,
    cache: Object<CacheUsage>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct CacheUsage {
    read: Count,
    write: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    text: Str<'a>,
    synthetic: Bool,
    #[serde(borrow)]
    command: Str<'a>,
    #[serde(borrow)]
    prompt: Str<'a>,
    #[serde(borrow)]
    mime: Str<'a>,
    #[serde(borrow)]
    tool: Str<'a>,
    #[serde(borrow, rename = "callID")]
    call: Str<'a>,
    #[serde(borrow)]
    state: Object<State<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State<'a> {
    #[serde(borrow)]
    status: Str<'a>,
    #[serde(borrow)]
    input: Raw<'a>,
    #[serde(borrow)]
    output: Str<'a>,
    #[serde(borrow)]
    error: Str<'a>,
    #[serde(borrow)]
    metadata: Object<Metadata<'a>>,
    time: Object<Span>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Input<'a> {
    #[serde(borrow, rename = "filePath")]
    file_path: Str<'a>,
    #[serde(borrow)]
    path: Str<'a>,
    #[serde(borrow)]
    command: Str<'a>,
    #[serde(borrow, rename = "patchText")]
    patch: Str<'a>,
    #[serde(borrow, rename = "oldString")]
    old: Str<'a>,
    #[serde(borrow, rename = "newString")]
    new: Str<'a>,
    #[serde(borrow)]
    content: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    /// A number, or null where a signal ended the process.
    #[serde(borrow)]
    exit: Raw<'a>,
    #[serde(borrow)]
    files: Raw<'a>,
    #[serde(borrow)]
    filediff: Object<FileDiff<'a>>,
    #[serde(borrow)]
    diff: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FileDiff<'a> {
    #[serde(borrow, rename = "filePath")]
    file_path: Str<'a>,
    #[serde(borrow)]
    file: Str<'a>,
    additions: Count,
    deletions: Count,
}

fn moment(milliseconds: Count) -> Option<Moment> {
    milliseconds
        .0
        .and_then(|value| i64::try_from(value).ok())
        .map(Moment)
}

impl Reader<'_> {
    fn session(&mut self, text: &str) {
        let at = Position {
            line: 0,
            moment: None,
        };
        match serde_json::from_str::<Session<'_>>(text) {
            Ok(session) => {
                self.teller.session_id(at, session.id.get());
                self.teller.version(at, session.version.get());
                self.teller.folder(at, session.directory.get());
                if let Some(parent) = session.parent.get() {
                    self.teller.scope(at, Err(Ineligible::Subagent));
                    self.teller.parent(at, parent);
                }
            }
            Err(error) => self.teller.malformed(0, fault(&error)),
        }
    }

    fn message(&mut self, text: &str) {
        self.message += 1;
        let message: Message<'_> = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(error) => return self.teller.malformed(self.message, fault(&error)),
        };
        let none = Info::default();
        let info = message.info.get().unwrap_or(&none);
        let time = info.time.0.unwrap_or_default();
        let at = Position {
            line: self.message,
            moment: moment(time.created),
        };
        self.teller.tell(at, Event::Entry);
        let parts = message.parts.0.iter();
        match info.role.get() {
            Some("user") => self.person(at, parts),
            Some("assistant") => {
                for (number, part) in parts.enumerate() {
                    self.part(at, number, part, info.summary.is_true());
                }
                self.spent(at, info, time);
            }
            _ => {}
        }
    }

    /// A message of the person: what was typed is one prompt, whatever its parts.
    fn person<'p>(&mut self, at: Position, parts: impl Iterator<Item = &'p Part<'p>>) {
        let (mut typed, mut images, mut command) = (Vec::new(), 0_u32, false);
        for part in parts {
            match part.kind.get() {
                Some("text") if part.synthetic.is_true() => {
                    let text = part.text.get().unwrap_or_default();
                    self.teller.injected(at, InjectedKind::Meta, text);
                }
                Some("text") => typed.extend(part.text.get()),
                Some("file") => {
                    let is_picture = part
                        .mime
                        .get()
                        .is_some_and(|kind| kind.starts_with("image/"));
                    images = images.saturating_add(u32::from(is_picture));
                }
                // A command of the client (`/review`) that hands its work to a sub-agent.
                Some("subtask") => {
                    command = true;
                    let name = part.command.get().map(|name| format!("/{name}"));
                    let text = name.as_deref().or(part.prompt.get()).unwrap_or("/subtask");
                    self.teller.prompt(at, PromptKind::SlashCommand, text, 0);
                }
                Some("compaction") => self.teller.tell(at, Event::Compaction),
                _ => {}
            }
        }
        if !command || !typed.is_empty() {
            self.teller
                .prompt(at, PromptKind::Typed, &typed.join("\n"), images);
        }
    }

    fn part(&mut self, at: Position, number: usize, part: &Part<'_>, is_summary: bool) {
        let text = part.text.get().unwrap_or_default();
        match part.kind.get() {
            Some("text") if is_summary => {
                self.teller
                    .injected(at, InjectedKind::CompactionSummary, text);
            }
            Some("text") if !part.synthetic.is_true() => self.teller.agent_text(at, text),
            Some("reasoning") => self.teller.thinking(at, text),
            Some("compaction") => self.teller.tell(at, Event::Compaction),
            Some("tool") => self.tool(at, number, part),
            _ => {}
        }
    }

    fn tool(&mut self, at: Position, number: usize, part: &Part<'_>) {
        let name = part.tool.get().unwrap_or_default();
        let none = State::default();
        let state = part.state.get().unwrap_or(&none);
        let time = state.time.0.unwrap_or_default();
        let raw = state.input.0.map_or("null", RawValue::get);
        let input: Input<'_> = serde_json::from_str(raw).unwrap_or_default();
        // Redacted ids are alike; the place of the part is not.
        let id = match part.call.get() {
            Some(id) if !id.is_empty() && !id.contains("REDACTED") => id.to_owned(),
            _ => format!("message {} part {number}", self.message),
        };
        let kind = tool_kind(name);
        let patched = input.patch.get().map(patch::apply_patch);
        let first = patched
            .as_ref()
            .and_then(|files| files.first())
            .map(|file| file.path.as_str());
        let path = input.file_path.get().or(input.path.get()).or(first);
        let redaction = self.teller.redaction;
        let shown = redaction(name);
        let command = input.command.get().filter(|_| kind == ToolKind::Shell);
        let started = Position {
            moment: moment(time.start).or(at.moment),
            ..at
        };
        self.teller.tell(
            started,
            Event::ToolCall(ToolCall {
                id: &id,
                kind,
                name: &shown,
                path: path.map(|path| Text::new(path, redaction)),
                command: command.map(|command| Text::new(command, redaction)),
                input: Json::new(raw, redaction),
            }),
        );
        let status = match state.status.get() {
            Some("completed") => {
                let exit = state.metadata.get().and_then(|metadata| metadata.exit.0);
                // The client calls a command that failed completed; its exit code says otherwise.
                if exit.is_some_and(|exit| !matches!(exit.get(), "0" | "null")) {
                    ToolStatus::Failed
                } else {
                    ToolStatus::Done
                }
            }
            Some("error") => failed_status(state.error.get().unwrap_or_default()),
            // Still running when the session was written.
            _ => return,
        };
        let ended = Position {
            moment: moment(time.end).or(started.moment),
            ..at
        };
        if status == ToolStatus::Done && kind == ToolKind::Edit {
            self.changes(ended, &input, state);
        }
        let output = self
            .teller
            .text(state.output.get().or(state.error.get()).unwrap_or_default());
        self.teller.tell(
            ended,
            Event::ToolResult(ToolResult {
                id: &id,
                status,
                output,
                change: None,
                commits: 0,
                pull_request: None,
            }),
        );
    }

    /// Lines of an edit: from the metadata of its result, else from its input.
    fn changes(&mut self, at: Position, input: &Input<'_>, state: &State<'_>) {
        let none = Metadata::default();
        let metadata = state.metadata.get().unwrap_or(&none);
        let counted = |diff: &FileDiff<'_>| Changed {
            added: diff.additions.0.unwrap_or(0),
            removed: diff.deletions.0.unwrap_or(0),
        };
        let files: Vec<Object<FileDiff<'_>>> = metadata
            .files
            .0
            .and_then(|files| serde_json::from_str(files.get()).ok())
            .unwrap_or_default();
        if !files.is_empty() {
            for file in files.iter().filter_map(Object::get) {
                let path = file.file_path.get().or(file.file.get()).unwrap_or_default();
                self.change(at, path, counted(file));
            }
            return;
        }
        if let Some(patched) = input.patch.get() {
            for file in patch::apply_patch(patched) {
                self.change(at, &file.path, file.changed);
            }
            return;
        }
        let Some(path) = input.file_path.get().or(input.path.get()) else {
            return;
        };
        let changed = if let Some(diff) = metadata.filediff.get() {
            counted(diff)
        } else if let Some(diff) = metadata.diff.get() {
            patch::unified(diff)
        } else if let (Some(old), Some(new)) = (input.old.get(), input.new.get()) {
            patch::replaced(old, new)
        } else {
            Changed {
                added: input.content.get().map_or(0, patch::lines_of),
                removed: 0,
            }
        };
        self.change(at, path, changed);
    }

    fn change(&mut self, at: Position, path: &str, changed: Changed) {
        let path = self.teller.text(path);
        self.teller.tell(
            at,
            Event::FileChange(FileChange {
                path,
                lines_added: changed.added,
                lines_removed: changed.removed,
            }),
        );
    }

    fn spent(&mut self, at: Position, info: &Info<'_>, time: Span) {
        let usage = info.tokens.0.unwrap_or_default();
        let cache = usage.cache.0.unwrap_or_default();
        let tokens = Tokens {
            input: usage.input.0.unwrap_or(0),
            output: usage.output.0.unwrap_or(0),
            cache_read: cache.read.0.unwrap_or(0),
            cache_write: cache.write.0.unwrap_or(0),
        };
        // Ids of messages can be redacted, too.
        let message = format!("message {}", self.message);
        let model = info.model.get().unwrap_or_default();
        self.teller.usage(at, &message, model, tokens);
        let end = Position {
            moment: moment(time.completed).or(at.moment),
            ..at
        };
        if let (Some(start), Some(completed)) = (time.created.0, time.completed.0)
            && let Some(milliseconds) = completed.checked_sub(start)
        {
            self.teller.tell(end, Event::TurnDuration { milliseconds });
        }
        if let Some(failure) = info.error.get() {
            match failure.name.get() {
                Some("MessageAbortedError") => self
                    .teller
                    .tell(end, Event::Interruption { during_tool: false }),
                Some(name) => {
                    let notice = self.teller.text(name);
                    self.teller.tell(end, Event::ClientNotice(notice));
                }
                None => {}
            }
        }
    }
}

fn tool_kind(name: &str) -> ToolKind {
    match name {
        "read" | "list" => ToolKind::Read,
        "grep" | "glob" | "codesearch" | "lsp" => ToolKind::Search,
        "edit" | "write" | "multiedit" | "patch" | "apply_patch" => ToolKind::Edit,
        "bash" => ToolKind::Shell,
        "webfetch" | "websearch" => ToolKind::Web,
        "task" => ToolKind::Subagent,
        "question" => ToolKind::Question,
        "plan_enter" | "plan_exit" => ToolKind::Plan,
        "todowrite" | "todoread" => ToolKind::Tasks,
        _ => ToolKind::Other,
    }
}

/// What kind of failure an error is; a rejection and an abortion begin with words of the client.
fn failed_status(error: &str) -> ToolStatus {
    let error = error.trim_start().trim_start_matches("Error: ");
    if error.starts_with("The user rejected permission")
        || error.starts_with("The user dismissed this question")
    {
        ToolStatus::Rejected
    } else if error.starts_with("Tool execution aborted") {
        ToolStatus::Cancelled
    } else {
        ToolStatus::Failed
    }
}
