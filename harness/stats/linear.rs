//! Small dense linear algebra: what regressions and matrix inversion of error rates need, no more.

/// A square matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Square {
    pub(super) n: usize,
    pub(super) values: Vec<f64>,
}

impl Square {
    pub(super) fn zero(n: usize) -> Self {
        Self {
            n,
            values: vec![0.0; n * n],
        }
    }

    pub(super) fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.n + j]
    }

    pub(super) fn set(&mut self, i: usize, j: usize, value: f64) {
        self.values[i * self.n + j] = value;
    }

    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.n..(i + 1) * self.n]
    }

    /// Adds scale * u v'.
    pub(super) fn add_outer(&mut self, u: &[f64], v: &[f64], scale: f64) {
        for (row, a) in self.values.chunks_exact_mut(self.n.max(1)).zip(u) {
            for (cell, b) in row.iter_mut().zip(v) {
                *cell += scale * a * b;
            }
        }
    }

    pub(super) fn times(&self, v: &[f64]) -> Vec<f64> {
        (0..self.n).map(|i| dot(self.row(i), v)).collect()
    }

    pub(super) fn transposed_times(&self, v: &[f64]) -> Vec<f64> {
        (0..self.n)
            .map(|j| (0..self.n).map(|i| self.at(i, j) * v[i]).sum())
            .collect()
    }

    pub(super) fn product(&self, other: &Self) -> Self {
        let mut result = Self::zero(self.n);
        for i in 0..self.n {
            for k in 0..self.n {
                let scale = self.at(i, k);
                for j in 0..self.n {
                    result.values[i * self.n + j] += scale * other.at(k, j);
                }
            }
        }
        result
    }

    /// The inverse of a symmetric positive definite matrix, by Cholesky; `None` where it is none.
    pub(super) fn inverse_of_positive(&self) -> Option<Self> {
        let n = self.n;
        let mut lower = Self::zero(n);
        for i in 0..n {
            for j in 0..=i {
                let rest = self.at(i, j) - dot(&lower.row(i)[..j], &lower.row(j)[..j]);
                if i == j {
                    if rest <= 0.0 || rest.is_nan() {
                        return None;
                    }
                    lower.set(i, i, rest.sqrt());
                } else {
                    lower.set(i, j, rest / lower.at(j, j));
                }
            }
        }
        let mut inverse = Self::zero(n);
        for column in 0..n {
            let mut x = vec![0.0; n];
            for i in column..n {
                let unit = if i == column { 1.0 } else { 0.0 };
                x[i] = (unit - dot(&lower.row(i)[..i], &x[..i])) / lower.at(i, i);
            }
            for i in (0..n).rev() {
                let below: f64 = (i + 1..n).map(|k| lower.at(k, i) * x[k]).sum();
                x[i] = (x[i] - below) / lower.at(i, i);
            }
            for (i, value) in x.into_iter().enumerate() {
                inverse.set(i, column, value);
            }
        }
        Some(inverse)
    }

    /// The solution of A x = b by elimination with row exchanges; `None` where A has no inverse.
    pub(super) fn solve(&self, right: &[f64]) -> Option<Vec<f64>> {
        let n = self.n;
        let mut rows: Vec<Vec<f64>> = (0..n)
            .map(|i| self.row(i).iter().copied().chain([right[i]]).collect())
            .collect();
        let size = self
            .values
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        for k in 0..n {
            let best = (k..n).max_by(|&i, &j| rows[i][k].abs().total_cmp(&rows[j][k].abs()))?;
            rows.swap(k, best);
            if rows[k][k].abs() <= size * n as f64 * f64::EPSILON {
                return None;
            }
            let (done, rest) = rows.split_at_mut(k + 1);
            let pivot = &done[k];
            for row in rest {
                let factor = row[k] / pivot[k];
                for (value, p) in row[k..].iter_mut().zip(&pivot[k..]) {
                    *value -= factor * p;
                }
            }
        }
        let mut x = vec![0.0; n];
        for i in (0..n).rev() {
            x[i] = (rows[i][n] - dot(&rows[i][i + 1..n], &x[i + 1..])) / rows[i][i];
        }
        Some(x)
    }

    /// Eigenvalues of a symmetric matrix and, in the columns of the second, its eigenvectors (Jacobi's rotations).
    pub(super) fn symmetric_eigen(&self) -> (Vec<f64>, Self) {
        const MOST_SWEEPS: u32 = 60;
        let n = self.n;
        let mut a = self.clone();
        let mut vectors = Self::zero(n);
        for i in 0..n {
            vectors.set(i, i, 1.0);
        }
        let size: f64 = a.values.iter().map(|value| value * value).sum();
        for _ in 0..MOST_SWEEPS {
            let off: f64 = (0..n)
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .map(|(i, j)| a.at(i, j).powi(2))
                .sum();
            if off <= size * 1e-34 {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    rotate(&mut a, &mut vectors, p, q);
                }
            }
        }
        ((0..n).map(|i| a.at(i, i)).collect(), vectors)
    }

    /// The largest over the smallest singular value; infinite for a singular matrix.
    pub(super) fn condition(&self) -> f64 {
        let mut gram = Self::zero(self.n);
        for i in 0..self.n {
            gram.add_outer(self.row(i), self.row(i), 1.0);
        }
        let (values, _) = gram.symmetric_eigen();
        let largest = values.iter().copied().fold(0.0, f64::max);
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        if smallest > largest * self.n as f64 * f64::EPSILON {
            (largest / smallest).sqrt()
        } else {
            f64::INFINITY
        }
    }
}

/// One rotation that makes the element (p, q) of a symmetric matrix zero.
fn rotate(a: &mut Square, vectors: &mut Square, p: usize, q: usize) {
    let off = a.at(p, q);
    if off.abs() < f64::MIN_POSITIVE {
        return;
    }
    let n = a.n;
    let theta = (a.at(q, q) - a.at(p, p)) / (2.0 * off);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |matrix: &mut Square, one: (usize, usize), two: (usize, usize)| {
        let (x, y) = (matrix.at(one.0, one.1), matrix.at(two.0, two.1));
        matrix.set(one.0, one.1, cosine * x - sine * y);
        matrix.set(two.0, two.1, sine * x + cosine * y);
    };
    for k in 0..n {
        turn(a, (k, p), (k, q));
    }
    for k in 0..n {
        turn(a, (p, k), (q, k));
    }
    for k in 0..n {
        turn(vectors, (k, p), (k, q));
    }
}

/// The inner product.
pub(super) fn dot(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(a, b)| a * b).sum()
}
