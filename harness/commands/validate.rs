//! The main job: what a rater's labels are worth against gold, reference, baselines and telemetry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;

use crate::classifier::load::{ClassifierError, load_all, select};
use crate::cli::{Format, MainJob};
use crate::exit::Exit;
use crate::goldset::load::{Goldset, GoldsetError, load};
use crate::goldset::sessions::Session;
use crate::report::basis::{Basis, TelemetrySource};
use crate::report::validation_json::Spent;
use crate::report::{page, validation, validation_json};
use crate::run::estimate::Estimate;
use crate::run::raters::Spec;
use crate::run::sessions::Known;
use crate::validation::Validated;

use super::answers::{AnswersError, Wanted, answers, estimates};
use super::asking::{told, told_json};
use super::knowledge::{KnowledgeError, eligible, knowledge};
use super::output;
use super::panel::validated;
use super::players::{Named, Players, PlayersError};
use super::said::said_of_all;

/// Where classifiers are looked for, from the working directory.
pub const PROMPTS: &str = "prompts";

/// What the user has to mend.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("no classifier is named\n\nhint: `--classifier all`, or {0}")]
    NoClassifier(String),
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    #[error(transparent)]
    Goldset(#[from] GoldsetError),
    #[error(transparent)]
    Answers(#[from] AnswersError),
    #[error(transparent)]
    Players(#[from] PlayersError),
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    #[error(
        "no session is left: `--limit 0` takes none\n\nhint: give a number from 1 on, or leave `--limit` out"
    )]
    LimitZero,
    #[error("every session of the goldset `{0}` is out of the study's scope (not interactive)")]
    NoneEligible(String),
}

/// Runs the main job.
///
/// # Errors
/// Where output fails.
pub fn run(arguments: &MainJob, verbose: bool) -> anyhow::Result<Exit> {
    match prepare(arguments, verbose) {
        Ok(Prepared::Priced(estimates)) => {
            output::result(&priced(arguments, &estimates)?)?;
            Ok(Exit::Done)
        }
        Ok(Prepared::Done(done)) => {
            if let Err(error) = write(arguments, &done) {
                if arguments.out.is_none() {
                    return Err(error);
                }
                output::note(&format!(
                    "error: {error:#}\n\nhint: `--out` takes a folder that can be written"
                ));
                return Ok(Exit::Unusable);
            }
            match done.missing {
                Some(missing) if done.was_interrupted => {
                    output::note(&format!("\nincomplete: {missing}"));
                    Ok(Exit::Interrupted)
                }
                None => Ok(Exit::Done),
                Some(missing) => {
                    output::note(&format!("\nincomplete: {missing}"));
                    Ok(Exit::Undecided)
                }
            }
        }
        Err(error) => {
            output::note(&format!("error: {error}"));
            Ok(Exit::Unusable)
        }
    }
}

fn priced(arguments: &MainJob, estimates: &[(String, Estimate)]) -> anyhow::Result<String> {
    if let Format::Json = arguments.format {
        let list: Vec<_> = estimates
            .iter()
            .map(|(spec, estimate)| told_json(spec, estimate))
            .collect();
        return Ok(serde_json::to_string_pretty(&serde_json::json!({ "dry_run": list }))? + "\n");
    }
    Ok(if estimates.is_empty() {
        "no provider would be asked: neither `--model` nor `--reference` names one\n".to_owned()
    } else {
        let texts: Vec<String> = estimates
            .iter()
            .map(|(spec, estimate)| told(spec, estimate))
            .collect();
        texts.join("\n")
    })
}

/// What a run found.
struct Done {
    basis: Basis,
    results: Vec<Validated>,
    /// Tokens and prompt hashes of the candidate, by classifier.
    spent: BTreeMap<String, Spent>,
    /// Requests without an answer, and how to get them.
    missing: Option<String>,
    /// The user interrupted.
    was_interrupted: bool,
}

/// What came of the preparations.
enum Prepared {
    /// Figures.
    Done(Box<Done>),
    /// What asking would take; nothing was sent.
    Priced(Vec<(String, Estimate)>),
}

