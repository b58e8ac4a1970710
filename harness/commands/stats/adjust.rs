//! `validate stats adjust`: p-values adjusted for the number of tests.

use serde_json::{Value, json};

use crate::cli::stats::{Adjust, AdjustMethod};
use crate::report::number::counted;
use crate::report::stats_json::Fields;
use crate::stats::multiplicity::{Adjustment, adjust};

use super::Found;
use super::inputs;
use super::refusal::Refusal;

pub(super) fn run(arguments: &Adjust) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    inputs::no_bootstrap(common, "p-values are adjusted without resampling")?;
    let table = inputs::read(
        &arguments.input,
        &[inputs::numbers(&arguments.p)],
        Vec::new(),
    )?;
    let p_values: Vec<Option<f64>> = table.columns.into_iter().flat_map(inputs::values).collect();
    let (adjustment, name) = match arguments.method {
        AdjustMethod::Holm => (Adjustment::Holm, "holm"),
        AdjustMethod::Bh => (Adjustment::BenjaminiHochberg, "bh"),
        AdjustMethod::By => (Adjustment::BenjaminiYekutieli, "by"),
    };
    let adjusted = adjust(&p_values, adjustment).map_err(|_| {
        let outside = p_values
            .iter()
            .flatten()
            .find(|p| !(0.0..=1.0).contains(*p));
        Refusal::usage(
            format!(
                "column `{}` has {}, which is no p-value",
                arguments.p,
                outside.map_or_else(String::new, f64::to_string)
            ),
            "p-values lie between 0 and 1",
        )
    })?;
    let tests = p_values.iter().flatten().count();
    let mut fields = Fields::new();
    fields.insert("n".to_owned(), json!(tests));
    fields.insert("n_missing".to_owned(), json!(p_values.len() - tests));
    fields.insert("method".to_owned(), json!(name));
    let rows: Value = p_values
        .iter()
        .zip(&adjusted)
        .enumerate()
        .map(|(row, (p, adjusted))| json!({"row": row + 1, "p": p, "adjusted": adjusted}))
        .collect();
    fields.insert("adjusted".to_owned(), json!(adjusted));
    fields.insert("tests".to_owned(), rows);
    Ok(Found {
        title: format!("Adjusted p-values of {}", arguments.p),
        basis: vec![format!(
            "{}; a row without a p-value stays without and does not count.",
            counted(tests as u64, "test")
        )],
        fields,
        format: common.format,
    })
}
