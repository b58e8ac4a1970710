//! Section 4: labels held against telemetry.

use std::collections::BTreeMap;

use crate::classifier::check::{Check, Claim};
use crate::report::number::{coefficient, p_value, percent};
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::validation::checks::{CheckResult, Effect};
use crate::validation::evidence::Evidence;

use super::cells::{rate, undefined};
use super::labels::users_of_labels;
use super::material::{Material, Role};

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let mut shares = Table::new(&[
        ("classifier", Align::Left),
        ("claim", Align::Left),
        ("n", Align::Right),
        ("share", Align::Estimate),
        ("among the others", Align::Estimate),
        ("base rate", Align::Right),
        ("asked", Align::Right),
        ("without telemetry", Align::Right),
        ("verdict", Align::Left),
    ])
    .named(
        material.key("telemetry"),
        format!(
            "Labels held against telemetry: shares ({})",
            material.name()
        ),
    );
    let mut effects = Table::new(&[
        ("classifier", Align::Left),
        ("claim", Align::Left),
        ("n", Align::Right),
        ("effect", Align::Left),
        ("value", Align::Estimate),
        ("Jonckheere z", Align::Right),
        ("p", Align::Right),
        ("without telemetry", Align::Right),
        ("verdict", Align::Left),
    ])
    .named(
        material.key("telemetry-effects"),
        format!(
            "Labels held against telemetry: lifts, trends and contrasts ({})",
            material.name()
        ),
    );
    let mut published = Table::new(&[
        ("classifier", Align::Left),
        ("check", Align::Left),
        ("here", Align::Left),
        ("the study", Align::Left),
    ])
    .named(
        material.key("telemetry-published"),
        format!(
            "Checks beside what the study's text states ({})",
            material.name()
        ),
    );
    for part in &material.classifiers {
        let name = &part.definition().name;
        for result in &part.validated.checks {
            let users = material.seen_by(Role::Candidate, |evidence| {
                fewest(material, name, &result.check, evidence)
            });
            if result.effect.is_some()
                && !matches!(result.check.claim, Claim::NumericAgreement { .. })
            {
                effects.push_cells(effect_row(name, result, users));
            } else {
                shares.push_cells(share_row(name, result, users));
            }
            if let Some(stated) = &result.check.published {
                let here = match &result.effect {
                    Some(effect) => format!("{}: {}", words(effect), value(effect).shown()),
                    None => rate(&result.labelled).shown(),
                };
                let here = match &result.reason {
                    Some(reason) => format!("{}: {reason}", result.verdict.word()),
                    None => here,
                };
                let mut cell = Cell::text(here);
                cell.users = users;
                published.push_cells(vec![
                    name.as_str().into(),
                    result.check.name.as_str().into(),
                    cell,
                    stated.as_str().into(),
                ]);
            }
        }
    }
    let scope = format!(
        "{} sessions of {} users, labels of `{}`.",
        material.basis.n_sessions, material.basis.n_users, material.basis.candidate
    );
    let shares = shares
        .note(format!("{scope} Intervals: Wilson's, sessions as independent. `share` is of the sessions that the claim speaks of, `among the others` of all others with a label, `base rate` of both together: labels given at random would reach it."))
        .note("A share `holds` where what is asked for is reached, `fails` where the whole interval lies below, is `undecided` between, and `too few` below 5 sessions. Left out: sessions without a label or, as the check declares, without telemetry, which are counted.");
    let effects = effects
        .note(format!("{scope} Intervals: of risk differences Newcombe's, on the effective number of sessions; of Spearman's correlations and differences of medians 2,000 resamples of users, percentile."))
        .note("A direction `holds` where the whole interval lies on the declared side, `fails` where all of it lies on the other, and is `undecided` otherwise. Jonckheere's test is two-sided and corrected for ties; it treats sessions as independent.");
    let published = published.note(format!(
        "{scope} Only checks for which the study's text states something. Its figures come from other sessions, and ours say nothing about theirs."
    ));
    [shares, effects, published]
        .into_iter()
        .filter(|table| !table.is_empty())
        .map(Block::Table)
        .collect()
}

fn share_row(name: &str, result: &CheckResult, users: Option<usize>) -> Vec<Cell> {
    let of = |mut cell: Cell| {
        cell.users = users;
        cell
    };
    let base = result.base();
    vec![
        name.into(),
        result.check.claim.sentence().into(),
        of(result.labelled.n.to_string().into()),
        of(match &result.reason {
            Some(reason) => reason.as_str().into(),
            None => rate(&result.labelled),
        }),
        of(rate(&result.others)),
        of(base
            .share()
            .map_or_else(|| "no sessions".to_owned(), percent)
            .into()),
        result
            .check
            .claim
            .share()
            .map_or_else(|| "none".to_owned(), percent)
            .into(),
        of(result.without_telemetry.to_string().into()),
        of(verdict(result)),
    ]
}

