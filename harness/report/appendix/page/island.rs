//! The data of a goldset for the page's scripts, as JSON that can stand inside a script element.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::domain::label::{Label, Scale};
use crate::domain::rating::Outcome;
use crate::report::appendix::material::{ClassifierPart, Material, Role, SessionPart};
use crate::report::{escape, number};

use super::passages::passages;

/// Sessions of a classifier without categories whose passages are shown: those that differ most.
const FARTHEST: usize = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Island {
    goldset: String,
    gold: String,
    candidate: String,
    measures: Vec<String>,
    sessions: Vec<Session>,
    classifiers: Vec<Classifier>,
    /// By session and turn.
    passages: BTreeMap<usize, BTreeMap<u64, String>>,
}

#[derive(Serialize)]
struct Session {
    id: String,
    user: String,
    date: String,
    repo: String,
    source: String,
    telemetry: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Classifier {
    name: String,
    title: String,
    labels: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    session: usize,
    gold: String,
    said: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    gold_reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<(u64, String)>,
    #[serde(skip)]
    distance: f64,
}

/// The data of a goldset.
pub(super) fn json(material: &Material) -> String {
    let classifiers: Vec<Classifier> = material.classifiers.iter().map(classifier).collect();
    let columns = columns(material);
    let island = Island {
        goldset: text(material.name()),
        gold: text(&material.basis.against),
        candidate: text(&material.basis.candidate),
        sessions: material
            .sessions
            .iter()
            .map(|part| session(part, &columns))
            .collect(),
        measures: columns,
        passages: cited(material, &classifiers),
        classifiers,
    };
    let json = serde_json::to_string(&island).expect("texts and numbers are valid JSON");
    in_script(&json)
}

/// JSON that no text in it can end: `<` starts an end tag or a comment, `&` an entity in some readers.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

/// A text from outside: control characters and marks of direction are visible, line ends stay.
fn text(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(escape::terminal).collect();
    lines.join("\n")
}

fn classifier(part: &ClassifierPart) -> Classifier {
    let definition = part.definition();
    let (gold, said) = (part.of(Role::Gold), part.of(Role::Candidate));
    let count = said.or(gold).map_or(0, |ratings| ratings.said.len());
    let mut rows: Vec<Row> = (0..count)
        .map(|at| {
            let of_gold = gold.and_then(|gold| gold.said.get(at));
            let of_candidate = said.and_then(|said| said.said.get(at));
            let label = |outcome: &Outcome| match outcome {
                Outcome::Parsed(label) => definition.text_of(label),
                Outcome::Refused => "no label: refused".to_owned(),
                Outcome::Unparsable => "no label: unparsable".to_owned(),
                Outcome::Truncated => "no label: truncated".to_owned(),
                Outcome::Errored => "no label: errored".to_owned(),
                Outcome::Missing => "no label: missing".to_owned(),
            };
            Row {
                session: at,
                gold: of_gold
                    .filter(|said| said.outcome.label().is_some())
                    .map_or_else(String::new, |said| text(&label(&said.outcome))),
                said: of_candidate.map_or_else(
                    || label(&Outcome::Missing),
                    |said| text(&label(&said.outcome)),
                ),
                gold_reason: of_gold.map_or_else(String::new, |said| text(&said.rationale)),
                reason: of_candidate.map_or_else(String::new, |said| text(&said.rationale)),
                confidence: of_candidate.and_then(|said| said.confidence),
                evidence: of_candidate.map_or_else(Vec::new, |said| {
                    said.evidence
                        .iter()
                        .map(|one| (one.turn, text(&one.shows)))
                        .collect()
                }),
                distance: distance(
                    of_gold.and_then(|said| said.outcome.label()),
                    of_candidate.and_then(|said| said.outcome.label()),
                ),
            }
        })
        .collect();
    // Stable, so sessions of one distance keep the goldset's order.
    rows.sort_by(|a, b| b.distance.total_cmp(&a.distance));
    Classifier {
        name: text(&definition.name),
        title: text(&definition.title),
        labels: match definition.scale {
            Scale::Nominal | Scale::Ordinal => {
                definition.label_names().into_iter().map(text).collect()
            }
            Scale::Ratio | Scale::Decisions => Vec::new(),
        },
        rows,
    }
}

/// How far two labels lie apart: 0 where they are the same, and where there is no gold to differ from; failures first.
fn distance(gold: Option<&Label>, said: Option<&Label>) -> f64 {
    match (gold, said) {
        (None, _) => 0.0,
        (Some(_), None) => f64::INFINITY,
        (Some(Label::Category(gold)), Some(Label::Category(said))) => {
            f64::from(u8::from(gold != said))
        }
        (Some(Label::Number(gold)), Some(Label::Number(said))) => (gold.ln() - said.ln()).abs(),
        (Some(Label::Shares(gold)), Some(Label::Shares(said))) => {
            let apart = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs(),
                (None, None) => 0.0,
                _ => 1.0,
            };
            apart(gold.planning, said.planning) + apart(gold.execution, said.execution)
        }
        _ => 1.0,
    }
}

