//! Linear (probability) models with absorbed effects and cluster-robust errors.
//!
//! Effects are taken out of y and of every regressor first (Frisch, Waugh and Lovell; [`super::absorb`]), then least
//! squares runs on what is left, and the errors come from [`super::sandwich`]. Coefficients, errors and degrees of
//! freedom agree with reghdfe, fixest and pyfixest; CR2 and CR3 with clubSandwich on the model with all dummies.

use super::absorb::{
    Absorber, Convergence, LANES, Lane, Levels, sort_by_level, without_singletons,
};
use super::dist::{t_critical, t_two_sided};
use super::estimate::{Estimate, Interval, Undefined};
use super::linear::{Square, dot};
use super::moments::{is_constant, mean};
use super::sandwich::{
    Correction, Rows, cluster_meat, leverage_adjusted, variance, without_negative_eigenvalues,
};

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
/// `OutOfRange` (numbers that are not finite), `NotAvailable` (CR2 or CR3 with two ways of clustering).
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
    let (terms, mut blocks) = layout.columns(design);
    let precise = if matches!(vcov, Vcov::Cr2 | Vcov::Cr3) {
        1e-12
    } else {
        options.tolerance
    };
    let effects: Vec<&Levels> = layout.effects.iter().collect();
    let absorbed =
        Absorber::new(&effects, layout.n()).absorb(&mut blocks, precise.min(options.tolerance));
    let fit = Fit::of(&layout, design, terms, &blocks);
    drop(blocks);
    Ok(report(&layout, design, options, vcov, absorbed, &fit))
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

/// The rows in working order, with effects and clusters in that order.
struct Layout {
    rows: Vec<u32>,
    /// The effect whose levels lie in runs stands first.
    effects: Vec<Levels>,
    nested: Vec<bool>,
    clusters: Vec<Levels>,
    /// Codes that occur among the rows, ascending; the first is the reference.
    categories: Vec<u32>,
}

impl Layout {
    fn of(design: &Design<'_>, options: &Options, vcov: Vcov) -> Result<Self, Undefined> {
        let n = design.y.len();
        let raw: Vec<Levels> = design
            .absorb
            .iter()
            .map(|codes| Levels::dense(codes.iter().copied()))
            .collect();
        let rows = if options.drop_singletons && !raw.is_empty() {
            without_singletons(&raw, n)
        } else {
            (0..n as u32).collect()
        };
        if rows.is_empty() {
            return Err(Undefined::NoPairs);
        }
        let in_rows = |codes: &[u32], rows: &[u32]| {
            let picked: Vec<u32> = rows.iter().map(|row| codes[*row as usize]).collect();
            Levels::dense(picked.into_iter())
        };
        let clusters: Vec<Levels> = design
            .clusters
            .iter()
            .map(|codes| in_rows(codes, &rows))
            .collect();
        let nested_in_any =
            |effect: &Levels| clusters.iter().any(|cluster| effect.nested_in(cluster));
        let mut effects: Vec<(usize, bool, usize)> = Vec::new();
        for (position, codes) in design.absorb.iter().enumerate() {
            let effect = in_rows(codes, &rows);
            effects.push((position, nested_in_any(&effect), effect.levels));
        }
        // Sort by the largest effect. CR2 and CR3 absorb nested effects alone, so there a nested one leads.
        let leads_nested = matches!(vcov, Vcov::Cr2 | Vcov::Cr3);
        effects.sort_by_key(|(_, nested, levels)| {
            (leads_nested && !nested, std::cmp::Reverse(*levels))
        });
        let rows = match effects.first() {
            Some((position, _, _)) => sort_by_level(&rows, &raw[*position]),
            None => rows,
        };
        let mut categories: Vec<u32> = design.categories.map_or_else(Vec::new, |codes| {
            rows.iter().map(|row| codes[*row as usize]).collect()
        });
        categories.sort_unstable();
        categories.dedup();
        Ok(Self {
            nested: effects.iter().map(|(_, nested, _)| *nested).collect(),
            effects: effects
                .iter()
                .map(|(position, _, _)| in_rows(design.absorb[*position], &rows))
                .collect(),
            clusters: design
                .clusters
                .iter()
                .map(|codes| in_rows(codes, &rows))
                .collect(),
            rows,
            categories,
        })
    }

