//! The 29 real sessions of the other agents against the index, figure by figure; `docs/telemetry.md` explains each difference.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use harness::domain::telemetry::TelemetryRow;
use harness::ingest::redaction::standard_redaction;
use harness::run::measure::measure;
use rayon::prelude::*;

use crate::telemetry_real::{index, sessions};

/// A figure of the index that is another here: session, figure, the index's value, ours.
const DIFFERENCES: &[(&str, &str, u64, u64)] = &[
    // Exit codes other than zero are failures, as a Claude Code transcript marks them; the index counts none.
    ("019eef3d-abd1", "tool_errors", 0, 3),
    ("019f15f7-b472", "tool_errors", 0, 6),
    ("019f36b8-7808", "tool_errors", 0, 14),
    ("019f80ed-65ac", "tool_errors", 0, 7),
    ("019f8eab-feec", "tool_errors", 0, 10),
    ("019f8af9-3076", "tool_errors", 0, 6),
    ("019d7d4c-fef7", "tool_errors", 0, 1),
    ("019d7e3d-0164", "tool_errors", 0, 5),
    ("019ed470-d40f", "tool_errors", 0, 2),
    ("ses_30bfbb6f4", "tool_errors", 0, 4),
    ("ses_3132663f0", "tool_errors", 0, 2),
    ("ses_31a4b9127", "tool_errors", 0, 3),
    ("ses_336ebe11b", "tool_errors", 3, 7),
    ("ses_33a0eb1be", "tool_errors", 0, 1),
    // The index counts the signs of the patch's text, which removes and adds some lines unchanged.
    ("019f36b8-7808", "lines_added", 174, 172),
    ("019f36b8-7808", "lines_removed", 269, 267),
    ("019f8eab-feec", "lines_added", 298, 295),
    ("019f8eab-feec", "lines_removed", 49, 46),
    // Patches of scripts, which the index does not read.
    ("019f80ed-65ac", "lines_added", 0, 649),
    ("019f80ed-65ac", "lines_removed", 0, 133),
    ("019f8af9-3076", "lines_added", 0, 320),
    ("019f8af9-3076", "lines_removed", 0, 123),
    // Forks: the index counts the history of the parent that they repeat.
    ("019d7e2f-0041", "prompts", 9, 1),
    ("019d7e2f-0041", "actions", 77, 3),
    ("019d7e2f-0041", "lines_added", 843, 0),
    ("019d7e2f-0041", "lines_removed", 31, 0),
    ("019d7e30-2f7a", "prompts", 9, 1),
    ("019d7e30-2f7a", "actions", 121, 32),
    ("019d7e30-2f7a", "lines_added", 1014, 91),
    ("019d7e30-2f7a", "lines_removed", 68, 34),
    ("019d7e3d-0164", "prompts", 19, 10),
    ("019d7e3d-0164", "actions", 252, 91),
    ("019d7e3d-0164", "lines_added", 1453, 24),
    ("019d7e3d-0164", "lines_removed", 104, 24),
    // The index takes every message in the user's place for typed: commands and the client's own texts are among them.
    ("ses_30bfbb6f4", "prompts", 16, 4),
    ("ses_30bfbb6f4", "slash_commands", 0, 6),
    ("ses_31a4b9127", "prompts", 28, 22),
    ("ses_31a4b9127", "slash_commands", 0, 3),
    ("ses_336ebe11b", "prompts", 20, 8),
    ("ses_336ebe11b", "slash_commands", 0, 6),
    // Lines of these formats, which the index does not count.
    ("ses_30bfbb6f4", "lines_added", 0, 591),
    ("ses_30bfbb6f4", "lines_removed", 0, 82),
    ("ses_31a4b9127", "lines_added", 0, 1400),
    ("ses_31a4b9127", "lines_removed", 0, 49),
    ("ses_336ebe11b", "lines_added", 0, 2476),
    ("ses_336ebe11b", "lines_removed", 0, 60),
    ("2026-01-15-f7", "lines_added", 0, 3),
];

fn measured() -> Option<Vec<(BTreeMap<String, String>, TelemetryRow)>> {
    let folder = sessions()?;
    let others: Vec<_> = index(&folder)
        .into_iter()
        .filter(|row| row["agent"] != "Claude Code")
        .collect();
    assert_eq!(others.len(), 29);
    Some(
        others
            .into_par_iter()
            .map(|expected| {
                let path = folder.join(&expected["file"]);
                let measured = measure(&path, standard_redaction()).unwrap();
                assert!(measured.problems.is_empty(), "{:?}", measured.problems);
                (expected, measured.row)
            })
            .collect(),
    )
}

