//! Sessions out of all three generations of storage, complete, once, and as they are.

use std::fs;

use super::repository::{
    BRANCH, CURRENT, MAIN, Repository, file, folder, hash_of, metadata, own_ref, session_files,
    summary,
};
use super::{ids, import, part_of, rows, session};

const HEX: &str = "a1b2c3d4e5f6";
const OTHER: &str = "b1b2c3d4e5f6";
const THIRD: &str = "c1b2c3d4e5f6";
const ULID: &str = "01KXDKNGABW47M7NK1W0RF1VMR";
const DAY: &str = "2026-03-01T10:30:00Z";
const AUTHOR: &str = "ada@example.org";

#[test]
fn all_three_generations_come_in_byte_for_byte() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let transcripts: Vec<Vec<u8>> = (1..=7)
        .map(|turns| session(&format!("s{turns}"), turns).bytes().to_vec())
        .collect();
    // The branch: sessions 0 and 2, the second in three parts, and what belongs to no session.
    let below = folder(HEX);
    let mut files = vec![summary(&format!("{below}/"), HEX)];
    files.extend(session_files(
        &format!("{below}/0/"),
        &metadata("s1", HEX, DAY),
        &transcripts[0],
    ));
    let whole = &transcripts[1];
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let part = |from: usize, to: usize| {
        let mut bytes = lines[from..to].concat();
        if to < lines.len() {
            bytes.pop();
        }
        bytes
    };
    files.extend([
        file(
            &format!("{below}/2/metadata.json"),
            metadata("s2", HEX, DAY).to_string(),
        ),
        file(&format!("{below}/2/full.jsonl"), part(0, 2)),
        file(&format!("{below}/2/full.jsonl.001"), part(2, 3)),
        file(&format!("{below}/2/full.jsonl.002"), part(3, lines.len())),
        file(&format!("{below}/2/content_hash.txt"), hash_of(whole)),
        file(&format!("{below}/tasks/toolu_1/checkpoint.json"), "{}"),
        file(
            &format!("{below}/tasks/toolu_1/agent-1.jsonl"),
            transcripts[6].clone(),
        ),
    ]);
    repository.commit(BRANCH, AUTHOR, &format!("Checkpoint: {HEX}"), &files);
    // The oldest layout: the session's files in the checkpoint's folder, in another remote's branch.
    let below = folder(OTHER);
    let oldest = session_files(
        &format!("{below}/"),
        &metadata("s3", OTHER, DAY),
        &transcripts[2],
    );
    repository.commit(
        "refs/remotes/upstream/entire/checkpoints/v1",
        AUTHOR,
        "old",
        &oldest,
    );
    // The second generation: metadata, the newest transcripts, and an archive, one of them under older names.
    let (below, third) = (folder(HEX), folder(THIRD));
    repository.commit(
        MAIN,
        AUTHOR,
        "metadata",
        &[
            summary(&format!("{below}/"), HEX),
            file(
                &format!("{below}/0/metadata.json"),
                metadata("s4", HEX, DAY).to_string(),
            ),
            file(
                &format!("{below}/1/metadata.json"),
                metadata("s5", HEX, DAY).to_string(),
            ),
            file(
                &format!("{below}/1/transcript.jsonl"),
                "{\"compact\":true}\n",
            ),
            summary(&format!("{third}/"), THIRD),
            file(
                &format!("{third}/0/metadata.json"),
                metadata("gone", THIRD, DAY).to_string(),
            ),
        ],
    );
    repository.commit(
        CURRENT,
        AUTHOR,
        "transcripts",
        &[
            file(&format!("{below}/0/raw_transcript"), transcripts[3].clone()),
            file(
                &format!("{below}/0/raw_transcript_hash.txt"),
                hash_of(&transcripts[3]),
            ),
        ],
    );
    repository.commit(
        "refs/entire/checkpoints/v2/full/0000000000001",
        AUTHOR,
        "archive",
        &[
            file(&format!("{below}/1/full.jsonl"), transcripts[4].clone()),
            file(
                &format!("{below}/1/content_hash.txt"),
                hash_of(&transcripts[4]),
            ),
        ],
    );
    // The third: one ref, whose first commit lacks the end of the turn.
    let cut = session("s6", 3).bytes().to_vec();
    let mut first = vec![summary("", ULID)];
    first.extend(session_files("0/", &metadata("s6", ULID, DAY), &cut));
    repository.commit(
        &own_ref(ULID),
        AUTHOR,
        &format!("Checkpoint: {ULID}"),
        &first,
    );
    let finalised = session_files("0/", &metadata("s6", ULID, DAY), &transcripts[5]);
    repository.commit(
        &own_ref(ULID),
        AUTHOR,
        &format!("Finalize transcript for Checkpoint: {ULID}"),
        &finalised,
    );

    let said = import(place.path(), &[]);
    insta::assert_snapshot!("entire_import_of_three_generations", said);
    let gold = place.path().join("gold");
    let sessions = rows(&gold.join("sessions.csv"));
    assert_eq!(
        ids(&gold.join("sessions.csv")),
        ["s1", "s2", "s3", "s4", "s5", "s6"]
    );
    for (row, transcript) in sessions.iter().zip(&transcripts) {
        let copy = fs::read(gold.join("sessions").join(&row["file"])).unwrap();
        assert!(copy == *transcript, "{}", row["session_id"]);
        assert_eq!(format!("sha256:{}\n", row["sha256"]), hash_of(transcript));
        assert_eq!(
            (row["repo"].as_str(), row["date"].as_str()),
            ("repo", "2026-03-01")
        );
    }
    let sources: Vec<&str> = sessions.iter().map(|row| row["source"].as_str()).collect();
    assert_eq!(
        sources,
        [
            &format!("entire v1 {HEX}/0"),
            &format!("entire v1 {HEX}/2"),
            &format!("entire v1 {OTHER}"),
            &format!("entire v2 {HEX}/0"),
            &format!("entire v2 {HEX}/1"),
            &format!("entire refs {ULID}/0"),
        ]
    );
    let checkpoints = rows(&gold.join("checkpoints.csv"));
    assert_eq!(checkpoints.len(), 6);
    assert!(
        checkpoints
            .iter()
            .all(|row| row["content_hash"] == "agrees" && row["imported"] == "true")
    );
    let counts: Vec<&str> = checkpoints
        .iter()
        .map(|row| row["sessions"].as_str())
        .collect();
    assert_eq!(counts, ["2", "2", "1", "2", "2", "1"]);
    let telemetry = rows(&gold.join("telemetry.csv"));
    assert_eq!(
        telemetry[5]["lines_added"], "18",
        "six turns of three lines"
    );
}

