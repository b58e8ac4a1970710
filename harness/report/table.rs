//! One table, rendered for each format from the same cells, so that every format shows the same numbers.
//!
//! `csv`, `html` and `latex` beside this file write it for spreadsheets, browsers and print; terminal and Markdown stand
//! here. A table of the appendix also has a key (the stem of its files), a title and notes.

mod csv;
mod html;
mod latex;
mod suppression;

use unicode_width::UnicodeWidthStr;

use super::escape;

/// What stands in a cell that was left out because too few users are behind it.
pub const SUPPRESSED: &str = "suppressed";

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
    /// Estimates with their interval, which CSV has in three columns.
    Estimate,
}

/// What stands in a cell, rounded and not yet escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text or number.
    Text(String),
    /// An estimate with the limits of its interval.
    Estimate {
        /// The estimate.
        value: String,
        /// The lower limit.
        low: String,
        /// The upper limit.
        high: String,
    },
}

/// A cell, and how many users are behind what it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What stands in it.
    pub content: Content,
    /// The smallest number of distinct users, above zero, that the cell tells of; `None` where it rests on all sessions.
    pub users: Option<usize>,
}

impl Cell {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            content: Content::Text(text.into()),
            users: None,
        }
    }

    /// An estimate with its interval.
    #[must_use]
    pub fn estimate(
        value: impl Into<String>,
        low: impl Into<String>,
        high: impl Into<String>,
    ) -> Self {
        Self {
            content: Content::Estimate {
                value: value.into(),
                low: low.into(),
                high: high.into(),
            },
            users: None,
        }
    }

    /// The same cell, which tells of so many users; of none where the number is zero.
    #[must_use]
    pub fn of_users(mut self, users: usize) -> Self {
        self.users = (users > 0).then_some(users);
        self
    }

    /// What people read: `0.81 [0.74, 0.88]`.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Estimate { value, low, high } => format!("{value} [{low}, {high}]"),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// A table of texts that were rounded but not yet escaped.
#[derive(Debug, Clone)]
pub struct Table {
    key: String,
    title: String,
    notes: Vec<String>,
    /// Notes that tell of users, and of how many.
    note_users: Vec<(usize, usize)>,
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
    is_crossed: bool,
    is_grouped: bool,
}

impl Table {
    /// A table with these columns.
    #[must_use]
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self {
            key: String::new(),
            title: String::new(),
            notes: Vec::new(),
            note_users: Vec::new(),
            columns: columns
                .iter()
                .map(|(title, align)| ((*title).to_owned(), *align))
                .collect(),
            rows: Vec::new(),
            is_crossed: false,
            is_grouped: false,
        }
    }

    /// The same table with the stem of its files and a title.
    #[must_use]
    pub fn named(mut self, key: impl Into<String>, title: impl Into<String>) -> Self {
        self.key = key.into();
        self.title = title.into();
        self
    }

    /// The same table with a note: n, intervals, method, or what was left out.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same table with a note that tells of so many users; of none where the number is zero.
    #[must_use]
    pub fn note_of_users(mut self, note: impl Into<String>, users: usize) -> Self {
        if users > 0 {
            self.note_users.push((self.notes.len(), users));
        }
        self.note(note)
    }

    /// The same table as one of counts by two things, whose last row and column are sums.
    #[must_use]
    pub fn crossed(mut self) -> Self {
        self.is_crossed = true;
        self
    }

    /// The same table as one whose first column is a group, of which the sum over its rows is known.
    #[must_use]
    pub fn grouped(mut self) -> Self {
        self.is_grouped = true;
        self
    }

    /// Appends a row of texts.
    ///
    /// # Panics
    /// If it has not one cell per column.
    pub fn push(&mut self, row: Vec<String>) {
        self.push_cells(row.into_iter().map(Cell::from).collect());
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If it has not one cell per column.
    pub fn push_cells(&mut self, row: Vec<Cell>) {
        assert_eq!(
            row.len(),
            self.columns.len(),
            "a row has one cell per column"
        );
        self.rows.push(row);
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The stem of its files; empty for a table that has none.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its notes.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Its columns.
    #[must_use]
    pub fn columns(&self) -> &[(String, Align)] {
        &self.columns
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// For a terminal: columns two spaces apart, indented by `indent`, no line wider than its cells.
    #[must_use]
    pub fn terminal(&self, indent: usize) -> String {
        let header: Vec<String> = self
            .columns
            .iter()
            .map(|(title, _)| escape::terminal(title).into_owned())
            .collect();
        let rows: Vec<Vec<String>> = std::iter::once(header)
            .chain(self.rows.iter().map(|row| {
                row.iter()
                    .map(|cell| escape::terminal(&cell.shown()).into_owned())
                    .collect()
            }))
            .collect();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                rows.iter()
                    .map(|row| row[column].width())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in &rows {
            let mut line = " ".repeat(indent);
            for (column, cell) in row.iter().enumerate() {
                let padding = " ".repeat(widths[column] - cell.width());
                if column > 0 {
                    line.push_str("  ");
                }
                match self.columns[column].1 {
                    Align::Left | Align::Estimate => {
                        line.push_str(cell);
                        line.push_str(&padding);
                    }
                    Align::Right => {
                        line.push_str(&padding);
                        line.push_str(cell);
                    }
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// As a Markdown table.
    #[must_use]
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = line(
            self.columns
                .iter()
                .map(|(title, _)| escape::markdown_cell(title))
                .collect(),
        );
        text.push_str(&line(
            self.columns
                .iter()
                .map(|(_, align)| {
                    if *align == Align::Right {
                        "---:".to_owned()
                    } else {
                        "---".to_owned()
                    }
                })
                .collect(),
        ));
        for row in &self.rows {
            text.push_str(&line(
                row.iter()
                    .map(|cell| escape::markdown_cell(&cell.shown()))
                    .collect(),
            ));
        }
        text
    }
}
