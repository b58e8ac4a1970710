//! Adjusting p-values for the number of tests.

use super::estimate::Undefined;

/// How p-values are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Adjustment {
    /// Familywise error, step-down: for gates. Holm 1979.
    Holm,
    /// False discovery rate under independence or positive dependence: for tables. Benjamini and Hochberg 1995.
    BenjaminiHochberg,
    /// False discovery rate under any dependence. Benjamini and Yekutieli 2001.
    BenjaminiYekutieli,
    /// Familywise error in one step, min(1, m p); never better than Holm, here for comparison.
    Bonferroni,
}

/// Adjusted p-values in the order given; a test without a p-value stays without and does not count among the m tests.
///
/// With p sorted ascending, Holm: max over j <= i of min(1, (m - j + 1) p_(j)); Benjamini-Hochberg: min over j >= i of
/// min(1, m p_(j)/j); Benjamini-Yekutieli: the same times 1 + 1/2 + ... + 1/m. Adjusted values are never below the
/// given ones and keep their order. `OutOfRange` where a p-value is not in [0, 1].
pub fn adjust(
    p_values: &[Option<f64>],
    adjustment: Adjustment,
) -> Result<Vec<Option<f64>>, Undefined> {
    let mut ascending: Vec<(usize, f64)> = p_values
        .iter()
        .enumerate()
        .filter_map(|(test, p)| p.map(|p| (test, p)))
        .collect();
    if !ascending.iter().all(|(_, p)| (0.0..=1.0).contains(p)) {
        return Err(Undefined::OutOfRange);
    }
    ascending.sort_by(|(_, p), (_, q)| p.total_cmp(q));
    let m = ascending.len() as f64;
    let mut adjusted = vec![None; p_values.len()];
    let mut running;
    match adjustment {
        Adjustment::Bonferroni => {
            for (test, p) in ascending {
                adjusted[test] = Some((m * p).min(1.0));
            }
        }
        Adjustment::Holm => {
            running = 0.0_f64;
            for (before, (test, p)) in ascending.into_iter().enumerate() {
                running = running.max(((m - before as f64) * p).min(1.0));
                adjusted[test] = Some(running);
            }
        }
        Adjustment::BenjaminiHochberg | Adjustment::BenjaminiYekutieli => {
            let penalty = match adjustment {
                Adjustment::BenjaminiYekutieli => {
                    (1..=ascending.len()).rev().map(|j| 1.0 / j as f64).sum()
                }
                _ => 1.0,
            };
            running = 1.0_f64;
            for (before, (test, p)) in ascending.into_iter().enumerate().rev() {
                running = running.min(penalty * m * p / (before as f64 + 1.0));
                adjusted[test] = Some(running);
            }
        }
    }
    Ok(adjusted)
}
