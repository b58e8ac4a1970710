//! What came back for a request, before and after it is read.

use serde::{Deserialize, Serialize};

use super::label::Decision;

/// An answer as it came, stored before anyone reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RawAnswer {
    /// The text, byte for byte.
    pub text: String,
    /// Why the model stopped.
    pub stop: Stop,
    /// What it cost.
    #[serde(default)]
    pub usage: AnswerUsage,
    /// When it was obtained, ISO 8601; a day where no more is known.
    pub when: String,
    /// How it was obtained: `live`, `batch`, `batch by hand`.
    pub obtained: String,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It was done.
    Finished,
    /// It ran into the limit of its answer.
    Length,
    /// It declined.
    Refusal,
    /// The request failed; the text is the error.
    Error,
}

impl Stop {
    /// The word that stands in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Length => "length",
            Self::Refusal => "refusal",
            Self::Error => "error",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Finished, Self::Length, Self::Refusal, Self::Error]
            .into_iter()
            .find(|stop| stop.word() == word)
    }
}

/// What an answer cost, as the provider said it; zero where nobody said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerUsage {
    /// Input tokens that were neither read from nor written to the cache.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Input tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the cache, for however long.
    pub cache_write_tokens: u64,
    /// Those of them that were written for an hour, which costs more.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_1h_tokens: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands on a reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl AnswerUsage {
    /// Everything the model read, cached or not.
    #[must_use]
    pub fn all_input_tokens(self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_tokens)
    }

    /// Adds the tokens of another answer; saturating, because counts come from files of others.
    pub fn add(&mut self, other: Self) {
        for (sum, count) in [
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.cache_read_tokens, other.cache_read_tokens),
            (&mut self.cache_write_tokens, other.cache_write_tokens),
            (&mut self.cache_write_1h_tokens, other.cache_write_1h_tokens),
        ] {
            *sum = sum.saturating_add(count);
        }
    }
}

/// What a model answered, once read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What in the session speaks for the label.
    pub evidence: Vec<Evidence>,
    /// The label as it was written; empty for lists of decisions.
    pub label: String,
    /// How sure the model says it is, 0 to 1.
    pub confidence: f64,
    /// The decisions, where they were asked for.
    pub decisions: Vec<Decision>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The turn it stands in.
    pub turn: u64,
    /// What it shows.
    pub shows: String,
}
