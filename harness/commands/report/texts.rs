//! Texts that quote numbers of the appendix.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use walkdir::WalkDir;

use crate::cli::report::Report;
use crate::report::appendix::markers::{Refreshed, refreshed};

use super::super::output;
use super::Unusable;

/// A text with its quoted numbers.
pub(super) struct Text {
    path: PathBuf,
    refreshed: Refreshed,
}

impl Text {
    /// Numbers that are stale, a line each.
    pub(super) fn stale_lines(&self) -> Vec<String> {
        self.refreshed
            .stale
            .iter()
            .map(|stale| {
                let says = if stale.says.is_empty() {
                    "no number"
                } else {
                    &stale.says
                };
                format!(
                    "stale: {}:{}: `{}` is quoted as {says}, is {}",
                    self.path.display(),
                    stale.line,
                    stale.key,
                    stale.is
                )
            })
            .collect()
    }

    /// Numbers that it quotes.
    pub(super) fn markers(&self) -> usize {
        self.refreshed.markers
    }
}

/// Every text that quotes a number. None for readers outside: what is suppressed there may be quoted here.
///
/// # Errors
/// Where a text cannot be read, or quotes a number that nobody knows. Where goldsets were named, numbers of others are
/// passed over.
pub(super) fn texts(
    arguments: &Report,
    quotes: &BTreeMap<String, String>,
) -> Result<Vec<Text>, Unusable> {
    if arguments.publish {
        return Ok(Vec::new());
    }
    let known: BTreeSet<&str> = quotes
        .keys()
        .filter_map(|key| key.split('.').next())
        .collect();
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    for path in paths(arguments) {
        let text = fs::read_to_string(&path).map_err(|error| {
            Unusable::Texts(format!(
                "failed to read the text `{}`: {error}\n\nhint: `--text` takes a file in UTF-8 that quotes numbers; without it README.md and docs/ are read",
                path.display()
            ))
        })?;
        let refreshed = refreshed(&text, quotes);
        for marker in &refreshed.unknown {
            let goldset = marker.key.split('.').next().unwrap_or_default();
            if !arguments.goldset.is_empty() && !known.contains(goldset) {
                continue;
            }
            let near = if marker.near.is_empty() {
                String::new()
            } else {
                format!("; close to it: {}", marker.near.join(", "))
            };
            unknown.push(format!(
                "  {}:{}: `{}`{near}",
                path.display(),
                marker.line,
                marker.key
            ));
        }
        if refreshed.markers > 0 {
            found.push(Text { path, refreshed });
        }
    }
    if unknown.is_empty() {
        Ok(found)
    } else {
        Err(Unusable::Texts(format!(
            "texts quote numbers that do not exist\n{}\n\nhint: docs/report.md says how keys are made",
            unknown.join("\n")
        )))
    }
}

/// Texts that were named, else README.md and every Markdown file below docs/.
fn paths(arguments: &Report) -> Vec<PathBuf> {
    if !arguments.text.is_empty() {
        return arguments.text.clone();
    }
    let mut found: Vec<PathBuf> = WalkDir::new("docs")
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    found.push(PathBuf::from("README.md"));
    found.retain(|path| path.is_file());
    found.sort();
    found
}

/// Writes the texts whose numbers were stale.
pub(super) fn write(texts: &[Text]) -> anyhow::Result<()> {
    for text in texts.iter().filter(|text| !text.refreshed.stale.is_empty()) {
        output::file(&text.path, &text.refreshed.text)?;
    }
    Ok(())
}
