//! Asks a provider for the main job, and says on stderr how it went.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::cli::Asking;
use crate::domain::money::Money;
use crate::goldset::load::Goldset;
use crate::goldset::recordings::{self, Recording, RecordingsError};
use crate::provider::ask::Patience;
use crate::provider::endpoint::{Endpoint, EndpointError};
use crate::provider::price::{Prices, PricesError};
use crate::run::asked::Asker;
use crate::run::batched::{self, Batching};
use crate::run::bill::bill;
use crate::run::estimate::{Estimate, estimate};
use crate::run::live::{self, Ended, Live, LiveError, Said};
use crate::run::plan::Plan;
use crate::run::tally::Tally;
use crate::store::{Store, StoreError};

use super::output;
use super::progress::Progress;

/// Why a provider cannot be asked as the command line wants it.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskingError {
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Prices(#[from] PricesError),
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Recordings(#[from] RecordingsError),
    #[error("`--max-cost {0}` is no amount\n\nhint: give US dollars, such as 2.50")]
    NoAmount(f64),
    #[error(
        "`--max-cost` cannot be kept: the model `{0}` has no price\n\nhint: give its price with `--prices FILE`, or leave `--max-cost` out"
    )]
    NoPrice(String),
}

/// A model that may be asked.
pub(super) struct Model {
    pub(super) spec: String,
    /// Who and where; or why it cannot be asked, which matters only where something has to be.
    endpoint: Result<Endpoint, EndpointError>,
    prices: Prices,
}

impl Model {
    /// Reads spec, environment and prices.
    pub(super) fn new(spec: &str, arguments: &Asking) -> Result<Self, AskingError> {
        let environment = |name: &str| std::env::var(name).ok();
        let endpoint = match Endpoint::parse(spec, &environment) {
            Err(error @ EndpointError::NoKey { .. }) => Err(error),
            other => Ok(other?),
        };
        let prices = match &arguments.prices {
            Some(path) => Prices::read(path)?,
            None => Prices::embedded(),
        };
        Ok(Self {
            spec: spec.to_owned(),
            endpoint,
            prices,
        })
    }

    /// The model's name without provider and address.
    pub(super) fn name(&self) -> &str {
        match &self.endpoint {
            Ok(endpoint) => &endpoint.model,
            Err(_) => self
                .spec
                .split_once(':')
                .map_or(self.spec.as_str(), |(_, name)| name),
        }
    }

    pub(super) fn prices(&self) -> &Prices {
        &self.prices
    }

    /// What a run would ask and cost.
    pub(super) fn estimate(
        &self,
        plan: &Plan,
        store: &Store,
        arguments: &Asking,
    ) -> Result<Estimate, AskingError> {
        let price = self.prices.price(self.name(), &today());
        Ok(estimate(
            plan,
            store,
            &self.spec,
            arguments.repeat,
            arguments.retry_errors,
            price,
            arguments.batch,
        )?)
    }

    /// Asks for what the store lacks. Says how it ended; the store is as full as it could be made.
    pub(super) fn ask(
        &self,
        plan: &Arc<Plan>,
        store: Store,
        arguments: &Asking,
        already_spent: Money,
        verbose: bool,
    ) -> Result<(Store, Ended), AskingError> {
        let price = self.prices.price(self.name(), &today()).cloned();
        let most = match arguments.max_cost {
            None => None,
            Some(_) if price.is_none() => {
                return Err(AskingError::NoPrice(self.name().to_owned()));
            }
            Some(dollars) => {
                let most = Money::from_dollars(dollars).ok_or(AskingError::NoAmount(dollars))?;
                Some(most.saturating_sub(already_spent))
            }
        };
        let endpoint = match &self.endpoint {
            Ok(endpoint) => endpoint.clone(),
            // Without a key what is stored can still be read.
            Err(error) => {
                let ended = match self.estimate(plan, &store, arguments)?.to_ask {
                    0 => Ended::Complete,
                    _ => Ended::Stopped(error.to_string()),
                };
                return Ok((store, ended));
            }
        };
        if endpoint.sends_key_in_clear() {
            output::note(&format!(
                "warning: `{}` is not encrypted, and the key of {} goes there in clear",
                endpoint.base,
                endpoint.dialect.key_variable()
            ));
        }
        let live = Live {
            endpoint,
            spec: self.spec.clone(),
            repeats: arguments.repeat,
            concurrency: arguments.concurrency as usize,
            most,
            price,
            repair: !arguments.no_repair,
            errors_again: arguments.retry_errors,
            timeout: Duration::from_secs(arguments.timeout),
            patience: Patience {
                attempts: arguments.attempts,
                ..Patience::default()
            },
            max_tokens: arguments.max_tokens,
        };
        if arguments.batch {
            let batching = Batching {
                no_wait: arguments.no_wait,
                poll: arguments
                    .poll_seconds
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
                most_requests: arguments.batch_requests.map(|most| most as usize),
            };
            let say = Box::new(move |said| say(&said, verbose));
            return Ok(batched::ask(plan, store, live, batching, say)?);
        }
        let tally = Arc::new(Tally::default());
        let mut progress = None;
        let asked = live::ask(
            plan,
            store,
            live,
            &tally,
            |pace| progress = Some(Progress::start(&self.spec, Arc::clone(&tally), pace)),
            Box::new(move |said| say(&said, verbose)),
        );
        if let Some(progress) = progress {
            progress.end();
        }
        Ok(asked?)
    }

