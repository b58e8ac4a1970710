//! `validate stats calibration`: stated probabilities against what was true.

use serde_json::json;

use crate::cli::stats::Calibration;
use crate::ingest::vocabulary::Vocabulary;
use crate::report::number::counted;
use crate::report::stats_json::{self, Fields};
use crate::stats::calibration::{calibration, ece_if_calibrated};

use super::Found;
use super::inputs;
use super::refusal::Refusal;

pub(super) fn run(arguments: &Calibration) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    let wanted = [
        inputs::labels(&arguments.label, 0),
        inputs::numbers(&arguments.prob),
    ];
    let table = inputs::read(&arguments.input, &wanted, vec![Vocabulary::open()])?;
    let mut columns = table.columns.into_iter();
    let labels = columns.next().map(inputs::codes).unwrap_or_default();
    let stated = columns.next().map(inputs::values).unwrap_or_default();
    let words = table.vocabularies[0].words();
    let positive = words.iter().position(|word| *word == arguments.positive);
    if words.len() > 2 || (positive.is_none() && !words.iter().all(|word| word == "0")) {
        let shown: Vec<&str> = words.iter().take(6).map(String::as_str).collect();
        return Err(Refusal::usage(
            format!(
                "column `{}` is not a yes and a no with `{}` for yes: {}",
                arguments.label,
                arguments.positive,
                shown.join(", ")
            ),
            "name the label that the probabilities are of with --positive; there may be one other",
        ));
    }
    let (truth, stated): (Vec<bool>, Vec<f64>) = labels
        .iter()
        .zip(&stated)
        .filter_map(|(label, stated)| Some((Some(usize::from((*label)?)) == positive, (*stated)?)))
        .unzip();
    if let Some(outside) = stated.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Refusal::usage(
            format!(
                "column `{}` has {outside}, which is no probability",
                arguments.prob
            ),
            "probabilities lie between 0 and 1; divide percentages by 100",
        ));
    }
    let mut fields =
        stats_json::calibration(table.rows - stated.len(), calibration(&truth, &stated));
    if let Some(resamples) = common.bootstrap {
        fields.insert(
            "ece_15_if_calibrated".to_owned(),
            null(&stated, resamples, common.seed).into(),
        );
    }
    Ok(Found {
        title: format!("Calibration of {} for {} = {}", arguments.prob, arguments.label, arguments.positive),
        basis: vec![
            format!("{} of {} with label and probability.", counted(stated.len() as u64, "row"), table.rows),
            "ECE is above zero even for perfect probabilities: --bootstrap 1000 adds what it would be for these."
                .to_owned(),
        ],
        fields,
        format: common.format,
    })
}

/// What the calibration error would be if the probabilities were true.
fn null(stated: &[f64], resamples: usize, seed: u64) -> Fields {
    let mut fields = Fields::new();
    match ece_if_calibrated(stated, 15, resamples as u64, seed) {
        Ok(found) => {
            fields.insert("mean".to_owned(), json!(found.mean));
            fields.insert("upper_95".to_owned(), json!(found.upper));
        }
        Err(reason) => drop(fields.insert("undefined".to_owned(), json!(reason.code()))),
    }
    fields
}
