//! Decimals of a file, exact: a price that went through binary fractions is no price.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Digits after the point that are kept.
const DECIMALS: usize = 6;

/// The largest number before the point.
const LARGEST: u64 = 1_000_000;

/// A number from 0 to a million with at most six decimals, in millionths. Of dollars per million tokens, these are
/// picodollars per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Millionths(pub(super) u128);

impl Millionths {
    /// Reads `0.10`, `.5`, `3`.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        if DECIMALS < fraction.len() {
            return None;
        }
        let whole: u64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let fraction: u64 = format!("{fraction:0<DECIMALS$}").parse().ok()?;
        (whole < LARGEST).then(|| Self(u128::from(whole) * 1_000_000 + u128::from(fraction)))
    }
}

impl<'de> Deserialize<'de> for Millionths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Millionths;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number from 0 to a million with at most six decimals")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Millionths, E> {
                Millionths::parse(text)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Millionths, E> {
                Millionths::parse(&number.to_string())
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Signed(number), &self))
            }

            // The shortest text that reads as this float is the text that was written, as long as that has no more than
            // fifteen digits; longer ones have too many decimals.
            fn visit_f64<E: Error>(self, number: f64) -> Result<Millionths, E> {
                Millionths::parse(&number.to_string())
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(Number)
    }
}
