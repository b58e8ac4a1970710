//! The table of repositories: the licence of the code inside sessions, and labels of the repository.

use std::collections::BTreeMap;

use super::columns::Rows;

/// A repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repository {
    /// `owner/name`.
    pub id: String,
    /// Its licence; empty if the table has none.
    pub licence: String,
    /// Where it is.
    pub url: String,
    /// What kind of software it is.
    pub domain: Option<String>,
    /// Whom it is for.
    pub audience: Option<String>,
}

#[derive(Default)]
pub(super) struct Reader {
    repositories: BTreeMap<String, Repository>,
}

impl Reader {
    pub(super) fn rows(&mut self, rows: &Rows) {
        for row in 0..rows.count() {
            let text = |name: &str| {
                let text = rows.column(name).text(row).unwrap_or_default();
                text.trim().to_owned()
            };
            let label = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
            let repository = Repository {
                id: text("repo_id"),
                licence: text("license_type"),
                url: text("url"),
                domain: label("repo_type_domain"),
                audience: label("repo_type_audience"),
            };
            if !repository.id.is_empty() {
                self.repositories
                    .entry(repository.id.clone())
                    .or_insert(repository);
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Repository> {
        self.repositories.into_values().collect()
    }
}
