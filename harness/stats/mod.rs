//! Plain numbers in, estimates out. Uses no other room, does no input or output, knows nothing of labels' names.

pub mod continuous;
pub mod dist;
pub mod estimate;
pub mod moments;
pub mod rank;
