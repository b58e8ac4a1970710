//! `validate prompts`: what the classifiers are, what a request looks like, what an edit changes and what is wrong.

mod diff;
mod lint;
mod revision;

use std::path::{Path, PathBuf};

use crate::classifier::definition::Definition;
use crate::classifier::load::{load_all, select};
use crate::classifier::prompt::Prompts as PromptSet;
use crate::cli::{Prompts, RequestFormat};
use crate::domain::label::Scale;
use crate::domain::nearest::{listed, nearest};
use crate::domain::request::Request;
use crate::exit::Exit;
use crate::goldset::load::load;
use crate::ingest::redaction::standard_redaction;
use crate::report::page::{self, Block};
use crate::report::table::{Align, Table};
use crate::run::view::{ViewError, view_of};

use super::output;
use super::validate::PROMPTS;

/// Runs the command.
///
/// # Errors
/// Where stdout fails.
pub fn run(command: &Prompts) -> anyhow::Result<Exit> {
    let text = match command {
        Prompts::Diff(arguments) => return diff::run(arguments),
        Prompts::Lint(arguments) => return lint::run(arguments),
        Prompts::List => load_all(Path::new(PROMPTS))
            .map(|all| page::terminal(&list(&all)))
            .map_err(|error| error.to_string()),
        Prompts::Show { name } => load_all(Path::new(PROMPTS))
            .and_then(|all| select(all, name))
            .map(|chosen| page::terminal(&chosen.iter().flat_map(show).collect::<Vec<_>>()))
            .map_err(|error| error.to_string()),
        Prompts::Render {
            name,
            session,
            goldset,
            sessions,
            format,
        } => rendered(name, session, goldset, sessions.as_deref()).map(|request| match format {
            RequestFormat::Json => request.canonical(),
            RequestFormat::Text => as_text(&request),
        }),
    };
    match text {
        Ok(text) => {
            output::result(&text)?;
            Ok(Exit::Done)
        }
        Err(error) => {
            output::note(&format!("error: {error}"));
            Ok(Exit::Unusable)
        }
    }
}

/// The request about one session: a file, or an id of the goldset.
fn rendered(
    name: &str,
    session: &str,
    goldset: &Path,
    sessions: Option<&Path>,
) -> Result<Request, String> {
    let folder = Path::new(PROMPTS);
    let say = |error: &dyn std::error::Error| error.to_string();
    let all = load_all(folder).map_err(|error| say(&error))?;
    let chosen = select(all.clone(), name).map_err(|error| say(&error))?;
    let [definition] = chosen.as_slice() else {
        return Err("one classifier can be rendered at a time".to_owned());
    };
    let prompts = PromptSet::load(folder).map_err(|error| say(&error))?;
    let prompt = prompts
        .prompt(folder, definition)
        .map_err(|error| say(&error))?;
    let path = transcript(session, goldset, sessions, &all)?;
    let view = view_of(&path, &prompts.view, standard_redaction()).map_err(|error| {
        let ViewError::File(file) = &error else {
            return say(&error);
        };
        let cause = std::error::Error::source(file).map_or_else(String::new, |cause| format!(": {cause}"));
        format!(
            "{file}{cause}\n\nhint: give the path of a transcript, or the id of a session of the goldset; `--sessions DIR` says \
             where its transcripts lie"
        )
    })?;
    Ok(prompts.request(&prompt, &view))
}

/// The transcript that is meant: a file, or a session of the goldset.
fn transcript(
    session: &str,
    goldset: &Path,
    sessions: Option<&Path>,
    all: &[Definition],
) -> Result<PathBuf, String> {
    let path = Path::new(session);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let goldset = load(goldset, all).map_err(|error| error.to_string())?;
    let known = goldset.sessions.iter().find(|known| known.id == session).ok_or_else(|| {
        let near = nearest(session, goldset.sessions.iter().map(|known| known.id.as_str()));
        let near = if near.is_empty() { String::new() } else { format!("; the nearest: {}", listed(&near)) };
        format!(
            "`{session}` is neither a file nor a session of the goldset `{}`{near}\n\nhint: give the path of a transcript, or an id of its sessions.csv",
            goldset.name
        )
    })?;
    Ok(sessions
        .map_or_else(|| goldset.folder.join("sessions"), Path::to_owned)
        .join(&known.file))
}

fn as_text(request: &Request) -> String {
    format!(
        "=== system\n{}\n=== session\n{}\n=== classifier\n{}\n=== schema\n{}\n=== request hash\n{}\n",
        request.system,
        request.view,
        request.classifier,
        request.schema,
        request.hash()
    )
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
                        "`{}`: {}. {}",
                        check.name,
                        check.claim.sentence(),
                        check.rationale
                    )
                })
                .collect(),
        ));
    }
    blocks
}
