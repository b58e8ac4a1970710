//! Commits that name a checkpoint in a trailer, `Entire-Checkpoint: <id>`, and the lines that they change.
//!
//! Rebases, squashes and cherry-picks copy trailers, so that a checkpoint can have several commits and a commit several
//! checkpoints. All are told; who wants one commit per checkpoint has to ask for it.

use std::collections::HashMap;

use crate::domain::evidence::Commit;
use crate::ingest::git::{Changed, GitError, ObjectId, Repository};

use super::layout::is_id;

const TRAILER: &str = "Entire-Checkpoint:";

/// A commit that names checkpoints.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The commit and its lines.
    pub commit: Commit,
    /// The checkpoints, each once, in the order of the message.
    pub checkpoints: Vec<String>,
    /// When it was committed, ISO 8601 with an offset.
    pub committed: String,
    /// The author's address.
    pub author: String,
    /// Files that it changes, and the binary ones among them, if they were counted.
    pub files: Option<(u64, u64)>,
}

/// All commits reachable from `tips` that name a checkpoint, newest first.
///
/// Merge commits have no counts. Neither have commits at the edge of a shallow clone: their parents are unknown, and against
/// nothing they would seem to add every line of the repository.
///
/// # Errors
/// Where git fails.
pub fn linked(repository: &Repository, tips: &[ObjectId]) -> Result<Vec<Linked>, GitError> {
    let is_shallow = repository.is_shallow()?;
    let mut found = Vec::new();
    let mut wanted = Vec::new();
    repository.log(tips, Some(TRAILER), |logged| {
        let checkpoints = named(&logged.message);
        if checkpoints.is_empty() {
            return;
        }
        if logged.parents == 1 || logged.parents == 0 && !is_shallow {
            wanted.push(logged.id.clone());
        }
        found.push(Linked {
            commit: Commit {
                id: logged.id.to_string(),
                merge: 1 < logged.parents,
                additions: None,
                deletions: None,
            },
            checkpoints,
            committed: logged.committed,
            author: logged.author,
            files: None,
        });
    })?;
    // A commit that changes no file is passed over by the count.
    let mut counts: HashMap<String, Changed> = wanted
        .iter()
        .map(|id| (id.to_string(), Changed::default()))
        .collect();
    repository.changes(&wanted, |id, changed| {
        counts.insert(id.to_string(), changed);
    })?;
    for linked in &mut found {
        if let Some(changed) = counts.get(&linked.commit.id) {
            linked.commit.additions = Some(changed.additions);
            linked.commit.deletions = Some(changed.deletions);
            linked.files = Some((changed.files, changed.binary));
        }
    }
    Ok(found)
}

/// Checkpoints that a message names, anywhere: a squash keeps trailers in the middle.
fn named(message: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for line in message.lines() {
        let id = line.strip_prefix(TRAILER).map(str::trim);
        if let Some(id) = id.filter(|id| is_id(id) && !ids.iter().any(|known| known == id)) {
            ids.push(id.to_owned());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn trailers_are_found_anywhere_and_once() {
        let message = "Squashed\n\n* one\n\nEntire-Checkpoint: a1b2c3d4e5f6\n\n* two\n\n\
             Entire-Checkpoint:  01KXDKNGABW47M7NK1W0RF1VMR \nEntire-Checkpoint: a1b2c3d4e5f6\n\
             Entire-Checkpoint: ../../etc\nentire-checkpoint: b1b2c3d4e5f6\n see Entire-Checkpoint: c1b2c3d4e5f6\n";
        assert_eq!(
            named(message),
            ["a1b2c3d4e5f6", "01KXDKNGABW47M7NK1W0RF1VMR"]
        );
    }
}
