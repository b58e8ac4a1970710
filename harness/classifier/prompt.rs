//! A classifier's own text: a template over its definition, the same for every session.
//!
//! Templates are data. The only variables are fields of the definition, so that the text cannot depend on a session and
//! what comes before it stays the same bytes for every classifier. A variable that does not exist is an error with its
//! line, never an empty string.

use std::path::{Path, PathBuf};

use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::domain::request::{Hash, Request, SharedBeginning};

use super::definition::Definition;
use super::schema::{AnswerSchema, SchemaError, WireSchema};
use super::view::{View, ViewRules, ViewRulesError};

/// What all requests share, and what each classifier adds.
#[derive(Debug, Clone)]
pub struct Prompts {
    /// The text that comes first, the same for all.
    pub system: String,
    /// The schema that all send.
    pub wire: WireSchema,
    /// What of a session is shown.
    pub view: ViewRules,
}

/// One classifier's text, ready to send.
#[derive(Debug)]
pub struct Prompt {
    /// The classifier.
    pub definition: Definition,
    /// Its text.
    pub text: String,
    /// Its own schema, checked here and never sent.
    pub schema: AnswerSchema,
    /// The hash of all that reaches the model except the session.
    pub hash: Hash,
}

/// Why a prompt cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// A file cannot be read.
    #[error("failed to read `{}`: {source}\n\nhint: {hint}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
        /// What belongs there.
        hint: &'static str,
    },
    /// A template cannot be rendered.
    #[error("`{}`:{line}: {message}\n\nhint: variables are title, question, labels, notes, fallback, number, kinds and deciders", .path.display())]
    Template {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The cause.
        message: String,
    },
    /// A schema is not usable.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The rules of the view are not usable.
    #[error(transparent)]
    View(#[from] ViewRulesError),
}

impl Prompts {
    /// Reads what all requests share from the folder of classifiers.
    ///
    /// # Errors
    /// Where a file is missing, or the schema is one that a provider would refuse.
    pub fn load(folder: &Path) -> Result<Self, PromptError> {
        let system = folder.join("system.md");
        Ok(Self {
            system: read(
                &system,
                "`prompts/system.md` is the text that comes before every session",
            )?,
            wire: WireSchema::load(&folder.join("wire.schema.json"))?,
            view: ViewRules::load(&folder.join("view.toml"))?,
        })
    }

    /// Renders one classifier's prompt.
    ///
    /// # Errors
    /// Where a file is missing, the template names a variable that does not exist, or the schema does not fit.
    pub fn prompt(&self, folder: &Path, definition: &Definition) -> Result<Prompt, PromptError> {
        self.prompt_showing(folder, definition, definition)
    }

    /// Renders one classifier's prompt from `shown`, the same definition with its lists in another order.
    ///
    /// # Errors
    /// As for [`Prompts::prompt`].
    pub fn prompt_showing(
        &self,
        folder: &Path,
        definition: &Definition,
        shown: &Definition,
    ) -> Result<Prompt, PromptError> {
        let folder = folder.join(&definition.name);
        let path = folder.join("prompt.md");
        let template = read(
            &path,
            "a classifier that a model answers has its text in `prompt.md`",
        )?;
        let text = render(&path, &template, shown)?;
        let schema_path = folder.join("answer.schema.json");
        let schema = AnswerSchema::load(&schema_path)?;
        schema.fits(definition)?;
        let hash = self.request_of(String::new(), &text).hash();
        Ok(Prompt {
            definition: definition.clone(),
            text,
            schema,
            hash,
        })
    }

    /// The request about one session.
    #[must_use]
    pub fn request(&self, prompt: &Prompt, view: &View) -> Request {
        self.request_of(view.text.clone(), &prompt.text)
    }

    /// The hashes of the requests about one session, in the order of the prompts.
    #[must_use]
    pub fn hashes(&self, prompts: &[Prompt], view: &View) -> Vec<Hash> {
        let beginning = SharedBeginning::new(&self.system, &view.text);
        prompts
            .iter()
            .map(|prompt| beginning.hash(&prompt.text, self.wire.text()))
            .collect()
    }

    fn request_of(&self, view: String, classifier: &str) -> Request {
        Request {
            system: self.system.clone(),
            view,
            classifier: classifier.to_owned(),
            schema: self.wire.text().to_owned(),
        }
    }
}

fn read(path: &Path, hint: &'static str) -> Result<String, PromptError> {
    std::fs::read_to_string(path).map_err(|source| PromptError::Read {
        path: path.to_owned(),
        source,
        hint,
    })
}

fn render(path: &Path, template: &str, definition: &Definition) -> Result<String, PromptError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    let failed = |error: minijinja::Error| PromptError::Template {
        path: path.to_owned(),
        line: error.line().unwrap_or(1),
        message: cause(&error),
    };
    environment
        .add_template("prompt.md", template)
        .map_err(failed)?;
    let template = environment.get_template("prompt.md").map_err(failed)?;
    let text = template.render(variables(definition)).map_err(failed)?;
    Ok(format!("{}\n", text.trim_end()))
}

/// Names of the variables that a template may use, with their fields where they have some.
pub(super) const VARIABLES: [(&str, &[&str]); 8] = [
    ("title", &[]),
    ("question", &[]),
    ("labels", &["name", "title", "definition", "not"]),
    ("notes", &[]),
    ("fallback", &["label", "when"]),
    ("number", &["unit"]),
    ("kinds", &["name", "definition"]),
    ("deciders", &["name", "definition"]),
];

/// The variables that a template takes from outside, each with its fields (`number.unit`).
pub(super) fn variables_in(path: &Path, template: &str) -> Result<Vec<String>, PromptError> {
    let mut environment = Environment::new();
    let failed = |error: minijinja::Error| PromptError::Template {
        path: path.to_owned(),
        line: error.line().unwrap_or(1),
        message: cause(&error),
    };
    environment
        .add_template("prompt.md", template)
        .map_err(failed)?;
    let parsed = environment.get_template("prompt.md").map_err(failed)?;
    let mut names: Vec<String> = parsed.undeclared_variables(true).into_iter().collect();
    names.sort();
    Ok(names)
}

/// What is wrong with a template, and the variable where one does not exist.
fn cause(error: &minijinja::Error) -> String {
    let detail = error
        .detail()
        .map_or_else(String::new, |detail| format!(": {detail}"));
    format!("{}{detail}", error.kind())
}

fn variables(definition: &Definition) -> Value {
    let labels: Vec<Value> = definition
        .labels
        .iter()
        .map(|label| {
            context! { name => &label.name, title => &label.title, definition => &label.definition, not => &label.not }
        })
        .collect();
    let described = |items: &[super::definition::KindDefinition]| -> Vec<Value> {
        items
            .iter()
            .map(|item| context! { name => &item.name, definition => &item.definition })
            .collect()
    };
    let fallback = definition
        .fallback
        .as_ref()
        .map(|fallback| context! { label => &fallback.label, when => &fallback.when });
    let number = definition
        .number
        .as_ref()
        .map(|number| context! { unit => &number.unit });
    context! {
        title => &definition.title,
        question => &definition.question,
        labels,
        notes => &definition.notes,
        fallback,
        number,
        kinds => described(&definition.kinds),
        deciders => described(&definition.deciders),
    }
}
