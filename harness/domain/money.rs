//! Amounts of money, exact: sums of many small prices must equal the bill to the last digit.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// US dollars as a whole number of picodollars (10⁻¹² USD); one token at 0.10 USD a million costs 100,000 of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u128);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From picodollars.
    #[must_use]
    pub fn from_picodollars(picodollars: u128) -> Self {
        Self(picodollars)
    }

    /// In picodollars.
    #[must_use]
    pub fn picodollars(self) -> u128 {
        self.0
    }

    /// From dollars, as the command line gives them; `None` where they are negative or no number. Rounds to the nearest picodollar.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked before: not negative, finite and far below 2^127"
    )]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        ((0.0..=1e15).contains(&dollars)).then(|| Self((dollars * 1e12).round() as u128))
    }

    /// In dollars, for people and for JSON.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a bill has fewer than sixteen digits that anyone reads"
    )]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e12
    }

    /// What is left of this after `other`; nothing where that is more.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}
