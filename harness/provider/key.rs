//! A key that cannot be printed.

use std::borrow::Cow;
use std::fmt;

use reqwest::header::HeaderValue;

/// What stands where a key was.
const REMOVED: &str = "[key]";

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

    /// The text without this key: servers quote keys in their errors. A JSON text stays one, and a key is also found where
    /// JSON escapes hide it.
    #[must_use]
    pub fn removed_from(&self, text: &str) -> String {
        let mut removed = text.replace(&self.0, REMOVED);
        let written = serde_json::to_string(&self.0).unwrap_or_default();
        let escaped = written.trim_matches('"');
        if escaped != self.0 {
            removed = removed.replace(escaped, REMOVED);
        }
        if let Cow::Owned(plain) = without_needless_escapes(&removed)
            && (plain.contains(&self.0) || plain.contains(escaped))
        {
            removed = plain.replace(&self.0, REMOVED).replace(escaped, REMOVED);
        }
        removed
    }
}

/// JSON in which printable ASCII and slashes stand for themselves, which means the same.
fn without_needless_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u00") && !text.contains("\\/") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escape = &rest[at..];
        let code = escape
            .strip_prefix("\\u00")
            .and_then(|digits| digits.get(..2))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .filter(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
        let taken = match code {
            Some(byte) => {
                plain.push(char::from(byte));
                "\\u0000".len()
            }
            None if escape.starts_with("\\/") => {
                plain.push('/');
                2
            }
            None => {
                // The character after a backslash belongs to it: `\\u0041` is a backslash and text.
                let taken = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
                plain.push_str(&escape[..taken]);
                taken
            }
        };
        rest = &escape[taken..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REMOVED)
    }
}
