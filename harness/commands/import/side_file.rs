//! A CSV file beside a goldset's sessions: rows of an import replace those with the same key, other rows stay.
//!
//! Rows go from the old file to the new one as they are read, so that memory does not grow with the file.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context;

/// Hands each row to the function that it is given.
pub(super) type Rows<'r> =
    &'r dyn Fn(&mut dyn FnMut(&[String]) -> anyhow::Result<()>) -> anyhow::Result<()>;

/// Adds `rows`; the first `key` of `columns` are the key. The file is written whole or not at all.
///
/// # Errors
/// Where the file is there with other columns, cannot be read or cannot be written.
pub(super) fn add(path: &Path, columns: &[&str], key: usize, rows: Rows<'_>) -> anyhow::Result<()> {
    let mut keys: HashSet<Vec<String>> = HashSet::new();
    rows(&mut |row| {
        if !keys.contains(&row[..key]) {
            keys.insert(row[..key].to_vec());
        }
        Ok(())
    })?;
    if keys.is_empty() {
        return Ok(());
    }
    let failed = || format!("failed to write `{}`", path.display());
    let beside = path.with_extension(format!("{}.partial", std::process::id()));
    let written = write(path, &beside, columns, &keys, key, rows)
        .and_then(|()| Ok(fs::rename(&beside, path)?))
        .with_context(failed);
    if written.is_err() {
        // What went wrong is told; a leftover that cannot be removed does no harm.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write(
    path: &Path,
    beside: &Path,
    columns: &[&str],
    keys: &HashSet<Vec<String>>,
    key: usize,
    rows: Rows<'_>,
) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(File::create(beside)?));
    writer.write_record(columns)?;
    if path.is_file() {
        let mut old = csv::Reader::from_path(path)?;
        anyhow::ensure!(
            old.headers()?.iter().eq(columns.iter().copied()),
            "it is there with other columns; hint: name another folder with --out"
        );
        for row in old.records() {
            let row = row?;
            let own: Vec<String> = row.iter().take(key).map(str::to_owned).collect();
            if !keys.contains(&own) {
                writer.write_record(&row)?;
            }
        }
    }
    rows(&mut |row| Ok(writer.write_record(row)?))?;
    let mut file = writer.into_inner().map_err(|error| error.into_error())?;
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(())
}
