//! `validate stats agree` with two raters on categories: everything follows from how often each pair of labels occurs in
//! each cluster, which is counted while the file is read.

use serde_json::Value;

use crate::cli::stats::{Agree, RatingScale};
use crate::ingest::table::Cell;
use crate::ingest::tally::{Pair, Tally};
use crate::ingest::vocabulary::Vocabulary;
use crate::report::stats_json;
use crate::stats::agreement;
use crate::stats::clusters::ClusterCells;
use crate::stats::continuous::two_raters_numbers;
use crate::stats::rank_table::rank_agreement;
use crate::stats::table::Confusion;

use super::agree::{self, About, Ratings};
use super::inputs::{self, Categories};
use super::refusal::Refusal;
use super::{Found, resample};

/// What is known of two raters' labels.
struct Pairs {
    table: Confusion,
    /// The pairs by cluster; item by item where there are no clusters and items are resampled.
    grouped: Option<ClusterCells>,
    categories: Categories,
    about: About,
}

/// What a row counts for.
#[derive(Clone, Copy, PartialEq)]
enum Grouping {
    /// Its cluster.
    Cluster,
    /// Itself.
    Item,
    /// The whole.
    Nothing,
}

impl Grouping {
    fn of(arguments: &Agree) -> Self {
        match (&arguments.cluster, arguments.input.common.bootstrap) {
            (Some(_), _) => Self::Cluster,
            (None, Some(_)) => Self::Item,
            (None, None) => Self::Nothing,
        }
    }
}

/// Counts the pairs of a file, whose rows need not fit memory.
pub(super) fn run(arguments: &Agree, raters: Vec<String>) -> Result<Found, Refusal> {
    let pairs = read(arguments, raters)?;
    let values = pairs.categories.numbers.as_deref();
    let ranks = if arguments.scale == RatingScale::Ordinal {
        on_ranks(&pairs.table, values)
    } else {
        Vec::new()
    };
    Ok(found(arguments, &pairs, ranks))
}

/// Labels that are numbers, on a scale of numbers: their correlations need the rows.
pub(super) fn of_rows(arguments: &Agree, ratings: Ratings, categories: Categories) -> Found {
    let (a, b) = (&ratings.codes[0], &ratings.codes[1]);
    let grouping = Grouping::of(arguments);
    let mut tally = Tally::default();
    for (row, (&a, &b)) in a.iter().zip(b).enumerate() {
        let group = match (&ratings.clusters, grouping) {
            (Some(clusters), _) => clusters[row],
            (None, Grouping::Nothing) => 0,
            (None, _) => row as u32,
        };
        tally.add(Pair { group, a, b });
    }
    let ranks = on_numbers(
        a,
        b,
        categories.numbers.as_deref().unwrap_or_default(),
        arguments.input.common.confidence,
    );
    let pairs = Pairs::new(&mut tally, grouping, categories, ratings.about);
    found(arguments, &pairs, ranks)
}

fn read(arguments: &Agree, raters: Vec<String>) -> Result<Pairs, Refusal> {
    let declared = inputs::optional_list("--categories", arguments.categories.as_ref())?;
    let wanted = agree::wanted(arguments, &raters, false);
    let vocabularies = vec![Categories::vocabulary(&declared), Vocabulary::keys()];
    let grouping = Grouping::of(arguments);
    let (mut rows, mut unclustered) = (0_usize, 0);
    let mut tally = Tally::default();
    let vocabularies = inputs::for_each_row(&arguments.input, &wanted, vocabularies, |cells| {
        let group = match grouping {
            Grouping::Cluster => cells[2].code(),
            Grouping::Item => Some(rows as u32),
            Grouping::Nothing => Some(0),
        };
        rows += 1;
        let label = |cell: Cell| cell.code().map(|code| code as u16);
        match group {
            None => unclustered += 1,
            Some(group) => tally.add(Pair {
                group,
                a: label(cells[0]),
                b: label(cells[1]),
            }),
        }
    })?;
    let mut categories = Categories::of(&vocabularies[0]);
    if let Some(place) = agree::order(arguments.scale, &mut categories)? {
        tally.recode(&place);
    }
    let about = About {
        raters,
        rows,
        unclustered,
        clusters: None,
        declared: Some(categories.declared),
    };
    Ok(Pairs::new(&mut tally, grouping, categories, about))
}

