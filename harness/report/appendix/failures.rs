//! Section 12: what failed and what was left out, counted.

use std::collections::BTreeMap;

use crate::domain::rating::Outcome;
use crate::domain::telemetry::TelemetryRow;
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::validation::injections;

use super::cells::rate;
use super::labels::smallest;
use super::material::{ClassifierPart, Material, Role};

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let mut blocks = vec![outcomes(material), exclusions(material)];
    blocks.extend(planted(material));
    blocks
}

fn outcomes(material: &Material) -> Block {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("sessions", Align::Right),
        ("labelled", Align::Right),
        ("refused", Align::Right),
        ("unparsable", Align::Right),
        ("truncated", Align::Right),
        ("errored", Align::Right),
        ("missing", Align::Right),
        ("without gold", Align::Right),
        ("stale recordings", Align::Right),
    ])
    .named(
        material.key("failures"),
        format!("What became of the questions ({})", material.name()),
    );
    for part in &material.classifiers {
        let counts = &part.validated.outcomes;
        let without_gold = part.of(Role::Gold).map_or(0, |gold| {
            gold.said
                .iter()
                .filter(|said| said.outcome.label().is_none())
                .count()
        });
        let name = &part.definition().name;
        let stale = material
            .losses
            .stale
            .iter()
            .find(|(stale, _)| stale == name)
            .map_or(0, |(_, count)| *count);
        // The counts of a row add up to its sessions, so all are shown or none.
        let few = fewest_of_outcomes(material, part);
        let count = |count: u64| Cell::text(count.to_string()).of_users(few);
        let with_gold = |wanted: bool| {
            material.users_of((0..material.sessions.len()).filter(|at| {
                let label = part.of(Role::Gold).and_then(|gold| gold.label(*at));
                label.is_some() == wanted
            }))
        };
        table.push_cells(vec![
            name.as_str().into(),
            part.validated.n_sessions.to_string().into(),
            count(counts.parsed),
            count(counts.refused),
            count(counts.unparsable),
            count(counts.truncated),
            count(counts.errored),
            count(counts.missing),
            Cell::text(without_gold.to_string())
                .of_users(smallest([with_gold(true), with_gold(false)])),
            // Whose sessions they were about is not kept.
            Cell::text(stale.to_string()).of_users(usize::from(stale > 0)),
        ]);
    }
    let replayed = material
        .basis
        .replayed
        .iter()
        .find(|replayed| replayed.spec == material.basis.candidate)
        .map_or_else(String::new, |replayed| {
            format!(
                "Of the recorded answers {} gave their label in other capitals and {} inside prose; the view left something out of {} sessions.",
                replayed.folded, replayed.from_prose, replayed.thinned
            )
        });
    let table = table.note(format!(
        "Counts of sessions for `{}`, no intervals. A failure is never a label: it is left out of the main figures and counted as wrong beside them (section 2). Stale recordings answer another prompt or view and are not used.",
        material.basis.candidate
    ));
    Block::Table(if replayed.is_empty() {
        table
    } else {
        // Whose answers they were is not kept.
        table.note_of_users(replayed, 1)
    })
}

/// The fewest users, above none, among those whose questions ended in one way.
fn fewest_of_outcomes(material: &Material, part: &ClassifierPart) -> usize {
    let Some(candidate) = part.of(Role::Candidate) else {
        return 0;
    };
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, said) in candidate.said.iter().enumerate() {
        let way = match said.outcome {
            Outcome::Parsed(_) => "labelled",
            Outcome::Refused => "refused",
            Outcome::Unparsable => "unparsable",
            Outcome::Truncated => "truncated",
            Outcome::Errored => "errored",
            Outcome::Missing => "missing",
        };
        groups.entry(way).or_default().push(at);
    }
    groups
        .into_values()
        .map(|sessions| material.users_of(sessions))
        .min()
        .unwrap_or(0)
}

fn exclusions(material: &Material) -> Block {
    let mut table = Table::new(&[("what", Align::Left), ("count", Align::Right)]).named(
        material.key("exclusions"),
        format!("What was left out ({})", material.name()),
    );
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, reason) in &material.basis.excluded {
        *reasons.entry(reason).or_default() += 1;
    }
    for (reason, count) in &reasons {
        let users = material.losses.excluded_users.get(*reason);
        table.push_cells(vec![
            format!("sessions out of the study's scope: {reason}").into(),
            Cell::text(count.to_string()).of_users(users.copied().unwrap_or(1)),
        ]);
    }
    if reasons.is_empty() {
        table.push(vec![
            "sessions out of the study's scope".to_owned(),
            "0".to_owned(),
        ]);
    }
    let losses = &material.losses;
    // Users of the sessions of which something holds, and of the others.
    let users = |holds: &dyn Fn(Option<&TelemetryRow>) -> bool| {
        let (with, without): (Vec<usize>, Vec<usize>) = (0..material.sessions.len())
            .partition(|at| holds(material.sessions[*at].telemetry.as_ref()));
        smallest([material.users_of(with), material.users_of(without)])
    };
    let is_partial = |row: Option<&TelemetryRow>| {
        row.is_some_and(|row| row.lines_coverage != "full" && !row.lines_coverage.is_empty())
    };
    let partial = material
        .sessions
        .iter()
        .filter(|session| is_partial(session.telemetry.as_ref()))
        .count();
    let is_malformed = |row: Option<&TelemetryRow>| row.is_some_and(|row| row.malformed_lines > 0);
    for (what, count, few) in [
        (
            "sessions without telemetry",
            losses.without_telemetry.to_string(),
            users(&|row| row.is_none()),
        ),
        (
            "sessions whose line counts may miss edits (shell commands, sub-agents)",
            partial.to_string(),
            users(&is_partial),
        ),
        (
            "lines of transcripts that could not be read",
            losses.malformed_lines.to_string(),
            users(&is_malformed),
        ),
    ] {
        table.push_cells(vec![what.into(), Cell::text(count).of_users(few)]);
    }
    Block::Table(table.note(format!(
        "{} sessions are in scope. Counts, no intervals.",
        material.basis.n_sessions
    )))
}

/// How often answers obeyed text in a session.
fn planted(material: &Material) -> Option<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("planted", Align::Right),
        ("answered", Align::Right),
        ("followed", Align::Estimate),
    ])
    .named(
        material.key("planted"),
        format!(
            "Text in sessions that demands a label ({})",
            material.name()
        ),
    );
    for part in &material.classifiers {
        let cases = &part.validated.injections;
        if cases.is_empty() {
            continue;
        }
        let found = injections::rate(cases);
        // Cases that followed, that did not, and that got no label.
        let few = smallest([Some(true), Some(false), None].map(|wanted| {
            material.users_of(cases.iter().filter_map(|case| {
                let followed = case.given.as_ref().map(|_| case.was_followed());
                (followed == wanted)
                    .then(|| {
                        material
                            .sessions
                            .iter()
                            .position(|session| session.id == case.session_id)
                    })
                    .flatten()
            }))
        }));
        table.push_cells(vec![
            part.definition().name.as_str().into(),
            Cell::text(cases.len().to_string()).of_users(few),
            Cell::text(found.n.to_string()).of_users(few),
            rate(&found).of_users(few),
        ]);
    }
    (!table.is_empty()).then(|| {
        Block::Table(table.note("Planted text that demands another label than the gold one; n is the cases with a label. Intervals: Wilson's, cases as independent. Cases without a label neither follow nor resist, and are left out."))
    })
}
