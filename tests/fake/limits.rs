//! Rate limits that hold: token buckets, and the headers that tell how full they are.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a provider allows in a window of time; buckets fill evenly.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits {
    pub requests: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// In which a bucket fills from empty: a minute at the vendors.
    pub window: Duration,
}

impl Default for RateLimits {
    /// Limits that no test reaches.
    fn default() -> Self {
        Self {
            requests: 100_000_000,
            input_tokens: 1_000_000_000_000,
            output_tokens: 1_000_000_000_000,
            window: Duration::from_secs(60),
        }
    }
}

impl RateLimits {
    pub fn rpm(requests: u64) -> Self {
        Self {
            requests,
            ..Self::default()
        }
    }

    pub fn itpm(mut self, input_tokens: u64) -> Self {
        self.input_tokens = input_tokens;
        self
    }

    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }
}

/// A bucket of requests or tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    limit: f64,
    level: f64,
    at: Instant,
    window: f64,
}

impl Bucket {
    #[allow(clippy::cast_precision_loss, reason = "limits are far below 2^52")]
    fn new(limit: u64, window: Duration) -> Self {
        Self {
            limit: limit as f64,
            level: limit as f64,
            at: Instant::now(),
            window: window.as_secs_f64(),
        }
    }

    fn fill(&mut self) {
        let now = Instant::now();
        let grown = now.duration_since(self.at).as_secs_f64() * self.limit / self.window;
        self.level = (self.level + grown).min(self.limit);
        self.at = now;
    }

    /// Until the bucket holds so much.
    fn until(&self, level: f64) -> Duration {
        Duration::from_secs_f64(
            ((level.min(self.limit) - self.level) * self.window / self.limit).max(0.0),
        )
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "levels are small and not negative here"
    )]
    fn remaining(&self) -> u64 {
        self.level.max(0.0) as u64
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "limits were integers"
    )]
    fn limit(&self) -> u64 {
        self.limit as u64
    }
}

/// The buckets of one provider.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buckets {
    requests: Bucket,
    input: Bucket,
    output: Bucket,
}

impl Buckets {
    pub(super) fn new(limits: &RateLimits) -> Self {
        Self {
            requests: Bucket::new(limits.requests, limits.window),
            input: Bucket::new(limits.input_tokens, limits.window),
            output: Bucket::new(limits.output_tokens, limits.window),
        }
    }

    /// Takes one request with so many input tokens that are not read from the cache, or says how long to wait.
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts of tokens are far below 2^52"
    )]
    pub(super) fn take(&mut self, input: u64) -> Result<(), Duration> {
        for bucket in [&mut self.requests, &mut self.input, &mut self.output] {
            bucket.fill();
        }
        let wait = self
            .requests
            .until(1.0)
            .max(self.input.until(input as f64))
            .max(self.output.until(1.0));
        if !wait.is_zero() {
            return Err(wait);
        }
        self.requests.level -= 1.0;
        self.input.level -= input as f64;
        Ok(())
    }

    /// Output is taken when it is known.
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts of tokens are far below 2^52"
    )]
    pub(super) fn take_output(&mut self, output: u64) {
        self.output.level -= output as f64;
    }

    /// Headers as Anthropic sends them: moments, and tokens rounded to thousands.
    pub(super) fn anthropic(&self) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        let mut put = |name: &str, bucket: &Bucket, step: u64| {
            let remaining = (bucket.remaining() + step / 2) / step * step;
            let start = format!("anthropic-ratelimit-{name}");
            headers.push((format!("{start}-limit"), bucket.limit().to_string()));
            headers.push((format!("{start}-remaining"), remaining.to_string()));
            headers.push((
                format!("{start}-reset"),
                moment(SystemTime::now() + bucket.until(bucket.limit)),
            ));
        };
        put("requests", &self.requests, 1);
        put("input-tokens", &self.input, 1_000);
        put("output-tokens", &self.output, 1_000);
        // The most restrictive of both.
        let share = |bucket: &Bucket| bucket.level / bucket.limit;
        let tokens = if share(&self.output) < share(&self.input) {
            &self.output
        } else {
            &self.input
        };
        put("tokens", tokens, 1_000);
        headers
    }

    /// Headers as OpenAI sends them: durations such as `6m0s` and `120ms`.
    pub(super) fn openai(&self) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for (name, bucket) in [("requests", &self.requests), ("tokens", &self.input)] {
            headers.push((
                format!("x-ratelimit-limit-{name}"),
                bucket.limit().to_string(),
            ));
            headers.push((
                format!("x-ratelimit-remaining-{name}"),
                bucket.remaining().to_string(),
            ));
            headers.push((
                format!("x-ratelimit-reset-{name}"),
                duration(bucket.until(bucket.limit)),
            ));
        }
        headers
    }
}

fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        1..60 => format!("{seconds}s"),
        _ => format!("{}m{}s", seconds / 60, seconds % 60),
    }
}

/// A moment in RFC 3339, in UTC.
pub(super) fn moment(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Civil date from days since 1970-01-01, with years that begin in March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}
