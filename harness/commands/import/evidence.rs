//! What checkpoints say beside the transcripts, as two tables of the goldset: `checkpoints.csv`, one row for each session in each
//! checkpoint with Entire's attribution, and `commits.csv`, one row for each commit that names such a checkpoint.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use crate::domain::evidence::Attribution;
use crate::ingest::entire::commits::Linked;
use crate::ingest::entire::tables::{CHECKPOINTS, COMMITS};

use super::entire::{Session, Weighed, pseudonym};
use super::table::{Table, outside};

/// Sessions, and the commits that name their checkpoints.
pub(super) struct Evidence<'e> {
    /// The sessions.
    pub(super) sessions: &'e [Session],
    /// Commits of the repository that name any checkpoint.
    pub(super) commits: &'e [Linked],
    /// What authors' addresses are hashed with.
    pub(super) salt: &'e str,
}

impl Evidence<'_> {
    /// Who held a session: the author of most of its commits, else who made most of its checkpoints, as a pseudonym.
    pub(super) fn user(&self, session: &Session) -> Option<String> {
        let own: HashSet<&str> = session
            .held
            .iter()
            .map(|weighed| weighed.held.checkpoint_id.as_str())
            .collect();
        let authors = self
            .commits
            .iter()
            .filter(|linked| {
                linked
                    .checkpoints
                    .iter()
                    .any(|id| own.contains(id.as_str()))
            })
            .map(|linked| linked.author.as_str());
        let makers = session
            .held
            .iter()
            .filter_map(|weighed| weighed.held.made_by.as_deref());
        most(authors)
            .or_else(|| most(makers))
            .map(|address| pseudonym(self.salt, address))
    }
}

/// The most frequent address; of equally frequent ones the first in the alphabet.
fn most<'a>(addresses: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for address in addresses.filter(|address| !address.trim().is_empty()) {
        *counts.entry(address).or_default() += 1;
    }
    let most = *counts.values().max()?;
    counts
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(address, _)| address)
}

const CHECKPOINT_COLUMNS: [&str; 20] = [
    "session_id",
    "checkpoint_id",
    "storage",
    "created_at",
    "agent",
    "sessions",
    "commits",
    "transcript_bytes",
    "transcript_sha256",
    "content_hash",
    "imported",
    "metric_version",
    "agent_lines",
    "agent_removed",
    "human_added",
    "human_modified",
    "human_removed",
    "total_committed",
    "total_lines_changed",
    "agent_percentage",
];

const COMMIT_COLUMNS: [&str; 10] = [
    "session_id",
    "checkpoint_id",
    "commit",
    "committed_at",
    "author",
    "merge",
    "additions",
    "deletions",
    "files",
    "binary_files",
];

/// Writes both tables. Rows of checkpoints that the repository does not have stay; commits of a checkpoint are those
/// that the repository has of it now, because a rebase puts others in their place.
///
/// # Errors
/// Where a table cannot be read or written.
pub(super) fn write(out: &Path, evidence: &Evidence<'_>) -> anyhow::Result<()> {
    let mut by_checkpoint: HashMap<&str, Vec<&Linked>> = HashMap::new();
    for linked in evidence.commits {
        for id in &linked.checkpoints {
            by_checkpoint.entry(id).or_default().push(linked);
        }
    }
    let mut checkpoints = Table::open_by(&out.join(CHECKPOINTS), &CHECKPOINT_COLUMNS, 2)?;
    let mut commits = Table::open_by(&out.join(COMMITS), &COMMIT_COLUMNS, 3)?;
    let told: HashSet<(String, String)> = evidence
        .sessions
        .iter()
        .flat_map(|session| session.held.iter().map(move |weighed| (session, weighed)))
        .map(|(session, weighed)| (session.id.clone(), weighed.held.checkpoint_id.clone()))
        .filter(|(_, checkpoint)| by_checkpoint.contains_key(checkpoint.as_str()))
        .collect();
    commits.retain(|cell| {
        let key = cell("session_id").zip(cell("checkpoint_id"));
        !key.is_some_and(|key| told.contains(&key))
    });
    for session in evidence.sessions {
        let session_id = session.id.as_str();
        for (at, weighed) in session.held.iter().enumerate() {
            // A session that stands in a checkpoint twice has the row of its complete transcript.
            let is_second = session
                .held
                .iter()
                .enumerate()
                .any(|(other, twin)| outranks((other, twin), (at, weighed), session.chosen));
            if is_second {
                continue;
            }
            let id = weighed.held.checkpoint_id.as_str();
            let linked = by_checkpoint.get(id).map_or(&[][..], Vec::as_slice);
            checkpoints.set_by(
                &[session_id, id],
                checkpoint_cells(weighed, at == session.chosen, linked.len()),
            );
            for linked in linked {
                commits.set_by(
                    &[session_id, id, &linked.commit.id],
                    commit_cells(linked, evidence.salt),
                );
            }
        }
    }
    commits.write()?;
    checkpoints.write()
}

