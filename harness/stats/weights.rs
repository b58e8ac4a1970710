//! How much two categories agree: agreement weights for ordered and for unordered scales.
//!
//! A weight of 1 is full agreement, 0 is none. What is stored is the disagreement v, unscaled, with w = 1 − v / scale:
//! for the usual schemes v is a whole number, so sums over a table stay exact and perfect agreement is exactly 1.

use super::table::Confusion;

/// The weighting schemes that need nothing but the order of the categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// w = 1 on the diagonal, else 0: categories without order.
    Identity,
    /// w = 1 − |i−j|/(q−1) (Cicchetti and Allison 1971).
    Linear,
    /// w = 1 − (i−j)²/(q−1)² (Fleiss and Cohen 1973).
    Quadratic,
}

/// Agreement weights of every pair of categories, 1 on the diagonal and within [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    categories: usize,
    /// Known schemes have shortcuts; `None` for weights of one's own.
    scheme: Option<Scheme>,
    disagreement: Vec<f64>,
    scale: f64,
    total: f64,
}

/// Why a matrix cannot serve as weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The matrix has another size than the scale.
    #[error("weights need one row and one column per category")]
    Size,
    /// A disagreement is negative, not finite, or not zero on the diagonal.
    #[error("disagreements must be finite and not negative, and zero on the diagonal")]
    Value,
}

impl Weights {
    /// The weights of a scheme for `categories` ordered categories.
    #[must_use]
    pub fn new(scheme: Scheme, categories: usize) -> Self {
        let disagreement = |i: usize, j: usize| {
            let distance = i.abs_diff(j) as f64;
            match scheme {
                Scheme::Identity => f64::from(i != j),
                Scheme::Linear => distance,
                Scheme::Quadratic => distance * distance,
            }
        };
        // A scale of one category has no distance; any positive number keeps its weight at one.
        let widest = disagreement(0, categories.saturating_sub(1)).max(1.0);
        Self::with_scale(
            categories,
            Some(scheme),
            square(categories, disagreement),
            widest,
        )
    }

    fn with_scale(
        categories: usize,
        scheme: Option<Scheme>,
        disagreement: Vec<f64>,
        scale: f64,
    ) -> Self {
        let total = (categories * categories) as f64 - disagreement.iter().sum::<f64>() / scale;
        Self {
            categories,
            scheme,
            disagreement,
            scale,
            total,
        }
    }

    /// Weights that are 1 for the same category and 0 otherwise.
    #[must_use]
    pub fn identity(categories: usize) -> Self {
        Self::new(Scheme::Identity, categories)
    }

    /// Weights that fall linearly with the distance of the positions.
    #[must_use]
    pub fn linear(categories: usize) -> Self {
        Self::new(Scheme::Linear, categories)
    }

    /// Weights that fall with the square of the distance of the positions.
    #[must_use]
    pub fn quadratic(categories: usize) -> Self {
        Self::new(Scheme::Quadratic, categories)
    }

    /// Weights from a matrix of disagreements v, row after row: w = 1 − v / max v (Cohen 1968).
    ///
    /// The matrix need not be symmetric; rows belong to rater A. Where all disagreements are zero every pair of
    /// categories agrees, and every chance-corrected coefficient is undefined.
    ///
    /// # Errors
    /// If the matrix has the wrong size or values that are no disagreements.
    pub fn custom(categories: usize, disagreement: Vec<f64>) -> Result<Self, WeightsError> {
        if disagreement.len() != categories * categories {
            return Err(WeightsError::Size);
        }
        let diagonal_is_zero = disagreement
            .iter()
            .step_by(categories + 1)
            .all(|&v| v <= 0.0);
        if !diagonal_is_zero || disagreement.iter().any(|&v| !v.is_finite() || v < 0.0) {
            return Err(WeightsError::Value);
        }
        let largest = disagreement.iter().copied().fold(0.0, f64::max);
        let scale = if largest > 0.0 { largest } else { 1.0 };
        Ok(Self::with_scale(categories, None, disagreement, scale))
    }

