//! What telemetry measures, by label, on a log scale: a box from quartile to quartile, the median, whiskers, every session.

use std::sync::Arc;

use kuva::plot::BoxPlot;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

use super::frame::{Figure, framed, label, theme};
use super::{Heading, palette};

/// Values in groups.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Boxes {
    /// Name, title and description.
    pub heading: Heading,
    /// What the groups are.
    pub group_title: String,
    /// What is measured.
    pub axis: String,
    /// The groups from left to right: a name and its values. Values of zero or less are drawn at the lower edge, because a
    /// log scale has no zero.
    pub groups: Vec<(String, Vec<f64>)>,
}

/// Draws the figure.
#[must_use]
pub fn draw(figure: &Boxes) -> Figure {
    let positive = || {
        figure
            .groups
            .iter()
            .flat_map(|(_, values)| values)
            .copied()
            .filter(|value| *value > 0.0)
    };
    let least = positive().fold(f64::INFINITY, f64::min);
    let most = positive().fold(0.0_f64, f64::max);
    let (floor, ceiling) = if most > 0.0 {
        (decade(least).floor(), (decade(most) + 0.02).ceil())
    } else {
        (0.0, 1.0)
    };
    let (floor, ceiling) = (10_f64.powf(floor), 10_f64.powf(ceiling.max(floor + 1.0)));
    let mut plot = BoxPlot::new()
        .with_color(palette::BOX)
        .with_width(0.62)
        .with_strip(0.22)
        .with_overlay_color(palette::SERIES[0])
        .with_overlay_size(2.2);
    for (name, values) in &figure.groups {
        let drawn: Vec<f64> = values.iter().map(|value| value.max(floor)).collect();
        let name = format!("{} (n {})", label(name, 14), values.len());
        plot = plot.with_group(name, drawn);
    }
    let plots = vec![Plot::Box(plot)];
    let layout = Layout::auto_from_plots(&plots)
        .with_theme(theme())
        .with_log_y()
        .with_y_axis_min(floor)
        .with_y_axis_max(ceiling)
        .with_y_tick_format(TickFormat::Custom(Arc::new(decimal)))
        .with_title(label(&figure.heading.title, 70))
        .with_subtitle(label(&figure.heading.basis, 100))
        .with_x_label(label(&figure.group_title, 60))
        .with_y_label(label(&figure.axis, 60))
        .with_title_size(15)
        .with_subtitle_size(12)
        .with_label_size(12)
        .with_tick_size(12)
        .with_width(600.0)
        .with_height(360.0);
    framed(&figure.heading, &render_multiple(plots, layout))
}

fn decade(value: f64) -> f64 {
    value.log10()
}

/// `0.1`, `10`, `1,000`.
fn decimal(value: f64) -> String {
    if value < 1.0 {
        let text = format!("{value:.4}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mark of the axis is a power of ten"
    )]
    let whole = value.round() as u64;
    super::super::number::integer(whole)
}
