//! `classifier.toml`: question, scale, labels with definitions, gate, telemetry checks, baseline rules.

use serde::Deserialize;
use toml::Spanned;

use crate::domain::label::{DecisionShares, Label, Scale};
use crate::domain::telemetry::Measure;

use super::check::Check;
use super::check_table::CheckTable;
use super::derived::DerivedDefinition;

/// One classifier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The folder's name; not in the file.
    #[serde(skip)]
    pub name: String,
    /// Short title.
    pub title: String,
    /// What is asked.
    pub question: String,
    /// How the labels relate.
    pub scale: Scale,
    /// Place in lists of classifiers; those without one come last, by name.
    #[serde(default)]
    pub position: Option<u32>,
    /// Boundary rules and tie-breaks.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The categories in declared order; empty for other scales.
    #[serde(default)]
    pub labels: Vec<LabelDefinition>,
    /// Published shares of several labels together.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// What a number on a ratio scale means.
    #[serde(default)]
    pub number: Option<Number>,
    /// Kinds of decisions.
    #[serde(default)]
    pub kinds: Vec<KindDefinition>,
    /// Who can decide.
    #[serde(default)]
    pub deciders: Vec<KindDefinition>,
    /// The label where evidence is missing.
    #[serde(default)]
    pub fallback: Option<Fallback>,
    /// What an answer carries.
    pub answer: AnswerFields,
    /// What a prompt has to reach.
    pub gate: Gate,
    /// What telemetry has to show, as the file has it.
    #[serde(default, rename = "checks")]
    pub(super) check_tables: Vec<Spanned<CheckTable>>,
    /// What telemetry has to show; read from the tables when the file is loaded.
    #[serde(skip)]
    pub checks: Vec<Check>,
    /// The line of each check table in the file, by the check's name.
    #[serde(skip)]
    pub(super) check_lines: Vec<(String, usize)>,
    /// What is computed from labels of this and other classifiers.
    #[serde(default)]
    pub derived: Vec<DerivedDefinition>,
    /// `baseline:rules`: the first rule that holds gives the label.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// One category.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelDefinition {
    /// The identifier, byte-exact.
    pub name: String,
    /// Short title for people.
    pub title: String,
    /// What it is.
    pub definition: String,
    /// What it is not, and what applies instead.
    #[serde(default)]
    pub not: Option<String>,
    /// The share that the study published.
    #[serde(default)]
    pub published: Option<f64>,
}

/// Labels whose shares were published together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The labels.
    pub labels: Vec<String>,
    /// Their share together.
    pub published: f64,
}

/// A number on a ratio scale.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// The unit.
    pub unit: String,
    /// Exclusive lower bound.
    pub above: f64,
    /// The scale on which numbers are compared.
    pub compared_on: ComparedOn,
}

/// The scale on which numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparedOn {
    /// Natural logarithms.
    Log,
    /// As they are.
    Linear,
}

/// A kind of decision, or who can take one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindDefinition {
    /// The identifier.
    pub name: String,
    /// What it is.
    pub definition: String,
    /// The user's share that the study published.
    #[serde(default)]
    pub published_user_share: Option<f64>,
}

/// The label where evidence is missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// The label.
    pub label: String,
    /// When it applies.
    pub when: String,
}

/// What an answer carries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerFields {
    /// Field names in order.
    pub fields: Vec<String>,
}

/// What a prompt has to reach.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Share of answers that may change when a request is varied and its right answer is not.
    #[serde(default = "flip_ceiling")]
    pub flip_ceiling: f64,
    /// The statistic that decides.
    pub statistic: String,
    /// How much worse a candidate may be.
    pub margin: f64,
    /// Share of sessions that have to end in a label.
    pub parse_rate: f64,
    /// The least that the statistic has to reach against gold; nothing is asked where it is absent.
    #[serde(default)]
    pub floor: Option<f64>,
    /// Labels guarded one by one.
    #[serde(default)]
    pub important: Vec<String>,
    /// How much of an important label's recall a candidate may lose; twice the margin where it is absent.
    #[serde(default)]
    pub recall_margin: Option<f64>,
    /// Telemetry checks of this classifier that must not fail.
    #[serde(default)]
    pub checks: Vec<String>,
}

