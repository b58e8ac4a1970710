//! The view of a session: what a reader is shown, within one budget.
//!
//! [`ViewBuilder`] listens to a session and keeps excerpts; [`ViewBuilder::finish`] writes them within the budget and puts
//! the whole inside a fence. Text that gives answers away (titles, summaries, the last prompt kept apart) is no event and
//! so is never shown; a compaction's summary is named and left out.

mod entry;
mod excerpt;
mod fence;
mod rules;
mod thin;
mod tools;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::domain::event::{
    Event, Injected, InjectedKind, Listener, Position, Prompt, PromptKind, ToolCall, ToolKind,
    ToolResult, ToolStatus,
};
use crate::domain::text::Text;

use entry::{Entry, Outcome, What};
use excerpt::Excerpt;
pub use fence::FenceWords;
pub use rules::{Level, ViewRules, ViewRulesError};

/// A session as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The text, fence included.
    pub text: String,
    /// What was left out.
    pub left_out: LeftOut,
}

/// What a view leaves out of a session; stated in the view and in the results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Entries of the session.
    pub entries: u64,
    /// Entries of which a part was left out.
    pub shortened: u64,
    /// Entries that were left out whole.
    pub dropped: u64,
    /// Prompts of which a part was left out.
    pub prompts_shortened: u64,
    /// Tokens that the view is reckoned as.
    pub tokens_shown: u64,
    /// Tokens that all texts of the session are reckoned as.
    pub tokens_of_session: u64,
}

/// A session that no shortening brings under the budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {prompts} prompts of the session alone take {needed} tokens at their shortest, and the budget is {budget}\n\nhint: raise `tokens` or lower `prompt` in `prompts/view.toml`; every request changes with it"
)]
pub struct TooLarge {
    /// Prompts of the session.
    pub prompts: u64,
    /// Tokens they take.
    pub needed: u64,
    /// The budget.
    pub budget: u64,
}

/// Listens to a session and keeps what a view of it may need.
pub struct ViewBuilder<'r> {
    rules: &'r ViewRules,
    fence: FenceWords,
    agent: String,
    entries: Vec<Entry>,
    turn: u32,
    prompts: u64,
    calls: u64,
    /// Entries of calls that wait for their result, by id.
    waiting: HashMap<String, usize>,
    bytes: usize,
}

impl<'r> ViewBuilder<'r> {
    /// A builder for a session of `agent`.
    #[must_use]
    pub fn new(rules: &'r ViewRules, agent: &str) -> Self {
        Self {
            rules,
            fence: FenceWords::default(),
            agent: agent.to_owned(),
            entries: Vec::new(),
            turn: 0,
            prompts: 0,
            calls: 0,
            waiting: HashMap::new(),
            bytes: 0,
        }
    }

    /// The same builder with other words at the fence.
    #[must_use]
    pub fn with_fence(self, fence: FenceWords) -> Self {
        Self { fence, ..self }
    }

    /// Writes the view.
    ///
    /// # Errors
    /// Where the prompts alone are over the budget at their shortest.
    pub fn finish(self) -> Result<View, TooLarge> {
        let thinned = thin::thin(self.rules, &self.entries)?;
        let mut left_out = thinned.left_out;
        left_out.tokens_of_session = self.rules.tokens_of(self.bytes);
        let header = header(&self.agent, self.prompts, self.calls, &left_out);
        let body = format!("{header}\n{}", thinned.text);
        let text = fence::fenced(&body, &self.fence);
        left_out.tokens_shown = self.rules.tokens_of(text.len());
        Ok(View { text, left_out })
    }

    fn excerpt(&mut self, text: &Text<'_>, limit: usize) -> Excerpt {
        self.bytes += text.bytes();
        Excerpt::of(&text.redacted(), limit)
    }

    fn push(&mut self, what: What) {
        self.entries.push(Entry {
            turn: self.turn,
            what,
        });
    }

    fn prompt(&mut self, prompt: &Prompt<'_>) {
        if prompt.kind != PromptKind::WithPermission {
            self.turn += 1;
            self.prompts += 1;
        }
        let limit = match prompt.kind {
            PromptKind::ApprovedPlan => self.generous().plan,
            _ => self.rules.prompt[0],
        };
        let text = match prompt.kind {
            // The wrapper of a command says its name twice; what was called, and with what, is enough.
            PromptKind::SlashCommand => {
                self.bytes += prompt.text.bytes();
                Excerpt::of(&tools::slash_command(&prompt.text.redacted()), limit)
            }
            _ => self.excerpt(&prompt.text, limit),
        };
        self.push(What::Prompt {
            kind: prompt.kind,
            text,
            images: prompt.images,
        });
    }

    fn generous(&self) -> Level {
        self.rules.levels[0]
    }

