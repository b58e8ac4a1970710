//! Real sessions and the checkpoints that were collected with them, stored in all three generations and imported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::repository::{
    BRANCH, CURRENT, File, MAIN, Repository, file, folder, hash_of, own_ref, summary,
};
use super::{import, rows};
use crate::workspace::reference_data;

/// Sessions of each agent, the smallest ones: the test is about storage, not about size.
const OF_EACH: usize = 6;
/// Lines of commits that are made anew; larger ones are left out with their checkpoints' names.
const MOST_LINES: u64 = 20_000;

struct Real {
    id: String,
    transcript: Vec<u8>,
    chosen: String,
    occurrences: Vec<Value>,
}

fn real_sessions(sessions: &Path) -> Vec<Real> {
    let mut by_agent: BTreeMap<String, Vec<(u64, PathBuf)>> = BTreeMap::new();
    for row in csv::Reader::from_path(sessions.join("index.csv"))
        .unwrap()
        .deserialize::<BTreeMap<String, String>>()
    {
        let row = row.unwrap();
        let path = sessions.join(&row["file"]);
        let bytes = fs::metadata(&path).unwrap().len();
        by_agent
            .entry(row["agent"].clone())
            .or_default()
            .push((bytes, path));
    }
    let mut found = Vec::new();
    for mut files in by_agent.into_values() {
        files.sort();
        for (_, path) in files.into_iter().take(OF_EACH) {
            let list = fs::read(path.with_extension("checkpoints.json")).unwrap();
            let list: Value = serde_json::from_slice(&list).unwrap();
            found.push(Real {
                id: list["session_id"].as_str().unwrap().to_owned(),
                transcript: fs::read(&path).unwrap(),
                chosen: list["chosen_checkpoint"].as_str().unwrap().to_owned(),
                occurrences: list["occurrences"].as_array().unwrap().clone(),
            });
        }
    }
    found
}

/// What stands in a checkpoint: the first half of the lines, or all; nothing of a document but all.
fn snapshot(real: &Real, checkpoint: &str) -> Option<Vec<u8>> {
    if checkpoint == real.chosen {
        return Some(real.transcript.clone());
    }
    let lines: Vec<&[u8]> = real
        .transcript
        .split_inclusive(|byte| *byte == b'\n')
        .collect();
    let is_lines = lines
        .iter()
        .take(2)
        .all(|line| serde_json::from_slice::<Value>(line).is_ok());
    (is_lines && lines.len() > 3).then(|| lines[..lines.len() / 2].concat())
}

#[derive(Default)]
struct Work {
    checkpoints: BTreeSet<String>,
    numstat: Vec<(u64, u64)>,
    binary: usize,
    additions: u64,
    deletions: u64,
}

/// Commits of all sessions by their original hash.
fn work(sessions: &[Real]) -> BTreeMap<String, Work> {
    let mut found: BTreeMap<String, Work> = BTreeMap::new();
    for real in sessions {
        for occurrence in &real.occurrences {
            for commit in occurrence["commits"].as_array().unwrap() {
                let Some(numstat) = commit["numstat"]["numstat"].as_array() else {
                    continue;
                };
                let count = |name: &str| commit["numstat"][name].as_u64().unwrap();
                if MOST_LINES < count("additions") + count("deletions") {
                    continue;
                }
                let work = found
                    .entry(commit["sha"].as_str().unwrap().to_owned())
                    .or_default();
                work.checkpoints
                    .insert(occurrence["checkpoint_id"].as_str().unwrap().to_owned());
                let cells = |file: &Value| {
                    (file[1].as_str()?.parse().ok()).zip(file[2].as_str()?.parse().ok())
                };
                work.numstat = numstat.iter().filter_map(cells).collect();
                work.binary = numstat.len() - work.numstat.len();
                // The list of a large commit was cut when it was collected: what is put in counts, not its totals.
                work.additions = work.numstat.iter().map(|counts| counts.0).sum();
                work.deletions = work.numstat.iter().map(|counts| counts.1).sum();
            }
        }
    }
    found
}

/// Makes a commit that adds and removes as many lines, file by file, and gives its hash.
fn make(repository: &mut Repository, name: &str, work: &Work) -> String {
    let lines = |word: &str, at: usize, count: u64| -> String {
        (0..count)
            .map(|line| format!("{name} {word} {at} {line}\n"))
            .collect()
    };
    let write = |word: &str, count: fn(&(u64, u64)) -> u64| -> Vec<File> {
        let files = work.numstat.iter().enumerate();
        files
            .map(|(at, counts)| file(&format!("{name}/{at}"), lines(word, at, count(counts))))
            .collect()
    };
    let before = write("old", |counts| counts.1);
    repository.commit("refs/heads/main", "ada@example.org", "Before", &before);
    let mut after = write("new", |counts| counts.0);
    after.extend((0..work.binary).map(|at| file(&format!("{name}/binary {at}"), vec![0, 1, 2])));
    let trailers: String = work
        .checkpoints
        .iter()
        .map(|id| format!("Entire-Checkpoint: {id}\n"))
        .collect();
    repository.commit(
        "refs/heads/main",
        "ada@example.org",
        &format!("Work\n\n{trailers}"),
        &after,
    )
}

