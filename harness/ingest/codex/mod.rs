//! Codex rollouts: JSON lines of `{timestamp, type, payload}`.
//!
//! The traps: agent text and prompts stand twice, as items of the model and as events of the client; a fork begins with
//! the history of its parent, told anew under new times; tokens are a running counter; a command that runs on gives its
//! output to later calls; an edit is told apart from its call, or only by the text of its patch.

mod entry;
mod running;
mod script;
mod tools;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};

use serde_json::value::RawValue;

use crate::domain::eligibility::Ineligible;
use crate::domain::event::{
    Event, FileChange, InjectedKind, Listener, Position, PromptKind, ToolCall, ToolKind,
    ToolResult, ToolStatus,
};
use crate::domain::moment::Moment;
use crate::domain::text::{Json, Redaction, Text};

use super::loose::Raw;
use super::objects::{Found, each_object, fault};
use super::patch::{self, Changed, PatchedFile};
use super::teller::Teller;
use entry::{Arguments, Change, Counter, Entry, Item, Meta, Shown, Source, Subagent};
use running::{Answer, Commands};
use script::Script;

/// Reads a rollout and tells `listener` what happens in it.
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
        id: String::new(),
        replay: Replay::Never,
        model: String::new(),
        counted: Counter::default(),
        turn_started: None,
        sees_prompts: false,
        prompt: None,
        patches: HashMap::new(),
        commands: Commands::default(),
        unnamed: 0,
        last: Position {
            line: 0,
            moment: None,
        },
    };
    each_object(source, |line, found| match found {
        Found::Object(object) => reader.object(line, object),
        Found::Malformed(reason) => reader.teller.malformed(line, reason),
    })?;
    reader.end();
    Ok(())
}

/// Patches that wait for their result at once; a session has a handful.
const MOST_PATCHES: usize = 256;

/// Whether lines are the history of the session that this one was forked from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replay {
    Never,
    /// The session says that it was forked; the parent's own head has not come yet.
    Expected,
    Running,
}

struct Reader<'l> {
    teller: Teller<'l>,
    id: String,
    replay: Replay,
    model: String,
    /// The client's running counter at its last report.
    counted: Counter,
    turn_started: Option<Moment>,
    /// The client's own record of prompts is there, so the model's items need not be read for them.
    sees_prompts: bool,
    /// A prompt that was seen as an item and may come once more as the client's record.
    prompt: Option<(Position, String, u32)>,
    /// Files of patches whose result has not come, by call.
    patches: HashMap<String, Vec<PatchedFile>>,
    commands: Commands,
    /// Calls without an id so far.
    unnamed: u64,
    last: Position,
}

