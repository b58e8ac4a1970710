//! `validate stats agree`: two raters, on categories or on numbers; several raters are in `panel`.

use serde_json::json;

use crate::cli::stats::{Agree, RatingScale};
use crate::ingest::table::{Kind, Wanted};
use crate::ingest::vocabulary::Vocabulary;
use crate::report::number::counted;
use crate::report::stats_json;
use crate::stats::agreement::{TwoRaters, two_raters};
use crate::stats::clusters::ClusterCells;
use crate::stats::coefficient::Coefficient;
use crate::stats::continuous::two_raters_numbers;
use crate::stats::estimate::{Statistic, Undefined};
use crate::stats::influence::Sample;
use crate::stats::metric::Metric;
use crate::stats::rank::{kendall_tau_b, spearman};
use crate::stats::table::Confusion;

use super::inputs::{self, Categories, drop_unclustered};
use super::refusal::Refusal;
use super::{Found, panel, resample};

/// Distinct numbers beyond which alpha's table of all pairs of them would not fit memory.
const MOST_VALUES: usize = 512;

/// The ratings of all raters of the question, with what goes with them.
pub(super) struct Ratings {
    /// Names of the raters' columns.
    pub(super) raters: Vec<String>,
    /// Their codes, if they gave categories.
    pub(super) codes: Vec<Vec<Option<u16>>>,
    /// Their numbers, if they gave numbers.
    pub(super) numbers: Vec<Vec<Option<f64>>>,
    /// The categories; none for numbers.
    pub(super) categories: Option<Categories>,
    /// The cluster of each row.
    pub(super) clusters: Option<Vec<u32>>,
    /// Rows of the file.
    pub(super) rows: usize,
    /// Rows left out because they have no cluster.
    pub(super) unclustered: usize,
}

pub(super) fn run(arguments: &Agree) -> Result<Found, Refusal> {
    let raters = raters(arguments)?;
    let ratings = read(arguments, raters)?;
    if arguments.raters.is_some() {
        return panel::run(arguments, &ratings);
    }
    match &ratings.categories {
        Some(categories) => on_categories(arguments, &ratings, categories),
        None => on_numbers(arguments, &ratings),
    }
}

fn raters(arguments: &Agree) -> Result<Vec<String>, Refusal> {
    let raters = match (&arguments.a, &arguments.b, &arguments.raters) {
        (Some(a), Some(b), _) => vec![a.clone(), b.clone()],
        (_, _, Some(raters)) => inputs::list("--raters", raters)?,
        _ => Vec::new(),
    };
    if raters.len() < 2 {
        return Err(Refusal::usage(
            "agreement needs two raters",
            "name two columns with --a and --b, or more with --raters A,B,C",
        ));
    }
    if raters[0] == raters[1] {
        return Err(Refusal::usage(
            format!("--a and --b both name `{}`", raters[0]),
            "a rater always agrees with itself: name two columns",
        ));
    }
    Ok(raters)
}

