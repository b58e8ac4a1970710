//! `validate requests`: requests to models as files, out to any engine and back.
//!
//! `export` writes requests, as lines of our own or in the form of a vendor's batches; an engine answers them in whatever
//! order and by whatever means; `import` keeps each answer under the hash of the request that it answers. Sessions are
//! rendered a few at a time and dropped (`rendering`), files are written in parts that a batch can hold (`parts`), and of
//! all requests only the hashes are held while answers are read (`known`, `answers`, `keep`).

mod answers;
mod export;
mod import;
mod keep;
mod known;
mod parts;
mod rendering;

use crate::cli::Requests;
use crate::exit::Exit;
use crate::provider::endpoint::{Dialect, Endpoint};

use super::output;

/// Runs the command.
///
/// # Errors
/// Where output fails.
pub fn run(command: &Requests) -> anyhow::Result<Exit> {
    let done = match command {
        Requests::Export(arguments) => export::export(arguments),
        Requests::Import(arguments) => import::import(arguments),
    };
    match done {
        Ok(said) => {
            output::note(&said);
            Ok(Exit::Done)
        }
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            Ok(Exit::Unusable)
        }
    }
}

/// `1 request`, `2 requests`.
fn counted(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// The endpoint that a spec names; nothing is sent, so that it needs no key.
fn endpoint_of(spec: &str) -> anyhow::Result<Endpoint> {
    let (vendor, rest) = spec.split_once(':').unwrap_or(("", ""));
    let (model, base) = match rest.split_once('@') {
        Some((model, base)) => (model, Some(base)),
        None => (rest, None),
    };
    let dialect = match vendor {
        "anthropic" if !model.is_empty() => Dialect::Anthropic,
        "openai" if !model.is_empty() => Dialect::OpenAi,
        _ => anyhow::bail!(
            "`{spec}` names no provider's model\n\nhint: give `anthropic:NAME` or `openai:NAME`"
        ),
    };
    Ok(Endpoint {
        dialect,
        model: model.to_owned(),
        base: base.unwrap_or_default().to_owned(),
        is_vendor: base.is_none(),
        key: None,
    })
}