    fn inserted(&mut self, inserted: &Injected<'_>) {
        match inserted.kind {
            // The summary retells the session in the client's words; what it retells is shown itself.
            InjectedKind::CompactionSummary => self.bytes += inserted.text.bytes(),
            kind => {
                let limit = self.generous().inserted;
                let text = self.excerpt(&inserted.text, limit);
                self.push(What::Inserted { kind, text });
            }
        }
    }

    fn call(&mut self, call: &ToolCall<'_>) {
        self.calls += 1;
        self.bytes += call.input.bytes();
        let level = self.generous();
        let what = match call.kind {
            ToolKind::Question => What::Question {
                text: Excerpt::of(&tools::questions(&call.input.redacted()), level.plan),
                answer: Excerpt::default(),
            },
            ToolKind::Plan => What::Plan {
                text: Excerpt::of(&tools::plan(&call.input.redacted()), level.plan),
                verdict: None,
            },
            _ => {
                let (input, detail) = tools::input(call);
                What::Tool {
                    name: tools::name(call.name),
                    input: Excerpt::of(&input, level.input),
                    detail: Excerpt::of(&detail, level.input),
                    result: None,
                }
            }
        };
        if !call.id.is_empty() {
            self.waiting.insert(call.id.to_owned(), self.entries.len());
        }
        self.push(what);
    }

    fn result(&mut self, result: &ToolResult<'_>) {
        let level = self.generous();
        let limit = if result.status == ToolStatus::Failed {
            level.failed
        } else {
            level.output
        };
        let output = self.excerpt(&result.output, limit);
        let refusal = (result.status == ToolStatus::Rejected)
            .then(|| tools::reason(&result.output.redacted()));
        let prompt_limit = self.rules.prompt[0];
        let mut tool = "a tool call".to_owned();
        if let Some(at) = self.waiting.remove(result.id) {
            match &mut self.entries[at].what {
                What::Tool {
                    name,
                    result: known,
                    ..
                } => {
                    tool.clone_from(name);
                    let lines = result
                        .change
                        .as_ref()
                        .map(|change| (change.lines_added, change.lines_removed));
                    // What an edit prints repeats the file; the lines say enough.
                    let output = if lines.is_some() {
                        Excerpt::default()
                    } else {
                        output
                    };
                    *known = Some(Outcome {
                        status: result.status,
                        output,
                        lines,
                    });
                }
                What::Question { answer, .. } => {
                    "a question".clone_into(&mut tool);
                    if result.status != ToolStatus::Rejected {
                        *answer = Excerpt::of(&result.output.redacted(), prompt_limit);
                    }
                }
                What::Plan { verdict, .. } => {
                    "the plan".clone_into(&mut tool);
                    *verdict = Some(if result.status == ToolStatus::Done {
                        "the user approves"
                    } else {
                        "not approved"
                    });
                }
                _ => {}
            }
        }
        if let Some(reason) = refusal {
            self.push(What::Refusal {
                tool,
                reason: Excerpt::of(&reason, prompt_limit),
            });
        }
    }
}

impl Listener for ViewBuilder<'_> {
    fn event(&mut self, _: Position, event: Event<'_>) {
        match event {
            Event::Prompt(prompt) => self.prompt(&prompt),
            Event::Injected(inserted) => self.inserted(&inserted),
            Event::AgentText(text) => {
                let limit = self.generous().agent;
                let text = self.excerpt(&text, limit);
                self.push(What::Agent(text));
            }
            Event::ToolCall(call) => self.call(&call),
            Event::ToolResult(result) => self.result(&result),
            Event::Interruption { .. } => self.push(What::Interruption),
            Event::Compaction => self.push(What::Compaction),
            Event::ClientNotice(text) => {
                let limit = self.generous().failed;
                let text = self.excerpt(&text, limit);
                self.push(What::Client(text));
            }
            // Reasoning is kept by some clients and blanked by others; shown, it would favour the former.
            Event::AgentThinking(text) => self.bytes += text.bytes(),
            Event::Entry
            | Event::Fact(_)
            | Event::Usage(_)
            | Event::FileChange(_)
            | Event::TurnDuration { .. }
            | Event::PullRequest { .. }
            | Event::SubagentWork(_)
            | Event::Malformed { .. } => {}
        }
    }
}

fn header(agent: &str, prompts: u64, calls: u64, left_out: &LeftOut) -> String {
    let what = if left_out.shortened + left_out.dropped == 0 {
        "Nothing was left out.".to_owned()
    } else {
        format!(
            "Of {} entries {} are shortened and {} left out whole, marked by […]{}.",
            left_out.entries,
            left_out.shortened,
            left_out.dropped,
            match left_out.prompts_shortened {
                0 => "; every prompt is there in full".to_owned(),
                1 => "; one prompt is shortened".to_owned(),
                several => format!("; {several} prompts are shortened"),
            }
        )
    };
    format!("A session with {agent}: {prompts} prompts of the user, {calls} tool calls. {what}\n")
}