fn flip_ceiling() -> f64 {
    0.10
}

/// A rule of `baseline:rules`. All conditions that are given have to hold; a rule without one always holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The label it gives, on a nominal or ordinal scale.
    #[serde(default)]
    pub label: Option<String>,
    /// The number it gives, on a ratio scale.
    #[serde(default)]
    pub number: Option<f64>,
    /// The user's shares of planning and execution decisions that it gives.
    #[serde(default)]
    pub shares: Option<[f64; 2]>,
    /// Stems of which one has to begin a word that the person typed.
    #[serde(default)]
    pub words: Vec<String>,
    /// What is measured.
    #[serde(default)]
    pub measure: Option<Measure>,
    /// The measure has to be at least this.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// The measure has to be at most this.
    #[serde(default)]
    pub at_most: Option<f64>,
}

/// Why a text is no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotALabel {
    /// It is not among the declared labels.
    #[error("`{0}` is not a label of the scale")]
    Unknown(String),
    /// It is not a number in range.
    #[error("`{0}` is not a number above {1}")]
    NotANumber(String, String),
    /// The classifier's labels are lists of decisions.
    #[error("labels of this classifier are lists of decisions in `decisions.jsonl`")]
    IsDecisions,
}

impl Definition {
    /// Where a check stands, for messages: `line 59: the check `name``.
    #[must_use]
    pub fn place_of_check(&self, name: &str) -> String {
        self.check_lines
            .iter()
            .find(|(known, _)| known == name)
            .map_or_else(
                || format!("the check `{name}`"),
                |(_, line)| format!("line {line}: the check `{name}`"),
            )
    }

    /// The label that `text` names, byte-exact.
    ///
    /// # Errors
    /// Where it is none of the scale.
    pub fn label(&self, text: &str) -> Result<Label, NotALabel> {
        match self.scale {
            Scale::Nominal | Scale::Ordinal => self
                .labels
                .iter()
                .position(|label| label.name == text)
                .and_then(|position| u16::try_from(position).ok())
                .map(Label::Category)
                .ok_or_else(|| NotALabel::Unknown(text.to_owned())),
            Scale::Ratio => {
                let above = self.number.as_ref().map_or(0.0, |number| number.above);
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite() && *number > above)
                    .map(Label::Number)
                    .ok_or_else(|| NotALabel::NotANumber(text.to_owned(), above.to_string()))
            }
            Scale::Decisions => Err(NotALabel::IsDecisions),
        }
    }

    /// What the scale allows, for messages.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self.scale {
            Scale::Nominal | Scale::Ordinal => {
                let names: Vec<&str> = self
                    .labels
                    .iter()
                    .map(|label| label.name.as_str())
                    .collect();
                names.join(", ")
            }
            Scale::Ratio => format!(
                "any number above {}",
                self.number.as_ref().map_or(0.0, |number| number.above)
            ),
            Scale::Decisions => "a list of decisions".to_owned(),
        }
    }

    /// Label text for people and files.
    #[must_use]
    pub fn text_of(&self, label: &Label) -> String {
        match label {
            Label::Category(code) => self
                .labels
                .get(usize::from(*code))
                .map_or_else(|| code.to_string(), |label| label.name.clone()),
            Label::Number(number) => number.to_string(),
            Label::Shares(DecisionShares {
                planning,
                execution,
            }) => {
                let share = |share: &Option<f64>| {
                    share.map_or_else(|| "none".to_owned(), |share| format!("{share:.2}"))
                };
                format!(
                    "planning {}, execution {}",
                    share(planning),
                    share(execution)
                )
            }
        }
    }

    /// Names of the categories in declared order.
    #[must_use]
    pub fn label_names(&self) -> Vec<&str> {
        self.labels
            .iter()
            .map(|label| label.name.as_str())
            .collect()
    }
}
