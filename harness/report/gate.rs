//! The gate's verdicts for people: the answer first, then each classifier that did not simply pass, then what it rests on.

use std::collections::BTreeSet;

use crate::gate::changes::{Effect, LabelChange};
use crate::gate::judged::Judged;
use crate::gate::verdict::Part;
use crate::stats::verdict::Verdict;

use super::gate_words::{
    code, looks, next_steps, reason, remark, rests_on, sentence, signed, statistic, verdict,
};
use super::number::{NONE, coefficient, coefficient_3, counted};
use super::page::Block;
use super::table::{Align, Table};

/// Changes that a page lists for each classifier.
const CHANGES_SHOWN: usize = 10;

/// Characters of a rationale that a page shows.
const WHY_SHOWN: usize = 160;

/// What all verdicts rest on.
#[derive(Debug, Clone)]
pub struct GateBasis {
    /// The goldset.
    pub goldset: String,
    /// Its title.
    pub title: String,
    /// The seed.
    pub seed: u64,
    /// The command that approves the candidate, for all classifiers or one.
    pub renew: String,
    /// Classifiers that were left out because gold has no label for them.
    pub without_gold: Vec<String>,
    /// How the look at robustness ended, where one was asked for: it has to pass too.
    pub robustness: Option<Verdict>,
}

impl GateBasis {
    /// The command that approves the candidate for one classifier.
    #[must_use]
    pub fn renew_one(&self, classifier: &str) -> String {
        format!("{} --classifier {classifier}", self.renew)
    }
}

/// The verdict of all classifiers, and of their robustness, together.
#[must_use]
pub fn overall(basis: &GateBasis, judged: &[Judged]) -> Verdict {
    crate::gate::verdict::together(judged.iter().map(Judged::verdict).chain(basis.robustness))
}

/// The answer in one sentence.
#[must_use]
pub fn answer(basis: &GateBasis, judged: &[Judged]) -> String {
    let of = |wanted: Verdict| -> Vec<&str> {
        judged
            .iter()
            .filter(|one| one.verdict() == wanted)
            .map(|one| one.classifier.as_str())
            .collect()
    };
    let mut parts = Vec::new();
    for (wanted, word) in [
        (Verdict::Fail, "failed"),
        (Verdict::Inconclusive, "inconclusive"),
        (Verdict::Pass, "passed"),
    ] {
        let names = of(wanted);
        if !names.is_empty() {
            parts.push(format!("{} {word} ({})", names.len(), names.join(", ")));
        }
    }
    if let Some(robustness) = basis.robustness {
        parts.push(format!("robustness: {}", verdict(robustness)));
    }
    format!(
        "{}: {}.",
        verdict(overall(basis, judged)).to_uppercase(),
        parts.join(", ")
    )
}

/// The page.
#[must_use]
pub fn page(basis: &GateBasis, judged: &[Judged]) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(1, heading(basis, judged)),
        Block::Text(answer(basis, judged)),
        Block::Table(summary(judged)),
    ];
    for one in judged {
        blocks.extend(in_full(basis, one));
    }
    blocks.push(Block::Heading(2, "What the verdicts rest on".to_owned()));
    blocks.push(Block::List(points(basis, judged)));
    blocks
}

fn heading(basis: &GateBasis, judged: &[Judged]) -> String {
    match judged.first() {
        Some(one) => format!(
            "Gate on {}: {} against {}",
            basis.goldset, one.compared.candidate, one.compared.against
        ),
        None => format!("Gate on {}", basis.goldset),
    }
}

fn summary(judged: &[Judged]) -> Table {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("verdict", Align::Left),
        ("statistic", Align::Left),
        ("old", Align::Right),
        ("new", Align::Right),
        ("difference", Align::Right),
        ("bounds", Align::Left),
        ("margin", Align::Right),
        ("changed", Align::Right),
    ]);
    for one in judged {
        let mut is_first = true;
        let mut row = |name: &str, cells: [String; 4]| {
            let once = |text: String| if is_first { text } else { String::new() };
            let [old, new, difference, bounds] = cells;
            table.push(vec![
                once(one.classifier.clone()),
                once(verdict(one.verdict()).to_owned()),
                name.to_owned(),
                old,
                new,
                difference,
                bounds,
                coefficient(one.rule.margin),
                once(one.changes.len().to_string()),
            ]);
            is_first = false;
        };
        let name = statistic(one.rule.statistic.name());
        let mut any = false;
        for part in &one.parts {
            if let Part::Change {
                measure,
                old,
                new,
                finding,
            } = part
            {
                any = true;
                let value = |value: &Result<f64, _>| {
                    value
                        .as_ref()
                        .map_or_else(|_| NONE.to_owned(), |value| coefficient_3(*value))
                };
                let bounds = finding.bounds.map_or_else(
                    |_| NONE.to_owned(),
                    |bounds| {
                        format!(
                            "[{}, {}]",
                            coefficient(bounds.low.max(-2.0)),
                            coefficient(bounds.high.min(2.0))
                        )
                    },
                );
                let name = measure.map_or_else(
                    || name.to_owned(),
                    |measure| format!("{name}, {}", measure.replace('_', " ")),
                );
                let difference = finding.difference.map_or_else(|_| NONE.to_owned(), signed);
                row(&name, [value(old), value(new), difference, bounds]);
            }
        }
        if !any {
            row(
                name,
                [String::new(), String::new(), String::new(), String::new()],
            );
        }
    }
    table
}

