//! One exchange with a provider that was charged for: what a bill is computed from, and what an answer can be traced to.

use super::answer::AnswerUsage;
use super::request::Hash;

/// Why something was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// To have the request answered.
    Ask,
    /// To have an answer that could not be read given once more.
    Repair,
}

impl Purpose {
    /// The word that stands in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Repair => "repair",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Ask, Self::Repair]
            .into_iter()
            .find(|purpose| purpose.word() == word)
    }
}

/// A request as it was sent, and the response as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Why it was sent.
    pub purpose: Purpose,
    /// SHA-256 of the bytes that were sent, vendor fields and all; in a batch, where all requests are one file, the hash of the
    /// request, which is its id there.
    pub sent: Hash,
    /// The response's body, byte for byte but for keys.
    pub received: String,
    /// The provider's name for the exchange.
    pub request_id: Option<String>,
    /// The model that answered, as the provider named it.
    pub served_by: Option<String>,
    /// What was charged for.
    pub usage: AnswerUsage,
    /// It was part of a batch, which costs less.
    pub batched: bool,
    /// How probable the model held its label, where the provider tells.
    pub label_probability: Option<f64>,
    /// How often the request had to be sent until this response came; from 1.
    pub attempts: u32,
    /// When the response came, ISO 8601.
    pub when: String,
}
