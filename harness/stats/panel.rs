//! All that is said about several raters of the same items on a categorical scale, computed at once.
//!
//! The coefficients are in `study` (with missing ratings), `panel_complete` (without) and `alpha`.

use super::alpha::alpha;
use super::estimate::Statistic;
use super::metric::{Metric, positions};
use super::panel_complete::{complete_items, light};
use super::study::Study;
use super::units::Units;
use super::weights::{Scheme, Weights};

/// Ratings of a panel: one column of codes per rater, one entry per item.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a> {
    /// Each rater's codes; `None` is a missing rating.
    pub raters: &'a [&'a [Option<u16>]],
    /// How many categories were declared, used or not.
    pub categories: usize,
    /// The numbers that categories stand for, for alpha on the interval and ratio scales; positions 1, 2, … if `None`.
    pub values: Option<&'a [f64]>,
    /// The user of each item; `None` where items count as independent.
    pub clusters: Option<&'a [u32]>,
    /// The confidence level of intervals, inside (0, 1).
    pub confidence: f64,
}

/// Every statistic of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelAgreement {
    /// Items with at least one rating.
    pub n: usize,
    /// Items with at least two ratings, which alone say something about agreement.
    pub n_pairable: u64,
    /// Items that every rater rated.
    pub n_complete: usize,
    /// Items that at least one rater did not rate.
    pub n_missing: usize,
    /// Coefficients for categories without order.
    pub unweighted: PanelCoefficients,
    /// Coefficients with linear weights.
    pub linear: PanelCoefficients,
    /// Coefficients with quadratic weights.
    pub quadratic: PanelCoefficients,
    /// [`alpha`] on a nominal scale.
    pub alpha_nominal: Statistic,
    /// Krippendorff's alpha on an ordinal scale.
    pub alpha_ordinal: Statistic,
    /// Krippendorff's alpha on an interval scale.
    pub alpha_interval: Statistic,
    /// Krippendorff's alpha on a ratio scale.
    pub alpha_ratio: Statistic,
}

/// The coefficients of a panel for one choice of weights.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelCoefficients {
    /// [`Study::percent_agreement`].
    pub percent_agreement: Statistic,
    /// [`Study::fleiss`].
    pub fleiss_kappa: Statistic,
    /// [`Study::conger`].
    pub conger_kappa: Statistic,
    /// [`Study::gwet`]: AC1, or AC2 with weights.
    pub gwet: Statistic,
    /// [`Study::brennan_prediger`].
    pub brennan_prediger: Statistic,
    /// [`light`], on the items that every rater rated.
    pub light_kappa: Statistic,
}

impl PanelAgreement {
    /// The coefficients under a weighting scheme.
    #[must_use]
    pub fn weighted(&self, scheme: Scheme) -> &PanelCoefficients {
        match scheme {
            Scheme::Identity => &self.unweighted,
            Scheme::Linear => &self.linear,
            Scheme::Quadratic => &self.quadratic,
        }
    }
}

/// Computes every statistic of a panel.
///
/// # Panics
/// If columns differ in length, a code is not below `categories`, there is not one value per category, or the confidence
/// does not lie inside (0, 1).
#[must_use]
pub fn panel(ratings: &Panel) -> PanelAgreement {
    let q = ratings.categories;
    let units = Units::from_raters(ratings.raters, q);
    let values = ratings.values.map_or_else(|| positions(q), <[f64]>::to_vec);
    assert_eq!(values.len(), q, "every category stands for one number");
    let n_complete = complete_items(ratings.raters).len();

    let coefficients = |scheme| {
        let weights = Weights::new(scheme, q);
        let study = Study::new(&units, &weights, ratings.clusters, ratings.confidence);
        PanelCoefficients {
            percent_agreement: study.percent_agreement(),
            fleiss_kappa: study.fleiss(),
            conger_kappa: study.conger(ratings.raters),
            gwet: study.gwet(),
            brennan_prediger: study.brennan_prediger(),
            light_kappa: light(ratings.raters, &weights),
        }
    };
    let alpha = |metric| {
        alpha(
            &units,
            metric,
            &values,
            ratings.clusters,
            ratings.confidence,
        )
    };
    PanelAgreement {
        n: units.len(),
        n_pairable: units.pairable(),
        n_complete,
        n_missing: units.len() + units.unrated() as usize - n_complete,
        unweighted: coefficients(Scheme::Identity),
        linear: coefficients(Scheme::Linear),
        quadratic: coefficients(Scheme::Quadratic),
        alpha_nominal: alpha(Metric::Nominal),
        alpha_ordinal: alpha(Metric::Ordinal),
        alpha_interval: alpha(Metric::Interval),
        alpha_ratio: alpha(Metric::Ratio),
    }
}
