//! `validate stats agree`: what is asked, and two raters of numbers; two raters of labels are in `pairs`, several in `panel`.

use serde_json::json;

use crate::cli::stats::{Agree, RatingScale};
use crate::ingest::table::{Kind, Wanted};
use crate::ingest::vocabulary::Vocabulary;
use crate::report::number::counted;
use crate::report::stats_json;
use crate::stats::clusters::ClusterCells;
use crate::stats::coefficient::Coefficient;
use crate::stats::continuous::two_raters_numbers;
use crate::stats::estimate::{Statistic, Undefined};
use crate::stats::influence::Sample;
use crate::stats::metric::Metric;
use crate::stats::table::Confusion;

use super::inputs::{self, Categories, drop_unclustered};
use super::refusal::Refusal;
use super::{Found, pairs, panel, resample};

/// Distinct numbers beyond which alpha's table of all pairs of them would not fit memory.
const MOST_VALUES: usize = 512;

/// The ratings of all raters of the question, row by row, with what goes with them.
pub(super) struct Ratings {
    /// Their codes, if they gave categories.
    pub(super) codes: Vec<Vec<Option<u16>>>,
    /// Their numbers, if they gave numbers.
    pub(super) numbers: Vec<Vec<Option<f64>>>,
    /// The categories; none for numbers.
    pub(super) categories: Option<Categories>,
    /// The cluster of each row.
    pub(super) clusters: Option<Vec<u32>>,
    /// What to say about them.
    pub(super) about: About,
}

/// What is said about ratings on every page.
pub(super) struct About {
    /// Names of the raters' columns.
    pub(super) raters: Vec<String>,
    /// Rows of the file.
    pub(super) rows: usize,
    /// Rows left out because they have no cluster.
    pub(super) unclustered: usize,
    /// Different clusters, if there are any.
    pub(super) clusters: Option<usize>,
    /// Whether the categories were declared; `None` for numbers.
    pub(super) declared: Option<bool>,
}

pub(super) fn run(arguments: &Agree) -> Result<Found, Refusal> {
    let raters = raters(arguments)?;
    let is_pair = arguments.raters.is_none();
    if is_pair && !is_numeric(arguments.scale) {
        return pairs::run(arguments, raters);
    }
    let mut ratings = read(arguments, raters)?;
    if !is_pair {
        return panel::run(arguments, &ratings);
    }
    match ratings.categories.take() {
        Some(categories) => Ok(pairs::of_rows(arguments, ratings, categories)),
        None => Ok(on_numbers(arguments, &ratings)),
    }
}

fn is_numeric(scale: RatingScale) -> bool {
    matches!(scale, RatingScale::Interval | RatingScale::Ratio)
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

/// The columns of the question: raters, cluster, item.
pub(super) fn wanted<'a>(
    arguments: &'a Agree,
    raters: &'a [String],
    as_numbers: bool,
) -> Vec<Wanted<'a>> {
    let rater = |name: &'a String| {
        if as_numbers {
            inputs::numbers(name)
        } else {
            inputs::labels(name, 0)
        }
    };
    let cluster = arguments.cluster.as_ref();
    let item = arguments.item.as_ref();
    let item = item.map(|item| Wanted {
        name: item,
        kind: Kind::Unique,
    });
    raters
        .iter()
        .map(rater)
        .chain(cluster.map(|cluster| inputs::labels(cluster, 1)))
        .chain(item)
        .collect()
}

