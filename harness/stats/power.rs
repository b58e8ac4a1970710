//! How many items: for a test of kappa, for an interval of a given width, for the gate.
//!
//! Every function gives a whole number of items, rounded up. `OutOfRange` stands for settings that no data can have:
//! a kappa that the margins do not allow, a power below alpha, a rate outside (0, 1).

use super::dist::{normal_cdf, normal_critical, normal_quantile};
use super::estimate::Undefined;
use super::linear_program::maximise;

/// The error rates a sample size is planned for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Probability of a false alarm.
    pub alpha: f64,
    /// Probability of finding the alternative where it is true.
    pub power: f64,
    /// Whether alpha is split over two sides.
    pub two_sided: bool,
}

impl Errors {
    /// The normal quantiles of alpha and of power.
    fn quantiles(self) -> Result<(f64, f64), Undefined> {
        let tail = if self.two_sided {
            0.5 * self.alpha
        } else {
            self.alpha
        };
        let inside = |p: f64| p > 0.0 && p < 1.0;
        if inside(tail) && inside(self.power) && self.power > self.alpha {
            Ok((-normal_quantile(tail), normal_quantile(self.power)))
        } else {
            Err(Undefined::OutOfRange)
        }
    }
}

/// Items to tell kappa `k1` from `k0` where two raters say "positive" at rates `rates`.
///
/// N = ((z_a sqrt(Q0) + z_b sqrt(Q1))/(k1 - k0))^2, Q the variance of Fleiss, Cohen and Everitt (1969) times n at the
/// one table that has these rates and that kappa (Cantor 1996; irr::N.cohen.kappa: .5, .5, .7 against .85, one-sided
/// .05, power .8 gives 96).
pub fn kappa_test_items(
    rates: (f64, f64),
    k1: f64,
    k0: f64,
    errors: Errors,
) -> Result<u64, Undefined> {
    two_point(errors, k1, k0, |kappa| {
        Ok(scaled_variance(&binary_table(rates, kappa)?))
    })
}

/// The same for several categories with margins that both raters share, against the worst of the tables which have
/// these margins and that kappa.
///
/// The variance is linear in the table, so the worst one is the solution of a linear program (Flack 1988;
/// irr::N2.cohen.kappa: .7 .2 .1, .7 against .5, one-sided .05, power .8 gives 118).
pub fn kappa_test_items_of_categories(
    margins: &[f64],
    k1: f64,
    k0: f64,
    errors: Errors,
) -> Result<u64, Undefined> {
    let total: f64 = margins.iter().sum();
    if margins.len() < 2 || !margins.iter().all(|p| *p > 0.0) || (total - 1.0).abs() > 1e-6 {
        return Err(Undefined::OutOfRange);
    }
    let margins: Vec<f64> = margins.iter().map(|p| p / total).collect();
    two_point(errors, k1, k0, |kappa| largest_variance(&margins, kappa))
}

/// Items for the goodness-of-fit test of Donner and Eliasziw: `k1` against `k0` at a common `prevalence`, two-sided.
///
/// pi = ((1-p)^2 + r, 2p(1-p) - 2r, p^2 + r), r = k p(1-p); N = lambda/sum (pi(k1) - pi(k0))^2/pi(k0), lambda the
/// noncentrality at which chi-squared with one degree of freedom has the power (7.849 at .05 and .8). Donner and
/// Eliasziw 1992 (.4 against .6 at p = .3: 191).
pub fn goodness_of_fit_items(
    prevalence: f64,
    k1: f64,
    k0: f64,
    alpha: f64,
    power: f64,
) -> Result<u64, Undefined> {
    Errors {
        alpha,
        power,
        two_sided: true,
    }
    .quantiles()?;
    let distance = fit_distance(prevalence, k1, k0)?;
    whole(noncentrality(alpha, power) / distance)
}

/// Items for which the goodness-of-fit interval around an expected `kappa` does not reach beyond `low` and, where
/// given, `high`; one-sided error `alpha` at each end.
///
/// N = chi2(1 - alpha; 1)/sum (pi(k) - pi(end))^2/pi(end), the larger of the two ends (Donner and Eliasziw 1992;
/// kappaSize::CIBinary: .4 above .3 at p = .3, .05 gives 397).
pub fn goodness_of_fit_interval_items(
    prevalence: f64,
    kappa: f64,
    low: f64,
    high: Option<f64>,
    alpha: f64,
) -> Result<u64, Undefined> {
    if !(alpha > 0.0 && alpha < 1.0 && low < kappa) || high.is_some_and(|high| high <= kappa) {
        return Err(Undefined::OutOfRange);
    }
    let mut distance = fit_distance(prevalence, kappa, low)?;
    if let Some(high) = high {
        distance = distance.min(fit_distance(prevalence, kappa, high)?);
    }
    let quantile = normal_critical(1.0 - alpha);
    whole(quantile * quantile / distance)
}

