//! Export of varied requests: those of a drawn sample of sessions, as `validate gate --robustness` asks them.
//!
//! A line says neither how its request was varied nor what was planted in it, so that whoever answers it by hand answers
//! blindly.

use std::collections::HashSet;

use crate::cli::Export;
use crate::commands::knowledge::{eligible, knowledge};
use crate::domain::request::Hash;
use crate::goldset::sessions::Session;
use crate::run::variants::{Varied, sample};

use super::export::{Answered, Form, Tally, add};
use super::parts::Parts;
use super::rendering::Rendering;

/// Writes the varied requests of the sample.
pub(super) fn write(
    rendering: &Rendering,
    form: &Form,
    answered: &Answered,
    arguments: &Export,
    parts: &mut Parts,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        arguments.wave.is_none(),
        "`--wave` does not go with `--robustness`\n\nhint: `--robustness-sessions` says how many sessions are drawn"
    );
    let all: Vec<&Session> = rendering.goldset.sessions.iter().collect();
    let known = knowledge(
        &rendering.goldset,
        &all,
        arguments.sessions.as_deref(),
        false,
    )?;
    // The same sessions as the gate draws: those of the study's scope.
    let (sessions, _) = eligible(&all, &known);
    let drawn = sample(
        &sessions,
        arguments.robustness_sessions as usize,
        arguments.varied.seed,
    );
    let all = rendering.varied(&drawn, arguments.varied.seed)?;
    let mut wanted = wanted(&all, answered, tally)?;
    // The order tells nothing either: sessions stand together, their requests by hash.
    wanted.sort_unstable();
    tally.sessions = wanted
        .chunk_by(|one, next| one.session == next.session)
        .count() as u64;
    for Wanted { hash, at, .. } in wanted {
        let plan = &all[at.varied].plan;
        let planned = &plan.sessions[at.session];
        let view = plan.view(at.session)?;
        let request = plan.request(at.classifier, &view);
        let name = plan.names()[at.classifier];
        let line = form.line(&planned.id, name, hash, &request);
        add(parts, &line, name, &planned.id)?;
        tally.written += 1;
    }
    Ok(())
}

/// A request that is to be written, in the order in which they are.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Wanted<'w> {
    session: &'w str,
    hash: &'w Hash,
    at: At,
}

/// Where it stands.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct At {
    varied: usize,
    session: usize,
    classifier: usize,
}

/// What has no answer yet, each request once.
fn wanted<'w>(
    all: &'w [Varied],
    answered: &Answered,
    tally: &mut Tally,
) -> anyhow::Result<Vec<Wanted<'w>>> {
    let mut seen: HashSet<&Hash> = HashSet::new();
    let mut wanted = Vec::new();
    for (number, varied) in all.iter().enumerate() {
        let names = varied.plan.names();
        for planned in varied.plan.requests() {
            if !seen.insert(planned.request) {
                continue;
            }
            tally.requests += 1;
            if answered.has(names[planned.classifier], planned.request)? {
                continue;
            }
            wanted.push(Wanted {
                session: &varied.plan.sessions[planned.session].id,
                hash: planned.request,
                at: At {
                    varied: number,
                    session: planned.session,
                    classifier: planned.classifier,
                },
            });
        }
    }
    Ok(wanted)
}
