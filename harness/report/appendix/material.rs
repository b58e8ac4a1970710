//! What is known of one goldset: sessions, who said what about them and why, telemetry, and what it all comes to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::classifier::definition::Definition;
use crate::classifier::study::Study;
use crate::domain::answer::Evidence as Shown;
use crate::domain::label::Label;
use crate::domain::rating::{Outcome, RaterKind};
use crate::domain::telemetry::TelemetryRow;
use crate::report::basis::Basis;
use crate::validation::Validated;
use crate::validation::evidence::Evidence;

/// Whose labels they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Who is validated.
    Candidate,
    /// Who counts as gold.
    Gold,
    /// The reference.
    Reference,
    /// Another rater of the goldset.
    Other,
}

/// What one rater said about one session.
#[derive(Debug, Clone)]
pub struct Said {
    /// The label, or what went wrong.
    pub outcome: Outcome,
    /// Why, in the rater's words; empty where none were kept. Untrusted text.
    pub rationale: String,
    /// What in the session speaks for it, by turn; untrusted text.
    pub evidence: Vec<Shown>,
    /// How sure the rater says it is, 0 to 1.
    pub confidence: Option<f64>,
}

/// One rater's answers to one classifier.
#[derive(Debug, Clone)]
pub struct Ratings {
    /// The name, as it was asked for: `recorded:claude-pass-1`, `rater:consensus`; the gold's plain name.
    pub name: String,
    /// What stands behind it.
    pub kind: RaterKind,
    /// Which part it plays.
    pub role: Role,
    /// True where it is made from labels of others, so that agreement with them holds by construction.
    pub is_derived: bool,
    /// What it said, in the order of the sessions.
    pub said: Vec<Said>,
}

impl Ratings {
    /// The outcomes in the order of the sessions.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.said.iter().map(|said| said.outcome.clone()).collect()
    }

    /// The label of a session.
    #[must_use]
    pub fn label(&self, at: usize) -> Option<&Label> {
        self.said.get(at)?.outcome.label()
    }

    /// The category of a session.
    #[must_use]
    pub fn category(&self, at: usize) -> Option<u16> {
        match self.label(at) {
            Some(Label::Category(code)) => Some(*code),
            _ => None,
        }
    }
}

/// Everything about one classifier.
#[derive(Debug, Clone)]
pub struct ClassifierPart {
    /// What its labels are worth.
    pub validated: Validated,
    /// The hash of its prompt.
    pub prompt_hash: String,
    /// Who said what: candidate, gold, reference (where there is one), then the others.
    pub ratings: Vec<Ratings>,
}

impl ClassifierPart {
    /// The definition.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.validated.definition
    }

    /// The ratings of a role.
    #[must_use]
    pub fn of(&self, role: Role) -> Option<&Ratings> {
        self.ratings.iter().find(|ratings| ratings.role == role)
    }
}

/// One session of the study's scope.
#[derive(Debug, Clone)]
pub struct SessionPart {
    /// Its id; a number where ids are withheld.
    pub id: String,
    /// Its user; empty where it is withheld.
    pub user: String,
    /// The user as a code, in the order of names.
    pub user_code: u32,
    /// The day, `YYYY-MM-DD`.
    pub date: String,
    /// The repository.
    pub repo: String,
    /// The licence of its transcript.
    pub licence: String,
    /// Where it comes from.
    pub source: String,
    /// Its telemetry.
    pub telemetry: Option<TelemetryRow>,
    /// The transcript as a model is shown it, redacted; `None` where no transcript is there, or where it is withheld.
    pub view: Option<String>,
}

impl SessionPart {
    /// The month, `YYYY-MM`.
    #[must_use]
    pub fn month(&self) -> &str {
        self.date.get(..7).unwrap_or(&self.date)
    }
}

/// A rater as the goldset declares it.
#[derive(Debug, Clone)]
pub struct RaterPart {
    /// The name.
    pub name: String,
    /// What stands behind it.
    pub kind: RaterKind,
    /// How the labels were made.
    pub description: String,
    /// Raters whose labels it is made from.
    pub made_from: Vec<String>,
    /// Labels that it gave, decision lists among them.
    pub labels: usize,
}

