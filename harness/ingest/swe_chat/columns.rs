//! Columns of a parquet file by name, some rows at a time: the only file that knows the `parquet` crate.
//!
//! Only the columns that are asked for are read, page by page, so that memory does not grow with the file. A file comes
//! from outside: the crate reports most damage as an error, but its decoders also assert, so that each call of it is made
//! where a panic becomes an error as well.

use std::borrow::Cow;
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Stored};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::ColumnDescriptor;

use super::error::SweChatError;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A number, also one that is written as text.
    Number,
    /// A moment.
    Time,
}

/// A column that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Its name.
    pub(super) name: &'static str,
    /// What its cells are.
    pub(super) kind: Kind,
    /// Whether a table without it is of no use.
    pub(super) is_needed: bool,
}

/// What a file has beside its rows.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Rows.
    pub(super) rows: u64,
    /// Names of all its columns, in order; of nested ones the outermost.
    pub(super) columns: Vec<String>,
    /// Columns that were asked for, are not needed, and are of another type: name and type.
    pub(super) mistyped: Vec<(&'static str, String)>,
}

/// Some rows of the columns that were asked for.
#[derive(Debug, Default)]
pub(super) struct Rows {
    names: Vec<&'static str>,
    cells: Vec<Cells>,
    count: usize,
}

/// One column of [`Rows`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'r>(&'r Cells);

#[derive(Debug, Default)]
struct Cells {
    /// Where each row's value is; [`NOTHING`] for a row without.
    at: Vec<u32>,
    levels: Vec<i16>,
    values: Values,
}

const NOTHING: u32 = u32::MAX;

#[derive(Debug, Default)]
enum Values {
    /// The file has no such column.
    #[default]
    Absent,
    Text(Vec<ByteArray>),
    /// With how many make a second, where they are moments.
    Whole(Vec<i64>, i64),
    Fraction(Vec<f64>),
}

impl Rows {
    /// How many rows.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// A column that was asked for.
    pub(super) fn column(&self, name: &str) -> Column<'_> {
        let at = self.names.iter().position(|known| *known == name);
        Column(&self.cells[at.expect("only columns that were asked for are read")])
    }
}

impl<'r> Column<'r> {
    fn place(self, row: usize) -> Option<usize> {
        let at = *self.0.at.get(row)?;
        (at != NOTHING).then_some(at as usize)
    }

    /// The bytes of a text.
    pub(super) fn bytes(self, row: usize) -> Option<&'r [u8]> {
        match &self.0.values {
            Values::Text(values) => Some(values[self.place(row)?].data()),
            _ => None,
        }
    }

    /// A text, broken UTF-8 replaced; a number as its shortest text.
    pub(super) fn text(self, row: usize) -> Option<Cow<'r, str>> {
        match &self.0.values {
            Values::Text(_) => self.bytes(row).map(String::from_utf8_lossy),
            Values::Absent => None,
            Values::Whole(..) | Values::Fraction(_) => {
                Some(Cow::Owned(self.number(row)?.to_string()))
            }
        }
    }

    /// A number that is one: neither NaN nor infinite.
    pub(super) fn number(self, row: usize) -> Option<f64> {
        let number = match &self.0.values {
            Values::Absent => return None,
            Values::Text(_) => self.text(row)?.trim().parse().ok()?,
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
            Values::Whole(values, _) => values[self.place(row)?] as f64,
            Values::Fraction(values) => values[self.place(row)?],
        };
        number.is_finite().then_some(number)
    }

    /// A moment in seconds since 1970, cut.
    pub(super) fn seconds(self, row: usize) -> Option<i64> {
        match &self.0.values {
            Values::Whole(values, per_second) => {
                Some(values[self.place(row)?].div_euclid(*per_second))
            }
            Values::Text(_) => {
                let text = self.text(row)?;
                text.trim()
                    .parse::<jiff::Timestamp>()
                    .ok()
                    .map(jiff::Timestamp::as_second)
            }
            _ => None,
        }
    }
}

