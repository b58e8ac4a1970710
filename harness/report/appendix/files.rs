//! Every file of the appendix, rendered in memory.

use crate::domain::request::Hash;
use crate::report::latex;
use crate::report::page::{self, Block};

use super::Appendix;

/// A file of the appendix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder of reports, with `/` between parts.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// The list of all other files with their hashes, as `sha256sum --check` reads it.
pub const CHECKSUMS: &str = "checksums.sha256";

/// Folders that hold nothing but files of the appendix.
pub const FOLDERS: [&str; 2] = ["tables", "figures"];

/// All files, by path, the list of checksums last.
#[must_use]
pub fn files(appendix: &Appendix) -> Vec<File> {
    let blocks = document(appendix);
    let provenance = appendix.provenance.lines(None);
    let mut files = vec![
        File {
            path: "appendix.md".to_owned(),
            text: page::markdown(&blocks),
        },
        File {
            path: "tables/appendix.tex".to_owned(),
            text: latex::document(&provenance, &blocks),
        },
    ];
    files.push(File {
        path: "appendix.html".to_owned(),
        text: super::page::render(appendix),
    });
    for part in &appendix.goldsets {
        for drawing in &part.drawings {
            files.push(File {
                path: format!("figures/{}.svg", drawing.figure.heading.name),
                text: drawing.figure.file(),
            });
        }
        let provenance = appendix.provenance.lines(Some(part.material.name()));
        for table in part
            .sections
            .iter()
            .flat_map(|section| &section.blocks)
            .filter_map(|block| match block {
                Block::Table(table) => Some(table),
                _ => None,
            })
        {
            files.push(File {
                path: format!("tables/{}.csv", table.key()),
                text: table.csv(),
            });
            files.push(File {
                path: format!("tables/{}.tex", table.key()),
                text: table.latex(&provenance),
            });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let sums = files
        .iter()
        .map(|file| format!("{}  {}\n", Hash::of(file.text.as_bytes()), file.path))
        .collect();
    files.push(File {
        path: CHECKSUMS.to_owned(),
        text: sums,
    });
    files
}

/// The whole appendix as blocks: what it rests on, the goldsets one after another, the prompts.
#[must_use]
pub fn document(appendix: &Appendix) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(
        1,
        "Appendix: how far the classifiers can be trusted".to_owned(),
    )];
    blocks.extend(preface(appendix));
    blocks.push(Block::Heading(2, "What it rests on".to_owned()));
    blocks.push(Block::List(
        appendix
            .provenance
            .lines(None)
            .iter()
            .map(|line| line.replace('`', "'"))
            .collect(),
    ));
    for part in &appendix.goldsets {
        let material = &part.material;
        let kind = if material.basis.synthetic {
            "synthetic sessions"
        } else {
            "real sessions"
        };
        blocks.push(Block::Heading(2, format!("{} ({kind})", material.name())));
        blocks.push(Block::Text(material.basis.title.replace('`', "'")));
        for section in &part.sections {
            blocks.push(Block::Heading(
                3,
                format!(
                    "{}. {} ({})",
                    section.number,
                    section.title,
                    material.name()
                ),
            ));
            blocks.extend(section.blocks.iter().cloned());
        }
    }
    blocks.extend(prompts(appendix));
    blocks
}

/// What is said of the whole appendix.
#[must_use]
pub fn preface(appendix: &Appendix) -> Vec<Block> {
    let mut blocks = vec![
        Block::Text("Every goldset has a part of its own, so that synthetic and real sessions never stand in one table or figure. Each table says how many sessions it rests on, how intervals were made, and what was left out; where a figure is undefined, the reason stands in its place.".to_owned()),
        Block::Text("Intervals are at 95%. A session counts once however many raters saw it; where intervals are called clustered, all sessions of a user are one draw. Limits of coefficients are cut at -1 and 1.".to_owned()),
    ];
    if let Some(least) = appendix.published_from {
        blocks.push(Block::Text(format!(
            "For publication, every cell that tells of fewer than {least} users is suppressed, and so is a second one wherever sums would reveal the first; transcripts, rationales, ids and names of users and repositories are left out."
        )));
    }
    blocks
}

/// The annex: every prompt in full.
fn prompts(appendix: &Appendix) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(2, "Annex: the prompts".to_owned()),
        Block::Text("A request is the system text, the session, one classifier's text and the wire schema, in this order. System text, session and schema are the same bytes for every classifier.".to_owned()),
        Block::Heading(3, "System text".to_owned()),
        Block::Preformatted(appendix.system.clone()),
    ];
    for prompt in &appendix.prompts {
        blocks.push(Block::Heading(
            3,
            format!("{} (`{}`)", prompt.title, prompt.name),
        ));
        blocks.push(Block::Text(format!("sha256 `{}`", prompt.hash)));
        blocks.push(Block::Preformatted(prompt.text.clone()));
    }
    blocks.push(Block::Heading(3, "Wire schema".to_owned()));
    blocks.push(Block::Text(
        "As it is sent, but for line breaks and indents.".to_owned(),
    ));
    blocks.push(Block::Preformatted(in_lines(&appendix.schema)));
    blocks
}

/// A schema in lines that people read.
fn in_lines(schema: &str) -> String {
    serde_json::from_str::<serde_json::Value>(schema)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| schema.to_owned())
}
