//! `validate prompts diff`: what an edit of prompts changes in the requests that a model gets.

use std::path::Path;

use serde_json::{Value, json};
use similar::TextDiff;

use crate::classifier::definition::Definition;
use crate::classifier::load::{load_all, select};
use crate::classifier::prompt::{Prompt, Prompts};
use crate::cli::{DoctorFormat, PromptsDiff};
use crate::commands::output;
use crate::commands::validate::PROMPTS;
use crate::domain::request::Hash;
use crate::exit::Exit;
use crate::goldset::load::{Goldset, load};
use crate::goldset::recordings::{Recordings, models};
use crate::goldset::sessions::Session;
use crate::ingest::redaction::standard_redaction;
use crate::report::escape;
use crate::run::plan::Plan;
use crate::run::raters::Spec;
use crate::run::view::view_of;

use super::revision::Before;

/// Lines around a change.
const AROUND: usize = 3;

/// Runs the command.
///
/// # Errors
/// Where output fails.
pub(super) fn run(arguments: &PromptsDiff) -> anyhow::Result<Exit> {
    let compared = match compared(arguments) {
        Ok(compared) => compared,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            return Ok(Exit::Unusable);
        }
    };
    let text = match arguments.format {
        DoctorFormat::Table => compared.told(),
        DoctorFormat::Json => serde_json::to_string_pretty(&compared.json())? + "\n",
    };
    output::result(&text)?;
    Ok(Exit::Done)
}

/// Prompts of one side.
struct Side {
    prompts: Prompts,
    classifiers: Vec<Prompt>,
    /// `answer.schema.json` of each.
    answer_schemas: Vec<String>,
}

impl Side {
    fn load(folder: &Path, definitions: &[Definition]) -> anyhow::Result<Self> {
        let prompts = Prompts::load(folder)?;
        let classifiers = definitions
            .iter()
            .map(|definition| prompts.prompt(folder, definition))
            .collect::<Result<Vec<_>, _>>()?;
        let answer_schemas = definitions
            .iter()
            .map(|definition| {
                let path = folder.join(&definition.name).join("answer.schema.json");
                std::fs::read_to_string(path).unwrap_or_default()
            })
            .collect();
        Ok(Self {
            prompts,
            classifiers,
            answer_schemas,
        })
    }

    fn find(&self, name: &str) -> Option<(&Prompt, &str)> {
        self.classifiers
            .iter()
            .zip(&self.answer_schemas)
            .find(|(prompt, _)| prompt.definition.name == name)
            .map(|(prompt, schema)| (prompt, schema.as_str()))
    }
}

/// Both sides held against each other.
struct Compared {
    before: String,
    after: String,
    /// What stands before the classifiers' texts: the system text, the wire schema, the view of a session.
    shared: Vec<Changed>,
    /// Why a cache cannot serve what it held; empty where it can.
    prefix_broken: Vec<&'static str>,
    classifiers: Vec<Classifier>,
    /// Classifiers that only the other side has.
    gone: Vec<String>,
    recorded: Option<Counted>,
    not_counted: Option<String>,
}

/// A text that differs.
struct Changed {
    what: String,
    diff: String,
}

struct Classifier {
    name: String,
    /// Hash and tokens before; none where the classifier is new.
    before: Option<(Hash, u64)>,
    after: (Hash, u64),
    texts: Vec<Changed>,
    recorded: Option<Recorded>,
}

/// Whose recordings were counted, about how many sessions.
struct Counted {
    goldset: String,
    model: String,
    sessions: usize,
}

/// Requests of a goldset that have a recorded answer.
#[derive(Clone, Copy)]
struct Recorded {
    before: usize,
    after: usize,
}

