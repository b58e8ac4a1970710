//! Whether a model says the same when it is asked the same again.
//!
//! Every request was sent N times. TARa@N is the share of sessions on which all N answers give the same label ("total agreement
//! rate" of parsed answers; Atil et al. 2024, "Non-Determinism of 'Deterministic' LLM Settings", section 3). Pairwise agreement
//! is the mean share of equal labels over all pairs of answers to the same request. A failure is equal to the same failure
//! only: a model that refuses now and then is not reliable.

use crate::domain::rating::Outcome;

use super::checks::Rate;

/// How far answers to the same requests agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// How often each request was answered.
    pub repeats: u32,
    /// Sessions with all answers.
    pub n: u64,
    /// Sessions that lack at least one of them.
    pub incomplete: u64,
    /// Sessions on which all answers are the same (TARa@N), with a Wilson interval.
    pub all_same: Rate,
    /// Mean share of equal pairs, 0 to 1; `None` without sessions.
    pub pairwise: Option<f64>,
    /// Sessions whose answers differ, in order.
    pub differing: Vec<String>,
}

/// Compares repeats: for each, the outcomes in the order of `sessions`. `None` for fewer than two.
#[must_use]
pub fn reliability(sessions: &[&str], repeats: &[Vec<Outcome>]) -> Option<Reliability> {
    if repeats.len() < 2 {
        return None;
    }
    let (mut n, mut same, mut equal_pairs, mut pairs) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut differing = Vec::new();
    for (at, session) in sessions.iter().enumerate() {
        let answers: Vec<&Outcome> = repeats.iter().map(|repeat| &repeat[at]).collect();
        if answers.iter().any(|answer| **answer == Outcome::Missing) {
            continue;
        }
        n += 1;
        let mut all = true;
        for (first, one) in answers.iter().enumerate() {
            for other in &answers[first + 1..] {
                pairs += 1;
                equal_pairs += u64::from(one == other);
                all &= one == other;
            }
        }
        if all {
            same += 1;
        } else {
            differing.push((*session).to_owned());
        }
    }
    Some(Reliability {
        repeats: u32::try_from(repeats.len()).unwrap_or(u32::MAX),
        n,
        incomplete: sessions.len() as u64 - n,
        all_same: Rate::of(same, n),
        pairwise: (pairs > 0).then(|| share(equal_pairs, pairs)),
        differing,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share needs no more digits than a double has"
)]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::label::Label;

    fn said(codes: &[Option<u16>]) -> Vec<Outcome> {
        codes
            .iter()
            .map(|code| {
                code.map_or(Outcome::Missing, |code| {
                    Outcome::Parsed(Label::Category(code))
                })
            })
            .collect()
    }

    #[test]
    fn three_answers_that_differ_once_have_a_third_of_their_pairs_equal() {
        let repeats = [
            said(&[Some(0), Some(1), None]),
            said(&[Some(0), Some(1), Some(2)]),
            said(&[Some(0), Some(0), Some(2)]),
        ];
        let found = reliability(&["a", "b", "c"], &repeats).unwrap();
        assert_eq!((found.repeats, found.n, found.incomplete), (3, 2, 1));
        // Of session a three pairs of three are equal, of session b one of three.
        assert!((found.pairwise.unwrap() - 4.0 / 6.0).abs() < 1e-15);
        assert_eq!(found.all_same.holding, 1);
        assert_eq!(found.differing, ["b"]);
    }

    #[test]
    fn one_answer_says_nothing_about_reliability() {
        assert_eq!(reliability(&["a"], &[said(&[Some(0)])]), None);
    }
}
