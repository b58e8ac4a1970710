//! How many users stand behind what a row counts, and behind what it leaves out.
//!
//! Where the total is known, a count tells as much of the sessions left out as of its own.

use crate::classifier::check::{kind_word, user_share};
use crate::domain::label::{DecisionKind, Label};
use crate::report::table::Cell;

use super::labels::smallest;
use super::material::{Material, Ratings};

/// Distinct users of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Behind {
    /// Those of the sessions counted: they stand behind its values.
    pub(super) values: usize,
    /// The fewest among those counted and those left out: they stand behind its counts.
    pub(super) counts: usize,
}

impl Behind {
    /// Users of a row that counts `n` sessions, those of which `is_counted` holds. One user where the two do not fit.
    pub(super) fn of(material: &Material, n: u64, is_counted: impl Fn(usize) -> bool) -> Self {
        let (counted, others): (Vec<usize>, Vec<usize>) =
            (0..material.sessions.len()).partition(|at| is_counted(*at));
        if counted.len() as u64 != n {
            return Self {
                values: 1,
                counts: 1,
            };
        }
        let values = material.users_of(counted);
        Self {
            values,
            counts: smallest([values, material.users_of(others)]),
        }
    }

    /// Users of a comparison of two raters on the sessions that both labelled.
    pub(super) fn of_pair(
        material: &Material,
        raters: [Option<&Ratings>; 2],
        measure: Option<&str>,
        n: u64,
    ) -> Self {
        Self::of(material, n, |at| {
            raters
                .iter()
                .all(|rater| rater.is_some_and(|rater| is_compared(rater, measure, at)))
        })
    }

    /// The cells of a row after those that name it, with their users; `counts` are the columns of counts.
    pub(super) fn row(self, mut cells: Vec<Cell>, names: usize, counts: &[usize]) -> Vec<Cell> {
        for (column, cell) in cells.iter_mut().enumerate().skip(names) {
            let users = if counts.contains(&column) {
                self.counts
            } else {
                self.values
            };
            cell.users = (users > 0).then_some(users);
        }
        cells
    }
}

/// Whether a rater gave the session a label, or the share of decisions that is measured.
fn is_compared(rater: &Ratings, measure: Option<&str>, at: usize) -> bool {
    match rater.label(at) {
        None => false,
        Some(Label::Shares(shares)) => [DecisionKind::Planning, DecisionKind::Execution]
            .into_iter()
            .filter(|kind| measure.is_none_or(|measure| measure.starts_with(kind_word(*kind))))
            .all(|kind| user_share(shares, kind).is_some()),
        Some(Label::Category(_) | Label::Number(_)) => true,
    }
}
