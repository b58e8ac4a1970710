//! What the rules find in real sessions, and how fast: both to be looked at, hence ignored.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::ingest::redact::Redactor;

use super::kinds::{MIXED, random};
use super::{rng, show};

/// The folder with the reference data, if it is there.
fn reference(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("VALIDATE_REFERENCE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let part = root.join(part);
    if !part.is_dir() {
        show(&format!(
            "skipped: {} is not there (VALIDATE_REFERENCE_DATA names the folder)",
            part.display()
        ));
        return None;
    }
    Some(part)
}

/// Every string of every JSON value in the session files.
fn session_strings(each: &mut dyn FnMut(&str)) -> Option<()> {
    fn walk(value: &serde_json::Value, each: &mut dyn FnMut(&str)) {
        match value {
            serde_json::Value::String(text) => each(text),
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, each)),
            serde_json::Value::Object(items) => items.values().for_each(|item| walk(item, each)),
            _ => {}
        }
    }
    for entry in walkdir::WalkDir::new(reference("sessions")?).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            let bytes = std::fs::read(entry.path()).unwrap();
            for value in
                serde_json::Deserializer::from_slice(&bytes).into_iter::<serde_json::Value>()
            {
                let Ok(value) = value else { break };
                walk(&value, each);
            }
        }
    }
    Some(())
}

#[test]
#[ignore = "lists every match in the reference sessions: cargo test --release --test it lists_every -- --ignored --nocapture"]
fn lists_every_match_in_real_sessions_by_rule() {
    let redactor = Redactor::standard();
    let mut by_rule: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let read = session_strings(&mut |text| {
        for (rule, range) in redactor.find(text) {
            let start = text.floor_char_boundary(range.start.saturating_sub(40));
            let end = text.ceil_char_boundary(range.end + 12);
            let shown = format!(
                "{} >>>{}<<< {}",
                &text[start..range.start],
                &text[range.clone()],
                &text[range.end..end]
            );
            *by_rule
                .entry(rule.to_owned())
                .or_default()
                .entry(shown.replace('\n', "⏎"))
                .or_default() += 1;
        }
    });
    if read.is_none() {
        return;
    }
    for (rule, matches) in by_rule {
        show(&format!(
            "{rule}: {} matches, {} different",
            matches.values().sum::<usize>(),
            matches.len()
        ));
        for (shown, times) in matches {
            show(&format!("    {times} x {shown}"));
        }
    }
}

/// The processor time of this thread where the system tells it, so that neighbours on the machine do not count.
fn used() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(Instant::now);
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|line| line.split(' ').next()?.parse().ok())
        .map_or_else(|| start.elapsed(), Duration::from_nanos)
}

#[test]
#[ignore = "measures: cargo test --release --test it measures_speed -- --ignored --nocapture"]
fn measures_speed_on_real_sessions() {
    let redactor = Redactor::standard();
    let mut texts = Vec::new();
    if session_strings(&mut |text| texts.push(text.to_owned())).is_none() {
        return;
    }
    let raw: Vec<String> = walkdir::WalkDir::new(reference("sessions").unwrap())
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .map(|entry| String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned())
        .collect();
    let mut rng = rng(502);
    let noise = vec![random(&mut rng, MIXED, 8_000_000)];
    for (what, texts) in [
        ("decoded strings", &texts),
        ("raw files", &raw),
        ("random letters", &noise),
    ] {
        let bytes: usize = texts.iter().map(String::len).sum();
        let best = (0..3)
            .map(|_| {
                let start = used();
                let changed = texts
                    .iter()
                    .filter(|text| matches!(redactor.redact(text), std::borrow::Cow::Owned(_)))
                    .count();
                (used() - start, changed)
            })
            .min()
            .unwrap();
        let speed = bytes as f64 / 1e6 / best.0.as_secs_f64();
        show(&format!(
            "{what}: {:.0} MB in {} texts, {} changed, {speed:.0} MB/s",
            bytes as f64 / 1e6,
            texts.len(),
            best.1
        ));
    }
}
