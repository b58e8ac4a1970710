//! `validate gate`: the candidate against the approved baseline, a verdict per classifier.

mod accept;
mod compare;
mod looked;
mod rationale;

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::classifier::definition::Definition;
use crate::classifier::load::{ClassifierError, load_all, select};
use crate::cli::Asking;
use crate::cli::gate::{Gate, GateFormat};
use crate::exit::Exit;
use crate::gate::baseline::BaselineError;
use crate::gate::judged::{Hindrance, Judged, Remedy};
use crate::gate::ledger::LedgerError;
use crate::gate::rule::RuleError;
use crate::goldset::load::{Goldset, GoldsetError, load};
use crate::goldset::sessions::Session;
use crate::report::gate::{GateBasis, answer, overall, page as gate_page};
use crate::report::{annotations, gate_json, junit, page};
use crate::run::raters::{Spec, SpecError};
use crate::run::sessions::Known;
use crate::stats::verdict::Verdict;

use super::answers::{Answers, AnswersError, Wanted, answers, estimates};
use super::asking::told;
use super::gate_robustness::{Drawing, Looked, RobustnessError, look};
use super::knowledge::{KnowledgeError, eligible, knowledge};
use super::output;
use super::players::{Named, Players, PlayersError};
use super::validate::PROMPTS;

/// What the user has to mend.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    #[error(transparent)]
    Goldset(#[from] GoldsetError),
    #[error(transparent)]
    Players(#[from] PlayersError),
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    #[error(transparent)]
    Answers(#[from] AnswersError),
    #[error(transparent)]
    Rule(#[from] RuleError),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Robustness(#[from] RobustnessError),
    #[error("every session of the goldset `{0}` is out of the study's scope (not interactive)")]
    NoneEligible(String),
    #[error(
        "`{against}` has no label for any classifier that was asked for\n\nhint: `--against` names a rater that has labels"
    )]
    NoGold { against: String },
    #[error("`--baseline {}` is one file, and {classifiers} classifiers were asked for\n\nhint: name one with `--classifier`, or give the folder that holds a file for each", .file.display())]
    OneFile { file: PathBuf, classifiers: usize },
    #[error("`--baseline {}` names neither a file or folder that exists nor anybody's labels\n\nhint: look at the path; without `--baseline` it is `reports/baseline/GOLDSET`, `rater:NAME` and `recorded:NAME` compare with labels at hand, and `--accept` makes a new file", .0.display())]
    NoSuchBaseline(PathBuf),
    #[error(
        "`--model {0}` is no model that is asked\n\nhint: `--candidate {0}` judges what is recorded or labelled already"
    )]
    NoModel(String),
    #[error("failed to read `{}`: {source}", .path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// Everything that one run of the gate works on.
struct Work<'w> {
    all: &'w [Definition],
    definitions: Vec<Definition>,
    goldset: &'w Goldset,
    players: &'w Players,
    baseline: Approved,
    sessions: Vec<&'w Session>,
    known: &'w Known,
    answers: &'w Answers,
    store: PathBuf,
    margin: Option<f64>,
    seed: u64,
}

/// What the candidate is compared with.
enum Approved {
    /// Files below a folder, one per classifier.
    Folder(PathBuf),
    /// The file of the one classifier.
    File(PathBuf),
    /// Labels of somebody else, at hand.
    Spec(Spec),
}

impl Approved {
    fn file(&self, classifier: &str) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join(format!("{classifier}.json"))),
            Self::File(file) => Some(file.clone()),
            Self::Spec(_) => None,
        }
    }
}

/// Runs the gate.
///
/// # Errors
/// Where output fails.
pub fn run(arguments: &Gate, verbose: bool) -> anyhow::Result<Exit> {
    match decided(arguments, verbose) {
        Ok(exit) => exit,
        Err(error) => {
            output::note(&format!("error: {error}"));
            Ok(Exit::Unusable)
        }
    }
}

