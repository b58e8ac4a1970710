//! Plain numbers in, estimates out. Uses no other room, does no input or output, knows nothing of labels' names.

pub mod alt_test;
pub mod calibration;
pub mod continuous;
pub mod dist;
mod draw;
pub mod dsl;
pub mod error_matrix;
pub mod estimate;
mod incomplete_beta;
pub mod intraclass;
mod linear;
mod linear_program;
pub mod moments;
pub mod multiplicity;
pub mod power;
pub mod ppi;
pub mod prevalence;
pub mod rank;
pub mod regression;
pub mod rogan_gladen;
pub mod trend;
