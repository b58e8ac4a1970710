//! Tokens with a shape of their own: the regex is tried where the keyword stands.

use super::Span;
use super::judge;
use super::rules::{Left, Token};

/// The token of `rule` whose keyword stands at `at`.
pub(super) fn find<'r>(
    rule: &'r Token,
    text: &str,
    at: usize,
    placeholders: &[String],
) -> Option<Span<'r>> {
    let bytes = text.as_bytes();
    // The longest lead first: a shorter one would leave the first characters of the secret standing.
    for lead in (rule.lead[0]..=rule.lead[1]).rev() {
        let Some(start) = at
            .checked_sub(lead)
            .filter(|&start| text.is_char_boundary(start))
        else {
            continue;
        };
        let free = match rule.left {
            Left::Any => true,
            Left::Fresh => is_fresh(bytes, start),
            Left::Spaced => is_spaced(bytes, start),
        };
        if !free {
            continue;
        }
        let end = text.floor_char_boundary(start.saturating_add(rule.window));
        let Some(found) = rule.regex().find(&text[start..end]) else {
            continue;
        };
        let secret = found.as_str();
        if judge::entropy(secret) >= rule.entropy && !judge::has_any(secret, placeholders) {
            return Some(Span::certain(start, start + found.end(), &rule.id));
        }
    }
    None
}

/// True if a word can begin at `at`: what precedes is no letter, digit or underscore, or is the end of an escape
/// sequence (`\n`, `\u003d`, `%3D`, a terminal colour), which only looks like a letter.
pub(super) fn is_fresh(bytes: &[u8], at: usize) -> bool {
    let Some(&before) = at.checked_sub(1).and_then(|i| bytes.get(i)) else {
        return true;
    };
    if !(before.is_ascii_alphanumeric() || before == b'_') {
        return true;
    }
    let head = &bytes[..at];
    match before {
        b'n' | b't' | b'r' | b'b' | b'f' if head.ends_with(&[b'\\', before]) => true,
        b'm' if ends_colour(&head[..head.len() - 1]) => true,
        _ => {
            let hex = |n: usize| {
                head.len() >= n && head[head.len() - n..].iter().all(u8::is_ascii_hexdigit)
            };
            (hex(4) && head[..head.len() - 4].ends_with(b"\\u"))
                || (hex(2) && head[..head.len() - 2].ends_with(b"%"))
        }
    }
}

fn is_spaced(bytes: &[u8], at: usize) -> bool {
    let dotted = at
        .checked_sub(1)
        .is_some_and(|i| matches!(bytes[i], b'-' | b'+' | b'/' | b'.'));
    !dotted && is_fresh(bytes, at)
}

/// `[`, digits and semicolons: the inside of a terminal colour sequence.
fn ends_colour(head: &[u8]) -> bool {
    let digits = head
        .iter()
        .rev()
        .take(12)
        .take_while(|byte| byte.is_ascii_digit() || **byte == b';')
        .count();
    head[..head.len() - digits].ends_with(b"[")
}
