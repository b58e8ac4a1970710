//! Claude Code's metrics and events as OTLP JSON: one export request per line, as the collector's file exporter writes them.
//!
//! Numbers may be strings (protobuf's JSON form of 64-bit integers), unknown fields are passed over, and what cannot be
//! read is counted. Sums are delta or cumulative: increments add up, of a running total the largest value of each start
//! counts.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead};

use serde_json::Value;

use crate::domain::evidence::OtlpRow;

use super::lines::{Line, Lines};

/// What a file of exports gave.
#[derive(Debug, Default)]
pub struct Exported {
    /// Rows by session id.
    pub sessions: BTreeMap<String, OtlpRow>,
    /// Lines that are no export request.
    pub malformed_lines: u64,
    /// Data points and events of known names that name no session.
    pub without_session: u64,
}

/// Reads all lines of `source`.
///
/// # Errors
/// Errors of the source only.
pub fn read(source: impl BufRead) -> io::Result<Exported> {
    let mut reader = Reader::default();
    let mut lines = Lines::new(source);
    while let Some(line) = lines.next_line()? {
        let request = match &line {
            Line::Text(_, text) => serde_json::from_str::<Value>(text).ok(),
            Line::TooLong(_) => None,
        };
        match request {
            Some(request) if is_export(&request) => reader.request(&request),
            _ => reader.exported.malformed_lines += 1,
        }
    }
    Ok(reader.finish())
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

#[derive(Default)]
struct Reader {
    exported: Exported,
    /// Values of data points. An increment that was sent twice has the same series and time and counts once; a running
    /// total keeps one series from its start.
    points: HashMap<(String, Column, u64), f64>,
    numbered: u64,
}

impl Reader {
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
        let start = text(&point["startTimeUnixNano"]);
        let time = if is_total {
            None
        } else {
            text(&point["timeUnixNano"])
        };
        self.add(column, &attributes, (start, time, is_total), value);
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
            "user_prompt" => &[Column::Prompts],
            "tool_result" => match attribute(&attributes, "success").as_deref() {
                Some("false") => &[Column::Actions, Column::ToolErrors],
                _ => &[Column::Actions],
            },
            _ => return,
        };
        for column in columns {
            let time = text(&record["timeUnixNano"]);
            self.add(*column, &attributes, (None, time, false), 1.0);
        }
    }

    fn add(
        &mut self,
        column: Column,
        attributes: &[&Value],
        (start, time, is_total): (Option<String>, Option<String>, bool),
        value: f64,
    ) {
        let Some(session) = attribute(attributes, "session.id").filter(|id| !id.is_empty()) else {
            self.exported.without_session += 1;
            return;
        };
        let mut series: Vec<String> = attributes.iter().map(ToString::to_string).collect();
        series.sort();
        let mut hash = DefaultHasher::new();
        (series, start, &time).hash(&mut hash);
        if time.is_none() && !is_total {
            // Nothing tells it from another one.
            self.numbered += 1;
            self.numbered.hash(&mut hash);
        }
        let known = self
            .points
            .entry((session, column, hash.finish()))
            .or_insert(value);
        *known = known.max(value);
    }

    fn finish(mut self) -> Exported {
        let mut points: Vec<_> = self.points.into_iter().collect();
        // Sums of fractions depend on their order.
        points.sort_by(|(a, x), (b, y)| (&a.0, a.2).cmp(&(&b.0, b.2)).then(x.total_cmp(y)));
        for ((session, column, _), value) in points {
            let row = self.exported.sessions.entry(session).or_default();
            *column.of(row).get_or_insert(0.0) += value;
        }
        self.exported
    }
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
    use super::read;

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
        let exported = read(lines.join("\n").as_bytes()).unwrap();
        let row = &exported.sessions["s1"];
        assert_eq!(row.otlp_lines_added, Some(15.0));
        assert_eq!(row.otlp_lines_removed, Some(4.0));
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
        let exported = read(lines.join("\n").as_bytes()).unwrap();
        assert_eq!(exported.sessions["s1"].otlp_input_tokens, Some(28.0));
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
            event("tool_result", 2, "true"),
            event("tool_result", 3, "false"),
            "{\"resourceMetrics\":".to_owned(),
            "7".to_owned(),
            "{}".to_owned(),
            metric("commit.count", "1", r#"{"asInt":1}"#),
        ];
        let exported = read(lines.join("\n").as_bytes()).unwrap();
        let row = &exported.sessions["s2"];
        assert_eq!(row.otlp_prompts, Some(1.0));
        assert_eq!(row.otlp_actions, Some(2.0));
        assert_eq!(row.otlp_tool_errors, Some(1.0));
        assert_eq!(exported.malformed_lines, 3);
        assert_eq!(exported.without_session, 1);
    }
}
