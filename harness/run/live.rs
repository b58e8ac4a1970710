//! Asks a provider for what the store lacks, and keeps every answer before it counts.
//!
//! Sessions run side by side. Of each session the first request goes alone; the others follow when its answer has begun,
//! because what they share is in the provider's cache from then on. Whatever ends a run, a kill included, the next one
//! goes on with what is missing.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::domain::money::Money;
use crate::provider::ask::{Asker as Patient, Attempt, Breaker, GaveUp, Patience};
use crate::provider::dialect::Sending;
use crate::provider::endpoint::Endpoint;
use crate::provider::failure::{FailureKind, StopReason};
use crate::provider::http::{Client, ClientError};
use crate::provider::pace::{Pace, PaceState};
use crate::provider::price::Price;
use crate::store::{Asking, Store, StoreError};

use super::budget::Budget;
use super::keeper::Keeper;
use super::plan::Plan;
use super::session_work::{self, Work};
use super::tally::{Tally, add};
use super::todo::todo;
use super::view::ViewError;

/// How a provider is asked.
pub struct Live {
    /// Who, and where.
    pub endpoint: Endpoint,
    /// The spec, as answers are kept under it.
    pub spec: String,
    /// How often each request is asked, from 1 on.
    pub repeats: u32,
    /// Requests on their way at most.
    pub concurrency: usize,
    /// What may be spent in this run.
    pub most: Option<Money>,
    /// What it costs, where that is known.
    pub price: Option<Price>,
    /// An answer that cannot be read is asked for once more.
    pub repair: bool,
    /// Requests that failed for good in an earlier run are asked again.
    pub errors_again: bool,
    /// How long one request may take.
    pub timeout: Duration,
    /// How often and how long it is tried.
    pub patience: Patience,
    /// The length of an answer, where it is not the model's own.
    pub max_tokens: Option<u32>,
}

/// What a run says while it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Another process asks the same model on this store.
    Waiting,
    /// An attempt failed: which request, why, and the wait before the next.
    Failed {
        /// The session and the classifier.
        about: String,
        /// What was said.
        why: String,
        /// Until the next attempt; `None` where there is none.
        again_after: Option<Duration>,
    },
    /// Worth knowing, once.
    Warning(String),
    /// How it goes.
    Told(String),
    /// The user interrupted; what is on its way is waited for.
    Interrupted,
}

/// How a run over a provider ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Everything that could be asked was.
    Complete,
    /// Nothing more may be spent.
    Budget,
    /// Nothing more can be asked: the reason.
    Stopped(String),
    /// The user interrupted.
    Interrupted,
    /// Batches are not over.
    UnderWay {
        /// How many.
        batches: u64,
        /// Requests in them.
        requests: u64,
    },
}

/// Why asking could not even begin, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The store does not work; what was kept before is kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No connection can be made at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A session that was shown before cannot be shown any more.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The machine gives no threads.
    #[error("failed to start the threads that ask: {0}")]
    Threads(std::io::Error),
}

/// What all tasks of a run share.
pub(super) struct Shared {
    pub(super) live: Live,
    pub(super) plan: Arc<Plan>,
    pub(super) client: Client,
    pub(super) patient: Patient,
    pub(super) budget: Budget,
    pub(super) keeper: Keeper,
    pub(super) tally: Arc<Tally>,
    pub(super) sending: Mutex<Sending>,
    pub(super) refused_in_a_row: AtomicU32,
    pub(super) has_answer: AtomicBool,
    pub(super) has_warned: AtomicBool,
    pub(super) end: Mutex<Ended>,
    pub(super) broken: Mutex<Option<ViewError>>,
    pub(super) say: Box<dyn Fn(Said) + Send + Sync>,
}

impl Shared {
    pub(super) fn pace(&self) -> &Pace {
        self.patient.pace()
    }

    /// Stops the run; the first reason counts.
    pub(super) fn stop(&self, why: Ended) {
        let mut end = self.end.lock().expect("it is only set and read");
        if *end == Ended::Complete {
            *end = why;
        }
        drop(end);
        self.pace().stop();
    }
}

/// Takes the turn to ask a model, and says so where it has to be waited for. Whoever waited finds the other one's answers in
/// the store.
///
/// # Errors
/// Where the lock beside the store cannot be taken.
pub(super) fn take_turn(
    store: &Store,
    spec: &str,
    say: &(dyn Fn(Said) + Send + Sync),
) -> Result<Asking, StoreError> {
    match store.try_asking(spec)? {
        Some(turn) => Ok(turn),
        None => {
            say(Said::Waiting);
            store.wait_to_ask(spec)
        }
    }
}