fn in_full(basis: &GateBasis, one: &Judged) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(2, format!("{}: {}", one.classifier, verdict(one.verdict()))),
        Block::Text(format!("{}.", capital(&reason(one)))),
    ];
    // The reason stands above already.
    let told = reason(one);
    let mut points: Vec<String> = Vec::new();
    for part in &one.parts {
        let said = sentence(one, part);
        if said != told {
            points.push(format!("{}: {said}", verdict(part.verdict())));
        }
        if let Some(why) = part.finding().and_then(rests_on)
            && matches!(part, Part::Change { .. })
        {
            points.push(why);
        }
    }
    if !points.is_empty() {
        blocks.push(Block::List(points));
    }
    let steps = next_steps(one, &basis.renew_one(&one.classifier));
    if !steps.is_empty() {
        blocks.push(Block::Heading(3, "What would settle it".to_owned()));
        blocks.push(Block::List(steps));
    }
    if !one.changes.is_empty() {
        blocks.push(Block::Heading(3, changed(one)));
        let mut lines: Vec<String> = one.changes.iter().take(CHANGES_SHOWN).map(change).collect();
        if CHANGES_SHOWN < one.changes.len() {
            lines.push(format!(
                "{} more: `--format json` has all",
                one.changes.len() - CHANGES_SHOWN
            ));
        }
        blocks.push(Block::List(lines));
    }
    blocks
}

fn changed(one: &Judged) -> String {
    let count = |effect: Effect| {
        one.changes
            .iter()
            .filter(|change| change.effect == effect)
            .count()
    };
    let counts: Vec<String> = [
        Effect::Worse,
        Effect::Better,
        Effect::Neither,
        Effect::Unknown,
    ]
    .into_iter()
    .filter(|effect| count(*effect) > 0)
    .map(|effect| format!("{} {}", count(effect), effect.word()))
    .collect();
    format!(
        "{} changed of {}: {}",
        counted(one.changes.len() as u64, "label"),
        one.n_sessions,
        counts.join(", ")
    )
}

fn change(change: &LabelChange) -> String {
    let gold = change.gold.as_ref().map_or_else(
        || "no gold".to_owned(),
        |gold| format!("gold {}", code(gold)),
    );
    let why = |who: &str, why: &Option<String>| {
        why.as_deref()
            .filter(|why| !why.trim().is_empty())
            .map_or_else(String::new, |why| format!(" {who}: {}.", shortened(why)))
    };
    format!(
        "{}: {} → {} ({gold}): {}.{}{}",
        code(&change.session_id),
        code(&change.old),
        code(&change.new),
        change.effect.word(),
        why("Was", &change.why_old),
        why("Now", &change.why_new),
    )
}

fn shortened(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let one_line = one_line.trim_end_matches('.');
    if one_line.chars().count() <= WHY_SHOWN {
        return code(one_line);
    }
    let kept: String = one_line.chars().take(WHY_SHOWN).collect();
    code(&format!("{}…", kept.trim_end()))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn points(basis: &GateBasis, judged: &[Judged]) -> Vec<String> {
    // It is from outside: none of it is code.
    let mut points = vec![basis.title.replace('`', "'")];
    if let Some(one) = judged.first() {
        let compared = &one.compared;
        let said_by = compared
            .baseline_candidate
            .as_ref()
            .map_or_else(String::new, |candidate| {
                format!(", which holds labels of `{candidate}`")
            });
        points.push(format!(
            "`{}` ({}) against `{}` ({}); the baseline is `{}`{said_by}.",
            compared.candidate,
            compared.candidate_kind.word(),
            compared.against,
            compared.against_kind.word(),
            compared.baseline,
        ));
        points.push(format!(
            "{} with a gold label of {}, all sessions of a user as one draw; each bound errs one time in twenty; seed {}.",
            counted(one.n_labelled as u64, "session"),
            counted(one.n_users as u64, "user"),
            basis.seed
        ));
    }
    points.push(
        "A pass says that the statistic lost less than the margin; every part that is listed has to pass. Answers without a label count as wrong."
            .to_owned(),
    );
    let mut remarks = BTreeSet::new();
    for one in judged {
        for said in &one.remarks {
            if remarks.insert(remark(one, said)) {
                points.push(remark(one, said));
            }
        }
    }
    points.extend(judged.iter().filter_map(looks));
    if !basis.without_gold.is_empty() {
        points.push(format!(
            "Not judged, because gold has no label for them: {}.",
            basis.without_gold.join(", ")
        ));
    }
    points
}
