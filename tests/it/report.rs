//! `validate report`: the appendix, its formats, and whether it is fresh.

mod command;
mod latex;
mod privacy;
mod published;
mod tables;
mod values;

use std::collections::BTreeMap;
use std::path::Path;

use crate::workspace::Workspace;

/// Every file below a folder with its bytes, by path.
pub(crate) fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).unwrap();
            let bytes = std::fs::read(entry.path()).unwrap();
            (path.to_string_lossy().into_owned(), bytes)
        })
        .collect()
}

/// A text of the workspace.
pub(crate) fn text(workspace: &Workspace, name: &str) -> String {
    std::fs::read_to_string(workspace.path().join(name)).unwrap()
}

/// The rows of a CSV file of the workspace, header first.
pub(crate) fn rows(path: &Path) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(path)
        .unwrap()
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// The cell of a column in the first row whose first cells are these.
pub(crate) fn cell(rows: &[Vec<String>], first: &[&str], column: &str) -> String {
    let at = rows[0]
        .iter()
        .position(|name| name == column)
        .unwrap_or_else(|| panic!("no column {column} in {:?}", rows[0]));
    rows.iter()
        .find(|row| row.iter().zip(first).all(|(cell, wanted)| cell == wanted))
        .unwrap_or_else(|| panic!("no row {first:?}"))[at]
        .clone()
}
