//! `--reconcile`: lines as the transcript and the export tell them, side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::domain::evidence::OtlpRow;
use crate::domain::telemetry::TelemetryRow;
use crate::report::number;
use crate::report::table::{Align, Table};
use crate::telemetry::join::inner_id;
use crate::validation::reconciliation::{Session, Source, agreements};

const SOURCES: [Source; 2] = [Source::Transcript, Source::Otlp];

/// Sessions of either source. A sub-agent's own transcript is told by its session.
pub(super) fn sessions(
    rows: &[TelemetryRow],
    exported: &BTreeMap<String, OtlpRow>,
) -> Vec<Session> {
    let mut used = BTreeSet::new();
    let mut sessions = Vec::new();
    for row in rows.iter().filter(|row| row.parent_session.is_empty()) {
        let found = exported
            .get_key_value(row.session_id.as_str())
            .or_else(|| exported.get_key_value(inner_id(&row.session_id)));
        if let Some((id, _)) = found {
            used.insert(id.as_str());
        }
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let lines = [
            row.lines_added,
            row.lines_removed,
            row.subagent_lines_added,
            row.subagent_lines_removed,
        ]
        .iter()
        .map(|count| *count as f64)
        .sum();
        sessions.push(Session {
            id: row.session_id.clone(),
            lines: vec![
                (Source::Transcript, Some(lines)),
                (Source::Otlp, found.and_then(|(_, row)| changed(row))),
            ],
        });
    }
    for (id, row) in exported {
        if !used.contains(id.as_str()) {
            sessions.push(Session {
                id: id.clone(),
                lines: vec![(Source::Transcript, None), (Source::Otlp, changed(row))],
            });
        }
    }
    sessions
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
pub(super) fn table(sessions: &[Session]) -> String {
    let mut lines = Table::new(&[
        ("session", Align::Left),
        ("transcript", Align::Right),
        ("otlp", Align::Right),
    ]);
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
    for pair in agreements(&SOURCES, sessions) {
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
    let blind: String = SOURCES
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
pub(super) fn object(sessions: &[Session]) -> Value {
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
        "sources": SOURCES.map(|source| json!({"name": source.name(), "cannot_see": source.blind_to()})),
        "sessions": sessions.iter().map(|session| {
            let mut object = serde_json::Map::new();
            object.insert("session_id".to_owned(), json!(session.id));
            for (source, lines) in &session.lines {
                object.insert(source.name().to_owned(), json!(lines));
            }
            Value::Object(object)
        }).collect::<Vec<_>>(),
        "agreement": agreements(&SOURCES, sessions).into_iter().map(|pair| json!({
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