fn read(arguments: &Agree, raters: Vec<String>) -> Result<Ratings, Refusal> {
    let declared = inputs::optional_list("--categories", arguments.categories.as_ref())?;
    let is_numeric = matches!(arguments.scale, RatingScale::Interval | RatingScale::Ratio);
    let as_numbers = is_numeric && declared.is_empty();
    let mut wanted: Vec<Wanted<'_>> = raters
        .iter()
        .map(|name| {
            if as_numbers {
                inputs::numbers(name)
            } else {
                inputs::labels(name, 0)
            }
        })
        .collect();
    if let Some(cluster) = &arguments.cluster {
        wanted.push(inputs::labels(cluster, 1));
    }
    if let Some(item) = &arguments.item {
        wanted.push(Wanted {
            name: item,
            kind: Kind::Unique,
        });
    }
    let vocabularies = vec![Categories::vocabulary(&declared), Vocabulary::keys()];
    let table = inputs::read(&arguments.input, &wanted, vocabularies)?;

    let rows = table.rows;
    let mut columns = table.columns.into_iter();
    let mut ratings = Ratings {
        codes: Vec::new(),
        numbers: Vec::new(),
        categories: None,
        clusters: None,
        rows,
        unclustered: 0,
        raters,
    };
    for _ in 0..ratings.raters.len() {
        let Some(column) = columns.next() else { break };
        if as_numbers {
            ratings.numbers.push(inputs::values(column));
        } else {
            ratings.codes.push(inputs::codes(column));
        }
    }
    if arguments.cluster.is_some() {
        let clusters = columns.next().map(inputs::keys).unwrap_or_default();
        let (clusters, dropped) = if as_numbers {
            drop_unclustered(&clusters, &mut ratings.numbers)
        } else {
            drop_unclustered(&clusters, &mut ratings.codes)
        };
        ratings.clusters = Some(clusters);
        ratings.unclustered = dropped;
    }
    if !as_numbers {
        // First appearance goes row by row, which is the order in which the vocabulary learned them.
        let mut categories = Categories::of(&table.vocabularies[0]);
        order(arguments.scale, &mut categories, &mut ratings.codes)?;
        ratings.categories = Some(categories);
    }
    Ok(ratings)
}

/// Puts the categories of an ordered scale in order, or refuses to guess it.
fn order(
    scale: RatingScale,
    categories: &mut Categories,
    codes: &mut [Vec<Option<u16>>],
) -> Result<(), Refusal> {
    if scale == RatingScale::Nominal {
        return Ok(());
    }
    match (&categories.numbers, categories.declared) {
        (Some(_), false) => categories.sort(codes),
        (Some(_), true) => {}
        (None, true) if scale == RatingScale::Ordinal => return Ok(()),
        (None, true) => {
            return Err(Refusal::usage(
                "an interval or ratio scale needs categories that are numbers",
                "declare numbers with --categories, or ask for `--scale ordinal`",
            ));
        }
        (None, false) => {
            let shown: Vec<&str> = categories
                .names
                .iter()
                .take(8)
                .map(String::as_str)
                .collect();
            return Err(Refusal::usage(
                format!(
                    "the order of the categories is not known: {}",
                    shown.join(", ")
                ),
                "declare all categories from the lowest to the highest, as in `--categories low,medium,high`",
            ));
        }
    }
    // `1` and `1.0` are two labels, but one place on the scale.
    let numbers = categories.numbers.as_deref().unwrap_or_default();
    let twin = (1..numbers.len())
        .find(|&at| !categories.declared && numbers[at].total_cmp(&numbers[at - 1]).is_eq());
    match twin {
        None => Ok(()),
        Some(at) => Err(Refusal::usage(
            format!(
                "`{}` and `{}` are two labels with one place in the order",
                categories.names[at - 1],
                categories.names[at]
            ),
            "write each number in one way; labels are compared byte by byte",
        )),
    }
}

fn on_categories(
    arguments: &Agree,
    ratings: &Ratings,
    categories: &Categories,
) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    let ordered = arguments.scale != RatingScale::Nominal;
    let clusters = ratings.clusters.as_deref();
    let (a, b) = (&ratings.codes[0], &ratings.codes[1]);
    let values = categories.numbers.as_deref().filter(|_| ordered);
    let found = two_raters(&TwoRaters {
        a,
        b,
        categories: categories.names.len(),
        values,
        clusters,
        confidence: common.confidence,
    });
    let table = found.confusion.clone();
    let mut fields = stats_json::agreement(categories.names.clone(), ordered, found);
    if ordered {
        for (key, value) in on_ranks(a, b, values, arguments.scale, common.confidence) {
            fields.insert(key.to_owned(), value);
        }
    }
    if let Some(resamples) = common.bootstrap {
        resample::coefficients(
            &mut fields,
            a,
            b,
            &table,
            values,
            clusters,
            common,
            resamples,
        );
    }
    complete(&mut fields, arguments, ratings);
    let order = if ordered {
        "sorted as numbers"
    } else {
        "in order of first appearance"
    };
    let mut basis = basis(arguments, ratings, table.n());
    basis.push(categories.origin(order));
    Ok(Found {
        title: format!(
            "Agreement of {} (rows) and {} (columns)",
            ratings.raters[0], ratings.raters[1]
        ),
        basis,
        fields,
        format: common.format,
    })
}

