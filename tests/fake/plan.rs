//! What a provider is like: its models, prices, limits, pace and faults.

use std::collections::BTreeMap;
use std::time::Duration;

use super::faults::Faults;
use super::limits::RateLimits;

/// Picodollars for one token of each kind: 1 USD per million tokens is 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub input: u64,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub cache_read: u64,
    pub output: u64,
}

impl Price {
    /// A price as price lists give it, in cents for a million tokens of input, cache read and output; writes at 1.25 and 2 times
    /// the input.
    pub const fn cents(input: u64, cache_read: u64, output: u64) -> Self {
        Self {
            input: input * 10_000,
            cache_write_5m: input * 12_500,
            cache_write_1h: input * 20_000,
            cache_read: cache_read * 10_000,
            output: output * 10_000,
        }
    }
}

/// What a model costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelPrice {
    pub price: Price,
    /// Above this many tokens of prompt (cached or not) the whole request has another price.
    pub long: Option<(u64, Price)>,
}

/// Everything that a test decides about its provider.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The one key that is accepted; `None` accepts any request, as servers of one's own do.
    pub key: Option<String>,
    /// Prices by the beginning of a model's name; the longest that fits holds.
    pub prices: BTreeMap<String, ModelPrice>,
    /// Models beside those of the vendors' tables, without rules of their own.
    pub models: Vec<String>,
    /// Labels to answer with; empty: those that the request's own text declares.
    pub labels: Vec<String>,
    /// From the whole request to the first byte of the answer.
    pub latency: Duration,
    /// Tokens of thinking in each answer of a model that thinks.
    pub thinking_tokens: u64,
    /// Limits that hold and that the headers tell.
    pub limits: RateLimits,
    /// What goes wrong.
    pub faults: Faults,
    /// After so many answered requests the spending cap is reached.
    pub spend_cap_after: Option<u64>,
    /// Connections are closed after so many requests (llama.cpp: 100).
    pub requests_per_connection: Option<u64>,
    /// Those closings are not announced by `connection: close`.
    pub closes_silently: bool,
    /// The OpenAI side answers with a schema's JSON inside prose, as servers do that do not know `response_format`.
    pub ignores_response_format: bool,
    /// The OpenAI side answers 400 to a json_schema.
    pub refuses_response_format: bool,
    /// The OpenAI side leaves the prompt cache out.
    pub openai_caches: bool,
    /// From the creation of a batch to the answer that tells it.
    pub batch_create_latency: Duration,
    /// A batch ends when its state was asked so many times.
    pub polls_until_batch_ends: u32,
    /// Items of batches whose text contains the first string end as the second says: `expired`, `canceled`, or the type of an
    /// error such as `api_error`. Each rule holds for the first batch that has the item.
    pub batch_outcomes: Vec<(String, String)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}

impl Plan {
    /// The key that a plan expects unless told otherwise.
    pub const KEY: &'static str = "fake-key-0123456789";

    /// A provider that answers everything at once, with prices of late 2026.
    pub fn new() -> Self {
        let mut prices = BTreeMap::new();
        let mut put = |model: &str, price, long| {
            prices.insert(model.to_owned(), ModelPrice { price, long });
        };
        // The cheap models cost five times as much above 100,000 tokens of prompt.
        let long = Some((100_000, Price::cents(50, 5, 250)));
        put("claude-haiku-5-5", Price::cents(10, 1, 50), long);
        put("claude-sonnet-5-5", Price::cents(200, 10, 1_000), None);
        put("claude-opus-5-5", Price::cents(400, 20, 2_000), None);
        put("claude-haiku-4-5", Price::cents(100, 10, 500), None);
        put("gpt-6-sol", Price::cents(200, 20, 1_000), None);
        put("", Price::cents(10, 1, 50), None);
        Self {
            key: Some(Self::KEY.to_owned()),
            prices,
            models: Vec::new(),
            labels: Vec::new(),
            latency: Duration::ZERO,
            thinking_tokens: 0,
            limits: RateLimits::default(),
            faults: Faults::none(),
            spend_cap_after: None,
            requests_per_connection: None,
            closes_silently: false,
            ignores_response_format: false,
            refuses_response_format: false,
            openai_caches: true,
            batch_create_latency: Duration::ZERO,
            polls_until_batch_ends: 2,
            batch_outcomes: Vec::new(),
        }
    }

    pub fn latency_ms(mut self, milliseconds: u64) -> Self {
        self.latency = Duration::from_millis(milliseconds);
        self
    }

    pub fn labels(mut self, labels: &[&str]) -> Self {
        self.labels = labels.iter().map(|&label| label.to_owned()).collect();
        self
    }

    pub fn model(mut self, name: &str) -> Self {
        self.models.push(name.to_owned());
        self
    }

    pub fn limits(mut self, limits: RateLimits) -> Self {
        self.limits = limits;
        self
    }

    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The share of requests that meet a transport fault on an attempt, decided by the request, the attempt and the seed.
    pub fn fault_rate(mut self, rate: f64, seed: u64) -> Self {
        self.faults = self.faults.seeded(rate, seed);
        self
    }

    /// The price of a model.
    pub fn price_of(&self, model: &str) -> ModelPrice {
        *self
            .prices
            .iter()
            .filter(|(start, _)| model.starts_with(start.as_str()))
            .max_by_key(|(start, _)| start.len())
            .expect("the empty name fits every model")
            .1
    }
}
