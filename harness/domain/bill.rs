//! What answers cost, added up.

use super::answer::AnswerUsage;
use super::money::Money;

/// The sum of exchanges with a provider.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bill {
    /// Exchanges that were charged for.
    pub requests: u64,
    /// Those of them that repaired an answer.
    pub repairs: u64,
    /// Those that were part of a batch.
    pub batched: u64,
    /// Their tokens.
    pub usage: AnswerUsage,
    /// What they cost; meaningless where some have no price.
    pub cost: Money,
    /// What the cache saved, in picodollars; below 0 where writing to it cost more than reading from it saved.
    pub saved_picodollars: i128,
    /// Exchanges with a model that has no price.
    pub unpriced: u64,
}

impl Bill {
    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.repairs += other.repairs;
        self.batched += other.batched;
        self.usage.add(other.usage);
        self.cost += other.cost;
        self.saved_picodollars += other.saved_picodollars;
        self.unpriced += other.unpriced;
    }

    /// What everything cost; `None` where something has no price.
    #[must_use]
    pub fn full_cost(&self) -> Option<Money> {
        (self.unpriced == 0).then_some(self.cost)
    }

    /// Input tokens that were read from the cache, as a share of all input tokens, 0 to 1; `None` without input.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share needs no more digits than a double has"
    )]
    pub fn cached_share(&self) -> Option<f64> {
        let all = self.usage.all_input_tokens();
        (all > 0).then(|| self.usage.cache_read_tokens as f64 / all as f64)
    }
}
