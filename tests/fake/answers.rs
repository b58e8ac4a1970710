//! What the model says: chosen by a hash of the request, and in the wire schema.

use serde_json::{Value, json};

use super::asked::{Asked, hash, number};

/// A label that no classifier has.
pub const NO_LABEL: &str = "no-such-label";

/// The names that lines such as ``- `name` (Title): …`` declare; with `ends` instead of ` (` other lists are read.
fn declared<'text>(text: &'text str, ends: &str) -> Vec<&'text str> {
    text.lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("- `")?.split_once('`')?;
            rest.starts_with(ends).then_some(name)
        })
        .collect()
}

/// The part of a text below a heading of the second level.
fn section<'text>(text: &'text str, heading: &str) -> &'text str {
    text.split("\n## ")
        .find(|part| part.starts_with(heading))
        .unwrap_or_default()
}

/// The labels that a classifier's text declares.
pub fn labels_of(question: &str) -> Vec<&str> {
    declared(question, " (")
}

/// The answer to a request, as JSON text.
pub fn answer(asked: &Asked, labels: &[String]) -> String {
    let drawn = |what: &str| number(&hash(&[&asked.identity, what.as_bytes()]));
    let own = labels_of(&asked.question);
    let pick = |names: &[&str], what: &str| {
        let count = u64::try_from(names.len()).unwrap();
        names[usize::try_from(drawn(what) % count).unwrap()].to_owned()
    };
    let kinds = declared(section(&asked.question, "Kinds"), ":");
    let deciders = declared(section(&asked.question, "Who decides"), ":");
    let mut decisions = Vec::new();
    if !kinds.is_empty() && !deciders.is_empty() {
        for n in 0..1 + drawn("decisions") % 4 {
            decisions.push(json!({
                "summary": format!("Decision {n}"),
                "kind": pick(&kinds, &format!("kind {n}")),
                "by": pick(&deciders, &format!("by {n}")),
            }));
        }
    }
    let label = if !labels.is_empty() {
        let names: Vec<&str> = labels.iter().map(String::as_str).collect();
        pick(&names, "label")
    } else if own.is_empty() && asked.question.contains("string of digits") {
        pick(&["20", "50", "120", "400"], "label")
    } else if own.is_empty() {
        String::new()
    } else {
        pick(&own, "label")
    };
    let shows = "The opening request, word by word. "
        .repeat(usize::try_from(1 + drawn("shows") % 3).unwrap());
    written(
        &label,
        &[5, 6, 7, 8, 9][usize::try_from(drawn("confidence") % 5).unwrap()],
        shows.trim_end(),
        &decisions,
    )
}

/// The same answer with a label that is not on any scale.
pub fn answer_off_the_scale() -> String {
    written(NO_LABEL, &5, "The opening request.", &[])
}

fn written(label: &str, tenths: &u8, shows: &str, decisions: &[Value]) -> String {
    json!({
        "evidence": [{"turn": 1, "shows": shows}],
        "label": label,
        "confidence": f64::from(*tenths) / 10.0,
        "decisions": decisions,
    })
    .to_string()
}

/// How probable the model holds its label: a multiple of a hundredth between 0.50 and 0.99.
pub fn label_probability(asked: &Asked) -> f64 {
    let hundredths = 50 + number(&hash(&[&asked.identity, b"probability"])) % 50;
    f64::from(u8::try_from(hundredths).unwrap()) / 100.0
}

/// The answer as tokens with logprobs, OpenAI's way. The label's first token carries all of its probability.
pub fn logprobs(asked: &Asked, text: &str, top: u64) -> Value {
    let label = text
        .find("\"label\":\"")
        .map(|at| at + "\"label\":\"".len());
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let mut end = (start + 4).min(text.len());
        if let Some(label) = label
            && start < label
            && label < end
        {
            end = label;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let token = &text[start..end];
        let logprob = if Some(start) == label {
            label_probability(asked).ln()
        } else {
            0.0
        };
        let entry = json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()});
        let others: Vec<Value> = (0..top.min(1)).map(|_| entry.clone()).collect();
        let mut whole = entry;
        whole["top_logprobs"] = Value::Array(others);
        tokens.push(whole);
        start = end;
    }
    json!({"content": tokens, "refusal": null})
}

/// The first bytes of a text, cut where a character ends.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