/// Hands all rows of a file to `take`, at most `together` at a time.
///
/// # Errors
/// Where the file cannot be read, is no parquet file, is damaged, or lacks a needed column in its type.
pub(super) fn read(
    path: &Path,
    wanted: &[Wanted],
    together: usize,
    take: &mut dyn FnMut(&Rows),
) -> Result<Found, SweChatError> {
    let damaged = |reason: String| SweChatError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let file = File::open(path).map_err(|source| SweChatError::Read {
        path: path.to_owned(),
        source,
    })?;
    refuse_what_is_no_parquet(path, &file)?;
    let reader = contained(|| SerializedFileReader::new(file)).map_err(damaged)?;
    let mut found = Found::default();
    let mut rows = Rows::default();
    let places = contained(|| Ok(places(&reader, wanted, &mut found))).map_err(damaged)?;
    let places = places.map_err(|refused| refused.in_file(path, &found.columns))?;
    for wanted in wanted {
        rows.names.push(wanted.name);
        rows.cells.push(Cells::default());
    }
    let metadata = reader.metadata();
    for group in 0..reader.num_row_groups() {
        let count = metadata.row_group(group).num_rows();
        let mut left = usize::try_from(count)
            .map_err(|_| damaged(format!("row group {group} says it has {count} rows")))?;
        let mut columns = contained(|| {
            let group = reader.get_row_group(group)?;
            places
                .iter()
                .map(|place| {
                    place
                        .as_ref()
                        .map(|place| group.get_column_reader(place.index))
                        .transpose()
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .map_err(damaged)?;
        while 0 < left {
            let count = left.min(together);
            contained(|| {
                let columns = columns.iter_mut().zip(&places).zip(&mut rows.cells);
                for ((column, place), cells) in columns {
                    if let (Some(column), Some(place)) = (column, place) {
                        fill(column, place, count, cells)?;
                    }
                }
                Ok(())
            })
            .map_err(damaged)?;
            rows.count = count;
            found.rows += count as u64;
            take(&rows);
            left -= count;
        }
    }
    let said = metadata.file_metadata().num_rows();
    if u64::try_from(said) != Ok(found.rows) {
        return Err(damaged(format!(
            "it says it has {said} rows and has {}",
            found.rows
        )));
    }
    Ok(found)
}

fn refuse_what_is_no_parquet(path: &Path, mut file: &File) -> Result<(), SweChatError> {
    use io::{Read as _, Seek as _};
    let failed = |source| SweChatError::Read {
        path: path.to_owned(),
        source,
    };
    let mut head = Vec::new();
    file.take(20).read_to_end(&mut head).map_err(failed)?;
    file.rewind().map_err(failed)?;
    if head.starts_with(b"PAR1") {
        Ok(())
    } else if head.starts_with(b"version https://git") {
        Err(SweChatError::Pointer(path.to_owned()))
    } else {
        Err(SweChatError::NoParquet(path.to_owned()))
    }
}

/// Where a column is in the file and how its moments are written.
struct Place {
    index: usize,
    is_optional: bool,
    per_second: i64,
}

/// Why a table is of no use.
enum Refused {
    Missing(Vec<&'static str>),
    Type(&'static str, Kind, String),
}

impl Refused {
    fn in_file(self, path: &Path, found: &[String]) -> SweChatError {
        let path: PathBuf = path.to_owned();
        match self {
            Self::Missing(missing) => SweChatError::Columns {
                path,
                missing: missing.join("`, `"),
                found: found.join(", "),
            },
            Self::Type(column, kind, found) => SweChatError::Type {
                path,
                column,
                wanted: match kind {
                    Kind::Text => "text",
                    Kind::Number => "numbers",
                    Kind::Time => "moments",
                },
                found,
            },
        }
    }
}

fn places(
    reader: &SerializedFileReader<File>,
    wanted: &[Wanted],
    found: &mut Found,
) -> Result<Vec<Option<Place>>, Refused> {
    let schema = reader.metadata().file_metadata().schema_descr();
    for column in schema.columns() {
        let name = column.path().parts().first().cloned().unwrap_or_default();
        if found.columns.last() != Some(&name) {
            found.columns.push(name);
        }
    }
    let is_there = |wanted: &Wanted| found.columns.iter().any(|name| name == wanted.name);
    let missing: Vec<&'static str> = wanted
        .iter()
        .filter(|wanted| wanted.is_needed && !is_there(wanted))
        .map(|wanted| wanted.name)
        .collect();
    if !missing.is_empty() {
        return Err(Refused::Missing(missing));
    }
    let mut places = Vec::new();
    for wanted in wanted {
        let place = schema
            .columns()
            .iter()
            .position(|column| column.path().parts()[0] == wanted.name)
            .map(|index| {
                let column = &schema.columns()[index];
                fits(column, wanted.kind)
                    .map(|per_second| Place {
                        index,
                        is_optional: column.max_def_level() != 0,
                        per_second,
                    })
                    .ok_or_else(|| described(column))
            });
        places.push(match place {
            None => None,
            Some(Ok(place)) => Some(place),
            Some(Err(found)) if wanted.is_needed => {
                return Err(Refused::Type(wanted.name, wanted.kind, found));
            }
            Some(Err(described)) => {
                found.mistyped.push((wanted.name, described));
                None
            }
        });
    }
    Ok(places)
}

/// Units in a second if the column can be read as `kind`.
fn fits(column: &ColumnDescriptor, kind: Kind) -> Option<i64> {
    if column.path().parts().len() != 1 || column.max_rep_level() != 0 {
        return None;
    }
    let unit = unit(column);
    match (kind, column.physical_type()) {
        (Kind::Text | Kind::Number | Kind::Time, Stored::BYTE_ARRAY) => Some(1),
        (Kind::Number, Stored::INT32 | Stored::INT64 | Stored::FLOAT | Stored::DOUBLE) => {
            unit.is_none().then_some(1)
        }
        (Kind::Time, Stored::INT64) => unit,
        (Kind::Time, Stored::INT96) => Some(1),
        _ => None,
    }
}

fn unit(column: &ColumnDescriptor) -> Option<i64> {
    match column.logical_type_ref() {
        Some(LogicalType::Timestamp(moment)) => Some(match moment.unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        }),
        _ => match column.converted_type() {
            ConvertedType::TIMESTAMP_MILLIS => Some(1_000),
            ConvertedType::TIMESTAMP_MICROS => Some(1_000_000),
            _ => None,
        },
    }
}

fn described(column: &ColumnDescriptor) -> String {
    if column.path().parts().len() != 1 || column.max_rep_level() != 0 {
        return "nested".to_owned();
    }
    match unit(column) {
        Some(_) => "moments".to_owned(),
        None => column.physical_type().to_string().to_lowercase(),
    }
}

fn fill(
    column: &mut ColumnReader,
    place: &Place,
    count: usize,
    cells: &mut Cells,
) -> Result<(), ParquetError> {
    cells.levels.clear();
    let levels = &mut cells.levels;
    let values = match column {
        ColumnReader::ByteArrayColumnReader(column) => {
            let mut values = match std::mem::take(&mut cells.values) {
                Values::Text(values) => values,
                _ => Vec::new(),
            };
            next(column, count, levels, &mut values)?;
            Values::Text(values)
        }
        ColumnReader::Int64ColumnReader(column) => {
            let mut values = match std::mem::take(&mut cells.values) {
                Values::Whole(values, _) => values,
                _ => Vec::new(),
            };
            next(column, count, levels, &mut values)?;
            Values::Whole(values, place.per_second)
        }
        ColumnReader::Int32ColumnReader(column) => {
            let mut values = Vec::new();
            next(column, count, levels, &mut values)?;
            Values::Whole(values.into_iter().map(i64::from).collect(), 1)
        }
        ColumnReader::Int96ColumnReader(column) => {
            let mut values: Vec<Int96> = Vec::new();
            next(column, count, levels, &mut values)?;
            Values::Whole(values.iter().map(Int96::to_seconds).collect(), 1)
        }
        ColumnReader::DoubleColumnReader(column) => {
            let mut values = Vec::new();
            next(column, count, levels, &mut values)?;
            Values::Fraction(values)
        }
        ColumnReader::FloatColumnReader(column) => {
            let mut values = Vec::new();
            next(column, count, levels, &mut values)?;
            Values::Fraction(values.into_iter().map(f64::from).collect())
        }
        ColumnReader::BoolColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            Values::Absent
        }
    };
    let mut next = 0_u32;
    let mut place_of = |is_there: bool| {
        let at = next;
        next += u32::from(is_there);
        if is_there { at } else { NOTHING }
    };
    cells.at.clear();
    if place.is_optional {
        cells
            .at
            .extend(cells.levels.iter().map(|level| place_of(*level != 0)));
    } else {
        cells.at.extend((0..count).map(|_| place_of(true)));
    }
    cells.values = values;
    Ok(())
}

/// Reads exactly `count` rows.
fn next<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    count: usize,
    levels: &mut Vec<i16>,
    values: &mut Vec<T::T>,
) -> Result<(), ParquetError> {
    values.clear();
    let (read, _, _) = column.read_records(count, Some(levels), None, values)?;
    if read == count {
        Ok(())
    } else {
        Err(ParquetError::General(
            "a column has fewer rows than its row group".to_owned(),
        ))
    }
}

thread_local! {
    /// Whether this thread is within the crate, where a panic means a damaged file.
    static IS_WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Calls the crate; its panics become errors and print nothing.
fn contained<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if !IS_WITHIN.get() {
                others(panicked);
            }
        }));
    });
    IS_WITHIN.set(true);
    // What a panic leaves behind is dropped with the file, so it cannot be seen half changed.
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    IS_WITHIN.set(false);
    match done {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("its bytes contradict each other".to_owned()),
    }
}
