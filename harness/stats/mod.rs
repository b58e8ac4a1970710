//! Plain numbers in, estimates out. Uses no other room, does no input or output, knows nothing of labels' names.

pub mod estimate;
