//! Text from outside made safe for the format it is written into.
//!
//! Labels, ids, file names and rationales come from transcripts and models. None of them may move a cursor, open a
//! formula in a spreadsheet or break a table.

use std::borrow::Cow;

/// For a terminal: control characters, escape sequences and marks that change the writing direction become visible.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Control characters, and Unicode's invisible and direction marks.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// For a cell of a CSV file that a spreadsheet may open: a text that would start a formula gets an apostrophe in front.
///
/// Quoting of commas and line ends is the writer's work.
#[must_use]
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let is_number = text
        .strip_suffix('%')
        .unwrap_or(text)
        .parse::<f64>()
        .is_ok();
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') if !is_number => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

/// For a cell of a Markdown table: pipes, angle brackets, code marks and links stay text.
#[must_use]
pub fn markdown_cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in terminal(text).chars() {
        match character {
            '|' | '\\' | '*' | '[' | ']' | '_' => {
                safe.push('\\');
                safe.push(character);
            }
            '`' => safe.push_str("&#96;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            other => safe.push(other),
        }
    }
    safe
}

/// For running text in Markdown: like a cell, but code marks stay, because our own sentences use them round names.
///
/// Inside code marks nothing but a code mark is special, so names keep their underscores there. Marks pair where their runs
/// are equally long, which ours are: single ones. A text with other runs, or an unpaired mark, came from outside and has
/// no code.
#[must_use]
pub fn markdown_text(text: &str) -> String {
    let text = terminal(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) || text.contains("``") {
        return markdown_cell(&text);
    }
    let mut safe = String::with_capacity(text.len());
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 0 {
            safe.push_str(&markdown_cell(part));
        } else {
            safe.push('`');
            safe.push_str(part);
            safe.push('`');
        }
    }
    safe
}

/// For XML, in text and in attributes between quotes: what XML 1.0 cannot hold at all becomes visible first.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |line| (line, "&#10;"));
        for character in terminal(line).chars() {
            match character {
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '"' => safe.push_str("&quot;"),
                '\'' => safe.push_str("&apos;"),
                '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
                other => safe.push(other),
            }
        }
        safe.push_str(end);
    }
    safe
}

/// For the message of a command in GitHub's log, which ends with the line.
#[must_use]
pub fn github_message(text: &str) -> String {
    let one_line = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    terminal(&one_line).into_owned()
}

/// For a property of such a command, which also ends with a comma or at a colon.
#[must_use]
pub fn github_property(text: &str) -> String {
    github_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// For text in GitHub's log that is no command: the runner obeys lines that begin with `::`, after any blanks, and `##[`
/// anywhere in a line.
///
/// One character of either becomes its number in the form of JSON, so that a JSON text says what it said.
#[must_use]
pub fn github_log(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    // The runner ends a line at either character.
    for line in text.split_inclusive(['\n', '\r']) {
        let line = line.replace("##[", "##\\u005b");
        let rest = line.trim_start();
        if rest.starts_with("::") {
            safe.push_str(&line[..line.len() - rest.len()]);
            safe.push_str("\\u003a");
            safe.push_str(&rest[1..]);
        } else {
            safe.push_str(&line);
        }
    }
    Cow::Owned(safe)
}

/// For HTML text and attribute values in double quotes; control characters and direction marks become visible.
#[must_use]
pub fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other if is_unsafe(other) => safe.extend(other.escape_unicode()),
            other => safe.push(other),
        }
    }
    safe
}

/// For a comment line: what is not ASCII, and every control character, becomes a question mark.
#[must_use]
pub fn ascii(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_ascii() && !character.is_control() {
                character
            } else {
                '?'
            }
        })
        .collect()
}

/// For LaTeX in the encoding T1: no character starts a command, and what its fonts lack shows as its number.
#[must_use]
pub fn latex(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\\' => safe.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => {
                safe.push('\\');
                safe.push(character);
            }
            '~' => safe.push_str("\\textasciitilde{}"),
            '^' => safe.push_str("\\textasciicircum{}"),
            '<' => safe.push_str("\\textless{}"),
            '>' => safe.push_str("\\textgreater{}"),
            '|' => safe.push_str("\\textbar{}"),
            '"' => safe.push_str("\\textquotedbl{}"),
            '\'' => safe.push_str("\\textquotesingle{}"),
            '`' => safe.push_str("\\textasciigrave{}"),
            // A pair of hyphens would become a dash, and brackets after a line end an argument.
            '-' => safe.push_str("-{}"),
            '[' => safe.push_str("{[}"),
            ']' => safe.push_str("{]}"),
            '*' => safe.push_str("{*}"),
            '\u{a0}' => safe.push(' '),
            '–' => safe.push_str("\\textendash{}"),
            '—' => safe.push_str("\\textemdash{}"),
            '…' => safe.push_str("\\textellipsis{}"),
            '‘' => safe.push_str("\\textquoteleft{}"),
            '’' => safe.push_str("\\textquoteright{}"),
            '“' => safe.push_str("\\textquotedblleft{}"),
            '”' => safe.push_str("\\textquotedblright{}"),
            '·' => safe.push_str("\\textperiodcentered{}"),
            '×' => safe.push_str("\\texttimes{}"),
            '→' => safe.push_str("\\textrightarrow{}"),
            '←' => safe.push_str("\\textleftarrow{}"),
            '⇒' => safe.push_str("\\ensuremath{\\Rightarrow}"),
            '−' => safe.push_str("\\textminus{}"),
            '§' => safe.push_str("\\textsection{}"),
            '≤' => safe.push_str("\\ensuremath{\\leq}"),
            '≥' => safe.push_str("\\ensuremath{\\geq}"),
            '\n' | '\t' => safe.push(' '),
            ' '..='~' => safe.push(character),
            // Letters with accents of western and central Europe, which T1 has.
            '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{ff}' => safe.push(character),
            'Ą' | 'ą' | 'Ć' | 'ć' | 'Č' | 'č' | 'Ď' | 'ď' | 'Ę' | 'ę' | 'Ě' | 'ě' | 'Ğ' | 'ğ'
            | 'İ' | 'ı' | 'Ł' | 'ł' | 'Ń' | 'ń' | 'Ň' | 'ň' | 'Ő' | 'ő' | 'Œ' | 'œ' | 'Ř' | 'ř'
            | 'Ś' | 'ś' | 'Ş' | 'ş' | 'Š' | 'š' | 'Ť' | 'ť' | 'Ů' | 'ů' | 'Ű' | 'ű' | 'Ź' | 'ź'
            | 'Ż' | 'ż' | 'Ž' | 'ž' => safe.push(character),
            other => safe.push_str(&format!("{{[}}U+{:04X}{{]}}", u32::from(other))),
        }
    }
    safe
}

/// For running text in HTML: pairs of code marks round names become code; an unpaired one came from outside and stays.
#[must_use]
pub fn html_text(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return html(text);
    }
    let mut safe = String::with_capacity(text.len());
    for (index, part) in parts.iter().enumerate() {
        let part = html(part);
        if index % 2 == 0 {
            safe.push_str(&part);
        } else {
            safe.push_str(&format!("<code>{part}</code>"));
        }
    }
    safe
}
