//! Columns of a CSV file as codes and numbers, read row by row in bounded memory.
//!
//! Of each row only what was asked for is kept: a code of two or four bytes for a label, eight bytes for a number. Who
//! needs no rows but what adds up from them takes them one by one ([`for_each_row`]). Labels are byte-exact: nothing is trimmed, folded or recoded. Empty cells are missing. A byte order mark, Windows line ends
//! and quoted cells are understood; everything else that is odd is an error that names file, line and column.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::ByteRecord;

use crate::domain::nearest::{listed, nearest};

use super::quoting::{Quoting, QuotingError};
use super::vocabulary::Vocabulary;

/// Why a table cannot be used. Says file, line, column and cause; [`TableError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("{file}: cannot be read: {source}")]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A place in the file is wrong.
    #[error("{file}:{line}: {cause}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        cause: String,
        /// What to do.
        hint: String,
    },
    /// The file as a whole is wrong.
    #[error("{file}: {cause}")]
    File {
        /// The file.
        file: String,
        /// What is wrong.
        cause: String,
        /// What to do.
        hint: String,
    },
}

impl TableError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Read { .. } => "name a CSV file whose first line names its columns",
            Self::Line { hint, .. } | Self::File { hint, .. } => hint,
        }
    }
}

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Labels, as codes of the vocabulary with this number; several columns may share one.
    Labels(usize),
    /// Finite numbers.
    Numbers,
    /// Keys that may not occur twice; nothing of them is kept.
    Unique,
}

/// A column that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its name in the header, byte-exact.
    pub name: &'a str,
    /// What it is read as.
    pub kind: Kind,
}

/// The cells of a column, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Codes; `None` where the cell is empty.
    Labels(Vec<Option<u16>>),
    /// Codes of a vocabulary with more than 65,535 words.
    Keys(Vec<Option<u32>>),
    /// Numbers; `None` where the cell is empty.
    Numbers(Vec<Option<f64>>),
    /// Nothing.
    Unique,
}

/// The columns of a file.
#[derive(Debug)]
pub struct Table {
    /// The columns in the order in which they were asked for.
    pub columns: Vec<Column>,
    /// The vocabularies, now with every label that was seen.
    pub vocabularies: Vec<Vocabulary>,
    /// Number of rows.
    pub rows: usize,
}

/// A cell of a row as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// Nothing stands there, or nothing of it is kept.
    Empty,
    /// The code of a label.
    Code(u32),
    /// A number.
    Number(f64),
}

impl Cell {
    /// The code, if it is one of a label.
    #[must_use]
    pub fn code(self) -> Option<u32> {
        match self {
            Self::Code(code) => Some(code),
            _ => None,
        }
    }
}

