//! `validate requests`: requests to models as files, out to any engine and back.
//!
//! `export` writes requests, as lines of our own or in the form of a vendor's batches; an engine answers them in whatever
//! order and by whatever means; `import` keeps each answer under the hash of the request that it answers. Sessions are
//! rendered a few at a time and dropped (`rendering`), files are written in parts that a batch can hold (`parts`), and of
//! all requests only the hashes are held while answers are read (`known`, `answers`, `keep`). `varied` writes the requests
//! of `validate gate --robustness`.

mod answers;
mod export;
mod import;
mod keep;
mod known;
mod parts;
mod rendering;
mod varied;

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

/// The endpoint that a spec names. Nothing is sent to it: it needs no key and takes no address from the environment, so that
/// the same command writes the same bytes everywhere.
fn endpoint_of(spec: &str) -> anyhow::Result<Endpoint> {
    let no_environment = |variable: &str| {
        let is_key = [Dialect::Anthropic, Dialect::OpenAi]
            .iter()
            .any(|dialect| dialect.key_variable() == variable);
        // Without any the vendor's own endpoint is refused.
        is_key.then(|| "none".to_owned())
    };
    let endpoint = Endpoint::parse(spec, &no_environment)?;
    Ok(Endpoint {
        key: None,
        ..endpoint
    })
}
