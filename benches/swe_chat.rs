//! How long `validate import swe-chat` takes and how much memory: `cargo bench --bench swe_chat`.
//!
//! The tables have the published schema and as many rows as the first release: 2,692,480 of conversations, 5,851 sessions,
//! 13,406 checkpoints, 14,459 commits, 205 repositories. **All of it is made up by a seeded generator**: lengths of sessions
//! are skewed as published, texts are random letters, so that the table of conversations is as large on the disk as the
//! real one; no row is from the data set, and there are no transcripts. `--rows N` makes fewer, `--keep DIR` keeps the tables and takes
//! those that are there.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/swe_chat/mod.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod tables;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use tables::{Cell, Row, SNAPPY, Table, Writer};

const ROWS: usize = 2_692_480;
const SESSIONS: usize = 5_851;
const CHECKPOINTS: usize = 13_406;
const COMMITS: usize = 14_459;
const REPOSITORIES: usize = 205;
const ROWS_IN_GROUP: usize = 65_536;

fn main() {
    let rows = argument("--rows").map_or(ROWS, |text| text.parse().unwrap());
    let own = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = argument("--keep").map_or_else(|| own.path().join("data"), PathBuf::from);
    if !folder.join("conversations.parquet").is_file() {
        let start = Instant::now();
        generate(&folder, rows);
        println!("made in {:.0} s", start.elapsed().as_secs_f64());
    }
    let size = fs::metadata(folder.join("conversations.parquet"))
        .unwrap()
        .len();
    println!("conversations.parquet: {} MB", size / 1_000_000);
    let out = own.path().join("gold");
    for what in ["into a new goldset", "once more, nothing new"] {
        let start = Instant::now();
        let output = Command::new("/usr/bin/time")
            .args(["-f", "%U user s, %S system s, %M KB at most"])
            .arg(env!("CARGO_BIN_EXE_validate"))
            .args(["import", "swe-chat"])
            .arg(&folder)
            .arg("--out")
            .arg(&out)
            .args(["--revision", "synthetic"])
            .output()
            .expect("`/usr/bin/time` is there (the package `time`)");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        println!(
            "{what}: {:.2} s; {}",
            start.elapsed().as_secs_f64(),
            said.lines().last().unwrap_or_default()
        );
    }
    let labels = fs::metadata(out.join("swe-chat-labels.csv")).unwrap().len();
    println!("swe-chat-labels.csv: {} MB", labels / 1_000_000);
}

fn argument(name: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
}

