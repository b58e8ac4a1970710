//! The object of figures of `validate stats` as a page for people: the same values, rounded.
//!
//! What a value is shows in its shape: an estimate, a test, a plain index, a table of classes, a list of rows.

use serde_json::{Map, Value};

use super::number::{self, NONE};
use super::page::Block;
use super::table::{Align, Table};

/// Tables wider than this many categories are left to JSON.
const MOST_CATEGORIES: usize = 12;

/// Rows of a list beyond this are left to JSON.
const MOST_ROWS: usize = 60;

/// The page.
#[must_use]
pub fn blocks(title: &str, basis: &[String], fields: &Map<String, Value>) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(1, title.to_owned())];
    if let Some(Value::String(verdict)) = fields.get("verdict") {
        blocks.push(Block::Text(format!(
            "Verdict: {verdict}, at a margin of {} by {}.",
            figure(&fields["margin"]),
            text(&fields["verdict_method"])
        )));
    }
    blocks.push(Block::Text(basis.join(" ")));
    if let Some(counts) = counts(fields) {
        blocks.push(Block::Text(counts));
    }
    estimates(fields, &mut blocks);
    tests(fields, &mut blocks);
    confusion(fields, &mut blocks);
    for (key, value) in fields {
        if let Value::Array(rows) = value
            && rows.first().is_some_and(Value::is_object)
        {
            blocks.push(Block::Heading(2, words(key)));
            list(rows, &mut blocks);
        }
    }
    blocks.push(Block::Text(
        "Full precision and all figures: `--format json`.".to_owned(),
    ));
    blocks
}

fn words(key: &str) -> String {
    let mut text = key.replace('_', " ");
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Counts and answers that are words, in one paragraph.
fn counts(fields: &Map<String, Value>) -> Option<String> {
    // What the basis says already.
    const SAID: [&str; 7] = [
        "verdict",
        "verdict_method",
        "scale",
        "confidence",
        "categories_declared",
        "statistic",
        "positive",
    ];
    let mut said = Vec::new();
    for (key, value) in fields
        .iter()
        .filter(|(key, _)| !SAID.contains(&key.as_str()))
    {
        match value {
            Value::Number(number) if number.is_u64() => said.push(format!("{key} {number}")),
            Value::String(text) => said.push(format!("{key} {text}")),
            Value::Bool(yes) => said.push(format!("{key} {}", if *yes { "yes" } else { "no" })),
            Value::Array(limits) if key == "verdict_bounds" && limits.len() == 2 => {
                said.push(format!(
                    "bounds of the verdict {}",
                    pair(&limits[0], &limits[1])
                ));
            }
            Value::Array(items) if key == "clusters" && !items.is_empty() => {
                said.push(format!(
                    "clusters {}",
                    items
                        .iter()
                        .map(Value::to_string)
                        .collect::<Vec<_>>()
                        .join(" and ")
                ));
            }
            Value::Array(items)
                if matches!(key.as_str(), "collinear" | "skipped") && !items.is_empty() =>
            {
                let names: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                said.push(format!("{key} {}", names.join(" and ")));
            }
            _ => {}
        }
    }
    (!said.is_empty()).then(|| said.join(", ") + ".")
}

/// Estimates with their errors, then plain indices.
fn estimates(fields: &Map<String, Value>, blocks: &mut Vec<Block>) {
    let mut rows: Vec<[String; 5]> = Vec::new();
    let mut methods: Vec<(String, Vec<String>)> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    // What the head of the page says already.
    let shown = fields
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "confidence" | "margin"));
    for (key, value) in shown {
        collect(key, value, &mut rows, &mut methods, &mut reasons);
    }
    if rows.is_empty() {
        return;
    }
    let has = |column: usize| rows.iter().any(|row| !row[column].is_empty());
    let all = [
        ("statistic", Align::Left),
        ("value", Align::Right),
        ("SE", Align::Right),
        ("SE clustered", Align::Right),
        ("interval", Align::Left),
    ];
    let shown: Vec<usize> = (0..5).filter(|&column| column < 2 || has(column)).collect();
    let mut table = Table::new(&shown.iter().map(|&column| all[column]).collect::<Vec<_>>());
    for row in &rows {
        table.push(shown.iter().map(|&column| row[column].clone()).collect());
    }
    blocks.push(Block::Table(table));
    // The commonest method needs no list of names.
    methods.sort_by_key(|(_, keys)| std::cmp::Reverse(keys.len()));
    let mut points: Vec<String> = methods
        .iter()
        .enumerate()
        .map(|(at, (method, keys))| match (at, methods.len()) {
            (0, 1) => format!("Errors and intervals: {method}."),
            (0, _) => format!("Errors and intervals: {method}, but for"),
            _ => format!("{method}: {}", keys.join(", ")),
        })
        .collect();
    if !points.is_empty() {
        blocks.push(Block::Text(points.remove(0)));
        if !points.is_empty() {
            blocks.push(Block::List(points));
        }
    }
    if !reasons.is_empty() {
        blocks.push(Block::Text(format!(
            "Undefined here: {}.",
            reasons.join("; ")
        )));
    }
}

