//! Reads reference cases and compares what the library says with them.
//!
//! Cases come from two places: a small set in `tests/it/reference/`, always there, and the full set in the folder that
//! `VALIDATE_REFERENCE_DATA` names (default `../shared` beside the package), which may be absent.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test tells how much it compared"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

/// One data set with the values that independent packages agree on.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) categories: usize,
    /// Codes by column name; `None` is a missing rating.
    pub(crate) columns: BTreeMap<String, Vec<Option<u16>>>,
    /// The user of each item, where the case has users.
    pub(crate) clusters: Vec<u32>,
    pub(crate) expect: BTreeMap<String, Expected>,
}

/// An expected value and how far one may be from it: absolute up to one, relative above.
pub(crate) struct Expected {
    pub(crate) value: Value,
    pub(crate) tolerance: f64,
}

/// What the library says about one statistic, in the form in which references are written.
#[derive(Debug)]
pub(crate) enum Actual {
    Number(Option<f64>),
    Numbers(Vec<f64>),
}

impl From<f64> for Actual {
    fn from(value: f64) -> Self {
        Self::Number(Some(value))
    }
}

impl From<Option<f64>> for Actual {
    fn from(value: Option<f64>) -> Self {
        Self::Number(value)
    }
}

impl From<Vec<f64>> for Actual {
    fn from(values: Vec<f64>) -> Self {
        Self::Numbers(values)
    }
}

/// The folder of the full reference data, or `None` with a note if it is not on this machine.
pub(crate) fn reference_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("VALIDATE_REFERENCE_DATA")
        .map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
            PathBuf::from,
        )
        .join("oracles");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "skipped: no reference data at {} (set VALIDATE_REFERENCE_DATA)",
        folder.display()
    );
    None
}

/// The full generated cases, or `None` where the reference data are absent.
pub(crate) fn random_cases() -> Option<&'static [Case]> {
    static CASES: OnceLock<Option<Vec<Case>>> = OnceLock::new();
    CASES
        .get_or_init(|| {
            let folder = reference_folder()?;
            let lines = std::fs::read_to_string(folder.join("random.jsonl")).unwrap();
            let records = lines
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap());
            let ours = |record: &Value| {
                ["two", "multi", "paired"].contains(&record["kind"].as_str().unwrap())
            };
            Some(
                records
                    .filter(ours)
                    .map(|record| Case::from_record(&record, &folder))
                    .collect(),
            )
        })
        .as_deref()
}

/// The cases that live in the project: the records of the full set with their columns written out.
pub(crate) fn committed_cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/categorical.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    lines
        .lines()
        .map(|line| Case::from_compact(&serde_json::from_str(line).unwrap()))
        .collect()
}

impl Case {
    fn from_record(record: &Value, folder: &Path) -> Self {
        let levels = strings(&record["levels"]);
        let path = folder.join(record["csv"].as_str().unwrap());
        let mut reader = csv::ReaderBuilder::new().from_path(path).unwrap();
        let header: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        let mut columns: BTreeMap<String, Vec<Option<u16>>> = BTreeMap::new();
        let mut users = Vec::new();
        for row in reader.records() {
            for (name, cell) in header.iter().zip(&row.unwrap()) {
                match name.as_str() {
                    "item" => {}
                    "user" => users.push(cell.to_owned()),
                    _ => columns
                        .entry(name.clone())
                        .or_default()
                        .push(code(cell, &levels)),
                }
            }
        }
        Self {
            columns,
            clusters: number_users(&users),
            ..Self::without_data(record, levels.len())
        }
    }

    fn from_compact(record: &Value) -> Self {
        let codes = |column: &Value| {
            column
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_u64().map(|v| v as u16))
                .collect()
        };
        let columns = record["columns"].as_object().unwrap();
        Self {
            columns: columns
                .iter()
                .map(|(name, column)| (name.clone(), codes(column)))
                .collect(),
            clusters: record["clusters"].as_array().map_or_else(Vec::new, |ids| {
                ids.iter().map(|id| id.as_u64().unwrap() as u32).collect()
            }),
            ..Self::without_data(record, record["categories"].as_u64().unwrap() as usize)
        }
    }

    fn without_data(record: &Value, categories: usize) -> Self {
        let expected = |expected: &Value| Expected {
            value: expected["value"].clone(),
            tolerance: expected["tol"]
                .as_f64()
                .or(expected["tol_abs"].as_f64())
                .unwrap_or(0.0),
        };
        Self {
            id: record["id"].as_str().unwrap().to_owned(),
            kind: record["kind"].as_str().unwrap().to_owned(),
            categories,
            columns: BTreeMap::new(),
            clusters: Vec::new(),
            expect: record["expect"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(k, v)| (k.clone(), expected(v)))
                .collect(),
        }
    }

    pub(crate) fn column(&self, name: &str) -> &[Option<u16>] {
        &self.columns[name]
    }
}

