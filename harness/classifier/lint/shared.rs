//! What stands before every session: it has to be the same bytes from request to request, or no provider's cache serves it.

use std::fs;
use std::path::Path;

use super::super::definition::Definition;
use super::super::prompt::Prompts;
use super::super::rewording::{FILE, Rewording, RewordingError};
use super::{Finding, Kind, line_of, said};

/// Tokens that the system text may take: a model reads it with every session.
const BUDGET: u64 = 3_000;

/// Words after which a text says when it was written.
const TIMES: [&str; 6] = [
    "today is",
    "current date",
    "current time",
    "the date is",
    "as of today",
    "it is now",
];

pub(super) fn lint(
    folder: &Path,
    chosen: &[Definition],
    prompts: &Prompts,
    rewording: Result<Rewording, RewordingError>,
    findings: &mut Vec<Finding>,
) {
    let system = folder.join("system.md");
    let text = &prompts.system;
    for (number, line) in (1..).zip(text.lines()) {
        let mut tell = |cause: String, remedy: &str| {
            findings.push(Finding::new(
                &system,
                number,
                Kind::CachePrefix,
                cause,
                remedy,
            ));
        };
        if line.contains("{{") || line.contains("{%") {
            tell(
                "a template expression stands in the system text, which is no template: it would be sent as it is".to_owned(),
                "what differs from classifier to classifier goes into `prompt.md`",
            );
        }
        let small = line.to_lowercase();
        if let Some(words) = TIMES.iter().find(|words| small.contains(*words)) {
            tell(
                format!(
                    "the system text says when it is (`{words}`), so that it would change with time"
                ),
                "take it out: sessions say themselves when they took place",
            );
        }
        if let Some(date) = date_in(line) {
            tell(
                format!("the system text holds the date {date}"),
                "take it out: text before the session has to stay as it is, or nothing is served from the cache",
            );
        }
    }
    let tokens = prompts.view.tokens_of(text.len());
    if BUDGET < tokens {
        findings.push(Finding::new(
            &system,
            0,
            Kind::OverBudget,
            format!("the system text takes about {tokens} tokens, and {BUDGET} are its budget"),
            "say it shorter",
        ));
    }
    for definition in chosen {
        for name in ["system.md", "view.toml", "wire.schema.json"] {
            let path = folder.join(&definition.name).join(name);
            if path.exists() {
                findings.push(Finding::new(
                    &path,
                    0,
                    Kind::CachePrefix,
                    format!("`{name}` of a classifier of its own is never read: what stands before the session is shared by all"),
                    "move what it says into `prompt.md`, or into the shared file beside the folders",
                ));
            }
        }
    }
    reworded(folder, text, rewording, findings);
}

/// `2026-11-23` in a line.
fn date_in(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    (0..bytes.len().saturating_sub(9)).find_map(|at| {
        let is_date = bytes[at..at + 10].iter().enumerate().all(|(i, byte)| {
            if i == 4 || i == 7 {
                *byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
        is_date.then(|| line.get(at..at + 10)).flatten()
    })
}

fn reworded(
    folder: &Path,
    system: &str,
    rewording: Result<Rewording, RewordingError>,
    findings: &mut Vec<Finding>,
) {
    let path = folder.join(FILE);
    match rewording {
        // Only `--robustness` needs it.
        Err(RewordingError::Read { .. }) => {}
        Err(error @ RewordingError::Parse { .. }) => {
            let (cause, remedy) = said(&error.to_string());
            findings.push(Finding::new(&path, 0, Kind::Broken, cause, &remedy));
        }
        Ok(rewording) if !rewording.says_again(system) => {
            let text = fs::read_to_string(&path).unwrap_or_default();
            findings.push(Finding::new(
                &path,
                line_of(&text, "says_again"),
                Kind::StaleRewording,
                "`system.md` has changed since its other wording was written".to_owned(),
                "bring `wording.system` up to it and put the SHA-256 of `system.md` into `says_again`",
            ));
        }
        Ok(_) => {}
    }
}
