//! The data set's known faults, and what someone could put into a copy of it.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::swe_chat::{FIRST, SECOND, import, imported, rows, small, transcript};
use crate::swe_chat_files::{Cell, DataSet, SNAPPY};

fn refused(folder: &Path, more: &[&str]) -> String {
    let ran = import(folder, more);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_eq!(ran.stdout, "");
    assert!(!folder.join("gold").exists(), "nothing half written");
    ran.stderr
}

#[test]
fn known_faults_are_counted_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = small();
    // Padded with NULs, then cut off within a line.
    let padded = "dddddddd-0000-4000-8000-000000000004";
    let mut bytes = transcript(padded);
    bytes.extend(transcript(padded).iter().take(90));
    bytes.extend([0; 4_096]);
    data.session(padded, "ada/parser", bytes);
    // Nothing but NULs.
    let empty = "eeeeeeee-0000-4000-8000-000000000005";
    data.session(empty, "ada/parser", vec![0; 512]);
    // No path, no file.
    let pathless = "bce82ae2-0000-4000-8000-000000000006";
    data.session(pathless, "ada/parser", Vec::new());
    data.transcripts.pop();
    for table in ["sessions", "session_logs"] {
        let row = data.table(table).row("session_id", pathless);
        row.insert("transcript_path", "".into());
    }
    // Started by a program.
    data.session(
        "ses_machine",
        "dayhaysoos/nimbus",
        transcript("ses_machine"),
    );
    // The same agent session under two dates: the one with more output counts.
    let [early, late] = ["2026-01-05-", "2026-01-06-"].map(|day| format!("{day}{FIRST}x"));
    for (id, tokens) in [(&early, 50), (&late, 60)] {
        data.session(id, "ada/parser", transcript(id));
        let row = data.table("sessions").row("session_id", id);
        row.insert("output_tokens", tokens.into());
        row.remove("created_at");
    }
    // Nobody's.
    data.table("sessions")
        .row("session_id", SECOND)
        .remove("user_id");
    // Listed twice.
    let mut again = data.table("sessions").row("session_id", SECOND).clone();
    again.insert("output_tokens", 200.into());
    again.insert("session_success", "40".into());
    data.table("sessions").rows.push(again);
    // No timestamps, no rows of the agent.
    data.table("conversations").rows.retain(|row| {
        let is_second =
            matches!(row.get("session_id"), Some(Cell::Text(id)) if id == SECOND.as_bytes());
        let is_prompt =
            matches!(row.get("turn_type"), Some(Cell::Text(kind)) if kind == b"user_prompt");
        !is_second || is_prompt
    });
    for row in &mut data.table("conversations").rows {
        if matches!(row.get("session_id"), Some(Cell::Text(id)) if id == SECOND.as_bytes()) {
            row.remove("timestamp");
        }
    }
    // Values beside the codebook, said twice, contradicting, of unknown sessions.
    data.turn(FIRST, 9, "user_prompt", Some(("other", "takeover")));
    data.turn(FIRST, 9, "user_prompt", Some(("other", "takeover")));
    data.turn(FIRST, 11, "user_prompt", Some(("git", "")));
    data.turn(FIRST, 11, "user_prompt", Some(("test", "")));
    data.turn(
        "nobody-listed-this",
        0,
        "user_prompt",
        Some(("test", "correction")),
    );
    data.turn("", 0, "progress", None);
    let row = data.table("sessions").row("session_id", FIRST);
    row.insert("session_success", "n/a".into());
    row.insert("user_persona", "Explorer".into());
    let commit = &mut data.table("commits").rows[0];
    commit.remove("total_additions");
    commit.remove("total_deletions");
    commit.remove("files_changed_count");
    commit.insert("numstat", "12\t3\tsrc/a.rs\n-\t-\tlogo.png\n".into());
    data.table("repositories").rows[1].remove("license_type");
    data.write(&folder.path().join("data"));

    let said = imported(folder.path(), &["data", "--out", "gold"]);
    assert_snapshot!("known_faults_said", said);
    let gold = folder.path().join("gold");
    for name in [
        "sessions.csv",
        "swe-chat-labels.csv",
        "swe-chat-turns.csv",
        "commits.csv",
    ] {
        assert_snapshot!(
            format!("known_faults_{name}"),
            fs::read_to_string(gold.join(name)).unwrap()
        );
    }
    let telemetry = rows(&gold.join("telemetry.csv"));
    let padded = telemetry
        .iter()
        .find(|row| row["session_id"] == padded)
        .unwrap();
    assert_eq!(padded["lines_added"], "3");
    assert_eq!(padded["malformed_lines"], "1");

    let said = imported(
        folder.path(),
        &[
            "data",
            "--out",
            "all",
            "--keep-machine-generated",
            "--keep-duplicates",
        ],
    );
    assert!(!said.contains("left out"), "{said}");
    let ids: Vec<String> = rows(&folder.path().join("all/sessions.csv"))
        .into_iter()
        .map(|row| row["session_id"].clone())
        .collect();
    for id in ["ses_machine", &early, &late] {
        assert!(ids.iter().any(|known| known == id), "{id} is kept");
    }
    // Every row of the largest table is in a session or counted beside it.
    let placed: u64 = rows(&folder.path().join("all/swe-chat-turns.csv"))
        .iter()
        .map(|row| row["rows"].parse::<u64>().unwrap())
        .sum();
    assert_eq!(placed + 2, data.tables["conversations"].rows.len() as u64);
}

