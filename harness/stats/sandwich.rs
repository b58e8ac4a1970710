//! Cluster-robust covariances: sums of squared cluster scores between two slices of bread.
//!
//! A score of a row is (u, x~ u), u the residual and x~ the regressors after absorbing; the leading u is for linear
//! forms that contain the mean of y (intercepts, adjusted means). A form w = (w_0, w_1..) has the variance w' meat w.

use super::absorb::Levels;
use super::linear::{Square, dot};

/// Residualised regressors, row by row, with the residuals.
pub(super) struct Rows<'a> {
    /// n rows of `k` numbers.
    pub(super) x: &'a [f64],
    pub(super) k: usize,
    pub(super) residuals: &'a [f64],
}

impl Rows<'_> {
    fn regressors(&self, row: usize) -> &[f64] {
        &self.x[row * self.k..(row + 1) * self.k]
    }

    fn add_score(&self, row: usize, residual: f64, score: &mut [f64]) {
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
        let vector: Vec<f64> = (0..matrix.n).map(|i| vectors.at(i, j)).collect();
        repaired.add_outer(&vector, &vector, *value);
    }
    repaired
}

/// How residuals of a cluster are blown up for its leverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Correction {
    /// (I - H_gg)^(-1/2), CR2.
    Root,
    /// (I - H_gg)^(-1), CR3.
    Full,
}

impl Correction {
    /// (f(lambda) - 1)/lambda for f(lambda) = (1 - lambda)^(-1/2) or (1 - lambda)^(-1), 0 where 1 - lambda is none
    /// (the pseudo-inverse): written without cancellation at small lambda.
    fn gain(self, lambda: f64) -> f64 {
        const SINGULAR: f64 = 1e-11;
        let rest = 1.0 - lambda;
        if rest <= SINGULAR {
            return -1.0 / lambda;
        }
        match self {
            Self::Root => 1.0 / (rest.sqrt() * (1.0 + rest.sqrt())),
            Self::Full => 1.0 / rest,
        }
    }
}

/// Meat with leverage-adjusted residuals, and Satterthwaite degrees of freedom of each form.
///
/// `basis` has `width` columns per row, orthonormal, spanning the regressors and all absorbed dummies that are not
/// nested in clusters, less what nested ones explain. Nested dummies are left out: on their span I - H_gg is zero and so
/// is its pseudo-inverse, and residuals and x~ have no part in it (Pustejovsky and Tipton 2018, theorem 2). Then H_gg
/// is W_g W_g', and with the eigenvalues of the smaller of W_g'W_g and W_g W_g' (I - H_gg)^(-1/2) v = v + W_g K W_g' v.
/// Degrees of freedom (Bell and McCaffrey 2002, independent errors): with a_g = A_g r_g for the weights r_g of a form
/// and b_g = W_g'a_g, (sum s_g)^2/sum_gh (1[g=h] a_g'a_g - b_g'b_h)^2, s_g = a_g'a_g - b_g'b_g.
pub(super) fn leverage_adjusted(
    rows: &Rows<'_>,
    clusters: &Levels,
    basis: &[f64],
    width: usize,
    correction: Correction,
    forms: &[Vec<f64>],
) -> (Square, Vec<f64>) {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); clusters.levels];
    for (row, cluster) in clusters.codes.iter().enumerate() {
        members[*cluster as usize].push(row);
    }
    let mut meat = Square::zero(rows.k + 1);
    let mut freedom: Vec<Freedom> = forms.iter().map(|_| Freedom::new(width)).collect();
    for members in &members {
        let cluster = Adjustment::of(members, basis, width, correction);
        let residuals: Vec<f64> = members.iter().map(|&row| rows.residuals[row]).collect();
        let mut score = vec![0.0; rows.k + 1];
        for (&row, residual) in members.iter().zip(cluster.apply(&residuals)) {
            rows.add_score(row, residual, &mut score);
        }
        meat.add_outer(&score, &score, 1.0);
        for (form, freedom) in forms.iter().zip(&mut freedom) {
            let weight = |&row: &usize| form[0] + dot(&form[1..], rows.regressors(row));
            let weights: Vec<f64> = members.iter().map(weight).collect();
            let adjusted = cluster.apply(&weights);
            freedom.add(dot(&adjusted, &adjusted), &cluster.project(&adjusted));
        }
    }
    (meat, freedom.iter().map(Freedom::satterthwaite).collect())
}

/// The leverage adjustment of one cluster.
struct Adjustment<'a> {
    members: &'a [usize],
    basis: &'a [f64],
    width: usize,
    /// K above, over basis columns where there are fewer of them than rows, over rows otherwise.
    kernel: Square,
}

impl<'a> Adjustment<'a> {
    fn of(members: &'a [usize], basis: &'a [f64], width: usize, correction: Correction) -> Self {
        let row = |member: usize| &basis[member * width..(member + 1) * width];
        let over_columns = width <= members.len();
        let gram = if over_columns {
            let mut gram = Square::zero(width);
            for &member in members {
                gram.add_outer(row(member), row(member), 1.0);
            }
            gram
        } else {
            let mut gram = Square::zero(members.len());
            for (i, &one) in members.iter().enumerate() {
                for (j, &other) in members.iter().enumerate() {
                    gram.set(i, j, dot(row(one), row(other)));
                }
            }
            gram
        };
        let (values, vectors) = gram.symmetric_eigen();
        let mut kernel = Square::zero(gram.n);
        for (j, lambda) in values.iter().map(|value| value.clamp(0.0, 1.0)).enumerate() {
            let gain = correction.gain(lambda) * if over_columns { 1.0 } else { lambda };
            let vector: Vec<f64> = (0..gram.n).map(|i| vectors.at(i, j)).collect();
            kernel.add_outer(&vector, &vector, gain);
        }
        Self {
            members,
            basis,
            width,
            kernel,
        }
    }

    fn row(&self, member: usize) -> &[f64] {
        &self.basis[member * self.width..(member + 1) * self.width]
    }

    /// W_g' v.
    fn project(&self, v: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.width];
        for (&member, value) in self.members.iter().zip(v) {
            for (sum, w) in sums.iter_mut().zip(self.row(member)) {
                *sum += value * w;
            }
        }
        sums
    }

    /// A_g v for v without a part in nested dummies.
    fn apply(&self, v: &[f64]) -> Vec<f64> {
        if self.width <= self.members.len() {
            let inner = self.kernel.times(&self.project(v));
            self.members
                .iter()
                .zip(v)
                .map(|(&member, value)| value + dot(self.row(member), &inner))
                .collect()
        } else {
            self.kernel
                .times(v)
                .iter()
                .zip(v)
                .map(|(change, value)| value + change)
                .collect()
        }
    }
}

/// Running sums for the degrees of freedom of one form.
struct Freedom {
    trace: f64,
    diagonal: f64,
    cross: Square,
}

impl Freedom {
    fn new(width: usize) -> Self {
        Self {
            trace: 0.0,
            diagonal: 0.0,
            cross: Square::zero(width),
        }
    }

    fn add(&mut self, length: f64, projected: &[f64]) {
        let explained = dot(projected, projected);
        self.trace += length - explained;
        self.diagonal += length * length - 2.0 * length * explained;
        self.cross.add_outer(projected, projected, 1.0);
    }

    fn satterthwaite(&self) -> f64 {
        let cross: f64 = self.cross.values.iter().map(|value| value * value).sum();
        self.trace * self.trace / (self.diagonal + cross)
    }
}
