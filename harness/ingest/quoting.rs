//! Watches the quotes of a CSV file as its bytes pass by, because the CSV reader forgives what hides lost rows.
//!
//! An opening quote without its closing one swallows the rest of the file into one cell, and text after a closing quote
//! is glued to it. Both are errors here, with the line on which the quoted cell began.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter};

/// What is wrong with a quoted cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum QuotingError {
    /// The file ends inside the cell.
    #[error("a quoted cell begins here and is never closed")]
    Unclosed {
        /// Where the cell begins.
        line: u64,
    },
    /// Neither a comma nor the end of the line comes after the cell.
    #[error("a quoted cell that begins here goes on after its closing quote")]
    GoesOn {
        /// Where the cell begins.
        line: u64,
    },
}

impl QuotingError {
    /// The line on which the cell begins.
    #[must_use]
    pub(super) fn line(self) -> u64 {
        match self {
            Self::Unclosed { line } | Self::GoesOn { line } => line,
        }
    }
}

/// Where the last byte stood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Inside,
    /// After a quote inside a quoted cell: it ends the cell, or it is the first half of a doubled quote.
    AfterQuote,
}

/// Passes bytes on and fails where the quotes of a CSV file do not add up.
pub(super) struct Quoting<R> {
    inner: R,
    place: Place,
    before: u8,
    line: u64,
    opened: u64,
}

impl<R: Read> Quoting<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            place: Place::Outside,
            before: b'\n',
            line: 1,
            opened: 1,
        }
    }

    fn watch(&mut self, bytes: &[u8]) -> Result<(), QuotingError> {
        let mut at = 0;
        // Lines are counted up to the last quote only, so that a file without quotes costs one search.
        let mut counted = 0;
        while at < bytes.len() {
            if self.place == Place::AfterQuote {
                match bytes[at] {
                    b'"' => self.place = Place::Inside,
                    b',' | b'\n' | b'\r' => self.place = Place::Outside,
                    _ => return Err(QuotingError::GoesOn { line: self.opened }),
                }
                at += 1;
                continue;
            }
            let Some(found) = memchr(b'"', &bytes[at..]) else {
                break;
            };
            let quote = at + found;
            self.line += memchr_iter(b'\n', &bytes[counted..quote]).count() as u64;
            counted = quote;
            let before = quote.checked_sub(1).map_or(self.before, |at| bytes[at]);
            self.place = match self.place {
                Place::Inside => Place::AfterQuote,
                // A quote in the middle of a cell without quotes is an ordinary character.
                Place::Outside if !matches!(before, b',' | b'\n' | b'\r') => Place::Outside,
                _ => {
                    self.opened = self.line;
                    Place::Inside
                }
            };
            at = quote + 1;
        }
        self.line += memchr_iter(b'\n', &bytes[counted..]).count() as u64;
        self.before = bytes.last().copied().unwrap_or(self.before);
        Ok(())
    }
}

impl<R: Read> Read for Quoting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let watched = if n == 0 && !buffer.is_empty() && self.place == Place::Inside {
            Err(QuotingError::Unclosed { line: self.opened })
        } else {
            self.watch(&buffer[..n])
        };
        match watched {
            Ok(()) => Ok(n),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads in steps of `step` bytes, so that quotes fall on the seams.
    fn watched(text: &str, step: usize) -> Option<QuotingError> {
        let mut quoting = Quoting::new(text.as_bytes());
        let mut buffer = vec![0; step];
        loop {
            match quoting.read(&mut buffer) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return error.get_ref()?.downcast_ref().copied(),
            }
        }
    }

    #[test]
    fn quotes_that_add_up_pass_at_any_seam() {
        let text = "a,b\n\"x, \"\"y\"\"\",5\" pipe\r\n\"two\nlines\",\"\"\n\"last\"";
        for step in 1..40 {
            assert_eq!(watched(text, step), None, "{step} bytes at a time");
        }
    }

    #[test]
    fn an_open_quote_and_text_after_a_closing_one_are_told_with_their_line() {
        for step in 1..40 {
            let unclosed = watched("a,b\nx,y\n\"x,y\nx,y\n", step);
            assert_eq!(unclosed, Some(QuotingError::Unclosed { line: 3 }));
            let goes_on = watched("a,b\nx,y\n\"x\nz\"y,1\n", step);
            assert_eq!(goes_on, Some(QuotingError::GoesOn { line: 3 }));
        }
    }
}