/// One session in one-session checkpoints of the branch, in the order in which they are written.
fn snapshots(repository: &mut Repository, of: &[(&str, &str, &str, &[u8])]) {
    for (checkpoint, session, created, transcript) in of {
        let below = folder(checkpoint);
        let mut files = vec![summary(&format!("{below}/"), checkpoint)];
        files.extend(session_files(
            &format!("{below}/0/"),
            &metadata(session, checkpoint, created),
            transcript,
        ));
        repository.commit(BRANCH, AUTHOR, &format!("Checkpoint: {checkpoint}"), &files);
    }
}

#[test]
fn the_complete_snapshot_is_neither_the_newest_nor_the_longest() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let whole = session("s", 4).bytes().to_vec();
    // Longer, because a line of it is: it breaks off in the middle all the same.
    let mut long = session("s", 2).raw(vec![b' '; 9000]).bytes().to_vec();
    long.push(b'\n');
    assert!(whole.len() < long.len());
    let only_the_end = part_of("s", 4, 4)
        .says("m", &"word ".repeat(3000))
        .bytes()
        .to_vec();
    let broken = &whole[..whole.len() - 40];
    snapshots(
        &mut repository,
        &[
            (HEX, "s", "2026-03-01T11:00:00Z", &whole),
            (OTHER, "s", "2026-03-01T12:00:00Z", &long),
            (THIRD, "s", "2026-03-01T13:00:00Z", &only_the_end),
            ("d1b2c3d4e5f6", "s", "2026-03-01T14:00:00Z", broken),
        ],
    );
    import(place.path(), &[]);
    let gold = place.path().join("gold");
    assert!(fs::read(gold.join("sessions/s.jsonl")).unwrap() == whole);
    let imported: Vec<String> = rows(&gold.join("checkpoints.csv"))
        .into_iter()
        .filter(|row| row["imported"] == "true")
        .map(|row| row["checkpoint_id"].clone())
        .collect();
    assert_eq!(imported, [HEX]);
}

#[test]
fn a_session_under_two_dates_is_one() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let inner = "5e551011-0000-4000-8000-000000000001";
    let (first, second) = (format!("2026-03-01-{inner}"), format!("2026-03-02-{inner}"));
    let (short, long) = (
        session(inner, 2).bytes().to_vec(),
        session(inner, 3).bytes().to_vec(),
    );
    snapshots(&mut repository, &[(OTHER, &second, DAY, &short)]);
    import(place.path(), &[]);
    let gold = place.path().join("gold");
    assert_eq!(ids(&gold.join("sessions.csv")), [second.as_str()]);
    snapshots(
        &mut repository,
        &[(HEX, &first, DAY, &short), (THIRD, inner, DAY, &long)],
    );
    let said = import(place.path(), &[]);
    assert!(
        said.contains("0 sessions new, 1 replaced by longer transcripts"),
        "{said}"
    );
    let sessions = rows(&gold.join("sessions.csv"));
    assert_eq!(sessions.len(), 1, "the id that is there stays");
    assert_eq!(sessions[0]["session_id"], second);
    assert_eq!(rows(&gold.join("checkpoints.csv")).len(), 3);

    fs::remove_dir_all(&gold).unwrap();
    import(place.path(), &[]);
    let sessions = rows(&gold.join("sessions.csv"));
    assert_eq!(sessions[0]["session_id"], first, "else the first date");
    assert_eq!(sessions[0]["other_ids"], format!("{second} {inner}"));
    assert!(fs::read(gold.join("sessions").join(&sessions[0]["file"])).unwrap() == long);
}

