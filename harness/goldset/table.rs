//! CSV files of a goldset with their line numbers.

use std::path::Path;

use super::load::GoldsetError;

/// One row: its line in the file and its cells in the order of the wanted columns.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// Reads `wanted` columns of a file; `optional` ones are empty where the file has no such column.
pub(super) fn read(
    path: &Path,
    wanted: &[&str],
    optional: &[&str],
) -> Result<Vec<Row>, GoldsetError> {
    let mut bytes = std::fs::read(path).map_err(|source| GoldsetError::Read {
        path: path.to_owned(),
        source,
    })?;
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes.as_slice());
    let failed = |error: &csv::Error| GoldsetError::Csv {
        path: path.to_owned(),
        line: error.position().map_or(1, csv::Position::line),
        message: cause(error),
    };
    let headers = reader.headers().map_err(|error| failed(&error))?.clone();
    let position = |name: &str| headers.iter().position(|header| header == name);
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|name| position(name).is_none())
        .collect();
    if !missing.is_empty() {
        return Err(GoldsetError::Columns {
            path: path.to_owned(),
            missing: missing.join(", "),
            found: headers.iter().collect::<Vec<_>>().join(", "),
        });
    }
    let positions: Vec<Option<usize>> = wanted
        .iter()
        .chain(optional)
        .map(|name| position(name))
        .collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| failed(&error))?;
        let cells = positions
            .iter()
            .map(|position| {
                position
                    .and_then(|position| record.get(position))
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect();
        rows.push(Row {
            line: record.position().map_or(0, csv::Position::line),
            cells,
        });
    }
    Ok(rows)
}

/// What is wrong with a line, in the words of someone who mends it.
pub(super) fn cause(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("the row has {len} fields, the header {expected_len}"),
        csv::ErrorKind::Utf8 { err, .. } => {
            format!("field {} is not UTF-8", err.field() + 1)
        }
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        _ => error.to_string(),
    }
}
