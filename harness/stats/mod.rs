//! Plain numbers in, estimates out. Uses no other room, does no input or output, knows nothing of labels' names.
//!
//! Two raters on a categorical scale meet in a `table`. `weights` and `metric` say how far categories lie apart,
//! `kappa`, `gwet`, `alpha_pair`, `accuracy`, `f1` and `mcc` are functions of the table, `symmetry` tests its margins,
//! `influence` gives every one of them its standard error and `agreement` computes them all. `coefficient` names them
//! for whoever takes any of them.

pub mod accuracy;
pub mod agreement;
pub mod alpha;
pub mod alpha_pair;
pub mod bootstrap;
mod chance;
pub mod clusters;
pub mod coefficient;
pub mod dist;
pub mod estimate;
pub mod f1;
pub mod gwet;
pub mod influence;
pub mod kappa;
pub mod mcc;
pub mod metric;
pub mod paired;
pub mod paired_shares;
pub mod panel;
pub mod panel_complete;
pub mod proportion;
pub mod resample;
pub mod symmetry;
pub mod table;
pub mod units;
pub mod verdict;
pub mod weights;
