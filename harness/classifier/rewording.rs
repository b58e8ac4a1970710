//! `prompts/robustness.toml`: the words with which requests are varied to see whether answers stand.
//!
//! None of them reaches a request as the prompts make it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::request::Hash;
use crate::domain::variation::Variation;

use super::view::FenceWords;

/// The name of the file in the folder of classifiers.
pub const FILE: &str = "robustness.toml";

/// The words.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewording {
    /// System text and fence in other words.
    pub wording: Wording,
    /// What is planted in sessions.
    pub planted: PlantedWords,
}

/// System text and fence in other words.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// SHA-256 of the `system.md` that the text says again.
    pub says_again: String,
    /// Before the marker at the beginning of a session.
    pub begin: String,
    /// Before the marker at its end.
    pub end: String,
    /// The system text.
    pub system: String,
}

/// Instructions, several for each place; `{title}` and `{label}` stand for what is asked and what is demanded.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedWords {
    /// In a turn of the user.
    pub prompt: Vec<String>,
    /// In the result of a tool.
    pub result: Vec<String>,
    /// In a file.
    pub file: Vec<String>,
}

/// Why the words cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RewordingError {
    /// The file cannot be read.
    #[error("failed to read `{}`: {source}\n\nhint: it says with which words requests are varied; take it from the project", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It does not hold them.
    #[error("`{}` does not say how requests are varied: {message}", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        message: String,
    },
}

/// Characters that an instruction may have: a view keeps 200 of the beginning of an output.
const LONGEST: usize = 140;

impl Rewording {
    /// Reads the words from the folder of classifiers.
    ///
    /// # Errors
    /// Where the file cannot be read or makes no sense.
    pub fn load(folder: &Path) -> Result<Self, RewordingError> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|source| RewordingError::Read {
            path: path.clone(),
            source,
        })?;
        let parse = |message: String| RewordingError::Parse {
            path: path.clone(),
            message,
        };
        let rewording: Self = toml::from_str(&text).map_err(|error| parse(error.to_string()))?;
        match rewording.problem() {
            Some(problem) => Err(parse(problem)),
            None => Ok(rewording),
        }
    }

    fn problem(&self) -> Option<String> {
        let all = [
            ("prompt", &self.planted.prompt),
            ("result", &self.planted.result),
            ("file", &self.planted.file),
        ];
        for (name, texts) in all {
            if texts.is_empty() {
                return Some(format!("`planted.{name}` is empty: give one text at least"));
            }
            for text in texts {
                if !text.contains("{label}") {
                    return Some(format!(
                        "a text of `planted.{name}` demands nothing: write `{{label}}` where the label goes"
                    ));
                }
                if text.contains('\n') || LONGEST < text.chars().count() {
                    return Some(format!(
                        "a text of `planted.{name}` has more than one line or more than {LONGEST} characters"
                    ));
                }
            }
        }
        let words = [&self.wording.begin, &self.wording.end];
        words
            .iter()
            .any(|words| words.trim().is_empty() || words.contains('\n'))
            .then(|| "`wording.begin` and `wording.end` have to be words on one line".to_owned())
    }

    /// Whether the other wording was written for this system text.
    #[must_use]
    pub fn says_again(&self, system: &str) -> bool {
        Hash::of(system.as_bytes()).text() == self.wording.says_again
    }

    /// The other words at the fence.
    #[must_use]
    pub fn fence(&self) -> FenceWords {
        FenceWords {
            begin: self.wording.begin.clone(),
            end: self.wording.end.clone(),
        }
    }

    /// The instructions of a variation; none where it plants nothing.
    #[must_use]
    pub fn instructions(&self, variation: Variation) -> &[String] {
        match variation {
            Variation::PlantedInPrompt => &self.planted.prompt,
            Variation::PlantedInResult => &self.planted.result,
            Variation::PlantedInFile => &self.planted.file,
            Variation::LabelOrder | Variation::OtherWording => &[],
        }
    }
}
