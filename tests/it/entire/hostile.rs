//! Repositories that are none, that lack something, or that want to be obeyed.

use std::fs;

use proptest::prelude::*;
use serde_json::json;

use harness::ingest::entire::metadata::checkpoints;

use super::repository::{
    BRANCH, Repository, file, folder, hash_of, metadata, own_ref, session_files, summary,
};
use super::{command, ids, import, rows, session, validate};

const HEX: &str = "a1b2c3d4e5f6";
const DAY: &str = "2026-03-01T10:30:00Z";
const AUTHOR: &str = "ada@example.org";

const IMPORT: [&str; 5] = ["import", "entire", "repo", "--out", "gold"];

#[test]
fn what_is_no_repository_or_has_no_checkpoints_says_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let (code, _, stderr) = validate(place.path(), &IMPORT);
    assert_eq!(code, 2);
    insta::assert_snapshot!("entire_no_folder", stderr);
    fs::create_dir(place.path().join("repo")).unwrap();
    let (code, _, stderr) = validate(place.path(), &IMPORT);
    assert_eq!(code, 2);
    insta::assert_snapshot!("entire_no_repository", stderr);
    let mut repository = Repository::new(&place.path().join("repo"));
    let (code, _, stderr) = validate(place.path(), &IMPORT);
    assert_eq!(code, 2);
    insta::assert_snapshot!("entire_no_checkpoints", stderr);
    repository.commit("refs/heads/main", AUTHOR, "Work", &[file("a", "a\n")]);
    assert_eq!(
        validate(place.path(), &IMPORT).2,
        stderr,
        "an ordinary repository has none either"
    );
    let below = folder(HEX);
    let files = [
        summary(&format!("{below}/"), HEX),
        file(
            &format!("{below}/0/metadata.json"),
            metadata("s", HEX, DAY).to_string(),
        ),
    ];
    repository.commit("refs/entire/checkpoints/v2/main", AUTHOR, "x", &files);
    let (code, _, stderr) = validate(place.path(), &IMPORT);
    assert_eq!(code, 2);
    insta::assert_snapshot!("entire_no_transcripts", stderr);
    assert!(!place.path().join("gold").exists());
}

#[test]
fn without_git_nothing_goes() {
    let place = tempfile::tempdir().unwrap();
    let output = command(place.path(), &IMPORT)
        .env("PATH", place.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("entire_no_git", String::from_utf8(output.stderr).unwrap());
}

#[test]
fn a_bad_checkpoint_is_told_and_the_others_come_in() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let good = session("good", 2).bytes().to_vec();
    let at = |id: &str, name: &str| format!("{}/{name}", folder(id));
    let told = |id: &str, session: &str| {
        file(
            &at(id, "0/metadata.json"),
            metadata(session, id, DAY).to_string(),
        )
    };
    let mut files = session_files(&at(HEX, "0/"), &metadata("good", HEX, DAY), &good);
    files.extend([
        // Metadata that is none, or tells nothing.
        file(
            &at("b0b2c3d4e5f6", "0/metadata.json"),
            "{\"session_id\": [[[",
        ),
        file(&at("b0b2c3d4e5f6", "0/full.jsonl"), good.clone()),
        file(
            &at("b1b2c3d4e5f6", "0/metadata.json"),
            "{\"session_id\": 7}",
        ),
        file(&at("b1b2c3d4e5f6", "0/full.jsonl"), good.clone()),
        // A hash of something else: taken all the same, and told.
        told("b2b2c3d4e5f6", "other"),
        file(
            &at("b2b2c3d4e5f6", "0/full.jsonl"),
            session("other", 1).bytes(),
        ),
        file(
            &at("b2b2c3d4e5f6", "0/content_hash.txt"),
            hash_of(b"something else"),
        ),
        // A hash that is none counts as not stated.
        told("b3b2c3d4e5f6", "third"),
        file(
            &at("b3b2c3d4e5f6", "0/full.jsonl"),
            session("third", 1).bytes(),
        ),
        file(&at("b3b2c3d4e5f6", "0/content_hash.txt"), "sha256:xyz"),
        // A part is missing.
        told("b4b2c3d4e5f6", "parts"),
        file(&at("b4b2c3d4e5f6", "0/full.jsonl"), good.clone()),
        file(&at("b4b2c3d4e5f6", "0/full.jsonl.002"), good.clone()),
        // No transcript of a known agent, and an empty one.
        told("b5b2c3d4e5f6", "unknown"),
        file(
            &at("b5b2c3d4e5f6", "0/full.jsonl"),
            "{\"who\": \"knows\"}\n",
        ),
        told("b6b2c3d4e5f6", "empty"),
        file(&at("b6b2c3d4e5f6", "0/full.jsonl"), ""),
        // A folder without a session.
        file(&at("b7b2c3d4e5f6", "README.md"), "x"),
    ]);
    repository.commit(BRANCH, AUTHOR, "x", &files);
    let said = import(place.path(), &[]);
    insta::assert_snapshot!("entire_bad_checkpoints", said);
    let gold = place.path().join("gold");
    assert_eq!(ids(&gold.join("sessions.csv")), ["good", "other", "third"]);
    let hashes: Vec<String> = rows(&gold.join("checkpoints.csv"))
        .into_iter()
        .map(|row| row["content_hash"].clone())
        .collect();
    assert_eq!(hashes, ["agrees", "differs", "not stated"]);
}

