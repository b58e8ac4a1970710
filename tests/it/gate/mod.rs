//! `validate gate`: verdicts, files, formats, and attempts to get past it.

mod accepting;
mod files;
mod formats;
mod gaming;
mod public_sessions;
mod sides;
mod site;
mod statistics;
mod verdicts;
