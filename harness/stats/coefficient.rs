//! Every statistic of a table under one name, for what works with any of them: comparison, bootstrap, command line.

use super::accuracy;
use super::alpha_pair;
use super::estimate::{Statistic, Undefined};
use super::f1;
use super::gwet;
use super::influence::{Linearised, Sample};
use super::kappa;
use super::mcc;
use super::metric::{Metric, positions};
use super::table::Confusion;
use super::weights::{Scheme, Weights};

/// A statistic of the table of two raters that has a gradient.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Coefficient {
    /// Percent agreement (accuracy, micro F1).
    PercentAgreement,
    /// Cohen's kappa.
    CohenKappa(Weights),
    /// Scott's pi.
    ScottPi(Weights),
    /// Gwet's AC1 or AC2.
    Gwet(Weights),
    /// Brennan and Prediger's kappa.
    BrennanPrediger(Weights),
    /// Krippendorff's alpha, with the numbers that categories stand for.
    Alpha(Metric, Vec<f64>),
    /// Matthews' correlation.
    Mcc,
    /// Macro F1 over the classes seen in truth or prediction.
    MacroF1,
    /// F1 averaged by support.
    WeightedF1,
    /// Mean recall over the classes that occur.
    BalancedAccuracy,
    /// F1 of one class.
    F1(usize),
}

impl Coefficient {
    /// The coefficient of this name for a scale of `categories`; names are those of the output, `None` if unknown.
    #[must_use]
    pub fn from_name(name: &str, categories: usize) -> Option<Self> {
        let weights = |scheme| Weights::new(scheme, categories);
        let alpha = |metric| Self::Alpha(metric, positions(categories));
        Some(match name {
            "percent_agreement" => Self::PercentAgreement,
            "cohen_kappa" => Self::CohenKappa(weights(Scheme::Identity)),
            "cohen_kappa_linear" => Self::CohenKappa(weights(Scheme::Linear)),
            "cohen_kappa_quadratic" => Self::CohenKappa(weights(Scheme::Quadratic)),
            "scott_pi" => Self::ScottPi(weights(Scheme::Identity)),
            "scott_pi_linear" => Self::ScottPi(weights(Scheme::Linear)),
            "scott_pi_quadratic" => Self::ScottPi(weights(Scheme::Quadratic)),
            "gwet_ac1" => Self::Gwet(weights(Scheme::Identity)),
            "gwet_ac2_linear" => Self::Gwet(weights(Scheme::Linear)),
            "gwet_ac2_quadratic" => Self::Gwet(weights(Scheme::Quadratic)),
            "brennan_prediger" => Self::BrennanPrediger(weights(Scheme::Identity)),
            "brennan_prediger_linear" => Self::BrennanPrediger(weights(Scheme::Linear)),
            "brennan_prediger_quadratic" => Self::BrennanPrediger(weights(Scheme::Quadratic)),
            "alpha_nominal" => alpha(Metric::Nominal),
            "alpha_ordinal" => alpha(Metric::Ordinal),
            "alpha_interval" => alpha(Metric::Interval),
            "alpha_ratio" => alpha(Metric::Ratio),
            "mcc" => Self::Mcc,
            "macro_f1" => Self::MacroF1,
            "weighted_f1" => Self::WeightedF1,
            "balanced_accuracy" => Self::BalancedAccuracy,
            _ => return None,
        })
    }

    /// The value on a table.
    ///
    /// # Errors
    /// Those of the statistic.
    pub fn value(&self, table: &Confusion) -> Result<f64, Undefined> {
        match self {
            Self::CohenKappa(weights) => kappa::cohen(table, weights),
            Self::ScottPi(weights) => kappa::scott(table, weights),
            Self::Gwet(weights) => gwet::gwet(table, weights),
            Self::BrennanPrediger(weights) => gwet::brennan_prediger(table, weights),
            Self::Alpha(metric, values) => alpha_pair::alpha(table, *metric, values),
            Self::Mcc => mcc::mcc(table),
            Self::PercentAgreement => accuracy::agreement(table),
            Self::MacroF1 => f1::macro_f1(table),
            Self::WeightedF1 => f1::weighted_f1(table),
            Self::BalancedAccuracy => accuracy::balanced_accuracy(table),
            Self::F1(class) => f1::f1(table, *class),
        }
    }

    /// The value on a table with its gradient.
    ///
    /// # Errors
    /// Those of the statistic.
    pub fn linearise(&self, table: &Confusion) -> Result<Linearised, Undefined> {
        match self {
            Self::CohenKappa(weights) => kappa::cohen_linearised(table, weights),
            Self::ScottPi(weights) => kappa::scott_linearised(table, weights),
            Self::Gwet(weights) => gwet::gwet_linearised(table, weights),
            Self::BrennanPrediger(weights) => gwet::brennan_prediger_linearised(table, weights),
            Self::Alpha(metric, values) => alpha_pair::alpha_linearised(table, *metric, values),
            Self::Mcc => mcc::mcc_linearised(table),
            Self::PercentAgreement => accuracy::agreement_linearised(table),
            Self::MacroF1 => f1::macro_f1_linearised(table),
            Self::WeightedF1 => f1::weighted_f1_linearised(table),
            Self::BalancedAccuracy => accuracy::balanced_accuracy_linearised(table),
            Self::F1(class) => f1::f1_linearised(table, *class),
        }
    }

    /// The value with errors and interval: Wilson's for percent agreement, from the gradient for all others.
    ///
    /// # Errors
    /// Those of the statistic.
    pub fn estimate(&self, sample: &Sample) -> Statistic {
        match self {
            Self::PercentAgreement => accuracy::percent_agreement(sample),
            _ => Ok(sample.estimate(&self.linearise(sample.table)?)),
        }
    }
}
