//! Lines changed as several sources tell them, held against each other. Each source is blind to something; none is the truth.

use crate::stats::estimate::Undefined;
use crate::stats::rank::spearman;

/// Who tells how many lines a session changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Patches of successful edits in the transcript.
    Transcript,
    /// The client's own counter, exported over OpenTelemetry.
    Otlp,
    /// Commits that name a checkpoint of the session, each counted once.
    Commits,
    /// The same, of sessions of which each checkpoint holds no other session and has one commit.
    OwnCommits,
    /// The agent's lines by Entire's metric 1, added ones only.
    AttributionV1,
    /// The agent's lines by Entire's metric 2, added and removed.
    AttributionV2,
}

impl Source {
    /// Its name in tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::Otlp => "otlp",
            Self::Commits => "commits",
            Self::OwnCommits => "own_commits",
            Self::AttributionV1 => "attribution_v1",
            Self::AttributionV2 => "attribution_v2",
        }
    }

    /// What it cannot see.
    #[must_use]
    pub fn blind_to(self) -> &'static str {
        match self {
            Self::Transcript => {
                "edits by shell commands and by the person; lines that were rewritten count each time"
            }
            Self::Otlp => {
                "edits by shell commands and by the person; sessions, or parts of them, in which nothing was exported"
            }
            Self::Commits => {
                "what was not committed, was committed without naming the checkpoint, or was rewritten before; whose a line is (other sessions, the person, copies by rebase or squash)"
            }
            Self::OwnCommits => {
                "what was not committed, or was rewritten before; the person's own lines in a commit; sessions of which a checkpoint holds another session too, or has no commit or several"
            }
            Self::AttributionV1 => {
                "removed lines; what was not committed; sessions of which a checkpoint holds another session too, or has no commit or several"
            }
            Self::AttributionV2 => {
                "what was not committed; sessions of which a checkpoint holds another session too, or has no commit or several"
            }
        }
    }
}

/// Lines that one session changed, added plus removed; empty where the source says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Lines by source.
    pub lines: Vec<(Source, Option<f64>)>,
}

/// How far two sources agree over the sessions that both tell of.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// One source.
    pub a: Source,
    /// The other.
    pub b: Source,
    /// Sessions that both tell of.
    pub sessions: usize,
    /// Spearman's rank correlation, or why there is none.
    pub spearman: Result<f64, Undefined>,
    /// Sessions whose figures differ by at most a tenth of the larger one.
    pub within_a_tenth: usize,
    /// Sessions about which both say that something changed, or both that nothing did.
    pub any_change_agrees: usize,
}

/// Agreement of each pair of sources, in their order.
#[must_use]
pub fn agreements(sources: &[Source], sessions: &[Session]) -> Vec<Agreement> {
    let of = |session: &Session, source: Source| {
        session
            .lines
            .iter()
            .find(|(known, _)| *known == source)
            .and_then(|(_, lines)| *lines)
    };
    let mut found = Vec::new();
    for (at, a) in sources.iter().enumerate() {
        for b in &sources[at + 1..] {
            let pairs: Vec<(f64, f64)> = sessions
                .iter()
                .filter_map(|session| Some((of(session, *a)?, of(session, *b)?)))
                .collect();
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            found.push(Agreement {
                a: *a,
                b: *b,
                sessions: pairs.len(),
                spearman: spearman(&x, &y),
                within_a_tenth: pairs
                    .iter()
                    .filter(|(x, y)| (x - y).abs() <= 0.1 * x.max(*y))
                    .count(),
                any_change_agrees: pairs
                    .iter()
                    .filter(|(x, y)| (*x > 0.0) == (*y > 0.0))
                    .count(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Session, Source, agreements};

    fn session(transcript: Option<f64>, otlp: Option<f64>) -> Session {
        Session {
            id: String::new(),
            lines: vec![(Source::Transcript, transcript), (Source::Otlp, otlp)],
        }
    }

    #[test]
    fn only_sessions_that_both_tell_of_count() {
        let sessions = [
            session(Some(0.0), Some(0.0)),
            session(Some(10.0), Some(9.0)),
            session(Some(20.0), Some(40.0)),
            session(Some(30.0), Some(0.0)),
            session(Some(7.0), None),
            session(None, Some(7.0)),
        ];
        let found = agreements(&[Source::Transcript, Source::Otlp], &sessions);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].sessions, 4);
        assert_eq!(found[0].within_a_tenth, 2);
        assert_eq!(found[0].any_change_agrees, 3);
        // Ranks 1 2 3 4 against 1.5 3 4 1.5: covariance 0.5, variances 5 and 4.5.
        let expected = 0.5 / (5.0_f64 * 4.5).sqrt();
        assert!((found[0].spearman.unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn one_session_has_no_rank_correlation() {
        let found = agreements(
            &[Source::Transcript, Source::Otlp],
            &[session(Some(1.0), Some(1.0))],
        );
        assert!(found[0].spearman.is_err());
    }
}