fn compared(arguments: &PromptsDiff) -> anyhow::Result<Compared> {
    let folder = Path::new(PROMPTS);
    let all = load_all(folder)?;
    let chosen = select(all.clone(), &arguments.names)?;
    let other = Before::find(&arguments.against, PROMPTS)?;
    let all_before = load_all(&other.folder).map_err(|error| {
        anyhow::anyhow!(
            "the prompts of {} cannot be read today: {error}",
            other.name
        )
    })?;
    let is_chosen = |name: &str| chosen.iter().any(|definition| definition.name == name);
    let chosen_before: Vec<Definition> = all_before
        .iter()
        .filter(|definition| is_chosen(&definition.name))
        .cloned()
        .collect();
    let gone = all_before
        .iter()
        .filter(|old| arguments.names == "all" && !all.iter().any(|new| new.name == old.name))
        .map(|definition| definition.name.clone())
        .collect();
    let after = Side::load(folder, &chosen)?;
    let before = Side::load(&other.folder, &chosen_before).map_err(|error| {
        anyhow::anyhow!(
            "the prompts of {} cannot be rendered today: {error}",
            other.name
        )
    })?;
    let mut shared = Vec::new();
    let mut prefix_broken = Vec::new();
    if let Some(changed) = changed("system text", &before.prompts.system, &after.prompts.system) {
        shared.push(changed);
        prefix_broken.push("the system text differs");
    }
    let schemas = (before.prompts.wire.text(), after.prompts.wire.text());
    if let Some(changed) = changed("wire schema", schemas.0, schemas.1) {
        shared.push(changed);
        prefix_broken.push("the wire schema differs");
    }
    if before.prompts.view != after.prompts.view {
        prefix_broken.push("the rules of the view differ");
        let text = |folder: &Path| std::fs::read_to_string(folder.join("view.toml"));
        let (old, new) = (text(&other.folder)?, text(folder)?);
        shared.extend(changed("rules of the view (view.toml)", &old, &new));
    }
    if let Some(session) = &arguments.session {
        let path = super::transcript(
            session,
            &arguments.goldset,
            arguments.sessions.as_deref(),
            &all,
        )
        .map_err(|error| anyhow::anyhow!(error))?;
        let view = |side: &Side| view_of(&path, &side.prompts.view, standard_redaction());
        shared.extend(changed(
            &format!("view of `{session}`"),
            &view(&before)?.text,
            &view(&after)?.text,
        ));
    }
    let classifiers = after
        .classifiers
        .iter()
        .zip(&after.answer_schemas)
        .map(|(prompt, schema)| classifier(&before, &after, prompt, schema))
        .collect();
    let mut compared = Compared {
        before: other.name.clone(),
        after: "the working tree".to_owned(),
        shared,
        prefix_broken,
        classifiers,
        gone,
        recorded: None,
        not_counted: None,
    };
    let goldset = load(&arguments.goldset, &all)?;
    compared.count_recorded(
        &goldset,
        arguments.sessions.as_deref(),
        (&other.folder, &chosen_before),
        (folder, &chosen),
    )?;
    Ok(compared)
}

fn classifier(before: &Side, after: &Side, prompt: &Prompt, schema: &str) -> Classifier {
    let name = &prompt.definition.name;
    let tokens = |side: &Side, prompt: &Prompt| side.prompts.view.tokens_of(prompt.text.len());
    let old = before.find(name);
    let mut texts = Vec::new();
    let text = old.map_or("", |(prompt, _)| prompt.text.as_str());
    texts.extend(changed(
        &format!("text of `{name}`, as it is rendered"),
        text,
        &prompt.text,
    ));
    let old_schema = old.map_or("", |(_, schema)| schema);
    texts.extend(changed(
        &format!("answer schema of `{name}`, which is checked here and not sent"),
        old_schema,
        schema,
    ));
    Classifier {
        name: name.clone(),
        before: old.map(|(old, _)| (old.hash.clone(), tokens(before, old))),
        after: (prompt.hash.clone(), tokens(after, prompt)),
        texts,
        recorded: None,
    }
}

/// The unified difference of two texts, or `None` where they are the same.
fn changed(what: &str, before: &str, after: &str) -> Option<Changed> {
    if before == after {
        return None;
    }
    let diff = TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(AROUND)
        .header("before", "after")
        .to_string();
    Some(Changed {
        what: what.to_owned(),
        diff,
    })
}

impl Compared {
    /// Counts the requests of the goldset that have a recorded answer, before and after.
    fn count_recorded(
        &mut self,
        goldset: &Goldset,
        sessions: Option<&Path>,
        before: (&Path, &[Definition]),
        after: (&Path, &[Definition]),
    ) -> anyhow::Result<()> {
        let recorded = models(&goldset.folder);
        let default = match goldset.manifest.default.model.as_deref().map(Spec::parse) {
            Some(Ok(Spec::Recorded(name))) => Some(name),
            _ => None,
        };
        let Some(model) = default.or_else(|| recorded.first().cloned()) else {
            self.not_counted = Some(format!(
                "the goldset `{}` has no recorded answers to count",
                goldset.name
            ));
            return Ok(());
        };
        let folder = sessions.map_or_else(|| goldset.folder.join("sessions"), Path::to_owned);
        if !folder.is_dir() {
            self.not_counted = Some(format!(
                "transcripts of `{}` are not there, so that its requests were not counted; `--sessions DIR` says where they lie",
                goldset.name
            ));
            return Ok(());
        }
        let all: Vec<&Session> = goldset.sessions.iter().collect();
        let plan = |(prompts, definitions): (&Path, &[Definition])| {
            Plan::make(
                prompts,
                goldset,
                definitions,
                &all,
                Some(&folder),
                standard_redaction(),
            )
        };
        let (before, after) = (plan(before)?, plan(after)?);
        let recordings = Recordings::load(goldset, &model, &after.names())?;
        let count = |plan: &Plan, name: &str| {
            let classifier = plan.names().iter().position(|known| *known == name)?;
            let answered = plan.sessions.iter().filter(|session| {
                let request = &session.requests[classifier];
                recordings.find(name, request, 0).is_some()
            });
            Some(answered.count())
        };
        for classifier in &mut self.classifiers {
            classifier.recorded = Some(Recorded {
                before: count(&before, &classifier.name).unwrap_or(0),
                after: count(&after, &classifier.name).unwrap_or(0),
            });
        }
        self.recorded = Some(Counted {
            goldset: goldset.name.clone(),
            model,
            sessions: all.len(),
        });
        Ok(())
    }

