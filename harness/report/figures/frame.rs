//! A drawing of `kuva` made into a figure: named and described, without a fixed width, the same bytes on every run.
//!
//! `kuva` numbers its clipping paths over the whole process, writes coordinates with all digits of a float and gives an SVG a
//! fixed size. All three are mended here.

use kuva::backend::svg::SvgBackend;
use kuva::render::render::Scene;
use kuva::render::theme::Theme;

use super::super::escape;
use super::{Heading, palette};

/// The fonts a figure asks for; metrics of a wide one were used to lay it out.
const FONTS: &str = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";

/// A figure, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Its name, title and description.
    pub heading: Heading,
    head: String,
    body: String,
}

impl Figure {
    /// The figure as a file of its own, with its style sheet.
    #[must_use]
    pub fn file(&self) -> String {
        format!(
            "{}<style>\n{}</style>\n{}",
            self.head,
            palette::style_of_a_file(),
            self.body
        )
    }

    /// The figure as part of a page that has [`palette::style`].
    #[must_use]
    pub fn inline(&self) -> String {
        format!("{}{}", self.head, self.body)
    }
}

/// The colours and fonts of every figure.
pub(super) fn theme() -> Theme {
    Theme {
        background: "none".to_owned(),
        axis_color: palette::MUTED.to_owned(),
        grid_color: palette::GRID.to_owned(),
        tick_color: palette::MUTED.to_owned(),
        text_color: palette::INK.to_owned(),
        legend_bg: "none".to_owned(),
        legend_border: "none".to_owned(),
        box_median: palette::INK.to_owned(),
        font_family: Some(FONTS.to_owned()),
        ..Theme::light()
    }
}

/// A text from outside as a label: what moves a cursor or turns the writing becomes visible, a dollar stays a dollar
/// (`kuva` reads `$…$` as mathematics), and it is cut to `width` characters.
pub(super) fn label(text: &str, width: usize) -> String {
    let safe = escape::terminal(text).replace('\\', "\u{2216}");
    let cut: String = if width < safe.chars().count() {
        safe.chars().take(width - 1).chain(['…']).collect()
    } else {
        safe
    };
    cut.replace('$', "\\$")
}

/// Makes the figure.
pub(super) fn framed(heading: &Heading, scene: &Scene) -> Figure {
    let drawn = SvgBackend::new().with_pretty(true).render_scene(scene);
    let lines = drawn
        .split_once('\n')
        .map_or("", |(_opening, rest)| rest)
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with("<!--") && !line.starts_with("<rect width=\"100%\""))
        .map(|line| shortened(&rounded(&renamed(line, &heading.name))));
    let body = joined(lines);
    let name = attribute(&heading.name);
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"{FONTS}\" font-size=\"12\" fill=\"{ink}\" aria-labelledby=\"{name}-title {name}-desc\">\n\
         <title id=\"{name}-title\">{title}</title>\n<desc id=\"{name}-desc\">{description}</desc>\n",
        width = scene.width.ceil(),
        height = scene.height.ceil(),
        ink = palette::INK,
        title = attribute(&heading.title),
        description = attribute(&format!("{} {}", heading.basis, heading.description)),
    );
    Figure {
        heading: heading.clone(),
        head,
        body,
    }
}

/// The clipping paths bear the figure's name instead of a number that depends on what was drawn before.
fn renamed(line: &str, name: &str) -> String {
    const COUNTED: &str = "kuva-clip-";
    let Some(at) = line.find(COUNTED) else {
        return line.to_owned();
    };
    let after =
        line[at + COUNTED.len()..].trim_start_matches(|letter: char| letter.is_ascii_digit());
    // One path per figure, defined once and used once on lines of their own.
    format!("{}{}-clip{}", &line[..at], attribute(name), after)
}

/// Attributes that say what holds anyway are left out; the size of most texts stands at the head.
fn shortened(line: &str) -> String {
    // No text of a label can hold these: `"` is escaped in it.
    let mut line = line.replace(" />", "/>");
    for default in [
        " stroke-width=\"1\"",
        " font-size=\"12\"",
        " text-anchor=\"start\"",
    ] {
        line = line.replace(default, "");
    }
    line
}

