//! Builds Claude Code sessions for tests, entry by entry, and reads them back as short sentences or as a telemetry row.

use std::path::Path;

use harness::domain::event::{Event, Fact, Listener, Position, SubagentWork};
use harness::domain::telemetry::TelemetryRow;
use harness::ingest::claude_code;
use harness::ingest::detect::Format;
use harness::ingest::file::read_as;
use harness::ingest::redaction::standard_redaction;
use harness::telemetry::counter::{Counter, Problem};
use serde_json::{Value, json};

/// The id of every built session, unless the test says otherwise.
pub(crate) const SESSION: &str = "5e551011-0000-4000-8000-000000000001";

/// A session under construction. It starts bare: no time, no version, no entry point.
#[derive(Clone, Default)]
pub(crate) struct Transcript {
    bytes: Vec<u8>,
    /// Fields that each following entry carries.
    common: serde_json::Map<String, Value>,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        let mut transcript = Self::default();
        transcript.common.insert("sessionId".into(), json!(SESSION));
        transcript
    }

    /// Gives a field to every entry from here on; null takes it away again.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => drop(self.common.remove(field)),
            value => drop(self.common.insert(field.into(), value)),
        }
        self
    }

    /// The time of day of every entry from here on.
    pub(crate) fn at(self, time: &str) -> Self {
        self.with("timestamp", format!("2026-03-01T{time}Z"))
    }

    /// Appends an entry of `kind` with `fields` over the common ones.
    pub(crate) fn entry(self, kind: &str, fields: Value) -> Self {
        let line = self.object(kind, fields);
        self.line(line)
    }

    /// An entry as the text of its JSON object.
    pub(crate) fn object(&self, kind: &str, fields: Value) -> String {
        let mut entry = serde_json::Map::new();
        entry.insert("type".into(), json!(kind));
        entry.extend(self.common.clone());
        if let Value::Object(fields) = fields {
            entry.extend(fields);
        }
        Value::Object(entry).to_string()
    }

    /// Appends a line as it stands.
    pub(crate) fn line(mut self, line: impl AsRef<[u8]>) -> Self {
        self.bytes.extend_from_slice(line.as_ref());
        self.bytes.push(b'\n');
        self
    }

    /// Appends bytes without a line end.
    pub(crate) fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.bytes.extend_from_slice(bytes.as_ref());
        self
    }

    /// A user entry whose content is a string or a list of blocks.
    pub(crate) fn user(self, content: impl Into<Value>) -> Self {
        self.user_with(content, json!({}))
    }

    /// A user entry with further fields.
    pub(crate) fn user_with(self, content: impl Into<Value>, mut fields: Value) -> Self {
        fields["message"] = json!({"role": "user", "content": content.into()});
        self.entry("user", fields)
    }

    /// The agent's words, as a message of their own.
    pub(crate) fn says(self, message: &str, text: &str) -> Self {
        self.block(message, json!({"type": "text", "text": text}))
    }

    /// The agent calls a tool.
    pub(crate) fn calls(self, call: &str, tool: &str, input: Value) -> Self {
        let message = format!("msg_{call}");
        let block = json!({"type": "tool_use", "id": call, "name": tool, "input": input});
        self.block(&message, block)
    }

    /// The agent runs a shell command.
    pub(crate) fn runs(self, call: &str, command: &str) -> Self {
        self.calls(call, "Bash", json!({"command": command}))
    }

    /// One content block of a message; the client writes an entry for each.
    pub(crate) fn block(self, message: &str, block: Value) -> Self {
        let message = json!({"id": message, "model": "claude-test-1", "role": "assistant", "content": [block]});
        self.entry("assistant", json!({"message": message}))
    }

    /// A tool did what it was asked and printed `output`.
    pub(crate) fn gets(self, call: &str, output: &str) -> Self {
        self.result(call, output, json!({"stdout": output}), false)
    }

    /// A tool failed with `output`, as the client writes it: marked, and with a string for a structured result.
    pub(crate) fn fails(self, call: &str, output: &str) -> Self {
        self.result(call, output, json!(format!("Error: {output}")), true)
    }

    /// A tool's result with its structured twin.
    pub(crate) fn result(
        self,
        call: &str,
        output: &str,
        structured: Value,
        is_error: bool,
    ) -> Self {
        let block = tool_result(call, output, is_error);
        self.user_with(vec![block], json!({"toolUseResult": structured}))
    }

    /// An operation on the queue of prompts typed while the agent works.
    pub(crate) fn queue(self, operation: &str, text: Option<&str>) -> Self {
        let mut fields = json!({"operation": operation});
        if let Some(text) = text {
            fields["content"] = json!(text);
        }
        self.entry("queue-operation", fields)
    }

    /// The attachment by which clients from 2.1.91 on deliver a queued text.
    pub(crate) fn delivers(self, text: &str, mode: &str) -> Self {
        let attachment = json!({"type": "queued_command", "prompt": text, "commandMode": mode});
        self.entry("attachment", json!({"attachment": attachment}))
    }

    pub(crate) fn system(self, subtype: &str, mut fields: Value) -> Self {
        fields["subtype"] = json!(subtype);
        self.entry("system", fields)
    }

    /// Progress of the sub-agent that `parent` started.
    pub(crate) fn progress(self, parent: &str, nested: Value) -> Self {
        let data =
            json!({"type": "agent_progress", "agentId": "a1", "prompt": "look", "message": nested});
        self.entry("progress", json!({"parentToolUseID": parent, "data": data}))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, &self.bytes).unwrap();
    }

    /// What happens, as sentences; facts are left out.
    pub(crate) fn heard(&self) -> Vec<String> {
        heard(&self.bytes)
    }

    pub(crate) fn row(&self) -> TelemetryRow {
        counted(&self.bytes, SESSION).0
    }
}

