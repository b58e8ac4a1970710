//! The table of two raters: how often rater A said category i while rater B said category j.
//!
//! Every statistic of two raters on a categorical scale is a function of this table. Rows are the gold standard or
//! rater A, columns are the candidate or rater B. Categories are positions in the declared order; a category that
//! nobody used keeps its empty row and column, because chance agreement depends on how many categories there were
//! to choose from.

/// Counts of the pairs of categories of two raters over the items that both rated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    categories: usize,
    counts: Vec<u64>,
    rows: Vec<u64>,
    columns: Vec<u64>,
    n: u64,
    /// Σ [i≠j], Σ |i−j| and Σ (i−j)² over items, kept up to date because every coefficient starts from one of them.
    disagreements: Disagreements,
    n_missing: u64,
    n_missing_a: u64,
    n_missing_b: u64,
}

/// How far apart the raters are, summed over items, in the three usual ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disagreements {
    /// Items on which they differ.
    pub different: u64,
    /// The sum of the distances between the two positions.
    pub distance: u64,
    /// The sum of the squared distances.
    pub square: u64,
}

impl Confusion {
    /// Counts the pairs of two raters' codes; `None` is a missing rating, and an item that lacks one is left out.
    ///
    /// # Panics
    /// If the raters have not the same number of items, or a code is not below `categories`: whoever reads the labels
    /// knows their names and reports an undeclared one.
    #[must_use]
    pub fn from_codes(a: &[Option<u16>], b: &[Option<u16>], categories: usize) -> Self {
        assert_eq!(a.len(), b.len(), "both raters have one entry per item");
        let mut table = Self::empty(categories);
        for (&a, &b) in a.iter().zip(b) {
            if let (Some(a), Some(b)) = (a, b) {
                table.counts[cell(a, b, categories)] += 1;
            } else {
                table.n_missing += 1;
                table.n_missing_a += u64::from(a.is_none());
                table.n_missing_b += u64::from(b.is_none());
            }
        }
        table.refresh_margins();
        table
    }

    /// A table from its cells, row after row.
    ///
    /// # Panics
    /// If there are not `categories` squared cells.
    #[must_use]
    pub fn from_counts(categories: usize, counts: Vec<u64>) -> Self {
        assert_eq!(
            counts.len(),
            categories * categories,
            "a table has categories × categories cells"
        );
        let mut table = Self {
            counts,
            ..Self::empty(categories)
        };
        table.refresh_margins();
        table
    }

    /// The same table with how many items were left out, and how many of them each rater did not rate.
    #[must_use]
    pub fn with_missing(self, either: u64, a: u64, b: u64) -> Self {
        Self {
            n_missing: either,
            n_missing_a: a,
            n_missing_b: b,
            ..self
        }
    }

    /// A table without items.
    #[must_use]
    pub fn empty(categories: usize) -> Self {
        Self {
            categories,
            counts: vec![0; categories * categories],
            rows: vec![0; categories],
            columns: vec![0; categories],
            n: 0,
            disagreements: Disagreements::default(),
            n_missing: 0,
            n_missing_a: 0,
            n_missing_b: 0,
        }
    }

    /// Number of declared categories.
    #[must_use]
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// Number of items that both rated.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Number of items left out because at least one of the two ratings is missing.
    #[must_use]
    pub fn n_missing(&self) -> u64 {
        self.n_missing
    }

    /// Number of items that rater A did not rate.
    #[must_use]
    pub fn n_missing_a(&self) -> u64 {
        self.n_missing_a
    }

    /// Number of items that rater B did not rate.
    #[must_use]
    pub fn n_missing_b(&self) -> u64 {
        self.n_missing_b
    }

    /// How often A said `i` while B said `j`.
    #[must_use]
    pub fn count(&self, i: usize, j: usize) -> u64 {
        self.counts[i * self.categories + j]
    }

    /// All cells, row after row: cell (i, j) is at `i * categories + j`.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How often A used each category.
    #[must_use]
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// How often B used each category.
    #[must_use]
    pub fn columns(&self) -> &[u64] {
        &self.columns
    }

