//! The main job's result for people: a summary of all classifiers, or one in full.

use crate::classifier::definition::ComparedOn;
use crate::domain::label::{Label, Scale};
use crate::stats::estimate::Statistic;
use crate::validation::Validated;
use crate::validation::agreement::{Comparison, Figures};
use crate::validation::checks::{CheckResult, Rate};
use crate::validation::injections::{self, Case};

use super::basis::Basis;
use super::notes;
use super::number::{self, NONE, coefficient, coefficient_3, percent};
use super::page::Block;
use super::table::{Align, Table};

/// Violators that a page of one classifier names, and one of several; JSON has all of them.
const VIOLATORS_OF_ONE: usize = 10;
const VIOLATORS_OF_SEVERAL: usize = 2;

/// Left out sessions that a page names.
const EXCLUDED_SHOWN: usize = 5;

/// The page: the answer first, then what it rests on, then what to do next.
#[must_use]
pub fn page(basis: &Basis, results: &[Validated]) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(
            1,
            format!(
                "{}: {} against {}",
                basis.goldset, basis.candidate, basis.against
            ),
        ),
        Block::Text(basis.title.clone()),
    ];
    blocks.extend(categories_summary(basis, results));
    blocks.extend(numbers_summary(results));
    if let [only] = results {
        blocks.extend(in_full(only));
    }
    blocks.extend(checks(results));
    blocks.extend(planted(results));
    blocks.extend(remarks(results));
    blocks.push(Block::Heading(2, "What the figures rest on".to_owned()));
    blocks.push(Block::List(rests_on(basis, results)));
    blocks
}

fn categories_summary(basis: &Basis, results: &[Validated]) -> Option<Block> {
    let mut columns = vec![
        ("classifier", Align::Left),
        ("n", Align::Right),
        ("agree", Align::Right),
        ("kappa", Align::Right),
        ("95%", Align::Left),
        ("wtd", Align::Right),
        ("AC1", Align::Right),
    ];
    if basis.reference.is_some() {
        columns.push(("ref", Align::Right));
    }
    columns.extend([("maj", Align::Right), ("rules", Align::Right)]);
    let mut table = Table::new(&columns);
    for result in results {
        let Some((figures, ordered)) = result.comparisons.first().and_then(as_categories) else {
            continue;
        };
        let mut row = vec![
            result.definition.name.clone(),
            figures.n.to_string(),
            share(&figures.percent_agreement),
            number::value(&figures.cohen_kappa),
            number::interval_of(&figures.cohen_kappa),
            if ordered {
                number::value(&figures.cohen_kappa_quadratic)
            } else {
                String::new()
            },
            number::value(&figures.gwet_ac1),
        ];
        if let Some(reference) = &basis.reference {
            let with_reference = result
                .comparisons
                .iter()
                .find(|comparison| comparison.against == *reference);
            row.push(with_reference.map_or_else(
                || NONE.to_owned(),
                |comparison| main_value(&comparison.agreement),
            ));
        }
        row.push(floor(result, "baseline:majority"));
        row.push(floor(result, "baseline:rules"));
        table.push(row);
    }
    (!table.is_empty()).then_some(Block::Table(table))
}

fn as_categories(
    comparison: &Comparison,
) -> Option<(&crate::stats::agreement::TwoRaterAgreement, bool)> {
    match &comparison.agreement {
        Figures::Categories {
            figures, ordered, ..
        } => Some((figures, *ordered)),
        Figures::Numbers { .. } => None,
    }
}

/// A baseline's kappa with the gold: weighted where the scale is ordered.
fn floor(result: &Validated, name: &str) -> String {
    result
        .floors
        .iter()
        .find(|floor| floor.name == name)
        .and_then(|floor| floor.comparisons.first())
        .and_then(as_categories)
        .map_or_else(
            || NONE.to_owned(),
            |(figures, ordered)| {
                number::value(if ordered {
                    &figures.cohen_kappa_quadratic
                } else {
                    &figures.cohen_kappa
                })
            },
        )
}

fn numbers_summary(results: &[Validated]) -> Option<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("n", Align::Right),
        ("MAE", Align::Right),
        ("Pearson", Align::Right),
        ("95% interval", Align::Left),
        ("Spearman", Align::Right),
        ("ratio", Align::Right),
    ]);
    for result in results {
        for comparison in result
            .comparisons
            .iter()
            .filter(|comparison| is_gold(result, comparison))
        {
            let Figures::Numbers {
                on,
                figures,
                median_ratio,
            } = &comparison.agreement
            else {
                continue;
            };
            let name = comparison.measure.map_or_else(
                || result.definition.name.clone(),
                |measure| {
                    format!(
                        "{}: {}",
                        result.definition.name,
                        measure.replace("_share", "")
                    )
                },
            );
            let unit = match on {
                ComparedOn::Log => " (log)",
                ComparedOn::Linear => "",
            };
            table.push(vec![
                name,
                figures.n.to_string(),
                figures
                    .mae
                    .map_or_else(|_| NONE.to_owned(), |value| coefficient(value) + unit),
                number::value(&figures.pearson),
                number::interval_of(&figures.pearson),
                figures
                    .spearman
                    .map_or_else(|_| NONE.to_owned(), coefficient_3),
                median_ratio.map_or_else(String::new, coefficient),
            ]);
        }
    }
    (!table.is_empty()).then_some(Block::Table(table))
}

