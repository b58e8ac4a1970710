//! All that is said about two raters of the same items on a categorical scale, computed at once.

use super::accuracy::{
    ClassMetrics, balanced_accuracy_linearised, per_class, percent_agreement, within_one,
};
use super::alpha_pair::alpha_linearised;
use super::clusters::ClusterCells;
use super::estimate::{Statistic, Undefined};
use super::f1::{macro_f1_declared, macro_f1_linearised, weighted_f1_linearised};
use super::gwet::{brennan_prediger, brennan_prediger_linearised, gwet_linearised};
use super::influence::Sample;
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

/// Every statistic of two raters, under the names of the output.
///
/// Weighted forms, alpha beyond nominal and `within_one` suppose that categories are ordered. What a statistic is, where
/// it comes from and when it is undefined stands with the function that computes it.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoRaterAgreement {
    /// Items that both rated.
    pub n: u64,
    /// Items that at least one of them did not rate.
    pub n_missing: u64,
    /// Items that rater A did not rate.
    pub n_missing_a: u64,
    /// Items that rater B did not rate.
    pub n_missing_b: u64,
    /// Users with at least one item that both rated; `None` without users.
    pub n_clusters: Option<usize>,
    /// The table, rows rater A.
    pub confusion: Confusion,
    /// [`percent_agreement`].
    pub percent_agreement: Statistic,
    /// [`super::kappa::cohen`].
    pub cohen_kappa: Statistic,
    /// Cohen's kappa with linear weights.
    pub cohen_kappa_linear: Statistic,
    /// Cohen's kappa with quadratic weights.
    pub cohen_kappa_quadratic: Statistic,
    /// [`super::kappa::scott`].
    pub scott_pi: Statistic,
    /// Scott's pi with linear weights.
    pub scott_pi_linear: Statistic,
    /// Scott's pi with quadratic weights.
    pub scott_pi_quadratic: Statistic,
    /// [`super::gwet::gwet`] without weights.
    pub gwet_ac1: Statistic,
    /// [`super::gwet::gwet`] with linear weights.
    pub gwet_ac2_linear: Statistic,
    /// [`super::gwet::gwet`] with quadratic weights.
    pub gwet_ac2_quadratic: Statistic,
    /// [`super::gwet::brennan_prediger`].
    pub brennan_prediger: Statistic,
    /// Brennan and Prediger's kappa with linear weights.
    pub brennan_prediger_linear: Statistic,
    /// Brennan and Prediger's kappa with quadratic weights.
    pub brennan_prediger_quadratic: Statistic,
    /// [`super::alpha_pair::alpha`] on a nominal scale.
    pub alpha_nominal: Statistic,
    /// Krippendorff's alpha on an ordinal scale.
    pub alpha_ordinal: Statistic,
    /// Krippendorff's alpha on an interval scale.
    pub alpha_interval: Statistic,
    /// Krippendorff's alpha on a ratio scale.
    pub alpha_ratio: Statistic,
    /// [`super::mcc::mcc`].
    pub mcc: Statistic,
    /// The same, 0 where it is undefined.
    pub mcc_sklearn: f64,
    /// [`kappa_max`].
    pub kappa_max: Result<f64, Undefined>,
    /// Brennan and Prediger's kappa without weights; 2 pa − 1 for two categories.
    pub pabak: Result<f64, Undefined>,
    /// [`prevalence_index`].
    pub prevalence_index: Result<f64, Undefined>,
    /// [`bias_index`].
    pub bias_index: Result<f64, Undefined>,
    /// [`within_one`].
    pub within_one: Statistic,
    /// [`stuart_maxwell`].
    pub stuart_maxwell: Result<ChiSquare, Undefined>,
    /// [`bowker`].
    pub bowker: Result<Bowker, Undefined>,
    /// [`bhapkar`].
    pub bhapkar: Result<ChiSquare, Undefined>,
    /// [`per_class`], one entry per declared category.
    pub per_class: Vec<ClassMetrics>,
    /// [`super::f1::macro_f1`], over the classes seen in truth or prediction.
    pub macro_f1: Statistic,
    /// Over all declared classes, one that is never seen counting as 0.
    pub macro_f1_declared: Result<f64, Undefined>,
    /// [`super::f1::weighted_f1`].
    pub weighted_f1: Statistic,
    /// [`super::accuracy::balanced_accuracy`].
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
    of_table(table, clusters.as_ref(), ratings.values, ratings.confidence)
}

