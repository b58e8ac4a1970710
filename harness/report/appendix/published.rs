//! Section 13: figures that the study's text states, and ours beside them.

use std::collections::BTreeSet;

use crate::classifier::check::Condition;
use crate::classifier::study::{Compute, Figure, Study, When};
use crate::domain::label::Label;
use crate::report::number::{percent, published_percent};
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::stats::moments::{mean, median};
use crate::stats::user_bootstrap::interval;
use crate::validation::agreement::CONFIDENCE;
use crate::validation::evidence::Evidence;

use super::cells::{clustered, measured};
use super::labels::{smallest, users_of_any_label};
use super::material::{Material, Role};

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let Some(study) = &material.study else {
        return vec![Block::Text(
            "`prompts/study.toml` declares no figures.".to_owned(),
        )];
    };
    let mut blocks = vec![Block::Table(figures(material, study))];
    blocks.extend(label_shares(material));
    if !study.left_out.is_empty() {
        blocks.push(Block::Text(
            "Left out, because these sessions cannot show it:".to_owned(),
        ));
        blocks.push(Block::List(study.left_out.clone()));
    }
    blocks
}

fn figures(material: &Material, study: &Study) -> Table {
    let mut table = Table::new(&[
        ("figure", Align::Left),
        ("section", Align::Left),
        ("the study", Align::Right),
        ("n", Align::Right),
        ("here", Align::Estimate),
        ("here by gold", Align::Estimate),
    ])
    .named(
        material.key("published"),
        format!("Beside the study's figures ({})", material.name()),
    );
    for figure in &study.figures {
        let (n, here) = material.seen_by(Role::Candidate, |evidence| {
            computed(material, figure, evidence)
        });
        let (_, gold) =
            material.seen_by(Role::Gold, |evidence| computed(material, figure, evidence));
        table.push_cells(vec![
            figure.says.as_str().into(),
            figure.section.as_str().into(),
            figure.published.as_str().into(),
            n,
            here,
            gold,
        ]);
    }
    table.note(format!(
        "{} ({}), figures that its text states; ours are of {} {} sessions, labels of `{}` and of the gold `{}`; n is the sessions behind `here`. Intervals: of shares Wilson's on the effective number of sessions; of means and medians 2,000 resamples of users, percentile. The study has about 400,000 sessions drawn from use, these were {}, so a difference says nothing about the classifiers; what can be compared is direction.",
        study.title,
        study.published,
        material.basis.n_sessions,
        if material.basis.synthetic { "synthetic" } else { "real" },
        material.basis.candidate,
        material.basis.against,
        if material.basis.synthetic { "written for the purpose" } else { "published by their authors" },
    ))
}

fn computed(material: &Material, figure: &Figure, evidence: &Evidence<'_>) -> (Cell, Cell) {
    let compute = &figure.compute;
    let sessions: Vec<usize> = (0..evidence.sessions.len())
        .filter(|at| is_among(compute, evidence, *at))
        .collect();
    let values: Vec<(usize, f64)> = sessions
        .iter()
        .filter_map(|at| Some((*at, value(compute, evidence, *at)?)))
        .collect();
    let users: Vec<u32> = values
        .iter()
        .map(|(at, _)| material.sessions[*at].user_code)
        .collect();
    let numbers: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    let is_share = compute.share.is_some() || compute.derived.is_some() || compute.shows.is_some();
    let of = |wanted: bool| {
        material.users_of(
            values
                .iter()
                .filter(|(_, value)| (*value > 0.5) == wanted)
                .map(|(at, _)| *at),
        )
    };
    // What is not counted is known, too: the total stands in the note.
    let counted: BTreeSet<usize> = values.iter().map(|(at, _)| *at).collect();
    let others = material.users_of((0..evidence.sessions.len()).filter(|at| !counted.contains(at)));
    let behind = if is_share {
        smallest([of(true), of(false)])
    } else {
        material.users_of(counted.iter().copied())
    };
    let few = smallest([behind, others, of_labels(material, compute, evidence)]);
    let cell = if numbers.is_empty() {
        Cell::text("no sessions")
    } else if is_share {
        let flags: Vec<bool> = numbers.iter().map(|value| *value > 0.5).collect();
        clustered(&flags, &users)
    } else {
        let statistic = |values: &[f64]| {
            if compute.median.is_some() {
                median(values)
            } else {
                Some(mean(values))
            }
        };
        let limits = interval(&users, material.basis.seed, CONFIDENCE, |rows| {
            statistic(&rows.iter().map(|row| numbers[*row]).collect::<Vec<f64>>())
        });
        let show = |value: f64| {
            if compute.decided.is_some() {
                percent(value)
            } else {
                measured(Some(value)).shown()
            }
        };
        let found = statistic(&numbers).map_or_else(|| "none".to_owned(), show);
        match limits {
            Ok(limits) => Cell::estimate(found, show(limits.low), show(limits.high)),
            Err(_) => Cell::text(format!("{found} (no interval: too few users)")),
        }
    };
    (
        Cell::text(numbers.len().to_string()).of_users(few),
        cell.of_users(few),
    )
}

