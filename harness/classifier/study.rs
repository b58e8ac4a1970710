//! `prompts/study.toml`: what the study looks at across classifiers, and which figures its text states.
//!
//! Names of classifiers stand in this file alone, so that no code knows them. The file is optional: without it the sections
//! of the appendix that need it say so.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::label::{Decider, DecisionKind, Scale};
use crate::domain::telemetry::Measure;

use super::check::{Condition, Selector};
use super::definition::Definition;
use super::derived::{LabelCondition, MeasureCondition};

/// What the study looks at.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Its title.
    pub title: String,
    /// When it was published.
    pub published: String,
    /// Measures by known groups.
    #[serde(default)]
    pub groups: Vec<Grouping>,
    /// Outcomes by levels of a classifier.
    #[serde(default)]
    pub outcomes: Option<Outcomes>,
    /// Figures that its text states.
    #[serde(default)]
    pub figures: Vec<Figure>,
    /// What its text states that sessions of a goldset cannot show, with the reason.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// Measures by groups of sessions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    /// A key, unique among the groupings.
    pub name: String,
    /// The title of its table.
    pub title: String,
    /// The classifier whose labels are the groups, in their order; empty where `members` are given.
    #[serde(default)]
    pub classifier: Option<String>,
    /// Groups that are selected one by one.
    #[serde(default)]
    pub members: Vec<Member>,
    /// What is looked at.
    pub measures: Vec<Measure>,
    /// Which groups are tested for a trend: true for those of a classifier whose labels are ordered.
    #[serde(default)]
    pub trend: bool,
    /// What the study's text states, with the section.
    #[serde(default)]
    pub published: Option<String>,
}

/// A group of sessions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Which sessions.
    pub when: When,
}

/// Sessions of some labels, or of a share of decisions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Whose labels.
    pub classifier: String,
    /// One of these; empty for shares of decisions.
    #[serde(default)]
    pub labels: Vec<String>,
    /// What the decisions are about.
    #[serde(default)]
    pub of: Option<DecisionKind>,
    /// Who took them.
    #[serde(default)]
    pub by: Option<Decider>,
    /// Exclusive lower bound of the share.
    #[serde(default)]
    pub above: Option<f64>,
}

impl When {
    /// As a selector of sessions.
    #[must_use]
    pub fn selector(&self) -> Selector {
        let condition = match (self.of, self.by, self.above) {
            (Some(of), Some(by), Some(above)) => Condition::Share { of, by, above },
            _ => Condition::Labels(self.labels.clone()),
        };
        Selector {
            classifier: Some(self.classifier.clone()),
            condition,
        }
    }
}

/// Outcomes by levels.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcomes {
    /// The classifier whose labels are the levels.
    pub by: String,
    /// Derived measures, by name.
    pub measures: Vec<String>,
    /// What is absorbed.
    pub absorb: Vec<Control>,
    /// What the study's text states, with the section.
    pub published: String,
}

/// Something that sessions are compared within.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// What it is called.
    pub name: String,
    /// The classifier whose label is the level.
    #[serde(default)]
    pub classifier: Option<String>,
    /// Lower bounds of bands, where the label is a number.
    #[serde(default)]
    pub bands: Vec<f64>,
    /// The derived measure that is the level.
    #[serde(default)]
    pub derived: Option<String>,
    /// The month of the session.
    #[serde(default)]
    pub month: bool,
}

/// One figure that the study's text states.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it is about.
    pub says: String,
    /// The figure, in the text's words.
    pub published: String,
    /// Where it stands.
    pub section: String,
    /// What to compute beside it.
    pub compute: Compute,
}

/// What is computed beside a published figure. Exactly one of `share`, `derived`, `decided`, `median`, `mean` and `above`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compute {
    /// The share of sessions with one of these labels.
    #[serde(default)]
    pub share: Option<LabelCondition>,
    /// The share of sessions in which a derived measure holds.
    #[serde(default)]
    pub derived: Option<String>,
    /// The mean share of decisions of a kind that the user takes.
    #[serde(default)]
    pub decided: Option<DecisionKind>,
    /// The median of a measure.
    #[serde(default)]
    pub median: Option<Measure>,
    /// The mean of a measure.
    #[serde(default)]
    pub mean: Option<Measure>,
    /// The share of sessions that show a measure in range.
    #[serde(default)]
    pub shows: Option<MeasureCondition>,
    /// Only among these sessions.
    #[serde(default)]
    pub when: Option<When>,
    /// Only among sessions that show this.
    #[serde(default)]
    pub among: Option<MeasureCondition>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// It cannot be read.
    #[error("failed to read `{}`: {source}\n\nhint: make it readable, or take it away: sections 9, 10 and 13 then stay empty", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not valid.
    #[error("`{}` is not a valid study.toml: {message}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        message: String,
    },
    /// It names what does not exist.
    #[error("`{}` names {what}\n\nhint: classifiers are the folders of `prompts/`, labels and derived measures stand in their classifier.toml", .path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What does not exist.
        what: String,
    },
}

/// Reads `study.toml` of a folder of classifiers; `None` where there is none.
///
/// # Errors
/// Where it cannot be read, or names what the classifiers do not have.
pub fn load(folder: &Path, definitions: &[Definition]) -> Result<Option<Study>, StudyError> {
    let path = folder.join("study.toml");
    if !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).map_err(|source| StudyError::Read {
        path: path.clone(),
        source,
    })?;
    let study: Study = toml::from_str(&text).map_err(|error| StudyError::Invalid {
        path: path.clone(),
        message: error.to_string(),
    })?;
    match study.unknown(definitions) {
        None => Ok(Some(study)),
        Some(what) => Err(StudyError::Unknown { path, what }),
    }
}

impl Study {
    /// The first thing it names that does not exist.
    fn unknown(&self, definitions: &[Definition]) -> Option<String> {
        let mut conditions: Vec<(&str, &[String])> = Vec::new();
        let mut derived: Vec<&str> = Vec::new();
        for grouping in &self.groups {
            if let Some(name) = &grouping.classifier {
                conditions.push((name, &[]));
            }
            for member in &grouping.members {
                conditions.push((&member.when.classifier, &member.when.labels));
            }
        }
        if let Some(outcomes) = &self.outcomes {
            conditions.push((&outcomes.by, &[]));
            derived.extend(outcomes.measures.iter().map(String::as_str));
            for control in &outcomes.absorb {
                conditions.extend(control.classifier.as_deref().map(|name| (name, &[][..])));
                derived.extend(control.derived.as_deref());
            }
        }
        for figure in &self.figures {
            let compute = &figure.compute;
            if let Some(share) = &compute.share {
                conditions.push((&share.classifier, &share.labels));
            }
            if let Some(when) = &compute.when {
                conditions.push((&when.classifier, &when.labels));
            }
            derived.extend(compute.derived.as_deref());
        }
        let is_derived = |name: &str| {
            definitions
                .iter()
                .flat_map(|definition| &definition.derived)
                .any(|derived| derived.name == name)
        };
        if let Some(name) = derived.into_iter().find(|name| !is_derived(name)) {
            return Some(format!(
                "the derived measure `{name}`, which no classifier declares"
            ));
        }
        conditions.into_iter().find_map(|(name, labels)| {
            let Some(definition) = definitions.iter().find(|one| one.name == name) else {
                return Some(format!("the classifier `{name}`, which does not exist"));
            };
            let is_category = matches!(definition.scale, Scale::Nominal | Scale::Ordinal);
            labels
                .iter()
                .find(|label| !is_category || definition.label(label).is_err())
                .map(|label| format!("the label `{label}`, which `{name}` does not have"))
        })
    }
}
