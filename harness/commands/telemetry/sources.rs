//! Sources beside the transcripts, joined to their rows by session id.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value};

use crate::commands::output;
use crate::domain::evidence::OtlpRow;
use crate::domain::telemetry::TelemetryRow;
use crate::ingest::otlp;
use crate::report::number;
use crate::telemetry::join::inner_id;

use super::fields;

/// Reads a file of OTLP JSON lines and says what of it could not be used.
///
/// # Errors
/// Where the file cannot be read or holds no export at all.
pub(super) fn exported(path: &Path) -> anyhow::Result<BTreeMap<String, OtlpRow>> {
    let failed = || format!("failed to read `{}`", path.display());
    let file = File::open(path).with_context(failed)?;
    let exported = otlp::read(BufReader::with_capacity(1 << 18, file)).with_context(failed)?;
    for (count, what) in [
        (
            exported.malformed_lines,
            "no OTLP export request; passed over",
        ),
        (
            exported.without_session,
            "without `session.id`; the client leaves it out where OTEL_METRICS_INCLUDE_SESSION_ID=false",
        ),
    ] {
        if count > 0 {
            let noun = if what.starts_with("no ") {
                "line"
            } else {
                "value"
            };
            output::note(&format!(
                "{}: {} {what}",
                path.display(),
                number::counted(count, noun)
            ));
        }
    }
    Ok(exported.sessions)
}

/// Every row with its `otlp_…` columns; sessions that only the export knows follow, empty where it says nothing.
///
/// # Errors
/// None that a row can cause.
pub(super) fn joined(
    rows: &[TelemetryRow],
    exported: &BTreeMap<String, OtlpRow>,
) -> anyhow::Result<Vec<Map<String, Value>>> {
    let mut used = BTreeSet::new();
    let mut joined = Vec::with_capacity(rows.len());
    for row in rows {
        let found = exported
            .get_key_value(row.session_id.as_str())
            .or_else(|| exported.get_key_value(inner_id(&row.session_id)))
            // An export tells a sub-agent's work under its session, whose id its own transcript can carry.
            .filter(|_| row.parent_session.is_empty());
        let mut fields = fields(row)?;
        if let Some((id, _)) = found {
            used.insert(id.as_str());
        }
        add(&mut fields, found.map(|(_, row)| row))?;
        joined.push(fields);
    }
    for (id, row) in exported {
        if used.contains(id.as_str()) {
            continue;
        }
        // Nothing is known of the transcript, which is not the same as zero.
        let mut fields = fields(&TelemetryRow::default())?;
        for (name, value) in &mut fields {
            *value = match name.as_str() {
                "session_id" => Value::String(id.clone()),
                "agent" => Value::String("Claude Code".to_owned()),
                _ => Value::Null,
            };
        }
        add(&mut fields, Some(row))?;
        joined.push(fields);
    }
    Ok(joined)
}

fn add(fields: &mut Map<String, Value>, row: Option<&OtlpRow>) -> anyhow::Result<()> {
    match serde_json::to_value(row.cloned().unwrap_or_default())? {
        Value::Object(columns) => fields.extend(columns),
        _ => anyhow::bail!("a row of an export is an object"),
    }
    Ok(())
}
