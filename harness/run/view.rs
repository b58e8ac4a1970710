//! The view of a transcript file.

use std::path::Path;

use crate::classifier::view::{TooLarge, View, ViewBuilder, ViewRules};
use crate::domain::text::Redaction;
use crate::ingest::file::{self, FileError};

/// Why there is no view of a file.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The file gives no session.
    #[error(transparent)]
    File(#[from] FileError),
    /// The session is larger than the budget.
    #[error("`{}`: {source}", .path.display())]
    TooLarge {
        /// The file.
        path: std::path::PathBuf,
        /// By how much.
        source: TooLarge,
    },
}

/// Reads a transcript and shows it by the rules.
///
/// # Errors
/// Where the file gives no session, or no shortening brings it under the budget.
pub fn view_of(path: &Path, rules: &ViewRules, redaction: Redaction) -> Result<View, ViewError> {
    let format = file::format_of(path)?;
    let mut builder = ViewBuilder::new(rules, format.agent());
    file::read(path, redaction, &mut builder)?;
    builder.finish().map_err(|source| ViewError::TooLarge {
        path: path.to_owned(),
        source,
    })
}
