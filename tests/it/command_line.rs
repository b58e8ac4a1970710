//! What the command line says where it is used in a way that leads nowhere: a way out in every message.

use std::fs;

use harness::classifier::check::Quantity;
use harness::domain::telemetry::Measure;

use crate::recorded::three_sessions;
use crate::requests_files::import;
use crate::workspace::{Workspace, package};

/// A workspace with a goldset `mine`, as an import of the starter's transcripts leaves it.
fn imported() -> Workspace {
    let workspace = Workspace::new();
    let starter = package().join("goldsets/starter/sessions");
    for name in ["notes.md", "list.csv"] {
        workspace.write(&format!("from/project/{name}"), "no transcript\n");
    }
    let mut files: Vec<_> = fs::read_dir(starter)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for path in files.iter().take(2) {
        let name = path.file_name().unwrap();
        fs::copy(path, workspace.path().join("from/project").join(name)).unwrap();
    }
    workspace
}

#[test]
fn an_import_says_what_is_next_and_its_dry_run_needs_no_labels() {
    let workspace = imported();
    let ran = workspace.run(&["import", "transcripts", "from", "--out", "mine"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let next: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("next: "))
        .collect();
    assert_eq!(next.len(), 1, "{ran}");
    for way in [
        "validate telemetry mine/sessions",
        "--dry-run",
        "validate requests export --goldset mine",
        "labels.csv",
    ] {
        assert!(next[0].contains(way), "{way}: {ran}");
    }

    let main = [
        "--classifier",
        "expertise",
        "--goldset",
        "mine",
        "--model",
        "anthropic:claude-opus-4-8",
    ];
    let dry = workspace.run(&[&main[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, Some(0), "{dry}");
    assert!(
        dry.stdout.contains("would be asked 2 of 2 requests"),
        "{dry}"
    );
    let wet = workspace.run(&main);
    assert_eq!(wet.code, Some(2), "{wet}");
    assert!(wet.stderr.contains("--against"), "{wet}");
    let unknown = workspace.run(&[&main[..], &["--dry-run", "--against", "nobody"]].concat());
    assert_eq!(
        unknown.code,
        Some(2),
        "a slip is told all the same: {unknown}"
    );
}

#[test]
fn an_import_lists_passed_over_files_where_more_is_to_be_said() {
    let workspace = imported();
    let arguments = ["import", "transcripts", "from", "--out", "mine"];
    let counted = workspace.run(&arguments);
    assert!(
        counted.stderr.contains("passed over: 2 files") && counted.stderr.contains("`--verbose`"),
        "{counted}"
    );
    let listed = workspace.run(&[&arguments[..], &["-v"]].concat());
    assert_eq!(listed.code, Some(0), "{listed}");
    for name in ["notes.md", "list.csv"] {
        let line = format!("passed over: `from/project/{name}` is no transcript");
        assert!(listed.stderr.contains(&line), "{listed}");
    }
    assert!(!listed.stderr.contains("2 files"), "{listed}");
}

#[test]
fn batches_need_a_model_that_is_asked() {
    let workspace = Workspace::new();
    for more in [&[] as &[&str], &["--dry-run"]] {
        let main = [
            "--classifier",
            "codebase",
            "--goldset",
            "goldsets/tiny",
            "--batch",
        ];
        let ran = workspace.run(&[&main[..], more].concat());
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(
            ran.stderr.contains("`--batch`") && ran.stderr.contains("hint: name one with `--model"),
            "{ran}"
        );
    }
}

#[test]
fn options_stand_under_their_own_headings() {
    let workspace = Workspace::new();
    let heading = "Asking a provider:";
    for command in [
        &["doctor"] as &[&str],
        &["telemetry"],
        &["import", "transcripts"],
        &["stats", "agree"],
    ] {
        let ran = workspace.run(&[command, &["--help"]].concat());
        assert!(ran.stdout.contains("--verbose"), "{ran}");
        assert!(!ran.stdout.contains(heading), "{ran}");
    }
    for command in [&[] as &[&str], &["gate"]] {
        let ran = workspace.run(&[command, &["--help"]].concat());
        let (own, asking) = ran.stdout.split_once(heading).expect("they ask");
        for option in [
            "--verbose",
            "--seed <N>",
            "--format <FORMAT>",
            "--out <DIR>",
        ] {
            assert!(own.contains(option) && !asking.contains(option), "{ran}");
        }
        assert!(asking.contains("--max-cost <USD>"), "{ran}");
    }
}

#[test]
fn negative_numbers_are_told_by_their_range() {
    let workspace = Workspace::new();
    let main = ["--classifier", "codebase", "--goldset", "goldsets/tiny"];
    let gate = [
        "gate",
        "--classifier",
        "codebase",
        "--goldset",
        "goldsets/tiny",
    ];
    for (command, option, said) in [
        (&main[..], "--seed", "not in 0..=18446744073709551615"),
        (&main, "--limit", "-1 is not in 0.."),
        (&main, "--max-cost", "US dollars from 0 on"),
        (&main, "--timeout", "-1 is not in 1..=86400"),
        (&main, "--concurrency", "-1 is not in 1..=1000"),
        (&gate, "--margin", "above 0 and at most 1"),
        (&["report"], "--seed", "not in 0..=18446744073709551615"),
    ] {
        let ran = workspace.run(&[command, &[option, "-1"]].concat());
        assert_eq!(ran.code, Some(2), "{option}: {ran}");
        assert!(
            ran.stderr.contains(said) && !ran.stderr.contains("unexpected argument"),
            "{option}: {ran}"
        );
    }
    let most = u64::MAX.to_string();
    let ran = workspace.run(&[&main[..], &["--seed", &most]].concat());
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn what_is_not_there_is_told_with_a_remedy() {
    let workspace = Workspace::new();
    workspace.write("index.csv", "no,transcript\n");
    let nope = "/no/such/place";
    for arguments in [
        &["import", "swe-chat", nope, "--out", "mine"] as &[&str],
        &["import", "transcripts", nope, "--out", "mine"],
        &[
            "requests",
            "import",
            nope,
            "--goldset",
            "goldsets/tiny",
            "--model",
            "m",
            "--when",
            "2026-11-22",
        ],
        &["prompts", "render", "expertise", "index.csv"],
    ] {
        let ran = workspace.run(arguments);
        assert_eq!(ran.code, Some(2), "{ran}");
        let hints = ran.stderr.lines().filter(|line| line.starts_with("hint: "));
        assert_eq!(hints.count(), 1, "{ran}");
    }
    assert!(!workspace.path().join("mine").exists(), "nothing is made");
}

#[test]
fn lines_of_a_wrong_file_are_told_once() {
    let workspace = three_sessions();
    workspace.write(
        "notes.md",
        &"A sentence about something else.\n".repeat(127),
    );
    let ran = import(&workspace, &["notes.md"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("127 lines"), "{ran}");
    let told = |part: &str| {
        ran.stderr
            .lines()
            .filter(|line| line.contains(part))
            .count()
    };
    assert_eq!(told("notes.md:"), 5, "{ran}");
    assert_eq!(told("122 more"), 1, "{ran}");
    assert_eq!(told("give one JSON object a line"), 1, "{ran}");
}

#[test]
fn values_are_rounded_and_one_is_singular() {
    for (measure, value, said) in [
        (
            Measure::ActionsPerPrompt,
            13.0 / 3.0,
            "4.33 actions per prompt",
        ),
        (Measure::ActionsPerPrompt, 8.0, "8 actions per prompt"),
        (Measure::Commits, 1.0, "1 commit"),
        (Measure::ToolErrors, 1.0, "1 tool error"),
        (Measure::LinesAdded, 0.0, "0 lines added"),
        (Measure::LinesAdded, 1200.0, "1200 lines added"),
    ] {
        assert_eq!(Quantity::Measure(measure).counted(value), said);
    }
}