    /// How often both used category `k`.
    #[must_use]
    pub fn agreed(&self, k: usize) -> u64 {
        self.counts[k * (self.categories + 1)]
    }

    /// Number of items on which both agree.
    #[must_use]
    pub fn diagonal(&self) -> u64 {
        self.n - self.disagreements.different
    }

    /// How far apart the raters are, summed over items.
    #[must_use]
    pub fn disagreements(&self) -> Disagreements {
        self.disagreements
    }

    /// The sum of the products of both raters' margins: n² times the agreement expected of independent raters.
    #[must_use]
    pub fn margin_product(&self) -> u128 {
        self.rows
            .iter()
            .zip(&self.columns)
            .map(|(&a, &b)| u128::from(a) * u128::from(b))
            .sum()
    }

    /// True where both raters used one and the same category for every item.
    #[must_use]
    pub fn is_one_class(&self) -> bool {
        self.n > 0 && self.disagreements.different == 0 && self.rows.contains(&self.n)
    }

    /// True where at least one of the raters used a single category.
    #[must_use]
    pub fn has_constant_rater(&self) -> bool {
        self.n > 0 && (self.rows.contains(&self.n) || self.columns.contains(&self.n))
    }

    /// The occupied cells as (row, column, count).
    pub fn occupied(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        let categories = self.categories;
        self.counts
            .iter()
            .enumerate()
            .filter(|&(_, &count)| count > 0)
            .map(move |(cell, &count)| (cell / categories, cell % categories, count))
    }

    /// Takes over other cells of the same size; for resampling, which reuses one table for thousands of samples.
    pub(super) fn refill(&mut self, counts: impl Iterator<Item = u64>) {
        for (cell, count) in self.counts.iter_mut().zip(counts) {
            *cell = count;
        }
        self.refresh_margins();
    }

    /// Removes `count` items of one cell, for the jackknife.
    pub(super) fn remove(&mut self, cell: usize, count: u64) {
        let (i, j) = (cell / self.categories, cell % self.categories);
        let distance = i.abs_diff(j) as u64;
        self.counts[cell] -= count;
        self.rows[i] -= count;
        self.columns[j] -= count;
        self.n -= count;
        self.disagreements.different -= count * u64::from(distance > 0);
        self.disagreements.distance -= count * distance;
        self.disagreements.square -= count * distance * distance;
    }

    /// Puts back what [`Confusion::remove`] took.
    pub(super) fn restore(&mut self, cell: usize, count: u64) {
        let (i, j) = (cell / self.categories, cell % self.categories);
        let distance = i.abs_diff(j) as u64;
        self.counts[cell] += count;
        self.rows[i] += count;
        self.columns[j] += count;
        self.n += count;
        self.disagreements.different += count * u64::from(distance > 0);
        self.disagreements.distance += count * distance;
        self.disagreements.square += count * distance * distance;
    }

    fn refresh_margins(&mut self) {
        self.columns.fill(0);
        self.disagreements = Disagreements::default();
        for (i, row) in self.counts.chunks_exact(self.categories.max(1)).enumerate() {
            let mut total = 0;
            for (j, (column, &count)) in self.columns.iter_mut().zip(row).enumerate() {
                let distance = i.abs_diff(j) as u64;
                total += count;
                *column += count;
                self.disagreements.distance += count * distance;
                self.disagreements.square += count * distance * distance;
            }
            self.rows[i] = total;
        }
        self.n = self.rows.iter().sum();
        self.disagreements.different =
            self.n - (0..self.categories).map(|k| self.agreed(k)).sum::<u64>();
    }
}

/// The position of the pair (`a`, `b`) in the table's cells.
///
/// # Panics
/// If a code is not below `categories`.
pub(super) fn cell(a: u16, b: u16, categories: usize) -> usize {
    let (a, b) = (usize::from(a), usize::from(b));
    assert!(
        a < categories && b < categories,
        "code {} is not among {categories} declared categories",
        a.max(b)
    );
    a * categories + b
}

/// All cells of a table of `categories` categories as (row, column), row after row.
pub(super) fn cells(categories: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..categories).flat_map(move |i| (0..categories).map(move |j| (i, j)))
}
