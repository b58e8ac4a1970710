//! The file of prices: its form, and what is wrong with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::decimal::Millionths;
use super::{Price, Rates};
use crate::domain::moment::is_day;

/// Why prices cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// The file cannot be read.
    #[error("failed to read `{}`: {source}\n\nhint: give a file of prices, or none: the program carries a table", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It makes no sense.
    #[error("{}:{line}: {message}\n\nhint: a price is a `[[price]]` with `model`, `source` (a day), `input` and `output` in dollars per million tokens; optional are `from` (a day), `cache_read`, `cache_write_5m`, `cache_write_1h`, `batch`, and `[[price.above]]` with `tokens`", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    price: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    model: Spanned<String>,
    from: Option<Spanned<String>>,
    source: Spanned<String>,
    input: Millionths,
    output: Millionths,
    cache_read: Option<Millionths>,
    cache_write_5m: Option<Millionths>,
    cache_write_1h: Option<Millionths>,
    batch: Option<Millionths>,
    #[serde(default)]
    above: Vec<Above>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Above {
    tokens: Spanned<u64>,
    input: Millionths,
    output: Millionths,
    cache_read: Option<Millionths>,
    cache_write_5m: Option<Millionths>,
    cache_write_1h: Option<Millionths>,
}

/// Prices by model, of each the earliest first.
pub(super) fn parse(text: &str, path: &Path) -> Result<BTreeMap<String, Vec<Price>>, PricesError> {
    let wrong = |at: usize, message: String| PricesError::Parse {
        path: path.to_owned(),
        line: 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count(),
        message,
    };
    let file: File = toml::from_str(text).map_err(|error| {
        wrong(
            error.span().map_or(0, |span| span.start),
            error.message().to_owned(),
        )
    })?;
    let mut models: BTreeMap<String, Vec<Price>> = BTreeMap::new();
    for entry in file.price {
        for day in entry.from.iter().chain([&entry.source]) {
            if !is_day(day.get_ref()) {
                return Err(wrong(
                    day.span().start,
                    format!("`{}` is no day such as 2026-11-22", day.get_ref()),
                ));
            }
        }
        for (index, above) in entry.above.iter().enumerate() {
            if index
                .checked_sub(1)
                .is_some_and(|before| above.tokens <= entry.above[before].tokens)
            {
                return Err(wrong(
                    above.tokens.span().start,
                    "`tokens` has to grow from one `[[price.above]]` to the next".to_owned(),
                ));
            }
        }
        let model = entry.model.get_ref().clone();
        let at = entry.model.span().start;
        if model.trim().is_empty() {
            return Err(wrong(at, "`model` is empty".to_owned()));
        }
        let price = entry.price();
        let prices = models.entry(model.clone()).or_default();
        if prices.iter().any(|other| other.from == price.from) {
            let from = price.from.as_deref().unwrap_or("the beginning");
            return Err(wrong(
                at,
                format!("`{model}` has two prices that hold from {from} on"),
            ));
        }
        prices.push(price);
    }
    for prices in models.values_mut() {
        prices.sort_by(|one, other| one.from.cmp(&other.from));
    }
    Ok(models)
}

impl Entry {
    fn price(self) -> Price {
        Price {
            from: self.from.map(Spanned::into_inner),
            source: self.source.into_inner(),
            batch: self.batch.map_or(500_000, |factor| factor.0),
            rates: rates(
                self.input,
                self.output,
                self.cache_read,
                self.cache_write_5m,
                self.cache_write_1h,
            ),
            above: self
                .above
                .into_iter()
                .map(|above| {
                    (
                        above.tokens.into_inner(),
                        rates(
                            above.input,
                            above.output,
                            above.cache_read,
                            above.cache_write_5m,
                            above.cache_write_1h,
                        ),
                    )
                })
                .collect(),
        }
    }
}

fn rates(
    input: Millionths,
    output: Millionths,
    cache_read: Option<Millionths>,
    cache_write_5m: Option<Millionths>,
    cache_write_1h: Option<Millionths>,
) -> Rates {
    Rates {
        input: input.0,
        output: output.0,
        cache_read: cache_read.unwrap_or(input).0,
        cache_write_5m: cache_write_5m.map_or((input.0 * 5).div_ceil(4), |price| price.0),
        cache_write_1h: cache_write_1h.map_or(input.0 * 2, |price| price.0),
    }
}
