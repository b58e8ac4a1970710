//! `validate stats trend`: values across ordered groups.

use crate::cli::stats::Trend;
use crate::report::number::counted;
use crate::report::stats_json;
use crate::stats::rank::spearman;
use crate::stats::trend::jonckheere;

use super::Found;
use super::inputs::{self, Categories};
use super::refusal::Refusal;

pub(super) fn run(arguments: &Trend) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    inputs::no_bootstrap(
        common,
        "the test of Jonckheere and Terpstra needs no resampling",
    )?;
    let declared = inputs::optional_list("--categories", arguments.categories.as_ref())?;
    let group = if declared.is_empty() {
        inputs::numbers(&arguments.group)
    } else {
        inputs::labels(&arguments.group, 0)
    };
    let wanted = [group, inputs::numbers(&arguments.value)];
    let table = inputs::read(
        &arguments.input,
        &wanted,
        vec![Categories::vocabulary(&declared)],
    )?;
    let mut columns = table.columns.into_iter();
    let groups = columns.next();
    let groups: Vec<Option<f64>> = if declared.is_empty() {
        groups.map(inputs::values).unwrap_or_default()
    } else {
        let codes = groups.map(inputs::codes).unwrap_or_default();
        codes.into_iter().map(|code| code.map(f64::from)).collect()
    };
    let values = columns.next().map(inputs::values).unwrap_or_default();
    let (groups, values): (Vec<f64>, Vec<f64>) = groups
        .into_iter()
        .zip(values)
        .filter_map(|(group, value)| group.zip(value))
        .unzip();
    let missing = table.rows - values.len();
    Ok(Found {
        title: format!("Trend of {} across {}", arguments.value, arguments.group),
        basis: vec![format!(
            "{} of {} with group and value. The variance is corrected for ties; p is two-sided.",
            counted(values.len() as u64, "row"),
            table.rows
        )],
        fields: stats_json::trend(
            values.len(),
            missing,
            jonckheere(&groups, &values),
            spearman(&groups, &values),
        ),
        format: common.format,
    })
}
