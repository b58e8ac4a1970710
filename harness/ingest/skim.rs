//! A deserializer of JSON for lines of which most is never read: pictures, whole files, outputs repeated twice.
//!
//! It serves the same `serde` types as `serde_json`. What a type asks for is read strictly. What it passes over is skimmed:
//! its brackets have to match, its strings have to end and its words have to be words of JSON, but commas, escapes and
//! encodings in there are not looked at. So a string is passed over at the speed of a search for its closing quote. It
//! reads bytes, so that only what is asked for is checked for UTF-8; broken characters and escaped halves of characters
//! become the replacement character, as everywhere in this room.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::BorrowedBytesDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::halves;

/// The name of a newtype that takes a value as it stands, told to the visitor as its bytes.
pub(super) const AS_IT_STANDS: &str = "harness::ingest::skim::as_it_stands";

/// Values deeper than this are refused, read or skimmed.
const DEEPEST: u32 = 128;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is no JSON.
    Broken,
    /// It is JSON that a type cannot take.
    Shape,
    /// It ends within a value.
    BreaksOff,
}

/// Why a value could not be read; never holds text of it.
#[derive(Debug)]
pub(super) struct Error(Fault);

impl Error {
    /// What is wrong, in our own words.
    pub(super) fn category(&self) -> &'static str {
        match self.0 {
            Fault::Broken => "broken JSON",
            Fault::Shape => "JSON of another shape",
            Fault::BreaksOff => "JSON that breaks off",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.category())
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(Fault::Shape)
    }
}

type Result<T> = std::result::Result<T, Error>;

/// Values of a text, one after the other.
pub(super) struct Skim<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: u32,
}

impl<'de> Skim<'de> {
    /// Reads from the start of `bytes`.
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            depth: 0,
        }
    }

    /// Whether another value stands there; leaves white space behind.
    pub(super) fn has_more(&mut self) -> bool {
        self.peek().is_some()
    }

    /// Bytes that were read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next byte that is no white space, not taken yet.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn expect(&mut self) -> Result<u8> {
        self.peek().ok_or(Error(Fault::BreaksOff))
    }

    /// Takes a word of JSON.
    fn word(&mut self, word: &'static [u8]) -> Result<()> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word) {
            self.at += word.len();
            Ok(())
        } else if word.starts_with(rest) {
            self.at = self.bytes.len();
            Err(Error(Fault::BreaksOff))
        } else {
            Err(Error(Fault::Broken))
        }
    }

    /// Takes a string and gives what stands between its quotes.
    fn string(&mut self) -> Result<&'de [u8]> {
        let start = self.at + 1;
        let mut from = start;
        loop {
            let Some(found) = self
                .bytes
                .get(from..)
                .and_then(|rest| memchr::memchr(b'"', rest))
            else {
                self.at = self.bytes.len();
                return Err(Error(Fault::BreaksOff));
            };
            let end = from + found;
            let text = &self.bytes[start..end];
            let escapes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
            from = end + 1;
            if escapes.is_multiple_of(2) {
                self.at = from;
                return Ok(text);
            }
        }
    }

    /// Takes a string and gives what it says.
    fn text(&mut self) -> Result<Cow<'de, str>> {
        let raw = self.string()?;
        match unescaped(raw) {
            (text, true) if !has_control(raw) => Ok(text),
            _ => Err(Error(Fault::Broken)),
        }
    }

    /// Takes a number and gives its text.
    fn number(&mut self) -> Result<&'de str> {
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let text = std::str::from_utf8(&rest[..length]).map_err(|_| Error(Fault::Broken))?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let leading_zero =
            digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
        let starts_and_ends = digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.ends_with(|last: char| last.is_ascii_digit())
            && !digits.contains(".e")
            && !digits.contains(".E");
        if leading_zero || !starts_and_ends {
            let breaks_off = length == rest.len() && !leading_zero;
            return Err(Error(if breaks_off {
                Fault::BreaksOff
            } else {
                Fault::Broken
            }));
        }
        self.at += length;
        Ok(text)
    }

    /// Passes over the next value.
    fn skim(&mut self) -> Result<()> {
        // One bit per open bracket, set for lists.
        let (mut lists, mut depth) = (0_u128, self.depth);
        loop {
            match self.expect()? {
                b'"' => drop(self.string()?),
                opening @ (b'{' | b'[') => {
                    self.at += 1;
                    depth += 1;
                    if depth > DEEPEST {
                        return Err(Error(Fault::Broken));
                    }
                    lists = lists << 1 | u128::from(opening == b'[');
                }
                closing @ (b'}' | b']') => {
                    if depth == self.depth || (lists & 1 == 1) != (closing == b']') {
                        return Err(Error(Fault::Broken));
                    }
                    self.at += 1;
                    depth -= 1;
                    lists >>= 1;
                }
                b',' | b':' if depth > self.depth => {
                    self.at += 1;
                    continue;
                }
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                b'-' | b'0'..=b'9' => drop(self.number()?),
                _ => return Err(Error(Fault::Broken)),
            }
            if depth == self.depth {
                return Ok(());
            }
        }
    }

    fn enter(&mut self) -> Result<()> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Error(Fault::Broken));
        }
        Ok(())
    }

    /// Takes the closing bracket of what was entered.
    fn leave(&mut self, closing: u8) -> Result<()> {
        self.depth -= 1;
        if self.expect()? == closing {
            self.at += 1;
            Ok(())
        } else {
            Err(Error(Fault::Broken))
        }
    }

    /// Goes to the next item before `closing`, over the comma in front of it if it is not the first.
    fn next_item(&mut self, first: &mut bool, closing: u8) -> Result<bool> {
        let byte = self.expect()?;
        if byte == closing {
            return Ok(false);
        }
        if !std::mem::take(first) {
            if byte != b',' {
                return Err(Error(Fault::Broken));
            }
            self.at += 1;
            if self.expect()? == closing {
                return Err(Error(Fault::Broken));
            }
        }
        Ok(true)
    }
}

