//! Finds the classifiers of a `prompts/` folder and checks each definition against itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::label::Scale;
use crate::domain::nearest::{did_you_mean, nearest};

use super::definition::{Definition, Rule};
use super::references;

/// Why classifiers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    /// There is no folder of classifiers.
    #[error("there is no folder `{}` with classifiers\n\nhint: run `validate` in a checkout of the project, or in a folder with `prompts/<name>/classifier.toml`", .0.display())]
    NoFolder(PathBuf),
    /// The folder holds no classifier.
    #[error("`{}` holds no classifier\n\nhint: a classifier is a folder with a `classifier.toml`", .0.display())]
    Empty(PathBuf),
    /// A file cannot be read.
    #[error("failed to read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no valid definition.
    #[error("`{}` is not a classifier: {message}", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        message: String,
    },
    /// A definition contradicts itself.
    #[error("`{}` contradicts itself\n{}", .path.display(), .problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n"))]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// All of it.
        problems: Vec<String>,
    },
    /// A classifier was asked for that does not exist.
    #[error("there is no classifier `{name}`{}\n\nhint: {known}", did_you_mean(.near))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names that are close to it.
        near: Vec<String>,
        /// All names.
        known: String,
    },
}

/// All classifiers of `folder`, by declared position, then by name.
///
/// # Errors
/// Where the folder, a file or a definition is not usable.
pub fn load_all(folder: &Path) -> Result<Vec<Definition>, ClassifierError> {
    if !folder.is_dir() {
        return Err(ClassifierError::NoFolder(folder.to_owned()));
    }
    let read = |source| ClassifierError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut definitions = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let file = path.join("classifier.toml");
        if file.is_file() {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            definitions.push(load(&file, name)?);
        }
    }
    if definitions.is_empty() {
        return Err(ClassifierError::Empty(folder.to_owned()));
    }
    for definition in &definitions {
        let problems = references::problems(definition, &definitions);
        if !problems.is_empty() {
            return Err(ClassifierError::Contradiction {
                path: folder.join(&definition.name).join("classifier.toml"),
                problems,
            });
        }
    }
    definitions.sort_by_key(|definition| {
        (
            definition.position.unwrap_or(u32::MAX),
            definition.name.clone(),
        )
    });
    Ok(definitions)
}

/// The classifiers that `names` asks for: comma-separated names, or `all`.
///
/// # Errors
/// A name that is unknown, with the nearest ones.
pub fn select(all: Vec<Definition>, names: &str) -> Result<Vec<Definition>, ClassifierError> {
    let wanted: Vec<&str> = names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    if wanted.contains(&"all") {
        return Ok(all);
    }
    let known: Vec<&str> = all
        .iter()
        .map(|definition| definition.name.as_str())
        .collect();
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        return Err(ClassifierError::Unknown {
            name: (*unknown).to_owned(),
            near: nearest(unknown, known.iter().copied())
                .into_iter()
                .map(str::to_owned)
                .collect(),
            known: format!(
                "classifiers are {} or `all`",
                known
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        });
    }
    Ok(all
        .into_iter()
        .filter(|definition| wanted.contains(&definition.name.as_str()))
        .collect())
}

/// Reads one definition.
///
/// # Errors
/// Where the file cannot be read, is no definition, or contradicts itself.
pub fn load(file: &Path, name: String) -> Result<Definition, ClassifierError> {
    let text = fs::read_to_string(file).map_err(|source| ClassifierError::Read {
        path: file.to_owned(),
        source,
    })?;
    let mut definition: Definition =
        toml::from_str(&text).map_err(|error| ClassifierError::Parse {
            path: file.to_owned(),
            message: error.to_string(),
        })?;
    definition.name = name;
    let unread = read_checks(&mut definition, &text);
    let mut problems = contradictions(&definition);
    problems.extend(unread);
    problems.extend(gate_problems(&definition));
    if problems.is_empty() {
        Ok(definition)
    } else {
        Err(ClassifierError::Contradiction {
            path: file.to_owned(),
            problems,
        })
    }
}

