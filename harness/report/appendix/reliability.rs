//! Section 7: whether passes and raters say the same, and whether stated confidence is right.

use crate::domain::label::Scale;
use crate::domain::rating::{Outcome, RaterKind};
use crate::report::number::coefficient;
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::stats::agreement::TwoRaterAgreement;
use crate::stats::calibration::calibration;
use crate::stats::panel::{Panel, panel};
use crate::validation::agreement::{CONFIDENCE, Figures, Party, compare};
use crate::validation::reliability::reliability;

use super::agreement::name_of;
use super::behind::Behind;
use super::cells::{index, kappa, rate, share};
use super::material::{ClassifierPart, Material, Ratings, Role};

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let mut blocks = passes(material);
    blocks.extend(pairs(material));
    blocks.extend(panels(material));
    blocks.extend(confidence(material));
    blocks
}

/// Two passes of models over the same sessions, a failure being equal to the same failure only.
fn passes(material: &Material) -> Vec<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("n", Align::Right),
        ("same answer twice", Align::Estimate),
        ("incomplete", Align::Right),
    ])
    .named(
        material.key("test-retest"),
        format!(
            "Test and retest: two passes over the same requests ({})",
            material.name()
        ),
    );
    let ids: Vec<&str> = material
        .sessions
        .iter()
        .map(|session| session.id.as_str())
        .collect();
    let mut names = None;
    for part in &material.classifiers {
        let (Some(first), Some(second)) = (part.of(Role::Candidate), part.of(Role::Reference))
        else {
            continue;
        };
        let are_models = first.kind == RaterKind::Model && second.kind == RaterKind::Model;
        let repeats: [Vec<Outcome>; 2] = [first.outcomes(), second.outcomes()];
        if let (true, Some(found)) = (are_models, reliability(&ids, &repeats)) {
            names = Some((first.name.clone(), second.name.clone()));
            let behind = Behind::of(material, found.n, |at| {
                repeats.iter().all(|pass| pass[at] != Outcome::Missing)
            });
            let row = vec![
                part.definition().name.as_str().into(),
                found.n.to_string().into(),
                rate(&found.all_same),
                found.incomplete.to_string().into(),
            ];
            table.push_cells(behind.row(row, 1, &[1, 3]));
        }
    }
    match names {
        None => vec![Block::Text("No session was answered twice by one model, so there is no test and retest; raters are compared below.".to_owned())],
        Some((first, second)) => vec![Block::Table(table.note(format!(
            "`{first}` and `{second}`: the share of sessions that got the same label from both (TARa@2); numbers and shares of decisions count as the same only where they are equal. Intervals: Wilson's, sessions as independent. A failure equals the same failure only; sessions without an answer of both are left out and counted as incomplete."
        )))],
    }
}