fn is_gold(result: &Validated, comparison: &Comparison) -> bool {
    result
        .comparisons
        .first()
        .is_some_and(|first| first.against == comparison.against)
}

fn in_full(result: &Validated) -> Vec<Block> {
    let mut blocks = Vec::new();
    let Some(gold) = result.comparisons.first() else {
        return blocks;
    };
    let mut others = Table::new(&[
        ("with", Align::Left),
        ("kind", Align::Left),
        ("n", Align::Right),
        ("failures", Align::Right),
        ("agree", Align::Right),
        ("coefficient", Align::Left),
        ("with failures", Align::Right),
    ]);
    for comparison in &result.comparisons {
        others.push(vec![
            comparison.measure.map_or_else(
                || comparison.against.clone(),
                |measure| format!("{} ({})", comparison.against, measure.replace("_share", "")),
            ),
            comparison.against_kind.word().to_owned(),
            n_of(&comparison.agreement).to_string(),
            comparison.failures.to_string(),
            agreement_of(&comparison.agreement),
            main_figure(&comparison.agreement),
            comparison
                .counted_wrong
                .as_ref()
                .map_or_else(String::new, main_value),
        ]);
    }
    blocks.push(Block::Heading(2, "Against everyone".to_owned()));
    blocks.push(Block::Table(others));
    if let Figures::Categories { names, figures, .. } = &gold.agreement {
        blocks.push(Block::Heading(
            2,
            format!("Per class, {} as gold", gold.against),
        ));
        blocks.push(Block::Table(per_class(names, figures)));
        blocks.push(Block::Heading(
            2,
            format!("Confusion: rows {}, columns the candidate", gold.against),
        ));
        blocks.push(confusion(names, figures));
    }
    blocks
}

fn n_of(figures: &Figures) -> u64 {
    match figures {
        Figures::Categories { figures, .. } => figures.n,
        Figures::Numbers { figures, .. } => figures.n as u64,
    }
}

fn agreement_of(figures: &Figures) -> String {
    match figures {
        Figures::Categories { figures, .. } => share(&figures.percent_agreement),
        Figures::Numbers { .. } => String::new(),
    }
}

fn main_value(figures: &Figures) -> String {
    match figures {
        Figures::Categories {
            figures,
            ordered: true,
            ..
        } => number::value(&figures.cohen_kappa_quadratic),
        Figures::Categories {
            figures,
            ordered: false,
            ..
        } => number::value(&figures.cohen_kappa),
        Figures::Numbers { figures, .. } => number::value(&figures.pearson),
    }
}

fn main_figure(figures: &Figures) -> String {
    let (name, statistic) = match figures {
        Figures::Categories {
            figures,
            ordered: true,
            ..
        } => ("weighted", &figures.cohen_kappa_quadratic),
        Figures::Categories {
            figures,
            ordered: false,
            ..
        } => ("kappa", &figures.cohen_kappa),
        Figures::Numbers { figures, .. } => ("r", &figures.pearson),
    };
    format!(
        "{name} {} {}",
        number::value(statistic),
        number::interval_of(statistic)
    )
}

fn per_class(names: &[String], figures: &crate::stats::agreement::TwoRaterAgreement) -> Table {
    let mut table = Table::new(&[
        ("label", Align::Left),
        ("gold", Align::Right),
        ("said", Align::Right),
        ("precision", Align::Left),
        ("recall", Align::Left),
        ("F1", Align::Right),
    ]);
    for (name, class) in names.iter().zip(&figures.per_class) {
        if class.support == 0 && class.predicted == 0 {
            continue;
        }
        table.push(vec![
            name.clone(),
            class.support.to_string(),
            class.predicted.to_string(),
            share_with_interval(&class.precision),
            share_with_interval(&class.recall),
            class
                .f1
                .as_ref()
                .map_or_else(|_| NONE.to_owned(), |f1| coefficient(f1.value)),
        ]);
    }
    table
}

/// Only categories that occur: an empty row of a 24-category scale says nothing. Columns bear the numbers of the rows,
/// so that nine labels fit beside each other.
fn confusion(names: &[String], figures: &crate::stats::agreement::TwoRaterAgreement) -> Block {
    let table = &figures.confusion;
    let used: Vec<usize> = (0..names.len())
        .filter(|k| table.rows()[*k] > 0 || table.columns()[*k] > 0)
        .collect();
    let numbers: Vec<String> = (1..=used.len()).map(|number| number.to_string()).collect();
    let mut columns: Vec<(&str, Align)> = vec![("", Align::Right), ("gold", Align::Left)];
    columns.extend(numbers.iter().map(|number| (number.as_str(), Align::Right)));
    let mut rendered = Table::new(&columns);
    for (i, number) in used.iter().zip(&numbers) {
        let mut row = vec![number.clone(), names[*i].clone()];
        row.extend(used.iter().map(|j| match table.count(*i, *j) {
            0 => "·".to_owned(),
            count => count.to_string(),
        }));
        rendered.push(row);
    }
    Block::Table(rendered)
}

