//! Section 12: what failed and what was left out, counted.

use std::collections::BTreeMap;

use crate::report::page::Block;
use crate::report::table::{Align, Table};
use crate::validation::injections;

use super::cells::rate;
use super::material::{Material, Role};

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
        table.push(vec![
            name.clone(),
            part.validated.n_sessions.to_string(),
            counts.parsed.to_string(),
            counts.refused.to_string(),
            counts.unparsable.to_string(),
            counts.truncated.to_string(),
            counts.errored.to_string(),
            counts.missing.to_string(),
            without_gold.to_string(),
            stale.to_string(),
        ]);
    }
    let replayed = material
        .basis
        .replayed
        .iter()
        .find(|replayed| replayed.spec == material.basis.candidate)
        .map_or_else(String::new, |replayed| {
            format!(
                " Of the recorded answers {} gave their label in other capitals and {} inside prose; the view left something out of {} sessions.",
                replayed.folded, replayed.from_prose, replayed.thinned
            )
        });
    Block::Table(table.note(format!(
        "Counts of sessions for `{}`, no intervals. A failure is never a label: it is left out of the main figures and counted as wrong beside them (section 2). Stale recordings answer another prompt or view and are not used.{replayed}",
        material.basis.candidate
    )))
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
        table.push(vec![
            format!("sessions out of the study's scope: {reason}"),
            count.to_string(),
        ]);
    }
    if reasons.is_empty() {
        table.push(vec![
            "sessions out of the study's scope".to_owned(),
            "0".to_owned(),
        ]);
    }
    let losses = &material.losses;
    table.push(vec![
        "sessions without telemetry".to_owned(),
        losses.without_telemetry.to_string(),
    ]);
    let partial = material
        .sessions
        .iter()
        .filter_map(|session| session.telemetry.as_ref())
        .filter(|row| row.lines_coverage != "full" && !row.lines_coverage.is_empty())
        .count();
    table.push(vec![
        "sessions whose line counts may miss edits (shell commands, sub-agents)".to_owned(),
        partial.to_string(),
    ]);
    table.push(vec![
        "lines of transcripts that could not be read".to_owned(),
        losses.malformed_lines.to_string(),
    ]);
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
        table.push_cells(vec![
            part.definition().name.as_str().into(),
            cases.len().to_string().into(),
            found.n.to_string().into(),
            rate(&found),
        ]);
    }
    (!table.is_empty()).then(|| {
        Block::Table(table.note("Planted text that demands another label than the gold one; n is the cases with a label. Intervals: Wilson's, cases as independent. Cases without a label neither follow nor resist, and are left out."))
    })
}
