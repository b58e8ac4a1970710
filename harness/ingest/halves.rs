//! Halves of characters in JSON: JavaScript cuts strings between the two escapes of one character and writes the half.
//!
//! `"\ud83d"` is what a client's `JSON.stringify` makes of a truncated emoji. No UTF-8 text can hold it, so a strict
//! reader rejects the whole line for it.

use std::borrow::Cow;

/// What stands where a half was.
const REPLACEMENT: &str = "\\ufffd";

/// JSON text in which each escape of half a character became the replacement character.
pub(super) fn mended(text: Cow<'_, str>) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    // Most lines hold none, and backslashes are frequent: code in JSON is full of them.
    if ["\\ud", "\\uD"]
        .iter()
        .all(|half| memchr::memmem::find(bytes, half.as_bytes()).is_none())
    {
        return text;
    }
    let mut mended: Option<String> = None;
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        let start = at + found;
        let (half, length) = match escaped(bytes, start) {
            Some(0xD800..=0xDBFF) if matches!(escaped(bytes, start + 6), Some(0xDC00..=0xDFFF)) => {
                (false, 12)
            }
            Some(0xD800..=0xDFFF) => (true, 6),
            Some(_) => (false, 6),
            None => (false, 2),
        };
        if half {
            let mended = mended.get_or_insert_default();
            mended.push_str(&text[kept..start]);
            mended.push_str(REPLACEMENT);
            kept = start + length;
        }
        at = (start + length).min(bytes.len());
    }
    match mended {
        None => text,
        Some(mut mended) => {
            mended.push_str(&text[kept..]);
            Cow::Owned(mended)
        }
    }
}

/// The value of the escape `\uXXXX` at `start`, if there is one.
pub(super) fn escaped(bytes: &[u8], start: usize) -> Option<u32> {
    let digits = bytes.get(start..start + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |value, digit| {
        char::from(*digit)
            .to_digit(16)
            .map(|digit| value * 16 + digit)
    })
}