fn read(arguments: &Agree, raters: Vec<String>) -> Result<Ratings, Refusal> {
    let declared = inputs::optional_list("--categories", arguments.categories.as_ref())?;
    let as_numbers = is_numeric(arguments.scale) && declared.is_empty();
    let wanted = wanted(arguments, &raters, as_numbers);
    let vocabularies = vec![Categories::vocabulary(&declared), Vocabulary::keys()];
    let table = inputs::read(&arguments.input, &wanted, vocabularies)?;

    let mut columns = table.columns.into_iter();
    let (mut codes, mut numbers) = (Vec::new(), Vec::new());
    for column in columns.by_ref().take(raters.len()) {
        if as_numbers {
            numbers.push(inputs::values(column));
        } else {
            codes.push(inputs::codes(column));
        }
    }
    let (mut clusters, mut unclustered) = (None, 0);
    if arguments.cluster.is_some() {
        let column = columns.next().map(inputs::keys).unwrap_or_default();
        let (kept, dropped) = if as_numbers {
            drop_unclustered(&column, &mut numbers)
        } else {
            drop_unclustered(&column, &mut codes)
        };
        clusters = Some(kept);
        unclustered = dropped;
    }
    let mut categories = None;
    if !as_numbers {
        // First appearance goes row by row, which is the order in which the vocabulary learned them.
        let mut found = Categories::of(&table.vocabularies[0]);
        if let Some(place) = order(arguments.scale, &mut found)? {
            inputs::recode(&mut codes, &place);
        }
        categories = Some(found);
    }
    Ok(Ratings {
        about: About {
            raters,
            rows: table.rows,
            unclustered,
            clusters: clusters.as_deref().map(different),
            declared: categories.as_ref().map(|it| it.declared),
        },
        codes,
        numbers,
        categories,
        clusters,
    })
}

/// How many different clusters there are.
fn different(clusters: &[u32]) -> usize {
    let mut seen = vec![false; clusters.iter().max().map_or(0, |&last| last as usize + 1)];
    for &cluster in clusters {
        seen[cluster as usize] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

/// Puts the categories of an ordered scale in order and says where each stands now, or refuses to guess the order.
pub(super) fn order(
    scale: RatingScale,
    categories: &mut Categories,
) -> Result<Option<Vec<u16>>, Refusal> {
    if scale == RatingScale::Nominal {
        return Ok(None);
    }
    let mut place = None;
    match (&categories.numbers, categories.declared) {
        (Some(_), false) => place = Some(categories.reorder()),
        (Some(_), true) => {}
        (None, true) if scale == RatingScale::Ordinal => return Ok(None),
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
        None => Ok(place),
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

fn on_numbers(arguments: &Agree, ratings: &Ratings) -> Found {
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
    complete(&mut fields, arguments, &ratings.about);
    let mut basis = basis(arguments, &ratings.about, n);
    let raters = &ratings.about.raters;
    basis.push(format!(
        "Differences are {} minus {}: the bias of Bland and Altman is positive where {} is larger.",
        raters[0], raters[1], raters[0]
    ));
    if ratings.clusters.is_some() && common.bootstrap.is_none() {
        basis.push(
            "Errors of numbers treat items as independent; with --bootstrap 2000 clusters are resampled.".to_owned(),
        );
    }
    Found {
        title: format!("Agreement of {} and {}, numbers", raters[0], raters[1]),
        basis,
        fields,
        format: common.format,
    }
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
pub(super) fn complete(fields: &mut stats_json::Fields, arguments: &Agree, about: &About) {
    fields.insert("raters".to_owned(), json!(about.raters));
    fields.insert("scale".to_owned(), json!(scale(arguments.scale)));
    fields.insert(
        "confidence".to_owned(),
        json!(arguments.input.common.confidence),
    );
    if let Some(declared) = about.declared {
        fields.insert("categories_declared".to_owned(), json!(declared));
    }
    if about.clusters.is_some() {
        fields.insert("n_without_cluster".to_owned(), json!(about.unclustered));
    }
}

/// What the figures rest on.
pub(super) fn basis(arguments: &Agree, about: &About, n: u64) -> Vec<String> {
    let confidence = arguments.input.common.confidence * 100.0;
    let mut basis = vec![
        format!(
            "{} of {}, {} scale; intervals at {confidence:.4}%.",
            counted(n, "item"),
            counted(about.rows as u64, "row"),
            scale(arguments.scale),
        )
        .replace(".0000%", "%"),
    ];
    if let (Some(clusters), Some(column)) = (about.clusters, &arguments.cluster) {
        basis.push(format!(
            "Items of one `{column}` belong together: {}.",
            counted(clusters as u64, "cluster")
        ));
        if about.unclustered > 0 {
            basis.push(format!(
                "{} without `{column}` left out.",
                counted(about.unclustered as u64, "row")
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
