//! Claude Code's metrics and events as OTLP JSON: one export request per line, as the collector's file exporter writes them.
//!
//! Names are those of the client's documentation (code.claude.com/docs/en/monitoring-usage): eight counters below
//! `claude_code.`, all with `session.id`; `type` tells added from removed lines and the kinds of tokens, `decision` is
//! `accept` or `reject`; of the events `user_prompt` (with `command_name` where it calls a command) and `tool_result` (with
//! `success` as a text). Temporality is delta unless set otherwise. The format of files
//! (opentelemetry.io/docs/specs/otel/protocol/file-exporter) promises no order of lines, and one kind of data per file, so
//! several files are read as one.
//!
//! Numbers may be strings (protobuf's JSON form of 64-bit integers), unknown fields are passed over, and what cannot be
//! read is counted. Increments add up. Of a running total the largest value of each start counts; where no start is given,
//! a total that falls has begun anew.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead};

use serde_json::Value;

use crate::domain::evidence::OtlpRow;

use super::lines::{Line, Lines};

/// What of a file of exports could not be used.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Unused {
    /// Lines that are no export request.
    pub malformed_lines: u64,
    /// Data points and events of known names that name no session.
    pub without_session: u64,
}

/// Reads exports, a file after the other in any order.
#[derive(Debug, Default)]
pub struct Exports {
    unused: Unused,
    requests: u64,
    /// Values of data points. An increment that was sent twice has the same series and time and counts once; a running
    /// total keeps one series from its start.
    points: HashMap<(String, Column, u64), f64>,
    /// Running totals that do not say when they began: value by time.
    unstarted: HashMap<(String, Column, u64), BTreeMap<u64, f64>>,
    numbered: u64,
}

impl Exports {
    /// Reads all lines of `source`; says what of them could not be used.
    ///
    /// # Errors
    /// Errors of the source only.
    pub fn read(&mut self, source: impl BufRead) -> io::Result<Unused> {
        let mut lines = Lines::new(source);
        while let Some(line) = lines.next_line()? {
            let request = match &line {
                Line::Text(_, text) => serde_json::from_str::<Value>(text).ok(),
                Line::TooLong(_) => None,
            };
            match request {
                Some(request) if is_export(&request) => {
                    self.requests += 1;
                    self.request(&request);
                }
                _ => self.unused.malformed_lines += 1,
            }
        }
        Ok(std::mem::take(&mut self.unused))
    }

    /// Export requests that were read so far, whatever they hold.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Rows by session id.
    #[must_use]
    pub fn sessions(self) -> BTreeMap<String, OtlpRow> {
        let mut points: Vec<_> = self.points.into_iter().collect();
        let totals = self.unstarted.into_iter();
        points.extend(totals.map(|(series, values)| (series, grown(values.values()))));
        // Sums of fractions depend on their order.
        points.sort_by(|(a, x), (b, y)| (&a.0, a.2).cmp(&(&b.0, b.2)).then(x.total_cmp(y)));
        let mut sessions: BTreeMap<String, OtlpRow> = BTreeMap::new();
        for ((session, column, _), value) in points {
            let row = sessions.entry(session).or_default();
            *column.of(row).get_or_insert(0.0) += value;
        }
        sessions
    }
}

/// What a counter counted whose values are given in the order of time: where it falls, it began anew at zero.
fn grown<'v>(values: impl Iterator<Item = &'v f64>) -> f64 {
    let (mut sum, mut last) = (0.0, 0.0);
    for value in values {
        sum += if *value < last { *value } else { *value - last };
        last = *value;
    }
    sum
}

fn is_export(request: &Value) -> bool {
    ["resourceMetrics", "resourceLogs", "resourceSpans"]
        .iter()
        .any(|name| request.get(name).is_some_and(Value::is_array))
}

/// A column of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Column {
    LinesAdded,
    LinesRemoved,
    Commits,
    PullRequests,
    Sessions,
    InputTokens,
    OutputTokens,
    CacheReadTokens,
    CacheWriteTokens,
    CostUsd,
    ActiveS,
    Accepted,
    Rejected,
    Prompts,
    Actions,
    ToolErrors,
}

