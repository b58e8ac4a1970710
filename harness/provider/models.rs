//! What is known of each model: which body it accepts, how much it holds, what it caches.
//!
//! The facts are data, `models.toml`, each with the day of its source.

use std::sync::LazyLock;

use serde::Deserialize;

use super::endpoint::{Dialect, Endpoint};

/// What is sent about thinking, and what comes of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// It cannot be turned off, and nothing may be sent.
    Always,
    /// It is turned off by saying so.
    Disabled,
    /// It is kept to the time between calls of tools, of which there are none.
    BetweenTools,
    /// The model does not think unless it is asked to.
    Off,
    /// Nobody said; nothing is sent.
    #[default]
    Unknown,
}

/// What is known of one model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The model's id, without a day.
    pub id: String,
    /// The day of the source; absent for a model that is not known.
    pub source: Option<toml::value::Datetime>,
    /// What is sent about thinking.
    #[serde(default)]
    pub thinking: Thinking,
    /// Whether the model honours temperature 0 in the body that is sent.
    #[serde(default)]
    pub temperature: bool,
    /// Tokens below which a prefix is not cached; `None` where nobody said.
    pub cacheable_from: Option<u32>,
    /// Tokens of input and output together.
    pub context: Option<u64>,
    /// Tokens of output at most.
    pub output: Option<u32>,
}

impl Facts {
    /// Whether the model is in the table.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.source.is_some()
    }

    /// Tokens of an answer unless the user says otherwise: more where thinking counts against them.
    ///
    /// Never above 21,333, from where on the vendor's clients refuse to wait for an answer that is not streamed.
    #[must_use]
    pub fn default_max_tokens(&self) -> u32 {
        let tokens = match self.thinking {
            Thinking::Always | Thinking::BetweenTools | Thinking::Unknown => 16_000,
            Thinking::Disabled | Thinking::Off => 8_192,
        };
        tokens.min(self.output.unwrap_or(tokens))
    }
}

/// What one batch may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchLimits {
    /// Requests.
    pub requests: usize,
    /// Bytes of its file or body.
    pub bytes: usize,
}

/// What is known of the model at an endpoint.
///
/// Anthropic's names mean the same model wherever they are served; OpenAI's are looked up at the vendor's own address alone.
#[must_use]
pub fn facts(endpoint: &Endpoint) -> Facts {
    let known = match endpoint.dialect {
        Dialect::Anthropic => find(&TABLE.anthropic, &endpoint.model),
        Dialect::OpenAi if endpoint.is_vendor => find(&TABLE.openai, &endpoint.model),
        Dialect::OpenAi => None,
    };
    known.cloned().unwrap_or_else(|| Facts {
        id: endpoint.model.clone(),
        source: None,
        // A model on one's own server is told apart by nobody; most answer without thinking.
        thinking: if endpoint.dialect == Dialect::OpenAi && !endpoint.is_vendor {
            Thinking::Off
        } else {
            Thinking::Unknown
        },
        temperature: endpoint.dialect == Dialect::OpenAi && !endpoint.is_vendor,
        cacheable_from: None,
        context: None,
        output: None,
    })
}

/// What one batch of this dialect may hold.
#[must_use]
pub fn batch_limits(dialect: Dialect) -> BatchLimits {
    match dialect {
        Dialect::Anthropic => TABLE.batches.anthropic,
        Dialect::OpenAi => TABLE.batches.openai,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    batches: Batches,
    anthropic: Vec<Facts>,
    openai: Vec<Facts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batches {
    anthropic: BatchLimits,
    openai: BatchLimits,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("models.toml")).expect("the table is part of the program")
});

/// The facts with the longest id that the name begins with; only a day or `latest` may follow.
///
/// `claude-opus-5-9` is not `claude-opus-5`: a new model must not be sent what only its forerunner accepted.
fn find<'t>(known: &'t [Facts], name: &str) -> Option<&'t Facts> {
    // Gateways put a vendor before the name: `anthropic/claude-haiku-5-5`.
    let name = name.rsplit('/').next().unwrap_or(name);
    known
        .iter()
        .filter(|facts| name.strip_prefix(facts.id.as_str()).is_some_and(is_edition))
        .max_by_key(|facts| facts.id.len())
}

fn is_edition(suffix: &str) -> bool {
    let Some(edition) = suffix.strip_prefix(['-', '@']) else {
        return suffix.is_empty();
    };
    let digits = edition.chars().filter(char::is_ascii_digit).count();
    let is_day = digits == 8
        && edition
            .chars()
            .all(|letter| letter.is_ascii_digit() || letter == '-');
    is_day || edition == "latest"
}
