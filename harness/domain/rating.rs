//! Who said what about which session, and what became of the question.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::label::Label;

/// What kind of rater stands behind a label. A model's answer is never called human or gold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RaterKind {
    /// A person.
    Human,
    /// A language model.
    Model,
    /// The label was fixed before the session was written.
    Construction,
    /// A rule or a constant: the floor that a prompt has to beat.
    Baseline,
}

impl RaterKind {
    /// The word that stands in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Model => "model",
            Self::Construction => "construction",
            Self::Baseline => "baseline",
        }
    }
}

/// What became of the question about one session.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A label of the scale.
    Parsed(Label),
    /// The model declined to answer.
    Refused,
    /// There was an answer but no label of the scale in it.
    Unparsable,
    /// The answer broke off.
    Truncated,
    /// The request failed.
    Errored,
    /// There is no answer.
    Missing,
}

impl Outcome {
    /// The label, if there is one.
    #[must_use]
    pub fn label(&self) -> Option<&Label> {
        match self {
            Self::Parsed(label) => Some(label),
            Self::Refused | Self::Unparsable | Self::Truncated | Self::Errored | Self::Missing => {
                None
            }
        }
    }
}

/// How many questions ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeCounts {
    /// A label of the scale.
    pub parsed: u64,
    /// Declined.
    pub refused: u64,
    /// No label in the answer.
    pub unparsable: u64,
    /// Broken off.
    pub truncated: u64,
    /// Failed.
    pub errored: u64,
    /// Never answered.
    pub missing: u64,
}

impl OutcomeCounts {
    /// Counts the outcomes.
    #[must_use]
    pub fn of<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            *match outcome {
                Outcome::Parsed(_) => &mut counts.parsed,
                Outcome::Refused => &mut counts.refused,
                Outcome::Unparsable => &mut counts.unparsable,
                Outcome::Truncated => &mut counts.truncated,
                Outcome::Errored => &mut counts.errored,
                Outcome::Missing => &mut counts.missing,
            } += 1;
        }
        counts
    }

    /// All that ended without a label.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.refused + self.unparsable + self.truncated + self.errored + self.missing
    }
}

impl fmt::Display for OutcomeCounts {
    /// `48 parsed, 2 refused`: kinds that did not occur are left out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} parsed", self.parsed)?;
        for (count, word) in [
            (self.refused, "refused"),
            (self.unparsable, "unparsable"),
            (self.truncated, "truncated"),
            (self.errored, "errored"),
            (self.missing, "missing"),
        ] {
            if count > 0 {
                write!(formatter, ", {count} {word}")?;
            }
        }
        Ok(())
    }
}