#[test]
fn figures_of_real_sessions_are_the_indexs_or_listed() {
    let Some(measured) = measured() else { return };
    let mut found: Vec<(String, &str, u64, u64)> = Vec::new();
    for (expected, row) in &measured {
        let theirs = |column: &str| expected[column].parse::<u64>().unwrap();
        for (name, theirs, ours) in [
            ("prompts", theirs("user_prompts"), row.prompts),
            (
                "slash_commands",
                theirs("slash_commands"),
                row.slash_commands,
            ),
            (
                "actions",
                theirs("tool_calls"),
                row.actions - row.subagent_actions,
            ),
            ("tool_errors", theirs("tool_errors"), row.tool_errors),
            ("rejections", theirs("rejections"), row.rejections),
            ("interruptions", theirs("interrupts"), row.interruptions),
            ("compactions", theirs("compactions"), row.compactions),
            (
                "lines_added",
                theirs("transcript_lines_added"),
                row.lines_added,
            ),
            (
                "lines_removed",
                theirs("transcript_lines_removed"),
                row.lines_removed,
            ),
            ("malformed_lines", 0, row.malformed_lines),
        ] {
            if theirs != ours {
                let id = expected["session_id"].chars().take(13).collect();
                found.push((id, name, theirs, ours));
            }
        }
    }
    let mut listed: Vec<(String, &str, u64, u64)> = DIFFERENCES
        .iter()
        .map(|(id, name, theirs, ours)| ((*id).to_owned(), *name, *theirs, *ours))
        .collect();
    listed.sort();
    found.sort();
    assert_eq!(found, listed);
}

/// Each difference stands in a row of the page that explains it, with the session and both figures.
#[test]
fn every_difference_is_explained_in_the_documentation() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/telemetry.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (id, figure, theirs, ours) in DIFFERENCES {
        let figures = match *figure {
            "lines_added" => format!("+{theirs} "),
            "lines_removed" => format!("−{theirs} "),
            _ => format!("{} {theirs} → {ours}", figure.replace('_', " ")),
        };
        let ours = match *figure {
            "lines_added" => format!("+{ours}"),
            "lines_removed" => format!("−{ours}"),
            _ => figures.clone(),
        };
        let id: String = id.chars().take(12).collect();
        let id = id.trim_end_matches('-');
        let id = if id.starts_with("019") { &id[..8] } else { id };
        let rows = page
            .lines()
            .filter(|row| row.starts_with("| `") && row.contains(id));
        assert!(
            rows.clone()
                .any(|row| row.contains(&figures) && row.contains(&ours)),
            "{id}: {figures:?} and {ours:?} stand in none of {:?}",
            rows.collect::<Vec<_>>()
        );
    }
}

#[test]
fn texts_of_real_sessions_are_the_indexs() {
    let Some(measured) = measured() else { return };
    for (expected, row) in &measured {
        assert_eq!(row.agent, expected["agent"]);
        // The index counts no files of these agents.
        assert_eq!(expected["files_edited"], "0");
        let sorted = |models: &str| {
            let mut models: Vec<String> = models.split(';').map(str::to_owned).collect();
            models.sort();
            models
        };
        // The index has neither for Copilot CLI.
        if expected["agent"] != "Copilot CLI" {
            assert_eq!(
                sorted(&row.models),
                sorted(&expected["model"]),
                "{}",
                expected["file"]
            );
            assert_eq!(
                row.agent_version, expected["agent_version"],
                "{}",
                expected["file"]
            );
        }
        // A review by a sub-agent stands in a file that is named after the session that asked for it.
        let is_review = expected["session_id"].starts_with("019ed4");
        assert_eq!(row.session_id == expected["session_id"], !is_review);
        assert_eq!(
            is_review,
            is_review && row.parent_session == expected["session_id"]
        );
        let second = |time: &str| time.chars().take(19).collect::<String>();
        let first = row.first_timestamp.as_deref().unwrap_or_default();
        assert_eq!(
            second(first),
            second(&expected["first_timestamp"]),
            "{}",
            expected["file"]
        );
        if !expected["last_timestamp"].is_empty() {
            let last = row.last_timestamp.as_deref().unwrap_or_default();
            assert_eq!(
                second(last),
                second(&expected["last_timestamp"]),
                "{}",
                expected["file"]
            );
        }
    }
}

/// The client's own total at the end of a session is the sum of what was counted up to there.
#[test]
fn tokens_of_real_sessions_are_the_clients_own_totals() {
    let Some(measured) = measured() else { return };
    // Session, input of all kinds, output: the last `token_count` of the rollout.
    let totals = [
        ("019eef3d-abd1", 9_795_152, 40_293),
        ("019f36b8-7808", 18_983_025, 66_140),
        ("019f80ed-65ac", 41_026_211, 97_538),
        ("019dad77-8919", 15_528, 397),
    ];
    for (id, input, output) in totals {
        let (_, row) = measured
            .iter()
            .find(|(expected, _)| expected["session_id"].starts_with(id))
            .unwrap();
        let all = row.input_tokens + row.cache_read_tokens + row.cache_write_tokens;
        assert_eq!((all, row.output_tokens), (input, output), "{id}");
    }
}

/// Of all sessions at once: a row each, and what is no session counted in one line.
#[test]
fn every_real_session_has_a_row_and_sub_agents_are_joined() {
    let Some(folder) = sessions() else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_validate"))
        .args(["telemetry", "--format", "jsonl"])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(output.status.success());
    let rows: Vec<TelemetryRow> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 136);
    assert_eq!(rows.iter().map(|row| row.malformed_lines).sum::<u64>(), 0);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    let row = |id: &str| rows.iter().find(|row| row.session_id == id).unwrap();
    // The one sub-agent whose parent is here.
    let (parent, child) = (
        row("ses_336ebe11bffePlPIwBobiYzDoC"),
        row("ses_33626483cffeE9aGag3moqdOkO"),
    );
    assert_eq!((child.actions, child.ineligible.as_str()), (15, "subagent"));
    assert_eq!((parent.actions, parent.subagent_actions), (229 + 15, 15));
}
