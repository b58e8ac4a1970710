//! How fast `validate telemetry` reads: `cargo bench --bench telemetry`, with the reference sessions.
//!
//! Makes in a temporary folder one Claude Code transcript of a gigabyte (all reference sessions one after the other, under
//! one id) and eight copies of all sessions of all agents, each copy with ids of its own. Then runs the real binary below
//! `/usr/bin/time` on them, from the page cache: the one file on one thread, the copies on all. Each is run `--runs` times
//! (5) and the least is printed, because other work on the machine only adds. `VALIDATE_REFERENCE_DATA` names the folder of
//! the reference data, `../shared` where it is not set.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "measurements are printed, and a failed one ends it"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use memchr::memmem;

const GIGABYTE: f64 = 1e9;
const COPIES: usize = 8;

fn main() {
    let reference = std::env::var_os("VALIDATE_REFERENCE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let sessions = reference.join("sessions");
    let Ok(mut index) = csv::Reader::from_path(sessions.join("index.csv")) else {
        println!("skipped: {} holds no index.csv", sessions.display());
        return;
    };
    let index: Vec<BTreeMap<String, String>> = index.deserialize().map(Result::unwrap).collect();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let one = folder.path().join("one.jsonl");
    let (bytes, lines) = one_file(&sessions, &index, &one);
    println!(
        "one Claude Code file: {:.2} GB, {lines} lines of {} bytes in the mean",
        bytes as f64 / GIGABYTE,
        bytes / lines
    );
    let run = least(&one, Some("1"));
    println!(
        "  one thread: {:.2} GB per processor second ({:.2} s), {:.2} s on the clock, {} KB at most",
        bytes as f64 / GIGABYTE / run.processor,
        run.processor,
        run.clock,
        run.kilobytes
    );
    fs::remove_file(&one).unwrap();
    let copies = folder.path().join("copies");
    let bytes = copied(&sessions, &index, &copies);
    println!(
        "{COPIES} copies of {} sessions: {:.2} GB",
        index.len(),
        bytes as f64 / GIGABYTE
    );
    let run = least(&copies, None);
    println!(
        "  all threads: {:.2} s on the clock, {:.2} s of processor ({:.2} GB per second), {} KB at most",
        run.clock,
        run.processor,
        bytes as f64 / GIGABYTE / run.processor,
        run.kilobytes
    );
}

/// Writes all Claude Code sessions under one id, again and again up to a gigabyte; gives bytes and lines.
fn one_file(sessions: &Path, index: &[BTreeMap<String, String>], path: &Path) -> (u64, u64) {
    let mut all = Vec::new();
    for session in index.iter().filter(|row| row["agent"] == "Claude Code") {
        let bytes = fs::read(sessions.join(&session["file"])).unwrap();
        let id = inner_id(&session["session_id"]);
        all.extend(replaced(&bytes, id, "00000000-0000-4000-8000-000000000000"));
        if all.last() != Some(&b'\n') {
            all.push(b'\n');
        }
    }
    let mut file = BufWriter::new(File::create(path).unwrap());
    let (mut bytes, mut lines) = (0, 0);
    while (bytes as f64) < GIGABYTE {
        file.write_all(&all).unwrap();
        bytes += all.len() as u64;
        lines += memchr::memchr_iter(b'\n', &all).count() as u64;
    }
    file.into_inner().unwrap().sync_all().unwrap();
    (bytes, lines)
}

/// Writes the copies; gives their bytes.
fn copied(sessions: &Path, index: &[BTreeMap<String, String>], folder: &Path) -> u64 {
    let mut written = 0;
    for copy in 0..COPIES {
        for session in index {
            let path = folder.join(copy.to_string()).join(&session["file"]);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let bytes = fs::read(sessions.join(&session["file"])).unwrap();
            let id = inner_id(&session["session_id"]);
            let other = format!("{copy}{}", &id[1..]);
            let bytes = replaced(&bytes, id, &other);
            written += bytes.len() as u64;
            fs::write(path, bytes).unwrap();
        }
    }
    written
}

/// Older exports put a date before the session's id.
fn inner_id(id: &str) -> &str {
    let dated = id.len() > 11 && id.as_bytes()[10] == b'-' && id.starts_with("20");
    if dated { &id[11..] } else { id }
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut changed = Vec::with_capacity(bytes.len());
    let mut kept = 0;
    for at in memmem::find_iter(bytes, from) {
        changed.extend_from_slice(&bytes[kept..at]);
        changed.extend_from_slice(to.as_bytes());
        kept = at + from.len();
    }
    changed.extend_from_slice(&bytes[kept..]);
    changed
}

struct Run {
    processor: f64,
    clock: f64,
    kilobytes: u64,
}

/// The least of several runs, figure by figure; of memory the most.
fn least(path: &Path, threads: Option<&str>) -> Run {
    let mut least: Option<Run> = None;
    for _ in 0..number("--runs").unwrap_or(5).max(1) {
        let run = measured(path, threads);
        least = Some(match least {
            None => run,
            Some(known) => Run {
                processor: known.processor.min(run.processor),
                clock: known.clock.min(run.clock),
                kilobytes: known.kilobytes.max(run.kilobytes),
            },
        });
    }
    least.unwrap()
}

fn number(name: &str) -> Option<u64> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
        .and_then(|text| text.parse().ok())
}

/// Runs the binary as a user does, below `/usr/bin/time`, which tells processor seconds and memory.
fn measured(path: &Path, threads: Option<&str>) -> Run {
    let mut command = Command::new("/usr/bin/time");
    command
        .args(["-f", "%U %S %e %M", env!("CARGO_BIN_EXE_validate")])
        .arg("telemetry")
        .arg(path)
        .args(["--format", "csv"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(threads) = threads {
        command.env("RAYON_NUM_THREADS", threads);
    }
    let output = command
        .output()
        .expect("`/usr/bin/time` is there (the package `time`)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let figures: Vec<f64> = said
        .lines()
        .last()
        .unwrap()
        .split_whitespace()
        .map(|figure| figure.parse().unwrap())
        .collect();
    Run {
        processor: figures[0] + figures[1],
        clock: figures[2],
        kilobytes: figures[3] as u64,
    }
}
