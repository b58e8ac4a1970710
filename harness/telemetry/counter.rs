//! Counts the events of one session into its telemetry row.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;

use crate::domain::eligibility::Ineligible;
use crate::domain::event::{
    Body, Event, Fact, FileChange, Listener, Position, PromptKind, SubagentWork, Tokens, ToolCall,
    ToolKind, ToolResult, ToolStatus,
};
use crate::domain::moment::Moment;
use crate::domain::telemetry::TelemetryRow;

use super::shell;

/// Gaps longer than this are pauses of the person, not work.
const LONGEST_GAP_MS: i64 = 120_000;

/// Listens to one session and counts. Holds ids as 64-bit hashes, so that memory grows by a few bytes per action.
#[derive(Default)]
pub struct Counter {
    row: TelemetryRow,
    hasher: RandomState,
    session_ids: Vec<String>,
    versions: Vec<String>,
    models: Vec<String>,
    calls: HashSet<u64>,
    waiting: HashMap<u64, Waiting>,
    usage: HashMap<u64, Tokens>,
    files: HashSet<u64>,
    pull_requests: HashSet<u64>,
    subagents: HashMap<u64, Subagent>,
    subagent_calls: HashSet<u64>,
    started_subagent: bool,
    may_miss_shell_edits: bool,
    parent: String,
    in_scope: bool,
    out_of_scope: Option<Ineligible>,
    first: Option<Moment>,
    last: Option<Moment>,
    gaps_ms: i64,
    turns_ms: u64,
    malformed: BTreeSet<u64>,
    problems: Vec<Problem>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: u64,
    /// What was wrong.
    pub reason: String,
}

/// Problems that are kept with their reasons; the rest is counted.
const PROBLEMS_KEPT: usize = 20;

/// What is known of a call until its result comes.
#[derive(Clone, Copy, Default)]
struct Waiting {
    runs_tests: bool,
    commits: bool,
    opens_pull_request: bool,
}

/// What is known of one sub-agent: event by event, and as a total.
#[derive(Default)]
struct Subagent {
    seen_actions: u64,
    seen_lines: (u64, u64),
    total_actions: Option<u64>,
    total_lines: Option<(u64, u64)>,
}

impl Counter {
    /// The row, for a file whose name without ending is `stem`, and the first problems.
    #[must_use]
    pub fn finish(mut self, agent: &str, stem: &str) -> (TelemetryRow, Vec<Problem>) {
        self.subagent_totals();
        let mut row = self.row;
        row.agent = agent.to_owned();
        row.session_id = session_id(&self.session_ids, stem);
        row.agent_version = self.versions.join(";");
        row.models = self.models.join(";");
        row.actions = (self.calls.len() as u64 + row.actions).saturating_add(row.subagent_actions);
        row.actions_per_prompt = per_prompt(row.actions, row.prompts);
        row.agent_words_per_prompt = per_prompt(row.agent_words, row.prompts);
        row.files_changed = self.files.len() as u64;
        row.pull_requests = self.pull_requests.len() as u64;
        let tokens = self
            .usage
            .values()
            .fold(Tokens::default(), |sum, tokens| sum.plus(*tokens));
        row.input_tokens = tokens.input;
        row.output_tokens = tokens.output;
        row.cache_read_tokens = tokens.cache_read;
        row.cache_write_tokens = tokens.cache_write;
        row.first_timestamp = self.first.map(|moment| moment.to_string());
        row.last_timestamp = self.last.map(|moment| moment.to_string());
        row.duration_active_s = duration_s(self.turns_ms, self.gaps_ms, self.first.is_some());
        let reason = self
            .out_of_scope
            .filter(|reason| !self.in_scope || *reason == Ineligible::Subagent);
        row.interactive = reason.is_none();
        row.ineligible = reason.map_or_else(String::new, |reason| reason.code().to_owned());
        row.lines_coverage = match (self.may_miss_shell_edits, self.started_subagent) {
            (false, false) => "full",
            (true, false) => "shell",
            (false, true) => "subagent",
            (true, true) => "shell+subagent",
        }
        .to_owned();
        row.parent_session = self.parent;
        row.malformed_lines = self.malformed.len() as u64;
        (row, self.problems)
    }

    fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    fn time(&mut self, moment: Moment) {
        if let Some(last) = self.last {
            // Entries written late carry an earlier time; they neither add work nor take it away.
            let gap = moment.since_ms(last);
            if (0..LONGEST_GAP_MS).contains(&gap) {
                self.gaps_ms += gap;
            }
        }
        self.first = Some(self.first.map_or(moment, |first| first.min(moment)));
        self.last = Some(self.last.map_or(moment, |last| last.max(moment)));
    }

