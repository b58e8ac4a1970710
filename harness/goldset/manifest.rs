//! `goldset.toml`: title, licence, provenance, raters and their kinds, defaults.

use serde::Deserialize;

use crate::domain::rating::RaterKind;

/// What a goldset says of itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Title, shown wherever figures from the goldset are shown.
    pub title: String,
    /// Licence of the labels.
    pub licence: String,
    /// Where sessions and labels come from.
    pub provenance: String,
    /// Whether the sessions were written for the purpose.
    pub synthetic: bool,
    /// How to get the transcripts, where they are not shipped.
    #[serde(default)]
    pub transcripts: Option<String>,
    /// Who is compared where the command line names nobody.
    #[serde(default)]
    pub default: Defaults,
    /// Everyone whose labels are in the goldset.
    #[serde(default)]
    pub raters: Vec<Rater>,
}

/// Who is compared where the command line names nobody.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// The one that is validated, as `--model` takes it.
    #[serde(default)]
    pub model: Option<String>,
    /// The reference, as `--reference` takes it.
    #[serde(default)]
    pub reference: Option<String>,
    /// The rater that counts as gold.
    #[serde(default)]
    pub against: Option<String>,
}

/// One rater.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rater {
    /// Name in `labels.csv`.
    pub name: String,
    /// What stands behind the name.
    pub kind: RaterKind,
    /// How the labels were made.
    pub description: String,
    /// Raters whose labels this one is made from: agreement with them holds by construction.
    #[serde(default)]
    pub made_from: Vec<String>,
}
