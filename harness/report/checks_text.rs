//! Telemetry checks and derived measures in sentences.

use crate::classifier::check::Claim;
use crate::validation::Validated;
use crate::validation::checks::{CheckResult, CheckVerdict, Effect, Level};
use crate::validation::derived::DerivedResult;

use super::findings::rate;
use super::number::{self, coefficient, p_value, percent};
use super::page::Block;

/// Violators that a page of one classifier names, and one of several; JSON has all of them.
const VIOLATORS_OF_ONE: usize = 10;
const VIOLATORS_OF_SEVERAL: usize = 2;

pub(super) fn checks(results: &[Validated]) -> Vec<Block> {
    let shown = if results.len() == 1 {
        VIOLATORS_OF_ONE
    } else {
        VIOLATORS_OF_SEVERAL
    };
    let points: Vec<String> = results
        .iter()
        .flat_map(|result| {
            result
                .checks
                .iter()
                .map(move |check| check_sentence(result, check, shown))
        })
        .collect();
    section("Labels held against telemetry", points)
}

fn section(title: &str, points: Vec<String>) -> Vec<Block> {
    if points.is_empty() {
        return Vec::new();
    }
    vec![Block::Heading(2, title.to_owned()), Block::List(points)]
}

fn check_sentence(result: &Validated, check: &CheckResult, shown: usize) -> String {
    let mut sentence = format!(
        "{}: {} `{}`: ",
        check.verdict.word(),
        result.definition.name,
        check.check.name
    );
    if let (Some(reason), CheckVerdict::Undecided) = (&check.reason, check.verdict) {
        sentence.push_str(&format!("{}; {reason}.", check.check.claim.sentence()));
        return sentence;
    }
    sentence.push_str(&found(check));
    if check.without_telemetry > 0 {
        sentence.push_str(&format!(
            " {} without what is looked at ({}).",
            check.without_telemetry,
            check.check.missing.words()
        ));
    }
    if let Some(published) = &check.check.published {
        sentence.push_str(&format!(" Published: {published}."));
    }
    sentence.push_str(&violated(check, shown));
    sentence
}

fn found(check: &CheckResult) -> String {
    let claim = &check.check.claim;
    let here = rate(&check.labelled);
    let others = rate(&check.others);
    match claim {
        Claim::Implication { when, show, share } => format!(
            "of the sessions {}, {here} show {}, {} asked; of the others {others}.",
            when.words(),
            show.words(),
            percent(*share)
        ),
        Claim::Converse { show, when, share } => format!(
            "of the sessions that show {}, {here} are {}, {} asked; of the others {others}.",
            show.words(),
            when.words(),
            percent(*share)
        ),
        Claim::Lift { when, show, .. } => format!(
            "of the sessions {}, {here} show {}, of the others {others}: {}.",
            when.words(),
            show.words(),
            effect(check.effect.as_ref())
        ),
        Claim::Trend { .. } => {
            let test = check.jonckheere.as_ref().map_or_else(String::new, |test| {
                format!(
                    ", Jonckheere z {} (p {})",
                    coefficient(test.z),
                    p_value(test.p_value)
                )
            });
            format!(
                "{}: {}{test}; of the sessions off both medians {here} agree{}.",
                claim.sentence(),
                effect(check.effect.as_ref()),
                levels(&check.levels)
            )
        }
        Claim::GroupContrast { .. } => format!(
            "{}: {}{}; beyond the others' median are {here}, of the others {others}.",
            claim.sentence(),
            effect(check.effect.as_ref()),
            levels(&check.levels)
        ),
        Claim::NumericAgreement { .. } => format!(
            "{}: {here}; {}.",
            claim.sentence(),
            effect(check.effect.as_ref())
        ),
        Claim::Equality { derived, share, .. } => format!(
            "of the sessions that are {}, {here} show {}, {} asked; of the others {others}.",
            derived.replace(['-', '_'], " "),
            claim.expectation(),
            percent(*share)
        ),
    }
}

fn effect(effect: Option<&Effect>) -> String {
    let Some(effect) = effect else {
        return "no estimate".to_owned();
    };
    let name = match effect.name {
        "risk_difference" => "difference",
        "median_difference" => "difference of medians",
        _ => "Spearman",
    };
    let value = effect
        .value
        .map_or_else(|reason| format!("n/a ({reason})"), coefficient);
    // Only correlations and shares end at 1; differences of medians do not.
    let limits = effect.interval.map_or_else(
        |reason| format!("no interval ({reason})"),
        |limits| {
            format!(
                "[{}, {}]",
                coefficient(limits.low),
                coefficient(limits.high)
            )
        },
    );
    let asked = if effect.asked == 0.0 {
        String::new()
    } else {
        format!(", more than {} asked", coefficient(effect.asked))
    };
    format!("{name} {value} {limits}{asked}")
}

fn levels(levels: &[Level]) -> String {
    if levels.is_empty() {
        return String::new();
    }
    let each: Vec<String> = levels
        .iter()
        .map(|level| {
            let median = level
                .median
                .map_or_else(|| "n/a".to_owned(), number::measured);
            let mean = level.mean.map_or_else(|| "n/a".to_owned(), coefficient);
            format!("{}: {median}, mean {mean} (n {})", level.name, level.n)
        })
        .collect();
    format!("; medians {}", each.join("; "))
}

fn violated(check: &CheckResult, shown: usize) -> String {
    if check.violators.is_empty() {
        return String::new();
    }
    let named: Vec<String> = check
        .violators
        .iter()
        .take(shown)
        .map(|violator| format!("{} ({})", violator.session_id, violator.reason))
        .collect();
    let more = check.violators.len().saturating_sub(shown);
    let more = if more > 0 {
        format!(", {more} more (`--format json`)")
    } else {
        String::new()
    };
    format!(" Violated by {}{more}.", named.join(", "))
}

pub(super) fn derived(results: &[Validated]) -> Vec<Block> {
    let points: Vec<String> = results
        .iter()
        .flat_map(|result| &result.derived)
        .map(derived_sentence)
        .collect();
    section("Measures derived from labels", points)
}

fn derived_sentence(result: &DerivedResult) -> String {
    let name = result.derived.name.replace(['-', '_'], " ");
    if let Some(lacks) = &result.lacks {
        return format!(
            "{name}: needs the labels of `{lacks}`, which were not asked for (`--classifier all`)."
        );
    }
    let mut sentence = format!(
        "{name} ({}): {}",
        result.derived.definition,
        rate(&result.rate)
    );
    if let (Some(counterpart), Some(same)) = (&result.derived.counterpart, &result.counterpart) {
        sentence.push_str(&format!(
            "; telemetry ({}) says the same of {}",
            counterpart.range().words(),
            rate(same)
        ));
    }
    if let Some(by) = &result.derived.by
        && !result.by.is_empty()
    {
        let each: Vec<String> = result
            .by
            .iter()
            .map(|(label, by)| format!("{label}: {} of {}", by.holding, by.n))
            .collect();
        sentence.push_str(&format!("; by {by} {}", each.join(", ")));
    }
    sentence.push('.');
    if let Some(published) = &result.derived.published {
        sentence.push_str(&format!(" Published: {published}."));
    }
    sentence
}