/// Whether another record of the same checkpoint stands for both: the chosen one, else the later one.
fn outranks(other: (usize, &Weighed), own: (usize, &Weighed), chosen: usize) -> bool {
    other.0 != own.0
        && other.1.held.checkpoint_id == own.1.held.checkpoint_id
        && own.0 != chosen
        && (other.0 == chosen || own.0 < other.0)
}

fn checkpoint_cells(
    weighed: &Weighed,
    imported: bool,
    commits: usize,
) -> Vec<(&'static str, String)> {
    let held = &weighed.held;
    let snapshot = weighed
        .snapshot
        .as_ref()
        .and_then(|read| read.as_ref().ok());
    let content_hash = match snapshot.map(|snapshot| snapshot.hash_agrees) {
        Some(Some(true)) => "agrees",
        Some(Some(false)) => "differs",
        Some(None) => "not stated",
        None => "no transcript",
    };
    let mut cells = vec![
        ("storage", held.generation.name().to_owned()),
        ("created_at", outside(&held.metadata.created_at)),
        ("agent", outside(&held.metadata.agent)),
        ("sessions", held.sessions.to_string()),
        ("commits", commits.to_string()),
        (
            "transcript_bytes",
            cell(snapshot.map(|snapshot| snapshot.bytes)),
        ),
        (
            "transcript_sha256",
            snapshot
                .map(|snapshot| snapshot.sha256.clone())
                .unwrap_or_default(),
        ),
        ("content_hash", content_hash.to_owned()),
        ("imported", imported.to_string()),
    ];
    // Cells of a record that is gone must not stay.
    let none = Attribution::default();
    let record = held.metadata.attribution.as_ref();
    let version = record.map(|record| record.metric_version);
    let record = record.unwrap_or(&none);
    cells.extend([
        ("metric_version", cell(version)),
        ("agent_lines", cell(record.agent_lines)),
        ("agent_removed", cell(record.agent_removed)),
        ("human_added", cell(record.human_added)),
        ("human_modified", cell(record.human_modified)),
        ("human_removed", cell(record.human_removed)),
        ("total_committed", cell(record.total_committed)),
        ("total_lines_changed", cell(record.total_lines_changed)),
        (
            "agent_percentage",
            record
                .agent_percentage
                .map(|share| share.to_string())
                .unwrap_or_default(),
        ),
    ]);
    cells
}

fn commit_cells(linked: &Linked, salt: &str) -> Vec<(&'static str, String)> {
    vec![
        ("committed_at", outside(&linked.committed)),
        ("author", pseudonym(salt, &linked.author)),
        ("merge", linked.commit.merge.to_string()),
        ("additions", cell(linked.commit.additions)),
        ("deletions", cell(linked.commit.deletions)),
        ("files", cell(linked.files.map(|(files, _)| files))),
        ("binary_files", cell(linked.files.map(|(_, binary)| binary))),
    ]
}

/// Unknown is empty, not zero.
fn cell(count: Option<u64>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}
