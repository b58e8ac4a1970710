//! Labels held against telemetry: of the sessions with these labels, how many show what the labels imply?

use std::collections::HashMap;

use crate::classifier::definition::{Check, Definition};
use crate::domain::label::Label;
use crate::domain::rating::Outcome;
use crate::domain::telemetry::TelemetryRow;
use crate::stats::estimate::Interval;
use crate::stats::proportion::wilson;

use super::agreement::CONFIDENCE;

/// A count out of a total, with Wilson's interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Sessions in which the expectation holds.
    pub holding: u64,
    /// Sessions looked at.
    pub n: u64,
    /// Wilson's interval; [0, 1] where nothing was looked at.
    pub interval: Interval,
}

impl Rate {
    /// So many of so many.
    #[must_use]
    pub fn of(holding: u64, n: u64) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of sessions stay far below 2^53"
        )]
        let interval = wilson(holding as f64, n as f64, CONFIDENCE);
        Self {
            holding,
            n,
            interval,
        }
    }

    /// The share; `None` where nothing was looked at.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of sessions stay far below 2^53"
    )]
    pub fn share(&self) -> Option<f64> {
        (self.n > 0).then(|| self.holding as f64 / self.n as f64)
    }
}

/// How a check ended. It reports; it does not fail a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckVerdict {
    /// The share reaches what is asked for.
    Pass,
    /// It does not.
    Fail,
    /// No session has one of the labels, or none of them has telemetry.
    NoSessions,
}

impl CheckVerdict {
    /// The word that stands in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NoSessions => "no sessions",
        }
    }
}

/// A session that has the label but not what it implies.
#[derive(Debug, Clone, PartialEq)]
pub struct Violator {
    /// The session.
    pub session_id: String,
    /// Its label.
    pub label: String,
    /// What was measured.
    pub value: f64,
}

/// The result of one check.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// The check as it was declared.
    pub check: Check,
    /// Among the sessions with the labels.
    pub labelled: Rate,
    /// Among the other labelled sessions: the rate that the check has to stand out from.
    pub others: Rate,
    /// Sessions with a label but without telemetry.
    pub without_telemetry: u64,
    /// The verdict.
    pub verdict: CheckVerdict,
    /// Those that violate it.
    pub violators: Vec<Violator>,
}

impl CheckResult {
    /// True if so many of all sessions show what the labels imply that labels given at random would pass: then the check
    /// hardly tells a good rater from a poor one.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of sessions stay far below 2^53"
    )]
    pub fn hardly_discriminates(&self) -> bool {
        let (holding, n) = self.overall();
        n > 0 && self.check.share <= holding as f64 / n as f64
    }

    /// Sessions in which the expectation holds, whatever their label, out of all that were looked at.
    #[must_use]
    pub fn overall(&self) -> (u64, u64) {
        (
            self.labelled.holding + self.others.holding,
            self.labelled.n + self.others.n,
        )
    }
}

/// Runs every declared check of a classifier over the candidate's labels.
#[must_use]
pub fn run(
    definition: &Definition,
    sessions: &[&str],
    outcomes: &[Outcome],
    telemetry: &HashMap<String, TelemetryRow>,
) -> Vec<CheckResult> {
    definition
        .checks
        .iter()
        .map(|check| run_one(definition, check, sessions, outcomes, telemetry))
        .collect()
}

fn run_one(
    definition: &Definition,
    check: &Check,
    sessions: &[&str],
    outcomes: &[Outcome],
    telemetry: &HashMap<String, TelemetryRow>,
) -> CheckResult {
    let (mut labelled, mut others) = ((0, 0), (0, 0));
    let mut without_telemetry = 0;
    let mut violators = Vec::new();
    for (session, outcome) in sessions.iter().zip(outcomes) {
        let Some(label @ Label::Category(_)) = outcome.label() else {
            continue;
        };
        let Some(value) = telemetry
            .get(*session)
            .and_then(|row| check.measure.of(row))
        else {
            without_telemetry += 1;
            continue;
        };
        let text = definition.text_of(label);
        let holds = check.holds(value);
        let is_labelled = check.labels.contains(&text);
        let group = if is_labelled {
            &mut labelled
        } else {
            &mut others
        };
        group.0 += u64::from(holds);
        group.1 += 1;
        if is_labelled && !holds {
            violators.push(Violator {
                session_id: (*session).to_owned(),
                label: text,
                value,
            });
        }
    }
    let labelled = Rate::of(labelled.0, labelled.1);
    let verdict = match labelled.share() {
        None => CheckVerdict::NoSessions,
        Some(share) if check.share <= share => CheckVerdict::Pass,
        Some(_) => CheckVerdict::Fail,
    };
    CheckResult {
        check: check.clone(),
        labelled,
        others: Rate::of(others.0, others.1),
        without_telemetry,
        verdict,
        violators,
    }
}