    fn n(&self) -> usize {
        self.rows.len()
    }

    /// The terms, and blocks of four columns: y first, then one column per term.
    fn columns(&self, design: &Design<'_>) -> (Vec<Term>, Vec<Vec<Lane>>) {
        let mut terms: Vec<Term> = self
            .categories
            .iter()
            .skip(1)
            .map(|code| Term::Category(*code))
            .collect();
        terms.extend((0..design.x.len()).map(Term::Column));
        let columns = terms.len() + 1;
        let mut blocks = vec![vec![[0.0; LANES]; self.n()]; columns.div_ceil(LANES)];
        let mut fill = |column: usize, value: &dyn Fn(usize) -> f64| {
            for (lane, row) in blocks[column / LANES].iter_mut().zip(&self.rows) {
                lane[column % LANES] = value(*row as usize);
            }
        };
        fill(0, &|row| design.y[row]);
        for (j, term) in terms.iter().enumerate() {
            fill(j + 1, &|row| value_of(design, *term, row));
        }
        (terms, blocks)
    }

    /// Parameters: regressors, one, and L - 1 for each effect that counts.
    fn parameters(&self, regressors: usize, counts: impl Fn(bool) -> bool) -> usize {
        let levels = self
            .effects
            .iter()
            .zip(&self.nested)
            .filter(|(_, nested)| counts(**nested));
        regressors + 1 + levels.map(|(effect, _)| effect.levels - 1).sum::<usize>()
    }
}

fn value_of(design: &Design<'_>, term: Term, row: usize) -> f64 {
    match term {
        Term::Intercept => 1.0,
        Term::Column(column) => design.x[column][row],
        Term::Category(code) => {
            let codes = design
                .categories
                .expect("a category term comes from categories");
            f64::from(u8::from(codes[row] == code))
        }
    }
}

/// Least squares on absorbed columns.
struct Fit {
    /// Terms that stayed, and their means over the rows.
    terms: Vec<Term>,
    means: Vec<f64>,
    collinear: Vec<Term>,
    mean_y: f64,
    /// Absorbed regressors, row by row.
    x: Vec<f64>,
    bread: Square,
    coefficients: Vec<f64>,
    residuals: Vec<f64>,
}

impl Fit {
    fn of(layout: &Layout, design: &Design<'_>, terms: Vec<Term>, blocks: &[Vec<Lane>]) -> Self {
        let n = layout.n();
        let cross = cross_products(blocks, terms.len() + 1);
        let original = |term: Term| -> Vec<f64> {
            layout
                .rows
                .iter()
                .map(|row| value_of(design, term, *row as usize))
                .collect()
        };
        let y: Vec<f64> = layout
            .rows
            .iter()
            .map(|row| design.y[*row as usize])
            .collect();
        let mut kept: Vec<usize> = Vec::new();
        let mut means = Vec::new();
        let mut collinear = Vec::new();
        for (j, term) in terms.iter().enumerate() {
            let column = original(*term);
            let centre = mean(&column);
            let total: f64 = column
                .iter()
                .map(|value| (value - centre) * (value - centre))
                .sum();
            if !is_constant(&column) && stays(&cross, &kept, j + 1, total) {
                kept.push(j + 1);
                means.push(centre);
            } else {
                collinear.push(*term);
            }
        }
        let k = kept.len();
        let mut gram = Square::zero(k);
        for (a, &i) in kept.iter().enumerate() {
            for (b, &j) in kept.iter().enumerate() {
                gram.set(a, b, cross.at(i, j));
            }
        }
        let bread = gram
            .inverse_of_positive()
            .expect("columns that stay are independent");
        let moments: Vec<f64> = kept.iter().map(|&i| cross.at(i, 0)).collect();
        let coefficients = bread.times(&moments);
        let mut x = Vec::with_capacity(n * k);
        let mut residuals = Vec::with_capacity(n);
        for row in 0..n {
            let start = x.len();
            x.extend(
                kept.iter()
                    .map(|&column| blocks[column / LANES][row][column % LANES]),
            );
            residuals.push(blocks[0][row][0] - dot(&x[start..], &coefficients));
        }
        let terms = kept.iter().map(|&column| terms[column - 1]).collect();
        Self {
            terms,
            means,
            collinear,
            mean_y: mean(&y),
            x,
            bread,
            coefficients,
            residuals,
        }
    }

