//! Keeps what comes in: one thread owns the store, and all that waits is committed together.
//!
//! A commit costs one flush however much it holds. An answer counts as received when [`Keeper::keep`] returns: it is on the
//! disk then.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::domain::answer::RawAnswer;
use crate::store::{AnswerKey, Received, Store, StoreError};

/// Answers that are committed together at most.
const TOGETHER: usize = 512;

/// What is to be kept.
pub(super) enum Keepsake {
    /// An answer with its exchange.
    Received(Box<Received>),
    /// A request that failed for good.
    Failed(AnswerKey, RawAnswer),
}

struct Waiting {
    keepsake: Keepsake,
    kept: oneshot::Sender<()>,
}

/// Hands things to the thread that owns the store.
#[derive(Clone)]
pub(super) struct Keeper(Sender<Waiting>);

/// The thread that owns the store.
pub(super) struct Keeping(JoinHandle<(Store, Option<StoreError>)>);

/// The store cannot be written; [`Keeping::end`] says why.
pub(super) struct NotKept;

impl Keeper {
    /// Starts the thread. It ends when the last clone of the keeper is gone.
    pub(super) fn start(store: Store) -> (Self, Keeping) {
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || keep(store, &receiver));
        (Self(sender), Keeping(thread))
    }

    /// Returns when it is on the disk.
    pub(super) async fn keep(&self, keepsake: Keepsake) -> Result<(), NotKept> {
        let (kept, is_kept) = oneshot::channel();
        self.0
            .send(Waiting { keepsake, kept })
            .map_err(|_| NotKept)?;
        is_kept.await.map_err(|_| NotKept)
    }
}

impl Keeping {
    /// The store, once everything is kept, and why it could not be written.
    pub(super) fn end(self) -> (Store, Option<StoreError>) {
        match self.0.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn keep(mut store: Store, receiver: &Receiver<Waiting>) -> (Store, Option<StoreError>) {
    while let Ok(first) = receiver.recv() {
        let mut waiting = vec![first];
        waiting.extend(receiver.try_iter().take(TOGETHER - 1));
        if let Err(error) = commit(&mut store, &mut waiting) {
            // Whoever waits, now or later, learns it from the channel that closes.
            return (store, Some(error));
        }
    }
    (store, None)
}

fn commit(store: &mut Store, waiting: &mut Vec<Waiting>) -> Result<(), StoreError> {
    let mut received = Vec::new();
    let mut failed = Vec::new();
    let mut told = Vec::new();
    for Waiting { keepsake, kept } in waiting.drain(..) {
        told.push(kept);
        match keepsake {
            Keepsake::Received(one) => received.push(*one),
            Keepsake::Failed(key, answer) => failed.push((key, answer)),
        }
    }
    store.keep_received(&received)?;
    store.keep_answers(&failed)?;
    for kept in told {
        // Who was interrupted does not wait any more; what they brought is kept all the same.
        let _ = kept.send(());
    }
    Ok(())
}
