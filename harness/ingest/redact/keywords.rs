//! Where do the keywords of the rules stand? One table look-up per byte.
//!
//! An Aho-Corasick automaton of these three hundred keywords was the first form of this file. It walks 320 MB/s, for
//! every step waits for the one before; a table over three folded bytes has no such chain and walks several times that.

use std::ops::Range;

/// Five bits of each of three bytes.
const SLOTS: usize = 1 << 15;

/// The keywords, in any case, by their first three bytes.
pub(super) struct Keywords {
    /// Number of the bucket; the first is empty.
    slots: Vec<u16>,
    buckets: Vec<Vec<(usize, Vec<u8>)>>,
}

impl Keywords {
    /// `words` are in lower case and have three bytes or more.
    pub(super) fn new(words: Vec<String>) -> Keywords {
        let mut slots = vec![0u16; SLOTS];
        let mut buckets: Vec<Vec<(usize, Vec<u8>)>> = vec![Vec::new()];
        for (number, word) in words.into_iter().enumerate() {
            let word = word.into_bytes();
            assert!(
                word.len() >= 3,
                "the rule file is part of the program and tested: keywords have three bytes"
            );
            let slot = word[..3].iter().fold(0, fold);
            if slots[slot] == 0 {
                slots[slot] =
                    u16::try_from(buckets.len()).expect("there are fewer keywords than numbers");
                buckets.push(Vec::new());
            }
            buckets[usize::from(slots[slot])].push((number, word));
        }
        Keywords { slots, buckets }
    }

    /// Calls `found` with the number and the place of every occurrence of every keyword, in order of their beginnings.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, Range<usize>)) {
        let mut slot = 0;
        for (end, byte) in text.iter().enumerate() {
            slot = fold(slot, byte);
            let bucket = self.slots[slot];
            if bucket != 0 && end >= 2 {
                let start = end - 2;
                for (number, word) in &self.buckets[usize::from(bucket)] {
                    if text[start..]
                        .get(..word.len())
                        .is_some_and(|there| there.eq_ignore_ascii_case(word))
                    {
                        found(*number, start..start + word.len());
                    }
                }
            }
        }
    }
}

/// Upper and lower case have the same five bits.
fn fold(slot: usize, byte: &u8) -> usize {
    (slot << 5 | usize::from(byte & 0x1f)) & (SLOTS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_of_every_keyword_is_found_in_any_case() {
        let keywords = Keywords::new(["tok", "token", "://", "oke"].map(str::to_owned).to_vec());
        let mut found = Vec::new();
        keywords.each(b"a Token://tok", |number, place| {
            found.push((number, place.start))
        });
        found.sort_unstable();
        assert_eq!(found, [(0, 2), (0, 10), (1, 2), (2, 7), (3, 3)]);
    }
}
