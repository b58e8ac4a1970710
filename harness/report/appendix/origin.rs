//! Section 14: where sessions and labels come from, and what is synthetic.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::rating::RaterKind;
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};

use super::material::{Material, Ratings};

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let basis = &material.basis;
    let mut blocks = vec![Block::Text(format!(
        "{} Licence of the labels: {}.",
        material.provenance.replace('`', "'"),
        material.licence.replace('`', "'")
    ))];
    let mut points = vec![if basis.synthetic {
        format!(
            "All {} sessions are synthetic: written for the purpose, nothing in them happened.",
            basis.n_sessions
        )
    } else {
        format!("All {} sessions are real.", basis.n_sessions)
    }];
    points.extend(basis.sentences().into_iter().skip(1));
    if let Some(how) = &material.transcripts {
        points.push(format!("Transcripts are not shipped: {how}."));
    }
    if !material
        .raters
        .iter()
        .any(|rater| rater.kind == RaterKind::Human)
    {
        points.push("No label of this goldset is by a person.".to_owned());
    }
    blocks.push(Block::List(points));
    blocks.push(Block::Table(raters(material)));
    blocks.push(Block::Table(sessions(material)));
    blocks
}

fn raters(material: &Material) -> Table {
    let mut table = Table::new(&[
        ("rater", Align::Left),
        ("kind", Align::Left),
        ("part", Align::Left),
        ("labels", Align::Right),
        ("how", Align::Left),
    ])
    .named(
        material.key("origin-raters"),
        format!("Who gave labels ({})", material.name()),
    );
    let part_of = |name: &str| {
        let basis = &material.basis;
        if basis.candidate == name {
            "candidate"
        } else if format!("rater:{}", basis.against) == name {
            "gold"
        } else if basis.reference.as_deref() == Some(name) {
            "reference"
        } else {
            "other"
        }
    };
    for rater in &material.raters {
        let made = if rater.made_from.is_empty() {
            String::new()
        } else {
            format!("; made from {}", rater.made_from.join(" and "))
        };
        table.push(vec![
            rater.name.clone(),
            rater.kind.word().to_owned(),
            part_of(&format!("rater:{}", rater.name)).to_owned(),
            rater.labels.to_string(),
            format!("{}{made}", rater.description),
        ]);
    }
    for replayed in &material.basis.replayed {
        let labels: usize = material
            .classifiers
            .iter()
            .flat_map(|part| &part.ratings)
            .filter(|ratings| ratings.name == replayed.spec)
            .map(labelled)
            .sum();
        table.push(vec![
            replayed.spec.clone(),
            RaterKind::Model.word().to_owned(),
            part_of(&replayed.spec).to_owned(),
            labels.to_string(),
            format!("recorded answers: {}", replayed.provenance.join("; ")),
        ]);
    }
    table.note("`labels` counts labels and lists of decisions over all classifiers. `construction` means that the label was fixed before the session was written; `model` is a language model and never a person. Nothing was left out.")
}

fn labelled(ratings: &Ratings) -> usize {
    ratings
        .said
        .iter()
        .filter(|said| said.outcome.label().is_some())
        .count()
}

fn sessions(material: &Material) -> Table {
    let mut table = Table::new(&[
        ("by", Align::Left),
        ("value", Align::Left),
        ("sessions", Align::Right),
        ("users", Align::Right),
        ("repositories", Align::Right),
    ])
    .named(
        material.key("origin-sessions"),
        format!("Where the sessions come from ({})", material.name()),
    )
    .grouped();
    let mut groups: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (at, session) in material.sessions.iter().enumerate() {
        let agent = session
            .telemetry
            .as_ref()
            .map_or("unknown", |row| row.agent.as_str());
        for key in [
            ("month", session.month().to_owned()),
            ("licence of the transcript", session.licence.clone()),
            ("agent", agent.to_owned()),
        ] {
            groups.entry(key).or_default().push(at);
        }
    }
    for ((by, value), sessions) in groups {
        let users = material.users_of(sessions.iter().copied());
        let repositories: BTreeSet<&str> = sessions
            .iter()
            .map(|at| material.sessions[*at].repo.as_str())
            .collect();
        table.push_cells(vec![
            by.into(),
            value.into(),
            Cell::text(sessions.len().to_string()).of_users(users),
            Cell::text(users.to_string()).of_users(users),
            Cell::text(repositories.len().to_string()).of_users(users),
        ]);
    }
    table.note(format!(
        "{} sessions of {} users in the study's scope; a blank user counts as the repository. Counts, no intervals. `sessions.csv` of the goldset names repository, licence and source of each session; what is out of scope stands in section 12.",
        material.basis.n_sessions, material.basis.n_users
    ))
}
