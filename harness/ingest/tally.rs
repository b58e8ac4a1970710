//! How often each pair of labels occurs in each group of rows, counted while a file is read.
//!
//! What is said about two raters follows from these counts, so that rows need not be kept: memory grows with the different
//! combinations and not with the rows. New rows wait in a list, which is sorted and merged into the counts when it has
//! grown half as long as they are.

/// Two raters' labels as codes of one vocabulary and the group of rows they belong to; `None` where a cell is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The group: a user, say.
    pub group: u32,
    /// The first rater's label.
    pub a: Option<u16>,
    /// The second rater's label.
    pub b: Option<u16>,
}

/// Counts of pairs by group.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Pairs in ascending order, none twice.
    keys: Vec<u64>,
    /// How often each occurred.
    counts: Vec<u64>,
    waiting: Vec<u64>,
}

/// The code of an empty cell, beyond those of a vocabulary.
const EMPTY: u16 = u16::MAX;

/// Rows that wait at least, before they are sorted.
const WAITING: usize = 1 << 18;

impl Pair {
    /// Sorts by group, then by the first label, then by the second.
    fn key(self) -> u64 {
        let [a, b] = [self.a, self.b].map(|code| u64::from(code.unwrap_or(EMPTY)));
        u64::from(self.group) << 32 | a << 16 | b
    }

    fn from_key(key: u64) -> Self {
        let code = |bits: u64| Some(bits as u16).filter(|&code| code != EMPTY);
        Self {
            group: (key >> 32) as u32,
            a: code(key >> 16),
            b: code(key),
        }
    }
}

impl Tally {
    /// Counts one row.
    pub fn add(&mut self, pair: Pair) {
        self.waiting.push(pair.key());
        if self.waiting.len() >= WAITING.max(self.keys.len() / 2) {
            self.settle();
        }
    }

    /// The counts, sorted by group, first and second label; an empty cell comes after all labels.
    pub fn counts(&mut self) -> impl Iterator<Item = (Pair, u64)> + Clone + '_ {
        self.settle();
        let pairs = self.keys.iter().map(|&key| Pair::from_key(key));
        pairs.zip(self.counts.iter().copied())
    }

    /// Gives every label another code: code k becomes `place[k]`, no two the same.
    pub fn recode(&mut self, place: &[u16]) {
        self.settle();
        if place
            .iter()
            .enumerate()
            .all(|(k, &new)| k == usize::from(new))
        {
            return;
        }
        let recoded = |key: u64| {
            let pair = Pair::from_key(key);
            let [a, b] = [pair.a, pair.b].map(|code| code.map(|code| place[usize::from(code)]));
            Pair { a, b, ..pair }.key()
        };
        let keys = self.keys.iter().map(|&key| recoded(key));
        let mut entries: Vec<(u64, u64)> = keys.zip(self.counts.iter().copied()).collect();
        entries.sort_unstable();
        (self.keys, self.counts) = entries.into_iter().unzip();
    }

    /// Sorts what waits and merges it into the counts.
    fn settle(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.waiting.sort_unstable();
        let mut fresh = self.waiting.chunk_by(|x, y| x == y).peekable();
        let mut known = self.keys.iter().zip(&self.counts).peekable();
        let different = self.waiting.chunk_by(|x, y| x == y).count();
        let longest = self.keys.len() + different;
        let (mut keys, mut counts) = (Vec::with_capacity(longest), Vec::with_capacity(longest));
        loop {
            let next = known.peek().map(|(key, _)| **key);
            let (key, count) = match (next, fresh.peek()) {
                (Some(key), Some(run)) if key == run[0] => {
                    let before = known.next().map_or(0, |(_, count)| *count);
                    (key, before + fresh.next().map_or(0, |run| run.len() as u64))
                }
                (Some(key), run) if run.is_none_or(|run| key < run[0]) => {
                    (key, known.next().map_or(0, |(_, count)| *count))
                }
                (_, Some(run)) => {
                    let counted = (run[0], run.len() as u64);
                    fresh.next();
                    counted
                }
                (_, None) => break,
            };
            keys.push(key);
            counts.push(count);
        }
        (self.keys, self.counts) = (keys, counts);
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Rows of a small generator, with empty cells, over enough combinations that lists are merged several times.
    fn rows() -> impl Iterator<Item = Pair> {
        let mut state = 7_u64;
        let mut draw = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        (0..3 * WAITING).map(move |_| Pair {
            group: draw(500) as u32,
            a: Some(draw(40) as u16).filter(|&code| code < 39),
            b: Some(draw(40) as u16).filter(|&code| code < 39),
        })
    }

    fn tallied(rows: impl Iterator<Item = Pair>) -> Tally {
        let mut tally = Tally::default();
        rows.for_each(|pair| tally.add(pair));
        tally
    }

    #[test]
    fn counts_are_those_of_a_map() {
        let mut expected = BTreeMap::new();
        for pair in rows() {
            let last = |code: Option<u16>| (code.is_none(), code);
            *expected
                .entry((pair.group, last(pair.a), last(pair.b)))
                .or_insert(0_u64) += 1;
        }
        let found: Vec<_> = tallied(rows()).counts().collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|((group, (_, a), (_, b)), count)| (Pair { group, a, b }, count))
            .collect();
        assert!(expected.len() > WAITING, "lists are merged");
        assert_eq!(found, expected);
    }

    #[test]
    fn recoding_is_counting_other_codes() {
        let place: Vec<u16> = (0..39).rev().collect();
        let of = |code: Option<u16>| code.map(|code| 38 - code);
        let mut recoded = tallied(rows());
        recoded.recode(&place);
        let other = rows().map(|pair| Pair {
            a: of(pair.a),
            b: of(pair.b),
            ..pair
        });
        let expected: Vec<_> = tallied(other).counts().collect();
        assert_eq!(recoded.counts().collect::<Vec<_>>(), expected);
    }
}
