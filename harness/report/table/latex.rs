//! A table for print: booktabs rules, over several pages where it is long, sideways where it is wide.

use unicode_width::UnicodeWidthStr;

use super::{Align, Table};
use crate::report::escape::{ascii, latex};
use crate::report::latex::running;

/// Characters of a column of text beyond which its lines are broken.
const WIDEST: usize = 56;
/// A column of text or estimates is not made narrower than this.
const NARROWEST: usize = 20;
/// Characters of `\\footnotesize` and of `\\scriptsize` that fit the width of a page.
const FOOTNOTE: usize = 130;
const SCRIPT: usize = 146;
/// Characters of `\\scriptsize` that fit a page on its side.
const SIDEWAYS: usize = 225;
/// Characters that the gap between two columns takes.
const GAP: usize = 2;

/// How a table is set.
struct Setting {
    size: &'static str,
    is_sideways: bool,
    /// The width of each column; text that is wider is broken into lines.
    widths: Vec<usize>,
}

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
        let Setting {
            size,
            is_sideways,
            widths,
        } = self.setting();
        if is_sideways {
            text.push_str("\\begin{landscape}\n");
        }
        text.push_str(&format!(
            "{{\\{size}\\setlength{{\\tabcolsep}}{{3pt}}\n\\begin{{longtable}}{{@{{}}"
        ));
        for (column, ((_, align), width)) in self.columns.iter().zip(&widths).enumerate() {
            text.push_str(&match align {
                Align::Right => "r".to_owned(),
                Align::Left | Align::Estimate if *width < self.widest(column) => {
                    #[expect(clippy::cast_precision_loss, reason = "a width is small")]
                    let ems = *width as f64 * 0.49;
                    format!("L{{{ems:.1}em}}")
                }
                Align::Left | Align::Estimate => "l".to_owned(),
            });
        }
        text.push_str("@{}}\n");
        text.push_str(&format!("\\caption{{{}}}\\\\\n", running(&self.title)));
        let header = self.header(&widths);
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
            text.push_str(&format!("\\noindent {}\\par\n", running(note)));
        }
        text.push_str("}\n");
        if is_sideways {
            text.push_str("\\end{landscape}\n");
        }
        text
    }

    /// The headings, broken at spaces where they are wider than their column.
    fn header(&self, widths: &[usize]) -> String {
        let cells: Vec<String> = self
            .columns
            .iter()
            .zip(widths)
            .map(|((title, align), width)| {
                let lines = broken(title, *width);
                let side = if *align == Align::Right { 'r' } else { 'l' };
                match lines.as_slice() {
                    [one] => latex(one),
                    several => {
                        let lines: Vec<String> = several.iter().map(|line| latex(line)).collect();
                        format!("\\shortstack[{side}]{{{}}}", lines.join("\\\\"))
                    }
                }
            })
            .collect();
        format!("{} \\\\\n", cells.join(" & "))
    }

    /// The largest size at which the table fits the page, its columns of text made narrower where that helps.
    fn setting(&self) -> Setting {
        let natural: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(column, (title, align))| {
                let heading = title.split(' ').map(UnicodeWidthStr::width).max();
                let widest = self.widest(column).max(heading.unwrap_or(0));
                match align {
                    Align::Right => widest,
                    Align::Left | Align::Estimate => widest.min(WIDEST),
                }
            })
            .collect();
        for (size, is_sideways, room) in [
            ("footnotesize", false, FOOTNOTE),
            ("scriptsize", false, SCRIPT),
        ] {
            if let Some(widths) = self.fitted(&natural, room) {
                return Setting {
                    size,
                    is_sideways,
                    widths,
                };
            }
        }
        Setting {
            size: "scriptsize",
            is_sideways: true,
            widths: self.fitted(&natural, SIDEWAYS).unwrap_or(natural),
        }
    }

    /// The widths with the widest columns of text made narrower until all fits, if that can be.
    fn fitted(&self, natural: &[usize], room: usize) -> Option<Vec<usize>> {
        let mut widths = natural.to_vec();
        while room < widths.iter().map(|width| width + GAP).sum::<usize>() {
            let widest = (0..widths.len())
                .filter(|column| self.columns[*column].1 != Align::Right)
                .filter(|column| NARROWEST < widths[*column])
                .max_by_key(|column| widths[*column])?;
            widths[widest] -= 1;
        }
        Some(widths)
    }

    /// Characters of the widest cell of a column.
    fn widest(&self, column: usize) -> usize {
        self.rows
            .iter()
            .map(|row| row[column].shown().width())
            .max()
            .unwrap_or(0)
    }
}

/// A heading in lines of at most `width` characters, broken at spaces.
fn broken(title: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in title.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
