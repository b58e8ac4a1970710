//! When the next request may be sent, for all tasks of a run together.
//!
//! A request needs a [`Turn`]. Turns are given in the order in which they were asked for, as long as the server is well
//! ([`concurrency`]) and its limits leave room ([`budget`]). Whoever got a turn says how it ended; that is all that is
//! known of the server.
//!
//! Waiting tasks stand in a queue, and only the first of them looks at the state: nobody polls, and one change wakes one task.

pub mod budget;
pub mod concurrency;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use self::budget::Budget;
use self::concurrency::Concurrency;
use super::failure::{Failure, FailureKind};
use super::limits::Limits;

/// Turns for all tasks that ask one provider; a clone is the same pace.
#[derive(Debug, Clone)]
pub struct Pace {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The queue: its single permit belongs to the task at the front. Tokio's semaphore is fair.
    front: Semaphore,
    /// Wakes the task at the front.
    changed: Notify,
    /// Nothing more is to be sent.
    stopped: watch::Sender<bool>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    concurrency: Concurrency,
    requests: Budget,
    input_tokens: Budget,
    in_flight: usize,
    tokens_in_flight: u64,
    /// Number of the next turn.
    next: u64,
    /// What the task at the front waits for, where that is a time.
    front_waits_until: Option<Instant>,
}

/// How a request ended, as far as the pace is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Well(Limits),
    /// Too much was asked (429).
    RateLimited {
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
        /// What the headers said.
        limits: Limits,
    },
    /// The server has too much to do (503, 529).
    Overloaded {
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It failed in a way that says nothing about too much.
    Failed,
    /// Nobody waited for its end.
    Dropped,
}

impl From<&Failure> for Outcome {
    fn from(failure: &Failure) -> Self {
        match failure.kind {
            FailureKind::RateLimit => Self::RateLimited {
                retry_after: failure.retry_after,
                limits: failure.limits,
            },
            FailureKind::Overloaded => Self::Overloaded {
                retry_after: failure.retry_after,
            },
            FailureKind::Transient | FailureKind::Request | FailureKind::Run(_) => Self::Failed,
        }
    }
}

/// Why there is no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTurn {
    /// [`Pace::stop`] was called.
    #[error("nothing more is sent")]
    Stopped,
    /// The server asked to be left alone for longer than the caller would wait.
    #[error("the server asks to be left alone for another {} s", .0.as_secs())]
    TooLong(Duration),
}

/// What a progress line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceState {
    /// How many requests may be on their way.
    pub concurrency: usize,
    /// How many are.
    pub in_flight: usize,
    /// Nothing starts before this, where something waits for a time.
    pub waiting_until: Option<Instant>,
}

