//! Sums, means and variances that do not lose digits.

/// The sum with a running compensation for lost low-order parts (Neumaier 1974).
#[must_use]
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    total + lost
}

/// The arithmetic mean; 0 of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    sum(values.iter().copied()) / values.len() as f64
}

/// The sum of squared deviations from the mean.
#[must_use]
pub fn sum_of_squares(values: &[f64]) -> f64 {
    let centre = mean(values);
    sum(values
        .iter()
        .map(|value| (value - centre) * (value - centre)))
}

/// The sum of products of deviations from the means of two paired samples.
///
/// # Panics
/// Where the slices differ in length.
#[must_use]
pub fn sum_of_products(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "the two samples are paired");
    let (centre_a, centre_b) = (mean(a), mean(b));
    sum(a
        .iter()
        .zip(b)
        .map(|(x, y)| (x - centre_a) * (y - centre_b)))
}

/// The median: the middle value, or the mean of the two middle ones; `None` of nothing. Values must be numbers.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(0.5 * (sorted[middle - 1] + sorted[middle])),
    }
}

/// True where every value equals the first, decided on the values themselves and not on a rounded variance.
#[must_use]
#[allow(clippy::float_cmp)]
pub fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|value| *value == values[0])
}

/// The type-7 quantile: linear between order statistics, h = (n - 1) p; `None` of nothing. Values must be numbers.
#[must_use]
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    (!sorted.is_empty()).then(|| super::draw::quantile(&sorted, p))
}

/// The geometric mean of the values above zero, and how many are not above it; `None` without a value above zero.
#[must_use]
pub fn geometric_mean(values: &[f64]) -> (Option<f64>, usize) {
    let logs: Vec<f64> = values
        .iter()
        .filter(|value| 0.0 < **value)
        .map(|value| value.ln())
        .collect();
    let left_out = values.len() - logs.len();
    ((!logs.is_empty()).then(|| mean(&logs).exp()), left_out)
}