/// What comparing one case found.
#[derive(Default)]
pub(crate) struct Outcome {
    /// How many values were compared.
    compared: usize,
    /// A line per value that differs.
    differences: Vec<String>,
}

/// Compares every expected value with what `actual` says, `None` meaning that the statistic is not this check's.
pub(crate) fn compare(case: &Case, actual: impl Fn(&str) -> Option<Actual>) -> Outcome {
    let mut outcome = Outcome::default();
    for (name, expected) in &case.expect {
        let Some(actual) = actual(name) else { continue };
        outcome.compared += 1;
        if let Err(why) = matches(&actual, &expected.value, expected.tolerance) {
            outcome
                .differences
                .push(format!("{} {name}: {why}", case.id));
        }
    }
    outcome
}

/// Checks all committed cases of a kind and names every value that differs.
pub(crate) fn check_committed(kind: &str, check: fn(&Case) -> Outcome) {
    let outcomes: Vec<Outcome> = committed_cases()
        .iter()
        .filter(|case| case.kind == kind)
        .map(check)
        .collect();
    report(&outcomes);
}

/// Checks the full set's case of this name, or all of a kind; does nothing where the reference data are absent.
pub(crate) fn check_random(wanted: impl Fn(&Case) -> bool, check: fn(&Case) -> Outcome) {
    let Some(cases) = random_cases() else { return };
    let outcomes: Vec<Outcome> = cases
        .iter()
        .filter(|case| wanted(case))
        .map(check)
        .collect();
    report(&outcomes);
}

fn report(outcomes: &[Outcome]) {
    assert!(!outcomes.is_empty(), "no such case among the references");
    let differences: Vec<&str> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.differences)
        .map(String::as_str)
        .collect();
    let compared: usize = outcomes.iter().map(|outcome| outcome.compared).sum();
    println!("{compared} values compared, {} differ", differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Makes a test of every case of the full reference set, and one that no case is missing from the list.
macro_rules! case_tests {
    ($kind:literal, $check:path: $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                let id = stringify!($case).replace('_', "-");
                $crate::stats_support::check_random(|case| case.id == id, $check);
            }
        )*

        #[test]
        fn every_reference_case_has_its_test() {
            let listed = [$(stringify!($case)),*];
            for case in $crate::stats_support::random_cases().unwrap_or_default().iter().filter(|case| case.kind == $kind) {
                assert!(listed.contains(&case.id.replace('-', "_").as_str()), "{} has no test", case.id);
            }
        }
    };
}
pub(crate) use case_tests;

/// Whether a value is within tolerance; the error says how far it is off.
pub(crate) fn matches(actual: &Actual, expected: &Value, tolerance: f64) -> Result<(), String> {
    match (actual, expected) {
        (Actual::Number(None), Value::Null) => Ok(()),
        (Actual::Number(Some(actual)), Value::Number(number)) => {
            close(*actual, number.as_f64().unwrap(), tolerance)
        }
        (Actual::Numbers(actual), Value::Array(_) | Value::Object(_)) => {
            let expected = numbers(expected);
            if actual.len() != expected.len() {
                return Err(format!(
                    "{} values, expected {}",
                    actual.len(),
                    expected.len()
                ));
            }
            actual
                .iter()
                .zip(expected)
                .try_for_each(|(&actual, expected)| close(actual, expected, tolerance))
        }
        _ => Err(format!("{actual:?}, expected {expected}")),
    }
}

/// Whether two numbers are within tolerance, absolute up to one and relative above.
pub(crate) fn close(actual: f64, expected: f64, tolerance: f64) -> Result<(), String> {
    if (actual - expected).abs() <= tolerance * expected.abs().max(1.0) {
        return Ok(());
    }
    Err(format!("{actual}, expected {expected} ± {tolerance:e}"))
}

/// All numbers of an array or object, however nested, in order.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        Value::Object(values) => values.values().flat_map(numbers).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

/// Codes of a JSON array of small numbers.
pub(crate) fn codes(value: &Value) -> Vec<Option<u16>> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_u64().map(|code| code as u16))
        .collect()
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap().to_owned())
        .collect()
}

fn code(cell: &str, levels: &[String]) -> Option<u16> {
    if cell.is_empty() {
        return None;
    }
    let position = levels.iter().position(|level| level == cell);
    Some(position.unwrap_or_else(|| panic!("{cell:?} is not a declared level")) as u16)
}

fn number_users(users: &[String]) -> Vec<u32> {
    let mut numbers = BTreeMap::new();
    users
        .iter()
        .map(|user| {
            let next = numbers.len() as u32;
            *numbers.entry(user).or_insert(next)
        })
        .collect()
}
