//! Figures of rates, drawn from the cells of their tables: what a table suppresses, its figure cannot show.

use crate::report::figures::intervals::{self, Intervals, Point, Row};
use crate::report::page::Block;
use crate::report::table::{Cell, Content, SUPPRESSED, Table};

use super::super::Section;
use super::super::material::Material;
use super::{Drawing, heading};

/// Recall and precision of every label that gold gives; a figure for each classifier. Suppressed labels are left out.
pub(super) fn recall(material: &Material, sections: &[Section]) -> Vec<Drawing> {
    let Some((section, table)) = table(sections, &material.key("per-class")) else {
        return Vec::new();
    };
    let Some(gold) = column(table, "gold") else {
        return Vec::new();
    };
    groups(table, "classifier")
        .into_iter()
        .filter_map(|(name, rows)| {
            let title = material
                .classifier(&name)
                .map_or_else(|| name.clone(), |part| part.definition().title.clone());
            let shown: Vec<&Vec<Cell>> = rows
                .iter()
                .copied()
                .filter(|row| !["0", SUPPRESSED].contains(&row[gold].shown().as_str()))
                .collect();
            let left_out = match rows.len() - shown.len() {
                0 => String::new(),
                labels => format!(
                    " Labels of the table above that are left out, without a session of gold or suppressed: {labels}."
                ),
            };
            draw(
                material,
                Rates {
                    key: format!("recall-{name}"),
                    title: format!("{title}: recall and precision of each label"),
                    axis: format!("share, 95% interval; gold is {}", material.basis.against),
                    label: "label",
                    n: "gold",
                    series: &["recall", "precision"],
                    names: &["recall", "precision"],
                    caption: format!("n counts sessions that gold gives the label.{left_out}"),
                },
                table,
                &shown,
                section,
            )
        })
        .collect()
}

/// How common every label is, as said, corrected, and by gold; a figure for each classifier.
pub(super) fn prevalence(material: &Material, sections: &[Section]) -> Vec<Drawing> {
    let Some((section, table)) = table(sections, &material.key("prevalence")) else {
        return Vec::new();
    };
    let series = ["said", "Rogan-Gladen", "by gold"];
    groups(table, "classifier")
        .into_iter()
        .filter_map(|(name, rows)| {
            let title = material
                .classifier(&name)
                .map_or_else(|| name.clone(), |part| part.definition().title.clone());
            draw(
                material,
                Rates {
                    key: format!("prevalence-{name}"),
                    title: format!("{title}: how common every label is"),
                    axis: "share of sessions, 95% interval".to_owned(),
                    label: "label",
                    n: "n",
                    series: &series,
                    names: &["as the candidate says", "corrected (Rogan-Gladen)", "by gold"],
                    caption: "Corrected shares take the candidate's errors out, as measured on other users' sessions; see the notes of the table above.".to_owned(),
                },
                table,
                &rows,
                section,
            )
        })
        .collect()
}

/// Outcomes by level, raw and adjusted; a figure for each outcome.
pub(super) fn outcomes(material: &Material, sections: &[Section]) -> Vec<Drawing> {
    let Some((section, table)) = table(sections, &material.key("outcomes")) else {
        return Vec::new();
    };
    let by = material
        .study
        .as_ref()
        .and_then(|study| study.outcomes.as_ref())
        .and_then(|outcomes| material.classifier(&outcomes.by))
        .map_or_else(String::new, |part| {
            format!(" by {}", part.definition().title.to_lowercase())
        });
    groups(table, "outcome")
        .into_iter()
        .filter_map(|(name, rows)| {
            let mut title = name.clone();
            if let Some(first) = title.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            draw(
                material,
                Rates {
                    key: format!("outcome-{}", name.replace(' ', "-")),
                    title: format!("{title}{by}"),
                    axis: "share of sessions, 95% interval".to_owned(),
                    label: "level",
                    n: "n",
                    series: &["raw rate", "adjusted rate"],
                    names: &["raw rate", "adjusted rate"],
                    caption: "Adjusted rates compare sessions within what the table above names; where too few sessions are left there is no value.".to_owned(),
                },
                table,
                &rows,
                section,
            )
        })
        .collect()
}

