//! `validate stats`: the statistics on any CSV file, one file per kind.
//!
//! Every kind reads its columns (`inputs`), computes, and hands over one object of figures, which is printed as it is or
//! as a page for people.

mod adjust;
mod agree;
mod alt_test;
mod calibration;
mod compare;
mod inputs;
mod pairs;
mod panel;
mod power;
mod prevalence;
mod refusal;
mod regress;
mod resample;
mod trend;

use anyhow::Context;
use serde_json::Value;

use crate::cli::stats::{Stats, StatsFormat};
use crate::exit::Exit;
use crate::report::page;
use crate::report::stats_json::Fields;
use crate::report::stats_text;

use super::output;

/// What a kind found out.
struct Found {
    /// What was asked, for the head of the page.
    title: String,
    /// What the figures rest on, in sentences.
    basis: Vec<String>,
    /// The figures.
    fields: Fields,
    /// How to print them.
    format: StatsFormat,
}

/// Runs the command.
///
/// # Errors
/// Where stdout fails.
pub fn run(kind: &Stats) -> anyhow::Result<Exit> {
    let found = match kind {
        Stats::Agree(arguments) => agree::run(arguments),
        Stats::Compare(arguments) => compare::run(arguments),
        Stats::Prevalence(arguments) => prevalence::run(arguments),
        Stats::Trend(arguments) => trend::run(arguments),
        Stats::Calibration(arguments) => calibration::run(arguments),
        Stats::Regress(arguments) => regress::run(arguments),
        Stats::Power { aim } => power::run(aim),
        Stats::AltTest(arguments) => alt_test::run(arguments),
        Stats::Adjust(arguments) => adjust::run(arguments),
    };
    match found {
        Ok(found) => {
            output::result(&render(found)?)?;
            Ok(Exit::Done)
        }
        Err(refusal) => {
            output::note(&format!("error: {refusal}\n\nhint: {}", refusal.hint()));
            Ok(Exit::Unusable)
        }
    }
}

fn render(found: Found) -> anyhow::Result<String> {
    match found.format {
        StatsFormat::Json => {
            let text = serde_json::to_string_pretty(&Value::Object(found.fields))
                .context("failed to write the figures as JSON")?;
            Ok(text + "\n")
        }
        StatsFormat::Table => Ok(page::terminal(&stats_text::blocks(
            &found.title,
            &found.basis,
            &found.fields,
        ))),
    }
}
