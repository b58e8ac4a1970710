//! The print of the appendix, compiled where there is a compiler.

use std::path::Path;
use std::process::Command;

use super::tables::HOSTILE;
use crate::workspace::{Workspace, package, skipped};

/// Compiles `appendix.tex` of a folder and returns the log; `None` with a word about it where there is no compiler.
fn compiled(tables: &Path) -> Option<String> {
    if Command::new("pdflatex").arg("--version").output().is_err() {
        skipped("no pdflatex");
        return None;
    }
    let out = tempfile::tempdir().unwrap();
    let output = Command::new("pdflatex")
        .args([
            "-interaction=nonstopmode",
            "-halt-on-error",
            "-no-shell-escape",
        ])
        .arg(format!("-output-directory={}", out.path().display()))
        .arg("appendix.tex")
        .current_dir(tables)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors: Vec<&str> = log.lines().filter(|line| line.starts_with('!')).collect();
    assert!(output.status.success(), "{errors:?}\n{log}");
    assert!(out.path().join("appendix.pdf").is_file());
    Some(log)
}

#[test]
fn the_committed_appendix_compiles_and_fits_its_pages() {
    let Some(log) = compiled(&package().join("reports/tables")) else {
        return;
    };
    // Points by which a line is too wide; the margin is 42 points.
    let widest = log
        .lines()
        .filter_map(|line| line.strip_prefix("Overfull \\hbox ("))
        .filter_map(|rest| rest.split("pt").next()?.parse::<f64>().ok())
        .fold(0.0, f64::max);
    assert!(widest < 20.0, "a line is {widest} points too wide");
    assert!(!log.contains("undefined"), "{log}");
}

#[test]
fn hostile_text_is_set_and_not_obeyed() {
    let workspace = Workspace::new();
    let quoted = serde_json::to_string(&HOSTILE.replace('\u{1b}', "")).unwrap();
    workspace.edit(
        "goldsets/tiny/goldset.toml",
        "\"stands in for a model\"",
        &quoted,
    );
    workspace.edit(
        "goldsets/tiny/goldset.toml",
        "\"six invented sessions for the tests\"",
        &quoted,
    );
    workspace.edit(
        "goldsets/tiny/sessions.csv",
        "MIT",
        "\\csname end\\endcsname #%&$ 中",
    );
    let ran = workspace.run(&["report"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    compiled(&workspace.path().join("reports/tables"));
}