/// What ordered categories have in common with numbers: their places (or the numbers they are) can be ranked.
fn on_ranks(
    a: &[Option<u16>],
    b: &[Option<u16>],
    values: Option<&[f64]>,
    scale: RatingScale,
    confidence: f64,
) -> Vec<(&'static str, serde_json::Value)> {
    let number = |code: Option<u16>| {
        code.map(|code| values.map_or_else(|| f64::from(code), |values| values[usize::from(code)]))
    };
    let (x, y): (Vec<_>, Vec<_>) = (
        a.iter().map(|&code| number(code)).collect(),
        b.iter().map(|&code| number(code)).collect(),
    );
    if scale != RatingScale::Ordinal {
        let all = stats_json::numbers(two_raters_numbers(&x, &y, confidence), a.len());
        const OF_NUMBERS: [&str; 11] = [
            "icc_1_1",
            "icc_2_1",
            "icc_3_1",
            "lin_ccc",
            "pearson",
            "spearman",
            "kendall_tau_b",
            "mae",
            "rmse",
            "bland_altman",
            "median_ratio",
        ];
        return OF_NUMBERS
            .into_iter()
            .filter_map(|key| Some((key, all.get(key)?.clone())))
            .collect();
    }
    let (x, y): (Vec<f64>, Vec<f64>) = x.iter().zip(&y).filter_map(|(x, y)| x.zip(*y)).unzip();
    let mae = if x.is_empty() {
        Err(Undefined::NoPairs)
    } else {
        Ok(x.iter().zip(&y).map(|(x, y)| (x - y).abs()).sum::<f64>() / x.len() as f64)
    };
    vec![
        ("spearman", stats_json::plain(spearman(&x, &y))),
        ("kendall_tau_b", stats_json::plain(kendall_tau_b(&x, &y))),
        ("mae", stats_json::plain(mae)),
    ]
}

fn on_numbers(arguments: &Agree, ratings: &Ratings) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    let (a, b) = (&ratings.numbers[0], &ratings.numbers[1]);
    let found = two_raters_numbers(a, b, common.confidence);
    let n = found.n as u64;
    let mut fields = stats_json::numbers(found, a.len());
    for (key, metric) in metrics(arguments.scale) {
        let alpha = alpha(a, b, metric, ratings.clusters.as_deref(), common.confidence);
        fields.insert(key.to_owned(), stats_json::one(&alpha));
    }
    if let Some(resamples) = common.bootstrap {
        resample::of_numbers(
            &mut fields,
            a,
            b,
            ratings.clusters.as_deref(),
            common,
            resamples,
        );
    }
    complete(&mut fields, arguments, ratings);
    let mut basis = basis(arguments, ratings, n);
    basis.push(format!(
        "Differences are {} minus {}: the bias of Bland and Altman is positive where {} is larger.",
        ratings.raters[0], ratings.raters[1], ratings.raters[0]
    ));
    if ratings.clusters.is_some() && common.bootstrap.is_none() {
        basis.push(
            "Errors of numbers treat items as independent; with --bootstrap 2000 clusters are resampled.".to_owned(),
        );
    }
    Ok(Found {
        title: format!(
            "Agreement of {} and {}, numbers",
            ratings.raters[0], ratings.raters[1]
        ),
        basis,
        fields,
        format: common.format,
    })
}

/// The alphas that suit a scale of numbers.
pub(super) fn metrics(scale: RatingScale) -> Vec<(&'static str, Metric)> {
    match scale {
        RatingScale::Ratio => vec![
            ("alpha_interval", Metric::Interval),
            ("alpha_ratio", Metric::Ratio),
        ],
        _ => vec![("alpha_interval", Metric::Interval)],
    }
}

/// Columns as codes, and the numbers that the codes stand for.
pub(super) type Coded = (Vec<Vec<Option<u16>>>, Vec<f64>);

