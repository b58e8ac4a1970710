//! Four kinds of entries share the type `user`: tool results, typed prompts, commands and injected text. This file tells
//! the last three apart by the wrappers that the client writes.

use crate::domain::eligibility::Ineligible;
use crate::domain::event::{InjectedKind, PromptKind};

/// What a text in a user's place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UserText {
    Prompt(PromptKind),
    Injected(InjectedKind),
    Interruption { during_tool: bool },
    Blank,
}

/// Flags of the entry that say more than its text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    pub(super) is_meta: bool,
    pub(super) is_compact_summary: bool,
    pub(super) is_plan: bool,
    pub(super) from_system: bool,
    /// Sent by a program, and not said to come from a person.
    pub(super) from_kit: bool,
    pub(super) images: u32,
}

const INTERRUPTED: &str = "[Request interrupted by user]";
const INTERRUPTED_FOR_TOOL: &str = "[Request interrupted by user for tool use]";

/// Wrappers that the client puts round text which no person typed.
const WRAPPERS: &[(&str, InjectedKind)] = &[
    ("<task-notification>", InjectedKind::TaskNotification),
    ("<local-command-stdout>", InjectedKind::CommandOutput),
    ("<local-command-stderr>", InjectedKind::CommandOutput),
    ("<bash-stdout>", InjectedKind::CommandOutput),
    ("<bash-stderr>", InjectedKind::CommandOutput),
    ("<local-command-caveat>", InjectedKind::Reminder),
    (
        "Caveat: The messages below were generated",
        InjectedKind::Reminder,
    ),
    ("<system-reminder>", InjectedKind::Reminder),
    ("<system_instruction>", InjectedKind::Reminder),
    ("<user-prompt-submit-hook>", InjectedKind::Reminder),
    ("<teammate-message", InjectedKind::TaskNotification),
    ("<ci-monitor-event", InjectedKind::Monitor),
    (
        "This session is being continued from a previous conversation",
        InjectedKind::CompactionSummary,
    ),
];

/// Wrappers of commands: slash commands of the client, of skills, and buttons of the desktop client that send a
/// ready-made instruction.
const COMMANDS: &[&str] = &["<command-name>", "<command-message>", "<create-pr-command>"];

/// Classifies the text of an entry that holds no tool result.
pub(super) fn classify(text: &str, marks: Marks) -> UserText {
    let text = text.trim();
    if marks.is_compact_summary {
        return UserText::Injected(InjectedKind::CompactionSummary);
    }
    if marks.is_meta {
        return UserText::Injected(InjectedKind::Meta);
    }
    if text == INTERRUPTED || text == INTERRUPTED_FOR_TOOL {
        return UserText::Interruption {
            during_tool: text == INTERRUPTED_FOR_TOOL,
        };
    }
    if COMMANDS.iter().any(|wrapper| text.starts_with(wrapper)) {
        return UserText::Prompt(PromptKind::SlashCommand);
    }
    if let Some((_, kind)) = WRAPPERS
        .iter()
        .find(|(wrapper, _)| text.starts_with(wrapper))
    {
        return if *kind == InjectedKind::Reminder && typed_after_reminder(text) {
            UserText::Prompt(PromptKind::Typed)
        } else {
            UserText::Injected(*kind)
        };
    }
    if marks.from_system {
        return UserText::Injected(InjectedKind::Meta);
    }
    if text.starts_with("<bash-input>") {
        return UserText::Prompt(PromptKind::Shell);
    }
    if text.is_empty() && marks.images == 0 {
        return UserText::Blank;
    }
    UserText::Prompt(if marks.is_plan {
        PromptKind::ApprovedPlan
    } else {
        PromptKind::Typed
    })
}

/// A sign in a prompt that the session is out of scope: the editor's context in front of it, a third-party client's
/// instruction, or a program as its source.
pub(super) fn out_of_scope(text: &str, marks: Marks) -> Option<Ineligible> {
    let text = text.trim_start();
    if text.starts_with("<ide_opened_file>") || text.starts_with("<ide_selection>") {
        Some(Ineligible::Editor)
    } else if marks.from_kit || text.starts_with("<system_instruction>") {
        Some(Ineligible::SoftwareKit)
    } else {
        None
    }
}

/// Text beside a tool result is the client's (`Tool loaded.`) or what the person typed with a permission answer.
pub(super) fn classify_beside_result(text: &str, marks: Marks) -> UserText {
    if text.trim() == "Tool loaded." {
        return UserText::Injected(InjectedKind::Meta);
    }
    match classify(text, marks) {
        UserText::Prompt(PromptKind::Typed) => UserText::Prompt(PromptKind::WithPermission),
        other => other,
    }
}

/// A reminder can stand before a typed prompt in one text: what follows its closing tag was typed, unless it is the next
/// reminder.
fn typed_after_reminder(text: &str) -> bool {
    let mut text = text;
    while text.ends_with("</system-reminder>")
        && let Some(at) = text.rfind("<system-reminder>")
    {
        text = text[..at].trim_end();
    }
    [
        "</system-reminder>",
        "</system_instruction>",
        "</local-command-caveat>",
        "</user-prompt-submit-hook>",
    ]
    .iter()
    .any(|close| {
        text.rfind(close)
            .is_some_and(|at| !text[at + close.len()..].trim().is_empty())
    })
}

/// The part of a prompt that a person typed: wrappers of the client in front of it or behind it are cut off.
pub(super) fn typed_part(text: &str) -> &str {
    let mut rest = text.trim();
    loop {
        let before = rest;
        for (open, close) in [
            ("<system-reminder>", "</system-reminder>"),
            ("<system_instruction>", "</system_instruction>"),
            ("<ide_opened_file>", "</ide_opened_file>"),
            ("<ide_selection>", "</ide_selection>"),
            ("<local-command-caveat>", "</local-command-caveat>"),
            ("<user-prompt-submit-hook>", "</user-prompt-submit-hook>"),
            ("<bash-input>", "</bash-input>"),
        ] {
            let Some(inner) = rest.strip_prefix(open) else {
                continue;
            };
            let Some(end) = inner.find(close) else {
                continue;
            };
            rest = if open == "<bash-input>" {
                &inner[..end]
            } else {
                inner[end + close.len()..].trim_start()
            };
        }
        if let Some(at) = rest.rfind("<system-reminder>")
            && rest.ends_with("</system-reminder>")
            && at > 0
        {
            rest = rest[..at].trim_end();
        }
        if rest == before {
            return rest;
        }
    }
}