/// Whether the text of a string holds a byte that JSON has as an escape only.
fn has_control(raw: &[u8]) -> bool {
    raw.iter().fold(false, |found, byte| found | (*byte < 0x20))
}

/// What a string between quotes says, borrowed where it holds no escape, and whether all of its escapes are some.
pub(super) fn unescaped(raw: &[u8]) -> (Cow<'_, str>, bool) {
    let Some(first) = memchr::memchr(b'\\', raw) else {
        return (lossy(raw), true);
    };
    let mut text = Vec::with_capacity(raw.len());
    let (mut rest, mut next, mut sound) = (raw, Some(first), true);
    while let Some(at) = next {
        text.extend_from_slice(&rest[..at]);
        let (character, length) = escape(&rest[at..]).unwrap_or_else(|| {
            sound = false;
            (char::REPLACEMENT_CHARACTER, 1)
        });
        if character.is_ascii() {
            text.push(character as u8);
        } else {
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        rest = &rest[at + length..];
        // Escapes come in crowds: line ends and the indents behind them.
        next = match rest.iter().take(8).position(|byte| *byte == b'\\') {
            None if rest.len() > 8 => memchr::memchr(b'\\', &rest[8..]).map(|found| found + 8),
            found => found,
        };
    }
    text.extend_from_slice(rest);
    let text = String::from_utf8(text)
        .unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned());
    (Cow::Owned(text), sound)
}

/// The character of the escape that `raw` begins with, and the escape's length.
fn escape(raw: &[u8]) -> Option<(char, usize)> {
    let character = match raw.get(1)? {
        b'n' => '\n',
        b'"' => '"',
        b'\\' => '\\',
        b't' => '\t',
        b'r' => '\r',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => return code(raw),
        _ => return None,
    };
    Some((character, 2))
}

/// The character of one `\uXXXX` or of two that make one; half a character gives the replacement character.
fn code(raw: &[u8]) -> Option<(char, usize)> {
    let first = halves::escaped(raw, 0)?;
    if let (0xD800..=0xDBFF, Some(second @ 0xDC00..=0xDFFF)) = (first, halves::escaped(raw, 6)) {
        let whole = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return char::from_u32(whole).map(|character| (character, 12));
    }
    Some((
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER),
        6,
    ))
}

/// Text of bytes; the check of the standard library's strict reader is much faster than its lossy one.
pub(super) fn lossy(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(raw),
    }
}

impl<'de> Deserializer<'de> for &mut Skim<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.expect()? {
            b'"' => match self.text()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            b'{' => {
                self.enter()?;
                let value = visitor.visit_map(Items::new(self))?;
                self.leave(b'}')?;
                Ok(value)
            }
            b'[' => {
                self.enter()?;
                let value = visitor.visit_seq(Items::new(self))?;
                self.leave(b']')?;
                Ok(value)
            }
            b't' => self.word(b"true").and_then(|()| visitor.visit_bool(true)),
            b'f' => self.word(b"false").and_then(|()| visitor.visit_bool(false)),
            b'n' => self.word(b"null").and_then(|()| visitor.visit_unit()),
            b'-' | b'0'..=b'9' => {
                let text = self.number()?;
                if let Ok(number) = text.parse() {
                    return visitor.visit_u64(number);
                }
                if let Ok(number) = text.parse() {
                    return visitor.visit_i64(number);
                }
                match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => visitor.visit_f64(number),
                    _ => Err(Error(Fault::Broken)),
                }
            }
            _ => Err(Error(Fault::Broken)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.expect()? == b'n' {
            self.word(b"null")?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.skim()?;
        visitor.visit_unit()
    }

    /// A string as its raw bytes, escapes and all; anything else as itself.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.expect()? == b'"' {
            visitor.visit_borrowed_bytes(self.string()?)
        } else {
            self.deserialize_any(visitor)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name != AS_IT_STANDS {
            return visitor.visit_newtype_struct(self);
        }
        self.expect()?;
        let start = self.at;
        self.skim()?;
        visitor.visit_borrowed_bytes(&self.bytes[start..self.at])
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier
    }
}

/// The items of a list or the fields of an object.
struct Items<'s, 'de> {
    source: &'s mut Skim<'de>,
    first: bool,
}

impl<'s, 'de> Items<'s, 'de> {
    fn new(source: &'s mut Skim<'de>) -> Self {
        Self {
            source,
            first: true,
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.source.next_item(&mut self.first, b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.source).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.source.next_item(&mut self.first, b'}')? {
            return Ok(None);
        }
        if self.source.expect()? != b'"' {
            return Err(Error(Fault::Broken));
        }
        let key = self.source.string()?;
        if key.contains(&b'\\') {
            let (key, _) = unescaped(key);
            return seed.deserialize(key.into_deserializer()).map(Some);
        }
        seed.deserialize(BorrowedBytesDeserializer::new(key))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        if self.source.expect()? != b':' {
            return Err(Error(Fault::Broken));
        }
        self.source.at += 1;
        seed.deserialize(&mut *self.source)
    }
}
