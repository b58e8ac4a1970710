//! One request, sent again where that can help.
//!
//! All calls of a run share one [`Asker`]: its pace (a server that says "later" to one call says it to all), its patience,
//! and the count of calls that gave up in a row, which tells a server that is down from one that stumbles.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::sleep;

use super::failure::{Failure, FailureKind, StopReason};
use super::limits::Limits;
use super::pace::{NoTurn, Outcome, Pace};

/// No call is sent more often than this, whatever is wished: servers take more for a storm.
pub const MOST_ATTEMPTS: u32 = 10;

/// How long and how often a call is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often it is sent, the first time included; 1 to [`MOST_ATTEMPTS`].
    pub attempts: u32,
    /// A server that asks to be left alone for longer is given up.
    pub longest_wait: Duration,
    /// The shortest wait before the second attempt. Each later one is twice as long, and each is lengthened at random by up to
    /// its own length, so that calls that failed together do not come back together.
    pub first_delay: Duration,
    /// No wait is longer, but for a server that asks for it.
    pub longest_delay: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 8,
            longest_wait: Duration::from_secs(300),
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(30),
        }
    }
}

/// An attempt that failed.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The how manieth, from 1.
    pub number: u32,
    /// Why.
    pub failure: &'a Failure,
    /// The request is sent again, after this wait at the earliest.
    pub again_after: Option<Duration>,
}

/// Why a call ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum GaveUp {
    /// This request can never go well; others can.
    #[error("{failure}")]
    Request {
        /// What the server said.
        failure: Box<Failure>,
        /// How often it was sent.
        attempts: u32,
    },
    /// Nothing more can be asked; the pace is stopped.
    #[error("{failure}")]
    Run {
        /// Why the run stops.
        reason: StopReason,
        /// What the server said.
        failure: Box<Failure>,
        /// How often it was sent.
        attempts: u32,
    },
    /// Every attempt failed.
    #[error("no answer in {attempts} attempts; the last said: {failure}")]
    Attempts {
        /// What the last attempt met.
        failure: Box<Failure>,
        /// How often it was sent.
        attempts: u32,
    },
    /// The server asks to be left alone for too long.
    #[error("the server asks to be left alone for {} s, and {} s is the longest wait", .asked.as_secs(), .longest.as_secs())]
    TooLong {
        /// What it asks for.
        asked: Duration,
        /// The longest wait of this run.
        longest: Duration,
        /// What it said, where it said it to this call.
        failure: Option<Box<Failure>>,
        /// How often it was sent.
        attempts: u32,
    },
    /// Too many calls in a row ended without an answer; the pace is stopped.
    #[error(
        "{calls} calls in a row ended without an answer{}\n\nhint: see whether the server is up; run again to go on where this run stopped",
        said(.failure.as_deref())
    )]
    Down {
        /// How many gave up without an answer in between.
        calls: u32,
        /// What the last one met.
        failure: Option<Box<Failure>>,
        /// How often it was sent.
        attempts: u32,
    },
    /// The run was stopped.
    #[error("the run was stopped before an answer came")]
    Stopped {
        /// How often it was sent.
        attempts: u32,
    },
}

fn said(failure: Option<&Failure>) -> String {
    failure.map_or_else(String::new, |failure| format!("; the last said: {failure}"))
}

impl GaveUp {
    /// How often the request was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Request { attempts, .. }
            | Self::Run { attempts, .. }
            | Self::Attempts { attempts, .. }
            | Self::TooLong { attempts, .. }
            | Self::Down { attempts, .. }
            | Self::Stopped { attempts } => *attempts,
        }
    }
}

/// Tells a server that is down: calls that gave up, without an answer in between.
#[derive(Debug)]
pub struct Breaker {
    most: u32,
    gave_up: AtomicU32,
}

impl Breaker {
    /// Breaks at the `most`th call in a row (0 counts as 1).
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self {
            most: most.max(1),
            gave_up: AtomicU32::new(0),
        }
    }

    fn answered(&self) {
        self.gave_up.store(0, Ordering::Relaxed);
    }

    /// The number of calls in a row, where that is too many.
    fn gave_up(&self) -> Option<u32> {
        let calls = self
            .gave_up
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        (self.most <= calls).then_some(calls)
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new(20)
    }
}

/// What all calls of a run share.
#[derive(Debug)]
pub struct Asker {
    pace: Pace,
    patience: Patience,
    breaker: Breaker,
    seed: Option<u64>,
    calls: AtomicU64,
}