/// Asks for everything the store lacks. Returns the store and how it ended; every answer that came is kept, whichever way.
///
/// `watch` is handed the pace before the first request, for a progress line.
///
/// # Errors
/// Where the store does not work, or no connection can be made.
pub fn ask(
    plan: &Arc<Plan>,
    store: Store,
    live: Live,
    tally: &Arc<Tally>,
    watch: impl FnOnce(Arc<dyn Fn() -> PaceState + Send + Sync>),
    say: Box<dyn Fn(Said) + Send + Sync>,
) -> Result<(Store, Ended), LiveError> {
    // Who has nothing to ask needs no turn.
    if todo(plan, &store, &live.spec, live.repeats, live.errors_again)?.is_empty() {
        let ended = under_way(&store, &live.spec)?;
        return Ok((store, ended));
    }
    let turn = take_turn(&store, &live.spec, &*say)?;
    let work = todo(plan, &store, &live.spec, live.repeats, live.errors_again)?;
    if work.is_empty() {
        let ended = under_way(&store, &live.spec)?;
        return Ok((store, ended));
    }
    let requests: usize = work.iter().map(|session| session.tasks.len()).sum();
    add(&tally.to_ask, requests as u64);
    let client = Client::new(live.timeout)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(LiveError::Threads)?;
    let pace = Pace::new(live.concurrency);
    let watched = pace.clone();
    watch(Arc::new(move || watched.state()));
    let spec = live.spec.clone();
    let (keeper, keeping) = Keeper::start(store);
    let sending = Sending {
        max_tokens: live.max_tokens,
        ..Sending::default()
    };
    let shared = Arc::new(Shared {
        plan: Arc::clone(plan),
        client,
        patient: Patient::new(pace, live.patience, Breaker::default(), None),
        budget: Budget::new(live.price.clone(), live.most, false),
        keeper,
        tally: Arc::clone(tally),
        sending: Mutex::new(sending),
        refused_in_a_row: AtomicU32::new(0),
        has_answer: AtomicBool::new(false),
        has_warned: AtomicBool::new(false),
        end: Mutex::new(Ended::Complete),
        broken: Mutex::new(None),
        say,
        live,
    });
    runtime.block_on(sessions(&shared, work));
    // Tasks that a second interrupt cut off are dropped with the runtime, and with them the last keepers.
    drop(runtime);
    let end = shared.end.lock().expect("it is only set and read").clone();
    let broken = shared
        .broken
        .lock()
        .expect("it is only set and read")
        .take();
    drop(shared);
    let (store, error) = keeping.end();
    drop(turn);
    if let Some(error) = error {
        return Err(error.into());
    }
    match broken {
        Some(error) => Err(error.into()),
        None if end == Ended::Complete => {
            let ended = under_way(&store, &spec)?;
            Ok((store, ended))
        }
        None => Ok((store, end)),
    }
}

/// How a run ends that asked for all it could: batches of the model may be under way.
pub(super) fn under_way(store: &Store, spec: &str) -> Result<Ended, StoreError> {
    let open = store.open_batches(spec)?;
    Ok(match open.is_empty() {
        true => Ended::Complete,
        false => Ended::UnderWay {
            batches: open.len() as u64,
            requests: open.iter().map(|batch| batch.requests).sum(),
        },
    })
}

/// Sessions that are open at a time, beyond one for each request that may be on its way: enough that one is always ready.
const READY: usize = 4;

async fn sessions(shared: &Arc<Shared>, work: Vec<super::todo::SessionTasks>) {
    let open = Arc::new(Semaphore::new(shared.live.concurrency.max(1) + READY));
    let mut running: JoinSet<()> = JoinSet::new();
    let all = async {
        for session in work {
            let Ok(permit) = Arc::clone(&open).acquire_owned().await else {
                break;
            };
            if shared.pace().is_stopped() {
                break;
            }
            while running.try_join_next().is_some() {}
            let shared = Arc::clone(shared);
            running.spawn(async move {
                session_work::session(Work { shared }, session).await;
                drop(permit);
            });
        }
        while running.join_next().await.is_some() {}
    };
    tokio::pin!(all);
    tokio::select! {
        () = &mut all => return,
        () = interrupted() => {}
    }
    (shared.say)(Said::Interrupted);
    shared.stop(Ended::Interrupted);
    tokio::select! {
        () = &mut all => {}
        () = interrupted() => {}
    }
}

/// Ends when the user or the system asks the program to end.
pub(super) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// What an attempt that failed is told as.
pub(super) fn told(shared: &Shared, about: &str, attempt: &Attempt<'_>) {
    if attempt.again_after.is_some() {
        add(&shared.tally.again, 1);
    }
    if let FailureKind::Run(_) = attempt.failure.kind {
        // The end of the run says it, once for all that were on their way.
        return;
    }
    (shared.say)(Said::Failed {
        about: about.to_owned(),
        why: attempt.failure.to_string(),
        again_after: attempt.again_after,
    });
}

/// What a call that gave up means for the run.
pub(super) fn gave_up(shared: &Shared, error: &GaveUp) {
    match error {
        GaveUp::Run { reason, .. } => {
            let endpoint = &shared.live.endpoint;
            let look = match reason {
                StopReason::Key => format!("the key in {}", endpoint.dialect.key_variable()),
                StopReason::Model => format!("the model `{}` at {}", endpoint.model, endpoint.base),
                StopReason::Spending => "credits and spending limits at the provider".to_owned(),
            };
            shared.stop(Ended::Stopped(format!("{error}\n\nhint: look at {look}")));
        }
        GaveUp::Down { .. } => shared.stop(Ended::Stopped(error.to_string())),
        // The request stays missing; others go on.
        GaveUp::Attempts { .. } | GaveUp::TooLong { .. } | GaveUp::Stopped { .. } => {}
        GaveUp::Request { .. } => {
            shared.refused_in_a_row.fetch_add(1, Ordering::Relaxed);
        }
    }
}