/// Straight lines of one style as one path. Texts may stand between them: nothing of a figure lies below a text.
fn joined(lines: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    let mut path: Option<(String, String)> = None;
    let write = |text: &mut String, path: Option<(String, String)>| {
        if let Some((course, style)) = path {
            text.push_str(&format!("<path d=\"{course}\"{style}\n"));
        }
    };
    for line in lines {
        match (straight(&line), &mut path) {
            (Some((course, style)), Some((known, same))) if style == *same => {
                known.push_str(&course);
            }
            (Some(next), _) => write(&mut text, path.replace(next)),
            (None, _) => {
                if !line.starts_with("<text") {
                    write(&mut text, path.take());
                }
                text.push_str(&line);
                text.push('\n');
            }
        }
    }
    write(&mut text, path);
    text
}

/// The course of a straight line and the rest of its tag, from `<line x1="1" y1="2" x2="3" y2="2" stroke="…"/>`.
fn straight(line: &str) -> Option<(String, String)> {
    let rest = line.strip_prefix("<line x1=\"")?;
    let (x1, rest) = rest.split_once("\" y1=\"")?;
    let (y1, rest) = rest.split_once("\" x2=\"")?;
    let (x2, rest) = rest.split_once("\" y2=\"")?;
    let (y2, style) = rest.split_once('"')?;
    let course = if y1 == y2 {
        format!("M{x1} {y1}H{x2}")
    } else if x1 == x2 {
        format!("M{x1} {y1}V{y2}")
    } else {
        format!("M{x1} {y1}L{x2} {y2}")
    };
    Some((course, style.to_owned()))
}

/// Numbers inside tags with one decimal at most: `295.90000000000003` is `295.9`.
fn rounded(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut in_tag = false;
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        if in_tag && character == '.' && text.ends_with(|letter: char| letter.is_ascii_digit()) {
            let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
            let decimals = &rest[1..=digits];
            if 1 < digits {
                round_to_one(&mut text, decimals);
            } else {
                text.push_str(&rest[..=digits]);
            }
            rest = &rest[1 + digits..];
            continue;
        }
        match character {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ => {}
        }
        text.push(character);
        rest = &rest[character.len_utf8()..];
    }
    text
}

/// Appends decimals to a text that ends with a number's whole part, rounded; `kuva` rounded before, so all that is left is
/// noise of the last digits.
fn round_to_one(text: &mut String, decimals: &str) {
    let start = text
        .rfind(|letter: char| !letter.is_ascii_digit())
        .map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        });
    let number: f64 = format!("{}.{decimals}", &text[start..])
        .parse()
        .expect("digits, a dot and digits are a number");
    let shown = format!("{number:.1}");
    let shown = shown.trim_end_matches('0').trim_end_matches('.');
    text.truncate(start);
    text.push_str(shown);
}

/// A text inside an element or attribute.
fn attribute(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in escape::terminal(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{joined, renamed, rounded};

    #[test]
    fn only_numbers_inside_tags_are_rounded() {
        assert_eq!(
            rounded(
                "<text x=\"295.90000000000003\" y=\"-0.07000000000000001\">0.30000000000000004</text>"
            ),
            "<text x=\"295.9\" y=\"-0.1\">0.30000000000000004</text>"
        );
        assert_eq!(
            rounded("<path d=\"M1.999,2.5L3.24\"/>"),
            "<path d=\"M2,2.5L3.2\"/>"
        );
    }

    #[test]
    fn a_clipping_path_bears_the_figures_name() {
        assert_eq!(
            renamed("<g clip-path=\"url(#kuva-clip-27)\">", "starter-forest"),
            "<g clip-path=\"url(#starter-forest-clip)\">"
        );
    }

    #[test]
    fn lines_of_one_style_become_one_path() {
        let lines = [
            "<line x1=\"1\" y1=\"2\" x2=\"3\" y2=\"2\" stroke=\"#5c5c5a\"/>",
            "<text x=\"1\" y=\"1\">a</text>",
            "<line x1=\"1\" y1=\"2\" x2=\"1\" y2=\"9\" stroke=\"#5c5c5a\"/>",
            "<circle r=\"2\"/>",
            "<line x1=\"0\" y1=\"0\" x2=\"5\" y2=\"6\" stroke=\"#0072b2\"/>",
        ];
        assert_eq!(
            joined(lines.into_iter().map(str::to_owned)),
            "<text x=\"1\" y=\"1\">a</text>\n<path d=\"M1 2H3M1 2V9\" stroke=\"#5c5c5a\"/>\n<circle r=\"2\"/>\n<path d=\"M0 0L5 6\" stroke=\"#0072b2\"/>\n"
        );
    }
}
