//! Variances, degrees of freedom and tests of linear forms of the coefficients.

use super::super::dist::{t_critical, t_two_sided};
use super::super::estimate::{Estimate, Interval, Undefined};
use super::super::linear::{Square, dot};
use super::fit::Fit;
use super::layout::Layout;
use super::levels::Levels;
use super::leverage::{Correction, basis, leverage_adjusted};
use super::sandwich::{Rows, cluster_meat, variance, without_negative_eigenvalues};
use super::{Counting, Options, Tested, Vcov};

/// Variances and degrees of freedom of all forms.
pub(super) struct Errors {
    classical: Vec<Option<f64>>,
    clustered: Vec<Option<f64>>,
    df: Vec<f64>,
    uses_clusters: bool,
    method: &'static str,
}

impl Errors {
    /// Errors of all forms, of which the first `coefficients` are the coefficients themselves.
    pub(super) fn of(
        layout: &Layout,
        options: &Options,
        vcov: Vcov,
        fit: &Fit,
        forms: &[Vec<f64>],
        coefficients: usize,
    ) -> Result<Self, Undefined> {
        let n = layout.n();
        let rows = Rows {
            x: &fit.x,
            k: fit.terms.len(),
            residuals: &fit.residuals,
        };
        let left = n as f64 - layout.parameters(fit.terms.len(), |_| true) as f64;
        let classical = classical_variances(fit, forms, left);
        let none = vec![None; forms.len()];
        let few = layout.clusters.iter().any(|cluster| cluster.levels < 2);
        let smallest = layout
            .clusters
            .iter()
            .map(|cluster| cluster.levels)
            .min()
            .unwrap_or(0) as f64;
        let df = vec![smallest - 1.0; forms.len()];
        let nothing = |method| Self {
            classical: classical.clone(),
            clustered: none.clone(),
            df: df.clone(),
            uses_clusters: vcov != Vcov::Classical,
            method,
        };
        Ok(match vcov {
            Vcov::Classical => Self {
                df: vec![left; forms.len()],
                ..nothing("classical, t")
            },
            _ if few => nothing("cluster, t"),
            Vcov::Cr0 | Vcov::Cr1 => {
                let meat = meat_of_ways(&rows, &layout.clusters);
                let factor = small_sample_factor(layout, options, vcov, fit.terms.len(), smallest);
                let clustered = factor.map_or_else(
                    || none.clone(),
                    |q| variances(&meat, forms, q, layout, coefficients),
                );
                Self {
                    clustered,
                    ..nothing(if vcov == Vcov::Cr0 {
                        "CR0, t"
                    } else {
                        "CR1, t"
                    })
                }
            }
            Vcov::Cr2 | Vcov::Cr3 => {
                let correction = if vcov == Vcov::Cr2 {
                    Correction::Root
                } else {
                    Correction::Full
                };
                let (basis, width) = basis(layout, fit)?;
                // The constant is one of the nested dummies' combinations, in which adjusted residuals have no part.
                let nested = layout.nested.contains(&true);
                let without_nested = |form: &Vec<f64>| {
                    let mut form = form.clone();
                    form[0] = if nested { 0.0 } else { form[0] };
                    form
                };
                let weights: Vec<Vec<f64>> = forms.iter().map(without_nested).collect();
                let (meat, freedom) = leverage_adjusted(
                    &rows,
                    &layout.clusters[0],
                    &basis,
                    width,
                    correction,
                    &weights,
                );
                let clustered = forms
                    .iter()
                    .map(|form| Some(variance(&meat, form).max(0.0)))
                    .collect();
                if vcov == Vcov::Cr2 {
                    Self {
                        clustered,
                        df: freedom,
                        ..nothing("CR2, t Satterthwaite")
                    }
                } else {
                    Self {
                        clustered,
                        ..nothing("CR3, t")
                    }
                }
            }
        })
    }

    pub(super) fn tests(&self, confidence: f64) -> Vec<Test> {
        let test = |i: usize| Test {
            se: self.classical[i].map(f64::sqrt),
            se_cluster: self.clustered[i].map(f64::sqrt),
            uses_clusters: self.uses_clusters,
            df: self.df[i],
            confidence,
            method: self.method,
        };
        (0..self.df.len()).map(test).collect()
    }
}