#[test]
fn hostile_names_stay_text_and_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret.jsonl"), transcript("secret")).unwrap();
    let mut data = small();
    let hostile = [
        "../../secret",
        "/etc/passwd",
        "=HYPERLINK(\"http://x\",\"y\")",
        "a\0b",
        "\u{1b}[2Jcleared\r\n",
        "..",
        "\u{202e}txt.exe",
    ];
    for (at, id) in hostile.into_iter().enumerate() {
        data.session("placeholder", "ada/parser", Vec::new());
        data.transcripts.pop();
        for table in ["sessions", "session_logs", "conversations"] {
            for row in &mut data.table(table).rows {
                if matches!(row.get("session_id"), Some(Cell::Text(known)) if known == b"placeholder")
                {
                    row.insert("session_id", id.into());
                    if table == "sessions" {
                        row.insert("transcript_path", "../secret.jsonl".into());
                        row.insert("user_id", "=1+1".into());
                        row.insert("user_persona", "+cmd|' /C calc'!A0".into());
                        row.insert("output_tokens", (i64::try_from(at).unwrap()).into());
                    }
                }
            }
        }
    }
    let row = data.table("sessions").row("session_id", SECOND);
    row.insert(
        "transcript_path",
        folder
            .path()
            .join("secret.jsonl")
            .display()
            .to_string()
            .into(),
    );
    row.insert("user_persona", Cell::Text(b"\xff\xfe broken".to_vec()));
    data.table("repositories").rows[0].insert("license_type", "@SUM(A1)\u{7}".into());
    let source = folder.path().join("data");
    data.write(&source);
    #[cfg(unix)]
    {
        // A link is as bad as a path.
        fs::remove_file(source.join(format!("transcripts/{FIRST}.jsonl"))).unwrap();
        std::os::unix::fs::symlink(
            folder.path().join("secret.jsonl"),
            source.join(format!("transcripts/{FIRST}.jsonl")),
        )
        .unwrap();
    }
    let said = imported(folder.path(), &["data", "--out", "gold"]);
    assert!(
        !said.contains('\u{1b}') && !said.contains('\u{202e}'),
        "{said}"
    );
    let gold = folder.path().join("gold");
    let sessions = rows(&gold.join("sessions.csv"));
    assert_eq!(sessions.len(), 2 + hostile.len());
    assert!(
        sessions.iter().all(|row| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            row["session_id"].bytes().all(plain) && row["file"].bytes().all(plain)
        }),
        "{sessions:?}"
    );
    for name in [
        "sessions.csv",
        "swe-chat-labels.csv",
        "swe-chat-repositories.csv",
        "attribution.csv",
        "commits.csv",
    ] {
        for row in rows(&gold.join(name)) {
            for cell in row.values() {
                assert!(!cell.starts_with(['=', '+', '@', '-']), "{name}: {cell:?}");
                assert!(
                    !cell.contains(|letter: char| letter.is_control()),
                    "{name}: {cell:?}"
                );
            }
        }
    }
    let copies: Vec<String> = fs::read_dir(gold.join("sessions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    // The named path leads out, the file with the session's own name does not.
    let expected: &[String] = if cfg!(unix) {
        &[format!("{SECOND}.jsonl")]
    } else {
        &[format!("{FIRST}.jsonl"), format!("{SECOND}.jsonl")]
    };
    assert_eq!(copies, expected);
    assert!(
        said.contains("named outside the data set's folder"),
        "{said}"
    );
    let everything = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(everything, 3, "data, gold, secret.jsonl");
}

#[test]
fn the_day_of_an_early_session_is_in_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = DataSet::new();
    let id = format!("2026-01-05-{FIRST}");
    data.session(&id, "ada/parser", transcript(&id));
    data.table("sessions").rows[0].remove("created_at");
    data.table("conversations").without_column("timestamp");
    data.write(&folder.path().join("data"));
    imported(folder.path(), &["data", "--out", "gold"]);
    let sessions = rows(&folder.path().join("gold/sessions.csv"));
    assert_eq!(sessions[0]["date"], "2026-01-05");
}

