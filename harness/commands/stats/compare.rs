//! `validate stats compare`: an old and a new candidate against the same gold.

use crate::cli::stats::Compare;
use crate::ingest::vocabulary::Vocabulary;
use crate::report::number::counted;
use crate::report::stats_json;
use crate::stats::coefficient::Coefficient;
use crate::stats::paired::{PairedRatings, PairedTables};
use crate::stats::verdict::{Gate, judge};

use super::inputs::{self, Categories, drop_unclustered};
use super::refusal::Refusal;
use super::{Found, resample};

pub(super) fn run(arguments: &Compare) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    inputs::share("--alpha", arguments.alpha)?;
    if arguments
        .margin
        .is_some_and(|margin| !(margin > 0.0 && margin.is_finite()))
    {
        return Err(Refusal::usage(
            "--margin must be above zero",
            "write how much worse the new candidate may be, as in `--margin 0.02`",
        ));
    }
    let declared = inputs::optional_list("--categories", arguments.categories.as_ref())?;
    let mut wanted = vec![
        inputs::labels(&arguments.gold, 0),
        inputs::labels(&arguments.old, 0),
        inputs::labels(&arguments.new, 0),
    ];
    if let Some(cluster) = &arguments.cluster {
        wanted.push(inputs::labels(cluster, 1));
    }
    let vocabularies = vec![Categories::vocabulary(&declared), Vocabulary::keys()];
    let table = inputs::read(&arguments.input, &wanted, vocabularies)?;
    let mut columns = table.columns.into_iter();
    let mut codes: Vec<Vec<Option<u16>>> = columns.by_ref().take(3).map(inputs::codes).collect();
    let clusters = columns.next().map(inputs::keys);
    let (clusters, dropped) = match clusters {
        Some(clusters) => {
            let (clusters, dropped) = drop_unclustered(&clusters, &mut codes);
            (Some(clusters), dropped)
        }
        None => (None, 0),
    };
    let mut categories = Categories::of(&table.vocabularies[0]);
    categories.sort(&mut codes);
    let coefficient = coefficient(&arguments.statistic, &categories)?;

    let tables = PairedTables::new(&PairedRatings {
        gold: &codes[0],
        old: &codes[1],
        new: &codes[2],
        categories: categories.names.len(),
        clusters: clusters.as_deref(),
    });
    let found = tables.compare(&coefficient, common.confidence);
    let mut fields = stats_json::comparison(&arguments.statistic, &found);
    if let Some(resamples) = common.bootstrap {
        let made = tables.bootstrap(&coefficient, resample::plan(common, resamples));
        stats_json::resampled(&mut fields, "difference", &made, clusters.is_some());
    }
    let judged = arguments.margin.map(|margin| {
        let gate = Gate {
            margin,
            alpha: arguments.alpha,
            resamples: common.bootstrap,
            seed: common.seed,
            classes: None,
        };
        (judge(&tables, &coefficient, gate), margin)
    });
    if let Some((judgement, margin)) = &judged {
        stats_json::verdict(&mut fields, judgement, *margin);
    } else {
        fields.insert("verdict".to_owned(), serde_json::Value::Null);
    }
    fields.insert("categories".to_owned(), categories.names.clone().into());
    let mut basis = vec![format!(
        "{} with all three labels of {}; differences are new minus old.",
        counted(found.n, "item"),
        counted(table.rows as u64, "row")
    )];
    if let (Some(column), Some(n)) = (&arguments.cluster, found.n_clusters) {
        basis.push(format!(
            "Items of one `{column}` belong together: {}.",
            counted(n as u64, "cluster")
        ));
    }
    if dropped > 0 {
        basis.push(format!(
            "{} without a cluster left out.",
            counted(dropped as u64, "row")
        ));
    }
    basis.push(categories.origin("sorted"));
    if judged.is_none() {
        basis.push("No verdict without --margin.".to_owned());
    }
    Ok(Found {
        title: format!(
            "{} against {}, judged by {}: {}",
            arguments.new, arguments.old, arguments.gold, arguments.statistic
        ),
        basis,
        fields,
        format: common.format,
    })
}

/// The statistic of that name, if the categories have what it needs.
fn coefficient(name: &str, categories: &Categories) -> Result<Coefficient, Refusal> {
    let needs_order = name.ends_with("_linear")
        || name.ends_with("_quadratic")
        || matches!(name, "alpha_ordinal" | "alpha_interval" | "alpha_ratio");
    if needs_order && !categories.declared && categories.numbers.is_none() {
        return Err(Refusal::usage(
            format!("{name} needs ordered categories, and their order is not known"),
            "declare all categories from the lowest to the highest with --categories",
        ));
    }
    if let Some(label) = name.strip_prefix("f1:") {
        return categories
            .names
            .iter()
            .position(|known| known == label)
            .map(Coefficient::F1)
            .ok_or_else(|| {
                Refusal::usage(
                    format!("--statistic names the class `{label}`, which does not occur"),
                    "declare it with --categories",
                )
            });
    }
    let values = || categories.numbers.clone();
    let with_values = match name {
        "alpha_interval" => values()
            .map(|values| Coefficient::Alpha(crate::stats::metric::Metric::Interval, values)),
        "alpha_ratio" => {
            values().map(|values| Coefficient::Alpha(crate::stats::metric::Metric::Ratio, values))
        }
        _ => None,
    };
    with_values
        .or_else(|| Coefficient::from_name(name, categories.names.len()))
        .ok_or_else(|| {
            Refusal::usage(
                format!("no statistic `{name}` to compare by"),
                "take a coefficient of `stats agree`, such as cohen_kappa, gwet_ac1, alpha_nominal, macro_f1, \
                 percent_agreement, or f1:LABEL for one class",
            )
        })
}