/// The fewest users behind a label of the classifiers whose labels are told apart; a set says as much of the labels that it
/// leaves out as of its own.
fn of_labels(material: &Material, compute: &Compute, evidence: &Evidence<'_>) -> usize {
    let selector = compute.when.as_ref().map(When::selector);
    let when = selector
        .as_ref()
        .filter(|selector| matches!(selector.condition, Condition::Labels(_)))
        .and_then(|selector| selector.classifier.as_deref());
    let share = compute
        .share
        .as_ref()
        .map(|share| share.classifier.as_str());
    let derived = compute
        .derived
        .as_deref()
        .and_then(|name| evidence.derived_definition(name))
        .into_iter()
        .flat_map(|derived| derived.all.iter().chain(&derived.among))
        .map(|condition| condition.classifier.as_str());
    when.into_iter()
        .chain(share)
        .chain(derived)
        .filter_map(|name| material.classifier(name))
        .map(|part| users_of_any_label(material, part))
        .filter(|users| *users > 0)
        .min()
        .unwrap_or(0)
}

fn is_among(compute: &Compute, evidence: &Evidence<'_>, at: usize) -> bool {
    let is_when = compute
        .when
        .as_ref()
        .is_none_or(|when| evidence.selects(&when.selector(), "", at) == Some(true));
    let shows = compute
        .among
        .as_ref()
        .is_none_or(|among| evidence.in_range(&among.range(), at) == Some(true));
    is_when && shows
}

/// A number of a session: 1 or 0 where a share is wanted.
fn value(compute: &Compute, evidence: &Evidence<'_>, at: usize) -> Option<f64> {
    let flag = |holds: bool| f64::from(u8::from(holds));
    if let Some(share) = &compute.share {
        evidence.label(&share.classifier, at)?;
        return Some(flag(
            share
                .labels
                .contains(&evidence.label_text(&share.classifier, at)),
        ));
    }
    if let Some(name) = &compute.derived {
        return evidence
            .derived(evidence.derived_definition(name)?, at)
            .map(flag);
    }
    if let Some(kind) = compute.decided {
        return evidence.said.iter().find_map(|(definition, _)| {
            match evidence.label(&definition.name, at)? {
                Label::Shares(shares) => crate::classifier::check::user_share(shares, kind),
                Label::Category(_) | Label::Number(_) => None,
            }
        });
    }
    if let Some(shows) = &compute.shows {
        return evidence.in_range(&shows.range(), at).map(flag);
    }
    compute
        .median
        .or(compute.mean)
        .and_then(|measure| measure.of(evidence.row(at)?))
}

/// Shares of labels that the study's text states, one by one or together.
fn label_shares(material: &Material) -> Option<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("labels", Align::Left),
        ("the study", Align::Right),
        ("n", Align::Right),
        ("said", Align::Estimate),
        ("by gold", Align::Estimate),
    ])
    .named(
        material.key("published-shares"),
        format!("Shares of labels beside the study's ({})", material.name()),
    )
    .grouped();
    for part in &material.classifiers {
        let definition = part.definition();
        let single = definition
            .labels
            .iter()
            .filter_map(|label| Some((vec![label.name.clone()], label.published?)));
        let together = definition
            .groups
            .iter()
            .map(|group| (group.labels.clone(), group.published));
        // A share of a set is one of the labels left out, too.
        let any_label = users_of_any_label(material, part);
        for (labels, published) in single.chain(together) {
            let codes: Vec<u16> = (0_u16..)
                .zip(&definition.labels)
                .filter(|(_, label)| labels.contains(&label.name))
                .map(|(code, _)| code)
                .collect();
            let of = |role: Role| {
                let labelled: Vec<(usize, bool)> = (0..material.sessions.len())
                    .filter_map(|at| {
                        let code = part.of(role)?.category(at)?;
                        Some((at, codes.contains(&code)))
                    })
                    .collect();
                let flags: Vec<bool> = labelled.iter().map(|(_, holds)| *holds).collect();
                let users_of = |wanted: bool| {
                    material.users_of(
                        labelled
                            .iter()
                            .filter(|(_, holds)| *holds == wanted)
                            .map(|(at, _)| *at),
                    )
                };
                let unlabelled = material.users_of(
                    (0..material.sessions.len())
                        .filter(|at| part.of(role).and_then(|by| by.category(*at)).is_none()),
                );
                let few = smallest([users_of(true), users_of(false), unlabelled]);
                let users: Vec<u32> = labelled
                    .iter()
                    .map(|(at, _)| material.sessions[*at].user_code)
                    .collect();
                (flags.len(), clustered(&flags, &users), few)
            };
            let ((n, said, few_said), (_, gold, few_gold)) = (of(Role::Candidate), of(Role::Gold));
            let few = smallest([few_said, few_gold, any_label]);
            table.push_cells(vec![
                definition.name.as_str().into(),
                labels.join(", ").into(),
                published_percent(published).into(),
                Cell::text(n.to_string()).of_users(few),
                said.of_users(few),
                gold.of_users(few),
            ]);
        }
    }
    (!table.is_empty()).then(|| {
        Block::Table(table.note("Labels for which the study's text states a share, alone or together (sections 2.1, 3.1 and 4); n is the sessions that the candidate labelled. Intervals: Wilson's on the effective number of sessions, sessions of a user as one draw. Shares of a goldset follow from how its sessions were chosen."))
    })
}
