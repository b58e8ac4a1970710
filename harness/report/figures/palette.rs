//! The colours of figures: Okabe and Ito's for series, one hue from light to dark for shares, never colour alone.
//!
//! A drawing bears the colours of paper in its attributes, so it is right wherever style sheets are ignored. The style
//! sheet replaces them one by one where a reader's screen is set to dark; print stays as it is.

use std::fmt::Write;

/// Text and marks that carry the message.
pub(super) const INK: &str = "#1b1b1a";
/// Axes, and text of less weight.
pub(super) const MUTED: &str = "#5c5c5a";
/// Lines of the grid.
pub(super) const GRID: &str = "#dcdcd8";
/// The body of a box.
pub(super) const BOX: &str = "#9cc3de";
/// What `kuva` draws ticks with, whatever the theme says.
const TICK: &str = "#000000";

/// Series in their order: blue, vermilion, bluish green.
pub(super) const SERIES: [&str; 3] = ["#0072b2", "#d55e00", "#009e73"];

/// Shares from none to all.
pub const LEVELS: [&str; 7] = [
    "#f4f4f1", "#dbe7f0", "#b6d1e5", "#86b5d6", "#4f93c1", "#2470a6", "#0b4a7d",
];

/// Text on each level, with a contrast of 4.5 at least; three values, because on a dark screen the middle one stays.
pub const ON_LEVELS: [&str; 7] = [
    "#101418", "#101418", "#101418", "#101418", "#111418", "#fefefe", "#fefefe",
];

/// Each colour of paper with the one that takes its place on a dark screen.
const DARK: [(&str, &str); 18] = [
    (INK, "#ececea"),
    (MUTED, "#b5b5b1"),
    (GRID, "#3a3f45"),
    (BOX, "#2f5f84"),
    (TICK, "#b5b5b1"),
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#f0904c"),
    ("#009e73", "#2fc79b"),
    ("#f4f4f1", "#1d2228"),
    ("#dbe7f0", "#1f3347"),
    ("#b6d1e5", "#214a69"),
    ("#86b5d6", "#28628d"),
    ("#4f93c1", "#3f83b5"),
    ("#2470a6", "#7db2dc"),
    ("#0b4a7d", "#c3def2"),
    ("#101418", "#f2f2f0"),
    ("#111418", "#0c1013"),
    ("#fefefe", "#0c1013"),
];

/// The level of a share: 0 for none, 6 for all.
#[must_use]
pub fn level(share: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share times six lies between 0 and 6"
    )]
    let level = (share.clamp(0.0, 1.0) * 6.0).ceil() as usize;
    level.min(LEVELS.len() - 1)
}

/// The style sheet that all figures share, for a page that holds them.
#[must_use]
pub fn style() -> String {
    let mut css = "svg.figure{max-width:100%;height:auto}\n".to_owned();
    css.push_str("@media screen and (prefers-color-scheme:dark){\n");
    for (paper, dark) in DARK {
        let _ = writeln!(
            css,
            "svg.figure[fill=\"{paper}\"],svg.figure [fill=\"{paper}\"]{{fill:{dark}}}svg.figure [stroke=\"{paper}\"]{{stroke:{dark}}}"
        );
    }
    css.push_str("}\n");
    css
}

/// The same for a file that stands alone, which also needs a ground.
pub(super) fn style_of_a_file() -> String {
    format!(
        "svg.figure{{background:#ffffff}}\n{}@media screen and (prefers-color-scheme:dark){{svg.figure{{background:#14171a}}}}\n",
        style()
    )
}
