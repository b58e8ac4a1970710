//! What a run would ask and cost, reckoned before anything is sent.
//!
//! Providers count tokens for themselves and nobody else can, so bytes stand for them: by what answers of the same model to
//! requests of this plan were charged, where the store has some, else four bytes a token.

use crate::domain::answer::AnswerUsage;
use crate::domain::money::Money;
use crate::provider::price::Price;
use crate::store::{Store, StoreError};

use super::asked::Asker;
use super::plan::Plan;
use super::todo::todo;

/// Bytes of a token, where no answer says better.
pub const BYTES_PER_TOKEN: f64 = 4.0;
/// Exchanges that say enough about a model's tokens.
const ENOUGH: u64 = 20;
/// Tokens of an answer where no answer says better: the mean of the 1,280 recorded answers of the starter set, by four bytes
/// a token. Lists of decisions have 506, the others 108 to 161.
pub const OUTPUT_TOKENS: f64 = 163.0;

/// How far answers may be shorter than the guess: as short as an answer can be where nothing is measured.
const SHORT_UNMEASURED: f64 = 0.2;
const SHORT_MEASURED: f64 = 0.7;
/// And longer.
const LONG: f64 = 2.0;

/// What a run would ask and cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Requests of the plan, repeats included.
    pub requests: u64,
    /// Those of them that the store has answers to.
    pub answered: u64,
    /// Those that would be sent.
    pub to_ask: u64,
    /// Input tokens of those, cached or not.
    pub input_tokens: u64,
    /// Input tokens of those that the cache can serve at best.
    pub cached_tokens: u64,
    /// Output tokens of those, as a guess.
    pub output_tokens: u64,
    /// Bytes of a token that were reckoned with.
    pub bytes_per_token: f64,
    /// Exchanges that this is measured from; 0 where it is assumed.
    pub measured_from: u64,
    /// What it would cost: with everything cached that can be and short answers, and with nothing cached and long ones. `None`
    /// where the model has no price.
    pub cost: Option<(Money, Money)>,
}

/// Reckons what asking for everything the store lacks would take, in batches or live.
///
/// # Errors
/// Where the store cannot be read.
pub fn estimate(
    plan: &Plan,
    store: &Store,
    spec: &str,
    repeats: u32,
    errors_again: bool,
    price: Option<&Price>,
    batched: bool,
) -> Result<Estimate, StoreError> {
    let measured = Measured::of(plan, store, spec, repeats)?;
    let bytes_per_token = measured.bytes_per_token();
    let output = measured.output_tokens();
    let work = todo(plan, store, spec, repeats, errors_again)?;
    // Batches take longer than five minutes.
    let for_an_hour = |tokens: u64| if batched { tokens } else { 0 };
    let tokens = |bytes: u64| whole(real(bytes) / bytes_per_token);
    let system = plan.prompts.system.len() as u64;
    let schema = plan.prompts.wire.text().len() as u64;
    let (mut low, mut high) = (Money::ZERO, Money::ZERO);
    let mut sum = Estimate {
        requests: 0,
        answered: 0,
        to_ask: 0,
        input_tokens: 0,
        cached_tokens: 0,
        output_tokens: 0,
        bytes_per_token,
        measured_from: measured.exchanges,
        cost: None,
    };
    let of_all = tokens(system + schema);
    let short = if measured.exchanges == 0 {
        SHORT_UNMEASURED
    } else {
        SHORT_MEASURED
    };
    for (number, session) in work.iter().enumerate() {
        let shared = tokens(system + schema + plan.sessions[session.session].view_bytes);
        // Providers put the schema before the system text; all sessions share both, and the first one's are kept.
        let kept = if number == 0 { 0 } else { of_all };
        // Batches do not repair.
        let tasks = session
            .tasks
            .iter()
            .filter(|task| !batched || task.earlier.is_none());
        for (at, task) in tasks.enumerate() {
            sum.to_ask += 1;
            let own = tokens(plan.classifiers[task.classifier].text.len() as u64);
            let read = if at == 0 { kept } else { shared };
            sum.cached_tokens += read;
            // Not every provider charges more for what it writes to its cache.
            let best = AnswerUsage {
                input_tokens: own + shared - read,
                cache_read_tokens: read,
                ..AnswerUsage::default()
            };
            sum.input_tokens += shared + own;
            sum.output_tokens += whole(output);
            if let Some(price) = price {
                low += price.cost(
                    &AnswerUsage {
                        output_tokens: whole(output * short),
                        ..best
                    },
                    batched,
                );
                high += price.cost(
                    &AnswerUsage {
                        input_tokens: own,
                        cache_write_tokens: shared,
                        cache_write_1h_tokens: for_an_hour(shared),
                        output_tokens: whole(output * LONG),
                        ..AnswerUsage::default()
                    },
                    batched,
                );
            }
        }
    }
    sum.requests = (plan.sessions.len() * plan.classifiers.len()) as u64 * u64::from(repeats);
    sum.answered = sum.requests.saturating_sub(sum.to_ask);
    sum.cost = price.map(|_| (low, high));
    Ok(sum)
}

/// What earlier answers of the same model to requests of this plan were charged.
#[derive(Default)]
struct Measured {
    exchanges: u64,
    bytes: u64,
    input_tokens: u64,
    output_tokens: u64,
}

impl Measured {
    fn of(plan: &Plan, store: &Store, spec: &str, repeats: u32) -> Result<Self, StoreError> {
        let mut measured = Self::default();
        let shared = (plan.prompts.system.len() + plan.prompts.wire.text().len()) as u64;
        for repeat in 0..repeats {
            let asker = Asker { spec, repeat };
            let mut seen = std::collections::HashSet::new();
            // Sessions that look the same share a request, which was asked once.
            for planned in plan
                .requests()
                .filter(|planned| seen.insert(planned.request))
            {
                let bytes = shared
                    + plan.sessions[planned.session].view_bytes
                    + plan.classifiers[planned.classifier].text.len() as u64;
                store.charges_for(asker.spec, repeat, [planned.request], |_, charge| {
                    let input = charge.usage.all_input_tokens();
                    if charge.purpose == crate::domain::exchange::Purpose::Ask && input > 0 {
                        measured.exchanges += 1;
                        measured.bytes += bytes;
                        measured.input_tokens += input;
                        measured.output_tokens += charge.usage.output_tokens;
                    }
                })?;
            }
        }
        if measured.exchanges < ENOUGH {
            measured.exchanges = 0;
        }
        Ok(measured)
    }

    fn bytes_per_token(&self) -> f64 {
        if self.exchanges == 0 {
            BYTES_PER_TOKEN
        } else {
            real(self.bytes) / real(self.input_tokens)
        }
    }

    fn output_tokens(&self) -> f64 {
        if self.exchanges == 0 {
            OUTPUT_TOKENS
        } else {
            real(self.output_tokens) / real(self.exchanges)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate needs fewer digits")]
fn real(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of tokens are positive and small"
)]
fn whole(tokens: f64) -> u64 {
    tokens.round() as u64
}