#[test]
fn parts_that_were_cut_anywhere_are_joined_as_the_hash_says() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let whole = session("s", 3).bytes().to_vec();
    let (first, second) = whole.split_at(whole.len() / 2);
    let below = folder(HEX);
    repository.commit(
        BRANCH,
        AUTHOR,
        "x",
        &[
            file(
                &format!("{below}/0/metadata.json"),
                metadata("s", HEX, DAY).to_string(),
            ),
            file(&format!("{below}/0/full.jsonl"), first),
            file(&format!("{below}/0/full.jsonl.001"), second),
            file(&format!("{below}/0/content_hash.txt"), hash_of(&whole)),
        ],
    );
    import(place.path(), &[]);
    let gold = place.path().join("gold");
    assert!(fs::read(gold.join("sessions/s.jsonl")).unwrap() == whole);
    assert_eq!(
        rows(&gold.join("checkpoints.csv"))[0]["content_hash"],
        "agrees"
    );
}

#[test]
fn hostile_names_are_passed_over_and_hostile_ids_leave_no_folder() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let transcript = session("x", 1).bytes().to_vec();
    let below = folder(HEX);
    let mut files = session_files(
        &format!("{below}/0/"),
        &metadata("../../evil", HEX, DAY),
        &transcript,
    );
    let other = folder("b1b2c3d4e5f6");
    files.extend(session_files(
        &format!("{other}/0/"),
        &metadata("=cmd()\u{1b}[2J\u{1f}", "b", DAY),
        &transcript,
    ));
    for name in [
        "$(touch pwned)",
        "-rf",
        "0\n1",
        "00000000",
        "1;ls",
        "\u{202e}0",
        "tasks",
    ] {
        files.extend(session_files(
            &format!("{below}/{name}/"),
            &metadata("no", HEX, DAY),
            &transcript,
        ));
    }
    for id in [
        "zz/zzzzzzzzzz",
        "$(/touch pwned)",
        "--/output=pwned",
        "A1/B2C3D4E5F6",
    ] {
        files.extend(session_files(
            &format!("{id}/0/"),
            &metadata("no", HEX, DAY),
            &transcript,
        ));
    }
    repository.commit(BRANCH, AUTHOR, "x", &files);
    let strange = "refs/entire/checkpoints/ab/;touch-pwned-ab";
    repository.commit(
        strange,
        AUTHOR,
        "x",
        &session_files("0/", &metadata("no", HEX, DAY), &transcript),
    );
    import(place.path(), &[]);
    assert!(!place.path().join("evil.jsonl").exists());
    assert!(!place.path().join("repo/pwned").exists() && !place.path().join("pwned").exists());
    let gold = place.path().join("gold");
    let sessions = rows(&gold.join("sessions.csv"));
    assert_eq!(sessions.len(), 2);
    assert!(
        sessions
            .iter()
            .all(|row| row["file"].starts_with("session-"))
    );
    assert_eq!(
        ids(&gold.join("checkpoints.csv")),
        ids(&gold.join("sessions.csv"))
    );
    for name in ["sessions.csv", "checkpoints.csv"] {
        let text = fs::read_to_string(gold.join(name)).unwrap();
        assert!(
            !text.contains(['\u{1b}', '\u{1f}']) && !text.contains("\n="),
            "{name}"
        );
    }
    let before = fs::read(gold.join("sessions.csv")).unwrap();
    let said = import(place.path(), &[]);
    assert!(said.contains("0 sessions new, 2 already there"), "{said}");
    assert!(before == fs::read(gold.join("sessions.csv")).unwrap());
}

