//! `validate doctor` and `validate completions`, run as a user runs them.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::workspace::Workspace;

/// A workspace whose store holds the answers of a run of the starter goldset.
fn with_store() -> Workspace {
    let workspace = Workspace::new();
    let starter = format!("{}/goldsets/starter", env!("CARGO_MANIFEST_DIR"));
    let ran = workspace.run(&["--classifier", "expertise", "--goldset", &starter]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    workspace
}

#[test]
fn a_workspace_without_a_store_is_told() {
    let workspace = Workspace::new();
    let ran = workspace.run(&["doctor"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout);
    assert!(
        !workspace.path().join(".validate").exists(),
        "looking makes nothing"
    );
}

#[test]
fn keys_are_told_as_set_and_never_shown() {
    let workspace = Workspace::new();
    let output = workspace
        .command(&["doctor", "--format", "json"])
        .env("ANTHROPIC_API_KEY", "sk-ant-0123456789abcdef")
        .env("OPENAI_BASE_URL", "http://me:hidden@127.0.0.1:8080/v1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        !text.contains("0123456789") && !text.contains("hidden"),
        "{text}"
    );
    let found: Value = serde_json::from_str(&text).unwrap();
    let told: Vec<_> = found["providers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["host"].as_str().unwrap(),
                it["has_key"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [("api.anthropic.com", true), ("127.0.0.1:8080", false)]
    );
}

#[test]
fn what_does_not_load_is_told() {
    let workspace = Workspace::new();
    workspace.edit("goldsets/tiny/goldset.toml", "title", "tittle");
    let found = workspace.run(&["doctor", "--format", "json"]);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(found["goldsets"][0]["sessions"], Value::Null);
    let problem = found["goldsets"][0]["problem"].as_str().unwrap();
    assert!(problem.contains("goldset.toml"), "{problem}");
}

#[test]
fn prompts_that_do_not_load_are_told_in_lines_and_end_with_2() {
    let bare = Workspace::new();
    fs::remove_dir_all(bare.path().join("prompts")).unwrap();
    let broken = Workspace::new();
    broken.edit("prompts/expertise/classifier.toml", "title = ", "title ");
    let no_store = Workspace::new();
    no_store.write("notes.db", &"not a database\n".repeat(100));
    let store: &[&str] = &["doctor", "--store", "notes.db"];
    for (workspace, arguments) in [
        (&bare, &["doctor"] as &[&str]),
        (&broken, &["doctor"]),
        (&no_store, store),
    ] {
        let ran = workspace.run(arguments);
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(!ran.stdout.contains("\\u{"), "{ran}");
        // A remedy, or a place in the file that is broken, on a line of its own.
        let on_own_line =
            |line: &str| line.starts_with("hint: ") || line.trim_start().starts_with('|');
        assert!(ran.stdout.lines().any(on_own_line), "{ran}");
        let json = workspace.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(json.code, Some(2), "{json}");
    }
}

/// 64 sessions are asked about, and the recordings of one are taken away: its answer is missing, and nothing has failed.
#[test]
fn missing_answers_are_no_failures() {
    let workspace = Workspace::new();
    let starter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("goldsets/starter");
    let mine = workspace.path().join("goldsets/starter");
    super::workspace::copy(&starter, &mine);
    let recordings = mine.join("recordings/expertise");
    for entry in fs::read_dir(&recordings).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let rest: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains("\"starter-a16\""))
            .collect();
        assert!(rest.len() < text.lines().count(), "it was there");
        fs::write(&path, rest.join("\n") + "\n").unwrap();
    }
    let main = ["--classifier", "expertise", "--goldset", "goldsets/starter"];
    let ran = workspace.run(&main);
    assert_eq!(ran.code, Some(3), "{ran}");
    let json = workspace.run(&["doctor", "--format", "json"]);
    let found: Value = serde_json::from_str(&json.stdout).unwrap();
    let row = &found["store"]["rows"][0];
    assert_eq!((&row["failures"], &row["missing"]), (&0.into(), &1.into()));
    let table = workspace.run(&["doctor"]).stdout;
    let header = table
        .lines()
        .find(|line| line.starts_with("goldset "))
        .unwrap();
    assert!(
        header.contains("prompt versions") && header.ends_with("missing"),
        "{table}"
    );
    let row = table
        .lines()
        .find(|line| line.starts_with("starter "))
        .unwrap();
    let cells: Vec<&str> = row.split_whitespace().rev().take(2).collect();
    assert_eq!(cells, ["1", "0"], "{table}");
}

#[test]
fn a_damaged_store_is_told_and_rescued() {
    let workspace = with_store();
    let state = |arguments: &[&str]| {
        let ran = workspace.run(&[&["doctor", "--format", "json"], arguments].concat());
        let found: Value = serde_json::from_str(&ran.stdout).unwrap();
        (ran.code, found["store"].clone())
    };
    let (code, sound) = state(&[]);
    assert_eq!((code, sound["state"].as_str()), (Some(0), Some("sound")));
    let count = |store: &Value| -> u64 {
        let answers = store["answers"].as_array().unwrap();
        answers
            .iter()
            .map(|it| it["answers"].as_u64().unwrap())
            .sum()
    };
    let whole = count(&sound);
    assert!(whole >= 64, "{whole} answers");

    // The last three quarters of the file are written over.
    let path = workspace.path().join(".validate/store.db");
    let mut bytes = fs::read(&path).unwrap();
    let tail = bytes.len() / 4;
    bytes[tail..].fill(0x5a);
    fs::write(&path, &bytes).unwrap();

    let (code, damaged) = state(&[]);
    assert_eq!(
        (code, damaged["state"].as_str()),
        (Some(2), Some("damaged"))
    );
    assert!(!damaged["problems"].as_array().unwrap().is_empty());
    let page = workspace.run(&["doctor"]).stdout;
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        page.contains("`validate doctor --store .validate/store.db --rescue`"),
        "{page}"
    );
    assert_eq!(fs::read(&path).unwrap(), bytes, "looking changes nothing");

    let (code, rescued) = state(&["--rescue"]);
    assert_eq!((code, rescued["state"].as_str()), (Some(0), Some("sound")));
    let kept = rescued["rescued"]["answers"].as_u64().unwrap();
    assert!(0 < kept && kept < whole, "{kept} of {whole}");
    assert_eq!(count(&rescued), kept);
    let moved = workspace
        .path()
        .join(rescued["rescued"]["moved_to"].as_str().unwrap());
    assert_eq!(fs::read(moved).unwrap(), bytes, "the damaged file is kept");

    let (code, again) = state(&["--rescue"]);
    assert_eq!((code, &again["rescued"]), (Some(0), &Value::Null));
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let workspace = Workspace::new();
    workspace.write(
        "notes.db",
        "not a database, but long enough to be read as one would be read",
    );
    let ran = workspace.run(&["doctor", "--store", "notes.db", "--rescue"]);
    assert_eq!(ran.code, Some(2));
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("`notes.db` is no store of answers"),
        "{words}"
    );
}

#[test]
fn every_shell_gets_a_script_that_names_the_commands() {
    let workspace = Workspace::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = workspace.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        for word in ["telemetry", "alt-test", "--bootstrap", "doctor"] {
            let word = if shell == "fish" {
                word.trim_start_matches("--")
            } else {
                word
            };
            assert!(ran.stdout.contains(word), "{shell} does not know {word}");
        }
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn bash_accepts_its_script() {
    let workspace = Workspace::new();
    workspace.write(
        "validate.bash",
        &workspace.run(&["completions", "bash"]).stdout,
    );
    let script = workspace.path().join("validate.bash");
    match Command::new("bash").arg("-n").arg(script).output() {
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(_) => eprintln!("skipped: there is no bash"),
    }
}
