//! `prompts/view.toml`: what of a session is shown, and the budget.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The rules of the view.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewRules {
    /// Budget of the whole view, in tokens.
    pub tokens: u64,
    /// Bytes that are reckoned as one token.
    pub bytes_per_token: f64,
    /// Characters kept of a prompt: as a rule, and where prompts alone are over the budget.
    pub prompt: [usize; 3],
    /// Characters kept of everything else, from generous to sparse.
    #[serde(rename = "level")]
    pub levels: Vec<Level>,
}

/// Characters kept of each kind of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Replies of the agent.
    pub agent: usize,
    /// Plans and questions of the agent.
    pub plan: usize,
    /// Input of tools.
    pub input: usize,
    /// Output of tools.
    pub output: usize,
    /// Output of tools that failed.
    pub failed: usize,
    /// Text that the client put into the user's place.
    pub inserted: usize,
}

/// Why the rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ViewRulesError {
    /// The file cannot be read.
    #[error("failed to read `{}`: {source}\n\nhint: `prompts/view.toml` says what of a session is shown; take it from the project", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds no rules.
    #[error("`{}` holds no rules of the view: {message}", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        message: String,
    },
}

impl ViewRules {
    /// Reads the rules.
    ///
    /// # Errors
    /// Where the file cannot be read or makes no sense.
    pub fn load(path: &Path) -> Result<Self, ViewRulesError> {
        let text = std::fs::read_to_string(path).map_err(|source| ViewRulesError::Read {
            path: path.to_owned(),
            source,
        })?;
        let parse = |message: String| ViewRulesError::Parse {
            path: path.to_owned(),
            message,
        };
        let rules: Self = toml::from_str(&text).map_err(|error| parse(error.to_string()))?;
        let problem = if rules.levels.is_empty() {
            Some("give one `[[level]]` at least")
        } else if rules.tokens == 0
            || rules.bytes_per_token <= 0.0
            || !rules.bytes_per_token.is_finite()
        {
            Some("`tokens` and `bytes_per_token` have to be above 0")
        } else if rules.prompt[0] < rules.prompt[1]
            || rules.prompt[1] < rules.prompt[2]
            || rules.prompt[2] == 0
        {
            Some("`prompt` has to fall from number to number and end above 0")
        } else {
            None
        };
        match problem {
            Some(problem) => Err(parse(problem.to_owned())),
            None => Ok(rules),
        }
    }

    /// Tokens that a text of `bytes` is reckoned as.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate; lengths stay far below 2^53"
    )]
    pub fn tokens_of(&self, bytes: usize) -> u64 {
        (bytes as f64 / self.bytes_per_token).ceil() as u64
    }
}
