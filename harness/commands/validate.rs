//! The main job: what a rater's labels are worth against gold, reference, baselines and telemetry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::classifier::definition::Definition;
use crate::classifier::load::{ClassifierError, load_all, select};
use crate::cli::{Format, MainJob};
use crate::domain::rating::{Outcome, RaterKind};
use crate::exit::Exit;
use crate::goldset::load::{Goldset, GoldsetError, load};
use crate::goldset::sessions::Session;
use crate::ingest::redaction::standard_redaction;
use crate::report::basis::{Basis, TelemetrySource};
use crate::report::validation_json::Spent;
use crate::report::{page, validation, validation_json};
use crate::run::estimate::Estimate;
use crate::run::raters::{Question, Spec, SpecError, ask, labels_of};
use crate::run::sessions::{Broken, Known, know};
use crate::validation::agreement::Party;
use crate::validation::evidence::Evidence;
use crate::validation::injections::Demand;
use crate::validation::notes::Note;
use crate::validation::{Panel, Validated, validate};

use super::answers::{Answers, AnswersError, Wanted, answers, estimates};
use super::asking::{told, told_json};
use super::output;
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
    Spec(#[from] SpecError),
    #[error(transparent)]
    Answers(#[from] AnswersError),
    #[error("the goldset `{0}` names no default {1}\n\nhint: give `{2}`")]
    NoDefault(String, &'static str, &'static str),
    #[error(
        "no session is left: `--limit 0` takes none\n\nhint: give a number from 1 on, or leave `--limit` out"
    )]
    LimitZero,
    #[error("every session of the goldset `{0}` is out of the study's scope (not interactive)")]
    NoneEligible(String),
    #[error("there is no folder `{}`\n\nhint: `--sessions` takes the folder below which sessions.csv finds its files", .0.display())]
    NoSessionsFolder(PathBuf),
    #[error("none of the {wanted} transcripts of the goldset `{goldset}` is below `{}`\n\nhint: the first one is looked for at `{}`{how}", .folder.display(), .first.display())]
    NoTranscripts {
        folder: PathBuf,
        wanted: usize,
        goldset: String,
        first: PathBuf,
        how: String,
    },
    #[error("{}", absent(.0))]
    Absent(Vec<String>),
    #[error("{}", broken(.0))]
    Broken(Vec<Broken>),
}

fn absent(lines: &[String]) -> String {
    format!(
        "transcripts are missing, and the goldset has no telemetry for them\n{}\n\nhint: fetch them, or take the sessions out of sessions.csv",
        lines.join("\n")
    )
}

fn broken(files: &[Broken]) -> String {
    let lines: Vec<String> = files
        .iter()
        .map(|(_, error)| match std::error::Error::source(error) {
            Some(source) => format!("  {error}: {source}"),
            None => format!("  {error}"),
        })
        .collect();
    format!(
        "transcripts cannot be read\n{}\n\nhint: mend or replace the files, or take the sessions out of sessions.csv",
        lines.join("\n")
    )
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
    let players = Players::choose(arguments, &goldset)?;
    if arguments.limit == Some(0) {
        return Err(Unusable::LimitZero);
    }
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let wanted: Vec<&Session> = goldset.sessions.iter().take(limit).collect();
    let known = knowledge(arguments, &goldset, &wanted, verbose)?;
    let (sessions, excluded) = eligible(&wanted, &known);
    if sessions.is_empty() {
        return Err(Unusable::NoneEligible(goldset.name));
    }
    let specs = players.specs();
    let wanted = Wanted {
        goldset: &goldset,
        definitions: &definitions,
        sessions: &sessions,
        transcripts: arguments.sessions.as_deref(),
        store: arguments.store.as_deref(),
        asking: &arguments.asking,
        verbose,
    };
    if arguments.asking.dry_run {
        return Ok(Prepared::Priced(estimates(&wanted, &specs)?));
    }
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
    let mut basis = basis(arguments, &goldset, &players, &sessions, &known, excluded);
    basis.replayed = answers.told(&specs);
    Ok(Prepared::Done(Box::new(Done {
        basis,
        results,
        spent: answers.spent(&players.candidate),
        missing: answers.missing(&goldset, &arguments.asking),
        was_interrupted: answers.was_interrupted(),
    })))
}