/// The passages that evidence cites, of sessions on which the two sides differ.
fn cited(
    material: &Material,
    classifiers: &[Classifier],
) -> BTreeMap<usize, BTreeMap<u64, String>> {
    let mut turns: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for classifier in classifiers {
        let most = if classifier.labels.is_empty() {
            FARTHEST
        } else {
            usize::MAX
        };
        let differing = classifier.rows.iter().filter(|row| row.distance > 0.0);
        for row in differing.take(most) {
            turns
                .entry(row.session)
                .or_default()
                .extend(row.evidence.iter().map(|(turn, _)| *turn));
        }
    }
    turns
        .into_iter()
        .filter_map(|(session, turns)| {
            let view = material.sessions[session].view.as_ref()?;
            let found: BTreeMap<u64, String> = passages(view, &turns)
                .into_iter()
                .map(|(turn, passage)| (turn, text(&passage)))
                .collect();
            (!found.is_empty()).then_some((session, found))
        })
        .collect()
}

/// Columns of the telemetry rows, those left out that say nothing anywhere.
fn columns(material: &Material) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for row in material.sessions.iter().filter_map(values) {
        for (name, value) in row {
            if !columns.contains(&name) && !shown(&value).is_empty() {
                columns.push(name);
            }
        }
    }
    columns
}

fn values(session: &SessionPart) -> Option<serde_json::Map<String, Value>> {
    let row = session.telemetry.as_ref()?;
    let Ok(Value::Object(mut fields)) = serde_json::to_value(row) else {
        return None;
    };
    fields.shift_remove("session_id");
    Some(fields)
}

fn session(part: &SessionPart, columns: &[String]) -> Session {
    Session {
        id: text(&part.id),
        user: text(&part.user),
        date: text(&part.date),
        repo: text(&part.repo),
        source: text(&part.source),
        telemetry: values(part).map(|row| {
            columns
                .iter()
                .map(|column| row.get(column).map_or_else(String::new, shown))
                .collect()
        }),
    }
}

/// A value of a telemetry row as text.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(count) => match (count.as_u64(), count.as_f64()) {
            (Some(count), _) => number::integer(count),
            (None, Some(rate)) => number::measured(rate),
            (None, None) => count.to_string(),
        },
        Value::String(words) => text(words),
        Value::Array(_) | Value::Object(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_script_it_stands_in() {
        let json = in_script(&serde_json::to_string("</script><!-- & <script>").unwrap());
        assert!(!json.contains(['<', '>', '&']), "{json}");
        let back: String = serde_json::from_str(&json).unwrap();
        assert_eq!(back, "</script><!-- & <script>");
    }

    #[test]
    fn marks_that_turn_the_writing_are_visible_and_line_ends_stay() {
        assert_eq!(text("a\u{202e}b\nc\u{7}"), "a\\u{202e}b\nc\\u{7}");
    }

    #[test]
    fn labels_lie_apart_by_their_scale() {
        let number = |value| Some(Label::Number(value));
        assert!(
            (distance(number(100.0).as_ref(), number(10.0).as_ref()) - 10_f64.ln()).abs() < 1e-12
        );
        assert!(distance(Some(&Label::Category(1)), None).is_infinite());
        assert!(distance(None, number(1.0).as_ref()).abs() < 1e-12);
    }
}
