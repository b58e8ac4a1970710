//! May a changed prompt replace the approved one? A verdict per classifier, and what it rests on.
//!
//! `rule` is what `[gate]` of a `classifier.toml` asks, `baseline` the approved labels as a file, `sides` brings gold, baseline and
//! candidate onto the same sessions, `verdict` judges them part by part (`stats/noninferiority` has the statistics), `changes`
//! lists the labels that changed, `next` says what would settle an open verdict, `ledger` counts the looks at a goldset. `robustness` says whether answers stand
//! when a request is varied and its right answer is not.
//! Nothing here prints or asks a model.

pub mod baseline;
pub mod changes;
pub mod judged;
pub mod ledger;
pub mod next;
pub mod robustness;
pub mod rule;
pub mod sides;
pub mod verdict;
