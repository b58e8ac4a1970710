//! Scales, labels and answers: what a rater can say about a session.

use serde::{Deserialize, Serialize};

/// How the labels of a classifier relate to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Categories without order.
    Nominal,
    /// Categories in declared order.
    Ordinal,
    /// A positive number.
    Ratio,
    /// A list of decisions, from which shares are computed.
    Decisions,
}

impl Scale {
    /// The word that stands in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nominal => "nominal",
            Self::Ordinal => "ordinal",
            Self::Ratio => "ratio",
            Self::Decisions => "decisions",
        }
    }
}

/// What a rater said about one session, already checked against the scale.
#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    /// A category, by its position in the declared order.
    Category(u16),
    /// A positive number.
    Number(f64),
    /// The user's shares of decisions.
    Shares(DecisionShares),
}

/// The user's share of each kind of decision, in 0..=1; `None` where the session has no decision of that kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionShares {
    /// Share of planning decisions.
    pub planning: Option<f64>,
    /// Share of execution decisions.
    pub execution: Option<f64>,
}

/// One decision of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What the decision was about.
    pub kind: DecisionKind,
    /// Who took it.
    pub by: Decider,
    /// What was decided, in one line.
    pub summary: String,
}

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// What to do, which approach, what counts as done.
    Planning,
    /// Which files, what code, which commands.
    Execution,
}

/// Who took a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The person.
    User,
    /// The agent.
    Agent,
}

impl DecisionShares {
    /// The shares that a list of decisions gives.
    #[must_use]
    pub fn of(decisions: &[Decision]) -> Self {
        let share = |kind: DecisionKind| {
            let of_kind = decisions.iter().filter(|decision| decision.kind == kind);
            let (mut all, mut by_user) = (0_u32, 0_u32);
            for decision in of_kind {
                all += 1;
                by_user += u32::from(decision.by == Decider::User);
            }
            (all > 0).then(|| f64::from(by_user) / f64::from(all))
        };
        Self {
            planning: share(DecisionKind::Planning),
            execution: share(DecisionKind::Execution),
        }
    }
}
