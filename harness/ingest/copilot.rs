//! Copilot CLI sessions: event lines of `{type, data, id, timestamp, parentId}`, `session.start` first.
//!
//! The traps: the prompt stands twice, as typed and as sent with the client's additions; hooks and the 46 KB of the system
//! message are no speech; what the session cost is told once, at its shutdown; a call of a sub-agent names the
//! call that started it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::eligibility::Ineligible;
use crate::domain::event::{
    Event, FileChange, InjectedKind, Listener, Position, PromptKind, SubagentWork, Tokens,
    ToolCall, ToolKind, ToolResult, ToolStatus,
};
use crate::domain::moment::Moment;
use crate::domain::text::{Json, Redaction, Text};

use super::loose::{Bool, Count, Object, Raw, Str};
use super::objects::{Found, each_object, fault};
use super::patch::{self, Changed};
use super::teller::Teller;

/// Reads a session and tells `listener` what happens in it.
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
        paths: HashMap::new(),
        rejected: HashSet::new(),
        output: BTreeMap::new(),
        unnamed: 0,
    };
    each_object(source, |line, found| match found {
        Found::Object(object) => reader.object(line, object),
        Found::Malformed(reason) => reader.teller.malformed(line, reason),
    })?;
    reader.end();
    Ok(())
}

/// Calls that wait for their result at once.
const MOST_CALLS: usize = 4096;

struct Reader<'l> {
    teller: Teller<'l>,
    /// Files of edits whose result has not come, by call.
    paths: HashMap<String, Edit>,
    /// Calls that the person refused.
    rejected: HashSet<String>,
    /// Output tokens by model, for a session that was not shut down.
    output: BTreeMap<String, u64>,
    /// Calls without an id so far.
    unnamed: u64,
}

/// An edit whose result has not come.
struct Edit {
    path: String,
    /// What its arguments say of its lines.
    argued: Changed,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow)]
    data: Raw<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    session_id: Str<'a>,
    #[serde(borrow)]
    copilot_version: Str<'a>,
    #[serde(borrow)]
    context: Object<Context<'a>>,
    #[serde(borrow)]
    content: Str<'a>,
    #[serde(borrow)]
    attachments: Raw<'a>,
    #[serde(borrow)]
    source: Str<'a>,
    #[serde(borrow)]
    delivery: Str<'a>,
    #[serde(borrow)]
    agent_mode: Str<'a>,
    #[serde(borrow)]
    message: Str<'a>,
    #[serde(borrow)]
    model: Str<'a>,
    #[serde(borrow)]
    reasoning_text: Str<'a>,
    output_tokens: Count,
    #[serde(borrow)]
    tool_call_id: Str<'a>,
    #[serde(borrow)]
    parent_tool_call_id: Str<'a>,
    #[serde(borrow)]
    tool_name: Str<'a>,
    #[serde(borrow)]
    arguments: Raw<'a>,
    success: Bool,
    #[serde(borrow)]
    result: Object<Outcome<'a>>,
    #[serde(borrow)]
    error: Raw<'a>,
    tool_telemetry: Object<ToolTelemetry>,
    #[serde(borrow)]
    hook_type: Str<'a>,
    #[serde(borrow)]
    input: Object<HookInput<'a>>,
    #[serde(borrow)]
    model_metrics: Raw<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(borrow)]
    cwd: Str<'a>,
}

