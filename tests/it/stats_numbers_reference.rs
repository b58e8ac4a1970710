//! Reference values: a few kept in the project, all of them where `VALIDATE_REFERENCE_DATA` (or `../shared`) is.
//!
//! A case is a small table, some numbers about it, and for each statistic the value that independent packages agree
//! on. [`Ledger`] compares and names every miss by case and statistic.
#![allow(clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One reference case with its table.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) record: Value,
    columns: BTreeMap<String, Vec<Option<String>>>,
}

impl Case {
    /// A column as text; blank cells are missing.
    pub(crate) fn text(&self, name: &str) -> Vec<Option<String>> {
        self.columns
            .get(name)
            .unwrap_or_else(|| panic!("{}: no column {name}", self.id))
            .clone()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        self.text(name)
            .iter()
            .map(|cell| cell.as_ref().map(|text| text.parse().unwrap()))
            .collect()
    }

    /// A column of numbers without gaps.
    pub(crate) fn complete(&self, name: &str) -> Vec<f64> {
        self.numbers(name)
            .into_iter()
            .map(|value| value.unwrap())
            .collect()
    }

    /// A column as level codes, numbered by first appearance.
    pub(crate) fn codes(&self, name: &str) -> Vec<u32> {
        let mut seen = BTreeMap::new();
        let text = self.text(name);
        text.iter()
            .map(|level| {
                let next = u32::try_from(seen.len()).unwrap();
                *seen.entry(level.clone()).or_insert(next)
            })
            .collect()
    }

    pub(crate) fn expects(&self, statistic: &str) -> bool {
        self.record["expect"].get(statistic).is_some()
    }

    pub(crate) fn expected(&self, statistic: &str) -> &Value {
        &self.record["expect"][statistic]
    }
}

/// Where the full reference data are, if they are.
pub(crate) fn reference_directory() -> Option<PathBuf> {
    let root = std::env::var_os("VALIDATE_REFERENCE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let directory = root.join("oracles");
    directory.join("random.jsonl").exists().then_some(directory)
}

/// The directory, or a line that says what was left out.
pub(crate) fn reference_directory_or_note(test: &str) -> Option<PathBuf> {
    let directory = reference_directory();
    if directory.is_none() {
        eprintln!("{test}: skipped, no reference data (set VALIDATE_REFERENCE_DATA)");
    }
    directory
}

/// The generated cases of the given kinds.
pub(crate) fn random_cases(directory: &Path, kinds: &[&str]) -> Vec<Case> {
    let text = std::fs::read_to_string(directory.join("random.jsonl")).unwrap();
    let mut cases = Vec::new();
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let kind = record["kind"].as_str().unwrap().to_owned();
        if kinds.contains(&kind.as_str()) {
            let columns = record["csv"]
                .as_str()
                .map_or_else(BTreeMap::new, |csv| read_csv(&directory.join(csv)));
            cases.push(Case {
                id: record["id"].as_str().unwrap().to_owned(),
                kind,
                record,
                columns,
            });
        }
    }
    cases
}

