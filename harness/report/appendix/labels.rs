//! Sections 5 and 6: label by label, and which labels are taken for which.

use std::collections::BTreeSet;

use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::stats::agreement::TwoRaterAgreement;
use crate::validation::agreement::Figures;

use super::behind::Behind;
use super::cells::{clustered, kappa, share};
use super::material::{ClassifierPart, Material, Role};

/// Codes of the labels by gold and candidate, of the sessions that both labelled.
struct Pairs {
    at: Vec<usize>,
    gold: Vec<u16>,
    said: Vec<u16>,
}

impl Pairs {
    fn of(part: &ClassifierPart, sessions: usize) -> Option<Self> {
        let (gold, candidate) = (part.of(Role::Gold)?, part.of(Role::Candidate)?);
        let mut pairs = Self {
            at: Vec::new(),
            gold: Vec::new(),
            said: Vec::new(),
        };
        for at in 0..sessions {
            if let (Some(gold), Some(said)) = (gold.category(at), candidate.category(at)) {
                pairs.at.push(at);
                pairs.gold.push(gold);
                pairs.said.push(said);
            }
        }
        Some(pairs)
    }

    /// Distinct users among the sessions of which something holds.
    fn users(&self, material: &Material, holds: impl Fn(u16, u16) -> bool) -> usize {
        material.users_of(
            (0..self.at.len())
                .filter(|row| holds(self.gold[*row], self.said[*row]))
                .map(|row| self.at[row]),
        )
    }

    fn share_of(&self, material: &Material, holds: impl Fn(u16, u16) -> bool) -> Cell {
        let flags: Vec<bool> = (0..self.at.len())
            .map(|row| holds(self.gold[row], self.said[row]))
            .collect();
        let users: Vec<u32> = self
            .at
            .iter()
            .map(|at| material.sessions[*at].user_code)
            .collect();
        clustered(&flags, &users)
    }
}

/// The users of whom a label tells least: hits, misses and wrong calls. The same number stands behind every cell about the
/// label, in whichever table, so that all tables leave out the same labels before they are published.
///
/// A label that is left out takes a second one along, because sums would reveal it. So the label with the second fewest users
/// has the number of the one with the fewest: from whichever number of users labels are shown, both are or neither is. Sessions
/// without a label of both count like a label, because all labels together would reveal their number.
pub(super) fn users_of_label(material: &Material, part: &ClassifierPart, code: u16) -> usize {
    let users = users_alone(material, part, code);
    let Some(pairs) = Pairs::of(part, material.sessions.len()) else {
        return users;
    };
    let labelled: BTreeSet<usize> = pairs.at.iter().copied().collect();
    let unlabelled =
        material.users_of((0..material.sessions.len()).filter(|at| !labelled.contains(at)));
    let mut occurring: Vec<u16> = pairs.gold.iter().chain(&pairs.said).copied().collect();
    occurring.sort_unstable();
    occurring.dedup();
    let mut by_users: Vec<(usize, u16)> = occurring
        .into_iter()
        .map(|code| (users_alone(material, part, code), code))
        .collect();
    // Ties go to the first label, as in tables.
    by_users.sort_unstable();
    match by_users.as_slice() {
        [(fewest, first), (_, second), ..] if [*first, *second].contains(&code) => {
            smallest([*fewest, unlabelled])
        }
        [(fewest, first)] if *first == code => smallest([*fewest, unlabelled]),
        _ => users,
    }
}

/// The users behind each of some labels, by name.
pub(super) fn users_of_labels(
    material: &Material,
    part: &ClassifierPart,
    names: &[String],
) -> Vec<usize> {
    (0_u16..)
        .zip(&part.definition().labels)
        .filter(|(_, label)| names.contains(&label.name))
        .map(|(code, _)| users_of_label(material, part, code))
        .collect()
}

/// The fewest users of a classifier's labels, whichever it is.
pub(super) fn users_of_any_label(material: &Material, part: &ClassifierPart) -> usize {
    (0_u16..)
        .zip(&part.definition().labels)
        .map(|(code, _)| users_alone(material, part, code))
        .filter(|users| *users > 0)
        .min()
        .unwrap_or(0)
}

fn users_alone(material: &Material, part: &ClassifierPart, code: u16) -> usize {
    let Some(candidate) = part.of(Role::Candidate) else {
        return 0;
    };
    let gold = part.of(Role::Gold);
    let mut groups: [Vec<usize>; 3] = Default::default();
    for at in 0..material.sessions.len() {
        let is_gold = gold.and_then(|gold| gold.category(at)) == Some(code);
        let is_said = candidate.category(at) == Some(code);
        match (is_gold, is_said) {
            (true, true) => groups[0].push(at),
            (true, false) => groups[1].push(at),
            (false, true) => groups[2].push(at),
            (false, false) => {}
        }
    }
    smallest(groups.map(|group| material.users_of(group)))
}

/// The smallest number above zero; zero where there is none.
pub(super) fn smallest<const N: usize>(users: [usize; N]) -> usize {
    users
        .into_iter()
        .filter(|users| *users > 0)
        .min()
        .unwrap_or(0)
}

/// The categories of a classifier's comparison with gold.
fn gold_figures(part: &ClassifierPart) -> Option<(&[String], &TwoRaterAgreement)> {
    match &part.validated.comparisons.first()?.agreement {
        Figures::Categories { names, figures, .. } => Some((names, figures)),
        Figures::Numbers { .. } => None,
    }
}

