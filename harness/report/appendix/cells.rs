//! Cells of the appendix: rounded, with an interval, or with the reason why there is no number.

use crate::report::number::{coefficient, percent};
use crate::report::table::Cell;
use crate::stats::estimate::{Interval, Statistic, Undefined};
use crate::stats::proportion::wilson;
use crate::stats::user_bootstrap::share_interval;
use crate::validation::agreement::CONFIDENCE;
use crate::validation::checks::Rate;

/// What stands where a figure is undefined.
pub(super) fn undefined(reason: Undefined) -> Cell {
    Cell::text(format!("undefined: {}", reason.code().replace('_', " ")))
}

/// A coefficient with its interval, cut at -1 and 1.
pub(super) fn kappa(statistic: &Statistic) -> Cell {
    match statistic {
        Err(reason) => undefined(*reason),
        Ok(estimate) => {
            let value = coefficient(estimate.value);
            match estimate.interval {
                _ if estimate.zero_variance => Cell::text(format!("{value} (no spread)")),
                Some(limits) => Cell::estimate(
                    value,
                    coefficient(limits.low.max(-1.0)),
                    coefficient(limits.high.min(1.0)),
                ),
                None => Cell::text(format!("{value} (no interval)")),
            }
        }
    }
}

/// A coefficient alone.
pub(super) fn plain(statistic: &Statistic) -> Cell {
    index(
        statistic
            .as_ref()
            .map(|estimate| estimate.value)
            .map_err(|reason| *reason),
    )
}

/// A plain number, or why there is none.
pub(super) fn index(value: Result<f64, Undefined>) -> Cell {
    value.map_or_else(undefined, |value| Cell::text(coefficient(value)))
}

/// A share with its interval.
pub(super) fn share(statistic: &Statistic) -> Cell {
    match statistic {
        Err(reason) => undefined(*reason),
        Ok(estimate) => with_limits(estimate.value, estimate.interval),
    }
}

/// A share with the limits of its interval, within 0 and 1.
pub(super) fn with_limits(value: f64, limits: Option<Interval>) -> Cell {
    match limits {
        Some(limits) => Cell::estimate(
            percent(value),
            percent(limits.low.max(0.0)),
            percent(limits.high.min(1.0)),
        ),
        None => Cell::text(format!("{} (no interval)", percent(value))),
    }
}

/// A count out of a total with Wilson's interval.
pub(super) fn rate(rate: &Rate) -> Cell {
    match rate.share() {
        None => Cell::text("no sessions"),
        Some(value) => with_limits(value, Some(rate.interval)),
    }
}

/// A share of sessions whose users are one draw each.
pub(super) fn clustered(holds: &[bool], users: &[u32]) -> Cell {
    if holds.is_empty() {
        return Cell::text("no sessions");
    }
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let (holding, n) = (
        holds.iter().filter(|holds| **holds).count() as f64,
        holds.len() as f64,
    );
    let limits = share_interval(holds, users, CONFIDENCE);
    match limits {
        Some(limits) => with_limits(holding / n, Some(limits)),
        // One user says nothing about the spread between users; sessions are then all there is.
        None => {
            let limits = wilson(holding, n, CONFIDENCE);
            let shown = with_limits(holding / n, Some(limits)).shown();
            Cell::text(format!("{shown} (one user)"))
        }
    }
}

/// A number in the unit of a measure: one decimal, none from a hundred on.
pub(super) fn measured(value: Option<f64>) -> Cell {
    Cell::text(value.map_or_else(
        || "none".to_owned(),
        |value| {
            if value.abs() < 100.0 {
                format!("{value:.1}")
            } else {
                format!("{value:.0}")
            }
        },
    ))
}
