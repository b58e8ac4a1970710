//! `validate requests`: requests to models as files, out to any engine and back.
//!
//! A line of an export holds the request's four texts and its hash; an engine answers them in whatever order and by
//! whatever means, and `import` keeps each answer under the hash of the request that it answered.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::Context;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::json;

use crate::classifier::definition::Definition;
use crate::classifier::load::{load_all, select};
use crate::classifier::prompt::{Prompt, Prompts};
use crate::cli::{Export, Import, Requests};
use crate::domain::answer::{AnswerUsage, Stop};
use crate::domain::moment::is_day;
use crate::domain::request::{Hash, Request};
use crate::exit::Exit;
use crate::goldset::load::{Goldset, load};
use crate::goldset::recordings::{Recording, Recordings, write};
use crate::ingest::redaction::standard_redaction;
use crate::run::view::view_of;

use super::output;
use super::validate::PROMPTS;

/// Runs the command.
///
/// # Errors
/// Where output fails.
pub fn run(command: &Requests) -> anyhow::Result<Exit> {
    let done = match command {
        Requests::Export(arguments) => export(arguments),
        Requests::Import(arguments) => import(arguments),
    };
    match done {
        Ok(said) => {
            output::note(&said);
            Ok(Exit::Done)
        }
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            Ok(Exit::Unusable)
        }
    }
}

/// A request with what it is about.
struct About {
    session_id: String,
    classifier: String,
    request: Request,
}

fn export(arguments: &Export) -> anyhow::Result<String> {
    let (goldset, about) = requests(
        &arguments.goldset,
        arguments.sessions.as_deref(),
        &arguments.classifier,
    )?;
    let answered = match &arguments.missing {
        Some(model) => {
            let names = classifiers(&about);
            Some(Recordings::load(&goldset, model, &names)?)
        }
        None => None,
    };
    let mut lines = String::new();
    let mut written = 0;
    for about in &about {
        let hash = about.request.hash();
        let is_answered = answered
            .as_ref()
            .is_some_and(|answered| answered.find(&about.classifier, &hash, 0).is_some());
        if is_answered {
            continue;
        }
        let line = json!({
            "request_hash": hash,
            "session_id": about.session_id,
            "classifier": about.classifier,
            "request": about.request,
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
        written += 1;
    }
    output::file(&arguments.out, &lines)?;
    Ok(format!(
        "wrote {written} of {} requests to `{}`",
        about.len(),
        arguments.out.display()
    ))
}

fn classifiers(about: &[About]) -> Vec<&str> {
    let mut names: Vec<&str> = about
        .iter()
        .map(|about| about.classifier.as_str())
        .collect();
    names.dedup();
    names
}

/// One line of a file of answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    request_hash: String,
    /// The answer as it came.
    text: String,
    #[serde(default)]
    stop: Option<String>,
    #[serde(default)]
    usage: Option<AnswerUsage>,
    /// Helps people who read the file; the hash decides.
    #[serde(default)]
    #[expect(dead_code, reason = "allowed in the file, not needed")]
    session_id: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "allowed in the file, not needed")]
    classifier: Option<String>,
}

fn import(arguments: &Import) -> anyhow::Result<String> {
    anyhow::ensure!(
        is_day(&arguments.when),
        "`--when {}` is not a day\n\nhint: give it as YYYY-MM-DD",
        arguments.when
    );
    let (goldset, about) = requests(&arguments.goldset, arguments.sessions.as_deref(), "all")?;
    let known: HashMap<Hash, &About> = about
        .iter()
        .map(|about| (about.request.hash(), about))
        .collect();
    let text = std::fs::read_to_string(&arguments.file)
        .with_context(|| format!("failed to read `{}`", arguments.file.display()))?;
    let mut problems = Vec::new();
    let mut by_classifier: BTreeMap<&str, Vec<Recording>> = BTreeMap::new();
    for (number, line) in (1_usize..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match recording(line, &known, arguments) {
            Ok((classifier, recording)) => {
                by_classifier.entry(classifier).or_default().push(recording)
            }
            Err(problem) => problems.push(format!(
                "  {}:{number}: {problem}",
                arguments.file.display()
            )),
        }
    }
    anyhow::ensure!(
        problems.is_empty(),
        "{} lines are no answers to requests of the goldset `{}`; nothing was kept\n{}\n\nhint: an answer needs `request_hash` and `text`; export the requests again if prompts have changed",
        problems.len(),
        goldset.name,
        problems
            .iter()
            .take(20)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n"),
    );
    let mut kept = Vec::new();
    for (classifier, recordings) in &by_classifier {
        let file = write(&goldset, &arguments.model, classifier, recordings)?;
        kept.push(format!(
            "kept {} answers in `{}`",
            recordings.len(),
            file.display()
        ));
    }
    Ok(if kept.is_empty() {
        "the file holds no answers".to_owned()
    } else {
        kept.join("\n")
    })
}

fn recording<'k>(
    line: &str,
    known: &HashMap<Hash, &'k About>,
    arguments: &Import,
) -> Result<(&'k str, Recording), String> {
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let hash = Hash::parse(&line.request_hash).ok_or_else(|| {
        format!(
            "`{}` is not a request hash",
            line.request_hash.chars().take(80).collect::<String>()
        )
    })?;
    let about = known
        .get(&hash)
        .ok_or_else(|| format!("no request has the hash {}…", hash.short()))?;
    let stop = match &line.stop {
        None => Stop::Finished,
        Some(word) => Stop::parse(word)
            .ok_or_else(|| format!("`{word}` is not finished, length, refusal or error"))?,
    };
    let recording = Recording {
        request_hash: hash,
        session_id: about.session_id.clone(),
        raw: line.text,
        stop,
        usage: line.usage.unwrap_or_default(),
        when: arguments.when.clone(),
        obtained: arguments.obtained.clone(),
        family: arguments.family.clone(),
        repeat: 0,
    };
    Ok((&about.classifier, recording))
}

/// Every request of a goldset, classifiers outside and sessions inside.
fn requests(
    goldset: &Path,
    sessions: Option<&Path>,
    names: &str,
) -> anyhow::Result<(Goldset, Vec<About>)> {
    let folder = Path::new(PROMPTS);
    let all = load_all(folder)?;
    let chosen: Vec<Definition> = select(all.clone(), names)?;
    let goldset = load(goldset, &all)?;
    let prompts = Prompts::load(folder)?;
    let texts: Vec<Prompt> = chosen
        .iter()
        .map(|definition| prompts.prompt(folder, definition))
        .collect::<Result<_, _>>()?;
    let transcripts = sessions.map_or_else(|| goldset.folder.join("sessions"), Path::to_owned);
    anyhow::ensure!(
        transcripts.is_dir(),
        "there is no folder `{}` with the transcripts of the goldset `{}`\n\nhint: `--sessions DIR` says where they lie",
        transcripts.display(),
        goldset.name,
    );
    let views = goldset
        .sessions
        .par_iter()
        .map(|session| {
            view_of(
                &transcripts.join(&session.file),
                &prompts.view,
                standard_redaction(),
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    let about = texts
        .iter()
        .flat_map(|prompt| {
            goldset
                .sessions
                .iter()
                .zip(&views)
                .map(|(session, view)| About {
                    session_id: session.id.clone(),
                    classifier: prompt.definition.name.clone(),
                    request: prompts.request(prompt, view),
                })
        })
        .collect();
    Ok((goldset, about))
}
