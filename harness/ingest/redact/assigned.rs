//! Values that are secrets because of the name that they are given: `api_key = "..."`, `--password ...`,
//! `<secret>...</secret>`, `{"name": "TOKEN", "value": "..."}`.

use std::ops::Range;

use super::Span;
use super::judge::{self, Promise};
use super::rules::{Generic, Rules};
use super::run;

/// How far the rest of a name and what stands between it and its operator may reach.
const NAME: usize = 48;
/// Longest value in quotes.
const LONGEST: usize = 8192;
/// Longest value without.
const LONGEST_BARE: usize = 1024;

/// Looks at names in one text.
pub(super) struct Names<'r, 't> {
    rules: &'r Rules,
    text: &'t str,
    /// The last bare value that was walked, so that `token:token:token:` is walked once and not from each name again.
    walked: Range<usize>,
    /// Whether that value was one, or the name of something that is called.
    called: bool,
}

/// A value and how it was written.
struct Value {
    range: Range<usize>,
    /// Without quotes.
    bare: bool,
    /// The whole rest of a line `NAME=...`, as in .env files: no code.
    line: bool,
    /// Without an operator, as in prose: the token `...`.
    told: bool,
}

impl<'r, 't> Names<'r, 't> {
    pub(super) fn new(rules: &'r Rules, text: &'t str) -> Names<'r, 't> {
        Names {
            rules,
            text,
            walked: 0..0,
            called: false,
        }
    }

    /// The secret that is given to the name in which the credential word `word` stands.
    pub(super) fn find(&mut self, word: Range<usize>) -> Option<Span<'r>> {
        let bytes = self.text.as_bytes();
        let mut start = word.start
            - bytes[..word.start]
                .iter()
                .rev()
                .take(NAME)
                .take_while(|byte| is_name(**byte))
                .count();
        // The n of a written line break is no part of the name.
        if start > 0
            && bytes[start - 1] == b'\\'
            && start < word.start
            && b"nrt".contains(&bytes[start])
        {
            start += 1;
        }
        let (value, end) = self.value(start, word.end)?;
        let text = &self.text[value.range.clone()];
        if text.len() < 8 || text.contains("REDACTED") || !text.is_ascii() {
            return None;
        }
        // Most words beside `token` are prose.
        if value.told
            && value.bare
            && (text.len() < 20 || !text.bytes().any(|byte| byte.is_ascii_digit()))
        {
            return None;
        }
        let name = self.text[start..end].to_ascii_lowercase();
        for rule in self
            .rules
            .assigned
            .iter()
            .filter(|rule| rule.keys.iter().any(|key| name.contains(key.as_str())))
        {
            if rule.regex().is_match(text) && is_providers(text, &self.rules.generic) {
                return Some(Span::named(value.range.start, value.range.end, &rule.id));
            }
        }
        if self
            .rules
            .generic
            .harmless
            .iter()
            .any(|part| name.contains(part.as_str()))
        {
            return None;
        }
        let (promise, rule) = match promise(&name) {
            (_, rule) if value.told && value.bare => (Promise::Token, rule),
            promised => promised,
        };
        judge::is_secret(
            text,
            promise,
            value.bare && !value.line,
            &self.rules.generic,
        )
        .then(|| Span::likely(value.range.start, value.range.end, rule))
    }

    /// The value given to the name that begins at `start` and goes on at `from`, and where the name ends.
    fn value(&mut self, start: usize, from: usize) -> Option<(Value, usize)> {
        let bytes = self.text.as_bytes();
        let mut at = from + run(&bytes[from..], NAME, |byte| is_name(*byte));
        let end = at;
        let quoted = matches!(bytes.get(at), Some(b'"' | b'\'' | b'`' | b'\\' | b']'));
        at += bytes[at..]
            .iter()
            .take(8)
            .take_while(|byte| b"\"'`\\])*?! \t".contains(byte))
            .count();
        let operator = operator(bytes, start, end, at, quoted);
        let told = operator.is_none();
        at = operator.or_else(|| beside(bytes, end, at))?;
        at += run(&bytes[at..], 16, |byte| matches!(byte, b' ' | b'\t'));
        at = annotation(bytes, at).unwrap_or(at);
        // A value on the next line has quotes.
        let below = run(&bytes[at..], 40, |byte| byte.is_ascii_whitespace());
        if below > 0 && matches!(bytes.get(at + below), Some(b'"' | b'\'' | b'`')) {
            at += below;
        }
        let value = self.written(start, end, at)?;
        Some((Value { told, ..value }, end))
    }

    /// The value that is written at `at`.
    fn written(&mut self, start: usize, end: usize, at: usize) -> Option<Value> {
        let bytes = self.text.as_bytes();
        let at = at + prefix(&bytes[at..]);
        let escapes = run(&bytes[at..], 8, |byte| *byte == b'\\');
        if let Some(&quote) = bytes
            .get(at + escapes)
            .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))
        {
            let from = at + escapes + 1;
            let from = from + scheme(&bytes[from..]);
            let stop = closing(bytes, from, quote, escapes)?;
            return Some(Value {
                range: from..stop,
                bare: false,
                line: false,
                told: false,
            });
        }
        let at = at + scheme(&bytes[at..]);
        let line = is_line_of_environment(bytes, start, end) || is_literal(bytes, start);
        if self.walked.contains(&at) && !line {
            // The rest of a value that was already looked at: `secret:token:...`.
            return (!self.called).then_some(Value {
                range: at..self.walked.end,
                bare: true,
                line,
                told: false,
            });
        }
        let length = bytes[at..]
            .iter()
            .enumerate()
            .take(LONGEST_BARE)
            .take_while(|(n, byte)| is_bare(bytes, at + n, **byte, line))
            .count();
        let mut stop = at + length;
        while stop > at && matches!(bytes[stop - 1], b'.' | b':' | b'!' | b'?' | b'*') && !line {
            stop -= 1;
        }
        self.walked = at..stop;
        // A placeholder begins with a bracket too.
        self.called = matches!(bytes.get(stop), Some(b'(' | b'[' | b'{' | b'<'))
            && !line
            && !bytes[stop..].starts_with(b"</");
        (!self.called).then_some(Value {
            range: at..stop,
            bare: true,
            line,
            told: false,
        })
    }
}

