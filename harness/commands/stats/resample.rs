//! Intervals by resampling items or clusters, put in the place of those from the errors.
//!
//! Coefficients of a table are resampled as tables (`stats::resample`), which takes fractions of a second for hundreds
//! of thousands of items. Numbers and panels are drawn anew row by row, which takes as long as so many computations.

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::cli::stats::StatsCommon;
use crate::report::stats_json::{self, Fields};
use crate::stats::bootstrap::{Bootstrapped, Plan, bootstrap, intervals};
use crate::stats::clusters::ClusterCells;
use crate::stats::coefficient::Coefficient;
use crate::stats::continuous::two_raters_numbers;
use crate::stats::estimate::Undefined;
use crate::stats::metric::Metric;
use crate::stats::panel::{Panel, PanelAgreement, PanelCoefficients, panel};
use crate::stats::resample::{TableStatistic, Tables};
use crate::stats::table::Confusion;

type Values = Vec<Result<f64, Undefined>>;

/// Resamples every coefficient of two raters that stands in `fields`; `grouped` are their pairs on `q` categories, by
/// cluster or item by item.
pub(super) fn coefficients(
    fields: &mut Fields,
    grouped: &ClusterCells,
    q: usize,
    values: Option<&[f64]>,
    is_clustered: bool,
    plan: Plan,
) {
    let named: Vec<(String, Coefficient)> = fields
        .keys()
        .filter_map(|key| {
            let coefficient = match (key.as_str(), values) {
                ("alpha_interval", Some(values)) => {
                    Coefficient::Alpha(Metric::Interval, values.to_vec())
                }
                ("alpha_ratio", Some(values)) => Coefficient::Alpha(Metric::Ratio, values.to_vec()),
                (name, _) => Coefficient::from_name(name, q)?,
            };
            Some((key.clone(), coefficient))
        })
        .collect();
    let functions: Vec<_> = named
        .iter()
        .map(|(_, coefficient)| move |tables: &[Confusion]| coefficient.value(&tables[0]))
        .collect();
    let statistics: Vec<&TableStatistic> =
        functions.iter().map(|it| it as &TableStatistic).collect();
    let tables = Tables {
        tables: 1,
        categories: q,
    };
    let made = bootstrap(grouped, tables, &statistics, plan);
    for ((key, _), made) in named.iter().zip(&made) {
        stats_json::resampled(fields, key, made, is_clustered);
    }
}

/// The plan of the command line.
pub(super) fn plan(common: &StatsCommon, resamples: usize) -> Plan {
    Plan {
        resamples,
        seed: common.seed,
        confidence: common.confidence,
    }
}

/// Resamples what is said about two raters' numbers; plain indices become estimates.
pub(super) fn of_numbers(
    fields: &mut Fields,
    a: &[Option<f64>],
    b: &[Option<f64>],
    clusters: Option<&[u32]>,
    common: &StatsCommon,
    resamples: usize,
) {
    const KEYS: [&str; 9] = [
        "icc_1_1",
        "icc_2_1",
        "icc_3_1",
        "lin_ccc",
        "pearson",
        "spearman",
        "kendall_tau_b",
        "mae",
        "rmse",
    ];
    let complete: Vec<usize> = (0..a.len())
        .filter(|&row| a[row].is_some() && b[row].is_some())
        .collect();
    let groups = groups(&complete, clusters);
    let of_rows = |rows: &[usize]| -> Values {
        let pick = |column: &[Option<f64>]| -> Vec<Option<f64>> {
            rows.iter().map(|&row| column[row]).collect()
        };
        let found = two_raters_numbers(&pick(a), &pick(b), common.confidence);
        let value = |it: crate::stats::estimate::Statistic| it.map(|it| it.value);
        vec![
            value(found.icc_1_1),
            value(found.icc_2_1),
            value(found.icc_3_1),
            value(found.lin_ccc),
            value(found.pearson),
            found.spearman,
            found.kendall_tau_b,
            found.mae,
            found.rmse,
        ]
    };
    let made = of_groups(&groups, &of_rows, common, resamples);
    for (key, made) in KEYS.iter().zip(&made) {
        // A plain index has no error of its own: resampling gives it one.
        if let Some(Value::Number(value)) = fields.get(*key).cloned() {
            let se = made.as_ref().map_or(Value::Null, |made| json!(made.se));
            fields.insert((*key).to_owned(), json!({"value": value, "se": se}));
        }
        stats_json::resampled(fields, key, made, clusters.is_some());
    }
}

