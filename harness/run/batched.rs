//! Asks through a provider's batches: half the price, for an answer within a day.
//!
//! A batch is written down, submitted, waited for and collected; whatever ends a run in between, the next one goes on from
//! what the store knows. All classifiers of a session stand together and share an hour's cache. What a batch leaves open
//! (errored, canceled, expired) goes into the next one, three rounds at most.
//!
//! An answer that cannot be read is kept and marked; a run without batches asks once more for it, because a repair is one
//! short request and would take another day here. In the exchange of a batch, `sent` is the hash of the request, which is its
//! id there: the bytes themselves are one file for all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::money::Money;
use crate::domain::request::Hash;
use crate::provider::ask::{Asker, Breaker, GaveUp};
use crate::provider::batch_lines::{self, wrapping};
use crate::provider::batches::Standing;
use crate::provider::dialect::{self, Sending};
use crate::provider::http::{Client, Lines};
use crate::provider::limits::Limits;
use crate::provider::models;
use crate::provider::pace::Pace;
use crate::store::{BatchState, OpenBatch, Store, StoreError};

use super::batch_calls::{Calls, candidates};
use super::batch_results::Collected;
use super::estimate::estimate;
use super::live::{Ended, Live, LiveError, Said, interrupted, take_turn, under_way};
use super::plan::Plan;
use super::todo::{SessionTasks, todo};

/// How often what is still missing is submitted in one run.
const ROUNDS: u32 = 3;
/// Pages of a provider's list that are looked through for a lost batch.
const PAGES: usize = 10;
const FIRST_POLL: Duration = Duration::from_secs(5);
const SECOND_POLL: Duration = Duration::from_secs(30);
const LONGEST_POLL: Duration = Duration::from_secs(300);

/// How batches are made and waited for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Batching {
    /// Submit, keep what has ended, and do not wait for the rest.
    pub no_wait: bool,
    /// The time between two looks; `None` is 5 s, then 30 s, growing to 5 min.
    pub poll: Option<Duration>,
    /// Requests of one batch at most, where that is fewer than the vendor takes.
    pub most_requests: Option<usize>,
}

/// Why the work ends early.
pub(super) enum Halt {
    /// As a run may end.
    Ended(Ended),
    /// It cannot go on.
    Error(LiveError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Error(error.into())
    }
}

struct Run {
    plan: Arc<Plan>,
    calls: Calls,
    batching: Batching,
    store: Store,
    spent: Money,
    is_interrupted: watch::Receiver<bool>,
}

/// Has everything that the store lacks answered in batches. Returns the store and how it ended.
///
/// # Errors
/// Where the store does not work, or no connection can be made.
pub fn ask(
    plan: &Arc<Plan>,
    store: Store,
    live: Live,
    batching: Batching,
    say: Box<dyn Fn(Said) + Send + Sync>,
) -> Result<(Store, Ended), LiveError> {
    let turn = take_turn(&store, &live.spec, &*say)?;
    let client = Client::new(live.timeout)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LiveError::Threads)?;
    let (interrupt, is_interrupted) = watch::channel(false);
    let pace = Pace::new(live.concurrency);
    let mut run = Run {
        plan: Arc::clone(plan),
        calls: Calls {
            patient: Asker::new(pace.clone(), live.patience, Breaker::default(), None),
            live,
            client,
            say,
        },
        batching,
        store,
        spent: Money::ZERO,
        is_interrupted,
    };
    let ended = runtime.block_on(async {
        let all = run.all();
        tokio::pin!(all);
        tokio::select! {
            ended = &mut all => return ended,
            () = interrupted() => {}
        }
        interrupt.send_replace(true);
        pace.stop();
        tokio::select! {
            ended = &mut all => ended,
            () = interrupted() => Err(Halt::Ended(Ended::Interrupted)),
        }
    });
    drop(turn);
    let ended = match ended {
        Ok(ended) | Err(Halt::Ended(ended)) => ended,
        Err(Halt::Error(error)) => return Err(error),
    };
    if ended == Ended::Interrupted {
        (run.calls.say)(Said::Told(
            "interrupted: batches that were submitted go on at the provider, and the same command collects them".to_owned(),
        ));
    }
    Ok((run.store, ended))
}

