//! What an answer costs, to the picodollar.
//!
//! Prices are data (`prices.toml`), each with the day from which it holds and the day of its source. A model without a price
//! has none, which is not a price of nothing: a server of one's own costs something, only not here.

mod decimal;
mod file;

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::path::Path;

pub use self::file::PricesError;
use crate::domain::answer::AnswerUsage;
use crate::domain::moment::is_day;
use crate::domain::money::Money;

/// The table of the program.
const EMBEDDED: &str = include_str!("prices.toml");

/// Millionths in one, of a factor.
const MILLION: u128 = 1_000_000;

/// All prices that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// By model; of each the earliest first.
    models: BTreeMap<String, Vec<Price>>,
}

/// What a model costs, from some day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    from: Option<String>,
    source: String,
    /// What a batch costs of it, in millionths.
    batch: u128,
    /// For the shortest prompts.
    rates: Rates,
    /// For prompts of more tokens than these; ascending.
    above: Vec<(u64, Rates)>,
}

/// Picodollars for one token of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rates {
    input: u128,
    output: u128,
    cache_read: u128,
    cache_write_5m: u128,
    cache_write_1h: u128,
}

/// What the cache saved, in whole picodollars; below 0 where writing to it cost more than reading from it saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Saving(i128);

impl Prices {
    /// The prices that the program carries.
    ///
    /// # Panics
    /// Never: the table is part of the program, and a test reads it.
    #[must_use]
    pub fn embedded() -> Self {
        Self {
            models: file::parse(EMBEDDED, Path::new("prices.toml"))
                .expect("the table is part of the program and tested"),
        }
    }

    /// The prices of a file, laid over those of the program: for a model that the file names, its prices alone hold.
    ///
    /// # Errors
    /// Where the file cannot be read or makes no sense; with line, cause and what to do.
    pub fn read(path: &Path) -> Result<Self, PricesError> {
        let text = std::fs::read_to_string(path).map_err(|source| PricesError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut prices = Self::embedded();
        prices.models.extend(file::parse(&text, path)?);
        Ok(prices)
    }

    /// What a model costs on a day (`YYYY-MM-DD`; of a longer text the beginning): the price of that name, else of the name
    /// without the day at its end. `None` where the table says nothing, also where all its prices are of later days.
    #[must_use]
    pub fn price(&self, model: &str, day: &str) -> Option<&Price> {
        let day = day.get(..10).filter(|day| is_day(day))?;
        self.models
            .get(model)
            .or_else(|| self.models.get(without_day(model)?))?
            .iter()
            .rfind(|price| price.from.as_deref().is_none_or(|from| from <= day))
    }
}

/// The name of a model without `-20261007` or `-2026-10-07` at its end.
fn without_day(model: &str) -> Option<&str> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((name, day)) = model.rsplit_once('-')
        && day.len() == 8
        && is_digits(day)
    {
        return Some(name);
    }
    let at = model.len().checked_sub("-2026-10-07".len())?;
    let day = model.get(at..)?.strip_prefix('-')?;
    is_day(day).then(|| &model[..at])
}

impl Price {
    /// The first day on which it holds, `YYYY-MM-DD`; `None` where it always held as far as is known.
    #[must_use]
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// The day of the source, `YYYY-MM-DD`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What an answer costs. Exact, unless a price has so many decimals that a picodollar has to be split: then rounded up.
    #[must_use]
    pub fn cost(&self, usage: &AnswerUsage, batched: bool) -> Money {
        let rates = self.rates(usage);
        let (short, long) = written(usage);
        let whole = [
            (usage.input_tokens, rates.input),
            (usage.output_tokens, rates.output),
            (usage.cache_read_tokens, rates.cache_read),
            (short, rates.cache_write_5m),
            (long, rates.cache_write_1h),
        ]
        .into_iter()
        .fold(0_u128, |sum, (tokens, rate)| {
            sum.saturating_add(u128::from(tokens).saturating_mul(rate))
        });
        Money::from_picodollars(self.billed(whole, batched))
    }

    /// What reading from the cache saved, less what writing to it cost beyond plain input.
    #[must_use]
    pub fn saved_by_cache(&self, usage: &AnswerUsage, batched: bool) -> Saving {
        let rates = self.rates(usage);
        let (short, long) = written(usage);
        let cached = [
            (usage.cache_read_tokens, rates.cache_read),
            (short, rates.cache_write_5m),
            (long, rates.cache_write_1h),
        ];
        let sum = |rate_of: &dyn Fn(u128) -> u128| {
            cached.iter().fold(0_u128, |sum, (tokens, rate)| {
                sum.saturating_add(u128::from(*tokens).saturating_mul(rate_of(*rate)))
            })
        };
        let plain = self.billed(sum(&|_| rates.input), batched);
        let actual = self.billed(sum(&|rate| rate), batched);
        Saving(signed(plain).saturating_sub(signed(actual)))
    }

    fn billed(&self, whole: u128, batched: bool) -> u128 {
        if batched {
            whole.saturating_mul(self.batch).div_ceil(MILLION)
        } else {
            whole
        }
    }

    /// The prices for a prompt of this length; cached tokens count to it.
    fn rates(&self, usage: &AnswerUsage) -> &Rates {
        let length = usage.all_input_tokens();
        self.above
            .iter()
            .rfind(|(tokens, _)| *tokens < length)
            .map_or(&self.rates, |(_, rates)| rates)
    }
}

/// Tokens written to the cache for five minutes and for an hour.
fn written(usage: &AnswerUsage) -> (u64, u64) {
    let long = usage.cache_write_1h_tokens.min(usage.cache_write_tokens);
    (usage.cache_write_tokens - long, long)
}

fn signed(picodollars: u128) -> i128 {
    i128::try_from(picodollars).unwrap_or(i128::MAX)
}

impl Saving {
    /// In picodollars.
    #[must_use]
    pub fn picodollars(self) -> i128 {
        self.0
    }

    /// In dollars, for people and for JSON.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a bill has fewer than sixteen digits that anyone reads"
    )]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e12
    }
}

impl Add for Saving {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Saving {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Saving {
    fn sum<I: Iterator<Item = Self>>(savings: I) -> Self {
        savings.fold(Self::default(), Add::add)
    }
}
