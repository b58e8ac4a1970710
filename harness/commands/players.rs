//! Who is compared with whom: the candidate, the rater that counts as gold, a reference.

use crate::domain::rating::RaterKind;
use crate::goldset::load::{Goldset, GoldsetError};
use crate::run::raters::{Spec, SpecError};

/// Why there is nobody to compare.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlayersError {
    #[error(transparent)]
    Goldset(#[from] GoldsetError),
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("the goldset `{0}` names no default {1}\n\nhint: give `{2}`")]
    NoDefault(String, &'static str, &'static str),
}

/// The players as options name them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'n> {
    /// `--model`.
    pub(super) model: Option<&'n String>,
    /// `--against`.
    pub(super) against: Option<&'n String>,
    /// `--reference`.
    pub(super) reference: Option<&'n String>,
}

/// Who is compared.
pub(super) struct Players {
    pub(super) candidate: Spec,
    pub(super) candidate_kind: RaterKind,
    pub(super) against: String,
    pub(super) against_kind: RaterKind,
    pub(super) reference: Option<(Spec, RaterKind)>,
}

impl Players {
    /// Everyone who is asked: the candidate and the reference.
    pub(super) fn specs(&self) -> Vec<&Spec> {
        std::iter::once(&self.candidate)
            .chain(self.reference.as_ref().map(|(spec, _)| spec))
            .collect()
    }

    /// Whom a run would ask, where nobody is compared yet: no rater has to count as gold.
    ///
    /// # Errors
    /// Where nobody is named, or a name means nobody.
    pub(super) fn asked(named: Named<'_>, goldset: &Goldset) -> Result<Vec<Spec>, PlayersError> {
        let default = &goldset.manifest.default;
        if let Some(against) = named.against.or(default.against.as_ref()) {
            goldset.rater(against)?;
        }
        let candidate = named.model.or(default.model.as_ref());
        let reference = named.reference.or(default.reference.as_ref());
        if candidate.is_none() && reference.is_none() {
            let option = "--model anthropic:NAME";
            return Err(PlayersError::NoDefault(
                goldset.name.clone(),
                "model",
                option,
            ));
        }
        [candidate, reference]
            .into_iter()
            .flatten()
            .map(|text| {
                let spec = Spec::parse(text)?;
                spec.kind(goldset)?;
                Ok(spec)
            })
            .collect()
    }

    /// The players that the options name, else the goldset's own.
    ///
    /// # Errors
    /// Where neither names one, or a name means nobody.
    pub(super) fn choose(named: Named<'_>, goldset: &Goldset) -> Result<Self, PlayersError> {
        let default = &goldset.manifest.default;
        let no_default = |what, option| PlayersError::NoDefault(goldset.name.clone(), what, option);
        let candidate = named.model.or(default.model.as_ref());
        let candidate =
            Spec::parse(candidate.ok_or_else(|| no_default("model", "--model rater:NAME"))?)?;
        let against = named.against.or(default.against.as_ref());
        let against = against
            .ok_or_else(|| no_default("gold rater", "--against RATER"))?
            .clone();
        let reference = named.reference.or(default.reference.as_ref());
        let reference = match reference {
            Some(text) => {
                let spec = Spec::parse(text)?;
                let kind = spec.kind(goldset)?;
                Some((spec, kind))
            }
            None => None,
        };
        Ok(Self {
            candidate_kind: candidate.kind(goldset)?,
            against_kind: goldset.rater(&against)?.kind,
            candidate,
            against,
            reference,
        })
    }
}
