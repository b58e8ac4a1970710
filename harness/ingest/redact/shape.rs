//! Secrets that no regex from a keyword describes well: key blocks, URLs with a password, headers, cookies, `curl -u`.

use std::ops::Range;

use super::Span;
use super::judge::{self, Promise};
use super::rules::{Generic, Kind, Shape};
use super::run;

/// The longest key block.
const BLOCK: usize = 32 << 10;
/// The longest authority of a URL.
const AUTHORITY: usize = 600;
/// The longest cookie header.
const COOKIES: usize = 8 << 10;

/// Adds to `claimed` what the shape finds at a keyword.
pub(super) fn find<'r>(
    rule: &'r Shape,
    generic: &Generic,
    text: &str,
    hit: Range<usize>,
    claimed: &mut Vec<Span<'r>>,
) {
    let spans = match rule.kind {
        Kind::PrivateKey => private_key(text, hit.start).into_iter().collect(),
        Kind::Url => url(text, hit, generic).into_iter().collect(),
        Kind::Bearer => header(text, hit, generic).into_iter().collect(),
        Kind::Cookie => cookies(text, hit.end, generic),
        Kind::Curl => curl_user(text, hit.end, generic).into_iter().collect(),
    };
    claimed.extend(spans.into_iter().map(|span| match rule.kind {
        Kind::Cookie => Span::likely(span.start, span.end, &rule.id),
        Kind::Url | Kind::Bearer | Kind::Curl => Span::named(span.start, span.end, &rule.id),
        Kind::PrivateKey => Span::certain(span.start, span.end, &rule.id),
    }));
}

/// `-----BEGIN ... PRIVATE KEY-----` with its body, to the end marker or, where the text was cut, as far as the body
/// goes. Between the lines may stand line numbers of a listing, quotes of string literals, and `\n` as it is written.
fn private_key(text: &str, start: usize) -> Option<Range<usize>> {
    let end = text.floor_char_boundary(start.saturating_add(BLOCK));
    let block = &text[start..end];
    let label = &block[..block.floor_char_boundary(120)];
    let opening = label
        .find("PRIVATE KEY")
        .map(|at| at + "PRIVATE KEY".len())?;
    if label[..opening].contains('\n') {
        return None;
    }
    let opening = opening
        + block[opening..]
            .bytes()
            .take(20)
            .take_while(|byte| b" BLOCK-".contains(byte))
            .count();
    let body = &block[opening..];
    let closing = body.find("-----END").or_else(|| body.find("---- END"));
    let next = body.find("-----BEGIN").unwrap_or(body.len());
    match closing.filter(|&at| at < next) {
        Some(at) if has_key_material(&body[..at]) => {
            let marker = &body[at..];
            let label = marker
                .find("KEY")
                .filter(|&label| label < 60)
                .map_or(8, |label| label + 3);
            let label = label
                + marker[label..]
                    .bytes()
                    .take(12)
                    .take_while(|byte| b" BLOCK-".contains(byte))
                    .count();
            Some(start..start + opening + at + label)
        }
        Some(_) => None,
        None => {
            let body = &body[..next];
            let foreign =
                |c: char| !(c.is_ascii_alphanumeric() || "+/=\\\r\n \t\"',:-|>.→│".contains(c));
            let length = body.find(foreign).unwrap_or(body.len());
            // Prose may follow a cut block: end behind the last long run of key material.
            let last = runs(&body[..length])
                .filter(|run| is_key_material(&body[run.clone()]))
                .map(|run| run.end)
                .last()?;
            Some(start..start + opening + last)
        }
    }
}

fn has_key_material(body: &str) -> bool {
    runs(body).any(|run| is_key_material(&body[run]))
}

/// The runs of base64 characters.
fn runs(body: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = body.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..]
            .iter()
            .take_while(|byte| !is_base64(**byte))
            .count();
        let start = at;
        at += bytes[at..]
            .iter()
            .take_while(|byte| is_base64(**byte))
            .count();
        // The n of a written line break belongs to the break.
        let skip = usize::from(start > 0 && bytes[start - 1] == b'\\' && start < at);
        (at > start).then_some(start + skip..at)
    })
}

fn is_key_material(run: &str) -> bool {
    run.len() >= 24
        && run
            .bytes()
            .any(|byte| byte.is_ascii_digit() || byte == b'+' || byte == b'/')
        && judge::entropy(run) >= 3.5
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// `scheme://user:password@host` (the password) and `scheme://token@host` (the token).
fn url(text: &str, hit: Range<usize>, generic: &Generic) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let schemed = hit
        .start
        .checked_sub(1)
        .is_some_and(|before| bytes[before].is_ascii_alphanumeric());
    let authority = &bytes[hit.end..bytes.len().min(hit.end + AUTHORITY)];
    let length = authority
        .iter()
        .take_while(|byte| byte.is_ascii_graphic() && !b"/\"'`<>\\,;()|".contains(byte))
        .count();
    let at = authority[..length]
        .iter()
        .rposition(|&byte| byte == b'@')
        .filter(|_| schemed)?;
    let login = &text[hit.end..hit.end + at];
    match login.split_once(':') {
        Some((user, password)) => {
            judge::is_login(password, user, generic).then(|| hit.end + user.len() + 1..hit.end + at)
        }
        None => judge::is_random(login, 20).then_some(hit.end..hit.end + at),
    }
}

