//! Why a question about a CSV file cannot be answered: wrong usage or an unusable file. Ends with exit code 2.

use crate::ingest::table::TableError;

/// A refusal; its text says what and where, [`Refusal::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The file.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The question.
    #[error("{cause}")]
    Usage {
        /// What is wrong with it.
        cause: String,
        /// What to do.
        hint: String,
    },
}

impl Refusal {
    pub(super) fn usage(cause: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            cause: cause.into(),
            hint: hint.into(),
        }
    }

    pub(super) fn hint(&self) -> &str {
        match self {
            Self::Table(error) => error.hint(),
            Self::Usage { hint, .. } => hint,
        }
    }
}