fn prepare(arguments: &MainJob, verbose: bool) -> Result<Prepared, Unusable> {
    let all = load_all(Path::new(PROMPTS))?;
    let names = arguments.classifier.as_deref().unwrap_or_default();
    if names.split(',').all(|name| name.trim().is_empty()) {
        let names: Vec<&str> = all
            .iter()
            .map(|definition| definition.name.as_str())
            .collect();
        return Err(Unusable::NoClassifier(crate::domain::nearest::listed(
            &names,
        )));
    }
    let definitions = select(all.clone(), names)?;
    let goldset = load(&arguments.goldset, &all)?;
    let named = Named {
        model: arguments.model.as_ref(),
        against: arguments.against.as_ref(),
        reference: arguments.reference.as_ref(),
    };
    // What asking would take needs no gold, which a goldset may not have yet.
    let (players, specs) = if arguments.asking.dry_run {
        (None, Players::asked(named, &goldset)?)
    } else {
        let players = Players::choose(named, &goldset)?;
        let specs = players.specs().into_iter().cloned().collect();
        (Some(players), specs)
    };
    let specs: Vec<&Spec> = specs.iter().collect();
    if arguments.limit == Some(0) {
        return Err(Unusable::LimitZero);
    }
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let wanted: Vec<&Session> = goldset.sessions.iter().take(limit).collect();
    let known = knowledge(&goldset, &wanted, arguments.sessions.as_deref(), verbose)?;
    let (sessions, excluded) = eligible(&wanted, &known);
    if sessions.is_empty() {
        return Err(Unusable::NoneEligible(goldset.name));
    }
    let wanted = Wanted {
        goldset: &goldset,
        definitions: &definitions,
        sessions: &sessions,
        transcripts: arguments.sessions.as_deref(),
        store: arguments.store.as_deref(),
        asking: &arguments.asking,
        verbose,
    };
    let Some(players) = players else {
        return Ok(Prepared::Priced(estimates(&wanted, &specs)?));
    };
    let answers = answers(&wanted, &specs)?;
    if verbose {
        for asked in answers.asked.values() {
            for (session, classifier, reason) in &asked.unreadable {
                output::note(&format!("{classifier}, {session}: no label: {reason}"));
            }
        }
    }
    let said = said_of_all(
        &all,
        &definitions,
        &goldset,
        &players.candidate,
        &players.against,
        &sessions,
        &known,
        &answers,
    );
    let results = definitions
        .iter()
        .map(|definition| {
            validated(
                definition,
                &goldset,
                &players,
                &sessions,
                &known,
                &answers,
                &said,
                arguments.seed,
            )
        })
        .collect();
    let mut basis = basis_of(
        &goldset,
        &players,
        &sessions,
        &known,
        excluded,
        arguments.seed,
    );
    basis.replayed = answers.told(&specs);
    Ok(Prepared::Done(Box::new(Done {
        basis,
        results,
        spent: answers.spent(&players.candidate),
        missing: answers.missing(&goldset, &arguments.asking),
        was_interrupted: answers.was_interrupted(),
    })))
}

/// What the figures rest on; replayed answers are told apart.
pub(super) fn basis_of(
    goldset: &Goldset,
    players: &Players,
    sessions: &[&Session],
    known: &Known,
    excluded: Vec<(String, String)>,
    seed: u64,
) -> Basis {
    let users: BTreeSet<&str> = sessions
        .iter()
        .map(|session| session.user.as_str())
        .collect();
    let without = sessions
        .iter()
        .filter(|session| !known.telemetry.contains_key(&session.id))
        .count();
    let made_from_candidate = match &players.candidate {
        Spec::Rater(name) => goldset
            .rater(&players.against)
            .is_ok_and(|rater| rater.made_from.contains(name)),
        Spec::Recorded(_) | Spec::Model(_) | Spec::Majority | Spec::Rules => false,
    };
    Basis {
        goldset: goldset.name.clone(),
        title: goldset.manifest.title.clone(),
        synthetic: goldset.manifest.synthetic,
        candidate: players.candidate.text(),
        candidate_kind: players.candidate_kind,
        against: players.against.clone(),
        against_kind: players.against_kind,
        by_construction: made_from_candidate,
        reference: players.reference.as_ref().map(|(spec, _)| spec.text()),
        n_sessions: sessions.len(),
        n_users: users.len(),
        excluded,
        replayed: Vec::new(),
        telemetry: if known.looked_for_transcripts {
            TelemetrySource::Transcripts {
                from_table: known.absent.len(),
                without,
            }
        } else {
            TelemetrySource::Table { without }
        },
        seed,
    }
}

fn write(arguments: &MainJob, done: &Done) -> anyhow::Result<()> {
    let (basis, results) = (&done.basis, &done.results);
    let (text, ending) = match arguments.format {
        Format::Table => (page::terminal(&validation::page(basis, results)), "txt"),
        Format::Markdown => (page::markdown(&validation::page(basis, results)), "md"),
        Format::Json => (
            serde_json::to_string_pretty(&validation_json::render(basis, results, &done.spent))?
                + "\n",
            "json",
        ),
    };
    match &arguments.out {
        None => output::result(&text).context("failed to write to stdout"),
        Some(folder) => {
            let file = folder.join(format!("validation.{ending}"));
            output::file(&file, &text)?;
            output::note(&format!("wrote `{}`", file.display()));
            Ok(())
        }
    }
}
