//! `validate doctor`: what there is to work with, what of it is broken, and what to do.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use crate::classifier::definition::Definition;
use crate::classifier::load::load_all;
use crate::classifier::prompt::Prompts;
use crate::cli::{Doctor, DoctorFormat};
use crate::exit::Exit;
use crate::goldset::load::load;
use crate::report::number::counted;
use crate::report::page::{self, Block};
use crate::report::table::{Align, Table};
use crate::store::{Integrity, Rescued, Store, StoreError, Summary};

use super::output;
use super::validate::PROMPTS;

/// Where goldsets lie.
const GOLDSETS: &str = "goldsets";

/// The providers: name, variable of the key, variable of the address, the vendor's own address.
const PROVIDERS: [(&str, &str, &str, &str); 2] = [
    (
        "anthropic",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "https://api.anthropic.com",
    ),
    (
        "openai",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "https://api.openai.com",
    ),
];

/// Runs the command.
///
/// # Errors
/// Where stdout fails.
pub fn run(arguments: &Doctor) -> anyhow::Result<Exit> {
    let mut store = examine(&arguments.store);
    let mut rescued = None;
    if arguments.rescue && matches!(store, StoreState::Damaged(_)) {
        match Store::rescue(&arguments.store) {
            Ok((_, found)) => rescued = Some(found),
            Err(error) => output::note(&format!("error: {error}")),
        }
        store = examine(&arguments.store);
    }
    let (prompts, definitions) = match prompts() {
        Ok(definitions) => (Ok(definitions.len()), definitions),
        Err(problem) => (Err(problem), Vec::new()),
    };
    let examined = Examined {
        path: arguments.store.clone(),
        store,
        rescued,
        goldsets: if prompts.is_ok() {
            goldsets(&definitions)
        } else {
            Vec::new()
        },
        prompts,
        providers: PROVIDERS.map(Provider::of),
    };
    let text = match arguments.format {
        DoctorFormat::Table => page::terminal(&examined.blocks(arguments.rescue)),
        DoctorFormat::Json => {
            serde_json::to_string_pretty(&examined.json())
                .context("failed to write what was found as JSON")?
                + "\n"
        }
    };
    output::result(&text)?;
    let is_usable = examined.prompts.is_ok()
        && matches!(examined.store, StoreState::Absent | StoreState::Sound(_));
    Ok(if is_usable {
        Exit::Done
    } else {
        Exit::Unusable
    })
}

/// What was found.
struct Examined {
    path: PathBuf,
    store: StoreState,
    rescued: Option<Rescued>,
    /// How many classifiers there are, or why they cannot be used.
    prompts: Result<usize, String>,
    goldsets: Vec<Goldset>,
    providers: [Provider; 2],
}

/// How the store is.
enum StoreState {
    /// There is none yet, which is no fault.
    Absent,
    /// As it was written.
    Sound(Box<Summary>),
    /// Not as it was written; answers may be rescued.
    Damaged(Vec<String>),
    /// Not to be opened for another reason.
    Unusable(String),
}

impl StoreState {
    fn word(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Sound(_) => "sound",
            Self::Damaged(_) => "damaged",
            Self::Unusable(_) => "unusable",
        }
    }
}

/// A folder that calls itself a goldset.
struct Goldset {
    folder: PathBuf,
    /// How many sessions it has, or why it cannot be used.
    sessions: Result<usize, String>,
}

/// What the environment says about a provider.
struct Provider {
    name: &'static str,
    key: &'static str,
    has_key: bool,
    host: String,
}

impl Provider {
    fn of((name, key, base, vendor): (&'static str, &'static str, &str, &str)) -> Self {
        let set = |variable: &str| {
            env::var(variable)
                .ok()
                .filter(|text| !text.trim().is_empty())
        };
        let address = set(base).unwrap_or_else(|| vendor.to_owned());
        Self {
            name,
            key,
            has_key: set(key).is_some(),
            host: host(&address).map_or_else(|| format!("{base} is no address"), str::to_owned),
        }
    }
}

/// The host and port of an address; a name or password before them is left out.
fn host(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let is_web = matches!(scheme, "http" | "https");
    (is_web && !host.is_empty()).then_some(host)
}

