//! The data set's own labels: who made them, on what, and how good they are said to be.
//!
//! All of them are labels of language models; the data set has no column of human gold. So each becomes a rater of kind
//! `model` with the published figures of its reliability. Those figures rest on 100 sessions or prompts of the first release,
//! labelled by the data set's authors; kappas of model with gold were computed from the published confusion matrices.

/// One of the data set's labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// What kind of user a session shows.
    UserPersona,
    /// How far a session succeeded, 0 to 100.
    SessionSuccess,
    /// What a prompt asks for.
    PromptIntent,
    /// Whether a prompt pushes back.
    PromptPushback,
    /// What kind of software a repository is.
    RepoTypeDomain,
    /// Whom it is for.
    RepoTypeAudience,
}

impl Label {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::UserPersona,
        Self::SessionSuccess,
        Self::PromptIntent,
        Self::PromptPushback,
        Self::RepoTypeDomain,
        Self::RepoTypeAudience,
    ];

    /// The column's name.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::UserPersona => "user_persona",
            Self::SessionSuccess => "session_success",
            Self::PromptIntent => "prompt_intent",
            Self::PromptPushback => "prompt_pushback",
            Self::RepoTypeDomain => "repo_type_domain",
            Self::RepoTypeAudience => "repo_type_audience",
        }
    }

    /// The rater's name in a goldset.
    #[must_use]
    pub const fn rater(self) -> &'static str {
        match self {
            Self::UserPersona => "swe-chat-user-persona",
            Self::SessionSuccess => "swe-chat-session-success",
            Self::PromptIntent => "swe-chat-prompt-intent",
            Self::PromptPushback => "swe-chat-prompt-pushback",
            Self::RepoTypeDomain => "swe-chat-repo-type-domain",
            Self::RepoTypeAudience => "swe-chat-repo-type-audience",
        }
    }

    /// The classes of the codebook; a value beside them is a class of its own. Empty for a number.
    #[must_use]
    pub const fn classes(self) -> &'static [&'static str] {
        match self {
            Self::UserPersona => &[
                "Expert Nitpicker",
                "Vague Requester",
                "Mind Changer",
                "Other",
            ],
            Self::SessionSuccess => &[],
            Self::PromptIntent => &[
                "create new code",
                "refactor",
                "debug",
                "understand",
                "connect",
                "git",
                "test",
                "other",
            ],
            Self::PromptPushback => &["correction", "rejection", "failure_report", "non_pushback"],
            Self::RepoTypeDomain => &["application", "library", "devtools", "other"],
            Self::RepoTypeAudience => &["enduser", "developer", "researchers", "education"],
        }
    }

    /// Who made it, on what, and how good it is said to be.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::UserPersona => {
                "SWE-chat's user_persona of a session, judged by gpt-5.4-2026-03-05 (low effort) from a timeline of its events. \
                 Published for v1: two people agree at kappa 0.662 (n = 90); the model with gold at accuracy 0.69 (n = 100), \
                 kappa 0.472; it found 2 of 15 Mind Changers"
            }
            Self::SessionSuccess => {
                "SWE-chat's session_success of a session, 0 to 100, judged by claude-sonnet-4-6 from the whole conversation, its tool \
                 calls and commits. Published for v1: two people agree at ICC(2,1) 0.503, Spearman 0.757 (n = 90, gaps of over 20 \
                 points discussed); the model with gold at ICC(2,1) 0.605, ICC(3,1) 0.614, Spearman 0.600 (n = 100)"
            }
            Self::PromptIntent => {
                "SWE-chat's prompt_intent of each prompt, judged by Qwen3.5-27B from the prompt's text alone. Published for v1: two \
                 people agree at kappa 0.709 (n = 90); the model with gold at accuracy 0.76 (n = 100), kappa 0.712"
            }
            Self::PromptPushback => {
                "SWE-chat's prompt_pushback of each prompt that is no interruption, judged by Qwen3.5-9B from the transcript before it. \
                 Published for v1: two people agree at kappa 0.832 (n = 90); the model with gold at accuracy 0.67 (n = 100), kappa \
                 0.516; it found 0 of 4 rejections"
            }
            Self::RepoTypeDomain => {
                "SWE-chat's repo_type_domain of a repository, judged by claude-opus-4-6 from name, description, topics and README. \
                 Published for v1: accuracy 0.81 and kappa 0.687 against labels that people reviewed and did not make independently"
            }
            Self::RepoTypeAudience => {
                "SWE-chat's repo_type_audience of a repository, judged by claude-opus-4-6 from name, description, topics and README. \
                 Published for v1: accuracy 0.84 and kappa 0.707 against labels that people reviewed and did not make independently"
            }
        }
    }

    /// Whether a value is one of the codebook's.
    #[must_use]
    pub fn knows(self, value: &str) -> bool {
        match self {
            Self::SessionSuccess => value
                .parse::<f64>()
                .is_ok_and(|number| (0.0..=100.0).contains(&number)),
            _ => self.classes().contains(&value),
        }
    }

    /// The value as it is kept: a number in its shortest form, anything else as it is without white space at its ends.
    #[must_use]
    pub fn tidied(self, value: &str) -> String {
        let value = value.trim();
        match (self, value.parse::<f64>()) {
            (Self::SessionSuccess, Ok(number)) if number.is_finite() => number.to_string(),
            _ => value.to_owned(),
        }
    }
}
