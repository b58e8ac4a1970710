//! Measures that are computed from labels and telemetry, never asked of a model: `[[derived]]` in `classifier.toml`.

use serde::Deserialize;

use crate::domain::telemetry::Measure;

/// A yes or no of each session that follows from labels of one rater.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DerivedDefinition {
    /// Name, unique among all classifiers.
    pub name: String,
    /// What it means.
    pub definition: String,
    /// It holds where all of these hold.
    pub all: Vec<LabelCondition>,
    /// ... and this, where it is given.
    #[serde(default)]
    pub measured: Option<MeasureCondition>,
    /// Sessions it is defined for: those where all of these hold.
    #[serde(default)]
    pub among: Vec<LabelCondition>,
    /// What telemetry shows of the same thing.
    #[serde(default)]
    pub counterpart: Option<MeasureCondition>,
    /// A classifier by whose labels the rate is told apart.
    #[serde(default)]
    pub by: Option<String>,
    /// What the study published on it.
    #[serde(default)]
    pub published: Option<String>,
}

/// A label among some.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelCondition {
    /// Whose labels.
    pub classifier: String,
    /// The labels.
    pub labels: Vec<String>,
}

/// A measure in range.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureCondition {
    /// What is measured.
    pub measure: Measure,
    /// At least this.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// At most this.
    #[serde(default)]
    pub at_most: Option<f64>,
}

impl MeasureCondition {
    /// As a range with words.
    #[must_use]
    pub fn range(&self) -> super::check::Range {
        super::check::Range {
            quantity: super::check::Quantity::Measure(self.measure),
            at_least: self.at_least,
            at_most: self.at_most,
        }
    }
}

impl DerivedDefinition {
    /// Classifiers whose labels it needs, each once.
    #[must_use]
    pub fn needs(&self) -> Vec<&str> {
        let mut needed = Vec::new();
        for condition in self.all.iter().chain(&self.among) {
            if !needed.contains(&condition.classifier.as_str()) {
                needed.push(condition.classifier.as_str());
            }
        }
        needed
    }
}
