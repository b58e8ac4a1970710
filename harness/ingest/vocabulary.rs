//! Labels numbered in declared order, or in the order in which they are first seen.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Labels and their codes, byte-exact.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: Vec<String>,
    /// Labels of up to 15 bytes, packed: most look-ups compare one number and follow no pointer.
    short: HashMap<u128, u32, BuildHasherDefault<ShortTextHasher>>,
    long: HashMap<Box<[u8]>, u32>,
    closed: bool,
    wide: bool,
}

impl Vocabulary {
    /// Labels to be learned in the order in which they come; at most 65,535.
    #[must_use]
    pub fn open() -> Self {
        Self::default()
    }

    /// Keys to be learned, such as users; at most four thousand million.
    #[must_use]
    pub fn keys() -> Self {
        Self {
            wide: true,
            ..Self::default()
        }
    }

    /// Declared labels and no others.
    #[must_use]
    pub fn declared(words: &[String]) -> Self {
        let mut vocabulary = Self::default();
        for word in words {
            vocabulary.learn(word);
        }
        vocabulary.closed = true;
        vocabulary
    }

    /// The labels in the order of their codes.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether no label may be added.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether codes take four bytes.
    pub(super) fn is_wide(&self) -> bool {
        self.wide
    }

    /// The code of a label that is known.
    pub(super) fn code(&self, word: &[u8]) -> Option<u32> {
        match packed(word) {
            Some(word) => self.short.get(&word).copied(),
            None => self.long.get(word).copied(),
        }
    }

    /// Gives a new label the next code; `None` where there are too many.
    pub(super) fn learn(&mut self, word: &str) -> Option<u32> {
        let limit = if self.wide {
            u32::MAX
        } else {
            u32::from(u16::MAX)
        };
        let code = u32::try_from(self.words.len())
            .ok()
            .filter(|&code| code < limit)?;
        self.words.push(word.to_owned());
        match packed(word.as_bytes()) {
            Some(word) => self.short.insert(word, code),
            None => self.long.insert(word.as_bytes().into(), code),
        };
        Some(code)
    }
}

/// A text of up to 15 bytes and its length as one number.
fn packed(word: &[u8]) -> Option<u128> {
    if 15 < word.len() {
        return None;
    }
    let mut bytes = [0; 16];
    bytes[..word.len()].copy_from_slice(word);
    bytes[15] = word.len() as u8;
    Some(u128::from_le_bytes(bytes))
}

/// Multiplies both halves: three look-ups per row decide how long a large file takes.
#[derive(Debug, Clone, Copy, Default)]
struct ShortTextHasher(u64);

impl Hasher for ShortTextHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u128(u128::from(byte));
        }
    }

    fn write_u128(&mut self, word: u128) {
        const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9];
        let low = self.0 ^ (word as u64) ^ FACTORS[1];
        let high = (word >> 64) as u64 ^ FACTORS[0];
        let product = u128::from(low) * u128::from(high);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_any_length_keep_their_codes() {
        let words: Vec<String> = (0..40)
            .flat_map(|n| ["x".repeat(n), "x".repeat(n) + "\0"])
            .collect();
        let mut vocabulary = Vocabulary::keys();
        let mut different: Vec<String> = words.clone();
        different.sort();
        different.dedup();
        for word in &different {
            assert_eq!(vocabulary.code(word.as_bytes()), None, "{word:?}");
            vocabulary.learn(word);
        }
        for (code, word) in different.iter().enumerate() {
            assert_eq!(vocabulary.code(word.as_bytes()), Some(code as u32));
        }
    }
}
