//! A table for spreadsheets and programs.

use super::{Align, Cell, Content, Table};
use crate::report::escape;

impl Table {
    /// As CSV with a header; an estimate takes three columns, `name`, `name low` and `name high`. No cell can start a formula.
    ///
    /// # Panics
    /// Never: writing into memory does not fail.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut header = Vec::new();
        for (title, align) in &self.columns {
            header.push(title.clone());
            if *align == Align::Estimate {
                header.push(format!("{title} low"));
                header.push(format!("{title} high"));
            }
        }
        let rows = self.rows.iter().map(|row| {
            row.iter()
                .zip(&self.columns)
                .flat_map(|(cell, (_, align))| fields(cell, *align))
                .collect()
        });
        for row in std::iter::once(header).chain(rows) {
            let safe: Vec<String> = row
                .iter()
                .map(|field| escape::csv_cell(&escape::terminal(field)).into_owned())
                .collect();
            writer
                .write_record(&safe)
                .expect("writing into memory does not fail");
        }
        let bytes = writer
            .into_inner()
            .expect("writing into memory does not fail");
        String::from_utf8(bytes).expect("what was written is text")
    }
}

fn fields(cell: &Cell, align: Align) -> Vec<String> {
    match (&cell.content, align) {
        (Content::Estimate { value, low, high }, Align::Estimate) => {
            vec![value.clone(), low.clone(), high.clone()]
        }
        (_, Align::Estimate) => vec![cell.shown(), String::new(), String::new()],
        (_, Align::Left | Align::Right) => vec![cell.shown()],
    }
}
