//! Items grouped by user, as sparse lists of the table cells that each user's items fall in.
//!
//! Items of one user resemble each other, so the user and not the item is what was drawn from the population. Both
//! the clustered standard error and the bootstrap walk over these lists, which are sorted by cluster and cell and so
//! do not depend on the order of the items.

use std::array;
use std::collections::HashMap;

use super::table::{cell, cells};

/// For every cluster, the cells its items fall in and how many fall in each.
///
/// What a cell is, the builder decides: a cell of one table of two raters, or of several tables laid end to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterCells {
    cells: usize,
    /// Where each cluster's entries start, and at the end how many entries there are.
    starts: Vec<u32>,
    entries: Vec<CellCount>,
}

/// A cell and how many items of the cluster fall in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellCount {
    /// Position of the cell.
    pub cell: u32,
    /// Number of items in it.
    pub count: u32,
}

impl ClusterCells {
    /// Groups the complete pairs of two raters by cluster, or makes every item its own cluster.
    ///
    /// # Panics
    /// If the slices are not of one length or a code is not below `categories`.
    #[must_use]
    pub fn of_pairs(
        a: &[Option<u16>],
        b: &[Option<u16>],
        categories: usize,
        clusters: Option<&[u32]>,
    ) -> Self {
        assert_eq!(a.len(), b.len(), "both raters have one entry per item");
        if let Some(clusters) = clusters {
            assert_eq!(a.len(), clusters.len(), "every item has a cluster");
        }
        let pairs = a.iter().zip(b).enumerate().filter_map(|(item, (&a, &b))| {
            let cluster = clusters.map_or(item as u32, |clusters| clusters[item]);
            Some((cluster, cell(a?, b?, categories) as u32))
        });
        Self::new(categories * categories, pairs)
    }

    /// Groups entries given as (cluster, cell) in any order; clusters may be any numbers.
    ///
    /// # Panics
    /// If a cell is not below `cells`.
    #[must_use]
    pub fn new(cells: usize, entries: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut keys: Vec<u64> = entries
            .map(|(cluster, cell)| u64::from(cluster) << 32 | u64::from(cell))
            .collect();
        keys.sort_unstable();
        let mut grouped = Self {
            cells,
            starts: Vec::new(),
            entries: Vec::new(),
        };
        let mut previous = None;
        for key in keys {
            let cell = key as u32;
            assert!(
                (cell as usize) < cells,
                "cell {cell} lies outside a table of {cells} cells"
            );
            match grouped.entries.last_mut() {
                Some(last) if previous == Some(key) => last.count += 1,
                _ => {
                    if previous.is_none_or(|previous| previous >> 32 != key >> 32) {
                        grouped.starts.push(grouped.entries.len() as u32);
                    }
                    grouped.entries.push(CellCount { cell, count: 1 });
                }
            }
            previous = Some(key);
        }
        grouped.starts.push(grouped.entries.len() as u32);
        grouped
    }

    /// From counts given as (cluster, cell, items) in ascending order of cluster and cell, none of them twice.
    ///
    /// # Panics
    /// If a cell is not below `cells`, or the order is another.
    #[must_use]
    pub fn from_counts(cells: usize, counts: impl Iterator<Item = (u32, u32, u32)>) -> Self {
        let mut grouped = Self {
            cells,
            starts: Vec::new(),
            entries: Vec::new(),
        };
        let mut previous = None;
        for (cluster, cell, count) in counts {
            assert!(
                (cell as usize) < cells,
                "cell {cell} lies outside a table of {cells} cells"
            );
            assert!(
                previous < Some((cluster, cell)),
                "counts come in ascending order"
            );
            if previous.is_none_or(|(previous, _)| previous != cluster) {
                grouped.starts.push(grouped.entries.len() as u32);
            }
            grouped.entries.push(CellCount { cell, count });
            previous = Some((cluster, cell));
        }
        grouped.starts.push(grouped.entries.len() as u32);
        grouped
    }