    /// The form (constant/n, A v): its value is constant ybar + v'b.
    fn form(&self, constant: f64, v: &[f64]) -> Vec<f64> {
        let mut form = vec![constant / self.residuals.len() as f64];
        form.extend(self.bread.times(v));
        form
    }
}

/// Inner products of all columns.
fn cross_products(blocks: &[Vec<Lane>], columns: usize) -> Square {
    let mut cross = Square::zero(columns);
    for i in 0..columns {
        for j in 0..=i {
            let pairs = blocks[i / LANES].iter().zip(&blocks[j / LANES]);
            let product: f64 = pairs.map(|(a, b)| a[i % LANES] * b[j % LANES]).sum();
            cross.set(i, j, product);
            cross.set(j, i, product);
        }
    }
    cross
}

/// Whether a column is explained neither by the effects nor by the columns kept so far.
fn stays(cross: &Square, kept: &[usize], column: usize, total: f64) -> bool {
    const ABSORBED: f64 = 1e-12;
    const COLLINEAR: f64 = 1e-10;
    let own = cross.at(column, column);
    if own <= ABSORBED * total {
        return false;
    }
    let mut gram = Square::zero(kept.len());
    for (a, &i) in kept.iter().enumerate() {
        for (b, &j) in kept.iter().enumerate() {
            gram.set(a, b, cross.at(i, j));
        }
    }
    let with: Vec<f64> = kept.iter().map(|&i| cross.at(i, column)).collect();
    let inverse = gram
        .inverse_of_positive()
        .expect("columns that stay are independent");
    own - dot(&with, &inverse.times(&with)) > COLLINEAR * own
}

fn report(
    layout: &Layout,
    design: &Design<'_>,
    options: &Options,
    vcov: Vcov,
    absorbed: Convergence,
    fit: &Fit,
) -> Regression {
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
    let errors = Errors::of(layout, options, vcov, fit, &forms);
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
    Regression {
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
    }
}