fn examine(path: &Path) -> StoreState {
    let found =
        Store::open_read_only(path).and_then(|store| Ok((store.integrity()?, store.summary()?)));
    match found {
        Ok((Integrity::Sound, summary)) => StoreState::Sound(Box::new(summary)),
        Ok((Integrity::Damaged(causes), _)) => StoreState::Damaged(causes),
        Err(StoreError::Absent(_)) => StoreState::Absent,
        Err(StoreError::Damaged { cause, .. }) => StoreState::Damaged(vec![cause]),
        Err(other) => StoreState::Unusable(other.to_string()),
    }
}

/// Loads every classifier with its prompt.
fn prompts() -> Result<Vec<Definition>, String> {
    let folder = Path::new(PROMPTS);
    let definitions = load_all(folder).map_err(|error| error.to_string())?;
    let prompts = Prompts::load(folder).map_err(|error| error.to_string())?;
    for definition in &definitions {
        prompts
            .prompt(folder, definition)
            .map_err(|error| error.to_string())?;
    }
    Ok(definitions)
}

/// Loads every goldset, in the order of their names.
fn goldsets(definitions: &[Definition]) -> Vec<Goldset> {
    let mut folders: Vec<PathBuf> = fs::read_dir(GOLDSETS)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|folder| folder.join("goldset.toml").is_file())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| Goldset {
            sessions: load(&folder, definitions)
                .map(|goldset| goldset.sessions.len())
                .map_err(|error| error.to_string()),
            folder,
        })
        .collect()
}

impl Examined {
    fn blocks(&self, asked_to_rescue: bool) -> Vec<Block> {
        let path = self.path.display();
        let mut blocks = vec![Block::Heading(1, "What there is to work with".to_owned())];
        blocks.push(Block::Heading(
            2,
            format!("Store {path}: {}", self.store.word()),
        ));
        if let Some(rescued) = &self.rescued {
            blocks.push(Block::Text(format!(
                "{} rescued; the damaged file is now {}.",
                counted(rescued.answers as u64, "answer"),
                rescued.moved_to.display()
            )));
        } else if asked_to_rescue && !matches!(self.store, StoreState::Damaged(_)) {
            blocks.push(Block::Text("Nothing to rescue.".to_owned()));
        }
        match &self.store {
            StoreState::Absent => blocks.push(Block::Text(
                "The first run that asks a model or reads recorded answers makes it.".to_owned(),
            )),
            StoreState::Sound(summary) => blocks.extend(contents(summary)),
            StoreState::Damaged(causes) => {
                blocks.push(Block::List(causes.clone()));
                blocks.push(Block::Text(format!(
                    "hint: `validate doctor --store {path} --rescue` moves it aside and makes a new one with every \
                     answer that is still whole"
                )));
            }
            StoreState::Unusable(cause) => blocks.extend(message(cause)),
        }
        match &self.prompts {
            Ok(classifiers) => {
                let count = counted(*classifiers as u64, "classifier");
                blocks.push(Block::Heading(2, format!("Prompts: {count}")));
            }
            Err(problem) => {
                blocks.push(Block::Heading(2, "Prompts: not usable".to_owned()));
                blocks.extend(message(problem));
            }
        }
        let goldsets = counted(self.goldsets.len() as u64, "goldset");
        match &self.prompts {
            Ok(_) => blocks.push(Block::Heading(2, format!("Goldsets: {goldsets}"))),
            Err(_) => blocks.push(Block::Heading(
                2,
                "Goldsets: not tried, because they are checked against the prompts".to_owned(),
            )),
        }
        let mut points = Vec::new();
        for goldset in &self.goldsets {
            let folder = goldset.folder.display();
            match &goldset.sessions {
                Ok(sessions) => {
                    let sessions = counted(*sessions as u64, "session");
                    points.push(format!("{folder}: {sessions}"));
                }
                Err(problem) => {
                    points.push(format!("{folder}: not usable"));
                    blocks.push(Block::List(std::mem::take(&mut points)));
                    blocks.extend(message(problem));
                }
            }
        }
        if !points.is_empty() {
            blocks.push(Block::List(points));
        }
        let mut table = Table::new(&[
            ("provider", Align::Left),
            ("host", Align::Left),
            ("key", Align::Left),
        ]);
        for provider in &self.providers {
            let set = if provider.has_key { "set" } else { "not set" };
            table.push(vec![
                provider.name.to_owned(),
                provider.host.clone(),
                format!("{} {set}", provider.key),
            ]);
        }
        blocks.push(Block::Heading(2, "Providers".to_owned()));
        blocks.push(Block::Table(table));
        blocks
    }

