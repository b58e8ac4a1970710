//! The view of a transcript file.

use std::path::Path;

use crate::classifier::view::{FenceWords, TooLarge, View, ViewBuilder, ViewRules};
use crate::domain::text::Redaction;
use crate::ingest::file::{self, FileError};

use super::planting::{Planted, Planter};

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

/// What is shown otherwise than the rules and the transcript say. Nothing, as a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// The words at the fence.
    pub fence: FenceWords,
    /// A text that the session does not hold.
    pub planted: Option<Planted>,
}

/// Reads a transcript and shows it by the rules.
///
/// # Errors
/// Where the file gives no session, or no shortening brings it under the budget.
pub fn view_of(path: &Path, rules: &ViewRules, redaction: Redaction) -> Result<View, ViewError> {
    changed_view_of(path, rules, redaction, &Changed::default())
}

/// Reads a transcript and shows it by the rules, with changes.
///
/// # Errors
/// Where the file gives no session, or no shortening brings it under the budget.
pub fn changed_view_of(
    path: &Path,
    rules: &ViewRules,
    redaction: Redaction,
    changed: &Changed,
) -> Result<View, ViewError> {
    let format = file::format_of(path)?;
    let mut builder = ViewBuilder::new(rules, format.agent()).with_fence(changed.fence.clone());
    match &changed.planted {
        None => file::read(path, redaction, &mut builder)?,
        Some(planted) => {
            let mut planter = Planter::new(&mut builder, planted, redaction);
            file::read(path, redaction, &mut planter)?
        }
    };
    builder.finish().map_err(|source| ViewError::TooLarge {
        path: path.to_owned(),
        source,
    })
}
