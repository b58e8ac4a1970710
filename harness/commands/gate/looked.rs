//! Counts the look of this run in the goldset's ledger.

use crate::cli::gate::Gate;
use crate::gate::judged::{Hindrance, candidate_hash};
use crate::gate::ledger::{Ledger, Look};
use crate::report::gate_words;
use crate::run::raters::Spec;

use super::super::output;
use super::{Found, Unusable, Work};

/// Adds a look for each classifier whose gold labels were looked at, and tells each how many looks there were.
///
/// Raters of the goldset are not counted: nobody tunes them. With `--offline` and where `CI` is set the file is read and not
/// written, so that a check of a pull request leaves the tree as it was; the looks of this run count in what is shown.
pub(super) fn count(
    work: &Work<'_>,
    arguments: &Gate,
    found: &mut [Found],
) -> Result<(), Unusable> {
    let place = Ledger::place(&work.goldset.name);
    let mut ledger = Ledger::read(&place)?;
    let is_counted = matches!(work.players.candidate, Spec::Recorded(_) | Spec::Model(_));
    let mut has_more = false;
    for (one, definition) in found.iter_mut().zip(&work.definitions) {
        let gold_hash = one.proposed.gold_hash(definition);
        let is_judged = !matches!(
            one.judged.hindrance,
            Some(Hindrance::Missing { .. } | Hindrance::NoGold)
        );
        if is_counted && is_judged {
            let sessions: Vec<&str> = one
                .proposed
                .sessions
                .iter()
                .map(|session| session.session_id.as_str())
                .collect();
            let outcomes: Vec<_> = one
                .proposed
                .sessions
                .iter()
                .map(|session| session.outcome.clone())
                .collect();
            let told: Vec<String> = outcomes
                .iter()
                .map(|outcome| {
                    outcome
                        .label()
                        .map_or_else(String::new, |label| definition.text_of(label))
                })
                .collect();
            has_more |= ledger.add(Look {
                day: super::super::asking::today(),
                classifier: definition.name.clone(),
                against: work.players.against.clone(),
                gold_hash: gold_hash.clone(),
                candidate: work.players.candidate.text(),
                candidate_hash: candidate_hash(
                    one.proposed.prompt.as_ref(),
                    &sessions,
                    &told,
                    &outcomes,
                ),
                verdict: gate_words::verdict(one.judged.verdict()).to_owned(),
            });
        }
        one.judged.looks = ledger.looks(&definition.name, &gold_hash);
    }
    let is_read_only =
        (arguments.asking.offline || std::env::var_os("CI").is_some()) && !arguments.accept;
    if has_more
        && !is_read_only
        && let Err(error) = output::file(&place, &ledger.text())
    {
        output::note(&format!("warning: the look is not counted: {error:#}"));
    }
    Ok(())
}
