//! Brings baseline and candidate onto the same sessions and has them judged, classifier by classifier.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::classifier::definition::Definition;
use crate::cli::gate::Gate;
use crate::domain::rating::{Outcome, OutcomeCounts};
use crate::domain::request::Hash;
use crate::gate::baseline::{Approved as ApprovedLabel, Baseline};
use crate::gate::changes::changes;
use crate::gate::judged::{Compared, Hindrance, Judged, Remark, Remedy};
use crate::gate::ledger::Looks;
use crate::gate::next::{Next, disputed, further, of_labels};
use crate::gate::rule::Rule;
use crate::gate::sides::Sides;
use crate::gate::verdict::{How, Part, RESAMPLES, checks, judge, parse_rate};
use crate::ingest::redaction::standard_redaction;
use crate::run::asked::RunError;
use crate::run::raters::{Question, Spec, ask, labels_of};
use crate::validation::checks::run as run_checks;
use crate::validation::evidence::Evidence;

use super::super::answers::{AnswersError, recording_commands};
use super::super::panel::user_codes;
use super::super::said::said_of_all;
use super::super::validate::PROMPTS;
use super::rationale::rationales;
use super::{Approved, Found, Unusable, Work};

/// The command that makes the candidate the baseline, but for `--classifier`.
pub(super) fn renew(arguments: &Gate) -> String {
    let mut command = "validate gate --accept".to_owned();
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            command.push_str(&format!(" {name} {}", quoted(&value)));
        }
    };
    let goldset = arguments.goldset.display().to_string();
    option(
        "--goldset",
        (goldset != "goldsets/starter").then_some(goldset),
    );
    option(
        "--sessions",
        arguments
            .sessions
            .as_ref()
            .map(|path| path.display().to_string()),
    );
    option(
        "--candidate",
        arguments
            .model
            .clone()
            .or_else(|| arguments.candidate.clone()),
    );
    option("--against", arguments.against.clone());
    option(
        "--baseline",
        arguments
            .baseline
            .clone()
            .filter(|text| Spec::parse(text).is_err()),
    );
    command
}

/// A word of a shell command.
fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@,=".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// What gets the answers that are missing.
fn remedy(work: &Work<'_>, arguments: &Gate, spec: &Spec, classifier: &str) -> Remedy {
    match spec {
        Spec::Recorded(_) => {
            let sessions = arguments
                .sessions
                .as_ref()
                .map_or_else(String::new, |path| {
                    format!("--sessions {} ", quoted(&path.display().to_string()))
                });
            let more = [sessions.as_str(), sessions.as_str()];
            let commands = recording_commands(work.goldset, &spec.text(), &[classifier], more);
            Remedy::Commands(commands.into())
        }
        Spec::Model(model) if arguments.model.as_ref() == Some(model) => {
            let why = work.answers.why_live(spec, &arguments.asking);
            Remedy::Said(why.unwrap_or_else(|| "the same command goes on with them".to_owned()))
        }
        // Without `--model` nobody is asked.
        Spec::Model(model) => {
            let mut command = format!("validate --classifier {classifier}");
            let goldset = arguments.goldset.display().to_string();
            if goldset != "goldsets/starter" {
                command.push_str(&format!(" --goldset {}", quoted(&goldset)));
            }
            if let Some(sessions) = &arguments.sessions {
                let sessions = sessions.display().to_string();
                command.push_str(&format!(" --sessions {}", quoted(&sessions)));
            }
            Remedy::Commands(vec![format!(
                "{command} --model {} --record",
                quoted(model)
            )])
        }
        Spec::Rater(_) | Spec::Majority | Spec::Rules => Remedy::Said(format!(
            "name a baseline that has a label for each session with a gold label; `{}` has none for these",
            spec.text()
        )),
    }
}

/// Judges every classifier.
pub(super) fn all(work: &Work<'_>, arguments: &Gate) -> Result<Vec<Found>, Unusable> {
    let said = said_of_all(
        work.all,
        &work.definitions,
        work.goldset,
        &work.players.candidate,
        &work.players.against,
        &work.sessions,
        work.known,
        work.answers,
    );
    let ids: Vec<&str> = work
        .sessions
        .iter()
        .map(|session| session.id.as_str())
        .collect();
    let users = user_codes(&work.sessions);
    let evidence = Evidence {
        sessions: &ids,
        users: &users,
        telemetry: &work.known.telemetry,
        said: &said,
        seed: work.seed,
    };
    work.definitions
        .iter()
        .map(|definition| one(work, arguments, definition, &evidence))
        .collect()
}