fn generate(folder: &Path, rows: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(260_420_779);
    let repo = |n: usize| format!("owner-{:03}/repo-{:03}", n % 171, n % REPOSITORIES);
    let session = |n: usize| format!("{:08x}-0000-4000-8000-{:012x}", n * 2_654_435, n);
    let mut table = Table::published("repositories");
    for n in 0..REPOSITORIES {
        table.add([
            ("repo_id", repo(n).into()),
            ("license_type", "MIT".into()),
            ("repo_type_domain", "devtools".into()),
            ("repo_type_audience", "developer".into()),
        ]);
    }
    table.write(&folder.join("repositories.parquet"), SNAPPY);
    let key = |n: usize| format!("{}#{:012x}", repo(n % SESSIONS), n);
    let mut table = Table::published("sessions");
    let mut logs = Table::published("session_logs");
    for n in 0..SESSIONS {
        let ids: Vec<String> = (n..CHECKPOINTS)
            .step_by(SESSIONS)
            .map(|checkpoint| format!("\"{checkpoint:012x}\""))
            .collect();
        table.add([
            ("session_id", session(n).into()),
            ("repo_id", repo(n).into()),
            ("user_id", format!("user-{}", n % 189).into()),
            ("agent", "Claude Code".into()),
            ("checkpoint_ids", format!("[{}]", ids.join(",")).into()),
            ("canonical_checkpoint_pk", key(n).into()),
            (
                "created_at",
                (1_767_000_000_000_000_000 + n as i64 * 1_000_000_000_000).into(),
            ),
            (
                "output_tokens",
                random.random_range(100_i64..100_000).into(),
            ),
            (
                "agent_lines",
                f64::from(random.random_range(0..900_u16)).into(),
            ),
            ("total_committed", 900.0.into()),
            ("agent_percentage", 50.0.into()),
            ("user_persona", "Vague Requester".into()),
            (
                "session_success",
                random.random_range(0_i64..101).to_string().into(),
            ),
        ]);
        logs.add([
            ("session_id", session(n).into()),
            ("context_md", text(&mut random, 8_000)),
            (
                "session_metadata_raw",
                "{\"initial_attribution\":{\"metric_version\":2,\"total_lines_changed\":1000}}"
                    .into(),
            ),
        ]);
    }
    table.write(&folder.join("sessions.parquet"), SNAPPY);
    logs.write(&folder.join("session_logs.parquet"), SNAPPY);
    let mut table = Table::published("checkpoints");
    for n in 0..CHECKPOINTS {
        table.add([
            ("checkpoint_pk", key(n).into()),
            (
                "session_pks",
                format!("[\"{}\"]", session(n % SESSIONS)).into(),
            ),
            ("session_count", 1.into()),
            ("commit_count", 1.into()),
        ]);
    }
    table.write(&folder.join("checkpoints.parquet"), SNAPPY);
    let mut table = Table::published("commits");
    for n in 0..COMMITS {
        table.add([
            ("commit_sha", format!("{:040x}", n * 7_919 + 1).into()),
            ("checkpoint_pk", key(n % CHECKPOINTS).into()),
            (
                "commit_date",
                (1_767_000_000_000_000 + n as i64 * 1_000_000).into(),
            ),
            ("total_additions", random.random_range(0_i64..500).into()),
            ("total_deletions", random.random_range(0_i64..300).into()),
            ("numstat", text(&mut random, 200)),
            ("patch", text(&mut random, 6_000)),
            ("status", "ok".into()),
        ]);
    }
    table.write(&folder.join("commits.parquet"), SNAPPY);

    let columns = Table::published("conversations").columns;
    let file = File::create(folder.join("conversations.parquet")).unwrap();
    let mut writer = Writer::new(file, &columns, SNAPPY.compression);
    let mut group: Vec<Row> = Vec::new();
    let (mut at, mut turn, mut length) = (0, 0, 0_usize);
    for _ in 0..rows {
        if length == 0 {
            at = (at + 1) % SESSIONS;
            turn = 0;
            // Squared, so that most sessions are short and a few are long.
            let share: f64 = random.random();
            length = 1 + (share * share * 1_380.0) as usize;
        }
        length -= 1;
        group.push(turn_row(&mut random, &session(at), &repo(at), turn));
        turn += 1;
        if group.len() == ROWS_IN_GROUP {
            writer.group(&group);
            group.clear();
        }
    }
    if !group.is_empty() {
        writer.group(&group);
    }
    writer.close();
}

fn turn_row(random: &mut ChaCha8Rng, session: &str, repo: &str, turn: i64) -> Row {
    // Two thirds of the rows are metadata; 63,000 of 2.7 million are prompts.
    let kinds = [
        (0.023, "user_prompt"),
        (0.04, "system_injected"),
        (0.07, "assistant_response"),
        (0.09, "assistant_thinking"),
        (0.22, "tool_use"),
        (0.33, "tool_result"),
        (0.82, "progress"),
        (1.0, "file_snapshot"),
    ];
    let share: f64 = random.random();
    let (_, kind) = kinds.iter().find(|(to, _)| share < *to).unwrap();
    let length = random.random_range(100..900);
    let mut row: Row = [
        ("turn_id", format!("{session}#{turn}").into()),
        ("session_id", session.into()),
        ("checkpoint_pk", format!("{repo}#000000000000").into()),
        ("repo_id", repo.into()),
        ("user_id", "user-1".into()),
        ("turn_number", turn.into()),
        ("turn_type", (*kind).into()),
        ("role", "metadata".into()),
        ("is_conversational", Cell::Flag(*kind == "user_prompt")),
        ("content", text(random, length)),
        ("model", "made-up".into()),
        (
            "timestamp",
            (1_767_000_000_000_000 + turn * 3_000_000).into(),
        ),
        ("word_count", (length as i64 / 6).into()),
        ("char_count", (length as i64).into()),
        ("agent", "Claude Code".into()),
    ]
    .into();
    if *kind == "assistant_response" {
        row.insert("input_tokens", random.random_range(1_i64..50).into());
        row.insert("output_tokens", random.random_range(1_i64..900).into());
        row.insert(
            "cache_read_input_tokens",
            random.random_range(1_i64..90_000).into(),
        );
    }
    if *kind == "user_prompt" {
        row.insert("prompt_intent", "debug".into());
        row.insert("prompt_pushback", "non_pushback".into());
    }
    row
}

/// Random letters: a text that does not shrink much.
fn text(random: &mut ChaCha8Rng, length: usize) -> Cell {
    let mut text = vec![0; length];
    random.fill(&mut text[..]);
    for byte in &mut text {
        *byte = b' ' + (*byte & 63);
    }
    Cell::Text(text)
}
