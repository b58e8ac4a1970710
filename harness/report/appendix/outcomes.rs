//! Section 10: outcomes by expertise, raw and adjusted for what else differs between sessions.

use std::collections::BTreeMap;

use crate::classifier::derived::DerivedDefinition;
use crate::classifier::study::{Control, Outcomes};
use crate::domain::label::Label;
use crate::report::number::{coefficient, p_value, percent, signed_percent};
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::stats::estimate::Undefined;
use crate::stats::regression::{Design, Options, Regression, Term, Vcov, regress};
use crate::validation::agreement::CONFIDENCE;

use super::cells::{clustered, undefined};
use super::labels::users_of_label;
use super::material::{ClassifierPart, Material, Role};

/// The sessions of one measure.
struct Rows {
    at: Vec<usize>,
    holds: Vec<bool>,
    level: Vec<u16>,
    users: Vec<u32>,
}

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let declared = material
        .study
        .as_ref()
        .and_then(|study| study.outcomes.as_ref());
    let Some(outcomes) = declared else {
        return vec![Block::Text(
            "`prompts/study.toml` declares no outcomes.".to_owned(),
        )];
    };
    let Some(part) = material.classifier(&outcomes.by) else {
        return Vec::new();
    };
    let mut rates = Table::new(&[
        ("outcome", Align::Left),
        ("level", Align::Left),
        ("n", Align::Right),
        ("raw rate", Align::Estimate),
        ("adjusted rate", Align::Estimate),
    ])
    .named(
        material.key("outcomes"),
        format!("Outcomes by {} ({})", outcomes.by, material.name()),
    )
    .grouped();
    let mut fits = Table::new(&[
        ("outcome", Align::Left),
        ("n", Align::Right),
        ("n adjusted", Align::Right),
        ("users", Align::Right),
        ("per level, raw", Align::Estimate),
        ("p", Align::Right),
        ("per level, adjusted", Align::Estimate),
        ("p adjusted", Align::Right),
        ("fitted outside 0 to 1", Align::Right),
    ])
    .named(
        material.key("outcomes-regressions"),
        format!("The regressions behind it ({})", material.name()),
    );
    let absorbed = controls(material, outcomes);
    for name in &outcomes.measures {
        let Some(measure) = material
            .classifiers
            .iter()
            .flat_map(|part| &part.definition().derived)
            .find(|measure| measure.name == *name)
        else {
            continue;
        };
        one(material, part, measure, &absorbed, &mut rates, &mut fits);
    }
    let within: Vec<&str> = outcomes
        .absorb
        .iter()
        .map(|control| control.name.as_str())
        .collect();
    vec![
        Block::Table(
            rates
                .note(format!("Labels of `{}`; n is the sessions for which an outcome is defined (those without a clear goal are left out; outcomes in trouble look at sessions that hit it). Intervals: of raw rates Wilson's on the effective number of sessions, sessions of a user as one draw; of adjusted rates CR2 errors clustered by user, t with Satterthwaite's degrees of freedom.", material.basis.candidate))
                .note(format!("Adjusted rates come from a linear probability model with levels as dummies that compares sessions within {}; sessions that share one of these with no other session are left out, see the next table. Where few are left, or a level is explained by what is absorbed, there is a reason in place of a rate, and rates and limits may leave 0 to 100%: a linear model does not know these ends, and nothing is cut.", within.join(", ")))
                .note(format!("The study: {}.", outcomes.published)),
        ),
        Block::Table(fits.note(format!(
            "`per level` is the change of the rate for one level more, in shares, from a regression on the level as a number. `n adjusted` is the sessions left after those were dropped that are alone in a {}. Errors: CR2, clustered by user. `fitted outside 0 to 1` is what a linear probability model gets wrong.",
            within.join(" or a ")
        ))),
    ]
}

