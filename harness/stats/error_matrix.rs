//! Shares of several classes behind an imperfect classifier, by inverting its matrix of error rates.

use super::estimate::Undefined;
use super::linear::{Square, dot};

/// Shares of the true classes that explain the classes seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Inverted {
    /// The plain solution of M x = q; may leave [0, 1]. `Singular` where M has no inverse.
    pub raw: Result<Vec<f64>, Undefined>,
    /// The shares, none negative and adding up to 1, for which M x comes closest to q.
    pub shares: Vec<f64>,
    /// Condition number of M: by how much errors in q can grow.
    pub condition: f64,
}

impl Inverted {
    /// Condition numbers above 100 mean that two classes look almost alike to the classifier.
    #[must_use]
    pub fn ill_conditioned(&self) -> bool {
        self.condition > 100.0
    }
}

/// Corrects the counts of predicted classes by what the classifier did on gold.
///
/// `gold[k][j]` counts gold items of class k called j, M_jk = P(called j | truly k), `predicted[j]` counts unlabelled
/// items called j, q their shares. Two classes give the Rogan-Gladen estimate. Undefined: `NoPairs` (nothing
/// predicted), `NoCases` (a class without gold items). Least squares on the simplex by an active set (Lawson and
/// Hanson 1974, chapter 23).
///
/// # Panics
/// Where the table is not square or differs in size from the counts.
pub fn invert_error_matrix(gold: &[Vec<u64>], predicted: &[u64]) -> Result<Inverted, Undefined> {
    let q = predicted.len();
    assert!(
        gold.len() == q && gold.iter().all(|row| row.len() == q),
        "a row and a column per class"
    );
    let total: u64 = predicted.iter().sum();
    if total == 0 {
        return Err(Undefined::NoPairs);
    }
    let mut rates = Square::zero(q);
    for (k, row) in gold.iter().enumerate() {
        let of_class: u64 = row.iter().sum();
        if of_class == 0 {
            return Err(Undefined::NoCases);
        }
        for (j, count) in row.iter().enumerate() {
            rates.set(j, k, *count as f64 / of_class as f64);
        }
    }
    let seen: Vec<f64> = predicted
        .iter()
        .map(|count| *count as f64 / total as f64)
        .collect();
    Ok(Inverted {
        raw: rates.solve(&seen).ok_or(Undefined::Singular),
        shares: nearest_shares(&rates, &seen),
        condition: rates.condition(),
    })
}

/// argmin |M x - q|^2 over x >= 0, sum x = 1.
fn nearest_shares(rates: &Square, seen: &[f64]) -> Vec<f64> {
    const ZERO: f64 = 1e-12;
    let q = seen.len();
    let mut gram = Square::zero(q);
    for i in 0..q {
        gram.add_outer(rates.row(i), rates.row(i), 1.0);
    }
    let target = rates.transposed_times(seen);
    // Start at the best single class.
    let misfit = |k: usize| gram.at(k, k) - 2.0 * target[k];
    let first = (0..q)
        .min_by(|&i, &j| misfit(i).total_cmp(&misfit(j)))
        .unwrap_or(0);
    let mut x = vec![0.0; q];
    x[first] = 1.0;
    let mut free = vec![first];
    // Each round lowers the misfit, so no set of free classes comes twice; the bound is for rounding errors.
    for _ in 0..20 * q {
        let gradient: Vec<f64> = (0..q).map(|i| dot(gram.row(i), &x) - target[i]).collect();
        let level = free.iter().map(|&i| gradient[i]).sum::<f64>() / free.len() as f64;
        let candidate = (0..q)
            .filter(|i| !free.contains(i))
            .min_by(|&i, &j| gradient[i].total_cmp(&gradient[j]));
        match candidate {
            Some(entering) if gradient[entering] < level - ZERO => free.push(entering),
            _ => break,
        }
        while let Some(best) = best_on(&gram, &target, &free) {
            let step = free
                .iter()
                .zip(&best)
                .filter(|(_, b)| **b <= 0.0)
                .map(|(&i, b)| if x[i] > *b { x[i] / (x[i] - b) } else { 0.0 })
                .fold(1.0_f64, f64::min);
            let full = best.iter().all(|b| *b > 0.0);
            for (&i, b) in free.iter().zip(&best) {
                x[i] += if full { b - x[i] } else { step * (b - x[i]) };
            }
            if full {
                break;
            }
            free.retain(|&i| x[i] > ZERO);
            for (i, share) in x.iter_mut().enumerate() {
                if !free.contains(&i) {
                    *share = 0.0;
                }
            }
        }
    }
    let total: f64 = x.iter().sum();
    x.iter().map(|share| share / total).collect()
}

/// The least squares shares over the free classes, which add up to 1 but may be negative.
fn best_on(gram: &Square, target: &[f64], free: &[usize]) -> Option<Vec<f64>> {
    let m = free.len();
    let mut system = Square::zero(m + 1);
    let mut right = vec![1.0; m + 1];
    for (a, &i) in free.iter().enumerate() {
        for (b, &j) in free.iter().enumerate() {
            system.set(a, b, gram.at(i, j));
        }
        system.set(a, m, 1.0);
        system.set(m, a, 1.0);
        right[a] = target[i];
    }
    let mut solution = system.solve(&right)?;
    solution.truncate(m);
    Some(solution)
}