#[test]
fn a_missing_column_is_named_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = small();
    data.table("sessions").without_column("user_persona");
    data.table("sessions").without_column("session_success");
    data.write(&folder.path().join("data"));
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn columns_that_are_not_needed_may_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = small();
    data.table("sessions").without_column("agent_lines");
    data.table("commits").without_column("status");
    data.table("checkpoints").retype("session_pks", 'l');
    for row in &mut data.table("checkpoints").rows {
        row.remove("session_pks");
    }
    data.write(&folder.path().join("data"));
    fs::remove_file(folder.path().join("data/repositories.parquet")).unwrap();
    assert_snapshot!(imported(folder.path(), &["data", "--out", "gold"]));
    let commits = rows(&folder.path().join("gold/commits.csv"));
    assert_eq!(commits.len(), 2);
    // The other table has the number.
    let attribution = rows(&folder.path().join("gold/attribution.csv"));
    assert_eq!(attribution[0]["agent_lines"], "30");
}

#[test]
fn a_column_of_another_type_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = small();
    data.table("conversations").retype("turn_type", 'i');
    for row in &mut data.table("conversations").rows {
        row.insert("turn_type", 1.into());
    }
    data.write(&folder.path().join("data"));
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn a_folder_without_tables() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn a_missing_shard() {
    let folder = tempfile::tempdir().unwrap();
    let data = small();
    data.write(&folder.path().join("data"));
    let path = folder.path().join("data");
    fs::remove_file(path.join("conversations.parquet")).unwrap();
    data.tables["conversations"].write(&path.join("conversations-00000-of-00002.parquet"), SNAPPY);
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn a_table_that_is_there_twice() {
    let folder = tempfile::tempdir().unwrap();
    let data = small();
    data.write(&folder.path().join("data"));
    data.tables["sessions"].write(&folder.path().join("data/sessions/0000.parquet"), SNAPPY);
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn a_pointer_instead_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    small().write(&folder.path().join("data"));
    fs::write(
        folder.path().join("data/sessions.parquet"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    )
    .unwrap();
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn a_page_instead_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    small().write(&folder.path().join("data"));
    fs::write(
        folder.path().join("data/commits.parquet"),
        "<html>Access denied</html>",
    )
    .unwrap();
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn a_revision_that_the_folder_contradicts() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = "snapshots/f66cca95aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    small().write(&folder.path().join(snapshot));
    assert_snapshot!(refused(
        folder.path(),
        &[snapshot, "--out", "gold", "--revision", "202b071f"]
    ));
    assert_snapshot!(
        "a_revision_that_is_none",
        refused(
            folder.path(),
            &[snapshot, "--out", "gold", "--revision", "; rm -rf"]
        )
    );
    small().write(&folder.path().join("snapshots/202b071f"));
    assert_snapshot!(
        "several_snapshots",
        refused(folder.path(), &[".", "--out", "gold"])
    );
}

#[test]
fn files_of_different_revisions() {
    let folder = tempfile::tempdir().unwrap();
    small().write(&folder.path().join("data"));
    let metadata = folder.path().join("data/.cache/huggingface/download");
    fs::create_dir_all(&metadata).unwrap();
    for (name, revision) in [("sessions", "f66cca95"), ("commits", "202b071f")] {
        fs::write(metadata.join(format!("{name}.parquet.metadata")), revision).unwrap();
    }
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}

#[test]
fn nothing_left_to_import() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = DataSet::new();
    data.session(
        "ses_machine",
        "dayhaysoos/nimbus",
        transcript("ses_machine"),
    );
    data.write(&folder.path().join("data"));
    assert_snapshot!(refused(folder.path(), &["data", "--out", "gold"]));
}
