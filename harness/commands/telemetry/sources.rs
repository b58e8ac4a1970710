//! Sources beside the transcripts, joined to their rows by session id.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use crate::commands::output;
use crate::domain::evidence::OtlpRow;
use crate::domain::telemetry::TelemetryRow;
use crate::ingest::otlp::Exports;
use crate::report::number;
use crate::telemetry::join::inner_id;

use super::fields;

/// Reads files of OTLP JSON lines and says what of each could not be used.
///
/// # Errors
/// Where a file cannot be read or is compressed.
pub(super) fn exported(paths: &[PathBuf]) -> anyhow::Result<BTreeMap<String, OtlpRow>> {
    let mut exports = Exports::default();
    for path in paths {
        let failed = || format!("failed to read `{}`", path.display());
        let file = File::open(path).with_context(failed)?;
        let mut source = BufReader::with_capacity(1 << 18, file);
        if let Some(form) = compressed(source.fill_buf().with_context(failed)?) {
            bail!(
                "`{}` is compressed ({form})\n\nhint: unpack it first and name the file that comes of it",
                path.display()
            );
        }
        let unused = exports.read(source).with_context(failed)?;
        for (count, noun, what) in [
            (
                unused.malformed_lines,
                "line",
                "no OTLP export request; passed over",
            ),
            (
                unused.without_session,
                "value",
                "without `session.id`; the client leaves it out where OTEL_METRICS_INCLUDE_SESSION_ID=false",
            ),
        ] {
            if count > 0 {
                output::note(&format!(
                    "{}: {} {what}",
                    path.display(),
                    number::counted(count, noun)
                ));
            }
        }
    }
    Ok(exports.sessions())
}

/// How a file that begins with `head` is compressed; the collector's exporter can write the first of these.
fn compressed(head: &[u8]) -> Option<&'static str> {
    let forms: [(&[u8], _); 2] = [(b"\x28\xB5\x2F\xFD", "zstd"), (b"\x1F\x8B", "gzip")];
    let found = forms.iter().find(|(mark, _)| head.starts_with(mark));
    found.map(|(_, form)| *form)
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