/// Stores a checkpoint in one of the generations, by its number.
fn store(repository: &mut Repository, generation: usize, id: &str, sessions: &[(&Real, &Value)]) {
    let below = if generation == 2 {
        String::new()
    } else {
        format!("{}/", folder(id))
    };
    let mut metadata = vec![summary(&below, id)];
    let mut transcripts = Vec::new();
    let (name, hash_name) = if generation == 1 {
        ("raw_transcript", "raw_transcript_hash.txt")
    } else {
        ("full.jsonl", "content_hash.txt")
    };
    for (real, occurrence) in sessions {
        let below = format!("{below}{}/", occurrence["index"]);
        metadata.push(file(
            &format!("{below}metadata.json"),
            occurrence["session_metadata"].to_string(),
        ));
        if let Some(bytes) = snapshot(real, id) {
            transcripts.push(file(&format!("{below}{hash_name}"), hash_of(&bytes)));
            transcripts.push(file(&format!("{below}{name}"), bytes));
        }
    }
    let author = "ada@example.org";
    match generation {
        0 | 2 => {
            metadata.extend(transcripts);
            let reference = if generation == 0 {
                BRANCH.to_owned()
            } else {
                own_ref(id)
            };
            repository.commit(&reference, author, &format!("Checkpoint: {id}"), &metadata);
        }
        _ => {
            repository.commit(MAIN, author, &format!("Checkpoint: {id}"), &metadata);
            repository.commit(CURRENT, author, "transcripts", &transcripts);
        }
    }
}

#[test]
fn real_sessions_in_all_three_generations_come_in_complete() {
    let Some(data) = reference_data() else {
        return;
    };
    let sessions = real_sessions(&data.join("sessions"));
    assert!(sessions.len() > 4 * OF_EACH - 10, "sessions of five agents");
    let place = tempfile::tempdir().unwrap();
    let mut repository = Repository::new(&place.path().join("repo"));
    let mut checkpoints: BTreeMap<String, Vec<(&Real, &Value)>> = BTreeMap::new();
    for real in &sessions {
        for occurrence in &real.occurrences {
            let id = occurrence["checkpoint_id"].as_str().unwrap().to_owned();
            checkpoints.entry(id).or_default().push((real, occurrence));
        }
    }
    for (at, (id, inside)) in checkpoints.iter().enumerate() {
        store(&mut repository, at % 3, id, inside);
    }
    let work = work(&sessions);
    let made: BTreeMap<&str, String> = work
        .iter()
        .map(|(sha, work)| (sha.as_str(), make(&mut repository, sha, work)))
        .collect();
    let said = import(place.path(), &["--licence", "as in the repository"]);
    let gold = place.path().join("gold");

    let listed = rows(&gold.join("sessions.csv"));
    assert_eq!(listed.len(), sessions.len(), "{said}");
    for real in &sessions {
        let row = listed
            .iter()
            .find(|row| row["session_id"] == real.id)
            .unwrap();
        let copy = fs::read(gold.join("sessions").join(&row["file"])).unwrap();
        assert!(copy == real.transcript, "{}", real.id);
    }

    let told = rows(&gold.join("checkpoints.csv"));
    assert_eq!(
        told.len(),
        checkpoints.values().map(Vec::len).sum::<usize>()
    );
    for (id, inside) in &checkpoints {
        for (real, occurrence) in inside {
            let row = told
                .iter()
                .find(|row| row["session_id"] == real.id && row["checkpoint_id"] == *id)
                .unwrap();
            assert_eq!(row["sessions"], inside.len().to_string());
            let record = &occurrence["session_metadata"]["initial_attribution"];
            let version = match record {
                Value::Null => String::new(),
                record => record["metric_version"].as_u64().unwrap_or(1).to_string(),
            };
            assert_eq!(row["metric_version"], version);
            for column in [
                "agent_lines",
                "agent_removed",
                "human_added",
                "human_modified",
                "human_removed",
                "total_committed",
                "total_lines_changed",
            ] {
                let expected = record[column].as_u64().map(|count| count.to_string());
                assert_eq!(row[column], expected.unwrap_or_default(), "{id} {column}");
            }
            if let Some(share) = record["agent_percentage"].as_f64() {
                assert!((row["agent_percentage"].parse::<f64>().unwrap() - share).abs() < 1e-9);
            }
        }
    }

    let mut expected: Vec<[String; 5]> = Vec::new();
    for (sha, work) in &work {
        for id in &work.checkpoints {
            for (real, _) in &checkpoints[id] {
                let cells = [&real.id, id, &made[sha.as_str()]].map(Clone::clone);
                let [session, checkpoint, commit] = cells;
                let lines = [work.additions, work.deletions].map(|count| count.to_string());
                let [additions, deletions] = lines;
                expected.push([session, checkpoint, commit, additions, deletions]);
            }
        }
    }
    let columns = [
        "session_id",
        "checkpoint_id",
        "commit",
        "additions",
        "deletions",
    ];
    let mut commits: Vec<[String; 5]> = rows(&gold.join("commits.csv"))
        .iter()
        .map(|row| columns.map(|column| row[column].clone()))
        .collect();
    expected.sort();
    commits.sort();
    assert!(!commits.is_empty());
    assert_eq!(commits, expected);

    let again = import(place.path(), &[]);
    assert!(
        again.contains(&format!("0 sessions new, {} already there", sessions.len())),
        "{again}"
    );
}
