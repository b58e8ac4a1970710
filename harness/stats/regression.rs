//! Linear (probability) models with absorbed effects and cluster-robust errors.
//!
//! Effects are taken out of y and of every regressor first (Frisch, Waugh and Lovell; `absorb`), then least squares runs
//! on what is left (`fit`), and the errors come from the scores of clusters (`sandwich`, `leverage`). Coefficients,
//! errors and degrees of freedom agree with reghdfe, fixest and pyfixest; CR2 and CR3 with clubSandwich on the model
//! with all dummies.

mod absorb;
mod errors;
mod fit;
mod layout;
mod levels;
mod leverage;
mod sandwich;

use absorb::{Absorber, Convergence};
use errors::Errors;
use fit::Fit;
use layout::{Columns, Layout};
use levels::Levels;

use super::estimate::{Estimate, Undefined};
use super::linear::dot;

/// What is regressed on what. Rows are complete; every slice has one entry per row.
#[derive(Debug, Clone, Copy)]
pub struct Design<'a> {
    /// The outcome: 0 and 1 for a linear probability model, or any number.
    pub y: &'a [f64],
    /// The regressors.
    pub x: &'a [&'a [f64]],
    /// Effects to absorb, as level codes; none gives an ordinary regression with an intercept.
    pub absorb: &'a [&'a [u32]],
    /// No, one or two ways of clustering, as codes.
    pub clusters: &'a [&'a [u32]],
    /// A category that joins the regressors as dummies and whose adjusted means are wanted, as codes.
    pub categories: Option<&'a [u32]>,
}

/// The covariance of the coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vcov {
    /// Independent errors of one variance, s^2 A with s^2 = u'u/(n - K over all effects).
    Classical,
    /// The plain cluster sandwich.
    Cr0,
    /// CR0 times G/(G-1) (n-1)/(n-K); see [`Counting`] for K.
    Cr1,
    /// Bell and McCaffrey's adjustment with Satterthwaite degrees of freedom: for few or unequal clusters.
    Cr2,
    /// The adjustment that comes close to the jackknife over clusters; conservative.
    Cr3,
}

/// Which parameters K counts in the factor (n-1)/(n-K) of CR1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counting {
    /// Regressors, one, and L - 1 for each effect that is not nested in a cluster variable: reghdfe, fixest, pyfixest.
    Nonnested,
    /// The same over all effects: Stata's regress with dummies, sandwich HC1.
    Full,
    /// No such factor.
    ClustersOnly,
}

/// How to estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// The covariance; without clusters it is always the classical one.
    pub vcov: Vcov,
    /// The parameter count of CR1.
    pub counting: Counting,
    /// Whether rows alone in a level are dropped, as reghdfe and fixest do.
    pub drop_singletons: bool,
    /// Absorbing ends when a further sweep would move no column by more than this, relative to its norm.
    pub tolerance: f64,
    /// Confidence level of the intervals.
    pub confidence: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            vcov: Vcov::Cr1,
            counting: Counting::Nonnested,
            drop_singletons: true,
            tolerance: 1e-8,
            confidence: 0.95,
        }
    }
}

/// What a coefficient belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Term {
    /// The intercept, without absorbed effects only.
    Intercept,
    /// A category against the reference category, the lowest code that occurs.
    Category(u32),
    /// The regressor at this position of `x`.
    Column(usize),
}

