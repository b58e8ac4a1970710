//! Lines of a transcript of any size in bounded memory.
//!
//! A transcript is bytes: it can hold NULs (files padded at the source), broken UTF-8 and lines of several megabytes. A
//! line longer than [`LONGEST_LINE`] is skipped and reported, so that a hostile file cannot take the memory.

use std::borrow::Cow;
use std::io::{self, BufRead};

use super::halves;

/// Longest line that is read, in bytes. The longest of 1,342 real sessions has 2.1 MB.
pub const LONGEST_LINE: usize = 32 * 1024 * 1024;

/// Reads lines into one buffer that is used again for each.
pub struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    number: u64,
}

/// One line.
pub enum Line<'a> {
    /// Its text without line end and NULs, broken UTF-8 and escaped halves of characters replaced.
    Text(u64, Cow<'a, str>),
    /// It was longer than [`LONGEST_LINE`] and was skipped.
    TooLong(u64),
}

impl<R: BufRead> Lines<R> {
    /// Reads lines from `source`.
    pub fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// Any error of the source.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.buffer.clear();
            let Some(fits) = read_line(&mut self.source, &mut self.buffer)? else {
                return Ok(None);
            };
            self.number += 1;
            if !fits {
                return Ok(Some(Line::TooLong(self.number)));
            }
            if memchr::memchr(0, &self.buffer).is_some() {
                self.buffer.retain(|byte| *byte != 0);
            }
            if !self.buffer.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        let bytes = self
            .buffer
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&self.buffer);
        Ok(Some(Line::Text(
            self.number,
            halves::mended(String::from_utf8_lossy(bytes)),
        )))
    }
}

/// Appends one line to `buffer`; `Some(false)` if it was too long to keep, `None` at the end.
fn read_line(source: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let (mut any, mut fits) = (false, true);
    loop {
        let chunk = match source.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            return Ok(any.then_some(fits));
        }
        any = true;
        let end = memchr::memchr(b'\n', chunk);
        let line = &chunk[..end.unwrap_or(chunk.len())];
        if fits && buffer.len() + line.len() <= LONGEST_LINE {
            buffer.extend_from_slice(line);
        } else {
            fits = false;
            buffer.clear();
        }
        let taken = end.map_or(chunk.len(), |end| end + 1);
        source.consume(taken);
        if end.is_some() {
            return Ok(Some(fits));
        }
    }
}
