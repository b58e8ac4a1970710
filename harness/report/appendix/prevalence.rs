//! Section 11: how common every label is, as it was said, and corrected for what the candidate gets wrong.
//!
//! A correction needs error rates from other sessions than those it corrects. Where every session has a gold label there
//! are none, and correcting a set with its own errors gives back the gold. So users are put into folds, and the error rates
//! of the other folds correct each fold.

use crate::domain::label::Scale;
use crate::report::number::{percent, published_percent};
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::stats::error_matrix::invert_error_matrix;
use crate::stats::estimate::Undefined;
use crate::stats::rogan_gladen::Counts;
use crate::stats::user_bootstrap::interval;
use crate::validation::agreement::CONFIDENCE;

use super::behind::Behind;
use super::cells::{clustered, undefined};
use super::labels::users_of_label;
use super::material::{ClassifierPart, Material, Role};

/// Folds of users.
const FOLDS: u32 = 5;

/// A session with both labels.
#[derive(Clone, Copy)]
struct Pair {
    gold: u16,
    said: u16,
    fold: usize,
}

/// A label's share after correction, and its interval in words.
#[derive(Debug, Clone)]
pub struct Corrected {
    /// The classifier.
    pub classifier: String,
    /// The label.
    pub label: String,
    /// The share said.
    pub raw: f64,
    /// The share by gold.
    pub gold: f64,
    /// The share after Rogan and Gladen's correction across folds.
    pub rogan_gladen: Result<f64, Undefined>,
}

/// Every label that occurs, with its share said, by gold and corrected.
#[must_use]
pub fn corrected(material: &Material) -> Vec<Corrected> {
    let mut all = Vec::new();
    for part in &material.classifiers {
        let pairs = pairs(material, part);
        for (code, label) in (0_u16..).zip(&part.definition().labels) {
            let (said, gold) = shares(&pairs, code);
            if pairs.is_empty() || (said <= 0.0 && gold <= 0.0) {
                continue;
            }
            all.push(Corrected {
                classifier: part.definition().name.clone(),
                label: label.name.clone(),
                raw: said,
                gold,
                rogan_gladen: across_folds(&pairs, code),
            });
        }
    }
    all
}

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("label", Align::Left),
        ("n", Align::Right),
        ("said", Align::Estimate),
        ("by gold", Align::Estimate),
        ("sensitivity", Align::Right),
        ("specificity", Align::Right),
        ("Rogan-Gladen", Align::Estimate),
        ("matrix inversion", Align::Right),
        ("the study", Align::Right),
    ])
    .named(
        material.key("prevalence"),
        format!("How common every label is ({})", material.name()),
    )
    .grouped();
    for part in &material.classifiers {
        rows(material, part, &mut table);
    }
    if table.is_empty() {
        return vec![Block::Text(
            "No classifier has labels of both candidate and gold.".to_owned(),
        )];
    }
    vec![
        Block::Table(
            table
                .note(format!("Sessions that `{}` and the gold `{}` both labelled; labels that neither has are left out. Intervals: of shares Wilson's on the effective number of sessions; of Rogan and Gladen's estimate 2,000 resamples of users, percentile (none where more than a tenth of them have no value). Corrected shares are not cut at 0 and 1, but for matrix inversion, which looks for the nearest shares that add up to 1.", material.basis.candidate, material.basis.against))
                .note(format!("There is no separate unlabelled set: every session that was asked about also has a gold label, and a set corrected with its own errors gives back the gold by construction. So users are put into {FOLDS} folds, and the error rates of the other folds correct each fold. The assumption behind both corrections, that error rates are the same in the sessions corrected as in those they were measured on, cannot be tested here, and holds least for labels of few sessions; `no information` means that sensitivity and specificity add up to no more than 1, `no cases` that a fold's other sessions lack gold sessions with or without the label."))
                .note("`the study` is the share that its text states. Its sessions are not these, so the difference says nothing about the classifier."),
        ),
        decisions(material),
    ]
}

fn rows(material: &Material, part: &ClassifierPart, table: &mut Table) {
    let definition = part.definition();
    if !matches!(definition.scale, Scale::Nominal | Scale::Ordinal) {
        return;
    }
    let (pairs, users) = (pairs(material, part), users_of_pairs(material, part));
    let inverted = inverted(&pairs, definition.labels.len());
    let n = Behind::of_pair(
        material,
        [part.of(Role::Gold), part.of(Role::Candidate)],
        None,
        pairs.len() as u64,
    );
    for (code, label) in (0_u16..).zip(&definition.labels) {
        let is =
            |wanted: &dyn Fn(&Pair) -> bool| -> Vec<bool> { pairs.iter().map(wanted).collect() };
        let said = is(&|pair| pair.said == code);
        let gold = is(&|pair| pair.gold == code);
        if !said.iter().chain(&gold).any(|holds| *holds) {
            continue;
        }
        let few = users_of_label(material, part, code);
        let [sensitivity, specificity] = recognised(&pairs, code);
        let ratio = |(part, whole): (u64, u64)| {
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
            let share = part as f64 / whole as f64;
            if whole == 0 {
                Cell::text("no cases")
            } else {
                Cell::text(percent(share))
            }
        };
        table.push_cells(vec![
            definition.name.as_str().into(),
            label.name.as_str().into(),
            Cell::text(pairs.len().to_string()).of_users(n.counts),
            clustered(&said, &users).of_users(few),
            clustered(&gold, &users).of_users(few),
            ratio(sensitivity).of_users(few),
            ratio(specificity).of_users(few),
            rogan_gladen(material, &pairs, &users, code).of_users(few),
            match &inverted {
                Ok(shares) => Cell::text(percent(shares[usize::from(code)])),
                Err(reason) => undefined(*reason),
            }
            .of_users(few),
            label
                .published
                .map_or_else(|| "not stated".to_owned(), published_percent)
                .into(),
        ]);
    }
}

