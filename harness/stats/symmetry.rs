//! Do two raters use the categories equally often? Bowker's test of symmetry, Stuart's and Bhapkar's tests of margins.
//!
//! All three look at the off-diagonal cells only. Cells and ranks are decided on whole numbers: classes that no
//! disagreement connects fall into separate groups, and a group of k classes has k − 1 independent margins.

use super::chance::require_pairs;
use super::dist::chi2_sf;
use super::estimate::Undefined;
use super::table::Confusion;

/// A chi-squared test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// The statistic.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// The p-value; `None` with zero degrees of freedom.
    pub p_value: Option<f64>,
}

/// Bowker's test together with the degrees of freedom that other packages count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bowker {
    /// The test on as many degrees of freedom as there are pairs of classes with a disagreement.
    pub test: ChiSquare,
    /// q(q−1)/2, the degrees of freedom if every pair of classes had a disagreement.
    pub df_full: usize,
}

impl ChiSquare {
    /// The test of a statistic; without degrees of freedom there is no p-value.
    #[must_use]
    pub fn new(statistic: f64, df: usize) -> Self {
        Self {
            statistic,
            df,
            p_value: (df > 0).then(|| chi2_sf(statistic, df as f64)),
        }
    }
}

/// Bowker's test that n_ij and n_ji are equally likely: Σ_{i<j} (n_ij − n_ji)²/(n_ij + n_ji). Bowker (1948).
///
/// Pairs of classes without a disagreement carry no information and are not counted as degrees of freedom. Without
/// any disagreement the statistic is 0 on 0 degrees of freedom and there is no p-value.
///
/// # Errors
/// `NoPairs` without items.
pub fn bowker(table: &Confusion) -> Result<Bowker, Undefined> {
    require_pairs(table)?;
    let q = table.categories();
    let (mut statistic, mut df) = (0.0, 0);
    for i in 0..q {
        for j in i + 1..q {
            let (above, below) = (table.count(i, j), table.count(j, i));
            if above + below > 0 {
                let difference = above.abs_diff(below) as f64;
                statistic += difference * difference / (above + below) as f64;
                df += 1;
            }
        }
    }
    Ok(Bowker {
        test: ChiSquare::new(statistic, df),
        df_full: q * q.saturating_sub(1) / 2,
    })
}

/// The Stuart-Maxwell test that both raters use each class equally often: d' S⁻ d. Stuart (1955); Maxwell (1970).
///
/// d_k = n_k. − n_.k, S_kk = n_k. + n_.k − 2 n_kk, S_kl = −(n_kl + n_lk); df is the rank of S. For two classes it is
/// McNemar's test without continuity correction.
///
/// # Errors
/// `NoPairs` without items; `NoDiscordant` where the raters never disagree.
pub fn stuart_maxwell(table: &Confusion) -> Result<ChiSquare, Undefined> {
    let margins = Margins::new(table)?;
    Ok(ChiSquare::new(
        margins.form(&margins.difference()),
        margins.rank(),
    ))
}

/// Bhapkar's test of the same hypothesis, with the covariance that does not assume it: d' (S − dd'/n)⁻ d. Bhapkar (1966).
///
/// Equals W/(1 − W/n) for Stuart and Maxwell's W (Keefe 1982). Where W = n (no item agrees, and all disagreements are
/// steps of one length along one order of the classes) the covariance has one direction without variance, which the
/// Moore-Penrose inverse leaves out, and df is one less.
///
/// # Errors
/// Those of [`stuart_maxwell`], and `Singular` where that leaves no degree of freedom.
pub fn bhapkar(table: &Confusion) -> Result<ChiSquare, Undefined> {
    let margins = Margins::new(table)?;
    let mut difference = margins.difference();
    let Some(order) = margins.uniform_order() else {
        let statistic = margins.form(&difference);
        return Ok(ChiSquare::new(
            statistic / (1.0 - statistic / table.n() as f64),
            margins.rank(),
        ));
    };
    if margins.rank() < 2 {
        return Err(Undefined::Singular);
    }
    // S·order = d, so order is the direction without variance; what is left of d after projecting it out counts.
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let along = dot(&order, &difference) / dot(&order, &order);
    for (difference, order) in difference.iter_mut().zip(&order) {
        *difference -= along * order;
    }
    Ok(ChiSquare::new(
        margins.form(&difference),
        margins.rank() - 1,
    ))
}

/// The disagreements of a table as a graph: classes are joined where at least one item was put in the one by A and in
/// the other by B.
///
/// S is the Laplacian of this graph. So its rank is the number of classes minus the number of connected groups, and in
/// every group one class can be left out to make it positive definite for vectors that sum to zero over each group.
struct Margins<'a> {
    table: &'a Confusion,
    /// The connected groups of two or more classes, each in the order in which a walk reaches them.
    groups: Vec<Vec<usize>>,
}

