//! Calls about batches with a run's patience, and which batch of a provider's list is ours.

use std::collections::HashSet;

use crate::provider::ask::{Asker, Attempt, GaveUp};
use crate::provider::batches::{Batches, Listed};
use crate::provider::endpoint::Dialect;
use crate::provider::failure::Failure;
use crate::provider::http::Client;
use crate::provider::limits::Limits;
use crate::store::OpenBatch;

use super::live::{Live, Said};

/// Clocks of a provider and of this machine may differ by so much.
const CLOCK_SLACK_MS: i64 = 120_000;

/// What all calls share.
pub(super) struct Calls {
    pub(super) live: Live,
    pub(super) client: Client,
    pub(super) patient: Asker,
    pub(super) say: Box<dyn Fn(Said) + Send + Sync>,
}

impl Calls {
    pub(super) fn batches(&self) -> Batches<'_> {
        Batches {
            client: &self.client,
            endpoint: &self.live.endpoint,
        }
    }

    pub(super) async fn patiently<T, F, Sending>(&self, what: &str, send: F) -> Result<T, GaveUp>
    where
        F: Fn(u32) -> Sending,
        Sending: Future<Output = Result<(T, Limits), Failure>>,
    {
        let told = |attempt: &Attempt<'_>| {
            (self.say)(Said::Failed {
                about: what.to_owned(),
                why: attempt.failure.to_string(),
                again_after: attempt.again_after,
            });
        };
        self.patient.ask(0, send, &told).await.map(|(it, _)| it)
    }

    /// Submits a batch: the provider's id; or why not, and whether it may have arrived all the same.
    pub(super) async fn submit(
        &self,
        batch: &OpenBatch,
        lines: &[u8],
        known: &HashSet<String>,
    ) -> Result<String, (GaveUp, bool)> {
        let batches = self.batches();
        let file = self
            .patiently("the file of a batch", |_| async {
                batches.upload(&batch.name, lines).await
            })
            .await
            .map_err(|error| (error, false))?;
        let file = file.as_deref();
        self.patiently("a batch", |number| async move {
            // The attempt before this one may have arrived though its answer did not.
            if number > 1 {
                let (listed, limits) = batches.list(1).await?;
                let dialect = self.live.endpoint.dialect;
                if let Some(id) = candidates(dialect, &listed, batch, known).first() {
                    return Ok(((*id).to_owned(), limits));
                }
            }
            batches.create(&batch.name, lines, file).await
        })
        .await
        .map_err(|error| {
            let refused = matches!(error, GaveUp::Request { .. } | GaveUp::Run { .. });
            // A first attempt that got lost may have arrived, whatever became of the later ones.
            let has_arrived = error.attempts() > 1 || (!refused && error.attempts() > 0);
            (error, has_arrived)
        })
    }
}

/// Batches of a provider's list that may be this one, the likeliest first. OpenAI keeps our own name; Anthropic keeps none,
/// so that the time, the number of requests and being new have to do, until results show whose they are.
pub(super) fn candidates<'l>(
    dialect: Dialect,
    listed: &'l [Listed],
    batch: &OpenBatch,
    known: &HashSet<String>,
) -> Vec<&'l str> {
    let since = batch
        .when
        .parse::<jiff::Timestamp>()
        .map_or(0, |when| when.as_millisecond() - CLOCK_SLACK_MS);
    let fits = |one: &&Listed| {
        !known.contains(&one.id)
            && match dialect {
                Dialect::OpenAi => one.name.as_deref() == Some(batch.name.as_str()),
                Dialect::Anthropic => {
                    one.requests == Some(batch.requests)
                        && one.created.is_some_and(|created| since <= created.0)
                }
            }
    };
    let mut found: Vec<&Listed> = listed.iter().filter(fits).collect();
    found.sort_by_key(|one| one.created.map(|created| created.0));
    found.into_iter().map(|one| one.id.as_str()).collect()
}
