//! Figures: the same bytes for the same values, nothing outside their frame, hostile texts as text.

use harness::report::figures::boxes::{self, Boxes};
use harness::report::figures::calibration::{self, CalibrationPlot, ConfidenceBin};
use harness::report::figures::heat_map::{self, HeatMap};
use harness::report::figures::intervals::{self, Intervals, Point, Row};
use harness::report::figures::{Figure, Heading, palette};

/// A label that tries what a label can try: markup, an entity, mathematics, a mark that turns the writing, a bell.
const HOSTILE: &str = "<script>alert(1)</script>&amp;$x^2$\u{202e}\u{7}\"'";

fn heading(name: &str, title: &str) -> Heading {
    Heading {
        name: name.to_owned(),
        title: title.to_owned(),
        basis: "starter · synthetic sessions · 64 sessions of 12 users".to_owned(),
        description: "Described in a sentence.".to_owned(),
    }
}

fn point(value: f64, low: f64, high: f64) -> Option<Point> {
    Some(Point {
        value,
        interval: Some((low, high)),
    })
}

fn forest(labels: &[&str]) -> Figure {
    intervals::draw(&Intervals {
        heading: heading("starter-forest", "Agreement with the labelled sessions"),
        axis: "Cohen's kappa with its 95% interval".to_owned(),
        range: (-0.2, 1.0),
        percent: false,
        reference: Some(0.0),
        series: vec![
            "answers with a label".to_owned(),
            "failures counted as wrong".to_owned(),
        ],
        rows: labels
            .iter()
            .zip([
                vec![point(0.81, 0.70, 0.92), point(0.78, 0.66, 0.9)],
                vec![point(0.55, 0.31, 0.79), None],
                vec![None, point(0.97, 0.9, 1.04)],
            ])
            .map(|(label, points)| Row {
                label: (*label).to_owned(),
                points,
            })
            .collect(),
    })
}

fn confusion(labels: &[&str]) -> Figure {
    let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
    heat_map::draw(&HeatMap {
        heading: heading(
            "starter-confusion-expertise",
            "Expertise: who confuses what",
        ),
        row_title: "gold: construction".to_owned(),
        column_title: "recorded:claude-pass-1".to_owned(),
        rows: labels.clone(),
        columns: labels,
        counts: vec![vec![9, 1, 0], vec![2, 12, 1], vec![0, 0, 6]],
    })
}

fn per_prompt() -> Figure {
    boxes::draw(&Boxes {
        heading: heading(
            "starter-actions-by-expertise",
            "Actions per prompt by expertise",
        ),
        group_title: "expertise".to_owned(),
        axis: "actions per prompt (log scale)".to_owned(),
        groups: vec![
            ("1".to_owned(), vec![0.0, 1.5, 2.0, 3.0, 8.0]),
            ("2".to_owned(), vec![3.0, 9.0, 13.0, 88.0, 5.0, 1204.0]),
            ("3".to_owned(), vec![]),
        ],
    })
}

fn confidence() -> Figure {
    let bin = |stated, observed, low, high| ConfidenceBin {
        stated,
        observed,
        interval: (low, high),
        n: 10,
    };
    calibration::draw(&CalibrationPlot {
        heading: heading(
            "starter-calibration",
            "Stated confidence and what came true",
        ),
        bins: vec![
            bin(0.62, 0.5, 0.31, 0.69),
            bin(0.8, 0.9, 0.6, 0.98),
            bin(0.97, 1.0, 0.72, 1.0),
        ],
    })
}

#[test]
fn figures_are_as_they_were_reviewed() {
    insta::assert_snapshot!(
        "forest",
        forest(&["work-mode", "expertise", "outcome"]).inline()
    );
    insta::assert_snapshot!("confusion", confusion(&["1", "2", "3"]).inline());
    insta::assert_snapshot!("boxes", per_prompt().inline());
    insta::assert_snapshot!("calibration", confidence().inline());
}

#[test]
fn the_same_values_give_the_same_bytes_whatever_was_drawn_before() {
    let first = [forest(&["a", "b", "c"]), per_prompt(), confidence()].map(|figure| figure.file());
    let again: Vec<String> = std::thread::scope(|scope| {
        let others: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| confusion(&["x", "y", "z"]).file()))
            .collect();
        let drawn =
            [confidence(), per_prompt(), forest(&["a", "b", "c"])].map(|figure| figure.file());
        let same: Vec<String> = others.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(same.iter().all(|one| *one == same[0]));
        drawn.into_iter().rev().collect()
    });
    assert_eq!(first.to_vec(), again);
}