    /// What all answers to the plan's requests were charged, as far as the model has a price.
    pub(super) fn charged(
        &self,
        plan: &Plan,
        store: &Store,
        repeats: u32,
    ) -> Result<Money, AskingError> {
        let mut sum = Money::ZERO;
        for repeat in 0..repeats {
            let asker = Asker {
                spec: &self.spec,
                repeat,
            };
            let bills = bill(plan, store, asker, &self.prices, self.name())?;
            sum += bills.values().map(|bill| bill.cost).sum();
        }
        Ok(sum)
    }

    /// Keeps the stored answers as recordings of the goldset; says in which files.
    pub(super) fn record(
        &self,
        plan: &Plan,
        goldset: &Goldset,
        store: &Store,
        repeats: u32,
    ) -> Result<Vec<PathBuf>, AskingError> {
        let name = recording_name(self.name());
        let mut files = Vec::new();
        for (classifier, prompt) in plan.classifiers.iter().enumerate() {
            let mut answers = Vec::new();
            for repeat in 0..repeats {
                let asker = Asker {
                    spec: &self.spec,
                    repeat,
                };
                let mut sessions = plan.sessions.iter();
                store.answers_for(
                    asker.spec,
                    repeat,
                    plan.sessions
                        .iter()
                        .map(|session| &session.requests[classifier]),
                    |request, answer| {
                        let (Some(session), Some(answer)) = (sessions.next(), answer) else {
                            return;
                        };
                        answers.push(Recording {
                            request_hash: request.clone(),
                            session_id: session.id.clone(),
                            raw: answer.text,
                            stop: answer.stop,
                            usage: answer.usage,
                            when: answer.when,
                            obtained: answer.obtained,
                            family: None,
                            repeat,
                            variation: plan.variation,
                        });
                    },
                )?;
            }
            if !answers.is_empty() {
                let classifier = &prompt.definition.name;
                files.push(recordings::write(goldset, &name, classifier, &answers)?);
            }
        }
        Ok(files)
    }
}

/// A model's name as a file may have it.
pub(super) fn recording_name(model: &str) -> String {
    model
        .chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => letter,
            _ => '-',
        })
        .collect::<String>()
        .trim_start_matches('.')
        .to_owned()
}

fn say(said: &Said, verbose: bool) {
    match said {
        Said::Waiting => output::note(
            "another process asks the same model on this store; waiting until it has ended",
        ),
        Said::Failed {
            about,
            why,
            again_after,
        } => match again_after {
            Some(wait) if verbose => output::note(&format!(
                "{about}: {why}; again in {:.1} s",
                wait.as_secs_f64()
            )),
            Some(_) => {}
            None => output::note(&format!("{about}: {why}")),
        },
        Said::Told(text) => output::note(text),
        Said::Warning(text) => output::note(&format!("warning: {text}")),
        Said::Interrupted => output::note(
            "interrupted: waiting for the answers that are on their way; interrupt again to lose them",
        ),
    }
}

/// The day, in UTC.
pub(super) fn today() -> String {
    jiff::Timestamp::now()
        .to_string()
        .chars()
        .take(10)
        .collect()
}

/// Says what a run would ask and cost.
pub(super) fn told(spec: &str, estimate: &Estimate) -> String {
    let mut lines = vec![
        format!(
            "`{spec}` would be asked {} of {} requests; the store has answers to {}",
            estimate.to_ask, estimate.requests, estimate.answered
        ),
        format!(
            "input: {} tokens, of which the provider's cache can serve up to {}; output: about {} tokens",
            estimate.input_tokens, estimate.cached_tokens, estimate.output_tokens
        ),
        match estimate.measured_from {
            0 => format!(
                "tokens are reckoned as {} bytes each, because the store has too few answers of this model to measure",
                estimate.bytes_per_token
            ),
            exchanges => format!(
                "tokens are reckoned as {:.3} bytes each, as measured from {exchanges} answers of this model",
                estimate.bytes_per_token
            ),
        },
    ];
    lines.push(match estimate.cost {
        Some((low, high)) => format!(
            "cost: {:.4} USD (all that can be cached is, short answers) to {:.4} USD (nothing cached, long answers)",
            low.dollars(),
            high.dollars()
        ),
        None => "cost: unknown, the model has no price; `--prices FILE` gives it one".to_owned(),
    });
    lines.push("nothing was sent".to_owned());
    lines.join("\n") + "\n"
}

/// The same as one JSON object.
pub(super) fn told_json(spec: &str, estimate: &Estimate) -> serde_json::Value {
    serde_json::json!({
        "model": spec,
        "requests": estimate.requests,
        "from_store": estimate.answered,
        "to_ask": estimate.to_ask,
        "input_tokens": estimate.input_tokens,
        "cached_tokens_at_best": estimate.cached_tokens,
        "output_tokens": estimate.output_tokens,
        "bytes_per_token": estimate.bytes_per_token,
        "measured_from": estimate.measured_from,
        "cost_usd": estimate.cost.map(|(low, high)| serde_json::json!({"low": low.dollars(), "high": high.dollars()})),
    })
}

/// Where the store is, unless the command line says otherwise.
pub(super) fn store_at(path: Option<&Path>) -> PathBuf {
    path.map_or_else(|| PathBuf::from(super::answers::STORE), Path::to_owned)
}
