//! What a live run costs the client: `cargo bench --bench asking`, against a provider in this process that answers after 50 ms.
//!
//! 200 made-up sessions and ten classifiers of one question: 2,000 requests of 6 KB, 64 on their way, rendered, checked and
//! kept in a durable store. Then the same command with `--offline`, which only replays the store.
//! `cargo bench --bench asking -- --sessions 10000 --latency 0` makes 100,000 rows of it.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "measurements are printed, and a failed one ends it"
)]

#[path = "../tests/fake/mod.rs"]
mod fake;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use fake::Fake;
use fake::plan::Plan;

const CLASSIFIERS: usize = 10;

fn main() {
    let sessions = number("--sessions").unwrap_or(200);
    let latency = number("--latency").unwrap_or(50);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    workspace(folder.path(), sessions);
    let fake = Fake::start(Plan::new().latency_ms(latency));
    let requests = sessions * CLASSIFIERS as u64;
    println!(
        "{requests} requests, 64 on their way, {latency} ms each: at best {:.2} s",
        f64::from(u32::try_from(requests * latency).unwrap()) / 64.0 / 1000.0
    );
    measured("asked", folder.path(), &fake, &[]);
    let ledger = fake.ledger();
    println!(
        "  the provider answered {} requests, {} on their way at most",
        ledger.answered(),
        ledger.max_in_flight()
    );
    measured(
        "replayed from the store",
        folder.path(),
        &fake,
        &["--offline"],
    );
}

fn number(name: &str) -> Option<u64> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
        .and_then(|text| text.parse().ok())
}

/// Runs the binary as a user does, below `/usr/bin/time`, which tells processor seconds and memory.
fn measured(what: &str, folder: &Path, fake: &Fake, more: &[&str]) {
    let start = Instant::now();
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%U user s, %S system s, %M KB at most"])
        .arg(env!("CARGO_BIN_EXE_validate"))
        .args(["--classifier", "all", "--goldset", "goldsets/bench"])
        .args([
            "--model",
            "anthropic:claude-haiku-5-5",
            "--concurrency",
            "64",
        ])
        .args(["--format", "json"])
        .args(more)
        .current_dir(folder)
        .env("ANTHROPIC_BASE_URL", fake.base_anthropic())
        .env("ANTHROPIC_API_KEY", Plan::KEY)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
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

fn workspace(folder: &Path, sessions: u64) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
    for shared in ["system.md", "wire.schema.json", "view.toml"] {
        let text = fs::read_to_string(prompts.join(shared)).unwrap();
        write(&format!("prompts/{shared}"), &text);
    }
    for n in 0..CLASSIFIERS {
        write(
            &format!("prompts/question-{n}/classifier.toml"),
            &DEFINITION.replace("NUMBER", &n.to_string()),
        );
        write(&format!("prompts/question-{n}/prompt.md"), PROMPT);
        write(&format!("prompts/question-{n}/answer.schema.json"), SCHEMA);
    }
    write("goldsets/bench/goldset.toml", GOLDSET);
    let mut list = "session_id,file,user,date,repo,licence,source\n".to_owned();
    let mut labels = "session_id,classifier,rater,label,rationale\n".to_owned();
    for n in 0..sessions {
        list.push_str(&format!(
            "s{n},s{n}.jsonl,user-{},2026-01-01,r,MIT,made up\n",
            n / 4
        ));
        for classifier in 0..CLASSIFIERS {
            let label = if (n + classifier as u64).is_multiple_of(3) {
                "yes"
            } else {
                "no"
            };
            labels.push_str(&format!("s{n},question-{classifier},hand,{label},\n"));
        }
        let text = format!(
            "Session {n}: please mend the parser. {}",
            "It reads dates. ".repeat(30)
        );
        write(
            &format!("goldsets/bench/sessions/s{n}.jsonl"),
            &line(n, &text),
        );
    }
    write("goldsets/bench/sessions.csv", &list);
    write("goldsets/bench/labels.csv", &labels);
}

fn line(n: u64, text: &str) -> String {
    let id = format!("s{n}");
    serde_json::json!({
        "type": "user", "sessionId": id, "timestamp": "2026-01-01T10:00:00Z",
        "message": {"role": "user", "content": text},
    })
    .to_string()
        + "\n"
}

const DEFINITION: &str = r#"title = "Question NUMBER"
question = "Is this about matter NUMBER?"
scale = "nominal"
[[labels]]
name = "yes"
title = "Yes"
definition = "It is."
[[labels]]
name = "no"
title = "No"
definition = "It is not."
[answer]
fields = ["evidence", "label", "confidence"]
[gate]
statistic = "cohen_kappa"
margin = 0.1
parse_rate = 0.95
"#;

const PROMPT: &str = "# {{ title }}\n\n{{ question }}\n{% for label in labels %}\n- `{{ label.name }}` ({{ label.title }}): {{ label.definition }}{% endfor %}\n";

const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["evidence","label","confidence","decisions"],
"properties":{"evidence":{"type":"array","items":{"type":"object","required":["turn","shows"],"properties":{"turn":{"type":"integer"},"shows":{"type":"string"}},"additionalProperties":false}},
"label":{"type":"string","enum":["yes","no"]},"confidence":{"type":"number","minimum":0,"maximum":1},"decisions":{"type":"array","maxItems":0}}}"#;

const GOLDSET: &str = r#"title = "made-up sessions"
licence = "MIT"
provenance = "written by the bench"
synthetic = true
[default]
model = "recorded:none"
against = "hand"
[[raters]]
name = "hand"
kind = "construction"
description = "by construction"
"#;