impl Pace {
    /// A pace that never has more than `most` requests on their way (0 counts as 1).
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                front: Semaphore::new(1),
                changed: Notify::new(),
                stopped: watch::Sender::new(false),
                state: Mutex::new(State {
                    concurrency: Concurrency::new(most),
                    requests: Budget::default(),
                    input_tokens: Budget::default(),
                    in_flight: 0,
                    tokens_in_flight: 0,
                    next: 0,
                    front_waits_until: None,
                }),
            }),
        }
    }

    /// Waits for a turn, however long that takes. `tokens` is the estimate of the input tokens that count to the
    /// provider's limit, so without those that will be read from the cache.
    ///
    /// # Errors
    /// [`NoTurn::Stopped`] at once when [`Pace::stop`] is called.
    pub async fn start(&self, tokens: u64) -> Result<Turn, NoTurn> {
        self.start_within(tokens, Duration::MAX).await
    }

    /// As [`Pace::start`], but gives up where the server asked to be left alone for longer than `longest`.
    ///
    /// # Errors
    /// [`NoTurn::Stopped`], [`NoTurn::TooLong`].
    pub async fn start_within(&self, tokens: u64, longest: Duration) -> Result<Turn, NoTurn> {
        let Ok(_front) = self.shared.front.acquire().await else {
            return Err(NoTurn::Stopped);
        };
        loop {
            let until = {
                let now = Instant::now();
                let mut state = self.shared.lock();
                state.front_waits_until = None;
                if self.is_stopped() {
                    return Err(NoTurn::Stopped);
                }
                let left_alone = state.concurrency.left_alone(now);
                if longest < left_alone {
                    return Err(NoTurn::TooLong(left_alone));
                }
                match state.wait(now, tokens) {
                    Wait::No => {
                        let number = state.begin(tokens);
                        drop(state);
                        return Ok(Turn {
                            shared: Some(Arc::clone(&self.shared)),
                            number,
                            tokens,
                        });
                    }
                    Wait::Until(instant) => {
                        state.front_waits_until = Some(instant);
                        Some(instant)
                    }
                    Wait::Change => None,
                }
            };
            // A change that comes before this line is kept by `Notify` for this task.
            let changed = self.shared.changed.notified();
            match until {
                Some(instant) => {
                    // Whether the time has come or something has changed: everything is looked at anew.
                    let _ = timeout_at(instant, changed).await;
                }
                None => changed.await,
            }
        }
    }

    /// Nothing more starts: everyone who waits for a turn, now or later, is told so at once. What is on its way goes on.
    pub fn stop(&self) {
        self.shared.stopped.send_replace(true);
        self.shared.front.close();
        self.shared.changed.notify_one();
    }

    /// Whether [`Pace::stop`] was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.shared.stopped.borrow()
    }

    /// Waits until [`Pace::stop`] is called.
    pub async fn stopped(&self) {
        let mut stopped = self.shared.stopped.subscribe();
        // The sender lives as long as `self`, so that this ends only when it is true.
        let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> PaceState {
        let now = Instant::now();
        let state = self.shared.lock();
        PaceState {
            concurrency: state.concurrency.allowed(),
            in_flight: state.in_flight,
            waiting_until: state
                .front_waits_until
                .max(state.concurrency.cooldown())
                .filter(|until| now < *until),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing that holds this lock can panic: it only counts")
    }

    fn end(&self, turn: &Turn, outcome: &Outcome) {
        self.lock()
            .end(turn.number, turn.tokens, outcome, Instant::now());
        self.changed.notify_one();
    }
}

/// Leave to send one request. Dropped, it is given back.
#[derive(Debug)]
#[must_use = "a turn that is dropped is given back"]
pub struct Turn {
    shared: Option<Arc<Shared>>,
    number: u64,
    tokens: u64,
}

impl Turn {
    /// Gives it back, and says how the request ended.
    pub fn finished(mut self, outcome: &Outcome) {
        if let Some(shared) = self.shared.take() {
            shared.end(&self, outcome);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.end(self, &Outcome::Dropped);
        }
    }
}

/// Whether the task at the front has to wait, and for what.
#[derive(Debug, Clone, Copy)]
enum Wait {
    No,
    /// Until then, or until a request ends.
    Until(Instant),
    /// Until a request ends.
    Change,
}

impl State {
    fn wait(&mut self, now: Instant, tokens: u64) -> Wait {
        if let Some(until) = self.concurrency.cooldown().filter(|until| now < *until) {
            return Wait::Until(until);
        }
        if !self.concurrency.has_room(self.in_flight) {
            return Wait::Change;
        }
        let in_flight = self.in_flight as u64;
        let room = [
            (&self.requests, 1, in_flight),
            (&self.input_tokens, tokens, self.tokens_in_flight),
        ]
        .map(|(budget, needed, taken)| {
            if self.in_flight == 0 {
                budget.room_alone(now, needed)
            } else {
                budget.room_beside(now, needed, taken)
            }
        });
        match (room[0], room[1]) {
            (budget::Room::Now, budget::Room::Now) => Wait::No,
            // The later of two times; where one is not known, a request has to end first.
            (budget::Room::At(first), budget::Room::At(second)) => Wait::Until(first.max(second)),
            (budget::Room::At(at), budget::Room::Now)
            | (budget::Room::Now, budget::Room::At(at)) => Wait::Until(at),
            (budget::Room::Unknown, _) | (_, budget::Room::Unknown) => Wait::Change,
        }
    }

    fn begin(&mut self, tokens: u64) -> u64 {
        self.in_flight += 1;
        self.tokens_in_flight = self.tokens_in_flight.saturating_add(tokens);
        self.concurrency.started(self.in_flight);
        let number = self.next;
        self.next += 1;
        number
    }

    fn end(&mut self, number: u64, tokens: u64, outcome: &Outcome, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.tokens_in_flight = self.tokens_in_flight.saturating_sub(tokens);
        let limits = match outcome {
            Outcome::Well(limits) | Outcome::RateLimited { limits, .. } => *limits,
            Outcome::Overloaded { .. } | Outcome::Failed | Outcome::Dropped => Limits::default(),
        };
        self.requests.ended(limits.requests, 1, now);
        self.input_tokens.ended(limits.input_tokens, tokens, now);
        match outcome {
            Outcome::Well(_) => self.concurrency.went_well(number),
            Outcome::RateLimited { retry_after, .. } | Outcome::Overloaded { retry_after } => self
                .concurrency
                .too_much(number, self.next, *retry_after, now),
            Outcome::Failed | Outcome::Dropped => {}
        }
    }
}
