//! `validate prompts`: what the classifiers are.

use std::path::Path;

use crate::classifier::definition::Definition;
use crate::classifier::load::{load_all, select};
use crate::cli::Prompts;
use crate::domain::label::Scale;
use crate::exit::Exit;
use crate::report::page::{self, Block};
use crate::report::table::{Align, Table};

use super::output;
use super::validate::PROMPTS;

/// Runs the command.
///
/// # Errors
/// Where stdout fails.
pub fn run(command: &Prompts) -> anyhow::Result<Exit> {
    let blocks = match command {
        Prompts::List => load_all(Path::new(PROMPTS)).map(|all| list(&all)),
        Prompts::Show { name } => load_all(Path::new(PROMPTS))
            .and_then(|all| select(all, name))
            .map(|chosen| chosen.iter().flat_map(show).collect()),
    };
    match blocks {
        Ok(blocks) => {
            output::result(&page::terminal(&blocks))?;
            Ok(Exit::Done)
        }
        Err(error) => {
            output::note(&format!("error: {error}"));
            Ok(Exit::Unusable)
        }
    }
}

fn list(all: &[Definition]) -> Vec<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("scale", Align::Left),
        ("labels", Align::Right),
        ("checks", Align::Right),
        ("title", Align::Left),
    ]);
    for definition in all {
        let labels = definition.labels.len();
        table.push(vec![
            definition.name.clone(),
            definition.scale.word().to_owned(),
            if labels == 0 {
                String::new()
            } else {
                labels.to_string()
            },
            definition.checks.len().to_string(),
            definition.title.clone(),
        ]);
    }
    vec![Block::Table(table)]
}

fn show(definition: &Definition) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(1, format!("{} ({})", definition.title, definition.name)),
        Block::Text(definition.question.clone()),
        Block::Text(match definition.scale {
            Scale::Nominal => "Scale: nominal.".to_owned(),
            Scale::Ordinal => "Scale: ordinal, in this order.".to_owned(),
            Scale::Ratio => format!("Scale: ratio, {}.", definition.allowed()),
            Scale::Decisions => {
                "Scale: a list of decisions, from which shares are computed.".to_owned()
            }
        }),
    ];
    let labels: Vec<String> = definition
        .labels
        .iter()
        .map(|label| {
            let not = label
                .not
                .as_ref()
                .map_or_else(String::new, |not| format!(" Not: {not}"));
            let published = label.published.map_or_else(String::new, |share| {
                format!(" (published: {})", crate::report::number::percent(share))
            });
            format!(
                "`{}` {}{published}: {}{not}",
                label.name, label.title, label.definition
            )
        })
        .chain(
            definition
                .kinds
                .iter()
                .chain(&definition.deciders)
                .map(|kind| format!("`{}`: {}", kind.name, kind.definition)),
        )
        .collect();
    blocks.push(Block::List(labels));
    if !definition.notes.is_empty() {
        blocks.push(Block::Heading(2, "Rules".to_owned()));
        blocks.push(Block::List(definition.notes.clone()));
    }
    if !definition.checks.is_empty() {
        blocks.push(Block::Heading(2, "Telemetry checks".to_owned()));
        blocks.push(Block::List(
            definition
                .checks
                .iter()
                .map(|check| {
                    format!(
                        "`{}`: {} ⇒ {} in at least {}. {}",
                        check.name,
                        check.labels.join(" or "),
                        check.expectation(),
                        crate::report::number::percent(check.share),
                        check.rationale
                    )
                })
                .collect(),
        ));
    }
    blocks
}
