//! Values in, text out: the only place where numbers are rounded and text is escaped for a format.

pub mod escape;
pub mod number;
pub mod table;
