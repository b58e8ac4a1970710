//! Where a run stands, for whoever watches it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::money::Money;

/// Counts that tasks add to and a progress line reads.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests that are asked in this run.
    pub to_ask: AtomicU64,
    /// Those of them that are answered and kept.
    pub answered: AtomicU64,
    /// Those that failed for good.
    pub failed: AtomicU64,
    /// Attempts that failed and were made again.
    pub again: AtomicU64,
    /// Repairs that were asked for.
    pub repairs: AtomicU64,
    /// Input tokens that were not read from the cache.
    pub input_tokens: AtomicU64,
    /// Input tokens read from the cache.
    pub cache_read_tokens: AtomicU64,
    /// Output tokens.
    pub output_tokens: AtomicU64,
    spent: Mutex<Option<Money>>,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests that are asked in this run.
    pub to_ask: u64,
    /// Those of them that are answered and kept.
    pub answered: u64,
    /// Those that failed for good.
    pub failed: u64,
    /// Attempts that failed and were made again.
    pub again: u64,
    /// Repairs that were asked for.
    pub repairs: u64,
    /// What was spent, where the model has a price.
    pub spent: Option<Money>,
}

pub(super) fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

impl Tally {
    /// The counts now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Standing {
            to_ask: now(&self.to_ask),
            answered: now(&self.answered),
            failed: now(&self.failed),
            again: now(&self.again),
            repairs: now(&self.repairs),
            spent: *self.spent.lock().expect("it is only set and read"),
        }
    }

    pub(super) fn set_spent(&self, spent: Option<Money>) {
        *self.spent.lock().expect("it is only set and read") = spent;
    }
}
