//! Distribution functions and quantiles: the only place that knows where they come from.
//!
//! Plain `f64` in and out. The incomplete gamma function, which gives the normal and chi-squared, and the inverse of the
//! error function come from statrs (its error function itself is good to ten digits only and is not used). The
//! incomplete beta function, on which t, F, beta and binomial rest, is computed here: statrs 0.19 stops its continued fraction after 140 terms and takes
//! its leading factor from a difference of large logarithms, which costs digits from shapes of 10,000 on and is wrong
//! at 1,000,000 (users in a cluster-robust test, sessions in a share), and its inverse panics or loops for very small
//! probabilities. Here the leading factor is built from deviances (Loader 2000), the fraction runs until it has
//! converged, and quantiles are found inside a bracket that always shrinks.
//!
//! Conventions: parameters are positive and finite and arguments are numbers (checked in debug builds); probabilities
//! outside (0, 1) give the end of the support. Tails have functions of their own (`*_sf`), because 1 - cdf loses all
//! digits where p-values live.

use std::f64::consts::{PI, SQRT_2};

use statrs::function::erf::erfc_inv;
use statrs::function::gamma::gamma_ur;

/// Standard normal distribution function, P(Z <= x).
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    normal_sf(-x)
}

/// Upper tail of the standard normal, P(Z > x); keeps its digits far out.
#[must_use]
pub fn normal_sf(x: f64) -> f64 {
    // P(|Z| > |x|) is the upper tail of chi-squared with one degree of freedom at x^2.
    let one_tail = 0.5 * chi2_sf(x * x, 1.0);
    if x >= 0.0 { one_tail } else { 1.0 - one_tail }
}

/// Two-sided p-value of a normal statistic, P(|Z| >= |z|).
#[must_use]
pub fn normal_two_sided(z: f64) -> f64 {
    chi2_sf(z * z, 1.0)
}

/// Quantile of the standard normal; minus infinity at `p <= 0`, infinity at `p >= 1`.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    // Through the lower tail, where p carries all its digits.
    let in_lower_tail = |tail: f64| -SQRT_2 * erfc_inv(2.0 * tail);
    if p <= 0.5 {
        in_lower_tail(p)
    } else {
        -in_lower_tail(1.0 - p)
    }
}

/// The two-sided normal critical value for a confidence level: 1.959963984540054 for 0.95.
#[must_use]
pub fn normal_critical(confidence: f64) -> f64 {
    -normal_quantile(0.5 * (1.0 - confidence))
}

/// Student's t distribution function with `df` degrees of freedom, which need not be whole.
#[must_use]
pub fn t_cdf(t: f64, df: f64) -> f64 {
    if t > 0.0 {
        1.0 - t_sf(t, df)
    } else {
        t_sf(-t, df)
    }
}

/// Upper tail of Student's t, P(T > t).
///
/// For t >= 0 it is I_x(df/2, 1/2)/2 with x = df/(df + t^2).
#[must_use]
pub fn t_sf(t: f64, df: f64) -> f64 {
    debug_assert!(
        df > 0.0 && !t.is_nan(),
        "t needs positive degrees of freedom"
    );
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let square = t * t;
    if square.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let tails = incomplete_beta(df / (df + square), square / (df + square), 0.5 * df, 0.5);
    if t >= 0.0 {
        0.5 * tails.lower
    } else {
        1.0 - 0.5 * tails.lower
    }
}

/// Two-sided p-value of a t statistic, P(|T| >= |t|).
#[must_use]
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    2.0 * t_sf(t.abs(), df)
}

/// From here on quantiles of t come from their expansion about the normal: at 1,000 degrees of freedom its error is below
/// 1e-14, while inverting the beta function loses digits as the shapes grow (5e-9 at a thousand million).
const LARGE_DF: f64 = 1e3;

/// Fisher and Cornish's expansion in 1/df about the normal quantile `z` (Abramowitz and Stegun 26.7.5).
fn t_quantile_expanded(z: f64, df: f64) -> f64 {
    let z2 = z * z;
    let g1 = z * (z2 + 1.0) / 4.0;
    let g2 = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let g3 = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    let g4 = z * ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92_160.0;
    z + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df
}

/// Quantile of Student's t; infinite at the ends.
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if df >= LARGE_DF {
        return t_quantile_expanded(normal_quantile(p), df);
    }
    let tail = p.min(1.0 - p);
    // P(|T| > t) = I_x(df/2, 1/2) at x = df/(df + t^2), so t^2 = df (1 - x)/x.
    let root = beta_inverse(2.0 * tail, 1.0 - 2.0 * tail, 0.5 * df, 0.5);
    let t = (df * root.upper / root.lower).sqrt();
    if p > 0.5 { t } else { -t }
}

