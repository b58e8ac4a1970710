//! Corrections for leverage: CR2 and CR3, with degrees of freedom for few or unequal clusters.

use super::super::estimate::Undefined;
use super::super::linear::{Square, dot};
use super::absorb::{Absorber, LANES, Lane};
use super::fit::Fit;
use super::layout::Layout;
use super::levels::Levels;
use super::sandwich::Rows;

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
            let vector = vectors.row(j);
            kernel.add_outer(vector, vector, gain);
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
        let spread = self.diagonal + cross;
        if spread > 0.0 {
            self.trace * self.trace / spread
        } else {
            // A form without weight anywhere has nothing to be free.
            0.0
        }
    }
}

/// An orthonormal basis of regressors and dummies that are not nested in clusters, row by row, and its width.
///
/// `NotAvailable` where it would not fit into memory.
pub(super) fn basis(layout: &Layout, fit: &Fit) -> Result<(Vec<f64>, usize), Undefined> {
    const MOST_NUMBERS: usize = 100_000_000;
    let n = layout.n();
    let most = layout.parameters(fit.terms.len(), |nested| !nested);
    if n.saturating_mul(most) > MOST_NUMBERS {
        return Err(Undefined::NotAvailable);
    }
    let (nested, open): (Vec<_>, Vec<_>) = layout
        .effects
        .iter()
        .zip(&layout.nested)
        .partition(|(_, nested)| **nested);
    let mut dummies: Vec<Vec<f64>> = Vec::new();
    for (effect, _) in open {
        for level in 0..effect.levels as u32 {
            dummies.push(
                effect
                    .codes
                    .iter()
                    .map(|code| f64::from(u8::from(*code == level)))
                    .collect(),
            );
        }
    }
    if layout.effects.is_empty() {
        dummies.push(vec![1.0; n]);
    }
    if !nested.is_empty() {
        let nested: Vec<&Levels> = nested.iter().map(|(effect, _)| *effect).collect();
        let absorber = Absorber::new(&nested, n);
        for group in dummies.chunks_mut(LANES) {
            let lane = |row: usize| {
                std::array::from_fn(|j| group.get(j).map_or(0.0, |column| column[row]))
            };
            let mut block = [(0..n).map(lane).collect::<Vec<Lane>>()];
            absorber.absorb(&mut block, 1e-13);
            for (j, column) in group.iter_mut().enumerate() {
                for (value, lane) in column.iter_mut().zip(&block[0]) {
                    *value = lane[j];
                }
            }
        }
    }
    let k = fit.terms.len();
    let regressors = (0..k).map(|j| fit.x.iter().skip(j).step_by(k).copied().collect());
    let columns = orthonormal(dummies.into_iter().chain(regressors));
    let width = columns.len();
    let mut rows = Vec::with_capacity(n * width);
    for row in 0..n {
        rows.extend(columns.iter().map(|column| column[row]));
    }
    Ok((rows, width))
}

/// Gram and Schmidt, each column twice, leaving out what earlier columns explain.
fn orthonormal(columns: impl Iterator<Item = Vec<f64>>) -> Vec<Vec<f64>> {
    const EXPLAINED: f64 = 1e-10;
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for mut column in columns {
        let before = dot(&column, &column);
        for _ in 0..2 {
            for vector in &basis {
                let part = dot(vector, &column);
                for (value, v) in column.iter_mut().zip(vector) {
                    *value -= part * v;
                }
            }
        }
        let after = dot(&column, &column);
        // A dummy of which nested effects leave nothing but rounding has no norm to begin with.
        if after > EXPLAINED * before && after > 1e-18 * column.len() as f64 {
            let scale = after.sqrt().recip();
            basis.push(column.into_iter().map(|value| value * scale).collect());
        }
    }
    basis
}