    /// Number of clusters that have at least one item.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// True where no cluster has an item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of cells that an entry may name.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// The entries of one cluster.
    ///
    /// # Panics
    /// If there is no such cluster.
    #[must_use]
    pub fn cluster(&self, index: usize) -> &[CellCount] {
        &self.entries[self.starts[index] as usize..self.starts[index + 1] as usize]
    }

    /// The entries of each cluster in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[CellCount]> + '_ {
        self.starts
            .windows(2)
            .map(|bounds| &self.entries[bounds[0] as usize..bounds[1] as usize])
    }

    /// The sum over clusters of the square of each cluster's sum of `values`, one value per cell.
    #[must_use]
    pub fn sum_of_squares(&self, values: &[f64]) -> f64 {
        self.iter()
            .map(|entries| {
                let sum: f64 = entries
                    .iter()
                    .map(|e| f64::from(e.count) * values[e.cell as usize])
                    .sum();
                sum * sum
            })
            .sum()
    }

    /// [`ClusterCells::sum_of_squares`] of several lists of values, digit by digit the same.
    ///
    /// One walk over the clusters serves eight lists, whose values of a cell lie side by side.
    #[must_use]
    pub fn sums_of_squares(&self, lists: &[Vec<f64>]) -> Vec<f64> {
        lists
            .chunks(BESIDE)
            .flat_map(|lists| match lists {
                [values] => vec![self.sum_of_squares(values)],
                _ => self.sums_of_squares_beside(lists),
            })
            .collect()
    }

    fn sums_of_squares_beside(&self, lists: &[Vec<f64>]) -> Vec<f64> {
        let values: Vec<[f64; BESIDE]> = (0..self.cells)
            .map(|cell| array::from_fn(|list| lists.get(list).map_or(0.0, |values| values[cell])))
            .collect();
        let mut squares = [0.0; BESIDE];
        for entries in self.iter() {
            let mut sums = [0.0; BESIDE];
            for entry in entries {
                let count = f64::from(entry.count);
                for (sum, value) in sums.iter_mut().zip(&values[entry.cell as usize]) {
                    *sum += count * value;
                }
            }
            for (square, sum) in squares.iter_mut().zip(sums) {
                *square += sum * sum;
            }
        }
        squares[..lists.len()].to_vec()
    }

    /// In how many clusters each row, and in how many each column, of a table of `categories` has an item.
    pub(super) fn spread(&self, categories: usize) -> (Vec<usize>, Vec<usize>) {
        let places: Vec<(usize, usize)> = cells(categories).collect();
        let mut rows = vec![(0, usize::MAX); categories];
        let mut columns = rows.clone();
        for (cluster, entries) in self.iter().enumerate() {
            for entry in entries {
                let (row, column) = places[entry.cell as usize];
                for (clusters, last) in [&mut rows[row], &mut columns[column]] {
                    *clusters += usize::from(*last != cluster);
                    *last = cluster;
                }
            }
        }
        let clusters = |seen: Vec<(usize, usize)>| seen.into_iter().map(|(n, _)| n).collect();
        (clusters(rows), clusters(columns))
    }
}

/// Lists of values that one walk over the clusters serves.
const BESIDE: usize = 8;

/// Draws that belong together, numbered from zero in the order in which their clusters first occur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Groups {
    of: Vec<u32>,
    len: usize,
}

impl Groups {
    /// Numbers the clusters of draws.
    pub(super) fn new(clusters: impl Iterator<Item = u32>) -> Self {
        let mut numbers = HashMap::new();
        let of = clusters
            .map(|cluster| {
                let next = numbers.len() as u32;
                *numbers.entry(cluster).or_insert(next)
            })
            .collect();
        Self {
            of,
            len: numbers.len(),
        }
    }

    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The group of each draw.
    pub(super) fn of(&self) -> &[u32] {
        &self.of
    }

    /// The sum of each group's values, one value per draw.
    pub(super) fn sums(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.len];
        for (&group, value) in self.of.iter().zip(values) {
            sums[group as usize] += value;
        }
        sums
    }
}