    fn fact(&mut self, fact: &Fact<'_>) {
        match fact {
            Fact::SessionId(id) => push_new(&mut self.session_ids, id),
            Fact::AgentVersion(version) => push_new(&mut self.versions, version),
            Fact::Scope(Ok(())) => self.in_scope = true,
            // Whatever started it, nobody types into a sub-agent's transcript.
            Fact::Scope(Err(Ineligible::Subagent)) => {
                self.out_of_scope = Some(Ineligible::Subagent);
            }
            Fact::Scope(Err(reason)) => self.out_of_scope = self.out_of_scope.or(Some(*reason)),
            Fact::Parent(parent) => (*parent).clone_into(&mut self.parent),
            Fact::WorkingFolder(_) => {}
        }
    }

    fn call(&mut self, call: &ToolCall<'_>) {
        if is_known_id(call.id) {
            let id = self.hash(call.id);
            if !self.calls.insert(id) {
                return;
            }
        } else {
            self.row.actions += 1;
        }
        self.started_subagent |= call.kind == ToolKind::Subagent;
        let Some(command) = call.command else { return };
        let work = command.read(shell::work_of);
        let waiting = Waiting {
            runs_tests: work.runs_tests,
            commits: work.commits,
            opens_pull_request: work.opens_pull_request,
        };
        self.may_miss_shell_edits |= work.may_change_files;
        self.row.test_runs += u64::from(waiting.runs_tests);
        if waiting.runs_tests || waiting.commits || waiting.opens_pull_request {
            let id = self.hash(call.id);
            self.waiting.insert(id, waiting);
        }
    }

    fn result(&mut self, result: &ToolResult<'_>) {
        self.row.tool_errors += u64::from(result.status.is_marked_error());
        self.row.rejections += u64::from(result.status == ToolStatus::Rejected);
        if let Some(change) = &result.change {
            self.change(change);
        }
        if let Some(url) = &result.pull_request {
            self.pull_request(&url.redacted());
        }
        let id = self.hash(result.id);
        let waiting = self.waiting.remove(&id).unwrap_or_default();
        let done = result.status == ToolStatus::Done;
        if waiting.runs_tests {
            let failed = result.status == ToolStatus::Failed
                || done && result.output.holds(shell::tests_failed_in_output);
            self.row.test_failures += u64::from(failed);
            // A run that was refused or cancelled never ran.
            let never_ran = matches!(result.status, ToolStatus::Rejected | ToolStatus::Cancelled);
            self.row.test_runs -= u64::from(never_ran);
        }
        if done {
            self.row.commits += self.commits_of(result, waiting);
            if waiting.opens_pull_request {
                let output = result.output.redacted();
                for url in output
                    .split_whitespace()
                    .filter(|word| is_pull_request(word))
                {
                    self.pull_request(url);
                }
            }
        }
    }

    fn commits_of(&self, result: &ToolResult<'_>, waiting: Waiting) -> u64 {
        if !waiting.commits {
            return u64::from(result.commits);
        }
        let shown = result
            .output
            .read(shell::commits_in_output)
            .max(u64::from(result.commits));
        // A quiet commit prints nothing; git says so when there was none.
        let quiet = shown == 0 && !result.output.holds(shell::nothing_to_commit);
        shown + u64::from(quiet)
    }

    fn change(&mut self, change: &FileChange<'_>) {
        self.row.lines_added = self.row.lines_added.saturating_add(change.lines_added);
        self.row.lines_removed = self.row.lines_removed.saturating_add(change.lines_removed);
        let path = self.hash(&change.path.redacted());
        self.files.insert(path);
    }

    fn pull_request(&mut self, url: &str) {
        let url = self.hash(url.trim_end_matches(['/', '.', ',', ')']));
        self.pull_requests.insert(url);
    }

    fn subagent(&mut self, work: SubagentWork<'_>) {
        match work {
            SubagentWork::Action { parent, id } => {
                let (parent, id) = (self.hash(parent), self.hash(id));
                if self.subagent_calls.insert(id) {
                    self.subagents.entry(parent).or_default().seen_actions += 1;
                }
            }
            SubagentWork::Change {
                parent,
                lines_added,
                lines_removed,
            } => {
                let parent = self.hash(parent);
                let seen = &mut self.subagents.entry(parent).or_default().seen_lines;
                seen.0 = seen.0.saturating_add(lines_added);
                seen.1 = seen.1.saturating_add(lines_removed);
            }
            SubagentWork::Total {
                parent,
                actions,
                lines,
            } => {
                let parent = self.hash(parent);
                let subagent = self.subagents.entry(parent).or_default();
                subagent.total_actions = actions.or(subagent.total_actions);
                subagent.total_lines = lines.or(subagent.total_lines);
            }
        }
    }

