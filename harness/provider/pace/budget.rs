//! What is left of one limit, as far as the provider's headers say: a bucket that somebody else fills.
//!
//! Providers differ in how a bucket fills: steadily (Anthropic, OpenAI) or all at once at its reset. While requests are on
//! their way, no refill is assumed, because the next answer will tell. With none on its way nobody would tell, so that the
//! wait follows a steady refill and ends at the latest when the bucket is full.

use std::time::Duration;

use tokio::time::Instant;

use super::super::limits::Window;

/// With nothing on its way, a request starts after this, whatever an old header said: the server will say it anew.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Resets are not counted beyond this; no provider's window is longer than a month.
const LONGEST_RESET: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// One limit. Without headers there is none.
#[derive(Debug, Default)]
pub struct Budget {
    told: Option<Told>,
}

/// What the last header said, less what ended since without one.
#[derive(Debug, Clone, Copy)]
struct Told {
    limit: u64,
    remaining: u64,
    at: Instant,
    full_at: Instant,
}

/// When a request fits into a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Now.
    Now,
    /// Then, if nothing is heard before.
    At(Instant),
    /// When requests on their way have ended.
    Unknown,
}

impl Budget {
    /// Whether `needed` fits beside the `taken` of requests on their way.
    #[must_use]
    pub fn room_beside(&self, now: Instant, needed: u64, taken: u64) -> Room {
        let Some(told) = self.told else {
            return Room::Now;
        };
        let is_full = told.full_at <= now;
        let left = if is_full { told.limit } else { told.remaining };
        if taken.saturating_add(needed) <= left {
            Room::Now
        } else if is_full {
            Room::Unknown
        } else {
            Room::At(told.full_at)
        }
    }

    /// When `needed` fits, with nothing on its way: at the latest when the bucket is full, because more than all of it
    /// will never be there.
    #[must_use]
    pub fn room_alone(&self, now: Instant, needed: u64) -> Room {
        let Some(told) = self.told else {
            return Room::Now;
        };
        if needed <= told.remaining {
            return Room::Now;
        }
        let missing = u128::from(needed.min(told.limit).saturating_sub(told.remaining));
        let filling = u128::from(told.limit.saturating_sub(told.remaining)).max(1);
        let nanoseconds = (told.full_at - told.at)
            .as_nanos()
            .saturating_mul(missing)
            .div_ceil(filling);
        let wait = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let at = told.at + wait.min(LONGEST_SILENCE);
        if at <= now { Room::Now } else { Room::At(at) }
    }

    /// A request ended that counted `cost`; `window` is what its response said.
    pub fn ended(&mut self, window: Option<Window>, cost: u64, now: Instant) {
        // A limit of nothing is no limit but a server that fills in zeros.
        if let Some(window) = window.filter(|window| 0 < window.limit) {
            self.told = Some(Told {
                limit: window.limit.max(window.remaining),
                remaining: window.remaining,
                at: now,
                full_at: now + window.reset.min(LONGEST_RESET),
            });
        } else if let Some(told) = &mut self.told {
            told.remaining = told.remaining.saturating_sub(cost);
        }
    }
}
