//! The look at robustness by itself; `validate gate --robustness` takes it together with the other verdicts.

use std::path::Path;

use crate::classifier::load::{load_all, select};
use crate::cli::{Format, Robustness};
use crate::exit::Exit;
use crate::goldset::load::load;
use crate::goldset::sessions::Session;
use crate::report::page;
use crate::run::raters::Spec;

use super::answers::Wanted;
use super::gate_robustness::{Drawing, look};
use super::knowledge::{eligible, knowledge};
use super::output;
use super::players::{Named, Players};
use super::validate::PROMPTS;

/// Runs the command.
///
/// # Errors
/// Where output fails.
pub fn run(arguments: &Robustness, verbose: bool) -> anyhow::Result<Exit> {
    match looked(arguments, verbose) {
        Ok((text, missing, exit)) => {
            output::result(&text)?;
            if let Some(missing) = missing {
                output::note(&format!("\nincomplete: {missing}"));
            }
            Ok(exit)
        }
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            Ok(Exit::Unusable)
        }
    }
}

fn looked(arguments: &Robustness, verbose: bool) -> anyhow::Result<(String, Option<String>, Exit)> {
    let all = load_all(Path::new(PROMPTS))?;
    let definitions = select(all.clone(), &arguments.classifier)?;
    let goldset = load(&arguments.goldset, &all)?;
    let named = Named {
        model: arguments.model.as_ref(),
        against: None,
        reference: None,
    };
    let spec: Spec = Players::choose(named, &goldset)?.candidate;
    let wanted: Vec<&Session> = goldset.sessions.iter().collect();
    let known = knowledge(&goldset, &wanted, arguments.sessions.as_deref(), verbose)?;
    let (sessions, _) = eligible(&wanted, &known);
    let wanted = Wanted {
        goldset: &goldset,
        definitions: &definitions,
        sessions: &sessions,
        transcripts: arguments.sessions.as_deref(),
        store: arguments.store.as_deref(),
        asking: &arguments.asking,
        verbose,
    };
    let drawing = Drawing {
        sessions: arguments.robustness_sessions as usize,
        seed: arguments.seed,
    };
    let looked = look(&wanted, &spec, drawing)?;
    let text = match arguments.format {
        Format::Table => page::terminal(&looked.page(&definitions)),
        Format::Markdown => page::markdown(&looked.page(&definitions)),
        Format::Json => serde_json::to_string_pretty(&looked.json(&definitions))? + "\n",
    };
    let exit = looked.exit();
    Ok((text, looked.missing, exit))
}
