//! A key that cannot be printed.

use std::fmt;

use reqwest::header::HeaderValue;

/// The key of a provider. It has no text form; it leaves only as a header that is marked sensitive.
#[derive(Clone)]
pub struct Key(String);

impl Key {
    /// Wraps a key; `None` where it is empty, has characters that no header may carry, or is only white space.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_usable = !text.is_empty() && HeaderValue::from_str(text).is_ok();
        is_usable.then(|| Self(text.to_owned()))
    }

    /// The key as a header's value, after `prefix` (such as `Bearer `).
    ///
    /// # Panics
    /// Never: the text was checked when it was wrapped, and prefixes are plain words.
    #[must_use]
    pub fn header(&self, prefix: &str) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", self.0))
            .expect("the key was checked when it was wrapped");
        value.set_sensitive(true);
        value
    }

    /// The text without this key: servers quote keys in their errors.
    #[must_use]
    pub fn removed_from(&self, text: &str) -> String {
        text.replace(&self.0, "[key]")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[key]")
    }
}
