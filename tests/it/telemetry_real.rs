//! Telemetry of the 107 real Claude Code sessions against an index that another program made, and against our own table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::commands::telemetry::csv;
use harness::domain::telemetry::TelemetryRow;
use harness::ingest::redaction::standard_redaction;
use harness::run::measure::{Measured, measure};
use rayon::prelude::*;

/// The folder of the real sessions, if it is there.
pub(crate) fn sessions() -> Option<PathBuf> {
    let root = std::env::var_os("VALIDATE_REFERENCE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let folder = root.join("sessions");
    if folder.join("index.csv").is_file() {
        return Some(folder);
    }
    let mut stderr = std::io::stderr();
    std::io::Write::write_fmt(
        &mut stderr,
        format_args!(
            "skipped: {} is not there (VALIDATE_REFERENCE_DATA names the folder)\n",
            folder.display()
        ),
    )
    .unwrap();
    None
}

/// The index, a map from column to cell per session.
pub(crate) fn index(folder: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(folder.join("index.csv"))
        .unwrap()
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> u64 {
    row[column].parse().unwrap()
}

/// Sessions whose prompts the index counts otherwise: its count, ours.
const OTHER_PROMPTS: [(&str, u64, u64); 3] = [
    // A prompt that was typed behind a `<system-reminder>` in one text; the index takes it for a reminder.
    ("493c22a8-b700-4b88-aab8-0fafb602c3be", 21, 22),
    // A `<ci-monitor-event>`; the index takes it for typed.
    ("6878eb98-fd0b-43e6-82a0-ab8b38b612dc", 9, 8),
    // Three `<ci-monitor-event>`s and a `<create-pr-command>`; the index takes them for typed.
    ("8e0afadf-2a97-4843-84b1-1a93234d5975", 8, 4),
];

/// The one session with a slash command that the index takes for typed: the button of [`OTHER_PROMPTS`].
const OTHER_COMMANDS: (&str, u64, u64) = ("8e0afadf-2a97-4843-84b1-1a93234d5975", 0, 1);

/// Sessions in which an entry that was written late carries a time before that of the first line.
const EARLIER_STARTS: usize = 41;

#[test]
fn every_real_claude_code_session_counts_as_the_index_says() {
    let Some(folder) = sessions() else { return };
    let index = index(&folder);
    let claude: Vec<_> = index
        .iter()
        .filter(|row| row["agent"] == "Claude Code")
        .collect();
    assert_eq!(claude.len(), 107);
    let earlier = AtomicUsize::new(0);
    let differences: Vec<String> = claude
        .par_iter()
        .flat_map_iter(|expected| {
            let Measured { row, problems, .. } =
                measure(&folder.join(&expected["file"]), standard_redaction()).unwrap();
            let other = OTHER_PROMPTS
                .iter()
                .find(|(id, ..)| *id == expected["session_id"]);
            let prompts = number(expected, "user_prompts");
            let prompts = match other {
                Some((_, theirs, ours)) => {
                    assert_eq!(*theirs, prompts, "the index changed");
                    *ours
                }
                None => prompts,
            };
            let commands = match number(expected, "slash_commands") {
                theirs if OTHER_COMMANDS.0 == expected["session_id"] => {
                    assert_eq!(OTHER_COMMANDS.1, theirs, "the index changed");
                    OTHER_COMMANDS.2
                }
                theirs => theirs,
            };
            let counts = [
                (
                    "lines_added",
                    row.lines_added,
                    number(expected, "transcript_lines_added"),
                ),
                (
                    "lines_removed",
                    row.lines_removed,
                    number(expected, "transcript_lines_removed"),
                ),
                (
                    "files_changed",
                    row.files_changed,
                    number(expected, "files_edited"),
                ),
                (
                    "tool_errors",
                    row.tool_errors,
                    number(expected, "tool_errors"),
                ),
                ("rejections", row.rejections, number(expected, "rejections")),
                ("slash_commands", row.slash_commands, commands),
                (
                    "interruptions",
                    row.interruptions,
                    number(expected, "interrupts"),
                ),
                (
                    "compactions",
                    row.compactions,
                    number(expected, "compactions"),
                ),
                (
                    "actions of the main agent",
                    row.actions - row.subagent_actions,
                    number(expected, "tool_calls"),
                ),
                ("prompts", row.prompts, prompts),
                ("malformed_lines", row.malformed_lines, 0),
            ];
            assert!(problems.is_empty(), "{problems:?}");
            let texts = [
                ("agent", row.agent.clone(), expected["agent"].clone()),
                (
                    "session_id",
                    row.session_id.clone(),
                    expected["session_id"].clone(),
                ),
                (
                    "agent_version",
                    sorted(&row.agent_version),
                    sorted(&expected["agent_version"]),
                ),
                ("models", sorted(&row.models), sorted(&expected["model"])),
                (
                    "last_timestamp",
                    row.last_timestamp.clone().unwrap_or_default(),
                    expected["last_timestamp"].clone(),
                ),
            ];
            let first = row.first_timestamp.as_deref().unwrap_or_default();
            if first != expected["first_timestamp"] {
                assert!(first < expected["first_timestamp"].as_str(), "{first}");
                earlier.fetch_add(1, Ordering::Relaxed);
            }
            let id = expected["session_id"].clone();
            let numbers = counts
                .into_iter()
                .map(|(what, ours, theirs)| (what, ours.to_string(), theirs.to_string()));
            numbers
                .chain(texts)
                .filter(|(_, ours, theirs)| ours != theirs)
                .map(move |(what, ours, theirs)| format!("{id}: {what} {ours}, index {theirs}"))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(earlier.into_inner(), EARLIER_STARTS);
}

/// A list in one cell, whose order is each program's own.
fn sorted(list: &str) -> String {
    let mut items: Vec<&str> = list.split(';').collect();
    items.sort_unstable();
    items.join(";")
}

#[test]
fn the_committed_telemetry_is_what_is_measured_now() {
    let Some(folder) = sessions() else { return };
    let goldset = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldsets/public-sessions");
    let committed = std::fs::read_to_string(goldset.join("telemetry.csv")).unwrap();
    let listed: Vec<BTreeMap<String, String>> =
        csv::Reader::from_path(goldset.join("sessions.csv"))
            .unwrap()
            .deserialize()
            .map(Result::unwrap)
            .collect();
    assert_eq!(listed.len(), 48);
    let rows: Vec<TelemetryRow> = listed
        .par_iter()
        .map(|session| {
            measure(&folder.join(&session["file"]), standard_redaction())
                .unwrap()
                .row
        })
        .collect();
    let measured = csv(&rows).unwrap();
    assert_eq!(committed.lines().count(), measured.lines().count());
    for (committed, measured) in committed.lines().zip(measured.lines()) {
        assert_eq!(committed, measured);
    }
}