/// The two-sided t critical value for a confidence level.
#[must_use]
pub fn t_critical(confidence: f64, df: f64) -> f64 {
    -t_quantile(0.5 * (1.0 - confidence), df)
}

/// Upper tail of chi-squared with `df` degrees of freedom, P(X > x); 1 for `x <= 0`.
#[must_use]
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    debug_assert!(
        df > 0.0 && !x.is_nan(),
        "chi-squared needs positive degrees of freedom"
    );
    if x <= 0.0 {
        1.0
    } else if x.is_infinite() {
        0.0
    } else {
        gamma_ur(0.5 * df, 0.5 * x)
    }
}

/// F distribution function with `d1` and `d2` degrees of freedom.
#[must_use]
pub fn f_cdf(x: f64, d1: f64, d2: f64) -> f64 {
    f_tails(x, d1, d2).lower
}

/// Upper tail of F, P(X > x).
#[must_use]
pub fn f_sf(x: f64, d1: f64, d2: f64) -> f64 {
    f_tails(x, d1, d2).upper
}

fn f_tails(x: f64, d1: f64, d2: f64) -> Split {
    if x <= 0.0 {
        return Split {
            lower: 0.0,
            upper: 1.0,
        };
    }
    if x.is_infinite() {
        return Split {
            lower: 1.0,
            upper: 0.0,
        };
    }
    let scale = d1 * x + d2;
    incomplete_beta(d1 * x / scale, d2 / scale, 0.5 * d1, 0.5 * d2)
}

/// Quantile of F; 0 at `p <= 0`, infinity at `p >= 1`.
#[must_use]
pub fn f_quantile(p: f64, d1: f64, d2: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let root = beta_inverse(p, 1.0 - p, 0.5 * d1, 0.5 * d2);
    d2 * root.lower / (d1 * root.upper)
}

/// Beta distribution function, the regularised incomplete beta function I_x(a, b).
#[must_use]
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    incomplete_beta(x, 1.0 - x, a, b).lower
}

/// Quantile of the beta distribution; 0 at `p <= 0`, 1 at `p >= 1`.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    beta_inverse(p, 1.0 - p, a, b).lower
}

/// Binomial probability of exactly `k` successes in `n`; 0 for `k > n`.
#[must_use]
pub fn binomial_pmf(k: u64, n: u64, p: f64) -> f64 {
    let p = p.clamp(0.0, 1.0);
    if k > n {
        return 0.0;
    }
    let (successes, failures, trials) = (k as f64, (n - k) as f64, n as f64);
    if k == n {
        return p.powf(trials);
    }
    if k == 0 {
        return (trials * (-p).ln_1p()).exp();
    }
    // C(n, k) = n/(k (n - k)) / B(k, n - k).
    leading_factor(p, 1.0 - p, successes, failures) * trials / (successes * failures)
}

/// Binomial distribution function, P(K <= k) = I_{1-p}(n - k, k + 1).
#[must_use]
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    let p = p.clamp(0.0, 1.0);
    incomplete_beta(1.0 - p, p, (n - k) as f64, k as f64 + 1.0).lower
}

/// A number in [0, 1] with its complement, each with its own digits.
#[derive(Debug, Clone, Copy)]
struct Split {
    lower: f64,
    upper: f64,
}

impl Split {
    fn swapped(self) -> Self {
        Self {
            lower: self.upper,
            upper: self.lower,
        }
    }
}

/// I_x(a, b) and its complement, given x and y = 1 - x.
///
/// The continued fraction of DLMF 8.17.22 converges fast below the mean of the distribution and is used there; above,
/// the roles of x and y are exchanged.
fn incomplete_beta(x: f64, y: f64, a: f64, b: f64) -> Split {
    debug_assert!(a > 0.0 && b > 0.0, "beta shapes are positive");
    if x <= 0.0 {
        return Split {
            lower: 0.0,
            upper: 1.0,
        };
    }
    if y <= 0.0 {
        return Split {
            lower: 1.0,
            upper: 0.0,
        };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return incomplete_beta_below_mean(y, x, b, a).swapped();
    }
    incomplete_beta_below_mean(x, y, a, b)
}

fn incomplete_beta_below_mean(x: f64, y: f64, a: f64, b: f64) -> Split {
    let lower = (leading_factor(x, y, a, b) * beta_fraction(x, a, b) / a).clamp(0.0, 1.0);
    Split {
        lower,
        upper: 1.0 - lower,
    }
}