/// Columns of numbers as codes of the different numbers among them, in ascending order; `None` with too many.
pub(super) fn coded(columns: &[&[Option<f64>]]) -> Option<Coded> {
    let mut values: Vec<f64> = Vec::new();
    let mut sorted_to = 0;
    // Sorting in rounds keeps memory at a few thousand numbers however long the columns are.
    for value in columns.iter().flat_map(|column| column.iter()).flatten() {
        values.push(*value + 0.0);
        if values.len() >= sorted_to + 4 * MOST_VALUES {
            distinct(&mut values);
            if values.len() > MOST_VALUES {
                return None;
            }
            sorted_to = values.len();
        }
    }
    distinct(&mut values);
    if values.len() > MOST_VALUES {
        return None;
    }
    let code = |value: f64| {
        values
            .binary_search_by(|known| known.total_cmp(&(value + 0.0)))
            .ok()
            .map(|at| at as u16)
    };
    let codes = columns
        .iter()
        .map(|column| column.iter().map(|value| value.and_then(code)).collect())
        .collect();
    Some((codes, values))
}

fn distinct(values: &mut Vec<f64>) {
    values.sort_unstable_by(f64::total_cmp);
    values.dedup_by(|x, y| x.total_cmp(y).is_eq());
}

fn alpha(
    a: &[Option<f64>],
    b: &[Option<f64>],
    metric: Metric,
    clusters: Option<&[u32]>,
    confidence: f64,
) -> Statistic {
    let (codes, values) = coded(&[a, b]).ok_or(Undefined::NotAvailable)?;
    let q = values.len();
    let table = Confusion::from_codes(&codes[0], &codes[1], q);
    let grouped =
        clusters.map(|clusters| ClusterCells::of_pairs(&codes[0], &codes[1], q, Some(clusters)));
    Coefficient::Alpha(metric, values).estimate(&Sample {
        table: &table,
        clusters: grouped.as_ref(),
        confidence,
    })
}

/// Keys that say what was asked.
pub(super) fn complete(fields: &mut stats_json::Fields, arguments: &Agree, ratings: &Ratings) {
    fields.insert("raters".to_owned(), json!(ratings.raters));
    fields.insert("scale".to_owned(), json!(scale(arguments.scale)));
    fields.insert(
        "confidence".to_owned(),
        json!(arguments.input.common.confidence),
    );
    if let Some(categories) = &ratings.categories {
        fields.insert("categories_declared".to_owned(), json!(categories.declared));
    }
    if ratings.clusters.is_some() {
        fields.insert("n_without_cluster".to_owned(), json!(ratings.unclustered));
    }
}

/// What the figures rest on.
pub(super) fn basis(arguments: &Agree, ratings: &Ratings, n: u64) -> Vec<String> {
    let confidence = arguments.input.common.confidence * 100.0;
    let mut basis = vec![
        format!(
            "{} of {}, {} scale; intervals at {confidence:.4}%.",
            counted(n, "item"),
            counted(ratings.rows as u64, "row"),
            scale(arguments.scale),
        )
        .replace(".0000%", "%"),
    ];
    if let (Some(clusters), Some(column)) = (&ratings.clusters, &arguments.cluster) {
        let mut seen = vec![false; clusters.iter().max().map_or(0, |&last| last as usize + 1)];
        for &cluster in clusters {
            seen[cluster as usize] = true;
        }
        let different = seen.iter().filter(|seen| **seen).count();
        basis.push(format!(
            "Items of one `{column}` belong together: {}.",
            counted(different as u64, "cluster")
        ));
        if ratings.unclustered > 0 {
            basis.push(format!(
                "{} without `{column}` left out.",
                counted(ratings.unclustered as u64, "row")
            ));
        }
    }
    basis
}

fn scale(scale: RatingScale) -> &'static str {
    match scale {
        RatingScale::Nominal => "nominal",
        RatingScale::Ordinal => "ordinal",
        RatingScale::Interval => "interval",
        RatingScale::Ratio => "ratio",
    }
}
