//! Gemini CLI sessions: one document of `messages`, or, from newer clients, its fields and messages as lines.
//!
//! The traps: a message holds its calls and their results; it is written again when a result comes; texts of the client
//! stand in the user's place (`System: Please continue.`); an edit's lines stand in what was displayed, where the client
//! kept it, else only its arguments tell them.

use std::collections::HashSet;
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
use super::loose::{Count, Object, Present, Raw, Str};
use super::objects::{Found, each_object, fault};
use super::parts::Parts;
use super::patch::{self, Changed};
use super::teller::Teller;

/// Reads a session and tells `listener` what happens in it.
///
/// # Errors
/// Errors of the source only; a message that cannot be read becomes [`Event::Malformed`].
pub fn read(
    mut source: impl BufRead,
    redaction: Redaction,
    listener: &mut dyn Listener,
) -> io::Result<()> {
    let is_lines = is_lines(source.fill_buf()?);
    let mut reader = Reader {
        teller: Teller::new(redaction, listener),
        message: 0,
        told: HashSet::new(),
        calls: HashSet::new(),
        pending: None,
    };
    if is_lines {
        each_object(source, |line, found| match found {
            Found::Object(object) => reader.line(line, object),
            Found::Malformed(reason) => reader.teller.malformed(line, reason),
        })?;
        reader.flush();
        return Ok(());
    }
    each_piece(source, |piece| match piece {
        Piece::Element("messages", text) => {
            reader.message += 1;
            let at = reader.message;
            reader.message(at, &text);
        }
        Piece::Field(name @ ("sessionId" | "kind"), text) => {
            reader.head(0, &format!("{{\"{name}\":{text}}}"));
        }
        Piece::Field(..) | Piece::Element(..) => {}
        Piece::Malformed(reason) => reader
            .teller
            .malformed(reader.message + 1, reason.to_owned()),
    })
}

/// Whether a file that begins with `head` has lines: its first line is whole and holds no messages.
fn is_lines(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).replace('\0', "");
    let Some((line, _)) = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .split_once('\n')
    else {
        return false;
    };
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Head {
        messages: Present,
    }
    let mut values = serde_json::Deserializer::from_str(line).into_iter::<Object<Head>>();
    matches!(values.next(), Some(Ok(Object(Some(head)))) if !head.messages.0)
}

/// Ids that are remembered of messages and calls each; far more than a session has.
const MOST_IDS: usize = 1 << 20;

struct Reader<'l> {
    teller: Teller<'l>,
    /// The position of the message in the document, from 1.
    message: u64,
    told: HashSet<String>,
    calls: HashSet<String>,
    /// A message that a later line may write again: its line, its id, its text.
    pending: Option<(u64, String, String)>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    session_id: Str<'a>,
    #[serde(borrow)]
    kind: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    content: Parts<'a>,
    #[serde(borrow)]
    thoughts: Raw<'a>,
    tokens: Object<TokenUsage>,
    #[serde(borrow)]
    model: Str<'a>,
    #[serde(borrow)]
    tool_calls: Raw<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Thought<'a> {
    #[serde(borrow)]
    subject: Str<'a>,
    #[serde(borrow)]
    description: Str<'a>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct TokenUsage {
    input: Count,
    output: Count,
    cached: Count,
    thoughts: Count,
    tool: Count,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Call<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    name: Str<'a>,
    #[serde(borrow)]
    args: Raw<'a>,
    #[serde(borrow)]
    result: Raw<'a>,
    #[serde(borrow)]
    status: Str<'a>,
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow)]
    result_display: Raw<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments<'a> {
    #[serde(borrow)]
    file_path: Str<'a>,
    #[serde(borrow)]
    absolute_path: Str<'a>,
    #[serde(borrow)]
    path: Str<'a>,
    #[serde(borrow)]
    command: Str<'a>,
    #[serde(borrow)]
    content: Str<'a>,
    #[serde(borrow)]
    old_string: Str<'a>,
    #[serde(borrow)]
    new_string: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    function_response: Object<FunctionResponse<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FunctionResponse<'a> {
    #[serde(borrow)]
    response: Object<Response<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Response<'a> {
    #[serde(borrow)]
    output: Str<'a>,
    #[serde(borrow)]
    error: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Display<'a> {
    #[serde(borrow)]
    file_diff: Str<'a>,
    diff_stat: Object<DiffStat>,
}

/// Lines that the model changed, and that the person changed in its proposal.
#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct DiffStat {
    model_added_lines: Count,
    model_removed_lines: Count,
}

