//! Stated confidence against what came true: on the diagonal a classifier is as sure as it is right.

use std::sync::Arc;

use kuva::plot::line::LinePlot;
use kuva::plot::scatter::{MarkerShape, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

use super::frame::{Figure, framed, label, theme};
use super::intervals::tick;
use super::{Heading, palette};

/// Answers in bins of stated confidence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CalibrationPlot {
    /// Name, title and description.
    pub heading: Heading,
    /// The bins.
    pub bins: Vec<ConfidenceBin>,
}

/// Answers of similar confidence.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ConfidenceBin {
    /// Their mean confidence, 0 to 1.
    pub stated: f64,
    /// The share of them with gold's label, 0 to 1.
    pub observed: f64,
    /// The interval of that share.
    pub interval: (f64, f64),
    /// Answers.
    pub n: u64,
}

/// Draws the figure.
#[must_use]
pub fn draw(figure: &CalibrationPlot) -> Figure {
    let diagonal = LinePlot::new()
        .with_data(vec![(0.0, 0.0), (1.0, 1.0)])
        .with_color(palette::MUTED)
        .with_stroke_width(1.0)
        .with_dashed();
    let points: Vec<(f64, f64)> = figure
        .bins
        .iter()
        .map(|bin| (bin.stated, bin.observed))
        .collect();
    let errors: Vec<(f64, f64)> = figure
        .bins
        .iter()
        .map(|bin| {
            let (low, high) = bin.interval;
            (
                (bin.observed - low).max(0.0),
                (high - bin.observed).max(0.0),
            )
        })
        .collect();
    let bins = ScatterPlot::new()
        .with_data(points)
        .with_y_err_asymmetric(errors)
        .with_color(palette::SERIES[0])
        .with_marker(MarkerShape::Circle)
        .with_size(4.5);
    let plots = vec![Plot::Line(diagonal), Plot::Scatter(bins)];
    let percent = || TickFormat::Custom(Arc::new(|value| tick(value, true)));
    let layout = Layout::new((0.0, 1.0), (0.0, 1.0))
        .with_theme(theme())
        .with_x_axis_min(0.0)
        .with_x_axis_max(1.0)
        .with_y_axis_min(0.0)
        .with_y_axis_max(1.0)
        .with_x_tick_format(percent())
        .with_y_tick_format(percent())
        .with_title(label(&figure.heading.title, 60))
        .with_subtitle(label(&figure.heading.basis, 80))
        .with_x_label("stated confidence (mean of the bin)")
        .with_y_label("answers with gold's label")
        .with_title_size(15)
        .with_subtitle_size(12)
        .with_label_size(12)
        .with_tick_size(12)
        .with_width(480.0)
        .with_height(440.0);
    framed(&figure.heading, &render_multiple(plots, layout))
}