/// The result of a tool, or the outcome of a permission question.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Outcome<'a> {
    #[serde(borrow)]
    content: Str<'a>,
    #[serde(borrow)]
    detailed_content: Str<'a>,
    #[serde(borrow)]
    kind: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure<'a> {
    #[serde(borrow)]
    message: Str<'a>,
    #[serde(borrow)]
    code: Str<'a>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct ToolTelemetry {
    metrics: Object<Metrics>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metrics {
    lines_added: Count,
    lines_removed: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HookInput<'a> {
    #[serde(borrow)]
    reason: Str<'a>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct ModelMetrics {
    usage: Object<TokenUsage>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the client's names")]
struct TokenUsage {
    input_tokens: Count,
    output_tokens: Count,
    cache_read_tokens: Count,
    cache_write_tokens: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments<'a> {
    #[serde(borrow)]
    path: Str<'a>,
    #[serde(borrow)]
    command: Str<'a>,
    #[serde(borrow)]
    file_text: Str<'a>,
    #[serde(borrow)]
    old_str: Str<'a>,
    #[serde(borrow)]
    new_str: Str<'a>,
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
        let raw = entry.data.0.map_or("null", RawValue::get);
        let kind = entry.kind.get().unwrap_or_default();
        if !raw.starts_with('{') || kind == "system.message" {
            return self.teller.tell(at, Event::Entry);
        }
        match serde_json::from_str::<Data<'_>>(raw) {
            Ok(data) => {
                self.teller.tell(at, Event::Entry);
                self.event(at, kind, &data);
            }
            Err(error) => self.teller.malformed(line, fault(&error)),
        }
    }

    fn event(&mut self, at: Position, kind: &str, data: &Data<'_>) {
        match kind {
            "session.start" | "session.resume" => {
                self.teller.session_id(at, data.session_id.get());
                self.teller.version(at, data.copilot_version.get());
                let context = data.context.get();
                self.teller
                    .folder(at, context.and_then(|context| context.cwd.get()));
            }
            "user.message" => self.person(at, data),
            "assistant.message" => self.agent(at, data),
            "tool.execution_start" => self.call(at, data),
            "tool.execution_complete" => self.result(at, data),
            "permission.completed" => {
                let kind = data.result.get().and_then(|result| result.kind.get());
                if kind == Some("denied-interactively-by-user")
                    && let Some(call) = data.tool_call_id.get()
                    && self.rejected.len() < MOST_CALLS
                {
                    self.rejected.insert(call.to_owned());
                }
            }
            "abort" => self
                .teller
                .tell(at, Event::Interruption { during_tool: false }),
            "session.compaction_complete" if data.success.0 != Some(false) => {
                self.teller.tell(at, Event::Compaction);
            }
            "session.error" | "session.warning" => {
                let notice = self.teller.text(data.message.get().unwrap_or_default());
                self.teller.tell(at, Event::ClientNotice(notice));
            }
            // A person who ends a session leaves it; one that is complete was given its prompt on the command line.
            "hook.start" if data.hook_type.is("sessionEnd") => {
                let reason = data.input.get().and_then(|input| input.reason.get());
                match reason {
                    Some("complete") => self.teller.scope(at, Err(Ineligible::Headless)),
                    Some("user_exit") => self.teller.scope(at, Ok(())),
                    _ => {}
                }
            }
            "session.shutdown" => self.shutdown(at, data),
            _ => {}
        }
    }

    fn person(&mut self, at: Position, data: &Data<'_>) {
        let text = data.content.get().unwrap_or_default().trim();
        let source = data.source.get().unwrap_or("user");
        if !matches!(source, "user" | "human" | "") || data.parent_tool_call_id.get().is_some() {
            return self.teller.injected(at, InjectedKind::Meta, text);
        }
        let is_command = text
            .strip_prefix('/')
            .and_then(|rest| rest.split_whitespace().next())
            .is_some_and(|name| !name.contains('/') && !name.is_empty());
        let kind = if data.agent_mode.is("shell") {
            PromptKind::Shell
        } else if is_command {
            PromptKind::SlashCommand
        } else if data.delivery.is("steering") {
            PromptKind::Queued
        } else {
            PromptKind::Typed
        };
        let images = data
            .attachments
            .0
            .map_or(0, |attachments| pictures(attachments.get()));
        self.teller.prompt(at, kind, text, images);
    }

    fn agent(&mut self, at: Position, data: &Data<'_>) {
        if data.parent_tool_call_id.get().is_some() {
            return;
        }
        self.teller
            .thinking(at, data.reasoning_text.get().unwrap_or_default());
        self.teller
            .agent_text(at, data.content.get().unwrap_or_default());
        let model = data.model.get().unwrap_or_default();
        if self.output.len() < MOST_CALLS {
            let output = self.output.entry(model.to_owned()).or_default();
            *output = output.saturating_add(data.output_tokens.0.unwrap_or(0));
        }
    }

    fn call(&mut self, at: Position, data: &Data<'_>) {
        let name = data.tool_name.get().unwrap_or_default();
        let id = match data.tool_call_id.get() {
            Some(id) if !id.is_empty() && !id.contains("REDACTED") => id.to_owned(),
            _ => {
                self.unnamed += 1;
                format!("unnamed {}", self.unnamed)
            }
        };
        let raw = data.arguments.0.map_or("null", RawValue::get);
        let arguments: Arguments<'_> = serde_json::from_str(raw).unwrap_or_default();
        let kind = tool_kind(name);
        if kind == ToolKind::Edit
            && let Some(path) = arguments.path.get()
            && self.paths.len() < MOST_CALLS
        {
            let argued = match (arguments.old_str.get(), arguments.new_str.get()) {
                (Some(old), Some(new)) => patch::replaced(old, new),
                (None, Some(new)) => patch::replaced("", new),
                _ => Changed {
                    added: arguments.file_text.get().map_or(0, patch::lines_of),
                    removed: 0,
                },
            };
            let path = path.to_owned();
            self.paths.insert(id.clone(), Edit { path, argued });
        }
        if let Some(parent) = data.parent_tool_call_id.get() {
            let action = SubagentWork::Action { parent, id: &id };
            return self.teller.tell(at, Event::SubagentWork(action));
        }
        let redaction = self.teller.redaction;
        let shown = redaction(name);
        let path = arguments.path.get();
        let command = arguments.command.get().filter(|_| kind == ToolKind::Shell);
        self.teller.tell(
            at,
            Event::ToolCall(ToolCall {
                id: &id,
                kind,
                name: &shown,
                path: path.map(|path| Text::new(path, redaction)),
                command: command.map(|command| Text::new(command, redaction)),
                input: Json::new(raw, redaction),
            }),
        );
    }

    fn result(&mut self, at: Position, data: &Data<'_>) {
        let id = data.tool_call_id.get().unwrap_or_default();
        let error: Failure<'_> = data
            .error
            .0
            .and_then(|error| serde_json::from_str(error.get()).ok())
            .unwrap_or_default();
        let result = data.result.get();
        let output = result
            .and_then(|result| result.content.get())
            .or(error.message.get())
            .unwrap_or_default();
        let code = error.code.get().unwrap_or_default();
        let status = if self.rejected.remove(id) || matches!(code, "rejected" | "denied") {
            ToolStatus::Rejected
        } else if data.success.0 == Some(false) {
            ToolStatus::Failed
        } else if has_failed(output) {
            // The tool worked, the command that it ran did not.
            ToolStatus::Failed
        } else {
            ToolStatus::Done
        };
        let edit = self.paths.remove(id);
        let metrics = data
            .tool_telemetry
            .get()
            .and_then(|telemetry| telemetry.metrics.get())
            .filter(|metrics| metrics.lines_added.0.or(metrics.lines_removed.0).is_some());
        let diff = result.and_then(|result| result.detailed_content.get());
        let edit = edit.filter(|_| status == ToolStatus::Done).map(|edit| {
            let changed = match (metrics, diff) {
                (Some(metrics), _) => Changed {
                    added: metrics.lines_added.0.unwrap_or(0),
                    removed: metrics.lines_removed.0.unwrap_or(0),
                },
                (None, Some(diff)) if diff.contains("@@ -") => patch::unified(diff),
                _ => edit.argued,
            };
            (edit.path, changed)
        });
        if let Some(parent) = data.parent_tool_call_id.get() {
            if let Some((_, changed)) = edit {
                let change = SubagentWork::Change {
                    parent,
                    lines_added: changed.added,
                    lines_removed: changed.removed,
                };
                self.teller.tell(at, Event::SubagentWork(change));
            }
            return;
        }
        let redaction = self.teller.redaction;
        let change = edit.as_ref().map(|(path, changed)| FileChange {
            path: Text::new(path, redaction),
            lines_added: changed.added,
            lines_removed: changed.removed,
        });
        self.teller.tell(
            at,
            Event::ToolResult(ToolResult {
                id,
                status,
                output: Text::new(output, redaction),
                change,
                commits: 0,
                pull_request: None,
            }),
        );
    }

    /// Tokens by model, cache and all, are told at the end alone; input includes what came from and went to the cache.
    fn shutdown(&mut self, at: Position, data: &Data<'_>) {
        let models: BTreeMap<String, Object<ModelMetrics>> = data
            .model_metrics
            .0
            .and_then(|models| serde_json::from_str(models.get()).ok())
            .unwrap_or_default();
        for (model, metrics) in &models {
            let Some(usage) = metrics.get().and_then(|metrics| metrics.usage.get()) else {
                continue;
            };
            let cache_read = usage.cache_read_tokens.0.unwrap_or(0);
            let cache_write = usage.cache_write_tokens.0.unwrap_or(0);
            let tokens = Tokens {
                input: usage
                    .input_tokens
                    .0
                    .unwrap_or(0)
                    .saturating_sub(cache_read)
                    .saturating_sub(cache_write),
                output: usage.output_tokens.0.unwrap_or(0),
                cache_read,
                cache_write,
            };
            // A session that was resumed is shut down more than once, each time for its own part.
            let message = format!("{model} until {}", at.line);
            self.teller.usage(at, &message, model, tokens);
        }
        if !models.is_empty() {
            self.output.clear();
        }
    }

    /// Without a shutdown the messages tell the output, and nothing tells the input.
    fn end(&mut self) {
        let at = Position {
            line: 0,
            moment: None,
        };
        for (model, output) in std::mem::take(&mut self.output) {
            let tokens = Tokens {
                output,
                ..Tokens::default()
            };
            self.teller
                .usage(at, &format!("{model} at the end"), &model, tokens);
        }
    }
}