/// What reading the goldset left out or had to mend.
#[derive(Debug, Clone, Default)]
pub struct Losses {
    /// Recordings that answer none of the requests any more, by classifier, of the candidate.
    pub stale: Vec<(String, usize)>,
    /// Lines of transcripts that could not be read.
    pub malformed_lines: u64,
    /// Sessions without telemetry.
    pub without_telemetry: usize,
    /// Users of the sessions out of scope, by the reason.
    pub excluded_users: BTreeMap<String, usize>,
}

/// One goldset.
#[derive(Debug, Clone)]
pub struct Material {
    /// What the figures rest on: goldset, players, counts.
    pub basis: Basis,
    /// Licence of the labels.
    pub licence: String,
    /// Where sessions and labels come from.
    pub provenance: String,
    /// How to get transcripts that are not shipped.
    pub transcripts: Option<String>,
    /// The raters.
    pub raters: Vec<RaterPart>,
    /// Sessions of the study's scope, in the goldset's order.
    pub sessions: Vec<SessionPart>,
    /// The classifiers, in order.
    pub classifiers: Vec<ClassifierPart>,
    /// What was lost on the way.
    pub losses: Losses,
    /// What the study looks at and published, if it is declared.
    pub study: Option<Study>,
}

impl Material {
    /// The goldset's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.basis.goldset
    }

    /// The key of a table or figure: the goldset's name and the part's.
    #[must_use]
    pub fn key(&self, part: &str) -> String {
        format!("{}-{part}", self.basis.goldset)
    }

    /// One classifier.
    #[must_use]
    pub fn classifier(&self, name: &str) -> Option<&ClassifierPart> {
        self.classifiers
            .iter()
            .find(|part| part.definition().name == name)
    }

    /// The users of the sessions, as codes.
    #[must_use]
    pub fn users(&self) -> Vec<u32> {
        self.sessions
            .iter()
            .map(|session| session.user_code)
            .collect()
    }

    /// Distinct users among some sessions.
    #[must_use]
    pub fn users_of(&self, sessions: impl IntoIterator<Item = usize>) -> usize {
        sessions
            .into_iter()
            .map(|at| self.sessions[at].user_code)
            .collect::<BTreeSet<u32>>()
            .len()
    }

    /// Looks at the sessions with the eyes of one role: its labels of all classifiers beside telemetry.
    pub fn seen_by<T>(&self, role: Role, look: impl FnOnce(&Evidence<'_>) -> T) -> T {
        let ids: Vec<&str> = self
            .sessions
            .iter()
            .map(|session| session.id.as_str())
            .collect();
        let telemetry: HashMap<String, TelemetryRow> = self
            .sessions
            .iter()
            .filter_map(|session| Some((session.id.clone(), session.telemetry.clone()?)))
            .collect();
        let said: Vec<(&Definition, Option<Vec<Outcome>>)> = self
            .classifiers
            .iter()
            .map(|part| (part.definition(), part.of(role).map(Ratings::outcomes)))
            .collect();
        look(&Evidence {
            sessions: &ids,
            users: &self.users(),
            telemetry: &telemetry,
            said: &said,
            seed: self.basis.seed,
        })
    }

    /// Takes out ids, users, sources, rationales, evidence and transcripts.
    pub fn withhold(&mut self) {
        for (number, session) in (1..).zip(&mut self.sessions) {
            session.id = format!("session {number}");
            session.user.clear();
            session.repo.clear();
            session.source.clear();
            session.view = None;
            session.telemetry = None;
        }
        for part in &mut self.classifiers {
            for ratings in &mut part.ratings {
                for said in &mut ratings.said {
                    said.rationale.clear();
                    said.evidence.clear();
                }
            }
            for check in &mut part.validated.checks {
                check.violators.clear();
            }
            part.validated.injections.clear();
            if let Some(reliability) = &mut part.validated.reliability {
                reliability.differing.clear();
            }
        }
        for (id, _) in &mut self.basis.excluded {
            "withheld".clone_into(id);
        }
    }
}