/// What a name promises, and the rule that a match is reported under.
fn promise(name: &str) -> (Promise, &'static str) {
    if name.contains("_authtoken") {
        // The registry's token in .npmrc may be a UUID.
        (Promise::Secret, "token")
    } else if name.contains("pass") || name.contains("pwd") {
        (Promise::Password, "password")
    } else if name.contains("secret") || name.contains("credential") {
        (Promise::Secret, "secret")
    } else if name.contains("key") {
        let strong = [
            "api", "access", "private", "encrypt", "sign", "account", "master", "license",
            "service", "auth",
        ];
        let promise = if strong.iter().any(|part| name.contains(part)) {
            Promise::Secret
        } else {
            Promise::Token
        };
        (promise, "api-key")
    } else {
        (Promise::Token, "token")
    }
}

fn is_providers(value: &str, generic: &Generic) -> bool {
    judge::entropy(value) >= 2.8
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && (judge::is_uuid(value) || judge::is_random(value, 12))
        && !judge::has_any(value, &generic.token_placeholders)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The end of the operator that gives a value to the name, if there is one.
fn operator(bytes: &[u8], start: usize, end: usize, at: usize, quoted: bool) -> Option<usize> {
    let rest = &bytes[at..];
    for sign in [
        ":=", "=>", "===", "==", "!==", "||=", "?=", "+=", "??=", "=", ":", "%3D", "%3d", "is: ",
        "is ",
    ] {
        if rest.starts_with(sign.as_bytes()) {
            // `Token::new`, `secret://`: a path and a scheme.
            let path = sign == ":" && matches!(rest.get(1), Some(b':' | b'/'));
            return (!path).then_some(at + sign.len());
        }
    }
    // {"name": "TOKEN", "value": "..."}, - name: TOKEN\n  value: ..., <add key="Password" value="..."/>
    let gap = run(rest, 60, |byte| {
        byte.is_ascii_whitespace() || b",\"'".contains(byte)
    });
    if let Some(after) = rest[gap..].strip_prefix(b"value") {
        let closes = run(after, 4, |byte| b"\"' \t".contains(byte));
        if matches!(after.get(closes), Some(b':' | b'=')) {
            return Some(at + gap + "value".len() + closes + 1);
        }
    }
    match rest.first()? {
        // f("api_key", "...")
        b',' if quoted => Some(at + 1),
        // <password>...</password>
        b'>' if start > 0 && bytes[start - 1] == b'<' => Some(at + 1),
        // --password ...
        _ if at > end
            && !quoted
            && bytes[start..].starts_with(b"--")
            && !rest.starts_with(b"-") =>
        {
            Some(at)
        }
        _ if at > end && !quoted && follows_login(bytes, start) => Some(at),
        // AWS Secret Access Key [None]: ...
        b'[' if rest.starts_with(b"[None]: ") => Some(at + 8),
        _ => None,
    }
}

/// Where the value is that stands beside its name without an operator: the token `...`, and bare after one space.
fn beside(bytes: &[u8], end: usize, at: usize) -> Option<usize> {
    let gap = &bytes[end..at];
    if !gap.starts_with(b" ") {
        return None;
    }
    match gap.last() {
        Some(b'`' | b'"' | b'\'') => {
            let escapes = gap[..gap.len() - 1]
                .iter()
                .rev()
                .take_while(|byte| **byte == b'\\')
                .count();
            Some(at - 1 - escapes)
        }
        _ => (gap == b" ").then_some(at),
    }
}

/// The end of a type: `const TOKEN: &str = "..."`.
fn annotation(bytes: &[u8], at: usize) -> Option<usize> {
    let length = run(&bytes[at..], 40, |byte| {
        byte.is_ascii_alphanumeric() || b"&'_<>[]|. ?:".contains(byte)
    });
    let rest = bytes[at + length..]
        .strip_prefix(b"=")
        .filter(|_| length > 0)?;
    let blank = run(rest, 8, |byte| *byte == b' ');
    matches!(rest.get(blank), Some(b'"' | b'\'' | b'`' | b'\\')).then_some(at + length + 1 + blank)
}

/// The letter of a prefixed literal: `b"..."`, `$'...'`.
fn prefix(rest: &[u8]) -> usize {
    usize::from(matches!(
        rest,
        [b'b' | b'r' | b'f' | b'u' | b'$' | b'@', b'"' | b'\'', ..]
    ))
}

/// The scheme word of a header value.
fn scheme(rest: &[u8]) -> usize {
    let known = [
        "Bearer ",
        "bearer ",
        "Token ",
        "token ",
        "Bot ",
        "ApiKey ",
        "Apikey ",
        "Api-Key ",
        "Key ",
        "SSWS ",
        "GenieKey ",
    ];
    known
        .iter()
        .find(|word| rest.starts_with(word.as_bytes()))
        .map_or(0, |word| word.len())
}

/// Where the quote closes: the same quote behind as many backslashes at most as opened it, before any white space.
fn closing(bytes: &[u8], from: usize, quote: u8, escapes: usize) -> Option<usize> {
    let mut backslashes = 0;
    for (at, &byte) in bytes.iter().enumerate().skip(from).take(LONGEST) {
        if byte == quote && backslashes <= escapes {
            return Some(at - backslashes);
        }
        if byte.is_ascii_whitespace() {
            return None;
        }
        backslashes = if byte == b'\\' { backslashes + 1 } else { 0 };
    }
    None
}

/// `NAME=` at the start of a line or after `export`: the shell and .env files know no expressions there.
fn is_line_of_environment(bytes: &[u8], start: usize, end: usize) -> bool {
    let name = bytes[start..end]
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let head = &bytes[..start];
    let opens = head.is_empty()
        || [&b"\n"[..], b"\\n", b"export ", b"ENV ", b"set ", b"-e "]
            .iter()
            .any(|before| head.ends_with(before));
    name && opens && bytes.get(end) == Some(&b'=')
}

/// `--password ...`, `;Password=...` of a connection string, `login app password ...` of .netrc: no code either.
fn is_literal(bytes: &[u8], start: usize) -> bool {
    bytes[start..].starts_with(b"--")
        || (start > 0 && bytes[start - 1] == b';')
        || follows_login(bytes, start)
}

fn follows_login(bytes: &[u8], start: usize) -> bool {
    let line = bytes[..start]
        .iter()
        .rev()
        .take(80)
        .take_while(|byte| **byte != b'\n')
        .count();
    let mut words = bytes[start - line..start]
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
        .rev();
    words.nth(1) == Some(b"login")
}

fn is_bare(bytes: &[u8], at: usize, byte: u8, line: bool) -> bool {
    if line {
        let escape =
            byte == b'\\' && matches!(bytes.get(at + 1), None | Some(b'n' | b'r' | b't' | b'"'));
        return byte.is_ascii_graphic()
            && !escape
            && byte != b';'
            && byte != b'"'
            && byte != b'\''
            && byte != b'`';
    }
    // Padding is part of base64, `a=b` is not one value.
    let next = bytes.get(at + 1);
    let assigns = byte == b'=' && next.is_some_and(|next| next.is_ascii_alphanumeric());
    byte.is_ascii_graphic() && !assigns && !b"\"'`,;&<>|()[]{}\\".contains(&byte)
}
