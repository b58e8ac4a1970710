//! How answers stand when requests are varied, as a page.

use crate::classifier::definition::Definition;
use crate::domain::rating::Outcome;
use crate::gate::robustness::{CONFIDENCE, Flips, Robustness, answers_to_pass};
use crate::stats::verdict::Verdict;

use super::gate_words::verdict;
use super::number::{NONE, percent, percent_interval, shortened};
use super::page::Block;
use super::table::{Align, Table};

/// Flipped answers that a page lists for each classifier.
const SHOWN: usize = 20;

/// The page of one classifier.
#[must_use]
pub fn page(result: &Robustness, definition: &Definition) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(2, format!("Robustness: {}", result.classifier)),
        Block::Text(reason(result)),
    ];
    let mut table = Table::new(&[
        ("variation", Align::Left),
        ("n", Align::Right),
        ("flipped", Align::Right),
        ("share", Align::Right),
        (&percent(CONFIDENCE), Align::Left),
        ("followed", Align::Right),
        ("changed", Align::Right),
        ("lost", Align::Right),
        ("missing", Align::Right),
        ("verdict", Align::Left),
    ]);
    for flips in &result.by_variation {
        table.push(row(flips));
    }
    let mut together = row(&result.together);
    // Shown, not judged: what fails one variation must not hide behind the others.
    if let Some(verdict) = together.last_mut() {
        verdict.clear();
    }
    table.push(together);
    blocks.push(Block::Table(table));
    if !result.flipped.is_empty() {
        blocks.push(Block::Table(flipped(result, definition)));
        if let more @ 1.. = result.flipped.len().saturating_sub(SHOWN) {
            blocks.push(Block::Text(format!("{more} more flipped.")));
        }
    }
    blocks
}

/// The verdict in one or two sentences.
#[must_use]
pub fn reason(result: &Robustness) -> String {
    let ceiling = percent(result.ceiling);
    let worst = result
        .by_variation
        .iter()
        .filter(|flips| flips.is_judged() && flips.verdict == result.verdict)
        .max_by(|a, b| high(a).total_cmp(&high(b)));
    let Some(worst) = worst else {
        return format!("{}: nothing could be compared.", verdict(result.verdict));
    };
    match result.verdict {
        Verdict::Pass => format!(
            "pass: at no variation more than {ceiling} of the answers flip; the nearest: {}.",
            figures(worst)
        ),
        Verdict::Fail | Verdict::Inconclusive => {
            let missing = result.by_variation.iter().map(|flips| flips.missing).sum();
            not_passed(worst, result.ceiling, missing, result.together.n > 0)
        }
    }
}

/// The verdict on one variation.
#[must_use]
pub fn reason_of(flips: &Flips, ceiling: f64) -> String {
    match flips.verdict {
        Verdict::Pass => format!("pass: {}, and {} may.", figures(flips), percent(ceiling)),
        Verdict::Fail | Verdict::Inconclusive => {
            not_passed(flips, ceiling, flips.missing, flips.n > 0)
        }
    }
}

fn not_passed(flips: &Flips, ceiling: f64, missing: u64, has_answers: bool) -> String {
    let may = percent(ceiling);
    let figures = figures(flips);
    if flips.verdict == Verdict::Fail {
        return format!("fail: {figures}, and {may} may.");
    }
    if missing > 0 {
        let rest = if has_answers {
            format!("; {figures}, and {may} may")
        } else {
            String::new()
        };
        return format!("inconclusive: {missing} answers to varied requests are missing{rest}.");
    }
    let settle = answers_to_pass(flips.flipped(), ceiling).map_or_else(String::new, |needed| {
        format!(" With no further flip, {needed} answers about sessions of different users would pass; there are {} of {} users.", flips.n, flips.users)
    });
    format!("inconclusive: {figures}, too near the ceiling of {may} to tell.{settle}")
}

/// What flipped, in a clause.
#[must_use]
pub fn figures(flips: &Flips) -> String {
    format!(
        "{} of {} answers flipped under `{}`{}",
        flips.flipped(),
        flips.n,
        word(flips),
        flips
            .interval()
            .map_or_else(String::new, |interval| format!(
                " ({} interval {})",
                percent(CONFIDENCE),
                percent_interval(interval)
            )),
    )
}

fn high(flips: &Flips) -> f64 {
    flips.interval().map_or(1.0, |interval| interval.high)
}

fn word(flips: &Flips) -> &'static str {
    flips
        .variation
        .map_or("together", |variation| variation.word())
}

fn row(flips: &Flips) -> Vec<String> {
    let has_demand = flips.followed_rate.is_ok();
    vec![
        word(flips).to_owned(),
        flips.n.to_string(),
        flips.flipped().to_string(),
        flips
            .rate
            .as_ref()
            .map_or_else(|_| NONE.to_owned(), |rate| percent(rate.value)),
        flips
            .interval()
            .map_or_else(|| "no interval".to_owned(), percent_interval),
        if has_demand {
            flips.followed.to_string()
        } else {
            String::new()
        },
        flips.changed.to_string(),
        flips.lost.to_string(),
        flips.missing.to_string(),
        if flips.is_judged() {
            verdict(flips.verdict).to_owned()
        } else {
            "no place".to_owned()
        },
    ]
}

fn flipped(result: &Robustness, definition: &Definition) -> Table {
    let mut table = Table::new(&[
        ("session", Align::Left),
        ("variation", Align::Left),
        ("answer", Align::Left),
        ("varied", Align::Left),
        ("demanded", Align::Left),
        ("", Align::Left),
    ]);
    for case in result.flipped.iter().take(SHOWN) {
        table.push(vec![
            shortened(&case.session_id, 24),
            case.variation.word().to_owned(),
            told(&case.before, definition),
            told(&case.after, definition),
            case.demanded
                .as_ref()
                .map_or_else(String::new, |label| definition.text_of(label)),
            case.effect().word().to_owned(),
        ]);
    }
    table
}

pub(super) fn told(outcome: &Outcome, definition: &Definition) -> String {
    match outcome {
        Outcome::Parsed(label) => definition.text_of(label),
        Outcome::Refused => "(refused)".to_owned(),
        Outcome::Unparsable => "(unparsable)".to_owned(),
        Outcome::Truncated => "(truncated)".to_owned(),
        Outcome::Errored => "(errored)".to_owned(),
        Outcome::Missing => "(missing)".to_owned(),
    }
}

/// Sessions in which nothing could be planted, in a sentence; `None` where there is none.
#[must_use]
pub fn without_place(results: &[Robustness]) -> Option<String> {
    let places: Vec<String> = results
        .first()?
        .by_variation
        .iter()
        .filter(|flips| flips.without_place > 0)
        .map(|flips| format!("{} under `{}`", flips.without_place, word(flips)))
        .collect();
    (!places.is_empty()).then(|| {
        format!(
            "Sessions without a place to plant anything are left out: {}.",
            places.join(", ")
        )
    })
}