    fn subagent_totals(&mut self) {
        // Work of an unknown call is told again by the totals of the calls, so it counts where it is more than they say.
        let nobody = self.hash("");
        let unknown = self.subagents.remove(&nobody).unwrap_or_default();
        let (mut actions, mut added, mut removed) = (0_u64, 0_u64, 0_u64);
        for subagent in self.subagents.values() {
            let total = subagent.total_actions.unwrap_or(0);
            let lines = subagent.total_lines.unwrap_or(subagent.seen_lines);
            actions = actions.saturating_add(total.max(subagent.seen_actions));
            added = added.saturating_add(lines.0);
            removed = removed.saturating_add(lines.1);
        }
        self.row.subagent_actions = actions.max(unknown.seen_actions);
        self.row.subagent_lines_added = added.max(unknown.seen_lines.0);
        self.row.subagent_lines_removed = removed.max(unknown.seen_lines.1);
    }

    fn malformed(&mut self, line: u64, reason: String) {
        if self.malformed.insert(line) && self.problems.len() < PROBLEMS_KEPT {
            self.problems.push(Problem { line, reason });
        }
    }
}

impl Listener for Counter {
    fn takes(&self, body: Body<'_>) -> bool {
        match body {
            Body::Thinking | Body::Input => false,
            Body::Output(call) => self.waiting.contains_key(&self.hash(call)),
        }
    }

    fn event(&mut self, at: Position, event: Event<'_>) {
        if let Some(moment) = at.moment {
            self.time(moment);
        }
        match event {
            Event::Fact(fact) => self.fact(&fact),
            Event::Prompt(prompt) => {
                match prompt.kind {
                    PromptKind::Typed | PromptKind::ApprovedPlan | PromptKind::Shell => {
                        self.row.prompts += 1
                    }
                    PromptKind::SlashCommand => self.row.slash_commands += 1,
                    PromptKind::Queued => self.row.queued_prompts += 1,
                    PromptKind::WithPermission => {}
                }
                self.row.user_words += match prompt.kind {
                    PromptKind::Typed | PromptKind::Queued | PromptKind::WithPermission => {
                        prompt.text.words()
                    }
                    PromptKind::ApprovedPlan | PromptKind::Shell | PromptKind::SlashCommand => 0,
                };
            }
            Event::AgentText(text) => self.row.agent_words += text.words(),
            Event::ToolCall(call) => self.call(&call),
            Event::ToolResult(result) => self.result(&result),
            Event::FileChange(change) => self.change(&change),
            Event::Interruption { .. } => self.row.interruptions += 1,
            Event::Compaction => self.row.compactions += 1,
            Event::Usage(usage) => {
                if !usage.model.is_empty() {
                    push_new(&mut self.models, usage.model);
                }
                let message = self.hash(usage.message);
                let known = self.usage.entry(message).or_default();
                *known = known.max(usage.tokens);
            }
            Event::TurnDuration { milliseconds } => {
                self.turns_ms = self.turns_ms.saturating_add(milliseconds)
            }
            Event::PullRequest { url } => self.pull_request(&url.redacted()),
            Event::SubagentWork(work) => self.subagent(work),
            Event::Malformed { reason } => self.malformed(at.line, reason),
            Event::Entry
            | Event::Injected(_)
            | Event::AgentThinking(_)
            | Event::ClientNotice(_) => {}
        }
    }
}

/// The file's stem if it ends with an inner id (older exports put a date before it), else the last inner id: a resumed
/// session begins with the lines of the one it continues.
fn session_id(ids: &[String], stem: &str) -> String {
    match ids.last() {
        Some(last) if !ids.iter().any(|id| stem.ends_with(id.as_str())) => last.clone(),
        _ => stem.to_owned(),
    }
}

/// An id that was redacted or left out names no call.
fn is_known_id(id: &str) -> bool {
    !id.is_empty() && !id.contains("REDACTED")
}

fn is_pull_request(word: &str) -> bool {
    word.starts_with("https://") && (word.contains("/pull/") || word.contains("/merge_requests/"))
}

fn push_new(known: &mut Vec<String>, value: &str) {
    if !known.iter().any(|known| known == value) {
        known.push(value.to_owned());
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn per_prompt(count: u64, prompts: u64) -> Option<f64> {
    (prompts > 0).then(|| count as f64 / prompts as f64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a session stay far below 2^53"
)]
fn duration_s(turns_ms: u64, gaps_ms: i64, has_time: bool) -> Option<f64> {
    if turns_ms > 0 {
        Some(turns_ms as f64 / 1000.0)
    } else {
        has_time.then(|| gaps_ms as f64 / 1000.0)
    }
}