impl Run {
    async fn all(&mut self) -> Result<Ended, Halt> {
        self.recover().await?;
        self.look().await?;
        for round in 0..ROUNDS {
            let errors_again = round == 0 && self.calls.live.errors_again;
            let work = self.missing(errors_again)?;
            let has_work = !work.is_empty();
            if has_work && !self.is_affordable(errors_again)? {
                if !self.batching.no_wait {
                    self.wait().await?;
                }
                return Ok(Ended::Budget);
            }
            self.submit(work).await?;
            if self.batching.no_wait {
                break;
            }
            if !has_work && self.open()?.is_empty() {
                break;
            }
            self.wait().await?;
        }
        Ok(under_way(&self.store, &self.calls.live.spec)?)
    }

    fn open(&self) -> Result<Vec<OpenBatch>, StoreError> {
        self.store.open_batches(&self.calls.live.spec)
    }

    /// What is to be submitted: no repairs.
    fn missing(&self, errors_again: bool) -> Result<Vec<SessionTasks>, StoreError> {
        let live = &self.calls.live;
        let mut work = todo(
            &self.plan,
            &self.store,
            &live.spec,
            live.repeats,
            errors_again,
        )?;
        for session in &mut work {
            session.tasks.retain(|task| task.earlier.is_none());
        }
        work.retain(|session| !session.tasks.is_empty());
        Ok(work)
    }

    fn is_affordable(&self, errors_again: bool) -> Result<bool, StoreError> {
        let live = &self.calls.live;
        let (Some(most), Some(price)) = (live.most, live.price.as_ref()) else {
            return Ok(true);
        };
        let reckoned = estimate(
            &self.plan,
            &self.store,
            &live.spec,
            live.repeats,
            errors_again,
            Some(price),
            true,
        )?;
        // A batch cannot be stopped half way, so that the high end counts.
        let at_most = self.spent + reckoned.cost.map_or(Money::ZERO, |(_, high)| high);
        if at_most <= most {
            return Ok(true);
        }
        (self.calls.say)(Said::Told(format!(
            "nothing is submitted: batches of {} requests may cost {:.4} USD, more than `--max-cost {}`",
            reckoned.to_ask,
            at_most.dollars(),
            most.dollars()
        )));
        Ok(false)
    }

    /// Submits everything, in as many batches as the limits ask for. A session is split only where it does not fit alone.
    async fn submit(&mut self, work: Vec<SessionTasks>) -> Result<(), Halt> {
        let live = &self.calls.live;
        let limits = models::batch_limits(live.endpoint.dialect);
        let most = self
            .batching
            .most_requests
            .map_or(limits.requests, |most| most.min(limits.requests))
            .max(1);
        let around = usize::try_from(wrapping(live.endpoint.dialect)).unwrap_or(0);
        let most_bytes = limits.bytes.saturating_sub(around);
        let sending = Sending {
            max_tokens: live.max_tokens,
            cache_for_an_hour: true,
            ..Sending::default()
        };
        for repeat in 0..self.calls.live.repeats {
            let mut part = Part::default();
            for session in &work {
                let tasks: Vec<_> = session
                    .tasks
                    .iter()
                    .filter(|task| task.repeat == repeat)
                    .collect();
                if tasks.is_empty() {
                    continue;
                }
                let view = self
                    .plan
                    .view(session.session)
                    .map_err(|error| Halt::Error(error.into()))?;
                let mut lines = Vec::with_capacity(tasks.len());
                for task in tasks {
                    let request = self.plan.request(task.classifier, &view);
                    let hash = &self.plan.sessions[session.session].requests[task.classifier];
                    let endpoint = &self.calls.live.endpoint;
                    let body = dialect::body(endpoint, &request, sending, None);
                    let line = batch_lines::line(endpoint.dialect, hash, &body);
                    lines.push((hash.clone(), line));
                }
                let bytes: usize = lines.iter().map(|(_, line)| line.len()).sum();
                if !part.fits(lines.len(), bytes, most, most_bytes) {
                    self.send(std::mem::take(&mut part), repeat).await?;
                }
                for (hash, line) in lines {
                    if !part.fits(1, line.len(), most, most_bytes) {
                        self.send(std::mem::take(&mut part), repeat).await?;
                    }
                    part.requests.push(hash);
                    part.lines.extend_from_slice(&line);
                }
            }
            self.send(part, repeat).await?;
        }
        Ok(())
    }

