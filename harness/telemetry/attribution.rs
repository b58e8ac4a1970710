//! What checkpoints of the Entire CLI say of a session: sums over its checkpoints, and lines that can be held against
//! other sources.

use std::collections::BTreeMap;

use crate::domain::evidence::{Attribution, Checkpoint, Commit, EntireRow};

/// The row of one session, from all of its checkpoints.
///
/// Figures of two metrics are not summed: where checkpoints differ in theirs, `entire_metric_version` says `mixed`.
#[must_use]
pub fn row(checkpoints: &[&Checkpoint]) -> EntireRow {
    let mut row = EntireRow {
        entire_checkpoints: Some(checkpoints.len() as u64),
        ..EntireRow::default()
    };
    if let Some(sessions) = checkpoints
        .iter()
        .map(|checkpoint| checkpoint.sessions)
        .collect::<Option<Vec<u64>>>()
    {
        row.entire_shared_checkpoints =
            Some(sessions.iter().filter(|count| **count > 1).count() as u64);
        row.entire_sessions = sessions.into_iter().max();
    }
    if let Some(commits) = commits(checkpoints) {
        row.entire_commits = Some(commits.len() as u64);
        let lines = lines(&commits);
        row.entire_commit_lines_added = lines.map(|(added, _)| added);
        row.entire_commit_lines_removed = lines.map(|(_, removed)| removed);
    }
    attributed(checkpoints, &mut row);
    row
}

fn attributed(checkpoints: &[&Checkpoint], row: &mut EntireRow) {
    let records: Vec<&Attribution> = checkpoints
        .iter()
        .filter_map(|checkpoint| checkpoint.attribution.as_ref())
        .collect();
    row.entire_attributed_checkpoints = Some(records.len() as u64);
    let Some(first) = records.first() else {
        return;
    };
    if records
        .iter()
        .any(|record| record.metric_version != first.metric_version)
    {
        row.entire_metric_version = Some("mixed".to_owned());
        return;
    }
    row.entire_metric_version = Some(first.metric_version.to_string());
    // A figure that one record lacks is unknown of the sum.
    let sum = |of: fn(&Attribution) -> Option<u64>| {
        records
            .iter()
            .map(|record| of(record))
            .try_fold(0_u64, |sum, lines| Some(sum.saturating_add(lines?)))
    };
    row.entire_agent_lines = sum(|record| record.agent_lines);
    row.entire_agent_removed = sum(|record| record.agent_removed);
    row.entire_human_added = sum(|record| record.human_added);
    row.entire_human_modified = sum(|record| record.human_modified);
    row.entire_human_removed = sum(|record| record.human_removed);
    row.entire_total_committed = sum(|record| record.total_committed);
    row.entire_total_lines_changed = sum(|record| record.total_lines_changed);
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let percentage = |part: Option<u64>, whole: Option<u64>| match (part, whole) {
        (Some(part), Some(whole)) if whole > 0 => Some(part as f64 / whole as f64 * 100.0),
        _ => None,
    };
    row.entire_agent_percentage = match first.metric_version {
        1 => percentage(row.entire_agent_lines, row.entire_total_committed),
        2 => percentage(
            row.entire_agent_lines
                .zip(row.entire_agent_removed)
                .map(|(added, removed)| added.saturating_add(removed)),
            row.entire_total_lines_changed,
        ),
        _ => None,
    };
}

/// Lines that all commits of the session add and remove together, each commit counted once; unknown without a commit
/// that can be counted.
#[must_use]
pub fn committed_lines(checkpoints: &[&Checkpoint]) -> Option<u64> {
    let (added, removed) = lines(&commits(checkpoints)?)?;
    Some(added.saturating_add(removed))
}

/// The same, only where every checkpoint of the session holds this session alone and is named by exactly one commit: no
/// other session's lines are among them and no commit is a copy of another.
#[must_use]
pub fn own_committed_lines(checkpoints: &[&Checkpoint]) -> Option<u64> {
    let is_own =
        !checkpoints.is_empty() && checkpoints.iter().all(|checkpoint| is_clear(checkpoint));
    is_own.then(|| committed_lines(checkpoints)).flatten()
}

fn is_clear(checkpoint: &Checkpoint) -> bool {
    let commits = checkpoint.commits.as_ref().map(Vec::len);
    checkpoint.sessions == Some(1) && commits == Some(1)
}

/// Lines that Entire attributes to the agent, by the metric of version `metric`.
///
/// Only where every checkpoint of the session holds this session alone, is named by exactly one commit and has a record
/// of that metric: any other record is about the work of several sessions, or of nobody knows which commit.
#[must_use]
pub fn agent_lines(checkpoints: &[&Checkpoint], metric: u64) -> Option<u64> {
    if checkpoints.is_empty() {
        return None;
    }
    checkpoints.iter().try_fold(0_u64, |sum, checkpoint| {
        let record = checkpoint
            .attribution
            .as_ref()
            .filter(|record| is_clear(checkpoint) && record.metric_version == metric)?;
        let removed = if metric == 1 {
            0
        } else {
            record.agent_removed?
        };
        Some(
            sum.saturating_add(record.agent_lines?)
                .saturating_add(removed),
        )
    })
}