/// 1/(1 + d1/(1 + d2/(1 + ...))), evaluated from the front by the modified Lentz method.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    // The number of terms grows as the square root of the larger shape; this is far beyond any use.
    const MOST_TERMS: u32 = 1_000_000;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut numerator = 1.0_f64;
    let mut denominator = 0.0_f64;
    let mut fraction = 1.0_f64;
    for k in 1..MOST_TERMS {
        let m = f64::from(k / 2);
        let partial = if k % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        denominator = 1.0 / away_from_zero(1.0 + partial * denominator);
        numerator = away_from_zero(1.0 + partial / numerator);
        let change = numerator * denominator;
        fraction *= change;
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    1.0 / fraction
}

/// x^a y^b / B(a, b) for x + y = 1, to full relative accuracy at any shape.
///
/// With Stirling's formula for the three gamma functions the powers collapse to two deviances:
/// sqrt(ab/(2 pi n)) exp(s(n) - s(a) - s(b) - D(a, nx) - D(b, ny)), n = a + b (Loader 2000, eq. 3 to 5).
fn leading_factor(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * y);
    (a * b / (2.0 * PI * n)).sqrt() * exponent.exp()
}

/// ln Gamma(z + 1) - [(z + 1/2) ln z - z + ln(2 pi)/2]: what Stirling's formula leaves out.
fn stirling_error(z: f64) -> f64 {
    const SERIES_FROM: f64 = 10.0;
    let mut z = z;
    let mut error = 0.0;
    while z < SERIES_FROM {
        error += (z + 0.5) * z.recip().ln_1p() - 1.0;
        z += 1.0;
    }
    let w = 1.0 / (z * z);
    let series = 1.0 / 12.0
        - w * (1.0 / 360.0
            - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w * (1.0 / 1188.0 - w * 691.0 / 360_360.0))));
    error + series / z
}

/// x ln(x/m) + m - x, without cancellation where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    let v = (x - m) / (x + m);
    if v.abs() >= 0.1 {
        return x * (x / m).ln() + m - x;
    }
    // ln(x/m) = 2 artanh(v): the first term of the series combines with m - x to (x - m) v.
    let square = v * v;
    let mut power = 2.0 * x * v;
    let mut sum = (x - m) * v;
    for j in 1..60_u32 {
        power *= square;
        let next = sum + power / f64::from(2 * j + 1);
        if (next - sum).abs() <= f64::EPSILON * 0.5 * next.abs() {
            return next;
        }
        sum = next;
    }
    sum
}

/// The x with I_x(a, b) = p, and its complement, given q = 1 - p.
///
/// Solved for whichever of x and 1 - x is below one half, so that both come with full relative accuracy.
fn beta_inverse(p: f64, q: f64, a: f64, b: f64) -> Split {
    if p <= incomplete_beta(0.5, 0.5, a, b).lower {
        beta_root(p, a, b)
    } else {
        beta_root(q, b, a).swapped()
    }
}

/// The root below one half: Newton steps inside a bracket, bisection where a step leaves it or gains too little.
fn beta_root(p: f64, a: f64, b: f64) -> Split {
    const MOST_STEPS: u32 = 400;
    if p <= 0.0 {
        return Split {
            lower: 0.0,
            upper: 1.0,
        };
    }
    let (mut low, mut high) = (0.0_f64, 0.5_f64);
    let mut x = if a < b { a / (a + b) } else { 0.25 };
    let mut last_excess = f64::INFINITY;
    for _ in 0..MOST_STEPS {
        let y = 1.0 - x;
        let excess = incomplete_beta(x, y, a, b).lower - p;
        if excess > 0.0 {
            high = x;
        } else if excess < 0.0 {
            low = x;
        } else {
            break;
        }
        let slope = leading_factor(x, y, a, b) / (x * y);
        let newton = x - excess / slope;
        if (newton - x).abs() <= f64::EPSILON * x {
            break;
        }
        let slow = excess.abs() > 0.5 * last_excess;
        last_excess = excess.abs();
        let next = if newton > low && newton < high && !slow {
            newton
        } else if low > 0.0 {
            // Halve the logarithm: the root may lie many powers of ten down.
            (low * high).sqrt()
        } else {
            high * 1e-3
        };
        let settled =
            (next - x).abs() <= 2.0 * f64::EPSILON * x || high - low <= f64::EPSILON * high;
        x = next;
        if settled || x < f64::MIN_POSITIVE {
            break;
        }
    }
    Split {
        lower: x,
        upper: 1.0 - x,
    }
}