/// Reads columns of a file. `vocabularies` may be empty, to be filled, or declared, and then closed.
///
/// # Errors
/// For everything that is wrong with the file; the first problem ends the reading.
pub fn read(
    path: &Path,
    wanted: &[Wanted<'_>],
    vocabularies: Vec<Vocabulary>,
) -> Result<Table, TableError> {
    let (file, name) = open(path)?;
    read_from(file, &name, wanted, vocabularies)
}

/// Opens a file for [`read_from`] or [`for_each_row`]; the second is its name for messages.
///
/// # Errors
/// Where it cannot be opened.
pub fn open(path: &Path) -> Result<(File, String), TableError> {
    let place = Place {
        file: path.display().to_string(),
    };
    let file = File::open(path).map_err(|source| place.unreadable(source))?;
    Ok((file, place.file))
}

/// [`read`] from anything; `name` stands in messages.
///
/// # Errors
/// Those of [`read`].
pub fn read_from(
    source: impl Read,
    name: &str,
    wanted: &[Wanted<'_>],
    vocabularies: Vec<Vocabulary>,
) -> Result<Table, TableError> {
    let column = |wanted: &Wanted<'_>| match wanted.kind {
        Kind::Labels(vocabulary) if vocabularies[vocabulary].is_wide() => Column::Keys(Vec::new()),
        Kind::Labels(_) => Column::Labels(Vec::new()),
        Kind::Numbers => Column::Numbers(Vec::new()),
        Kind::Unique => Column::Unique,
    };
    let mut columns: Vec<Column> = wanted.iter().map(column).collect();
    let mut rows = 0;
    let vocabularies = for_each_row(source, name, wanted, vocabularies, |cells| {
        for (column, &cell) in columns.iter_mut().zip(cells) {
            match column {
                Column::Labels(codes) => codes.push(cell.code().map(|code| code as u16)),
                Column::Keys(codes) => codes.push(cell.code()),
                Column::Numbers(numbers) => numbers.push(match cell {
                    Cell::Number(number) => Some(number),
                    _ => None,
                }),
                Column::Unique => {}
            }
        }
        rows += 1;
    })?;
    Ok(Table {
        columns,
        vocabularies,
        rows,
    })
}

/// Hands over the wanted cells of each row in turn, in the order in which they were asked for, and keeps no row; the
/// vocabularies, with every label that was seen, are the result.
///
/// # Errors
/// Those of [`read`].
pub fn for_each_row(
    mut source: impl Read,
    name: &str,
    wanted: &[Wanted<'_>],
    vocabularies: Vec<Vocabulary>,
    mut take: impl FnMut(&[Cell]),
) -> Result<Vec<Vocabulary>, TableError> {
    let place = Place {
        file: name.to_owned(),
    };
    let mut head = Vec::with_capacity(3);
    source
        .by_ref()
        .take(3)
        .read_to_end(&mut head)
        .map_err(|source| place.unreadable(source))?;
    if head.is_empty() {
        return Err(place.whole("the file is empty", FIRST_LINE));
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(place.whole("the file is UTF-16", SAVE_AS_UTF8));
    }
    if head == b"\xef\xbb\xbf" {
        head.clear();
    }
    let mut reader = csv::ReaderBuilder::new()
        .buffer_capacity(1 << 16)
        .from_reader(Quoting::new(head.chain(source)));
    let header = reader
        .byte_headers()
        .map_err(|error| place.broken(error))?
        .clone();
    let positions = positions(&place, &header, wanted)?;
    let mut reading = Reading {
        place: &place,
        wanted,
        vocabularies,
        seen: Vocabulary::keys(),
        lines: Vec::new(),
    };
    let mut record = ByteRecord::new();
    let mut cells = vec![Cell::Empty; wanted.len()];
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| place.broken(error))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        for (column, &position) in positions.iter().enumerate() {
            cells[column] = reading.cell(column, &record[position], line)?;
        }
        take(&cells);
    }
    Ok(reading.vocabularies)
}

const FIRST_LINE: &str = "the first line of the file must name its columns";
const SAVE_AS_UTF8: &str = "save the file as UTF-8 (in a spreadsheet: \"CSV UTF-8\")";

/// The file that messages are about.
struct Place {
    file: String,
}

impl Place {
    fn whole(&self, cause: impl Into<String>, hint: impl Into<String>) -> TableError {
        TableError::File {
            file: self.file.clone(),
            cause: cause.into(),
            hint: hint.into(),
        }
    }

    fn at(&self, line: u64, cause: impl Into<String>, hint: impl Into<String>) -> TableError {
        TableError::Line {
            file: self.file.clone(),
            line,
            cause: cause.into(),
            hint: hint.into(),
        }
    }

    fn unreadable(&self, source: io::Error) -> TableError {
        TableError::Read {
            file: self.file.clone(),
            source,
        }
    }

    fn broken(&self, error: csv::Error) -> TableError {
        let line = error.position().map_or(1, csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => self.at(
                line,
                format!("the row has {len} cells, the header {expected_len}"),
                "put cells that hold commas, quotes or line ends in double quotes",
            ),
            csv::ErrorKind::Io(source) => {
                let quoting: Option<&QuotingError> =
                    source.get_ref().and_then(|inner| inner.downcast_ref());
                match quoting {
                    Some(quoting) => self.at(
                        quoting.line(),
                        quoting.to_string(),
                        "close the quote; a quote inside a quoted cell is written twice",
                    ),
                    None => self.unreadable(source),
                }
            }
            other => self.at(line, format!("not CSV: {other:?}"), FIRST_LINE),
        }
    }
}

/// Where the wanted columns stand.
fn positions(
    place: &Place,
    header: &ByteRecord,
    wanted: &[Wanted<'_>],
) -> Result<Vec<usize>, TableError> {
    let names: Vec<&str> = header
        .iter()
        .map(std::str::from_utf8)
        .collect::<Result<_, _>>()
        .map_err(|_| place.at(1, "the header is not UTF-8", SAVE_AS_UTF8))?;
    if names.iter().all(|name| name.is_empty()) {
        return Err(place.at(1, "the first line names no column", FIRST_LINE));
    }
    let find = |wanted: &Wanted<'_>| {
        let mut found = (0..names.len()).filter(|&at| names[at] == wanted.name);
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(place.at(
                1,
                format!("two columns are named `{}`", wanted.name),
                "give every column a name of its own",
            )),
            (None, _) => {
                let near = nearest(wanted.name, names.iter().copied());
                let hint = if near.is_empty() {
                    format!("the file has {}; {FIRST_LINE}", shown(&names))
                } else {
                    format!("did you mean {}?", listed(&near))
                };
                Err(place.at(1, format!("no column `{}`", wanted.name), hint))
            }
        }
    };
    wanted.iter().map(find).collect()
}