impl Asker {
    /// With a `seed`, the random part of waits is the same each time, call by call in the order in which they are made.
    #[must_use]
    pub fn new(pace: Pace, patience: Patience, breaker: Breaker, seed: Option<u64>) -> Self {
        Self {
            pace,
            patience,
            breaker,
            seed,
            calls: AtomicU64::new(0),
        }
    }

    /// The pace of all calls.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Sends a request until it is answered: `send` gets the number of the attempt, from 1. `tokens` is as in
    /// [`Pace::start`]; `told` hears of each attempt that failed. Brings the answer, and how many attempts it took.
    ///
    /// A server's `retry-after` is never undercut, and a call that waits holds no turn.
    ///
    /// # Errors
    /// Where another attempt cannot help or is one too many. [`GaveUp::Run`] and [`GaveUp::Down`] stop the pace, and with it
    /// every other call.
    pub async fn ask<T, F, Sending>(
        &self,
        tokens: u64,
        send: F,
        told: &(dyn Fn(&Attempt<'_>) + Sync),
    ) -> Result<(T, u32), GaveUp>
    where
        // Not `AsyncFn`: the compiler cannot yet see that its futures may go to another thread.
        F: Fn(u32) -> Sending,
        Sending: Future<Output = Result<(T, Limits), Failure>>,
    {
        let mut delays = self.delays();
        let mut number = 0;
        loop {
            let turn = match self
                .pace
                .start_within(tokens, self.patience.longest_wait)
                .await
            {
                Ok(turn) => turn,
                Err(NoTurn::Stopped) => return Err(GaveUp::Stopped { attempts: number }),
                Err(NoTurn::TooLong(asked)) => return Err(self.too_long(asked, None, number)),
            };
            number += 1;
            let failure = match send(number).await {
                Ok((answer, limits)) => {
                    turn.finished(&Outcome::Well(limits));
                    self.breaker.answered();
                    return Ok((answer, number));
                }
                Err(failure) => failure,
            };
            turn.finished(&Outcome::from(&failure));
            let asked = failure.retry_after.unwrap_or_default();
            let again_after = delays
                .next()
                .filter(|_| failure.can_be_asked_again() && asked <= self.patience.longest_wait)
                .map(|delay| delay.min(self.patience.longest_delay).max(asked));
            told(&Attempt {
                number,
                failure: &failure,
                again_after,
            });
            let Some(wait) = again_after else {
                return Err(self.give_up(failure, number));
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = self.pace.stopped() => return Err(GaveUp::Stopped { attempts: number }),
            }
        }
    }

    /// The waits between the attempts of one call.
    fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let attempts = self.patience.attempts.clamp(1, MOST_ATTEMPTS);
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut builder = ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(self.patience.first_delay)
            .with_max_delay(self.patience.longest_delay)
            .with_max_times(attempts as usize - 1)
            .with_jitter();
        if let Some(seed) = self.seed {
            // An odd factor spreads the calls over all seeds, so that neighbours do not wait alike.
            builder = builder.with_jitter_seed(seed ^ call.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        builder.build()
    }

    fn give_up(&self, failure: Failure, attempts: u32) -> GaveUp {
        let asked = failure.retry_after.unwrap_or_default();
        match failure.kind {
            FailureKind::Request => GaveUp::Request {
                failure: Box::new(failure),
                attempts,
            },
            FailureKind::Run(reason) => {
                self.pace.stop();
                GaveUp::Run {
                    reason,
                    failure: Box::new(failure),
                    attempts,
                }
            }
            FailureKind::RateLimit | FailureKind::Overloaded | FailureKind::Transient => {
                if self.patience.longest_wait < asked {
                    self.too_long(asked, Some(failure), attempts)
                } else {
                    let failure = Box::new(failure);
                    match self.down() {
                        Some(calls) => GaveUp::Down {
                            calls,
                            failure: Some(failure),
                            attempts,
                        },
                        None => GaveUp::Attempts { failure, attempts },
                    }
                }
            }
        }
    }

    fn too_long(&self, asked: Duration, failure: Option<Failure>, attempts: u32) -> GaveUp {
        let failure = failure.map(Box::new);
        match self.down() {
            Some(calls) => GaveUp::Down {
                calls,
                failure,
                attempts,
            },
            None => GaveUp::TooLong {
                asked,
                longest: self.patience.longest_wait,
                failure,
                attempts,
            },
        }
    }

    /// Counts a call that the server left without an answer; stops the pace where there were too many.
    fn down(&self) -> Option<u32> {
        let calls = self.breaker.gave_up()?;
        self.pace.stop();
        Some(calls)
    }
}
