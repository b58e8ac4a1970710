//! Blocks of a page as HTML. Every text is escaped here, once.

use crate::report::appendix::drawings::Drawing;
use crate::report::escape;
use crate::report::page::Block;
use crate::report::table::Table;

/// Blocks one after another; figures are looked up among `drawings`.
pub(super) fn html(blocks: &[Block], drawings: &[Drawing]) -> String {
    let mut text = String::new();
    for block in blocks {
        match block {
            Block::Heading(_, heading) => {
                text.push_str(&format!("<h4>{}</h4>\n", escape::html(heading)));
            }
            Block::Text(words) => text.push_str(&paragraph(words)),
            Block::List(points) => text.push_str(&list(points)),
            Block::Table(one) => text.push_str(&table(one)),
            Block::Figure { key, alt, caption } => {
                let drawing = drawings
                    .iter()
                    .find(|drawing| drawing.figure.heading.name == *key);
                text.push_str(&figure(drawing, alt, caption));
            }
            Block::Preformatted(lines) => {
                text.push_str(&format!("<pre dir=\"auto\">{}</pre>\n", visible(lines)));
            }
        }
    }
    text
}

/// A paragraph, in which code marks become code.
pub(super) fn paragraph(words: &str) -> String {
    format!("<p>{}</p>\n", escape::html_text(words))
}

/// A list of points.
pub(super) fn list(points: &[String]) -> String {
    let points: Vec<String> = points
        .iter()
        .map(|point| format!("<li>{}</li>\n", escape::html_text(point)))
        .collect();
    format!("<ul class=\"plain\">\n{}</ul>\n", points.concat())
}

/// A prompt in full, folded.
pub(super) fn prompt(key: &str, hash: &str, text: &str) -> String {
    let hash = if hash.is_empty() {
        String::new()
    } else {
        format!(
            "<p class=\"note\">sha256 <code>{}</code></p>\n",
            escape::html(hash)
        )
    };
    format!(
        "{hash}<details open><summary>the text</summary><pre dir=\"auto\" data-prompt=\"{}\">{}</pre></details>\n",
        escape::html(key),
        visible(text)
    )
}

/// A table in a frame that scrolls where a screen is narrow, with its notes below.
fn table(table: &Table) -> String {
    let label = escape::html(&table.title().replace('`', ""));
    let notes: Vec<String> = table
        .notes()
        .iter()
        .map(|note| format!("<p class=\"note\">{}</p>\n", escape::html_text(note)))
        .collect();
    format!(
        "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">\n{}</div>\n{}",
        table.html(),
        notes.concat()
    )
}

fn figure(drawing: Option<&Drawing>, alt: &str, caption: &str) -> String {
    let drawn = drawing.map_or_else(
        || format!("<p>{}</p>", escape::html(alt)),
        |drawing| drawing.figure.inline(),
    );
    format!(
        "<figure>\n<div class=\"drawing\">\n{drawn}</div>\n<figcaption>{}</figcaption>\n</figure>\n",
        escape::html_text(caption)
    )
}

/// Several lines: line ends stay, every other control character and mark of direction becomes visible.
fn visible(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escape::html).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let hostile = "<img src=x onerror=alert(1)> \u{202e}`<b>` & \"'";
        let text = html(
            &[
                Block::Text(hostile.to_owned()),
                Block::List(vec![hostile.to_owned()]),
                Block::Heading(4, hostile.to_owned()),
                Block::Preformatted(format!("{hostile}\n\u{7}")),
            ],
            &[],
        );
        assert!(!text.contains("<img") && !text.contains("<b>"), "{text}");
        assert!(
            !text.contains('\u{202e}') && !text.contains('\u{7}'),
            "{text}"
        );
        assert!(text.contains("<code>&lt;b&gt;</code>"), "{text}");
        assert!(text.contains("\\u{202e}"), "{text}");
    }

    #[test]
    fn an_unpaired_code_mark_stays_text() {
        assert_eq!(paragraph("a ` b"), "<p>a ` b</p>\n");
    }
}