impl<'a> Margins<'a> {
    fn new(table: &'a Confusion) -> Result<Self, Undefined> {
        require_pairs(table)?;
        if table.diagonal() == table.n() {
            return Err(Undefined::NoDiscordant);
        }
        let mut margins = Self {
            table,
            groups: Vec::new(),
        };
        let mut reached = vec![false; table.categories()];
        for start in 0..table.categories() {
            if !reached[start] {
                let group = margins.walk(start, |class, _| {
                    !std::mem::replace(&mut reached[class], true)
                });
                if group.len() > 1 {
                    margins.groups.push(group);
                }
            }
        }
        Ok(margins)
    }

    /// Walks from class to class; `visit(class, from)` says whether the class is new.
    fn walk(&self, start: usize, mut visit: impl FnMut(usize, usize) -> bool) -> Vec<usize> {
        visit(start, start);
        let mut group = vec![start];
        let mut next = 0;
        while let Some(&from) = group.get(next) {
            for class in 0..self.table.categories() {
                if class != from && self.edge(from, class) > 0 && visit(class, from) {
                    group.push(class);
                }
            }
            next += 1;
        }
        group
    }

    /// How many items disagree between two classes, in either direction.
    fn edge(&self, k: usize, l: usize) -> u64 {
        self.table.count(k, l) + self.table.count(l, k)
    }

    fn rank(&self) -> usize {
        self.groups.iter().map(|group| group.len() - 1).sum()
    }

    /// d: how much more often A used each class than B.
    fn difference(&self) -> Vec<f64> {
        self.table
            .rows()
            .iter()
            .zip(self.table.columns())
            .map(|(&row, &column)| row as f64 - column as f64)
            .collect()
    }

    /// The places x of the classes, centred in each group, with x_i − x_j = 1 for every item; `None` if there are none.
    ///
    /// Just then Σ (x_i − x_j)² over items equals (Σ (x_i − x_j))²/n, so that S − dd'/n has no variance along x.
    fn uniform_order(&self) -> Option<Vec<f64>> {
        if self.table.diagonal() > 0 {
            return None;
        }
        let mut place: Vec<Option<i64>> = vec![None; self.table.categories()];
        for group in &self.groups {
            self.walk(group[0], |class, from| {
                let step = i64::from(self.table.count(class, from) > 0) * 2 - 1;
                let reached = place[from].map_or(0, |place| place + step);
                place[class].is_none() && place[class].replace(reached).is_none()
            });
        }
        let consistent =
            |(i, j, _)| matches!((place[i], place[j]), (Some(i), Some(j)) if i - j == 1);
        if !self.table.occupied().all(consistent) {
            return None;
        }
        let mut centred = vec![0.0; place.len()];
        for group in &self.groups {
            let places = || group.iter().filter_map(|&class| place[class]);
            let mean = places().sum::<i64>() as f64 / group.len() as f64;
            for (&class, place) in group.iter().zip(places()) {
                centred[class] = place as f64 - mean;
            }
        }
        Some(centred)
    }

    /// x' S⁻ x of a vector that sums to zero over each group.
    fn form(&self, x: &[f64]) -> f64 {
        self.groups
            .iter()
            .map(|group| {
                let kept = &group[1..];
                let entry = |k: usize, l: usize| {
                    if k == l {
                        (self.table.rows()[k] + self.table.columns()[k] - 2 * self.table.agreed(k))
                            as f64
                    } else {
                        -(self.edge(k, l) as f64)
                    }
                };
                let matrix = kept
                    .iter()
                    .flat_map(|&k| kept.iter().map(move |&l| entry(k, l)))
                    .collect();
                inverse_form(matrix, kept.iter().map(|&k| x[k]).collect())
            })
            .sum()
    }
}

/// x' A⁻¹ x of a positive definite matrix, by Cholesky's factorisation: with A = LL' it is |L⁻¹x|².
fn inverse_form(mut a: Vec<f64>, mut x: Vec<f64>) -> f64 {
    let size = x.len();
    let mut form = 0.0;
    for k in 0..size {
        for m in 0..k {
            let factor = a[k * size + m];
            a[k * size + k] -= factor * factor;
            x[k] -= factor * x[m];
        }
        let root = a[k * size + k].sqrt();
        x[k] /= root;
        form += x[k] * x[k];
        for r in k + 1..size {
            let inner: f64 = (0..k).map(|m| a[r * size + m] * a[k * size + m]).sum();
            a[r * size + k] = (a[r * size + k] - inner) / root;
        }
    }
    form
}
