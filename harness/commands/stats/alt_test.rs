//! `validate stats alt-test`: may a model stand in for a human rater?

use crate::cli::stats::{AltTest, RatingScale};
use crate::ingest::vocabulary::Vocabulary;
use crate::report::number::counted;
use crate::report::stats_json;
use crate::stats::alt_test::{AltTestOptions, Scoring, alt_test};

use super::Found;
use super::inputs;
use super::refusal::Refusal;

pub(super) fn run(arguments: &AltTest) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    inputs::no_bootstrap(common, "the test needs no resampling")?;
    inputs::share("--false-discovery-rate", arguments.false_discovery_rate)?;
    let raters = inputs::list("--raters", &arguments.raters)?;
    if raters.len() < 2 {
        return Err(Refusal::usage(
            "the test needs two human raters",
            "each is compared with the others; name them with --raters A,B,C",
        ));
    }
    if raters.contains(&arguments.model) {
        return Err(Refusal::usage(
            format!("`{}` is named as the model and as a rater", arguments.model),
            "leave the model out of --raters",
        ));
    }
    let is_numeric = matches!(arguments.scale, RatingScale::Interval | RatingScale::Ratio);
    let names = std::iter::once(&arguments.model).chain(&raters);
    let wanted: Vec<_> = names
        .map(|name| {
            if is_numeric {
                inputs::numbers(name)
            } else {
                inputs::labels(name, 0)
            }
        })
        .collect();
    let table = inputs::read(&arguments.input, &wanted, vec![Vocabulary::open()])?;
    let mut columns = table.columns.into_iter().map(|column| -> Vec<Option<f64>> {
        if is_numeric {
            inputs::values(column)
        } else {
            inputs::codes(column)
                .into_iter()
                .map(|code| code.map(f64::from))
                .collect()
        }
    });
    let model = columns.next().unwrap_or_default();
    let humans: Vec<Vec<Option<f64>>> = columns.collect();
    let options = AltTestOptions {
        scoring: if is_numeric {
            Scoring::NegativeRmse
        } else {
            Scoring::Accuracy
        },
        epsilon: arguments.epsilon,
        false_discovery_rate: arguments.false_discovery_rate,
        min_items: arguments.min_items,
    };
    let found = alt_test(&model, &humans, options);
    Ok(Found {
        title: format!(
            "May {} stand in for {}?",
            arguments.model,
            raters.join(", ")
        ),
        basis: vec![format!(
            "{}; epsilon {}, false discovery rate {} (Benjamini and Yekutieli), humans with at least {} shared with \
             others and the model. The model passes where it beats half of the humans.",
            counted(table.rows as u64, "row"),
            arguments.epsilon,
            arguments.false_discovery_rate,
            counted(arguments.min_items as u64, "item"),
        )],
        fields: stats_json::alt_test(&found, &raters),
        format: common.format,
    })
}
