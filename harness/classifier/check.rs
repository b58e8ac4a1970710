//! A telemetry check as it is declared: what labels have to show in what was measured without a model.

use serde::Deserialize;

use crate::domain::label::{Decider, DecisionKind, DecisionShares};
use crate::domain::telemetry::Measure;

/// One check of a classifier's labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Name, unique within the classifier.
    pub name: String,
    /// What is claimed.
    pub claim: Claim,
    /// What becomes of sessions without telemetry.
    pub missing: MissingPolicy,
    /// Why the labels have to show there.
    pub rationale: String,
    /// What the study published on it.
    pub published: Option<String>,
}

/// What a check claims.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Of the sessions selected, at least a share show something.
    Implication {
        /// The sessions.
        when: Selector,
        /// What they show.
        show: Range,
        /// The share asked for.
        share: f64,
    },
    /// Of the sessions that show something, at least a share are selected.
    Converse {
        /// What they show.
        show: Range,
        /// The sessions.
        when: Selector,
        /// The share asked for.
        share: f64,
    },
    /// Sessions selected show it more often than the others.
    Lift {
        /// The sessions.
        when: Selector,
        /// What they show.
        show: Range,
        /// The difference of shares that has to be exceeded.
        minimum: f64,
    },
    /// The higher the label, the higher (or lower) the quantity.
    Trend {
        /// For decisions, whose share by the user; otherwise the label itself.
        over: Option<DecisionKind>,
        /// What rises or falls.
        quantity: Quantity,
        /// Which way.
        direction: Direction,
    },
    /// The median of the sessions selected is higher (or lower) than that of the others.
    GroupContrast {
        /// The sessions.
        when: Selector,
        /// What is compared.
        quantity: Quantity,
        /// Which way.
        direction: Direction,
    },
    /// The label is a number that goes with a measure.
    NumericAgreement {
        /// The measure.
        measure: Measure,
        /// Whether the measure is first multiplied by the median ratio, because units differ.
        scaled: bool,
        /// A label counts as close within this factor.
        factor: f64,
        /// The share of close labels asked for.
        share: f64,
        /// Spearman's correlation that has to be exceeded.
        correlation: f64,
    },
    /// A measure derived from labels fixes what telemetry shows.
    Equality {
        /// The derived measure.
        derived: String,
        /// The measure.
        measure: Measure,
        /// Its value.
        equals: f64,
        /// The share asked for.
        share: f64,
    },
}

/// Which sessions a check speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// Whose labels; `None` for the classifier's own.
    pub classifier: Option<String>,
    /// The condition.
    pub condition: Condition,
}

/// A condition on a label.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// One of these categories.
    Labels(Vec<String>),
    /// Someone's share of decisions above a value.
    Share {
        /// What the decisions are about.
        of: DecisionKind,
        /// Who took them.
        by: Decider,
        /// Exclusive lower bound.
        above: f64,
    },
    /// A number above a value.
    Number {
        /// Exclusive lower bound.
        above: f64,
    },
}

/// What is looked at in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quantity {
    /// Measured.
    Measure(Measure),
    /// Derived from labels: 1 where it holds, else 0.
    Derived(String),
}

/// A quantity in range.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// What is looked at.
    pub quantity: Quantity,
    /// At least this.
    pub at_least: Option<f64>,
    /// At most this.
    pub at_most: Option<f64>,
}

/// Which way something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher.
    Up,
    /// Lower.
    Down,
}

/// What becomes of sessions without telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum MissingPolicy {
    /// They are left out and counted apart.
    #[default]
    #[serde(rename = "leave out")]
    LeaveOut,
    /// They count as sessions that do not show it.
    #[serde(rename = "counts against")]
    CountsAgainst,
}

impl MissingPolicy {
    /// The words of the declaration.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::LeaveOut => "leave out",
            Self::CountsAgainst => "counts against",
        }
    }
}

impl Direction {
    /// The word of the declaration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    /// 1 for up, -1 for down.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Up => 1.0,
            Self::Down => -1.0,
        }
    }
}

impl Quantity {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Measure(measure) => measure.words().to_owned(),
            Self::Derived(name) => name.replace(['-', '_'], " "),
        }
    }

    /// A value of it in words: `3 commits`, `1 tool error`, `4.33 actions per prompt`.
    #[must_use]
    pub fn counted(&self, value: f64) -> String {
        let is_whole = value.fract().abs() < 1e-9;
        let number = if is_whole {
            format!("{value:.0}")
        } else {
            format!("{value:.2}")
        };
        match self {
            Self::Measure(measure) if (value - 1.0).abs() < 1e-9 => {
                format!("{number} {}", measure.word())
            }
            _ => format!("{number} {}", self.words()),
        }
    }
}

impl Range {
    /// Whether `value` is in range.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.at_least.is_none_or(|least| least <= value)
            && self.at_most.is_none_or(|most| value <= most)
    }

    /// In words that follow "show": `lines added`, `at least 5 actions per prompt`, `no commits`.
    #[must_use]
    pub fn words(&self) -> String {
        let words = self.quantity.words();
        let is = |bound: f64, value: f64| (bound - value).abs() < f64::EPSILON;
        match (self.at_least, self.at_most) {
            (Some(least), None) if is(least, 1.0) => words,
            (None, Some(most)) if is(most, 0.0) => format!("no {words}"),
            (Some(least), None) => format!("at least {least} {words}"),
            (None, Some(most)) => format!("at most {most} {words}"),
            (Some(least), Some(most)) => format!("{least} to {most} {words}"),
            (None, None) => format!("any {words}"),
        }
    }
}

/// `planning` or `execution`.
#[must_use]
pub fn kind_word(kind: DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Planning => "planning",
        DecisionKind::Execution => "execution",
    }
}