/// Who is compared.
struct Players {
    candidate: Spec,
    candidate_kind: RaterKind,
    against: String,
    against_kind: RaterKind,
    reference: Option<(Spec, RaterKind)>,
}

impl Players {
    /// Everyone who is asked: the candidate and the reference.
    fn specs(&self) -> Vec<&Spec> {
        std::iter::once(&self.candidate)
            .chain(self.reference.as_ref().map(|(spec, _)| spec))
            .collect()
    }

    fn choose(arguments: &MainJob, goldset: &Goldset) -> Result<Self, Unusable> {
        let default = &goldset.manifest.default;
        let no_default = |what, option| Unusable::NoDefault(goldset.name.clone(), what, option);
        let candidate = arguments.model.as_ref().or(default.model.as_ref());
        let candidate =
            Spec::parse(candidate.ok_or_else(|| no_default("model", "--model rater:NAME"))?)?;
        let against = arguments.against.as_ref().or(default.against.as_ref());
        let against = against
            .ok_or_else(|| no_default("gold rater", "--against RATER"))?
            .clone();
        let reference = arguments.reference.as_ref().or(default.reference.as_ref());
        let reference = match reference {
            Some(text) => {
                let spec = Spec::parse(text)?;
                let kind = spec.kind(goldset)?;
                Some((spec, kind))
            }
            None => None,
        };
        Ok(Self {
            candidate_kind: candidate.kind(goldset)?,
            against_kind: goldset.rater(&against)?.kind,
            candidate,
            against,
            reference,
        })
    }
}

fn knowledge(
    arguments: &MainJob,
    goldset: &Goldset,
    wanted: &[&Session],
    verbose: bool,
) -> Result<Known, Unusable> {
    if let Some(folder) = arguments
        .sessions
        .as_ref()
        .filter(|folder| !folder.is_dir())
    {
        return Err(Unusable::NoSessionsFolder(folder.clone()));
    }
    let known = know(
        goldset,
        wanted,
        arguments.sessions.as_deref(),
        standard_redaction(),
    )
    .map_err(Unusable::Broken)?;
    if let (Some(folder), [(_, first), ..]) = (&arguments.sessions, known.absent.as_slice())
        && known.absent.len() == wanted.len()
    {
        let how = goldset
            .manifest
            .transcripts
            .as_ref()
            .map_or_else(String::new, |how| format!("; {how}"));
        return Err(Unusable::NoTranscripts {
            folder: folder.clone(),
            wanted: wanted.len(),
            goldset: goldset.name.clone(),
            first: first.clone(),
            how,
        });
    }
    let source = |id: &str| {
        wanted
            .iter()
            .find(|session| session.id == id)
            .map_or("", |session| session.source.as_str())
    };
    let lines = |absent: &mut dyn Iterator<Item = &(String, PathBuf)>| -> Vec<String> {
        absent
            .map(|(id, path)| {
                format!(
                    "  {id}: no file `{}`; source: {}",
                    path.display(),
                    source(id)
                )
            })
            .collect()
    };
    let lost = lines(
        &mut known
            .absent
            .iter()
            .filter(|(id, _)| !known.telemetry.contains_key(id)),
    );
    if !lost.is_empty() {
        return Err(Unusable::Absent(lost));
    }
    if !known.absent.is_empty() {
        output::note(&format!(
            "{} transcripts are missing; their telemetry is the goldset's table\n{}",
            known.absent.len(),
            lines(&mut known.absent.iter()).join("\n")
        ));
    }
    if verbose {
        for (path, line, reason) in &known.unreadable {
            output::note(&format!("{}:{line}: {reason}", path.display()));
        }
    }
    Ok(known)
}

