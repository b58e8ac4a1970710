//! What a candidate has to reach: `[gate]` of a `classifier.toml`, read once and checked.

use crate::classifier::definition::Definition;
use crate::domain::label::Scale;
use crate::stats::noninferiority_numbers::NumberStatistic;

/// Coefficients that the gate can bound even where few labels changed.
pub const CATEGORY_STATISTICS: [&str; 4] = [
    "cohen_kappa",
    "cohen_kappa_linear",
    "cohen_kappa_quadratic",
    "percent_agreement",
];

/// What a candidate has to reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The statistic that decides, by the name it has in output.
    pub statistic: Statistic,
    /// How much of it a candidate may lose.
    pub margin: f64,
    /// How much of an important label's recall a candidate may lose.
    pub recall_margin: f64,
    /// The least that the statistic has to reach against gold.
    pub floor: Option<f64>,
    /// Share of sessions that have to end in a label.
    pub parse_rate: f64,
    /// Positions of the labels that are guarded one by one.
    pub important: Vec<usize>,
    /// Telemetry checks that must not fail.
    pub checks: Vec<String>,
}

/// The statistic that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Of categories; the name.
    Categories(&'static str),
    /// Of numbers.
    Numbers(NumberStatistic, &'static str),
}

impl Statistic {
    /// Its name in output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Categories(name) | Self::Numbers(_, name) => name,
        }
    }
}

/// Why a classifier cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The statistic is none that the scale has.
    #[error(
        "`prompts/{classifier}/classifier.toml`: the gate's statistic `{name}` is none for a {scale} scale\n\nhint: give one of {known}"
    )]
    Statistic {
        /// The classifier.
        classifier: String,
        /// What was asked for.
        name: String,
        /// The scale.
        scale: &'static str,
        /// What there is.
        known: String,
    },
    /// A margin from the command line is none.
    #[error(
        "`--margin {0}` is no margin\n\nhint: give what may be lost, above 0 and at most 1, such as 0.10"
    )]
    Margin(String),
}

impl Rule {
    /// What the definition asks, with another margin if one is given.
    ///
    /// # Errors
    /// Where the statistic does not suit the scale, or the margin is none.
    pub fn of(definition: &Definition, margin: Option<f64>) -> Result<Self, RuleError> {
        if let Some(margin) = margin.filter(|margin| !(*margin > 0.0 && *margin <= 1.0)) {
            return Err(RuleError::Margin(margin.to_string()));
        }
        let gate = &definition.gate;
        let name = gate.statistic.as_str();
        let found = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
        let (statistic, known): (_, &[&str]) = match definition.scale {
            Scale::Nominal => (
                found(&["cohen_kappa", "percent_agreement"]).map(Statistic::Categories),
                &["cohen_kappa", "percent_agreement"],
            ),
            Scale::Ordinal => (
                found(&CATEGORY_STATISTICS).map(Statistic::Categories),
                &CATEGORY_STATISTICS,
            ),
            Scale::Ratio | Scale::Decisions => (
                found(&NumberStatistic::NAMES).and_then(|name| {
                    NumberStatistic::from_name(name).map(|it| Statistic::Numbers(it, name))
                }),
                &NumberStatistic::NAMES,
            ),
        };
        let statistic = statistic.ok_or_else(|| RuleError::Statistic {
            classifier: definition.name.clone(),
            name: name.to_owned(),
            scale: definition.scale.word(),
            known: known
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        let margin = margin.unwrap_or(gate.margin);
        let position = |label: &String| definition.labels.iter().position(|one| one.name == *label);
        Ok(Self {
            statistic,
            margin,
            recall_margin: gate.recall_margin.unwrap_or((2.0 * margin).min(1.0)),
            floor: gate.floor,
            parse_rate: gate.parse_rate,
            important: gate.important.iter().filter_map(position).collect(),
            checks: gate.checks.clone(),
        })
    }
}
