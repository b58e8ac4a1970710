//! Absorbing effects: regressing thousands of dummies out of a column without building them.
//!
//! The effect with the most levels is removed exactly: rows are sorted by it, so that its level means are sums over
//! neighbours. What the other effects explain of the rest solves a small symmetric system over their levels, by
//! conjugate gradients with level counts as preconditioner, which is the method of alternating projections with
//! optimal steps (Correia 2017, section 3, uses the same acceleration). A sweep reads the level codes once, for four
//! columns at a time.

use std::collections::HashMap;

use rayon::prelude::*;

/// Columns that are worked on together, so that one look at the level codes serves them all.
pub(super) const LANES: usize = 4;

/// One row of four columns.
pub(super) type Lane = [f64; LANES];

/// Level codes without gaps, 0 to `levels` - 1.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    pub(super) codes: Vec<u32>,
    pub(super) levels: usize,
}

impl Levels {
    /// Renumbers codes by first appearance.
    pub(super) fn dense(codes: impl Iterator<Item = u32> + Clone) -> Self {
        let n = codes.clone().count();
        let most = codes.clone().max().unwrap_or(0) as usize;
        let mut levels = 0_u32;
        let mut next = || {
            levels += 1;
            levels - 1
        };
        let dense = if most <= 4 * n + 1024 {
            const UNSEEN: u32 = u32::MAX;
            let mut table = vec![UNSEEN; most + 1];
            let mut number = |code: u32| {
                let slot = &mut table[code as usize];
                if *slot == UNSEEN {
                    *slot = next();
                }
                *slot
            };
            codes.map(&mut number).collect()
        } else {
            let mut table: HashMap<u32, u32> = HashMap::new();
            codes
                .map(|code| *table.entry(code).or_insert_with(&mut next))
                .collect()
        };
        Self {
            codes: dense,
            levels: levels as usize,
        }
    }

    /// One level per pair of levels that occurs.
    pub(super) fn crossed(&self, other: &Self) -> Self {
        let mut seen: HashMap<(u32, u32), u32> = HashMap::new();
        let number = |(a, b): (&u32, &u32)| {
            let next = seen.len() as u32;
            *seen.entry((*a, *b)).or_insert(next)
        };
        let codes = self.codes.iter().zip(&other.codes).map(number).collect();
        Self {
            codes,
            levels: seen.len(),
        }
    }

    pub(super) fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.levels];
        for code in &self.codes {
            counts[*code as usize] += 1;
        }
        counts
    }

    /// Whether each level lies within one level of the other.
    pub(super) fn nested_in(&self, other: &Self) -> bool {
        const UNSEEN: u32 = u32::MAX;
        let mut home = vec![UNSEEN; self.levels];
        self.codes.iter().zip(&other.codes).all(|(level, outer)| {
            let home = &mut home[*level as usize];
            if *home == UNSEEN {
                *home = *outer;
            }
            *home == *outer
        })
    }
}

/// The rows that are left when rows alone in a level of any effect are dropped, again and again until none is.
///
/// Such a row is fitted exactly by its own dummy and only feigns degrees of freedom (Correia 2015).
pub(super) fn without_singletons(effects: &[Levels], n: usize) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..n as u32).collect();
    let mut counts: Vec<Vec<u32>> = effects.iter().map(Levels::counts).collect();
    loop {
        let before = rows.len();
        rows.retain(|&row| {
            let level = |effect: &Levels| effect.codes[row as usize] as usize;
            let alone = effects
                .iter()
                .zip(&counts)
                .any(|(effect, counts)| counts[level(effect)] == 1);
            if alone {
                for (effect, counts) in effects.iter().zip(&mut counts) {
                    counts[level(effect)] -= 1;
                }
            }
            !alone
        });
        if rows.len() == before {
            return rows;
        }
    }
}

/// Sorts rows by a level, keeping their order within it.
pub(super) fn sort_by_level(rows: &[u32], level: &Levels) -> Vec<u32> {
    let code = |row: &u32| level.codes[*row as usize] as usize;
    if rows.is_sorted_by_key(code) {
        return rows.to_vec();
    }
    let mut position = vec![0_usize; level.levels + 1];
    for row in rows {
        position[code(row) + 1] += 1;
    }
    for k in 1..position.len() {
        position[k] += position[k - 1];
    }
    let mut sorted = vec![0; rows.len()];
    for row in rows {
        let slot = &mut position[code(row)];
        sorted[*slot] = *row;
        *slot += 1;
    }
    sorted
}