    async fn send(&mut self, part: Part, repeat: u32) -> Result<(), Halt> {
        if part.requests.is_empty() {
            return Ok(());
        }
        self.heed()?;
        let now = jiff::Timestamp::now();
        let drawn: String = part.requests.iter().map(Hash::text).collect();
        let batch = OpenBatch {
            name: Hash::of(format!("{now} {drawn}").as_bytes())
                .short()
                .to_owned(),
            model: self.calls.live.spec.clone(),
            repeat,
            provider_id: None,
            requests: part.requests.len() as u64,
            when: now.to_string(),
        };
        self.store.begin_batch(&batch, &part.requests)?;
        let known = self.store.known_batches()?;
        match self.calls.submit(&batch, &part.lines, &known).await {
            Ok(id) => {
                self.store.batch_submitted(&batch.name, &id)?;
                (self.calls.say)(Said::Told(format!(
                    "submitted {} requests as batch {id}",
                    batch.requests
                )));
                Ok(())
            }
            Err((error, has_arrived)) => {
                if !has_arrived {
                    self.store
                        .set_batch_state(&batch.name, BatchState::GivenUp)?;
                }
                Err(self.halted(&error))
            }
        }
    }

    /// How a run ends that cannot submit.
    fn halted(&self, error: &GaveUp) -> Halt {
        Halt::Ended(match error {
            _ if *self.is_interrupted.borrow() => Ended::Interrupted,
            GaveUp::Run { failure, .. } if matches!(failure.status, Some(404 | 405)) => {
                Ended::Stopped(format!(
                    "{error}\n\nhint: a server without batches is asked without `--batch`"
                ))
            }
            other => Ended::Stopped(other.to_string()),
        })
    }

    fn heed(&self) -> Result<(), Halt> {
        match *self.is_interrupted.borrow() {
            true => Err(Halt::Ended(Ended::Interrupted)),
            false => Ok(()),
        }
    }

    /// Finds batches whose submission an earlier run did not see the end of.
    async fn recover(&mut self) -> Result<(), Halt> {
        let mut lost = self.open()?;
        lost.retain(|batch| batch.provider_id.is_none());
        if lost.is_empty() {
            return Ok(());
        }
        let calls = &self.calls;
        let listed = calls
            .patiently("the list of batches", |_| async {
                calls.batches().list(PAGES).await
            })
            .await
            .map_err(|error| self.halted(&error))?;
        for batch in lost {
            let known = self.store.known_batches()?;
            let items = self.store.batch_requests(&batch.name)?;
            let mut found = None;
            for candidate in candidates(self.calls.live.endpoint.dialect, &listed, &batch, &known) {
                if self.may_be_ours(candidate, &items).await? {
                    found = Some(candidate.to_owned());
                    break;
                }
            }
            match found {
                Some(id) => {
                    self.store.batch_submitted(&batch.name, &id)?;
                    (self.calls.say)(Said::Told(format!(
                        "found batch {id}, which an earlier run was submitting when it ended"
                    )));
                }
                None => {
                    self.store
                        .set_batch_state(&batch.name, BatchState::GivenUp)?;
                    (self.calls.say)(Said::Warning(format!(
                        "an earlier run ended while it submitted {} requests, and the provider lists no such batch; they are submitted anew",
                        batch.requests
                    )));
                }
            }
        }
        Ok(())
    }

    /// Whether the results of a batch, where there are some already, answer our requests.
    async fn may_be_ours(&self, id: &str, items: &HashSet<Hash>) -> Result<bool, Halt> {
        let calls = &self.calls;
        let standing = calls
            .patiently("a batch", |_| async { calls.batches().poll(id).await })
            .await
            .map_err(|error| self.halted(&error))?;
        let Standing::Ended(addresses) = standing else {
            return Ok(standing == Standing::Running);
        };
        for url in addresses {
            let Ok(mut lines) = self.opened(&url).await else {
                continue;
            };
            while let Ok(Some(line)) = lines.next().await {
                if let Ok(text) = std::str::from_utf8(&line)
                    && let Ok(result) = batch_lines::read(text.trim())
                {
                    return Ok(
                        Hash::parse(&result.custom_id).is_some_and(|hash| items.contains(&hash))
                    );
                }
            }
        }
        Ok(false)
    }

