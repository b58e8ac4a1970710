//! Section 9: what sessions of known groups show: actions and words per prompt by expertise, and by who decides.

use crate::classifier::check::kind_word;
use crate::classifier::study::{Grouping, Study};
use crate::domain::telemetry::Measure;
use crate::report::number::{coefficient, p_value, signed_percent};
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::stats::estimate::Undefined;
use crate::stats::moments::{geometric_mean, mean, quantile};
use crate::stats::rank::spearman;
use crate::stats::regression::{Design, Options, Tested, Vcov, regress};
use crate::stats::trend::jonckheere;
use crate::stats::user_bootstrap::interval;
use crate::validation::agreement::CONFIDENCE;

use super::cells::{measured, undefined};
use super::labels::users_of_label;
use super::material::{Material, Role};
use super::outcomes::controls;

/// A group of sessions.
struct Group {
    name: String,
    sessions: Vec<usize>,
    /// The users that count for suppression.
    users: usize,
    /// What the groups that make up a whole have in common.
    of: Option<&'static str>,
}

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let Some(study) = &material.study else {
        return vec![Block::Text(
            "`prompts/study.toml` declares no groups.".to_owned(),
        )];
    };
    study
        .groups
        .iter()
        .flat_map(|grouping| {
            let mut blocks = vec![levels(material, grouping)];
            if grouping.trend {
                blocks.push(trend(material, study, grouping));
            } else {
                blocks.push(Block::Text(
                    "How these groups differ is tested among the checks of section 4.".to_owned(),
                ));
            }
            blocks
        })
        .collect()
}

fn groups(material: &Material, grouping: &Grouping) -> Vec<Group> {
    if let Some(part) = grouping
        .classifier
        .as_ref()
        .and_then(|name| material.classifier(name))
    {
        let Some(candidate) = part.of(Role::Candidate) else {
            return Vec::new();
        };
        return (0_u16..)
            .zip(&part.definition().labels)
            .map(|(code, label)| Group {
                name: if label.name == label.title {
                    label.name.clone()
                } else {
                    format!("{} {}", label.name, label.title)
                },
                sessions: (0..material.sessions.len())
                    .filter(|at| candidate.category(*at) == Some(code))
                    .collect(),
                users: users_of_label(material, part, code),
                of: None,
            })
            .filter(|group| !group.sessions.is_empty())
            .collect();
    }
    grouping
        .members
        .iter()
        .map(|member| {
            let selector = member.when.selector();
            let sessions: Vec<usize> = material.seen_by(Role::Candidate, |evidence| {
                (0..evidence.sessions.len())
                    .filter(|at| evidence.selects(&selector, "", *at) == Some(true))
                    .collect()
            });
            Group {
                name: member.name.clone(),
                users: material.users_of(sessions.iter().copied()),
                of: member.when.of.map(kind_word),
                sessions,
            }
        })
        .collect()
}

fn measure_of(material: &Material, measure: Measure, at: usize) -> Option<f64> {
    measure.of(material.sessions[at].telemetry.as_ref()?)
}

fn levels(material: &Material, grouping: &Grouping) -> Block {
    let mut table = Table::new(&[
        ("measure", Align::Left),
        ("group", Align::Left),
        ("n", Align::Right),
        ("users", Align::Right),
        ("5th", Align::Right),
        ("quarter", Align::Right),
        ("median", Align::Right),
        ("three quarters", Align::Right),
        ("95th", Align::Right),
        ("geometric mean", Align::Right),
        ("mean", Align::Right),
    ])
    .named(
        material.key(&format!("groups-{}", grouping.name)),
        format!("{} ({})", grouping.title, material.name()),
    )
    .grouped();
    let mut not_positive = 0;
    let groups = groups(material, grouping);
    for measure in &grouping.measures {
        for group in &groups {
            let sessions: Vec<usize> = group
                .sessions
                .iter()
                .copied()
                .filter(|at| measure_of(material, *measure, *at).is_some())
                .collect();
            let values: Vec<f64> = sessions
                .iter()
                .filter_map(|at| measure_of(material, *measure, *at))
                .collect();
            let (geometric, left_out) = geometric_mean(&values);
            not_positive += left_out;
            let at = |p: f64| measured(quantile(&values, p)).of_users(group.users);
            table.push_cells(vec![
                match group.of {
                    Some(kind) => format!("{}: {kind}", measure.words()),
                    None => measure.words().to_owned(),
                }
                .into(),
                group.name.as_str().into(),
                Cell::text(values.len().to_string()).of_users(group.users),
                Cell::text(material.users_of(sessions).to_string()).of_users(group.users),
                at(0.05),
                at(0.25),
                at(0.5),
                at(0.75),
                at(0.95),
                measured(geometric).of_users(group.users),
                measured((!values.is_empty()).then(|| mean(&values))).of_users(group.users),
            ]);
        }
    }
    let mut table = table.note(format!(
        "Labels of `{}`; n is the sessions of a group with telemetry. Quantiles are linear between order statistics; no intervals. Geometric means are of values above zero: {not_positive} left out.",
        material.basis.candidate,
    ));
    if let Some(published) = &grouping.published {
        table = table.note(format!("The study: {published}."));
    }
    Block::Table(table)
}

/// One row per label and measure that is there: level, value, session.
struct Points {
    at: Vec<usize>,
    level: Vec<f64>,
    value: Vec<f64>,
}