/// The worked examples of one kind.
pub(crate) fn published(directory: &Path, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(directory.join("published.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    all.into_iter()
        .filter(|example| example["kind"] == kind)
        .collect()
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A table from a file, as a case without expectations.
pub(crate) fn table(path: &Path) -> Case {
    let id = path.file_stem().unwrap().to_string_lossy().into_owned();
    Case {
        id,
        kind: String::new(),
        record: Value::Null,
        columns: read_csv(path),
    }
}

/// The cases and worked examples that travel with the project.
pub(crate) fn kept() -> (Vec<Case>, Vec<Value>) {
    let all: Value = serde_json::from_str(include_str!("reference/numbers.json")).unwrap();
    let case = |record: &Value| {
        let columns = record["columns"]
            .as_object()
            .map_or_else(BTreeMap::new, |columns| {
                columns
                    .iter()
                    .map(|(name, cells)| (name.clone(), column_of_json(cells)))
                    .collect()
            });
        let field = |name: &str| record[name].as_str().unwrap().to_owned();
        Case {
            id: field("id"),
            kind: field("kind"),
            record: record.clone(),
            columns,
        }
    };
    (
        all["cases"].as_array().unwrap().iter().map(case).collect(),
        all["published"].as_array().unwrap().clone(),
    )
}

fn column_of_json(cells: &Value) -> Vec<Option<String>> {
    let cell = |cell: &Value| match cell {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    cells.as_array().unwrap().iter().map(cell).collect()
}

fn read_csv(path: &Path) -> BTreeMap<String, Vec<Option<String>>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); header.len()];
    for row in reader.records() {
        for (column, cell) in columns.iter_mut().zip(row.unwrap().iter()) {
            column.push((!cell.is_empty() && cell != "NA").then(|| cell.to_owned()));
        }
    }
    header.into_iter().zip(columns).collect()
}

/// What was compared and what missed.
#[derive(Default)]
pub(crate) struct Ledger {
    counts: BTreeMap<String, (usize, usize)>,
    misses: String,
}

impl Ledger {
    /// Compares with the expectation of the case under the same name, where there is one.
    pub(crate) fn check(&mut self, case: &Case, statistic: &str, got: impl Numbers) {
        if case.expects(statistic) {
            self.compare(&case.id, statistic, case.expected(statistic), got);
        }
    }

    /// Compares `{value, tol}` with numbers; the tolerance is absolute up to 1 and relative above.
    pub(crate) fn compare(
        &mut self,
        id: &str,
        statistic: &str,
        expected: &Value,
        got: impl Numbers,
    ) {
        let tolerance = expected["tol"].as_f64().unwrap_or(1e-6);
        self.within(
            id,
            statistic,
            &numbers_of(&expected["value"]),
            tolerance,
            got,
        );
    }

    pub(crate) fn within(
        &mut self,
        id: &str,
        statistic: &str,
        expected: &[f64],
        tolerance: f64,
        got: impl Numbers,
    ) {
        let got = got.numbers();
        let close = |(g, e): (&f64, &f64)| (g - e).abs() <= tolerance * e.abs().max(1.0);
        let passed = matches!(&got, Ok(got) if got.len() == expected.len() && got.iter().zip(expected).all(close));
        let count = self.counts.entry(statistic.to_owned()).or_default();
        count.0 += 1;
        count.1 += usize::from(passed);
        if !passed {
            writeln!(
                self.misses,
                "{id} {statistic}: expected {expected:?} +- {tolerance:e}, got {got:?}"
            )
            .unwrap();
        }
    }

    /// Fails with every miss, by name; says what was compared.
    pub(crate) fn settle(self, what: &str) {
        let mut summary = format!("{what}:");
        for (statistic, (tried, passed)) in &self.counts {
            write!(summary, " {statistic} {passed}/{tried}").unwrap();
        }
        eprintln!("{summary}");
        assert!(!self.counts.is_empty(), "{what}: nothing was compared");
        assert!(self.misses.is_empty(), "{what}:\n{}", self.misses);
    }
}

fn numbers_of(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_f64().unwrap()).collect(),
        other => vec![
            other
                .as_f64()
                .unwrap_or_else(|| panic!("not a number: {other}")),
        ],
    }
}

/// What a statistic may come as.
pub(crate) trait Numbers {
    fn numbers(self) -> Result<Vec<f64>, String>;
}

impl Numbers for f64 {
    fn numbers(self) -> Result<Vec<f64>, String> {
        Ok(vec![self])
    }
}

impl Numbers for Vec<f64> {
    fn numbers(self) -> Result<Vec<f64>, String> {
        Ok(self)
    }
}

impl Numbers for harness::stats::estimate::Estimate {
    fn numbers(self) -> Result<Vec<f64>, String> {
        Ok(vec![self.value])
    }
}

impl Numbers for harness::stats::estimate::Interval {
    fn numbers(self) -> Result<Vec<f64>, String> {
        Ok(vec![self.low, self.high])
    }
}

impl<T: Numbers> Numbers for Option<T> {
    fn numbers(self) -> Result<Vec<f64>, String> {
        self.map_or_else(|| Err("none".to_owned()), Numbers::numbers)
    }
}

impl<T: Numbers, E: std::fmt::Display> Numbers for Result<T, E> {
    fn numbers(self) -> Result<Vec<f64>, String> {
        self.map_or_else(|why| Err(why.to_string()), Numbers::numbers)
    }
}
