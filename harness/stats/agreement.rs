//! All that is said about two raters of the same items on a categorical scale, computed at once.

use super::accuracy::{
    ClassMetrics, balanced_accuracy_linearised, per_class, percent_agreement, within_one,
};
use super::alpha_pair::alpha_linearised;
use super::clusters::ClusterCells;
use super::estimate::{Statistic, Undefined};
use super::f1::{macro_f1_declared, macro_f1_linearised, weighted_f1_linearised};
use super::gwet::{brennan_prediger, brennan_prediger_linearised, gwet_linearised};
use super::influence::{Linearised, Sample};
use super::kappa::{bias_index, cohen_linearised, kappa_max, prevalence_index, scott_linearised};
use super::mcc::{mcc_linearised, mcc_sklearn};
use super::metric::{Metric, positions};
use super::symmetry::{Bowker, ChiSquare, bhapkar, bowker, stuart_maxwell};
use super::table::Confusion;
use super::weights::{Scheme, Weights};

/// The ratings of two raters, one entry per item and rater; codes are positions in the declared order of categories.
#[derive(Debug, Clone, Copy)]
pub struct TwoRaters<'a> {
    /// The gold standard or the first rater; `None` where the rating is missing.
    pub a: &'a [Option<u16>],
    /// The candidate or the second rater.
    pub b: &'a [Option<u16>],
    /// How many categories were declared, used or not.
    pub categories: usize,
    /// The numbers that categories stand for, for alpha on the interval and ratio scales; positions 1, 2, … if `None`.
    pub values: Option<&'a [f64]>,
    /// The user of each item; `None` where items count as independent.
    pub clusters: Option<&'a [u32]>,
    /// The confidence level of intervals, inside (0, 1).
    pub confidence: f64,
}

/// Every statistic of two raters. Weighted forms, alpha beyond nominal and `within_one` suppose ordered categories.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    missing_docs,
    reason = "the fields bear the names of the statistics, which are documented where they are computed"
)]
pub struct TwoRaterAgreement {
    /// Items that both rated.
    pub n: u64,
    /// Items that at least one of them did not rate.
    pub n_missing: u64,
    pub n_missing_a: u64,
    pub n_missing_b: u64,
    /// Users with at least one item that both rated; `None` without users.
    pub n_clusters: Option<usize>,
    pub confusion: Confusion,
    pub percent_agreement: Statistic,
    pub cohen_kappa: Statistic,
    pub cohen_kappa_linear: Statistic,
    pub cohen_kappa_quadratic: Statistic,
    pub scott_pi: Statistic,
    pub scott_pi_linear: Statistic,
    pub scott_pi_quadratic: Statistic,
    pub gwet_ac1: Statistic,
    pub gwet_ac2_linear: Statistic,
    pub gwet_ac2_quadratic: Statistic,
    pub brennan_prediger: Statistic,
    pub brennan_prediger_linear: Statistic,
    pub brennan_prediger_quadratic: Statistic,
    pub alpha_nominal: Statistic,
    pub alpha_ordinal: Statistic,
    pub alpha_interval: Statistic,
    pub alpha_ratio: Statistic,
    pub mcc: Statistic,
    /// 0 where `mcc` is undefined.
    pub mcc_sklearn: f64,
    pub kappa_max: Result<f64, Undefined>,
    /// Brennan and Prediger's kappa without weights; 2 pa − 1 for two categories.
    pub pabak: Result<f64, Undefined>,
    pub prevalence_index: Result<f64, Undefined>,
    pub bias_index: Result<f64, Undefined>,
    pub within_one: Statistic,
    pub stuart_maxwell: Result<ChiSquare, Undefined>,
    pub bowker: Result<Bowker, Undefined>,
    pub bhapkar: Result<ChiSquare, Undefined>,
    /// One entry per declared category.
    pub per_class: Vec<ClassMetrics>,
    pub macro_f1: Statistic,
    /// Over all declared classes, one that is never seen counting as 0.
    pub macro_f1_declared: Result<f64, Undefined>,
    pub weighted_f1: Statistic,
    pub balanced_accuracy: Statistic,
}