/// Resamples every coefficient of a panel that stands in `fields`.
pub(super) fn of_panel(
    fields: &mut Fields,
    asked: &Panel<'_>,
    ordered: bool,
    common: &StatsCommon,
    resamples: usize,
) {
    let rows = asked.raters.first().map_or(0, |column| column.len());
    let rated: Vec<usize> = (0..rows)
        .filter(|&row| asked.raters.iter().any(|column| column[row].is_some()))
        .collect();
    let groups = groups(&rated, asked.clusters);
    let of_rows = |rows: &[usize]| -> Values {
        let columns: Vec<Vec<Option<u16>>> = asked
            .raters
            .iter()
            .map(|column| rows.iter().map(|&row| column[row]).collect())
            .collect();
        let columns: Vec<&[Option<u16>]> = columns.iter().map(Vec::as_slice).collect();
        let found = panel(&Panel {
            raters: &columns,
            clusters: None,
            ..*asked
        });
        of_everything(&found)
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    };
    let made = of_groups(&groups, &of_rows, common, resamples);
    let names = of_everything(&panel(&Panel {
        clusters: None,
        ..*asked
    }));
    for ((key, _), made) in names.iter().zip(&made) {
        if ordered || fields.contains_key(key) {
            stats_json::resampled(fields, key, made, asked.clusters.is_some());
        }
    }
}

/// All coefficients of a panel by key.
fn of_everything(found: &PanelAgreement) -> Vec<(String, Result<f64, Undefined>)> {
    let of = |suffix: &str, gwet: &str, it: &PanelCoefficients| {
        [
            (format!("percent_agreement{suffix}"), it.percent_agreement),
            (format!("fleiss_kappa{suffix}"), it.fleiss_kappa),
            (format!("conger_kappa{suffix}"), it.conger_kappa),
            (format!("light_kappa{suffix}"), it.light_kappa),
            (format!("brennan_prediger{suffix}"), it.brennan_prediger),
            (gwet.to_owned(), it.gwet),
        ]
    };
    let alphas = [
        ("alpha_nominal".to_owned(), found.alpha_nominal),
        ("alpha_ordinal".to_owned(), found.alpha_ordinal),
        ("alpha_interval".to_owned(), found.alpha_interval),
        ("alpha_ratio".to_owned(), found.alpha_ratio),
    ];
    of("", "gwet_ac1", &found.unweighted)
        .into_iter()
        .chain(of("_linear", "gwet_ac2_linear", &found.linear))
        .chain(of("_quadratic", "gwet_ac2_quadratic", &found.quadratic))
        .chain(alphas)
        .map(|(key, found)| (key, found.map(|found| found.value)))
        .collect()
}

/// Rows by cluster, or each its own.
fn groups(rows: &[usize], clusters: Option<&[u32]>) -> Vec<Vec<usize>> {
    let Some(clusters) = clusters else {
        return rows.iter().map(|&row| vec![row]).collect();
    };
    let mut sorted = rows.to_vec();
    sorted.sort_by_key(|&row| clusters[row]);
    sorted
        .chunk_by(|&x, &y| clusters[x] == clusters[y])
        .map(<[usize]>::to_vec)
        .collect()
}

/// Draws groups with replacement, leaves each out in turn, and makes intervals of both.
fn of_groups(
    groups: &[Vec<usize>],
    of_rows: &(dyn Fn(&[usize]) -> Values + Sync),
    common: &StatsCommon,
    resamples: usize,
) -> Vec<Result<Bootstrapped, Undefined>> {
    let all: Vec<usize> = groups.iter().flatten().copied().collect();
    let estimates = of_rows(&all);
    if groups.len() < 2 {
        let reason =
            |value: Result<f64, Undefined>| Err(value.err().unwrap_or(Undefined::TooFewClusters));
        return estimates.into_iter().map(reason).collect();
    }
    let replicate = |number: usize| {
        let mut stream = Stream::new(common.seed, number as u64);
        let rows: Vec<usize> = (0..groups.len())
            .flat_map(|_| groups[stream.below(groups.len())].iter().copied())
            .collect();
        of_rows(&rows)
    };
    let replicates: Vec<Values> = (0..resamples).into_par_iter().map(replicate).collect();
    let without = |left: usize| {
        let rows: Vec<usize> = groups
            .iter()
            .enumerate()
            .filter(|&(at, _)| at != left)
            .flat_map(|(_, rows)| rows.iter().copied())
            .collect();
        of_rows(&rows)
    };
    let left_out: Vec<Values> = (0..groups.len()).into_par_iter().map(without).collect();
    let of_one = |(at, estimate): (usize, Result<f64, Undefined>)| {
        let column =
            |values: &[Values]| -> Values { values.iter().map(|values| values[at]).collect() };
        intervals(
            estimate?,
            &column(&replicates),
            &column(&left_out),
            common.confidence,
        )
    };
    estimates.into_iter().enumerate().map(of_one).collect()
}

/// Random numbers of one resample, from its number alone, so that threads do not change the result.
struct Stream(u64);

impl Stream {
    fn new(seed: u64, number: u64) -> Self {
        let mut stream = Self(seed.rotate_left(32) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        stream.next();
        stream
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `bound`; the bias of 64 bits against any count of rows is below 2^-32.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}