/// The first of many names.
fn shown(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let first: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > SHOWN {
        format!("{} and {} more", first.join(", "), names.len() - SHOWN)
    } else {
        first.join(", ")
    }
}

/// What makes cells of text.
struct Reading<'a> {
    place: &'a Place,
    wanted: &'a [Wanted<'a>],
    vocabularies: Vec<Vocabulary>,
    /// The lines of keys that may not occur twice.
    seen: Vocabulary,
    lines: Vec<u64>,
}

impl Reading<'_> {
    fn cell(&mut self, column: usize, cell: &[u8], line: u64) -> Result<Cell, TableError> {
        if cell.is_empty() {
            return Ok(Cell::Empty);
        }
        match self.wanted[column].kind {
            Kind::Labels(vocabulary) => self.label(column, vocabulary, cell, line).map(Cell::Code),
            Kind::Numbers => self.number(column, cell, line).map(Cell::Number),
            Kind::Unique => self.unique(column, cell, line).map(|()| Cell::Empty),
        }
    }

    fn label(
        &mut self,
        column: usize,
        vocabulary: usize,
        cell: &[u8],
        line: u64,
    ) -> Result<u32, TableError> {
        let words = &mut self.vocabularies[vocabulary];
        if let Some(code) = words.code(cell) {
            return Ok(code);
        }
        let name = self.wanted[column].name;
        let Ok(text) = std::str::from_utf8(cell) else {
            return Err(self.place.at(
                line,
                format!(
                    "column `{name}` is not UTF-8: `{}`",
                    String::from_utf8_lossy(cell)
                ),
                SAVE_AS_UTF8,
            ));
        };
        if words.is_closed() {
            let known: Vec<&str> = words.words().iter().map(String::as_str).collect();
            let near = nearest(text, known.iter().copied());
            let meant = if near.is_empty() {
                format!("declared are {}.", shown(&known))
            } else {
                format!("did you mean {}?", listed(&near))
            };
            return Err(self.place.at(
                line,
                format!("column `{name}`: `{text}` is not among --categories"),
                format!("{meant} Labels are compared byte by byte; declare it or mend the cell"),
            ));
        }
        words.learn(text).ok_or_else(|| {
            self.place.at(
                line,
                format!("column `{name}` has more than 65,535 different labels"),
                "is it the column you meant? Numbers are compared with `--scale interval`",
            )
        })
    }

    fn number(&self, column: usize, cell: &[u8], line: u64) -> Result<f64, TableError> {
        let text = std::str::from_utf8(cell).map(str::trim).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            parsed => {
                let shown = String::from_utf8_lossy(cell);
                let name = self.wanted[column].name;
                let (cause, hint) = if parsed.is_ok() {
                    (
                        "is no finite number",
                        "leave the cell empty where a number is missing",
                    )
                } else if text.replacen(',', ".", 1).parse::<f64>().is_ok() {
                    (
                        "is text where a number belongs",
                        "write a point before decimals",
                    )
                } else {
                    (
                        "is text where a number belongs",
                        "leave the cell empty where a number is missing; labels are compared with `--scale nominal`",
                    )
                };
                Err(self
                    .place
                    .at(line, format!("column `{name}`: `{shown}` {cause}"), hint))
            }
        }
    }

    fn unique(&mut self, column: usize, cell: &[u8], line: u64) -> Result<(), TableError> {
        let text = String::from_utf8_lossy(cell);
        if let Some(code) = self.seen.code(text.as_bytes()) {
            let first = self.lines[code as usize];
            return Err(self.place.at(
                line,
                format!(
                    "column `{}`: `{text}` stands on line {first} already",
                    self.wanted[column].name
                ),
                "keep one row per item, or leave --item out if rows are meant to repeat",
            ));
        }
        if self.seen.learn(&text).is_some() {
            self.lines.push(line);
        }
        Ok(())
    }
}
