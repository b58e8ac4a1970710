//! The table of conversations: rows per session by type, and the labels of prompts.
//!
//! It has millions of rows, so texts are not read and rows are counted as they go by. Only labels of prompts are kept, in a few
//! bytes each.

use std::collections::HashMap;

use super::columns::Rows;
use super::labels::Label;
use super::sessions::{Fate, Sessions, dated};

/// The types of rows; a type beside them is counted as the last.
pub const TURN_TYPES: [&str; 12] = [
    "user_prompt",
    "system_injected",
    "assistant_response",
    "assistant_thinking",
    "tool_use",
    "tool_result",
    "summary",
    "system_event",
    "file_snapshot",
    "progress",
    "queue_operation",
    "other",
];

/// What the table has of one session.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// Rows by type, in the order of [`TURN_TYPES`].
    pub rows: [u64; TURN_TYPES.len()],
    /// Rows without a timestamp.
    pub without_timestamp: u64,
    /// Labels of intent.
    pub intents: u64,
    /// Labels of pushback.
    pub pushbacks: u64,
    /// Tokens: input, output, written to the cache, read from the cache.
    pub tokens: [f64; 4],
    /// First and last timestamp.
    pub first_and_last: Option<(i64, i64)>,
}

impl Turns {
    /// All rows.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.rows.iter().sum()
    }

    /// Rows of what the agent said, thought and called.
    #[must_use]
    pub fn of_agent(&self) -> u64 {
        let own = |name: &&str| name.starts_with("assistant_") || **name == *"tool_use";
        let rows = TURN_TYPES.iter().zip(self.rows);
        rows.filter(|(name, _)| own(name))
            .map(|(_, rows)| rows)
            .sum()
    }

    /// First and last timestamp as ISO 8601; empty where there is none.
    #[must_use]
    pub fn times(&self) -> [String; 2] {
        let moment = |seconds| super::moment(seconds).unwrap_or_default();
        self.first_and_last
            .map(|(first, last)| [moment(first), moment(last)])
            .unwrap_or_default()
    }
}

/// A label of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnLabel {
    /// Which session, by its place.
    pub session: u32,
    /// The turn, counted from 0 over all rows of the session.
    pub turn: Option<i32>,
    /// Which label.
    pub label: Label,
    /// What it says.
    pub value: std::sync::Arc<str>,
}

/// Rows that belong to no kept session, and labels said twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unplaced {
    /// Rows of sessions that were left out.
    pub of_left_out: u64,
    /// Rows of sessions that the table of sessions does not have.
    pub of_unknown: u64,
    /// Rows without a session.
    pub nameless: u64,
    /// Labels that repeat another of the same prompt.
    pub repeated_labels: u64,
    /// Prompts with two different labels of one kind: both are kept.
    pub contradicting_labels: u64,
}

/// Reads the table's rows.
pub(super) struct Reader<'s> {
    sessions: &'s mut Sessions,
    values: HashMap<String, std::sync::Arc<str>>,
    labels: Vec<TurnLabel>,
    unplaced: Unplaced,
}

const TOKENS: [&str; 4] = [
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
];

impl<'s> Reader<'s> {
    pub(super) fn new(sessions: &'s mut Sessions) -> Self {
        Self {
            sessions,
            values: HashMap::new(),
            labels: Vec::new(),
            unplaced: Unplaced::default(),
        }
    }

    pub(super) fn rows(&mut self, rows: &Rows) {
        let ids = rows.column("session_id");
        let numbers = rows.column("turn_number");
        let types = rows.column("turn_type");
        let times = rows.column("timestamp");
        let tokens = TOKENS.map(|name| rows.column(name));
        let labels = [Label::PromptIntent, Label::PromptPushback]
            .map(|label| (label, rows.column(label.column())));
        // Rows of a session stand together, so most are of the session before.
        let mut before: Option<(&[u8], Option<Fate>)> = None;
        for row in 0..rows.count() {
            let id = ids.bytes(row).unwrap_or_default();
            let fate = match before {
                Some((known, fate)) if known == id => fate,
                _ => self.sessions.fate(String::from_utf8_lossy(id).trim()),
            };
            before = Some((id, fate));
            let at = match fate {
                Some(Fate::Kept(at)) => at,
                Some(Fate::LeftOut) => {
                    self.unplaced.of_left_out += 1;
                    continue;
                }
                None if id.iter().all(u8::is_ascii_whitespace) => {
                    self.unplaced.nameless += 1;
                    continue;
                }
                None => {
                    self.unplaced.of_unknown += 1;
                    continue;
                }
            };
            let turns = &mut self.sessions.sessions[at as usize].turns;
            turns.rows[kind(types.bytes(row).unwrap_or_default())] += 1;
            for (sum, column) in turns.tokens.iter_mut().zip(tokens) {
                *sum += column.number(row).unwrap_or(0.0);
            }
            match times.seconds(row) {
                None => turns.without_timestamp += 1,
                Some(moment) => {
                    let (first, last) = turns.first_and_last.unwrap_or((moment, moment));
                    turns.first_and_last = Some((first.min(moment), last.max(moment)));
                }
            }
            for (label, column) in labels {
                let Some(value) = column.text(row) else {
                    continue;
                };
                let value = value.trim();
                if value.is_empty() {
                    continue;
                }
                match label {
                    Label::PromptIntent => turns.intents += 1,
                    _ => turns.pushbacks += 1,
                }
                let value = match self.values.get(value) {
                    Some(value) => value.clone(),
                    None => {
                        let shared: std::sync::Arc<str> = value.into();
                        self.values.insert(value.to_owned(), shared.clone());
                        shared
                    }
                };
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "checked to be a turn's number"
                )]
                let turn = numbers
                    .number(row)
                    .filter(|number| (0.0..2e9).contains(number))
                    .map(|number| number as i32);
                self.labels.push(TurnLabel {
                    session: at,
                    turn,
                    label,
                    value,
                });
            }
        }
    }

    /// Labels in order, each once, and days of sessions that have none.
    pub(super) fn finish(mut self) -> (Vec<TurnLabel>, Unplaced) {
        for session in &mut self.sessions.sessions {
            if session.day.is_empty() {
                session.day = session
                    .turns
                    .first_and_last
                    .and_then(|(first, _)| super::day(first))
                    .or_else(|| dated(&session.id).map(|(day, _)| day.to_owned()))
                    .unwrap_or_default();
            }
        }
        self.labels.sort();
        let all = self.labels.len();
        // A prompt without a number is like no other.
        self.labels
            .dedup_by(|one, other| one.turn.is_some() && one == other);
        self.unplaced.repeated_labels = (all - self.labels.len()) as u64;
        let same_prompt = |pair: &&[TurnLabel]| {
            pair[0].turn.is_some()
                && (pair[0].session, pair[0].turn, pair[0].label)
                    == (pair[1].session, pair[1].turn, pair[1].label)
        };
        self.unplaced.contradicting_labels =
            self.labels.windows(2).filter(same_prompt).count() as u64;
        (self.labels, self.unplaced)
    }
}

fn kind(name: &[u8]) -> usize {
    let last = TURN_TYPES.len() - 1;
    TURN_TYPES[..last]
        .iter()
        .position(|known| known.as_bytes() == name)
        .unwrap_or(last)
}