fn collect(
    key: &str,
    value: &Value,
    rows: &mut Vec<[String; 5]>,
    methods: &mut Vec<(String, Vec<String>)>,
    reasons: &mut Vec<String>,
) {
    let row = |value: String, interval: String| {
        [
            key.to_owned(),
            value,
            String::new(),
            String::new(),
            interval,
        ]
    };
    match value {
        Value::Number(number) if !number.is_u64() => rows.push(row(figure(value), String::new())),
        Value::Object(found) if is_test(found) => {}
        Value::Object(found) if found.get("undefined").is_some() => {
            rows.push(row(NONE.to_owned(), String::new()));
            reasons.push(format!("{key} ({})", text(&found["undefined"])));
        }
        Value::Object(found) if found.contains_key("method") => {
            let se = |key: &str| found.get(key).map_or_else(String::new, figure);
            let interval = if found.get("zero_variance").is_some() {
                "no spread".to_owned()
            } else {
                pair(&found["ci_low"], &found["ci_high"])
            };
            rows.push([
                key.to_owned(),
                figure(&found["value"]),
                se("se"),
                se("se_cluster"),
                interval,
            ]);
            let method = text(&found["method"]);
            match methods.iter_mut().find(|(known, _)| *known == method) {
                Some((_, keys)) => keys.push(key.to_owned()),
                None => methods.push((method, vec![key.to_owned()])),
            }
        }
        // An object of several figures: each on a line of its own, under the name of both.
        Value::Object(found) => {
            for (part, value) in found {
                let name = if part == "value" {
                    key.to_owned()
                } else {
                    format!("{key} {part}")
                };
                match value {
                    Value::Array(limits) if limits.len() == 2 && part != "shares" => {
                        rows.push([
                            name,
                            String::new(),
                            String::new(),
                            String::new(),
                            pair(&limits[0], &limits[1]),
                        ]);
                    }
                    Value::Number(_) | Value::Object(_) => {
                        collect(&name, value, rows, methods, reasons)
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn is_test(found: &Map<String, Value>) -> bool {
    found.contains_key("statistic") && found.contains_key("df")
}

/// Chi-squared tests.
fn tests(fields: &Map<String, Value>, blocks: &mut Vec<Block>) {
    let mut table = Table::new(&[
        ("test", Align::Left),
        ("statistic", Align::Right),
        ("df", Align::Right),
        ("p", Align::Right),
    ]);
    for (key, value) in fields {
        if let Value::Object(found) = value
            && is_test(found)
        {
            table.push(vec![
                key.clone(),
                figure(&found["statistic"]),
                found["df"].to_string(),
                found["p_value"]
                    .as_f64()
                    .map_or_else(|| NONE.to_owned(), number::p_value),
            ]);
        }
    }
    if !table.is_empty() {
        blocks.push(Block::Table(table));
    }
}

/// The table of two raters.
fn confusion(fields: &Map<String, Value>, blocks: &mut Vec<Block>) {
    let (Some(Value::Array(counts)), Some(Value::Array(names))) =
        (fields.get("confusion"), fields.get("categories"))
    else {
        return;
    };
    if names.len() > MOST_CATEGORIES || names.is_empty() {
        return;
    }
    let width = (60 / names.len()).clamp(3, 14);
    let shown: Vec<String> = names
        .iter()
        .map(|name| number::shortened(&text(name), width))
        .collect();
    let mut columns = vec![("", Align::Left)];
    columns.extend(shown.iter().map(|name| (name.as_str(), Align::Right)));
    let mut table = Table::new(&columns);
    for (name, row) in names.iter().zip(counts) {
        let mut cells = vec![number::shortened(&text(name), 16)];
        cells.extend(row.as_array().into_iter().flatten().map(Value::to_string));
        table.push(cells);
    }
    blocks.push(Block::Table(table));
}

/// Rows of like objects; what is nested shows its value.
fn list(rows: &[Value], blocks: &mut Vec<Block>) {
    let Some(Value::Object(first)) = rows.first() else {
        return;
    };
    let keys: Vec<&String> = first
        .keys()
        .filter(|key| !matches!(key.as_str(), "method" | "predicted"))
        .collect();
    let columns: Vec<(&str, Align)> = keys
        .iter()
        .map(|key| {
            let is_text = first[key.as_str()].is_string();
            let title = match key.as_str() {
                "specific_agreement" => "specific",
                "p_value" => "p",
                key => key,
            };
            (title, if is_text { Align::Left } else { Align::Right })
        })
        .collect();
    let mut table = Table::new(&columns);
    for row in rows.iter().take(MOST_ROWS) {
        let cells = keys.iter().map(|key| match row.get(key.as_str()) {
            Some(Value::String(text)) => number::shortened(text, 24),
            Some(Value::Object(nested)) => {
                nested.get("value").map_or_else(|| NONE.to_owned(), figure)
            }
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            Some(Value::Bool(yes)) => (if *yes { "yes" } else { "no" }).to_owned(),
            Some(value) if matches!(key.as_str(), "p" | "p_value" | "adjusted" | "adjusted_p") => {
                value
                    .as_f64()
                    .map_or_else(|| NONE.to_owned(), number::p_value)
            }
            Some(value) => figure(value),
            None => NONE.to_owned(),
        });
        table.push(cells.collect());
    }
    blocks.push(Block::Table(table));
    if rows.len() > MOST_ROWS {
        blocks.push(Block::Text(format!(
            "{} more rows: `--format json`.",
            rows.len() - MOST_ROWS
        )));
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn figure(value: &Value) -> String {
    value
        .as_f64()
        .map_or_else(|| NONE.to_owned(), number::figure)
}

fn pair(low: &Value, high: &Value) -> String {
    match (low.as_f64(), high.as_f64()) {
        (Some(low), Some(high)) => format!("[{}, {}]", number::figure(low), number::figure(high)),
        _ => String::new(),
    }
}
