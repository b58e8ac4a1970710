//! The tables of checkpoints and commits: which commits hold a session's work, and how many sessions share one.

use std::collections::HashMap;

use super::columns::Rows;

/// A commit of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Its hash.
    pub sha: String,
    /// When it was committed, ISO 8601; may be empty.
    pub date: String,
    /// Lines added.
    pub additions: Option<f64>,
    /// Lines removed.
    pub deletions: Option<f64>,
    /// Files changed.
    pub files: Option<f64>,
}

/// What a session shares a checkpoint with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkpoint {
    /// Sessions in it.
    pub sessions: Option<f64>,
    /// Commits of it.
    pub commits: Option<f64>,
}

/// Checkpoints and commits by the checkpoint's key.
#[derive(Debug, Default)]
pub struct Checkpoints {
    checkpoints: HashMap<String, Checkpoint>,
    commits: HashMap<String, Vec<Commit>>,
    of_session: HashMap<String, Vec<String>>,
    /// Commits that could not be read when the data set was made.
    pub failed_commits: u64,
    /// Rows without a key, and repeated ones.
    pub passed_over: u64,
}

impl Checkpoints {
    /// A checkpoint, if the tables know it.
    #[must_use]
    pub fn checkpoint(&self, key: &str) -> Checkpoint {
        let mut checkpoint = self.checkpoints.get(key).cloned().unwrap_or_default();
        if checkpoint.commits.is_none() {
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
            let counted = self.commits.get(key).map(|commits| commits.len() as f64);
            checkpoint.commits = counted;
        }
        checkpoint
    }

    /// The commits of a checkpoint in the order of the table.
    #[must_use]
    pub fn commits(&self, key: &str) -> &[Commit] {
        self.commits.get(key).map_or(&[], Vec::as_slice)
    }

    /// Checkpoints that name a session.
    #[must_use]
    pub fn of_session(&self, id: &str) -> &[String] {
        self.of_session.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn rows(&mut self, rows: &Rows) {
        for row in 0..rows.count() {
            let text = |name: &str| rows.column(name).text(row).unwrap_or_default();
            let key = text("checkpoint_pk").trim().to_owned();
            if key.is_empty() {
                self.passed_over += 1;
                continue;
            }
            let listed = super::list(&text("session_pks")).unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
            let counted = (!listed.is_empty()).then_some(listed.len() as f64);
            for session in listed {
                // A session's key can carry its repository in front.
                let id = session.rsplit('#').next().unwrap_or_default().trim();
                let keys = self.of_session.entry(id.to_owned()).or_default();
                if !keys.contains(&key) {
                    keys.push(key.clone());
                }
            }
            let checkpoint = Checkpoint {
                sessions: rows.column("session_count").number(row).or(counted),
                commits: rows.column("commit_count").number(row),
            };
            if self.checkpoints.insert(key, checkpoint).is_some() {
                self.passed_over += 1;
            }
        }
    }

    pub(super) fn commit_rows(&mut self, rows: &Rows) {
        for row in 0..rows.count() {
            let text = |name: &str| rows.column(name).text(row).unwrap_or_default();
            let number = |name: &str| rows.column(name).number(row);
            let key = text("checkpoint_pk").trim().to_owned();
            let sha = text("commit_sha").trim().to_owned();
            if key.is_empty() || sha.is_empty() {
                self.passed_over += 1;
                continue;
            }
            let status = text("status");
            if !status.is_empty() && status != "ok" {
                self.failed_commits += 1;
            }
            let mut commit = Commit {
                sha,
                date: rows
                    .column("commit_date")
                    .seconds(row)
                    .or_else(|| rows.column("author_date").seconds(row))
                    .and_then(super::moment)
                    .unwrap_or_default(),
                additions: number("total_additions"),
                deletions: number("total_deletions"),
                files: number("files_changed_count"),
            };
            if commit.additions.is_none() || commit.deletions.is_none() {
                let counted = counted(&text("numstat"));
                commit.additions = commit.additions.or(counted.map(|sums| sums[0]));
                commit.deletions = commit.deletions.or(counted.map(|sums| sums[1]));
                commit.files = commit.files.or(counted.map(|sums| sums[2]));
            }
            let commits = self.commits.entry(key).or_default();
            if commits.iter().any(|known| known.sha == commit.sha) {
                self.passed_over += 1;
            } else {
                commits.push(commit);
            }
        }
    }
}

/// Lines added, lines removed and files of git's numstat; binary files count as files without lines.
fn counted(numstat: &str) -> Option<[f64; 3]> {
    let mut sums = [0.0; 3];
    for line in numstat.lines().filter(|line| !line.trim().is_empty()) {
        let mut cells = line.split('\t');
        for sum in &mut sums[..2] {
            match cells.next()? {
                "-" => {}
                cell => *sum += cell.parse::<u32>().ok().map(f64::from)?,
            }
        }
        cells.next()?;
        sums[2] += 1.0;
    }
    (0.0 < sums[2]).then_some(sums)
}
