//! `--reconcile`: lines as the transcript and the sources beside it tell them, side by side.

use serde_json::{Value, json};

use crate::domain::evidence::{Checkpoint, OtlpRow};
use crate::domain::telemetry::TelemetryRow;
use crate::report::number;
use crate::report::table::{Align, Table};
use crate::telemetry::attribution::{agent_lines, committed_lines, own_committed_lines};
use crate::validation::reconciliation::{Session, Source, agreements};

use super::sources::{Beside, Joined};

/// Every source, in the order of the columns.
const SOURCES: [Source; 6] = [
    Source::Transcript,
    Source::Otlp,
    Source::Commits,
    Source::OwnCommits,
    Source::AttributionV1,
    Source::AttributionV2,
];

/// The sources that were given.
fn given(beside: &Beside) -> Vec<Source> {
    SOURCES
        .into_iter()
        .filter(|source| match source {
            Source::Transcript => true,
            Source::Otlp => beside.otlp.is_some(),
            Source::Commits
            | Source::OwnCommits
            | Source::AttributionV1
            | Source::AttributionV2 => beside.entire.is_some(),
        })
        .collect()
}

/// Sessions of any source. A sub-agent's own transcript is told by its session.
pub(super) fn sessions(rows: &[TelemetryRow], beside: &Beside) -> Vec<Session> {
    let sources = given(beside);
    beside
        .joined(rows)
        .iter()
        .filter(|joined| joined.row.is_none_or(|row| row.parent_session.is_empty()))
        .map(|joined| Session {
            id: joined.id().to_owned(),
            lines: sources
                .iter()
                .map(|source| (*source, lines(*source, joined)))
                .collect(),
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn lines(source: Source, joined: &Joined<'_>) -> Option<f64> {
    let checkpoints: Vec<&Checkpoint> = joined.checkpoints.iter().flat_map(|all| *all).collect();
    match source {
        Source::Transcript => joined.row.map(|row| {
            [
                row.lines_added,
                row.lines_removed,
                row.subagent_lines_added,
                row.subagent_lines_removed,
            ]
            .iter()
            .map(|count| *count as f64)
            .sum()
        }),
        Source::Otlp => joined.otlp.and_then(changed),
        Source::Commits => committed_lines(&checkpoints).map(|lines| lines as f64),
        Source::OwnCommits => own_committed_lines(&checkpoints).map(|lines| lines as f64),
        Source::AttributionV1 => agent_lines(&checkpoints, 1).map(|lines| lines as f64),
        Source::AttributionV2 => agent_lines(&checkpoints, 2).map(|lines| lines as f64),
    }
}

/// Lines added plus removed. A client that exports anything of a session and no line has changed none: it exports a
/// counter from its first increment on.
fn changed(row: &OtlpRow) -> Option<f64> {
    let metrics = [
        row.otlp_lines_added,
        row.otlp_lines_removed,
        row.otlp_sessions,
        row.otlp_output_tokens,
    ];
    metrics
        .iter()
        .any(Option::is_some)
        .then(|| row.otlp_lines_added.unwrap_or(0.0) + row.otlp_lines_removed.unwrap_or(0.0))
}

/// Both tables, for people.
pub(super) fn table(sessions: &[Session], beside: &Beside) -> String {
    let sources = given(beside);
    let mut columns = vec![("session", Align::Left)];
    columns.extend(sources.iter().map(|source| (source.name(), Align::Right)));
    let mut lines = Table::new(&columns);
    let shown = |value: Option<f64>| value.map_or(number::NONE.to_owned(), number::measured);
    for session in sessions {
        let mut cells = vec![number::shortened(&session.id, 15)];
        cells.extend(session.lines.iter().map(|(_, lines)| shown(*lines)));
        lines.push(cells);
    }
    let mut pairs = Table::new(&[
        ("pair", Align::Left),
        ("sessions", Align::Right),
        ("Spearman", Align::Right),
        ("within 10%", Align::Right),
        ("agree on any change", Align::Right),
    ]);
    for pair in agreements(&sources, sessions) {
        let of_all = |count: usize| format!("{count} of {}", pair.sessions);
        pairs.push(vec![
            format!("{} / {}", pair.a.name(), pair.b.name()),
            pair.sessions.to_string(),
            pair.spearman
                .as_ref()
                .map_or(number::NONE.to_owned(), |rho| number::coefficient(*rho)),
            of_all(pair.within_a_tenth),
            of_all(pair.any_change_agrees),
        ]);
    }
    let blind: String = sources
        .iter()
        .map(|source| format!("{} cannot see {}.\n", source.name(), source.blind_to()))
        .collect();
    format!(
        "\nLines changed, added plus removed, by source\n\n{}\n{}\n{blind}Evidence, not truth.\n",
        lines.terminal(0),
        pairs.terminal(0)
    )
}

/// The same values in full precision.
pub(super) fn object(sessions: &[Session], beside: &Beside) -> Value {
    let sources = given(beside);
    let share = |count: usize, of: usize| {
        if of == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let (count, of) = (count as f64, of as f64);
        Some(count / of)
    };
    json!({
        "measure": "lines_changed",
        "sources": sources.iter().map(|source| json!({"name": source.name(), "cannot_see": source.blind_to()})).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(|session| {
            let mut object = serde_json::Map::new();
            object.insert("session_id".to_owned(), json!(session.id));
            for (source, lines) in &session.lines {
                object.insert(source.name().to_owned(), json!(lines));
            }
            Value::Object(object)
        }).collect::<Vec<_>>(),
        "agreement": agreements(&sources, sessions).into_iter().map(|pair| json!({
            "a": pair.a.name(),
            "b": pair.b.name(),
            "sessions": pair.sessions,
            "spearman": pair.spearman.as_ref().ok(),
            "undefined": pair.spearman.as_ref().err().map(ToString::to_string),
            "within_a_tenth": share(pair.within_a_tenth, pair.sessions),
            "any_change_agrees": share(pair.any_change_agrees, pair.sessions),
        })).collect::<Vec<_>>(),
    })
}