/// Every two raters that are not made from each other.
fn pairs(material: &Material) -> Vec<Block> {
    let mut labels = Table::new(&[
        ("classifier", Align::Left),
        ("raters", Align::Left),
        ("n", Align::Right),
        ("agreement", Align::Estimate),
        ("kappa", Align::Estimate),
        ("weighted kappa", Align::Estimate),
        ("alpha", Align::Estimate),
        ("AC1", Align::Estimate),
    ])
    .named(
        material.key("raters"),
        format!("Every two raters on labels ({})", material.name()),
    );
    let mut numbers = Table::new(&[
        ("classifier", Align::Left),
        ("raters", Align::Left),
        ("n", Align::Right),
        ("Pearson", Align::Estimate),
        ("ICC(2,1)", Align::Estimate),
        ("Lin's concordance", Align::Estimate),
        ("Spearman", Align::Right),
        ("mean error", Align::Right),
    ])
    .named(
        material.key("raters-numbers"),
        format!("Every two raters on numbers ({})", material.name()),
    );
    let users = material.users();
    for part in &material.classifiers {
        let raters = independent(part);
        for (at, a) in raters.iter().enumerate() {
            for b in &raters[at + 1..] {
                let (of_a, of_b) = (a.outcomes(), b.outcomes());
                let party = |ratings: &Ratings| (ratings.name.clone(), ratings.kind);
                let ((a_name, a_kind), (b_name, b_kind)) = (party(a), party(b));
                let found = compare(
                    part.definition(),
                    &Party {
                        name: a_name.clone(),
                        kind: a_kind,
                        outcomes: &of_a,
                    },
                    &Party {
                        name: b_name.clone(),
                        kind: b_kind,
                        outcomes: &of_b,
                    },
                    &users,
                );
                for comparison in found {
                    let who = format!("{} / {}", short(&a_name), short(&b_name));
                    let behind = |n: u64| {
                        Behind::of_pair(material, [Some(*a), Some(*b)], comparison.measure, n)
                    };
                    match &comparison.agreement {
                        Figures::Categories {
                            figures, ordered, ..
                        } => {
                            let row = label_row(part, &who, figures, *ordered);
                            labels.push_cells(behind(figures.n).row(row, 2, &[2]));
                        }
                        Figures::Numbers { figures, .. } => {
                            let row = vec![
                                name_of(&part.validated, &comparison).into(),
                                who.into(),
                                figures.n.to_string().into(),
                                kappa(&figures.pearson),
                                kappa(&figures.icc_2_1),
                                kappa(&figures.lin_ccc),
                                index(figures.spearman),
                                index(figures.mae),
                            ];
                            numbers.push_cells(behind(figures.n as u64).row(row, 2, &[2]));
                        }
                    }
                }
            }
        }
    }
    let labels = labels.note("n is the sessions that both labelled; the others are left out. Intervals: delta method, sessions of a user as one draw. `alpha` is Krippendorff's, ordinal for ordered labels and nominal otherwise; `weighted kappa` has quadratic weights. Raters made from others are left out, because their agreement holds by construction.");
    let numbers = numbers.note("n is the sessions that both gave a number. Intervals: Fisher's z, the F distribution, and the delta method for Lin's concordance, sessions as independent. Task values are compared as natural logarithms. Raters made from others are left out.");
    [labels, numbers]
        .into_iter()
        .filter(|table| !table.is_empty())
        .map(Block::Table)
        .collect()
}

fn label_row(
    part: &ClassifierPart,
    who: &str,
    figures: &TwoRaterAgreement,
    ordered: bool,
) -> Vec<Cell> {
    vec![
        part.definition().name.as_str().into(),
        who.into(),
        figures.n.to_string().into(),
        share(&figures.percent_agreement),
        kappa(&figures.cohen_kappa),
        if ordered {
            kappa(&figures.cohen_kappa_quadratic)
        } else {
            "not ordered".into()
        },
        kappa(if ordered {
            &figures.alpha_ordinal
        } else {
            &figures.alpha_nominal
        }),
        kappa(&figures.gwet_ac1),
    ]
}