impl Column {
    fn of(self, row: &mut OtlpRow) -> &mut Option<f64> {
        match self {
            Self::LinesAdded => &mut row.otlp_lines_added,
            Self::LinesRemoved => &mut row.otlp_lines_removed,
            Self::Commits => &mut row.otlp_commits,
            Self::PullRequests => &mut row.otlp_pull_requests,
            Self::Sessions => &mut row.otlp_sessions,
            Self::InputTokens => &mut row.otlp_input_tokens,
            Self::OutputTokens => &mut row.otlp_output_tokens,
            Self::CacheReadTokens => &mut row.otlp_cache_read_tokens,
            Self::CacheWriteTokens => &mut row.otlp_cache_write_tokens,
            Self::CostUsd => &mut row.otlp_cost_usd,
            Self::ActiveS => &mut row.otlp_active_s,
            Self::Accepted => &mut row.otlp_accepted,
            Self::Rejected => &mut row.otlp_rejected,
            Self::Prompts => &mut row.otlp_prompts,
            Self::Actions => &mut row.otlp_actions,
            Self::ToolErrors => &mut row.otlp_tool_errors,
        }
    }

    /// The column that a metric's data point belongs to.
    fn of_metric(name: &str, attributes: &[&Value]) -> Option<Self> {
        let kind = attribute(attributes, "type").unwrap_or_default();
        Some(match (name.strip_prefix("claude_code.")?, kind.as_str()) {
            ("lines_of_code.count", "added") => Self::LinesAdded,
            ("lines_of_code.count", "removed") => Self::LinesRemoved,
            ("commit.count", _) => Self::Commits,
            ("pull_request.count", _) => Self::PullRequests,
            ("session.count", _) => Self::Sessions,
            ("token.usage", "input") => Self::InputTokens,
            ("token.usage", "output") => Self::OutputTokens,
            ("token.usage", "cacheRead") => Self::CacheReadTokens,
            ("token.usage", "cacheCreation") => Self::CacheWriteTokens,
            ("cost.usage", _) => Self::CostUsd,
            ("active_time.total", _) => Self::ActiveS,
            ("code_edit_tool.decision", _) => match attribute(attributes, "decision")?.as_str() {
                "accept" => Self::Accepted,
                "reject" => Self::Rejected,
                _ => return None,
            },
            _ => return None,
        })
    }
}

impl Exports {
    fn request(&mut self, request: &Value) {
        for resource in list(request, "resourceMetrics") {
            let of_resource = attributes_of(&resource["resource"]);
            for metric in list(resource, "scopeMetrics").flat_map(|scope| list(scope, "metrics")) {
                let name = metric["name"].as_str().unwrap_or_default();
                for kind in ["sum", "gauge"] {
                    let body = &metric[kind];
                    let is_total = is_cumulative(&body["aggregationTemporality"]);
                    for point in list(body, "dataPoints") {
                        self.point(name, &of_resource, point, is_total);
                    }
                }
            }
        }
        for resource in list(request, "resourceLogs") {
            let of_resource = attributes_of(&resource["resource"]);
            for record in list(resource, "scopeLogs").flat_map(|scope| list(scope, "logRecords")) {
                self.event(&of_resource, record);
            }
        }
    }

    fn point(&mut self, name: &str, of_resource: &[&Value], point: &Value, is_total: bool) {
        let mut attributes = attributes_of(point);
        attributes.extend(of_resource);
        let value = number(&point["asInt"]).or_else(|| number(&point["asDouble"]));
        let (Some(column), Some(value)) = (Column::of_metric(name, &attributes), value) else {
            return;
        };
        let start = text(&point["startTimeUnixNano"]).filter(|start| start != "0");
        let time = text(&point["timeUnixNano"]);
        let place = match (is_total, start) {
            (true, Some(start)) => Place::TotalSince(start),
            (true, None) => Place::Total(time.and_then(|time| time.parse().ok()).unwrap_or(0)),
            (false, start) => Place::Increment(start, time),
        };
        self.add(column, &attributes, place, value);
    }