fn effect_row(name: &str, result: &CheckResult, users: Option<usize>) -> Vec<Cell> {
    let of = |mut cell: Cell| {
        cell.users = users;
        cell
    };
    let n = result
        .jonckheere
        .as_ref()
        .map_or_else(|| result.base().n.to_string(), |test| test.n.to_string());
    let effect = result.effect.as_ref();
    vec![
        name.into(),
        result.check.claim.sentence().into(),
        of(n.into()),
        effect.map_or_else(|| "none".into(), |effect| words(effect).into()),
        of(effect.map_or_else(|| "none".into(), value)),
        of(result
            .jonckheere
            .as_ref()
            .map_or_else(|| "no trend".to_owned(), |test| coefficient(test.z))
            .into()),
        of(result
            .jonckheere
            .as_ref()
            .map_or_else(|| "no trend".to_owned(), |test| p_value(test.p_value))
            .into()),
        of(result.without_telemetry.to_string().into()),
        of(verdict(result)),
    ]
}

fn verdict(result: &CheckResult) -> Cell {
    let hardly = if result.hardly_discriminates() {
        ", chance would pass"
    } else {
        ""
    };
    format!("{}{hardly}", result.verdict.word()).into()
}

fn words(effect: &Effect) -> String {
    match effect.name {
        "spearman" => "Spearman".to_owned(),
        name => name.replace('_', " "),
    }
}

fn value(effect: &Effect) -> Cell {
    let show = |value: f64| match effect.name {
        "median_difference" => format!("{value:.1}"),
        _ => coefficient(value),
    };
    match (effect.value, effect.interval) {
        (Err(reason), _) => undefined(reason),
        (Ok(value), Ok(limits)) => Cell::estimate(show(value), show(limits.low), show(limits.high)),
        (Ok(value), Err(reason)) => Cell::text(format!(
            "{} (no interval: {})",
            show(value),
            reason.code().replace('_', " ")
        )),
    }
}

/// The fewest users, above none, among the kinds of sessions that a check tells apart: by what it selects and by what they
/// show, those it cannot speak of among them, and by the labels it names. A claim without a rule here tells of one user.
fn fewest(material: &Material, own: &str, check: &Check, evidence: &Evidence<'_>) -> Option<usize> {
    let sessions = 0..evidence.sessions.len();
    let kinds: Vec<Kind> = match &check.claim {
        Claim::Implication { when, show, .. }
        | Claim::Converse { when, show, .. }
        | Claim::Lift { when, show, .. } => sessions
            .map(|at| (evidence.selects(when, own, at), evidence.in_range(show, at)))
            .collect(),
        Claim::GroupContrast { when, quantity, .. } => sessions
            .map(|at| {
                (
                    evidence.selects(when, own, at),
                    evidence.quantity(quantity, at).map(|_| true),
                )
            })
            .collect(),
        Claim::Trend { quantity, .. } => sessions
            .map(|at| {
                (
                    evidence.label(own, at).map(|_| true),
                    evidence.quantity(quantity, at).map(|_| true),
                )
            })
            .collect(),
        Claim::Equality {
            derived,
            measure,
            equals,
            ..
        } => sessions
            .map(|at| {
                let holds = evidence
                    .derived_definition(derived)
                    .and_then(|derived| evidence.derived(derived, at));
                let value = evidence.row(at).and_then(|row| measure.of(row));
                (holds, value.map(|value| (value - equals).abs() < 1e-9))
            })
            .collect(),
        // Who is close to the measure depends on all sessions together.
        Claim::NumericAgreement { .. } => return Some(1),
    };
    let mut groups: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
    for (at, kind) in kinds.into_iter().enumerate() {
        groups.entry(kind).or_default().push(at);
    }
    groups
        .into_values()
        .map(|group| material.users_of(group))
        .chain(of_labels(material, own, check, evidence))
        .filter(|users| *users > 0)
        .min()
}

/// Whether a session is selected, and whether it shows what is asked for; `None` where that is not known.
type Kind = (Option<bool>, Option<bool>);

/// The users behind every label that a check names, itself or through a derived measure.
fn of_labels(material: &Material, own: &str, check: &Check, evidence: &Evidence<'_>) -> Vec<usize> {
    let mut named: Vec<(&str, &[String])> = Vec::new();
    if let Some(selector) = check.claim.selector() {
        let classifier = selector.classifier.as_deref().unwrap_or(own);
        named.push((classifier, check.claim.labels()));
    }
    if let Some(derived) = check
        .claim
        .derived()
        .and_then(|name| evidence.derived_definition(name))
    {
        named.extend(
            derived
                .all
                .iter()
                .chain(&derived.among)
                .map(|condition| (condition.classifier.as_str(), condition.labels.as_slice())),
        );
    }
    named
        .into_iter()
        .filter_map(|(classifier, labels)| Some((material.classifier(classifier)?, labels)))
        .flat_map(|(part, labels)| users_of_labels(material, part, labels))
        .collect()
}
