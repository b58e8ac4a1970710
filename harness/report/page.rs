//! A page of headings, paragraphs, lists and tables, rendered for a terminal or as Markdown.

use unicode_width::UnicodeWidthStr;

use super::escape;
use super::table::Table;

/// Width of a terminal page.
const WIDTH: usize = 80;

/// One part of a page.
#[derive(Debug, Clone)]
pub enum Block {
    /// A heading; 1 is the page's title.
    Heading(u8, String),
    /// Running text.
    Text(String),
    /// Points, each a paragraph.
    List(Vec<String>),
    /// A table.
    Table(Table),
    /// A figure, drawn elsewhere.
    Figure {
        /// The stem of its file.
        key: String,
        /// What it shows, for those who do not see it.
        alt: String,
        /// What stands below it.
        caption: String,
    },
    /// A text whose lines and spaces count.
    Preformatted(String),
}

/// For a terminal, at most 80 columns but for tables with wider cells.
#[must_use]
pub fn terminal(blocks: &[Block]) -> String {
    let mut text = String::new();
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 && !matches!(blocks[index - 1], Block::Heading(..)) {
            text.push('\n');
        }
        match block {
            Block::Heading(level, heading) => {
                text.push_str(&wrapped(heading, "", ""));
                if *level == 1 {
                    text.push_str(&"─".repeat(heading.width().min(WIDTH)));
                    text.push('\n');
                }
            }
            Block::Text(paragraph) => text.push_str(&wrapped(paragraph, "", "")),
            Block::List(points) => {
                for point in points {
                    text.push_str(&wrapped(point, "- ", "  "));
                }
            }
            Block::Table(table) => {
                if !table.title().is_empty() {
                    text.push_str(&wrapped(table.title(), "", ""));
                }
                text.push_str(&table.terminal(0));
                for note in table.notes() {
                    text.push_str(&wrapped(note, "  ", "  "));
                }
            }
            Block::Figure { alt, caption, .. } => {
                text.push_str(&wrapped(&format!("[figure: {alt}] {caption}"), "", ""));
            }
            Block::Preformatted(lines) => {
                for line in lines.lines() {
                    text.push_str(&format!("    {}\n", escape::terminal(line)));
                }
            }
        }
    }
    text
}

/// As Markdown. Paragraphs may hold code marks of our own; text from outside is escaped where it is put in.
#[must_use]
pub fn markdown(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        match block {
            Block::Heading(level, heading) => {
                text.push_str(&format!(
                    "{} {}\n",
                    "#".repeat(usize::from(*level)),
                    escape::markdown_text(heading)
                ));
            }
            Block::Text(paragraph) => {
                text.push_str(&escape::markdown_text(paragraph));
                text.push('\n');
            }
            Block::List(points) => {
                for point in points {
                    text.push_str(&format!("- {}\n", escape::markdown_text(point)));
                }
            }
            Block::Table(table) => {
                if !table.title().is_empty() {
                    text.push_str(&format!("**{}**\n\n", escape::markdown_text(table.title())));
                }
                text.push_str(&table.markdown());
                for note in table.notes() {
                    text.push_str(&format!("\n{}\n", escape::markdown_text(note)));
                }
            }
            Block::Figure { key, alt, caption } => text.push_str(&format!(
                "![{}](figures/{key}.svg)\n\n{}\n",
                escape::markdown_cell(alt),
                escape::markdown_text(caption)
            )),
            Block::Preformatted(lines) => text.push_str(&fenced(lines)),
        }
        text.push('\n');
    }
    text
}

/// Inside a fence that is longer than any row of backticks in the text.
fn fenced(text: &str) -> String {
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines: Vec<_> = text.lines().map(escape::terminal).collect();
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

fn wrapped(text: &str, first: &str, rest: &str) -> String {
    let text = escape::terminal(text);
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && WIDTH < line.width() + 1 + word.width() {
            lines.push_str(line.trim_end());
            lines.push('\n');
            rest.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
    lines
}
