//! How far apart two categories are: the difference functions of Krippendorff's alpha.

use super::estimate::Undefined;

/// The scale that categories stand on, which decides how far apart two of them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// 1 for different categories.
    Nominal,
    /// (Σ_{g=c..k} n_g − (n_c + n_k)/2)²: how many ratings lie between the two categories.
    Ordinal,
    /// (c − k)².
    Interval,
    /// ((c − k)/(c + k))², 0 if both are zero; for values that are not negative.
    Ratio,
}

impl Metric {
    /// Whether the distances depend on how often each category was used.
    #[must_use]
    pub fn depends_on_margins(self) -> bool {
        self == Self::Ordinal
    }

    /// Checks that the scale's values suit the metric.
    ///
    /// # Errors
    /// `OutOfRange` for a negative value on a ratio scale.
    pub fn check(self, values: &[f64]) -> Result<(), Undefined> {
        if self == Self::Ratio && values.iter().any(|&value| value < 0.0) {
            return Err(Undefined::OutOfRange);
        }
        Ok(())
    }

    /// The distance of two categories: `reach` is how many ratings lie from the middle of the one to the middle of the
    /// other, `c` and `k` are the numbers they stand for; each metric reads what it needs.
    #[must_use]
    pub fn distance(self, reach: f64, c: f64, k: f64) -> f64 {
        match self {
            Self::Nominal => 1.0,
            Self::Ordinal => reach * reach,
            Self::Interval => (c - k) * (c - k),
            Self::Ratio if c + k > 0.0 => ((c - k) / (c + k)).powi(2),
            Self::Ratio => 0.0,
        }
    }

    /// The distance of every pair of categories, row after row.
    ///
    /// `totals` says how often each category was used, `values` what number it stands for; each metric reads what it
    /// needs. The result is symmetric with a zero diagonal.
    #[must_use]
    pub fn distances(self, totals: &[f64], values: &[f64]) -> Vec<f64> {
        let q = totals.len();
        let mut distances = vec![0.0; q * q];
        for c in 0..q {
            let mut between = totals[c] / 2.0;
            for k in c + 1..q {
                // From the middle of category c to the middle of category k, counted in ratings.
                let reach = between + totals[k] / 2.0;
                between += totals[k];
                let distance = self.distance(reach, values[c], values[k]);
                distances[c * q + k] = distance;
                distances[k * q + c] = distance;
            }
        }
        distances
    }
}

/// The numbers 1, 2, … that ordered categories stand for when nobody says otherwise.
#[must_use]
pub fn positions(categories: usize) -> Vec<f64> {
    (1..=categories).map(|position| position as f64).collect()
}