/// What the repository's configuration or the caller's environment would have git run or read, is not.
#[cfg(unix)]
#[test]
fn nothing_of_the_repository_runs() {
    use std::os::unix::fs::PermissionsExt;

    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let files = session_files(
        &format!("{}/0/", folder(HEX)),
        &metadata("s", HEX, DAY),
        session("s", 1).bytes(),
    );
    repository.commit(BRANCH, AUTHOR, "x", &files);
    let message = format!("Work\n\nEntire-Checkpoint: {HEX}\n");
    repository.commit(
        "refs/heads/main",
        AUTHOR,
        &message,
        &[
            file("a", "a\n"),
            file(".gitattributes", "* diff=evil\n*.txt -diff\n"),
            file("b.txt", "b\n"),
        ],
    );
    repository.git(&["reset", "--quiet", "--hard", "main"]);
    let script = place.path().join("evil.sh");
    fs::write(
        &script,
        format!("#!/bin/sh\ntouch {}\n", place.path().join("ran").display()),
    )
    .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let script = script.to_str().unwrap();
    for name in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "gpg.program",
        "pager.log",
        "uploadpack.packObjectsHook",
    ] {
        repository.git(&["config", name, script]);
    }
    repository.git(&["config", "log.showSignature", "true"]);
    repository.git(&["config", "alias.log", &format!("!{script}")]);
    fs::create_dir(place.path().join("elsewhere")).unwrap();
    let output = command(place.path(), &IMPORT)
        .env("GIT_DIR", place.path().join("elsewhere"))
        .env("GIT_EXTERNAL_DIFF", script)
        .env("GIT_PAGER", script)
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.bare")
        .env("GIT_CONFIG_VALUE_0", "nonsense")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!place.path().join("ran").exists());
    let commits = rows(&place.path().join("gold/commits.csv"));
    assert_eq!(
        (
            commits[0]["additions"].as_str(),
            commits[0]["files"].as_str()
        ),
        ("4", "3")
    );
}

#[test]
fn a_transcript_that_the_clone_lacks_is_told() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let ulid = "01KXDKNGABW47M7NK1W0RF1VMR";
    repository.commit(
        &own_ref(ulid),
        AUTHOR,
        "x",
        &session_files("0/", &metadata("s", ulid, DAY), session("s", 1).bytes()),
    );
    let files = session_files(
        &format!("{}/0/", folder(HEX)),
        &metadata("t", HEX, DAY),
        session("t", 1).bytes(),
    );
    repository.commit(BRANCH, AUTHOR, "x", &files);
    // fast-import writes a few objects loose.
    repository.git(&["config", "fetch.unpackLimit", "1000"]);
    let object = repository.git(&["rev-parse", &format!("{}:0/full.jsonl", own_ref(ulid))]);
    let packs = repository.folder.join(".git/objects/pack");
    let moved = place.path().join("packs");
    fs::rename(&packs, &moved).unwrap();
    fs::create_dir(&packs).unwrap();
    for pack in fs::read_dir(&moved)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if pack.extension().is_some_and(|ending| ending == "pack") {
            let bytes = fs::File::open(&pack).unwrap();
            let unpacked = std::process::Command::new("git")
                .current_dir(&repository.folder)
                .args(["unpack-objects", "-q"])
                .stdin(bytes)
                .status()
                .unwrap();
            assert!(unpacked.success());
        }
    }
    fs::remove_file(
        repository
            .folder
            .join(".git/objects")
            .join(&object[..2])
            .join(&object[2..]),
    )
    .unwrap();
    let said = import(place.path(), &[]);
    assert!(said.contains("missing, as in a partial clone"), "{said}");
    assert_eq!(ids(&place.path().join("gold/sessions.csv")), ["t"]);
}

proptest! {
    /// Metadata is somebody else's: whatever it is, reading it ends and gives at most what it holds.
    #[test]
    fn damaged_metadata_is_read_or_left(cut in 0_usize..700, at in 0_usize..700, byte in any::<u8>()) {
        let occurrence = json!({
            "checkpoint_id": HEX, "session_metadata": metadata("s", HEX, DAY), "checkpoint_metadata": {"sessions": [{}, {}]},
            "commits": [{"sha": "c", "numstat": {"additions": 3, "deletions": 1}}, {"sha": "d", "numstat": null}],
        });
        let mut bytes = json!({"session_id": "s", "occurrences": [occurrence]}).to_string().into_bytes();
        let whole = checkpoints(&bytes);
        prop_assert_eq!(whole[0].sessions, Some(2));
        prop_assert_eq!(whole[0].commits.as_ref().unwrap()[0].additions, Some(3));
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        bytes.truncate(cut);
        prop_assert!(checkpoints(&bytes).len() <= 1);
    }
}