#[test]
fn hostile_labels_are_shown_as_text() {
    for svg in [
        forest(&[HOSTILE, "b", "c"]).file(),
        confusion(&[HOSTILE, "b", "c"]).file(),
    ] {
        assert!(!svg.contains("<script"), "{svg}");
        assert!(!svg.contains('\u{202e}') && !svg.contains('\u{7}'), "{svg}");
        assert!(svg.contains("&lt;script&gt;alert("), "{svg}");
        let tags_open = svg.matches('<').count();
        assert_eq!(tags_open, svg.matches('>').count(), "every tag is closed");
    }
}

/// Every text lies inside the view box: by its anchor, and by a width of 0.56 em a character, as a wide font has.
#[test]
fn no_text_is_cut_off_at_the_frame() {
    let long = "a label of many words that does not end";
    let view_box = regex::Regex::new(r#"viewBox="0 0 (\d+) (\d+)""#).unwrap();
    let text = regex::Regex::new(
            r#"<text x="([-\d.]+)" y="([-\d.]+)"(?: font-size="(\d+)")?(?: text-anchor="(\w+)")?([^>]*)>([^<]*)<"#,
        )
        .unwrap();
    let turned = regex::Regex::new(r"rotate\((-?\d+)").unwrap();
    for figure in [
        forest(&[long, "b", "c"]),
        confusion(&[long, "unclassified", "45-0000"]),
        per_prompt(),
        confidence(),
    ] {
        let svg = figure.inline();
        let size = view_box.captures(&svg).unwrap();
        let (width, height): (f64, f64) = (size[1].parse().unwrap(), size[2].parse().unwrap());
        let mut seen = 0;
        for found in text.captures_iter(&svg) {
            seen += 1;
            let (x, y, em): (f64, f64, f64) = (
                found[1].parse().unwrap(),
                found[2].parse().unwrap(),
                // What is the same for most texts stands at the head of the figure.
                found
                    .get(3)
                    .map_or(12.0, |size| size.as_str().parse().unwrap()),
            );
            let length = found[6].chars().count() as f64 * em * 0.56;
            let angle = turned
                .captures(&found[5])
                .map_or(0.0, |angle| angle[1].parse::<f64>().unwrap().to_radians());
            let (from, to) = match found.get(4).map(|anchor| anchor.as_str()) {
                None => (0.0, length),
                Some("end") => (-length, 0.0),
                Some(_) => (-length / 2.0, length / 2.0),
            };
            for along in [from, to] {
                let (at_x, at_y) = (x + along * angle.cos(), y + along * angle.sin());
                assert!(
                    -1.0 <= at_x && at_x <= width + 1.0 && -1.0 <= at_y && at_y <= height + 1.0,
                    "`{}` of {} reaches ({at_x:.0}, {at_y:.0}) in {width} by {height}",
                    &found[6],
                    figure.heading.name
                );
            }
        }
        assert!(
            3 < seen,
            "the test reads the texts of {}",
            figure.heading.name
        );
    }
}

/// Relative luminance of `#rrggbb`, by WCAG 2.2.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn counts_can_be_read_on_every_level_on_paper_and_on_a_dark_screen() {
    let dark = regex::Regex::new(r##"\[fill="(#\w{6})"\]\{fill:(#\w{6})\}"##).unwrap();
    let style = palette::style();
    let dark_of = |paper: &str| -> String {
        dark.captures_iter(&style)
            .find(|found| &found[1] == paper)
            .unwrap_or_else(|| panic!("{paper} has a colour for dark screens"))[2]
            .to_owned()
    };
    for (ground, text) in palette::LEVELS.iter().zip(palette::ON_LEVELS) {
        for (ground, text) in [
            ((*ground).to_owned(), text.to_owned()),
            (dark_of(ground), dark_of(text)),
        ] {
            let (one, other) = (luminance(&ground), luminance(&text));
            let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(4.5 <= contrast, "{text} on {ground}: {contrast:.2}");
        }
    }
}
