//! The hashes of all requests of a goldset, and which line answers each: all that is held of them while answers are read.
//!
//! One request takes 56 bytes here; the request itself, some tens of thousands of bytes, was dropped when it was hashed.

use crate::domain::request::Hash;

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
    /// Renders every request of the goldset and keeps its hash.
    pub(super) fn load(rendering: &Rendering) -> anyhow::Result<Self> {
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
                    place: NOWHERE,
                    text: 0,
                }));
                number += 1;
                Ok(true)
            },
        )?;
        // Sessions that look the same share their requests; the first one stands for them.
        requests.sort_unstable_by(|a, b| (a.hash, a.session).cmp(&(b.hash, b.session)));
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

    /// Where the session and the classifier of a request stand.
    pub(super) fn about(&self, hash: &Digest) -> Option<(usize, usize)> {
        let entry = &self.requests[self.find(hash)?];
        Some((
            usize::try_from(entry.session).ok()?,
            usize::from(entry.classifier),
        ))
    }
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