/// Makes checks of the tables; what does not fit together is told with its line.
fn read_checks(definition: &mut Definition, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let names: BTreeSet<String> = definition
        .label_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut seen = BTreeSet::new();
    for table in &definition.check_tables {
        let before = text.get(..table.span().start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let name = &table.get_ref().name;
        let place = format!("line {line}: the check `{name}`");
        if !seen.insert(name.clone()) {
            problems.push(format!("line {line}: two checks are called `{name}`"));
        }
        // Told even where the rest of the table does not fit: all problems at once.
        for label in table.get_ref().own_labels() {
            if !names.contains(label) {
                problems.push(format!(
                    "{place} names the label `{label}`, which is not declared"
                ));
            }
        }
        match table.get_ref().check(definition.scale) {
            Err(found) => {
                problems.extend(found.into_iter().map(|found| format!("{place} {found}")));
            }
            Ok(check) => {
                definition.check_lines.push((name.clone(), line));
                definition.checks.push(check);
            }
        }
    }
    problems
}

fn contradictions(definition: &Definition) -> Vec<String> {
    let mut problems = Vec::new();
    let names: BTreeSet<&str> = definition.label_names().into_iter().collect();
    if names.len() != definition.labels.len() {
        problems.push("two labels have the same name".to_owned());
    }
    match definition.scale {
        Scale::Nominal | Scale::Ordinal if definition.labels.len() < 2 => {
            problems.push(format!(
                "a {} scale needs two labels at least",
                definition.scale.word()
            ));
        }
        Scale::Ratio if definition.number.is_none() => {
            problems.push("a ratio scale needs a `[number]` table".to_owned())
        }
        Scale::Decisions if definition.kinds.is_empty() => {
            problems.push("a decisions scale needs `[[kinds]]` tables".to_owned());
        }
        Scale::Nominal | Scale::Ordinal | Scale::Ratio | Scale::Decisions => {}
    }
    let mut check_label = |label: &str, place: &str| {
        if !names.contains(label) {
            problems.push(format!(
                "{place} names the label `{label}`, which is not declared"
            ));
        }
    };
    for group in &definition.groups {
        for label in &group.labels {
            check_label(label, "a group");
        }
    }
    if let Some(fallback) = &definition.fallback {
        check_label(&fallback.label, "the fallback");
    }
    for label in &definition.gate.important {
        check_label(label, "the gate");
    }
    for rule in &definition.rules {
        if let Some(label) = &rule.label {
            check_label(label, "a rule");
        }
    }
    if !(0.0..=1.0).contains(&definition.gate.flip_ceiling) {
        problems.push(format!(
            "the gate's `flip_ceiling` is {}, and a share lies between 0 and 1",
            definition.gate.flip_ceiling
        ));
    }
    if let Some(rule) = definition
        .rules
        .iter()
        .find(|rule| !fits(rule, definition.scale))
    {
        problems.push(format!(
            "a rule gives {}, which a {} scale does not have",
            gives(rule),
            definition.scale.word()
        ));
    }
    problems
}

/// What is wrong with `[gate]`, beside labels that are not declared.
fn gate_problems(definition: &Definition) -> Vec<String> {
    let gate = &definition.gate;
    let mut problems = Vec::new();
    for (key, margin) in [
        ("margin", Some(gate.margin)),
        ("recall_margin", gate.recall_margin),
    ] {
        if margin.is_some_and(|margin| !(margin > 0.0 && margin <= 1.0)) {
            problems.push(format!("the gate's `{key}` is not above 0 and at most 1"));
        }
    }
    if !(0.0..=1.0).contains(&gate.parse_rate) {
        problems.push("the gate's `parse_rate` is not between 0 and 1".to_owned());
    }
    if gate
        .floor
        .is_some_and(|floor| !(-1.0..=1.0).contains(&floor))
    {
        problems.push("the gate's `floor` is not between -1 and 1".to_owned());
    }
    let known: Vec<&str> = definition
        .check_tables
        .iter()
        .map(|table| table.get_ref().name.as_str())
        .collect();
    for name in &gate.checks {
        if !known.contains(&name.as_str()) {
            let near: Vec<String> = nearest(name, known.iter().copied())
                .into_iter()
                .map(str::to_owned)
                .collect();
            problems.push(format!(
                "the gate names the check `{name}`, which is not declared{}",
                did_you_mean(&near)
            ));
        }
    }
    problems
}

fn fits(rule: &Rule, scale: Scale) -> bool {
    match scale {
        Scale::Nominal | Scale::Ordinal => {
            rule.label.is_some() && rule.number.is_none() && rule.shares.is_none()
        }
        Scale::Ratio => rule.number.is_some() && rule.label.is_none() && rule.shares.is_none(),
        Scale::Decisions => rule.shares.is_some() && rule.label.is_none() && rule.number.is_none(),
    }
}

fn gives(rule: &Rule) -> &'static str {
    match (&rule.label, rule.number, rule.shares) {
        (None, None, None) => "nothing",
        (Some(_), None, None) => "a label",
        (None, Some(_), None) => "a number",
        (None, None, Some(_)) => "shares",
        _ => "several things at once",
    }
}
