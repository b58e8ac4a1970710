//! The appendix: written, or held against the files that are there.

mod files;
mod inputs;
mod material;
mod texts;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::classifier::load::{ClassifierError, load_all};
use crate::classifier::prompt::{PromptError, Prompts};
use crate::classifier::study::{self, StudyError};
use crate::cli::report::Report;
use crate::exit::Exit;
use crate::goldset::load::{Goldset, GoldsetError, load};
use crate::report::appendix::files::files as rendered;
use crate::report::appendix::provenance::Provenance;
use crate::report::appendix::quotes::quotes;
use crate::report::appendix::{Appendix, PromptText};

use super::answers::AnswersError;
use super::knowledge::KnowledgeError;
use super::output;
use super::players::{Named, Players, PlayersError};
use super::validate::PROMPTS;
use material::{Shared, material};

/// Where goldsets are looked for, from the working directory.
const GOLDSETS: &str = "goldsets";

/// Where the appendix is written unless readers outside get it.
const REPORTS: &str = "reports";

/// What the user has to mend.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    #[error(transparent)]
    Prompt(#[from] PromptError),
    #[error(transparent)]
    Study(#[from] StudyError),
    #[error(transparent)]
    Goldset(#[from] GoldsetError),
    #[error(transparent)]
    Answers(#[from] AnswersError),
    #[error(transparent)]
    Players(#[from] PlayersError),
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    #[error(
        "`--publish` needs a folder of its own: it would overwrite the whole appendix in `{REPORTS}`\n\nhint: name one with `--out DIR`, such as `--out public`"
    )]
    NowhereToPublish,
    #[error("there is no goldset below `{GOLDSETS}`\n\nhint: name a folder with `--goldset DIR`")]
    NoGoldsets,
    #[error(
        "two goldsets are called `{0}`\n\nhint: files are named after the folder: rename one of them"
    )]
    SameName(String),
    #[error("every session of the goldset `{0}` is out of the study's scope (not interactive)")]
    NoneEligible(String),
    #[error(
        "failed to read what the appendix rests on: {0}\n\nhint: make the files of prompts and goldsets readable"
    )]
    Input(#[from] std::io::Error),
    #[error("{0}")]
    Texts(String),
    /// Recorded answers are missing.
    #[error("{0}")]
    Missing(String),
}

/// Runs the command.
///
/// # Errors
/// Where output fails.
pub fn run(arguments: &Report, verbose: bool) -> anyhow::Result<Exit> {
    let prepared = out(arguments).and_then(|out| Ok((out, prepare(arguments, verbose)?)));
    match prepared {
        Ok((out, appendix)) => finish(arguments, &out, &appendix),
        Err(Unusable::Missing(missing)) => {
            output::note(&format!("incomplete: {missing}"));
            Ok(Exit::Undecided)
        }
        Err(error) => {
            output::note(&format!("error: {error}"));
            Ok(Exit::Unusable)
        }
    }
}

/// The folder that is written. What is published never takes the place of the whole appendix by default.
fn out(arguments: &Report) -> Result<PathBuf, Unusable> {
    match &arguments.out {
        Some(out) => Ok(out.clone()),
        None if arguments.publish => Err(Unusable::NowhereToPublish),
        None => Ok(PathBuf::from(REPORTS)),
    }
}