/// All raters at once.
fn panels(material: &Material) -> Vec<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("raters", Align::Right),
        ("n", Align::Right),
        ("agreement", Align::Estimate),
        ("alpha", Align::Estimate),
        ("Fleiss' kappa", Align::Estimate),
        ("AC1 or AC2", Align::Estimate),
    ])
    .named(
        material.key("panel"),
        format!("All raters together on labels ({})", material.name()),
    );
    let users = material.users();
    let mut names: Vec<String> = Vec::new();
    for part in &material.classifiers {
        let definition = part.definition();
        let raters = independent(part);
        if raters.len() < 3 || !matches!(definition.scale, Scale::Nominal | Scale::Ordinal) {
            continue;
        }
        let codes: Vec<Vec<Option<u16>>> = raters
            .iter()
            .map(|ratings| (0..users.len()).map(|at| ratings.category(at)).collect())
            .collect();
        let columns: Vec<&[Option<u16>]> = codes.iter().map(Vec::as_slice).collect();
        let found = panel(&Panel {
            raters: &columns,
            categories: definition.labels.len(),
            values: None,
            clusters: Some(&users),
            confidence: CONFIDENCE,
        });
        let is_ordered = definition.scale == Scale::Ordinal;
        let gwet = if is_ordered {
            &found.quadratic.gwet
        } else {
            &found.unweighted.gwet
        };
        for ratings in &raters {
            if !names.contains(&ratings.name) {
                names.push(ratings.name.clone());
            }
        }
        let behind = Behind::of(material, found.n_pairable, |at| {
            codes.iter().filter(|codes| codes[at].is_some()).count() >= 2
        });
        let row = vec![
            definition.name.as_str().into(),
            raters.len().to_string().into(),
            found.n_pairable.to_string().into(),
            share(&found.unweighted.percent_agreement),
            kappa(if is_ordered {
                &found.alpha_ordinal
            } else {
                &found.alpha_nominal
            }),
            kappa(&found.unweighted.fleiss_kappa),
            kappa(gwet),
        ];
        table.push_cells(behind.row(row, 2, &[2]));
    }
    if table.is_empty() {
        return Vec::new();
    }
    let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    vec![Block::Table(table.note(format!(
        "Raters: {}. n is the sessions with at least two labels. Intervals: of alpha the jackknife over users, of the others their clustered error, t. Ordered labels: ordinal alpha and AC2 with quadratic weights; others: nominal alpha and AC1. Raters made from others are left out.",
        listed.join(", ")
    )))]
}

/// Whether the confidence that the candidate states comes true.
fn confidence(material: &Material) -> Vec<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("n", Align::Right),
        ("mean confidence", Align::Right),
        ("right", Align::Right),
        ("Brier score", Align::Right),
        ("calibration error", Align::Right),
        ("area under ROC", Align::Right),
    ])
    .named(
        material.key("confidence"),
        format!("Stated confidence against the gold ({})", material.name()),
    );
    for part in &material.classifiers {
        let (Some(gold), Some(candidate)) = (part.of(Role::Gold), part.of(Role::Candidate)) else {
            continue;
        };
        let (mut right, mut stated) = (Vec::new(), Vec::new());
        for (at, said) in candidate.said.iter().enumerate() {
            let codes = (gold.category(at), candidate.category(at));
            if let ((Some(gold), Some(code)), Some(confidence)) = (codes, said.confidence) {
                right.push(gold == code);
                stated.push(confidence);
            }
        }
        if right.is_empty() {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let share_right = right.iter().filter(|right| **right).count() as f64 / right.len() as f64;
        let found = calibration(&right, &stated);
        let of = |value: Result<f64, _>| index(value);
        let behind = Behind::of(material, right.len() as u64, |at| {
            gold.category(at).is_some()
                && candidate.category(at).is_some()
                && candidate.said[at].confidence.is_some()
        });
        let row = vec![
            part.definition().name.as_str().into(),
            right.len().to_string().into(),
            coefficient(crate::stats::moments::mean(&stated)).into(),
            coefficient(share_right).into(),
            of(found.map(|found| found.brier)),
            of(found.map(|found| found.ece_10)),
            of(found.and_then(|found| found.roc_auc)),
        ];
        table.push_cells(behind.row(row, 1, &[1]));
    }
    if table.is_empty() {
        return vec![Block::Text(
            "No rater of this goldset states a confidence.".to_owned(),
        )];
    }
    vec![Block::Table(table.note("Sessions with a label of both and a stated confidence; no intervals. `right` is the share of labels equal to the gold; the calibration error has ten bins of equal width and is above zero even for perfect confidence; the area under the ROC curve says whether right labels get more confidence than wrong ones. The prompts ask for fixed steps of confidence, not for a probability."))]
}

/// Raters whose labels are their own.
fn independent(part: &ClassifierPart) -> Vec<&Ratings> {
    part.ratings
        .iter()
        .filter(|ratings| {
            !ratings.is_derived
                && ratings
                    .said
                    .iter()
                    .any(|said| said.outcome.label().is_some())
        })
        .collect()
}

/// A rater's name without the way in which it is asked.
fn short(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, name)| name)
}
