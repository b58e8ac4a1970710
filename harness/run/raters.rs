//! Who can be asked without a network: a rater of the goldset, or a baseline that a prompt has to beat.

use std::collections::HashMap;

use crate::classifier::definition::{Definition, Rule};
use crate::domain::label::{DecisionShares, Label, Scale};
use crate::domain::rating::{Outcome, RaterKind};
use crate::domain::telemetry::TelemetryRow;
use crate::goldset::load::{Goldset, GoldsetError};
use crate::telemetry::words::PromptWords;

use super::asked::Asked;

/// Who is asked, as `--model` and `--reference` take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// `rater:NAME`.
    Rater(String),
    /// `recorded:NAME`: answers of a model that the goldset keeps.
    Recorded(String),
    /// `anthropic:NAME` or `openai:NAME@ADDRESS`: a model that is asked, without a slash at its end.
    Model(String),
    /// `baseline:majority`: the most frequent gold label for every session.
    Majority,
    /// `baseline:rules`: the classifier's declared rules over telemetry and words.
    Rules,
}

/// Why a text names nobody who can be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// It has no known form.
    #[error(
        "`{0}` names nobody to ask\n\nhint: give `anthropic:NAME`, `openai:NAME@http://HOST:PORT/v1`, `recorded:NAME`, `rater:NAME`, `baseline:majority` or `baseline:rules`"
    )]
    Unknown(String),
}

impl Spec {
    /// Reads a spec.
    ///
    /// # Errors
    /// Where it names nobody who can be asked.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        match text.split_once(':') {
            Some(("rater", name)) if !name.is_empty() => Ok(Self::Rater(name.to_owned())),
            Some(("recorded", name)) if !name.is_empty() => Ok(Self::Recorded(name.to_owned())),
            Some(("baseline", "majority")) => Ok(Self::Majority),
            Some(("baseline", "rules")) => Ok(Self::Rules),
            Some(("anthropic" | "openai", name)) if !name.is_empty() => {
                Ok(Self::Model(text.trim_end_matches('/').to_owned()))
            }
            _ => Err(SpecError::Unknown(text.to_owned())),
        }
    }

    /// The spec as it is written.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Rater(name) => format!("rater:{name}"),
            Self::Recorded(name) => format!("recorded:{name}"),
            Self::Model(text) => text.clone(),
            Self::Majority => "baseline:majority".to_owned(),
            Self::Rules => "baseline:rules".to_owned(),
        }
    }

    /// What kind of rater answers.
    ///
    /// # Errors
    /// Where the goldset has no such rater.
    pub fn kind(&self, goldset: &Goldset) -> Result<RaterKind, GoldsetError> {
        match self {
            Self::Rater(name) => goldset.rater(name).map(|rater| rater.kind),
            Self::Recorded(_) | Self::Model(_) => Ok(RaterKind::Model),
            Self::Majority | Self::Rules => Ok(RaterKind::Baseline),
        }
    }
}

/// What is known of each session when somebody is asked about it.
pub struct Question<'q> {
    /// The classifier.
    pub definition: &'q Definition,
    /// Ids of the sessions, in the order of the answers.
    pub sessions: &'q [&'q str],
    /// The gold label of each session.
    pub gold: &'q [Option<Label>],
    /// Telemetry by session.
    pub telemetry: &'q HashMap<String, TelemetryRow>,
    /// Vocabulary by session, where transcripts were read.
    pub words: &'q HashMap<String, PromptWords>,
    /// Answers of models that were replayed or asked, by spec.
    pub asked: &'q HashMap<String, Asked>,
}

