//! A CSV file that is added to: columns and rows that an import does not know stay as they are.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::commands::output;
use crate::report::escape;

/// Rows by their key, in the order of the file.
pub(super) struct Table {
    path: PathBuf,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Rows by the cells of their key columns.
    at: HashMap<String, usize>,
    key: Vec<&'static str>,
}

/// Stands between the cells of a key, which are ids made safe by [`outside`] and so hold no such character.
const BETWEEN: char = '\u{1f}';

impl Table {
    /// Reads the file, or begins an empty one; `columns` that it lacks are added, the first of them is the key.
    ///
    /// # Errors
    /// Where the file is there and is no CSV with the key's column.
    pub(super) fn open(path: &Path, columns: &[&'static str]) -> anyhow::Result<Self> {
        Self::open_by(path, columns, 1)
    }

    /// The same, where the first `key` columns together tell rows apart.
    ///
    /// # Errors
    /// Where the file is there and is no CSV with these columns.
    pub(super) fn open_by(
        path: &Path,
        columns: &[&'static str],
        key: usize,
    ) -> anyhow::Result<Self> {
        let mut table = Self {
            path: path.to_owned(),
            columns: Vec::new(),
            rows: Vec::new(),
            at: HashMap::new(),
            key: columns[..key].to_vec(),
        };
        if path.is_file() {
            let failed = || format!("failed to read `{}`", path.display());
            let mut reader = csv::Reader::from_path(path).with_context(failed)?;
            table.columns = reader
                .headers()
                .with_context(failed)?
                .iter()
                .map(|name| name.trim_start_matches('\u{feff}').to_owned())
                .collect();
            for column in &table.key {
                anyhow::ensure!(
                    table.column(column).is_some(),
                    "`{}` has no column `{column}`; hint: name another folder with --out",
                    path.display(),
                );
            }
            for record in reader.records() {
                let row: Vec<String> = record
                    .with_context(failed)?
                    .iter()
                    .map(str::to_owned)
                    .collect();
                table.at.insert(table.key_of(&row), table.rows.len());
                table.rows.push(row);
            }
        }
        for column in columns {
            table.add_column(column);
        }
        Ok(table)
    }

    fn key_of(&self, row: &[String]) -> String {
        let cells: Vec<&str> = self
            .key
            .iter()
            .filter_map(|column| Some(row[self.column(column)?].as_str()))
            .collect();
        cells.join(&BETWEEN.to_string())
    }

    /// Takes rows out that are to be written anew or are no longer so.
    pub(super) fn retain(&mut self, keeps: impl Fn(&dyn Fn(&str) -> Option<String>) -> bool) {
        let rows = std::mem::take(&mut self.rows);
        self.at.clear();
        for row in rows {
            let cell = |column: &str| Some(row[self.column(column)?].clone());
            if keeps(&cell) {
                self.at.insert(self.key_of(&row), self.rows.len());
                self.rows.push(row);
            }
        }
    }

    fn add_column(&mut self, name: &str) -> usize {
        self.column(name).unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            for row in &mut self.rows {
                row.push(String::new());
            }
            self.columns.len() - 1
        })
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The keys in the order of the file.
    pub(super) fn keys(&self) -> Vec<&str> {
        let key = self.column(self.key[0]).unwrap_or_default();
        self.rows.iter().map(|row| row[key].as_str()).collect()
    }

    /// A cell, if the row is there.
    pub(super) fn cell(&self, key: &str, column: &str) -> Option<&str> {
        let column = self.column(column)?;
        Some(self.rows[*self.at.get(key)?][column].as_str())
    }

    /// Sets cells of the row with this key; makes the row and columns that are missing.
    pub(super) fn set<'a>(
        &mut self,
        key: &str,
        cells: impl IntoIterator<Item = (&'a str, String)>,
    ) {
        self.set_by(&[key], cells);
    }

    /// The same for a key of several cells.
    pub(super) fn set_by<'a>(
        &mut self,
        key: &[&str],
        cells: impl IntoIterator<Item = (&'a str, String)>,
    ) {
        let joined = key.join(&BETWEEN.to_string());
        let at = match self.at.get(&joined) {
            Some(at) => *at,
            None => {
                let columns: Vec<usize> = (0..key.len())
                    .map(|at| self.add_column(self.key[at]))
                    .collect();
                let mut row = vec![String::new(); self.columns.len()];
                for (column, cell) in columns.into_iter().zip(key) {
                    (*cell).clone_into(&mut row[column]);
                }
                self.rows.push(row);
                self.at.insert(joined, self.rows.len() - 1);
                self.rows.len() - 1
            }
        };
        for (name, value) in cells {
            let column = self.add_column(name);
            self.rows[at][column] = value;
        }
    }

    /// Writes the file whole or not at all, if it changes.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        let text = String::from_utf8(writer.into_inner().map_err(|error| error.into_error())?)?;
        if std::fs::read_to_string(&self.path).is_ok_and(|known| known == text) {
            return Ok(());
        }
        output::file(&self.path, &text)
    }
}

/// Text from outside as a cell that no spreadsheet and no terminal obeys.
pub(super) fn outside(text: &str) -> String {
    escape::csv_cell(&escape::terminal(text)).into_owned()
}
