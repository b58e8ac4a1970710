//! Lines of a transcript of any size in bounded memory.
//!
//! A transcript is bytes: it can hold NULs (files padded at the source), broken UTF-8 and lines of several megabytes. A
//! line longer than [`LONGEST_LINE`] is skipped and reported, so that a hostile file cannot take the memory.

use std::borrow::Cow;
use std::io::{self, BufRead};

use super::halves;

/// Longest line that is read, in bytes. The longest of 1,342 real sessions has 2.1 MB.
pub const LONGEST_LINE: usize = 32 * 1024 * 1024;

/// Reads lines, in place where one lies within the source's buffer, else in one buffer that is used again for each.
pub struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    number: u64,
    /// Bytes of the source's buffer that the line handed out last was made of.
    handed_out: usize,
}

/// One line.
pub enum Line<'a> {
    /// Its text without line end and NULs, broken UTF-8 and escaped halves of characters replaced.
    Text(u64, Cow<'a, str>),
    /// It was longer than [`LONGEST_LINE`] and was skipped.
    TooLong(u64),
}

/// One line as it stands in the file.
pub enum RawLine<'a> {
    /// Its bytes without line end and NULs.
    Bytes(u64, &'a [u8]),
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
            handed_out: 0,
        }
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// Any error of the source.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        Ok(self.next_raw()?.map(|line| match line {
            RawLine::TooLong(number) => Line::TooLong(number),
            RawLine::Bytes(number, bytes) => {
                // The strict check is much faster than the lossy one, and most lines pass it.
                let text = match std::str::from_utf8(bytes) {
                    Ok(text) => Cow::Borrowed(text),
                    Err(_) => String::from_utf8_lossy(bytes),
                };
                Line::Text(number, halves::mended(text))
            }
        }))
    }

    /// The next line that is not blank, as its bytes; `None` at the end.
    ///
    /// # Errors
    /// Any error of the source.
    pub fn next_raw(&mut self) -> io::Result<Option<RawLine<'_>>> {
        loop {
            self.source.consume(std::mem::take(&mut self.handed_out));
            self.number += 1;
            let in_place = line_in_place(&mut self.source)?;
            if let Some(length) = in_place {
                let line = &filled(&mut self.source)?[..length];
                self.handed_out = length + 1;
                if is_blank(line) {
                    continue;
                }
                let line = &filled(&mut self.source)?[..length];
                return Ok(Some(RawLine::Bytes(self.number, without_mark(line))));
            }
            self.buffer.clear();
            match read_line(&mut self.source, &mut self.buffer)? {
                None => return Ok(None),
                Some(false) => return Ok(Some(RawLine::TooLong(self.number))),
                Some(true) => {}
            }
            if memchr::memchr(0, &self.buffer).is_some() {
                self.buffer.retain(|byte| *byte != 0);
            }
            if !is_blank(&self.buffer) {
                break;
            }
        }
        Ok(Some(RawLine::Bytes(
            self.number,
            without_mark(&self.buffer),
        )))
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// A line without the mark of byte order in front of it.
fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)
}

/// What the source holds ready; empty at its end.
fn filled(source: &mut impl BufRead) -> io::Result<&[u8]> {
    loop {
        match source.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The borrow of a returned value cannot be told from that of the loop: it is asked for again.
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    source.fill_buf()
}

/// Length of the next line if all of it lies in the source's buffer, is not too long and holds no NUL.
fn line_in_place(source: &mut impl BufRead) -> io::Result<Option<usize>> {
    let ready = filled(source)?;
    let end = memchr::memchr2(b'\n', 0, ready).filter(|at| ready[*at] == b'\n');
    Ok(end.filter(|end| *end <= LONGEST_LINE))
}

/// Appends one line to `buffer`; `Some(false)` if it was too long to keep, `None` at the end.
fn read_line(source: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let (mut any, mut fits) = (false, true);
    loop {
        let chunk = filled(source)?;
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