/// What absorbing took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Convergence {
    /// Sweeps over the data, the most that any column needed; 0 with a single effect.
    pub(super) iterations: u32,
    /// Whether the tolerance was reached.
    pub(super) converged: bool,
}

/// Effects over rows that are sorted by the first of them.
pub(super) struct Absorber {
    /// End of each run of rows with the same level of the first effect.
    segment_ends: Vec<u32>,
    /// Level codes of the other effects, numbered through.
    others: Vec<Vec<u32>>,
    /// One over the rows in each level of the other effects.
    inverse_counts: Vec<f64>,
}

impl Absorber {
    /// Takes effects whose first is in runs; without effects only the overall mean is absorbed.
    pub(super) fn new(effects: &[&Levels], n: usize) -> Self {
        let Some((first, others)) = effects.split_first() else {
            return Self {
                segment_ends: vec![n as u32],
                others: Vec::new(),
                inverse_counts: Vec::new(),
            };
        };
        let runs = first.codes.chunk_by(|a, b| a == b);
        let mut end = 0_u32;
        let segment_ends = runs
            .map(|run| {
                end += run.len() as u32;
                end
            })
            .collect();
        let mut offset = 0_u32;
        let mut numbered = Vec::with_capacity(others.len());
        let mut inverse_counts = Vec::new();
        for effect in others {
            numbered.push(effect.codes.iter().map(|code| code + offset).collect());
            inverse_counts.extend(effect.counts().iter().map(|count| 1.0 / f64::from(*count)));
            offset += effect.levels as u32;
        }
        Self {
            segment_ends,
            others: numbered,
            inverse_counts,
        }
    }

    /// Takes all effects out of every column of every block.
    ///
    /// Done when one more sweep of alternating projections would move no column by more than `tolerance` times the
    /// norm it has after the first effect.
    pub(super) fn absorb(&self, blocks: &mut [Vec<Lane>], tolerance: f64) -> Convergence {
        let each = |block: &mut Vec<Lane>| self.absorb_block(block, tolerance);
        blocks.par_iter_mut().map(each).reduce(
            || Convergence {
                iterations: 0,
                converged: true,
            },
            |a, b| Convergence {
                iterations: a.iterations.max(b.iterations),
                converged: a.converged && b.converged,
            },
        )
    }

    fn absorb_block(&self, block: &mut [Lane], tolerance: f64) -> Convergence {
        /// Restarts with a freshly computed residual, which removes what rounding has added.
        const ROUNDS: u32 = 4;
        self.centre_segments(block);
        if self.others.is_empty() {
            return Convergence {
                iterations: 0,
                converged: true,
            };
        }
        let mut norms = [0.0; LANES];
        for row in block.iter() {
            add_products(&mut norms, row, row);
        }
        let goals = norms.map(|norm| tolerance * tolerance * norm);
        let mut iterations = 0;
        for _ in 0..ROUNDS {
            let level_sums = self.level_sums(block);
            if below(self.sweep_size(&level_sums), goals) {
                return Convergence {
                    iterations,
                    converged: true,
                };
            }
            let (levels, more) = self.solve(level_sums, goals);
            iterations += more;
            self.subtract(block, &levels);
        }
        let converged = below(self.sweep_size(&self.level_sums(block)), goals);
        Convergence {
            iterations,
            converged,
        }
    }

    /// Conjugate gradients for the level values of the other effects, each column with its own steps.
    fn solve(&self, right: Vec<Lane>, goals: Lane) -> (Vec<Lane>, u32) {
        const MOST_ITERATIONS: u32 = 10_000;
        let mut solution = vec![[0.0; LANES]; right.len()];
        let mut residual = right;
        let mut direction = self.scaled(&residual);
        let mut size = self.sweep_size(&residual);
        let mut image = vec![[0.0; LANES]; residual.len()];
        let mut iterations = 0;
        // A little beyond the goal, so that the recomputed residual meets it.
        let goals = goals.map(|goal| 0.25 * goal);
        while iterations < MOST_ITERATIONS && !below(size, goals) {
            iterations += 1;
            self.apply(&direction, &mut image);
            let mut curvature = [0.0; LANES];
            for (p, q) in direction.iter().zip(&image) {
                add_products(&mut curvature, p, q);
            }
            let mut step = [0.0; LANES];
            for lane in 0..LANES {
                if size[lane] > goals[lane] && curvature[lane] > 0.0 {
                    step[lane] = size[lane] / curvature[lane];
                }
            }
            if step.iter().all(|step| *step <= 0.0) {
                break;
            }
            for ((x, r), (p, q)) in solution
                .iter_mut()
                .zip(&mut residual)
                .zip(direction.iter().zip(&image))
            {
                for lane in 0..LANES {
                    x[lane] += step[lane] * p[lane];
                    r[lane] -= step[lane] * q[lane];
                }
            }
            let next = self.sweep_size(&residual);
            for ((p, r), inverse) in direction
                .iter_mut()
                .zip(&residual)
                .zip(&self.inverse_counts)
            {
                for lane in 0..LANES {
                    let ratio = if size[lane] > 0.0 {
                        next[lane] / size[lane]
                    } else {
                        0.0
                    };
                    p[lane] = inverse * r[lane] + ratio * p[lane];
                }
            }
            size = next;
        }
        (solution, iterations)
    }

