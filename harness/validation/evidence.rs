//! What one rater said about sessions, and what was measured of them.

use std::collections::HashMap;

use crate::classifier::check::{Condition, Quantity, Range, Selector, user_share};
use crate::classifier::definition::Definition;
use crate::classifier::derived::{DerivedDefinition, LabelCondition};
use crate::domain::label::{Decider, Label};
use crate::domain::rating::Outcome;
use crate::domain::telemetry::TelemetryRow;

/// Labels of all classifiers that the rater was asked about, beside telemetry.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'e> {
    /// The sessions.
    pub sessions: &'e [&'e str],
    /// Each session's user as a code.
    pub users: &'e [u32],
    /// Telemetry by session.
    pub telemetry: &'e HashMap<String, TelemetryRow>,
    /// Every classifier with the rater's outcomes in the order of the sessions; `None` where it was not asked.
    pub said: &'e [(&'e Definition, Option<Vec<Outcome>>)],
    /// The seed of resamples.
    pub seed: u64,
}

impl<'e> Evidence<'e> {
    fn of(&self, classifier: &str) -> Option<(&'e Definition, &'e [Outcome])> {
        self.said
            .iter()
            .find(|(definition, _)| definition.name == classifier)
            .and_then(|(definition, outcomes)| Some((*definition, outcomes.as_deref()?)))
    }

    /// Whether the rater was asked about a classifier.
    #[must_use]
    pub fn knows(&self, classifier: &str) -> bool {
        self.of(classifier).is_some()
    }

    /// The label that a classifier gave a session.
    #[must_use]
    pub fn label(&self, classifier: &str, at: usize) -> Option<&'e Label> {
        self.of(classifier)?.1.get(at)?.label()
    }

    /// The label as text; `no label` where there is none.
    #[must_use]
    pub fn label_text(&self, classifier: &str, at: usize) -> String {
        self.of(classifier)
            .and_then(|(definition, outcomes)| Some(definition.text_of(outcomes.get(at)?.label()?)))
            .unwrap_or_else(|| "no label".to_owned())
    }

    /// The telemetry of a session.
    #[must_use]
    pub fn row(&self, at: usize) -> Option<&'e TelemetryRow> {
        self.telemetry.get(*self.sessions.get(at)?)
    }

    /// Whether a selector selects a session; `None` without the label or share it looks at.
    #[must_use]
    pub fn selects(&self, selector: &Selector, own: &str, at: usize) -> Option<bool> {
        let classifier = selector.classifier.as_deref().unwrap_or(own);
        let label = self.label(classifier, at)?;
        match (&selector.condition, label) {
            (Condition::Labels(labels), Label::Category(_)) => {
                Some(labels.contains(&self.label_text(classifier, at)))
            }
            (Condition::Share { of, by, above }, Label::Shares(shares)) => {
                let by_user = user_share(shares, *of)?;
                Some(match by {
                    Decider::User => by_user > *above,
                    Decider::Agent => 1.0 - by_user > *above,
                })
            }
            (Condition::Number { above }, Label::Number(number)) => Some(number > above),
            _ => None,
        }
    }

    /// The derived measure of a name.
    #[must_use]
    pub fn derived_definition(&self, name: &str) -> Option<&'e DerivedDefinition> {
        self.said
            .iter()
            .flat_map(|(definition, _)| &definition.derived)
            .find(|derived| derived.name == name)
    }

    fn meets(&self, condition: &LabelCondition, at: usize) -> Option<bool> {
        self.label(&condition.classifier, at)?;
        Some(
            condition
                .labels
                .contains(&self.label_text(&condition.classifier, at)),
        )
    }

    /// Whether a derived measure holds of a session; `None` where a label or telemetry is missing, or outside its sessions.
    #[must_use]
    pub fn derived(&self, derived: &DerivedDefinition, at: usize) -> Option<bool> {
        for condition in &derived.among {
            if !self.meets(condition, at)? {
                return None;
            }
        }
        let mut holds = true;
        for condition in &derived.all {
            holds &= self.meets(condition, at)?;
        }
        if let Some(measured) = &derived.measured
            && holds
        {
            holds = self.in_range(&measured.range(), at)?;
        }
        Some(holds)
    }

    /// A quantity of a session; `None` where it is not known.
    #[must_use]
    pub fn quantity(&self, quantity: &Quantity, at: usize) -> Option<f64> {
        match quantity {
            Quantity::Measure(measure) => measure.of(self.row(at)?),
            Quantity::Derived(name) => {
                let holds = self.derived(self.derived_definition(name)?, at)?;
                Some(f64::from(u8::from(holds)))
            }
        }
    }

    /// Whether a quantity is in range; `None` where it is not known.
    #[must_use]
    pub fn in_range(&self, range: &Range, at: usize) -> Option<bool> {
        self.quantity(&range.quantity, at)
            .map(|value| range.holds(value))
    }
}