/// Items for a kappa interval of half width `half_width`: N = (z/h)^2 Q, Q as in [`kappa_test_items`].
pub fn kappa_interval_items(
    rates: (f64, f64),
    kappa: f64,
    half_width: f64,
    confidence: f64,
) -> Result<u64, Undefined> {
    if !(half_width > 0.0 && confidence > 0.0 && confidence < 1.0) {
        return Err(Undefined::OutOfRange);
    }
    let z = normal_critical(confidence) / half_width;
    whole(z * z * scaled_variance(&binary_table(rates, kappa)?))
}

/// Items for the gate to pass a candidate that is truly better by `difference` (negative: worse).
///
/// N = (z_{1-a} + z_{1-b})^2 s^2/(margin + difference)^2, s^2 = n Var(d) from a pilot, one-sided. `OutOfRange` where
/// the difference is at or beyond the margin, which no number of items can pass.
pub fn gate_items(
    unit_variance: f64,
    margin: f64,
    difference: f64,
    alpha: f64,
    power: f64,
) -> Result<u64, Undefined> {
    let (z_alpha, z_beta) = Errors {
        alpha,
        power,
        two_sided: false,
    }
    .quantiles()?;
    let room = margin + difference;
    if !(unit_variance >= 0.0 && unit_variance.is_finite() && room > 0.0) {
        return Err(Undefined::OutOfRange);
    }
    whole(((z_alpha + z_beta) / room).powi(2) * unit_variance)
}

/// Items for the gate on accuracy, where a share `discordant` of items is right for one prompt only.
///
/// s^2 = discordant - difference^2 (10 % discordant, margin .02, no difference, .05, .8: 1,546).
pub fn accuracy_gate_items(
    discordant: f64,
    margin: f64,
    difference: f64,
    alpha: f64,
    power: f64,
) -> Result<u64, Undefined> {
    if !(0.0..=1.0).contains(&discordant) || difference.abs() > discordant {
        return Err(Undefined::OutOfRange);
    }
    gate_items(
        discordant - difference * difference,
        margin,
        difference,
        alpha,
        power,
    )
}

/// Users for as much information as `items` independent items, with `items_per_user` items each.
///
/// The design effect is 1 + (m - 1) rho, rho the correlation of two items of one user; users = items deff/m (Kish 1965).
pub fn users_for_items(
    items: u64,
    items_per_user: f64,
    correlation: f64,
) -> Result<u64, Undefined> {
    let design_effect = 1.0 + (items_per_user - 1.0) * correlation;
    if !(items_per_user >= 1.0 && (-1.0..=1.0).contains(&correlation) && design_effect > 0.0) {
        return Err(Undefined::OutOfRange);
    }
    whole(items as f64 * design_effect / items_per_user)
}

/// N at which two normal distributions with different spread are told apart.
fn two_point(
    errors: Errors,
    k1: f64,
    k0: f64,
    variance: impl Fn(f64) -> Result<f64, Undefined>,
) -> Result<u64, Undefined> {
    let (z_alpha, z_beta) = errors.quantiles()?;
    let spread = z_alpha * variance(k0)?.sqrt() + z_beta * variance(k1)?.sqrt();
    whole((spread / (k1 - k0)).powi(2))
}

/// Rounded up, with a little room for rounding errors; refuses what is no number of items.
fn whole(items: f64) -> Result<u64, Undefined> {
    if items.is_finite() && items < 1e15 {
        Ok((items - 1e-9).ceil().max(1.0) as u64)
    } else {
        Err(Undefined::OutOfRange)
    }
}

/// The 2 x 2 table with given rates and kappa.
fn binary_table(rates: (f64, f64), kappa: f64) -> Result<Vec<Vec<f64>>, Undefined> {
    let (a, b) = rates;
    if !(a > 0.0 && a < 1.0 && b > 0.0 && b < 1.0) {
        return Err(Undefined::OutOfRange);
    }
    let by_chance = a * b + (1.0 - a) * (1.0 - b);
    let agreement = by_chance + kappa * (1.0 - by_chance);
    let both = 0.5 * (agreement + a + b - 1.0);
    let table = [both, a - both, b - both, 1.0 - a - b + both];
    if !table.iter().all(|p| *p >= -1e-12) {
        return Err(Undefined::OutOfRange);
    }
    let p = table.map(|p| p.max(0.0));
    Ok(vec![vec![p[0], p[1]], vec![p[2], p[3]]])
}

