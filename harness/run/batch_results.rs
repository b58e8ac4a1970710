//! The results of one batch on their way into the store, in whatever order they come.

use std::collections::{HashMap, HashSet};

use crate::domain::answer::{AnswerUsage, RawAnswer, Stop};
use crate::domain::exchange::{Exchange, Purpose};
use crate::domain::request::Hash;
use crate::provider::batch_lines::{self, BatchResult};
use crate::provider::dialect;
use crate::provider::endpoint::Endpoint;
use crate::store::{AnswerKey, BatchState, OpenBatch, Received, RowOutcome, Store, StoreError};

use super::asked::outcome_of;
use super::live::Said;
use super::plan::Plan;

/// Answers that are committed together at most.
const TOGETHER: usize = 512;

/// What was read of the results of a batch.
pub(super) struct Collected<'b> {
    plan: &'b Plan,
    batch: &'b OpenBatch,
    items: &'b HashSet<Hash>,
    classifiers: &'b HashMap<Hash, usize>,
    seen: HashSet<Hash>,
    received: Vec<Received>,
    failed: Vec<(AnswerKey, RawAnswer)>,
    usages: Vec<AnswerUsage>,
    answered: u64,
    refused: u64,
    again: u64,
    unknown: u64,
    unreadable_lines: u64,
    to_repair: u64,
}

impl<'b> Collected<'b> {
    pub(super) fn new(
        plan: &'b Plan,
        batch: &'b OpenBatch,
        items: &'b HashSet<Hash>,
        classifiers: &'b HashMap<Hash, usize>,
    ) -> Self {
        Self {
            plan,
            batch,
            items,
            classifiers,
            seen: HashSet::new(),
            received: Vec::new(),
            failed: Vec::new(),
            usages: Vec::new(),
            answered: 0,
            refused: 0,
            again: 0,
            unknown: 0,
            unreadable_lines: 0,
            to_repair: 0,
        }
    }

    /// Passes over what the store has already.
    pub(super) fn pass_over(&mut self, store: &Store) -> Result<(), StoreError> {
        let mut seen = HashSet::new();
        store.answered(
            &self.batch.model,
            self.batch.repeat,
            self.items,
            |request, stop| {
                if stop.is_some_and(|stop| stop != Stop::Error) {
                    seen.insert(request.clone());
                }
            },
        )?;
        self.answered += seen.len() as u64;
        self.seen = seen;
        Ok(())
    }

    /// Takes one line.
    pub(super) fn line(&mut self, endpoint: &Endpoint, repair: bool, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let Ok(result) = batch_lines::read(text) else {
            self.unreadable_lines += 1;
            return;
        };
        let request = Hash::parse(&result.custom_id).filter(|hash| self.items.contains(hash));
        let Some(request) = request else {
            self.unknown += 1;
            return;
        };
        if self.seen.contains(&request) {
            return;
        }
        match result.result {
            BatchResult::Answered(body) => match dialect::read_message(endpoint, body) {
                Ok(reply) => {
                    let received = endpoint.without_key(&String::from_utf8_lossy(body));
                    self.answer(request, reply, received, repair);
                }
                Err(_) => self.again += 1,
            },
            BatchResult::Unanswered(ended, said) => {
                if ended == batch_lines::Ended::Errored && batch_lines::is_for_good(&said) {
                    self.refused += 1;
                    self.failed.push((
                        self.key(&request),
                        RawAnswer {
                            text: endpoint.without_key(&said),
                            stop: Stop::Error,
                            usage: AnswerUsage::default(),
                            when: now(),
                            obtained: "batch".to_owned(),
                        },
                    ));
                    self.seen.insert(request);
                } else {
                    self.again += 1;
                }
            }
        }
    }

    fn answer(
        &mut self,
        request: Hash,
        reply: crate::provider::reply::Reply,
        received: String,
        repair: bool,
    ) {
        let answer = RawAnswer {
            text: reply.text,
            stop: reply.stop,
            usage: reply.usage,
            when: now(),
            obtained: "batch".to_owned(),
        };
        let repair_wanted = repair
            && answer.stop == Stop::Finished
            && self.classifiers.get(&request).is_some_and(|&classifier| {
                matches!(
                    outcome_of(&self.plan.classifiers[classifier], &answer),
                    RowOutcome::Unparsable { .. }
                )
            });
        self.to_repair += u64::from(repair_wanted);
        self.answered += 1;
        self.usages.push(reply.usage);
        self.received.push(Received {
            key: self.key(&request),
            exchange: Exchange {
                purpose: Purpose::Ask,
                sent: request.clone(),
                received,
                request_id: reply.request_id,
                served_by: reply.served_by,
                usage: reply.usage,
                batched: true,
                label_probability: reply.label_probability,
                attempts: 1,
                when: answer.when.clone(),
            },
            answer,
            repair_wanted,
        });
        self.seen.insert(request);
    }

    fn key(&self, request: &Hash) -> AnswerKey {
        AnswerKey {
            request: request.clone(),
            model: self.batch.model.clone(),
            repeat: self.batch.repeat,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        TOGETHER <= self.received.len() + self.failed.len()
    }

    /// Keeps what was taken; on the disk when this returns.
    pub(super) fn keep(&mut self, store: &mut Store) -> Result<(), StoreError> {
        store.keep_received(&self.received)?;
        self.received.clear();
        if !self.failed.is_empty() {
            store.keep_answers(&self.failed)?;
            self.failed.clear();
        }
        Ok(())
    }

    pub(super) fn usages(&self) -> &[AnswerUsage] {
        &self.usages
    }

    /// A batch whose results are all about something else was never ours.
    fn is_ours(&self) -> bool {
        self.unknown == 0 || self.answered + self.refused + self.again > 0
    }

    pub(super) fn state(&self) -> BatchState {
        match self.is_ours() {
            true => BatchState::Collected,
            false => BatchState::GivenUp,
        }
    }

    /// What is worth saying.
    pub(super) fn told(&self, id: &str) -> Vec<Said> {
        if !self.is_ours() {
            return vec![Said::Warning(format!(
                "batch {id} answers none of the requests that were submitted: it is someone else's; they are asked anew"
            ))];
        }
        let mut line = format!(
            "collected batch {id}: {} of {} requests answered",
            self.answered, self.batch.requests
        );
        if self.refused > 0 {
            line.push_str(&format!(", {} refused for good", self.refused));
        }
        if self.to_repair > 0 {
            line.push_str(&format!(
                ", {} of them cannot be read (a run without `--batch` asks once more for those)",
                self.to_repair
            ));
        }
        let mut told = vec![Said::Told(line)];
        for (count, what) in [
            (self.unknown, "are about requests that were not in it"),
            (self.unreadable_lines, "cannot be read"),
        ] {
            if count > 0 {
                told.push(Said::Warning(format!(
                    "{count} results of batch {id} {what}; they are passed over"
                )));
            }
        }
        told
    }
}

fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}