    fn json(&self) -> Value {
        let summary = match &self.store {
            StoreState::Sound(summary) => Some(summary),
            _ => None,
        };
        let problems = match &self.store {
            StoreState::Damaged(causes) => causes.clone(),
            StoreState::Unusable(cause) => vec![cause.clone()],
            _ => Vec::new(),
        };
        let answers = summary.map(|summary| {
            let of = |it: &crate::store::AnswerCount| json!({"model": it.model, "answers": it.answers, "failed": it.failed});
            summary.answers.iter().map(of).collect::<Value>()
        });
        let rows = summary.map(|summary| {
            let of = |it: &crate::store::RowCount| {
                let outcomes = &it.outcomes;
                json!({
                    "goldset": it.goldset,
                    "model": it.model,
                    "classifier": it.classifier,
                    "prompts": it.prompts,
                    "parsed": outcomes.parsed,
                    "failures": outcomes.failures() - outcomes.missing,
                    "missing": outcomes.missing,
                })
            };
            summary.rows.iter().map(of).collect::<Value>()
        });
        let goldset = |it: &Goldset| {
            json!({
                "folder": it.folder.display().to_string(),
                "sessions": it.sessions.as_ref().ok(),
                "problem": it.sessions.as_ref().err(),
            })
        };
        let provider =
            |it: &Provider| json!({"name": it.name, "host": it.host, "has_key": it.has_key});
        json!({
            "store": {
                "path": self.path.display().to_string(),
                "state": self.store.word(),
                "problems": problems,
                "schema_version": summary.map(|summary| summary.schema_version),
                "bytes": summary.map(|summary| summary.bytes),
                "answers": answers,
                "answers_without_row": summary.map(|summary| summary.answers_without_row),
                "rows": rows,
                "rescued": self.rescued.as_ref().map(|it| json!({
                    "answers": it.answers,
                    "moved_to": it.moved_to.display().to_string(),
                })),
            },
            "prompts": {
                "classifiers": self.prompts.as_ref().ok(),
                "problem": self.prompts.as_ref().err(),
            },
            "goldsets": self.goldsets.iter().map(goldset).collect::<Value>(),
            "providers": self.providers.iter().map(provider).collect::<Value>(),
        })
    }
}

/// A message of an error: its paragraphs, and as they stand those whose lines point into a file.
fn message(text: &str) -> Vec<Block> {
    text.split("\n\n")
        .map(|paragraph| paragraph.trim_matches('\n'))
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| {
            if paragraph.contains('\n') {
                Block::Preformatted(paragraph.to_owned())
            } else {
                Block::Text(paragraph.to_owned())
            }
        })
        .collect()
}

/// What a sound store holds.
fn contents(summary: &Summary) -> Vec<Block> {
    let mut blocks = vec![Block::Text(format!(
        "{} bytes, schema version {}; answers that no row rests on: {}.",
        summary.bytes, summary.schema_version, summary.answers_without_row
    ))];
    let mut answers = Table::new(&[
        ("model", Align::Left),
        ("answers", Align::Right),
        ("failed", Align::Right),
    ]);
    for it in &summary.answers {
        answers.push(vec![
            it.model.clone(),
            it.answers.to_string(),
            it.failed.to_string(),
        ]);
    }
    let mut rows = Table::new(&[
        ("goldset", Align::Left),
        ("model", Align::Left),
        ("classifier", Align::Left),
        ("prompt versions", Align::Right),
        ("labels", Align::Right),
        ("failures", Align::Right),
        ("missing", Align::Right),
    ])
    .note("prompt versions: labels in another order and other wording, which a look at robustness asks, count as versions of their own");
    for it in &summary.rows {
        rows.push(vec![
            it.goldset.clone(),
            it.model.clone(),
            it.classifier.clone(),
            it.prompts.to_string(),
            it.outcomes.parsed.to_string(),
            (it.outcomes.failures() - it.outcomes.missing).to_string(),
            it.outcomes.missing.to_string(),
        ]);
    }
    for table in [answers, rows] {
        if !table.is_empty() {
            blocks.push(Block::Table(table));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_without_what_might_be_secret() {
        for (address, expected) in [
            ("https://api.anthropic.com", Some("api.anthropic.com")),
            ("http://127.0.0.1:8080/v1", Some("127.0.0.1:8080")),
            (
                "https://me:secret@example.org/v1?key=secret",
                Some("example.org"),
            ),
            ("https://example.org?key=secret", Some("example.org")),
            ("example.org/v1", None),
            ("file:///etc/passwd", None),
            ("https://", None),
        ] {
            assert_eq!(host(address), expected, "{address}");
        }
    }
}
