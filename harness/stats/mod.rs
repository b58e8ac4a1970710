//! Plain numbers in, estimates out. Uses no other room, does no input or output, knows nothing of labels' names.
//!
//! Two raters on a categorical scale meet in a `table`; `weights` and `metric` say how far apart categories are. `kappa`,
//! `gwet`, `alpha_pair`, `accuracy`, `f1` and `mcc` are functions of the table, `symmetry` tests its margins, `influence`
//! gives each of them its standard error, `agreement` computes them all, and `coefficient` names them for whoever takes
//! any of them. Several raters meet in `units`: `study`, `panel_complete` and `alpha` are their coefficients, `panel`
//! computes them all. Two candidates on the same gold are `paired`; `paired_shares` compares their accuracies and
//! `verdict` says whether the new one may replace the old one; `noninferiority` and `noninferiority_numbers` are the rule
//! of the gate. Items of a user belong together: `clusters` keeps them so,
//! `resample` draws them and `bootstrap` makes intervals of the draws.

pub mod accuracy;
pub mod agreement;
pub mod alpha;
pub mod alpha_pair;
pub mod alt_test;
pub mod bootstrap;
pub mod calibration;
mod chance;
pub mod clusters;
pub mod coefficient;
pub mod continuous;
pub mod dist;
mod draw;
pub mod dsl;
pub mod error_matrix;
pub mod estimate;
pub mod f1;
pub mod gwet;
mod incomplete_beta;
pub mod influence;
pub mod intraclass;
pub mod kappa;
mod linear;
mod linear_program;
pub mod mcc;
pub mod metric;
pub mod moments;
pub mod multiplicity;
pub mod noninferiority;
pub mod noninferiority_numbers;
pub mod paired;
pub mod paired_shares;
pub mod panel;
pub mod panel_complete;
pub mod power;
pub mod ppi;
pub mod prevalence;
pub mod proportion;
pub mod rank;
pub mod rank_table;
pub mod regression;
pub mod resample;
pub mod rogan_gladen;
pub mod study;
pub mod symmetry;
pub mod table;
pub mod trend;
pub mod units;
pub mod user_bootstrap;
pub mod verdict;
pub mod weights;
