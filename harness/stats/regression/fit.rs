//! Least squares on absorbed columns.

use super::super::linear::{Square, dot};
use super::Term;
use super::absorb::{LANES, Lane};
use super::layout::Columns;

/// Coefficients, residuals and what errors are made from.
pub(super) struct Fit {
    /// Terms that stayed.
    pub(super) terms: Vec<Term>,
    /// Their means before absorbing.
    pub(super) means: Vec<f64>,
    /// Terms explained by the effects or by earlier terms.
    pub(super) collinear: Vec<Term>,
    pub(super) mean_y: f64,
    /// Absorbed regressors, row by row.
    pub(super) x: Vec<f64>,
    /// X~'X~ and its inverse.
    pub(super) gram: Square,
    bread: Square,
    pub(super) coefficients: Vec<f64>,
    pub(super) residuals: Vec<f64>,
}

impl Fit {
    /// Solves the normal equations of the columns, leaving collinear ones out in order.
    pub(super) fn of(columns: &Columns) -> Self {
        let cross = cross_products(&columns.blocks, columns.terms.len() + 1);
        let mut kept: Vec<usize> = Vec::new();
        let mut collinear = Vec::new();
        for (j, term) in columns.terms.iter().enumerate() {
            let column = j + 1;
            if stays(&cross, &kept, column, columns.moments[column].1) {
                kept.push(column);
            } else {
                collinear.push(*term);
            }
        }
        let gram = part(&cross, &kept);
        let bread = gram
            .inverse_of_positive()
            .expect("columns that stay are independent");
        let moments: Vec<f64> = kept.iter().map(|&column| cross.at(column, 0)).collect();
        let coefficients = bread.times(&moments);
        let n = columns.blocks[0].len();
        let mut x = Vec::with_capacity(n * kept.len());
        let mut residuals = Vec::with_capacity(n);
        for row in 0..n {
            let start = x.len();
            x.extend(kept.iter().map(|&column| columns.at(column, row)));
            residuals.push(columns.at(0, row) - dot(&x[start..], &coefficients));
        }
        // A perfect fit leaves rounding errors, which no test should take for residuals.
        const ROUNDING: f64 = 1e-24;
        if dot(&residuals, &residuals) <= ROUNDING * columns.moments[0].1 {
            residuals.fill(0.0);
        }
        Self {
            terms: kept
                .iter()
                .map(|&column| columns.terms[column - 1])
                .collect(),
            means: kept
                .iter()
                .map(|&column| columns.moments[column].0)
                .collect(),
            collinear,
            mean_y: columns.moments[0].0,
            x,
            gram,
            bread,
            coefficients,
            residuals,
        }
    }

    /// The form (constant/n, A v): its value is constant * ybar + v'b.
    pub(super) fn form(&self, constant: f64, v: &[f64]) -> Vec<f64> {
        let mut form = vec![constant / self.residuals.len() as f64];
        form.extend(self.bread.times(v));
        form
    }
}

/// Inner products of all columns, a pair of blocks at a time.
fn cross_products(blocks: &[Vec<Lane>], columns: usize) -> Square {
    let mut cross = Square::zero(columns);
    for (i, one) in blocks.iter().enumerate() {
        for (j, other) in blocks.iter().enumerate().take(i + 1) {
            let mut products = [[0.0; LANES]; LANES];
            for (a, b) in one.iter().zip(other) {
                for (row, a) in products.iter_mut().zip(a) {
                    for (product, b) in row.iter_mut().zip(b) {
                        *product += a * b;
                    }
                }
            }
            for (a, row) in (i * LANES..columns).zip(&products) {
                for (b, product) in (j * LANES..columns).zip(row) {
                    cross.set(a, b, *product);
                    cross.set(b, a, *product);
                }
            }
        }
    }
    cross
}

/// Whether a column is explained neither by the effects nor by the columns kept so far; `total` is its sum of squared
/// deviations before absorbing.
fn stays(cross: &Square, kept: &[usize], column: usize, total: f64) -> bool {
    const ABSORBED: f64 = 1e-12;
    const COLLINEAR: f64 = 1e-10;
    let own = cross.at(column, column);
    if total <= 0.0 || own <= ABSORBED * total {
        return false;
    }
    let with: Vec<f64> = kept.iter().map(|&i| cross.at(i, column)).collect();
    let inverse = part(cross, kept)
        .inverse_of_positive()
        .expect("columns that stay are independent");
    own - dot(&with, &inverse.times(&with)) > COLLINEAR * own
}

fn part(cross: &Square, kept: &[usize]) -> Square {
    let mut part = Square::zero(kept.len());
    for (a, &i) in kept.iter().enumerate() {
        for (b, &j) in kept.iter().enumerate() {
            part.set(a, b, cross.at(i, j));
        }
    }
    part
}
