//! What readers of all formats tell in the same way, and the facts that were told already.

use crate::domain::eligibility::Ineligible;
use crate::domain::event::{
    Event, Fact, Injected, InjectedKind, Listener, Position, Prompt, PromptKind, Tokens, Usage,
};
use crate::domain::text::{Redaction, Text};

/// Hands events to a listener; every text goes through its redaction.
pub(super) struct Teller<'l> {
    pub(super) redaction: Redaction,
    listener: &'l mut dyn Listener,
    session_id: String,
    version: String,
    folder: String,
}

impl<'l> Teller<'l> {
    pub(super) fn new(redaction: Redaction, listener: &'l mut dyn Listener) -> Self {
        Self {
            redaction,
            listener,
            session_id: String::new(),
            version: String::new(),
            folder: String::new(),
        }
    }

    pub(super) fn tell(&mut self, at: Position, event: Event<'_>) {
        self.listener.event(at, event);
    }

    pub(super) fn text<'t>(&self, raw: &'t str) -> Text<'t> {
        Text::new(raw, self.redaction)
    }

    pub(super) fn malformed(&mut self, line: u64, reason: String) {
        self.tell(Position { line, moment: None }, Event::Malformed { reason });
    }

    pub(super) fn session_id(&mut self, at: Position, id: Option<&str>) {
        if let Some(id) = changed(&mut self.session_id, id) {
            // Ids, versions and names are no prose, but whoever plants a secret may plant it there.
            let id = (self.redaction)(id);
            self.listener.event(at, Event::Fact(Fact::SessionId(&id)));
        }
    }

    pub(super) fn version(&mut self, at: Position, version: Option<&str>) {
        if let Some(version) = changed(&mut self.version, version) {
            let version = (self.redaction)(version);
            self.listener
                .event(at, Event::Fact(Fact::AgentVersion(&version)));
        }
    }

    pub(super) fn folder(&mut self, at: Position, folder: Option<&str>) {
        if let Some(folder) = changed(&mut self.folder, folder) {
            let folder = Text::new(folder, self.redaction);
            self.listener
                .event(at, Event::Fact(Fact::WorkingFolder(folder)));
        }
    }

    pub(super) fn scope(&mut self, at: Position, scope: Result<(), Ineligible>) {
        self.tell(at, Event::Fact(Fact::Scope(scope)));
    }

    /// The transcript is a sub-agent's, started in session `parent`.
    pub(super) fn parent(&mut self, at: Position, parent: &str) {
        if !parent.is_empty() {
            let parent = (self.redaction)(parent);
            self.listener.event(at, Event::Fact(Fact::Parent(&parent)));
        }
    }

    pub(super) fn prompt(&mut self, at: Position, kind: PromptKind, text: &str, images: u32) {
        let text = self.text(text.trim());
        if !text.is_blank() || images > 0 {
            self.tell(at, Event::Prompt(Prompt { kind, text, images }));
        }
    }

    pub(super) fn injected(&mut self, at: Position, kind: InjectedKind, text: &str) {
        let text = self.text(text);
        if !text.is_blank() {
            self.tell(at, Event::Injected(Injected { kind, text }));
        }
    }

    pub(super) fn agent_text(&mut self, at: Position, text: &str) {
        let text = self.text(text);
        if !text.is_blank() {
            self.tell(at, Event::AgentText(text));
        }
    }

    pub(super) fn thinking(&mut self, at: Position, text: &str) {
        let text = self.text(text);
        if !text.is_blank() {
            self.tell(at, Event::AgentThinking(text));
        }
    }

    pub(super) fn usage(&mut self, at: Position, message: &str, model: &str, tokens: Tokens) {
        let model = (self.redaction)(model);
        let usage = Usage {
            message,
            model: &model,
            tokens,
        };
        self.listener.event(at, Event::Usage(usage));
    }
}

fn changed<'v>(known: &mut String, value: Option<&'v str>) -> Option<&'v str> {
    let value = value.filter(|value| *value != known && !value.is_empty())?;
    value.clone_into(known);
    Some(value)
}