fn prepare(arguments: &Report, verbose: bool) -> Result<Appendix, Unusable> {
    let folder = Path::new(PROMPTS);
    let definitions = load_all(folder)?;
    let study = study::load(folder, &definitions)?;
    let shared_text = Prompts::load(folder)?;
    let prompts: Vec<PromptText> = definitions
        .iter()
        .map(|definition| {
            let prompt = shared_text.prompt(folder, definition)?;
            Ok(PromptText {
                name: definition.name.clone(),
                title: definition.title.clone(),
                hash: prompt.hash.text().to_owned(),
                text: prompt.text,
            })
        })
        .collect::<Result<_, PromptError>>()?;
    let hashes: HashMap<String, String> = prompts
        .iter()
        .map(|prompt| (prompt.name.clone(), prompt.hash.clone()))
        .collect();
    let mut goldsets: Vec<Goldset> = folders(arguments)?
        .iter()
        .map(|folder| load(folder, &definitions))
        .collect::<Result<_, _>>()?;
    goldsets.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = goldsets
        .windows(2)
        .find(|pair| pair[0].name == pair[1].name)
    {
        return Err(Unusable::SameName(pair[0].name.clone()));
    }
    let shared = Shared {
        definitions: &definitions,
        hashes: &hashes,
        study: study.as_ref(),
        seed: arguments.seed,
        verbose,
    };
    let materials = goldsets
        .iter()
        .map(|goldset| material(goldset, &shared))
        .collect::<Result<Vec<_>, _>>()?;
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: arguments.seed,
        prompts: inputs::prompts()?,
        study: inputs::study()?,
        goldsets: goldsets
            .iter()
            .map(|goldset| {
                let nobody = Named {
                    model: None,
                    against: None,
                    reference: None,
                };
                let players = Players::choose(nobody, goldset)?;
                Ok(inputs::inputs(goldset, &players)?)
            })
            .collect::<Result<_, Unusable>>()?,
    };
    Ok(Appendix::new(
        provenance,
        shared_text.system.clone(),
        shared_text.wire.text().to_owned(),
        prompts,
        materials,
        arguments.publish.then_some(arguments.min_users as usize),
    ))
}

/// The goldsets that were named, else every folder with a `goldset.toml`.
fn folders(arguments: &Report) -> Result<Vec<PathBuf>, Unusable> {
    if !arguments.goldset.is_empty() {
        return Ok(arguments.goldset.clone());
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(GOLDSETS)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("goldset.toml").is_file())
        .collect();
    found.sort();
    if found.is_empty() {
        return Err(Unusable::NoGoldsets);
    }
    Ok(found)
}

fn finish(arguments: &Report, out: &Path, appendix: &Appendix) -> anyhow::Result<Exit> {
    let rendered = rendered(appendix);
    let texts = match texts::texts(arguments, &quotes(appendix)) {
        Ok(texts) => texts,
        Err(error) => {
            output::note(&format!("error: {error}"));
            return Ok(Exit::Unusable);
        }
    };
    if arguments.check {
        let surplus = files::surplus_lines(out, &rendered);
        let mut lines = files::differences(out, &rendered);
        lines.extend(texts.iter().flat_map(texts::Text::stale_lines));
        if lines.is_empty() && surplus.is_empty() {
            output::note(&format!(
                "{} files in `{}` are fresh, and so are {} quoted numbers",
                rendered.len(),
                out.display(),
                texts.iter().map(texts::Text::markers).sum::<usize>()
            ));
            return Ok(Exit::Done);
        }
        let told: Vec<&str> = lines.iter().chain(&surplus).map(String::as_str).collect();
        output::result(&(told.join("\n") + "\n"))?;
        if !lines.is_empty() {
            output::note(
                "\nhint: `validate report` with the same options writes anew what is stale or missing",
            );
        }
        if !surplus.is_empty() {
            output::note(
                "\nhint: what is surplus is no file of the appendix with these options: delete it, or name the options that wrote it",
            );
        }
        return Ok(Exit::Failed);
    }
    let written = files::write(out, &rendered).and_then(|()| texts::write(&texts));
    if let Err(error) = written.context("the appendix is not complete") {
        output::note(&format!(
            "error: {error:#}\n\nhint: `--out` takes a folder that can be written"
        ));
        return Ok(Exit::Unusable);
    }
    output::note(&format!(
        "wrote {} files into `{}`",
        rendered.len(),
        out.display()
    ));
    for line in texts.iter().flat_map(texts::Text::stale_lines) {
        output::note(&format!("mended {line}"));
    }
    Ok(Exit::Done)
}
