//! One request to a model: four texts, and the hash by which its answer is found again.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a model is sent about one session for one classifier.
///
/// System text and session view are the same bytes for every classifier, and all classifiers send one wire schema, so that
/// a provider's prompt cache can serve them all; only the classifier's own text differs, and it comes last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Who reads and how; the same for all.
    pub system: String,
    /// The session inside its fence.
    pub view: String,
    /// The classifier's own text.
    pub classifier: String,
    /// The wire schema as it is sent.
    pub schema: String,
}

impl Request {
    /// The bytes that are hashed: the four texts as one JSON object, in this order, without white space.
    ///
    /// # Panics
    /// Never: strings can always be written as JSON.
    #[must_use]
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).expect("strings can always be written as JSON")
    }

    /// SHA-256 of the canonical bytes and of nothing else: no model, vendor field or transport.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(self.canonical().as_bytes())
    }
}

/// A SHA-256 in lower-case hexadecimal, as `sha256sum` prints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(
            Sha256::digest(bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }

    /// Reads a hash; `None` where the text is not 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// All 64 digits.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