pub(crate) fn tool_result(call: &str, output: &str, is_error: bool) -> Value {
    let mut block = json!({"type": "tool_result", "tool_use_id": call, "content": output});
    if is_error {
        block["is_error"] = json!(true);
    }
    block
}

/// The structured result of an edit whose hunks have these lines.
pub(crate) fn patch(path: &str, hunks: &[&[&str]]) -> Value {
    let hunks: Vec<Value> = hunks
        .iter()
        .map(|lines| json!({"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": lines}))
        .collect();
    json!({"filePath": path, "oldString": "a\nb", "newString": "a\nc", "structuredPatch": hunks, "userModified": false})
}

/// The structured result of writing a new file.
pub(crate) fn created(path: &str, content: &str) -> Value {
    json!({"type": "create", "filePath": path, "content": content, "structuredPatch": [], "originalFile": null})
}

/// Reads `bytes` and counts them for a file of this stem.
pub(crate) fn counted(bytes: &[u8], stem: &str) -> (TelemetryRow, Vec<Problem>) {
    let mut counter = Counter::default();
    claude_code::read(bytes, standard_redaction(), &mut counter).unwrap();
    counter.finish("Claude Code", stem)
}

/// What happens in `bytes`, as sentences; facts are left out.
pub(crate) fn heard(bytes: &[u8]) -> Vec<String> {
    heard_as(Format::ClaudeCode, bytes).0
}

/// The facts that `bytes` tell.
pub(crate) fn facts(bytes: &[u8]) -> Vec<String> {
    heard_as(Format::ClaudeCode, bytes).1
}

/// What happens in a transcript of `format`, and the facts that it tells, as sentences.
pub(crate) fn heard_as(format: Format, bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let mut sentences = Sentences::default();
    read_as(format, bytes, standard_redaction(), &mut sentences).unwrap();
    (sentences.events, sentences.facts)
}

/// Reads a transcript of `format` and counts it for a file of this stem.
pub(crate) fn counted_as(format: Format, bytes: &[u8], stem: &str) -> (TelemetryRow, Vec<Problem>) {
    let mut counter = Counter::default();
    read_as(format, bytes, standard_redaction(), &mut counter).unwrap();
    counter.finish(format.agent(), stem)
}

#[derive(Default)]
struct Sentences {
    events: Vec<String>,
    facts: Vec<String>,
}

impl Listener for Sentences {
    fn event(&mut self, at: Position, event: Event<'_>) {
        let sentence = match event {
            Event::Entry => return,
            Event::Fact(fact) => {
                self.facts.push(match fact {
                    Fact::SessionId(id) => format!("session {id}"),
                    Fact::Parent(id) => format!("started by {id}"),
                    Fact::AgentVersion(version) => format!("version {version}"),
                    Fact::Scope(Ok(())) => "in scope".to_owned(),
                    Fact::Scope(Err(reason)) => format!("out of scope: {}", reason.code()),
                    Fact::WorkingFolder(folder) => format!("works in {}", folder.redacted()),
                });
                return;
            }
            Event::Prompt(prompt) => {
                let pictures = match prompt.images {
                    0 => String::new(),
                    images => format!(" +{images} images"),
                };
                format!("{:?}: {}{pictures}", prompt.kind, prompt.text.redacted())
            }
            Event::Injected(injected) => format!("injected {:?}", injected.kind),
            Event::AgentText(text) => format!("agent: {}", text.redacted()),
            Event::AgentThinking(text) => format!("thinks: {}", text.redacted()),
            Event::ToolCall(call) => {
                let object = call.command.or(call.path);
                let object = object.map_or(String::new(), |text| format!(" {}", text.redacted()));
                format!("call {} {:?}{object}", call.id, call.kind)
            }
            Event::ToolResult(result) => {
                let change = result.change.map_or(String::new(), |change| {
                    let path = change.path.redacted();
                    format!(" {path} +{} -{}", change.lines_added, change.lines_removed)
                });
                format!("result {} {:?}{change}", result.id, result.status)
            }
            Event::FileChange(change) => {
                let path = change.path.redacted();
                format!(
                    "changed {path} +{} -{}",
                    change.lines_added, change.lines_removed
                )
            }
            Event::Interruption { during_tool: false } => "interrupted".to_owned(),
            Event::Interruption { during_tool: true } => "interrupted for tool use".to_owned(),
            Event::Compaction => "compaction".to_owned(),
            Event::Usage(usage) => format!(
                "usage {} {}: {} in, {} out, {} read, {} written",
                usage.message,
                usage.model,
                usage.tokens.input,
                usage.tokens.output,
                usage.tokens.cache_read,
                usage.tokens.cache_write
            ),
            Event::TurnDuration { milliseconds } => format!("turn of {milliseconds} ms"),
            Event::PullRequest { url } => format!("pull request {}", url.redacted()),
            Event::ClientNotice(text) => format!("client: {}", text.redacted()),
            Event::SubagentWork(SubagentWork::Action { parent, id }) => {
                format!("sub-agent of {parent}: call {id}")
            }
            Event::SubagentWork(SubagentWork::Change {
                parent,
                lines_added,
                lines_removed,
            }) => {
                format!("sub-agent of {parent}: +{lines_added} -{lines_removed}")
            }
            Event::SubagentWork(SubagentWork::Total {
                parent,
                actions,
                lines,
            }) => {
                format!("sub-agent of {parent}: {actions:?} actions, {lines:?} lines in all")
            }
            Event::Malformed { reason } => format!("line {} malformed: {reason}", at.line),
        };
        self.events.push(sentence);
    }
}
