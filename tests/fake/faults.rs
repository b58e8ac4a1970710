//! What goes wrong: by rules, or by a seed that decides for each request and attempt.

use std::time::Duration;

use super::asked::{Asked, hash, number};

/// Something that goes wrong with one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// An error with this status; `retry_after` as the header's text, `code` as the error's code.
    Status {
        status: u16,
        retry_after: Option<String>,
        code: Option<String>,
    },
    /// Status 200 and an error in the body.
    ErrorUnderOk,
    /// A page of HTML under this status, as proxies send.
    Html(u16),
    /// The first half of the body, then the connection ends; the answer is billed.
    Truncated,
    /// The body in pieces of so many bytes, with a pause after each.
    Drip { bytes: usize, pause: Duration },
    /// So much longer until the headers.
    Delay(Duration),
    /// The connection is reset without a response; nothing is billed.
    Reset,
    /// An answer without content.
    Empty,
    /// The model refuses.
    Refusal,
    /// The answer stops in the middle, as if it had been too long.
    MaxTokens,
    /// Prose in place of JSON; `again`: also to the repair.
    Prose { again: bool },
    /// A label off the scale; `again`: also to the repair.
    WrongLabel { again: bool },
}

impl Fault {
    /// An error status without a retry-after.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            retry_after: None,
            code: None,
        }
    }

    /// A 429 that asks for so many seconds of silence.
    pub fn rate_limit(seconds: u64) -> Self {
        Self::Status {
            status: 429,
            retry_after: Some(seconds.to_string()),
            code: None,
        }
    }

    /// The monthly cap of a tier: 429 without a retry-after.
    pub fn spend_cap() -> Self {
        Self::Status {
            status: 429,
            retry_after: None,
            code: Some("enforced_spend_limit_reached".to_owned()),
        }
    }
}

/// A fault and the requests that meet it.
#[derive(Debug, Clone)]
pub struct Rule {
    fault: Fault,
    containing: String,
    attempt: Option<u32>,
    times: u32,
}

impl Rule {
    /// Every request meets it.
    pub fn always(fault: Fault) -> Self {
        Self {
            fault,
            containing: String::new(),
            attempt: None,
            times: u32::MAX,
        }
    }

    /// Only this attempt of a request (1 is the first) meets it.
    pub fn on_attempt(mut self, attempt: u32) -> Self {
        self.attempt = Some(attempt);
        self
    }

    /// Only requests with this in their system or first user text meet it.
    pub fn containing(mut self, text: &str) -> Self {
        text.clone_into(&mut self.containing);
        self
    }

    /// After so many times it is over.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

/// Faults of one provider: the first rule that fits, else what the seeds say.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Vec<Rule>,
    seeded: Option<(f64, u64)>,
    answers: Option<(f64, u64)>,
    menu: Vec<Fault>,
    answer_menu: Vec<Fault>,
    /// A request that met so many faults meets no more seeded ones.
    at_most: u32,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        let overloaded = [500, 502, 503, 504, 529, 408, 409].map(Fault::status);
        let mut menu = overloaded.to_vec();
        menu.extend([
            Fault::Status {
                status: 429,
                retry_after: Some("0".to_owned()),
                code: None,
            },
            Fault::status(429),
            Fault::ErrorUnderOk,
            Fault::Html(502),
            Fault::Truncated,
            Fault::Reset,
            Fault::Drip {
                bytes: 64,
                pause: Duration::from_millis(5),
            },
            Fault::Delay(Duration::from_millis(100)),
        ]);
        Self {
            menu,
            answer_menu: vec![
                Fault::Empty,
                Fault::Refusal,
                Fault::MaxTokens,
                Fault::Prose { again: false },
                Fault::Prose { again: true },
                Fault::WrongLabel { again: false },
                Fault::WrongLabel { again: true },
            ],
            at_most: 3,
            ..Self::default()
        }
    }

    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Faults of transport at this rate of all attempts, none after a request's third.
    pub fn seeded(mut self, rate: f64, seed: u64) -> Self {
        self.seeded = Some((rate, seed));
        self
    }

    /// Faulty answers at this rate of all requests; which ones depends on the request alone, so that they stay the same when a
    /// run is disturbed.
    pub fn seeded_answers(mut self, rate: f64, seed: u64) -> Self {
        self.answers = Some((rate, seed));
        self
    }

    /// Replaces the faults that [`Faults::seeded`] draws from.
    pub fn menu(mut self, menu: &[Fault]) -> Self {
        self.menu = menu.to_vec();
        self
    }

    /// The attempt of a request up to which seeded faults may come.
    pub fn at_most(mut self, attempts: u32) -> Self {
        self.at_most = attempts;
        self
    }

    /// What this attempt meets: a fault of transport and a fault of the answer, or either.
    pub(super) fn choose(&mut self, asked: &Asked, attempt: u32) -> (Option<Fault>, Option<Fault>) {
        let rule = self.rules.iter_mut().find(|rule| {
            0 < rule.times
                && rule.attempt.is_none_or(|only| only == attempt)
                && asked.text.contains(&rule.containing)
        });
        if let Some(rule) = rule {
            rule.times -= 1;
            return if is_of_answer(&rule.fault) {
                (None, Some(rule.fault.clone()))
            } else {
                (Some(rule.fault.clone()), None)
            };
        }
        let repair = [u8::from(asked.is_repair)];
        let transport = self.seeded.filter(|_| attempt <= self.at_most);
        let transport = transport.and_then(|(rate, seed)| {
            let parts: [&[u8]; 4] = [
                &seed.to_le_bytes(),
                &asked.identity,
                &repair,
                &attempt.to_le_bytes(),
            ];
            drawn(rate, &hash(&parts), &self.menu)
        });
        let answer = self.answers.and_then(|(rate, seed)| {
            drawn(
                rate,
                &hash(&[&seed.to_le_bytes(), &asked.identity]),
                &self.answer_menu,
            )
        });
        (transport, answer)
    }
}

fn is_of_answer(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Empty
            | Fault::Refusal
            | Fault::MaxTokens
            | Fault::Prose { .. }
            | Fault::WrongLabel { .. }
    )
}

/// A fault of the menu at the given rate, by the halves of a hash.
fn drawn(rate: f64, hash: &[u8; 32], menu: &[Fault]) -> Option<Fault> {
    let per_million = number(hash) % 1_000_000;
    let is_met = f64::from(u32::try_from(per_million).unwrap()) < rate * 1e6;
    let second = u64::from_le_bytes(hash[8..16].try_into().unwrap());
    let at = second.checked_rem(u64::try_from(menu.len()).unwrap())?;
    is_met.then(|| menu[usize::try_from(at).unwrap()].clone())
}