    fn event(&mut self, of_resource: &[&Value], record: &Value) {
        let mut attributes = attributes_of(record);
        attributes.extend(of_resource);
        let Some(name) = attribute(&attributes, "event.name")
            .or_else(|| text(&record["eventName"]))
            .or_else(|| text(&record["body"]["stringValue"]))
        else {
            return;
        };
        let columns: &[Column] = match name.trim_start_matches("claude_code.") {
            // A command is no prompt; the transcript's figures keep the two apart, too.
            "user_prompt" if attribute(&attributes, "command_name").is_none() => &[Column::Prompts],
            "tool_result" => match attribute(&attributes, "success").as_deref() {
                Some("false") => &[Column::Actions, Column::ToolErrors],
                _ => &[Column::Actions],
            },
            _ => return,
        };
        for column in columns {
            let time = text(&record["timeUnixNano"]);
            self.add(*column, &attributes, Place::Increment(None, time), 1.0);
        }
    }

    fn add(&mut self, column: Column, attributes: &[&Value], place: Place, value: f64) {
        let Some(session) = attribute(attributes, "session.id").filter(|id| !id.is_empty()) else {
            self.unused.without_session += 1;
            return;
        };
        let mut series: Vec<String> = attributes.iter().map(ToString::to_string).collect();
        series.sort();
        let mut hash = DefaultHasher::new();
        series.hash(&mut hash);
        match &place {
            Place::Total(time) => {
                let values = self.unstarted.entry((session, column, hash.finish()));
                let known = values.or_default().entry(*time).or_insert(value);
                *known = known.max(value);
                return;
            }
            Place::TotalSince(start) => start.hash(&mut hash),
            Place::Increment(start, Some(time)) => (start, time).hash(&mut hash),
            Place::Increment(start, None) => {
                // Nothing tells it from another one.
                self.numbered += 1;
                (start, self.numbered).hash(&mut hash);
            }
        }
        let known = self
            .points
            .entry((session, column, hash.finish()))
            .or_insert(value);
        *known = known.max(value);
    }
}

/// Where in time a value belongs.
enum Place {
    /// What was counted in an interval: its start and end.
    Increment(Option<String>, Option<String>),
    /// All that was counted since then.
    TotalSince(String),
    /// All that was counted up to this nanosecond, since a time that is not given.
    Total(u64),
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn attributes_of(value: &Value) -> Vec<&Value> {
    list(value, "attributes").collect()
}

fn attribute(attributes: &[&Value], key: &str) -> Option<String> {
    let found = attributes
        .iter()
        .find(|attribute| attribute["key"].as_str() == Some(key))?;
    let value = found["value"].as_object()?.values().next()?;
    text(value)
}

/// A string, or a number or boolean as one.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A number that is at least zero, also as a string; counters never fall.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite() && *number >= 0.0)
}