/// An estimate with its t test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// Value and errors: `se` the classical one, `se_cluster` the robust one, on which the interval rests.
    pub estimate: Estimate,
    /// Degrees of freedom of test and interval.
    pub df: f64,
    /// Value over error; `None` without an error or where it is zero.
    pub t: Option<f64>,
    /// Two-sided p-value of "the value is zero".
    pub p_value: Option<f64>,
}

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// Rows used.
    pub n: usize,
    /// Rows dropped because they were alone in a level.
    pub singletons_dropped: usize,
    /// Coefficients, in the order intercept, categories, columns.
    pub coefficients: Vec<(Term, Tested)>,
    /// Terms that the effects or earlier terms explain, left out.
    pub collinear: Vec<Term>,
    /// Adjusted mean of each category by code; empty without categories.
    pub adjusted_means: Vec<(u32, Result<Tested, Undefined>)>,
    /// Clusters in each way of clustering.
    pub clusters: Vec<usize>,
    /// Parameters counted without effects nested in clusters.
    pub k: usize,
    /// Parameters counted over all effects.
    pub k_full: usize,
    /// The covariance used.
    pub vcov: Vcov,
    /// Sweeps over the data for absorbing.
    pub iterations: u32,
    /// Whether absorbing reached its tolerance.
    pub converged: bool,
    /// Share of rows whose fitted value lies outside [0, 1]: what a linear probability model gets wrong.
    pub outside_unit_interval: f64,
}

/// Fits the model; see the module for the method and [`Options`] for its choices.
///
/// V = q A (sum_g s_g s_g') A with A = (X~'X~)^-1, s_g = X~_g'u_g. Tests use t with G - 1 degrees of freedom (the smaller
/// of two ways), Satterthwaite's for CR2, n - K for classical errors. Two ways: V_1 + V_2 - V_12 with the factor of the
/// smaller number of clusters, negative eigenvalues set to zero (Cameron, Gelbach and Miller 2011). Adjusted mean of a
/// category: ybar + v'b, v the mean regressors with that category less the mean regressors; its error comes from the
/// influence u_i/n + v'A x~_i u_i. Fewer than two clusters: values without errors. The cost of CR2 and CR3 grows with
/// n times the squared number of levels that are not nested in clusters. Undefined: `NoPairs` (no rows, or none left),
/// `OutOfRange` (numbers that are not finite), `Constant` (y does not vary), `NotAvailable` (CR2 or CR3 with two ways of clustering,
/// or with so many levels outside clusters that their dummies fill a gigabyte).
///
/// # Panics
/// Where slices differ in length, or with more than two ways of clustering.
pub fn regress(design: &Design<'_>, options: &Options) -> Result<Regression, Undefined> {
    check(design, options)?;
    let vcov = if design.clusters.is_empty() {
        Vcov::Classical
    } else {
        options.vcov
    };
    let layout = Layout::of(design, options, vcov)?;
    let mut columns = Columns::of(design, &layout);
    if columns.moments[0].1 <= 0.0 {
        return Err(Undefined::Constant);
    }
    let tolerance = if matches!(vcov, Vcov::Cr2 | Vcov::Cr3) {
        options.tolerance.min(1e-12)
    } else {
        options.tolerance
    };
    let effects: Vec<&Levels> = layout.effects.iter().collect();
    let absorbed = Absorber::new(&effects, layout.n()).absorb(&mut columns.blocks, tolerance);
    let fit = Fit::of(&columns);
    drop(columns);
    report(&layout, design, options, vcov, absorbed, &fit)
}

fn check(design: &Design<'_>, options: &Options) -> Result<(), Undefined> {
    let n = design.y.len();
    assert!(
        design.x.iter().all(|column| column.len() == n),
        "one value per row and regressor"
    );
    let codes = design
        .absorb
        .iter()
        .chain(design.clusters)
        .chain(&design.categories);
    assert!(
        codes.into_iter().all(|codes| codes.len() == n),
        "one code per row"
    );
    assert!(design.clusters.len() <= 2, "at most two ways of clustering");
    if n == 0 {
        return Err(Undefined::NoPairs);
    }
    if design.clusters.len() == 2 && matches!(options.vcov, Vcov::Cr2 | Vcov::Cr3) {
        return Err(Undefined::NotAvailable);
    }
    let usable = |column: &[f64]| column.iter().all(|value| value.abs() < 1e100);
    if usable(design.y) && design.x.iter().all(|column| usable(column)) {
        Ok(())
    } else {
        Err(Undefined::OutOfRange)
    }
}

