//! Findings in plain words.

use crate::validation::notes::Note;

use super::number::{coefficient, percent};

/// One finding as a sentence or two.
#[must_use]
pub fn sentence(note: &Note) -> String {
    match note {
        Note::ConstantRater { is_candidate, label, n, agreement, ac1 } => {
            let who = if *is_candidate { "the candidate" } else { "the gold" };
            format!(
                "kappa says nothing here: {who} gave `{label}` to all {n} sessions, so agreement by chance equals the \
                 observed agreement of {} and kappa cannot be above 0, however often both are right (the paradox of \
                 one-sided marginals). AC1, which does not take chance from the marginals, is {}.",
                percent(*agreement),
                or_undefined(*ac1)
            )
        }
        Note::Paradox { label, share, agreement, kappa, ac1 } => format!(
            "both agree on {}, yet kappa is {}: `{label}` holds {} of the gold, so most agreement is expected by chance \
             (the kappa paradox). AC1 is {}.",
            percent(*agreement),
            coefficient(*kappa),
            percent(*share),
            or_undefined(*ac1)
        ),
        Note::HardlyDiscriminates { check, expectation, holding, n } => format!(
            "on these sessions the check `{check}` hardly tells a good rater from a poor one: {holding} of {n} \
             {expectation}, so labels given at random would pass too."
        ),
        Note::NothingToCompare { against, raters } => {
            let raters: Vec<&str> = raters.iter().map(String::as_str).collect();
            let others = if raters.is_empty() {
                "nobody has any".to_owned()
            } else {
                format!("raters that have some: {}", crate::domain::nearest::listed_all(&raters))
            };
            format!("`{against}` has no labels for this classifier; {others}.")
        }
        Note::RulesWithoutWords => {
            "`baseline:rules` looked at telemetry only: its rules over words need the transcripts (`--sessions`).".to_owned()
        }
    }
}

fn or_undefined(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), coefficient)
}
