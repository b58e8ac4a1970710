//! Section 8: measures derived from labels, by everyone who gave labels, and what telemetry says of the same thing.

use crate::classifier::derived::DerivedDefinition;
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::stats::agreement::{TwoRaters, two_raters};
use crate::validation::agreement::CONFIDENCE;

use super::cells::{clustered, kappa, rate, share};
use super::labels::smallest;
use super::material::{Material, Role};

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let mut rates = Table::new(&[
        ("measure", Align::Left),
        ("n", Align::Right),
        ("rate", Align::Estimate),
        ("rate by gold", Align::Estimate),
        ("the study", Align::Left),
    ])
    .named(
        material.key("derived"),
        format!("Derived measures: rates ({})", material.name()),
    );
    let mut agreement = Table::new(&[
        ("measure", Align::Left),
        ("with", Align::Left),
        ("n", Align::Right),
        ("agreement", Align::Estimate),
        ("kappa", Align::Estimate),
        ("AC1", Align::Estimate),
    ])
    .named(
        material.key("derived-agreement"),
        format!("Derived measures: agreement ({})", material.name()),
    );
    let mut definitions = Vec::new();
    let users = material.users();
    for result in material
        .classifiers
        .iter()
        .flat_map(|part| &part.validated.derived)
    {
        let measure = &result.derived;
        let name = measure.name.replace('_', " ");
        definitions.push(format!("{name}: {}", measure.definition));
        let by_candidate = values(material, Role::Candidate, measure);
        let by_gold = values(material, Role::Gold, measure);
        let of_few = |cell: Cell| cell.of_users(fewest(material, &[&by_candidate, &by_gold]));
        rates.push_cells(vec![
            name.as_str().into(),
            of_few(known(&by_candidate, &users).0.len().to_string().into()),
            of_few(match &result.lacks {
                Some(lacks) => Cell::text(format!("no labels of {lacks}")),
                None => {
                    let (flags, users) = known(&by_candidate, &users);
                    clustered(&flags, &users)
                }
            }),
            of_few({
                let (flags, users) = known(&by_gold, &users);
                clustered(&flags, &users)
            }),
            measure.published.as_deref().unwrap_or("not stated").into(),
        ]);
        for (role, who) in [
            (Role::Gold, Some(&material.basis.against)),
            (Role::Reference, material.basis.reference.as_ref()),
        ] {
            let Some(who) = who else { continue };
            let other = values(material, role, measure);
            let code = |values: &[Option<bool>]| -> Vec<Option<u16>> {
                values.iter().map(|value| value.map(u16::from)).collect()
            };
            let figures = two_raters(&TwoRaters {
                a: &code(&other),
                b: &code(&by_candidate),
                categories: 2,
                values: None,
                clusters: Some(&users),
                confidence: CONFIDENCE,
            });
            let fewest = fewest(material, &[&by_candidate, &other]);
            agreement.push_cells(vec![
                name.as_str().into(),
                who.as_str().into(),
                Cell::text(figures.n.to_string()).of_users(fewest),
                share(&figures.percent_agreement).of_users(fewest),
                kappa(&figures.cohen_kappa).of_users(fewest),
                kappa(&figures.gwet_ac1).of_users(fewest),
            ]);
        }
        if let (Some(counterpart), Some(found)) = (&measure.counterpart, &result.counterpart) {
            agreement.push_cells(vec![
                name.as_str().into(),
                format!("telemetry: {}", counterpart.range().words()).into(),
                Cell::text(found.n.to_string()).of_users(fewest(material, &[&by_candidate])),
                rate(found).of_users(fewest(material, &[&by_candidate])),
                "see note".into(),
                "see note".into(),
            ]);
        }
    }
    if rates.is_empty() {
        return vec![Block::Text(
            "No classifier declares a derived measure.".to_owned(),
        )];
    }
    vec![
        Block::List(definitions),
        Block::Table(rates.note(format!(
            "Labels of `{}`, and of the gold `{}` beside them; n is the sessions for which the candidate's labels define the measure (those without a clear goal, a label or telemetry are left out). Intervals: Wilson's on the effective number of sessions, sessions of a user as one draw.",
            material.basis.candidate, material.basis.against
        ))),
        Block::Table(agreement.note("n is the sessions for which both define the measure. Intervals: delta method and Wilson's, sessions of a user as one draw; beside telemetry Wilson's, sessions as independent. Telemetry shows something like the measure and not the same, so only its share of agreement is given.")),
    ]
}

/// A measure of every session, by the labels of a role.
fn values(material: &Material, role: Role, measure: &DerivedDefinition) -> Vec<Option<bool>> {
    material.seen_by(role, |evidence| {
        (0..evidence.sessions.len())
            .map(|at| evidence.derived(measure, at))
            .collect()
    })
}

/// The flags that are known, with their users.
fn known(values: &[Option<bool>], users: &[u32]) -> (Vec<bool>, Vec<u32>) {
    values
        .iter()
        .zip(users)
        .filter_map(|(value, user)| Some(((*value)?, *user)))
        .unzip()
}

/// The fewest users, above none, for whom one of the measures holds, does not hold, or is not defined.
fn fewest(material: &Material, measures: &[&[Option<bool>]]) -> usize {
    measures
        .iter()
        .map(|values| {
            let of = |wanted| {
                material.users_of((0..values.len()).filter(|at| values[*at] == Some(wanted)))
            };
            let undefined = material.users_of((0..values.len()).filter(|at| values[*at].is_none()));
            smallest([of(true), of(false), undefined])
        })
        .filter(|users| *users > 0)
        .min()
        .unwrap_or(0)
}
