//! `--publish` over the committed goldsets: no figure of few users by any way.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use super::{cell, files_below};
use crate::workspace::{Workspace, package};

const SUPPRESSED: &str = "suppressed";

const GOLDSETS: [&str; 2] = ["starter", "public-sessions"];

/// What is published of the committed goldsets, by path; made once.
fn published() -> &'static BTreeMap<String, String> {
    static FILES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_validate"))
            .current_dir(package())
            .args(["report", "--publish", "--min-users", "5", "--out"])
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        files_below(folder.path())
            .into_iter()
            .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap()))
            .collect()
    })
}

fn table(key: &str) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(published()[&format!("tables/{key}.csv")].as_bytes())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// Classifier and label of each row of the table per label, told apart by whether it is suppressed.
fn labels(goldset: &str, is_suppressed: bool) -> BTreeSet<(String, String)> {
    table(&format!("{goldset}-per-class"))[1..]
        .iter()
        .filter(|row| (row[2] == SUPPRESSED) == is_suppressed)
        .map(|row| {
            let label = row[1].split(" (").next().unwrap();
            (row[0].clone(), label.to_owned())
        })
        .collect()
}

fn has_digit(text: &str) -> bool {
    text.contains(|letter: char| letter.is_ascii_digit())
}

/// Cells of a row that tell of the sessions; the others name it, or say what the study says.
fn told<'r>(head: &'r [String], row: &'r [String], names: &[&str]) -> Vec<&'r str> {
    head.iter()
        .zip(row)
        .filter(|(title, _)| !names.contains(&title.as_str()))
        .map(|(_, cell)| cell.as_str())
        .collect()
}

/// The labels that a claim names: `labelled build or fix in work-mode ⇒ …`.
fn named(claim: &str) -> Vec<&str> {
    let Some((_, rest)) = claim.split_once("labelled ") else {
        return Vec::new();
    };
    let mut words = rest.split(' ');
    let mut labels = Vec::new();
    while let Some(label) = words.next() {
        labels.push(label);
        if words.next() != Some("or") {
            break;
        }
    }
    labels
}

#[test]
fn a_label_that_is_suppressed_once_has_no_number_in_any_table() {
    for goldset in GOLDSETS {
        let hidden = labels(goldset, true);
        assert!(!hidden.is_empty(), "{goldset} suppresses nothing");
        let is_hidden = |classifier: &str, label: &str| {
            hidden.contains(&(classifier.to_owned(), label.to_owned()))
        };
        let mut seen = 0;
        let mut check = |key: &str, row: &[String], told: Vec<&str>| {
            seen += 1;
            assert!(!told.iter().any(|cell| has_digit(cell)), "{key}: {row:?}");
        };
        for key in ["per-class", "prevalence", "published-shares"] {
            let key = format!("{goldset}-{key}");
            let rows = table(&key);
            for row in &rows[1..] {
                let label = row[1].split(" (").next().unwrap();
                if label.split(", ").any(|label| is_hidden(&row[0], label)) {
                    // All rows of a classifier share the n of `prevalence`.
                    let names = if key.ends_with("prevalence") {
                        &["classifier", "label", "n", "the study", "difference"][..]
                    } else {
                        &["classifier", "label", "labels", "the study"]
                    };
                    check(&key, row, told(&rows[0], row, names));
                }
            }
        }
        for key in ["telemetry", "telemetry-effects"] {
            let key = format!("{goldset}-{key}");
            let rows = table(&key);
            for row in &rows[1..] {
                if named(&row[1]).iter().any(|label| is_hidden(&row[0], label)) {
                    let cells = told(&rows[0], row, &["classifier", "claim", "asked", "effect"]);
                    check(&key, row, cells);
                    assert_eq!(row.last().unwrap(), SUPPRESSED, "{key}: {row:?}");
                }
            }
        }
        for (key, classifier) in [("groups-expertise", "expertise"), ("outcomes", "expertise")] {
            let key = format!("{goldset}-{key}");
            let rows = table(&key);
            for row in &rows[1..] {
                if is_hidden(classifier, row[1].split(' ').next().unwrap()) {
                    let names = ["measure", "group", "outcome", "level"];
                    check(&key, row, told(&rows[0], row, &names));
                }
            }
        }
        for path in published().keys() {
            let Some(classifier) = path
                .strip_prefix(&format!("tables/{goldset}-confusion-"))
                .and_then(|rest| rest.strip_suffix(".csv"))
            else {
                continue;
            };
            let rows = table(&format!("{goldset}-confusion-{classifier}"));
            let size = rows[0].len() - 2;
            for (at, row) in rows[1..=size].iter().enumerate() {
                let label = row[0].rsplit(' ').next().unwrap();
                if is_hidden(classifier, label) {
                    let column = rows[1..].iter().map(|row| row[at + 1].as_str());
                    let cells = row[1..].iter().map(String::as_str).chain(column).collect();
                    check(path, row, cells);
                }
            }
        }
        assert!(hidden.len() * 3 <= seen, "only {seen} rows were looked at");
    }
}

/// What is drawn or said in a figure about a label: `build (n 12)`, `build 81%`.
fn tells(figure: &str, label: &str) -> bool {
    [": ", ", ", ">"].iter().any(|before| {
        let start = format!("{before}{label} ");
        figure.match_indices(&start).any(|(at, found)| {
            let rest = &figure[at + found.len()..];
            rest.starts_with(|letter: char| letter.is_ascii_digit())
                || rest
                    .strip_prefix("(n ")
                    .is_some_and(|n| n.starts_with(|letter: char| letter.is_ascii_digit()))
        })
    })
}