fn tool_kind(name: &str) -> ToolKind {
    match name {
        "view" | "show_file" => ToolKind::Read,
        "grep" | "glob" | "rg" => ToolKind::Search,
        "edit" | "create" | "str_replace_editor" | "apply_patch" => ToolKind::Edit,
        "bash" | "powershell" | "local_shell" => ToolKind::Shell,
        "web_fetch" | "web_search" | "fetch" => ToolKind::Web,
        "task" | "read_agent" | "list_agents" => ToolKind::Subagent,
        "ask_user" => ToolKind::Question,
        "exit_plan_mode" => ToolKind::Plan,
        "update_todo" | "report_intent" | "sql" => ToolKind::Tasks,
        _ => ToolKind::Other,
    }
}

/// The shell tool ends its output with how the command ended: `<exited with exit code 1>`.
fn has_failed(output: &str) -> bool {
    let Some((_, behind)) = output.rsplit_once("exited with exit code ") else {
        return false;
    };
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    let ends_there = behind[digits.len()..].trim_end().len() <= 1;
    ends_there && !digits.is_empty() && digits.bytes().any(|digit| digit != b'0')
}

fn pictures(attachments: &str) -> u32 {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Attachment<'a> {
        #[serde(borrow)]
        mime_type: Str<'a>,
    }
    let attachments: Vec<Object<Attachment<'_>>> =
        serde_json::from_str(attachments).unwrap_or_default();
    let pictures = attachments.iter().filter_map(Object::get).filter(|one| {
        one.mime_type
            .get()
            .is_some_and(|kind| kind.starts_with("image/"))
    });
    u32::try_from(pictures.count()).unwrap_or(u32::MAX)
}
