//! Labels numbered in declared order, or in the order in which they are first seen.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Labels and their codes, byte-exact.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: Vec<String>,
    codes: HashMap<Box<[u8]>, u32, BuildHasherDefault<ShortTextHasher>>,
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
        self.codes.get(word).copied()
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
        self.codes.insert(word.as_bytes().into(), code);
        Some(code)
    }
}

/// Multiplies eight bytes at a time: labels are short, and three look-ups per row decide how long a large file takes.
#[derive(Debug, Clone, Copy, Default)]
struct ShortTextHasher(u64);

impl Hasher for ShortTextHasher {
    fn write(&mut self, bytes: &[u8]) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut add = |word: u64| {
            let product = u128::from(self.0 ^ word) * u128::from(FACTOR);
            self.0 = product as u64 ^ (product >> 64) as u64;
        };
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            add(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        add(u64::from_le_bytes(last));
        add(bytes.len() as u64);
    }

    fn write_usize(&mut self, _: usize) {
        // The length is part of what `write` hashes.
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