fn one(
    material: &Material,
    part: &ClassifierPart,
    measure: &DerivedDefinition,
    absorbed: &[Vec<Option<u32>>],
    rates: &mut Table,
    fits: &mut Table,
) {
    let name = measure.name.replace('_', " ");
    let rows = rows(material, part, measure);
    let none: &[Vec<Option<u32>>] = &[];
    let (by_dummies, _) = fit(&rows, absorbed, true);
    let (raw, n_raw) = fit(&rows, none, false);
    let (adjusted, _) = fit(&rows, absorbed, false);
    for (code, label) in (0_u16..).zip(&part.definition().labels) {
        let (flags, users): (Vec<bool>, Vec<u32>) = (0..rows.at.len())
            .filter(|row| rows.level[*row] == code)
            .map(|row| (rows.holds[row], rows.users[row]))
            .unzip();
        if flags.is_empty() {
            continue;
        }
        let few = users_of_label(material, part, code)
            .min(split(material, &rows, code))
            .max(1);
        rates.push_cells(vec![
            name.as_str().into(),
            format!("{} {}", label.name, label.title).into(),
            Cell::text(flags.len().to_string()).of_users(few),
            clustered(&flags, &users).of_users(few),
            adjusted_rate(&by_dummies, code).of_users(few),
        ]);
    }
    let slope = |fitted: &Result<Regression, Undefined>| match fitted {
        Err(reason) => (undefined(*reason), Cell::text("none")),
        Ok(fitted) => match fitted
            .coefficients
            .iter()
            .find(|(term, _)| matches!(term, Term::Column(_)))
        {
            None => (undefined(Undefined::Singular), Cell::text("none")),
            Some((_, tested)) => (
                match tested.estimate.interval {
                    Some(limits) => Cell::estimate(
                        coefficient(tested.estimate.value),
                        coefficient(limits.low),
                        coefficient(limits.high),
                    ),
                    None => Cell::text(format!(
                        "{} (no interval)",
                        coefficient(tested.estimate.value)
                    )),
                },
                Cell::text(tested.p_value.map_or_else(|| "none".to_owned(), p_value)),
            ),
        },
    };
    let ((per_raw, p_raw), (per_adjusted, p_adjusted)) = (slope(&raw), slope(&adjusted));
    let of = |show: &dyn Fn(&Regression) -> String| {
        adjusted
            .as_ref()
            .map_or_else(|reason| undefined(*reason), |fitted| show(fitted).into())
    };
    fits.push_cells(vec![
        name.into(),
        n_raw.to_string().into(),
        of(&|fitted| fitted.n.to_string()),
        of(&|fitted| {
            fitted
                .clusters
                .first()
                .map_or_else(|| "none".to_owned(), ToString::to_string)
        }),
        per_raw,
        p_raw,
        per_adjusted,
        p_adjusted,
        of(&|fitted| percent(fitted.outside_unit_interval)),
    ]);
}

/// The fewest users of a level, above none, for whom the outcome holds or does not hold.
fn split(material: &Material, rows: &Rows, code: u16) -> usize {
    let of = |wanted: bool| {
        material.users_of(
            (0..rows.at.len())
                .filter(|row| rows.level[*row] == code && rows.holds[*row] == wanted)
                .map(|row| rows.at[row]),
        )
    };
    super::labels::smallest([of(true), of(false)])
}

fn adjusted_rate(fitted: &Result<Regression, Undefined>, code: u16) -> Cell {
    let fitted = match fitted {
        Err(reason) => return undefined(*reason),
        Ok(fitted) => fitted,
    };
    match fitted
        .adjusted_means
        .iter()
        .find(|(level, _)| *level == u32::from(code))
    {
        None => Cell::text("no session left"),
        Some((_, Err(reason))) => undefined(*reason),
        Some((_, Ok(tested))) => {
            let value = signed_percent(tested.estimate.value);
            match tested.estimate.interval {
                Some(limits) => Cell::estimate(
                    value,
                    signed_percent(limits.low),
                    signed_percent(limits.high),
                ),
                None => Cell::text(format!("{value} (no interval)")),
            }
        }
    }
}

