//! The table of sessions: who, where, when, labels and attribution; one record per agent session.

use std::collections::HashMap;

use serde_json::Value;

use super::Keep;
use super::columns::Rows;
use super::turns::Turns;

/// Repositories whose sessions a program started; the data set's authors leave them out of their figures.
const MACHINE_GENERATED: &[&str] = &["dayhaysoos/nimbus"];

/// One session of the data set.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its repository, `owner/name`.
    pub repo: String,
    /// Who committed; empty if nobody knows.
    pub user: String,
    /// The agent, as the table says; not reliable.
    pub agent: String,
    /// The day, `YYYY-MM-DD`: when it was recorded, else its first entry, else what its id begins with; may be empty.
    pub day: String,
    /// The transcript that the tables name; may be empty.
    pub transcript_path: String,
    /// The checkpoint that holds its longest transcript, as `owner/name#id`; may be empty.
    pub checkpoint: String,
    /// All its checkpoints, that one among them.
    pub checkpoints: Vec<String>,
    /// What kind of user it shows.
    pub user_persona: Option<String>,
    /// How far it succeeded.
    pub session_success: Option<String>,
    /// Whose lines were committed.
    pub attribution: Option<Attribution>,
    /// What the table of conversations has of it.
    pub turns: Turns,
    output_tokens: f64,
}

/// Whose lines were committed, as the checkpoint tool estimated it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Attribution {
    /// 1: percentage of the committed lines. 2: of all changed lines. The two are not comparable.
    pub metric_version: Option<f64>,
    /// Lines of the agent.
    pub agent_lines: Option<f64>,
    /// Lines that people added.
    pub human_added: Option<f64>,
    /// Lines that people modified.
    pub human_modified: Option<f64>,
    /// Lines that people removed.
    pub human_removed: Option<f64>,
    /// Lines of the commit.
    pub total_committed: Option<f64>,
    /// Lines added or removed; of the second metric only.
    pub total_lines_changed: Option<f64>,
    /// The agent's share, 0 to 100.
    pub agent_percentage: Option<f64>,
}

/// Rows of the table of sessions that became no session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Sessions that a program started.
    pub machine_generated: u64,
    /// Sessions that stand under another date as well.
    pub other_dates: u64,
    /// Further rows of a session that has one.
    pub repeated_rows: u64,
    /// Rows without an id.
    pub nameless_rows: u64,
    /// Lists of checkpoints that are no JSON.
    pub unreadable_lists: u64,
    /// Rows of the logs that belong to no session of the table.
    pub stray_logs: u64,
}

/// What became of a session's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept(u32),
    LeftOut,
}

/// Reads the table's rows.
pub(super) struct Reader {
    keep: Keep,
    sessions: Vec<Session>,
    at: HashMap<String, usize>,
    left_out: LeftOut,
}

/// All sessions that are kept, and what became of the others.
pub(super) struct Sessions {
    pub(super) sessions: Vec<Session>,
    fates: HashMap<String, Fate>,
    left_out: LeftOut,
}

impl Reader {
    pub(super) fn new(keep: Keep) -> Self {
        Self {
            keep,
            sessions: Vec::new(),
            at: HashMap::new(),
            left_out: LeftOut::default(),
        }
    }

    pub(super) fn rows(&mut self, rows: &Rows) {
        for row in 0..rows.count() {
            let session = self.session(rows, row);
            if session.id.is_empty() {
                self.left_out.nameless_rows += 1;
                continue;
            }
            match self.at.get(&session.id) {
                None => {
                    self.at.insert(session.id.clone(), self.sessions.len());
                    self.sessions.push(session);
                }
                Some(at) => {
                    self.left_out.repeated_rows += 1;
                    keep_the_longer(&mut self.sessions[*at], session);
                }
            }
        }
    }

    fn session(&mut self, rows: &Rows, row: usize) -> Session {
        let text = |name: &str| {
            let text = rows.column(name).text(row).unwrap_or_default();
            text.trim().to_owned()
        };
        let label = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let number = |name: &str| rows.column(name).number(row);
        let id = text("session_id");
        let repo = text("repo_id");
        let checkpoint = keyed(&repo, &text("canonical_checkpoint_pk"));
        let listed = text("checkpoint_ids");
        let mut checkpoints = Vec::new();
        if !listed.is_empty() {
            match super::list(&listed) {
                Some(ids) => checkpoints.extend(ids.iter().map(|id| keyed(&repo, id))),
                None => self.left_out.unreadable_lists += 1,
            }
        }
        if !checkpoint.is_empty() && !checkpoints.contains(&checkpoint) {
            checkpoints.push(checkpoint.clone());
        }
        let attribution = Attribution {
            metric_version: None,
            agent_lines: number("agent_lines"),
            human_added: number("human_added"),
            human_modified: number("human_modified"),
            human_removed: number("human_removed"),
            total_committed: number("total_committed"),
            total_lines_changed: None,
            agent_percentage: number("agent_percentage"),
        };
        let day = rows
            .column("created_at")
            .seconds(row)
            .and_then(super::day)
            .unwrap_or_default();
        Session {
            user: text("user_id"),
            agent: text("agent"),
            day,
            transcript_path: text("transcript_path"),
            checkpoint,
            checkpoints,
            user_persona: label("user_persona"),
            session_success: label("session_success"),
            attribution: (attribution != Attribution::default()).then_some(attribution),
            turns: Turns::default(),
            output_tokens: number("output_tokens").unwrap_or(0.0),
            id,
            repo,
        }
    }