/// What a figure takes from a table. Suppressed rows are left out.
struct Rates<'r> {
    key: String,
    title: String,
    axis: String,
    /// The column that names a row.
    label: &'r str,
    /// The column that counts its sessions, where there is one.
    n: &'r str,
    /// The columns drawn.
    series: &'r [&'r str],
    /// What they are called in the figure.
    names: &'r [&'r str],
    caption: String,
}

fn draw(
    material: &Material,
    rates: Rates<'_>,
    table: &Table,
    rows: &[&Vec<Cell>],
    section: u8,
) -> Option<Drawing> {
    let label = column(table, rates.label)?;
    let columns: Vec<usize> = rates
        .series
        .iter()
        .map(|name| column(table, name))
        .collect::<Option<_>>()?;
    let n = column(table, rates.n);
    let rows: Vec<&Vec<Cell>> = rows
        .iter()
        .copied()
        .filter(|row| row[columns[0]].shown() != SUPPRESSED)
        .collect();
    let drawn: Vec<Row> = rows
        .iter()
        .map(|row| Row {
            label: n.map_or_else(
                || name(&row[label]),
                |n| format!("{} (n {})", name(&row[label]), row[n].shown()),
            ),
            points: columns.iter().map(|column| read(&row[*column])).collect(),
        })
        .collect();
    if drawn
        .iter()
        .all(|row| row.points.iter().all(Option::is_none))
    {
        return None;
    }
    let said: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {}", name(&row[label]), row[columns[0]].shown()))
        .collect();
    let heading = heading(
        material,
        &rates.key,
        rates.title,
        format!("{}: {}.", rates.names[0], said.join(", ")),
    );
    Some(Drawing {
        section,
        figure: intervals::draw(&Intervals {
            heading,
            axis: rates.axis,
            range: (0.0, 1.0),
            percent: true,
            reference: None,
            series: rates.names.iter().map(|name| (*name).to_owned()).collect(),
            rows: drawn,
        }),
        caption: rates.caption,
    })
}

/// A label without the title that a table puts behind it.
fn name(cell: &Cell) -> String {
    let shown = cell.shown();
    shown
        .split_once(" (")
        .map_or(shown.as_str(), |(name, _)| name)
        .to_owned()
}

/// A table with the number of its section.
fn table<'s>(sections: &'s [Section], key: &str) -> Option<(u8, &'s Table)> {
    sections.iter().find_map(|section| {
        section.blocks.iter().find_map(|block| match block {
            Block::Table(table) if table.key() == key => Some((section.number, table)),
            _ => None,
        })
    })
}

fn column(table: &Table, title: &str) -> Option<usize> {
    table.columns().iter().position(|(name, _)| name == title)
}

/// Rows by what stands in a column, in the order in which it first stands there.
fn groups<'t>(table: &'t Table, title: &str) -> Vec<(String, Vec<&'t Vec<Cell>>)> {
    let mut groups: Vec<(String, Vec<&Vec<Cell>>)> = Vec::new();
    let Some(column) = column(table, title) else {
        return groups;
    };
    for row in table.rows() {
        let name = row[column].shown();
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((name, vec![row])),
        }
    }
    groups
}

/// What a cell says as a point: `81% [70%, 92%]`, or a percentage without an interval.
fn read(cell: &Cell) -> Option<Point> {
    match &cell.content {
        Content::Estimate { value, low, high } => Some(Point {
            value: share(value)?,
            interval: share(low).zip(share(high)),
        }),
        Content::Text(text) => Some(Point {
            value: share(text.split(' ').next()?)?,
            interval: None,
        }),
    }
}

fn share(text: &str) -> Option<f64> {
    let percent: f64 = text.strip_suffix('%')?.parse().ok()?;
    Some(percent / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_read_as_it_is_shown() {
        let point = read(&Cell::estimate("81%", "70%", "99.5%")).unwrap();
        assert!((point.value - 0.81).abs() < 1e-12);
        let (low, high) = point.interval.unwrap();
        assert!((low - 0.7).abs() < 1e-12 && (high - 0.995).abs() < 1e-12);
        assert_eq!(
            read(&Cell::text("50% (no interval)")),
            Some(Point {
                value: 0.5,
                interval: None
            })
        );
        for nothing in ["suppressed", "undefined: no cases", "no sessions", ""] {
            assert_eq!(read(&Cell::text(nothing)), None, "{nothing}");
        }
    }
}
