//! Sources beside the transcripts, joined to their rows by session id.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use crate::commands::output;
use crate::domain::evidence::{Checkpoint, OtlpRow};
use crate::domain::telemetry::TelemetryRow;
use crate::ingest::otlp::Exports;
use crate::report::number;
use crate::telemetry::attribution;
use crate::telemetry::join::inner_id;

use super::fields;

/// Reads files of OTLP JSON lines and says what of each could not be used.
///
/// # Errors
/// Where a file cannot be read, is compressed, or holds no export request at all.
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
        let before = exports.requests();
        let unused = exports.read(source).with_context(failed)?;
        if exports.requests() == before {
            bail!(
                "`{}` holds no OTLP export request, in {}\n\nhint: name a file of JSON lines as the collector's file exporter writes them; docs/telemetry.md says what is read of it",
                path.display(),
                number::counted(unused.malformed_lines, "line")
            );
        }
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

/// What sources beside the transcripts say, by session.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// What clients exported.
    pub(super) otlp: Option<BTreeMap<String, OtlpRow>>,
    /// What the Entire CLI kept.
    pub(super) entire: Option<BTreeMap<String, Vec<Checkpoint>>>,
}

/// A session with all that is known of it.
pub(super) struct Joined<'j> {
    /// Its telemetry, if there is a transcript.
    pub(super) row: Option<&'j TelemetryRow>,
    /// What the client exported.
    pub(super) otlp: Option<&'j OtlpRow>,
    /// Its checkpoints.
    pub(super) checkpoints: Option<&'j Vec<Checkpoint>>,
    /// Its id in a source, where it has no transcript.
    only: &'j str,
}

impl Joined<'_> {
    /// The session's id.
    pub(super) fn id(&self) -> &str {
        self.row.map_or(self.only, |row| row.session_id.as_str())
    }
}

impl Beside {
    /// True where a source was given.
    pub(super) fn is_there(&self) -> bool {
        self.otlp.is_some() || self.entire.is_some()
    }

    /// Every row with what the sources say of it; sessions that only the sources know follow. Ids are compared with and
    /// without the date that older ones begin with.
    pub(super) fn joined<'j>(&'j self, rows: &'j [TelemetryRow]) -> Vec<Joined<'j>> {
        let mut otlp = Source::new(self.otlp.as_ref());
        let mut entire = Source::new(self.entire.as_ref());
        let mut joined: Vec<Joined<'_>> = rows
            .iter()
            .map(|row| {
                // A source tells a sub-agent's work under its session, whose id its own transcript can carry; checkpoints
                // also keep sub-agents that have ids of their own.
                let id = row.session_id.as_str();
                let is_session = row.parent_session.is_empty();
                let has_own_id = row.parent_session != id;
                Joined {
                    row: Some(row),
                    otlp: is_session.then(|| otlp.take(id)).flatten(),
                    checkpoints: has_own_id.then(|| entire.take(id)).flatten(),
                    only: "",
                }
            })
            .collect();
        for (id, row) in self.otlp.iter().flatten() {
            if otlp.is_left(id) {
                otlp.take(id);
                joined.push(Joined {
                    row: None,
                    otlp: Some(row),
                    checkpoints: entire.take(id),
                    only: id,
                });
            }
        }
        for (id, checkpoints) in self.entire.iter().flatten() {
            if entire.is_left(id) {
                joined.push(Joined {
                    row: None,
                    otlp: None,
                    checkpoints: Some(checkpoints),
                    only: id,
                });
            }
        }
        joined
    }
}

/// One source's sessions, and which of them have been found a place.
struct Source<'s, T> {
    sessions: Option<&'s BTreeMap<String, T>>,
    /// Ids by their part without a date.
    inner: HashMap<&'s str, &'s str>,
    taken: BTreeSet<&'s str>,
}

impl<'s, T> Source<'s, T> {
    fn new(sessions: Option<&'s BTreeMap<String, T>>) -> Self {
        let ids = sessions.into_iter().flat_map(BTreeMap::keys);
        Self {
            sessions,
            inner: ids.map(|id| (inner_id(id), id.as_str())).collect(),
            taken: BTreeSet::new(),
        }
    }

    fn take(&mut self, id: &str) -> Option<&'s T> {
        let sessions = self.sessions?;
        let (id, found) = sessions
            .get_key_value(id)
            .or_else(|| sessions.get_key_value(*self.inner.get(inner_id(id))?))?;
        self.taken.insert(id);
        Some(found)
    }

    fn is_left(&self, id: &str) -> bool {
        !self.taken.contains(id)
    }
}

/// Every session's telemetry with the columns of the sources, empty where they say nothing.
///
/// # Errors
/// None that a row can cause.
pub(super) fn joined(
    rows: &[TelemetryRow],
    beside: &Beside,
) -> anyhow::Result<Vec<Map<String, Value>>> {
    beside
        .joined(rows)
        .iter()
        .map(|joined| {
            let mut fields = match joined.row {
                Some(row) => fields(row)?,
                None => unknown(joined)?,
            };
            if beside.otlp.is_some() {
                add(&mut fields, &joined.otlp.cloned().unwrap_or_default())?;
            }
            if beside.entire.is_some() {
                let row = joined.checkpoints.map(|checkpoints| {
                    attribution::row(&checkpoints.iter().collect::<Vec<&Checkpoint>>())
                });
                add(&mut fields, &row.unwrap_or_default())?;
            }
            Ok(fields)
        })
        .collect()
}

/// Nothing is known of the transcript, which is not the same as zero.
fn unknown(joined: &Joined<'_>) -> anyhow::Result<Map<String, Value>> {
    let mut fields = fields(&TelemetryRow::default())?;
    for (name, value) in &mut fields {
        *value = match name.as_str() {
            "session_id" => Value::String(joined.id().to_owned()),
            "agent" if joined.otlp.is_some() => Value::String("Claude Code".to_owned()),
            _ => Value::Null,
        };
    }
    Ok(fields)
}

fn add(fields: &mut Map<String, Value>, row: &impl serde::Serialize) -> anyhow::Result<()> {
    match serde_json::to_value(row)? {
        Value::Object(columns) => fields.extend(columns),
        _ => anyhow::bail!("a row of a source is an object"),
    }
    Ok(())
}
