//! What a figure does not show by itself: findings that the report puts into plain words.

use crate::classifier::check::Claim;
use crate::stats::table::Confusion;

use super::agreement::{Comparison, Figures};
use super::checks::CheckResult;

/// Something a reader has to know beside a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// One rater gave the same label to every session, so kappa is 0 (or undefined) whatever the agreement.
    ConstantRater {
        /// Whether it is the candidate; otherwise the gold.
        is_candidate: bool,
        /// The label.
        label: String,
        /// Sessions compared.
        n: u64,
        /// Share of sessions on which both agree.
        agreement: f64,
        /// Gwet's AC1, where defined.
        ac1: Option<f64>,
    },
    /// Agreement is high and kappa low, because one label holds most of the gold.
    Paradox {
        /// The frequent label.
        label: String,
        /// Its share of the gold.
        share: f64,
        /// Share of sessions on which both agree.
        agreement: f64,
        /// Cohen's kappa.
        kappa: f64,
        /// Gwet's AC1, where defined.
        ac1: Option<f64>,
    },
    /// A check that labels given at random would pass.
    HardlyDiscriminates {
        /// The check.
        check: String,
        /// What the sessions show or are, in words that follow their number.
        expectation: String,
        /// Sessions that show it.
        holding: u64,
        /// Sessions looked at.
        n: u64,
    },
    /// The other rater has no label for this classifier.
    NothingToCompare {
        /// The other rater.
        against: String,
        /// Raters that have some.
        raters: Vec<String>,
    },
    /// The rules look at words, but no transcript was read.
    RulesWithoutWords,
}

/// Agreement above this with a kappa below [`LOW_KAPPA`] is worth a word.
const HIGH_AGREEMENT: f64 = 0.8;
const LOW_KAPPA: f64 = 0.4;

/// What there is to say about one comparison of categories.
#[must_use]
pub fn about(comparison: &Comparison) -> Option<Note> {
    let Figures::Categories { names, figures, .. } = &comparison.agreement else {
        return None;
    };
    let table = &figures.confusion;
    let agreement = figures.percent_agreement.as_ref().ok()?.value;
    let ac1 = figures
        .gwet_ac1
        .as_ref()
        .ok()
        .map(|estimate| estimate.value);
    if let Some((is_candidate, code)) = constant(table) {
        let label = names.get(code)?.clone();
        return Some(Note::ConstantRater {
            is_candidate,
            label,
            n: table.n(),
            agreement,
            ac1,
        });
    }
    let kappa = figures.cohen_kappa.as_ref().ok()?.value;
    let (code, most) = largest(table.rows())?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of sessions stay far below 2^53"
    )]
    let share = most as f64 / table.n() as f64;
    (HIGH_AGREEMENT <= agreement && kappa < LOW_KAPPA).then(|| Note::Paradox {
        label: names.get(code).cloned().unwrap_or_default(),
        share,
        agreement,
        kappa,
        ac1,
    })
}

/// What there is to say about a check.
#[must_use]
pub fn about_check(result: &CheckResult) -> Option<Note> {
    let base = result.base();
    result
        .hardly_discriminates()
        .then(|| Note::HardlyDiscriminates {
            check: result.check.name.clone(),
            expectation: match &result.check.claim {
                Claim::Converse { when, .. } => format!("are {} whatever they show", when.words()),
                claim => format!("show {} whatever their label", claim.expectation()),
            },
            holding: base.holding,
            n: base.n,
        })
}

/// Whether the candidate (or else the gold) used one category only, and which.
fn constant(table: &Confusion) -> Option<(bool, usize)> {
    let only = |margin: &[u64]| {
        let mut used = margin.iter().enumerate().filter(|(_, count)| **count > 0);
        let first = used.next()?;
        used.next().is_none().then_some(first.0)
    };
    if table.n() < 2 {
        return None;
    }
    only(table.columns())
        .map(|code| (true, code))
        .or_else(|| only(table.rows()).map(|code| (false, code)))
}

fn largest(counts: &[u64]) -> Option<(usize, u64)> {
    let most = counts.iter().copied().max()?;
    counts
        .iter()
        .position(|count| *count == most)
        .map(|code| (code, most))
}
