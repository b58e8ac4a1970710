//! What the figures of a page rest on.

use crate::domain::bill::Bill;
use crate::domain::money::Money;
use crate::domain::rating::RaterKind;

use super::number;

/// Where sessions and labels come from and who is compared, said wherever figures are shown.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Name of the goldset.
    pub goldset: String,
    /// Its title.
    pub title: String,
    /// Whether its sessions were written for the purpose.
    pub synthetic: bool,
    /// Who is validated.
    pub candidate: String,
    /// What stands behind it.
    pub candidate_kind: RaterKind,
    /// Who counts as gold.
    pub against: String,
    /// What stands behind it.
    pub against_kind: RaterKind,
    /// True if the gold is made from the candidate's labels, so that agreement holds by construction.
    pub by_construction: bool,
    /// The reference.
    pub reference: Option<String>,
    /// How recorded answers were obtained, by the spec that names them.
    pub replayed: Vec<Replayed>,
    /// Sessions looked at.
    pub n_sessions: usize,
    /// Their users.
    pub n_users: usize,
    /// Sessions left out, with the reason.
    pub excluded: Vec<(String, String)>,
    /// Where telemetry comes from.
    pub telemetry: TelemetrySource,
    /// The seed.
    pub seed: u64,
}

/// Recorded answers that were replayed.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The spec that names them.
    pub spec: String,
    /// How and when they were obtained.
    pub provenance: Vec<String>,
    /// Requests without an answer.
    pub missing: usize,
    /// Labels that fitted only without regard to capital letters.
    pub folded: u64,
    /// Answers that stood in prose.
    pub from_prose: u64,
    /// Sessions of which the view left something out.
    pub thinned: usize,
    /// What a provider charged for them; `None` where none was asked for them.
    pub bill: Option<Bill>,
}

/// Where telemetry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TelemetrySource {
    /// Read from the transcripts in this run.
    Transcripts {
        /// Sessions whose telemetry came from the goldset's table instead.
        from_table: usize,
        /// Sessions without telemetry.
        without: usize,
    },
    /// The goldset's telemetry.csv.
    Table {
        /// Sessions without telemetry.
        without: usize,
    },
}

impl Basis {
    /// What the figures rest on, in sentences.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let sessions = if self.synthetic {
            "synthetic sessions, written for the purpose"
        } else {
            "real sessions"
        };
        let mut sentences = vec![format!(
            "{} {sessions} of {}; intervals of coefficients count all sessions of a user as one draw, as do those of lifts, trends and contrasts in checks; those of shares, planted instructions and numbers treat sessions as independent.",
            self.n_sessions,
            number::counted(self.n_users as u64, "user")
        )];
        sentences.push(format!(
            "`{}` ({}) against `{}` ({}){}.",
            self.candidate,
            kind(self.candidate_kind),
            self.against,
            kind(self.against_kind),
            if self.replayed.iter().any(|replayed| replayed.bill.is_some()) {
                ""
            } else {
                "; no model was asked in this run"
            },
        ));
        if self.candidate == format!("rater:{}", self.against) {
            sentences.push(
                "The rater is compared with itself: agreement holds by construction.".to_owned(),
            );
        }
        for replayed in &self.replayed {
            sentences.push(replayed.sentence());
        }
        if self.by_construction {
            sentences.push(format!(
                "`{}` is made from the labels of `{}`: agreement between them holds by construction.",
                self.against, self.candidate
            ));
        }
        sentences.push(match self.telemetry {
            TelemetrySource::Transcripts { from_table: 0, without: 0 } => "Telemetry was read from the transcripts.".to_owned(),
            TelemetrySource::Transcripts { from_table, without } => format!(
                "Telemetry was read from the transcripts, for {from_table} sessions from the goldset's table; {without} have none."
            ),
            TelemetrySource::Table { without: 0 } => "Telemetry is the goldset's table.".to_owned(),
            TelemetrySource::Table { without } => format!("Telemetry is the goldset's table; {without} sessions have none."),
        });
        sentences
    }
}

/// A rater's kind in words that leave no doubt.
fn kind(kind: RaterKind) -> &'static str {
    match kind {
        RaterKind::Human => "human",
        RaterKind::Model => "a language model, not human",
        RaterKind::Construction => "fixed by construction",
        RaterKind::Baseline => "a baseline",
    }
}

impl Replayed {
    fn sentence(&self) -> String {
        let how = if self.provenance.is_empty() {
            "no answers".to_owned()
        } else {
            self.provenance.join("; ")
        };
        let what = match self.bill {
            Some(_) => "stands for answers of a language model that were asked for",
            None => "replays recorded answers of a language model",
        };
        let mut sentence = format!("`{}` {what} ({how})", self.spec);
        for (count, what) in [
            (self.missing as u64, "without an answer"),
            (self.folded, "with a label in other capitals"),
            (self.from_prose, "inside prose"),
        ] {
            if count > 0 {
                sentence.push_str(&format!(", {count} {what}"));
            }
        }
        sentence.push_str(&match self.thinned {
            0 => "; every session was shown whole.".to_owned(),
            1 => "; of one session the view left something out.".to_owned(),
            several => format!("; of {several} sessions the view left something out."),
        });
        if let Some(bill) = &self.bill {
            sentence.push(' ');
            sentence.push_str(&charged(bill));
        }
        sentence
    }
}

/// What a provider charged, in a sentence.
fn charged(bill: &Bill) -> String {
    let mut sentence = format!(
        "The provider charged {}",
        number::counted(bill.requests, "request")
    );
    if bill.repairs > 0 {
        sentence.push_str(&format!(
            ", of which {} repaired an answer that could not be read",
            bill.repairs
        ));
    }
    sentence.push_str(&format!(
        ": {} input tokens, {} of them from its cache, and {} output tokens",
        number::integer(bill.usage.all_input_tokens()),
        bill.cached_share()
            .map_or_else(|| "none".to_owned(), number::percent),
        number::integer(bill.usage.output_tokens),
    ));
    match bill.full_cost() {
        Some(cost) => {
            sentence.push_str(&format!("; {} USD", number::dollars(cost.dollars())));
            let saved = number::dollars(
                (Money::from_picodollars(bill.saved_picodollars.unsigned_abs())).dollars(),
            );
            match bill.saved_picodollars {
                0 => {}
                1.. => sentence.push_str(&format!(", and the cache saved {saved} USD")),
                ..0 => sentence.push_str(&format!(
                    ", of which the cache cost {saved} USD more than it saved"
                )),
            }
        }
        None => sentence.push_str("; the model has no price"),
    }
    sentence.push('.');
    sentence
}