impl Reader<'_> {
    fn object(&mut self, line: u64, object: &str) {
        let entry: Entry<'_> = match serde_json::from_str(object) {
            Ok(entry) => entry,
            Err(error) => return self.teller.malformed(line, fault(&error)),
        };
        let at = Position {
            line,
            moment: entry.timestamp.get().and_then(Moment::parse),
        };
        let payload = entry.payload.0.map_or("null", RawValue::get);
        self.last = at;
        if let Err(error) = self.entry(at, entry.kind.get().unwrap_or_default(), payload) {
            self.teller.malformed(line, fault(&error));
        }
    }

    fn entry(&mut self, at: Position, kind: &str, payload: &str) -> serde_json::Result<()> {
        // Kinds that mean nothing here are not looked into: states and compacted histories are large.
        if !payload.starts_with('{') {
            self.teller.tell(at, Event::Entry);
            return Ok(());
        }
        match kind {
            "session_meta" => {
                let meta = serde_json::from_str(payload)?;
                self.teller.tell(at, Event::Entry);
                self.session(at, &meta);
            }
            "turn_context" => {
                let meta: Meta<'_> = serde_json::from_str(payload)?;
                self.teller.tell(at, Event::Entry);
                self.turn(meta.turn_id.get());
                if self.replay != Replay::Running {
                    self.teller.folder(at, meta.cwd.get());
                    if let Some(model) = meta.model.get() {
                        model.clone_into(&mut self.model);
                    }
                }
            }
            "event_msg" => {
                let shown: Shown<'_> = serde_json::from_str(payload)?;
                self.teller.tell(at, Event::Entry);
                self.shown(at, &shown);
            }
            "response_item" => {
                let item: Item<'_> = serde_json::from_str(payload)?;
                self.teller.tell(at, Event::Entry);
                if self.replay != Replay::Running {
                    self.item(at, &item, payload);
                }
            }
            "compacted" => {
                self.teller.tell(at, Event::Entry);
                if self.replay != Replay::Running {
                    self.teller.tell(at, Event::Compaction);
                }
            }
            _ => self.teller.tell(at, Event::Entry),
        }
        Ok(())
    }

    fn session(&mut self, at: Position, meta: &Meta<'_>) {
        let id = meta.id.get().unwrap_or_default();
        if !self.id.is_empty() {
            // A resumed session repeats its head; a fork goes on with the head of its parent.
            if self.replay == Replay::Expected && id != self.id {
                self.replay = Replay::Running;
            }
            return;
        }
        id.clone_into(&mut self.id);
        let forked = meta.forked_from_id.get().is_some();
        if forked && is_ordered_by_time(id) {
            self.replay = Replay::Expected;
        }
        self.teller.session_id(at, meta.id.get());
        self.teller.version(at, meta.cli_version.get());
        self.teller.folder(at, meta.cwd.get());
        let source = meta.source.0.map_or("null", RawValue::get);
        let scope = scope(source, meta.originator.get().unwrap_or_default());
        self.teller.scope(at, scope);
        if scope == Err(Ineligible::Subagent) {
            let spawned_by = parent_of(source);
            let parent = spawned_by.as_deref().or(meta.parent_thread_id.get());
            self.teller.parent(at, parent.unwrap_or_default());
        }
    }

    /// A turn begins. Ids of turns and sessions grow with time, so a turn that is younger than the session is its own.
    fn turn(&mut self, turn: Option<&str>) {
        if self.replay == Replay::Running
            && turn.is_some_and(|turn| is_ordered_by_time(turn) && turn > self.id.as_str())
        {
            self.replay = Replay::Never;
        }
    }

    fn shown(&mut self, at: Position, shown: &Shown<'_>) {
        let kind = shown.kind.get().unwrap_or_default();
        if kind == "task_started" || kind == "turn_started" {
            self.turn(shown.turn_id.get());
            self.turn_started = at.moment;
        }
        if kind == "token_count" {
            return self.tokens(at, shown);
        }
        if self.replay == Replay::Running {
            return;
        }
        match kind {
            "user_message" => {
                self.sees_prompts = true;
                self.prompt = None;
                let text = typed_part(shown.message.get().unwrap_or_default());
                let images = length(shown.images).saturating_add(length(shown.local_images));
                self.teller.prompt(at, PromptKind::Typed, text, images);
            }
            "task_complete" | "turn_complete" => self.turn_ends(at, shown),
            "turn_aborted" => {
                self.turn_ends(at, shown);
                if shown.reason.get().is_none_or(|why| why == "interrupted") {
                    self.teller
                        .tell(at, Event::Interruption { during_tool: false });
                }
            }
            "patch_apply_end" => {
                let call = shown.call_id.get().unwrap_or_default();
                if self.patches.remove(call).is_none() {
                    // The patch of a script has an id of its own; this record tells what the script's text would.
                    self.patches.clear();
                }
                if shown.success.0 != Some(false) {
                    self.changes(at, shown.changes);
                }
            }
            _ => {}
        }
    }

    fn turn_ends(&mut self, at: Position, shown: &Shown<'_>) {
        let started = self.turn_started.take();
        let measured = at
            .moment
            .zip(started)
            .and_then(|(end, start)| u64::try_from(end.since_ms(start)).ok());
        // Older clients give no duration.
        if let Some(milliseconds) = shown.duration_ms.0.or(measured) {
            self.teller.tell(at, Event::TurnDuration { milliseconds });
        }
    }

    /// The counter runs through a session, and through its resumptions unless the client began anew.
    fn tokens(&mut self, at: Position, shown: &Shown<'_>) {
        let usage = shown
            .info
            .get()
            .and_then(|info| info.total_token_usage.get());
        let Some(now) = usage.map(|usage| usage.counter()) else {
            return;
        };
        let before = std::mem::replace(&mut self.counted, now);
        if self.replay == Replay::Running {
            return;
        }
        let mut spent = now.tokens;
        if now.total >= before.total {
            spent.input = spent.input.saturating_sub(before.tokens.input);
            spent.output = spent.output.saturating_sub(before.tokens.output);
            spent.cache_read = spent.cache_read.saturating_sub(before.tokens.cache_read);
            spent.cache_write = spent.cache_write.saturating_sub(before.tokens.cache_write);
        }
        let model = std::mem::take(&mut self.model);
        self.teller
            .usage(at, &format!("{}", at.line), &model, spent);
        self.model = model;
    }

    fn item(&mut self, at: Position, item: &Item<'_>, payload: &str) {
        let kind = item.kind.get().unwrap_or_default();
        if kind == "message" && item.role.is("user") {
            return self.user_item(at, item);
        }
        self.flush_prompt();
        match kind {
            "message" if item.role.is("assistant") => {
                self.teller.agent_text(at, &item.content.text());
            }
            "reasoning" => {
                self.teller.thinking(at, &item.summary.text());
                self.teller.thinking(at, &item.content.text());
            }
            // One agent writes to another.
            "agent_message" => {
                let text = item.content.text();
                self.teller
                    .injected(at, InjectedKind::TaskNotification, &text);
            }
            "function_call" | "custom_tool_call" | "local_shell_call" | "web_search_call" => {
                self.call(at, item, payload);
            }
            "function_call_output" | "custom_tool_call_output" => self.output(at, item),
            _ => {}
        }
    }

    /// Items in the user's place are prompts or what the client puts there.
    fn user_item(&mut self, at: Position, item: &Item<'_>) {
        let text = item.content.text();
        let start = text.trim_start();
        let injected = match start {
            _ if start.starts_with("<subagent_notification>") => InjectedKind::TaskNotification,
            _ if start.starts_with("<environment_context>")
                || start.starts_with("<recommended_plugins>")
                || start.starts_with("<user_instructions>")
                || start.starts_with("# AGENTS.md instructions") =>
            {
                InjectedKind::Reminder
            }
            _ if start.starts_with("<turn_aborted>") || start.starts_with("<skill>") => {
                InjectedKind::Meta
            }
            _ => {
                if !self.sees_prompts {
                    self.flush_prompt();
                    self.prompt = Some((at, typed_part(&text).to_owned(), item.content.images));
                }
                return;
            }
        };
        self.teller.injected(at, injected, &text);
    }

    /// A prompt that came as an item and by no record of the client: old clients and some tools write items alone.
    fn flush_prompt(&mut self) {
        if let Some((at, text, images)) = self.prompt.take() {
            self.teller.prompt(at, PromptKind::Typed, &text, images);
        }
    }

    fn call(&mut self, at: Position, item: &Item<'_>, payload: &str) {
        let item_kind = item.kind.get().unwrap_or_default();
        let name = match item_kind {
            "local_shell_call" => "local_shell",
            "web_search_call" => "web_search",
            _ => item.name.get().unwrap_or_default(),
        };
        let arguments = item.arguments.get().unwrap_or("null");
        let fields: Arguments<'_> = match item.action.0 {
            Some(action) => serde_json::from_str(action.get()),
            None => serde_json::from_str(arguments),
        }
        .unwrap_or_default();
        let text = item.input.get().or(fields.input.get());
        let script = match text {
            Some(text) if name == "exec" => script::read(text),
            _ => Script::default(),
        };
        let mut kind = tools::tool_kind(name);
        let mut command = tools::command(&fields).filter(|_| kind == ToolKind::Shell);
        if name == "exec" {
            command = (!script.commands.is_empty()).then(|| script.commands.clone());
            if command.is_none() {
                kind = if script.patches.is_empty() {
                    ToolKind::Other
                } else {
                    ToolKind::Edit
                };
            }
        }
        let id = self.id_of(item);
        let mut files: Vec<PatchedFile> = Vec::new();
        match (name, text) {
            ("apply_patch", Some(text)) => files = patch::apply_patch(text),
            _ => {
                for text in &script.patches {
                    files.extend(patch::apply_patch(text));
                }
            }
        }
        if kind == ToolKind::Shell
            && let Some(text) = command.as_deref().filter(|text| is_patch_command(text))
        {
            files = patch::apply_patch(text);
        }
        let path = fields.path.get().or(fields.file_path.get());
        let path = path.or(files.first().map(|file| file.path.as_str()));
        let input = match (item.arguments.get(), text) {
            (Some(arguments), _) => arguments.to_owned(),
            (None, Some(text)) => serde_json::json!({ "input": text }).to_string(),
            (None, None) => payload.to_owned(),
        };
        let redaction = self.teller.redaction;
        let shown = redaction(name);
        self.teller.tell(
            at,
            Event::ToolCall(ToolCall {
                id: &id,
                kind,
                name: &shown,
                path: path.map(|path| Text::new(path, redaction)),
                command: command
                    .as_deref()
                    .map(|command| Text::new(command, redaction)),
                input: Json::new(&input, redaction),
            }),
        );
        match name {
            "write_stdin" => self.commands.ask(&id, tools::key(fields.session_id)),
            "wait" => self.commands.ask(&id, tools::key(fields.cell_id)),
            _ => self.commands.ask(&id, script.polls),
        }
        if !files.is_empty() && self.patches.len() < MOST_PATCHES {
            self.patches.insert(id, files);
        }
    }

    /// Web searches have no id, and no result either.
    fn id_of(&mut self, item: &Item<'_>) -> String {
        match item.call_id.get() {
            Some(id) if !id.is_empty() && !id.contains("REDACTED") => id.to_owned(),
            _ => {
                self.unnamed += 1;
                format!("unnamed {}", self.unnamed)
            }
        }
    }

    fn output(&mut self, at: Position, item: &Item<'_>) {
        let call = item.call_id.get().unwrap_or_default();
        let text = item.output.text();
        let outcome = tools::outcome(&text);
        let patched = self.patches.remove(call);
        let runs_on = outcome.running.is_some();
        match self.commands.answer(call, &outcome.output, runs_on) {
            Answer::NotAsked => {}
            Answer::RunsOn => return self.result(at, call, ToolStatus::Done, &outcome.output),
            Answer::Ended(command) => {
                // The client gave the end of a command to the call that asked for it.
                self.result(at, &command.call, outcome.status, &command.output);
                return self.result(at, call, ToolStatus::Done, &outcome.output);
            }
        }
        match outcome.running {
            Some(key) => self.commands.start(key, call, &outcome.output),
            None => {
                if outcome.status == ToolStatus::Done {
                    // No record of the client told these files; the patch itself does.
                    for file in patched.unwrap_or_default() {
                        self.change(at, &file.path, file.changed);
                    }
                }
                self.result(at, call, outcome.status, &outcome.output);
            }
        }
    }

    fn result(&mut self, at: Position, id: &str, status: ToolStatus, output: &str) {
        let output = self.teller.text(output);
        self.teller.tell(
            at,
            Event::ToolResult(ToolResult {
                id,
                status,
                output,
                change: None,
                commits: 0,
                pull_request: None,
            }),
        );
    }

    fn changes(&mut self, at: Position, changes: Raw<'_>) {
        let changes = changes.0.map_or("null", RawValue::get);
        let changes: BTreeMap<String, super::loose::Object<Change<'_>>> =
            serde_json::from_str(changes).unwrap_or_default();
        for (path, change) in &changes {
            let Some(change) = change.get() else { continue };
            let lines = change.content.get().map_or(0, patch::lines_of);
            let changed = match change.kind.get() {
                Some("add") => Changed {
                    added: lines,
                    removed: 0,
                },
                Some("delete") => Changed {
                    added: 0,
                    removed: lines,
                },
                _ => change
                    .unified_diff
                    .get()
                    .map(patch::unified)
                    .unwrap_or_default(),
            };
            self.change(at, change.move_path.get().unwrap_or(path), changed);
        }
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

    fn end(&mut self) {
        self.flush_prompt();
        for left in self.commands.left() {
            self.result(self.last, &left.call, ToolStatus::Done, &left.output);
        }
    }
}