/// Distinct commits of all checkpoints; unknown where nobody looked for those of one.
fn commits<'c>(checkpoints: &[&'c Checkpoint]) -> Option<Vec<&'c Commit>> {
    let mut found = BTreeMap::new();
    for checkpoint in checkpoints {
        for commit in checkpoint.commits.as_ref()? {
            found.insert(commit.id.as_str(), commit);
        }
    }
    Some(found.into_values().collect())
}

fn lines(commits: &[&Commit]) -> Option<(u64, u64)> {
    let mut counted = commits.iter().filter(|commit| !commit.merge).peekable();
    counted.peek()?;
    counted.try_fold((0_u64, 0_u64), |(added, removed), commit| {
        Some((
            added.saturating_add(commit.additions?),
            removed.saturating_add(commit.deletions?),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::{
        Attribution, Checkpoint, Commit, agent_lines, committed_lines, own_committed_lines, row,
    };

    fn commit(id: &str, lines: Option<(u64, u64)>) -> Commit {
        Commit {
            id: id.to_owned(),
            merge: false,
            additions: lines.map(|(added, _)| added),
            deletions: lines.map(|(_, removed)| removed),
        }
    }

    fn checkpoint(metric: u64, lines: u64, removed: Option<u64>, commits: &[Commit]) -> Checkpoint {
        Checkpoint {
            sessions: Some(1),
            attribution: Some(Attribution {
                metric_version: metric,
                agent_lines: Some(lines),
                agent_removed: removed,
                total_committed: Some(lines + 10),
                total_lines_changed: removed.map(|removed| lines + removed + 30),
                ..Attribution::default()
            }),
            commits: Some(commits.to_vec()),
            ..Checkpoint::default()
        }
    }

    #[test]
    fn figures_of_one_metric_are_summed_and_shares_computed_anew() {
        let first = checkpoint(1, 30, None, &[commit("a", Some((40, 2)))]);
        let second = checkpoint(1, 10, None, &[commit("b", Some((20, 1)))]);
        let found = row(&[&first, &second]);
        assert_eq!(found.entire_metric_version.as_deref(), Some("1"));
        assert_eq!(found.entire_agent_lines, Some(40));
        // 40 of (30 + 10) + (10 + 10).
        assert!((found.entire_agent_percentage.unwrap() - 40.0 / 60.0 * 100.0).abs() < 1e-9);
        assert_eq!(found.entire_commit_lines_added, Some(60));
        assert_eq!(found.entire_agent_removed, None);
        let second_metric = checkpoint(2, 6, Some(4), &[]);
        // (6 + 4) of 40.
        assert!((row(&[&second_metric]).entire_agent_percentage.unwrap() - 25.0).abs() < 1e-9);
    }

    #[test]
    fn two_metrics_are_never_pooled() {
        let found = row(&[
            &checkpoint(1, 30, None, &[]),
            &checkpoint(2, 6, Some(4), &[]),
        ]);
        assert_eq!(found.entire_metric_version.as_deref(), Some("mixed"));
        assert_eq!(found.entire_agent_lines, None);
        assert_eq!(found.entire_attributed_checkpoints, Some(2));
    }

    #[test]
    fn a_commit_of_two_checkpoints_counts_once_and_a_merge_not_at_all() {
        let mut merge = commit("m", None);
        merge.merge = true;
        let first = checkpoint(1, 1, None, &[commit("a", Some((5, 3))), merge.clone()]);
        let second = checkpoint(1, 1, None, &[commit("a", Some((5, 3)))]);
        assert_eq!(committed_lines(&[&first, &second]), Some(8));
        assert_eq!(row(&[&first, &second]).entire_commits, Some(2));
        let only_merged = checkpoint(1, 1, None, &[merge]);
        assert_eq!(committed_lines(&[&only_merged]), None);
        let unknown = checkpoint(1, 1, None, &[commit("a", None)]);
        assert_eq!(committed_lines(&[&first, &unknown]), None);
    }

    #[test]
    fn attribution_counts_only_for_one_session_and_one_commit() {
        let one = [commit("a", Some((1, 0)))];
        let clear = checkpoint(2, 6, Some(4), &one);
        assert_eq!(agent_lines(&[&clear], 2), Some(10));
        assert_eq!(agent_lines(&[&clear], 1), None);
        let mut shared = clear.clone();
        shared.sessions = Some(2);
        assert_eq!(agent_lines(&[&clear, &shared], 2), None);
        let rebased = checkpoint(2, 6, Some(4), &[one[0].clone(), commit("b", Some((1, 0)))]);
        assert_eq!(agent_lines(&[&rebased], 2), None);
        assert_eq!(agent_lines(&[&checkpoint(1, 7, None, &one)], 1), Some(7));
        assert_eq!(own_committed_lines(&[&clear]), Some(1));
        for other in [&shared, &rebased] {
            assert_eq!(own_committed_lines(&[&clear, other]), None);
        }
        assert_eq!(own_committed_lines(&[]), None);
    }
}
