//! Who confuses what: counts in cells, shaded by their share of the row.

use std::sync::Arc;

use kuva::plot::ColorMap;
use kuva::plot::Heatmap;
use kuva::render::color::Color;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, Scene, TextAnchor, render_multiple};

use super::frame::{Figure, framed, label, theme};
use super::{Heading, palette};

/// Counts of pairs of labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeatMap {
    /// Name, title and description.
    pub heading: Heading,
    /// Who stands on the rows.
    pub row_title: String,
    /// Who stands on the columns.
    pub column_title: String,
    /// Labels of the rows, from top to bottom.
    pub rows: Vec<String>,
    /// Labels of the columns, from left to right.
    pub columns: Vec<String>,
    /// Counts, row by row.
    pub counts: Vec<Vec<u64>>,
}

/// Longest label, in characters.
const LABEL: usize = 20;

/// Draws the figure.
#[must_use]
pub fn draw(figure: &HeatMap) -> Figure {
    // `kuva` counts rows from the bottom.
    let counts: Vec<&Vec<u64>> = figure.counts.iter().rev().collect();
    let shares: Vec<Vec<f64>> = counts.iter().map(|row| shares(row)).collect();
    let all = || shares.iter().flatten().copied();
    let (least, most) = (
        all().fold(f64::INFINITY, f64::min),
        all().fold(0.0, f64::max),
    );
    // The map gets values spread between the least and the most; the level is one of the share itself.
    let colour = move |spread: f64| {
        let share = least + spread * (most - least);
        // A share of exactly 1/6 must not land a level higher by the way there and back.
        palette::LEVELS[palette::level(share - 1e-9)].to_owned()
    };
    let plot = Heatmap::new()
        .with_data(shares.clone())
        .with_color_map(ColorMap::Custom(Arc::new(colour)))
        .with_cell_size(0.97);
    let plots = vec![Plot::Heatmap(plot)];
    let texts = |labels: &[String]| -> Vec<String> {
        labels.iter().map(|text| label(text, LABEL)).collect()
    };
    let is_long = figure.columns.iter().any(|text| 3 < text.chars().count());
    let longest = |labels: &[String]| {
        labels
            .iter()
            .map(|text| text.chars().count().min(LABEL))
            .max()
            .unwrap_or(0) as f64
    };
    let (across, down) = (figure.columns.len() as f64, figure.rows.len() as f64);
    let cell = if 12.0 < across { 30.0 } else { 44.0 };
    // Title and basis stand above the cells, in the middle.
    let margin = 70.0 + longest(&figure.rows) * 7.6;
    let head = figure.heading.title.chars().count() as f64 * 8.6;
    let head = head.max(figure.heading.basis.chars().count() as f64 * 7.0);
    let width = margin + (across * cell + 40.0).max(head).max(300.0);
    let mut layout = Layout::auto_from_plots(&plots)
        .with_theme(theme())
        .with_title(label(&figure.heading.title, 60))
        .with_subtitle(label(&figure.heading.basis, 90))
        .with_x_label(label(&figure.column_title, 60))
        .with_y_label(label(&figure.row_title, 40))
        .with_x_categories(texts(&figure.columns))
        .with_y_categories(texts(&figure.rows).into_iter().rev().collect())
        .with_title_size(15)
        .with_subtitle_size(12)
        .with_label_size(12)
        .with_tick_size(12)
        .with_show_grid(false)
        .with_width(width)
        .with_height(
            130.0
                + down * cell.min(38.0)
                + if is_long {
                    longest(&figure.columns) * 5.2
                } else {
                    0.0
                },
        );
    if is_long {
        layout = layout.with_x_tick_rotate(-40.0);
    }
    // Counts stand in the cells; a bar of colours would say no more than they do.
    layout.show_colorbar = false;
    let mut scene = render_multiple(plots, layout);
    write_counts(&mut scene, &counts, &shares);
    ground_empty_cells(&mut scene);
    framed(&figure.heading, &scene)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of sessions stay far below 2^53"
)]
fn shares(row: &[u64]) -> Vec<f64> {
    let sum: u64 = row.iter().sum();
    row.iter()
        .map(|count| {
            if sum == 0 {
                0.0
            } else {
                *count as f64 / sum as f64
            }
        })
        .collect()
}

/// Writes each count into its cell; the cells are the one batch of rectangles that the heat map draws.
fn write_counts(scene: &mut Scene, counts: &[&Vec<u64>], shares: &[Vec<f64>]) {
    let mut texts = Vec::new();
    for element in &scene.elements {
        let Primitive::RectBatch { x, y, w, h, .. } = element else {
            continue;
        };
        let cells = counts
            .iter()
            .zip(shares)
            .flat_map(|(counts, shares)| counts.iter().zip(shares));
        for (at, (count, share)) in cells.enumerate() {
            if *count == 0 {
                continue;
            }
            let size = if h[at] < 30.0 { 11 } else { 13 };
            texts.push(Primitive::Text {
                x: x[at] + w[at] / 2.0,
                y: y[at] + h[at] / 2.0 + f64::from(size) * 0.36,
                content: count.to_string(),
                size,
                anchor: TextAnchor::Middle,
                rotate: None,
                bold: false,
                color: Some(palette::ON_LEVELS[palette::level(share - 1e-9)].into()),
            });
        }
    }
    scene.elements.extend(texts);
}

/// Puts one rectangle in the place of all empty cells: most cells of a large matrix are empty.
fn ground_empty_cells(scene: &mut Scene) {
    let empty = Color::from(palette::LEVELS[0]).to_svg_string();
    for element in &mut scene.elements {
        let Primitive::RectBatch { x, y, w, h, fills } = element else {
            continue;
        };
        let edge = |from: &[f64], size: &[f64]| {
            let low = from.iter().copied().fold(f64::INFINITY, f64::min);
            let ends = from.iter().zip(size).map(|(from, size)| from + size);
            (low, ends.fold(low, f64::max) - low)
        };
        let ((left, width), (top, height)) = (edge(x, w), edge(y, h));
        let kept: Vec<usize> = (0..fills.len())
            .filter(|at| fills[*at].to_svg_string() != empty)
            .collect();
        let pick = |values: &[f64], ground: f64| -> Vec<f64> {
            std::iter::once(ground)
                .chain(kept.iter().map(|at| values[*at]))
                .collect()
        };
        (*x, *y, *w, *h) = (pick(x, left), pick(y, top), pick(w, width), pick(h, height));
        *fills = std::iter::once(Color::from(palette::LEVELS[0]))
            .chain(kept.iter().map(|at| fills[*at].clone()))
            .collect();
    }
}
