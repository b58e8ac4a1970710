//! `validate stats prevalence`: how common a class is, from predictions and some gold labels.

use crate::cli::stats::Prevalence;
use crate::domain::nearest::{listed, nearest};
use crate::ingest::vocabulary::Vocabulary;
use crate::report::stats_json;
use crate::stats::prevalence::{Items, Options, prevalence};

use super::Found;
use super::inputs::{self, Categories, drop_unclustered};
use super::refusal::Refusal;

pub(super) fn run(arguments: &Prevalence) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    let declared = inputs::optional_list("--categories", arguments.categories.as_ref())?;
    let mut wanted = vec![
        inputs::labels(&arguments.gold, 0),
        inputs::labels(&arguments.pred, 0),
    ];
    if let Some(cluster) = &arguments.cluster {
        wanted.push(inputs::labels(cluster, 1));
    }
    let vocabularies = vec![Categories::vocabulary(&declared), Vocabulary::keys()];
    let table = inputs::read(&arguments.input, &wanted, vocabularies)?;
    let mut columns = table.columns.into_iter();
    let mut codes: Vec<Vec<Option<u16>>> = columns.by_ref().take(2).map(inputs::codes).collect();
    let (clusters, dropped) = match columns.next().map(inputs::keys) {
        Some(clusters) => {
            let (clusters, dropped) = drop_unclustered(&clusters, &mut codes);
            (Some(clusters), dropped)
        }
        None => (None, 0),
    };
    let mut categories = Categories::of(&table.vocabularies[0]);
    categories.sort(&mut codes);
    let positive = positive(arguments, &categories)?;
    let wide = |column: &[Option<u16>]| -> Vec<Option<u32>> {
        column.iter().map(|code| code.map(u32::from)).collect()
    };
    let found = prevalence(
        &Items {
            gold: &wide(&codes[0]),
            predicted: &wide(&codes[1]),
            clusters: clusters.as_deref(),
            classes: categories.names.len() as u32,
        },
        &Options {
            positive: positive as u32,
            confidence: common.confidence,
            replicates: common.bootstrap.unwrap_or(0) as u64,
            seed: common.seed,
        },
    );
    let mut basis = vec![
        format!(
            "The share of `{}` among {} unlabelled items, with {} labelled ones to tell how the predictions err.",
            categories.names[positive], found.n_unlabelled, found.n_labelled
        ),
        categories.origin("sorted"),
        "Rogan-Gladen and matrix inversion allow enriched gold; classical, PPI and DSL need gold to be a random \
         sample of the items."
            .to_owned(),
    ];
    if dropped > 0 {
        basis.push(format!("{dropped} rows without a cluster left out."));
    }
    Ok(Found {
        title: format!("Prevalence of {}", categories.names[positive]),
        basis,
        fields: stats_json::prevalence(&found, positive, &categories.names),
        format: common.format,
    })
}

fn positive(arguments: &Prevalence, categories: &Categories) -> Result<usize, Refusal> {
    let Some(label) = &arguments.positive else {
        return categories.names.len().checked_sub(1).ok_or_else(|| {
            Refusal::usage(
                "there is no label in the file, so no class to count",
                "name it with --positive and declare all classes with --categories",
            )
        });
    };
    let known = categories.names.iter().position(|name| name == label);
    known.ok_or_else(|| {
        let names: Vec<&str> = categories.names.iter().map(String::as_str).collect();
        let near = nearest(label, names.iter().copied());
        let meant = if near.is_empty() {
            listed(&names)
        } else {
            listed(&near)
        };
        Refusal::usage(
            format!("--positive `{label}` is no label of the file"),
            format!("the labels are compared byte by byte; did you mean {meant}?"),
        )
    })
}
