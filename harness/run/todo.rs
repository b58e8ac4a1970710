//! What of a plan is still to be asked.

use std::collections::{BTreeMap, HashSet};

use crate::domain::answer::{RawAnswer, Stop};
use crate::domain::request::Hash;
use crate::store::{Store, StoreError};

use super::asked::Asker;
use super::plan::{Plan, Planned};

/// One thing to send.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Task {
    pub(super) classifier: usize,
    pub(super) repeat: u32,
    /// The answer that is to be repaired, where there is one already.
    pub(super) earlier: Option<RawAnswer>,
}

/// What is to be asked about one session, in the order in which it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SessionTasks {
    pub(super) session: usize,
    pub(super) tasks: Vec<Task>,
}

/// What the store lacks, session by session: the requests of a session share what a provider's cache keeps, so they go
/// together. A request that two sessions share is asked once.
///
/// What is under way in a batch is not asked beside it. A request that failed for good counts as answered unless `errors_again`.
///
/// # Errors
/// Where the store cannot be read.
pub(super) fn todo(
    plan: &Plan,
    store: &Store,
    spec: &str,
    repeats: u32,
    errors_again: bool,
) -> Result<Vec<SessionTasks>, StoreError> {
    let requests: Vec<Planned<'_>> = plan.requests().collect();
    let mut by_session: BTreeMap<usize, Vec<Task>> = BTreeMap::new();
    for repeat in 0..repeats {
        let asker = Asker { spec, repeat };
        let broken: HashSet<Hash> = store.unrepaired(spec, repeat)?.into_iter().collect();
        let under_way = store.under_way(spec, repeat)?;
        let mut repairs = Vec::new();
        let mut seen: HashSet<&Hash> = HashSet::new();
        let mut all = requests.iter();
        store.answered(
            spec,
            repeat,
            requests.iter().map(|planned| planned.request),
            |request, stop| {
                let Some(planned) = all.next() else { return };
                if !seen.insert(request) || under_way.contains(request) {
                    return;
                }
                let is_wanted = match stop {
                    None => true,
                    Some(Stop::Error) => errors_again,
                    Some(Stop::Finished | Stop::Length | Stop::Refusal) => false,
                };
                if is_wanted {
                    by_session.entry(planned.session).or_default().push(Task {
                        classifier: planned.classifier,
                        repeat,
                        earlier: None,
                    });
                } else if broken.contains(request) {
                    repairs.push(*planned);
                }
            },
        )?;
        for planned in repairs {
            let key = asker.key(planned);
            let earlier = store.answer(&key.request, &key.model, key.repeat)?;
            by_session.entry(planned.session).or_default().push(Task {
                classifier: planned.classifier,
                repeat,
                earlier,
            });
        }
    }
    Ok(by_session
        .into_iter()
        .map(|(session, tasks)| SessionTasks { session, tasks })
        .collect())
}