/// Sessions of the study's scope, and those left out with the reason.
fn eligible<'s>(
    wanted: &[&'s Session],
    known: &Known,
) -> (Vec<&'s Session>, Vec<(String, String)>) {
    let mut excluded = Vec::new();
    let sessions = wanted
        .iter()
        .filter(|session| match known.telemetry.get(&session.id) {
            Some(row) if !row.interactive => {
                excluded.push((
                    session.id.clone(),
                    format!("not interactive ({})", row.ineligible),
                ));
                false
            }
            Some(_) | None => true,
        })
        .copied()
        .collect();
    (sessions, excluded)
}

#[expect(
    clippy::too_many_arguments,
    reason = "all of them are what one classifier's figures rest on"
)]
fn validated(
    definition: &Definition,
    goldset: &Goldset,
    players: &Players,
    sessions: &[&Session],
    known: &Known,
    answers: &Answers,
    said_of_all: &[(&Definition, Option<Vec<Outcome>>)],
    seed: u64,
) -> Validated {
    let ids: Vec<&str> = sessions.iter().map(|session| session.id.as_str()).collect();
    let gold = labels_of(goldset, definition, &players.against, &ids);
    let question = Question {
        definition,
        sessions: &ids,
        gold: &gold,
        telemetry: &known.telemetry,
        words: &known.words,
        asked: &answers.asked,
    };
    let said = |spec: &Spec| ask(spec, goldset, &question);
    let gold_outcomes: Vec<Outcome> = gold
        .iter()
        .map(|label| label.clone().map_or(Outcome::Missing, Outcome::Parsed))
        .collect();
    let candidate = said(&players.candidate);
    let reference = players
        .reference
        .as_ref()
        .map(|(spec, kind)| (spec.text(), *kind, said(spec)));
    let baselines: Vec<(String, Vec<Outcome>)> = [Spec::Majority, Spec::Rules]
        .iter()
        .map(|spec| (spec.text(), said(spec)))
        .collect();
    let panel = Panel {
        candidate: Party {
            name: players.candidate.text(),
            kind: players.candidate_kind,
            outcomes: &candidate,
        },
        gold: Party {
            name: players.against.clone(),
            kind: players.against_kind,
            outcomes: &gold_outcomes,
        },
        reference: reference.as_ref().map(|(name, kind, outcomes)| Party {
            name: name.clone(),
            kind: *kind,
            outcomes,
        }),
        baselines: baselines
            .iter()
            .map(|(name, outcomes)| Party {
                name: name.clone(),
                kind: RaterKind::Baseline,
                outcomes,
            })
            .collect(),
        raters: goldset
            .raters_of(&definition.name)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        demands: demands(goldset, definition),
    };
    let evidence = Evidence {
        sessions: &ids,
        users: &user_codes(sessions),
        telemetry: &known.telemetry,
        said: said_of_all,
        seed,
    };
    let mut result = validate(definition, &panel, &evidence);
    result.reliability = answers.reliability(&players.candidate, &definition.name, &ids);
    if known.words.is_empty() && definition.rules.iter().any(|rule| !rule.words.is_empty()) {
        result.notes.push(Note::RulesWithoutWords);
    }
    result
}

/// What texts of sessions demand of this classifier.
fn demands(goldset: &Goldset, definition: &Definition) -> Vec<Demand> {
    goldset
        .injections
        .iter()
        .filter(|injection| injection.classifier == definition.name)
        .map(|injection| Demand {
            session_id: injection.session_id.clone(),
            place: injection.place.clone(),
            demanded: injection.demanded.clone(),
        })
        .collect()
}

/// Users as codes in the order of their names, so that the same sessions give the same codes.
fn user_codes(sessions: &[&Session]) -> Vec<u32> {
    let users: BTreeSet<&str> = sessions
        .iter()
        .map(|session| session.user.as_str())
        .collect();
    let codes: BTreeMap<&str, u32> = users.into_iter().zip(0..).collect();
    sessions
        .iter()
        .map(|session| codes[session.user.as_str()])
        .collect()
}

fn basis(
    arguments: &MainJob,
    goldset: &Goldset,
    players: &Players,
    sessions: &[&Session],
    known: &Known,
    excluded: Vec<(String, String)>,
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
        seed: arguments.seed,
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
