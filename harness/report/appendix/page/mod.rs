//! The appendix as one page for a browser: tables that sort, search, and every session with both sides' words.
//!
//! The page asks nobody for anything: style, scripts, figures and data stand in it, and its content security policy forbids
//! the rest, scripts and styles by their hash. Everything that comes from transcripts, raters and models is text: the
//! template escapes it, `blocks` writes tables and figures, `island` makes the data of the scripts, which put it on the page as
//! text nodes only. `passages` takes from a transcript what a turn holds.

mod blocks;
mod island;
mod passages;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use sha2::{Digest, Sha256};

use crate::report::figures::palette;

use super::{Appendix, GoldsetPart};

const TEMPLATE: &str = include_str!("appendix.html");
const STYLE: &str = include_str!("style.css");
/// In the order in which they use each other.
const SCRIPTS: [&str; 5] = [
    include_str!("elements.js"),
    include_str!("tables.js"),
    include_str!("sessions.js"),
    include_str!("search.js"),
    include_str!("start.js"),
];

/// The title of the page.
const TITLE: &str = "Appendix: how far the classifiers can be trusted";

/// The page.
///
/// # Panics
/// Never: the template is a part of the program and every variable in it is given.
#[must_use]
pub fn render(appendix: &Appendix) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    let style = format!("{STYLE}{}", palette::style());
    let script = format!("'use strict';\n(() => {{\n{}}})();\n", SCRIPTS.concat());
    let mut parts = vec![rests_on(appendix)];
    parts.extend(appendix.goldsets.iter().map(|part| goldset(appendix, part)));
    parts.push(prompts(appendix));
    let contents: Vec<Value> = parts.iter().map(Part::entry).collect();
    let islands: Vec<Value> = appendix
        .goldsets
        .iter()
        .filter(|_| appendix.published_from.is_none())
        .map(|part| {
            context! {
                goldset => part.material.name(),
                json => Value::from_safe_string(island::json(&part.material)),
            }
        })
        .collect();
    let page = environment
        .render_str(
            TEMPLATE,
            context! {
                title => TITLE,
                preface => Value::from_safe_string(blocks::html(&super::files::preface(appendix), &[])),
                style_source => Value::from_safe_string(source(&style)),
                script_source => Value::from_safe_string(source(&script)),
                style => Value::from_safe_string(style),
                script => Value::from_safe_string(script),
                contents,
                parts => parts.into_iter().map(Part::value).collect::<Vec<Value>>(),
                islands,
            },
        )
        .expect("the template is a part of the program and fits its variables");
    page + "\n"
}

/// What a content security policy says of a style or script: its hash.
fn source(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// A part of the page below a heading of its own.
struct Part {
    id: String,
    title: String,
    badge: Option<&'static str>,
    synthetic: bool,
    before: String,
    sections: Vec<Below>,
    browser: Option<Value>,
}

/// A section of a part.
struct Below {
    id: String,
    title: String,
    body: String,
}

impl Part {
    fn entry(&self) -> Value {
        let mut below: Vec<Value> = self
            .sections
            .iter()
            .map(|section| context! { id => section.id.as_str(), title => section.title.as_str() })
            .collect();
        if self.browser.is_some() {
            below.push(
                context! { id => format!("{}/sessions", self.id), title => "Sessions, one by one" },
            );
        }
        context! { id => self.id.as_str(), title => self.title.as_str(), below }
    }

    fn value(self) -> Value {
        let sections: Vec<Value> = self
            .sections
            .into_iter()
            .map(|section| {
                context! {
                    id => section.id,
                    title => section.title,
                    body => Value::from_safe_string(section.body),
                }
            })
            .collect();
        context! {
            id => self.id,
            title => self.title,
            badge => self.badge,
            synthetic => self.synthetic,
            before => Value::from_safe_string(self.before),
            sections,
            browser => self.browser,
        }
    }
}

fn rests_on(appendix: &Appendix) -> Part {
    Part {
        id: "rests-on".to_owned(),
        title: "What it rests on".to_owned(),
        badge: None,
        synthetic: false,
        before: blocks::list(&appendix.provenance.lines(None)),
        sections: Vec::new(),
        browser: None,
    }
}

fn goldset(appendix: &Appendix, part: &GoldsetPart) -> Part {
    let material = &part.material;
    let name = material.name();
    let drawings = &part.drawings;
    let synthetic = material.basis.synthetic;
    Part {
        id: name.to_owned(),
        title: name.to_owned(),
        badge: Some(if synthetic {
            "synthetic sessions"
        } else {
            "real sessions"
        }),
        synthetic,
        before: blocks::paragraph(&material.basis.title),
        sections: part
            .sections
            .iter()
            .map(|section| Below {
                id: format!("{name}/{}-{}", section.number, section.key),
                title: format!("{}. {}", section.number, section.title),
                body: blocks::html(&section.blocks, drawings),
            })
            .collect(),
        browser: appendix.published_from.is_none().then(|| {
            let transcripts = if material.sessions.iter().any(|session| session.view.is_some()) {
                "Where gold and candidate differ, what a cited turn holds is shown as a model saw it: secrets are replaced and long texts cut.".to_owned()
            } else {
                format!(
                    "The transcripts are not shipped{}.",
                    material
                        .transcripts
                        .as_ref()
                        .map_or_else(String::new, |how| format!(": {}", how.trim_end_matches('.')))
                )
            };
            context! {
                id => format!("{name}/sessions"),
                goldset => name,
                says => format!("Gold is {}, the candidate {}. {transcripts}", material.basis.against, material.basis.candidate),
            }
        }),
    }
}

fn prompts(appendix: &Appendix) -> Part {
    let text = |key: &str, title: String, hash: &str, text: &str| Below {
        id: format!("prompts/{key}"),
        title,
        body: blocks::prompt(key, hash, text),
    };
    let mut sections = vec![text(
        "system",
        "System text".to_owned(),
        "",
        &appendix.system,
    )];
    for prompt in &appendix.prompts {
        sections.push(text(
            &prompt.name,
            format!("{} ({})", prompt.title, prompt.name),
            &prompt.hash,
            &prompt.text,
        ));
    }
    sections.push(text(
        "schema",
        "Wire schema".to_owned(),
        "",
        &appendix.schema,
    ));
    Part {
        id: "prompts".to_owned(),
        title: "Annex: the prompts".to_owned(),
        badge: None,
        synthetic: false,
        before: blocks::paragraph(
            "A request is the system text, the session, one classifier's text and the wire schema, in this order. System text, session and schema are the same bytes for every classifier.",
        ),
        sections,
        browser: None,
    }
}
