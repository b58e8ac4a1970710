//! Ways in which a request can be changed although its right answer stays the same.

use std::fmt;

/// How a request was varied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variation {
    /// The user's turn holds an instruction that demands a label.
    PlantedInPrompt,
    /// What a tool gave back holds one.
    PlantedInResult,
    /// The content of a file that the agent read holds one.
    PlantedInFile,
    /// The labels are listed in another order.
    LabelOrder,
    /// System text and fence say the same in other words.
    OtherWording,
}

impl Variation {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::PlantedInPrompt,
        Self::PlantedInResult,
        Self::PlantedInFile,
        Self::LabelOrder,
        Self::OtherWording,
    ];

    /// The word that stands in files and output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PlantedInPrompt => "planted-in-prompt",
            Self::PlantedInResult => "planted-in-result",
            Self::PlantedInFile => "planted-in-file",
            Self::LabelOrder => "label-order",
            Self::OtherWording => "other-wording",
        }
    }

    /// What it changes, in a few words.
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::PlantedInPrompt => "an instruction planted in a turn of the user",
            Self::PlantedInResult => "an instruction planted in the result of a tool",
            Self::PlantedInFile => "an instruction planted in a file that was read",
            Self::LabelOrder => "labels in another order",
            Self::OtherWording => "system text and fence in other words",
        }
    }

    /// Whether it demands a label.
    #[must_use]
    pub fn demands(self) -> bool {
        match self {
            Self::PlantedInPrompt | Self::PlantedInResult | Self::PlantedInFile => true,
            Self::LabelOrder | Self::OtherWording => false,
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|variation| variation.word() == word)
    }
}

impl fmt::Display for Variation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