    fn is_unchanged(&self) -> bool {
        self.shared.is_empty()
            && self.gone.is_empty()
            && self.prefix_broken.is_empty()
            && self
                .classifiers
                .iter()
                .all(|classifier| classifier.texts.is_empty() && classifier.before.is_some())
    }

    fn told(&self) -> String {
        let mut lines = vec![format!(
            "requests of {}, against {}",
            self.after, self.before
        )];
        if self.is_unchanged() {
            lines.push("nothing differs: every request is the same".to_owned());
            return lines.join("\n") + "\n";
        }
        for changed in &self.shared {
            told_change(changed, &mut lines);
        }
        let mut same = Vec::new();
        for classifier in &self.classifiers {
            let is_new = classifier.before.is_none();
            let is_same = classifier
                .before
                .as_ref()
                .is_some_and(|(hash, _)| *hash == classifier.after.0);
            if is_same && classifier.texts.is_empty() {
                same.push(classifier.name.as_str());
                continue;
            }
            lines.push(String::new());
            lines.push(format!(
                "{}{}",
                classifier.name,
                if is_new { " (new)" } else { "" }
            ));
            lines.extend(self.figures(classifier));
            for changed in &classifier.texts {
                told_change(changed, &mut lines);
            }
        }
        lines.push(String::new());
        if !same.is_empty() {
            lines.push(format!("prompts that did not change: {}", same.join(", ")));
        }
        if !self.gone.is_empty() {
            lines.push(format!(
                "classifiers that are gone: {}",
                self.gone.join(", ")
            ));
        }
        lines.push(self.prefix());
        lines.extend(self.not_counted.clone());
        lines
            .iter()
            .map(|line| format!("{}\n", escape::terminal(line)))
            .collect()
    }

    fn figures(&self, classifier: &Classifier) -> Vec<String> {
        let (hash, tokens) = &classifier.after;
        let mut lines = match &classifier.before {
            None => vec![
                format!("  prompt hash: {}", hash.short()),
                format!("  tokens of its text: about {tokens}"),
            ],
            Some((old, before)) if old == hash => vec![format!(
                "  prompt hash: {} as before; tokens of its text: about {before}",
                hash.short()
            )],
            Some((old, before)) => vec![
                format!("  prompt hash: {} → {}", old.short(), hash.short()),
                format!(
                    "  tokens of its text: about {before} → {tokens} ({})",
                    signed(*before, *tokens)
                ),
            ],
        };
        if let (Some(recorded), Some(counted)) = (classifier.recorded, &self.recorded) {
            lines.push(format!(
                "  recorded answers of `{}` in `{}`: {} → {} of {} requests; {} become unrecorded",
                counted.model,
                counted.goldset,
                recorded.before,
                recorded.after,
                counted.sessions,
                recorded.before.saturating_sub(recorded.after),
            ));
        }
        lines
    }

    fn prefix(&self) -> String {
        if self.prefix_broken.is_empty() {
            "cache prefix: kept; system text, schema and views are the same bytes, only the texts after them differ".to_owned()
        } else {
            format!(
                "cache prefix: broken, {}; every request of every classifier changes, or can",
                self.prefix_broken.join(", ")
            )
        }
    }

    fn json(&self) -> Value {
        let changes = |changes: &[Changed]| -> Vec<Value> {
            changes
                .iter()
                .map(|changed| json!({"what": changed.what, "diff": changed.diff}))
                .collect()
        };
        json!({
            "before": self.before,
            "after": self.after,
            "changed": !self.is_unchanged(),
            "shared": changes(&self.shared),
            "cache_prefix": if self.prefix_broken.is_empty() { "kept" } else { "broken" },
            "cache_prefix_broken_by": self.prefix_broken,
            "gone": self.gone,
            "goldset": self.recorded.as_ref().map(|counted| json!({
                "name": counted.goldset, "model": counted.model, "sessions": counted.sessions,
            })),
            "not_counted": self.not_counted,
            "classifiers": self.classifiers.iter().map(|classifier| json!({
                "name": classifier.name,
                "prompt_hash": {
                    "before": classifier.before.as_ref().map(|(hash, _)| hash),
                    "after": classifier.after.0,
                },
                "tokens": {
                    "before": classifier.before.as_ref().map(|(_, tokens)| tokens),
                    "after": classifier.after.1,
                },
                "recorded": classifier.recorded.map(|recorded| json!({
                    "before": recorded.before,
                    "after": recorded.after,
                    "unrecorded": recorded.before.saturating_sub(recorded.after),
                })),
                "texts": changes(&classifier.texts),
            })).collect::<Vec<_>>(),
        })
    }
}

fn signed(before: u64, after: u64) -> String {
    if before <= after {
        format!("+{}", after - before)
    } else {
        format!("-{}", before - after)
    }
}

fn told_change(changed: &Changed, lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push(format!("{}:", changed.what));
    lines.extend(changed.diff.lines().map(str::to_owned));
}
