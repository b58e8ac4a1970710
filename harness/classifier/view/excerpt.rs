//! The beginning and the end of a text, with what lies between counted.

/// A text of which at most a given number of characters was kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Excerpt {
    head: String,
    tail: String,
    /// Characters of the whole text.
    characters: usize,
}

/// What an excerpt shows at some length.
pub(super) struct Shown {
    pub(super) text: String,
    /// Characters left out.
    pub(super) left_out: usize,
}

/// Two thirds of the length go to the beginning, where intentions stand, one third to the end, where results stand.
fn split(limit: usize) -> (usize, usize) {
    let tail = limit / 3;
    (limit - tail, tail)
}

impl Excerpt {
    /// Keeps as much of `text` as the most generous length needs. Control characters are made visible, so that nothing
    /// in a session can hide from the reader or move a cursor.
    pub(super) fn of(text: &str, limit: usize) -> Self {
        let text = text.trim();
        let characters = text.chars().count();
        if characters <= limit {
            return Self {
                head: visible(text),
                tail: String::new(),
                characters,
            };
        }
        let (head, tail) = split(limit);
        let head_end = text
            .char_indices()
            .nth(head)
            .map_or(text.len(), |(at, _)| at);
        let tail_start = text
            .char_indices()
            .nth(characters - tail)
            .map_or(text.len(), |(at, _)| at);
        Self {
            head: visible(&text[..head_end]),
            tail: visible(&text[tail_start..]),
            characters,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.characters == 0
    }

    /// The excerpt at a length not above the one it was made with.
    pub(super) fn shown(&self, limit: usize) -> Shown {
        if self.tail.is_empty() && self.characters <= limit {
            return Shown {
                text: self.head.clone(),
                left_out: 0,
            };
        }
        if limit == 0 {
            return Shown {
                text: String::new(),
                left_out: self.characters,
            };
        }
        let (head, tail) = split(limit);
        let head: String = self.head.chars().take(head).collect();
        let whole_tail = if self.tail.is_empty() {
            &self.head
        } else {
            &self.tail
        };
        let tail_characters = whole_tail.chars().count();
        let tail: String = whole_tail
            .chars()
            .skip(tail_characters.saturating_sub(tail))
            .collect();
        let left_out = self.characters.saturating_sub(limit);
        Shown {
            text: format!(
                "{}\n[… {left_out} characters left out]\n{}",
                head.trim_end(),
                tail.trim_start()
            ),
            left_out,
        }
    }
}

fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            '\r' => {}
            control if control.is_control() => shown.extend(control.escape_unicode()),
            // Marks that turn the direction of writing or break lines unseen can hide what a line says.
            '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(character.escape_unicode());
            }
            other => shown.push(other),
        }
    }
    shown
}