fn decided(arguments: &Gate, verbose: bool) -> Result<anyhow::Result<Exit>, Unusable> {
    let all = load_all(Path::new(PROMPTS))?;
    let definitions = select(all.clone(), &arguments.classifier)?;
    let goldset = load(&arguments.goldset, &all)?;
    let players = players(arguments, &goldset)?;
    let approved = approved(arguments, &goldset, definitions.len())?;
    let wanted: Vec<&Session> = goldset.sessions.iter().collect();
    let known = knowledge(&goldset, &wanted, arguments.sessions.as_deref(), verbose)?;
    let (sessions, excluded) = eligible(&wanted, &known);
    if sessions.is_empty() {
        return Err(Unusable::NoneEligible(goldset.name));
    }
    for (session, reason) in &excluded {
        output::note(&format!("left out: {session}: {reason}"));
    }
    let (definitions, without_gold) = with_gold(arguments, definitions, &goldset, &players)?;
    let asking = asking(arguments);
    let mut specs = vec![&players.candidate];
    if let Approved::Spec(spec) = &approved {
        specs.push(spec);
    }
    let to_ask = Wanted {
        goldset: &goldset,
        definitions: &definitions,
        sessions: &sessions,
        transcripts: arguments.sessions.as_deref(),
        store: arguments.store.as_deref(),
        asking: &asking,
        verbose,
    };
    if asking.dry_run {
        let texts: Vec<String> = estimates(&to_ask, &specs)?
            .iter()
            .map(|(spec, estimate)| told(spec, estimate))
            .collect();
        let text = if texts.is_empty() {
            "no provider would be asked: `--model` names none\n".to_owned()
        } else {
            texts.join("\n")
        };
        return Ok(output::result(&text)
            .map(|()| Exit::Done)
            .context("failed to write to stdout"));
    }
    let answers = answers(&to_ask, &specs)?;
    let drawing = Drawing {
        sessions: arguments.robustness_sessions as usize,
        seed: arguments.seed,
        spent: answers.spent_so_far(),
    };
    let robustness = arguments
        .robustness
        .then(|| look(&to_ask, &players.candidate, drawing))
        .transpose()?;
    let work = Work {
        all: &all,
        definitions,
        goldset: &goldset,
        players: &players,
        baseline: approved,
        sessions,
        known: &known,
        answers: &answers,
        store: super::asking::store_at(arguments.store.as_deref()),
        margin: arguments.margin,
        seed: arguments.seed,
    };
    let mut found = compare::all(&work, arguments)?;
    looked::count(&work, arguments, &mut found)?;
    let basis = GateBasis {
        goldset: goldset.name.clone(),
        title: goldset.manifest.title.clone(),
        seed: arguments.seed,
        renew: compare::renew(arguments),
        without_gold,
        robustness: robustness.as_ref().map(Looked::verdict),
    };
    Ok(finish(
        arguments,
        &work,
        &basis,
        &found,
        robustness.as_ref(),
    ))
}

/// One classifier: what was judged, and what an accepted baseline would hold.
struct Found {
    judged: Judged,
    proposed: crate::gate::baseline::Baseline,
    previous: Option<crate::gate::baseline::Baseline>,
}

fn finish(
    arguments: &Gate,
    work: &Work<'_>,
    basis: &GateBasis,
    found: &[Found],
    robustness: Option<&Looked>,
) -> anyhow::Result<Exit> {
    let judged: Vec<Judged> = found.iter().map(|one| one.judged.clone()).collect();
    write(arguments, basis, &judged, &work.definitions, robustness)?;
    for one in &judged {
        if let Some(Hindrance::Missing {
            of,
            sessions,
            remedy,
        }) = &one.hindrance
        {
            let how = match remedy {
                Remedy::Commands(commands) => format!(
                    "have them answered and keep the answers:\n  {}",
                    commands.join("\n  ")
                ),
                Remedy::Said(said) => said.clone(),
            };
            output::note(&format!(
                "{}: {} of {} sessions have no answer of `{of}`; {how}",
                one.classifier,
                sessions.len(),
                one.n_sessions
            ));
        }
    }
    let missing = robustness.and_then(|looked| looked.missing.as_ref());
    if let Some(missing) = missing {
        output::note(&format!("\nincomplete: {missing}"));
    }
    if work.answers.was_interrupted() || robustness.is_some_and(|looked| looked.was_interrupted) {
        return Ok(Exit::Interrupted);
    }
    if arguments.accept {
        return accept::write(work, found);
    }
    Ok(match overall(basis, &judged) {
        Verdict::Pass => Exit::Done,
        Verdict::Fail => Exit::Failed,
        Verdict::Inconclusive => {
            let is_hindered = missing.is_some() || judged.iter().any(|one| one.hindrance.is_some());
            if arguments.allow_inconclusive && !is_hindered {
                Exit::Done
            } else {
                Exit::Undecided
            }
        }
    })
}