/// [`two_raters`] from their table and, where there are users, the same pairs by user.
///
/// # Panics
/// If there is not one value per category, or the confidence does not lie inside (0, 1).
#[must_use]
pub fn of_table(
    table: Confusion,
    clusters: Option<&ClusterCells>,
    values: Option<&[f64]>,
    confidence: f64,
) -> TwoRaterAgreement {
    let q = table.categories();
    let values = values.map_or_else(|| positions(q), <[f64]>::to_vec);
    assert_eq!(values.len(), q, "every category stands for one number");

    let sample = Sample {
        table: &table,
        clusters,
        confidence,
    };
    let [identity, linear, quadratic] =
        [Scheme::Identity, Scheme::Linear, Scheme::Quadratic].map(|scheme| Weights::new(scheme, q));
    let alpha = |metric| alpha_linearised(&table, metric, &values);
    // Eight at a time: that many gradients one walk over the users serves.
    let [
        cohen_kappa,
        cohen_kappa_linear,
        cohen_kappa_quadratic,
        scott_pi,
        scott_pi_linear,
        scott_pi_quadratic,
        mcc,
        macro_f1,
    ] = sample.estimates([
        cohen_linearised(&table, &identity),
        cohen_linearised(&table, &linear),
        cohen_linearised(&table, &quadratic),
        scott_linearised(&table, &identity),
        scott_linearised(&table, &linear),
        scott_linearised(&table, &quadratic),
        mcc_linearised(&table),
        macro_f1_linearised(&table),
    ]);
    let [
        gwet_ac1,
        gwet_ac2_linear,
        gwet_ac2_quadratic,
        brennan_prediger_unweighted,
        brennan_prediger_linear,
        brennan_prediger_quadratic,
        weighted_f1,
        balanced_accuracy,
    ] = sample.estimates([
        gwet_linearised(&table, &identity),
        gwet_linearised(&table, &linear),
        gwet_linearised(&table, &quadratic),
        brennan_prediger_linearised(&table, &identity),
        brennan_prediger_linearised(&table, &linear),
        brennan_prediger_linearised(&table, &quadratic),
        weighted_f1_linearised(&table),
        balanced_accuracy_linearised(&table),
    ]);
    let [alpha_nominal, alpha_ordinal, alpha_interval, alpha_ratio] = sample.estimates([
        alpha(Metric::Nominal),
        alpha(Metric::Ordinal),
        alpha(Metric::Interval),
        alpha(Metric::Ratio),
    ]);
    TwoRaterAgreement {
        n: table.n(),
        n_missing: table.n_missing(),
        n_missing_a: table.n_missing_a(),
        n_missing_b: table.n_missing_b(),
        n_clusters: clusters.map(ClusterCells::len),
        percent_agreement: percent_agreement(&sample),
        cohen_kappa,
        cohen_kappa_linear,
        cohen_kappa_quadratic,
        scott_pi,
        scott_pi_linear,
        scott_pi_quadratic,
        gwet_ac1,
        gwet_ac2_linear,
        gwet_ac2_quadratic,
        brennan_prediger: brennan_prediger_unweighted,
        brennan_prediger_linear,
        brennan_prediger_quadratic,
        alpha_nominal,
        alpha_ordinal,
        alpha_interval,
        alpha_ratio,
        mcc,
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
        macro_f1,
        macro_f1_declared: macro_f1_declared(&table),
        weighted_f1,
        balanced_accuracy,
        confusion: table,
    }
}
