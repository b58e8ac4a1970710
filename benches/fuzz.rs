//! Changed seeds thrown at every reader, on a stable compiler: `cargo bench --bench fuzz -- --seconds 60`.
//!
//! Counts executions, catches panics, and reports per target how many ran, how fast, and the slowest input. The same seed
//! number gives the same inputs. An input that panics or takes longer than [`TOO_LONG`] is written to `target/fuzz/` and
//! the run ends with exit code 1. `--executions N` runs until each target has had N, `--target NAME` runs one.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../fuzz/checks.rs"]
mod checks;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::ingest::detect::Format;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

/// How many targets share the time.
const TARGETS: f64 = 11.0;
/// Inputs are a few kilobytes; a second for one is a hang in the making.
const TOO_LONG: Duration = Duration::from_secs(1);
/// Longer inputs are cut, so that an input cannot grow without end.
const LONGEST: usize = 64 * 1024;

/// Texts that readers look for, and values that upset them.
const TOKENS: &[&str] = &[
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-1",
    "18446744073709551615",
    "1e308",
    "\\ud83d",
    "\\u0000",
    "\0",
    "\n",
    "\r\n",
    "\u{feff}",
    "REDACTED",
    "\"type\":",
    "\"content\":",
    "\"id\":",
    "*** Begin Patch\\n",
    "*** Update File: ",
    "*** Move to: ",
    "@@ -1,18446744073709551615 +1,9 @@\\n",
    "@@ -0,0 +1 @@",
    "Output:\\n",
    "Process running with session ID 7\\n",
    "Process exited with code ",
    "Script completed\\n",
    "cmd: `",
    "write_stdin session_id",
    "<user_query>",
    "</user_query>",
    "<system-reminder>",
    "<timestamp>",
    "[Request interrupted by user]",
    "\"asInt\":\"",
    "\"startTimeUnixNano\":",
    "\"aggregationTemporality\":2",
    "\n=== ",
    "starter-1,",
    "cargo test",
    "git commit -m x",
    "2026-01-01T00:00:00Z",
    "\"label\":",
    "```",
    "\"\"",
    ",",
    "\u{fffd}",
    "https://github.com/o/r/pull/1",
];

struct Target {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    check: fn(&[u8], bool),
}

fn main() {
    let options = Options::read();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let seeds = |names: &[&str]| -> Vec<Vec<u8>> {
        names
            .iter()
            .map(|name| std::fs::read(folder.join(name)).unwrap())
            .collect()
    };
    let targets: Vec<Target> = vec![
        Target {
            name: "claude_code",
            seeds: seeds(&["claude_code.jsonl"]),
            check: |bytes, shows| checks::transcript(Format::ClaudeCode, bytes, shows),
        },
        Target {
            name: "codex",
            seeds: seeds(&["codex.jsonl"]),
            check: |bytes, shows| checks::transcript(Format::Codex, bytes, shows),
        },
        Target {
            name: "opencode",
            seeds: seeds(&["opencode.json"]),
            check: |bytes, shows| checks::transcript(Format::OpenCode, bytes, shows),
        },
        Target {
            name: "gemini",
            seeds: seeds(&["gemini.json", "gemini.jsonl"]),
            check: |bytes, shows| checks::transcript(Format::Gemini, bytes, shows),
        },
        Target {
            name: "copilot",
            seeds: seeds(&["copilot.jsonl"]),
            check: |bytes, shows| checks::transcript(Format::Copilot, bytes, shows),
        },
        Target {
            name: "cursor",
            seeds: seeds(&["cursor.jsonl"]),
            check: |bytes, shows| checks::transcript(Format::Cursor, bytes, shows),
        },
        Target {
            name: "swe_chat",
            seeds: seeds(&["sessions.parquet"]),
            check: |bytes, _| checks::parquet(bytes),
        },
        Target {
            name: "table",
            seeds: seeds(&["table.csv"]),
            check: |bytes, _| checks::table(bytes),
        },
        Target {
            name: "answer",
            seeds: seeds(&["answer.json"]),
            check: |bytes, _| checks::answer(bytes),
        },
        Target {
            name: "otlp",
            seeds: seeds(&["otlp.jsonl"]),
            check: |bytes, _| checks::otlp(bytes),
        },
        Target {
            name: "batch",
            seeds: seeds(&["batch.jsonl"]),
            check: |bytes, _| checks::batch(bytes),
        },
        Target {
            name: "goldset",
            seeds: seeds(&["goldset.txt"]),
            check: |bytes, _| checks::goldset(bytes),
        },
    ];
    // Only inputs of other formats than a target's own are spliced in rarely; all seeds serve all targets.
    let all: Vec<Vec<u8>> = targets
        .iter()
        .flat_map(|target| target.seeds.clone())
        .collect();
    let wanted: Vec<&Target> = targets
        .iter()
        .filter(|target| {
            options
                .target
                .as_deref()
                .is_none_or(|name| name == target.name)
        })
        .collect();
    assert!(!wanted.is_empty(), "no such target");
    // A panic is reported once, with its input, not by the default hook.
    std::panic::set_hook(Box::new(|_| {}));
    let mut total = 0;
    let mut faults = 0;
    println!(
        "{:<12} {:>12} {:>10} {:>12} {:>8}",
        "target", "executions", "per s", "slowest µs", "faults"
    );
    let started = Instant::now();
    for target in wanted {
        let ran = run(target, &all, &options);
        println!(
            "{:<12} {:>12} {:>10.0} {:>12} {:>8}",
            target.name,
            ran.executions,
            ran.executions as f64 / ran.seconds,
            ran.slowest.as_micros(),
            ran.faults
        );
        total += ran.executions;
        faults += ran.faults;
    }
    println!(
        "{total} executions in {:.0} s, {faults} faults (seed {})",
        started.elapsed().as_secs_f64(),
        options.seed
    );
    if faults > 0 {
        std::process::exit(1);
    }
}