fn one(
    work: &Work<'_>,
    arguments: &Gate,
    definition: &Definition,
    evidence: &Evidence<'_>,
) -> Result<Found, Unusable> {
    let rule = Rule::of(definition, work.margin)?;
    let ids = evidence.sessions;
    let name = &definition.name;
    let labels = labels_of(work.goldset, definition, &work.players.against, ids);
    let question = Question {
        definition,
        sessions: ids,
        gold: &labels,
        telemetry: &work.known.telemetry,
        words: &work.known.words,
        asked: &work.answers.asked,
    };
    let gold: Vec<Outcome> = labels
        .iter()
        .map(|label| label.clone().map_or(Outcome::Missing, Outcome::Parsed))
        .collect();
    let candidate = &work.players.candidate;
    let new = ask(candidate, work.goldset, &question);
    let prompt = prompt_hash(work, candidate, name);
    let schema = answer_schema_hash(work, candidate, name)?;
    let file = work.baseline.file(name);
    let previous = match &file {
        Some(file) if file.is_file() => Some(Baseline::read(file, definition)?),
        _ => None,
    };
    let old: Option<Vec<Outcome>> = match (&work.baseline, &previous) {
        (Approved::Spec(spec), _) => Some(ask(spec, work.goldset, &question)),
        (_, Some(baseline)) => Some(
            ids.iter()
                .map(|id| {
                    baseline
                        .of(id)
                        .map_or(Outcome::Missing, |approved| approved.outcome.clone())
                })
                .collect(),
        ),
        (_, None) => None,
    };
    let missing = missing(work, candidate, name);
    let hindrance = if labels.iter().all(Option::is_none) {
        Some(Hindrance::NoGold)
    } else if !missing.is_empty() {
        Some(Hindrance::Missing {
            of: candidate.text(),
            sessions: missing,
            remedy: remedy(work, arguments, candidate, name),
        })
    } else if old.is_none() {
        Some(Hindrance::NoBaseline {
            file: file.clone().unwrap_or_default(),
        })
    } else {
        previous
            .as_ref()
            .and_then(|baseline| stale(baseline, definition, ids, &gold, &work.players.against))
            .or_else(|| {
                let sides = Sides {
                    sessions: ids,
                    users: evidence.users,
                    gold: &gold,
                    old: old.as_deref()?,
                    new: &new,
                };
                missing_baseline(work, arguments, &sides, name)
            })
    };
    let is_compared = hindrance.is_none();
    let old = old.filter(|_| is_compared).unwrap_or_else(|| new.clone());
    let sides = Sides {
        sessions: ids,
        users: evidence.users,
        gold: &gold,
        old: &old,
        new: &new,
    };
    let old_spec = match &work.baseline {
        Approved::Spec(spec) => Some(spec.text()),
        Approved::Folder(_) | Approved::File(_) => {
            previous.as_ref().map(|baseline| baseline.candidate.clone())
        }
    };
    let old_prompt = match &work.baseline {
        Approved::Spec(spec) => prompt_hash(work, spec, name),
        Approved::Folder(_) | Approved::File(_) => previous
            .as_ref()
            .and_then(|baseline| baseline.prompt.clone()),
    };
    let is_same = is_compared
        && sides.is_unchanged()
        && old_spec.as_deref() == Some(candidate.text().as_str())
        && old_prompt == prompt;
    let mut parts = Vec::new();
    match &hindrance {
        // Who has not answered everything is not judged, nor where there is nothing to judge by.
        Some(Hindrance::Missing { .. } | Hindrance::NoGold) => {}
        Some(Hindrance::NoBaseline { .. } | Hindrance::Stale { .. }) | None => {
            let how = How {
                resamples: RESAMPLES,
                seed: work.seed,
            };
            parts = judge(definition, &rule, &sides, how);
            if is_same || !is_compared {
                parts.retain(|part| part.finding().is_none());
            }
            if is_same {
                parts.insert(0, Part::Unchanged);
            }
            parts.push(parse_rate(&rule, &sides));
            parts.extend(checks(&rule, &run_checks(definition, evidence)));
        }
    }
    let mut changes = changes(definition, &sides);
    let why_new = if changes.is_empty() && !arguments.accept {
        HashMap::new()
    } else {
        whys(work, definition, candidate, prompt.as_ref())?
    };
    if !changes.is_empty() {
        let why_old = match &work.baseline {
            Approved::Spec(spec) => whys(work, definition, spec, old_prompt.as_ref())?,
            Approved::Folder(_) | Approved::File(_) => previous
                .iter()
                .flat_map(|baseline| &baseline.sessions)
                .filter_map(|session| {
                    // The file can be older than a rule of the redaction, or written by hand.
                    let why = standard_redaction()(session.why.as_deref()?).into_owned();
                    Some((session.session_id.clone(), why))
                })
                .collect(),
        };
        for change in &mut changes {
            change.why_old = why_old.get(&change.session_id).cloned();
            change.why_new = why_new.get(&change.session_id).cloned();
        }
    }
    let next = next(work, definition, &sides, &parts);
    let mut remarks = remarks(
        work,
        old_spec.as_deref(),
        previous.as_ref(),
        schema.as_ref(),
    );
    remarks.extend(
        sides
            .numbers(definition)
            .iter()
            .filter(|numbers| numbers.without_share > 0)
            .filter_map(|numbers| Some(Remark::NoShare(numbers.measure?, numbers.without_share))),
    );
    let labelled_users: BTreeSet<u32> = (0..ids.len())
        .filter(|at| gold[*at].label().is_some())
        .map(|at| evidence.users[at])
        .collect();
    let judged = Judged {
        classifier: name.clone(),
        rule,
        hindrance,
        parts,
        compared: Compared {
            baseline: match (&work.baseline, &file) {
                (Approved::Spec(spec), _) => spec.text(),
                (_, Some(file)) => file.display().to_string(),
                (_, None) => String::new(),
            },
            baseline_candidate: previous.as_ref().map(|baseline| baseline.candidate.clone()),
            candidate: candidate.text(),
            candidate_kind: work.players.candidate_kind,
            against: work.players.against.clone(),
            against_kind: work.players.against_kind,
            old_prompt,
            new_prompt: prompt.clone(),
        },
        n_sessions: ids.len(),
        n_labelled: sides.labelled(),
        n_users: labelled_users.len(),
        outcomes: OutcomeCounts::of(&new),
        changes,
        next,
        looks: Looks::default(),
        remarks,
    };
    let proposed = Baseline {
        goldset: work.goldset.name.clone(),
        classifier: name.clone(),
        candidate: candidate.text(),
        kind: work.players.candidate_kind,
        against: work.players.against.clone(),
        prompt,
        answer_schema: schema,
        sessions: (0..ids.len())
            .map(|at| ApprovedLabel {
                session_id: ids[at].to_owned(),
                outcome: new[at].clone(),
                gold: labels[at].clone(),
                why: why_new.get(ids[at]).cloned(),
            })
            .collect(),
    };
    Ok(Found {
        judged,
        proposed,
        previous,
    })
}

