//! What is wrong with a prompt before any model is asked.
//!
//! `template` looks at the text of a classifier: labels, variables, length. `shared` looks at what stands before every
//! session, which a provider's cache keeps. `quotes` compares prompts with gold sessions and with the reasons of their
//! labels: an example out of the test gives the test away.

pub mod quotes;
mod shared;
mod template;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::definition::Definition;
use super::prompt::Prompts;
use super::rewording::Rewording;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Labels would be wrong, or figures would not mean what they say.
    Error,
    /// Worth a look.
    Warning,
}

impl Severity {
    /// The word that stands in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A file cannot be read or a template not be rendered.
    Broken,
    /// The text names a label that the codebook lacks.
    UnknownLabel,
    /// A word stands in code marks, as labels do, and is nothing that is declared.
    CodeMark,
    /// The text never names a label of the codebook.
    LabelNotNamed,
    /// A label that the gate guards has too few gold sessions to be guarded.
    ImportantLabelRare,
    /// The template uses a variable that does not exist.
    UndeclaredVariable,
    /// The template does not use what the codebook declares.
    UnusedVariable,
    /// The text is longer than its budget.
    OverBudget,
    /// What stands before the session does not stay the same from request to request.
    CachePrefix,
    /// `answer.schema.json` and `classifier.toml` differ.
    AnswerSchema,
    /// The text quotes a gold session, or the reason of a gold label.
    GoldQuoted,
    /// The other wording for `--robustness` was written for another system text.
    StaleRewording,
}

impl Kind {
    /// How bad it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::Broken
            | Self::UnknownLabel
            | Self::LabelNotNamed
            | Self::UndeclaredVariable
            | Self::CachePrefix
            | Self::AnswerSchema
            | Self::GoldQuoted => Severity::Error,
            Self::CodeMark
            | Self::ImportantLabelRare
            | Self::UnusedVariable
            | Self::OverBudget
            | Self::StaleRewording => Severity::Warning,
        }
    }

    /// The word that stands in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::UnknownLabel => "unknown-label",
            Self::CodeMark => "code-mark",
            Self::LabelNotNamed => "label-not-named",
            Self::ImportantLabelRare => "important-label-rare",
            Self::UndeclaredVariable => "undeclared-variable",
            Self::UnusedVariable => "unused-variable",
            Self::OverBudget => "over-budget",
            Self::CachePrefix => "cache-prefix",
            Self::AnswerSchema => "answer-schema",
            Self::GoldQuoted => "gold-quoted",
            Self::StaleRewording => "stale-rewording",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 where it is about the whole file.
    pub line: usize,
    /// What kind of thing it is.
    pub kind: Kind,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub remedy: String,
}

impl Finding {
    fn new(file: &Path, line: usize, kind: Kind, cause: String, remedy: &str) -> Self {
        Self {
            severity: kind.severity(),
            file: file.to_owned(),
            line,
            kind,
            cause,
            remedy: remedy.to_owned(),
        }
    }
}

/// Everything that is wrong with the chosen classifiers of `folder` and with what they share, by file and line. Quotes of
/// gold sessions are found apart ([`quotes::Quotes`]).
#[must_use]
pub fn lint(folder: &Path, all: &[Definition], chosen: &[Definition]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let prompts = match Prompts::load(folder) {
        Ok(prompts) => Some(prompts),
        Err(error) => {
            let (cause, remedy) = said(&error.to_string());
            findings.push(Finding::new(folder, 0, Kind::Broken, cause, &remedy));
            None
        }
    };
    if let Some(prompts) = &prompts {
        let rewording = Rewording::load(folder);
        shared::lint(folder, chosen, prompts, rewording, &mut findings);
    }
    for definition in chosen {
        template::lint(folder, definition, all, prompts.as_ref(), &mut findings);
    }
    findings.sort();
    findings.dedup();
    findings
}

/// Findings about labels that the gate guards one by one, by how many gold sessions each has.
#[must_use]
pub fn important_labels(
    folder: &Path,
    definition: &Definition,
    goldset: &str,
    gold_sessions: impl Fn(&str) -> usize,
) -> Vec<Finding> {
    let file = folder.join(&definition.name).join("classifier.toml");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    definition
        .gate
        .important
        .iter()
        .filter_map(|label| {
            let count = gold_sessions(label);
            (count < LEAST_GOLD).then(|| {
                Finding::new(
                    &file,
                    line_of(&text, "important"),
                    Kind::ImportantLabelRare,
                    format!("the gate guards `{label}`, and only {count} gold sessions of `{goldset}` have it"),
                    "label more such sessions: below five the gate cannot tell",
                )
            })
        })
        .collect()
}

/// Gold sessions of a class below which nothing is said of it.
const LEAST_GOLD: usize = 5;

/// A message taken apart into cause and remedy.
fn said(message: &str) -> (String, String) {
    match message.split_once("\n\nhint: ") {
        Some((cause, remedy)) => (cause.to_owned(), remedy.to_owned()),
        None => (message.to_owned(), "mend the file".to_owned()),
    }
}

/// The first line that holds `what`, from 1; 0 where none does.
fn line_of(text: &str, what: &str) -> usize {
    text.lines()
        .position(|line| line.contains(what))
        .map_or(0, |at| at + 1)
}