impl Reader<'_> {
    fn head(&mut self, line: u64, text: &str) {
        let at = Position { line, moment: None };
        let Ok(head) = serde_json::from_str::<Head<'_>>(text) else {
            return self.teller.malformed(line, "broken head".to_owned());
        };
        self.teller.session_id(at, head.session_id.get());
        if head.kind.is("subagent") {
            self.teller.scope(at, Err(Ineligible::Subagent));
        }
    }

    /// A line of a newer client: the head, a message, or an update of either.
    fn line(&mut self, line: u64, object: &str) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Kind<'a> {
            #[serde(borrow, rename = "type")]
            kind: Str<'a>,
            #[serde(borrow)]
            id: Str<'a>,
        }
        let kind: Kind<'_> = match serde_json::from_str(object) {
            Ok(kind) => kind,
            Err(error) => return self.teller.malformed(line, fault(&error)),
        };
        if kind.kind.get().is_none() {
            // What was rewound has happened all the same, so a rewind takes nothing back.
            return self.head(line, object);
        }
        let id = kind.id.get().unwrap_or_default();
        match &mut self.pending {
            Some((_, known, text)) if *known == id && !id.is_empty() => object.clone_into(text),
            _ => {
                self.flush();
                self.pending = Some((line, id.to_owned(), object.to_owned()));
            }
        }
    }

    fn flush(&mut self) {
        if let Some((line, _, text)) = self.pending.take() {
            self.message(line, &text);
        }
    }

    fn message(&mut self, line: u64, text: &str) {
        let message: Message<'_> = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(error) => return self.teller.malformed(line, fault(&error)),
        };
        let at = Position {
            line,
            moment: message.timestamp.get().and_then(Moment::parse),
        };
        self.teller.tell(at, Event::Entry);
        let content = message.content.text();
        let id = message.id.get().unwrap_or_default();
        let again = !first(&mut self.told, id);
        match message.kind.get() {
            Some("user") if !again => self.person(at, &content, message.content.images),
            Some("gemini") => {
                if !again {
                    self.thoughts(at, message.thoughts);
                    self.teller.agent_text(at, &content);
                }
                let calls: Vec<Object<Call<'_>>> = message
                    .tool_calls
                    .0
                    .and_then(|calls| serde_json::from_str(calls.get()).ok())
                    .unwrap_or_default();
                for (number, call) in calls.iter().filter_map(Object::get).enumerate() {
                    self.call(at, number, call);
                }
                self.spent(at, &message);
            }
            Some("info") if content.trim() == "Request cancelled." => {
                self.teller
                    .tell(at, Event::Interruption { during_tool: false });
            }
            Some("info" | "warning" | "error") if !again => {
                let notice = self.teller.text(&content);
                self.teller.tell(at, Event::ClientNotice(notice));
            }
            _ => {}
        }
    }

    fn person(&mut self, at: Position, text: &str, images: u32) {
        let text = text.trim();
        if text == "System: Please continue." {
            return self.teller.injected(at, InjectedKind::Meta, text);
        }
        let is_command = text
            .strip_prefix('/')
            .and_then(|rest| rest.split_whitespace().next())
            .is_some_and(|name| !name.contains('/') && !name.is_empty());
        let kind = if is_command {
            PromptKind::SlashCommand
        } else if text.starts_with('!') && !text.starts_with("!=") {
            PromptKind::Shell
        } else {
            PromptKind::Typed
        };
        self.teller.prompt(at, kind, text, images);
    }

    fn thoughts(&mut self, at: Position, thoughts: Raw<'_>) {
        let thoughts: Vec<Object<Thought<'_>>> = thoughts
            .0
            .and_then(|thoughts| serde_json::from_str(thoughts.get()).ok())
            .unwrap_or_default();
        for thought in thoughts.iter().filter_map(Object::get) {
            let subject = thought.subject.get().unwrap_or_default();
            let description = thought.description.get().unwrap_or_default();
            self.teller
                .thinking(at, &format!("{subject}\n{description}"));
        }
    }

    fn call(&mut self, at: Position, number: usize, call: &Call<'_>) {
        let name = call.name.get().unwrap_or_default();
        let id = match call.id.get() {
            Some(id) if !id.is_empty() && !id.contains("REDACTED") => id.to_owned(),
            _ => format!("message {} call {number}", at.line),
        };
        let status = call.status.get().unwrap_or_default();
        let has_ended = matches!(status, "success" | "error" | "cancelled");
        if !has_ended || !first(&mut self.calls, &id) {
            return;
        }
        let raw = call.args.0.map_or("null", RawValue::get);
        let arguments: Arguments<'_> = serde_json::from_str(raw).unwrap_or_default();
        let kind = tool_kind(name);
        let path = arguments
            .file_path
            .get()
            .or(arguments.absolute_path.get())
            .or(arguments.path.get());
        let redaction = self.teller.redaction;
        let shown = redaction(name);
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
        let answers: Vec<Object<Answer<'_>>> = call
            .result
            .0
            .and_then(|result| serde_json::from_str(result.get()).ok())
            .unwrap_or_default();
        let response = answers
            .iter()
            .filter_map(Object::get)
            .find_map(|answer| answer.function_response.get()?.response.get());
        let error = response.and_then(|response| response.error.get());
        let output = response
            .and_then(|response| response.output.get())
            .or(error)
            .unwrap_or_default();
        let ended = Position {
            moment: call.timestamp.get().and_then(Moment::parse).or(at.moment),
            ..at
        };
        let status = match status {
            "cancelled" if output.contains("User did not allow tool call") => ToolStatus::Rejected,
            "cancelled" => ToolStatus::Cancelled,
            "error" => ToolStatus::Failed,
            _ if error.is_some() => ToolStatus::Failed,
            _ if kind == ToolKind::Shell && has_failed(output) => ToolStatus::Failed,
            _ => ToolStatus::Done,
        };
        let change = (status == ToolStatus::Done && kind == ToolKind::Edit)
            .then_some(path)
            .flatten()
            .map(|path| {
                let changed = changed(&arguments, call.result_display);
                FileChange {
                    path: Text::new(path, redaction),
                    lines_added: changed.added,
                    lines_removed: changed.removed,
                }
            });
        let output = self.teller.text(output);
        self.teller.tell(
            ended,
            Event::ToolResult(ToolResult {
                id: &id,
                status,
                output,
                change,
                commits: 0,
                pull_request: None,
            }),
        );
    }

    /// The client's input includes what came from the cache; reasoning is billed as output.
    fn spent(&mut self, at: Position, message: &Message<'_>) {
        let Some(usage) = message.tokens.get() else {
            return;
        };
        let cached = usage.cached.0.unwrap_or(0);
        let input = usage.input.0.unwrap_or(0);
        let tokens = Tokens {
            input: input
                .saturating_sub(cached)
                .saturating_add(usage.tool.0.unwrap_or(0)),
            output: usage
                .output
                .0
                .unwrap_or(0)
                .saturating_add(usage.thoughts.0.unwrap_or(0)),
            cache_read: cached,
            cache_write: 0,
        };
        let place = format!("message {}", at.line);
        let id = message.id.get().filter(|id| !id.is_empty());
        let model = message.model.get().unwrap_or_default();
        self.teller.usage(at, id.unwrap_or(&place), model, tokens);
    }
}