fn write(
    arguments: &Gate,
    basis: &GateBasis,
    judged: &[Judged],
    definitions: &[Definition],
    robustness: Option<&Looked>,
) -> anyhow::Result<()> {
    let mut blocks = gate_page(basis, judged);
    if let Some(looked) = robustness {
        // Behind the heading and the answer, of which it is a part.
        blocks.insert(2, looked.headline());
        blocks.extend(looked.page(definitions));
    }
    let results = robustness.map_or(&[][..], |looked| &looked.results);
    let (text, ending) = match arguments.format {
        GateFormat::Table => (page::terminal(&blocks), "txt"),
        GateFormat::Markdown => (page::markdown(&blocks), "md"),
        GateFormat::Json => (
            {
                let mut value = gate_json::render(basis, judged);
                if let Some(looked) = robustness {
                    value["robustness"] = looked.json(definitions);
                }
                serde_json::to_string_pretty(&value)? + "\n"
            },
            "json",
        ),
        GateFormat::Junit => (junit::render(basis, judged, results), "xml"),
    };
    match &arguments.out {
        None => output::result(&text).context("failed to write to stdout")?,
        Some(folder) => {
            let file = folder.join(format!("gate.{ending}"));
            output::file(&file, &text)?;
            output::note(&format!(
                "{}\nwrote `{}`",
                answer(basis, judged),
                file.display()
            ));
        }
    }
    if output::is_github() {
        // The runner reads commands from both streams; stdout belongs to the result.
        let lines = annotations::github(judged).into_iter();
        for line in lines.chain(annotations::github_robustness(results)) {
            output::command(&line);
        }
    }
    if let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(summary);
        if let Err(error) = output::append(&path, &page::markdown(&blocks)) {
            output::note(&format!("warning: {error:#}"));
        }
    }
    Ok(())
}

fn players(arguments: &Gate, goldset: &Goldset) -> Result<Players, Unusable> {
    if let Some(text) = &arguments.model
        && !matches!(Spec::parse(text)?, Spec::Model(_))
    {
        return Err(Unusable::NoModel(text.clone()));
    }
    let named = Named {
        model: arguments.model.as_ref().or(arguments.candidate.as_ref()),
        against: arguments.against.as_ref(),
        reference: None,
    };
    let mut players = Players::choose(named, goldset)?;
    players.reference = None;
    Ok(players)
}

fn approved(arguments: &Gate, goldset: &Goldset, classifiers: usize) -> Result<Approved, Unusable> {
    let Some(text) = &arguments.baseline else {
        return Ok(Approved::Folder(crate::gate::baseline::folder(
            &goldset.name,
        )));
    };
    if let Ok(spec) = Spec::parse(text) {
        spec.kind(goldset)?;
        return Ok(Approved::Spec(spec));
    }
    let path = PathBuf::from(text);
    // Accepting makes it.
    if !path.exists() && !arguments.accept {
        return Err(Unusable::NoSuchBaseline(path));
    }
    if path.extension().is_none_or(|ending| ending != "json") {
        return Ok(Approved::Folder(path));
    }
    if classifiers > 1 {
        return Err(Unusable::OneFile {
            file: path,
            classifiers,
        });
    }
    Ok(Approved::File(path))
}

/// With `all`, classifiers for which gold has no label are not judged; a named one is, and says so.
fn with_gold(
    arguments: &Gate,
    definitions: Vec<Definition>,
    goldset: &Goldset,
    players: &Players,
) -> Result<(Vec<Definition>, Vec<String>), Unusable> {
    if arguments.classifier.trim() != "all" {
        return Ok((definitions, Vec::new()));
    }
    let (kept, without): (Vec<Definition>, Vec<Definition>) =
        definitions.into_iter().partition(|definition| {
            goldset
                .raters_of(&definition.name)
                .contains(&players.against.as_str())
        });
    if kept.is_empty() {
        return Err(Unusable::NoGold {
            against: players.against.clone(),
        });
    }
    Ok((
        kept,
        without
            .into_iter()
            .map(|definition| definition.name)
            .collect(),
    ))
}

/// Without `--model` nobody is asked; with it answers are recorded, so that CI can replay them.
fn asking(arguments: &Gate) -> Asking {
    let mut asking = arguments.asking.clone();
    asking.offline |= arguments.model.is_none();
    asking.record |= arguments.model.is_some() && !asking.offline;
    asking.repeat = 1;
    asking
}
