//! The requests about one session: the first alone, the others when its answer has begun.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::classifier::view::View;
use crate::domain::answer::{AnswerUsage, RawAnswer, Stop};
use crate::domain::exchange::{Exchange, Purpose};
use crate::domain::request::{Hash, Request};
use crate::provider::ask::GaveUp;
use crate::provider::dialect::{self, Repair, Sending};
use crate::provider::fallback::fallback;
use crate::provider::http::exchange;
use crate::provider::reply::Reply;
use crate::store::{AnswerKey, Received, RowOutcome};

use super::asked::outcome_of;
use super::keeper::Keepsake;
use super::live::{Ended, Said, Shared, gave_up, told};
use super::tally::add;
use super::todo::{SessionTasks, Task};

/// After so many requests in a row that the server will never take, and no answer at all, the fault is not in the requests.
const REFUSED_IN_A_ROW: u32 = 8;

/// One task's share of a run.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) shared: Arc<Shared>,
}

/// Whoever waits for the first answer to begin.
type Begun = Arc<Mutex<Option<oneshot::Sender<()>>>>;

/// Asks everything about one session.
pub(super) async fn session(work: Work, session: SessionTasks) {
    let plan = Arc::clone(&work.shared.plan);
    let shown = tokio::task::spawn_blocking(move || plan.view(session.session)).await;
    let view = match shown {
        Ok(Ok(view)) => Arc::new(view),
        Ok(Err(error)) => {
            let mut broken = work.shared.broken.lock().expect("it is only set and read");
            broken.get_or_insert(error);
            drop(broken);
            work.shared.pace().stop();
            return;
        }
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    let mut running = JoinSet::new();
    let mut tasks = session.tasks.into_iter();
    for task in tasks.by_ref() {
        let (sender, has_begun) = oneshot::channel();
        let begun: Begun = Arc::new(Mutex::new(Some(sender)));
        running.spawn(one(
            work.clone(),
            Arc::clone(&view),
            session.session,
            task,
            Some(begun),
        ));
        if has_begun.await.is_ok() {
            break;
        }
        // It ended without an answer: what the others share is not in the cache, and the next one goes alone.
    }
    for task in tasks {
        running.spawn(one(
            work.clone(),
            Arc::clone(&view),
            session.session,
            task,
            None,
        ));
    }
    while let Some(ended) = running.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

/// One request: asked, kept, and asked for once more where its answer cannot be read.
async fn one(work: Work, view: Arc<View>, session: usize, task: Task, begun: Option<Begun>) {
    let shared = &work.shared;
    let asking = Asking {
        request: shared.plan.request(task.classifier, &view),
        about: format!(
            "{}, {}",
            shared.plan.sessions[session].id,
            shared.plan.classifiers[task.classifier].definition.name
        ),
        key: AnswerKey {
            request: shared.plan.sessions[session].requests[task.classifier].clone(),
            model: shared.live.spec.clone(),
            repeat: task.repeat,
        },
        classifier: task.classifier,
        is_first: begun.is_some(),
    };
    let earlier = match task.earlier {
        Some(earlier) => Some(earlier),
        None => ask(shared, &asking, begun).await,
    };
    if let Some(earlier) = earlier
        && shared.live.repair
        && let Some(reason) = asking.fault(shared, &earlier)
    {
        repair(shared, &asking, &earlier, &reason).await;
    }
}

/// One request with what it is about.
struct Asking {
    request: Request,
    about: String,
    key: AnswerKey,
    classifier: usize,
    is_first: bool,
}

/// What came back.
struct Sent {
    reply: Reply,
    received: String,
    body: Hash,
}

impl Asking {
    /// Why an answer cannot be read, where asking once more may help.
    fn fault(&self, shared: &Shared, answer: &RawAnswer) -> Option<String> {
        if answer.stop != Stop::Finished {
            return None;
        }
        match outcome_of(&shared.plan.classifiers[self.classifier], answer) {
            RowOutcome::Unparsable { reason } => Some(reason),
            RowOutcome::Parsed(_)
            | RowOutcome::Refused
            | RowOutcome::Truncated
            | RowOutcome::Errored
            | RowOutcome::Missing => None,
        }
    }

    /// The input that this will be charged for, reckoned by bytes.
    fn expected_input(&self) -> AnswerUsage {
        let tokens = |texts: &[&str]| texts.iter().map(|text| text.len() as u64).sum::<u64>() / 4;
        let shared = tokens(&[&self.request.system, &self.request.view]);
        let own = tokens(&[&self.request.classifier, &self.request.schema]);
        if self.is_first {
            AnswerUsage {
                input_tokens: own,
                cache_write_tokens: shared,
                ..AnswerUsage::default()
            }
        } else {
            AnswerUsage {
                input_tokens: own,
                cache_read_tokens: shared,
                ..AnswerUsage::default()
            }
        }
    }
}

/// Asks, and keeps the answer; `None` where there is none.
async fn ask(shared: &Shared, asking: &Asking, begun: Option<Begun>) -> Option<RawAnswer> {
    let (sent, attempts) = match send(shared, asking, None, begun).await {
        Ok(sent) => sent,
        Err(error) => {
            failed(shared, asking, &error).await;
            return None;
        }
    };
    shared.has_answer.store(true, Ordering::Relaxed);
    shared.refused_in_a_row.store(0, Ordering::Relaxed);
    warn_of_ignored_schema(shared, &sent.reply);
    let answer = RawAnswer {
        text: sent.reply.text.clone(),
        stop: sent.reply.stop,
        usage: sent.reply.usage,
        when: now(),
        obtained: "live".to_owned(),
    };
    let repair_wanted = shared.live.repair && asking.fault(shared, &answer).is_some();
    keep(
        shared,
        asking,
        answer.clone(),
        sent,
        attempts,
        Purpose::Ask,
        repair_wanted,
    )
    .await
    .then(|| {
        add(&shared.tally.answered, 1);
        answer
    })
}

/// Asks once more for an answer that can be read.
async fn repair(shared: &Shared, asking: &Asking, earlier: &RawAnswer, reason: &str) {
    add(&shared.tally.repairs, 1);
    let wish = Repair {
        answer: &earlier.text,
        reason,
    };
    let (sent, attempts) = match send(shared, asking, Some(wish), None).await {
        Ok(sent) => sent,
        Err(GaveUp::Request { failure, attempts }) => {
            // It was tried and will not go well: the first answer stays, and is not repaired again.
            let exchange = Exchange {
                purpose: Purpose::Repair,
                sent: Hash::of(b""),
                received: failure.to_string(),
                request_id: failure.request_id.clone(),
                served_by: None,
                usage: AnswerUsage::default(),
                batched: false,
                label_probability: None,
                attempts,
                when: now(),
            };
            let received = Received {
                key: asking.key.clone(),
                answer: earlier.clone(),
                exchange,
                repair_wanted: false,
            };
            kept(shared, Keepsake::Received(Box::new(received))).await;
            return;
        }
        Err(error) => {
            gave_up(shared, &error);
            return;
        }
    };
    let mut usage = earlier.usage;
    usage.add(sent.reply.usage);
    let answer = RawAnswer {
        text: sent.reply.text.clone(),
        stop: sent.reply.stop,
        usage,
        when: now(),
        obtained: "live, repaired".to_owned(),
    };
    keep(
        shared,
        asking,
        answer,
        sent,
        attempts,
        Purpose::Repair,
        false,
    )
    .await;
}

/// Sends one request until it is answered.
async fn send(
    shared: &Shared,
    asking: &Asking,
    repair: Option<Repair<'_>>,
    begun: Option<Begun>,
) -> Result<(Sent, u32), GaveUp> {
    let expected_input = asking.expected_input();
    loop {
        let Some(expected) = shared.budget.take(expected_input).await else {
            shared.stop(Ended::Budget);
            return Err(GaveUp::Stopped { attempts: 0 });
        };
        // What was left out of the last body that was sent.
        let had = Mutex::new(Sending::default());
        let uncached = expected_input.input_tokens + expected_input.cache_write_tokens;
        let asked = shared
            .patient
            .ask(
                uncached,
                |_| {
                    let begun = begun.clone();
                    // Read only now that it may be sent: another request may have found out meanwhile.
                    let sending = *shared.sending.lock().expect("it is only set and read");
                    *had.lock().expect("it is only set and read") = sending;
                    async move {
                        // Made only now, too: as many bodies exist as requests are on their way.
                        let body =
                            dialect::body(&shared.live.endpoint, &asking.request, sending, repair);
                        let hash = Hash::of(&body);
                        let tell = || {
                            if let Some(begun) = begun
                                && let Ok(mut begun) = begun.lock()
                                && let Some(sender) = begun.take()
                            {
                                // Nobody waits any more where the run was stopped.
                                let _ = sender.send(());
                            }
                        };
                        let endpoint = &shared.live.endpoint;
                        let (reply, received) =
                            exchange(&shared.client, endpoint, body, tell).await?;
                        let limits = reply.limits;
                        Ok((
                            Sent {
                                reply,
                                received,
                                body: hash,
                            },
                            limits,
                        ))
                    }
                },
                &|attempt| told(shared, &asking.about, attempt),
            )
            .await;
        match asked {
            Ok((sent, attempts)) => {
                shared.budget.settle(expected, &sent.reply.usage);
                let usage = sent.reply.usage;
                let tally = &shared.tally;
                add(
                    &tally.input_tokens,
                    usage.input_tokens + usage.cache_write_tokens,
                );
                add(&tally.cache_read_tokens, usage.cache_read_tokens);
                add(&tally.output_tokens, usage.output_tokens);
                tally.set_spent(shared.budget.spent());
                return Ok((sent, attempts));
            }
            Err(error) => {
                shared.budget.give_back(expected);
                let had = *had.lock().expect("it is only set and read");
                if leaves_something_out(shared, &error, had) {
                    continue;
                }
                return Err(error);
            }
        }
    }
}

/// Where the server cannot take a part of the body that can be left out, leaves it out from now on.
fn leaves_something_out(shared: &Shared, error: &GaveUp, had: Sending) -> bool {
    let GaveUp::Request { failure, .. } = error else {
        return false;
    };
    let mut sending = shared.sending.lock().expect("it is only set and read");
    if *sending != had {
        // Another request found out first.
        return true;
    }
    match fallback(&shared.live.endpoint, failure, sending.fallback) {
        Some(next) => {
            sending.fallback = next;
            drop(sending);
            (shared.say)(Said::Warning(format!(
                "the server does not take a part of the request ({failure}); it is left out from now on"
            )));
            true
        }
        None => false,
    }
}

async fn failed(shared: &Shared, asking: &Asking, error: &GaveUp) {
    gave_up(shared, error);
    let GaveUp::Request { failure, .. } = error else {
        return;
    };
    let in_a_row = shared.refused_in_a_row.load(Ordering::Relaxed);
    if REFUSED_IN_A_ROW <= in_a_row && !shared.has_answer.load(Ordering::Relaxed) {
        shared.stop(Ended::Stopped(format!(
            "the server refused {in_a_row} requests in a row and answered none; the last time it said: {failure}"
        )));
        return;
    }
    let answer = RawAnswer {
        text: failure.to_string(),
        stop: Stop::Error,
        usage: AnswerUsage::default(),
        when: now(),
        obtained: "live".to_owned(),
    };
    if kept(shared, Keepsake::Failed(asking.key.clone(), answer)).await {
        add(&shared.tally.failed, 1);
    }
}

async fn keep(
    shared: &Shared,
    asking: &Asking,
    answer: RawAnswer,
    sent: Sent,
    attempts: u32,
    purpose: Purpose,
    repair_wanted: bool,
) -> bool {
    let exchange = Exchange {
        purpose,
        sent: sent.body,
        received: sent.received,
        request_id: sent.reply.request_id,
        served_by: sent.reply.served_by,
        usage: sent.reply.usage,
        batched: sent.reply.batched,
        label_probability: sent.reply.label_probability,
        attempts,
        when: answer.when.clone(),
    };
    let received = Received {
        key: asking.key.clone(),
        answer,
        exchange,
        repair_wanted,
    };
    kept(shared, Keepsake::Received(Box::new(received))).await
}

/// Whether it is on the disk. Where the store cannot be written the run stops; the store says why at its end.
async fn kept(shared: &Shared, keepsake: Keepsake) -> bool {
    let is_kept = shared.keeper.keep(keepsake).await.is_ok();
    if !is_kept {
        shared.pace().stop();
    }
    is_kept
}

/// A model that was held to the schema answers one object. Reading may find it in prose, but not as surely.
fn warn_of_ignored_schema(shared: &Shared, reply: &Reply) {
    if reply.stop == Stop::Finished
        && !dialect::looks_like_json_object(&reply.text)
        && !shared.has_warned.swap(true, Ordering::Relaxed)
    {
        (shared.say)(Said::Warning(format!(
            "`{}` answers something else than one JSON object: the server ignores the schema it is sent",
            shared.live.spec
        )));
    }
}

fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}