/// The client exports increments unless told otherwise.
fn is_cumulative(temporality: &Value) -> bool {
    temporality.as_u64() == Some(2)
        || temporality
            .as_str()
            .is_some_and(|name| name == "2" || name.ends_with("CUMULATIVE"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Exports, OtlpRow, Unused};

    fn read(lines: &[String]) -> (BTreeMap<String, OtlpRow>, Unused) {
        let mut exports = Exports::default();
        let unused = exports.read(lines.join("\n").as_bytes()).unwrap();
        (exports.sessions(), unused)
    }

    fn metric(name: &str, temporality: &str, points: &str) -> String {
        format!(
            r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"claude-code"}}}}]}},"scopeMetrics":[{{"metrics":[{{"name":"claude_code.{name}","sum":{{"aggregationTemporality":{temporality},"isMonotonic":true,"dataPoints":[{points}]}}}}]}}],"new":7}}]}}"#
        )
    }

    fn point(kind: &str, start: u64, time: u64, value: &str) -> String {
        format!(
            r#"{{"attributes":[{{"key":"session.id","value":{{"stringValue":"s1"}}}},{{"key":"type","value":{{"stringValue":"{kind}"}}}}],"startTimeUnixNano":"{start}","timeUnixNano":"{time}",{value}}}"#
        )
    }

    #[test]
    fn increments_add_up_and_one_sent_twice_counts_once() {
        let lines = [
            metric(
                "lines_of_code.count",
                "1",
                &point("added", 1, 2, r#""asInt":"10""#),
            ),
            metric(
                "lines_of_code.count",
                "1",
                &point("added", 2, 3, r#""asDouble":5.0"#),
            ),
            metric(
                "lines_of_code.count",
                "1",
                &point("added", 2, 3, r#""asDouble":5.0"#),
            ),
            metric(
                "lines_of_code.count",
                "1",
                &point("removed", 2, 3, r#""asInt":4"#),
            ),
        ];
        let (sessions, unused) = read(&lines);
        let row = &sessions["s1"];
        assert_eq!(row.otlp_lines_added, Some(15.0));
        assert_eq!(row.otlp_lines_removed, Some(4.0));
        assert_eq!(unused, Unused::default());
        assert_eq!(row.otlp_commits, None, "nothing exported is not zero");
    }

    #[test]
    fn of_running_totals_the_last_of_each_start_counts() {
        let named = r#""AGGREGATION_TEMPORALITY_CUMULATIVE""#;
        let lines = [
            metric("token.usage", "2", &point("input", 1, 2, r#""asInt":"10""#)),
            metric(
                "token.usage",
                named,
                &point("input", 1, 3, r#""asInt":"25""#),
            ),
            metric("token.usage", "2", &point("input", 9, 10, r#""asInt":"3""#)),
        ];
        let (sessions, _) = read(&lines);
        assert_eq!(sessions["s1"].otlp_input_tokens, Some(28.0));
    }

    /// 10, 25, then a restart counts to 3 and on to 8: 25 + 8. The lines stand in no order, and one was sent twice.
    #[test]
    fn a_running_total_without_a_start_that_falls_has_begun_anew() {
        let at = |time: u64, value: u64| {
            let point = point("output", 0, time, &format!(r#""asInt":"{value}""#));
            metric("token.usage", "2", &point)
        };
        let lines = [at(40, 8), at(10, 10), at(20, 25), at(20, 25), at(30, 3)];
        let (sessions, _) = read(&lines);
        assert_eq!(sessions["s1"].otlp_output_tokens, Some(33.0));
    }

    #[test]
    fn several_files_are_read_as_one_and_sessions_are_kept_apart() {
        let mine = metric("commit.count", "1", &point("", 1, 2, r#""asInt":"1""#));
        let other = mine.replace("\"s1\"", "\"s2\"");
        let both = format!("{mine}\n{other}\nno export\n");
        let mut exports = Exports::default();
        assert_eq!(exports.read(both.as_bytes()).unwrap().malformed_lines, 1);
        // A rotated file can begin with what the one before it ended with.
        assert_eq!(exports.read(mine.as_bytes()).unwrap().malformed_lines, 0);
        let sessions = exports.sessions();
        assert_eq!(sessions.len(), 2);
        assert!(sessions.values().all(|row| row.otlp_commits == Some(1.0)));
    }

    #[test]
    fn decisions_tokens_and_time_have_the_documented_names() {
        let lines = [
            ("code_edit_tool.decision", r#""decision","value":{"stringValue":"accept"}"#),
            ("code_edit_tool.decision", r#""decision","value":{"stringValue":"reject"}"#),
            ("token.usage", r#""type","value":{"stringValue":"cacheRead"}"#),
            ("token.usage", r#""type","value":{"stringValue":"cacheCreation"}"#),
            ("active_time.total", r#""type","value":{"stringValue":"cli"}"#),
            ("active_time.total", r#""type","value":{"stringValue":"user"}"#),
            ("session.count", r#""start_type","value":{"stringValue":"fresh"}"#),
            ("pull_request.count", r#""terminal.type","value":{"stringValue":"tmux"}"#),
            ("cost.usage", r#""model","value":{"stringValue":"m"}"#),
        ]
        .map(|(name, attribute)| {
            let point = format!(
                r#"{{"attributes":[{{"key":"session.id","value":{{"stringValue":"s1"}}}},{{"key":{attribute}}}],"startTimeUnixNano":"1","timeUnixNano":"2","asDouble":1.5}}"#
            );
            metric(name, "\"AGGREGATION_TEMPORALITY_DELTA\"", &point)
        });
        let (sessions, unused) = read(&lines);
        assert_eq!(unused, Unused::default());
        let once = Some(1.5);
        assert_eq!(
            sessions["s1"],
            OtlpRow {
                otlp_accepted: once,
                otlp_rejected: once,
                otlp_cache_read_tokens: once,
                otlp_cache_write_tokens: once,
                otlp_active_s: Some(3.0),
                otlp_sessions: once,
                otlp_pull_requests: once,
                otlp_cost_usd: once,
                ..OtlpRow::default()
            }
        );
    }

    /// Hostile lines are counted or passed over; what stands around them is read.
    #[test]
    fn damaged_and_hostile_lines_spoil_nothing() {
        let good = metric("commit.count", "1", &point("", 1, 2, r#""asInt":"1""#));
        let deep = format!("{{\"resourceMetrics\":{}", "[".repeat(100_000));
        let numbers = ["1e999", "-5", "\"NaN\"", "[]", "null", "\"\""].map(|value| {
            metric(
                "commit.count",
                "1",
                &point("", 1, 3, &format!("\"asInt\":{value}")),
            )
        });
        for length in 0..good.len() {
            let lines = [good[..length].to_owned(), good.clone()];
            let (sessions, unused) = read(&lines);
            assert_eq!(sessions["s1"].otlp_commits, Some(1.0), "{length}");
            assert_eq!(unused.malformed_lines, u64::from(length > 0));
        }
        let padded = format!("{good}{}\n\0\0\n\u{feff}{good}", "\0".repeat(4096));
        let lines: Vec<String> = [padded, deep, format!("{good}{good}")]
            .into_iter()
            .chain(numbers)
            .collect();
        let (sessions, unused) = read(&lines);
        assert_eq!(sessions["s1"].otlp_commits, Some(1.0));
        // Deep, glued, and a number that no machine can hold.
        assert_eq!(unused.malformed_lines, 3);
        let huge = std::io::Read::chain(
            std::io::Read::take(std::io::repeat(b'a'), 40 << 20),
            std::io::Cursor::new(format!("\n{good}")),
        );
        let mut exports = Exports::default();
        let unused = exports.read(std::io::BufReader::new(huge)).unwrap();
        assert_eq!(unused.malformed_lines, 1);
        assert_eq!(exports.sessions()["s1"].otlp_commits, Some(1.0));
    }

    #[test]
    fn broken_lines_are_counted_and_events_read() {
        let event = |name: &str, time: u64, success: &str| {
            format!(
                r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"timeUnixNano":"{time}","body":{{"stringValue":"claude_code.{name}"}},"attributes":[{{"key":"session.id","value":{{"stringValue":"s2"}}}},{{"key":"success","value":{{"stringValue":"{success}"}}}}]}}]}}]}}]}}"#
            )
        };
        let lines = [
            event("user_prompt", 1, ""),
            event("user_prompt", 1, "").replace("\"success\"", "\"command_name\""),
            event("tool_result", 2, "true"),
            event("tool_result", 3, "false"),
            "{\"resourceMetrics\":".to_owned(),
            "7".to_owned(),
            "{}".to_owned(),
            metric("commit.count", "1", r#"{"asInt":1}"#),
        ];
        let (sessions, unused) = read(&lines);
        let row = &sessions["s2"];
        assert_eq!(row.otlp_prompts, Some(1.0));
        assert_eq!(row.otlp_actions, Some(2.0));
        assert_eq!(row.otlp_tool_errors, Some(1.0));
        assert_eq!(unused.malformed_lines, 3);
        assert_eq!(unused.without_session, 1);
    }
}
