//! What arrived, what was answered, and what it costs.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::asked::hex;
use super::plan::{ModelPrice, Price};

/// Tokens of one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub input: u64,
    pub write_5m: u64,
    pub write_1h: u64,
    pub read: u64,
    pub output: u64,
}

impl Usage {
    /// All tokens of the prompt.
    pub fn prompt(&self) -> u64 {
        self.input + self.write_5m + self.write_1h + self.read
    }

    /// What it costs in picodollars; in batches half.
    pub fn cost(&self, price: &ModelPrice, batched: bool) -> u128 {
        let price: &Price = match &price.long {
            Some((above, long)) if *above < self.prompt() => long,
            _ => &price.price,
        };
        let parts = [
            (self.input, price.input),
            (self.write_5m, price.cache_write_5m),
            (self.write_1h, price.cache_write_1h),
            (self.read, price.cache_read),
            (self.output, price.output),
        ];
        let whole: u128 = parts
            .iter()
            .map(|&(count, each)| u128::from(count) * u128::from(each))
            .sum();
        if batched { whole / 2 } else { whole }
    }
}

/// Which vendor's shapes were spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Anthropic,
    OpenAi,
}

/// Whether the client got its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Not yet.
    Pending,
    /// All of it was handed to the connection.
    Sent,
    /// A fault cut it, or the client went away before.
    Lost,
}

/// One request to a model and what became of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub dialect: Dialect,
    /// In hexadecimal; a repair shares it with what it repairs.
    pub identity: String,
    pub body_hash: String,
    pub classifier: String,
    pub is_repair: bool,
    /// 1 is the first; repairs are counted apart.
    pub attempt: u32,
    pub arrived: Instant,
    /// When the first byte of the response was handed over.
    pub began: Option<Instant>,
    /// When the last byte was, or when the client had gone.
    pub finished: Option<Instant>,
    /// The place among all finished exchanges, from 0.
    pub finish_order: Option<usize>,
    pub status: u16,
    pub fault: Option<String>,
    pub delivery: Delivery,
    /// There is an answer of the model, and it is billed.
    pub usage: Option<Usage>,
    pub cost: u128,
    pub batched: bool,
}

impl Exchange {
    /// The model answered, and all of it was sent.
    pub fn is_answered(&self) -> bool {
        self.usage.is_some() && self.delivery == Delivery::Sent
    }
}

/// Everything since the start. Counts are of requests to models; other requests (batches, files, models) are `others`.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub exchanges: Vec<Exchange>,
    /// Method and path of each other request, in order.
    pub others: Vec<String>,
    /// Moments that the test noted.
    pub marks: Vec<Instant>,
    attempts: HashMap<(String, bool), u32>,
    /// Silence that was asked for: from when the client could know to its end.
    cooling: Vec<(Dialect, Instant, Instant)>,
    in_flight: usize,
    max_in_flight: usize,
    finished: usize,
    open_connections: usize,
    connections: usize,
}

impl Ledger {
    pub(super) fn arrive(&mut self, mut exchange: Exchange) -> usize {
        let key = (exchange.identity.clone(), exchange.is_repair);
        let attempts = self.attempts.entry(key).or_default();
        *attempts += 1;
        exchange.attempt = *attempts;
        if exchange.delivery == Delivery::Pending {
            self.in_flight += 1;
            self.max_in_flight = self.max_in_flight.max(self.in_flight);
        }
        self.exchanges.push(exchange);
        self.exchanges.len() - 1
    }

    pub(super) fn finish(
        &mut self,
        number: usize,
        delivery: Delivery,
        retry_after: Option<Duration>,
    ) {
        let exchange = &mut self.exchanges[number];
        if exchange.delivery != Delivery::Pending {
            return;
        }
        let now = Instant::now();
        exchange.delivery = delivery;
        exchange.finished = Some(now);
        exchange.finish_order = Some(self.finished);
        self.finished += 1;
        self.in_flight -= 1;
        if let (Some(wait), Delivery::Sent) = (retry_after, delivery) {
            self.cooling.push((exchange.dialect, now, now + wait));
        }
    }

    pub(super) fn connected(&mut self, opened: bool) {
        if opened {
            self.connections += 1;
            self.open_connections += 1;
        } else {
            self.open_connections -= 1;
        }
    }

