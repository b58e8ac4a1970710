//! What a run may cost, and what it has cost.

use std::sync::Mutex;

use tokio::sync::Notify;

use crate::domain::answer::AnswerUsage;
use crate::domain::money::Money;
use crate::provider::price::Price;

/// The money of one run. Requests on their way count with what they will probably cost, so that a cap is hardly ever
/// exceeded, and never by more than those.
pub(super) struct Budget {
    price: Option<Price>,
    most: Option<Money>,
    batched: bool,
    state: Mutex<State>,
    /// A request was settled or given back.
    changed: Notify,
}

#[derive(Default)]
struct State {
    spent: Money,
    expected: Money,
    answers: u64,
    output_tokens: u64,
}

/// What one request will probably cost, until it is settled.
pub(super) struct Expected(Money);

/// Whether one more request can be paid.
enum Room {
    Taken(Expected),
    /// If those on their way turn out cheaper than expected.
    Perhaps,
    None,
}

/// Output tokens of an answer, as long as none has come.
const FIRST_GUESS_OUTPUT: u64 = 400;

impl Budget {
    pub(super) fn new(price: Option<Price>, most: Option<Money>, batched: bool) -> Self {
        Self {
            price,
            most,
            batched,
            state: Mutex::new(State::default()),
            changed: Notify::new(),
        }
    }

    /// Takes what a request with this input will probably cost; `None` where that is more than is left.
    ///
    /// Others on their way are reckoned high before the first answers came, and may yet fail: where they alone stand in the
    /// way, this waits for what becomes of them.
    pub(super) async fn take(&self, input: AnswerUsage) -> Option<Expected> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            match self.room(input) {
                Room::Taken(expected) => return Some(expected),
                Room::None => return None,
                Room::Perhaps => changed.await,
            }
        }
    }

    fn room(&self, input: AnswerUsage) -> Room {
        let mut state = self.lock();
        let output_tokens = state
            .output_tokens
            .checked_div(state.answers)
            .unwrap_or(FIRST_GUESS_OUTPUT);
        let cost = self.cost(&AnswerUsage {
            output_tokens,
            ..input
        });
        let is_too_much = |sum: Money| self.most.is_some_and(|most| most < sum);
        if is_too_much(state.spent + cost) {
            return Room::None;
        }
        if is_too_much(state.spent + state.expected + cost) {
            return Room::Perhaps;
        }
        state.expected += cost;
        Room::Taken(Expected(cost))
    }

    /// The request was answered.
    pub(super) fn settle(&self, expected: Expected, usage: &AnswerUsage) {
        let cost = self.cost(usage);
        let mut state = self.lock();
        state.expected = state.expected.saturating_sub(expected.0);
        state.spent += cost;
        state.answers += 1;
        state.output_tokens = state.output_tokens.saturating_add(usage.output_tokens);
        drop(state);
        self.changed.notify_waiters();
    }

    /// The request was not answered.
    pub(super) fn give_back(&self, expected: Expected) {
        let mut state = self.lock();
        state.expected = state.expected.saturating_sub(expected.0);
        drop(state);
        self.changed.notify_waiters();
    }

    /// What was spent in this run; `None` where the model has no price.
    pub(super) fn spent(&self) -> Option<Money> {
        self.price.as_ref().map(|_| self.lock().spent)
    }

    fn cost(&self, usage: &AnswerUsage) -> Money {
        self.price
            .as_ref()
            .map_or(Money::ZERO, |price| price.cost(usage, self.batched))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing that holds this lock can panic: it only adds")
    }
}
