//! What is computed from tables is what the items give, to the last digit.

use harness::stats::clusters::ClusterCells;
use harness::stats::rank::{kendall_tau_b, spearman};
use harness::stats::rank_table::rank_agreement;
use harness::stats::table::Confusion;
use proptest::prelude::*;

const CATEGORIES: usize = 6;

/// Items with a code of each rater, some missing, and a user.
fn items() -> impl Strategy<Value = Vec<(Option<u16>, Option<u16>, u32)>> {
    let code = || prop::option::weighted(0.9, 0..CATEGORIES as u16);
    prop::collection::vec((code(), code(), 0..9_u32), 0..200)
}

fn columns(
    items: &[(Option<u16>, Option<u16>, u32)],
) -> (Vec<Option<u16>>, Vec<Option<u16>>, Vec<u32>) {
    (
        items.iter().map(|item| item.0).collect(),
        items.iter().map(|item| item.1).collect(),
        items.iter().map(|item| item.2).collect(),
    )
}

proptest! {
    #[test]
    fn ranks_of_a_table_are_those_of_its_items(
        items in items(),
        // Halves and quarters, so that sums of differences are exact in any order; some are equal, none in order.
        values in prop::collection::vec((-8_i32..8).prop_map(|number| f64::from(number) / 4.0), CATEGORIES),
    ) {
        let (a, b, _) = columns(&items);
        let table = Confusion::from_codes(&a, &b, CATEGORIES);
        let number = |code: u16| values[usize::from(code)];
        let (x, y): (Vec<f64>, Vec<f64>) = items
            .iter()
            .filter_map(|(a, b, _)| Some((number((*a)?), number((*b)?))))
            .unzip();
        let found = rank_agreement(&table, Some(&values));
        prop_assert_eq!(found.spearman, spearman(&x, &y));
        prop_assert_eq!(found.kendall_tau_b, kendall_tau_b(&x, &y));
        let sum: f64 = x.iter().zip(&y).map(|(x, y)| (x - y).abs()).sum();
        match found.mae {
            Ok(mae) => prop_assert_eq!(mae.to_bits(), (sum / x.len() as f64).to_bits()),
            Err(_) => prop_assert!(x.is_empty()),
        }
    }

    #[test]
    fn users_from_counts_are_users_from_items(items in items()) {
        let (a, b, users) = columns(&items);
        let expected = ClusterCells::of_pairs(&a, &b, CATEGORIES, Some(&users));
        let mut counts = std::collections::BTreeMap::new();
        for (a, b, user) in &items {
            if let (Some(a), Some(b)) = (a, b) {
                let cell = usize::from(*a) * CATEGORIES + usize::from(*b);
                *counts.entry((*user, cell as u32)).or_insert(0) += 1;
            }
        }
        let counts = counts.into_iter().map(|((user, cell), count)| (user, cell, count));
        prop_assert_eq!(ClusterCells::from_counts(CATEGORIES * CATEGORIES, counts), expected);
    }

    #[test]
    fn one_walk_gives_what_many_give(
        items in items(),
        lists in prop::collection::vec(
            prop::collection::vec(-1e3..1e3_f64, CATEGORIES * CATEGORIES),
            0..20,
        ),
    ) {
        let (a, b, users) = columns(&items);
        let clusters = ClusterCells::of_pairs(&a, &b, CATEGORIES, Some(&users));
        let bits = |sums: Vec<f64>| -> Vec<u64> { sums.iter().map(|sum| (sum + 0.0).to_bits()).collect() };
        let expected = lists.iter().map(|values| clusters.sum_of_squares(values)).collect();
        prop_assert_eq!(bits(clusters.sums_of_squares(&lists)), bits(expected));
    }
}
