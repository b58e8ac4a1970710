//! The incomplete beta function and its inverse, at any shape.

use std::f64::consts::PI;

/// A number in [0, 1] with its complement, each with its own digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    pub(super) lower: f64,
    pub(super) upper: f64,
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
pub(super) fn incomplete_beta(x: f64, y: f64, a: f64, b: f64) -> Split {
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
pub(super) fn leading_factor(x: f64, y: f64, a: f64, b: f64) -> f64 {
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
pub(super) fn beta_inverse(p: f64, q: f64, a: f64, b: f64) -> Split {
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
