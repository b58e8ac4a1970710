//! Puts a text into a session that does not hold it, among its events, so that everything that guards a reader from the
//! session's own words (redaction, shortening, indentation, the fence) applies to it as well.

use std::collections::HashMap;

use crate::domain::event::{
    Event, Listener, Position, Prompt, PromptKind, ToolKind, ToolResult, ToolStatus,
};
use crate::domain::text::{Redaction, Text};
use crate::domain::variation::Variation;

/// A text, and where in the session it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planted {
    /// What kind of place.
    pub place: Place,
    /// Which of the session's places of that kind, from 0.
    pub at: usize,
    /// The text, one line.
    pub text: String,
}

/// Where a text can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind the words of a turn that the user typed.
    Prompt,
    /// Before what a tool printed, other than the content of a file.
    Result,
    /// Before the content of a file that was read.
    File,
}

impl Place {
    /// Where a variation plants; `None` where it plants nothing.
    #[must_use]
    pub fn of(variation: Variation) -> Option<Self> {
        match variation {
            Variation::PlantedInPrompt => Some(Self::Prompt),
            Variation::PlantedInResult => Some(Self::Result),
            Variation::PlantedInFile => Some(Self::File),
            Variation::LabelOrder | Variation::OtherWording => None,
        }
    }
}

/// Tells places apart while events pass.
#[derive(Default)]
struct Places {
    kinds: HashMap<String, ToolKind>,
}

impl Places {
    fn of(&mut self, event: &Event<'_>) -> Option<Place> {
        match event {
            Event::Prompt(prompt) => {
                (matches!(prompt.kind, PromptKind::Typed | PromptKind::Queued)
                    && !prompt.text.is_blank())
                .then_some(Place::Prompt)
            }
            Event::ToolCall(call) => {
                self.kinds.insert(call.id.to_owned(), call.kind);
                None
            }
            // What an edit prints is not shown, and a refused call printed nothing.
            Event::ToolResult(result)
                if result.status == ToolStatus::Done && result.change.is_none() =>
            {
                match self.kinds.get(result.id)? {
                    ToolKind::Read => Some(Place::File),
                    ToolKind::Shell | ToolKind::Search | ToolKind::Web | ToolKind::Subagent => {
                        Some(Place::Result)
                    }
                    ToolKind::Edit
                    | ToolKind::Question
                    | ToolKind::Plan
                    | ToolKind::Tasks
                    | ToolKind::Other => None,
                }
            }
            _ => None,
        }
    }
}

/// Counts the places of a session.
#[derive(Default)]
pub struct PlaceCounter {
    places: Places,
    counts: [usize; 3],
}

impl PlaceCounter {
    /// How many places of this kind the session has.
    #[must_use]
    pub fn count(&self, place: Place) -> usize {
        self.counts[place as usize]
    }
}

impl Listener for PlaceCounter {
    fn event(&mut self, _: Position, event: Event<'_>) {
        if let Some(place) = self.places.of(&event) {
            self.counts[place as usize] += 1;
        }
    }
}

/// Hands events on and plants a text on the way.
pub struct Planter<'p, L> {
    inner: &'p mut L,
    planted: &'p Planted,
    redaction: Redaction,
    places: Places,
    seen: usize,
}

impl<'p, L: Listener> Planter<'p, L> {
    /// Plants into what `inner` is told.
    #[must_use]
    pub fn new(inner: &'p mut L, planted: &'p Planted, redaction: Redaction) -> Self {
        Self {
            inner,
            planted,
            redaction,
            places: Places::default(),
            seen: 0,
        }
    }

    fn is_here(&mut self, event: &Event<'_>) -> bool {
        if self.places.of(event) != Some(self.planted.place) {
            return false;
        }
        self.seen += 1;
        self.seen == self.planted.at + 1
    }
}

impl<L: Listener> Listener for Planter<'_, L> {
    fn event(&mut self, at: Position, event: Event<'_>) {
        if !self.is_here(&event) {
            return self.inner.event(at, event);
        }
        let line = &self.planted.text;
        match event {
            Event::Prompt(prompt) => {
                let words = format!("{}\n\n{line}", prompt.text.redacted().trim_end());
                let text = Text::new(&words, self.redaction);
                self.inner
                    .event(at, Event::Prompt(Prompt { text, ..prompt }));
            }
            // A view keeps more of the beginning of an output than of its end.
            Event::ToolResult(result) => {
                let words = format!("{line}\n{}", result.output.redacted());
                let output = Text::new(&words, self.redaction);
                self.inner
                    .event(at, Event::ToolResult(ToolResult { output, ..result }));
            }
            other => self.inner.event(at, other),
        }
    }
}
