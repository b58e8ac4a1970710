//! The fence round a session: a marker derived from the content, so that the content cannot close it.
//!
//! To close the fence a session would have to hold the hash of itself.

use crate::domain::request::Hash;

/// The words before the marker at the beginning and the end of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceWords {
    /// Before the marker at the beginning.
    pub begin: String,
    /// Before the marker at the end.
    pub end: String,
}

impl Default for FenceWords {
    /// The words that `prompts/system.md` describes.
    fn default() -> Self {
        Self {
            begin: "BEGIN SESSION".to_owned(),
            end: "END SESSION".to_owned(),
        }
    }
}

/// Digits of the marker.
const DIGITS: usize = 16;

/// The text between two lines with the same marker.
pub(super) fn fenced(body: &str, words: &FenceWords) -> String {
    let marker = marker(body);
    let line_end = if body.ends_with('\n') { "" } else { "\n" };
    let FenceWords { begin, end } = words;
    format!("{begin} {marker}\n{body}{line_end}{end} {marker}\n")
}

/// The first digits of the content's hash; of a hash of it and a number where the content, against all odds, holds them.
fn marker(body: &str) -> String {
    (0_u64..)
        .map(|attempt| {
            let hash = Hash::of(format!("{attempt}:{body}").as_bytes());
            hash.text().chars().take(DIGITS).collect::<String>()
        })
        .find(|marker| !body.contains(marker.as_str()))
        .expect("a text cannot hold every marker")
}