fn report(
    layout: &Layout,
    design: &Design<'_>,
    options: &Options,
    vcov: Vcov,
    absorbed: Convergence,
    fit: &Fit,
) -> Result<Regression, Undefined> {
    let mut named: Vec<(Term, f64, Vec<f64>)> = Vec::new();
    let unit = |j: usize| -> Vec<f64> {
        (0..fit.terms.len())
            .map(|i| if i == j { 1.0 } else { 0.0 })
            .collect()
    };
    for (j, term) in fit.terms.iter().enumerate() {
        named.push((*term, fit.coefficients[j], fit.form(0.0, &unit(j))));
    }
    if layout.effects.is_empty() {
        let back: Vec<f64> = fit.means.iter().map(|mean| -mean).collect();
        let value = fit.mean_y + dot(&back, &fit.coefficients);
        named.insert(0, (Term::Intercept, value, fit.form(1.0, &back)));
    }
    let means = adjusted_means(layout, fit);
    let forms: Vec<Vec<f64>> = named
        .iter()
        .map(|(_, _, form)| form.clone())
        .chain(
            means
                .iter()
                .filter_map(|(_, mean)| mean.as_ref().ok().map(|(_, form)| form.clone())),
        )
        .collect();
    let errors = Errors::of(layout, options, vcov, fit, &forms, named.len())?;
    let mut tests = errors.tests(options.confidence).into_iter();
    let mut next = |value: f64| tests.next().expect("one test per form").of(value);
    let coefficients = named
        .iter()
        .map(|(term, value, _)| (*term, next(*value)))
        .collect();
    let adjusted_means = means
        .into_iter()
        .map(|(code, mean)| (code, mean.map(|(value, _)| next(value))))
        .collect();
    let outside = |(row, residual): &(&u32, &f64)| {
        const ROUNDING: f64 = 1e-9;
        let fitted = design.y[**row as usize] - **residual;
        !(-ROUNDING..=1.0 + ROUNDING).contains(&fitted)
    };
    let outside = layout
        .rows
        .iter()
        .zip(&fit.residuals)
        .filter(outside)
        .count();
    Ok(Regression {
        n: layout.n(),
        singletons_dropped: design.y.len() - layout.n(),
        coefficients,
        collinear: fit.collinear.clone(),
        adjusted_means,
        clusters: layout
            .clusters
            .iter()
            .map(|cluster| cluster.levels)
            .collect(),
        k: layout.parameters(fit.terms.len(), |nested| !nested),
        k_full: layout.parameters(fit.terms.len(), |_| true),
        vcov,
        iterations: absorbed.iterations,
        converged: absorbed.converged,
        outside_unit_interval: outside as f64 / layout.n() as f64,
    })
}

/// A linear form of the coefficients: its value, and its weights on scores.
type Form = (f64, Vec<f64>);

/// Per category the value and the form of its adjusted mean; undefined where a dummy had to be left out.
fn adjusted_means(layout: &Layout, fit: &Fit) -> Vec<(u32, Result<Form, Undefined>)> {
    let identified = !fit
        .collinear
        .iter()
        .any(|term| matches!(term, Term::Category(_)));
    let of = |code: u32| {
        if !identified {
            return (code, Err(Undefined::Singular));
        }
        let shift = |(term, mean): (&Term, &f64)| match term {
            Term::Category(other) => f64::from(u8::from(*other == code)) - mean,
            Term::Intercept | Term::Column(_) => 0.0,
        };
        let v: Vec<f64> = fit.terms.iter().zip(&fit.means).map(shift).collect();
        (
            code,
            Ok((fit.mean_y + dot(&v, &fit.coefficients), fit.form(1.0, &v))),
        )
    };
    layout.categories.iter().map(|code| of(*code)).collect()
}
