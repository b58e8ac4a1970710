//! What an appendix rests on, so that every figure can be traced: versions, seeds and hashes, and no date of today.

/// What one goldset's figures rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// The goldset.
    pub goldset: String,
    /// SHA-256 over its manifest, sessions, labels, decision lists, telemetry and planted instructions.
    pub labels: String,
    /// SHA-256 over its transcripts; `None` where none is shipped.
    pub items: Option<String>,
    /// SHA-256 over the recorded answers; `None` where there are none.
    pub recordings: Option<String>,
    /// Who was replayed or read.
    pub candidate: String,
    /// The gold.
    pub against: String,
    /// The reference.
    pub reference: Option<String>,
}

/// What the appendix rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The version of the program.
    pub version: String,
    /// The seed of everything random.
    pub seed: u64,
    /// SHA-256 over system text, wire schema, rules of the view, and the text and definition of every classifier.
    pub prompts: String,
    /// SHA-256 of the study's declared figures; `None` without them.
    pub study: Option<String>,
    /// The goldsets.
    pub goldsets: Vec<Inputs>,
}

impl Provenance {
    /// Every line about all goldsets, or about one.
    #[must_use]
    pub fn lines(&self, goldset: Option<&str>) -> Vec<String> {
        let mut lines = vec![
            format!("validate {}, seed {}", self.version, self.seed),
            format!("prompts sha256 {}", self.prompts),
        ];
        if let Some(study) = &self.study {
            lines.push(format!("study sha256 {study}"));
        }
        for inputs in self
            .goldsets
            .iter()
            .filter(|inputs| goldset.is_none_or(|name| name == inputs.goldset))
        {
            let name = &inputs.goldset;
            lines.push(format!("goldset {name} sha256 {}", inputs.labels));
            if let Some(items) = &inputs.items {
                lines.push(format!("transcripts of {name} sha256 {items}"));
            }
            if let Some(recordings) = &inputs.recordings {
                lines.push(format!("recordings of {name} sha256 {recordings}"));
            }
            let reference = inputs
                .reference
                .as_ref()
                .map_or_else(String::new, |reference| format!(", reference {reference}"));
            lines.push(format!(
                "{name}: candidate {}, gold {}{reference}",
                inputs.candidate, inputs.against
            ));
        }
        lines
    }
}
