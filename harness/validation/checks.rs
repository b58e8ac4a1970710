//! Labels held against telemetry: what a check found, and how it ended.
//!
//! A share asked for is an alarm: it `holds` where the share is reached, `fails` where the whole interval is below, and is
//! `undecided` between. A direction is a finding: it `holds` where the whole interval lies on the declared side, `fails`
//! where all of it lies on the other, and is `undecided` otherwise. Below a least number of sessions nothing is said.

use crate::classifier::check::{Check, Claim, MissingPolicy};
use crate::classifier::definition::Definition;
use crate::stats::estimate::{Interval, Undefined};
use crate::stats::proportion::wilson;
use crate::stats::trend::Jonckheere;

use super::agreement::CONFIDENCE;
use super::evidence::Evidence;
use super::{check_contrasts, check_numbers, check_shares, check_trends};

/// Sessions (of each group) below which a check says nothing.
pub const LEAST: u64 = 5;

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

    /// How many of these are true.
    #[must_use]
    pub fn of_flags(flags: &[bool]) -> Self {
        let holding = flags.iter().filter(|flag| **flag).count();
        Self::of(holding as u64, flags.len() as u64)
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
    /// What is asked for is reached.
    Holds,
    /// It is not.
    Fails,
    /// Too few sessions to say anything.
    TooFew,
    /// The interval reaches both sides, or labels it needs were not asked for.
    Undecided,
}

impl CheckVerdict {
    /// The word that stands in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::TooFew => "too few",
            Self::Undecided => "undecided",
        }
    }

    /// Of a share asked for.
    #[must_use]
    pub fn of_share(rate: &Rate, asked: f64) -> Self {
        match rate.share() {
            None => Self::TooFew,
            Some(_) if rate.n < LEAST => Self::TooFew,
            Some(share) if asked <= share => Self::Holds,
            Some(_) if rate.interval.high < asked => Self::Fails,
            Some(_) => Self::Undecided,
        }
    }

    /// Of an effect that has to be above `asked`, times `sign`.
    #[must_use]
    pub fn of_effect(interval: &Result<Interval, Undefined>, asked: f64, sign: f64) -> Self {
        let Ok(interval) = interval else {
            return Self::Undecided;
        };
        let (one, other) = (interval.low * sign, interval.high * sign);
        if asked < one.min(other) {
            Self::Holds
        } else if one.max(other) < asked {
            Self::Fails
        } else {
            Self::Undecided
        }
    }
}

/// A session that contradicts a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Violator {
    /// The session.
    pub session_id: String,
    /// Its label.
    pub label: String,
    /// What was measured; `None` without telemetry.
    pub value: Option<f64>,
    /// Why it contradicts the check.
    pub reason: String,
}

/// The size of what a check is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// What it is, as a code: `risk_difference`, `spearman`, `median_difference`.
    pub name: &'static str,
    /// The estimate.
    pub value: Result<f64, Undefined>,
    /// Its interval.
    pub interval: Result<Interval, Undefined>,
    /// How the interval was made.
    pub method: &'static str,
    /// What has to be exceeded, in the declared direction.
    pub asked: f64,
}

/// Sessions of one label or group.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The label or group.
    pub name: String,
    /// Sessions.
    pub n: u64,
    /// The median of what is looked at.
    pub median: Option<f64>,
    /// The mean, which is the share where 0 and 1 are looked at.
    pub mean: Option<f64>,
}

/// The result of one check.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// The check as it was declared.
    pub check: Check,
    /// Among the sessions the check speaks of.
    pub labelled: Rate,
    /// Among the other labelled sessions: the rate that the check has to stand out from.
    pub others: Rate,
    /// Sessions with a label but without what is looked at.
    pub without_telemetry: u64,
    /// The size of a lift, trend, contrast or correlation.
    pub effect: Option<Effect>,
    /// The test of a trend.
    pub jonckheere: Option<Jonckheere>,
    /// Labels or groups one by one.
    pub levels: Vec<Level>,
    /// The verdict.
    pub verdict: CheckVerdict,
    /// Why nothing is said, where that is so.
    pub reason: Option<String>,
    /// Those that violate it.
    pub violators: Vec<Violator>,
}

impl CheckResult {
    pub(super) fn new(check: &Check) -> Self {
        Self {
            check: check.clone(),
            labelled: Rate::of(0, 0),
            others: Rate::of(0, 0),
            without_telemetry: 0,
            effect: None,
            jonckheere: None,
            levels: Vec::new(),
            verdict: CheckVerdict::TooFew,
            reason: None,
            violators: Vec::new(),
        }
    }

    /// True if so many of all sessions show what the labels imply that labels given at random would pass: then the check
    /// hardly tells a good rater from a poor one.
    #[must_use]
    pub fn hardly_discriminates(&self) -> bool {
        let asked = match self.check.claim {
            Claim::Implication { share, .. } | Claim::Converse { share, .. } => share,
            _ => return false,
        };
        self.base().share().is_some_and(|base| asked <= base)
    }

    /// The base rate: all sessions looked at, whatever their label.
    #[must_use]
    pub fn base(&self) -> Rate {
        Rate::of(
            self.labelled.holding + self.others.holding,
            self.labelled.n + self.others.n,
        )
    }
}

/// Runs every declared check of a classifier over the rater's labels.
#[must_use]
pub fn run(definition: &Definition, evidence: &Evidence<'_>) -> Vec<CheckResult> {
    definition
        .checks
        .iter()
        .map(|check| run_one(definition, check, evidence))
        .collect()
}

fn run_one(definition: &Definition, check: &Check, evidence: &Evidence<'_>) -> CheckResult {
    let unknown = needs(check, evidence)
        .into_iter()
        .find(|name| !evidence.knows(name));
    if let Some(name) = unknown {
        let mut result = CheckResult::new(check);
        result.verdict = CheckVerdict::Undecided;
        result.reason = Some(format!(
            "it needs the labels of `{name}`, which were not asked for (`--classifier all`)"
        ));
        return result;
    }
    match check.claim {
        Claim::Implication { .. } | Claim::Converse { .. } | Claim::Equality { .. } => {
            check_shares::run(definition, check, evidence)
        }
        Claim::Lift { .. } | Claim::GroupContrast { .. } => {
            check_contrasts::run(definition, check, evidence)
        }
        Claim::Trend { .. } => check_trends::run(definition, check, evidence),
        Claim::NumericAgreement { .. } => check_numbers::run(definition, check, evidence),
    }
}

/// Classifiers whose labels a check needs besides its own.
fn needs<'n>(check: &'n Check, evidence: &Evidence<'n>) -> Vec<&'n str> {
    let mut needed: Vec<&str> = check
        .claim
        .selector()
        .and_then(|selector| selector.classifier.as_deref())
        .into_iter()
        .collect();
    if let Some(derived) = check.claim.derived() {
        needed.extend(
            evidence
                .derived_definition(derived)
                .map(super::super::classifier::derived::DerivedDefinition::needs)
                .unwrap_or_default(),
        );
    }
    needed
}

/// Whether missing telemetry counts as not showing what is asked for.
pub(super) fn counts_missing(check: &Check) -> bool {
    check.missing == MissingPolicy::CountsAgainst
}