fn rows(material: &Material, part: &ClassifierPart, measure: &DerivedDefinition) -> Rows {
    let candidate = part.of(Role::Candidate);
    let holds: Vec<Option<bool>> = material.seen_by(Role::Candidate, |evidence| {
        (0..evidence.sessions.len())
            .map(|at| evidence.derived(measure, at))
            .collect()
    });
    let mut rows = Rows {
        at: Vec::new(),
        holds: Vec::new(),
        level: Vec::new(),
        users: Vec::new(),
    };
    for (at, holds) in holds.into_iter().enumerate() {
        let level = candidate.and_then(|candidate| candidate.category(at));
        if let (Some(holds), Some(level)) = (holds, level) {
            rows.at.push(at);
            rows.holds.push(holds);
            rows.level.push(level);
            rows.users.push(material.sessions[at].user_code);
        }
    }
    rows
}

/// The model with levels as dummies or as a number, and the sessions it was given.
fn fit(
    rows: &Rows,
    absorbed: &[Vec<Option<u32>>],
    as_dummies: bool,
) -> (Result<Regression, Undefined>, usize) {
    let used: Vec<usize> = (0..rows.at.len())
        .filter(|row| {
            absorbed
                .iter()
                .all(|control| control[rows.at[*row]].is_some())
        })
        .collect();
    let y: Vec<f64> = used
        .iter()
        .map(|row| f64::from(u8::from(rows.holds[*row])))
        .collect();
    let levels: Vec<u32> = used.iter().map(|row| u32::from(rows.level[*row])).collect();
    let numbers: Vec<f64> = levels.iter().map(|level| f64::from(*level)).collect();
    let users: Vec<u32> = used.iter().map(|row| rows.users[*row]).collect();
    let effects: Vec<Vec<u32>> = absorbed
        .iter()
        .map(|control| {
            used.iter()
                .filter_map(|row| control[rows.at[*row]])
                .collect()
        })
        .collect();
    let effects: Vec<&[u32]> = effects.iter().map(Vec::as_slice).collect();
    let columns: [&[f64]; 1] = [&numbers];
    let fitted = regress(
        &Design {
            y: &y,
            x: if as_dummies { &[] } else { &columns },
            absorb: &effects,
            clusters: &[&users],
            categories: as_dummies.then_some(&levels),
        },
        &Options {
            vcov: Vcov::Cr2,
            confidence: CONFIDENCE,
            ..Options::default()
        },
    );
    (fitted, used.len())
}

/// The level of each session in each control; empty where it is not known.
pub(super) fn controls(material: &Material, outcomes: &Outcomes) -> Vec<Vec<Option<u32>>> {
    outcomes
        .absorb
        .iter()
        .map(|control| levels_of(material, control))
        .collect()
}

fn levels_of(material: &Material, control: &Control) -> Vec<Option<u32>> {
    let n = material.sessions.len();
    if control.month {
        let mut months: BTreeMap<&str, u32> = material
            .sessions
            .iter()
            .map(|session| (session.month(), 0))
            .collect();
        for (code, month) in (0..).zip(months.values_mut()) {
            *month = code;
        }
        return material
            .sessions
            .iter()
            .map(|session| months.get(session.month()).copied())
            .collect();
    }
    if let Some(name) = &control.derived {
        return material.seen_by(Role::Candidate, |evidence| {
            (0..n)
                .map(|at| {
                    let measure = evidence.derived_definition(name)?;
                    evidence.derived(measure, at).map(u32::from)
                })
                .collect()
        });
    }
    let ratings = control
        .classifier
        .as_ref()
        .and_then(|name| material.classifier(name))
        .and_then(|part| part.of(Role::Candidate));
    (0..n)
        .map(|at| match ratings?.label(at)? {
            Label::Category(code) => Some(u32::from(*code)),
            Label::Number(number) => Some(
                (0..)
                    .zip(&control.bands)
                    .filter(|(_, bound)| **bound <= *number)
                    .count() as u32,
            ),
            Label::Shares(_) => None,
        })
        .collect()
}
