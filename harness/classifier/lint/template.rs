//! The text of one classifier: labels, variables, length, schema.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::domain::label::Scale;
use crate::domain::nearest::{listed, nearest};

use super::super::definition::Definition;
use super::super::prompt::{PromptError, Prompts, VARIABLES, variables_in};
use super::super::schema::AnswerSchema;
use super::{Finding, Kind, line_of, said};

/// Tokens that a classifier's own text may take. It is sent anew with every request, while what stands before it is served
/// from a provider's cache.
const BUDGET: u64 = 4_000;

/// What an answer is made of; prompts name these in code marks.
const FIELDS: [&str; 9] = [
    "evidence",
    "label",
    "confidence",
    "decisions",
    "turn",
    "shows",
    "summary",
    "kind",
    "by",
];

pub(super) fn lint(
    folder: &Path,
    definition: &Definition,
    all: &[Definition],
    prompts: Option<&Prompts>,
    findings: &mut Vec<Finding>,
) {
    let own = folder.join(&definition.name);
    schema(&own, definition, findings);
    let path = own.join("prompt.md");
    let Ok(template) = fs::read_to_string(&path) else {
        let cause = "there is no `prompt.md`, so no model can be asked".to_owned();
        let remedy = "write one; `docs/prompts.md` says what it may use";
        findings.push(Finding::new(&path, 0, Kind::Broken, cause, remedy));
        return;
    };
    marked_words(&path, &template, definition, all, findings);
    let is_sound = variables(&path, &template, definition, findings);
    let rendered = prompts.map(|prompts| prompts.prompt(folder, definition));
    match rendered {
        Some(Ok(prompt)) => {
            names_labels(&path, &prompt.text, definition, findings);
            let tokens = prompts.map_or(0, |prompts| prompts.view.tokens_of(prompt.text.len()));
            if BUDGET < tokens {
                findings.push(Finding::new(
                    &path,
                    0,
                    Kind::OverBudget,
                    format!("the text takes about {tokens} tokens, and {BUDGET} are its budget: it is sent anew with every session"),
                    "say it shorter; examples cost most",
                ));
            }
        }
        // A variable that does not exist is told already, and by its name.
        Some(Err(error @ PromptError::Template { .. })) if is_sound => {
            let line = match &error {
                PromptError::Template { line, .. } => *line,
                _ => 0,
            };
            let (cause, remedy) = said(&error.to_string());
            findings.push(Finding::new(&path, line, Kind::Broken, cause, &remedy));
        }
        // The schema's problems are told by `schema`.
        Some(Err(_)) | None => {}
    }
}

/// Words in code marks outside of template expressions: labels, fields of an answer, kinds and deciders; nothing else.
fn marked_words(
    path: &Path,
    template: &str,
    definition: &Definition,
    all: &[Definition],
    findings: &mut Vec<Finding>,
) {
    let labels = definition.label_names();
    let lists = definition.kinds.iter().chain(&definition.deciders);
    let known: BTreeSet<&str> = labels
        .iter()
        .copied()
        .chain(lists.map(|item| item.name.as_str()))
        .chain(FIELDS)
        .collect();
    for (number, line) in (1..).zip(template.lines()) {
        for word in in_code_marks(line) {
            if known.contains(word) || word.contains("{{") || word.contains("{%") {
                continue;
            }
            let elsewhere = all
                .iter()
                .find(|other| other.name != definition.name && other.label_names().contains(&word));
            let near = nearest(word, labels.iter().copied());
            let is_number = word.chars().all(|letter| letter.is_ascii_digit());
            let looks_like_label = definition.scale != Scale::Ratio
                && (!near.is_empty()
                    || elsewhere.is_some()
                    || (is_number && labels.iter().any(|label| label.parse::<u64>().is_ok())));
            let (kind, hint) = match (looks_like_label, elsewhere) {
                (true, Some(other)) => (
                    Kind::UnknownLabel,
                    format!(", it is one of `{}`", other.name),
                ),
                (true, None) if near.is_empty() => (Kind::UnknownLabel, String::new()),
                (true, None) => (
                    Kind::UnknownLabel,
                    format!("; the nearest: {}", listed(&near)),
                ),
                (false, _) => (Kind::CodeMark, String::new()),
            };
            findings.push(Finding::new(
                path,
                number,
                kind,
                format!("`{word}` is no label of `{}`{hint}", definition.name),
                "write a label of `classifier.toml`, or leave the code marks to labels and fields",
            ));
        }
    }
}