/// Everyone's answers in the order of the sessions. A session nobody said anything about is missing.
#[must_use]
pub fn ask(spec: &Spec, goldset: &Goldset, question: &Question<'_>) -> Vec<Outcome> {
    let answer = |label: Option<Label>| label.map_or(Outcome::Missing, Outcome::Parsed);
    match spec {
        Spec::Rater(name) => labels_of(goldset, question.definition, name, question.sessions)
            .into_iter()
            .map(answer)
            .collect(),
        Spec::Recorded(_) | Spec::Model(_) => {
            let asked = question.asked.get(&spec.text());
            question
                .sessions
                .iter()
                .map(|session| {
                    let key = (question.definition.name.clone(), (*session).to_owned());
                    asked
                        .and_then(|asked| asked.outcomes.get(&key))
                        .cloned()
                        .unwrap_or(Outcome::Missing)
                })
                .collect()
        }
        Spec::Majority => {
            let label = majority(question.definition, question.gold);
            question
                .sessions
                .iter()
                .map(|_| answer(label.clone()))
                .collect()
        }
        Spec::Rules => {
            question
                .sessions
                .iter()
                .map(|session| {
                    let telemetry = question.telemetry.get(*session);
                    answer(telemetry.and_then(|row| {
                        rules(question.definition, row, question.words.get(*session))
                    }))
                })
                .collect()
        }
    }
}

/// One rater's labels in the order of the sessions.
#[must_use]
pub fn labels_of(
    goldset: &Goldset,
    definition: &Definition,
    rater: &str,
    sessions: &[&str],
) -> Vec<Option<Label>> {
    let ratings = goldset.ratings_of(&definition.name, rater);
    sessions
        .iter()
        .map(|session| ratings.get(session).map(|rating| rating.label.clone()))
        .collect()
}

/// The label that agrees with gold most often: the most frequent category (the first declared of several), the median
/// number, the mean shares.
fn majority(definition: &Definition, gold: &[Option<Label>]) -> Option<Label> {
    let labels = gold.iter().flatten();
    match definition.scale {
        Scale::Nominal | Scale::Ordinal => {
            let mut counts = vec![0_u64; definition.labels.len()];
            for label in labels {
                if let Label::Category(code) = label
                    && let Some(count) = counts.get_mut(usize::from(*code))
                {
                    *count += 1;
                }
            }
            let most = counts.iter().copied().max().filter(|most| *most > 0)?;
            let first = counts.iter().position(|count| *count == most)?;
            u16::try_from(first).ok().map(Label::Category)
        }
        Scale::Ratio => median(labels.filter_map(|label| match label {
            Label::Number(number) => Some(*number),
            Label::Category(_) | Label::Shares(_) => None,
        }))
        .map(Label::Number),
        Scale::Decisions => {
            let shares: Vec<DecisionShares> = labels
                .filter_map(|label| match label {
                    Label::Shares(shares) => Some(*shares),
                    Label::Category(_) | Label::Number(_) => None,
                })
                .collect();
            (!shares.is_empty()).then(|| {
                Label::Shares(DecisionShares {
                    planning: mean(shares.iter().filter_map(|shares| shares.planning)),
                    execution: mean(shares.iter().filter_map(|shares| shares.execution)),
                })
            })
        }
    }
}

fn median(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    let upper = numbers.len() / 2;
    match numbers.len() % 2 {
        _ if numbers.is_empty() => None,
        1 => Some(numbers[upper]),
        _ => Some(f64::midpoint(numbers[upper - 1], numbers[upper])),
    }
}

fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.fold((0.0, 0_u32), |(sum, count), number| {
        (sum + number, count + 1)
    });
    (count > 0).then(|| sum / f64::from(count))
}

/// The first declared rule that holds.
fn rules(
    definition: &Definition,
    row: &TelemetryRow,
    words: Option<&PromptWords>,
) -> Option<Label> {
    let rule = definition
        .rules
        .iter()
        .find(|rule| holds(rule, row, words))?;
    match (&rule.label, rule.number, rule.shares) {
        (Some(label), _, _) => definition.label(label).ok(),
        (None, Some(number), _) => Some(Label::Number(number)),
        (None, None, Some([planning, execution])) => Some(Label::Shares(DecisionShares {
            planning: Some(planning),
            execution: Some(execution),
        })),
        (None, None, None) => None,
    }
}

fn holds(rule: &Rule, row: &TelemetryRow, words: Option<&PromptWords>) -> bool {
    let words_hold = rule.words.is_empty() || words.is_some_and(|words| words.has_any(&rule.words));
    let measure_holds = rule.measure.is_none_or(|measure| {
        measure.of(row).is_some_and(|value| {
            rule.at_least.is_none_or(|least| least <= value)
                && rule.at_most.is_none_or(|most| value <= most)
        })
    });
    words_hold && measure_holds
}
