//! Cluster-robust covariances: sums of squared cluster scores between two slices of bread.
//!
//! A score of a row is (u, x~ u), u the residual and x~ the regressors after absorbing; the leading u is for linear
//! forms that contain the mean of y (intercepts, adjusted means). A form w = (w_0, w_1..) has the variance w' meat w.

use super::super::linear::{Square, dot};
use super::levels::Levels;

/// Residualised regressors, row by row, with the residuals.
pub(super) struct Rows<'a> {
    /// n rows of `k` numbers.
    pub(super) x: &'a [f64],
    pub(super) k: usize,
    pub(super) residuals: &'a [f64],
}

impl Rows<'_> {
    pub(super) fn regressors(&self, row: usize) -> &[f64] {
        &self.x[row * self.k..(row + 1) * self.k]
    }

    pub(super) fn add_score(&self, row: usize, residual: f64, score: &mut [f64]) {
        score[0] += residual;
        for (total, x) in score[1..].iter_mut().zip(self.regressors(row)) {
            *total += residual * x;
        }
    }
}

/// CR0: the sum over clusters of s_g s_g', s_g the sum of the scores of its rows.
pub(super) fn cluster_meat(rows: &Rows<'_>, clusters: &Levels) -> Square {
    let width = rows.k + 1;
    let mut scores = vec![0.0; clusters.levels * width];
    for (row, (cluster, residual)) in clusters.codes.iter().zip(rows.residuals).enumerate() {
        let start = *cluster as usize * width;
        rows.add_score(row, *residual, &mut scores[start..start + width]);
    }
    let mut meat = Square::zero(width);
    for score in scores.chunks_exact(width) {
        meat.add_outer(score, score, 1.0);
    }
    meat
}

/// The variance w' meat w of a form.
pub(super) fn variance(meat: &Square, form: &[f64]) -> f64 {
    dot(form, &meat.times(form))
}

/// The matrix with negative eigenvalues set to zero, which inclusion and exclusion of two ways of clustering can give.
pub(super) fn without_negative_eigenvalues(matrix: &Square) -> Square {
    let (values, vectors) = matrix.symmetric_eigen();
    if values.iter().all(|value| *value >= 0.0) {
        return matrix.clone();
    }
    let mut repaired = Square::zero(matrix.n);
    for (j, value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        let vector = vectors.row(j);
        repaired.add_outer(vector, vector, *value);
    }
    repaired
}
