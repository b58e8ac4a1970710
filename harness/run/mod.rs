//! Brings raters to sessions: who answers, what is asked of whom, and what is measured on the way.
//!
//! `measure` reads a transcript once for everyone who counts. `raters` answers without a network: a rater of the goldset
//! or a baseline. `plan` renders and hashes all requests; `recorded` finds their answers in the goldset, `live` asks a provider
//! for them (`todo` what, `session_work` how, `keeper` keeps what comes, `budget` and `tally` count); `asked` reads answers and
//! keeps a row for each. `batched` asks through a provider's batches, `batch_results` keeps what they bring. `variants` changes requests so
//! that the right answer stays the same (`planting` puts text into a session). `estimate` says beforehand and `bill` afterwards what they cost.

pub mod asked;
mod batch_calls;
mod batch_results;
pub mod batched;
pub mod bill;
mod budget;
pub mod estimate;
mod keeper;
pub mod live;
pub mod measure;
pub mod plan;
pub mod planting;
pub mod raters;
pub mod recorded;
mod session_work;
pub mod sessions;
pub mod tally;
mod todo;
pub mod variants;
pub mod view;