/// What is left to do for one form once its value is known.
pub(super) struct Test {
    se: Option<f64>,
    se_cluster: Option<f64>,
    uses_clusters: bool,
    df: f64,
    confidence: f64,
    method: &'static str,
}

impl Test {
    pub(super) fn of(&self, value: f64) -> Tested {
        let error = if self.uses_clusters {
            self.se_cluster
        } else {
            self.se
        };
        let usable = error.filter(|_| self.df > 0.0 && self.df.is_finite());
        let t = usable.filter(|se| *se > 0.0).map(|se| value / se);
        let half = usable.map(|se| t_critical(self.confidence, self.df) * se);
        let estimate = Estimate {
            value,
            se: self.se,
            se_cluster: self.se_cluster,
            interval: half.map(|half| Interval {
                low: value - half,
                high: value + half,
            }),
            method: self.method,
            zero_variance: error.is_some_and(|se| se <= 0.0),
        };
        Tested {
            estimate,
            df: self.df,
            t,
            p_value: t.map(|t| t_two_sided(t, self.df)),
        }
    }
}

/// s^2 (n w_0^2 + (A v)'X~'X~(A v)): independent errors of one variance.
fn classical_variances(fit: &Fit, forms: &[Vec<f64>], left: f64) -> Vec<Option<f64>> {
    if left <= 0.0 {
        return vec![None; forms.len()];
    }
    let n = fit.residuals.len() as f64;
    let s2 = dot(&fit.residuals, &fit.residuals) / left;
    let of = |form: &Vec<f64>| Some(s2 * (n * form[0] * form[0] + variance(&fit.gram, &form[1..])));
    forms.iter().map(of).collect()
}

fn meat_of_ways(rows: &Rows<'_>, clusters: &[Levels]) -> Square {
    let mut meat = cluster_meat(rows, &clusters[0]);
    if let [one, other] = clusters {
        let both = cluster_meat(rows, &one.crossed(other));
        let second = cluster_meat(rows, other);
        for ((value, add), subtract) in meat.values.iter_mut().zip(&second.values).zip(&both.values)
        {
            *value += add - subtract;
        }
    }
    meat
}

/// q of CR1, 1 for CR0; none where there are no more rows than parameters.
fn small_sample_factor(
    layout: &Layout,
    options: &Options,
    vcov: Vcov,
    regressors: usize,
    g: f64,
) -> Option<f64> {
    if vcov == Vcov::Cr0 {
        return Some(1.0);
    }
    let n = layout.n() as f64;
    let parameters = match options.counting {
        Counting::ClustersOnly => return Some(g / (g - 1.0)),
        Counting::Nonnested => layout.parameters(regressors, |nested| !nested),
        Counting::Full => layout.parameters(regressors, |_| true),
    } as f64;
    (n > parameters).then(|| g / (g - 1.0) * (n - 1.0) / (n - parameters))
}

fn variances(
    meat: &Square,
    forms: &[Vec<f64>],
    factor: f64,
    layout: &Layout,
    coefficients: usize,
) -> Vec<Option<f64>> {
    let plain = |form: &Vec<f64>| Some((factor * variance(meat, form)).max(0.0));
    if layout.clusters.len() < 2 {
        return forms.iter().map(plain).collect();
    }
    // The repair is of the covariance of the coefficients, as in the packages; other forms follow one by one.
    let (own, others) = forms.split_at(coefficients);
    let mut covariance = Square::zero(coefficients);
    for (i, one) in own.iter().enumerate() {
        let image = meat.times(one);
        for (j, other) in own.iter().enumerate() {
            covariance.set(i, j, factor * dot(other, &image));
        }
    }
    let repaired = without_negative_eigenvalues(&covariance);
    let of_coefficients = (0..coefficients).map(|i| Some(repaired.at(i, i).max(0.0)));
    of_coefficients.chain(others.iter().map(plain)).collect()
}