    /// Squared norm of what a further projection on each of the other effects would remove.
    fn sweep_size(&self, level_sums: &[Lane]) -> Lane {
        let mut size = [0.0; LANES];
        for (sum, inverse) in level_sums.iter().zip(&self.inverse_counts) {
            for lane in 0..LANES {
                size[lane] += inverse * sum[lane] * sum[lane];
            }
        }
        size
    }

    fn scaled(&self, level_sums: &[Lane]) -> Vec<Lane> {
        level_sums
            .iter()
            .zip(&self.inverse_counts)
            .map(|(sum, inverse)| sum.map(|value| inverse * value))
            .collect()
    }

    /// Sums of the rows in every level of the other effects.
    fn level_sums(&self, block: &[Lane]) -> Vec<Lane> {
        let mut sums = vec![[0.0; LANES]; self.inverse_counts.len()];
        for codes in &self.others {
            for (code, row) in codes.iter().zip(block) {
                add(&mut sums[*code as usize], row);
            }
        }
        sums
    }

    /// image = D'(I - P) D levels: spread level values over rows, take out the first effect, sum by level again.
    fn apply(&self, levels: &[Lane], image: &mut [Lane]) {
        image.fill([0.0; LANES]);
        let mut rows = Vec::new();
        let mut start = 0;
        for end in self.segment_ends.iter().map(|end| *end as usize) {
            self.spread(levels, start, end, &mut rows);
            for codes in &self.others {
                for (code, row) in codes[start..end].iter().zip(&rows) {
                    add(&mut image[*code as usize], row);
                }
            }
            start = end;
        }
    }

    fn subtract(&self, block: &mut [Lane], levels: &[Lane]) {
        let mut rows = Vec::new();
        let mut start = 0;
        for end in self.segment_ends.iter().map(|end| *end as usize) {
            self.spread(levels, start, end, &mut rows);
            for (value, row) in block[start..end].iter_mut().zip(&rows) {
                for lane in 0..LANES {
                    value[lane] -= row[lane];
                }
            }
            start = end;
        }
    }

    /// The sums of level values over the rows of one segment, centred.
    fn spread(&self, levels: &[Lane], start: usize, end: usize, rows: &mut Vec<Lane>) {
        rows.clear();
        let (first, rest) = self
            .others
            .split_first()
            .expect("called with other effects only");
        rows.extend(first[start..end].iter().map(|code| levels[*code as usize]));
        for codes in rest {
            for (row, code) in rows.iter_mut().zip(&codes[start..end]) {
                add(row, &levels[*code as usize]);
            }
        }
        centre(rows);
    }

    fn centre_segments(&self, block: &mut [Lane]) {
        let mut start = 0;
        for end in self.segment_ends.iter().map(|end| *end as usize) {
            centre(&mut block[start..end]);
            start = end;
        }
    }
}

fn centre(rows: &mut [Lane]) {
    let mut mean = [0.0; LANES];
    for row in rows.iter() {
        add(&mut mean, row);
    }
    let share = 1.0 / rows.len() as f64;
    let mean = mean.map(|total| total * share);
    for row in rows {
        for lane in 0..LANES {
            row[lane] -= mean[lane];
        }
    }
}

fn add(total: &mut Lane, row: &Lane) {
    for lane in 0..LANES {
        total[lane] += row[lane];
    }
}

fn add_products(total: &mut Lane, a: &Lane, b: &Lane) {
    for lane in 0..LANES {
        total[lane] += a[lane] * b[lane];
    }
}

fn below(sizes: Lane, goals: Lane) -> bool {
    sizes.iter().zip(&goals).all(|(size, goal)| size <= goal)
}
