//! Random draws that are the same on every machine and at every number of threads.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// The random stream of one replicate: a stream of its own per number, so that no order of work changes a result.
#[must_use]
pub(super) fn stream(seed: u64, replicate: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(replicate);
    rng
}

/// A whole number below `bound`, by the high half of a product: unlike `random_range` fixed for all time. The bias is
/// below `bound`/2^64.
#[must_use]
pub(super) fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}

/// A number in [0, 1) with 53 random bits.
#[must_use]
pub(super) fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (0.5_f64).powi(53)
}

/// The type-7 quantile of sorted values: linear between order statistics, h = (n - 1) p. Values must not be empty.
#[must_use]
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let h = (sorted.len() - 1) as f64 * p.clamp(0.0, 1.0);
    let below = h.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (h - below as f64) * (sorted[above] - sorted[below])
}