fn points(material: &Material, groups: &[Group], measure: Measure) -> Points {
    let mut points = Points {
        at: Vec::new(),
        level: Vec::new(),
        value: Vec::new(),
    };
    let mut rows: Vec<(usize, f64, f64)> = (0_u16..)
        .zip(groups)
        .flat_map(|(level, group)| {
            group.sessions.iter().filter_map(move |at| {
                Some((*at, f64::from(level), measure_of(material, measure, *at)?))
            })
        })
        .collect();
    rows.sort_by_key(|row| row.0);
    for (at, level, value) in rows {
        points.at.push(at);
        points.level.push(level);
        points.value.push(value);
    }
    points
}

fn trend(material: &Material, study: &Study, grouping: &Grouping) -> Block {
    let mut table = Table::new(&[
        ("measure", Align::Left),
        ("n", Align::Right),
        ("Spearman", Align::Estimate),
        ("Jonckheere z", Align::Right),
        ("p", Align::Right),
        ("change per level", Align::Estimate),
        ("the same with controls", Align::Estimate),
        ("n with controls", Align::Right),
    ])
    .named(
        material.key(&format!("trends-{}", grouping.name)),
        format!(
            "Trends: {} ({})",
            grouping.title.to_lowercase(),
            material.name()
        ),
    );
    let groups = groups(material, grouping);
    let absorbed = study
        .outcomes
        .as_ref()
        .map_or_else(Vec::new, |outcomes| controls(material, outcomes));
    for measure in &grouping.measures {
        let points = points(material, &groups, *measure);
        let users: Vec<u32> = points
            .at
            .iter()
            .map(|at| material.sessions[*at].user_code)
            .collect();
        let limits = interval(&users, material.basis.seed, CONFIDENCE, |rows| {
            let of = |values: &[f64]| -> Vec<f64> { rows.iter().map(|row| values[*row]).collect() };
            spearman(&of(&points.level), &of(&points.value)).ok()
        });
        let rho = match (spearman(&points.level, &points.value), limits) {
            (Err(reason), _) => undefined(reason),
            (Ok(rho), Ok(limits)) => Cell::estimate(
                coefficient(rho),
                coefficient(limits.low),
                coefficient(limits.high),
            ),
            (Ok(rho), Err(_)) => Cell::text(format!("{} (no interval)", coefficient(rho))),
        };
        let test = jonckheere(&points.level, &points.value);
        let (plain, _) = slope(material, &points, &[]);
        let (controlled, n) = slope(material, &points, &absorbed);
        table.push_cells(vec![
            measure.words().into(),
            points.at.len().to_string().into(),
            rho,
            test.map_or_else(undefined, |test| coefficient(test.z).into()),
            test.map_or_else(undefined, |test| p_value(test.p_value).into()),
            plain,
            controlled,
            n.to_string().into(),
        ]);
    }
    let names: Vec<&str> = study.outcomes.as_ref().map_or_else(Vec::new, |outcomes| {
        outcomes
            .absorb
            .iter()
            .map(|control| control.name.as_str())
            .collect()
    });
    Block::Table(table.note(format!(
        "Intervals: of Spearman's correlation 2,000 resamples of users, percentile; of changes CR2 errors clustered by user, t with Satterthwaite's degrees of freedom. Jonckheere's test is two-sided and treats sessions as independent. A change is of the geometric mean for one level more, from least squares on logarithms (values of zero left out); with controls within {}, where sessions that share none of these with another one are left out. The study also controls for the model family, which a goldset of one family cannot.",
        names.join(", ")
    )))
}

/// The change of the geometric mean per level, and the sessions behind it.
fn slope(material: &Material, points: &Points, absorb: &[Vec<Option<u32>>]) -> (Cell, usize) {
    let rows: Vec<usize> = (0..points.at.len())
        .filter(|row| {
            0.0 < points.value[*row]
                && absorb
                    .iter()
                    .all(|control| control[points.at[*row]].is_some())
        })
        .collect();
    let y: Vec<f64> = rows.iter().map(|row| points.value[*row].ln()).collect();
    let x: Vec<f64> = rows.iter().map(|row| points.level[*row]).collect();
    let users: Vec<u32> = rows
        .iter()
        .map(|row| material.sessions[points.at[*row]].user_code)
        .collect();
    let effects: Vec<Vec<u32>> = absorb
        .iter()
        .map(|control| {
            rows.iter()
                .filter_map(|row| control[points.at[*row]])
                .collect()
        })
        .collect();
    let effects: Vec<&[u32]> = effects.iter().map(Vec::as_slice).collect();
    let fitted = regress(
        &Design {
            y: &y,
            x: &[&x],
            absorb: &effects,
            clusters: &[&users],
            categories: None,
        },
        &Options {
            vcov: Vcov::Cr2,
            confidence: CONFIDENCE,
            ..Options::default()
        },
    );
    match fitted {
        Err(reason) => (undefined(reason), rows.len()),
        Ok(fitted) => {
            let found = fitted
                .coefficients
                .iter()
                .find(|(term, _)| matches!(term, crate::stats::regression::Term::Column(_)));
            (
                found.map_or_else(
                    || undefined(Undefined::Singular),
                    |(_, tested)| change(tested),
                ),
                fitted.n,
            )
        }
    }
}

/// A difference of logarithms as a change in percent, with a sign.
fn change(tested: &Tested) -> Cell {
    let show = |log: f64| {
        let share = log.exp() - 1.0;
        // Beyond this, limits say only that nothing is known.
        if 10.0 < share {
            "over +1000%".to_owned()
        } else if share < 0.0 {
            signed_percent(share)
        } else {
            format!("+{}", signed_percent(share))
        }
    };
    let value = show(tested.estimate.value);
    match tested.estimate.interval {
        Some(limits) => Cell::estimate(value, show(limits.low), show(limits.high)),
        None => Cell::text(format!("{value} (no interval)")),
    }
}
