//! Claude Code transcripts: JSON lines, append-only, with the traps that 1,342 real sessions showed.
//!
//! One entry stands for one content block of a message; `usage` repeats on each and is a running count; four kinds of
//! entries share the type `user`; two objects can be glued together on a line; entries are written late, so order follows
//! the file. Unknown types and fields are passed over. Nothing here is fatal but the source's own errors.

mod entry;
mod queue;
mod tools;
mod user;

use std::borrow::Cow;
use std::io::{self, BufRead};

use serde::Deserialize as _;

use crate::domain::eligibility::Ineligible;
use crate::domain::event::{
    Body, Event, Fact, Injected, InjectedKind, Listener, Position, Prompt, PromptKind,
    SubagentWork, Tokens, ToolCall, ToolKind, ToolResult, ToolStatus, Usage,
};
use crate::domain::moment::Moment;
use crate::domain::text::{Json, Redaction, Text};

use super::halves;
use super::lines::{Lines, RawLine};
use super::loose::Object;
use super::skim::{Skim, lossy};
use entry::{Block, Content, Entry, Message, ToolUseResult};
use queue::{Queue, Source};
use tools::{InputFields, failed_status, file_change, joined, plain_text, tool_kind};
use user::{Marks, UserText};

/// Reads a transcript and tells `listener` what happens in it.
///
/// # Errors
/// Errors of the source only; a line that cannot be read becomes [`Event::Malformed`].
pub fn read(
    source: impl BufRead,
    redaction: Redaction,
    listener: &mut dyn Listener,
) -> io::Result<()> {
    let mut lines = Lines::new(source);
    let mut reader = Reader {
        redaction,
        listener,
        facts: Facts::default(),
        queue: Queue::default(),
        entries: 0,
        sidechain_entries: 0,
        sign: None,
    };
    while let Some(line) = lines.next_raw()? {
        match line {
            RawLine::TooLong(number) => reader.malformed(
                number,
                format!("longer than {} MiB", super::lines::LONGEST_LINE >> 20),
            ),
            RawLine::Bytes(number, bytes) => reader.line(number, bytes),
        }
    }
    reader.end();
    Ok(())
}

/// Clients before 2.0 wrote a sub-agent's messages as side chains, which do not name the call that started it.
const UNKNOWN_CALL: &str = "";

struct Reader<'l> {
    redaction: Redaction,
    listener: &'l mut dyn Listener,
    facts: Facts,
    queue: Queue,
    entries: u64,
    sidechain_entries: u64,
    /// A sign of use out of scope; it counts only where no entry point is given.
    sign: Option<Ineligible>,
}

/// Facts already told, so that each is told once and again only when it changes.
#[derive(Default)]
struct Facts {
    session_id: String,
    version: String,
    entrypoint: String,
    cwd: String,
}