pub(super) fn per_class(material: &Material) -> Vec<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("label", Align::Left),
        ("gold", Align::Right),
        ("said", Align::Right),
        ("precision", Align::Estimate),
        ("recall", Align::Estimate),
        ("F1", Align::Estimate),
        ("share by gold", Align::Estimate),
        ("share said", Align::Estimate),
    ])
    .named(
        material.key("per-class"),
        format!(
            "Precision, recall, F1 and share of every label ({})",
            material.name()
        ),
    )
    .grouped();
    let mut unused: Vec<String> = Vec::new();
    for part in &material.classifiers {
        let (Some((names, figures)), Some(pairs)) =
            (gold_figures(part), Pairs::of(part, material.sessions.len()))
        else {
            continue;
        };
        let mut absent = Vec::new();
        for ((code, name), class) in (0_u16..).zip(names).zip(&figures.per_class) {
            if class.support == 0 && class.predicted == 0 {
                absent.push(name.clone());
                continue;
            }
            let users = users_of_label(material, part, code);
            let label = part
                .definition()
                .labels
                .get(usize::from(code))
                .filter(|label| label.title != label.name && label.title.len() < 24)
                .map_or_else(|| name.clone(), |label| format!("{name} ({})", label.title));
            table.push_cells(vec![
                part.definition().name.as_str().into(),
                label.into(),
                Cell::text(class.support.to_string()).of_users(users),
                Cell::text(class.predicted.to_string()).of_users(users),
                share(&class.precision).of_users(users),
                share(&class.recall).of_users(users),
                kappa(&class.f1).of_users(users),
                pairs
                    .share_of(material, |gold, _| gold == code)
                    .of_users(users),
                pairs
                    .share_of(material, |_, said| said == code)
                    .of_users(users),
            ]);
        }
        if !absent.is_empty() {
            unused.push(format!("{}: {}", part.definition().name, absent.join(", ")));
        }
    }
    if table.is_empty() {
        return vec![Block::Text(
            "No classifier has labels of both candidate and gold.".to_owned(),
        )];
    }
    let mut table = table.note(format!(
        "Sessions that `{}` and the gold `{}` both labelled: the sum of `gold` per classifier is its n. Intervals: of shares Wilson's on the effective number of sessions, of F1 the delta method; sessions of a user are one draw.",
        material.basis.candidate, material.basis.against
    ));
    table = table.note(if unused.is_empty() {
        "Every label occurs.".to_owned()
    } else {
        format!(
            "Left out, because neither gold nor candidate ever has them: {}.",
            unused.join("; ")
        )
    });
    vec![
        Block::Table(table),
        Block::Text("Numbers and shares of decisions have no labels to tell apart; sections 2 and 7 have their errors.".to_owned()),
    ]
}

pub(super) fn confusion(material: &Material) -> Vec<Block> {
    let mut blocks = Vec::new();
    for part in &material.classifiers {
        let (Some((names, figures)), Some(pairs)) =
            (gold_figures(part), Pairs::of(part, material.sessions.len()))
        else {
            continue;
        };
        if figures.n == 0 {
            continue;
        }
        let table = &figures.confusion;
        let used: Vec<usize> = (0..names.len())
            .filter(|code| table.rows()[*code] > 0 || table.columns()[*code] > 0)
            .collect();
        let are_short = used.iter().all(|code| names[*code].chars().count() <= 3);
        let headings: Vec<String> = if are_short {
            used.iter().map(|code| names[*code].clone()).collect()
        } else {
            (1..=used.len()).map(|number| number.to_string()).collect()
        };
        let mut columns: Vec<(&str, Align)> = vec![("gold", Align::Left)];
        columns.extend(
            headings
                .iter()
                .map(|heading| (heading.as_str(), Align::Right)),
        );
        columns.push(("all", Align::Right));
        let definition = part.definition();
        let of_label = |code: usize| {
            u16::try_from(code).map_or(0, |code| users_of_label(material, part, code))
        };
        let mut shown = Table::new(&columns)
            .named(
                material.key(&format!("confusion-{}", definition.name)),
                format!("Confusion: {} ({})", definition.title, material.name()),
            )
            .crossed();
        for (i, heading) in used.iter().zip(&headings) {
            let mut row = vec![Cell::text(if are_short {
                names[*i].clone()
            } else {
                format!("{heading} {}", names[*i])
            })];
            for j in &used {
                let users = pairs.users(material, |gold, said| {
                    usize::from(gold) == *i && usize::from(said) == *j
                });
                // A cell tells of both its labels.
                let users = smallest([users, of_label(*i), of_label(*j)]);
                row.push(Cell::text(table.count(*i, *j).to_string()).of_users(users));
            }
            row.push(Cell::text(table.rows()[*i].to_string()).of_users(of_label(*i)));
            shown.push_cells(row);
        }
        let mut row = vec![Cell::text("all")];
        for j in &used {
            row.push(Cell::text(table.columns()[*j].to_string()).of_users(of_label(*j)));
        }
        let n = Behind::of_pair(
            material,
            [part.of(Role::Gold), part.of(Role::Candidate)],
            None,
            table.n(),
        );
        row.push(Cell::text(table.n().to_string()).of_users(n.counts));
        shown.push_cells(row);
        let columns = if are_short {
            "Rows are gold, columns what the candidate said."
        } else {
            "Rows are gold; columns, what the candidate said, bear the numbers of the rows."
        };
        let counts = format!(
            "n = {}. Left out: labels that neither has, and {} sessions without a label of one of both.",
            table.n(),
            material.basis.n_sessions as u64 - table.n()
        );
        blocks.push(Block::Table(
            shown
                .note(format!("{columns} Counts of sessions, no intervals."))
                .note_of_users(counts, n.counts),
        ));
    }
    if blocks.is_empty() {
        blocks.push(Block::Text(
            "No classifier has labels of both candidate and gold.".to_owned(),
        ));
    }
    blocks
}