#[test]
fn a_second_import_adds_what_is_new_and_clears_up_after_one_that_was_killed() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let two = session("s", 2).bytes().to_vec();
    snapshots(&mut repository, &[(HEX, "s", DAY, &two)]);
    import(place.path(), &[]);
    let gold = place.path().join("gold");
    let files = [
        "sessions.csv",
        "telemetry.csv",
        "checkpoints.csv",
        "commits.csv",
        "goldset.toml",
    ];
    let read = || files.map(|name| fs::read(gold.join(name)).unwrap());
    let before = read();
    // No process has a number this high; the test itself runs.
    let left = [
        gold.join("sessions/s.4194999.partial"),
        gold.join("sessions.4194999.partial"),
    ];
    let running = gold.join(format!("sessions/other.{}.partial", std::process::id()));
    let own = gold.join("notes.partial");
    for path in left.iter().chain([&running, &own]) {
        fs::write(path, "half").unwrap();
    }
    let said = import(place.path(), &[]);
    assert!(said.contains("0 sessions new, 1 already there"), "{said}");
    assert!(before == read(), "nothing changes");
    assert!(
        left.iter().all(|path| !path.exists()),
        "nobody writes these any more"
    );
    assert!(running.exists() && own.exists());

    let three = session("s", 3).bytes().to_vec();
    let new = session("t", 1).bytes().to_vec();
    snapshots(
        &mut repository,
        &[(OTHER, "s", DAY, &three), (THIRD, "t", DAY, &new)],
    );
    let said = import(place.path(), &[]);
    assert!(
        said.contains("1 session new, 1 replaced by longer transcripts"),
        "{said}"
    );
    assert!(fs::read(gold.join("sessions/s.jsonl")).unwrap() == three);
    assert_eq!(ids(&gold.join("sessions.csv")), ["s", "t"]);
    assert_eq!(rows(&gold.join("telemetry.csv"))[0]["prompts"], "3");
    let imported: Vec<(String, String)> = rows(&gold.join("checkpoints.csv"))
        .into_iter()
        .map(|row| (row["checkpoint_id"].clone(), row["imported"].clone()))
        .collect();
    let expected = [(HEX, "false"), (OTHER, "true"), (THIRD, "true")];
    assert_eq!(
        imported,
        expected.map(|(id, is)| (id.to_owned(), is.to_owned()))
    );
    // A goldset that knows more than the repository keeps it.
    repository.git(&["update-ref", "-d", BRANCH]);
    snapshots(&mut repository, &[(HEX, "s", DAY, &two)]);
    let said = import(place.path(), &[]);
    assert!(
        said.contains("left out because a longer transcript"),
        "{said}"
    );
    assert!(fs::read(gold.join("sessions/s.jsonl")).unwrap() == three);
    assert_eq!(ids(&gold.join("sessions.csv")), ["s", "t"]);
}

#[test]
fn names_and_licence_can_be_given() {
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    snapshots(&mut repository, &[(HEX, "s", DAY, session("s", 1).bytes())]);
    repository.git(&[
        "remote",
        "add",
        "origin",
        "https://ada:hunter2@example.org/ada/parser.git",
    ]);
    import(place.path(), &["--licence", "MIT"]);
    let gold = place.path().join("gold");
    let row = &rows(&gold.join("sessions.csv"))[0];
    assert_eq!(
        (row["repo"].as_str(), row["licence"].as_str()),
        ("ada/parser", "MIT")
    );
    let user = row["user"].clone();
    assert_eq!(user.len(), 12, "who made the checkpoint, as a pseudonym");
    fs::remove_dir_all(&gold).unwrap();
    import(place.path(), &["--salt", "pepper"]);
    assert_ne!(rows(&gold.join("sessions.csv"))[0]["user"], user);
    fs::remove_dir_all(&gold).unwrap();
    import(place.path(), &["--user", "ada", "--repo", "r"]);
    let row = &rows(&gold.join("sessions.csv"))[0];
    assert_eq!((row["repo"].as_str(), row["user"].as_str()), ("r", "ada"));
    let all = fs::read_dir(&gold)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for path in all.filter(|path| path.is_file()) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains("hunter2") && !text.contains("example.org"),
            "{path:?}"
        );
    }
}