/// Per category the value and the form of its adjusted mean; undefined where a dummy had to be left out.
fn adjusted_means(layout: &Layout, fit: &Fit) -> Vec<(u32, Result<(f64, Vec<f64>), Undefined>)> {
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

/// Variances and degrees of freedom of all forms.
struct Errors {
    classical: Vec<Option<f64>>,
    clustered: Vec<Option<f64>>,
    df: Vec<f64>,
    method: &'static str,
}

impl Errors {
    fn of(layout: &Layout, options: &Options, vcov: Vcov, fit: &Fit, forms: &[Vec<f64>]) -> Self {
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
            method,
        };
        match vcov {
            Vcov::Classical => Self {
                df: vec![left; forms.len()],
                ..nothing("classical, t")
            },
            _ if few => nothing("cluster, t"),
            Vcov::Cr0 | Vcov::Cr1 => {
                let meat = meat_of_ways(&rows, &layout.clusters);
                let factor = small_sample_factor(layout, options, vcov, fit.terms.len(), smallest);
                let clustered =
                    factor.map_or_else(|| none.clone(), |q| variances(&meat, forms, q, layout));
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
                let (basis, width) = basis(layout, fit);
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
        }
    }

    fn tests(&self, confidence: f64) -> Vec<Test> {
        let test = |i: usize| Test {
            se: self.classical[i].map(f64::sqrt),
            se_cluster: self.clustered[i].map(f64::sqrt),
            uses_clusters: !self.method.starts_with("classical"),
            df: self.df[i],
            confidence,
            method: self.method,
        };
        (0..self.df.len()).map(test).collect()
    }
}

/// What is left to do for one form once its value is known.
struct Test {
    se: Option<f64>,
    se_cluster: Option<f64>,
    uses_clusters: bool,
    df: f64,
    confidence: f64,
    method: &'static str,
}

impl Test {
    fn of(&self, value: f64) -> Tested {
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

/// s^2 (w_0^2 n + (A v)' X~'X~ (A v)): independent errors of one variance.
fn classical_variances(fit: &Fit, forms: &[Vec<f64>], left: f64) -> Vec<Option<f64>> {
    if left <= 0.0 {
        return vec![None; forms.len()];
    }
    let n = fit.residuals.len() as f64;
    let s2 = dot(&fit.residuals, &fit.residuals) / left;
    let k = fit.terms.len();
    let of = |form: &Vec<f64>| {
        let fitted: f64 = if k == 0 {
            0.0
        } else {
            fit.x
                .chunks_exact(k)
                .map(|row| dot(row, &form[1..]).powi(2))
                .sum()
        };
        Some(s2 * (n * form[0] * form[0] + fitted))
    };
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

fn variances(meat: &Square, forms: &[Vec<f64>], factor: f64, layout: &Layout) -> Vec<Option<f64>> {
    if layout.clusters.len() < 2 {
        return forms
            .iter()
            .map(|form| Some((factor * variance(meat, form)).max(0.0)))
            .collect();
    }
    // The repair is of the covariance of the forms, as packages do it for the coefficients.
    let mut covariance = Square::zero(forms.len());
    for (i, one) in forms.iter().enumerate() {
        let image = meat.times(one);
        for (j, other) in forms.iter().enumerate() {
            covariance.set(i, j, factor * dot(other, &image));
        }
    }
    let repaired = without_negative_eigenvalues(&covariance);
    (0..forms.len())
        .map(|i| Some(repaired.at(i, i).max(0.0)))
        .collect()
}

/// An orthonormal basis of regressors and dummies that are not nested in clusters, row by row, and its width.
fn basis(layout: &Layout, fit: &Fit) -> (Vec<f64>, usize) {
    let n = layout.n();
    let (nested, open): (Vec<_>, Vec<_>) = layout
        .effects
        .iter()
        .zip(&layout.nested)
        .partition(|(_, nested)| **nested);
    let mut dummies: Vec<Vec<f64>> = Vec::new();
    for (effect, _) in open {
        for level in 0..effect.levels as u32 {
            dummies.push(
                effect
                    .codes
                    .iter()
                    .map(|code| f64::from(u8::from(*code == level)))
                    .collect(),
            );
        }
    }
    if layout.effects.is_empty() {
        dummies.push(vec![1.0; n]);
    }
    if !nested.is_empty() {
        let nested: Vec<&Levels> = nested.iter().map(|(effect, _)| *effect).collect();
        let absorber = Absorber::new(&nested, n);
        for group in dummies.chunks_mut(LANES) {
            let lane = |row: usize| {
                std::array::from_fn(|j| group.get(j).map_or(0.0, |column| column[row]))
            };
            let mut block = [(0..n).map(lane).collect::<Vec<Lane>>()];
            absorber.absorb(&mut block, 1e-13);
            for (j, column) in group.iter_mut().enumerate() {
                for (value, lane) in column.iter_mut().zip(&block[0]) {
                    *value = lane[j];
                }
            }
        }
    }
    let k = fit.terms.len();
    let regressors = (0..k).map(|j| fit.x.iter().skip(j).step_by(k).copied().collect());
    let columns = orthonormal(dummies.into_iter().chain(regressors));
    let width = columns.len();
    let mut rows = Vec::with_capacity(n * width);
    for row in 0..n {
        rows.extend(columns.iter().map(|column| column[row]));
    }
    (rows, width)
}

/// Gram and Schmidt, each column twice, leaving out what earlier columns explain.
fn orthonormal(columns: impl Iterator<Item = Vec<f64>>) -> Vec<Vec<f64>> {
    const EXPLAINED: f64 = 1e-10;
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for mut column in columns {
        let before = dot(&column, &column);
        for _ in 0..2 {
            for vector in &basis {
                let part = dot(vector, &column);
                for (value, v) in column.iter_mut().zip(vector) {
                    *value -= part * v;
                }
            }
        }
        let after = dot(&column, &column);
        // A dummy of which nested effects leave nothing but rounding has no norm to begin with.
        if after > EXPLAINED * before && after > 1e-18 * column.len() as f64 {
            let scale = after.sqrt().recip();
            basis.push(column.into_iter().map(|value| value * scale).collect());
        }
    }
    basis
}