fn rogan_gladen(material: &Material, pairs: &[Pair], users: &[u32], code: u16) -> Cell {
    let value = match across_folds(pairs, code) {
        Ok(value) => value,
        Err(reason) => return undefined(reason),
    };
    let limits = interval(users, material.basis.seed, CONFIDENCE, |rows| {
        let drawn: Vec<Pair> = rows.iter().map(|row| pairs[*row]).collect();
        across_folds(&drawn, code).ok()
    });
    match limits {
        Ok(limits) => Cell::estimate(percent(value), percent(limits.low), percent(limits.high)),
        Err(_) => Cell::text(format!("{} (no interval)", percent(value))),
    }
}

/// The corrected shares of the folds, each by the errors of the others, weighted by their sessions.
fn across_folds(pairs: &[Pair], code: u16) -> Result<f64, Undefined> {
    if pairs.is_empty() {
        return Err(Undefined::NoPairs);
    }
    // One walk: of each fold its sessions, those said, and the four cells of the label.
    let mut folds = [[0_u64; 4]; FOLDS as usize];
    for pair in pairs {
        let cell = usize::from(pair.gold == code) * 2 + usize::from(pair.said == code);
        folds[pair.fold][cell] += 1;
    }
    let total = |cell: usize| folds.iter().map(|fold| fold[cell]).sum::<u64>();
    let all = [total(0), total(1), total(2), total(3)];
    let mut sum = 0.0;
    for fold in &folds {
        let tested: u64 = fold.iter().sum();
        if tested == 0 {
            continue;
        }
        let others = |cell: usize| all[cell] - fold[cell];
        let counts = Counts {
            positive: fold[1] + fold[3],
            tested,
            true_positives: others(3),
            gold_positives: others(2) + others(3),
            true_negatives: others(0),
            gold_negatives: others(0) + others(1),
        };
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let weight = tested as f64 / pairs.len() as f64;
        sum += weight * counts.corrected()?;
    }
    Ok(sum)
}

/// Sensitivity and specificity of one label as counts: right and all gold sessions with it, and without it.
fn recognised(pairs: &[Pair], code: u16) -> [(u64, u64); 2] {
    let mut found = [(0, 0); 2];
    for pair in pairs {
        let (is_gold, is_said) = (pair.gold == code, pair.said == code);
        let (right, all) = &mut found[usize::from(!is_gold)];
        *right += u64::from(is_gold == is_said);
        *all += 1;
    }
    found
}

/// Shares of all labels by inverting the error matrix of the other folds; labels without gold sessions have a share of 0.
fn inverted(pairs: &[Pair], labels: usize) -> Result<Vec<f64>, Undefined> {
    let used: Vec<u16> = (0..u16::try_from(labels).unwrap_or(u16::MAX))
        .filter(|code| {
            pairs
                .iter()
                .any(|pair| pair.gold == *code || pair.said == *code)
        })
        .collect();
    let place = |code: u16| used.iter().position(|known| *known == code);
    let mut shares = vec![0.0; labels];
    for fold in 0..FOLDS as usize {
        let mut gold = vec![vec![0_u64; used.len()]; used.len()];
        let mut predicted = vec![0_u64; used.len()];
        for pair in pairs {
            let (Some(i), Some(j)) = (place(pair.gold), place(pair.said)) else {
                continue;
            };
            if pair.fold == fold {
                predicted[j] += 1;
            } else {
                gold[i][j] += 1;
            }
        }
        let n: u64 = predicted.iter().sum();
        if n == 0 {
            continue;
        }
        let found = invert_error_matrix(&gold, &predicted)?;
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let weight = n as f64 / pairs.len() as f64;
        for (code, share) in used.iter().zip(&found.shares) {
            shares[usize::from(*code)] += weight * share;
        }
    }
    Ok(shares)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn shares(pairs: &[Pair], code: u16) -> (f64, f64) {
    let of = |holds: &dyn Fn(&Pair) -> bool| {
        pairs.iter().filter(|pair| holds(pair)).count() as f64 / pairs.len().max(1) as f64
    };
    (of(&|pair| pair.said == code), of(&|pair| pair.gold == code))
}

/// Sessions that both labelled.
fn both<'p>(part: &'p ClassifierPart) -> impl Iterator<Item = (usize, u16, u16)> + 'p {
    let (gold, candidate) = (part.of(Role::Gold), part.of(Role::Candidate));
    let n = candidate.map_or(0, |candidate| candidate.said.len());
    (0..n).filter_map(move |at| Some((at, gold?.category(at)?, candidate?.category(at)?)))
}

fn pairs(material: &Material, part: &ClassifierPart) -> Vec<Pair> {
    both(part)
        .map(|(at, gold, said)| Pair {
            gold,
            said,
            fold: (material.sessions[at].user_code % FOLDS) as usize,
        })
        .collect()
}

fn users_of_pairs(material: &Material, part: &ClassifierPart) -> Vec<u32> {
    both(part)
        .map(|(at, ..)| material.sessions[at].user_code)
        .collect()
}

/// Numbers and shares are not labels whose share could be corrected.
fn decisions(material: &Material) -> Block {
    let names: Vec<String> = material
        .classifiers
        .iter()
        .filter(|part| matches!(part.definition().scale, Scale::Ratio | Scale::Decisions))
        .map(|part| format!("`{}`", part.definition().name))
        .collect();
    Block::Text(format!(
        "Left out: {}, which give numbers and no labels.",
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(" and ")
        }
    ))
}
