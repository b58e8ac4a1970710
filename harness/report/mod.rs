//! Values in, text out: the only place where numbers are rounded and text is escaped for a format.
//!
//! `number` rounds, `escape` makes text safe, `table` and `page` are rendered for each format, `json` carries full
//! precision. `validation` and `validation_json` show the main job's result, `basis` and `notes` say what it rests on.
//! `robustness` and `robustness_json` show what became of answers to varied requests.
//! `gate` shows the gate's verdicts (`gate_words`: in sentences), `gate_json`, `junit` and `annotations` give them to machines.
//! `appendix` is the appendix of the study: all tables and figures of every goldset, in every format; `latex` its print.
//! `stats_json` gives the statistics of any CSV file their keys, `stats_text` shows the same object to people.

pub mod annotations;
pub mod appendix;
pub mod basis;
mod checks_json;
mod checks_text;
pub mod escape;
pub mod figures;
mod findings;
pub mod gate;
pub mod gate_json;
pub mod gate_words;
pub mod json;
pub mod junit;
pub mod latex;
pub mod notes;
pub mod number;
pub mod page;
pub mod robustness;
pub mod robustness_json;
pub mod stats_json;
pub mod stats_text;
pub mod table;
pub mod validation;
pub mod validation_json;