/// What stands between pairs of code marks.
fn in_code_marks(line: &str) -> impl Iterator<Item = &str> {
    line.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| !word.is_empty())
}

fn names_labels(path: &Path, text: &str, definition: &Definition, findings: &mut Vec<Finding>) {
    let marked: BTreeSet<&str> = text.lines().flat_map(in_code_marks).collect();
    for label in definition.label_names() {
        if !marked.contains(label) {
            findings.push(Finding::new(
                path,
                0,
                Kind::LabelNotNamed,
                format!("the rendered text never names the label `{label}`"),
                "loop over `labels`, which takes names and definitions from `classifier.toml`",
            ));
        }
    }
}

/// Variables that do not exist, and declared parts of the codebook that the text does not use. Says whether all exist.
fn variables(
    path: &Path,
    template: &str,
    definition: &Definition,
    findings: &mut Vec<Finding>,
) -> bool {
    let used = match variables_in(path, template) {
        Ok(used) => used,
        Err(error) => {
            let line = match &error {
                PromptError::Template { line, .. } => *line,
                _ => 0,
            };
            let (cause, remedy) = said(&error.to_string());
            findings.push(Finding::new(path, line, Kind::Broken, cause, &remedy));
            return false;
        }
    };
    let mut is_sound = true;
    for name in &used {
        let (first, field) = name
            .split_once('.')
            .map_or((name.as_str(), None), |(first, field)| (first, Some(field)));
        let known = VARIABLES.iter().find(|(known, _)| *known == first);
        let fits = known.is_some_and(|(_, fields)| {
            field.is_none_or(|field| fields.is_empty() || fields.contains(&field))
        });
        if !fits {
            is_sound = false;
            let names: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
            findings.push(Finding::new(
                path,
                line_of(template, name),
                Kind::UndeclaredVariable,
                format!("the template uses `{name}`, which does not exist"),
                &format!("variables are {}", listed(&names)),
            ));
        }
    }
    let uses = |name: &str| used.iter().any(|used| used.split('.').next() == Some(name));
    // `notes` are rules for people who label by hand; a prompt says them in its own words. A title is for lists.
    let declared = [
        ("question", true),
        ("labels", !definition.labels.is_empty()),
        ("fallback", definition.fallback.is_some()),
        ("number", definition.number.is_some()),
        ("kinds", !definition.kinds.is_empty()),
        ("deciders", !definition.deciders.is_empty()),
    ];
    for (name, is_declared) in declared {
        if is_declared && !uses(name) {
            findings.push(Finding::new(
                path,
                0,
                Kind::UnusedVariable,
                format!("`classifier.toml` declares `{name}`, and the template does not use it"),
                "use the variable: what is written out by hand drifts away from the codebook",
            ));
        }
    }
    is_sound
}

fn schema(own: &Path, definition: &Definition, findings: &mut Vec<Finding>) {
    let path = own.join("answer.schema.json");
    let fits = AnswerSchema::load(&path).and_then(|schema| schema.fits(definition));
    if let Err(error) = fits {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let (cause, remedy) = said(&error.to_string());
        let remedy = if remedy == "mend the file" {
            "list exactly the labels of `classifier.toml`, in their order".to_owned()
        } else {
            remedy
        };
        findings.push(Finding::new(
            &path,
            line_of(&text, "\"label\""),
            Kind::AnswerSchema,
            cause,
            &remedy,
        ));
    }
}
