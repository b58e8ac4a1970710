//! How many requests may be on their way: more while all is well, fewer when the server says that it is too much.
//!
//! As TCP does it: doubling at first (providers also limit how fast a client may grow), then small steps up and larger
//! ones down.

use std::time::Duration;

use tokio::time::Instant;

/// Requests at the beginning; enough to be quick, few enough not to be taken for an attack.
const FIRST: usize = 16;

/// The first cooldown where the server names none.
const SHORTEST_COOLDOWN: Duration = Duration::from_secs(1);

/// The longest cooldown where the server names none.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(30);

/// No time that a server names is counted beyond this: clocks end somewhere, and nobody waits so long.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The number of requests that may be on their way, and the time before which none may start.
#[derive(Debug)]
pub struct Concurrency {
    most: usize,
    allowed: usize,
    /// Nothing was ever too much: each round doubles.
    is_slow_start: bool,
    /// Requests of this round that went well.
    well: usize,
    /// As many as were allowed have been on their way in this round; else nothing is known about more of them.
    was_full: bool,
    /// Turns below this began before the last cut and say nothing about what holds since.
    first_after_cut: u64,
    /// Cuts without a good answer in between.
    cuts_in_a_row: u32,
    /// The time until which the server asked to be left alone.
    told_until: Option<Instant>,
    /// The end of a cooldown that nobody named.
    own_until: Option<Instant>,
}

impl Concurrency {
    /// At most `most` requests; 0 counts as 1.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            most,
            allowed: most.min(FIRST),
            is_slow_start: true,
            well: 0,
            was_full: false,
            first_after_cut: 0,
            cuts_in_a_row: 0,
            told_until: None,
            own_until: None,
        }
    }

    /// How many may be on their way.
    #[must_use]
    pub fn allowed(&self) -> usize {
        self.allowed
    }

    /// Nothing may start before this; may lie in the past.
    #[must_use]
    pub fn cooldown(&self) -> Option<Instant> {
        self.told_until.max(self.own_until)
    }

    /// How long the server still wants to be left alone.
    #[must_use]
    pub fn left_alone(&self, now: Instant) -> Duration {
        self.told_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Whether one more may start beside `in_flight`.
    pub fn has_room(&mut self, in_flight: usize) -> bool {
        let has_room = in_flight < self.allowed;
        self.was_full |= !has_room;
        has_room
    }

    /// One more has started; they are `in_flight` now.
    pub fn started(&mut self, in_flight: usize) {
        self.was_full |= self.allowed <= in_flight;
    }

    /// The turn `number` brought an answer.
    pub fn went_well(&mut self, number: u64) {
        if number < self.first_after_cut {
            return;
        }
        self.cuts_in_a_row = 0;
        self.well += 1;
        if self.well < self.allowed {
            return;
        }
        if self.was_full {
            let step = if self.is_slow_start {
                self.allowed
            } else {
                (self.allowed / 20).max(1)
            };
            self.allowed = self.allowed.saturating_add(step).min(self.most);
        }
        self.begin_round();
    }

    /// The turn `number` was too much; `next` is the number of the next turn.
    pub fn too_much(
        &mut self,
        number: u64,
        next: u64,
        retry_after: Option<Duration>,
        now: Instant,
    ) {
        // Whoever asks to be left alone is, whenever the request began.
        if let Some(wait) = retry_after {
            self.told_until = self.told_until.max(Some(now + wait.min(FOREVER)));
        }
        if number < self.first_after_cut {
            return;
        }
        self.is_slow_start = false;
        self.allowed = (self.allowed * 4 / 5).max(1);
        self.first_after_cut = next;
        if retry_after.is_none() {
            let wait = SHORTEST_COOLDOWN
                .saturating_mul(2_u32.saturating_pow(self.cuts_in_a_row))
                .min(LONGEST_COOLDOWN);
            self.own_until = self.own_until.max(Some(now + wait));
        }
        self.cuts_in_a_row = self.cuts_in_a_row.saturating_add(1);
        self.begin_round();
    }

    fn begin_round(&mut self) {
        self.well = 0;
        self.was_full = false;
    }
}
