//! What the redaction rules find in real sessions, and how fast; docs/redaction.md quotes the figures.
//!
//! `VALIDATE_REFERENCE_DATA=DIR cargo bench --bench redaction` reads every string of the sessions below `DIR/sessions`.
//! Found secrets are shown by their length and first four characters only.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::ingest::redact::Redactor;
use serde_json::Value;

fn main() {
    let folder = std::env::var_os("VALIDATE_REFERENCE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let sessions = folder.join("sessions");
    if !sessions.is_dir() {
        println!("skipped: no sessions at {}", sessions.display());
        return;
    }
    let files: Vec<String> = walkdir::WalkDir::new(sessions)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned())
        .collect();
    let mut strings = Vec::new();
    for file in &files {
        let values = serde_json::Deserializer::from_str(file).into_iter::<Value>();
        for value in values.map_while(Result::ok) {
            collect(&value, &mut strings);
        }
    }
    matches_by_rule(&strings);
    speed("decoded strings", &strings);
    speed("raw files", &files);
}

fn collect(value: &Value, strings: &mut Vec<String>) {
    match value {
        Value::String(text) => strings.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, strings)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, strings)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn matches_by_rule(strings: &[String]) {
    let mut by_rule: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for text in strings {
        for (rule, range) in Redactor::standard().find(text) {
            let before = text.floor_char_boundary(range.start.saturating_sub(40));
            let secret = &text[range.clone()];
            let head: String = secret.chars().take(4).collect();
            let shown = format!(
                "{}{head}… ({} bytes)",
                &text[before..range.start],
                secret.len()
            );
            let matches = by_rule.entry(rule.to_owned()).or_default();
            *matches.entry(shown.replace('\n', " ")).or_default() += 1;
        }
    }
    for (rule, matches) in by_rule {
        println!(
            "{rule}: {} matches, {} different",
            matches.values().sum::<usize>(),
            matches.len()
        );
        for (shown, times) in matches {
            println!("    {times} x {shown}");
        }
    }
}

fn speed(what: &str, texts: &[String]) {
    let bytes: usize = texts.iter().map(String::len).sum();
    let best = (0..3)
        .map(|_| {
            let start = processor_time();
            let changed = texts
                .iter()
                .filter(|text| matches!(Redactor::standard().redact(text), Cow::Owned(_)))
                .count();
            (processor_time() - start, changed)
        })
        .min()
        .unwrap();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate in megabytes needs no more"
    )]
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{what}: {megabytes:.0} MB in {} texts, {} changed, {:.0} MB/s",
        texts.len(),
        best.1,
        megabytes / best.0.as_secs_f64()
    );
}

/// The processor time of this thread where the system tells it, so that neighbours on the machine do not count.
fn processor_time() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(Instant::now);
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|line| line.split(' ').next()?.parse().ok())
        .map_or_else(|| start.elapsed(), Duration::from_nanos)
}
