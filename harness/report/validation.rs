//! The main job's result for people: a summary of all classifiers, or one in full.

use crate::classifier::definition::ComparedOn;
use crate::domain::label::Scale;
use crate::stats::estimate::Statistic;
use crate::validation::Validated;
use crate::validation::agreement::{Comparison, Figures};

use super::basis::Basis;
use super::checks_text;
use super::findings;
use super::number::{self, NONE, coefficient, percent};
use super::page::Block;
use super::table::{Align, Table};

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
        // It is from outside: none of it is code.
        Block::Text(basis.title.replace('`', "'")),
    ];
    blocks.extend(categories_summary(basis, results));
    blocks.extend(numbers_summary(results));
    if let [only] = results {
        blocks.extend(in_full(only));
    }
    blocks.extend(checks_text::checks(results));
    blocks.extend(checks_text::derived(results));
    blocks.extend(findings::planted(results));
    blocks.extend(findings::remarks(results));
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

/// Mean absolute error of numbers; empty for categories.
fn mae(figures: &Figures) -> String {
    match figures {
        Figures::Numbers { figures, .. } => {
            figures.mae.map_or_else(|_| NONE.to_owned(), coefficient)
        }
        Figures::Categories { .. } => String::new(),
    }
}

/// A baseline's mean absolute error: a constant has no correlation, so the error is the floor of numbers.
fn floor_mae(result: &Validated, name: &str, measure: Option<&'static str>) -> String {
    result
        .floors
        .iter()
        .filter(|floor| floor.name == name)
        .flat_map(|floor| &floor.comparisons)
        .find(|comparison| comparison.measure == measure)
        .map_or_else(|| NONE.to_owned(), |comparison| mae(&comparison.agreement))
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
                let kappa = if ordered {
                    &figures.cohen_kappa_quadratic
                } else {
                    &figures.cohen_kappa
                };
                kappa
                    .as_ref()
                    .map_or_else(|_| NONE.to_owned(), |kappa| coefficient(kappa.value))
            },
        )
}

fn numbers_summary(results: &[Validated]) -> Option<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("n", Align::Right),
        ("Pearson", Align::Right),
        ("95%", Align::Left),
        ("ratio", Align::Right),
        ("MAE", Align::Right),
        ("maj", Align::Right),
        ("rules", Align::Right),
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
                ..
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
                format!("{name}{unit}"),
                figures.n.to_string(),
                number::value(&figures.pearson),
                number::interval_of(&figures.pearson),
                median_ratio.map_or_else(String::new, coefficient),
                mae(&comparison.agreement),
                floor_mae(result, "baseline:majority", comparison.measure),
                floor_mae(result, "baseline:rules", comparison.measure),
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
    // Numbers neither agree on a share of sessions nor have a value for a wrong answer.
    let are_categories = matches!(gold.agreement, Figures::Categories { .. });
    let mut columns = vec![
        ("with", Align::Left),
        ("kind", Align::Left),
        ("n", Align::Right),
        ("fail", Align::Right),
        (main_name(&gold.agreement), Align::Left),
    ];
    if are_categories {
        columns.extend([("agree", Align::Right), ("wrong", Align::Right)]);
    }
    let mut others = Table::new(&columns);
    for comparison in &result.comparisons {
        let mut row = vec![
            comparison.measure.map_or_else(
                || comparison.against.clone(),
                |measure| format!("{} ({})", comparison.against, measure.replace("_share", "")),
            ),
            comparison.against_kind.word().to_owned(),
            n_of(&comparison.agreement).to_string(),
            comparison.failures.to_string(),
            main_figure(&comparison.agreement),
        ];
        if are_categories {
            row.push(agreement_of(&comparison.agreement));
            row.push(
                comparison
                    .counted_wrong
                    .as_ref()
                    .map_or_else(String::new, main_value),
            );
        }
        others.push(row);
    }
    blocks.push(Block::Heading(2, "Against everyone".to_owned()));
    blocks.push(Block::Table(others));
    if let Figures::Categories { names, figures, .. } = &gold.agreement
        && figures.n > 0
    {
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

/// The coefficient that stands for a scale: weighted kappa where categories are ordered, Pearson's r for numbers.
fn main_name(figures: &Figures) -> &'static str {
    match figures {
        Figures::Categories { ordered: true, .. } => "weighted kappa",
        Figures::Categories { ordered: false, .. } => "kappa",
        Figures::Numbers { .. } => "Pearson",
    }
}

fn main_figure(figures: &Figures) -> String {
    let statistic = match figures {
        Figures::Categories {
            figures,
            ordered: true,
            ..
        } => &figures.cohen_kappa_quadratic,
        Figures::Categories {
            figures,
            ordered: false,
            ..
        } => &figures.cohen_kappa,
        Figures::Numbers { figures, .. } => &figures.pearson,
    };
    format!(
        "{} {}",
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
    // Short labels stand over their columns themselves; `1` over the column of label `0` would mislead.
    let are_short = used.iter().all(|k| names[*k].chars().count() <= 3);
    let numbers: Vec<String> = if are_short {
        used.iter().map(|k| names[*k].clone()).collect()
    } else {
        (1..=used.len()).map(|number| number.to_string()).collect()
    };
    let mut columns: Vec<(&str, Align)> = Vec::new();
    if !are_short {
        columns.push(("", Align::Right));
    }
    columns.push(("gold", Align::Left));
    columns.extend(numbers.iter().map(|number| (number.as_str(), Align::Right)));
    let mut rendered = Table::new(&columns);
    for (i, number) in used.iter().zip(&numbers) {
        let mut row = Vec::new();
        if !are_short {
            row.push(number.clone());
        }
        row.push(names[*i].clone());
        row.extend(used.iter().map(|j| match table.count(*i, *j) {
            0 => "·".to_owned(),
            count => count.to_string(),
        }));
        rendered.push(row);
    }
    Block::Table(rendered)
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
            "Of numbers, MAE is the mean absolute error, with that of the baselines as `maj` and `rules`; `(log)` compares logarithms, and `ratio` is the median of candidate to gold."
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
                "{}: {}; {failures} with a gold label but no answer are left out, and counted wrong under `wrong`.",
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
