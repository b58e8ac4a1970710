//! `[[checks]]` as it stands in `classifier.toml`, and which keys each kind takes.

use serde::Deserialize;

use crate::domain::label::{Decider, DecisionKind, Scale};
use crate::domain::telemetry::Measure;

use super::check::{Check, Claim, Condition, Direction, MissingPolicy, Quantity, Range, Selector};

/// Kinds of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Sessions selected show something.
    Implication,
    /// Sessions that show something are selected.
    Converse,
    /// Sessions selected show it more often than others.
    Lift,
    /// A quantity rises or falls with the label.
    Trend,
    /// The median of the sessions selected differs from that of the others.
    GroupContrast,
    /// A numeric label goes with a measure.
    NumericAgreement,
    /// A derived measure fixes what telemetry shows.
    Equality,
}

/// The table; which keys go together depends on the kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckTable {
    kind: CheckKind,
    /// Name, unique within the classifier.
    pub name: String,
    rationale: String,
    published: Option<String>,
    missing: Option<MissingPolicy>,
    labels: Option<Vec<String>>,
    classifier: Option<String>,
    of: Option<DecisionKind>,
    by: Option<Decider>,
    above: Option<f64>,
    measure: Option<Measure>,
    derived: Option<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
    equals: Option<f64>,
    share: Option<f64>,
    minimum: Option<f64>,
    direction: Option<Direction>,
    factor: Option<f64>,
    scaled: Option<bool>,
    correlation: Option<f64>,
}

const SELECTION: [&str; 5] = ["labels", "classifier", "of", "by", "above"];

impl CheckKind {
    /// The word of the declaration.
    fn word(self) -> &'static str {
        match self {
            Self::Implication => "implication",
            Self::Converse => "converse",
            Self::Lift => "lift",
            Self::Trend => "trend",
            Self::GroupContrast => "group_contrast",
            Self::NumericAgreement => "numeric_agreement",
            Self::Equality => "equality",
        }
    }

    /// The keys it takes besides those of selections.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Implication | Self::Converse => {
                &["measure", "derived", "at_least", "at_most", "share"]
            }
            Self::Lift => &["measure", "derived", "at_least", "at_most", "minimum"],
            Self::Trend => &["of", "measure", "derived", "direction"],
            Self::GroupContrast => &["measure", "derived", "direction"],
            Self::NumericAgreement => &["measure", "factor", "scaled", "share", "correlation"],
            Self::Equality => &["derived", "measure", "equals", "share"],
        }
    }

    fn selects(self) -> bool {
        matches!(
            self,
            Self::Implication | Self::Converse | Self::Lift | Self::GroupContrast
        )
    }
}

impl CheckTable {
    /// The check, for a classifier of this scale.
    ///
    /// # Errors
    /// All that does not fit together; the caller says where the table stands.
    pub fn check(&self, scale: Scale) -> Result<Check, Vec<String>> {
        let mut problems = Vec::new();
        for key in self.given() {
            let fits = self.kind.keys().contains(&key)
                || (self.kind.selects() && SELECTION.contains(&key));
            if !fits {
                problems.push(format!(
                    "gives `{key}`, which a check of kind `{}` does not take",
                    self.kind.word()
                ));
            }
        }
        let claim = self.claim(scale, &mut problems);
        if self.missing == Some(MissingPolicy::CountsAgainst)
            && matches!(
                self.kind,
                CheckKind::Trend | CheckKind::GroupContrast | CheckKind::NumericAgreement
            )
        {
            problems.push(format!(
                "says that missing telemetry counts against it, but a check of kind `{}` has no value for it: `missing = \"leave out\"`",
                self.kind.word()
            ));
        }
        match claim {
            Some(claim) if problems.is_empty() => Ok(Check {
                name: self.name.clone(),
                claim,
                missing: self.missing.unwrap_or_default(),
                rationale: self.rationale.clone(),
                published: self.published.clone(),
            }),
            _ => Err(problems),
        }
    }

    /// The labels it names of its own classifier.
    pub(super) fn own_labels(&self) -> &[String] {
        match (&self.labels, &self.classifier) {
            (Some(labels), None) => labels,
            _ => &[],
        }
    }

