//! Figures as SVG: plain values in, text out, the same bytes for the same values.
//!
//! [`intervals`] draws points with their intervals (agreement, recall, prevalence, adjusted rates), [`heat_map`] who
//! confuses what, [`boxes`] what telemetry measures on a log scale, [`calibration`] stated confidence against what came
//! true. `kuva` lays them out; [`frame`] is the one place that turns its drawing into a file of ours: with a title and a
//! description for those who do not see it, without a fixed width, and with the colours of [`palette`], which change with the
//! reader's light or dark setting and stay light in print.

pub mod boxes;
pub mod calibration;
pub mod frame;
pub mod heat_map;
pub mod intervals;
pub mod palette;

pub use frame::Figure;

/// What a figure is called and what it says in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heading {
    /// Name of the file without its ending, and beginning of the ids in it: letters, digits and hyphens.
    pub name: String,
    /// The title that stands in the figure.
    pub title: String,
    /// The line below it: goldset, synthetic or real, sessions and users.
    pub basis: String,
    /// What the figure shows, in sentences, for those who do not see it.
    pub description: String,
}