    /// Waits until no batch is open.
    async fn wait(&mut self) -> Result<(), Halt> {
        let mut interval = self.batching.poll.unwrap_or(FIRST_POLL);
        loop {
            let open = self.open()?;
            if open.is_empty() {
                return Ok(());
            }
            if interval >= SECOND_POLL {
                let requests: u64 = open.iter().map(|batch| batch.requests).sum();
                (self.calls.say)(Said::Told(format!(
                    "{requests} requests are under way in {} batches; looking again in {} s",
                    open.len(),
                    interval.as_secs()
                )));
            }
            let mut is_interrupted = self.is_interrupted.clone();
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                // The sender lives as long as this runs.
                _ = is_interrupted.wait_for(|is| *is) => {}
            }
            self.heed()?;
            self.look().await?;
            interval = match self.batching.poll {
                Some(same) => same,
                None => (interval * 3 / 2).clamp(SECOND_POLL, LONGEST_POLL),
            };
        }
    }

    /// Looks at every open batch once, and keeps the results of those that have ended.
    async fn look(&mut self) -> Result<(), Halt> {
        for batch in self.open()? {
            self.heed()?;
            let Some(id) = batch.provider_id.clone() else {
                continue;
            };
            let calls = &self.calls;
            let asked = calls
                .patiently("a batch", |_| async { calls.batches().poll(&id).await })
                .await;
            match asked {
                Ok(Standing::Running) => {}
                Ok(Standing::Ended(addresses)) => self.collect(&batch, &id, &addresses).await?,
                Ok(Standing::Failed(why)) => {
                    self.give_up(&batch)?;
                    return Err(Halt::Ended(Ended::Stopped(format!(
                        "the provider could not use batch {id}: {why}"
                    ))));
                }
                Ok(Standing::Gone) => {
                    self.give_up(&batch)?;
                    (self.calls.say)(Said::Warning(format!(
                        "the provider knows batch {id} no more; its requests are asked anew"
                    )));
                }
                // A day is long: a server that is away for a while is looked at again.
                Err(GaveUp::Attempts { .. } | GaveUp::TooLong { .. })
                    if !*self.is_interrupted.borrow() => {}
                Err(error) => return Err(self.halted(&error)),
            }
        }
        Ok(())
    }

    fn give_up(&mut self, batch: &OpenBatch) -> Result<(), StoreError> {
        self.store.set_batch_state(&batch.name, BatchState::GivenUp)
    }

    async fn opened(&self, url: &str) -> Result<Lines, GaveUp> {
        let calls = &self.calls;
        calls
            .patiently("the results of a batch", |_| async {
                let lines = calls.client.open(&calls.live.endpoint, url).await?;
                Ok((lines, Limits::default()))
            })
            .await
    }

    /// Keeps the results of a batch. A file that breaks off is read again, and what was kept of it is passed over.
    async fn collect(
        &mut self,
        batch: &OpenBatch,
        id: &str,
        addresses: &[String],
    ) -> Result<(), Halt> {
        let items = self.store.batch_requests(&batch.name)?;
        let classifiers: HashMap<Hash, usize> = self
            .plan
            .requests()
            .filter(|planned| items.contains(planned.request))
            .map(|planned| (planned.request.clone(), planned.classifier))
            .collect();
        let plan = Arc::clone(&self.plan);
        let mut collected = Collected::new(&plan, batch, &items, &classifiers);
        // What an earlier run kept before it was ended is not kept, and not charged for, again.
        collected.pass_over(&self.store)?;
        for url in addresses {
            let mut tries = 0;
            loop {
                let mut lines = self
                    .opened(url)
                    .await
                    .map_err(|error| self.halted(&error))?;
                let broke_off = loop {
                    match lines.next().await {
                        Ok(Some(line)) => {
                            let live = &self.calls.live;
                            collected.line(&live.endpoint, live.repair, &line);
                            if collected.is_full() {
                                collected.keep(&mut self.store)?;
                            }
                        }
                        Ok(None) => break None,
                        Err(failure) => break Some(failure),
                    }
                };
                collected.keep(&mut self.store)?;
                let Some(failure) = broke_off else { break };
                self.heed()?;
                tries += 1;
                if self.calls.live.patience.attempts <= tries {
                    return Err(Halt::Ended(Ended::Stopped(format!(
                        "the results of batch {id} cannot be read: {failure}"
                    ))));
                }
                tokio::time::sleep(self.calls.live.patience.first_delay * tries).await;
            }
        }
        if let Some(price) = &self.calls.live.price {
            for usage in collected.usages() {
                self.spent += price.cost(usage, true);
            }
        }
        let state = collected.state();
        self.store.set_batch_state(&batch.name, state)?;
        for said in collected.told(id) {
            (self.calls.say)(said);
        }
        Ok(())
    }
}

/// The lines of one batch.
#[derive(Default)]
struct Part {
    requests: Vec<Hash>,
    lines: Vec<u8>,
}

impl Part {
    /// Whether so many more lines and bytes fit; anything fits into an empty one.
    fn fits(&self, lines: usize, bytes: usize, most_lines: usize, most_bytes: usize) -> bool {
        self.requests.is_empty()
            || (self.requests.len() + lines <= most_lines && self.lines.len() + bytes <= most_bytes)
    }
}
