//! Entries of a view: what happened, how it is written, and how much of it at each level.

use crate::domain::event::{InjectedKind, PromptKind, ToolStatus};

use super::excerpt::Excerpt;
use super::rules::{Level, ViewRules};

/// One entry of the view.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) turn: u32,
    pub(super) what: What,
}

/// What happened.
#[derive(Debug)]
pub(super) enum What {
    Prompt {
        kind: PromptKind,
        text: Excerpt,
        images: u32,
    },
    Refusal {
        tool: String,
        reason: Excerpt,
    },
    Interruption,
    Agent(Excerpt),
    Plan {
        text: Excerpt,
        verdict: Option<&'static str>,
    },
    Question {
        text: Excerpt,
        answer: Excerpt,
    },
    Tool {
        name: String,
        input: Excerpt,
        detail: Excerpt,
        result: Option<Outcome>,
    },
    Inserted {
        kind: InjectedKind,
        text: Excerpt,
    },
    Client(Excerpt),
    Compaction,
}

/// How a tool call ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: ToolStatus,
    pub(super) output: Excerpt,
    pub(super) lines: Option<(u64, u64)>,
}

/// How much of an entry is shown: a level of the rules, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Level(usize),
    Dropped,
}

/// An entry as text, and the characters that were left out of it.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) left_out: usize,
}

impl Entry {
    /// The user's turns stay in every view.
    pub(super) fn is_kept(&self) -> bool {
        matches!(
            self.what,
            What::Prompt { .. } | What::Refusal { .. } | What::Interruption | What::Compaction
        )
    }

    /// Writes the entry; `prompt` is the length of prompts that applies.
    pub(super) fn write(&self, rules: &ViewRules, amount: Amount, prompt: usize) -> Written {
        let Amount::Level(level) = amount else {
            return Written {
                text: String::new(),
                left_out: 0,
            };
        };
        let level = &rules.levels[level.min(rules.levels.len() - 1)];
        let mut writer = Writer {
            text: format!("[turn {}] ", self.turn),
            left_out: 0,
        };
        self.what.write(level, prompt, &mut writer);
        Written {
            text: writer.text,
            left_out: writer.left_out,
        }
    }
}

struct Writer {
    text: String,
    left_out: usize,
}

impl Writer {
    fn line(&mut self, words: &str) {
        self.text.push_str(words);
        self.text.push('\n');
    }

    /// Text of the session stands indented, so that none of it can pass for a line of ours.
    fn body(&mut self, excerpt: &Excerpt, limit: usize) {
        if excerpt.is_empty() {
            return;
        }
        let shown = excerpt.shown(limit);
        self.left_out += shown.left_out;
        if limit == 0 {
            return;
        }
        for line in shown.text.lines() {
            self.text.push_str("  ");
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    /// Text of the session behind words of ours, its line ends shown as `⏎`.
    fn inline(&mut self, excerpt: &Excerpt, limit: usize) {
        if excerpt.is_empty() || limit == 0 {
            self.left_out += if limit == 0 {
                excerpt.shown(0).left_out
            } else {
                0
            };
            return;
        }
        let shown = excerpt.shown(limit);
        self.left_out += shown.left_out;
        let lines: Vec<&str> = shown
            .text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        self.text.push_str(&lines.join(" ⏎ "));
    }
}

impl What {
    fn write(&self, level: &Level, prompt: usize, writer: &mut Writer) {
        match self {
            Self::Prompt { kind, text, images } => {
                let pictures = match images {
                    0 => String::new(),
                    1 => " [… with a picture, not shown]".to_owned(),
                    several => format!(" [… with {several} pictures, not shown]"),
                };
                writer.line(&format!("{}{pictures}", prompt_words(*kind)));
                let limit = if *kind == PromptKind::ApprovedPlan {
                    level.plan
                } else {
                    prompt
                };
                writer.body(text, limit);
            }
            Self::Refusal { tool, reason } => {
                writer.line(&format!("USER refuses {tool}"));
                writer.body(reason, prompt);
            }
            Self::Interruption => writer.line("USER interrupts"),
            Self::Agent(text) => {
                writer.line("AGENT");
                writer.body(text, level.agent);
            }
            Self::Plan { text, verdict } => {
                writer.line("AGENT proposes a plan");
                writer.body(text, level.plan);
                if let Some(verdict) = verdict {
                    writer.line(&format!("RESULT {verdict}"));
                }
            }
            Self::Question { text, answer } => {
                writer.line("AGENT asks");
                writer.body(text, level.plan);
                if !answer.is_empty() {
                    writer.line("RESULT the user's answer:");
                    writer.body(answer, prompt);
                }
            }
            Self::Tool {
                name,
                input,
                detail,
                result,
            } => tool(name, input, detail, result.as_ref(), level, writer),
            Self::Inserted { kind, text } => {
                writer.line(&format!(
                    "CLIENT inserted {}, {} characters",
                    inserted_words(*kind),
                    text.shown(0).left_out
                ));
                writer.body(text, level.inserted);
            }
            Self::Client(text) => {
                writer.text.push_str("CLIENT says: ");
                writer.inline(text, level.failed);
                writer.text.push('\n');
            }
            Self::Compaction => {
                writer
                    .line("CLIENT compacted the agent's context here; its own summary is left out");
            }
        }
    }
}

fn tool(
    name: &str,
    input: &Excerpt,
    detail: &Excerpt,
    result: Option<&Outcome>,
    level: &Level,
    writer: &mut Writer,
) {
    writer.text.push_str(&format!("TOOL {name}: "));
    writer.inline(input, level.input);
    writer.text.push('\n');
    writer.body(detail, if level.output > 0 { level.input } else { 0 });
    let Some(result) = result else {
        return writer.line("RESULT none was recorded");
    };
    let lines = result.lines.map_or_else(String::new, |(added, removed)| {
        format!(" +{added} -{removed} lines")
    });
    match result.status {
        ToolStatus::Done if result.output.is_empty() || level.output == 0 => {
            writer.left_out += result.output.shown(0).left_out;
            writer.line(&format!("RESULT ok{lines}"));
        }
        ToolStatus::Done => {
            writer.line(&format!("RESULT ok{lines}:"));
            writer.body(&result.output, level.output);
        }
        ToolStatus::Failed => {
            writer.line("RESULT failed:");
            writer.body(&result.output, level.failed);
        }
        ToolStatus::Rejected => writer.line("RESULT refused by the user"),
        ToolStatus::Cancelled => writer.line("RESULT cancelled before it ran"),
    }
}

fn prompt_words(kind: PromptKind) -> &'static str {
    match kind {
        PromptKind::Typed => "USER",
        PromptKind::Queued => "USER, while the agent worked",
        PromptKind::WithPermission => "USER, with the answer to a permission question",
        PromptKind::SlashCommand => "USER runs a command of the client",
        PromptKind::ApprovedPlan => "USER approves a plan",
        PromptKind::Shell => "USER runs in the shell",
    }
}

fn inserted_words(kind: InjectedKind) -> &'static str {
    match kind {
        InjectedKind::Meta => "text of a command or skill",
        InjectedKind::TaskNotification => "the report of a background task",
        InjectedKind::CommandOutput => "the output of a command",
        InjectedKind::CompactionSummary => "a summary of what came before",
        InjectedKind::Reminder => "a reminder",
        InjectedKind::Monitor => "the report of a monitor",
    }
}