/// Whether `id` is new; an empty one always is.
fn first(known: &mut HashSet<String>, id: &str) -> bool {
    if id.is_empty() || id.contains("REDACTED") || known.len() >= MOST_IDS {
        return true;
    }
    known.insert(id.to_owned())
}

fn tool_kind(name: &str) -> ToolKind {
    match name {
        "read_file" | "read_many_files" | "list_directory" => ToolKind::Read,
        "glob" | "search_file_content" | "grep_search" => ToolKind::Search,
        "write_file" | "replace" => ToolKind::Edit,
        "run_shell_command" => ToolKind::Shell,
        "web_fetch" | "google_web_search" => ToolKind::Web,
        "delegate_to_agent" | "codebase_investigator" => ToolKind::Subagent,
        "ask_user" => ToolKind::Question,
        "enter_plan_mode" | "exit_plan_mode" => ToolKind::Plan,
        "write_todos" => ToolKind::Tasks,
        _ => ToolKind::Other,
    }
}

/// The client writes how a command ended on a line of its own, behind the command's output.
fn has_failed(output: &str) -> bool {
    output
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("Exit Code: "))
        .is_some_and(|code| !matches!(code.trim(), "0" | "(none)"))
}

fn changed(arguments: &Arguments<'_>, display: Raw<'_>) -> Changed {
    let display: Display<'_> = display
        .0
        .filter(|display| display.get().starts_with('{'))
        .and_then(|display| serde_json::from_str(display.get()).ok())
        .unwrap_or_default();
    if let Some(stat) = display.diff_stat.get() {
        return Changed {
            added: stat.model_added_lines.0.unwrap_or(0),
            removed: stat.model_removed_lines.0.unwrap_or(0),
        };
    }
    if let Some(diff) = display.file_diff.get() {
        return patch::unified(diff);
    }
    match (arguments.old_string.get(), arguments.new_string.get()) {
        (Some(old), Some(new)) => patch::replaced(old, new),
        _ => Changed {
            added: arguments.content.get().map_or(0, patch::lines_of),
            removed: 0,
        },
    }
}
