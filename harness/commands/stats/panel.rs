//! `validate stats agree --raters`: several raters of equal standing.

use serde_json::json;

use crate::cli::stats::{Agree, RatingScale};
use crate::report::stats_json::{self, Fields};
use crate::stats::alpha::alpha;
use crate::stats::estimate::Undefined;
use crate::stats::intraclass::intraclass;
use crate::stats::panel::{Panel, panel};
use crate::stats::units::Units;

use super::agree::{self, Ratings};
use super::refusal::Refusal;
use super::{Found, inputs, resample};

pub(super) fn run(arguments: &Agree, ratings: &Ratings) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    let (mut fields, n) = if ratings.categories.is_some() {
        on_categories(arguments, ratings)
    } else {
        inputs::no_bootstrap(
            common,
            "compare numbers of two raters with --a and --b, or leave --bootstrap out",
        )?;
        on_numbers(arguments, ratings)
    };
    agree::complete(&mut fields, arguments, &ratings.about);
    let mut basis = agree::basis(arguments, &ratings.about, n);
    if let Some(categories) = &ratings.categories {
        let order = if arguments.scale == RatingScale::Nominal {
            "in order of first appearance"
        } else {
            "sorted as numbers"
        };
        basis.push(categories.origin(order));
        basis.push(
            "Errors are in the 1/(n-1) form with t, of alpha by leaving out one item at a time."
                .to_owned(),
        );
    }
    Ok(Found {
        title: format!(
            "Agreement of {} raters: {}",
            ratings.about.raters.len(),
            ratings.about.raters.join(", ")
        ),
        basis,
        fields,
        format: common.format,
    })
}

fn on_categories(arguments: &Agree, ratings: &Ratings) -> (Fields, u64) {
    let common = &arguments.input.common;
    let ordered = arguments.scale != RatingScale::Nominal;
    let columns: Vec<&[Option<u16>]> = ratings.codes.iter().map(Vec::as_slice).collect();
    let categories = ratings.categories.as_ref();
    let names = categories.map(|it| it.names.as_slice()).unwrap_or_default();
    let values = categories
        .and_then(|it| it.numbers.as_deref())
        .filter(|_| ordered);
    let asked = Panel {
        raters: &columns,
        categories: names.len(),
        values,
        clusters: ratings.clusters.as_deref(),
        confidence: common.confidence,
    };
    let found = panel(&asked);
    let mut fields = stats_json::panel(names, ordered, &found);
    if let Some(resamples) = common.bootstrap {
        resample::of_panel(&mut fields, &asked, ordered, common, resamples);
    }
    (fields, found.n as u64)
}

fn on_numbers(arguments: &Agree, ratings: &Ratings) -> (Fields, u64) {
    let confidence = arguments.input.common.confidence;
    let columns: Vec<&[Option<f64>]> = ratings.numbers.iter().map(Vec::as_slice).collect();
    let rows = columns[0].len();
    let complete: Vec<usize> = (0..rows)
        .filter(|&row| columns.iter().all(|column| column[row].is_some()))
        .collect();
    let dense: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| complete.iter().filter_map(|&row| column[row]).collect())
        .collect();
    let dense: Vec<&[f64]> = dense.iter().map(Vec::as_slice).collect();
    let rated = (0..rows)
        .filter(|&row| columns.iter().any(|column| column[row].is_some()))
        .count();
    let mut fields = Fields::new();
    fields.insert("n".to_owned(), json!(rated));
    fields.insert("n_missing".to_owned(), json!(rows - complete.len()));
    fields.insert("n_complete".to_owned(), json!(complete.len()));
    fields.extend(stats_json::intraclass(intraclass(&dense, confidence)));
    let coded = agree::coded(&columns);
    for (key, metric) in agree::metrics(arguments.scale) {
        let value = match &coded {
            None => Err(Undefined::NotAvailable),
            Some((codes, values)) => {
                let codes: Vec<&[Option<u16>]> = codes.iter().map(Vec::as_slice).collect();
                let units = Units::from_raters(&codes, values.len());
                alpha(
                    &units,
                    metric,
                    values,
                    ratings.clusters.as_deref(),
                    confidence,
                )
            }
        };
        fields.insert(key.to_owned(), stats_json::one(&value));
    }
    (fields, rated as u64)
}