    /// Weights from a number per category: w = 1 − (|s_i − s_j| / (max s − min s))^power, with power 1 or 2 as a rule.
    ///
    /// # Errors
    /// If a score is not finite.
    pub fn from_scores(scores: &[f64], power: i32) -> Result<Self, WeightsError> {
        let distance = |i: usize, j: usize| (scores[i] - scores[j]).abs().powi(power);
        Self::custom(scores.len(), square(scores.len(), distance))
    }

    /// Number of categories.
    #[must_use]
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// The scheme these weights follow, `None` for weights of one's own.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// The weight of the pair (i, j).
    #[must_use]
    pub fn weight(&self, i: usize, j: usize) -> f64 {
        1.0 - self.disagreement(i, j) / self.scale
    }

    /// The unscaled disagreement of the pair (i, j): 0 on the diagonal, at most [`Weights::scale`].
    #[must_use]
    pub fn disagreement(&self, i: usize, j: usize) -> f64 {
        self.disagreement[i * self.categories + j]
    }

    /// The disagreements of category i of rater A with every category of rater B.
    #[must_use]
    pub fn disagreements(&self, i: usize) -> &[f64] {
        &self.disagreement[i * self.categories..(i + 1) * self.categories]
    }

    /// The largest disagreement.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The sum of all weights, T in the coefficients of Gwet and of Brennan and Prediger.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The sum of the unscaled disagreements of all items of a table; a whole number for the usual schemes.
    #[must_use]
    pub fn observed(&self, table: &Confusion) -> f64 {
        let usual = table.disagreements();
        match self.scheme {
            Some(Scheme::Identity) => usual.different as f64,
            Some(Scheme::Linear) => usual.distance as f64,
            Some(Scheme::Quadratic) => usual.square as f64,
            None => self
                .disagreement
                .iter()
                .zip(table.counts())
                .map(|(&v, &count)| v * count as f64)
                .sum(),
        }
    }

    /// The sum of the unscaled disagreements of all pairs of one rating of margin `a` and one of margin `b`.
    ///
    /// For the usual schemes a whole number, from sums over the categories alone.
    #[must_use]
    pub fn expected(&self, a: &[u64], b: &[u64]) -> f64 {
        let total = |margin: &[u64]| margin.iter().map(|&m| u128::from(m)).sum::<u128>();
        let (a_total, b_total) = (total(a), total(b));
        match self.scheme {
            Some(Scheme::Identity) => {
                let same: u128 = a
                    .iter()
                    .zip(b)
                    .map(|(&a, &b)| u128::from(a) * u128::from(b))
                    .sum();
                (a_total * b_total - same) as f64
            }
            Some(Scheme::Linear) => {
                // |i − j| counts the steps between neighbours that lie between the two ratings.
                let (mut a_below, mut b_below, mut sum) = (0, 0, 0);
                for (&a, &b) in a.iter().zip(b) {
                    a_below += u128::from(a);
                    b_below += u128::from(b);
                    sum += a_below * (b_total - b_below) + b_below * (a_total - a_below);
                }
                sum as f64
            }
            Some(Scheme::Quadratic) => {
                let moment = |margin: &[u64], power: u32| -> u128 {
                    margin
                        .iter()
                        .enumerate()
                        .map(|(i, &m)| u128::from(m) * (i as u128).pow(power))
                        .sum()
                };
                let squares = moment(a, 2) * b_total + moment(b, 2) * a_total;
                (squares - 2 * moment(a, 1) * moment(b, 1)) as f64
            }
            None => {
                let row = |(i, &a): (usize, &u64)| {
                    a as f64
                        * self
                            .disagreements(i)
                            .iter()
                            .zip(b)
                            .map(|(&v, &b)| v * b as f64)
                            .sum::<f64>()
                };
                a.iter().enumerate().filter(|&(_, &a)| a > 0).map(row).sum()
            }
        }
    }
}

fn square(categories: usize, value: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..categories)
        .flat_map(|i| (0..categories).map(move |j| (i, j)))
        .map(|(i, j)| value(i, j))
        .collect()
}
