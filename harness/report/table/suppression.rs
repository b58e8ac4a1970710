//! Cells that tell of few users, left out before a table is published.

use super::{Cell, Content, SUPPRESSED, Table};

impl Table {
    /// Leaves out every cell that tells of fewer than `least` users, and says how many.
    ///
    /// Of counts by two things a row or column keeps none or at least two gaps, because one could be computed from the sums.
    pub fn suppress(&mut self, least: usize) -> usize {
        let is_small = |cell: &Cell| cell.users.is_some_and(|users| users < least);
        let mut gaps: Vec<Vec<bool>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(is_small).collect())
            .collect();
        if self.is_crossed {
            while self.close(&mut gaps) {}
        }
        let mut count = 0;
        for (row, gaps) in self.rows.iter_mut().zip(&gaps) {
            for (cell, is_gap) in row.iter_mut().zip(gaps) {
                if *is_gap {
                    cell.content = Content::Text(SUPPRESSED.to_owned());
                    cell.users = None;
                    count += 1;
                }
            }
        }
        count
    }

    /// Adds a gap to the first row or column that has a single one: the cell with the fewest users. False where all is well.
    fn close(&self, gaps: &mut [Vec<bool>]) -> bool {
        let width = self.columns.len();
        let rows = (0..gaps.len()).map(|row| (0..width).map(|column| (row, column)).collect());
        let columns = (0..width).map(|column| (0..gaps.len()).map(|row| (row, column)).collect());
        let lines: Vec<Vec<(usize, usize)>> = rows.chain(columns).collect();
        for line in lines {
            let open: Vec<(usize, usize)> = line
                .iter()
                .copied()
                .filter(|(row, column)| gaps[*row][*column])
                .collect();
            if open.len() != 1 {
                continue;
            }
            let next = line
                .iter()
                .copied()
                .filter(|(row, column)| {
                    !gaps[*row][*column] && self.rows[*row][*column].users.is_some()
                })
                .min_by_key(|(row, column)| self.rows[*row][*column].users);
            if let Some((row, column)) = next {
                gaps[row][column] = true;
                return true;
            }
        }
        false
    }
}