fn whys(
    work: &Work<'_>,
    definition: &Definition,
    spec: &Spec,
    prompt: Option<&Hash>,
) -> Result<HashMap<String, String>, Unusable> {
    rationales(work.goldset, definition, spec, prompt, &work.store)
        .map_err(|error: RunError| Unusable::Answers(AnswersError::Run(error)))
}

/// Sessions about which the candidate has no answer, where it is a model.
fn missing(work: &Work<'_>, candidate: &Spec, classifier: &str) -> Vec<String> {
    work.answers
        .asked
        .get(&candidate.text())
        .map(|asked| {
            asked
                .missing
                .iter()
                .filter(|missing| missing.classifier == classifier)
                .map(|missing| missing.session_id.clone())
                .collect()
        })
        .unwrap_or_default()
}

/// What the baseline does not say, where the candidate says something: were it wrong there, every candidate would be better.
fn missing_baseline(
    work: &Work<'_>,
    arguments: &Gate,
    sides: &Sides<'_>,
    classifier: &str,
) -> Option<Hindrance> {
    let mut sessions = match &work.baseline {
        Approved::Spec(spec) => missing(work, spec, classifier),
        Approved::Folder(_) | Approved::File(_) => Vec::new(),
    };
    for (at, session) in sides.sessions.iter().enumerate() {
        let is_gain = sides.gold[at].label().is_some()
            && sides.old[at] == Outcome::Missing
            && sides.new[at] != Outcome::Missing;
        if is_gain && !sessions.iter().any(|known| known == session) {
            sessions.push((*session).to_owned());
        }
    }
    if sessions.is_empty() {
        return None;
    }
    let (of, remedy) = match &work.baseline {
        Approved::Spec(spec) => (spec.text(), remedy(work, arguments, spec, classifier)),
        Approved::Folder(_) | Approved::File(_) => (
            work.baseline.file(classifier)?.display().to_string(),
            Remedy::Commands(vec![format!(
                "{} --classifier {classifier}",
                renew(arguments)
            )]),
        ),
    };
    Some(Hindrance::Missing {
        of,
        sessions,
        remedy,
    })
}

fn prompt_hash(work: &Work<'_>, spec: &Spec, classifier: &str) -> Option<Hash> {
    let spent = work.answers.spent(spec);
    Hash::parse(&spent.get(classifier)?.prompt_hash)
}

