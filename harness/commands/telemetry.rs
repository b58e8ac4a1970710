//! `validate telemetry`: what transcripts show, one row per session.

mod reconciled;
mod sources;

use anyhow::Context;
use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::cli::{RowFormat, Telemetry};
use crate::domain::telemetry::TelemetryRow;
use crate::exit::Exit;
use crate::ingest::entire::tables;
use crate::ingest::file::FileError;
use crate::ingest::redaction::standard_redaction;
use crate::ingest::walk::{self, Found};
use crate::report::escape;
use crate::report::number;
use crate::report::table::{Align, Table};
use crate::run::measure::count;
use crate::telemetry::counter::Problem;
use crate::telemetry::join::join;

use self::sources::Beside;
use super::output;

/// Runs the command.
///
/// # Errors
/// Where stdout fails.
pub fn run(arguments: &Telemetry, verbose: bool) -> anyhow::Result<Exit> {
    let found = match walk::files(&arguments.paths) {
        Ok(found) => found,
        Err(error) => {
            output::note(&format!(
                "error: {error}\n\nhint: name a transcript or a folder that holds some"
            ));
            return Ok(Exit::Unusable);
        }
    };
    let measured: Vec<Result<(TelemetryRow, Vec<Problem>), FileError>> = found
        .par_iter()
        .map(|found| count(&found.path, standard_redaction()))
        .collect();
    let mut rows = Vec::new();
    let mut unusable = false;
    let mut passed_over = 0_u64;
    for (found, measured) in found.iter().zip(measured) {
        match measured {
            Ok((row, known)) => {
                problems(found, &row, &known, verbose);
                rows.push(row);
            }
            Err(error) => {
                unusable |= found.named;
                if !verbose && !found.named && matches!(error, FileError::NoTranscript(_)) {
                    passed_over += 1;
                } else {
                    skipped(found, &error);
                }
            }
        }
    }
    if passed_over > 0 {
        output::note(&format!(
            "passed over: {}, no transcript of a known format (`--verbose` lists them)",
            number::counted(passed_over, "file")
        ));
    }
    join(&mut rows);
    if unusable {
        return Ok(Exit::Unusable);
    }
    if rows.is_empty() {
        output::note("no transcript in the given paths");
    }
    let beside = match beside(arguments) {
        Ok(beside) => beside,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            return Ok(Exit::Unusable);
        }
    };
    if !beside.is_there() {
        output::result(&render(&rows, arguments.format)?)?;
        return Ok(Exit::Done);
    }
    let joined = sources::joined(&rows, &beside)?;
    if !arguments.reconcile {
        output::result(&render_joined(&rows, &joined, arguments.format)?)?;
        return Ok(Exit::Done);
    }
    let sessions = reconciled::sessions(&rows, &beside);
    let text = match arguments.format {
        RowFormat::Table => {
            render_joined(&rows, &joined, RowFormat::Table)?
                + &reconciled::table(&sessions, &beside)
        }
        RowFormat::Json => {
            let both = serde_json::json!({"rows": joined, "reconciliation": reconciled::object(&sessions, &beside)});
            serde_json::to_string_pretty(&both)? + "\n"
        }
        RowFormat::Csv | RowFormat::Jsonl => {
            output::note(
                "error: --reconcile has no form as rows\n\nhint: use --format table or --format json",
            );
            return Ok(Exit::Unusable);
        }
    };
    output::result(&text)?;
    Ok(Exit::Done)
}

/// Reads the sources that were named.
fn beside(arguments: &Telemetry) -> anyhow::Result<Beside> {
    Ok(Beside {
        otlp: match arguments.otlp.as_slice() {
            [] => None,
            paths => Some(sources::exported(paths)?),
        },
        entire: match &arguments.entire {
            Some(path) => Some(tables::read(path)?),
            None => None,
        },
    })
}

