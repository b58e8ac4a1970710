//! The rows in working order, and the columns that are worked on.

use std::cmp::Reverse;

use super::super::estimate::Undefined;
use super::absorb::{LANES, Lane};
use super::levels::{Levels, sort_by_level, without_singletons};
use super::{Design, Options, Term, Vcov};

/// Which rows are used, in which order, with effects and clusters in that order.
pub(super) struct Layout {
    /// Positions in the design.
    pub(super) rows: Vec<u32>,
    /// The effect whose levels lie in runs stands first.
    pub(super) effects: Vec<Levels>,
    /// Whether each effect is nested in a way of clustering.
    pub(super) nested: Vec<bool>,
    pub(super) clusters: Vec<Levels>,
    /// Codes of the category that occur among the rows, ascending; the first is the reference.
    pub(super) categories: Vec<u32>,
}

impl Layout {
    pub(super) fn of(
        design: &Design<'_>,
        options: &Options,
        vcov: Vcov,
    ) -> Result<Self, Undefined> {
        let dense = |codes: &&[u32]| Levels::dense(codes.iter().copied());
        let effects: Vec<Levels> = design.absorb.iter().map(dense).collect();
        let clusters: Vec<Levels> = design.clusters.iter().map(dense).collect();
        let rows = if options.drop_singletons && !effects.is_empty() {
            without_singletons(&effects, design.y.len())
        } else {
            (0..design.y.len() as u32).collect()
        };
        if rows.is_empty() {
            return Err(Undefined::NoPairs);
        }
        let is_nested = |effect: &Levels| {
            clusters
                .iter()
                .any(|cluster| effect.nested_in(cluster, &rows))
        };
        let mut effects: Vec<(bool, Levels)> = effects
            .into_iter()
            .map(|effect| (is_nested(&effect), effect))
            .collect();
        // Sort by the largest effect. CR2 and CR3 absorb nested effects alone, so there a nested one leads.
        let leads_nested = matches!(vcov, Vcov::Cr2 | Vcov::Cr3);
        effects.sort_by_key(|(nested, effect)| (leads_nested && !nested, Reverse(effect.levels)));
        let rows = match effects.first() {
            Some((_, lead)) => sort_by_level(&rows, lead),
            None => rows,
        };
        Ok(Self {
            nested: effects.iter().map(|(nested, _)| *nested).collect(),
            effects: effects
                .iter()
                .map(|(_, effect)| effect.of_rows(&rows))
                .collect(),
            clusters: clusters
                .iter()
                .map(|cluster| cluster.of_rows(&rows))
                .collect(),
            categories: design
                .categories
                .map_or_else(Vec::new, |codes| codes_that_occur(codes, &rows)),
            rows,
        })
    }

    pub(super) fn n(&self) -> usize {
        self.rows.len()
    }

    /// Parameters: regressors, one, and L - 1 for each effect that counts.
    pub(super) fn parameters(&self, regressors: usize, counts: impl Fn(bool) -> bool) -> usize {
        let levels = self
            .effects
            .iter()
            .zip(&self.nested)
            .filter(|(_, nested)| counts(**nested));
        regressors + 1 + levels.map(|(effect, _)| effect.levels - 1).sum::<usize>()
    }
}

fn codes_that_occur(codes: &[u32], rows: &[u32]) -> Vec<u32> {
    let mut found: Vec<u32> = rows.iter().map(|row| codes[*row as usize]).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// y and the regressors, four columns to a block.
pub(super) struct Columns {
    /// What the columns after y stand for.
    pub(super) terms: Vec<Term>,
    pub(super) blocks: Vec<Vec<Lane>>,
    /// Mean and sum of squared deviations of each column before absorbing, y first.
    pub(super) moments: Vec<(f64, f64)>,
}

impl Columns {
    pub(super) fn of(design: &Design<'_>, layout: &Layout) -> Self {
        let mut terms: Vec<Term> = layout
            .categories
            .iter()
            .skip(1)
            .map(|code| Term::Category(*code))
            .collect();
        terms.extend((0..design.x.len()).map(Term::Column));
        let width = terms.len() + 1;
        let mut columns = Self {
            blocks: vec![vec![[0.0; LANES]; layout.n()]; width.div_ceil(LANES)],
            moments: Vec::with_capacity(width),
            terms: Vec::new(),
        };
        columns.push(&layout.rows, |row| design.y[row]);
        for term in &terms {
            match *term {
                Term::Column(column) => columns.push(&layout.rows, |row| design.x[column][row]),
                Term::Category(code) => {
                    let codes = design
                        .categories
                        .expect("a category term comes from categories");
                    columns.push(&layout.rows, |row| f64::from(u8::from(codes[row] == code)));
                }
                Term::Intercept => {}
            }
        }
        columns.terms = terms;
        columns
    }

    /// Fills the next lane and takes its moments, as deviations from the first value: exact for a constant.
    fn push(&mut self, rows: &[u32], value: impl Fn(usize) -> f64) {
        let column = self.moments.len();
        let first = value(rows[0] as usize);
        let (mut sum, mut squares) = (0.0, 0.0);
        for (lane, row) in self.blocks[column / LANES].iter_mut().zip(rows) {
            let value = value(*row as usize);
            lane[column % LANES] = value;
            sum += value - first;
            squares += (value - first) * (value - first);
        }
        let n = rows.len() as f64;
        self.moments
            .push((first + sum / n, (squares - sum * sum / n).max(0.0)));
    }

    pub(super) fn at(&self, column: usize, row: usize) -> f64 {
        self.blocks[column / LANES][row][column % LANES]
    }
}
