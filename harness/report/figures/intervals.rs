//! Points with their intervals, a row for each thing measured: agreement of classifiers, recall of labels, prevalence,
//! adjusted rates.
//!
//! Series of one row stand below each other, each with its own colour and its own mark. What has no value says so in words.

use kuva::plot::annotations::{ReferenceLine, TextAnnotation};
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::scatter::{MarkerShape, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

use super::frame::{Figure, framed, label, theme};
use super::{Heading, palette};

/// Marks of the series, in the order of their colours.
const MARKS: [MarkerShape; 3] = [
    MarkerShape::Circle,
    MarkerShape::Diamond,
    MarkerShape::Triangle,
];

/// A figure of points with intervals.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Intervals {
    /// Name, title and description.
    pub heading: Heading,
    /// What the axis measures.
    pub axis: String,
    /// Where the axis begins and ends; values beyond are drawn at its ends.
    pub range: (f64, f64),
    /// Whether values are shares, shown as percentages.
    pub percent: bool,
    /// A value of special meaning, drawn as a line over all rows.
    pub reference: Option<f64>,
    /// Names of the series, three at most; a legend stands there for more than one.
    pub series: Vec<String>,
    /// The rows from top to bottom.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// What is measured.
    pub label: String,
    /// One entry for each series; `None` where there is no value.
    pub points: Vec<Option<Point>>,
}

/// A value with its interval.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// The estimate.
    pub value: f64,
    /// Its interval; `None` where there is none.
    pub interval: Option<(f64, f64)>,
}

/// Draws the figure.
///
/// # Panics
/// If there are more than three series, or a row has not one entry for each.
#[must_use]
pub fn draw(figure: &Intervals) -> Figure {
    assert!(
        figure.series.len() <= MARKS.len(),
        "there are marks for three series"
    );
    let (low, high) = figure.range;
    let inside = |value: f64| value.clamp(low, high);
    let rows = figure.rows.len();
    let mut plots = Vec::new();
    // A series without a value shows nothing where the row has another one.
    let missing: Vec<f64> = figure
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.points.iter().all(Option::is_none))
        .map(|(index, _)| height_of(rows, index, 0, 1))
        .collect();
    for (series, (mark, colour)) in
        (0..figure.series.len()).zip(MARKS.into_iter().zip(palette::SERIES))
    {
        let (mut points, mut errors) = (Vec::new(), Vec::new());
        for (index, row) in figure.rows.iter().enumerate() {
            let y = height_of(rows, index, series, figure.series.len());
            let Some(point) = row.points[series] else {
                continue;
            };
            let value = inside(point.value);
            points.push((value, y));
            errors.push(point.interval.map_or((0.0, 0.0), |(from, to)| {
                (
                    (value - inside(from)).max(0.0),
                    (inside(to) - value).max(0.0),
                )
            }));
        }
        // An empty plot would tell the layout nothing and add a mark to the legend only.
        let plot = ScatterPlot::new()
            .with_data(points)
            .with_x_err_asymmetric(errors)
            .with_color(colour)
            .with_marker(mark)
            .with_size(4.5);
        plots.push(Plot::Scatter(plot));
    }
    let labels: Vec<String> = figure
        .rows
        .iter()
        .rev()
        .map(|row| label(&row.label, 34))
        .collect();
    let percent = figure.percent;
    let mut layout = Layout::new((low, high), (0.5, rows.max(1) as f64 + 0.5))
        .with_theme(theme())
        .with_title(label(&figure.heading.title, 90))
        .with_subtitle(label(&figure.heading.basis, 120))
        .with_x_label(label(&figure.axis, 90))
        .with_y_categories(labels)
        .with_x_axis_min(low)
        .with_x_axis_max(high)
        .with_title_size(15)
        .with_subtitle_size(12)
        .with_label_size(12)
        .with_tick_size(12)
        .with_width(680.0)
        .with_height((118.0 + rows as f64 * (12.0 + 12.0 * figure.series.len() as f64)).max(210.0))
        .with_x_tick_format(TickFormat::Custom(std::sync::Arc::new(move |value| {
            tick(value, percent)
        })));
    if let Some(reference) = figure.reference {
        layout = layout.with_reference_line(
            ReferenceLine::vertical(reference)
                .with_color(palette::MUTED)
                .with_dasharray("4 3"),
        );
    }
    for y in missing {
        layout = layout.with_annotation(
            TextAnnotation::new("no value", low + (high - low) * 0.05, y - 0.12)
                .with_color(palette::MUTED)
                .with_font_size(11),
        );
    }
    if 1 < figure.series.len() {
        let entries = figure
            .series
            .iter()
            .zip(MARKS.into_iter().zip(palette::SERIES))
            .map(|(name, (mark, colour))| LegendEntry {
                label: label(name, 40),
                color: colour.to_owned(),
                shape: LegendShape::Marker(mark),
                dasharray: None,
            })
            .collect();
        layout = layout
            .with_legend_entries(entries)
            .with_legend_position(LegendPosition::OutsideBottomColumns)
            .with_legend_box(false);
    }
    framed(&figure.heading, &render_multiple(plots, layout))
}

/// Where a point stands: rows from the top, series of a row close together.
#[expect(clippy::cast_precision_loss, reason = "rows and series are few")]
fn height_of(rows: usize, row: usize, series: usize, of: usize) -> f64 {
    let apart = 0.28;
    let middle = (of as f64 - 1.0) / 2.0;
    (rows - row) as f64 + (middle - series as f64) * apart
}

/// A mark of the axis, without digits that say nothing.
pub(super) fn tick(value: f64, percent: bool) -> String {
    if percent {
        return format!("{:.0}%", value * 100.0);
    }
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.replace('-', "\u{2212}")
    }
}
