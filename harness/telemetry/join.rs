//! Sub-agents' own transcripts, joined to the sessions that started them.
//!
//! Some clients tell a sub-agent's work in its parent's transcript, some in a file of its own, some in both. A figure that
//! is told twice counts where it is larger. The sub-agent keeps its row: it is out of the study's scope and says so.

use std::collections::{BTreeMap, HashMap};

use crate::domain::telemetry::TelemetryRow;

/// What a sub-agent did, with all that it started itself.
#[derive(Clone, Copy, Default)]
struct Work {
    actions: u64,
    lines_added: u64,
    lines_removed: u64,
}

/// Adds the work of each sub-agent among `rows` to the row of the session that started it, if it is among them.
pub fn join(rows: &mut [TelemetryRow]) {
    let mut children: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if !row.parent_session.is_empty() {
            children
                .entry(row.parent_session.clone())
                .or_default()
                .push(at);
        }
    }
    if children.is_empty() {
        return;
    }
    let mut done: HashMap<usize, Work> = HashMap::new();
    for at in 0..rows.len() {
        work_of(at, rows, &children, &mut done, 0);
    }
}

/// Sub-agents that start sub-agents; no client goes as deep, a file that names itself as its parent would.
const DEEPEST: u32 = 16;

fn work_of(
    at: usize,
    rows: &mut [TelemetryRow],
    children: &BTreeMap<String, Vec<usize>>,
    done: &mut HashMap<usize, Work>,
    depth: u32,
) -> Work {
    if let Some(work) = done.get(&at) {
        return *work;
    }
    let own = Work {
        actions: rows[at].actions,
        lines_added: rows[at]
            .lines_added
            .saturating_add(rows[at].subagent_lines_added),
        lines_removed: rows[at]
            .lines_removed
            .saturating_add(rows[at].subagent_lines_removed),
    };
    // Holds while the children are asked, so that a ring of parents ends.
    done.insert(at, own);
    let row = &rows[at];
    let names_itself = row.parent_session == row.session_id;
    let found = children.get(inner_id(&row.session_id));
    let Some(found) = found.filter(|_| !names_itself && depth < DEEPEST) else {
        return own;
    };
    let mut sum = Work::default();
    for child in found.iter().filter(|child| **child != at) {
        let work = work_of(*child, rows, children, done, depth + 1);
        sum.actions = sum.actions.saturating_add(work.actions);
        sum.lines_added = sum.lines_added.saturating_add(work.lines_added);
        sum.lines_removed = sum.lines_removed.saturating_add(work.lines_removed);
    }
    let row = &mut rows[at];
    let more = sum.actions.saturating_sub(row.subagent_actions);
    row.subagent_actions += more;
    row.actions = row.actions.saturating_add(more);
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    if row.prompts > 0 {
        row.actions_per_prompt = Some(row.actions as f64 / row.prompts as f64);
    }
    row.subagent_lines_added = row.subagent_lines_added.max(sum.lines_added);
    row.subagent_lines_removed = row.subagent_lines_removed.max(sum.lines_removed);
    let work = Work {
        actions: row.actions,
        lines_added: row.lines_added.saturating_add(row.subagent_lines_added),
        lines_removed: row.lines_removed.saturating_add(row.subagent_lines_removed),
    };
    done.insert(at, work);
    work
}

/// A session's id without the date that older exports put before it.
#[must_use]
pub fn inner_id(id: &str) -> &str {
    let is_dated = id.len() > 11
        && id.bytes().take(11).enumerate().all(|(at, byte)| match at {
            4 | 7 | 10 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if is_dated { &id[11..] } else { id }
}

#[cfg(test)]
mod tests {
    use super::{TelemetryRow, join};

    fn row(id: &str, parent: &str, actions: u64, lines: u64) -> TelemetryRow {
        TelemetryRow {
            session_id: id.to_owned(),
            parent_session: parent.to_owned(),
            prompts: 1,
            actions,
            lines_added: lines,
            lines_removed: lines * 2,
            ..TelemetryRow::default()
        }
    }

    #[test]
    fn work_goes_up_to_the_session_that_started_it() {
        let mut rows = [
            row("leaf", "child", 3, 1),
            row("2026-01-05-top", "", 10, 5),
            row("child", "top", 4, 2),
            row("stranger", "elsewhere", 7, 7),
        ];
        join(&mut rows);
        assert_eq!((rows[2].actions, rows[2].subagent_actions), (7, 3));
        assert_eq!((rows[1].actions, rows[1].subagent_actions), (17, 7));
        assert_eq!(rows[1].actions_per_prompt, Some(17.0));
        assert_eq!((rows[1].lines_added, rows[1].subagent_lines_added), (5, 3));
        assert_eq!(rows[1].subagent_lines_removed, 6);
        assert_eq!((rows[3].actions, rows[3].subagent_actions), (7, 0));
    }

    #[test]
    fn what_the_parent_tells_itself_is_not_added_again() {
        let mut rows = [row("top", "", 10, 0), row("child", "top", 4, 2)];
        rows[0].subagent_actions = 6;
        rows[0].subagent_lines_added = 1;
        join(&mut rows);
        assert_eq!((rows[0].actions, rows[0].subagent_actions), (10, 6));
        assert_eq!(rows[0].subagent_lines_added, 2);
    }

    #[test]
    fn rings_of_parents_end() {
        let mut rows = [
            row("a", "b", 1, 0),
            row("b", "a", 1, 0),
            row("c", "c", 1, 0),
        ];
        join(&mut rows);
        assert!(
            rows.iter().all(|row| row.actions <= 3),
            "each is counted once or twice, not for ever"
        );
        assert_eq!(rows[2].actions, 1);
    }
}