/// The schema by which answers are read; only models are read by it.
fn answer_schema_hash(
    work: &Work<'_>,
    spec: &Spec,
    classifier: &str,
) -> Result<Option<Hash>, Unusable> {
    if prompt_hash(work, spec, classifier).is_none() {
        return Ok(None);
    }
    let path = Path::new(PROMPTS)
        .join(classifier)
        .join("answer.schema.json");
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(Hash::of(&bytes))),
        Err(source) => Err(Unusable::Read { path, source }),
    }
}

/// What changed of the goldset since the baseline was approved.
fn stale(
    baseline: &Baseline,
    definition: &Definition,
    ids: &[&str],
    gold: &[Outcome],
    against: &str,
) -> Option<Hindrance> {
    let now: BTreeSet<&str> = ids.iter().copied().collect();
    let then: BTreeSet<&str> = baseline
        .sessions
        .iter()
        .map(|session| session.session_id.as_str())
        .collect();
    let only = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| -> Vec<String> {
        one.difference(other).map(|id| (*id).to_owned()).collect()
    };
    let changed: Vec<String> = ids
        .iter()
        .zip(gold)
        .filter(|(id, gold)| {
            baseline
                .of(id)
                .is_some_and(|approved| approved.gold.as_ref() != gold.label())
        })
        .map(|(id, _)| (*id).to_owned())
        .collect();
    let other = (baseline.against != against).then(|| baseline.against.clone());
    let same_gold = baseline.gold_hash(definition)
        == crate::gate::baseline::gold_hash(
            definition,
            ids.iter().copied().zip(gold.iter().map(Outcome::label)),
        );
    let same_items =
        baseline.item_set_hash() == crate::gate::baseline::item_set_hash(ids.iter().copied());
    (!same_gold || !same_items || other.is_some()).then(|| Hindrance::Stale {
        lost: only(&then, &now),
        gained: only(&now, &then),
        gold: changed,
        against: other,
    })
}

fn next(work: &Work<'_>, definition: &Definition, sides: &Sides<'_>, parts: &[Part]) -> Next {
    let own = |rater: &str| {
        let spec = Some(format!("rater:{rater}"));
        spec == Some(work.players.candidate.text())
            || matches!(&work.baseline, Approved::Spec(baseline) if spec == Some(baseline.text()))
    };
    let made_from = work
        .goldset
        .rater(&work.players.against)
        .map(|rater| rater.made_from.clone())
        .unwrap_or_default();
    let mut voices: Vec<Vec<Outcome>> = work
        .goldset
        .raters_of(&definition.name)
        .into_iter()
        .filter(|rater| *rater != work.players.against && !own(rater))
        .map(|rater| {
            labels_of(work.goldset, definition, rater, sides.sessions)
                .into_iter()
                .map(|label| label.map_or(Outcome::Missing, Outcome::Parsed))
                .collect()
        })
        .collect();
    voices.push(sides.new.to_vec());
    if !sides.is_unchanged() {
        voices.push(sides.old.to_vec());
    }
    let (unlabelled, n_unlabelled, mut doubted) =
        disputed(definition, sides.sessions, sides.gold, &voices);
    if !made_from.is_empty() {
        // Gold that is made of raters cannot be contradicted by them, and others are not asked to overrule them.
        doubted.clear();
    }
    Next {
        further: further(parts),
        of_labels: of_labels(definition, parts, sides.gold),
        unlabelled,
        n_unlabelled,
        doubted,
    }
}

fn remarks(
    work: &Work<'_>,
    old_spec: Option<&str>,
    previous: Option<&Baseline>,
    schema: Option<&Hash>,
) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let candidate = work.players.candidate.text();
    let gold = work.goldset.rater(&work.players.against).ok();
    for side in [Some(candidate.as_str()), old_spec].into_iter().flatten() {
        let name = side.strip_prefix("rater:");
        if gold.is_some_and(|gold| name == Some(gold.name.as_str())) {
            remarks.push(Remark::IsGold(side.to_owned()));
            continue;
        }
        let is_made_from = name.is_some_and(|name| {
            gold.is_some_and(|gold| gold.made_from.iter().any(|one| one == name))
        });
        if is_made_from {
            remarks.push(Remark::ByConstruction(side.to_owned()));
        }
    }
    if matches!(work.baseline, Approved::Folder(_) | Approved::File(_))
        && let Some(old) = old_spec.filter(|old| *old != candidate)
    {
        remarks.push(Remark::OtherModel(old.to_owned(), candidate));
    }
    if let Some(previous) = previous
        && previous.answer_schema.is_some()
        && previous.answer_schema.as_ref() != schema
        && schema.is_some()
    {
        remarks.push(Remark::OtherSchema);
    }
    remarks
}
