//! The vocabulary of a session's prompts, for transparent rules over words.

use std::collections::BTreeSet;

use crate::domain::event::{Event, PromptKind};

/// Lower-case words of what a person typed, secrets replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PromptWords {
    words: BTreeSet<String>,
}

impl PromptWords {
    /// Whether any word of the prompts begins with one of `stems`, given in lower case (`fix` finds `fixes`).
    #[must_use]
    pub fn has_any(&self, stems: &[String]) -> bool {
        stems.iter().any(|stem| {
            self.words
                .range(stem.clone()..)
                .next()
                .is_some_and(|word| word.starts_with(stem.as_str()))
        })
    }

    /// Takes the words of a prompt; other events pass.
    pub fn hear(&mut self, event: &Event<'_>) {
        let Event::Prompt(prompt) = event else { return };
        match prompt.kind {
            PromptKind::Typed | PromptKind::Queued | PromptKind::WithPermission => {
                self.add(&prompt.text.redacted());
            }
            // An approved plan is the agent's text, a command is not prose.
            PromptKind::ApprovedPlan | PromptKind::Shell | PromptKind::SlashCommand => {}
        }
    }

    fn add(&mut self, text: &str) {
        for word in text.split(|character: char| !character.is_alphanumeric()) {
            if !word.is_empty() {
                self.words.insert(word.to_lowercase());
            }
        }
    }
}