/// Editors put their context before what the person typed.
fn typed_part(text: &str) -> &str {
    let text = text.trim();
    if text.starts_with("# Context from my IDE setup") {
        let (_, typed) = text
            .split_once("## My request for Codex:")
            .unwrap_or(("", text));
        return typed.trim();
    }
    text
}

/// Where a session came from, as its head says.
fn scope(source: &str, originator: &str) -> Result<(), Ineligible> {
    if source.starts_with('{') {
        let fields: Source<'_> = serde_json::from_str(source).unwrap_or_default();
        return Err(if fields.subagent.0.is_some() {
            Ineligible::Subagent
        } else {
            Ineligible::SoftwareKit
        });
    }
    match source.trim_matches('"') {
        "exec" => Err(Ineligible::Headless),
        "mcp" => Err(Ineligible::SoftwareKit),
        // The desktop client and the editor's share the source; the originator tells them apart.
        _ if originator.contains("sdk") => Err(Ineligible::SoftwareKit),
        _ if originator.contains("vscode") => Err(Ineligible::Editor),
        _ => Ok(()),
    }
}

fn parent_of(source: &str) -> Option<String> {
    let source: Source<'_> = serde_json::from_str(source).ok()?;
    let subagent = source.subagent.0?.get();
    let subagent: Subagent<'_> = serde_json::from_str(subagent).ok()?;
    subagent
        .thread_spawn
        .get()?
        .parent_thread_id
        .0
        .clone()
        .map(Into::into)
}

/// Version 7 of unique ids begins with the time, so that they sort by it.
fn is_ordered_by_time(id: &str) -> bool {
    id.len() == 36 && id.as_bytes()[14] == b'7'
}

/// `apply_patch <<'EOF'`, the patch as a shell command.
fn is_patch_command(command: &str) -> bool {
    command.trim_start().starts_with("apply_patch") && command.contains("*** Begin Patch")
}

/// Number of entries of a list.
fn length(list: Raw<'_>) -> u32 {
    let list = list.0.map_or("null", RawValue::get);
    let entries: Vec<serde::de::IgnoredAny> = serde_json::from_str(list).unwrap_or_default();
    u32::try_from(entries.len()).unwrap_or(u32::MAX)
}