/// `Bearer ...` and `Basic ...`.
fn header(text: &str, hit: Range<usize>, generic: &Generic) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if hit
        .start
        .checked_sub(1)
        .is_some_and(|before| bytes[before].is_ascii_alphanumeric())
    {
        return None;
    }
    let basic = bytes[hit.start].eq_ignore_ascii_case(&b'b')
        && bytes[hit.start + 1].eq_ignore_ascii_case(&b'a');
    let length = run(&bytes[hit.end..], 8192, |byte| {
        is_base64(*byte) || b"-._~".contains(byte)
    });
    let value = text[hit.end..hit.end + length].trim_end_matches('.');
    let secret = if basic {
        is_basic(value)
    } else {
        judge::is_random(value, 16) && !judge::has_any(value, &generic.placeholders)
    };
    (secret && !value.contains("REDACTED")).then(|| hit.end..hit.end + value.len())
}

/// Base64 of printable characters with a colon among them.
fn is_basic(value: &str) -> bool {
    if value.len() < 8 {
        return false;
    }
    let mut bits = 0u32;
    let mut held = 0;
    let mut colon = false;
    for byte in value.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            let plain = (bits >> held & 0xff) as u8;
            colon |= plain == b':';
            if !(plain.is_ascii_graphic() || plain == b' ') {
                return false;
            }
        }
    }
    colon
}

/// The values of `name=value; name=value` that look random or whose names speak of a session.
fn cookies(text: &str, from: usize, generic: &Generic) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = from;
    let end = bytes.len().min(from + COOKIES);
    at += run(&bytes[at..end], 4, |byte| b" =\"'".contains(byte));
    while at < end {
        let name = at..at + run(&bytes[at..end], 128, |byte| is_cookie_name(*byte));
        if name.is_empty() || bytes.get(name.end) != Some(&b'=') {
            // Attributes of Set-Cookie have no value: `; HttpOnly`.
            let attribute = !name.is_empty() && bytes.get(name.end) == Some(&b';');
            if !attribute {
                break;
            }
            at = name.end;
        } else {
            let start = name.end + 1;
            let stop = start
                + bytes[start..end]
                    .iter()
                    .take_while(|byte| is_cookie_value(**byte))
                    .count();
            let value = &text[start..stop];
            let lower = text[name].to_ascii_lowercase();
            let session = ["sess", "sid", "auth", "token", "jwt", "csrf", "xsrf"]
                .iter()
                .any(|part| lower.contains(part));
            let random = judge::is_random(value, if session { 12 } else { 20 })
                || (session && judge::is_uuid(value));
            if random
                && !judge::has_any(value, &generic.placeholders)
                && !judge::is_reference(value)
            {
                found.push(start..stop);
            }
            at = stop;
        }
        let gap = run(&bytes[at..end], 4, |byte| b"; ".contains(byte));
        if gap == 0 {
            break;
        }
        at += gap;
    }
    found
}

fn is_cookie_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.$".contains(&byte)
}

fn is_cookie_value(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'`;,\\".contains(&byte)
}

/// The password of `curl ... -u user:password`.
fn curl_user(text: &str, from: usize, generic: &Generic) -> Option<Range<usize>> {
    let end = text.floor_char_boundary(from.saturating_add(400));
    let command = &text[from..end];
    // The next command has flags of its own.
    let command = ["curl ", "&& ", "\n\n", "; "]
        .iter()
        .fold(command, |command, end| {
            command.split(end).next().unwrap_or(command)
        });
    let flag = [
        " -u ",
        " --user ",
        "-u ",
        "--user ",
        " --user=",
        " --proxy-user ",
    ]
    .iter()
    .find_map(|flag| {
        let at = command.find(flag)?;
        let fresh = flag.starts_with(' ') || at == 0;
        fresh.then_some(at + flag.len())
    })?;
    let rest = &command[flag..];
    let open = rest
        .bytes()
        .take_while(|byte| b"\\\"' ".contains(byte))
        .count();
    let login = &rest[open..];
    let quote = rest[..open]
        .trim_end_matches('\\')
        .bytes()
        .last()
        .filter(|byte| b"\"'".contains(byte));
    let length = login
        .bytes()
        .take_while(|&byte| {
            byte.is_ascii_graphic()
                && byte != b'\\'
                && quote.map_or(!b"\"'`;|)".contains(&byte), |quote| byte != quote)
        })
        .count();
    let (user, password) = login[..length].split_once(':')?;
    let start = from + flag + open + user.len() + 1;
    // `-u $KEY:` and `-u key:`: the user is the secret.
    if password.is_empty() {
        let start = from + flag + open;
        return (judge::is_random(user, 16)
            && judge::is_secret(user, Promise::Secret, false, generic))
        .then(|| start..start + user.len());
    }
    (judge::is_login(password, user, generic) && password.len() >= 6)
        .then(|| start..start + password.len())
}
