//! `validate prompts lint`: what is wrong with prompts before any model is asked.

use std::path::Path;

use serde_json::json;

use crate::classifier::lint::quotes::{Quotes, Source};
use crate::classifier::lint::{Finding, Severity, important_labels, lint};
use crate::classifier::load::{load_all, select};
use crate::cli::{DoctorFormat, PromptsLint};
use crate::commands::output;
use crate::commands::validate::PROMPTS;
use crate::exit::Exit;
use crate::goldset::load::{Goldset, load};
use crate::ingest::file;
use crate::ingest::redaction::standard_redaction;
use crate::report::escape;
use crate::run::raters::labels_of;

/// Runs the command.
///
/// # Errors
/// Where output fails.
pub(super) fn run(arguments: &PromptsLint) -> anyhow::Result<Exit> {
    let found = match found(arguments) {
        Ok(found) => found,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            return Ok(Exit::Unusable);
        }
    };
    let text = match arguments.format {
        DoctorFormat::Table => found.told(),
        DoctorFormat::Json => serde_json::to_string_pretty(&found.json())? + "\n",
    };
    output::result(&text)?;
    Ok(match found.count(Severity::Error) {
        0 => Exit::Done,
        _ => Exit::Unusable,
    })
}

struct Found {
    findings: Vec<Finding>,
    classifiers: usize,
    /// The goldset, and how many sessions and reasons the prompts were compared with.
    compared: Option<(String, usize, usize)>,
    /// Why sessions were not compared.
    not_compared: Option<String>,
}

fn found(arguments: &PromptsLint) -> anyhow::Result<Found> {
    let folder = Path::new(PROMPTS);
    let all = load_all(folder)?;
    let chosen = select(all.clone(), &arguments.names)?;
    let goldset = load(&arguments.goldset, &all)?;
    let mut found = Found {
        findings: lint(folder, &all, &chosen),
        classifiers: chosen.len(),
        compared: None,
        not_compared: None,
    };
    let ids: Vec<&str> = goldset
        .sessions
        .iter()
        .map(|session| session.id.as_str())
        .collect();
    if let Some(gold) = &goldset.manifest.default.against {
        for definition in &chosen {
            let labels = labels_of(&goldset, definition, gold, &ids);
            found.findings.extend(important_labels(
                folder,
                definition,
                &goldset.name,
                |name| {
                    let label = definition.label(name).ok();
                    labels
                        .iter()
                        .filter(|given| label.is_some() && **given == label)
                        .count()
                },
            ));
        }
    }
    let mut quotes = Quotes::read(folder, &chosen);
    let mut reasons = 0;
    for rating in &goldset.ratings {
        if !rating.rationale.is_empty() {
            reasons += 1;
            quotes.compare(Source::Reason, &rating.rationale, &|| {
                format!(
                    "the reason that `{}` gives for `{}` of session `{}`",
                    rating.rater, rating.classifier, rating.session_id
                )
            });
        }
    }
    let sessions = found.compare_sessions(&goldset, arguments.sessions.as_deref(), &mut quotes)?;
    found.compared = Some((goldset.name, sessions, reasons));
    found.findings.extend(quotes.findings());
    found.findings.sort();
    Ok(found)
}

impl Found {
    /// Compares the prompts with every session; says with how many.
    fn compare_sessions(
        &mut self,
        goldset: &Goldset,
        sessions: Option<&Path>,
        quotes: &mut Quotes,
    ) -> anyhow::Result<usize> {
        let folder = sessions.map_or_else(|| goldset.folder.join("sessions"), Path::to_owned);
        if !folder.is_dir() {
            self.not_compared = Some(format!(
                "transcripts are not there (`{}`), so that prompts were not compared with sessions; `--sessions DIR` says where they lie",
                folder.display()
            ));
            return Ok(0);
        }
        let mut compared = 0;
        for session in &goldset.sessions {
            let path = folder.join(&session.file);
            if path.is_file() {
                file::read(
                    &path,
                    standard_redaction(),
                    &mut quotes.listener(&session.id),
                )?;
                compared += 1;
            }
        }
        if compared < goldset.sessions.len() {
            self.not_compared = Some(format!(
                "{} transcripts are not below `{}`, and were not compared",
                goldset.sessions.len() - compared,
                folder.display()
            ));
        }
        Ok(compared)
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    fn told(&self) -> String {
        let mut lines = Vec::new();
        for finding in &self.findings {
            let place = match finding.line {
                0 => finding.file.display().to_string(),
                line => format!("{}:{line}", finding.file.display()),
            };
            lines.push(format!(
                "{place}: {} [{}]",
                finding.severity.word(),
                finding.kind.word()
            ));
            lines.extend(finding.cause.lines().map(|line| format!("  {line}")));
            lines.push(format!("  hint: {}", finding.remedy));
        }
        if !self.findings.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!(
            "{}, {} in {}",
            counted(self.count(Severity::Error), "error"),
            counted(self.count(Severity::Warning), "warning"),
            counted(self.classifiers, "classifier"),
        ));
        if let Some((goldset, sessions, reasons)) = &self.compared {
            lines.push(format!(
                "compared with {} and {} of labels of `{goldset}`",
                counted(*sessions, "session"),
                counted(*reasons, "reason"),
            ));
        }
        lines.extend(self.not_compared.clone());
        lines
            .iter()
            .map(|line| format!("{}\n", escape::terminal(line)))
            .collect()
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "classifiers": self.classifiers,
            "compared_with": self.compared.as_ref().map(|(goldset, sessions, reasons)| {
                json!({"goldset": goldset, "sessions": sessions, "reasons": reasons})
            }),
            "not_compared": self.not_compared,
            "findings": self.findings,
        })
    }
}

fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}
