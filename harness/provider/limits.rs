//! What a provider's headers say about its limits, whoever the provider is.

use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::domain::moment::Moment;

/// No window is longer than a day: a longer time is noise.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The window of a provider that gives no time: both vendors count by the minute.
const USUAL_WINDOW: Duration = Duration::from_secs(60);

/// One limit: how much a window holds, how much is left of it, and when it is full again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// All of it.
    pub limit: u64,
    /// What is left.
    pub remaining: u64,
    /// Until it is full again; a minute where the provider does not say.
    pub reset: Duration,
}

/// The limits of one response; `None` where the provider said nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests.
    pub requests: Option<Window>,
    /// Input tokens; providers that count input and output together are told here too.
    pub input_tokens: Option<Window>,
    /// Output tokens.
    pub output_tokens: Option<Window>,
}

impl Limits {
    /// Reads `anthropic-ratelimit-*` and `x-ratelimit-*` as they were at `now`.
    #[must_use]
    pub fn of(headers: &HeaderMap, now: Moment) -> Self {
        let anthropic = |what: &str| {
            window(headers, now, |part| {
                format!("anthropic-ratelimit-{what}-{part}")
            })
        };
        let openai = |what: &str| window(headers, now, |part| format!("x-ratelimit-{part}-{what}"));
        Self {
            requests: anthropic("requests").or_else(|| openai("requests")),
            input_tokens: anthropic("input-tokens")
                .or_else(|| anthropic("tokens"))
                .or_else(|| openai("tokens")),
            output_tokens: anthropic("output-tokens"),
        }
    }
}

fn window(headers: &HeaderMap, now: Moment, name: impl Fn(&str) -> String) -> Option<Window> {
    let value = |part: &str| headers.get(name(part))?.to_str().ok().map(str::trim);
    Some(Window {
        limit: amount(value("limit")?)?,
        remaining: amount(value("remaining")?)?,
        reset: value("reset")
            .and_then(|text| until(text, now))
            .unwrap_or(USUAL_WINDOW),
    })
}

/// A count; a negative one, which some gateways send, is nothing.
fn amount(text: &str) -> Option<u64> {
    match text.parse::<i128>().ok()? {
        ..0 => Some(0),
        count => u64::try_from(count).ok(),
    }
}

/// A moment (RFC 3339), a length such as `6m0s`, or plain seconds.
fn until(text: &str, now: Moment) -> Option<Duration> {
    let length = match Moment::parse(text) {
        Some(moment) => Duration::from_millis(u64::try_from(moment.since_ms(now)).unwrap_or(0)),
        None => length(text)?,
    };
    Some(length.min(LONGEST))
}

/// `1h2m3.5s`, `120ms`, `12`.
fn length(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return bounded_seconds(seconds);
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, in_seconds) = [
            ("ms", 0.001),
            ("us", 1e-6),
            ("µs", 1e-6),
            ("ns", 1e-9),
            ("d", 86_400.0),
            ("h", 3_600.0),
            ("m", 60.0),
            ("s", 1.0),
        ]
        .into_iter()
        .find(|(unit, _)| rest.starts_with(unit))?;
        seconds += number * in_seconds;
        rest = &rest[unit.len()..];
    }
    (!text.is_empty())
        .then_some(seconds)
        .and_then(bounded_seconds)
}

fn bounded_seconds(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64())))
}

/// How long a server asks to be left alone: `retry-after-ms`, else `retry-after` in seconds or as an HTTP date.
///
/// At most a day; absent where the time is negative, past or none, because then one's own patience is the better guess.
#[must_use]
pub(super) fn retry_after(headers: &HeaderMap, now: Moment) -> Option<Duration> {
    let value = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = value("retry-after-ms")
        .and_then(|text| text.parse::<f64>().ok())
        .and_then(|milliseconds| bounded_seconds(milliseconds / 1000.0));
    milliseconds.or_else(|| {
        let text = value("retry-after")?;
        if let Ok(seconds) = text.parse::<f64>() {
            return bounded_seconds(seconds);
        }
        let date = jiff::fmt::rfc2822::parse(text).ok()?;
        let ahead = date.timestamp().as_millisecond().saturating_sub(now.0);
        u64::try_from(ahead)
            .ok()
            .filter(|ahead| *ahead > 0)
            .map(|ahead| Duration::from_millis(ahead).min(LONGEST))
    })
}
