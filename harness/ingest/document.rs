//! A JSON document of any size in bounded memory: its fields one by one, and the elements of its lists one by one.
//!
//! Some agents keep a whole session in one pretty-printed document. Only one field or one list element is held at a time;
//! each is cut out by its brackets, so that a broken element spoils no other and a document that breaks off keeps all that
//! came before.

use std::borrow::Cow;
use std::io::{self, BufRead};

use super::halves;
use super::lines::LONGEST_LINE;

/// A part of the document.
pub(super) enum Piece<'a> {
    /// A field of the document that is no list.
    Field(&'a str, Cow<'a, str>),
    /// An element of the list `name`.
    Element(&'a str, Cow<'a, str>),
    /// Something that is neither, and why.
    Malformed(&'static str),
}

/// Longest name of a field that is kept; a longer one is cut, which makes it unknown.
const LONGEST_NAME: usize = 256;

/// Hands each piece of the document in `source` to `take`. Documents glued together follow each other.
///
/// # Errors
/// Errors of the source only.
pub(super) fn each_piece(
    mut source: impl BufRead,
    mut take: impl FnMut(Piece<'_>),
) -> io::Result<()> {
    let mut cutter = Cutter::default();
    loop {
        let chunk = match source.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        for byte in chunk {
            // Files are NUL-padded at times, wherever the writer stopped.
            if *byte != 0 {
                cutter.byte(*byte, &mut take);
            }
        }
        let taken = chunk.len();
        source.consume(taken);
        if cutter.place == Place::Lost {
            break;
        }
    }
    cutter.end(&mut take);
    Ok(())
}

/// Where the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Before a document.
    #[default]
    Outside,
    /// In a line that belongs to no document.
    Garbage,
    /// In the document, before a field's name.
    BeforeName,
    /// Inside a field's name.
    Name,
    /// Behind the name, before its value.
    BeforeValue,
    /// In the value of a field.
    Value,
    /// In a list, before an element.
    BeforeElement,
    /// In an element.
    Element,
    /// What follows is no document.
    Lost,
}

#[derive(Default)]
struct Cutter {
    place: Place,
    name: Vec<u8>,
    piece: Vec<u8>,
    /// Brackets open inside the piece.
    depth: u64,
    in_string: bool,
    escaped: bool,
    too_long: bool,
}

impl Cutter {
    fn byte(&mut self, byte: u8, take: &mut impl FnMut(Piece<'_>)) {
        match self.place {
            Place::Outside => match byte {
                b'{' => self.place = Place::BeforeName,
                0xEF | 0xBB | 0xBF => {}
                byte if byte.is_ascii_whitespace() => {}
                _ => {
                    take(Piece::Malformed("a line outside of a document"));
                    self.place = Place::Garbage;
                }
            },
            Place::Garbage => {
                if byte == b'\n' {
                    self.place = Place::Outside;
                }
            }
            Place::BeforeName => match byte {
                b'"' => {
                    self.name.clear();
                    self.place = Place::Name;
                }
                b'}' => self.place = Place::Outside,
                b',' => {}
                byte if byte.is_ascii_whitespace() => {}
                _ => self.lost(take),
            },
            Place::Name => match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.place = Place::BeforeValue,
                byte if self.name.len() < LONGEST_NAME => self.name.push(byte),
                _ => {}
            },
            Place::BeforeValue => match byte {
                b':' => {}
                b'[' => self.place = Place::BeforeElement,
                byte if byte.is_ascii_whitespace() => {}
                _ => self.begin(Place::Value, byte, take),
            },
            Place::BeforeElement => match byte {
                b']' => self.place = Place::BeforeName,
                b',' => {}
                byte if byte.is_ascii_whitespace() => {}
                _ => self.begin(Place::Element, byte, take),
            },
            Place::Value | Place::Element => self.inside(byte, take),
            Place::Lost => {}
        }
    }

    fn begin(&mut self, place: Place, byte: u8, take: &mut impl FnMut(Piece<'_>)) {
        self.place = place;
        self.piece.clear();
        self.depth = 0;
        self.in_string = false;
        self.escaped = false;
        self.too_long = false;
        self.inside(byte, take);
    }

    fn inside(&mut self, byte: u8, take: &mut impl FnMut(Piece<'_>)) {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => self.depth -= 1,
            // The end of what the piece stands in.
            b',' | b'}' | b']' if self.depth == 0 => {
                let place = self.place;
                self.give(take);
                self.place = match (place, byte) {
                    (Place::Element, b',') => Place::BeforeElement,
                    (Place::Element, _) | (_, b',') => Place::BeforeName,
                    _ => Place::Outside,
                };
                return;
            }
            _ => {}
        }
        self.keep(byte);
    }

    fn keep(&mut self, byte: u8) {
        if self.piece.len() < LONGEST_LINE {
            self.piece.push(byte);
        } else {
            self.too_long = true;
        }
    }

    fn give(&mut self, take: &mut impl FnMut(Piece<'_>)) {
        if self.too_long {
            take(Piece::Malformed("a part longer than 32 MiB"));
            // What was kept of it is of no use to anyone.
            self.piece = Vec::new();
            return;
        }
        let name = String::from_utf8_lossy(&self.name);
        let text = halves::mended(String::from_utf8_lossy(&self.piece));
        take(if self.place == Place::Element {
            Piece::Element(&name, text)
        } else {
            Piece::Field(&name, text)
        });
    }

    fn lost(&mut self, take: &mut impl FnMut(Piece<'_>)) {
        self.place = Place::Lost;
        take(Piece::Malformed(
            "broken JSON between the parts of a document",
        ));
    }

    fn end(&mut self, take: &mut impl FnMut(Piece<'_>)) {
        if !matches!(self.place, Place::Outside | Place::Garbage | Place::Lost) {
            take(Piece::Malformed("JSON that breaks off"));
        }
    }
}
