//! What happens in a session, in the order of the transcript, whatever agent wrote it.
//!
//! Readers in `ingest` turn a vendor's lines into these events and hand them to a [`Listener`] one by one, so that a
//! transcript of any size passes in bounded memory. Nothing of a format stays: no vendor's field name, no tool's name
//! decides anything downstream, only [`ToolKind`] and the other enums here.

use super::eligibility::Ineligible;
use super::moment::Moment;
use super::text::{Json, Text};

/// Receives the events of one session.
pub trait Listener {
    /// Takes one event; `at` says where in the transcript it stands.
    fn event(&mut self, at: Position, event: Event<'_>);

    /// Whether it looks at `body`. A reader may tell a body that nobody looks at as empty, or not at all where it is all
    /// of an event: most of a transcript's bytes are such bodies, and making text of them takes most of the time.
    fn takes(&self, body: Body<'_>) -> bool {
        let _ = body;
        true
    }
}

/// A part of an event that can be large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// [`Event::AgentThinking`].
    Thinking,
    /// [`ToolCall::input`] and [`ToolCall::path`].
    Input,
    /// [`ToolResult::output`] of the call with this id.
    Output(&'a str),
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line of the file, from 1; for formats of one document, the position of the message from 1.
    pub line: u64,
    /// When it happened, if the transcript says so. Order follows the file, not the time: entries are written late.
    pub moment: Option<Moment>,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// An entry of any kind, told before what it holds: its time counts even where nothing else does.
    Entry,
    /// A fact about the whole session, told when it is first seen and again when it changes.
    Fact(Fact<'a>),
    /// The person's turn.
    Prompt(Prompt<'a>),
    /// Text that stands in a user's place but that no person typed.
    Injected(Injected<'a>),
    /// The agent's words to the person.
    AgentText(Text<'a>),
    /// The agent's reasoning, where the transcript keeps it.
    AgentThinking(Text<'a>),
    /// The agent calls a tool.
    ToolCall(ToolCall<'a>),
    /// What a tool gave back.
    ToolResult(ToolResult<'a>),
    /// A tool changed a file, told apart from its result: one call can change several.
    FileChange(FileChange<'a>),
    /// The person stops the agent.
    Interruption {
        /// True if a tool call was waiting or running.
        during_tool: bool,
    },
    /// The agent's context was summarised; what came before stays in the transcript.
    Compaction,
    /// Tokens of one message of the model; later reports of the same message replace earlier ones where larger.
    Usage(Usage<'a>),
    /// The agent worked this long on a turn.
    TurnDuration {
        /// Milliseconds.
        milliseconds: u64,
    },
    /// A pull request was opened or linked.
    PullRequest {
        /// Its address.
        url: Text<'a>,
    },
    /// The client's own words in the agent's place (an API error, a limit); not agent speech.
    ClientNotice(Text<'a>),
    /// What a sub-agent did, told by the call that started it.
    SubagentWork(SubagentWork<'a>),
    /// A line or value that could not be read.
    Malformed {
        /// What was wrong, in our own words; never the text of the line.
        reason: String,
    },
}

/// A fact about the whole session.
#[derive(Debug)]
pub enum Fact<'a> {
    /// The session's id as the transcript gives it. A file can hold more than one.
    SessionId(&'a str),
    /// The transcript is a sub-agent's own; this is the id of the session that started it.
    Parent(&'a str),
    /// Version of the agent's client.
    AgentVersion(&'a str),
    /// What an entry point or another sign says of the study's scope: in it, or out of it for a reason.
    Scope(Result<(), Ineligible>),
    /// The folder the agent works in.
    WorkingFolder(Text<'a>),
}

/// The person's turn.
#[derive(Debug)]
pub struct Prompt<'a> {
    /// How it came about.
    pub kind: PromptKind,
    /// What was typed; the approved plan's text for [`PromptKind::ApprovedPlan`].
    pub text: Text<'a>,
    /// Pictures that came with it.
    pub images: u32,
}

/// How a person's turn came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PromptKind {
    /// Typed and sent.
    Typed,
    /// A plan that the person approved, which starts a session anew; the words are the agent's, the turn is the person's.
    ApprovedPlan,
    /// A shell command that the person ran in the client.
    Shell,
    /// A command of the client or of a skill (`/review`).
    SlashCommand,
    /// Typed while the agent worked and delivered within the running turn.
    Queued,
    /// Typed with the answer to a permission question.
    WithPermission,
}

/// Text in a user's place that no person typed.
#[derive(Debug)]
pub struct Injected<'a> {
    /// What put it there.
    pub kind: InjectedKind,
    /// The text.
    pub text: Text<'a>,
}

/// What put a text into a user's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InjectedKind {
    /// The expansion of a command or skill, hook feedback, a note of the client.
    Meta,
    /// A background task reports.
    TaskNotification,
    /// Output of a local command.
    CommandOutput,
    /// The summary that continues a compacted session.
    CompactionSummary,
    /// A system reminder or another wrapper of the client.
    Reminder,
    /// A monitor of the client reports (continuous integration, say).
    Monitor,
}

/// The agent calls a tool.
#[derive(Debug)]
pub struct ToolCall<'a> {
    /// Id that joins call and result; unique within a session, but it can be missing or redacted.
    pub id: &'a str,
    /// What the tool does.
    pub kind: ToolKind,
    /// The tool's own name, for display.
    pub name: &'a str,
    /// The file it works on.
    pub path: Option<Text<'a>>,
    /// The shell command it runs.
    pub command: Option<Text<'a>>,
    /// All of its input.
    pub input: Json<'a>,
}

/// What a tool does, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToolKind {
    /// Reads a file.
    Read,
    /// Looks for files or text.
    Search,
    /// Changes or writes a file.
    Edit,
    /// Runs a command.
    Shell,
    /// Fetches from or searches the web.
    Web,
    /// Starts or waits for a sub-agent.
    Subagent,
    /// Asks the person.
    Question,
    /// Proposes a plan or changes into planning.
    Plan,
    /// Keeps the agent's own list of tasks.
    Tasks,
    /// Anything else.
    Other,
}

/// What a tool gave back.
#[derive(Debug)]
pub struct ToolResult<'a> {
    /// Id of the call.
    pub id: &'a str,
    /// How it ended.
    pub status: ToolStatus,
    /// What it printed.
    pub output: Text<'a>,
    /// The change to a file, if the tool made one.
    pub change: Option<FileChange<'a>>,
    /// Commits that the client itself recorded for this call.
    pub commits: u32,
    /// The address of a pull request that the client recorded as made by this call.
    pub pull_request: Option<Text<'a>>,
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToolStatus {
    /// It did what it was asked.
    Done,
    /// It reported an error.
    Failed,
    /// The person refused it. Transcripts mark that as an error, too.
    Rejected,
    /// It was cancelled because a call beside it failed or the turn ended.
    Cancelled,
}

impl ToolStatus {
    /// True for everything that a transcript marks as an error.
    #[must_use]
    pub fn is_marked_error(self) -> bool {
        match self {
            Self::Done => false,
            Self::Failed | Self::Rejected | Self::Cancelled => true,
        }
    }
}

/// A change that a tool made to one file.
#[derive(Debug, Clone, Copy)]
pub struct FileChange<'a> {
    /// The file.
    pub path: Text<'a>,
    /// Lines added, counted on the patch.
    pub lines_added: u64,
    /// Lines removed, counted on the patch.
    pub lines_removed: u64,
}

/// Tokens of one message of the model.
#[derive(Debug, Clone, Copy)]
pub struct Usage<'a> {
    /// The message; several entries can report on one.
    pub message: &'a str,
    /// The model that wrote it.
    pub model: &'a str,
    /// The counts.
    pub tokens: Tokens,
}

/// Token counts as providers bill them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Input that was neither read from nor written to the cache.
    pub input: u64,
    /// Output.
    pub output: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Input written to the cache.
    pub cache_write: u64,
}

impl Tokens {
    /// The larger of two reports, kind by kind: early reports of a message carry partial counts.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            output: self.output.max(other.output),
            cache_read: self.cache_read.max(other.cache_read),
            cache_write: self.cache_write.max(other.cache_write),
        }
    }

    /// The sum, kind by kind; saturating, because counts come from untrusted files.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
        }
    }
}

/// What a sub-agent did. Transcripts tell it twice: event by event while it works, and as a total at the end.
#[derive(Debug, Clone, Copy)]
pub enum SubagentWork<'a> {
    /// One tool call of a sub-agent.
    Action {
        /// The call that started the sub-agent; empty where the transcript does not name it.
        parent: &'a str,
        /// Id of the sub-agent's own call.
        id: &'a str,
    },
    /// One change to a file by a sub-agent.
    Change {
        /// The call that started the sub-agent; empty where the transcript does not name it.
        parent: &'a str,
        /// Lines added.
        lines_added: u64,
        /// Lines removed.
        lines_removed: u64,
    },
    /// The totals that the client wrote at the end.
    Total {
        /// The call that started the sub-agent.
        parent: &'a str,
        /// Its tool calls.
        actions: Option<u64>,
        /// Lines added and removed.
        lines: Option<(u64, u64)>,
    },
}
