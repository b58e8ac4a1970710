//! The hashes of all requests of a goldset, and which line answers each: all that is held of them while answers are read.
//!
//! One request takes 64 bytes here; the request itself, some tens of thousands of bytes, was dropped when it was hashed.

use std::collections::HashMap;

use crate::domain::request::Hash;
use crate::domain::variation::Variation;
use crate::goldset::sessions::Session;

use super::rendering::Rendering;

/// A request hash without its 64 digits.
pub(super) type Digest = [u8; 32];

/// All requests, by hash.
pub(super) struct Known {
    requests: Vec<Entry>,
}

struct Entry {
    hash: Digest,
    /// Where the session stands in the goldset, and the classifier among all.
    session: u32,
    classifier: u16,
    /// How it was varied.
    variation: Option<Variation>,
    /// The line that answers it; line 0 while none does.
    place: Place,
    text: u64,
}

/// A line of one of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: u16,
    pub(super) line: u32,
}

const NOWHERE: Place = Place { file: 0, line: 0 };

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct About {
    /// Where the session stands in the goldset.
    pub(super) session: usize,
    /// Where the classifier stands among all.
    pub(super) classifier: usize,
    /// How the request was varied.
    pub(super) variation: Option<Variation>,
}

/// What an answer is to the answers before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The first to its request.
    First,
    /// It says the same as the one in this line.
    Double,
    /// It says something else than the one in this line.
    Differs(Place),
    /// Nothing of the goldset asks that.
    Unknown,
}

impl Known {
    /// Renders every request of the goldset and keeps its hash; with `varied` those that are varied by a seed, too.
    pub(super) fn load(rendering: &Rendering, varied: Option<u64>) -> anyhow::Result<Self> {
        let all = rendering.goldset.sessions.len() * rendering.classifiers().len();
        let mut requests = Vec::with_capacity(all);
        let mut number = 0;
        rendering.each(
            |_, requests| -> Vec<Digest> {
                requests
                    .iter()
                    .map(|request| digest(&request.hash()))
                    .collect()
            },
            |_, hashes| {
                requests.extend((0..).zip(hashes).map(|(classifier, hash)| Entry {
                    hash,
                    session: number,
                    classifier,
                    variation: None,
                    place: NOWHERE,
                    text: 0,
                }));
                number += 1;
                Ok(true)
            },
        )?;
        if let Some(seed) = varied {
            requests.extend(varied_requests(rendering, seed)?);
        }
        // Sessions that look the same share their requests; the first one stands for them.
        requests.sort_unstable_by_key(|entry| (entry.hash, entry.variation, entry.session));
        requests.dedup_by(|later, first| later.hash == first.hash);
        Ok(Self { requests })
    }

    fn find(&self, hash: &Digest) -> Option<usize> {
        self.requests
            .binary_search_by(|entry| entry.hash.cmp(hash))
            .ok()
    }

    /// Whether anything of the goldset asks that.
    pub(super) fn has(&self, hash: &Digest) -> bool {
        self.find(hash).is_some()
    }

    /// Takes note of an answer, told from others by the digest of its text.
    pub(super) fn answered(&mut self, hash: &Digest, place: Place, text: u64) -> Standing {
        let Some(at) = self.find(hash) else {
            return Standing::Unknown;
        };
        let entry = &mut self.requests[at];
        if entry.place == NOWHERE {
            entry.place = place;
            entry.text = text;
            Standing::First
        } else if entry.text == text {
            Standing::Double
        } else {
            Standing::Differs(entry.place)
        }
    }

    /// Forgets the answer in this line.
    pub(super) fn passed_over(&mut self, hash: &Digest, place: Place) {
        if let Some(at) = self.find(hash)
            && self.requests[at].place == place
        {
            self.requests[at].place = NOWHERE;
        }
    }

    /// Whether this line is the one that answers the request, still with this text.
    pub(super) fn is_answer(&self, hash: &Digest, place: Place, text: u64) -> bool {
        self.find(hash).is_some_and(|at| {
            let entry = &self.requests[at];
            entry.place == place && entry.text == text
        })
    }

    /// Whether any line answers it.
    pub(super) fn is_answered(&self, hash: &Digest) -> bool {
        self.find(hash)
            .is_some_and(|at| self.requests[at].place != NOWHERE)
    }

    /// What a request is about.
    pub(super) fn about(&self, hash: &Digest) -> Option<About> {
        let entry = &self.requests[self.find(hash)?];
        Some(About {
            session: usize::try_from(entry.session).ok()?,
            classifier: usize::from(entry.classifier),
            variation: entry.variation,
        })
    }
}

/// The varied requests about every session.
fn varied_requests(rendering: &Rendering, seed: u64) -> anyhow::Result<Vec<Entry>> {
    let sessions: Vec<&Session> = rendering.goldset.sessions.iter().collect();
    let varied = rendering.varied(&sessions, seed)?;
    let (names, numbers) = (rendering.classifiers(), numbers(&sessions));
    let mut entries = Vec::new();
    for varied in &varied {
        let classifiers = positions(&varied.plan.names(), &names);
        for planned in varied.plan.requests() {
            let id = varied.plan.sessions[planned.session].id.as_str();
            entries.push(Entry {
                hash: digest(planned.request),
                session: numbers[id],
                classifier: classifiers[planned.classifier],
                variation: Some(varied.variation),
                place: NOWHERE,
                text: 0,
            });
        }
    }
    Ok(entries)
}

fn numbers<'s>(sessions: &[&'s Session]) -> HashMap<&'s str, u32> {
    sessions
        .iter()
        .map(|session| session.id.as_str())
        .zip(0..)
        .collect()
}

/// Where each of these names stands among all.
fn positions(some: &[&str], all: &[&str]) -> Vec<u16> {
    some.iter()
        .filter_map(|name| (0..).zip(all).find(|(_, known)| *known == name))
        .map(|(position, _)| position)
        .collect()
}

/// The bytes of a hash.
pub(super) fn digest(hash: &Hash) -> Digest {
    let mut bytes = [0; 32];
    let value = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'a' + 10,
    };
    for (byte, pair) in bytes.iter_mut().zip(hash.text().as_bytes().chunks(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | value(*digit));
    }
    bytes
}