    fn given(&self) -> Vec<&'static str> {
        let keys = [
            ("labels", self.labels.is_some()),
            ("classifier", self.classifier.is_some()),
            ("of", self.of.is_some()),
            ("by", self.by.is_some()),
            ("above", self.above.is_some()),
            ("measure", self.measure.is_some()),
            ("derived", self.derived.is_some()),
            ("at_least", self.at_least.is_some()),
            ("at_most", self.at_most.is_some()),
            ("equals", self.equals.is_some()),
            ("share", self.share.is_some()),
            ("minimum", self.minimum.is_some()),
            ("direction", self.direction.is_some()),
            ("factor", self.factor.is_some()),
            ("scaled", self.scaled.is_some()),
            ("correlation", self.correlation.is_some()),
        ];
        keys.into_iter()
            .filter_map(|(key, is_given)| is_given.then_some(key))
            .collect()
    }

    fn claim(&self, scale: Scale, problems: &mut Vec<String>) -> Option<Claim> {
        match self.kind {
            CheckKind::Implication => {
                let (when, show) = (self.selector(scale, problems), self.range(problems));
                let share = self.asked_share(problems);
                Some(Claim::Implication {
                    when: when?,
                    show: show?,
                    share: share?,
                })
            }
            CheckKind::Converse => {
                let (when, show) = (self.selector(scale, problems), self.range(problems));
                let share = self.asked_share(problems);
                Some(Claim::Converse {
                    show: show?,
                    when: when?,
                    share: share?,
                })
            }
            CheckKind::Lift => {
                let (when, show) = (self.selector(scale, problems), self.range(problems));
                let minimum = required(self.minimum, "minimum", problems);
                if minimum.is_some_and(|minimum| !(-1.0..=1.0).contains(&minimum)) {
                    problems.push(
                        "asks for a difference of shares that is not between -1 and 1".to_owned(),
                    );
                }
                Some(Claim::Lift {
                    when: when?,
                    show: show?,
                    minimum: minimum?,
                })
            }
            CheckKind::Trend => {
                match (scale, self.of) {
                    (Scale::Nominal, _) => problems.push("is a trend, but labels of a nominal scale have no order".to_owned()),
                    (Scale::Decisions, None) => problems.push("is a trend over decisions: give `of = \"planning\"` or `of = \"execution\"`".to_owned()),
                    (Scale::Ordinal | Scale::Ratio, Some(_)) => problems.push("gives `of`, which only a decisions scale has".to_owned()),
                    (Scale::Ordinal | Scale::Ratio, None) | (Scale::Decisions, Some(_)) => {}
                }
                let quantity = self.quantity(problems);
                let direction = required(self.direction, "direction", problems);
                Some(Claim::Trend {
                    over: self.of,
                    quantity: quantity?,
                    direction: direction?,
                })
            }
            CheckKind::GroupContrast => {
                let when = self.selector(scale, problems);
                let quantity = self.quantity(problems);
                let direction = required(self.direction, "direction", problems);
                Some(Claim::GroupContrast {
                    when: when?,
                    quantity: quantity?,
                    direction: direction?,
                })
            }
            CheckKind::NumericAgreement => self.numeric(scale, problems),
            CheckKind::Equality => {
                let derived = required(self.derived.clone(), "derived", problems);
                let measure = required(self.measure, "measure", problems);
                let equals = required(self.equals, "equals", problems);
                let share = self.asked_share(problems);
                Some(Claim::Equality {
                    derived: derived?,
                    measure: measure?,
                    equals: equals?,
                    share: share?,
                })
            }
        }
    }

    fn numeric(&self, scale: Scale, problems: &mut Vec<String>) -> Option<Claim> {
        if scale != Scale::Ratio {
            problems.push(format!(
                "compares numbers, but the scale is {}",
                scale.word()
            ));
        }
        let measure = required(self.measure, "measure", problems);
        let factor = required(self.factor, "factor", problems);
        if factor.is_some_and(|factor| factor <= 1.0 || !factor.is_finite()) {
            problems.push("gives a `factor` that is not above 1".to_owned());
        }
        let share = self.asked_share(problems);
        Some(Claim::NumericAgreement {
            measure: measure?,
            scaled: self.scaled.unwrap_or(false),
            factor: factor?,
            share: share?,
            correlation: self.correlation.unwrap_or(0.0),
        })
    }

    fn asked_share(&self, problems: &mut Vec<String>) -> Option<f64> {
        let share = required(self.share, "share", problems)?;
        if !(0.0..=1.0).contains(&share) {
            problems.push(format!(
                "asks for a share of {share}, which is not between 0 and 1"
            ));
        }
        Some(share)
    }

    fn quantity(&self, problems: &mut Vec<String>) -> Option<Quantity> {
        match (self.measure, &self.derived) {
            (Some(measure), None) => Some(Quantity::Measure(measure)),
            (None, Some(name)) => Some(Quantity::Derived(name.clone())),
            (None, None) => {
                problems.push("looks at nothing: give `measure` or `derived`".to_owned());
                None
            }
            (Some(_), Some(_)) => {
                problems
                    .push("looks at two things: give `measure` or `derived`, not both".to_owned());
                None
            }
        }
    }

    fn range(&self, problems: &mut Vec<String>) -> Option<Range> {
        if self.at_least.is_none() && self.at_most.is_none() {
            problems.push("asks for nothing: give `at_least` or `at_most`".to_owned());
        }
        Some(Range {
            quantity: self.quantity(problems)?,
            at_least: self.at_least,
            at_most: self.at_most,
        })
    }

    fn selector(&self, scale: Scale, problems: &mut Vec<String>) -> Option<Selector> {
        let condition = match (&self.labels, self.of, self.by, self.above) {
            (Some(labels), None, None, None) if !labels.is_empty() => {
                Condition::Labels(labels.clone())
            }
            (None, Some(of), Some(by), Some(above)) => Condition::Share { of, by, above },
            (None, None, None, Some(above)) => Condition::Number { above },
            _ => {
                problems.push(
                    "does not say which sessions: give `labels`, or `of`, `by` and `above` for shares of decisions, or `above` for numbers".to_owned(),
                );
                return None;
            }
        };
        // Conditions on another classifier are held against its scale when all are loaded.
        if self.classifier.is_none()
            && let Some(problem) = misfit(&condition, scale)
        {
            problems.push(problem);
        }
        Some(Selector {
            classifier: self.classifier.clone(),
            condition,
        })
    }
}

/// What is wrong with a condition on labels of this scale.
pub(super) fn misfit(condition: &Condition, scale: Scale) -> Option<String> {
    let fits = match condition {
        Condition::Labels(_) => matches!(scale, Scale::Nominal | Scale::Ordinal),
        Condition::Share { .. } => scale == Scale::Decisions,
        Condition::Number { .. } => scale == Scale::Ratio,
    };
    let what = match condition {
        Condition::Labels(_) => "labels",
        Condition::Share { .. } => "a share of decisions",
        Condition::Number { .. } => "a number",
    };
    (!fits).then(|| format!("selects by {what}, but the scale is {}", scale.word()))
}

fn required<T>(value: Option<T>, key: &str, problems: &mut Vec<String>) -> Option<T> {
    if value.is_none() {
        problems.push(format!("does not give `{key}`"));
    }
    value
}