impl Pairs {
    fn new(tally: &mut Tally, grouping: Grouping, categories: Categories, about: About) -> Self {
        let q = categories.names.len();
        let cell = |a: u16, b: u16| usize::from(a) * q + usize::from(b);
        let mut counts = vec![0; q * q];
        let (mut either, mut without_a, mut without_b) = (0, 0, 0);
        let (mut groups, mut last) = (0, None);
        for (pair, count) in tally.counts() {
            groups += usize::from(last != Some(pair.group));
            last = Some(pair.group);
            if let (Some(a), Some(b)) = (pair.a, pair.b) {
                counts[cell(a, b)] += count;
            } else {
                either += count;
                without_a += if pair.a.is_none() { count } else { 0 };
                without_b += if pair.b.is_none() { count } else { 0 };
            }
        }
        let complete = tally.counts().filter_map(|(pair, count)| {
            // Four thousand million items of one cluster in one cell would not be read within a day.
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Some((pair.group, cell(pair.a?, pair.b?) as u32, count))
        });
        Self {
            table: Confusion::from_counts(q, counts).with_missing(either, without_a, without_b),
            grouped: (grouping != Grouping::Nothing)
                .then(|| ClusterCells::from_counts(q * q, complete)),
            categories,
            about: About {
                clusters: (grouping == Grouping::Cluster).then_some(groups),
                ..about
            },
        }
    }
}

fn found(arguments: &Agree, pairs: &Pairs, ranks: Vec<(&'static str, Value)>) -> Found {
    let common = &arguments.input.common;
    let ordered = arguments.scale != RatingScale::Nominal;
    let values = pairs.categories.numbers.as_deref().filter(|_| ordered);
    let is_clustered = pairs.about.clusters.is_some();
    let found = agreement::of_table(
        pairs.table.clone(),
        pairs.grouped.as_ref().filter(|_| is_clustered),
        values,
        common.confidence,
    );
    let mut fields = stats_json::agreement(pairs.categories.names.clone(), ordered, found);
    for (key, value) in ranks {
        fields.insert(key.to_owned(), value);
    }
    if let (Some(resamples), Some(grouped)) = (common.bootstrap, &pairs.grouped) {
        let q = pairs.categories.names.len();
        let plan = resample::plan(common, resamples);
        resample::coefficients(&mut fields, grouped, q, values, is_clustered, plan);
    }
    agree::complete(&mut fields, arguments, &pairs.about);
    let order = if ordered {
        "sorted as numbers"
    } else {
        "in order of first appearance"
    };
    let mut basis = agree::basis(arguments, &pairs.about, pairs.table.n());
    basis.push(pairs.categories.origin(order));
    Found {
        title: format!(
            "Agreement of {} (rows) and {} (columns)",
            pairs.about.raters[0], pairs.about.raters[1]
        ),
        basis,
        fields,
        format: common.format,
    }
}

/// What ordered categories have in common with numbers: their places (or the numbers they are) can be ranked.
fn on_ranks(table: &Confusion, values: Option<&[f64]>) -> Vec<(&'static str, Value)> {
    let ranks = rank_agreement(table, values);
    vec![
        ("spearman", stats_json::plain(ranks.spearman)),
        ("kendall_tau_b", stats_json::plain(ranks.kendall_tau_b)),
        ("mae", stats_json::plain(ranks.mae)),
    ]
}

/// What is said about numbers, of categories that are numbers.
fn on_numbers(
    a: &[Option<u16>],
    b: &[Option<u16>],
    values: &[f64],
    confidence: f64,
) -> Vec<(&'static str, Value)> {
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
    let numbers = |codes: &[Option<u16>]| -> Vec<Option<f64>> {
        let number = |code: &Option<u16>| code.map(|code| values[usize::from(code)]);
        codes.iter().map(number).collect()
    };
    let found = two_raters_numbers(&numbers(a), &numbers(b), confidence);
    let all = stats_json::numbers(found, a.len());
    OF_NUMBERS
        .into_iter()
        .filter_map(|key| Some((key, all.get(key)?.clone())))
        .collect()
}
