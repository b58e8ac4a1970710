//! The ratings of several raters, one unit at a time: who said what is forgotten, how many said it is kept.
//!
//! Units on which the same categories were used equally often are alike for every coefficient that treats raters as
//! interchangeable. There are far fewer such patterns than units, and so each is worked on once.

use std::collections::HashMap;

use super::clusters::Groups;

/// One way in which a unit was rated, and how many units were rated so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// How many raters chose each category that anyone chose, in the order of categories.
    pub counts: Vec<(u16, u32)>,
    /// How many raters rated the unit.
    pub ratings: u32,
    /// How many units look like this.
    pub units: u64,
}

/// The units of a panel of raters that have at least one rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    categories: usize,
    patterns: Vec<Pattern>,
    /// The pattern of each unit.
    pattern_of: Vec<u32>,
    /// The position of each unit among the items that were given.
    items: Vec<u32>,
    /// Items without any rating.
    unrated: u64,
}

impl Units {
    /// Collects the units from one column of codes per rater; items that nobody rated are left out.
    ///
    /// # Panics
    /// If the columns differ in length or a code is not below `categories`.
    #[must_use]
    pub fn from_raters(raters: &[&[Option<u16>]], categories: usize) -> Self {
        let items = raters.first().map_or(0, |column| column.len());
        assert!(
            raters.iter().all(|column| column.len() == items),
            "every rater has one entry per item"
        );
        let mut ratings: Vec<u16> = Vec::with_capacity(raters.len());
        let mut collector = Collector::new(categories, items);
        for item in 0..items {
            ratings.clear();
            ratings.extend(raters.iter().filter_map(|column| column[item]));
            collector.add(item, &mut ratings);
        }
        collector.units
    }

    /// Collects the units from how many raters put each of them in each category, one row per unit.
    ///
    /// # Panics
    /// If a row has not one number per category.
    #[must_use]
    pub fn from_counts(rows: &[Vec<u32>], categories: usize) -> Self {
        let mut collector = Collector::new(categories, rows.len());
        for (item, row) in rows.iter().enumerate() {
            assert_eq!(row.len(), categories, "a row has one number per category");
            let repeated = row
                .iter()
                .enumerate()
                .flat_map(|(k, &n)| std::iter::repeat_n(k as u16, n as usize));
            collector.add(item, &mut repeated.collect::<Vec<u16>>());
        }
        collector.units
    }

    /// Number of declared categories.
    #[must_use]
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// Number of units with at least one rating.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pattern_of.len()
    }

    /// True where there is no rating at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pattern_of.is_empty()
    }

    /// Number of units with at least two ratings, which alone say something about agreement.
    #[must_use]
    pub fn pairable(&self) -> u64 {
        self.patterns
            .iter()
            .filter(|pattern| pattern.ratings >= 2)
            .map(|pattern| pattern.units)
            .sum()
    }

    /// The units by cluster, given the cluster of each item.
    pub(super) fn groups(&self, clusters: &[u32]) -> Groups {
        Groups::new(self.items.iter().map(|&item| clusters[item as usize]))
    }

    /// Number of items without any rating, which are no units.
    #[must_use]
    pub fn unrated(&self) -> u64 {
        self.unrated
    }

    /// The distinct patterns.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The index of each unit's pattern.
    #[must_use]
    pub fn pattern_of(&self) -> &[u32] {
        &self.pattern_of
    }

    /// The position of each unit among the items that were given.
    #[must_use]
    pub fn items(&self) -> &[u32] {
        &self.items
    }
}

/// Sorts units into patterns.
struct Collector {
    units: Units,
    known: HashMap<Box<[u16]>, u32>,
}

impl Collector {
    fn new(categories: usize, items: usize) -> Self {
        let units = Units {
            categories,
            patterns: Vec::new(),
            pattern_of: Vec::with_capacity(items),
            items: Vec::with_capacity(items),
            unrated: 0,
        };
        Self {
            units,
            known: HashMap::new(),
        }
    }

    fn add(&mut self, item: usize, ratings: &mut [u16]) {
        if ratings.is_empty() {
            self.units.unrated += 1;
            return;
        }
        ratings.sort_unstable();
        let index = match self.known.get(ratings) {
            Some(&index) => index,
            None => self.learn(ratings),
        };
        self.units.patterns[index as usize].units += 1;
        self.units.pattern_of.push(index);
        self.units.items.push(item as u32);
    }

    fn learn(&mut self, ratings: &[u16]) -> u32 {
        let categories = self.units.categories;
        let counts: Vec<(u16, u32)> = ratings
            .chunk_by(|x, y| x == y)
            .map(|run| (run[0], run.len() as u32))
            .collect();
        let largest = counts
            .last()
            .map_or(0, |&(category, _)| usize::from(category));
        assert!(
            largest < categories,
            "code {largest} is not among {categories} declared categories"
        );
        let index = self.units.patterns.len() as u32;
        self.units.patterns.push(Pattern {
            counts,
            ratings: ratings.len() as u32,
            units: 0,
        });
        self.known.insert(ratings.into(), index);
        index
    }
}