    pub(super) fn mark(&mut self) {
        self.marks.push(Instant::now());
    }

    /// Requests to models that arrived.
    pub fn arrived(&self) -> usize {
        self.exchanges.len()
    }

    /// Answers of models that were fully sent.
    pub fn answered(&self) -> usize {
        self.exchanges
            .iter()
            .filter(|one| one.is_answered())
            .count()
    }

    /// Requests without the end of a response.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The most that were in flight at one time.
    pub fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    /// Connections that were opened.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.open_connections
    }

    /// Exchanges that the model answered twice or more, as pairs of their places: an answer and the next to the same question.
    /// A repair is not the same question.
    pub fn answered_twice(&self) -> Vec<(usize, usize)> {
        let mut last: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        let mut pairs = Vec::new();
        for (number, one) in self.exchanges.iter().enumerate() {
            if one.is_answered()
                && let Some(before) = last.insert((one.identity.as_str(), one.is_repair), number)
            {
                pairs.push((before, number));
            }
        }
        pairs
    }

    /// Those of [`Ledger::answered_twice`] that no mark explains: none was set between the first one's arrival and `slack`
    /// after its end. The slack is what a client may take to make an answer durable.
    pub fn answered_twice_for_no_reason(&self, slack: Duration) -> Vec<(usize, usize)> {
        let mut pairs = self.answered_twice();
        pairs.retain(|&(first, _)| {
            let first = &self.exchanges[first];
            let end = first.finished.expect("it is answered") + slack;
            !self
                .marks
                .iter()
                .any(|mark| (first.arrived..=end).contains(mark))
        });
        pairs
    }

    /// Requests that arrived while the provider had asked for silence; `grace` after it asked are let pass, because they may
    /// have been on their way.
    pub fn requests_while_cooling_down(&self, grace: Duration) -> Vec<usize> {
        let is_early = |one: &Exchange| {
            self.cooling.iter().any(|(dialect, start, end)| {
                *dialect == one.dialect && *start + grace < one.arrived && one.arrived < *end
            })
        };
        (0..self.exchanges.len())
            .filter(|&number| is_early(&self.exchanges[number]))
            .collect()
    }

    /// The whole bill in picodollars: every answer of a model, received or not.
    pub fn bill(&self) -> u128 {
        self.exchanges.iter().map(|one| one.cost).sum()
    }

    /// The bill of answers that were fully sent: what a client can know of.
    pub fn bill_delivered(&self) -> u128 {
        self.exchanges
            .iter()
            .filter(|one| one.is_answered())
            .map(|one| one.cost)
            .sum()
    }

    /// The bill for each classifier, by the heading of its text.
    pub fn spend(&self) -> BTreeMap<String, u128> {
        let mut spend = BTreeMap::new();
        for one in &self.exchanges {
            *spend.entry(one.classifier.clone()).or_default() += one.cost;
        }
        spend
    }

    /// All tokens of all answers.
    pub fn usage(&self) -> Usage {
        let mut sum = Usage::default();
        for usage in self.exchanges.iter().filter_map(|one| one.usage) {
            sum.input += usage.input;
            sum.write_5m += usage.write_5m;
            sum.write_1h += usage.write_1h;
            sum.read += usage.read;
            sum.output += usage.output;
        }
        sum
    }

    /// Tokens read from the cache of all tokens of prompts, 0 to 1; 0 without any.
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts of tokens are far below 2^52"
    )]
    pub fn cached_share(&self) -> f64 {
        let usage = self.usage();
        usage.read as f64 / usage.prompt().max(1) as f64
    }
}

/// An exchange that begins now.
pub(super) fn exchange(
    dialect: Dialect,
    asked: &super::asked::Asked,
    body: &[u8],
    arrived: Instant,
) -> Exchange {
    Exchange {
        dialect,
        identity: hex(&asked.identity),
        body_hash: hex(&super::asked::hash(&[body])),
        classifier: asked.classifier.clone(),
        is_repair: asked.is_repair,
        attempt: 0,
        arrived,
        began: None,
        finished: None,
        finish_order: None,
        status: 0,
        fault: None,
        delivery: Delivery::Pending,
        usage: None,
        cost: 0,
        batched: false,
    }
}
