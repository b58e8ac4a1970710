//! The JSON objects of a file of lines: one on a line, or several glued together.

use std::io::{self, BufRead};

use serde_json::value::RawValue;

use super::lines::{LONGEST_LINE, Line, Lines};

/// One thing that a line holds.
pub(super) enum Found<'a> {
    /// A JSON object, as its text.
    Object(&'a str),
    /// Something that is none, and why; never the text of the line.
    Malformed(String),
}

/// Hands each object of `source` and each fault to `take`, with the line's number.
///
/// # Errors
/// Errors of the source only.
pub(super) fn each_object(
    source: impl BufRead,
    mut take: impl FnMut(u64, Found<'_>),
) -> io::Result<()> {
    let mut lines = Lines::new(source);
    while let Some(line) = lines.next_line()? {
        match line {
            Line::TooLong(number) => take(number, Found::Malformed(too_long())),
            Line::Text(number, text) => {
                let values = serde_json::Deserializer::from_str(&text).into_iter::<&RawValue>();
                for value in values {
                    match value {
                        Ok(value) if value.get().starts_with('{') => {
                            take(number, Found::Object(value.get()));
                        }
                        Ok(_) => take(number, Found::Malformed("no JSON object".to_owned())),
                        Err(error) => take(number, Found::Malformed(fault(&error))),
                    }
                }
            }
        }
    }
    Ok(())
}

/// Why a line was skipped.
pub(super) fn too_long() -> String {
    format!("longer than {} MiB", LONGEST_LINE >> 20)
}

/// What is wrong with a text: the message of serde_json can quote it; category and column cannot.
pub(super) fn fault(error: &serde_json::Error) -> String {
    let category = match error.classify() {
        serde_json::error::Category::Io => "unreadable",
        serde_json::error::Category::Syntax => "broken JSON",
        serde_json::error::Category::Data => "JSON of another shape",
        serde_json::error::Category::Eof => "JSON that breaks off",
    };
    format!("{category} at column {}", error.column())
}