/// The user's share of decisions of one kind.
#[must_use]
pub fn user_share(shares: &DecisionShares, of: DecisionKind) -> Option<f64> {
    match of {
        DecisionKind::Planning => shares.planning,
        DecisionKind::Execution => shares.execution,
    }
}

impl Selector {
    /// The sessions in words that follow "the sessions": `labelled build or fix`.
    #[must_use]
    pub fn words(&self) -> String {
        let whose = self
            .classifier
            .as_ref()
            .map_or_else(String::new, |name| format!(" in {name}"));
        match &self.condition {
            Condition::Labels(labels) => format!("labelled {}{whose}", labels.join(" or ")),
            Condition::Share { of, by, above } => {
                let by = match by {
                    Decider::User => "user",
                    Decider::Agent => "agent",
                };
                format!(
                    "in which the {by} takes more than {:.0}% of {} decisions",
                    above * 100.0,
                    kind_word(*of)
                )
            }
            Condition::Number { above } => format!("with a number above {above}{whose}"),
        }
    }
}

fn side(direction: &Direction) -> &'static str {
    match direction {
        Direction::Up => "more",
        Direction::Down => "less or fewer",
    }
}

impl Claim {
    /// The kind, as it is declared.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Implication { .. } => "implication",
            Self::Converse { .. } => "converse",
            Self::Lift { .. } => "lift",
            Self::Trend { .. } => "trend",
            Self::GroupContrast { .. } => "group_contrast",
            Self::NumericAgreement { .. } => "numeric_agreement",
            Self::Equality { .. } => "equality",
        }
    }

    /// The sessions it selects, if it does.
    #[must_use]
    pub fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Implication { when, .. }
            | Self::Converse { when, .. }
            | Self::Lift { when, .. }
            | Self::GroupContrast { when, .. } => Some(when),
            Self::Trend { .. } | Self::NumericAgreement { .. } | Self::Equality { .. } => None,
        }
    }

    /// The categories it names.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        match self.selector().map(|selector| &selector.condition) {
            Some(Condition::Labels(labels)) => labels,
            _ => &[],
        }
    }

    /// The share it asks for, if it does.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        match self {
            Self::Implication { share, .. }
            | Self::Converse { share, .. }
            | Self::NumericAgreement { share, .. }
            | Self::Equality { share, .. } => Some(*share),
            Self::Lift { .. } | Self::Trend { .. } | Self::GroupContrast { .. } => None,
        }
    }

    /// The derived measure it looks at, if it does.
    #[must_use]
    pub fn derived(&self) -> Option<&str> {
        fn of(quantity: &Quantity) -> Option<&str> {
            match quantity {
                Quantity::Derived(name) => Some(name),
                Quantity::Measure(_) => None,
            }
        }
        match self {
            Self::Implication { show, .. }
            | Self::Converse { show, .. }
            | Self::Lift { show, .. } => of(&show.quantity),
            Self::Trend { quantity, .. } | Self::GroupContrast { quantity, .. } => of(quantity),
            Self::Equality { derived, .. } => Some(derived),
            Self::NumericAgreement { .. } => None,
        }
    }

    /// What is looked at in a session.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        match self {
            Self::Implication { show, .. }
            | Self::Converse { show, .. }
            | Self::Lift { show, .. } => show.quantity.clone(),
            Self::Trend { quantity, .. } | Self::GroupContrast { quantity, .. } => quantity.clone(),
            Self::NumericAgreement { measure, .. } | Self::Equality { measure, .. } => {
                Quantity::Measure(*measure)
            }
        }
    }

    /// What is expected, in words that follow "show".
    #[must_use]
    pub fn expectation(&self) -> String {
        match self {
            Self::Implication { show, .. }
            | Self::Converse { show, .. }
            | Self::Lift { show, .. } => show.words(),
            Self::Trend {
                quantity,
                direction,
                ..
            } => format!(
                "{} {} as the label rises",
                side(direction),
                quantity.words()
            ),
            Self::GroupContrast {
                quantity,
                direction,
                ..
            } => format!("{} {} than the others", side(direction), quantity.words()),
            Self::NumericAgreement {
                measure, factor, ..
            } => format!(
                "a number within a factor of {factor} of {}",
                measure.words()
            ),
            Self::Equality {
                measure, equals, ..
            } => format!("exactly {equals} {}", measure.words()),
        }
    }

    /// The whole claim in one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let percent = |share: &f64| format!("{:.0}%", share * 100.0);
        match self {
            Self::Implication { when, show, share } => {
                format!(
                    "{} ⇒ {} in at least {}",
                    when.words(),
                    show.words(),
                    percent(share)
                )
            }
            Self::Converse { show, when, share } => {
                format!(
                    "{} ⇒ {} in at least {}",
                    show.words(),
                    when.words(),
                    percent(share)
                )
            }
            Self::Lift {
                when,
                show,
                minimum,
            } => format!(
                "{} ⇒ {} more often than the others, by more than {}",
                when.words(),
                show.words(),
                percent(minimum)
            ),
            Self::Trend {
                over,
                quantity,
                direction,
            } => {
                let over = over.map_or_else(
                    || "label up".to_owned(),
                    |kind| format!("the user's share of {} decisions up", kind_word(kind)),
                );
                format!("{over} ⇒ {} {}", side(direction), quantity.words())
            }
            Self::GroupContrast { when, .. } => {
                format!("{} ⇒ {}", when.words(), self.expectation())
            }
            Self::NumericAgreement { share, .. } => {
                format!("{} in at least {}", self.expectation(), percent(share))
            }
            Self::Equality { derived, share, .. } => format!(
                "{} ⇒ {} in at least {}",
                derived.replace(['-', '_'], " "),
                self.expectation(),
                percent(share)
            ),
        }
    }
}