/// n times the variance of kappa at a table of probabilities (Fleiss, Cohen and Everitt 1969, eq. 13).
fn scaled_variance(table: &[Vec<f64>]) -> f64 {
    let q = table.len();
    let rows: Vec<f64> = table.iter().map(|row| row.iter().sum()).collect();
    let columns: Vec<f64> = (0..q)
        .map(|j| table.iter().map(|row| row[j]).sum())
        .collect();
    let agreement: f64 = (0..q).map(|i| table[i][i]).sum();
    let by_chance: f64 = rows.iter().zip(&columns).map(|(a, b)| a * b).sum();
    let kappa = (agreement - by_chance) / (1.0 - by_chance);
    let squares: f64 = (0..q)
        .flat_map(|i| (0..q).map(move |j| (i, j)))
        .map(|(i, j)| table[i][j] * cell_weight(i == j, columns[i] + rows[j], kappa))
        .sum();
    variance_of(squares, kappa, by_chance)
}

fn cell_weight(diagonal: bool, margins: f64, kappa: f64) -> f64 {
    (f64::from(u8::from(diagonal)) - (1.0 - kappa) * margins).powi(2)
}

fn variance_of(squares: f64, kappa: f64, by_chance: f64) -> f64 {
    let mean = kappa - by_chance * (1.0 - kappa);
    ((squares - mean * mean) / (1.0 - by_chance).powi(2)).max(0.0)
}

/// The largest [`scaled_variance`] over tables with these margins for both raters and this kappa.
fn largest_variance(margins: &[f64], kappa: f64) -> Result<f64, Undefined> {
    let q = margins.len();
    let by_chance: f64 = margins.iter().map(|p| p * p).sum();
    let agreement = by_chance + kappa * (1.0 - by_chance);
    let cells = || (0..q).flat_map(|i| (0..q).map(move |j| (i, j)));
    let objective: Vec<f64> = cells()
        .map(|(i, j)| cell_weight(i == j, margins[i] + margins[j], kappa))
        .collect();
    let mut constraints: Vec<(Vec<f64>, f64)> = Vec::new();
    let indicator = |inside: &dyn Fn((usize, usize)) -> bool| -> Vec<f64> {
        cells()
            .map(|cell| f64::from(u8::from(inside(cell))))
            .collect()
    };
    for (k, margin) in margins.iter().enumerate() {
        constraints.push((indicator(&|(i, _)| i == k), *margin));
        // The last column follows from the rest.
        if k + 1 < q {
            constraints.push((indicator(&|(_, j)| j == k), *margin));
        }
    }
    constraints.push((indicator(&|(i, j)| i == j), agreement));
    let squares = maximise(&objective, &constraints).ok_or(Undefined::OutOfRange)?;
    Ok(variance_of(squares, kappa, by_chance))
}

/// sum (pi(k1) - pi(k0))^2/pi(k0) for the numbers of positive ratings of an item by two raters.
fn fit_distance(prevalence: f64, k1: f64, k0: f64) -> Result<f64, Undefined> {
    if !(prevalence > 0.0 && prevalence < 1.0) {
        return Err(Undefined::OutOfRange);
    }
    let spread = prevalence * (1.0 - prevalence);
    let shares = |kappa: f64| {
        let r = kappa * spread;
        [
            (1.0 - prevalence).powi(2) + r,
            2.0 * spread - 2.0 * r,
            prevalence.powi(2) + r,
        ]
    };
    let (alternative, null) = (shares(k1), shares(k0));
    if !null.iter().all(|p| *p > 0.0) || !alternative.iter().all(|p| *p >= 0.0) {
        return Err(Undefined::OutOfRange);
    }
    Ok(alternative
        .iter()
        .zip(&null)
        .map(|(p, q)| (p - q).powi(2) / q)
        .sum())
}

/// The noncentrality at which the two-sided test of level alpha has the power: bisection on its square root.
fn noncentrality(alpha: f64, power: f64) -> f64 {
    let z = normal_critical(1.0 - alpha);
    let (mut low, mut high) = (0.0, z + normal_quantile(power).max(0.0) + 1.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if normal_cdf(middle - z) + normal_cdf(-middle - z) < power {
            low = middle;
        } else {
            high = middle;
        }
    }
    high * high
}
