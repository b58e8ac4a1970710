//! A small linear program: the tableau simplex method in two phases.

/// Below this a number in the tableau counts as zero; its entries are shares.
const ZERO: f64 = 1e-11;

/// The largest objective'x over x >= 0 with row'x = bound for every constraint, bounds not negative.
///
/// `None` where no x fulfils the constraints or the objective is unbounded. Bland's rule keeps degenerate tables from
/// cycling (Bland 1977). Dense: fit for some hundred variables.
#[must_use]
pub(super) fn maximise(objective: &[f64], constraints: &[(Vec<f64>, f64)]) -> Option<f64> {
    let (n, m) = (objective.len(), constraints.len());
    // Columns: the variables, one artificial variable per constraint, the bound.
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(m);
    for (i, (row, bound)) in constraints.iter().enumerate() {
        let mut line = row.clone();
        line.extend((0..m).map(|k| if k == i { 1.0 } else { 0.0 }));
        line.push(*bound);
        rows.push(line);
    }
    let mut basis: Vec<usize> = (n..n + m).collect();
    let mut feasibility = vec![0.0; n + m + 1];
    feasibility[n..n + m].fill(-1.0);
    if optimise(&mut rows, &mut basis, &feasibility, n + m)?.abs() > 1e-9 {
        return None;
    }
    // An artificial variable may stay in the basis at zero: exchange it for any real one, or drop its redundant row.
    let mut i = 0;
    while i < rows.len() {
        if basis[i] >= n {
            match (0..n).find(|&j| rows[i][j].abs() > ZERO) {
                Some(j) => pivot(&mut rows, &mut basis, i, j),
                None => {
                    rows.remove(i);
                    basis.remove(i);
                    continue;
                }
            }
        }
        i += 1;
    }
    let mut goal = objective.to_vec();
    goal.resize(n + m + 1, 0.0);
    optimise(&mut rows, &mut basis, &goal, n)
}

/// Improves the basis until no variable below `allowed` is worth entering; the value reached.
fn optimise(
    rows: &mut [Vec<f64>],
    basis: &mut [usize],
    goal: &[f64],
    allowed: usize,
) -> Option<f64> {
    let last = goal.len() - 1;
    loop {
        let gain = |j: usize| {
            goal[j]
                - rows
                    .iter()
                    .zip(basis.iter())
                    .map(|(row, b)| goal[*b] * row[j])
                    .sum::<f64>()
        };
        let Some(entering) = (0..allowed).find(|&j| gain(j) > ZERO) else {
            return Some(
                rows.iter()
                    .zip(basis.iter())
                    .map(|(row, b)| goal[*b] * row[last])
                    .sum(),
            );
        };
        let leaving = (0..rows.len())
            .filter(|&i| rows[i][entering] > ZERO)
            .min_by(|&i, &k| {
                let ratio = |i: usize| rows[i][last] / rows[i][entering];
                ratio(i).total_cmp(&ratio(k)).then(basis[i].cmp(&basis[k]))
            })?;
        pivot(rows, basis, leaving, entering);
    }
}

fn pivot(rows: &mut [Vec<f64>], basis: &mut [usize], leaving: usize, entering: usize) {
    let scale = rows[leaving][entering];
    for value in &mut rows[leaving] {
        *value /= scale;
    }
    let pivot_row = rows[leaving].clone();
    for (i, row) in rows.iter_mut().enumerate() {
        let factor = row[entering];
        if i != leaving && factor.abs() > 0.0 {
            for (value, p) in row.iter_mut().zip(&pivot_row) {
                *value -= factor * p;
            }
        }
    }
    basis[leaving] = entering;
}
