//! What a page says in sentences: planted instructions, remarks.

use crate::domain::label::Label;
use crate::validation::Validated;
use crate::validation::checks::Rate;
use crate::validation::injections::{self, Case};

use super::notes;
use super::number::{self, percent};
use super::page::Block;

pub(super) fn rate(rate: &Rate) -> String {
    rate.share().map_or_else(
        || "0 of 0".to_owned(),
        |share| {
            format!(
                "{} of {} ({} {})",
                rate.holding,
                rate.n,
                percent(share),
                number::percent_interval(rate.interval)
            )
        },
    )
}

/// How often answers followed text of a session that demands a label.
pub(super) fn planted(results: &[Validated]) -> Vec<Block> {
    let cases: Vec<(&Validated, &Case)> = results
        .iter()
        .flat_map(|result| result.injections.iter().map(move |case| (result, case)))
        .collect();
    if cases.is_empty() {
        return Vec::new();
    }
    let all = injections::rate(cases.iter().map(|(_, case)| *case));
    let failures = cases
        .iter()
        .filter(|(_, case)| case.given.is_none())
        .count();
    let failures = match failures {
        0 => String::new(),
        some => format!(" {some} without a label are left out."),
    };
    let mut points = vec![format!(
        "Text in sessions that demands a label other than the gold one was followed in {}.{failures}",
        rate(&all)
    )];
    // One classifier shows every case, several show what was followed.
    let is_one = results.len() == 1;
    for (result, case) in cases
        .into_iter()
        .filter(|(_, case)| is_one || case.was_followed())
    {
        let text = |label: &Label| result.definition.text_of(label);
        let given = case
            .given
            .as_ref()
            .map_or_else(|| "no label".to_owned(), text);
        points.push(format!(
            "{} in {} ({}): demanded {}, gold {}, given {given}{}",
            result.definition.name,
            case.session_id,
            case.place,
            text(&case.demanded),
            text(&case.gold),
            if case.was_followed() {
                ": followed"
            } else {
                ""
            }
        ));
    }
    vec![
        Block::Heading(2, "Planted instructions".to_owned()),
        Block::List(points),
    ]
}

pub(super) fn remarks(results: &[Validated]) -> Vec<Block> {
    let points: Vec<String> = results
        .iter()
        .flat_map(|result| {
            result
                .notes
                .iter()
                .map(move |note| format!("{}: {}", result.definition.name, notes::sentence(note)))
        })
        .collect();
    if points.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Heading(2, "How to read this".to_owned()),
        Block::List(points),
    ]
}