/// Computes every statistic of two raters from one pass over their items.
///
/// Standard errors are in the 1/n form. With clusters each statistic also has a clustered error, from which its interval
/// is made (t with G − 1 degrees of freedom); shares keep Wilson's interval, on the effective number of items.
///
/// # Panics
/// If the slices differ in length, a code is not below `categories`, there is not one value per category, or the
/// confidence does not lie inside (0, 1).
#[must_use]
pub fn two_raters(ratings: &TwoRaters) -> TwoRaterAgreement {
    let q = ratings.categories;
    let table = Confusion::from_codes(ratings.a, ratings.b, q);
    let clusters = ratings
        .clusters
        .map(|clusters| ClusterCells::of_pairs(ratings.a, ratings.b, q, Some(clusters)));
    let values = ratings.values.map_or_else(|| positions(q), <[f64]>::to_vec);
    assert_eq!(values.len(), q, "every category stands for one number");

    let sample = Sample {
        table: &table,
        clusters: clusters.as_ref(),
        confidence: ratings.confidence,
    };
    let estimate =
        |statistic: Result<Linearised, Undefined>| statistic.map(|it| sample.estimate(&it));
    let [identity, linear, quadratic] =
        [Scheme::Identity, Scheme::Linear, Scheme::Quadratic].map(|scheme| Weights::new(scheme, q));
    let alpha = |metric| estimate(alpha_linearised(&table, metric, &values));
    TwoRaterAgreement {
        n: table.n(),
        n_missing: table.n_missing(),
        n_missing_a: table.n_missing_a(),
        n_missing_b: table.n_missing_b(),
        n_clusters: clusters.as_ref().map(ClusterCells::len),
        percent_agreement: percent_agreement(&sample),
        cohen_kappa: estimate(cohen_linearised(&table, &identity)),
        cohen_kappa_linear: estimate(cohen_linearised(&table, &linear)),
        cohen_kappa_quadratic: estimate(cohen_linearised(&table, &quadratic)),
        scott_pi: estimate(scott_linearised(&table, &identity)),
        scott_pi_linear: estimate(scott_linearised(&table, &linear)),
        scott_pi_quadratic: estimate(scott_linearised(&table, &quadratic)),
        gwet_ac1: estimate(gwet_linearised(&table, &identity)),
        gwet_ac2_linear: estimate(gwet_linearised(&table, &linear)),
        gwet_ac2_quadratic: estimate(gwet_linearised(&table, &quadratic)),
        brennan_prediger: estimate(brennan_prediger_linearised(&table, &identity)),
        brennan_prediger_linear: estimate(brennan_prediger_linearised(&table, &linear)),
        brennan_prediger_quadratic: estimate(brennan_prediger_linearised(&table, &quadratic)),
        alpha_nominal: alpha(Metric::Nominal),
        alpha_ordinal: alpha(Metric::Ordinal),
        alpha_interval: alpha(Metric::Interval),
        alpha_ratio: alpha(Metric::Ratio),
        mcc: estimate(mcc_linearised(&table)),
        mcc_sklearn: mcc_sklearn(&table),
        kappa_max: kappa_max(&table),
        pabak: brennan_prediger(&table, &identity),
        prevalence_index: prevalence_index(&table),
        bias_index: bias_index(&table),
        within_one: within_one(&sample),
        stuart_maxwell: stuart_maxwell(&table),
        bowker: bowker(&table),
        bhapkar: bhapkar(&table),
        per_class: per_class(&sample),
        macro_f1: estimate(macro_f1_linearised(&table)),
        macro_f1_declared: macro_f1_declared(&table),
        weighted_f1: estimate(weighted_f1_linearised(&table)),
        balanced_accuracy: estimate(balanced_accuracy_linearised(&table)),
        confusion: table,
    }
}