impl Reader<'_> {
    fn tell(&mut self, at: Position, event: Event<'_>) {
        self.listener.event(at, event);
    }

    fn malformed(&mut self, line: u64, reason: String) {
        self.tell(Position { line, moment: None }, Event::Malformed { reason });
    }

    /// A line holds one object, or several glued together.
    fn line(&mut self, number: u64, line: &[u8]) {
        let mut values = Skim::new(line);
        while values.has_more() {
            match Object::<Entry<'_>>::deserialize(&mut values) {
                Ok(Object(Some(entry))) => self.entry(number, &entry),
                Ok(Object(None)) => self.malformed(number, "no JSON object".to_owned()),
                Err(error) => {
                    let column = (values.position() + 1).min(line.len());
                    let reason = format!("{} at column {column}", error.category());
                    return self.malformed(number, reason);
                }
            }
        }
    }

    fn entry(&mut self, line: u64, entry: &Entry<'_>) {
        let at = Position {
            line,
            moment: entry.timestamp.get().and_then(Moment::parse),
        };
        self.tell(at, Event::Entry);
        self.facts(at, entry);
        match entry.kind.get() {
            Some("assistant") => {
                self.sidechain(entry);
                self.assistant(at, entry);
            }
            Some("user") => {
                self.sidechain(entry);
                self.user(at, entry);
            }
            Some("progress") => self.progress(at, entry),
            Some("system") => self.system(at, entry),
            Some("queue-operation") => self.queue_operation(at, entry),
            Some("attachment") => self.attachment(at, entry),
            Some("pr-link") => {
                if let Some(url) = entry.pr_url.get() {
                    let url = Text::new(url, self.redaction);
                    self.tell(at, Event::PullRequest { url });
                }
            }
            // Snapshots, summaries, titles, modes and types that do not exist yet.
            _ => {}
        }
    }

    fn sidechain(&mut self, entry: &Entry<'_>) {
        self.entries += 1;
        self.sidechain_entries += u64::from(entry.is_sidechain.is_true());
    }

    fn facts(&mut self, at: Position, entry: &Entry<'_>) {
        let redaction = self.redaction;
        if let Some(id) = changed(&mut self.facts.session_id, entry.session_id.get()) {
            // Ids, versions and names are no prose, but whoever plants a secret may plant it there.
            self.listener
                .event(at, Event::Fact(Fact::SessionId(&redaction(id))));
        }
        if let Some(version) = changed(&mut self.facts.version, entry.version.get()) {
            self.listener
                .event(at, Event::Fact(Fact::AgentVersion(&redaction(version))));
        }
        if let Some(cwd) = changed(&mut self.facts.cwd, entry.cwd.get()) {
            let cwd = Text::new(cwd, redaction);
            self.listener
                .event(at, Event::Fact(Fact::WorkingFolder(cwd)));
        }
        if let Some(entrypoint) = changed(&mut self.facts.entrypoint, entry.entrypoint.get()) {
            let scope = out_of_scope(entrypoint).map_or(Ok(()), Err);
            self.listener.event(at, Event::Fact(Fact::Scope(scope)));
        }
    }

    fn assistant(&mut self, at: Position, entry: &Entry<'_>) {
        let Some(message) = entry.message.get() else {
            return;
        };
        let synthetic = message.model.is("<synthetic>") || entry.is_api_error_message.is_true();
        if entry.is_sidechain.is_true() {
            return self.sidechain_blocks(at, message, &entry.tool_use_result, UNKNOWN_CALL);
        }
        if let Content::Blocks(blocks) = &message.content {
            for block in blocks {
                self.assistant_block(at, block, synthetic);
            }
        } else if let Content::Text(text) = &message.content {
            let text = text.get().unwrap_or_default();
            let text = Text::new(&text, self.redaction);
            self.tell(
                at,
                if synthetic {
                    Event::ClientNotice(text)
                } else {
                    Event::AgentText(text)
                },
            );
        }
        if let (false, Some(id), Some(usage)) = (synthetic, message.id.get(), message.usage.get()) {
            let tokens = Tokens {
                input: usage.input_tokens.0.unwrap_or(0),
                output: usage.output_tokens.0.unwrap_or(0),
                cache_read: usage.cache_read_input_tokens.0.unwrap_or(0),
                cache_write: usage.cache_creation_input_tokens.0.unwrap_or(0),
            };
            let model = (self.redaction)(message.model.get().unwrap_or_default());
            let model = &*model;
            self.tell(
                at,
                Event::Usage(Usage {
                    message: id,
                    model,
                    tokens,
                }),
            );
        }
    }

    fn assistant_block(&mut self, at: Position, block: &Block<'_>, synthetic: bool) {
        let redaction = self.redaction;
        match block.kind.get() {
            Some("text") => {
                let text = block.text.get().unwrap_or_default();
                let text = Text::new(&text, redaction);
                if !text.is_blank() {
                    self.tell(
                        at,
                        if synthetic {
                            Event::ClientNotice(text)
                        } else {
                            Event::AgentText(text)
                        },
                    );
                }
            }
            Some("thinking") if self.listener.takes(Body::Thinking) => {
                // Blanked by clients 2.1.74 and later.
                let text = block.thinking.get().unwrap_or_default();
                let text = Text::new(&text, redaction);
                if !text.is_blank() {
                    self.tell(at, Event::AgentThinking(text));
                }
            }
            Some("tool_use" | "server_tool_use") => {
                let name = block.name.get().unwrap_or_default();
                let shown = redaction(name);
                let kind = tool_kind(name);
                let raw = block.input.0.unwrap_or(b"null");
                let takes_input = self.listener.takes(Body::Input);
                let fields = if takes_input || kind == ToolKind::Shell {
                    InputFields::deserialize(&mut Skim::new(raw)).unwrap_or_default()
                } else {
                    InputFields::default()
                };
                let input = if takes_input {
                    halves::mended(lossy(raw))
                } else {
                    Cow::Borrowed("null")
                };
                let path = fields
                    .file_path
                    .get()
                    .or(fields.notebook_path.get())
                    .or(fields.path.get());
                let command = fields.command.get().filter(|_| kind == ToolKind::Shell);
                self.tell(
                    at,
                    Event::ToolCall(ToolCall {
                        id: block.id.get().unwrap_or_default(),
                        kind,
                        name: &shown,
                        path: path.map(|path| Text::new(path, redaction)),
                        command: command.map(|command| Text::new(command, redaction)),
                        input: Json::new(&input, redaction),
                    }),
                );
            }
            _ => {}
        }
    }

    fn user(&mut self, at: Position, entry: &Entry<'_>) {
        let Some(message) = entry.message.get() else {
            return;
        };
        if entry.is_sidechain.is_true() {
            return self.sidechain_blocks(at, message, &entry.tool_use_result, UNKNOWN_CALL);
        }
        let mut marks = Marks {
            is_meta: entry.is_meta.is_true(),
            is_compact_summary: entry.is_compact_summary.is_true(),
            is_plan: entry.plan_content.0,
            from_system: entry.prompt_source.is("system")
                || entry
                    .origin
                    .get()
                    .is_some_and(|origin| origin.kind.is("task-notification")),
            from_kit: entry.prompt_source.is("sdk")
                && !entry
                    .origin
                    .get()
                    .is_some_and(|origin| origin.kind.is("human")),
            images: 0,
        };
        match &message.content {
            Content::Text(text) => {
                let text = text.get().unwrap_or_default();
                self.user_text(at, &text, user::classify(&text, marks), marks);
            }
            Content::Blocks(blocks) => {
                let results = blocks
                    .iter()
                    .filter(|block| block.kind.is("tool_result"))
                    .count();
                for block in blocks.iter().filter(|block| block.kind.is("tool_result")) {
                    self.tool_result(at, block, &entry.tool_use_result);
                }
                marks.images = count(blocks.iter().filter(|block| block.kind.is("image")).count());
                let texts = blocks.iter().filter(|block| block.kind.is("text"));
                let text = joined(&mut texts.filter_map(|block| block.text.get()).collect());
                let what = if results > 0 {
                    user::classify_beside_result(&text, Marks { images: 0, ..marks })
                } else {
                    user::classify(&text, marks)
                };
                self.user_text(at, &text, what, marks);
            }
            Content::Other => {}
        }
    }

    fn user_text(&mut self, at: Position, text: &str, what: UserText, marks: Marks) {
        let redaction = self.redaction;
        match what {
            UserText::Blank => {}
            UserText::Interruption { during_tool } => {
                self.tell(at, Event::Interruption { during_tool })
            }
            UserText::Injected(kind) => {
                if kind == InjectedKind::TaskNotification {
                    self.task_notification(at, text);
                }
                self.tell(
                    at,
                    Event::Injected(Injected {
                        kind,
                        text: Text::new(text, redaction),
                    }),
                );
            }
            UserText::Prompt(kind) => {
                self.sign = self.sign.or(user::out_of_scope(text, marks));
                let typed = match kind {
                    PromptKind::SlashCommand => text.trim(),
                    _ => user::typed_part(text),
                };
                self.tell(
                    at,
                    Event::Prompt(Prompt {
                        kind,
                        text: Text::new(typed, redaction),
                        images: marks.images,
                    }),
                );
            }
        }
    }

    fn tool_result(&mut self, at: Position, block: &Block<'_>, structured: &ToolUseResult<'_>) {
        let redaction = self.redaction;
        let id = block.tool_use_id.get().unwrap_or_default();
        let is_error = block.is_error.is_true();
        let output = match block.content.as_deref() {
            // How a call failed stands in its output.
            Some(content) if is_error || self.listener.takes(Body::Output(id)) => {
                plain_text(content)
            }
            _ => Cow::Borrowed(""),
        };
        let status = if is_error {
            failed_status(&output)
        } else {
            ToolStatus::Done
        };
        let fields = match structured {
            ToolUseResult::Object(fields) if status == ToolStatus::Done => Some(fields),
            ToolUseResult::Object(_) | ToolUseResult::Other => None,
        };
        let operation = fields.and_then(|fields| fields.git_operation.get());
        let url = operation
            .and_then(|operation| operation.pr.get())
            .and_then(|pr| pr.url.get());
        self.tell(
            at,
            Event::ToolResult(ToolResult {
                id,
                status,
                output: Text::new(&output, redaction),
                change: fields.and_then(|fields| file_change(fields, redaction)),
                commits: operation.map_or(0, |operation| u32::from(operation.commit.0)),
                pull_request: url.map(|url| Text::new(url, redaction)),
            }),
        );
        if let Some(fields) = fields {
            let lines = fields.tool_stats.get().map(|stats| {
                (
                    stats.lines_added.0.unwrap_or(0),
                    stats.lines_removed.0.unwrap_or(0),
                )
            });
            let actions = fields.total_tool_use_count.0;
            if lines.is_some() || actions.is_some() {
                self.tell(
                    at,
                    Event::SubagentWork(SubagentWork::Total {
                        parent: id,
                        actions,
                        lines,
                    }),
                );
            }
        }
    }

    /// The last word of a sub-agent that ran in the background: its totals stand in the notification's text.
    fn task_notification(&mut self, at: Position, text: &str) {
        let field = |open: &str, close: &str| {
            text.split_once(open)
                .and_then(|(_, rest)| rest.split_once(close))
                .map(|(value, _)| value.trim())
        };
        let actions = field("<tool_uses>", "</tool_uses>").and_then(|value| value.parse().ok());
        if let (Some(parent), Some(actions)) = (field("<tool-use-id>", "</tool-use-id>"), actions) {
            self.tell(
                at,
                Event::SubagentWork(SubagentWork::Total {
                    parent,
                    actions: Some(actions),
                    lines: None,
                }),
            );
        }
    }

    /// Up to client 2.1.81 a sub-agent's messages are repeated as progress of the call that started it.
    fn progress(&mut self, at: Position, entry: &Entry<'_>) {
        let Some(progress) = entry.data.get() else {
            return;
        };
        if !progress.kind.is("agent_progress") {
            return;
        }
        let Some(nested) = progress.message.get() else {
            return;
        };
        let Some(message) = nested.message.get() else {
            return;
        };
        let parent = entry.parent_tool_use_id.get().unwrap_or_default();
        self.sidechain_blocks(at, message, &nested.tool_use_result, parent);
    }

    fn sidechain_blocks(
        &mut self,
        at: Position,
        message: &Message<'_>,
        structured: &ToolUseResult<'_>,
        parent: &str,
    ) {
        let Content::Blocks(blocks) = &message.content else {
            return;
        };
        for block in blocks {
            if block.kind.is("tool_use") {
                let id = block.id.get().unwrap_or_default();
                self.tell(at, Event::SubagentWork(SubagentWork::Action { parent, id }));
            }
            if block.kind.is("tool_result")
                && !block.is_error.is_true()
                && let ToolUseResult::Object(fields) = structured
                && let Some(change) = file_change(fields, self.redaction)
            {
                self.tell(
                    at,
                    Event::SubagentWork(SubagentWork::Change {
                        parent,
                        lines_added: change.lines_added,
                        lines_removed: change.lines_removed,
                    }),
                );
            }
        }
    }

    fn system(&mut self, at: Position, entry: &Entry<'_>) {
        match (entry.subtype.get(), entry.duration_ms.0) {
            (Some("compact_boundary"), _) => self.tell(at, Event::Compaction),
            (Some("turn_duration"), Some(milliseconds)) => {
                self.tell(at, Event::TurnDuration { milliseconds })
            }
            _ => {}
        }
    }

    /// Prompts typed while the agent worked. `dequeue` gives them a turn of their own, so a user entry follows;
    /// `remove` delivers them within the running turn (the agent answers them at its next step); `popAll` takes them
    /// back into the input field. Neither `dequeue` nor `remove` carries the text: entries leave in order.
    fn queue_operation(&mut self, at: Position, entry: &Entry<'_>) {
        match entry.operation.get() {
            Some("enqueue") => self
                .queue
                .waiting
                .push_back(entry.content.get().unwrap_or_default().into_owned()),
            Some("dequeue") => drop(self.queue.waiting.pop_front()),
            Some("popAll") => self.queue.waiting.clear(),
            Some("remove") => {
                if let Some(text) = self.queue.waiting.pop_front()
                    && self.queue.first_sight(&text, Source::Queue)
                {
                    self.queued(at, &text);
                }
            }
            _ => {}
        }
    }

    fn attachment(&mut self, at: Position, entry: &Entry<'_>) {
        let Some(attachment) = entry.attachment.get() else {
            return;
        };
        if !attachment.kind.is("queued_command") || attachment.command_mode.is("task-notification")
        {
            return;
        }
        let text = plain_text(&attachment.prompt);
        if self.queue.first_sight(&text, Source::Attachment) {
            self.queued(at, &text);
        }
    }

    fn queued(&mut self, at: Position, text: &str) {
        // Background tasks of older clients queue their report as a bare JSON object.
        if text.trim_start().starts_with("{\"task_id\"") {
            return;
        }
        let marks = Marks::default();
        let what = match user::classify(text, marks) {
            UserText::Prompt(PromptKind::Typed) if text.trim_start().starts_with('/') => {
                UserText::Prompt(PromptKind::SlashCommand)
            }
            UserText::Prompt(PromptKind::Typed) => UserText::Prompt(PromptKind::Queued),
            // A command in the queue was recorded by its own entry when it ran.
            other => other,
        };
        if what == UserText::Prompt(PromptKind::Queued) {
            self.user_text(at, text, what, marks);
        }
    }

    fn end(&mut self) {
        let at = Position {
            line: 0,
            moment: None,
        };
        if self.entries > 0 && self.entries == self.sidechain_entries {
            self.tell(at, Event::Fact(Fact::Scope(Err(Ineligible::Subagent))));
            // A sub-agent's file carries the id of the session that started it.
            let parent = std::mem::take(&mut self.facts.session_id);
            let parent = (self.redaction)(&parent);
            self.tell(at, Event::Fact(Fact::Parent(&parent)));
        } else if let (true, Some(reason)) = (self.facts.entrypoint.is_empty(), self.sign) {
            self.tell(at, Event::Fact(Fact::Scope(Err(reason))));
        }
    }
}

fn changed<'v>(known: &mut String, value: Option<&'v str>) -> Option<&'v str> {
    let value = value.filter(|value| *value != known && !value.is_empty())?;
    value.clone_into(known);
    Some(value)
}

/// What an entry point says about the study's scope; `None` for the command line, the desktop and the web client.
fn out_of_scope(entrypoint: &str) -> Option<Ineligible> {
    match entrypoint {
        "sdk-cli" => Some(Ineligible::Headless),
        other if other.starts_with("sdk") || other.contains("github-action") || other == "mcp" => {
            Some(Ineligible::SoftwareKit)
        }
        other
            if other.contains("vscode")
                || other.contains("jetbrains")
                || other.ends_with("-ide") =>
        {
            Some(Ineligible::Editor)
        }
        _ => None,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
