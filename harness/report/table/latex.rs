//! A table for print: booktabs rules, over several pages where it is long, sideways where it is wide.

use unicode_width::UnicodeWidthStr;

use super::{Align, Table};
use crate::report::escape::{ascii, latex};

/// Characters of a column of text beyond which its lines are broken.
const WIDEST_TEXT: usize = 44;
/// Characters of `\\footnotesize`, and of `\\scriptsize`, that fit the width of a page, and of a page that lies on its side.
const FOOTNOTE: usize = 98;
const SCRIPT: usize = 116;
const SIDEWAYS: usize = 172;
/// Characters that the gap between two columns takes.
const GAP: usize = 2;

impl Table {
    /// As a `longtable` with booktabs rules, caption and notes, after comment lines `provenance`.
    ///
    /// It needs the packages array, booktabs, longtable and pdflscape, and the column type `L` of `tables/appendix.tex`.
    #[must_use]
    pub fn latex(&self, provenance: &[String]) -> String {
        let mut text = String::new();
        for line in provenance {
            text.push_str(&format!("% {}\n", ascii(line)));
        }
        let widths = self.widths();
        let natural: usize = widths.iter().map(|width| width + GAP).sum();
        let (size, is_sideways) = match natural {
            _ if natural <= FOOTNOTE => ("footnotesize", false),
            _ if natural <= SCRIPT => ("scriptsize", false),
            _ if natural <= SIDEWAYS => ("scriptsize", true),
            _ => ("tiny", true),
        };
        if is_sideways {
            text.push_str("\\begin{landscape}\n");
        }
        text.push_str(&format!(
            "{{\\{size}\\setlength{{\\tabcolsep}}{{3pt}}\n\\begin{{longtable}}{{@{{}}"
        ));
        for ((_, align), width) in self.columns.iter().zip(&widths) {
            text.push_str(&match align {
                Align::Right => "r".to_owned(),
                Align::Left | Align::Estimate if WIDEST_TEXT <= *width => {
                    format!("L{{{:.1}em}}", *width as f64 * 0.5)
                }
                Align::Left | Align::Estimate => "l".to_owned(),
            });
        }
        text.push_str("@{}}\n");
        text.push_str(&format!("\\caption{{{}}}\\\\\n", latex(&self.title)));
        let header = self.header();
        text.push_str(&format!(
            "\\toprule\n{header}\\midrule\n\\endfirsthead\n\\toprule\n{header}\\midrule\n\\endhead\n"
        ));
        text.push_str("\\bottomrule\n\\endlastfoot\n\\bottomrule\n\\endfoot\n");
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| latex(&cell.shown())).collect();
            text.push_str(&format!("{} \\\\\n", cells.join(" & ")));
        }
        text.push_str("\\end{longtable}\n");
        for note in &self.notes {
            text.push_str(&format!("\\noindent {}\\par\n", latex(note)));
        }
        text.push_str("}\n");
        if is_sideways {
            text.push_str("\\end{landscape}\n");
        }
        text
    }

    fn header(&self) -> String {
        let cells: Vec<String> = self.columns.iter().map(|(title, _)| latex(title)).collect();
        format!("{} \\\\\n", cells.join(" & "))
    }

    /// How many characters each column takes.
    fn widths(&self) -> Vec<usize> {
        self.columns
            .iter()
            .enumerate()
            .map(|(column, (title, align))| {
                let widest = self
                    .rows
                    .iter()
                    .map(|row| row[column].shown().width())
                    .chain([title.width()])
                    .max()
                    .unwrap_or(0);
                match align {
                    Align::Left => widest.min(WIDEST_TEXT),
                    Align::Right | Align::Estimate => widest,
                }
            })
            .collect()
    }
}
