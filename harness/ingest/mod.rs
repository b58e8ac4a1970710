//! Outside formats into the words of `domain`. Problems are counted, never fatal; nothing of a format leaves its file.
//!
//! `walk` finds files, `detect` tells their format by content, `file` opens them with the reader of that format.
//! `redact` takes secrets out of every text on the way in. `table` reads columns of a CSV file, with `vocabulary` for its labels;
//! `tally` counts equal rows of labels as they are read. `otlp` reads what a client exported of its sessions, `entire` the checkpoints
//! that the Entire CLI keeps in a git repository, which `git` reads through the program of that name.
//! `swe_chat` reads the tables of that data set.

pub mod claude_code;
pub mod codex;
pub mod copilot;
pub mod cursor;
pub mod detect;
mod document;
pub mod entire;
pub mod file;
pub mod gemini;
pub mod git;
mod halves;
mod later;
pub mod lines;
mod loose;
mod objects;
pub mod opencode;
pub mod otlp;
mod parts;
mod patch;
mod quoting;
pub mod redact;
pub mod redaction;
mod skim;
pub mod swe_chat;
pub mod table;
pub mod tally;
mod teller;
pub mod vocabulary;
pub mod walk;