struct Options {
    seconds: f64,
    executions: Option<u64>,
    seed: u64,
    target: Option<String>,
}

impl Options {
    fn read() -> Self {
        let mut options = Self {
            seconds: 16.0,
            executions: None,
            seed: 1,
            target: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().expect("a value behind the option");
            match argument.as_str() {
                "--seconds" => options.seconds = value().parse().expect("seconds"),
                "--executions" => options.executions = Some(value().parse().expect("a number")),
                "--seed" => options.seed = value().parse().expect("a number"),
                "--target" => options.target = Some(value()),
                // Cargo gives `--bench`.
                _ => {}
            }
        }
        options
    }
}

struct Ran {
    executions: u64,
    seconds: f64,
    slowest: Duration,
    faults: u64,
}

/// Both cores take half of the time or of the executions each.
fn run(target: &Target, all: &[Vec<u8>], options: &Options) -> Ran {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let share = if options.target.is_some() {
        1.0
    } else {
        TARGETS
    };
    let until = Duration::from_secs_f64(options.seconds / share);
    let each = options.executions.map(|all| all.div_ceil(workers as u64));
    let results: Vec<Ran> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let seed = options.seed.wrapping_mul(1000).wrapping_add(worker as u64);
                    work(target, all, seed, until, each)
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .collect()
    });
    Ran {
        executions: results.iter().map(|ran| ran.executions).sum(),
        seconds: started.elapsed().as_secs_f64(),
        slowest: results
            .iter()
            .map(|ran| ran.slowest)
            .max()
            .unwrap_or_default(),
        faults: results.iter().map(|ran| ran.faults).sum(),
    }
}

fn work(target: &Target, all: &[Vec<u8>], seed: u64, until: Duration, each: Option<u64>) -> Ran {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut ran = Ran {
        executions: 0,
        seconds: 0.0,
        slowest: Duration::ZERO,
        faults: 0,
    };
    let started = Instant::now();
    // Inputs that came from a seed by several steps reach further than one step does.
    let mut chain: Vec<u8> = target.seeds[0].clone();
    loop {
        let done = match each {
            Some(each) => ran.executions >= each,
            None => ran.executions.is_multiple_of(64) && started.elapsed() >= until,
        };
        if done {
            return ran;
        }
        if random.random_ratio(1, 12) || chain.is_empty() {
            chain.clone_from(&target.seeds[random.random_range(0..target.seeds.len())]);
        }
        for _ in 0..random.random_range(1..=4) {
            change(&mut chain, all, &mut random);
        }
        let shows = ran.executions.is_multiple_of(32);
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.check)(&chain, shows)));
        let took = start.elapsed();
        ran.executions += 1;
        ran.slowest = ran.slowest.max(took);
        if outcome.is_err() || took > TOO_LONG {
            ran.faults += 1;
            let why = if outcome.is_err() { "panic" } else { "slow" };
            println!(
                "{why}: {}",
                keep(target.name, seed, ran.executions, &chain).display()
            );
            if ran.faults >= 10 {
                return ran;
            }
        }
    }
}

fn keep(name: &str, seed: u64, number: u64, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}-{seed}-{number}"));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// One step away from `bytes`.
fn change(bytes: &mut Vec<u8>, all: &[Vec<u8>], random: &mut ChaCha8Rng) {
    if bytes.is_empty() {
        bytes.push(b'{');
    }
    let at = random.random_range(0..bytes.len());
    let to = random.random_range(at..bytes.len().min(at + 512)) + 1;
    match random.random_range(0..11_u8) {
        0 => bytes[at] ^= 1 << random.random_range(0..8_u8),
        1 => bytes[at] = random.random(),
        2 => bytes.insert(at, random.random()),
        3 => drop(bytes.drain(at..to.min(at + 8))),
        4 => drop(bytes.drain(at..to)),
        5 => {
            let piece = bytes[at..to].to_vec();
            let place = random.random_range(0..=bytes.len());
            bytes.splice(place..place, piece);
        }
        6 | 7 => {
            let token = TOKENS[random.random_range(0..TOKENS.len())];
            bytes.splice(at..at, token.bytes());
        }
        8 => {
            let token = TOKENS[random.random_range(0..TOKENS.len())];
            let end = (at + token.len()).min(bytes.len());
            bytes.splice(at..end, token.bytes());
        }
        9 => {
            // Structure moves less easily than text: JSON's own characters.
            bytes[at] = b"{}[]\",:\\"[random.random_range(0..8_usize)];
        }
        _ => {
            let other = &all[random.random_range(0..all.len())];
            let from = random.random_range(0..other.len());
            let end = random.random_range(from..other.len().min(from + 512)) + 1;
            bytes.splice(at..at, other[from..end].iter().copied());
        }
    }
    bytes.truncate(LONGEST);
}
