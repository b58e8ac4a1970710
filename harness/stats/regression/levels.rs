//! Level codes of effects and clusters: numbering, sorting, nesting, rows that are alone.

use std::collections::HashMap;

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

    /// The codes of some rows, in the order of the rows; renumbered where rows are missing.
    pub(super) fn of_rows(&self, rows: &[u32]) -> Self {
        let picked = rows.iter().map(|row| self.codes[*row as usize]);
        if rows.len() == self.codes.len() {
            Self {
                codes: picked.collect(),
                levels: self.levels,
            }
        } else {
            Self::dense(picked)
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

    /// Whether each level lies, among these rows, within one level of the other.
    pub(super) fn nested_in(&self, other: &Self, rows: &[u32]) -> bool {
        const UNSEEN: u32 = u32::MAX;
        let mut home = vec![UNSEEN; self.levels];
        rows.iter().all(|row| {
            let home = &mut home[self.codes[*row as usize] as usize];
            let outer = other.codes[*row as usize];
            if *home == UNSEEN {
                *home = outer;
            }
            *home == outer
        })
    }
}

/// The rows that are left when rows alone in a level of any effect are dropped, again and again until none is.
///
/// Such a row is fitted exactly by its own dummy and only feigns degrees of freedom (Correia 2015).
pub(super) fn without_singletons(effects: &[Levels], n: usize) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..n as u32).collect();
    let mut counts: Vec<Vec<u32>> = effects.iter().map(Levels::counts).collect();
    if !counts.iter().flatten().any(|count| *count == 1) {
        return rows;
    }
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