fn checks(results: &[Validated]) -> Vec<Block> {
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
    if points.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Heading(2, "Labels held against telemetry".to_owned()),
        Block::List(points),
    ]
}

fn check_sentence(result: &Validated, check: &CheckResult, shown: usize) -> String {
    let labels = check.check.labels.join(" or ");
    let mut sentence = format!(
        "{}: {} `{}`: of the sessions labelled {labels}, {} show {}",
        check.verdict.word(),
        result.definition.name,
        check.check.name,
        rate(&check.labelled),
        check.check.expectation(),
    );
    sentence.push_str(&format!(
        ", {} asked; of the others {}.",
        percent(check.check.share),
        rate(&check.others)
    ));
    if check.without_telemetry > 0 {
        sentence.push_str(&format!(
            " {} without telemetry are left out.",
            check.without_telemetry
        ));
    }
    if !check.violators.is_empty() {
        let named: Vec<String> = check
            .violators
            .iter()
            .take(shown)
            .map(|violator| {
                format!(
                    "{} ({}: {})",
                    violator.session_id,
                    violator.label,
                    number::measured(violator.value)
                )
            })
            .collect();
        let more = check.violators.len().saturating_sub(shown);
        let more = if more > 0 {
            format!(", {more} more (`--format json`)")
        } else {
            String::new()
        };
        sentence.push_str(&format!(" Violated by {}{more}.", named.join(", ")));
    }
    sentence
}

fn rate(rate: &Rate) -> String {
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
fn planted(results: &[Validated]) -> Vec<Block> {
    let cases: Vec<(&Validated, &Case)> = results
        .iter()
        .flat_map(|result| result.injections.iter().map(move |case| (result, case)))
        .collect();
    if cases.is_empty() {
        return Vec::new();
    }
    let all = injections::rate(cases.iter().map(|(_, case)| *case));
    let mut points = vec![format!(
        "Text in sessions that demands a label other than the gold one was followed in {}.",
        rate(&all)
    )];
    for (result, case) in cases {
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

fn remarks(results: &[Validated]) -> Vec<Block> {
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

fn rests_on(basis: &Basis, results: &[Validated]) -> Vec<String> {
    let mut points = basis.sentences();
    if results
        .iter()
        .any(|result| result.definition.scale == Scale::Ordinal)
    {
        points.push(
            "`wtd` is Cohen's kappa with quadratic weights; on ordinal scales `ref`, `maj` and `rules` are weighted too."
                .to_owned(),
        );
    }
    if let Some(reference) = &basis.reference {
        points.push(format!(
            "`ref` is the candidate's kappa with the reference, `{reference}`."
        ));
    }
    points.push(
        "`maj` and `rules` are the kappa of the baselines with the gold: the floor that a rater has to beat."
            .to_owned(),
    );
    points.push(
        "Limits of coefficients are cut at -1 and 1; `--format json` has them uncut.".to_owned(),
    );
    if numbers_summary(results).is_some() {
        points.push(
            "MAE is the mean absolute error, for task-value of the logarithms; `ratio` is the median of candidate to gold. \
             Intervals of these treat sessions as independent."
                .to_owned(),
        );
    }
    for result in results {
        let failures: u64 = result
            .comparisons
            .first()
            .map_or(0, |comparison| comparison.failures);
        if failures > 0 {
            points.push(format!(
                "{}: {}; {failures} with a gold label but no answer are left out, and counted wrong in `with failures`.",
                result.definition.name, result.outcomes
            ));
        }
    }
    for (session, reason) in basis.excluded.iter().take(EXCLUDED_SHOWN) {
        points.push(format!("left out: {session}: {reason}"));
    }
    if EXCLUDED_SHOWN < basis.excluded.len() {
        points.push(format!(
            "left out: {} more sessions, see --format json",
            basis.excluded.len() - EXCLUDED_SHOWN
        ));
    }
    points
}

fn share(statistic: &Statistic) -> String {
    statistic
        .as_ref()
        .map_or_else(|_| NONE.to_owned(), |estimate| percent(estimate.value))
}

fn share_with_interval(statistic: &Statistic) -> String {
    match statistic {
        Ok(estimate) => {
            let limits = estimate.interval.map_or_else(String::new, |limits| {
                format!(" {}", number::percent_interval(limits))
            });
            format!("{}{limits}", percent(estimate.value))
        }
        Err(_) => NONE.to_owned(),
    }
}
