//! The few distributions that the statistics need; the only file that knows `statrs`.
//!
//! Every function takes and returns plain numbers. Probabilities outside the open unit interval are a mistake of the
//! caller, not of the data, and panic.

use statrs::distribution::{Beta, ChiSquared, ContinuousCDF, Normal, StudentsT};
use statrs::function::factorial::ln_binomial;

/// Degrees of freedom from which the expansion of [`t_quantile`] around the normal is exact to rounding.
const LARGE_DF: f64 = 1000.0;

/// The standard normal distribution function.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// The quantile of the standard normal distribution, for `p` inside (0, 1).
///
/// # Panics
/// If `p` is not inside (0, 1).
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    assert_probability(p);
    Normal::standard().inverse_cdf(p)
}

/// The quantile of Student's t with `df` degrees of freedom, for `p` inside (0, 1).
///
/// Above a thousand degrees of freedom the incomplete beta function loses digits; there the expansion around the
/// normal quantile (Abramowitz and Stegun 26.7.5) is used, whose error is of the order df^-5.
///
/// # Panics
/// If `p` is not inside (0, 1) or `df` is not positive.
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> f64 {
    assert_probability(p);
    assert!(df > 0.0, "degrees of freedom must be positive, got {df}");
    if df >= LARGE_DF {
        let z = normal_quantile(p);
        let z2 = z * z;
        let g1 = z * (z2 + 1.0) / 4.0;
        let g2 = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
        let g3 = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
        let g4 = z * ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92_160.0;
        return z + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df;
    }
    StudentsT::new(0.0, 1.0, df)
        .expect("df is positive")
        .inverse_cdf(p)
}

/// The upper tail of the chi-squared distribution: the p-value of the statistic `x` on `df` degrees of freedom.
///
/// # Panics
/// If `df` is not positive.
#[must_use]
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    ChiSquared::new(df)
        .expect("degrees of freedom are positive")
        .sf(x)
}

/// The quantile of the beta distribution with shapes `a` and `b`, for `p` inside (0, 1).
///
/// # Panics
/// If `p` is not inside (0, 1) or a shape is not positive.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    assert_probability(p);
    Beta::new(a, b).expect("shapes are positive").inverse_cdf(p)
}

/// The probability of exactly `k` successes in `n` trials of probability one half.
#[must_use]
pub fn fair_binomial_pmf(k: u64, n: u64) -> f64 {
    (ln_binomial(n, k) - n as f64 * std::f64::consts::LN_2).exp()
}

fn assert_probability(p: f64) {
    assert!(
        p > 0.0 && p < 1.0,
        "a probability must lie inside (0, 1), got {p}"
    );
}