#[test]
fn a_label_that_is_suppressed_once_has_no_number_in_any_figure_or_page() {
    let files = published();
    let (page, browser) = (&files["appendix.md"], &files["appendix.html"]);
    for goldset in GOLDSETS {
        for kind in ["recall", "prevalence"] {
            let texts = |classifier: &str| -> Vec<String> {
                let name = format!("{goldset}-{kind}-{classifier}");
                let Some(figure) = files.get(&format!("figures/{name}.svg")) else {
                    return Vec::new();
                };
                let mut texts = vec![figure.clone()];
                texts.extend(
                    page.lines()
                        .filter(|line| line.ends_with(&format!("(figures/{name}.svg)")))
                        .map(str::to_owned),
                );
                texts.extend(
                    browser
                        .split("<svg")
                        .filter(|part| part.contains(&format!("id=\"{name}-title\"")))
                        .map(|part| part.split("</svg>").next().unwrap().to_owned()),
                );
                assert_eq!(texts.len(), 3, "{name} is a file and stands in both pages");
                texts
            };
            for (classifier, label) in labels(goldset, true) {
                for text in texts(&classifier) {
                    assert!(
                        !tells(&text, &label),
                        "{goldset} {kind} {classifier} {label}"
                    );
                }
            }
            let mut drawn = 0;
            for (classifier, label) in labels(goldset, false) {
                drawn += texts(&classifier)
                    .iter()
                    .filter(|text| tells(text, &label))
                    .count();
            }
            assert!(3 < drawn, "{goldset}: {kind} of shown labels is drawn");
        }
    }
    // The page has the tables as the files have them; the narrower tables by classifier have no labels.
    for goldset in GOLDSETS {
        let part = page
            .split("\n## ")
            .find(|part| part.starts_with(&format!("{goldset} (")))
            .unwrap();
        for (classifier, label) in labels(goldset, true) {
            let start = format!("| {classifier} | {label} ");
            let rows: Vec<&str> = part
                .lines()
                .filter(|line| line.starts_with(&start) && 8 <= line.matches(" | ").count())
                .collect();
            assert!(!rows.is_empty(), "{goldset}: {start}");
            for row in rows {
                assert!(
                    row.contains(&format!("| {SUPPRESSED} | {SUPPRESSED} |")),
                    "{row}"
                );
            }
        }
    }
}

#[test]
fn a_check_that_selects_by_a_derived_fact_or_a_number_is_suppressed() {
    for goldset in GOLDSETS {
        let rows = table(&format!("{goldset}-telemetry"));
        let mut seen = 0;
        for row in &rows[1..] {
            if row[1].starts_with("abandoned ⇒") || row[1].starts_with("a number within") {
                seen += 1;
                let cells = told(&rows[0], row, &["classifier", "claim", "asked"]);
                assert!(!cells.iter().any(|cell| has_digit(cell)), "{row:?}");
                assert_eq!(row.last().unwrap(), SUPPRESSED, "{row:?}");
            }
        }
        assert_eq!(seen, 3, "{goldset}");
        assert!(
            rows[1..]
                .iter()
                .any(|row| row.last().unwrap() != SUPPRESSED),
            "{goldset}: checks of many users stay"
        );
    }
}

#[test]
fn a_share_does_not_tell_of_the_few_whom_it_leaves_out() {
    // 92% of 48 sessions have a software occupation: the others are 4 sessions of 2 users.
    let shares = table("public-sessions-published-shares");
    let row = shares
        .iter()
        .find(|row| row[0] == "occupation")
        .expect("the study states shares of occupations");
    let cells = told(&shares[0], row, &["classifier", "labels", "the study"]);
    assert!(!cells.iter().any(|cell| has_digit(cell)), "{row:?}");
    let figures = table("public-sessions-published");
    let n = figures[0].iter().position(|title| title == "n").unwrap();
    for row in &figures[1..] {
        assert_ne!(row[n], "44", "{row:?}");
    }
    assert!(
        figures[1..].iter().any(|row| row[n] == "48"),
        "what rests on all sessions stays"
    );
}

#[test]
fn what_failed_is_suppressed_with_what_would_reveal_it() {
    // The candidate has no answer to one of the six sessions.
    let workspace = Workspace::new();
    let ran = workspace.run(&["report", "--publish", "--min-users", "3", "--out", "public"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let tables = workspace.path().join("public/tables");
    let failures = super::rows(&tables.join("tiny-failures.csv"));
    for column in ["labelled", "missing"] {
        assert_eq!(cell(&failures, &["codebase"], column), SUPPRESSED);
    }
    let agreement = super::rows(&tables.join("tiny-agreement.csv"));
    for column in ["n", "failed", "kappa, failures wrong"] {
        assert_eq!(cell(&agreement, &["codebase"], column), SUPPRESSED);
    }
    assert_eq!(cell(&agreement, &["codebase"], "kappa"), "0.44");
    let raters = super::rows(&tables.join("tiny-raters.csv"));
    let pair = raters.iter().find(|row| row[0] == "codebase").unwrap();
    assert_eq!(pair[2], SUPPRESSED, "{pair:?}");
    let page = super::text(&workspace, "public/appendix.md");
    assert!(!page.contains("and 1 sessions without a label"), "{page}");

    // The committed goldsets have every answer: nothing is left out there.
    for goldset in GOLDSETS {
        let failures = table(&format!("{goldset}-failures"));
        let row = failures.iter().find(|row| row[0] == "codebase").unwrap();
        assert_eq!(row[1], row[2], "{row:?}");
        let agreement = table(&format!("{goldset}-agreement"));
        assert!(has_digit(&cell(&agreement, &["codebase"], "n")));
    }
}
