//! One table in five formats, and text from outside in each of them.

use harness::report::page::{self, Block};
use harness::report::table::{Align, Cell, Table};
use insta::assert_snapshot;

/// Text that is special in HTML, LaTeX, CSV, Markdown or a terminal.
pub(crate) const HOSTILE: &str = "=cmd|'/C calc'!A0 <script>alert(\"x\")</script> \\input{/etc/passwd} $x_1^2$ & 100% #1 ~ `code` [a](b) *b* \u{202e}txt.exe\u{1b}[2J 日本 é";

fn small() -> Table {
    let mut table = Table::new(&[
        ("label", Align::Left),
        ("n", Align::Right),
        ("kappa", Align::Estimate),
    ])
    .named("tiny-small", "A `small` table & more")
    .note("n = 7. Intervals: none & `made_up`.");
    table.push_cells(vec![
        "plain".into(),
        "5".into(),
        Cell::estimate("0.81", "0.74", "0.88"),
    ]);
    table.push_cells(vec![
        HOSTILE.into(),
        "2".into(),
        "undefined: one class".into(),
    ]);
    table
}

#[test]
fn a_table_in_markdown() {
    assert_snapshot!(page::markdown(&[Block::Table(small())]));
}

#[test]
fn a_table_in_csv_has_limits_of_their_own() {
    assert_snapshot!(small().csv());
}

#[test]
fn a_table_in_latex() {
    assert_snapshot!(small().latex(&["validate 0.1.0, seed 0".to_owned()]));
}

#[test]
fn a_table_in_html() {
    assert_snapshot!(small().html());
}

#[test]
fn a_table_on_a_terminal() {
    assert_snapshot!(page::terminal(&[Block::Table(small())]));
}

#[test]
fn no_format_lets_hostile_text_act() {
    let table = small();
    let csv = table.csv();
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    for row in rows.records() {
        for field in row.unwrap().iter() {
            assert!(!field.starts_with(['=', '+', '@', '\t', '\r']), "{field}");
        }
    }
    let html = table.html();
    assert!(!html.contains("<script"), "{html}");
    let latex = table.latex(&[]);
    assert!(!latex.contains("\\input"), "{latex}");
    let markdown = page::markdown(&[Block::Table(small())]);
    assert!(!markdown.contains("<script"), "{markdown}");
    for text in [
        &csv,
        &html,
        &latex,
        &markdown,
        &page::terminal(&[Block::Table(small())]),
    ] {
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text}"
        );
    }
}

#[test]
fn preformatted_text_cannot_leave_its_fence() {
    let markdown = page::markdown(&[Block::Preformatted("a\n````\n# not a heading\n".to_owned())]);
    assert!(markdown.starts_with("`````text\n"), "{markdown}");
    assert!(markdown.ends_with("`````\n\n"), "{markdown}");
}
