//! The direction of dependencies, and the size of files, as `docs/architecture.md` states them.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may use. A room may always use itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("stats", &[]),
    ("ingest", &["domain"]),
    ("telemetry", &["domain"]),
    ("classifier", &["domain"]),
    ("goldset", &["domain", "classifier"]),
    ("provider", &["domain"]),
    ("store", &["domain"]),
    (
        "run",
        &[
            "domain",
            "ingest",
            "telemetry",
            "classifier",
            "goldset",
            "provider",
            "store",
        ],
    ),
    (
        "validation",
        &["domain", "stats", "telemetry", "classifier"],
    ),
    (
        "gate",
        &["domain", "stats", "classifier", "goldset", "validation"],
    ),
    (
        "report",
        &["domain", "stats", "classifier", "validation", "gate"],
    ),
    ("cli", &[]),
    ("exit", &[]),
    (
        "commands",
        &[
            "domain",
            "stats",
            "ingest",
            "telemetry",
            "classifier",
            "goldset",
            "provider",
            "store",
            "run",
            "validation",
            "gate",
            "report",
            "cli",
            "exit",
        ],
    ),
];

const LONGEST_FILE: usize = 600;

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect();
    files.sort();
    files
}

/// The room of a file below `harness/`: its first folder, or its own name.
fn room(file: &Path) -> String {
    let below = file.strip_prefix(package().join("harness")).unwrap();
    let first = below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Rooms that a line of code names as `crate::room`, in `use` lines and in paths.
fn rooms_named(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        // `use crate::{a::x, b::y}` names several.
        let list = rest
            .strip_prefix('{')
            .map_or(rest, |list| list.split('}').next().unwrap_or(list));
        let parts: Vec<&str> = if rest.starts_with('{') {
            list.split(',').collect()
        } else {
            vec![rest]
        };
        for part in parts {
            let name: String = part
                .trim()
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            if !name.is_empty() {
                named.push(name);
            }
        }
    }
    named
}

#[test]
fn no_room_reaches_up() {
    let mut wrong = Vec::new();
    for file in sources(&package().join("harness")) {
        let room = room(&file);
        if room == "main" || room == "lib" {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!(
                "{}: the room `{room}` is not in docs/architecture.md",
                file.display()
            ));
            continue;
        };
        for (number, line) in (1..).zip(fs::read_to_string(&file).unwrap().lines()) {
            for named in rooms_named(line) {
                if named != room && !allowed.contains(&named.as_str()) {
                    wrong.push(format!(
                        "{}:{number}: `{room}` uses `{named}`",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "rooms that reach up:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_test_sees_every_way_of_naming_a_room() {
    assert_eq!(rooms_named("use crate::domain::label::Label;"), ["domain"]);
    assert_eq!(
        rooms_named("    let x = crate::stats::kappa::cohen();"),
        ["stats"]
    );
    assert_eq!(
        rooms_named("use crate::{domain::text, report};"),
        ["domain", "report"]
    );
    assert!(rooms_named("// crate::report is not used here").is_empty());
}

#[test]
fn only_the_right_files_know_a_crate() {
    let owners: &[(&str, &[&str])] = &[
        ("statrs", &["stats/dist.rs"]),
        ("jsonschema", &["classifier/schema.rs"]),
        (
            "minijinja",
            &["classifier/prompt.rs", "report/appendix/page/"],
        ),
        ("kuva", &["report/figures/"]),
        ("anyhow", &["commands/"]),
        ("rusqlite", &["store/"]),
        ("reqwest", &["provider/"]),
        ("rustls", &["provider/http.rs"]),
        ("backon", &["provider/ask.rs"]),
        ("tokio", &["provider/", "run/"]),
        ("indicatif", &["commands/"]),
        ("clap_complete", &["commands/completions.rs"]),
        ("parquet", &["ingest/swe_chat/columns.rs"]),
        ("similar", &["commands/prompts/diff.rs"]),
        ("tempfile", &["commands/prompts/revision.rs"]),
        ("clap", &["cli.rs", "cli/", "main.rs"]),
    ];
    let mut wrong = Vec::new();
    for file in sources(&package().join("harness")) {
        let below = file
            .strip_prefix(package().join("harness"))
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&file).unwrap();
        for (name, places) in owners {
            let uses = text
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default())
                .any(|line| {
                    line.contains(&format!("{name}::")) || line.contains(&format!("use {name}"))
                });
            if uses && !places.iter().any(|place| below.starts_with(place)) {
                wrong.push(format!(
                    "{}: uses `{name}`, which belongs to {places:?}",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_600_lines() {
    let long: Vec<String> = ["harness", "tests", "benches"]
        .iter()
        .flat_map(|folder| sources(&package().join(folder)))
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), file))
        .filter(|(lines, _)| LONGEST_FILE < *lines)
        .map(|(lines, file)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert!(
        long.is_empty(),
        "split what has two subjects:\n{}",
        long.join("\n")
    );
}

#[test]
fn the_map_names_every_room() {
    let map = fs::read_to_string(package().join("docs/architecture.md")).unwrap();
    for (room, _) in MAY_USE {
        assert!(
            map.contains(&format!("`{room}")),
            "docs/architecture.md does not name `{room}`"
        );
    }
}
