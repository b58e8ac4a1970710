//! Cells that tell of few users, left out before a table is published.
//!
//! A gap that could be computed is none. Of counts by two things (`crossed`: the last row and column are sums) every line
//! keeps no gap or at least two. Of rows in groups (`grouped`: the first column is the group) a row with a gap loses all its
//! cells, and a group keeps no such row or at least two. Sums come first and ties go to the first row, so that two tables
//! about the same labels leave out the same ones.

use super::{Cell, Content, SUPPRESSED, Table};

type Place = (usize, usize);

impl Table {
    /// Leaves out every cell that tells of fewer than `least` users, and those that would reveal it; says how many.
    pub fn suppress(&mut self, least: usize) -> usize {
        let is_small = |cell: &Cell| cell.users.is_some_and(|users| users < least);
        let mut gaps: Vec<Vec<bool>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(is_small).collect())
            .collect();
        if self.is_crossed {
            while self.close_line(&mut gaps) {}
        }
        if self.is_grouped {
            self.close_groups(&mut gaps);
        }
        for (note, _) in self.note_users.iter().filter(|(_, users)| *users < least) {
            "A note that tells of few users is suppressed.".clone_into(&mut self.notes[*note]);
        }
        let mut count = 0;
        for (row, gaps) in self.rows.iter_mut().zip(&gaps) {
            for (cell, is_gap) in row.iter_mut().zip(gaps) {
                if *is_gap {
                    cell.content = Content::Text(SUPPRESSED.to_owned());
                    count += 1;
                }
            }
        }
        count
    }

    /// Adds a gap to the first line that has a single one: the cell with the fewest users. False where all is well.
    fn close_line(&self, gaps: &mut [Vec<bool>]) -> bool {
        let (height, width) = (gaps.len(), self.columns.len());
        if height == 0 || width == 0 {
            return false;
        }
        let (inner_rows, inner_columns) = (height - 1, width - 1);
        // Sums by row and sums by column, then the rows and columns without them.
        let mut lines: Vec<Vec<Place>> = vec![
            (0..inner_rows).map(|row| (row, inner_columns)).collect(),
            (0..inner_columns)
                .map(|column| (inner_rows, column))
                .collect(),
        ];
        lines.extend((0..inner_rows).map(|row| {
            (0..inner_columns)
                .map(|column| (row, column))
                .collect::<Vec<_>>()
        }));
        lines.extend(
            (0..inner_columns)
                .map(|column| (0..inner_rows).map(|row| (row, column)).collect::<Vec<_>>()),
        );
        for line in lines {
            if line
                .iter()
                .filter(|(row, column)| gaps[*row][*column])
                .count()
                != 1
            {
                continue;
            }
            let next = line
                .iter()
                .filter(|(row, column)| {
                    !gaps[*row][*column] && self.rows[*row][*column].users.is_some()
                })
                .min_by_key(|(row, column)| self.rows[*row][*column].users);
            if let Some((row, column)) = next {
                gaps[*row][*column] = true;
                return true;
            }
        }
        false
    }

    fn close_groups(&self, gaps: &mut [Vec<bool>]) {
        let group = |row: usize| self.rows[row].first().map(Cell::shown);
        let mut from = 0;
        while from < self.rows.len() {
            let mut to = from + 1;
            while to < self.rows.len() && group(to) == group(from) {
                to += 1;
            }
            let fewest = |row: usize| self.rows[row].iter().filter_map(|cell| cell.users).min();
            let mut hidden: Vec<usize> = (from..to)
                .filter(|row| gaps[*row].iter().any(|is_gap| *is_gap))
                .collect();
            if hidden.len() == 1 {
                let others = (from..to).filter(|row| !hidden.contains(row));
                let next = others
                    .filter(|row| fewest(*row).is_some())
                    .min_by_key(|row| fewest(*row));
                hidden.extend(next);
            }
            for row in hidden {
                for (gap, cell) in gaps[row].iter_mut().zip(&self.rows[row]) {
                    *gap |= cell.users.is_some();
                }
            }
            from = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Align, Cell, SUPPRESSED, Table};

    fn cell(count: usize, users: usize) -> Cell {
        Cell::text(count.to_string()).of_users(users)
    }

    fn shown(table: &Table) -> Vec<Vec<String>> {
        table
            .rows()
            .iter()
            .map(|row| row.iter().map(Cell::shown).collect())
            .collect()
    }

    #[test]
    fn a_lone_gap_of_a_crossed_table_gets_company_in_its_row_and_its_column() {
        let mut table = Table::new(&[
            ("gold", Align::Left),
            ("a", Align::Right),
            ("b", Align::Right),
            ("all", Align::Right),
        ])
        .crossed();
        table.push_cells(vec!["a".into(), cell(40, 20), cell(2, 2), cell(42, 21)]);
        table.push_cells(vec!["b".into(), cell(12, 9), cell(50, 25), cell(62, 30)]);
        table.push_cells(vec![
            "all".into(),
            cell(52, 28),
            cell(52, 26),
            Cell::text("104"),
        ]);
        // Cell (a, b) is small; (a, a) closes its row, (b, b) its column, (b, a) the row of b and the column of a.
        assert_eq!(table.suppress(5), 4);
        let rows = shown(&table);
        assert_eq!(rows[0], ["a", SUPPRESSED, SUPPRESSED, "42"]);
        assert_eq!(rows[1], ["b", SUPPRESSED, SUPPRESSED, "62"]);
        assert_eq!(rows[2], ["all", "52", "52", "104"]);
    }

    #[test]
    fn a_small_row_of_a_group_takes_the_smallest_other_one_along() {
        let mut table = Table::new(&[
            ("classifier", Align::Left),
            ("label", Align::Left),
            ("n", Align::Right),
            ("rate", Align::Right),
        ])
        .grouped();
        for (group, label, n, users) in [
            ("x", "1", 30, 20),
            ("x", "2", 3, 2),
            ("x", "3", 12, 7),
            ("y", "1", 30, 20),
        ] {
            let rate = Cell::text("50%").of_users(users);
            table.push_cells(vec![group.into(), label.into(), cell(n, users), rate]);
        }
        assert_eq!(table.suppress(5), 4);
        let rows = shown(&table);
        assert_eq!(rows[0], ["x", "1", "30", "50%"]);
        assert_eq!(rows[1], ["x", "2", SUPPRESSED, SUPPRESSED]);
        assert_eq!(rows[2], ["x", "3", SUPPRESSED, SUPPRESSED]);
        assert_eq!(rows[3], ["y", "1", "30", "50%"]);
    }

    #[test]
    fn a_count_of_nothing_and_a_text_stay() {
        let mut table = Table::new(&[("label", Align::Left), ("n", Align::Right)]);
        table.push_cells(vec!["1".into(), cell(0, 0)]);
        assert_eq!(table.suppress(5), 0);
    }
}