    /// Leaves out what is not asked for.
    pub(super) fn finish(mut self) -> Sessions {
        let mut chosen: HashMap<(&str, &str), usize> = HashMap::new();
        if !self.keep.duplicates {
            for (at, session) in self.sessions.iter().enumerate() {
                let key = (session.repo.as_str(), without_date(&session.id));
                let best = chosen.entry(key).or_insert(at);
                if self.sessions[*best].output_tokens < session.output_tokens {
                    *best = at;
                }
            }
        }
        let is_chosen: Vec<bool> = self
            .sessions
            .iter()
            .enumerate()
            .map(|(at, session)| {
                let key = (session.repo.as_str(), without_date(&session.id));
                chosen.get(&key).is_none_or(|best| *best == at)
            })
            .collect();
        let mut kept: Vec<Session> = Vec::new();
        let mut fates = HashMap::new();
        for (session, is_chosen) in self.sessions.into_iter().zip(is_chosen) {
            let is_machine = MACHINE_GENERATED
                .iter()
                .any(|repo| repo.eq_ignore_ascii_case(&session.repo));
            let fate = if is_machine && !self.keep.machine_generated {
                self.left_out.machine_generated += 1;
                Fate::LeftOut
            } else if is_chosen {
                Fate::Kept(u32::try_from(kept.len()).expect("sessions fit into memory"))
            } else {
                self.left_out.other_dates += 1;
                Fate::LeftOut
            };
            fates.insert(session.id.clone(), fate);
            if matches!(fate, Fate::Kept(_)) {
                kept.push(session);
            }
        }
        Sessions {
            sessions: kept,
            fates,
            left_out: self.left_out,
        }
    }
}

impl Sessions {
    pub(super) fn fate(&self, id: &str) -> Option<Fate> {
        self.fates.get(id).copied()
    }

    /// Rows of the table of logs: a transcript's path where the other table has none, and how lines were attributed.
    pub(super) fn logs(&mut self, rows: &Rows) {
        let (ids, paths, metadata) = (
            rows.column("session_id"),
            rows.column("transcript_path"),
            rows.column("session_metadata_raw"),
        );
        for row in 0..rows.count() {
            let id = ids.text(row).unwrap_or_default();
            let session = match self.fate(id.trim()) {
                Some(Fate::Kept(at)) => &mut self.sessions[at as usize],
                Some(Fate::LeftOut) => continue,
                None => {
                    self.left_out.stray_logs += 1;
                    continue;
                }
            };
            if session.transcript_path.is_empty()
                && let Some(path) = paths.text(row)
            {
                path.trim().clone_into(&mut session.transcript_path);
            }
            if let Some(text) = metadata.text(row)
                && let Ok(metadata) = serde_json::from_str::<Value>(&text)
            {
                attributed(session, &metadata["initial_attribution"]);
            }
        }
    }

    pub(super) fn into_parts(self) -> (Vec<Session>, LeftOut) {
        (self.sessions, self.left_out)
    }
}

/// Fills what the table of sessions does not have. The tool writes no version beside figures of its first metric.
fn attributed(session: &mut Session, written: &Value) {
    if !written.is_object() {
        return;
    }
    let attribution = session.attribution.get_or_insert_default();
    let fill = |cell: &mut Option<f64>, name: &str| {
        *cell = cell.or_else(|| written[name].as_f64());
    };
    attribution.metric_version = Some(written["metric_version"].as_f64().unwrap_or(1.0));
    fill(&mut attribution.agent_lines, "agent_lines");
    fill(&mut attribution.human_added, "human_added");
    fill(&mut attribution.human_modified, "human_modified");
    fill(&mut attribution.human_removed, "human_removed");
    fill(&mut attribution.total_committed, "total_committed");
    fill(&mut attribution.total_lines_changed, "total_lines_changed");
    fill(&mut attribution.agent_percentage, "agent_percentage");
}

/// Of two rows of a session the one of the checkpoint with more output counts, as the data set's card says; what it lacks
/// is taken from the other.
fn keep_the_longer(kept: &mut Session, other: Session) {
    let (mut best, rest) = if kept.output_tokens < other.output_tokens {
        (other, std::mem::take(kept))
    } else {
        (std::mem::take(kept), other)
    };
    for checkpoint in rest.checkpoints {
        if !best.checkpoints.contains(&checkpoint) {
            best.checkpoints.push(checkpoint);
        }
    }
    best.user_persona = best.user_persona.or(rest.user_persona);
    best.session_success = best.session_success.or(rest.session_success);
    best.attribution = best.attribution.or(rest.attribution);
    if best.transcript_path.is_empty() {
        best.transcript_path = rest.transcript_path;
    }
    *kept = best;
}

/// A checkpoint's key: ids alone are those of the session's repository.
fn keyed(repo: &str, id: &str) -> String {
    let id = id.trim();
    if id.is_empty() || id.contains('#') {
        id.to_owned()
    } else {
        format!("{repo}#{id}")
    }
}

/// Ids of early sessions begin with the day; one agent session can stand under two.
fn without_date(id: &str) -> &str {
    dated(id).map_or(id, |(_, rest)| rest)
}

/// `2026-01-05-0bb9…` as its day and the agent's own id.
pub(super) fn dated(id: &str) -> Option<(&str, &str)> {
    let (day, rest) = (id.get(..10)?, id.get(10..)?);
    let is_day = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let rest = rest.strip_prefix('-')?;
    (is_day && !rest.is_empty()).then_some((day, rest))
}