/// A named path that is no transcript is an error, a walked one is passed over. What cannot be read is always named.
fn skipped(found: &Found, error: &FileError) {
    let source = std::error::Error::source(error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    if found.named {
        output::note(&format!(
            "error: {error}{source}\n\nhint: name a coding agent's transcript, or a folder, in which other files are passed over"
        ));
    } else {
        output::note(&format!("passed over: {error}{source}"));
    }
}

fn problems(found: &Found, row: &TelemetryRow, known: &[Problem], verbose: bool) {
    if !verbose {
        return;
    }
    for problem in known {
        output::note(&format!(
            "{}:{}: {}",
            found.path.display(),
            problem.line,
            problem.reason
        ));
    }
    let shown = known.len() as u64;
    if shown < row.malformed_lines {
        output::note(&format!(
            "{}: {} more",
            found.path.display(),
            row.malformed_lines - shown
        ));
    }
}

fn render(rows: &[TelemetryRow], format: RowFormat) -> anyhow::Result<String> {
    Ok(match format {
        RowFormat::Table => table(rows),
        RowFormat::Csv => csv(rows)?,
        RowFormat::Json => {
            serde_json::to_string_pretty(rows).context("failed to write rows as JSON")? + "\n"
        }
        RowFormat::Jsonl => rows
            .iter()
            .map(|row| serde_json::to_string(row).map(|line| line + "\n"))
            .collect::<Result<_, _>>()
            .context("failed to write rows as JSON")?,
    })
}

/// Rows with the columns of other sources.
fn render_joined(
    rows: &[TelemetryRow],
    joined: &[Map<String, Value>],
    format: RowFormat,
) -> anyhow::Result<String> {
    Ok(match format {
        RowFormat::Table => {
            let only = joined.len() - rows.len();
            format!(
                "{}{} only in the sources beside the transcripts.\n",
                table(rows),
                number::counted(only as u64, "session")
            )
        }
        RowFormat::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            if let Some(first) = joined.first() {
                writer.write_record(first.keys())?;
            }
            for fields in joined {
                writer.write_record(fields.values().map(cell))?;
            }
            let bytes = writer.into_inner().map_err(|error| error.into_error())?;
            String::from_utf8(bytes).context("failed to write rows as CSV")?
        }
        RowFormat::Json => serde_json::to_string_pretty(joined)? + "\n",
        RowFormat::Jsonl => joined
            .iter()
            .map(|fields| serde_json::to_string(fields).map(|line| line + "\n"))
            .collect::<Result<_, _>>()?,
    })
}

/// Rows as CSV, the columns in the row's order.
///
/// # Errors
/// None that a row can cause.
pub fn csv(rows: &[TelemetryRow]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = fields(&TelemetryRow::default())?;
    writer.write_record(columns.iter().map(|(name, _)| name.as_str()))?;
    for row in rows {
        writer.write_record(fields(row)?.iter().map(|(_, value)| cell(value)))?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    String::from_utf8(bytes).context("failed to write rows as CSV")
}

/// Columns of a row with their cells.
///
/// # Errors
/// None that a row can cause.
pub(super) fn cells(row: &TelemetryRow) -> anyhow::Result<Vec<(String, String)>> {
    Ok(fields(row)?
        .into_iter()
        .map(|(name, value)| {
            let cell = cell(&value);
            (name, cell)
        })
        .collect())
}

fn fields(row: &TelemetryRow) -> anyhow::Result<Map<String, Value>> {
    match serde_json::to_value(row)? {
        Value::Object(fields) => Ok(fields),
        _ => anyhow::bail!("a telemetry row is an object"),
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // A CSV is often looked at in a terminal, too.
        Value::String(text) => escape::csv_cell(&escape::terminal(text)).into_owned(),
        other => other.to_string(),
    }
}

fn table(rows: &[TelemetryRow]) -> String {
    let mut table = Table::new(&[
        ("session", Align::Left),
        ("prompts", Align::Right),
        ("actions", Align::Right),
        ("words", Align::Right),
        ("+lines", Align::Right),
        ("-lines", Align::Right),
        ("commits", Align::Right),
        ("tests", Align::Right),
        ("errors", Align::Right),
    ]);
    for row in rows {
        table.push(vec![
            number::shortened(&row.session_id, 15),
            row.prompts.to_string(),
            row.actions.to_string(),
            row.agent_words.to_string(),
            row.lines_added.to_string(),
            row.lines_removed.to_string(),
            row.commits.to_string(),
            row.test_runs.to_string(),
            row.tool_errors.to_string(),
        ]);
    }
    let sessions = rows.len();
    let out_of_scope = rows.iter().filter(|row| !row.interactive).count();
    let malformed: u64 = rows.iter().map(|row| row.malformed_lines).sum();
    format!(
        "{}\n{}, {out_of_scope} out of scope (not interactive), {}.\nAll columns: `--format csv`.\n",
        table.terminal(0),
        number::counted(sessions as u64, "session"),
        number::counted(malformed, "unreadable line"),
    )
}
