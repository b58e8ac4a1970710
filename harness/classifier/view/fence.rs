//! The fence round a session: a marker derived from the content, so that the content cannot close it.
//!
//! To close the fence a session would have to hold the hash of itself.

use crate::domain::request::Hash;

/// Digits of the marker.
const DIGITS: usize = 16;

/// The text between two lines with the same marker.
pub(super) fn fenced(body: &str) -> String {
    let marker = marker(body);
    let end = if body.ends_with('\n') { "" } else { "\n" };
    format!("BEGIN SESSION {marker}\n{body}{end}END SESSION {marker}\n")
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
