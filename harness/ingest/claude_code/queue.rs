//! Prompts that wait in the client's queue while the agent works.

use std::collections::{HashMap, VecDeque};

/// The two records of one delivered text: the queue's and, from client 2.1.91 on, the attachment's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Queue,
    Attachment,
}

#[derive(Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<String>,
    /// Texts told once, by the source that told them and that still awaits its twin.
    told: HashMap<String, (Source, u32)>,
}

impl Queue {
    /// Whether this is the first of the two records of a delivery.
    pub(super) fn first_sight(&mut self, text: &str, source: Source) -> bool {
        let entry = self.told.entry(text.to_owned()).or_insert((source, 0));
        if entry.0 != source && entry.1 > 0 {
            entry.1 -= 1;
            return false;
        }
        *entry = (source, entry.1 + 1);
        true
    }
}
