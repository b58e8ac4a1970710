//! Answers that the goldset keeps. Nobody is asked.

use std::collections::HashSet;

use crate::domain::answer::RawAnswer;
use crate::domain::request::Hash;
use crate::goldset::load::Goldset;
use crate::goldset::recordings::{Recordings, unknown_model};
use crate::store::{AnswerKey, Store};

use super::asked::{Asked, Asker, RunError, read};
use super::plan::{Plan, Planned};

/// Answers by `recorded:model`: what the goldset recorded for exactly these requests, kept in the store and read from there.
///
/// # Errors
/// Where the store or the recordings cannot be used, or contradict each other.
pub fn recorded(
    plan: &Plan,
    goldset: &Goldset,
    store: &mut Store,
    model: &str,
    repeat: u32,
) -> Result<Asked, RunError> {
    if let Some(error) = unknown_model(goldset, model) {
        return Err(error.into());
    }
    let names = plan.names();
    let recordings = Recordings::load(goldset, model, &names)?;
    let spec = format!("recorded:{model}");
    let asker = Asker {
        spec: &spec,
        repeat,
    };
    let requests: Vec<(Planned<'_>, Option<RawAnswer>)> = plan
        .requests()
        .map(|planned| {
            let name = names[planned.classifier];
            (planned, recordings.find(name, planned.request, repeat))
        })
        .collect();
    let mut asked = Asked::default();
    let mut new: Vec<(AnswerKey, RawAnswer)> = Vec::new();
    let mut differs = None;
    let mut all = requests.iter();
    store.answers_for(
        &spec,
        repeat,
        requests.iter().map(|(planned, _)| planned.request),
        |_, stored| {
            let Some((planned, Some(recorded))) = all.next() else {
                return;
            };
            match stored {
                None => new.push((asker.key(*planned), recorded.clone())),
                Some(stored) if stored.text != recorded.text => {
                    differs.get_or_insert(*planned);
                }
                Some(_) => {
                    let name = names[planned.classifier].to_owned();
                    *asked.from_store.entry(name).or_default() += 1;
                }
            }
        },
    )?;
    if let Some(planned) = differs {
        return Err(RunError::Differs {
            model: model.to_owned(),
            session: plan.sessions[planned.session].id.clone(),
            classifier: names[planned.classifier].to_owned(),
        });
    }
    store.keep_answers(&new)?;
    asked.stale = stale(plan, &recordings);
    let usable: HashSet<(usize, usize)> = requests
        .iter()
        .filter(|(_, recorded)| recorded.is_some())
        .map(|(planned, _)| (planned.classifier, planned.session))
        .collect();
    drop(requests);
    read(plan, store, asker, asked, |planned| {
        usable.contains(&(planned.classifier, planned.session))
    })
}

/// Recordings about sessions of the plan that answer none of its requests.
fn stale(plan: &Plan, recordings: &Recordings) -> Vec<(String, usize)> {
    let sessions: HashSet<&str> = plan
        .sessions
        .iter()
        .map(|session| session.id.as_str())
        .collect();
    (0..plan.classifiers.len())
        .map(|classifier| {
            let requests: HashSet<Hash> = plan
                .sessions
                .iter()
                .map(|session| session.requests[classifier].clone())
                .collect();
            let name = &plan.classifiers[classifier].definition.name;
            let stale = recordings
                .stale(name, &requests)
                .into_iter()
                .filter(|recording| sessions.contains(recording.session_id.as_str()))
                .count();
            (name.clone(), stale)
        })
        .filter(|(_, stale)| *stale > 0)
        .collect()
}
