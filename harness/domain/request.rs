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

/// The hash of what all requests about one session begin with; each request's hash goes on from here.
///
/// A view is hashed once, however many classifiers ask about it.
#[derive(Clone)]
pub struct SharedBeginning(Sha256);

impl SharedBeginning {
    /// Hashes system text and view as [`Request::canonical`] begins.
    #[must_use]
    pub fn new(system: &str, view: &str) -> Self {
        let mut hasher = Sha256::new();
        for (key, text) in [("{\"system\":", system), (",\"view\":", view)] {
            hasher.update(key);
            hasher.update(in_json(text));
        }
        Self(hasher)
    }

    /// The hash of the request that goes on with these texts: the same as [`Request::hash`].
    #[must_use]
    pub fn hash(&self, classifier: &str, schema: &str) -> Hash {
        let mut hasher = self.0.clone();
        for (key, text) in [(",\"classifier\":", classifier), (",\"schema\":", schema)] {
            hasher.update(key);
            hasher.update(in_json(text));
        }
        hasher.update("}");
        Hash::from_digest(&hasher.finalize())
    }
}

fn in_json(text: &str) -> String {
    serde_json::to_string(text).expect("a string can always be written as JSON")
}

/// A SHA-256 in lower-case hexadecimal, as `sha256sum` prints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_digest(&Sha256::digest(bytes))
    }

    fn from_digest(digest: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = digest
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(DIGITS[usize::from(digit)]));
        Self(digits.collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_that_goes_on_from_the_shared_beginning_is_the_hash_of_the_request() {
        for view in ["", "plain", "\"quoted\"\n\u{7}\u{2028}é"] {
            let request = Request {
                system: "read \\ this".to_owned(),
                view: view.to_owned(),
                classifier: "which\t?".to_owned(),
                schema: "{\"type\":\"object\"}".to_owned(),
            };
            let beginning = SharedBeginning::new(&request.system, &request.view);
            assert_eq!(
                beginning.hash(&request.classifier, &request.schema),
                request.hash()
            );
        }
    }
}
